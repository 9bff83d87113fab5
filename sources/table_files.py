"""Read table files and folders of sound files into a table with the project's column names.

This module handles file formats, encodings, separators, other spellings of column names, and numbers written as text.
Cleaning the rows is done by `prepare`.
"""

import csv
import io
import os
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from sources import tag_limits
from sources.archives import plain_cells, unpacked
from sources.files import without_apostrophes

COLUMNS = ["track_id", "artist", "song", "album", "release_date", "year", "genre", "duration_ms", "explicit",
           "popularity", "danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness",
           "instrumentalness", "liveness", "valence", "tempo", "path", "source"]
"""The columns of the table of tracks, one row for each track."""
TEXT = ["track_id", "artist", "song", "album", "release_date", "genre", "path", "source"]
SHARES = ["danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness", "valence"]
"""Spotify's audio features that run from 0 to 1."""
NUMBERS = ["year", "duration_ms", "popularity", "key", "loudness", "mode", "tempo", "time_signature",
           "track_number", *SHARES]
# Other names of each column, in the form of `_plain`. If a file has an exact name and another one, the exact one is
# used.
COLUMN_NAMES = {
    "track_id": ["id", "spotify_id", "track_uri", "uri", "song_id"],
    "artist": ["track_artist", "artist_name", "artist_names", "artist_name_s", "artists"],
    "song": ["track_name", "song_name", "song_title", "track_title", "track", "title", "name"],
    "album": ["track_album_name", "album_name", "album_title"],
    "release_date": ["track_album_release_date", "album_release_date", "track_release_date"],
    "year": ["release_year"],
    "genre": ["playlist_genre", "track_genre", "top_genre", "main_genre", "genres", "artist_genres"],
    "duration_ms": ["track_duration_ms", "track_duration", "length_ms"],
    "explicit": ["is_explicit", "track_explicit"],
    "popularity": ["track_popularity", "song_popularity"],
    "path": ["file", "filename", "file_path", "filepath"],
}
# Not "None" or "Null": there are artists and songs of these names.
MISSING = ["", "NA", "N/A", "NaN", "nan", "NULL", "\\N"]
SEPARATORS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".parquet", ".pq")
AUDIO_SUFFIXES = (".mp3", ".wav", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".wma", ".aif", ".aiff")
PITCH_CLASSES = {"C": 0, "C#": 1, "DB": 1, "D": 2, "D#": 3, "EB": 3, "E": 4, "F": 5, "F#": 6, "GB": 6, "G": 7,
                 "G#": 8, "AB": 8, "A": 9, "A#": 10, "BB": 10, "B": 11}


def read_table(path):
    """Read a CSV, TSV or Parquet file, plain or in gzip or zip, with the project's column names.

    The encoding (UTF-8 with or without a byte order mark, UTF-16 with one, else Latin-1) and the separator (comma, tab,
    semicolon, bar) are recognised. Index columns saved by accident are dropped; unknown columns are kept.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    pd.DataFrame
        The rows of the file. Known columns have the names in `COLUMNS`.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is not a table of songs; the message names the file and the column, and explains what to do.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "songs.csv"
    ...     _ = file.write_text("Track Name;Track Artist;Track Popularity\\nSo What;Miles Davis;71\\n")
    ...     read_table(file)[["song", "artist", "popularity"]].values.tolist()
    [['So What', 'Miles Davis', 71]]
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no file {path.absolute()}")
    name, data = unpacked(path, TABLE_SUFFIXES)
    if not data.strip():
        raise ValueError(f"{path} is empty: save the table again")
    if data[:4] == b"PAR1" or name.lower().endswith((".parquet", ".pq")):
        df = _read_parquet(path, data)
    else:
        try:
            df = _read_text(path, data)
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(f"{path} is damaged, and cannot be read as text ({error}): save it again") from None
    df = standard_names(_drop_saved_index(df))
    if "song" not in df and "path" not in df:
        raise ValueError(f"{path} has no column with a song's name ('song', 'track_name', 'title' ...) or a sound "
                         f"file's 'path'; its columns are {list(df.columns)[:12]}. If this is one long name, the "
                         f"separator is none of {', '.join(SEPARATORS.values())}: save the table with commas")
    if df.empty:
        raise ValueError(f"{path} has a header but no rows")
    return numbers_from_text(df, path)


def _read_parquet(path, data):
    try:
        df = plain_cells(pd.read_parquet(io.BytesIO(data)))
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(f"{path} is not a readable Parquet file ({error}): save it again") from error
    return df.reset_index() if df.index.name else df


def _read_text(path, data):
    text = _decode(path, data)
    separator = _separator(text)
    header = next(csv.reader(io.StringIO(text), delimiter=separator))
    names = Counter(column.strip() for column in header)
    twice = sorted(name for name, count in names.items() if name and count > 1)
    if twice:
        raise ValueError(f"{path} has two columns named {twice[0]!r}: rename or remove one")
    texts = {column: str for column in header if _known_name(column) in TEXT}
    try:
        df = pd.read_csv(io.StringIO(text), sep=separator, dtype=texts, na_values=MISSING, keep_default_na=False,
                         low_memory=False, index_col=False, decimal="," if _decimal_commas(text, separator) else ".")
    except (pd.errors.ParserError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as a {SEPARATORS[separator]} separated table ({error})") from error
    # pandas writes a blank header as "Unnamed: n"
    df = df.rename(columns={column: column.strip() for column in df.columns})
    return df.apply(lambda column: column if pd.api.types.is_numeric_dtype(column) else without_apostrophes(column))


def _decode(path, data):
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    if b"\0" in data[:10_000]:
        raise ValueError(f"{path} is not a table: it is a binary file (it begins with {data[:8]!r}). "
                         "CSV, TSV and Parquet can be read, plain or in gzip or zip")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _separator(text):
    """The separator that splits the header into the most fields; the tab if there is only one column."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    fields = {separator: len(next(csv.reader([header], delimiter=separator))) for separator in SEPARATORS}
    best = max(fields, key=fields.get)
    return best if fields[best] > 1 else "\t"


