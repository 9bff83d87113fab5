"""From any source of songs to one clean table of tracks.

`load_Data` reads a table, `handle_nulls` and `change_dtypes` clean it, and `prepare_df` does all cleaning in order.
They return new tables and do not change their argument. All changes are counted, printed and listed in
``attrs["report"]``.
"""

import difflib
import re
from collections import Counter
from pathlib import Path

import pandas as pd

from sources import public_datasets, table_files, units
from sources.artists import add_guests, is_list, split_artists
from sources.column_names import COLUMNS, NUMBERS, SHARES, TEXT
from sources.dates import iso_dates, to_dates
from sources.files import write_table, write_text
from sources.notebook_parameters import check_parameters
from sources.table_files import read_folder
from sources.titles import find_song
from synth import sample_table

__all__ = ["CATEGORIES", "COLUMNS", "INTEGERS", "NOT_FOUND", "TRUTH", "change_dtypes", "check_parameters", "find_song",
           "first_genre", "handle_nulls", "load_Data", "prepare_df", "read_folder", "report", "split_genres",
           "to_dates", "write_table", "write_text"]

INTEGERS = ["year", "duration_ms", "popularity", "key", "mode", "time_signature", "track_number"]
CATEGORIES = ["genre", "source", "album_type", "playlist_subgenre", "subset"]
# What Spotify writes if it found no value.
NOT_FOUND = {"key": -1, "tempo": 0, "time_signature": 0}
TRUTH = {"true": True, "1": True, "1.0": True, "yes": True, "explicit": True,
         "false": False, "0": False, "0.0": False, "no": False}


def load_Data(source="sample", columns=None):
    """Read a table of songs from a file, a folder, a public data set, or the synthetic sample.

    Parameters
    ----------
    source : str or Path
        One of these:

        - ``"sample"``: a synthetic table, see `sample_table.make_table`;
        - ``"sample_songs"``: synthetic songs with their paths, see `corpus.make_corpus`; they are rendered only once,
          to ``data/``;
        - a CSV, TSV or Parquet file, plain or packed with gzip or zip;
        - a folder of sound files, as ``genre/song.mp3`` or without subfolders, with tags;
        - the name of a public data set: ``tidytuesday``, ``fma_metadata``, ``fma_small``, ``fma_medium``, ``top_hits``,
          ``gtzan``.
    columns : dict of str to str or None, optional
        What single columns of a file hold, where it is not understood: ``{"len": "duration_ms", "name": None}``; None
        for a column that is to keep its name.

    Returns
    -------
    pd.DataFrame
        The rows as they were read. Known columns are named as in `COLUMNS`, have the units of Spotify, and come first;
        others are kept. What was understood of a file's columns is printed.

    Raises
    ------
    FileNotFoundError, ConnectionError, ValueError
        The source does not exist or cannot be read; the message explains what was searched for and what to do.

    Examples
    --------
    >>> load_Data("sample")[["artist", "song", "genre"]].shape
    (1224, 3)
    """
    path = Path(source).expanduser()
    if source == "sample":
        df = units.standard_table(sample_table.make_table(), columns, "the sample")
    elif source == "sample_songs":
        from synth.corpus import make_corpus  # importing it takes long
        df = make_corpus(public_datasets.DATA_DIR / "sample_songs")
    elif source in public_datasets.DATASETS:
        df = public_datasets.load_data_set(source)
    elif path.is_dir():
        df = table_files.read_folder(path)
    elif path.is_file():
        df = table_files.read_table(path, columns)
    else:
        names = ["sample", "sample_songs", *public_datasets.DATASETS]
        similar = difflib.get_close_matches(str(source), names, n=1)
        raise FileNotFoundError(f"no songs found for {str(source)!r}: there is no file or folder {path.absolute()}, "
                                f"and the known names are {', '.join(names)}"
                                + (f". Did you mean {similar[0]!r}?" if similar else ""))
    if "columns" in df.attrs and source != "sample":
        print(f"{path.name}: {len(df):,} rows; of its {df.shape[1]} columns, these are known:")
        print(units.columns_as_text(df.attrs["columns"]))
    if "source" not in df:
        df["source"] = path.name
    known = [column for column in COLUMNS if column in df]
    return df[known + [column for column in df.columns if column not in known]]


