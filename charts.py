"""A song beside the charts: charts read, matched with tracks whose sound is known, compared."""

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from analysis.associations import need_columns
from analysis.column_labels import label
from analysis.selection import song_row
from analysis.similarity import IncompleteSong
from analysis.trends import BAND
from prepare import split_genres, to_dates
from recommend import similar_songs
from sources import table_files
from sources.titles import clean_title, credited, same_recording
from synth.sample_chart import make_chart

SCHEMA = ["date", "rank", "song", "artist", "peak", "weeks"]
"""Of a chart: one row a week and place; best place and weeks so far."""
CHART_COLUMN_NAMES = {"date": ["week", "chart_date", "chart_week", "week_id", "weekid", "release_date", "year"],
               "rank": ["this_week", "week_position", "chart_position", "current_week", "current_position", "position", "place"],
               "artist": ["performer", "performers"],
               "peak": ["peak_position", "peak_rank", "peak_pos"],
               "weeks": ["weeks_on_chart", "weeks_on_board", "wks_on_chart", "time_on_chart"]}
THRESHOLD = 90
"""The smallest likeness (0-100) at which two spellings are taken for the same artist, and for the same title."""
COMPARED = {"table": ["danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness", "liveness",
                      "valence", "tempo", "duration_minutes"],
            "sound": ["tempo", "loudness_lufs", "energy_proxy", "danceability_proxy", "acousticness_proxy", "onset_strength_mean",
                      "spectral_centroid_mean", "spectral_bandwidth_mean", "spectral_flatness_mean", "zero_crossing_rate_mean"]}
"""The features compared: Spotify's columns of a table, or ours of a sound file."""
FEWEST_CHARTING_SONGS = 20
"""Charting songs that a song is set beside: with fewer there are no percentiles to speak of."""


# ---- reading

def load_charts(source="sample"):
    """Read a chart, whatever its layout, into one schema.

    Parameters
    ----------
    source : str, Path or pd.DataFrame
        ``"sample"`` (made to order, see `sample_charts.make_chart`); a weekly chart such as the Hot 100, as CSV, TSV, Parquet
        or JSON (rows, or weeks with their rows), plain or in gzip; a table of songs or playlists with a popularity; or
        the frame itself.

    Returns
    -------
    pd.DataFrame
        `date, rank, song, artist, peak, weeks`, by date and rank. Without a rank, it is the place by popularity; without
        a week, the date is that of release, or none; `peak` and `weeks` are counted where they are not told.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        There is neither rank nor popularity, or no row can be used.

    Examples
    --------
    >>> load_charts(pd.DataFrame({"Title": ["So What", "Blue"], "popularity": [60, 70]}))[["rank", "song"]].values.tolist()
    [[1, 'Blue'], [2, 'So What']]
    """
    raw = _read(source)
    named = _standard_names(raw)
    if "rank" in named:
        rank = pd.to_numeric(named["rank"], errors="coerce")
    elif "popularity" in named:
        rank = pd.to_numeric(named["popularity"], errors="coerce").rank(ascending=False, method="min")
    else:
        ranks = ", ".join(CHART_COLUMN_NAMES["rank"][:4])
        raise ValueError(f"{_name(source)} has neither a rank ({ranks} ...) nor a popularity; its "
                         f"columns are {list(raw.columns)[:12]}: rename the column that has it to 'rank'")
    dated = "date" in named
    date = to_dates(named["date"].astype("string")) if dated else pd.Series(pd.NaT, index=named.index, dtype="datetime64[ns]")
    chart = pd.DataFrame({"date": date, "rank": rank, "song": _text(named, "song"), "artist": _text(named, "artist")})
    for column in ("peak", "weeks"):
        chart[column] = pd.to_numeric(named[column], errors="coerce") if column in named else np.nan
    usable = chart["rank"].notna() & chart["song"].ne("") & (chart["date"].notna() if dated else True)
    if not usable.any():
        raise ValueError(f"{_name(source)}: no row has a rank, a song's name" + " and a date that can be read" * dated)
    if not usable.all():
        print(f"load_charts: {(~usable).sum():,} of {len(chart):,} rows dropped: no rank, song or date that can be read")
    return _counted(chart[usable].sort_values(["date", "rank"], kind="stable", ignore_index=True))


def _name(source):
    return "the table" if isinstance(source, pd.DataFrame) else str(source)


