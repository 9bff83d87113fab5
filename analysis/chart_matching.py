"""The songs of a chart, and which tracks of a table they are, however titles and artists are spelt."""

import numpy as np
import pandas as pd

from analysis.associations import need_columns
from sources.chart_files import days_between
from sources.titles import clean_title, credited, same_recording

SCHEMA = ["date", "rank", "song", "artist", "peak", "weeks"]
"""The columns of a chart, one row for each week and place; `peak` and `weeks` are the best place and the weeks so far.
"""
THRESHOLD = 90
"""The least similarity (0-100) of two spellings that count as the same artist, or the same title."""


def chart_songs(charts):
    """Each song of a chart once, with its best place, its weeks and its dates.

    Parameters
    ----------
    charts : pd.DataFrame
        As from `charts.load_charts`.

    Returns
    -------
    pd.DataFrame
        Most points first: `song, artist, peak, weeks, first, last` (dates) and `points`: a week on the last place of
        the chart counts one, and each place higher one more; a day of a daily chart counts a seventh of that.

    Examples
    --------
    >>> chart = pd.DataFrame({"date": ["2001-01-06", "2001-01-13"], "rank": [3, 1], "song": ["Blue"] * 2,
    ...                       "artist": ["Ann"] * 2, "peak": [3, 1], "weeks": [1, 2]})
    >>> chart_songs(chart)[["peak", "weeks", "points"]].values.tolist()
    [[1, 2, 4]]
    """
    need_columns(charts, SCHEMA)
    weeks = min(1, days_between(charts["date"]) / 7)
    points = weeks * (charts["rank"].max() + 1 - charts["rank"])
    best = charts.assign(peak=charts[["rank", "peak"]].min(axis=1), points=points)
    songs = best.groupby(["song", "artist"], sort=False, as_index=False)
    table = songs.agg(peak=("peak", "min"), weeks=("weeks", "max"), first=("date", "min"), last=("date", "max"),
                      points=("points", "sum"))
    return table.sort_values(["points", "peak"], ascending=[False, True], kind="stable", ignore_index=True)


def match_songs(tracks, charts, *, threshold=THRESHOLD):
    """Find the tracks of a table that are in a chart.

    Artist and title are cleaned (see `sources.titles`) and compared in five steps; the first step that finds the track
    counts. The last two steps use the similarity of texts that the package rapidfuzz computes.

    Parameters
    ----------
    tracks : pd.DataFrame
        With `artist` and `song`, indexed by track.
    charts : pd.DataFrame
        As from `charts.load_charts`.
    threshold : float
        The least similarity (0-100) of the artists, and of the titles, in the last step. Numbers in the titles, and
        words such as "live" or "remix", must be the same.

    Returns
    -------
    pd.DataFrame
        One row a track that is in the chart, indexed as `tracks`: `song, artist, chart_song, chart_artist`, `how`
        (``"artists and title"``, ``"an artist and title"``, ``"an artist and short title"``, ``"title and part of an
        artist"``, ``"nearly"``), `score` (0-100, the similarity of what differs), and the chart's `peak, weeks, first,
        last, points`.

    Examples
    --------
    >>> chart = pd.DataFrame({"date": ["2001-01-06"], "rank": [1], "song": ["Smooth"], "peak": [1], "weeks": [1],
    ...                       "artist": ["Santana Featuring Rob Thomas"]})
    >>> tracks = pd.DataFrame({"song": ["Smooth (feat. Rob Thomas)"], "artist": ["Santana"]})
    >>> match_songs(tracks, chart).how.tolist()
    ['an artist and title']
    """
    need_columns(tracks, ["artist", "song"])
    songs = chart_songs(charts)
    track_keys, chart_keys = _keys(tracks), _keys(songs)
    found = pd.DataFrame({"track": [], "chart": [], "how": [], "score": []})
    for how, columns in (("artists and title", ["artists", "title"]), ("an artist and title", ["credit", "title"]),
                         ("an artist and short title", ["credit", "short"])):
        missing = track_keys[~track_keys["row"].isin(found["track"])]
        pairs = missing[["row", *columns]].merge(chart_keys[["row", *columns]], on=columns, suffixes=("", "_chart"))
        found = _added(found, pairs["row"], pairs["row_chart"], how, 100.0)
    for compare in (_partly_equal, _nearly_equal):
        missing = track_keys[~track_keys["row"].isin(found["track"])]
        found = _added(found, *compare(missing, chart_keys, threshold))
    found = found.sort_values("track").astype({"track": int, "chart": int})
    index = tracks.index[found["track"]]
    names = tracks[["song", "artist"]].iloc[found["track"]]
    charted = songs.iloc[found["chart"]].set_axis(index)
    charted = charted.rename(columns={"song": "chart_song", "artist": "chart_artist"})
    return pd.concat([names, charted.iloc[:, :2], found[["how", "score"]].set_axis(index), charted.iloc[:, 2:]], axis=1)


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


