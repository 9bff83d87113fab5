"""Songs on a map of two dimensions: the first two principal components of the values by which they are compared."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from analysis.similarity import ENOUGH_KNOWN, Space
from signals.plain_names import plain_names

COLOURS = [f"C{number}" for number in range(10) if number != 7]
"""The colours of the named groups; grey is for the other groups."""


def song_map(tracks, songs=None, *, by="all"):
    """The places of songs on a map: the first two principal components of the values by which they are compared.

    Parameters
    ----------
    tracks : pd.DataFrame
        The songs from which the axes of the map are computed.
    songs : pd.DataFrame, optional
        The songs to place on the map; if not given, all of `tracks` of which enough is known.
    by : str
        As in `recommend.similar_songs`.

    Returns
    -------
    pd.DataFrame
        `x, y` of each song; ``attrs["explained"]`` is the share of the variance that each axis explains.

    Raises
    ------
    ValueError
        There are fewer than two songs or two features.

    Examples
    --------
    >>> songs = pd.DataFrame({"energy": [.1, .5, .9], "valence": [.1, .5, .8]}, index=list("abc"))
    >>> song_map(songs, songs.head(1)).shape
    (1, 2)
    """
    space = Space(tracks, by)
    known = space.known >= ENOUGH_KNOWN
    if min(known.sum(), space.points.shape[1]) < 2:
        raise ValueError("a map needs at least two songs and two features")
    axes = PCA(2, random_state=0).fit(space.points[known])
    songs = tracks[known] if songs is None else songs
    places = pd.DataFrame(axes.transform(space.place(songs)), index=songs.index, columns=["x", "y"])
    places.attrs["explained"] = axes.explained_variance_ratio_.tolist()
    return places


@plain_names
def plot_song_map(places, groups=None, path=None, *, ax=None, **kwargs):
    """Draw a map of songs, with the path of a playlist.

    Parameters
    ----------
    places : pd.DataFrame
        As from `song_map`.
    groups : pd.Series, optional
        The group of each song, such as its genre, by `track_id`. The nine most frequent have a colour each.
    path : pd.DataFrame, optional
        The places of a playlist's songs, in the order of the playlist.
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to `Axes.scatter`.

    Returns
    -------
    matplotlib Axes
    """
    ax = ax or plt.subplots(figsize=(8, 6))[1]
    alpha = .7 if len(places) < 2_000 else .35
    style = {"s": np.clip(20_000 / len(places), 3, 22), "alpha": alpha, "linewidth": 0} | kwargs
    names = pd.Series("songs", index=places.index) if groups is None else groups.reindex(places.index).astype(object)
    frequent = sorted(names.value_counts().index[:len(COLOURS)], key=str)
    colours = dict(zip(frequent, COLOURS))
    order = np.random.default_rng(0).permutation(len(places))  # so that no group lies on top of all others
    colour_of_song = [colours.get(name, "0.75") for name in names.iloc[order]]
    ax.scatter(places["x"].iloc[order], places["y"].iloc[order], c=colour_of_song, **style)
    for name, colour in (colours if names.isin(frequent).all() else colours | {"others": "0.75"}).items():
        ax.scatter([], [], color=colour, label=str(name))
    if path is not None:
        ax.plot(path["x"], path["y"], "-", color="k", lw=1.5, zorder=4)
        # the circles hide the dots of their songs, so their edges have the colours of the groups
        edges = [colours.get(name, "0.75") for name in names.reindex(path.index)] if groups is not None else "k"
        ax.scatter(path["x"], path["y"], s=150, color="white", edgecolor=edges, lw=2, zorder=5)
        for number, (x, y) in enumerate(zip(path["x"], path["y"]), 1):
            ax.text(x, y, number, ha="center", va="center", fontsize=8, zorder=6)
    for axis, share, which in zip((ax.xaxis, ax.yaxis), places.attrs["explained"], ("first", "second")):
        axis.set_label_text(f"{which} principal component ({100 * share:.0f}% of the variance)")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return ax