def _read(source):
    if isinstance(source, pd.DataFrame):
        return table_files.standard_names(source)
    if source == "sample":
        return make_chart()
    path = Path(source).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"no chart found at {path.absolute()}: name a CSV or JSON file, or 'sample'")
    if not path.name.lower().endswith((".json", ".json.gz")):
        return table_files.read_table(path)
    try:
        data = path.read_bytes()
        weeks = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
        weeks = weeks if isinstance(weeks, list) else [weeks]
        nested = bool(weeks) and isinstance(weeks[0].get("data"), list)  # one entry a week, its places in "data"
        rows = pd.json_normalize(weeks, "data", [key for key in ("date",) if key in weeks[0]]) if nested else pd.DataFrame(weeks)
    except (ValueError, OSError, AttributeError, KeyError) as error:
        raise ValueError(f"{path} is no chart in JSON ({error}): a list of rows, or of weeks with 'date' and 'data'") from error
    return table_files.standard_names(rows)


def _standard_names(df):
    """The columns under our names; those nearer the head of a list win."""
    plain = {re.sub(r"[^a-z0-9]+", "_", str(column).lower()).strip("_"): column for column in df.columns}
    found = {ours: next((plain[name] for name in [ours, *theirs] if name in plain), None)
             for ours, theirs in CHART_COLUMN_NAMES.items()}
    wanted = {ours: df[column] for ours, column in found.items() if column is not None}
    return pd.DataFrame(wanted | {column: df[column] for column in ("song", "popularity") if column in df}, index=df.index)


def _text(df, column):
    if column not in df:
        return pd.Series("", index=df.index)
    return df[column].astype("string").str.strip().fillna("").astype(object)


def _counted(chart):
    """Best place and weeks so far, counted where the chart does not tell them."""
    songs = chart.groupby(["song", "artist"], sort=False)
    chart["peak"] = chart["peak"].fillna(songs["rank"].cummin())
    chart["weeks"] = chart["weeks"].fillna(songs.cumcount() + 1)
    return chart[SCHEMA].astype({"rank": int, "peak": int, "weeks": int})


def chart_songs(charts):
    """Each song of a chart once: how high, how long, when.

    Parameters
    ----------
    charts : pd.DataFrame
        As from `load_charts`.

    Returns
    -------
    pd.DataFrame
        Most points first: `song, artist, peak, weeks, first, last` (dates) and `points` (a week on the last place of the
        chart counts one, each place higher one more).

    Examples
    --------
    >>> chart = load_charts(pd.DataFrame({"date": ["2001-01-06", "2001-01-13"], "song": ["Blue"] * 2, "rank": [3, 1]}))
    >>> chart_songs(chart)[["peak", "weeks", "points"]].values.tolist()
    [[1, 2, 4]]
    """
    need_columns(charts, SCHEMA)
    best = charts.assign(peak=charts[["rank", "peak"]].min(axis=1), points=charts["rank"].max() + 1 - charts["rank"])
    songs = best.groupby(["song", "artist"], sort=False, as_index=False)
    table = songs.agg(peak=("peak", "min"), weeks=("weeks", "max"), first=("date", "min"), last=("date", "max"),
                      points=("points", "sum"))
    return table.sort_values(["points", "peak"], ascending=[False, True], kind="stable", ignore_index=True)


# ---- matching

def match_songs(tracks, charts, *, threshold=THRESHOLD):
    """Find the tracks of a table that stand in a chart.

    Artist and title are cleaned (see `clean_title` and `credited`) and compared in five steps, of which the first that finds
    the track counts; rapidfuzz's ratio judges the last two.

    Parameters
    ----------
    tracks : pd.DataFrame
        With `artist` and `song`, indexed by track.
    charts : pd.DataFrame
        As from `load_charts`.
    threshold : float
        The smallest likeness (0-100) of artist, and of title, in the last step. Numbers in two titles, and what names
        another recording, must be the same.

    Returns
    -------
    pd.DataFrame
        One row a track that was found, by the tracks' index: `song, artist, chart_song, chart_artist`, `how` (``"artists and
        title"``, ``"an artist and title"``, ``"an artist and short title"``, ``"title and part of an artist"``,
        ``"nearly"``), `score` (0-100, the likeness of what differs), and the chart's `peak, weeks, first, last, points`.

    Examples
    --------
    >>> chart = load_charts(pd.DataFrame({"song": ["Smooth"], "artist": ["Santana Featuring Rob Thomas"], "rank": [1]}))
    >>> match_songs(pd.DataFrame({"song": ["Smooth (feat. Rob Thomas)"], "artist": ["Santana"]}), chart).how.tolist()
    ['an artist and title']
    """
    need_columns(tracks, ["artist", "song"])
    songs = chart_songs(charts)
    ours, theirs = _keys(tracks), _keys(songs)
    found = pd.DataFrame({"track": [], "chart": [], "how": [], "score": []})
    for how, columns in (("artists and title", ["artists", "title"]), ("an artist and title", ["one", "title"]),
                         ("an artist and short title", ["one", "short"])):
        left = ours[~ours["row"].isin(found["track"])]
        pairs = left[["row", *columns]].merge(theirs[["row", *columns]], on=columns, suffixes=("", "_chart"))
        found = _added(found, pairs["row"], pairs["row_chart"], how, 100.0)
    for look in (_partly, _nearly):
        left = ours[~ours["row"].isin(found["track"])]
        found = _added(found, *look(left, theirs, threshold))
    found = found.sort_values("track").astype({"track": int, "chart": int})
    index = tracks.index[found["track"]]
    theirs = songs.iloc[found["chart"]].set_axis(index).rename(columns={"song": "chart_song", "artist": "chart_artist"})
    ours = tracks[["song", "artist"]].iloc[found["track"]]
    return pd.concat([ours, theirs.iloc[:, :2], found[["how", "score"]].set_axis(index), theirs.iloc[:, 2:]], axis=1)


