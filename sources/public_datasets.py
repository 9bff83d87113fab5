"""Public data sets by name: where they are, how they are downloaded once, and how they are read.

A new data set needs one row in `DATASETS` and, if its files have a layout of their own, one reader. Data sets without a
login are downloaded. Data sets with a login must be put into `DATA_DIR`; an error explains where to get them.
"""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sources.files import atomic_folder

# pandas is imported by the readers only, because `notebooks/choose_notebooks.py` uses `is_sound` without pandas.

DATA_DIR = Path(__file__).resolve().parents[1] / "data"
"""The folder for downloads, and for files that need a login."""


class DataSet(NamedTuple):
    """One public data set.

    Attributes
    ----------
    name : str
    address : str
        The address of the file; if a login is needed, the page where the user can download it.
    file : str
        The name of the file (or folder) in `DATA_DIR`.
    read : callable
        Takes the path of the file and returns a table.
    checksum : str or None
        The publisher's checksum, if there is one.
    needs_login : bool
    sound : bool
        Whether the data set has sound files.
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
    """The table of tracks of FMA; its header has two rows."""
    import pandas as pd
    raw = pd.read_csv(_unzip(archive) / "tracks.csv", index_col=0, header=[0, 1], low_memory=False)
    return pd.DataFrame({
        "track_id": raw.index.astype(str), "artist": raw["artist", "name"].values, "song": raw["track", "title"].values,
        "album": raw["album", "title"].values, "genre": raw["track", "genre_top"].values,
        "release_date": raw["album", "date_released"].astype("string").str[:10].values,
        "duration_ms": raw["track", "duration"].values * 1000, "listens": raw["track", "listens"].values,
        "subset": raw["set", "subset"].values})


def _read_fma_sound(archive):
    """The tracks of FMA that have a sound file in the archive, `123/123456.mp3`."""
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
    DataSet("top_hits", "https://www.kaggle.com/datasets/paradisejoy/top-hits-spotify-from-20002019",
            "songs_normalize.csv", _read_table, needs_login=True),
    DataSet("gtzan", "https://www.kaggle.com/datasets/andradaolteanu/gtzan-dataset-music-genre-classification",
            "genres_original", _read_folder, needs_login=True, sound=True))}


def is_sound(name):
    """Whether this is the name of a public data set with sound files.

    Examples
    --------
    >>> is_sound("gtzan"), is_sound("top_hits"), is_sound("songs.csv")
    (True, False, False)
    """
    return name in DATASETS and DATASETS[name].sound


def load_data_set(name):
    """Read a public data set; it is downloaded first if necessary.

    Parameters
    ----------
    name : str
        One of `DATASETS`.

    Returns
    -------
    pd.DataFrame
        Columns as in `column_names.COLUMNS`; a data set with sound files has a column `path`.

    Raises
    ------
    ConnectionError
        The data set cannot be downloaded; the message explains where to put the file instead.
    FileNotFoundError
        The data set needs a login and is not in `DATA_DIR`.
    ValueError
        The file is damaged or has another checksum.
    """
    dataset = DATASETS[name]
    return dataset.read(_find(dataset) if dataset.needs_login else fetch(dataset))


def fetch(dataset):
    """The path of a data set's file; it is downloaded if necessary, and its checksum is checked.

    Parameters
    ----------
    dataset : DataSet

    Returns
    -------
    Path

    Raises
    ------
    ConnectionError
        The file cannot be downloaded.
    ValueError
        The checksum differs.
    """
    import pooch
    import requests
    file = DATA_DIR / dataset.file
    pooch.get_logger().setLevel("WARNING")  # it recommends to store a checksum of our own
    try:
        return Path(pooch.retrieve(dataset.address, known_hash=dataset.checksum, fname=file.name, path=DATA_DIR,
                                   progressbar=not file.exists()))
    except (requests.RequestException, OSError) as error:
        raise ConnectionError(f"{dataset.name} cannot be downloaded from {dataset.address} ({type(error).__name__}). "
                              f"Download it in another way and put it at {file}") from error
    except ValueError as error:  # pooch raises it if the checksum differs
        raise ValueError(f"the file from {dataset.address} does not have its publisher's checksum: {error}") from error


def _find(dataset):
    """The path of a data set that the user has put into `DATA_DIR`."""
    paths = [DATA_DIR / dataset.name / dataset.file, DATA_DIR / dataset.file]
    existing = [path for path in paths if path.exists()]
    if not existing:
        raise FileNotFoundError(f"{dataset.name} needs a login: download it from {dataset.address} and put "
                                f"{dataset.file!r} at {paths[0]}")
    return existing[0]


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
