"""Any source of songs -> one clean table of tracks.

`load_Data` reads, `handle_nulls` and `change_dtypes` clean, `prepare_df` does all of it in order. None of them changes
the frame passed in; what was dropped and why is printed and kept in ``attrs["report"]``.
"""

import difflib
import re
from collections import Counter
from pathlib import Path

import pandas as pd

from sources import public_datasets, table_files
from sources.files import write_table
from sources.table_files import COLUMNS, read_folder
from sources.titles import find_song
from synth import sample_table

__all__ = ["CATEGORIES", "COLUMNS", "INTEGERS", "NOT_FOUND", "TRUTH", "change_dtypes", "find_song", "first_genre",
           "handle_nulls", "load_Data", "prepare_df", "read_folder", "report", "split_genres", "to_dates",
           "write_table"]

INTEGERS = ["year", "duration_ms", "popularity", "key", "mode", "time_signature", "track_number"]
CATEGORIES = ["genre", "source", "album_type", "playlist_subgenre", "subset"]
# What Spotify writes where it found no value
NOT_FOUND = {"key": -1, "tempo": 0, "time_signature": 0, "duration_ms": 0}
TRUTH = {"true": True, "1": True, "1.0": True, "yes": True, "explicit": True,
         "false": False, "0": False, "0.0": False, "no": False}


def load_Data(source="sample"):
    """Read a table of songs from wherever it is.

    Parameters
    ----------
    source : str or Path
        ``"sample"`` (a synthetic table made to order, see `sample_songs.make_table`); ``"sample_songs"`` (songs made to
        order, with their paths, see `corpus.make_corpus`: rendered once, into ``data/``); a CSV, TSV or Parquet file, plain
        or in gzip or zip; a folder of sound files, laid out as ``genre/song.mp3`` or flat with tags; or the name of a public
        data set: ``tidytuesday``, ``fma_metadata``, ``fma_small``, ``fma_medium``, ``top_hits``, ``gtzan``.

    Returns
    -------
    pd.DataFrame
        The raw rows; known columns are named as in `tables.COLUMNS` and come first, others are kept.

    Raises
    ------
    FileNotFoundError, ConnectionError, ValueError
        Nothing is there, or it cannot be read; the message says what was looked for and what to do.

    Examples
    --------
    >>> load_Data("sample")[["artist", "song", "genre"]].shape
    (1224, 3)
    """
    path = Path(source).expanduser()
    if source == "sample":
        df = table_files.numbers_from_text(table_files.standard_names(sample_table.make_table()), "the sample")
    elif source == "sample_songs":
        from synth.corpus import make_corpus  # it renders and encodes sound: only who asks for that waits for it
        df = make_corpus(public_datasets.DATA_DIR / "sample_songs")
    elif source in public_datasets.DATASETS:
        df = public_datasets.load_data_set(source)
    elif path.is_dir():
        df = table_files.read_folder(path)
    elif path.is_file():
        df = table_files.read_table(path)
    else:
        names = ["sample", "sample_songs", *public_datasets.DATASETS]
        near = difflib.get_close_matches(str(source), names, n=1)
        raise FileNotFoundError(f"no songs found for {str(source)!r}: there is no file or folder {path.absolute()}, and "
                                f"the known names are {', '.join(names)}" + (f". Did you mean {near[0]!r}?" if near else ""))
    if "source" not in df:
        df["source"] = path.name
    known = [column for column in table_files.COLUMNS if column in df]
    return df[known + [column for column in df.columns if column not in known]]


def split_genres(cell):
    """The genres in one cell, as a list; an empty set, list or text is no genre.

    Examples
    --------
    >>> split_genres("hip hop, pop, R&B"), split_genres("set()"), split_genres("['art pop', 'rock']")
    (['hip hop', 'pop', 'R&B'], [], ['art pop', 'rock'])
    """
    if isinstance(cell, str):
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
    """The first genre of each cell, as the report takes it; missing where there is none.

    Parameters
    ----------
    genres : pd.Series

    Returns
    -------
    pd.Series
        Same index and name.

    Examples
    --------
    >>> first_genre(pd.Series(["rock, pop", None], name="genre")).tolist()
    ['rock', None]
    """
    # cells repeat: take each apart once
    first = {cell: (split_genres(cell) or [None])[0] for cell in genres.dropna().astype(str).unique()}
    return pd.Series([None if pd.isna(cell) else first[str(cell)] for cell in genres], index=genres.index,
                     name=genres.name, dtype=object)


