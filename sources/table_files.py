"""Read table files and folders of sound files into a table with the project's column names.

This module handles file formats, encodings and separators; `column_names` and `units` say what the columns hold.
Cleaning the rows is done by `prepare`.
"""

import csv
import io
import os
import re
from pathlib import Path

import pandas as pd

from sources.archives import plain_cells, unpacked
from sources.column_names import TEXT, recognise
from sources.files import without_apostrophes
from sources.progress import progress
from sources.sound_tags import read_tags
from sources.units import MISSING, standard_table

SEPARATORS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".parquet", ".pq")
AUDIO_SUFFIXES = (".mp3", ".wav", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".wma", ".aif", ".aiff")
FIRST_LINES = 6
"""The header is one of these lines of a file: some exports have a note above it."""


def read_table(path, columns=None):
    """Read a CSV, TSV or Parquet file, plain or in gzip or zip, with the project's column names and units.

    The encoding (UTF-8, UTF-16, else Windows-1252), the ends of lines, the separator (comma, tab, semicolon, bar), a
    note above the header and a header of two rows are recognised. Index columns saved by accident are dropped; unknown
    columns are kept. What is repaired or cannot be decided is printed.

    Parameters
    ----------
    path : str or Path
        The file.
    columns : dict of str to str or None, optional
        What single columns hold, where their names do not tell: ``{"len": "duration_ms"}``; None for a column that is
        to keep its name.

    Returns
    -------
    pd.DataFrame
        The rows of the file. Known columns have the names in `column_names.COLUMNS`; ``attrs["columns"]`` lists them,
        see `units.standard_table`.

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
    df = _drop_saved_index(df)
    found = {meaning.name for meaning in recognise(df, columns).values()}
    if not found & {"song", "path"}:
        raise ValueError(f"{path} has no column with a song's name ('song', 'track_name', 'title' ...) or a sound "
                         f"file's 'path'; its columns are {list(df.columns)[:12]}. If one of them holds the names, say "
                         f"so with columns={{{str(df.columns[0])!r}: 'song'}}. If this is one long name, the separator "
                         f"is none of {', '.join(SEPARATORS.values())}: save the table with commas")
    if df.empty:
        raise ValueError(f"{path} has a header but no rows")
    return standard_table(df, columns, path)


def _read_parquet(path, data):
    try:
        df = plain_cells(pd.read_parquet(io.BytesIO(data)))
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(f"{path} is not a readable Parquet file ({error}): save it again") from error
    return df.reset_index() if df.index.name else df


def _read_text(path, data):
    text = _decode(path, data)
    if "\n" not in text:  # Macs once ended lines so
        text = text.replace("\r", "\n")
    skipped, separator = _find_header(text)
    rows = list(_first_rows(text, separator, skipped + 3))[skipped:]
    header, n_header = _joined_header(rows)
    if skipped:
        print(f"{path}: {skipped} lines above the header are left out")
    names = [column.strip() for column in header]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise ValueError(f"{path} has two columns named {twice[0]!r}: rename or remove one")
    # pandas names a blank header so
    header = [column.strip() or f"Unnamed: {number}" for number, column in enumerate(header)]
    meanings = recognise(pd.DataFrame(columns=header))
    texts = {column: str for column, meaning in meanings.items() if meaning.name in TEXT}
    try:
        df = pd.read_csv(io.StringIO(text), sep=separator, dtype=texts, na_values=MISSING, keep_default_na=False,
                         low_memory=False, index_col=False, header=None, names=header, skiprows=skipped + n_header)
    except (pd.errors.ParserError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as a {SEPARATORS[separator]} separated table ({error})") from error
    df = df.apply(lambda column: column if pd.api.types.is_numeric_dtype(column) else without_apostrophes(column))
    return _without_repeated_headers(df, path)


def _decode(path, data):
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    for encoding, zeros in (("utf-16-le", data[1:1000:2]), ("utf-16-be", data[:1000:2])):
        if len(zeros) > 4 and zeros.count(0) > .9 * len(zeros):
            return data.decode(encoding)
    if b"\0" in data[:10_000]:
        raise ValueError(f"{path} is not a table: it is a binary file (it begins with {data[:8]!r}). "
                         "CSV, TSV and Parquet can be read, plain or in gzip or zip")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decode_with_bad_bytes(path, data)


def _decode_with_bad_bytes(path, data):
    """A text of which most is UTF-8, with the other bytes read as Windows-1252; else all of it as Windows-1252."""
    text = data.decode("utf-8-sig", errors="surrogateescape")
    bad = re.findall("[\udc80-\udcff]+", text)
    n_good = len(re.findall("[^\x00-\x7f\udc80-\udcff]", text))
    if n_good < len(bad):
        return data.decode("cp1252", errors="replace")
    repaired = re.sub("[\udc80-\udcff]", lambda one: bytes([ord(one[0]) - 0xdc00]).decode("cp1252", "replace"), text)
    lines = [number for number, line in enumerate(text.split("\n")) if re.search("[\udc80-\udcff]", line)]
    example = repaired.split("\n")[lines[0]].strip()
    print(f"{path}: {len(bad)} places are not UTF-8, as the rest is; they are read as Windows-1252, in line "
          f"{', '.join(str(number + 1) for number in lines[:5])}{' ...' * (len(lines) > 5)}: {example[:80]}")
    return repaired


def _find_header(text):
    """The number of lines above the header, and the separator.

    The header is the first line with a known column, or else the first line.
    """
    lines = text[:100_000].split("\n")[:FIRST_LINES]
    for number, line in enumerate(lines):
        if recognise(pd.DataFrame(columns=list(dict.fromkeys(_fields(line, _separator(line)))))):
            return number, _separator(line)
    first = next(number for number, line in enumerate(text.split("\n")) if line.strip())
    return first, _separator(text.split("\n", first + 1)[first])


def _fields(line, separator):
    return next(csv.reader([line], delimiter=separator), [])


def _separator(line):
    """The separator that splits a line into the most fields; the tab if there is only one column."""
    best = max(SEPARATORS, key=lambda separator: len(_fields(line, separator)))
    return best if len(_fields(line, best)) > 1 else "\t"


def _first_rows(text, separator, n):
    return [row for row, _ in zip(csv.reader(io.StringIO(text), delimiter=separator), range(n))]


def _joined_header(rows):
    """The names of the columns, from one row or two, and the number of rows that they take.

    In FMA's `tracks.csv`, the first row names a group of columns, the second each column, and the third the index.
    """
    header = rows[0]
    if len(set(header)) == len(header) or len(rows) < 2 or len(rows[1]) != len(header):
        return header, 1
    joined = [f"{group}_{name}".strip("_") for group, name in zip(header, rows[1])]
    if len(set(joined)) < len(joined) or _n_known(joined) <= _n_known(header):
        return header, 1
    if len(rows) > 2 and rows[2][0] and not any(rows[2][1:]):
        return [rows[2][0], *joined[1:]], 3
    return joined, 2


def _n_known(names):
    return len(recognise(pd.DataFrame(columns=list(dict.fromkeys(names)))))


def _without_repeated_headers(df, path):
    """The table without rows that repeat the header, as tables have that were put one below the other."""
    first = df.columns[0]
    repeated = df[first].astype(object) == first
    if not repeated.any() or not (df[repeated].astype(object) == list(df.columns)).all(axis=None):
        return df
    print(f"{path}: {int(repeated.sum())} rows that repeat the header are left out")
    return df[~repeated].reset_index(drop=True)


def _drop_saved_index(df):
    """Drop columns without a name that only number the rows, and columns without a name or content."""
    def is_saved_index(column):
        if not re.fullmatch(r"(Unnamed: \d+(_level_\d+)?|index|level_0|)", str(column)):
            return False
        values = df[column].dropna()
        return values.empty or (pd.api.types.is_integer_dtype(values) and values.is_unique)
    return df.drop(columns=[column for column in df.columns if is_saved_index(column)])


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
        unreadable files are left out and listed with the reason in ``attrs["skipped"]``; files that are cut short are
        listed in ``attrs["partial"]``.

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
    for file in progress(files, desc="reading tags", unit="file"):
        try:
            rows.append(_read_row(file, folder))
        except (OSError, ValueError) as error:
            skipped.append({"path": os.fsencode(file).decode(errors="backslashreplace"), "reason": str(error)})
    if not rows:
        raise ValueError(f"none of the {len(files)} sound files in {folder.absolute()} could be read; the first: "
                         f"{skipped[0]['path']}: {skipped[0]['reason']}")
    df = pd.DataFrame(rows)
    notes, too_large = df.pop("note"), df.pop("too_large")
    partial = [{"path": path, "reason": note} for path, note in zip(df["path"], notes) if note]
    for listed, what in ((skipped, "skipped"), (partial, "are not whole")):
        if listed:
            print(f"{folder}: {len(listed)} of {len(files)} files {what}: "
                  + "; ".join(f"{Path(file['path']).name} ({file['reason']})" for file in listed[:5])
                  + (" ..." if len(listed) > 5 else ""))
    if too_large.any():
        print(f"{folder}: {too_large.sum()} of {len(files)} files have tags that are too large to be of use: left out")
    df.attrs |= {"skipped": skipped, "partial": partial}
    return df


def _read_row(file, folder):
    """One sound file as a row of `read_folder`; `ValueError` with the reason if it cannot be read."""
    try:
        file.name.encode()
    except UnicodeEncodeError:
        raise ValueError("its name is not in UTF-8: rename it") from None
    row = read_tags(file) | {"path": str(file.absolute())}
    parts = file.relative_to(folder).parts
    if row["song"] is None and row["artist"] is None and " - " in file.stem:
        row["artist"], row["song"] = (part.strip() for part in file.stem.split(" - ", 1))
    return row | {"song": row["song"] or file.stem, "genre": parts[0] if len(parts) == 2 else row["genre"]}


def read_song_tags(file):
    """What the tags of a sound file say; where they name no song, its name does (``artist - title``).

    Parameters
    ----------
    file : str or Path

    Returns
    -------
    dict
        `artist`, `song`, `album`, `release_date`, `genre`, `duration_ms`, `path`; None for what is not known; and
        `too_large` and `note`, see `sound_tags.read_tags`. Only `artist`, `song` and `path`, where the tags cannot be
        read.
    """
    file = Path(file)
    try:
        return _read_row(file, file.parent)
    except (OSError, ValueError):
        return {"artist": None, "song": file.stem, "path": str(file.absolute())}
