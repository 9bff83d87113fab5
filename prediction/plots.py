"""Plots of the genres of songs: shares, shares over time, aspects, the genre map, the explanation, a collection.

Every function draws on the Axes that it is given, or on new ones, and returns them. Names of songs and genres are drawn
as they are: a `$` in them does not start a formula.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from learning.embedding_classifiers import FAMILIES
from learning.targets import family_shares
from prediction.labels import blend_label, joined_labels
from prediction.tags import WORDS
from signals.recording import as_recording
from signals.time_axis import time_axis
from sources.table_files import AUDIO_SUFFIXES

SMALLEST_NAMED_SHARE = .06
"""In a plot over time, a genre whose mean share is smaller is drawn without its name."""
SMALLEST_NAMED_BAR = .13
"""In a stacked bar, a genre with a smaller share is drawn without its name, which would not fit."""
SMALLEST_NAMED_ASPECT = .17
"""The same in the plot of beat, timbre and pitch, which is narrower."""
MOST_LABELS = 20
"""The plot of a collection shows no more labels than these, the most frequent ones."""
SHARE = "genre share (0 to 1)"


def genre_colors(genres):
    """A colour for each genre; the same list of genres, in any order, gets the same colours.

    The families of the starter model `music` have the same colours in every plot.

    Parameters
    ----------
    genres : iterable of str

    Returns
    -------
    dict of str to (float, float, float)
        Red, green and blue, 0 to 1.

    Examples
    --------
    >>> list(genre_colors(["jazz", "folk"])) == ["folk", "jazz"]
    True
    """
    names = sorted(map(str, genres))
    order = list(FAMILIES) if set(names) <= set(FAMILIES) else names
    palette = plt.get_cmap("tab10" if len(order) <= 10 else "tab20").colors
    return {name: palette[order.index(name) % len(palette)] for name in names}


def short_name(name, longest=34):
    """A name that fits into a plot: a file's name without its folder and ending, cut to `longest` characters.

    Examples
    --------
    >>> short_name("music/jazz/So What.mp3"), short_name("a very long name of a song", 12)
    ('So What', 'a very long…')
    """
    name = str(name)
    name = Path(name).stem if Path(name).suffix.lower() in AUDIO_SUFFIXES else name
    return name if len(name) <= longest else f"{name[:longest - 1]}…"


# ---- shares

def plot_shares(table, *, ax=None):
    """Stacked bars of genre shares: one song a row, its label on the right. Styles are added up by family.

    Parameters
    ----------
    table : pd.DataFrame [shape=(songs, genres)]
        Rows sum to one.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    if ax is None:
        ax = plt.subplots(figsize=(9, 1.2 + .38 * len(table)), layout="constrained")[1]
    labels = [blend_label(shares) for _, shares in table.iterrows()]
    table = family_shares(table)
    colors = genre_colors(table.columns)
    left = np.zeros(len(table))
    for genre in table.mean().sort_values(ascending=False).index:
        values = table[genre].to_numpy(float)
        ax.barh(range(len(table)), values, left=left, color=colors[genre], label=genre, height=.78)
        for row in np.flatnonzero(values > SMALLEST_NAMED_BAR):
            ax.text(left[row] + values[row] / 2, row, genre, ha="center", va="center", fontsize=7.5, color="w",
                    parse_math=False)
        left += values
    for row, label in enumerate(labels):
        ax.text(1.01, row, label, va="center", fontsize=8, transform=ax.get_yaxis_transform(),
                parse_math=False)
    ax.set(xlim=(0, 1), xlabel=SHARE)
    return _name_rows(ax, map(short_name, table.index))


def _name_rows(ax, names):
    """Ticks with names on the y axis, the first name at the top; returns the Axes."""
    names = list(map(str, names))
    ax.set_yticks(range(len(names)), names, parse_math=False)
    ax.set_ylim(len(names) - .5, -.5)
    return ax


