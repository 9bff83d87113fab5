"""Songs on a map of two dimensions: the principal components of what they are compared by."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from analysis.similarity import ENOUGH_KNOWN, Space

# ---- pictures

COLOURS = [f"C{number}" for number in range(10) if number != 7]
"""Of groups on a map; grey is left to the others."""


def song_map(tracks, songs=None, *, by="all"):
    """Songs on a map of two dimensions: the first two principal components of the values in which they are compared.

    Parameters
    ----------
    tracks : pd.DataFrame
        The songs that decide where the map's axes lie.
    songs : pd.DataFrame, optional
        Those to place on it; all of `tracks` that are known well enough, where it is not given.
    by : str
        As in `similar_songs`.

    Returns
    -------
    pd.DataFrame
        `x, y` of each song; ``attrs["explained"]`` says which share of all differences each axis shows.

    Examples
    --------
    >>> songs = pd.DataFrame({"energy": [.1, .5, .9], "valence": [.1, .5, .8]}, index=list("abc"))
    >>> song_map(songs, songs.head(1)).shape
    (1, 2)
    """
    space = Space(tracks, by)
    known = space.known >= ENOUGH_KNOWN
    if min(known.sum(), space.points.shape[1]) < 2:
        raise ValueError("a map needs two songs and two features, or more")
    axes = PCA(2, random_state=0).fit(space.points[known])
    songs = tracks[known] if songs is None else songs
    places = pd.DataFrame(axes.transform(space.place(songs)), index=songs.index, columns=["x", "y"])
    places.attrs["explained"] = axes.explained_variance_ratio_.tolist()
    return places


def plot_song_map(places, groups=None, path=None, *, ax=None, **kwargs):
    """Draw a map of songs, and the way of a playlist over it.

    Parameters
    ----------
    places : pd.DataFrame
        As from `song_map`.
    groups : pd.Series, optional
        What to colour the songs by, by `track_id`: their genre, say. The nine most frequent are named.
    path : pd.DataFrame, optional
        The places of a playlist's songs, in its order.
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to `Axes.scatter`.

    Returns
    -------
    matplotlib Axes
    """
    ax = ax or plt.subplots(figsize=(8, 6))[1]
    style = {"s": np.clip(20_000 / len(places), 3, 22), "alpha": .7 if len(places) < 2_000 else .35, "linewidth": 0} | kwargs
    names = pd.Series("songs", index=places.index) if groups is None else groups.reindex(places.index).astype(object)
    often = sorted(names.value_counts().index[:len(COLOURS)], key=str)
    colours = dict(zip(often, COLOURS))
    mixed = np.random.default_rng(0).permutation(len(places))  # so that no group lies on top of all others
    own = [colours.get(name, "0.75") for name in names.iloc[mixed]]
    ax.scatter(places["x"].iloc[mixed], places["y"].iloc[mixed], c=own, **style)
    for name, colour in (colours if names.isin(often).all() else colours | {"others": "0.75"}).items():
        ax.scatter([], [], color=colour, label=str(name))
    if path is not None:
        ax.plot(path["x"], path["y"], "-", color="k", lw=1.5, zorder=4)
        ax.scatter(path["x"], path["y"], s=150, color="white", edgecolor="k", zorder=5)
        for number, (x, y) in enumerate(zip(path["x"], path["y"]), 1):
            ax.text(x, y, number, ha="center", va="center", fontsize=8, zorder=6)
    for axis, share, which in zip((ax.xaxis, ax.yaxis), places.attrs["explained"], ("first", "second")):
        axis.set_label_text(f"{which} principal component ({100 * share:.0f} % of the differences)")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return ax