def _keys(df):
    """A row for each song and each of its artists: what is compared."""
    titles = {title: (clean_title(title), clean_title(title, short=True)) for title in df["song"].dropna().astype(str).unique()}
    artists = {artist: credited(artist) for artist in df["artist"].dropna().astype(str).unique()}
    rows = pd.DataFrame({"row": np.arange(len(df)), "song": df["song"].to_numpy(object), "artist": df["artist"].to_numpy(object)})
    rows = rows.dropna()
    keys = pd.DataFrame({"row": rows["row"], "title": [titles[str(song)][0] for song in rows["song"]],
                         "short": [titles[str(song)][1] for song in rows["song"]],
                         "artists": [" and ".join(artists[str(artist)]) for artist in rows["artist"]],
                         "one": [artists[str(artist)] for artist in rows["artist"]]})
    return keys[keys["title"] != ""].explode("one", ignore_index=True).dropna(subset=["one"])


def _added(found, track, chart, how, score):
    """What was found before and now: of several songs of the chart the likest, then the one with most points (the first)."""
    new = pd.DataFrame({"track": np.asarray(track), "chart": np.asarray(chart), "how": how, "score": score})
    new = new.sort_values(["score", "chart"], ascending=[False, True]).drop_duplicates("track")
    return new if found.empty else pd.concat([found, new], ignore_index=True)


def _partly(ours, theirs, threshold):
    """Tracks and chart songs of the same title, of whose artists one is named in full and the other in part."""
    from rapidfuzz import fuzz
    both = ours.merge(theirs.add_suffix("_chart"), left_on="title", right_on="title_chart")
    within = [fuzz.token_set_ratio(one, two) == 100 for one, two in zip(both["one"], both["one_chart"])]
    score = np.array([fuzz.ratio(one, two) for one, two in zip(both["one"], both["one_chart"])], dtype=float)
    return both["row"][within], both["row_chart"][within], "title and part of an artist", score[within]


def _nearly(ours, theirs, threshold):
    """Tracks and chart songs whose artist and title are almost the same, and how much alike the less alike of the two is."""
    from rapidfuzz import fuzz, process
    mine, known = ours["one"].unique(), theirs["one"].unique()
    pairs = [np.empty((0, 2), int)]
    for start in range(0, len(mine), 1000):  # a thousand artists at a time bound the memory
        likeness = process.cdist(mine[start:start + 1000], known, scorer=fuzz.ratio, score_cutoff=threshold, dtype=np.uint8)
        pairs.append(np.argwhere(likeness >= threshold) + [start, 0])
    pairs = np.concatenate(pairs)
    same = pd.DataFrame({"one": mine[pairs[:, 0]], "one_chart": known[pairs[:, 1]]})
    both = ours.merge(same, on="one").merge(theirs.add_suffix("_chart"), on="one_chart")
    titles = [fuzz.ratio(one, two, score_cutoff=threshold) for one, two in zip(both["title"], both["title_chart"])]
    names = [fuzz.ratio(one, two) for one, two in zip(both["one"], both["one_chart"])]
    same = [same_recording(one, two) for one, two in zip(both["title"], both["title_chart"])]
    score = np.minimum(titles, names) * np.array(same, dtype=float)
    near = score >= threshold
    return both["row"][near], both["row_chart"][near], "nearly", score[near]


