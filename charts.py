"""Charts: read a chart, find its songs in a table of tracks, and compare a song with the charting songs."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from analysis.associations import need_columns
from analysis.chart_matching import SCHEMA, chart_songs, match_songs
from analysis.column_labels import label
from analysis.selection import song_row
from analysis.similarity import IncompleteSong
from analysis.trends import BAND
from prepare import split_genres
from recommend import similar_songs
from sources.chart_files import CHART_COLUMN_NAMES, days_between, one_chart, read_chart, weeks_so_far
from synth.sample_chart import make_chart

__all__ = ["COMPARED", "SCHEMA", "catalogue_beside_charts", "chart_songs", "charting_songs", "compare_with_charts",
           "described_by", "load_charts", "match_songs", "own_field", "plot_place"]

COMPARED = {
    "table": ["danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness", "liveness",
              "valence", "tempo", "duration_minutes"],
    "sound": ["tempo", "loudness_lufs", "energy_proxy", "danceability_proxy", "acousticness_proxy",
              "onset_strength_mean", "spectral_centroid_mean", "spectral_bandwidth_mean", "spectral_flatness_mean",
              "zero_crossing_rate_mean"]}
"""The features that are compared: Spotify's columns of a table, or our audio features of a sound file."""
FEWEST_CHARTING_SONGS = 20
"""The least number of charting songs with which a song is compared; percentiles among fewer tell little."""


# ---- reading

def load_charts(source="sample", *, country=None):
    """Read a chart of any common layout into one schema.

    Parameters
    ----------
    source : str, Path or pd.DataFrame
        ``"sample"`` (a synthetic chart, see `synth.sample_chart.make_chart`); a weekly or daily chart such as the Hot
        100, as CSV, TSV, Parquet or JSON (rows, or weeks with their rows), plain or in gzip; a table of songs or
        playlists with a popularity; or a data frame.
    country : str, optional
        The country to keep of a file with several. By default they are summed, see `chart_files.one_chart`.

    Returns
    -------
    pd.DataFrame
        `date, rank, song, artist, peak, weeks`, sorted by date and rank. Without a rank, songs are ranked by
        popularity; without a week, the date is that of release, or missing; `peak` and `weeks` are computed where they
        are missing. The days of a daily chart are counted as weeks, see `chart_files.weeks_so_far`.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        There is neither rank nor popularity, no row can be used, or there is no such country.

    Examples
    --------
    >>> chart = load_charts(pd.DataFrame({"Title": ["So What", "Blue"], "popularity": [60, 70]}))
    >>> chart[["rank", "song"]].values.tolist()
    [[1, 'Blue'], [2, 'So What']]
    """
    name = "the table" if isinstance(source, pd.DataFrame) else str(source)
    raw = make_chart() if isinstance(source, str) and source == "sample" else source
    named = read_chart(raw)
    ranked = "rank" in named
    if not ranked and "popularity" in named:
        named["rank"] = pd.to_numeric(named["popularity"], errors="coerce").rank(ascending=False, method="min")
    if "rank" not in named:
        ranks = ", ".join(CHART_COLUMN_NAMES["rank"][:4])
        raise ValueError(f"{name} has neither a rank ({ranks} ...) nor a popularity; its columns are "
                         f"{list(raw.columns if isinstance(raw, pd.DataFrame) else named.columns)[:12]}: rename the "
                         "column with the place to 'rank'")
    named = one_chart(named.assign(song=_text(named, "song"), artist=_text(named, "artist")), country)
    dated = "date" in named
    chart = named[["rank", "song", "artist"]].assign(date=named["date"] if dated else pd.NaT)
    for column in ("peak", "weeks"):
        chart[column] = pd.to_numeric(named[column], errors="coerce") if column in named else np.nan
    usable = chart["rank"].notna() & chart["song"].ne("") & (chart["date"].notna() if dated else True)
    if not usable.any():
        raise ValueError(f"{name}: no row has a rank and a song's name" + ", with a valid date" * dated)
    if not usable.all():
        print(f"load_charts: {(~usable).sum():,} of {len(chart):,} rows dropped: no valid rank, song or date")
    return _with_peak_and_weeks(chart[usable].sort_values(["date", "rank"], kind="stable", ignore_index=True), ranked)


def _text(df, column):
    """A column as text, without blanks at the ends; empty where it is missing."""
    if column not in df:
        return pd.Series("", index=df.index)
    return df[column].astype("string").str.strip().fillna("").astype(object)


