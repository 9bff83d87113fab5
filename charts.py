"""Charts: read a chart, find its songs in a table of tracks, and compare a song with the charting songs."""

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.associations import need_columns
from analysis.chart_findings import (
    catalogue_in_words,
    charted_in_words,
    comparison_obstacle,
    find_in_table,
    found_in_words,
    place_in_words,
    plot_place,
    recordings_in_words,
)
from analysis.chart_matching import SCHEMA, chart_songs, charting_songs, match_songs
from analysis.hit_definition import Hits, define_hits
from analysis.own_song import COMPARED as TABLE_COMPARED
from analysis.own_song import (
    FEWEST_TO_COMPARE,
    compare_estimates,
    compare_own_song,
    estimates_in_words,
    key_of_song,
    name_of_song,
    own_song,
    own_song_in_words,
    place_of,
    plot_own_song,
    plot_own_years,
    songs_in_tempo_and_key,
    years_in_words,
)
from analysis.selection import song_row
from analysis.similarity import IncompleteSong
from learning.persistence import ModelError
from prepare import find_song, split_genres
from recommend import similar_songs
from sources import table_files
from sources.chart_files import CHART_COLUMN_NAMES, days_between, one_chart, read_chart, weeks_so_far
from sources.song_choice import find_sound_file
from sources.titles import SongNotFound
from synth.sample_chart import make_chart

__all__ = ["catalogue_beside_charts", "catalogue_in_words", "chart_songs", "charted_in_words",
           "charting_songs", "choose_song", "compare_estimates", "compare_own_song", "compare_with_charts", "COMPARED",
           "comparison_obstacle", "define_hits", "described_by", "estimates_in_words", "find_in_table",
           "found_in_words", "Hits", "ModelError",
           "key_of_song", "load_charts", "match_songs", "name_of_song", "nearest_recordings", "of_its_kind",
           "own_field", "own_song", "own_song_in_words", "place_in_words", "plot_own_song",
           "plot_own_years", "plot_place", "recordings_in_words", "SCHEMA", "similar_songs",
           "songs_in_tempo_and_key", "years_in_words"]

COMPARED = {
    "table": TABLE_COMPARED,
    "sound": ["tempo", "loudness_lufs", "rms_mean", "pulse_regularity", "onset_strength_mean",
              "spectral_centroid_mean", "spectral_bandwidth_mean", "spectral_flatness_mean",
              "zero_crossing_rate_mean"]}
"""The features that are compared: Spotify's columns of a table, or our audio features of a sound file."""


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


# ---- comparing