def plot_song(summary, *, ax=None, top=6):
    """A song's genre shares with their intervals, the largest first.

    Parameters
    ----------
    summary : pd.DataFrame
        From `influences.song_influences`.
    ax : matplotlib Axes, optional
    top : int
        How many genres are shown.

    Returns
    -------
    matplotlib Axes
    """
    if ax is None:
        ax = plt.subplots(figsize=(4.5, 3), layout="constrained")[1]
    colors = genre_colors(summary.index)
    shown = summary.head(top)
    rows = np.arange(len(shown))
    ax.barh(rows, shown["share"], color=[colors[genre] for genre in shown.index], height=.7)
    ax.hlines(rows, shown["low"], shown["high"], color=".2", lw=1.5)
    interval = ", with its 95% interval" if shown["low"].notna().any() else ""  # a short song has none
    ax.set(xlim=(0, 1), xlabel=f"{SHARE}{interval}", title="genre shares of the whole song")
    return _name_rows(ax, shown.index)


def plot_aspects(shares, *, ax=None):
    """The genre shares of beat, timbre and pitch, one stacked bar each.

    Parameters
    ----------
    shares : pd.DataFrame [shape=(aspects, genres)]
        From `influences.aspect_influences`.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    if ax is None:
        ax = plt.subplots(figsize=(6, 2.2), layout="constrained")[1]
    colors = genre_colors(shares.columns)
    for row, (_, values) in enumerate(shares.iterrows()):
        left = 0.0
        for genre, value in values.sort_values(ascending=False).items():
            ax.barh(row, value, left=left, color=colors[genre], height=.72, ec="w", lw=.5)
            if value > SMALLEST_NAMED_ASPECT:
                ax.text(left + value / 2, row, genre.replace("/", "/\n"), ha="center", va="center", fontsize=8,
                        color="w", parse_math=False)
            left += value
    ax.set(xlim=(0, 1), xlabel=SHARE, title="genre shares of beat, timbre and pitch")
    return _name_rows(ax, shares.index)


# ---- over time

def plot_timeline(shares, song, *, axs=None):
    """Genre shares over time, stacked, and the waveform below. Styles are added up by family.

    Parameters
    ----------
    shares : pd.DataFrame [shape=(windows, genres)]
        From `influences.genre_influences`.
    song : str or Path
        The sound file.
    axs : pair of matplotlib Axes, optional

    Returns
    -------
    pair of matplotlib Axes
    """
    if axs is None:
        axs = plt.subplots(2, 1, figsize=(9, 3.2), height_ratios=(3, 1), sharex=True, layout="constrained")[1]
    sr = 2000
    y = as_recording(song).mono(sr)
    end = len(y) / sr
    _draw_shares_over_time(axs[0], family_shares(shares), end)
    _draw_waveform(axs[1], y, end)
    return axs


def _draw_shares_over_time(ax, shares, end):
    """Stacked shares from 0 to `end` seconds; each genre's name stands where its share is largest."""
    colors = genre_colors(shares.columns)
    mean = shares.mean().sort_values(ascending=False)
    middles = shares.index.to_numpy(float) + shares.attrs.get("seconds", 0) / 2
    times = np.concatenate([[0], middles, [end]]).clip(0, end)
    values = np.vstack([shares.iloc[:1], shares, shares.iloc[-1:]])[:, shares.columns.get_indexer(mean.index)]
    ax.stackplot(times, values.T, colors=[colors[genre] for genre in mean.index], lw=0)
    heights = np.cumsum(values, axis=1) - values / 2
    for number, genre in enumerate(mean.index):
        if mean[genre] >= SMALLEST_NAMED_SHARE:
            largest = values[1:-1, number].argmax() + 1
            ax.text(np.clip(times[largest], .06 * end, .94 * end), heights[largest, number], genre, ha="center",
                    va="center", fontsize=8, color="w", clip_on=True, parse_math=False)
    ax.set(ylim=(0, 1), xlim=(0, end), ylabel=SHARE, title="genre shares over time")
    ax.tick_params(labelbottom=False)