def handle_nulls(df):
    """Make missing what is missing, complete partial dates, and drop rows that name no song.

    Text is stripped; empty text and empty sets of genres become null; Spotify's marks for "not found" (key -1,
    tempo 0, duration 0) become null; ``1998`` and ``1998-05`` become the first day of that year or month; a missing year is
    taken from the date. A row is dropped only where it has neither a song's name nor a path.

    Parameters
    ----------
    df : pd.DataFrame
        As from `load_Data`, with any of its columns.

    Returns
    -------
    pd.DataFrame
        A new frame; ``attrs["report"]`` lists what was done: dicts of `step`, `what`, `rows`.

    Examples
    --------
    >>> raw = pd.DataFrame({"song": ["So What", " "], "genre": ["set()", "jazz"], "release_date": ["1959", None]})
    >>> handle_nulls(raw)[["song", "release_date"]].values.tolist()
    handle_nulls: 2 rows in, 1 out
      empty genres made null: 1
      partial release dates completed: 1
      rows dropped, neither song nor path: 1
    [['So What', '1959-01-01']]
    """
    out, report = df.copy(), []
    for column in [column for column in table_files.TEXT if column in out and _is_text(out[column])]:
        text = out[column].astype(object).map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
        if column == "artist":
            text = text.map(_join_listed)
        out[column] = text.where(text.notna() & text.ne(""), None)
    if "genre" in out:
        filled = out["genre"].notna()
        joined = {cell: ", ".join(split_genres(cell)) or None for cell in out["genre"].dropna().astype(str).unique()}
        out["genre"] = out["genre"].astype(object).map(lambda cell: joined.get(str(cell)))
        report.append(("empty genres made null", int((filled & out["genre"].isna()).sum())))
    for column, mark in NOT_FOUND.items():
        if column in out and pd.api.types.is_numeric_dtype(out[column]):
            found_none = (out[column] == mark).fillna(False).astype(bool)
            out[column] = out[column].mask(found_none)
            report.append((f"{column} {mark} means not found, made null", int(found_none.sum())))
    if "release_date" in out and _is_text(out["release_date"]):
        out["release_date"], completed = _complete_dates(out["release_date"])
        report.append(("partial release dates completed", completed))
    if "release_date" in out and "year" in out:
        out["year"] = out["year"].fillna(to_dates(out["release_date"]).dt.year)
    named = pd.Series(False, index=out.index)
    for column in [column for column in ("song", "path") if column in out]:
        named |= out[column].notna()
    report.append(("rows dropped, neither song nor path", int((~named).sum())))
    return _say("handle_nulls", df, out[named], report)


def change_dtypes(df):
    """Give every known column its type: integers, booleans, categories, dates.

    A column of whole numbers with gaps becomes pandas' `Int64`; one with fractions stays as it is. A date that cannot
    be read becomes null and is counted.

    Parameters
    ----------
    df : pd.DataFrame

    Returns
    -------
    pd.DataFrame
        A new frame of the same rows.

    Examples
    --------
    >>> typed = change_dtypes(pd.DataFrame({"year": [1959.0, None], "explicit": ["False", "True"], "genre": ["jazz", "rock"]}))
    >>> [str(dtype) for dtype in typed.dtypes]
    ['Int64', 'bool', 'category']
    """
    out, report = df.copy(), []
    for column in [column for column in INTEGERS if column in out]:
        numbers = pd.to_numeric(out[column], errors="coerce").astype("Float64")
        if (numbers.dropna() % 1 == 0).all():
            out[column] = numbers.astype("Int64") if numbers.isna().any() else numbers.astype("int64")
    for column in [column for column in table_files.NUMBERS if column in out and column not in INTEGERS]:
        out[column] = pd.to_numeric(out[column], errors="coerce").astype("float64")
    if "explicit" in out and not pd.api.types.is_bool_dtype(out["explicit"]):
        truth = out["explicit"].astype("string").str.strip().str.lower().map(TRUTH)
        report.append(("explicit neither true nor false, made null", int((truth.isna() & out["explicit"].notna()).sum())))
        out["explicit"] = truth.astype("boolean") if truth.isna().any() else truth.astype(bool)
    if "release_date" in out:
        dates = to_dates(out["release_date"])
        report.append(("release dates that cannot be read, made null", int((dates.isna() & out["release_date"].notna()).sum())))
        out["release_date"] = dates
    for column in [column for column in CATEGORIES if column in out]:
        out[column] = out[column].astype("category")
    return _say("change_dtypes", df, out, report)