def compare_with_charts(song, charts, *, genre=None, years=None, n=5):
    """Compare a song with songs that charted, feature by feature, and find the most similar of them.

    The comparison describes and does not judge: the band holds the middle 80% of the charting songs, so of ten
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
        (`similarity.IncompleteSong`), or there are fewer than `FEWEST_TO_COMPARE` charting songs to compare with.
    """
    kind = described_by(charts)
    row = _song_row(song, charts, kind)
    others = _of_genre_and_years(charts, genre, years).drop(index=row.index, errors="ignore")
    if len(others) < FEWEST_TO_COMPARE:
        where = (f" of {genre}" if genre else "") + (f" in {years[0]}-{years[1]}" if years else "")
        raise ValueError(f"{len(others)} charting songs{where} are too few to compare with "
                         f"({FEWEST_TO_COMPARE} are needed): widen genre or years")
    features = [feature for feature in COMPARED[kind]
                if feature in others and feature in row and row[feature].notna().all()]
    if not features:
        raise IncompleteSong(f"the song has none of the features compared: {', '.join(COMPARED[kind])}", COMPARED[kind])
    table = pd.DataFrame([place_of(float(row[feature].iloc[0]), others[feature]) for feature in features],
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
    if {"danceability", "energy", "valence", "loudness"} & set(df.columns):
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
        cells = {cell: genre in split_genres(cell.casefold()) for cell in set(map(str, charts["genre"].dropna()))}
        charts = charts[charts["genre"].astype(object).map(lambda cell: cells.get(str(cell), False)).astype(bool)]
    if years is not None:
        year = next((column for column in ("chart_year", "release_year", "year") if column in charts), None)
        if year is None:
            raise ValueError("the charts have no column 'chart_year', 'release_year' or 'year' to choose years by")
        charts = charts[charts[year].between(*years).fillna(False).astype(bool)]
    return charts


def own_field(song, charts, *, within=5):
    """The genre and years by which a song can be compared with `FEWEST_TO_COMPARE` charting songs or more.

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
        if len(_of_genre_and_years(others, **choice)) >= FEWEST_TO_COMPARE:
            return choice
    return {"genre": None, "years": None}


def of_its_kind(song, charts, called="songs that charted"):
    """The songs with which one song is compared: of its genre and years, as far as there are enough (`own_field`).

    Parameters
    ----------
    song : pd.DataFrame
        One row.
    charts : pd.DataFrame
    called : str
        What they are.

    Returns
    -------
    others : pd.DataFrame
        Without the song itself.
    called : str
        With the genre and the years.
    """
    field = own_field(song, charts)
    years = None if field["years"] is None else "{}-{}".format(*field["years"])
    words = ", ".join(filter(None, [field["genre"], years]))
    others = _of_genre_and_years(charts, **field).drop(index=song.index, errors="ignore")
    return others, f"{called} ({words})" if words else called


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


# ---- one song: chosen, found, and put into words

def choose_song(name, tracks, others, *folders):
    """The song that a page is about, as a table of one row.

    Parameters
    ----------
    name : str
        A sound file, or a song of the table by title or ``artist - title``. Empty: the first song of the table that is
        not among the others and has all features that are compared; where there is none, the first that has most.
    tracks : pd.DataFrame
    others : pd.DataFrame
        The songs with which it is compared.
    *folders : str or Path
        Where a sound file is looked for.

    Returns
    -------
    pd.DataFrame
        A row as from `own_song`, or of `tracks`.

    Raises
    ------
    SongNotFound
        As in `prepare.find_song`.
    ValueError
        The sound file cannot be read.
    """
    if name:
        try:
            return own_song(find_sound_file(name, *folders))
        except FileNotFoundError as error:
            if Path(name).suffix.lower() in table_files.AUDIO_SUFFIXES:
                raise SongNotFound(str(error)) from error
        return tracks.loc[[find_song(name, tracks)]]
    known = tracks[[feature for feature in COMPARED["table"] if feature in tracks]].notna().sum(axis=1)
    other = ~tracks.index.isin(others.index)
    order = pd.DataFrame({"other": other & (known == known.max()), "known": known, "row": np.arange(len(tracks))})
    best = order.sort_values(["other", "known", "row"], ascending=[False, False, True])["row"].iloc[0]
    return tracks.iloc[[best]]


def nearest_recordings(song, recordings, chart=None, n=8, *, only_charted=False):
    """The reference recordings that sound most like a song, and which of them charted.

    Parameters
    ----------
    song : str, Path, Recording or pd.DataFrame
        A sound file, or a row with the columns of the recordings, as from `song_row`.
    recordings : pd.DataFrame
        Reference recordings with their embeddings, or audio features alone, as from `recommend.gather_songs`.
    chart : pd.DataFrame, optional
        As from `load_charts`.
    n : int
    only_charted : bool
        Only recordings that are in the chart.

    Returns
    -------
    pd.DataFrame
        As from `recommend.similar_songs`, by the embeddings where there are any; with a chart also `charted`, and the
        best place `peak` and the `weeks` of those that did.
    """
    by = "embedding" if "embedding_001" in recordings else "all"
    row = song_row(song, recordings)
    others = recordings[recordings["path"] != row["path"].iloc[0]]
    if "artist" in others and chart is not None:
        found = match_songs(others, chart)
        others = others.assign(charted=others.index.isin(found.index)).join(found[["peak", "weeks"]].astype("Int64"))
    if not only_charted:
        return similar_songs(row, others, n, by=by)
    found = similar_songs(row, others, len(others), by=by)
    return found[found["charted"]].head(n) if "charted" in found else found.head(0)