def _draw_waveform(ax, y, end):
    """The largest amplitude in each of 600 pieces; few enough to draw fast, enough for the width of a page."""
    pieces = np.array_split(np.abs(y), min(len(y), 600))
    peaks = np.array([piece.max() for piece in pieces])
    ax.fill_between(np.linspace(0, end, len(peaks)), -peaks, peaks, color=".4", lw=0)
    ax.set(yticks=[])
    ax.set_ylabel("amplitude", fontsize=7)  # the plot is low
    time_axis(ax, 0, end)


def plot_taggram(table, *, ax=None):
    """Tags over time: a heat map of their percentiles among reference songs.

    Parameters
    ----------
    table : pd.DataFrame [shape=(windows, words)]
        From `influences.taggram`.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    if ax is None:
        ax = plt.subplots(figsize=(9, 1.2 + .24 * table.shape[1]), layout="constrained")[1]
    starts = table.index.to_numpy(float)
    step = starts[1] - starts[0] if len(starts) > 1 else 3.0
    image = ax.imshow(table.to_numpy(float).T, aspect="auto", cmap="magma", vmin=0, vmax=100, interpolation="nearest",
                      extent=(starts[0], starts[-1] + step, table.shape[1] - .5, -.5))
    ax.figure.colorbar(image, ax=ax, label="percentile among reference songs")
    time_axis(ax, starts[0], starts[-1] + step)
    ax.set_title("tags over time")
    return _name_rows(ax, table.columns)


# ---- the genre map

AXIS_WORDS = {"spectral_centroid_mean": "brightness", "spectral_rolloff_mean": "brightness", "tempo": "tempo",
              "loudness_lufs": "loudness", "onset_strength_mean": "hard attacks",
              "spectral_flatness_mean": "noise"} | {
    tag: word for words in WORDS.values() for word, tags in words.items() for tag in tags}
"""The features and tags that are named on the axes of the map, in words; no other feature is named."""
WEAKEST_NAMED = .4
"""A feature whose rank correlation with an axis is smaller is not named on it."""


def plot_map(genre_map, songs=None, *, ax=None):
    """The genre map: an ellipse for each genre, known songs as dots, the song in question as a star.

    About two thirds of a genre's songs lie in its ellipse. Several songs have numbers, which a list beside the map
    explains.

    Parameters
    ----------
    genre_map : GenreMap
    songs : dict of str to (float, float), optional
        Names and positions, as from `influences.place_on_map`.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    if ax is None:
        ax = plt.subplots(figsize=(6, 5), layout="constrained")[1]
    colors = genre_colors({*genre_map.regions.index, *genre_map.songs["genre"]})
    size = max(5, min(40, 4000 / max(1, len(genre_map.songs))))
    for genre, known in genre_map.songs.groupby("genre"):
        ax.scatter(known["x"], known["y"], s=size, color=colors[genre], alpha=.45, lw=0, zorder=1)
    _draw_regions(ax, genre_map.regions, colors)
    _draw_songs(ax, songs or {})
    ax.autoscale_view()
    ax.set(xticks=[], yticks=[], title="genre map")
    ax.set_xlabel(axis_label("x", genre_map.meaning), parse_math=False)
    ax.set_ylabel(axis_label("y", genre_map.meaning), parse_math=False)
    return ax


def _draw_songs(ax, songs):
    """A star with its name for one song, a number for each of several and a list of their names beside the map."""
    alone = len(songs) == 1
    for number, (name, (x, y)) in enumerate(songs.items(), 1):
        ax.scatter([x], [y], marker="*" if alone else "o", s=260 if alone else 150, color="k", ec="w", lw=1, zorder=5)
        if alone:
            ax.annotate(short_name(name, 24), (x, y), (0, 9), textcoords="offset points", ha="center", fontsize=8,
                        zorder=6, parse_math=False, bbox={"fc": "w", "ec": "none", "alpha": .75, "pad": 1})
        else:
            ax.text(x, y, number, color="w", fontsize=7, weight="bold", ha="center", va="center", zorder=6)
        ax.update_datalim([(x - .5, y - .5), (x + .5, y + 1)])
    names = [f"{number}  {short_name(name)}" for number, name in enumerate(songs, 1)]
    if not alone and [*songs] != [str(number) for number in range(1, len(songs) + 1)]:
        for line, name in enumerate(names):
            ax.annotate(name, (1, 1), (8, -4 - 13 * line), xycoords="axes fraction", textcoords="offset points",
                        fontsize=8, va="top", parse_math=False)


