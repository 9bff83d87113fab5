"""Public data sets by name: where each one is, how it is fetched once and kept, and how it is read.

A new data set is one row of `DATASETS` and, where its files are laid out in a way of their own, one reader. What a
publisher lets anyone download is downloaded; what needs a login is looked for in `DATA_DIR`, and the error says where to
get it and where to put it.
"""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sources.files import atomic_folder

# pandas and what needs it are imported by the readers: `notebooks/choose_notebooks.py` asks `is_sound` without them.

DATA_DIR = Path(__file__).resolve().parents[1] / "data"
"""Where downloads are kept, and where files that need a login are looked for."""


class DataSet(NamedTuple):
    """One public data set.

    Attributes
    ----------
    name : str
    address : str
        Of the file to download, or of the page to get it from where a login is needed.
    file : str
        The name of the file (or folder) in `DATA_DIR`.
    read : callable
        Takes the path of the file and returns its rows as a frame.
    checksum : str or None
        As the publisher gives it; None where there is none.
    needs_login : bool
    sound : bool
        Whether it holds sound files.
    """

    name: str
    address: str
    file: str
    read: Callable
    checksum: str | None = None
    needs_login: bool = False
    sound: bool = False


# ---- readers

def _read_table(path):
    from sources.table_files import read_table
    return read_table(path)


def _read_folder(path):
    from sources.table_files import read_folder
    return read_folder(path)


def _read_fma_tracks(archive):
    """FMA's table of tracks, whose header has two rows."""
    import pandas as pd
    raw = pd.read_csv(_unzip(archive) / "tracks.csv", index_col=0, header=[0, 1], low_memory=False)
    return pd.DataFrame({
        "track_id": raw.index.astype(str), "artist": raw["artist", "name"].values, "song": raw["track", "title"].values,
        "album": raw["album", "title"].values, "genre": raw["track", "genre_top"].values,
        "release_date": raw["album", "date_released"].astype("string").str[:10].values,
        "duration_ms": raw["track", "duration"].values * 1000, "listens": raw["track", "listens"].values,
        "subset": raw["set", "subset"].values})


def _read_fma_sound(archive):
    """FMA's tracks whose sound file is in the archive as `123/123456.mp3`."""
    folder = _unzip(archive)
    paths = {str(int(file.stem)): str(file) for file in sorted(folder.glob("*/*.mp3"))}
    tracks = load_data_set("fma_metadata")
    return tracks.assign(path=tracks["track_id"].map(paths)).dropna(subset=["path"]).reset_index(drop=True)


# ---- the data sets

_FMA = "https://os.unil.cloud.switch.ch/fma/"
DATASETS = {row.name: row for row in (
    # TidyTuesday 2020-01-21
    DataSet("tidytuesday", "https://raw.githubusercontent.com/rfordatascience/tidytuesday/main/data/2020/2020-01-21/"
            "spotify_songs.csv", "spotify_songs.csv", _read_table),
    # Defferrard et al., FMA: A Dataset for Music Analysis, ISMIR 2017; checksums from github.com/mdeff/fma
    DataSet("fma_metadata", _FMA + "fma_metadata.zip", "fma_metadata.zip", _read_fma_tracks,
            "sha1:f0df49ffe5f2a6008d7dc83c6915b31835dfe733"),
    DataSet("fma_small", _FMA + "fma_small.zip", "fma_small.zip", _read_fma_sound,
            "sha1:ade154f733639d52e35e32f5593efe5be76c6d70", sound=True),
    DataSet("fma_medium", _FMA + "fma_medium.zip", "fma_medium.zip", _read_fma_sound,
            "sha1:c67b69ea232021025fca9231fc1c7c1a063ab50b", sound=True),
    DataSet("top_hits", "https://www.kaggle.com/datasets/paradisejoy/top-hits-spotify-from-20002019", "songs_normalize.csv",
            _read_table, needs_login=True),
    DataSet("gtzan", "https://www.kaggle.com/datasets/andradaolteanu/gtzan-dataset-music-genre-classification",
            "genres_original", _read_folder, needs_login=True, sound=True))}


def is_sound(name):
    """Whether a name is that of a public data set of sound files.

    Examples
    --------
    >>> is_sound("gtzan"), is_sound("top_hits"), is_sound("songs.csv")
    (True, False, False)
    """
    return name in DATASETS and DATASETS[name].sound


def load_data_set(name):
    """Read a public data set; it is downloaded where it is not here yet.

    Parameters
    ----------
    name : str
        One of `DATASETS`.

    Returns
    -------
    pd.DataFrame
        Columns as in `table_files.COLUMNS`; a data set of sound files has their paths.

    Raises
    ------
    ConnectionError
        It cannot be downloaded; the message says where to put the file instead.
    FileNotFoundError
        It needs a login and has not been put in its place yet.
    """
    dataset = DATASETS[name]
    return dataset.read(_find(dataset) if dataset.needs_login else fetch(dataset))


def fetch(dataset):
    """Download a data set's file where it is not here yet, check it against its checksum, and return its path."""
    import pooch
    import requests
    file = DATA_DIR / dataset.file
    pooch.get_logger().setLevel("WARNING")  # it recommends to note down a checksum of our own
    try:
        return Path(pooch.retrieve(dataset.address, known_hash=dataset.checksum, fname=file.name, path=DATA_DIR,
                                   progressbar=not file.exists()))
    except (requests.RequestException, OSError) as error:
        raise ConnectionError(f"{dataset.name} cannot be downloaded from {dataset.address} ({type(error).__name__}). "
                              f"Get it some other way and put it at {file}") from error
    except ValueError as error:  # pooch says so where the checksum differs
        raise ValueError(f"what came from {dataset.address} is not what its publisher announced: {error}") from error


def _find(dataset):
    """The path of a data set that the user has put into `DATA_DIR`."""
    places = [DATA_DIR / dataset.name / dataset.file, DATA_DIR / dataset.file]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        raise FileNotFoundError(f"{dataset.name} needs a login: get it from {dataset.address} and put {dataset.file!r} "
                                f"at {places[0]}")
    return found


def _unzip(archive):
    """Unpack the folder that an archive holds to a folder beside it, completely or not at all; returns the folder."""
    folder = archive.with_suffix("")
    if folder.exists():
        return folder
    try:
        with zipfile.ZipFile(archive) as packed, atomic_folder(folder) as temporary:
            _extract_folder(packed, folder.name, temporary)
    except (zipfile.BadZipFile, FileNotFoundError) as error:
        raise ValueError(f"{archive} does not hold a folder {folder.name!r} ({error}): remove the file, and it is "
                         "downloaded again") from error
    return folder


def _extract_folder(packed, name, target):
    """Extract what is in one folder of an archive directly into the target folder."""
    members = [member for member in packed.infolist() if member.filename.startswith(f"{name}/")]
    if not members:
        raise FileNotFoundError("there is no such folder in it")
    for member in members:
        member.filename = member.filename.removeprefix(f"{name}/")
        if member.filename:
            packed.extract(member, target)