def _decimal_commas(text, separator):
    """Whether numbers are written `0,75`: in much of Europe, spreadsheets save them so, separated by semicolons."""
    return separator == ";" and bool(re.search(r";-?0,\d+(;|\r?\n|$)", text[:100_000]))


def _drop_saved_index(df):
    """Drop columns without a name that only number the rows, and columns without a name or content."""
    def is_saved_index(column):
        if not re.fullmatch(r"(Unnamed: \d+(_level_\d+)?|index|level_0|)", str(column)):
            return False
        values = df[column].dropna()
        return values.empty or (pd.api.types.is_integer_dtype(values) and values.is_unique)
    return df.drop(columns=[column for column in df.columns if is_saved_index(column)])


def _plain(name):
    """The name of a column in lower case, with words joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", str(name).lower()).strip("_")


def _known_name(column):
    """The project's name for a column, or None if the column is unknown."""
    plain = _plain(column)
    if plain in COLUMNS or plain in NUMBERS:
        return plain
    return next((name for name, other_names in COLUMN_NAMES.items() if plain in other_names), None)


def standard_names(df):
    """Give known columns the project's names; other columns keep theirs.

    Parameters
    ----------
    df : pd.DataFrame

    Returns
    -------
    pd.DataFrame
        A new frame.

    Examples
    --------
    >>> standard_names(pd.DataFrame(columns=["track_artist", "playlist_genre", "mood"])).columns.tolist()
    ['artist', 'genre', 'mood']
    """
    taken = {column for column in df.columns if column in COLUMNS or column in NUMBERS}
    new_names = {}
    # if several columns could have one name, the first in the list of COLUMN_NAMES gets it, not the first in the file
    priority = {other: i for other_names in COLUMN_NAMES.values() for i, other in enumerate(other_names)}
    for column in sorted(df.columns, key=lambda column: priority.get(_plain(column), -1)):
        name = _known_name(column)
        if name and name not in taken:
            new_names[column] = name
            taken.add(name)
    return df.rename(columns=new_names)


def numbers_from_text(df, where="the table"):
    """Turn numbers written as text (`1,234`, `87 %`, `C#`, `Major`) into numbers.

    `87 %` becomes .87 in the columns `SHARES`, and 87 in all other columns.

    Parameters
    ----------
    df : pd.DataFrame
    where : str or Path
        The name of the table in error messages.

    Returns
    -------
    pd.DataFrame
        A new frame.

    Raises
    ------
    ValueError
        A column of numbers has other text; the message names the column and the first such row.

    Examples
    --------
    >>> numbers_from_text(pd.DataFrame({"popularity": ["87 %", None], "duration_ms": ["213,000", "5"]})).values.tolist()
    [[87.0, 213000.0], [nan, 5.0]]
    """
    df = df.copy()
    for column in [column for column in NUMBERS if column in df and not pd.api.types.is_numeric_dtype(df[column])]:
        df[column] = _numbers(df[column], where)
    return df


