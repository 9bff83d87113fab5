"""Where a song is found in a table and a chart, and where it stands among other songs: sentences and a plot."""

import numpy as np
import pandas as pd

from analysis.chart_matching import match_songs
from analysis.column_labels import label
from analysis.findings import name_of
from analysis.own_song import FEWEST_TO_COMPARE, name_of_song
from analysis.printing import listed, number_text, share_text
from analysis.similarity import IncompleteSong, Space
from analysis.trends import BAND
from signals.plain_names import plain_names
from sources.titles import clean_title, credited


def find_in_table(song, tracks):
    """The row of a table that is a song: itself, else the most popular of the same artist and title; empty if none.

    A remix or a live version is another song.
    """
    if song.index[0] in tracks.index:
        return tracks.loc[[song.index[0]]]
    wanted = _names(song)[0]
    found = tracks[[name is not None and name == wanted for name in _names(tracks)]]
    if "popularity" in found:
        found = found.sort_values("popularity", ascending=False, kind="stable")
    return found.head(1)


def _names(rows):
    """Artists and title of each row as they are compared; None where either is missing."""
    if not {"artist", "song"} <= set(rows):
        return [None] * len(rows)
    return [None if pd.isna(artist) or pd.isna(song) else (credited(artist), clean_title(song))
            for artist, song in zip(rows["artist"], rows["song"])]


def found_in_words(song, tracks, chart=None):
    """Whether a song is itself in the table and in the chart, and with which place, as a sentence.

    Parameters
    ----------
    song : pd.DataFrame
        One row.
    tracks : pd.DataFrame
    chart : pd.DataFrame, optional
        As from `load_charts`.

    Returns
    -------
    str
    """
    name = name_of_song(song)
    row = find_in_table(song, tracks)
    words = []
    if len(row):
        known = row["popularity"].notna().all() if "popularity" in row else False
        better = (tracks["popularity"] > row["popularity"].iloc[0]).sum() + 1 if known else None
        words.append("it is in the table" + (f", popularity {row['popularity'].iloc[0]:g}, number {better:,} of "
                                             f"{len(tracks):,}" if known else ""))
    elif "artist" in song and song["artist"].notna().all():
        words.append("it is not in the table")
    else:
        words.append("its artist is not known, so it was not looked up by name")
    if chart is not None and {"artist", "song"} <= set(song) and song[["artist", "song"]].notna().all(axis=None):
        found = match_songs(song[["artist", "song"]], chart)
        words += [f"it is in the chart: best place {row.peak}, {row.weeks} weeks from {row.first:%B %Y} on"
                  for row in found.itertuples()] or ["it is not in the chart"]
    return f"{name}: {listed(words)}."


def place_in_words(table, called="songs that charted"):
    """Which features of a song are outside the band of the others, as a sentence; see `compare_with_charts`."""
    table = table.drop(index="tempo_rival", errors="ignore")
    outside = table[table["outside"]]
    words = [f"{name_of(feature)} {number_text(row['value'])}{' minutes' * (feature == 'duration_minutes')} ("
             f"{'above' if row['percentile'] > 50 else 'below'} "
             f"{share_text(max(row['percentile'], 100 - row['percentile']) / 100)} of them)"
             for feature, row in outside.iterrows()]
    verb = "is" if len(outside) == 1 else "are"
    return (f"{len(outside)} of {len(table)} features {verb} outside the middle 80% of the {called}"
            f"{': ' + listed(words) if words else ''}. For one of those songs, it would be {.2 * len(table):.1f} on "
            "average.")


def catalogue_in_words(table, artist, called="songs that charted"):
    """How often the songs of an artist are outside the band of the others, as a sentence."""
    shares = table.groupby(level="feature")["outside"].mean().sort_values(ascending=False)
    n = table.index.get_level_values("song").nunique()
    return (f"{n} songs of {artist}: {table['outside'].mean():.0%} of their values are outside the middle 80% of the "
            f"{called}, of which 20% are; most often {name_of(shares.index[0])} ({shares.iloc[0]:.0%} of the songs).")


