"""What a song is made of, as pictures: shares, a ribbon over time, beat / timbre / pitch, the map, the explanation, one page
of all."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from prediction.labels import blend_label
from signals.recording import as_recording
from signals.time_axis import time_axis
from sources.table_files import AUDIO_SUFFIXES

SMALLEST_NAMED_SHARE = .06
"""Shares below this are drawn, but not named."""


def genre_colors(genres):
    """A colour for each genre, the same for the same list of genres.

    Examples
    --------
    >>> list(genre_colors(["jazz", "folk"])) == ["folk", "jazz"]
    True
    """
    names = sorted(map(str, genres))
    palette = plt.get_cmap("tab10" if len(names) <= 10 else "tab20").colors
    return {name: palette[number % len(palette)] for number, name in enumerate(names)}


def plot_shares(table, *, ax=None):
    """Stacked bars, a song a row, its label beside it; returns the Axes.

    Parameters
    ----------
    table : pd.DataFrame [shape=(songs, genres)]
        Rows sum to one.
    ax : matplotlib Axes, optional
    """
    if ax is None:
        ax = plt.subplots(figsize=(9, 1.2 + .38 * len(table)), layout="constrained")[1]
    colors, left = genre_colors(table.columns), np.zeros(len(table))
    for genre in table.mean().sort_values(ascending=False).index:
        values = table[genre].to_numpy(float)
        ax.barh(range(len(table)), values, left=left, color=colors[genre], label=genre, height=.78)
        for row in np.flatnonzero(values > .13):
            ax.text(left[row] + values[row] / 2, row, genre, ha="center", va="center", fontsize=7.5, color="w")
        left += values
    ax.set(yticks=range(len(table)), yticklabels=[short_name(name) for name in table.index], xlim=(0, 1), xlabel="share",
           ylim=(len(table) - .5, -.5))
    for row, (_, shares) in enumerate(table.iterrows()):
        ax.text(1.01, row, blend_label(shares), va="center", fontsize=8, transform=ax.get_yaxis_transform())
    return ax


def short_name(name, longest=34):
    """A name that fits; of a song that is known by its file alone, the file's name."""
    name = str(name)
    name = Path(name).stem if Path(name).suffix.lower() in AUDIO_SUFFIXES else name
    return name if len(name) <= longest else f"{name[:longest - 1]}…"


def plot_timeline(shares, song, *, axs=None):
    """The shares as a ribbon over time, and the waveform under it; returns the two Axes.

    Parameters
    ----------
    shares : pd.DataFrame
        From `influences.genre_influences`.
    song : str or Path
    axs : pair of matplotlib Axes, optional
    """
    if axs is None:
        axs = plt.subplots(2, 1, figsize=(9, 3.2), height_ratios=(3, 1), sharex=True, layout="constrained")[1]
    ribbon, wave = axs
    colors, half = genre_colors(shares.columns), shares.attrs.get("seconds", 0) / 2
    sr = 2000
    y = as_recording(song).mono(sr)
    end = len(y) / sr
    order = shares.mean().sort_values(ascending=False).index
    times = np.concatenate([[0], shares.index.to_numpy(float) + half, [end]]).clip(0, end)
    values = np.vstack([shares.iloc[:1], shares, shares.iloc[-1:]])[:, shares.columns.get_indexer(order)]
    ribbon.stackplot(times, values.T, colors=[colors[genre] for genre in order], lw=0)
    middle, seen = np.cumsum(values, axis=1) - values / 2, shares.mean()
    for number, genre in enumerate(order):
        if seen[genre] >= SMALLEST_NAMED_SHARE:
            at = values[1:-1, number].argmax() + 1
            ribbon.text(np.clip(times[at], .06 * end, .94 * end), middle[at, number], genre, ha="center", va="center", fontsize=8,
                        color="w", clip_on=True)
    ribbon.set(ylim=(0, 1), xlim=(0, end), ylabel="share", title="minute by minute")
    ribbon.tick_params(labelbottom=False)
    pieces = np.array_split(np.abs(y), min(len(y), 600))
    peaks = np.array([piece.max() for piece in pieces])
    wave.fill_between(np.linspace(0, end, len(peaks)), -peaks, peaks, color=".4", lw=0)
    wave.set(yticks=[])
    time_axis(wave, 0, end)
    return axs