def prepare_df(df):
    """The clean table of tracks: nulls, types, duplicates and index done, in that order.

    Rows of one track become one: the most popular of them, with the genres of all (the most frequent first). A track
    is known by its `track_id`; where the source has none, one is made from artist and song, else from the path.

    Parameters
    ----------
    df : pd.DataFrame
        As from `load_Data`.

    Returns
    -------
    pd.DataFrame
        One row a track, indexed by `track_id`; what was dropped and why in ``attrs["report"]``.

    Examples
    --------
    >>> raw = pd.DataFrame({"artist": ["Miles Davis", "miles davis"], "song": ["So What"] * 2, "genre": ["jazz", "modal jazz"]})
    >>> prepare_df(raw).genre.to_dict()
    prepare_df: 2 rows in, 1 out
      rows dropped, the same track again: 1
      tracks with genres of several rows joined: 1
    {'miles davis - so what': 'jazz, modal jazz'}
    """
    raw = df.reset_index() if df.index.name == "track_id" and "track_id" not in df else df
    typed = change_dtypes(handle_nulls(raw))
    ids = _track_ids(typed)
    whole = typed.duplicated()
    same = ids[~whole].duplicated()
    out = _one_row_a_track(typed, ids)
    report = [("rows dropped, the same in every column", int(whole.sum())),
              ("rows dropped, the same track again", int(same.sum()))]
    if "genre" in out:
        out["genre"], joined = _joined_genres(typed["genre"], ids, out.index)
        report.append(("tracks with genres of several rows joined", joined))
    out = _say("prepare_df", typed, out, report)
    if "source" in out:  # it stays with a frame of numbers, where the column does not
        out.attrs["source"] = ", ".join(out["source"].dropna().astype(str).unique()[:5])
    return out


def report(df):
    """What the steps of `prepare_df` did to a table, as a frame of `step`, `what`, `rows`."""
    return pd.DataFrame(df.attrs.get("report", []), columns=["step", "what", "rows"])


def _say(step, before, after, lines):
    """Print what a step did, where it did something, and add it to what the steps before it did."""
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


_QUOTED = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""


def _join_listed(cell):
    """`['A', 'B']`, as some exports write artists, becomes `A, B`; a list of anything but texts stays as it is."""
    if isinstance(cell, str) and re.fullmatch(rf"\[\s*{_QUOTED}(?:\s*,\s*{_QUOTED})*\s*\]", cell):
        return ", ".join(re.sub(r"\\(.)", r"\1", text[1:-1]) for text in re.findall(_QUOTED, cell))
    return cell


def _complete_dates(dates):
    """`1998` and `1998-05` as the first day of that year or month; and how many."""
    text = dates.astype("string").str.strip().str.removesuffix(".0")
    year, month = text.str.fullmatch(r"[12]\d{3}").fillna(False), text.str.fullmatch(r"[12]\d{3}-\d{1,2}").fillna(False)
    whole = text.mask(year, text + "-01-01").mask(month, text + "-01").mask(text.str.startswith("0000"))
    return whole.astype(object).where(whole.notna(), None), int(year.sum() + month.sum())


def to_dates(dates):
    """Dates from text in any of the usual formats; what cannot be read becomes null."""
    if pd.api.types.is_datetime64_any_dtype(dates):
        return dates
    return pd.to_datetime(dates.astype("string"), errors="coerce", format="mixed", utc=True).dt.tz_localize(None)


def _track_ids(df):
    """The id of each row: the source's own, else artist and song, else path, else song."""
    def text(column):
        return df[column].astype("string") if column in df else pd.Series(pd.NA, index=df.index, dtype="string")
    made = (text("artist") + " - " + text("song")).str.lower().str.replace(r"\s+", " ", regex=True)
    path = text("path")
    # two recordings may carry the same tags: they are two tracks
    recordings = path.groupby(made).transform("nunique").fillna(0)
    made = made.mask(recordings.gt(1) & path.notna(), made + " [" + path + "]")
    return text("track_id").fillna(made).fillna(path).fillna(text("song").str.lower()).astype(object).rename("track_id")


def _one_row_a_track(df, ids):
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
    """The genres of all rows of each track, most frequent first; and how many tracks had several different cells."""
    rows = pd.DataFrame({"id": ids.values, "genre": genres.astype(object).values}).dropna()
    cells = rows.drop_duplicates().groupby("id", sort=False).size()
    several = rows[rows["id"].isin(cells.index[cells > 1])]
    joined = rows.drop_duplicates("id").set_index("id")["genre"]
    for track, own in several.groupby("id", sort=False)["genre"]:
        joined[track] = ", ".join(genre for genre, _ in Counter(g for cell in own for g in split_genres(cell)).most_common())
    return pd.Categorical(joined.reindex(tracks)), int((cells > 1).sum())