def recordings_in_words(found, n_recordings):
    """The nearest reference recording, and how many of the nearest charted, as a sentence."""
    if found.empty:
        return "There is no reference recording to compare with."
    nearest = name_of_song(found.head(1))
    words = f"Of your {n_recordings:,} reference recordings, {nearest} sounds most like it"
    if "charted" in found:
        words += f"; of the {len(found)} nearest, in the chart: {listed(found.loc[found['charted'], 'song'])}"
    return words + ". Two recordings drawn at random have a distance of about 1.4."


def charted_in_words(found):
    """The nearest of the reference recordings that are in the chart, as a sentence."""
    if found.empty:
        return "None of your reference recordings was found in the chart by its artist and title."
    row = found.iloc[0]
    return (f"Of your reference recordings that are in the chart, {name_of_song(found.head(1))} sounds most like it "
            f"(best place {row['peak']:.0f}, {row['weeks']:.0f} weeks; distance {row['distance']:.2f}).")


def comparison_obstacle(songs, others, called="songs that charted"):
    """Why no one of some songs can be compared with others by Spotify's features; empty where one can.

    Parameters
    ----------
    songs, others : pd.DataFrame
        Rows of a table of tracks.
    called : str
        What the others are.

    Returns
    -------
    str
    """
    if len(others) < FEWEST_TO_COMPARE:
        return f"There are {len(others)} {called}, too few to compare with ({FEWEST_TO_COMPARE} are needed)."
    try:
        space = Space(others, "table")
    except ValueError:
        return f"The {called} have none of Spotify's features, so no song is compared with them."
    for number in range(len(songs)):
        try:
            space.place(songs.iloc[[number]])
            return ""
        except IncompleteSong as error:
            missing = error.missing
    what = name_of_song(songs) if len(songs) == 1 else f"Each of the {len(songs)} songs"
    return (f"{what} has too few of Spotify's features to be compared with the {called}: it has no value for "
            f"{listed(missing, most=4)}.")


@plain_names
def plot_place(table, *, called="songs that charted", ax=None):
    """Draw the percentiles of one song or several among other songs, one dot for each feature and song.

    Parameters
    ----------
    table : pd.DataFrame
        As from `compare_with_charts`, `compare_own_song` or `catalogue_beside_charts`.
    called : str
        What the other songs are.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    import matplotlib.pyplot as plt
    features = list(dict.fromkeys(table.index.get_level_values("feature")))[::-1]
    ax = ax or plt.subplots(figsize=(8, max(3, .42 * len(features) + 1)), layout="constrained")[1]
    single = table.index.nlevels == 1
    ax.axvspan(100 * BAND[0], 100 * BAND[1], color="0.5", alpha=.15, lw=0, label=f"middle 80% of the {called}")
    ax.axvline(50, color="0.5", lw=1)
    for y, feature in enumerate(features):
        rows = table[table.index.get_level_values("feature") == feature]
        colours = np.where(rows["outside"], "C3", "C0")
        ax.scatter(rows["percentile"], np.full(len(rows), y), c=colours, s=80 if single else 30,
                   alpha=.9 if single else .5, zorder=3)
        values = f"{_short(rows['value'].median())}  (median {_short(rows['median'].median())})"
        ax.text(102, y, values, va="center", fontsize=9, color="C3" if single and rows["outside"].any() else "0.25")
    ax.set_yticks(range(len(features)), [label(feature) for feature in features])
    ax.set(xlabel=f"percentile among the {called}", xlim=(-2, 101), ylim=(-.6, len(features) - .4))
    ax.text(102, len(features) - .35, "value" if single else "median value", fontsize=9, color="0.25", va="bottom")
    ax.legend(loc="lower center", bbox_to_anchor=(.4, 1), frameon=False)
    return ax


def _short(number):
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
