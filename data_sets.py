"""Public data sets by name: where each one is, how it is fetched once and kept, and what its rows become.

What a publisher lets anyone download is downloaded; what sits behind a login is looked for in `DATA_DIR`, and the
error says where to get it and where to put it.
"""

import os
import shutil
import tempfile
import zipfile
from pathlib import Path

import pandas as pd

from tables import read_folder, read_table

DATA_DIR = Path(__file__).resolve().parent / "data"
"""Where downloads are kept, and where files that need a login are looked for."""

_FMA = "https://os.unil.cloud.switch.ch/fma/"

DOWNLOADS = {
    # TidyTuesday 2020-01-21; its publisher gives no checksum
    "tidytuesday": ("https://raw.githubusercontent.com/rfordatascience/tidytuesday/main/data/2020/2020-01-21/"
                    "spotify_songs.csv", None),
    # Defferrard et al., FMA: A Dataset for Music Analysis, ISMIR 2017; checksums from github.com/mdeff/fma
    "fma_metadata": (_FMA + "fma_metadata.zip", "sha1:f0df49ffe5f2a6008d7dc83c6915b31835dfe733"),
    "fma_small": (_FMA + "fma_small.zip", "sha1:ade154f733639d52e35e32f5593efe5be76c6d70"),
    "fma_medium": (_FMA + "fma_medium.zip", "sha1:c67b69ea232021025fca9231fc1c7c1a063ab50b"),
}
"""Name: address and checksum."""

BEHIND_LOGIN = {
    "top_hits": ("https://www.kaggle.com/datasets/paradisejoy/top-hits-spotify-from-20002019", "songs_normalize.csv"),
    "gtzan": ("https://www.kaggle.com/datasets/andradaolteanu/gtzan-dataset-music-genre-classification",
              "genres_original"),
}
"""Name: page to get it from, and the file or folder to put into `DATA_DIR`/name."""

NAMES = [*DOWNLOADS, *BEHIND_LOGIN]


def load_data_set(name):
    """The rows of a public data set, fetched where it is not here yet.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    pd.DataFrame
        Columns as in `tables.COLUMNS`; `fma_small` and `fma_medium` have the paths of their sound files.

    Raises
    ------
    ConnectionError
        It cannot be downloaded; the message says where to put the file instead.
    FileNotFoundError
        It sits behind a login and has not been put in its place yet.
    """
    if name in BEHIND_LOGIN:
        path = _from_login(name)
        return read_folder(path) if path.is_dir() else read_table(path)
    if name == "tidytuesday":
        return read_table(fetch(name))
    tracks = _fma_tracks(_unzip(fetch("fma_metadata")) / "tracks.csv")
    return tracks if name == "fma_metadata" else _with_sounds(tracks, _unzip(fetch(name)))


def fetch(name):
    """The path of a data set's file, downloaded (with a progress bar, checked against its checksum) where need be."""
    import pooch
    import requests
    url, checksum = DOWNLOADS[name]
    file = DATA_DIR / url.rsplit("/", 1)[1]
    pooch.get_logger().setLevel("WARNING")  # it recommends to note down a checksum of our own
    try:
        return Path(pooch.retrieve(url, known_hash=checksum, fname=file.name, path=DATA_DIR,
                                   progressbar=not file.exists()))
    except (requests.RequestException, OSError) as error:
        raise ConnectionError(f"{name} cannot be downloaded from {url} ({type(error).__name__}). "
                              f"Get it some other way and put it at {file}") from error
    except ValueError as error:  # pooch says so where the checksum differs
        raise ValueError(f"what came from {url} is not what its publisher announced: {error}") from error


def _from_login(name):
    page, wanted = BEHIND_LOGIN[name]
    places = [DATA_DIR / name / wanted, DATA_DIR / wanted]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        raise FileNotFoundError(f"{name} sits behind a login: get it from {page} and put {wanted!r} at {places[0]}")
    return found


def _unzip(archive):
    """The folder that an archive holds, unpacked beside it; it appears whole or not at all."""
    folder = archive.with_suffix("")
    if not folder.exists():
        beside = Path(tempfile.mkdtemp(dir=archive.parent, prefix=f".{archive.name}."))
        try:
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(beside)
            os.replace(beside / folder.name, folder)
        except (zipfile.BadZipFile, FileNotFoundError) as error:
            raise ValueError(f"{archive} does not hold a folder {folder.name!r} ({error}): remove it, to load it "
                             "again") from error
        finally:
            shutil.rmtree(beside)
    return folder


def _fma_tracks(path):
    """FMA's table of tracks, whose header has two rows, in our columns."""
    raw = pd.read_csv(path, index_col=0, header=[0, 1], low_memory=False)
    return pd.DataFrame({
        "track_id": raw.index.astype(str), "artist": raw["artist", "name"].values, "song": raw["track", "title"].values,
        "album": raw["album", "title"].values, "genre": raw["track", "genre_top"].values,
        "release_date": raw["album", "date_released"].astype("string").str[:10].values,
        "duration_ms": raw["track", "duration"].values * 1000, "listens": raw["track", "listens"].values,
        "subset": raw["set", "subset"].values})


def _with_sounds(tracks, folder):
    """The tracks whose sound file lies in the folder as `123/123456.mp3`."""
    paths = {str(int(file.stem)): str(file) for file in sorted(folder.glob("*/*.mp3"))}
    return tracks.assign(path=tracks["track_id"].map(paths)).dropna(subset=["path"]).reset_index(drop=True)