def split_genres(cell):
    """The genres in one cell of a table.

    Parameters
    ----------
    cell : str, list, tuple, set or missing

    Returns
    -------
    list of str
        Each genre once; empty for an empty set, list or text.

    Examples
    --------
    >>> split_genres("hip hop, pop, R&B"), split_genres("set()"), split_genres("['art pop', 'rock']")
    (['hip hop', 'pop', 'R&B'], [], ['art pop', 'rock'])
    """
    if isinstance(cell, str) and "genre_title" in cell:  # [{'genre_id': '21', 'genre_title': 'Hip-Hop'}]
        parts = re.findall(r"""'genre_title'\s*:\s*['"]([^'"]+)""", cell)
    elif isinstance(cell, str):
        parts = re.split(r"[,;|]", "" if cell.strip() == "set()" else cell.strip().strip("[]{}()"))
    elif isinstance(cell, (list, tuple, set, frozenset)):
        parts = list(cell)
    elif pd.isna(cell):
        return []
    else:
        parts = [cell]
    genres = [str(part).strip().strip("'\"").strip() for part in parts]
    return list(dict.fromkeys(genre for genre in genres if genre))


def first_genre(genres):
    """The first genre of each cell.

    Parameters
    ----------
    genres : pd.Series

    Returns
    -------
    pd.Series
        With the same index and name; missing for cells without a genre.

    Examples
    --------
    >>> first_genre(pd.Series(["rock, pop", None], name="genre")).tolist()
    ['rock', None]
    """
    # many cells are equal: split each only once; pandas 2.2 takes text that begins with a null byte for empty text
    first = {cell: (split_genres(cell) or [None])[0] for cell in set(map(str, genres.dropna()))}
    return pd.Series([None if pd.isna(cell) else first[str(cell)] for cell in genres], index=genres.index,
                     name=genres.name, dtype=object)


def handle_nulls(df):
    """Mark missing values as null, complete partial dates, and drop rows without a song.

    Text is stripped, and `artists` becomes the list of the artists of each song, with the guests that its title names,
    see `sources.artists`. Empty text, empty sets of genres, and Spotify's values for "not found" (key -1, tempo 0, a
    duration of 0 or less) become null. ``1998`` and ``1998-05`` become the first day of that year or month. A missing
    year is taken from the date. A row is dropped only if it has neither a song's name nor a path.

    Parameters
    ----------
    df : pd.DataFrame
        As from `load_Data`, with any of its columns.

    Returns
    -------
    pd.DataFrame
        A new table; ``attrs["report"]`` lists all changes as dicts of `step, what, rows`.

    Examples
    --------
    >>> raw = pd.DataFrame({"song": ["So What", " "], "genre": ["set()", "jazz"], "release_date": ["1959", None]})
    >>> handle_nulls(raw)[["song", "release_date"]].values.tolist()
    handle_nulls: 2 rows in, 1 out
      empty genres set to null: 1
      partial release dates completed: 1
      rows dropped because they have neither song nor path: 1
    [['So What', '1959-01-01']]
    """
    out, report = df.copy(), []
    for column in [column for column in TEXT if column in out and _is_text(out[column])]:
        text = out[column].astype(object).map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
        out[column] = text.where(text.notna() & text.ne(""), None)
    if "artist" in out:
        out["artist"], artists, n_guests = _artists(out)
        report.append(("songs whose titles name guests, who count as artists", n_guests))
        if "artists" in out:
            out = out.drop(columns="artists")
        out.insert(out.columns.get_loc("artist") + 1, "artists", artists)
    if "genre" in out:
        filled = out["genre"].notna()
        joined = {cell: ", ".join(split_genres(cell)) or None for cell in set(map(str, out["genre"].dropna()))}
        out["genre"] = out["genre"].astype(object).map(lambda cell: joined.get(str(cell)))
        report.append(("empty genres set to null", int((filled & out["genre"].isna()).sum())))
    for column, mark in NOT_FOUND.items():
        if column in out and pd.api.types.is_numeric_dtype(out[column]):
            not_found = (out[column] == mark).fillna(False).astype(bool)
            out[column] = out[column].mask(not_found)
            report.append((f"{column} {mark} (not found) set to null", int(not_found.sum())))
    if "duration_ms" in out and pd.api.types.is_numeric_dtype(out["duration_ms"]):
        no_length = (out["duration_ms"] <= 0).fillna(False).astype(bool)
        out["duration_ms"] = out["duration_ms"].mask(no_length)
        report.append(("durations of zero or less set to null", int(no_length.sum())))
    if "release_date" in out and _is_text(out["release_date"]):
        out["release_date"], completed, remark = iso_dates(out["release_date"])
        report.append(("partial release dates completed", completed))
        if remark:
            print(f"release_date: {remark}")
    if "release_date" in out and "year" in out:
        out["year"] = out["year"].fillna(to_dates(out["release_date"]).dt.year)
    named = pd.Series(False, index=out.index)
    for column in [column for column in ("song", "path") if column in out]:
        named |= out[column].notna()
    report.append(("rows dropped because they have neither song nor path", int((~named).sum())))
    return _reported("handle_nulls", df, out[named], report)