def plot_song(summary, *, ax=None, top=6):
    """A song's shares with their intervals, the largest first; returns the Axes.

    Parameters
    ----------
    summary : pd.DataFrame
        From `influences.song_influences`.
    ax : matplotlib Axes, optional
    top : int
    """
    if ax is None:
        ax = plt.subplots(figsize=(4.5, 3), layout="constrained")[1]
    colors, shown = genre_colors(summary.index), summary.head(top)
    rows = np.arange(len(shown))
    ax.barh(rows, shown["share"], color=[colors[genre] for genre in shown.index], height=.7)
    ax.hlines(rows, shown["low"], shown["high"], color=".2", lw=1.5)
    ax.set(yticks=rows, yticklabels=shown.index, ylim=(len(shown) - .5, -.5), xlim=(0, 1), xlabel="share, and its 95 % interval",
           title="the whole song")
    return ax


def plot_aspects(shares, *, ax=None):
    """Beat, timbre and pitch, each as a stacked bar; returns the Axes.

    Parameters
    ----------
    shares : pd.DataFrame
        From `influences.aspect_influences`.
    ax : matplotlib Axes, optional
    """
    if ax is None:
        ax = plt.subplots(figsize=(6, 2.2), layout="constrained")[1]
    colors = genre_colors(shares.columns)
    for row, (_, values) in enumerate(shares.iterrows()):
        left = 0.0
        for genre, value in values.sort_values(ascending=False).items():
            ax.barh(row, value, left=left, color=colors[genre], height=.72, ec="w", lw=.5)
            if value > .17:
                ax.text(left + value / 2, row, genre.replace("/", "/\n"), ha="center", va="center", fontsize=8, color="w")
            left += value
    ax.set(yticks=range(len(shares)), yticklabels=shares.index, ylim=(len(shares) - .5, -.5), xlim=(0, 1), xlabel="share",
           title="beat, timbre, pitch")
    return ax