def charting_songs(tracks, matches):
    """The tracks that charted, with what is known of how they sound and how they charted.

    Parameters
    ----------
    tracks : pd.DataFrame
        A tracks table, as from `preprocessing.create_features`.
    matches : pd.DataFrame
        As from `match_songs`.

    Returns
    -------
    pd.DataFrame
        The tracks that were matched, with `peak, weeks, first, last, points` and `chart_year`, the year in which each entered.
    """
    charted = tracks.drop(columns=["peak", "weeks", "first", "last", "points"], errors="ignore")
    charted = charted.join(matches[["peak", "weeks", "first", "last", "points"]], how="inner")
    return charted.assign(chart_year=charted["first"].dt.year.astype("Int64"))


# ---- a song beside them

def compare_with_charts(song, charts, *, genre=None, years=None, n=5):
    """Where a song stands beside songs that charted, feature by feature, and which of them sound most like it.

    It describes and does not judge: the middle four fifths of what charted are the band, so of ten features a hit has two
    outside it on average.

    Parameters
    ----------
    song : str, Path, pd.Series or pd.DataFrame
        The `track_id` of a song in `charts`, a row of a table, or a sound file.
    charts : pd.DataFrame
        Charting songs with features: Spotify's columns, as from `charting_songs`, or those of reference recordings, as from
        `features.extract_features`. A sound file is compared with the latter only: the two describe sound by different
        measures.
    genre : str, optional
        Only songs that have this genre among theirs.
    years : tuple of int, optional
        Only songs from the first to the last of these years (of entering the chart, else of release).
    n : int
        How many of the songs most alike to name.

    Returns
    -------
    table : pd.DataFrame
        One row a feature: the song's `value`, the charts' `median`, `q10`, `q90`, the `percentile` of the song among them
        (0-100; equals count half), and whether it lies `outside` the band.
    alike : pd.DataFrame
        The `n` songs of these that sound most like it, nearest first, as from `recommend.similar_songs`.

    Raises
    ------
    KeyError
        The song is neither a track of the table nor a file.
    ValueError
        The two sides describe sound differently, the song has none of the features, or fewer than `FEWEST_SONGS` charting
        songs are left to compare with.
    """
    kind = described_by(charts)
    row = _song_row(song, charts, kind)
    beside = _of_genre_and_years(charts, genre, years).drop(index=row.index, errors="ignore")
    if len(beside) < FEWEST_CHARTING_SONGS:
        where = (f" of {genre}" if genre else "") + (f" in {years[0]}-{years[1]}" if years else "")
        raise ValueError(f"{len(beside)} charting songs{where} are too few to compare with ({FEWEST_CHARTING_SONGS} are needed): "
                         "widen genre or years")
    features = [feature for feature in COMPARED[kind] if feature in beside and feature in row and row[feature].notna().all()]
    if not features:
        raise IncompleteSong(f"the song has none of the features compared: {', '.join(COMPARED[kind])}", COMPARED[kind])
    table = pd.DataFrame([_place(float(row[feature].iloc[0]), beside[feature]) for feature in features],
                         index=pd.Index(features, name="feature"))
    return table, similar_songs(row, beside, n=n, by="table" if kind == "table" else "all")


def described_by(df):
    """Whose features a table has: ``"table"`` (Spotify's columns) or ``"sound"`` (ours, of sound files).

    Examples
    --------
    >>> described_by(pd.DataFrame(columns=["song", "danceability", "energy", "tempo"]))
    'table'
    """
    if "mfcc_01_mean" in df:
        return "sound"
    if {"danceability", "energy", "valence"} & set(df.columns):
        return "table"
    raise ValueError("the table has neither Spotify's features (danceability, energy, valence ...) nor ours: describe sound "
                     "files with features.extract_features")


def _song_row(song, charts, kind):
    """The song as a frame of one row, described as the charts are."""
    if kind == "table" and isinstance(song, (str, Path)) and song not in charts.index and Path(song).is_file():
        raise ValueError(f"{song} is a sound file, and the charts' side has Spotify's features: the two cannot be compared. "
                         "Give a folder of reference recordings, described by features.extract_features, as the charts")
    row = song_row(song, charts)
    if described_by(row) != kind:
        words = {"table": "Spotify's features", "sound": "ours, of sound files"}
        raise ValueError(f"the song has {words[described_by(row)]}, the charts' side {words[kind]}: they measure different "
                         "things and are not mixed")
    return row


def _of_genre_and_years(charts, genre, years):
    if genre is not None:
        need_columns(charts, ["genre"])
        genre = genre.casefold()
        cells = {cell: genre in split_genres(cell.casefold()) for cell in charts["genre"].dropna().astype(str).unique()}
        charts = charts[charts["genre"].astype(object).map(lambda cell: cells.get(str(cell), False)).astype(bool)]
    if years is not None:
        year = next((column for column in ("chart_year", "release_year", "year") if column in charts), None)
        if year is None:
            raise ValueError("the charts' table has no column 'chart_year', 'release_year' or 'year' to choose years by")
        charts = charts[charts[year].between(*years).fillna(False).astype(bool)]
    return charts