def _draw_regions(ax, regions, colors):
    """An ellipse and a name for each genre."""
    from matplotlib.patches import Ellipse
    for genre, row in regions.iterrows():
        variances, directions = np.linalg.eigh([[row["xx"], row["xy"]], [row["xy"], row["yy"]]])
        # 68% of a normal distribution in two dimensions lie within 1.5 standard deviations
        width, height = 2 * 1.5 * np.sqrt(np.maximum(variances, 1e-9))
        angle = np.degrees(np.arctan2(directions[1, 0], directions[0, 0]))
        ax.add_patch(Ellipse((row["x"], row["y"]), width, height, angle=angle, color=colors[genre], alpha=.18, lw=0,
                             zorder=0))
    centres = regions[["x", "y"]].to_numpy(float)
    ax.update_datalim(centres - 2)
    ax.update_datalim(centres + 2)
    gap = max(.55, .035 * np.ptp(centres[:, 1]))  # a name is that high on the map, whatever its scale
    for (x, y), genre in zip(without_overlap(centres, gap), regions.index):
        ax.text(x, y, genre, ha="center", va="center", fontsize=9, color=np.multiply(colors[genre], .6), weight="bold",
                zorder=3, parse_math=False)


def without_overlap(places, gap=.55):
    """Places of names on a map, moved up and down until names no longer overlap.

    Parameters
    ----------
    places : np.ndarray [shape=(n, 2)]
    gap : float
        The height of a name.

    Returns
    -------
    np.ndarray, same shape
    """
    places = places.copy()
    for _ in range(50):
        for first in range(len(places)):
            for second in range(first):
                across, up = places[first] - places[second]
                if abs(across) < 3 * gap and abs(up) < gap:
                    push = (gap - abs(up)) / 2 * (1 if up >= 0 else -1)
                    places[first, 1] += push
                    places[second, 1] -= push
    return places


def axis_label(axis, meaning, top=2):
    """The features that correlate most with an axis of the map, in words; empty where no word fits."""
    if axis not in meaning or meaning.empty:
        return ""
    known = meaning.loc[meaning.index.isin(AXIS_WORDS) & (meaning[axis].abs() >= WEAKEST_NAMED), axis]
    words = {}
    for name, r in known.sort_values(key=abs, ascending=False).items():
        words.setdefault(AXIS_WORDS[name], "more" if r > 0 else "less")
    named = ", ".join(f"{more} {word}" for word, more in list(words.items())[:top])
    return f"→ {named}" if named else ""


# ---- the explanation

def plot_explanation(explanation, *, axs=None):
    """The spectrogram of one window of a song; in colour, the regions on which each of the top genres depends.

    A test of the map stands in each title: how much of the genre's share is left when the most strongly marked quarter
    of the spectrogram is replaced by the mean of its bands, and when a random quarter is. If the colour marks what
    matters, the first number is well below the second.

    Parameters
    ----------
    explanation : Explanation
        From `influences.explain`.
    axs : sequence of matplotlib Axes, optional
        One for each genre.

    Returns
    -------
    sequence of matplotlib Axes
    """
    n_genres = len(explanation.maps)
    if axs is None:
        axs = plt.subplots(1, n_genres, figsize=(max(7, 4 * n_genres), 3), sharey=True, layout="constrained",
                           squeeze=False)[1][0]
    for number, (ax, (genre, values)) in enumerate(zip(axs, explanation.maps.items())):
        _draw_explained(ax, explanation, values)
        # the check holds differences of logarithms: what is left is a ratio
        left = np.exp(-explanation.check.loc[genre]).clip(upper=1)
        ax.set_title(f"{genre}: {explanation.shares[genre]:.0%} of these {explanation.seconds:.0f} s\n"
                     f"{left['marked']:.0%} of it left without the marked quarter\n"
                     f"{left['random']:.0%} of it left without a random quarter", fontsize=9, parse_math=False)
        ax.tick_params(labelleft=not number)
    axs[0].set_ylabel("frequency (Hz)")
    return axs