def _keys(df):
    """The texts that are compared: one row for each song and each artist whom it credits."""
    titles = {title: (clean_title(title), clean_title(title, short=True))
              for title in df["song"].dropna().astype(str).unique()}
    artists = {artist: credited(artist) for artist in df["artist"].dropna().astype(str).unique()}
    rows = pd.DataFrame({"row": np.arange(len(df)), "song": df["song"].to_numpy(object),
                         "artist": df["artist"].to_numpy(object)}).dropna()
    keys = pd.DataFrame({"row": rows["row"], "title": [titles[str(song)][0] for song in rows["song"]],
                         "short": [titles[str(song)][1] for song in rows["song"]],
                         "artists": [" and ".join(artists[str(artist)]) for artist in rows["artist"]],
                         "credit": [artists[str(artist)] for artist in rows["artist"]]})
    return keys[keys["title"] != ""].explode("credit", ignore_index=True).dropna(subset=["credit"])


def _added(found, track, chart, how, score):
    """The matches so far and new ones; of several chart songs for a track the most similar, then that with most points.
    """
    new = pd.DataFrame({"track": np.asarray(track), "chart": np.asarray(chart), "how": how, "score": score})
    new = new.sort_values(["score", "chart"], ascending=[False, True]).drop_duplicates("track")
    return new if found.empty else pd.concat([found, new], ignore_index=True)


def _partly_equal(track_keys, chart_keys, threshold):
    """Tracks and chart songs of the same title, where one artist's name contains all words of the other's."""
    from rapidfuzz import fuzz
    pairs = track_keys.merge(chart_keys.add_suffix("_chart"), left_on="title", right_on="title_chart")
    credits = list(zip(pairs["credit"], pairs["credit_chart"]))
    contained = [fuzz.token_set_ratio(*names) == 100 for names in credits]
    score = np.array([fuzz.ratio(*names) for names in credits], dtype=float)
    return pairs["row"][contained], pairs["row_chart"][contained], "title and part of an artist", score[contained]


def _nearly_equal(track_keys, chart_keys, threshold):
    """Tracks and chart songs with similar artists and titles; the score is the lower of the two similarities."""
    from rapidfuzz import fuzz
    artists = _similar_artists(track_keys["credit"].unique(), chart_keys["credit"].unique(), threshold)
    pairs = track_keys.merge(artists, on="credit").merge(chart_keys.add_suffix("_chart"), on="credit_chart")
    titles = list(zip(pairs["title"], pairs["title_chart"]))
    title_score = [fuzz.ratio(*pair, score_cutoff=threshold) for pair in titles]
    artist_score = [fuzz.ratio(*pair) for pair in zip(pairs["credit"], pairs["credit_chart"])]
    same = [same_recording(*pair) for pair in titles]
    score = np.minimum(title_score, artist_score) * np.array(same, dtype=float)
    near = score >= threshold
    return pairs["row"][near], pairs["row_chart"][near], "nearly", score[near]


def _similar_artists(names, chart_names, threshold):
    """The pairs of similar names: `credit` and `credit_chart`."""
    from rapidfuzz import fuzz, process
    pairs = [np.empty((0, 2), int)]
    for start in range(0, len(names), 1000):  # a thousand artists at a time bound the memory
        similarity = process.cdist(names[start:start + 1000], chart_names, scorer=fuzz.ratio, score_cutoff=threshold,
                                   dtype=np.uint8)
        pairs.append(np.argwhere(similarity >= threshold) + [start, 0])
    pairs = np.concatenate(pairs)
    return pd.DataFrame({"credit": names[pairs[:, 0]], "credit_chart": chart_names[pairs[:, 1]]})