def _place(value, column):
    """A value's place among those of a column."""
    others = column.dropna().to_numpy(dtype=float)
    low, median, high = np.quantile(others, [BAND[0], .5, BAND[1]])
    return {"value": value, "median": median, "q10": low, "q90": high,
            "percentile": stats.percentileofscore(others, value, "mean"), "outside": bool(value < low or value > high)}


def own_field(song, charts, *, within=5):
    """The genre and the years of a song, as narrow as they leave `FEWEST_SONGS` charting songs to compare it with.

    Parameters
    ----------
    song : pd.DataFrame
        One row.
    charts : pd.DataFrame
    within : int
        Years before and after the song's own.

    Returns
    -------
    dict
        `genre` and `years`, to be passed on to `compare_with_charts`; None where it had to be given up.
    """
    genre = next(iter(split_genres(song["genre"].iloc[0])), None) if "genre" in song else None
    year = song["release_year"].iloc[0] if "release_year" in song else None
    years = None if pd.isna(year) else (int(year) - within, int(year) + within)
    others = charts.drop(index=song.index, errors="ignore")
    for field in ({"genre": genre, "years": years}, {"genre": genre, "years": None}, {"genre": None, "years": years}):
        if len(_of_genre_and_years(others, **field)) >= FEWEST_CHARTING_SONGS:
            return field
    return {"genre": None, "years": None}


def catalogue_beside_charts(songs, charts, *, genre=None, years=None):
    """Several songs, such as an artist's, each beside the charts: the tables of `compare_with_charts`, one below the other.

    A song that lacks too many features is left out; a printed sentence names it and the features.

    Parameters
    ----------
    songs : pd.DataFrame
        The songs to compare, with the same features as `charts`.
    charts : pd.DataFrame
    genre : str, optional
    years : tuple of int, optional
        As in `compare_with_charts`.

    Returns
    -------
    pd.DataFrame
        Indexed by `song` (the index of `songs`) and `feature`.

    Raises
    ------
    ValueError
        No song has enough features; as in `compare_with_charts` besides.
    """
    tables = {}
    for number, song in enumerate(songs.index):
        try:
            tables[song], _ = compare_with_charts(songs.iloc[[number]], charts, genre=genre, years=years, n=1)
        except IncompleteSong as error:
            name = songs["song"].iloc[number] if "song" in songs else song
            print(f"catalogue_beside_charts: {name!r} is left out: it has no value for {', '.join(error.missing)}")
    if not tables:
        raise ValueError(f"none of the {len(songs)} songs has enough features to be compared with the charts")
    return pd.concat(tables, names=["song"])


# ---- pictures

def plot_place(table, *, ax=None):
    """The percentiles of a song (or of each of a catalogue) among what charted, as from `compare_with_charts` or
    `catalogue_beside_charts`: a dot a feature and song, the band of the middle four fifths grey. Returns the Axes."""
    import matplotlib.pyplot as plt
    features = list(dict.fromkeys(table.index.get_level_values("feature")))[::-1]
    ax = ax or plt.subplots(figsize=(8, max(3, .42 * len(features) + 1)), layout="constrained")[1]
    one = table.index.nlevels == 1
    ax.axvspan(100 * BAND[0], 100 * BAND[1], color="0.5", alpha=.15, lw=0, label="middle four fifths of what charted")
    ax.axvline(50, color="0.5", lw=1)
    for y, feature in enumerate(features):
        rows = table[table.index.get_level_values("feature") == feature]
        colours = np.where(rows["outside"], "C3", "C0")
        ax.scatter(rows["percentile"], np.full(len(rows), y), c=colours, s=80 if one else 30, alpha=.9 if one else .5, zorder=3)
        told = f"{_short(rows['value'].median())}  (charts {_short(rows['median'].median())})"
        ax.text(102, y, told, va="center", fontsize=9, color="C3" if one and rows["outside"].any() else "0.25")
    ax.set_yticks(range(len(features)), [label(feature) for feature in features])
    ax.set(xlabel="percentile among what charted", xlim=(-2, 101), ylim=(-.6, len(features) - .4))
    ax.text(102, len(features) - .35, "value" if one else "median value", fontsize=9, color="0.25", va="bottom")
    ax.legend(loc="lower center", bbox_to_anchor=(.4, 1), frameon=False)
    return ax


def _short(number):
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
