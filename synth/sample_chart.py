"""A synthetic weekly chart of the songs of the sample and of others; it is the default where no real chart is given.

The same seed gives the same chart. `make_chart` documents how it is made, so that the results of an analysis can be
checked against the ground truth.
"""

import re

import numpy as np
import pandas as pd

from synth.sample_table import make_table

FIRST_WEEK, WEEKS, PLACES = "2000-01-01", 1043, 10
"""The chart has ten places each week, from 2000 to 2019."""
DURATION_TREND = .5
"""The correlation, in normal scores, between how short a song is and how late it enters the chart."""
_CHARTING_SHARE = 1 / 3  # of the songs in the table
_OTHERS_SHARE = .5  # other songs in the chart, for each song of the table in the chart
_NOISE = 8.0  # in points of popularity
_WEEKS_BEFORE_END = 30  # no song enters so late that it cannot leave the chart


def make_chart(n_tracks=1200, seed=0):
    """A synthetic weekly chart in the layout of the Hot 100.

    Its songs are those of `sample_table.make_table` with the same arguments, which has all their features. The rules:

    - A third of the songs enter the chart: those with the highest popularity + 8 NOISE. The higher this value, the
      better their places and the longer they stay. So popularity is associated with charting, and a feature that is
      associated with popularity is associated with charting too, somewhat less.
    - The week in which a song enters the chart is drawn from twenty years. It does not depend on the release date or
      the genre. It depends on one thing only: the shorter a song is for its genre, the later it enters (a correlation
      of .5 in normal scores). So the songs in the chart become shorter over the years, and nothing else about them
      changes.
    - For every two of these songs, one song enters the chart that is not in the table. Half of these are by artists who
      are in the table.
    - Names are written as charts write them: a featured artist is named beside the artist and not in the title, "&"
      stands for "and", some titles have capitals, other punctuation or an accent, and in one song of twenty a letter is
      missing.

    Parameters
    ----------
    n_tracks : int
        Songs in the table.
    seed : int
        The same seed gives the same chart.

    Returns
    -------
    pd.DataFrame
        One row for each week and place: `date, this_week, song, artist, last_week, peak_position, weeks_on_chart`, and
        `track_id` as in the table, missing for the other songs.

    Examples
    --------
    >>> chart = make_chart()
    >>> chart.this_week.max().item(), chart.date.min()[:4], chart.date.max()[:4]
    (10, '2000', '2019')
    """
    rng = np.random.default_rng([seed, 1])
    songs = _charting_songs(make_table(n_tracks, seed), rng)
    songs = pd.concat([songs, _other_songs(songs, n_tracks, seed, rng)], ignore_index=True)
    return _weekly(_spelt_as_in_charts(songs, rng))


def _charting_songs(table, rng):
    """The songs of the table that enter the chart, with the strength and the first week of each."""
    songs = table.dropna(subset=["song", "popularity"]).drop_duplicates("track_id").reset_index(drop=True)
    songs["strength"] = songs["popularity"] + _NOISE * rng.standard_normal(len(songs))
    songs = songs.nlargest(round(_CHARTING_SHARE * len(songs)), "strength").reset_index(drop=True)
    seconds = songs["duration_ms"].astype("string").str.replace(",", "").astype(float)
    by_genre = seconds.groupby(songs["genre"].str.split(",").str[0])
    length = by_genre.transform(lambda genre: (genre - genre.mean()) / genre.std()).fillna(0)
    lateness = -DURATION_TREND * length + np.sqrt(1 - DURATION_TREND ** 2) * rng.standard_normal(len(songs))
    songs["week"] = (lateness.rank(pct=True) * (WEEKS - _WEEKS_BEFORE_END)).astype(int)
    return songs[["track_id", "artist", "song", "strength", "week"]]


def _other_songs(songs, n_tracks, seed, rng):
    """Songs in the chart that are not in the table: half by artists of the table, half by others."""
    number = round(_OTHERS_SHARE * len(songs))
    others = make_table(max(n_tracks, 2 * number), seed + 1).dropna(subset=["song"]).drop_duplicates("track_id")
    others = others[~others["song"].isin(songs["song"])].head(number).reset_index(drop=True)
    unknown = others.index % 2 == 1
    others.loc[unknown, "artist"] = others.loc[unknown, "artist"].str.strip() + " Orchestra"
    return others.assign(track_id=None, strength=rng.choice(songs["strength"], len(others)),
                         week=rng.integers(0, WEEKS - _WEEKS_BEFORE_END, len(others)))[songs.columns.tolist()]


def _spelt_as_in_charts(songs, rng):
    """The songs with artist and title spelt as charts spell them; see `make_chart`."""
    names = []
    for artist, title in zip(songs["artist"].str.strip(), songs["song"]):
        title, *guest = re.split(r"\s*\(?(?:feat\. |ft\. |Featuring |with )", title)
        artist += f" Featuring {guest[0].rstrip(')')}" if guest else ""
        style = rng.integers(0, 20)
        if style == 0:
            cut = int(rng.integers(3, len(title) - 1))
            title = title[:cut] + title[cut + 1:]
        elif style < 4:
            title = title.upper()
        elif style < 6:
            title = title.replace("e", "é", 1)
            artist = artist.replace(" and ", " & ").removeprefix("The ")
        elif style < 8:
            title = title.replace(" ", ", ", 1) + "!"
        names.append((artist, title))
    return songs.assign(artist=[artist for artist, _ in names], song=[title for _, title in names])


def _weekly(songs):
    """One row for each week and place: the ten strongest songs of each week. A song loses 1.5 points a week."""
    stay = (8 + 14 * songs["strength"].rank(pct=True)).astype(int)
    rows = songs.loc[songs.index.repeat(stay)].copy()
    age = rows.groupby(level=0).cumcount()
    rows["week"] += age
    rows["strength"] -= 1.5 * age
    rows = rows.sort_values(["week", "strength"], ascending=[True, False], kind="stable")
    rows["this_week"] = rows.groupby("week").cumcount() + 1
    rows = rows[rows["this_week"] <= PLACES]
    by_song = rows.groupby(level=0)["this_week"]
    dates = pd.Timestamp(FIRST_WEEK) + pd.to_timedelta(7 * rows["week"], unit="D")
    rows = rows.assign(last_week=by_song.shift(), peak_position=by_song.cummin(), weeks_on_chart=by_song.cumcount() + 1,
                       date=dates.dt.strftime("%Y-%m-%d"))
    return rows[["date", "this_week", "song", "artist", "last_week", "peak_position", "weeks_on_chart",
                 "track_id"]].reset_index(drop=True)