def _numbers(column, where):
    """One column of text as numbers; see `numbers_from_text`."""
    text = column.astype("string").str.strip()
    text = text.mask(text.isin(MISSING) | text.isin(["-", "?"]))
    if column.name == "key":
        text = text.str.upper().str.replace("♯", "#").str.replace("♭", "B").str.split("/").str[0]
        text = text.replace({name: str(number) for name, number in PITCH_CLASSES.items()})
    if column.name == "mode":
        text = text.str.lower().replace({"major": "1", "minor": "0"})
    if column.name == "time_signature":
        text = text.str.removesuffix("/4")
    percent = text.str.endswith("%").fillna(False).astype(bool)
    bare = text.str.removesuffix("%").str.strip()
    grouped = bare.str.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?").fillna(False).astype(bool)
    bare = bare.mask(grouped, bare.str.replace(",", "")).str.replace("\N{MINUS SIGN}", "-")
    numbers = pd.to_numeric(bare, errors="coerce").astype("float64")
    bad = text.notna() & ~np.isfinite(numbers)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{where}: column {column.name!r} should hold numbers, but row {row + 1} holds "
                         f"{column.iloc[row]!r} ({int(bad.sum())} such cells): correct them, or rename the column")
    if column.name in SHARES:
        numbers = numbers.mask(percent, numbers / 100)
    return numbers


def read_folder(folder):
    """Read the tags of all sound files in a folder and its subfolders.

    The genre of a file at `genre/song.mp3` is the name of its folder; the genre of files directly in `folder`, or
    deeper, comes from their tags. A file without tags named `artist - song.mp3` gets artist and song from its name.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    pd.DataFrame
        One row for each file: `artist, song, album, release_date, genre, duration_ms, path`, sorted by path. Empty and
        unreadable files are left out and listed with the reason in ``attrs["skipped"]``.

    Raises
    ------
    ValueError
        There is no readable sound file in the folder.
    """
    folder = Path(folder)
    files = sorted(file for file in folder.rglob("*")
                   if file.suffix.lower() in AUDIO_SUFFIXES and not file.name.startswith(".") and not file.is_dir())
    if not files:
        tables = sorted(file.name for file in folder.iterdir()
                        if file.name.lower().endswith((".csv", ".tsv", ".parquet")))
        raise ValueError(f"no sound files ({', '.join(AUDIO_SUFFIXES)}) in the folder {folder.absolute()}"
                         + (f"; it has tables, give the path of one: {', '.join(tables[:5])}" if tables else ""))
    rows, skipped = [], []
    for file in tqdm(files, desc="reading tags", unit="file", disable=len(files) < 200):
        try:
            rows.append(_read_tags(file, folder))
        except (OSError, ValueError) as error:
            skipped.append({"path": os.fsencode(file).decode(errors="backslashreplace"), "reason": str(error)})
    if not rows:
        raise ValueError(f"none of the {len(files)} sound files in {folder.absolute()} could be read; the first: "
                         f"{skipped[0]['path']}: {skipped[0]['reason']}")
    if skipped:
        print(f"{folder}: {len(skipped)} of {len(files)} files skipped: "
              + "; ".join(f"{Path(file['path']).name} ({file['reason']})" for file in skipped[:5])
              + (" ..." if len(skipped) > 5 else ""))
    df = pd.DataFrame(rows)
    too_large = df.pop("too_large")
    if too_large.any():
        print(f"{folder}: {too_large.sum()} of {len(files)} files have tags that are too large to be of use: left out")
    df.attrs["skipped"] = skipped
    return df


def _read_tags(file, folder):
    """One sound file as a row of `read_folder`; `ValueError` with the reason if it cannot be read."""
    import mutagen
    try:
        file.name.encode()
    except UnicodeEncodeError:
        raise ValueError("its name is not in UTF-8: rename it") from None
    if file.stat().st_size == 0:
        raise ValueError("empty file")
    tags, seconds, left_out = {}, None, tag_limits.too_large(file)
    if not left_out:
        with tag_limits.limited_decompression() as limited:
            try:
                sound = mutagen.File(file, easy=True)
            except Exception as error:  # a damaged header can raise any error in mutagen
                raise ValueError(f"unreadable: {str(error)[:200]}") from error
        if sound is None:
            raise ValueError("not a sound file of a known format")
        tags, seconds, left_out = sound.tags or {}, sound.info.length, limited.exceeded

    def tag(name, id3):
        nonlocal left_out
        value = tags.get(name) or tags.get(id3)  # WAV and AIFF have plain ID3 frames
        text = "" if not value else str(value[0] if isinstance(value, list) else getattr(value, "text", [value])[0])
        if len(text) > tag_limits.LONGEST_TEXT:
            text, left_out = "", True
        return tag_limits.one_line(text)

    parts = file.relative_to(folder).parts
    artist, song = tag("artist", "TPE1"), tag("title", "TIT2")
    if song is None and artist is None and " - " in file.stem:
        artist, song = (part.strip() for part in file.stem.split(" - ", 1))
    row = {"artist": artist, "song": song or file.stem, "album": tag("album", "TALB"),
           "release_date": tag("date", "TDRC"), "genre": parts[0] if len(parts) == 2 else tag("genre", "TCON"),
           "duration_ms": round(seconds * 1000) if seconds and 0 < seconds < 1e9 else None,
           "path": str(file.absolute())}
    return row | {"too_large": left_out}