def _with_peak_and_weeks(chart, ranked):
    """The chart with the best place and the weeks so far, computed where they are missing.

    Only the dates of a chart with a rank are those of its editions.
    """
    chart["date"] = pd.to_datetime(chart["date"])
    songs = chart.groupby(["song", "artist"], sort=False)
    chart["peak"] = chart["peak"].fillna(songs["rank"].cummin())
    days, editions = days_between(chart["date"]), chart["date"].nunique()
    if chart["weeks"].isna().any():
        chart["weeks"] = chart["weeks"].fillna(pd.Series(weeks_so_far(chart), index=chart.index))
        if ranked and days < 7 and editions > 7:
            print(f"load_charts: the chart has an edition every {f'{days} days' if days > 1 else 'day'}: "
                  "its days are counted as weeks")
        elif ranked and days > 8:
            print(f"load_charts: the dates are {days} days apart: what is called weeks are the dates of a song")
    return chart[SCHEMA].astype({"rank": int, "peak": int, "weeks": int})


def charting_songs(tracks, matches):
    """The tracks that charted, with their features and their chart data.

    Parameters
    ----------
    tracks : pd.DataFrame
        A tracks table, as from `preprocessing.create_features`.
    matches : pd.DataFrame
        As from `match_songs`.

    Returns
    -------
    pd.DataFrame
        The tracks that are in the chart, with `peak, weeks, first, last, points`, and `chart_year`, the year in which
        each entered the chart.
    """
    charted = tracks.drop(columns=["peak", "weeks", "first", "last", "points"], errors="ignore")
    charted = charted.join(matches[["peak", "weeks", "first", "last", "points"]], how="inner")
    return charted.assign(chart_year=charted["first"].dt.year.astype("Int64"))


# ---- comparing

def compare_with_charts(song, charts, *, genre=None, years=None, n=5):
    """Compare a song with songs that charted, feature by feature, and find the most similar of them.

    The comparison describes and does not judge: the band holds the middle 80 % of the charting songs, so of ten
    features a hit has two outside it on average.

    Parameters
    ----------
    song : str, Path, Recording, pd.Series or pd.DataFrame
        The `track_id` of a song in `charts`, a row of a table, or a sound file.
    charts : pd.DataFrame
        Charting songs with features: Spotify's columns, as from `charting_songs`, or audio features of reference
        recordings, as from `features.extract_features`. A sound file can be compared with the latter only, since the
        two kinds of features are different measures.
    genre : str, optional
        Only songs with this genre in their cell.
    years : tuple of int, optional
        Only songs from the first to the last of these years (of entering the chart, else of release).
    n : int
        The number of similar songs to return.

    Returns
    -------
    table : pd.DataFrame
        One row a feature: the song's `value`, the `median`, `q10` and `q90` of the charting songs, the `percentile` of
        the song among them (0-100; equal values count half), and whether it is `outside` the band.
    alike : pd.DataFrame
        The `n` most similar charting songs, as from `recommend.similar_songs`.

    Raises
    ------
    KeyError
        The song is neither a track of the table nor a file.
    ValueError
        The song and the charts have different kinds of features, the song has too few of them
        (`similarity.IncompleteSong`), or there are fewer than `FEWEST_CHARTING_SONGS` charting songs to compare with.
    """
    kind = described_by(charts)
    row = _song_row(song, charts, kind)
    others = _of_genre_and_years(charts, genre, years).drop(index=row.index, errors="ignore")
    if len(others) < FEWEST_CHARTING_SONGS:
        where = (f" of {genre}" if genre else "") + (f" in {years[0]}-{years[1]}" if years else "")
        raise ValueError(f"{len(others)} charting songs{where} are too few to compare with "
                         f"({FEWEST_CHARTING_SONGS} are needed): widen genre or years")
    features = [feature for feature in COMPARED[kind]
                if feature in others and feature in row and row[feature].notna().all()]
    if not features:
        raise IncompleteSong(f"the song has none of the features compared: {', '.join(COMPARED[kind])}", COMPARED[kind])
    table = pd.DataFrame([_place(float(row[feature].iloc[0]), others[feature]) for feature in features],
                         index=pd.Index(features, name="feature"))
    return table, similar_songs(row, others, n=n, by="table" if kind == "table" else "all")


def described_by(df):
    """Which features a table has: ``"table"`` (Spotify's columns) or ``"sound"`` (our audio features of sound files).

    Parameters
    ----------
    df : pd.DataFrame

    Returns
    -------
    str

    Raises
    ------
    ValueError
        It has neither.

    Examples
    --------
    >>> described_by(pd.DataFrame(columns=["song", "danceability", "energy", "tempo"]))
    'table'
    """
    if "mfcc_01_mean" in df:
        return "sound"
    if {"danceability", "energy", "valence"} & set(df.columns):
        return "table"
    raise ValueError("the table has neither Spotify's features (danceability, energy, valence ...) nor our audio "
                     "features: compute these from sound files with features.extract_features")