def plot_map(genre_map, songs=None, *, ax=None):
    """The map: a region a genre (where two thirds of its songs lie), known songs as dots, and the songs in question as stars.

    Parameters
    ----------
    genre_map : GenreMap
    songs : dict of str to (float, float), optional
        Names and places, as from `genre_maps.place`.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    from matplotlib.patches import Ellipse
    if ax is None:
        ax = plt.subplots(figsize=(6, 5), layout="constrained")[1]
    regions, colors = genre_map.regions, genre_colors(genre_map.regions.index)
    for genre, part in genre_map.songs.groupby("genre"):
        ax.scatter(part["x"], part["y"], s=max(5, min(14, 4000 / len(genre_map.songs))), color=colors[genre], alpha=.45, lw=0,
                   zorder=1)
    for genre, row in regions.iterrows():
        sizes, axes = np.linalg.eigh([[row["xx"], row["xy"]], [row["xy"], row["yy"]]])
        width, height = 2 * 1.5 * np.sqrt(np.maximum(sizes, 1e-9))  # of a bell in two dimensions, 68 % lie within 1.5 deviations
        angle = np.degrees(np.arctan2(axes[1, 0], axes[0, 0]))
        ax.add_patch(Ellipse((row["x"], row["y"]), width, height, angle=angle, color=colors[genre], alpha=.18, lw=0, zorder=0))
    ax.update_datalim(regions[["x", "y"]].to_numpy() - 2)
    ax.update_datalim(regions[["x", "y"]].to_numpy() + 2)
    for (x, y), genre in zip(_apart(regions[["x", "y"]].to_numpy(float)), regions.index):
        ax.text(x, y, genre, ha="center", va="center", fontsize=9, color=np.multiply(colors[genre], .6), weight="bold", zorder=3)
    for name, (x, y) in (songs or {}).items():
        ax.scatter([x], [y], marker="*", s=260, color="k", ec="w", lw=1, zorder=5)
        ax.annotate(short_name(name, 24), (x, y), (0, 9), textcoords="offset points", ha="center", fontsize=8, zorder=6,
                    parse_math=False, bbox={"fc": "w", "ec": "none", "alpha": .75, "pad": 1})
        ax.update_datalim([(x - .5, y - .5), (x + .5, y + 1)])
    ax.autoscale_view()
    ax.set(xticks=[], yticks=[], xlabel=_axis("x", genre_map.meaning), ylabel=_axis("y", genre_map.meaning),
           title="on the map of genres")
    return ax


def _apart(places, gap=.55):
    """Names that would stand on each other, moved up and down a little."""
    places = places.copy()
    for _ in range(50):
        for one in range(len(places)):
            for two in range(one):
                across, up = places[one] - places[two]
                if abs(across) < 3 * gap and abs(up) < gap:
                    push = (gap - abs(up)) / 2 * (1 if up >= 0 else -1)
                    places[one, 1] += push
                    places[two, 1] -= push
    return places


def _axis(axis, meaning, top=2):
    """Which features an axis follows, in words."""
    if axis not in meaning or meaning.empty:
        return ""
    strongest = meaning[axis].reindex(meaning[axis].abs().sort_values(ascending=False).index).head(top)
    said = ", ".join(f"{'more' if r > 0 else 'less'} {name.replace('_', ' ')} ({r:+.2f})" for name, r in strongest.items())
    return f"→ {said}"


def plot_explanation(explanation, *, axs=None):
    """The picture of a piece, and over it where each of the top genres was found; returns the Axes.

    Parameters
    ----------
    explanation : Explanation
    axs : sequence of matplotlib Axes, optional
        One a genre.
    """
    if axs is None:
        axs = plt.subplots(1, len(explanation.maps), figsize=(max(7, 4 * len(explanation.maps)), 3), sharey=True,
                           layout="constrained",
                           squeeze=False)[1][0]
    start, end, bands = explanation.start, explanation.start + explanation.seconds, len(explanation.levels)
    for number, (ax, (genre, values)) in enumerate(zip(axs, explanation.maps.items())):
        ax.imshow(np.sqrt(explanation.levels), origin="lower", aspect="auto", cmap="gray", extent=(start, end, 0, bands),
                  vmin=0, vmax=1.1)
        strong = np.maximum(values, 0) / max(float(values.max()), 1e-9)
        rows, columns = (np.linspace(-.5, size - .5, 160).clip(0, size - 1) for size in strong.shape)
        smooth = _between(strong, rows, columns)
        ax.imshow(np.dstack([np.broadcast_to(plt.get_cmap("autumn")(.4)[:3], (*smooth.shape, 3)), .65 * smooth]), origin="lower",
                  aspect="auto", extent=(start, end, 0, bands), interpolation="bilinear")
        low, high = explanation.check.loc[genre, "random"], explanation.check.loc[genre, "marked"]
        ax.set(xlabel="time (s)",
               title=f"where {genre} was found ({explanation.shares[genre]:.0%} of this piece)\n"
                     f"share left without what glows {np.exp(-high):.2f},\nwithout as much elsewhere {np.exp(-low):.2f}")
        ax.title.set_fontsize(9)
        places = np.array([300, 1000, 3000, 8000])
        ax.set_yticks(_mel_row(places) * bands, [f"{hertz:g}" for hertz in places])
        ax.tick_params(labelleft=not number)
    axs[0].set_ylabel("frequency (Hz)")
    return axs


def _between(values, rows, columns):
    """A map at places between its own, in straight lines."""
    from scipy.ndimage import map_coordinates
    return map_coordinates(values, np.meshgrid(rows, columns, indexing="ij"), order=1)


def _mel_row(hertz, highest=11_025):
    """Where a frequency lies on a mel axis, 0 to 1."""
    from librosa import hz_to_mel
    return hz_to_mel(hertz) / hz_to_mel(highest)


def plot_collection(labels, *, axs=None):
    """A labelled collection at a glance: how many songs bear which label, and how sure; returns the two Axes.

    Parameters
    ----------
    labels : pd.DataFrame
        From `labelling.label_folder`.
    axs : pair of matplotlib Axes, optional
    """
    counts = labels["blend"].value_counts().head(20)
    if axs is None:
        axs = plt.subplots(1, 2, figsize=(11, 1.6 + .28 * len(counts)), layout="constrained", width_ratios=(3, 2))[1]
    columns = [column for column in labels if str(column).startswith("share: ")]
    mean = labels.groupby("blend")[columns].mean().loc[counts.index]
    colors, left = genre_colors([column.removeprefix("share: ") for column in columns]), np.zeros(len(counts))
    for column in mean.mean().sort_values(ascending=False).index:
        width = (mean[column] * counts).to_numpy()
        axs[0].barh(range(len(counts)), width, left=left, color=colors[column.removeprefix("share: ")],
                    label=column.removeprefix("share: "))
        left += width
    axs[0].set(yticks=range(len(counts)), yticklabels=counts.index, ylim=(len(counts) - .5, -.5),
               xlabel="songs, coloured by what they share",
               title="labels" + (f" (the 20 commonest of {labels['blend'].nunique()})" if labels["blend"].nunique() > 20 else ""))
    axs[0].legend(fontsize=8, loc="upper center", bbox_to_anchor=(.5, 0), borderaxespad=5, ncols=5, frameon=False)
    axs[1].yaxis.get_major_locator().set_params(integer=True)
    axs[1].hist(labels["certainty"], bins=np.linspace(0, 1, 21), color=".45")
    axs[1].set(xlabel="certainty (1: one genre has all)", ylabel="songs", title="how sure")
    return axs
