"""The embedded default: a weekly chart made to order, of the songs of the sample and others. Synthetic and
deterministic.

How it is made is written down in `make_chart`, so that what is found in it can be checked against what was put in.
"""

import re

import numpy as np
import pandas as pd

from synth.sample_table import make_table

FIRST_WEEK, WEEKS, PLACES = "2000-01-01", 1043, 10
"""A chart of ten places each week, from 2000 to 2019."""
DURATION_TREND = .5
"""How far the year in which a song enters the chart goes with its shortness: the correlation of normal scores."""
_CHARTING, _STRANGERS, _LUCK = 1 / 3, .5, 8.0


def make_chart(n_tracks=1200, seed=0):
    """A synthetic weekly chart in the layout of the Hot 100.

    The songs are those of `sample_songs.make_table` with the same arguments, which has all their features. The rules:

    - A third of the songs chart: those in which popularity + 8 NOISE is highest; the higher, the better their places
    and the
      longer they stay. So what goes with popularity goes with charting too, a little less.
    - The week in which a song enters is drawn from twenty years and knows nothing of when it was released or of what
      genre it is. It goes with one thing alone: the shorter a song is for its genre, the later it enters (a correlation
      of .5 in normal scores). So what charted grew shorter, and nothing else about it changed.
    - For every two of these, another song charts that is not in the table: half of them by artists who are in it.
    - Songs are written as charts write them: a featured artist stands beside the artist and not in the title, "&" for
      "and", capitals, other punctuation, an accent; one song in twenty has a letter left out.

    Parameters
    ----------
    n_tracks : int
    seed : int

    Returns
    -------
    pd.DataFrame
        One row a week and place: `date, this_week, song, artist, last_week, peak_position, weeks_on_chart`, and
        `track_id`, the song's in the table, missing where it is not there.

    Examples
    --------
    >>> chart = make_chart()
    >>> chart.this_week.max().item(), chart.date.min()[:4], chart.date.max()[:4]
    (10, '2000', '2019')
    """
    rng = np.random.default_rng([seed, 1])
    songs = _charting(make_table(n_tracks, seed), rng)
    songs = pd.concat([songs, _strangers(songs, n_tracks, seed, rng)], ignore_index=True)
    return _weekly(_as_charts_write(songs, rng))


def _charting(table, rng):
    """The songs of the table that chart: how strong each is, and the week in which it enters."""
    songs = table.dropna(subset=["song", "popularity"]).drop_duplicates("track_id").reset_index(drop=True)
    songs["strength"] = songs["popularity"] + _LUCK * rng.standard_normal(len(songs))
    songs = songs.nlargest(round(_CHARTING * len(songs)), "strength").reset_index(drop=True)
    seconds = songs["duration_ms"].astype("string").str.replace(",", "").astype(float)
    longer = seconds.groupby(songs["genre"].str.split(",").str[0]).transform(lambda own: (own - own.mean()) / own.std())
    lateness = -DURATION_TREND * longer.fillna(0) + np.sqrt(1 - DURATION_TREND ** 2) * rng.standard_normal(len(songs))
    songs["week"] = (lateness.rank(pct=True) * (WEEKS - 30)).astype(int)
    return songs[["track_id", "artist", "song", "strength", "week"]]


def _strangers(songs, n_tracks, seed, rng):
    """Songs that chart and are not in the table: half by artists who are, half by nobody known there."""
    number = round(_STRANGERS * len(songs))
    others = make_table(max(n_tracks, 2 * number), seed + 1).dropna(subset=["song"]).drop_duplicates("track_id")
    others = others[~others["song"].isin(songs["song"])].head(number).reset_index(drop=True)
    unknown = others.index % 2 == 1
    others.loc[unknown, "artist"] = others.loc[unknown, "artist"].str.strip() + " Orchestra"
    return others.assign(track_id=None, strength=rng.choice(songs["strength"], len(others)),
                         week=rng.integers(0, WEEKS - 30, len(others)))[songs.columns.tolist()]


def _as_charts_write(songs, rng):
    """The same songs, spelt as a chart spells them; see `make_chart`."""
    songs = songs.copy()
    for row, (artist, title) in enumerate(zip(songs["artist"].str.strip(), songs["song"])):
        title, *guest = re.split(r"\s*\(?(?:feat\. |ft\. |Featuring |with )", title)
        artist += f" Featuring {guest[0].rstrip(')')}" if guest else ""
        style = rng.integers(0, 20)
        if style == 0:
            cut = int(rng.integers(3, len(title) - 1))
            title = title[:cut] + title[cut + 1:]
        elif style < 4:
            title = title.upper()
        elif style < 6:
            title, artist = title.replace("e", "é", 1), artist.replace(" and ", " & ").removeprefix("The ")
        elif style < 8:
            title = title.replace(" ", ", ", 1) + "!"
        songs.loc[row, ["artist", "song"]] = artist, title
    return songs


def _weekly(songs):
    """A row for each week and place: a song fades by a point and a half a week, and the ten strongest of a week are
    listed."""
    stay = (8 + 14 * songs["strength"].rank(pct=True)).astype(int)
    rows = songs.loc[songs.index.repeat(stay)].copy()
    age = rows.groupby(level=0).cumcount()
    rows["week"] += age
    rows["strength"] -= 1.5 * age
    rows = rows.sort_values(["week", "strength"], ascending=[True, False], kind="stable")
    rows["this_week"] = rows.groupby("week").cumcount() + 1
    rows = rows[rows["this_week"] <= PLACES]
    by_song = rows.groupby(level=0)["this_week"]
    rows = rows.assign(last_week=by_song.shift(), peak_position=by_song.cummin(), weeks_on_chart=by_song.cumcount() + 1,
                       date=(pd.Timestamp(FIRST_WEEK) + pd.to_timedelta(7 * rows["week"], unit="D")).dt.strftime("%Y-%m-%d"))
    return rows[["date", "this_week", "song", "artist", "last_week", "peak_position", "weeks_on_chart",
                 "track_id"]].reset_index(drop=True)