def _song_row(song, charts, kind):
    """The song as a table of one row, with the same kind of features as the charts."""
    if kind == "table" and isinstance(song, (str, Path)) and song not in charts.index and Path(song).is_file():
        raise ValueError(f"{song} is a sound file, and the charts have Spotify's features: the two cannot be compared. "
                         "Give the audio features of reference recordings (features.extract_features) as the charts")
    row = song_row(song, charts)
    if described_by(row) != kind:
        words = {"table": "Spotify's features", "sound": "audio features of sound files"}
        raise ValueError(f"the song has {words[described_by(row)]}, the charts have {words[kind]}: they measure "
                         "different things and are not mixed")
    return row


def _of_genre_and_years(charts, genre, years):
    """The charting songs of a genre and of a range of years; None takes all."""
    if genre is not None:
        need_columns(charts, ["genre"])
        genre = genre.casefold()
        cells = {cell: genre in split_genres(cell.casefold()) for cell in charts["genre"].dropna().astype(str).unique()}
        charts = charts[charts["genre"].astype(object).map(lambda cell: cells.get(str(cell), False)).astype(bool)]
    if years is not None:
        year = next((column for column in ("chart_year", "release_year", "year") if column in charts), None)
        if year is None:
            raise ValueError("the charts have no column 'chart_year', 'release_year' or 'year' to choose years by")
        charts = charts[charts[year].between(*years).fillna(False).astype(bool)]
    return charts


def _place(value, column):
    """The place of a value among the values of a column, as a row of `compare_with_charts`."""
    others = column.dropna().to_numpy(dtype=float)
    low, median, high = np.quantile(others, [BAND[0], .5, BAND[1]])
    return {"value": value, "median": median, "q10": low, "q90": high,
            "percentile": stats.percentileofscore(others, value, "mean"), "outside": bool(value < low or value > high)}


def own_field(song, charts, *, within=5):
    """The genre and years by which a song can be compared with `FEWEST_CHARTING_SONGS` charting songs or more.

    Genre and years are tried together first, then the genre alone, then the years alone.

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
        `genre` and `years`, the arguments of `compare_with_charts`; None where there would be too few songs.
    """
    genre = next(iter(split_genres(song["genre"].iloc[0])), None) if "genre" in song else None
    year = song["release_year"].iloc[0] if "release_year" in song else None
    years = None if pd.isna(year) else (int(year) - within, int(year) + within)
    others = charts.drop(index=song.index, errors="ignore")
    for choice in ({"genre": genre, "years": years}, {"genre": genre, "years": None}, {"genre": None, "years": years}):
        if len(_of_genre_and_years(others, **choice)) >= FEWEST_CHARTING_SONGS:
            return choice
    return {"genre": None, "years": None}


def catalogue_beside_charts(songs, charts, *, genre=None, years=None):
    """Compare several songs, such as those of an artist, with the charts.

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
        The tables of `compare_with_charts`, indexed by `song` (the index of `songs`) and `feature`.

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


# ---- plots

def plot_place(table, *, ax=None):
    """Draw the percentiles of one song or several among the charting songs, one dot for each feature and song.

    Parameters
    ----------
    table : pd.DataFrame
        As from `compare_with_charts` or `catalogue_beside_charts`.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    import matplotlib.pyplot as plt
    features = list(dict.fromkeys(table.index.get_level_values("feature")))[::-1]
    ax = ax or plt.subplots(figsize=(8, max(3, .42 * len(features) + 1)), layout="constrained")[1]
    single = table.index.nlevels == 1
    ax.axvspan(100 * BAND[0], 100 * BAND[1], color="0.5", alpha=.15, lw=0, label="middle 80 % of what charted")
    ax.axvline(50, color="0.5", lw=1)
    for y, feature in enumerate(features):
        rows = table[table.index.get_level_values("feature") == feature]
        colours = np.where(rows["outside"], "C3", "C0")
        ax.scatter(rows["percentile"], np.full(len(rows), y), c=colours, s=80 if single else 30,
                   alpha=.9 if single else .5, zorder=3)
        values = f"{_short(rows['value'].median())}  (charts {_short(rows['median'].median())})"
        ax.text(102, y, values, va="center", fontsize=9, color="C3" if single and rows["outside"].any() else "0.25")
    ax.set_yticks(range(len(features)), [label(feature) for feature in features])
    ax.set(xlabel="percentile among what charted", xlim=(-2, 101), ylim=(-.6, len(features) - .4))
    ax.text(102, len(features) - .35, "value" if single else "median value", fontsize=9, color="0.25", va="bottom")
    ax.legend(loc="lower center", bbox_to_anchor=(.4, 1), frameon=False)
    return ax


def _short(number):
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