def change_dtypes(df):
    """Convert every known column to its type: integer, float, boolean, category or date.

    A column of whole numbers with missing values becomes pandas' `Int64`; a column with fractions is not converted. A
    date that cannot be read becomes null and is counted.

    Parameters
    ----------
    df : pd.DataFrame

    Returns
    -------
    pd.DataFrame
        A new table with the same rows.

    Examples
    --------
    >>> raw = pd.DataFrame({"year": [1959.0, None], "explicit": ["False", "True"], "genre": ["jazz", "rock"]})
    >>> typed = change_dtypes(raw)
    >>> [str(dtype) for dtype in typed.dtypes]
    ['Int64', 'bool', 'category']
    """
    out, report = df.copy(), []
    for column in [column for column in INTEGERS if column in out]:
        numbers = pd.to_numeric(out[column], errors="coerce").astype("Float64")
        if (numbers.dropna() % 1 == 0).all() and (numbers.dropna().abs() < 2 ** 53).all():
            out[column] = numbers.astype("Int64") if numbers.isna().any() else numbers.astype("int64")
    for column in [column for column in NUMBERS if column in out and column not in INTEGERS]:
        out[column] = pd.to_numeric(out[column], errors="coerce").astype("float64")
    if "explicit" in out and not pd.api.types.is_bool_dtype(out["explicit"]):
        truth = out["explicit"].astype("string").str.strip().str.lower().map(TRUTH)
        report.append(("values of explicit that are neither true nor false set to null",
                       int((truth.isna() & out["explicit"].notna()).sum())))
        out["explicit"] = truth.astype("boolean") if truth.isna().any() else truth.astype(bool)
    if "release_date" in out:
        dates = to_dates(out["release_date"])
        report.append(("release dates that cannot be read set to null",
                       int((dates.isna() & out["release_date"].notna()).sum())))
        out["release_date"] = dates
    for column in [column for column in CATEGORIES if column in out]:
        out[column] = out[column].astype("category")
    return _reported("change_dtypes", df, out, report)


def prepare_df(df):
    """The clean table of tracks: null values, types, duplicates and index, in this order.

    Several rows of one track become one row: the most popular of them, with the genres of all rows (the most frequent
    first). Tracks are identified by `track_id`. If the source has none, it is made from artist and song, or else from
    the path.

    Parameters
    ----------
    df : pd.DataFrame
        As from `load_Data`.

    Returns
    -------
    pd.DataFrame
        One row for each track, indexed by `track_id`; ``attrs["report"]`` lists all changes, see `report`.

    Examples
    --------
    >>> raw = pd.DataFrame({"artist": ["Miles Davis", "miles davis"], "song": ["So What"] * 2,
    ...                     "genre": ["jazz", "modal jazz"]})
    >>> prepare_df(raw).genre.to_dict()
    prepare_df: 2 rows in, 1 out
      rows dropped because they repeat a track: 1
      tracks that have the genres of several rows: 1
    {'miles davis - so what': 'jazz, modal jazz'}
    """
    raw = df.reset_index() if df.index.name == "track_id" and "track_id" not in df else df
    typed = change_dtypes(handle_nulls(raw))
    ids = _track_ids(typed)
    equal_rows = typed.drop(columns="artists", errors="ignore").duplicated()
    repeated_tracks = ids[~equal_rows].duplicated()
    out = _one_row_per_track(typed, ids)
    report = [("rows dropped because all columns are equal", int(equal_rows.sum())),
              ("rows dropped because they repeat a track", int(repeated_tracks.sum()))]
    if "genre" in out:
        out["genre"], joined = _joined_genres(typed["genre"], ids, out.index)
        report.append(("tracks that have the genres of several rows", joined))
    out = _reported("prepare_df", typed, out, report)
    if "source" in out:  # attributes stay with a selection of columns without `source`
        out.attrs["source"] = ", ".join(out["source"].dropna().astype(str).unique()[:5])
    return out


def report(df):
    """The changes that `handle_nulls`, `change_dtypes` and `prepare_df` have made to a table.

    Parameters
    ----------
    df : pd.DataFrame
        As they return it.

    Returns
    -------
    pd.DataFrame
        `step, what, rows`: the function, the change, and the number of rows.
    """
    return pd.DataFrame(df.attrs.get("report", []), columns=["step", "what", "rows"])