def _draw_explained(ax, explanation, values):
    """The window's spectrogram in grey, and over it, in colour, the positive values of a map [shape=PATCHES]."""
    bands = len(explanation.levels)
    extent = (explanation.start, explanation.start + explanation.seconds, 0, bands)
    ax.imshow(np.sqrt(explanation.levels), origin="lower", aspect="auto", cmap="gray", extent=extent, vmin=0, vmax=1.1)
    positive = np.maximum(values, 0) / max(float(values.max()), 1e-9)
    rows, columns = (np.linspace(-.5, size - .5, 160).clip(0, size - 1) for size in positive.shape)
    smooth = _interpolated(positive, rows, columns)
    color = np.broadcast_to(plt.get_cmap("autumn")(.4)[:3], (*smooth.shape, 3))
    ax.imshow(np.dstack([color, .65 * smooth]), origin="lower", aspect="auto", extent=extent, interpolation="bilinear")
    hertz = np.array([300, 1000, 3000, 8000])
    hertz = hertz[hertz <= explanation.highest]
    ax.set_yticks(_mel_position(hertz, explanation.highest) * bands, [f"{frequency:g}" for frequency in hertz])
    ax.set_xlabel("time (s)")


def _interpolated(values, rows, columns):
    """A map at fractional rows and columns, by linear interpolation."""
    from scipy.ndimage import map_coordinates
    return map_coordinates(values, np.meshgrid(rows, columns, indexing="ij"), order=1)


def _mel_position(hertz, highest=11_025):
    """The position of a frequency on a mel axis, 0 at 0 Hz and 1 at `highest`."""
    from librosa import hz_to_mel
    return hz_to_mel(hertz) / hz_to_mel(highest)


# ---- a collection

def plot_collection(labels, *, axs=None):
    """A labelled collection: the number of songs with each label, and how probably the labels are right.

    Parameters
    ----------
    labels : pd.DataFrame
        From `influences.label_folder`.
    axs : pair of matplotlib Axes, optional

    Returns
    -------
    pair of matplotlib Axes
    """
    blends = joined_labels(labels["blend"])
    counts = blends.value_counts().head(MOST_LABELS)
    if axs is None:
        axs = plt.subplots(1, 2, figsize=(11, 1.6 + .28 * len(counts)), layout="constrained", width_ratios=(3, 2))[1]
    shares = labels[[column for column in labels if str(column).startswith("share: ")]]
    shares = family_shares(shares.rename(columns=lambda column: column.removeprefix("share: ")))
    _draw_label_counts(axs[0], counts, shares.groupby(blends).mean().loc[counts.index])
    n_labels = blends.nunique()
    note = f" (the {MOST_LABELS} most frequent of {n_labels})" if n_labels > MOST_LABELS else ""
    axs[0].set_title(f"songs with each label{note}")
    probability = labels["probability"].astype(float).dropna()
    axs[1].hist(probability, bins=np.linspace(0, 1, 21), color=".45")
    axs[1].yaxis.get_major_locator().set_params(integer=True)
    n_without = len(labels) - len(probability)
    without = f"; {n_without} without a label" if n_without else ""
    axs[1].set(xlabel="probability that the label is right (0 to 1)", ylabel="number of songs",
               title=f"how sure the labels are{without}")
    return axs


def _draw_label_counts(ax, counts, mean_shares):
    """One bar for each label, as long as its number of songs and divided by their mean genre shares."""
    colors = genre_colors(mean_shares.columns)
    left = np.zeros(len(counts))
    for genre in mean_shares.mean().sort_values(ascending=False).index:
        width = (mean_shares[genre] * counts).to_numpy()
        ax.barh(range(len(counts)), width, left=left, color=colors[genre], label=genre)
        left += width
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("number of songs, coloured by their mean genre shares")
    legend = ax.legend(fontsize=8, loc="upper center", bbox_to_anchor=(.5, 0), borderaxespad=5, ncols=5, frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)
    _name_rows(ax, counts.index)