def _reported(step, before, after, lines):
    """Print the changes of a step, and add them to the report of the table; returns the table."""
    lines = [(what, rows) for what, rows in lines if rows]
    if lines:
        print(f"{step}: {len(before):,} rows in, {len(after):,} out")
    for what, rows in lines:
        print(f"  {what}: {rows:,}")
    after.attrs["report"] = [*before.attrs.get("report", []),
                             *({"step": step, "what": what, "rows": rows} for what, rows in lines)]
    return after


def _is_text(column):
    return not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column))


def _artists(df):
    """The artist of each row as text, a list joined with commas; the list of its artists; how many rows have guests."""
    cells = df["artist"].tolist()
    names = split_artists(df["artists"].tolist() if "artists" in df else cells,
                          df["artist_ids"].tolist() if "artist_ids" in df else None)
    text = [", ".join(artists) or None if not isinstance(cell, str) or cell[:1] in "[({" and is_list(cell) else cell
            for cell, artists in zip(cells, names)]
    with_guests = add_guests(names, df["song"].tolist()) if "song" in df else names
    n_guests = sum(len(extended) > len(artists) for extended, artists in zip(with_guests, names))
    return (pd.Series(text, index=df.index, dtype=object), pd.Series(with_guests, index=df.index, dtype=object),
            n_guests)


TOLD_APART_BY = ["album", "release_date", "year", "duration_ms", "key", "loudness", "mode", "tempo", "uri", *SHARES]
"""If two rows without an artist have the same title, they are one song where these columns are equal."""


def _track_ids(df):
    """The id of each row: that of the source, else artist and song, else the path, else the song."""
    def text(column):
        return df[column].astype("string") if column in df else pd.Series(pd.NA, index=df.index, dtype="string")
    names = (text("artist") + " - " + text("song")).str.lower().str.replace(r"\s+", " ", regex=True)
    path = text("path")
    # two files with the same tags are two recordings, and so two tracks
    recordings = path.groupby(names).transform("nunique").fillna(0)
    names = names.mask(recordings.gt(1) & path.notna(), names + " [" + path + "]")
    ids = text("track_id").fillna(names).fillna(path)
    unnamed = ids.isna().to_numpy()
    if unnamed.any():
        ids[unnamed] = _titles_told_apart(df[unnamed], text("song").str.lower()[unnamed])
    return ids.astype(object).rename("track_id")


def _titles_told_apart(df, titles):
    """The title of each row, with a number where there are several songs of this title."""
    columns = [column for column in TOLD_APART_BY if column in df]
    rows = df[columns or df.columns.drop("artists", errors="ignore")].astype("string").fillna("")
    rows = rows.assign(title=titles).reset_index(drop=True)
    songs = rows.drop_duplicates()
    number = songs.groupby("title").cumcount() + 1
    names = songs["title"].mask(number > 1, songs["title"] + " (" + number.astype("string") + ")")
    song = rows.groupby([*rows.columns], sort=False, dropna=False).ngroup()
    return song.map(dict(zip(song[songs.index], names))).to_numpy()


def _one_row_per_track(df, ids):
    """The most popular row of each track, in the order in which the tracks first appear."""
    popularity = df["popularity"].astype("float64") if "popularity" in df else pd.Series(0.0, index=df.index)
    rank = pd.DataFrame({"id": ids.values, "popularity": popularity.fillna(-1).values, "row": range(len(df))})
    best = rank.sort_values(["popularity", "row"], ascending=[False, True]).drop_duplicates("id")
    first = rank.drop_duplicates("id").set_index("id")["row"]
    best = best.assign(first=best["id"].map(first)).sort_values("first")
    out = df.iloc[best["row"].to_numpy()].drop(columns="track_id", errors="ignore")
    out.index = pd.Index(best["id"].to_numpy(), name="track_id", dtype=object)
    return out


def _joined_genres(genres, ids, tracks):
    """The genres of all rows of each track, the most frequent first; and the number of tracks with different cells."""
    rows = pd.DataFrame({"id": ids.values, "genre": genres.astype(object).values}).dropna()
    cells = rows.drop_duplicates().groupby("id", sort=False).size()
    several = rows[rows["id"].isin(cells.index[cells > 1])]
    joined = rows.drop_duplicates("id").set_index("id")["genre"]
    for track, track_cells in several.groupby("id", sort=False)["genre"]:
        counts = Counter(genre for cell in track_cells for genre in split_genres(cell))
        joined[track] = ", ".join(genre for genre, _ in counts.most_common())
    return pd.Categorical(joined.reindex(tracks)), int((cells > 1).sum())
