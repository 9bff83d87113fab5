"""The cheapest path through songs: candidates for each place of a playlist, and jumps in tempo and key between them."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from analysis.similarity import fifths, numbers, octaves
from signals.plain_names import plain_names

CANDIDATES = 30
"""The number of candidates for each place of a path."""
LARGEST = .5
"""Octaves: larger changes of tempo count as much as this one."""
OCTAVE = .25
"""What a change to half or double the tempo counts, in octaves. The pulse stays, or the estimate of one tempo is wrong;
but a playlist that goes from 87 to 185 BPM and back to 91 is not smooth."""
SAME_TEMPO = np.log2(1.03)
"""Octaves: tempi that differ by 3% or less are called the same."""


def candidate_pools(points, places):
    """The songs nearest to each place of a path, no song for two places: the places choose in turns.

    Parameters
    ----------
    points : np.ndarray [shape=(n, d)]
        The songs.
    places : np.ndarray [shape=(m, d)]

    Returns
    -------
    pools : list of np.ndarray of int
        For each place the row numbers of its candidates, `CANDIDATES` of them at most.
    distances : list of np.ndarray
        Their distances from the place.
    """
    distances = [np.linalg.norm(points - place, axis=1) for place in places]
    taken = np.zeros(len(points), dtype=bool)
    pools = [[] for _ in places]
    for _ in range(min(CANDIDATES, len(points) // max(1, len(places)))):
        for distance, pool in zip(distances, pools):
            nearest = int(np.argmin(np.where(taken, np.inf, distance)))
            taken[nearest] = True
            pool.append(nearest)
    pools = [np.array(pool, dtype=int) for pool in pools]
    return pools, [distance[pool] for distance, pool in zip(distances, pools)]


def cheapest_path(candidates, off, smoothness):
    """The candidate to take at each place of a path, by dynamic programming (Viterbi 1967).

    Parameters
    ----------
    candidates : list of pd.DataFrame
        For each place of the path the songs to choose from.
    off : list of np.ndarray
        Their distances from the place.
    smoothness : float
        The cost of a jump of 1 from one song to the next (see `jumps`).

    Returns
    -------
    list of int
        For each place the row number of the chosen candidate: those with the least sum of distances and jumps.
    """
    cost, best_before = off[0], []
    for before, here, distance in zip(candidates, candidates[1:], off[1:]):
        total = cost[:, None] + smoothness * jumps(before, here)
        best_before.append(total.argmin(axis=0))
        cost = total.min(axis=0) + distance
    path = [int(np.argmin(cost))]
    for previous in reversed(best_before):
        path.append(int(previous[path[-1]]))
    return path[::-1]


def jumps(before, after):
    """The jump in tempo and key from each song to each other one, from 0 to 1; a missing value counts as no jump.

    Half of it is the change of tempo in octaves (see `tempo_jumps`), half the steps on the circle of fifths, of which
    there are six at most.

    Parameters
    ----------
    before, after : pd.DataFrame
        Songs with `tempo` and `key`, each optional.

    Returns
    -------
    np.ndarray [shape=(len(before), len(after))]

    Examples
    --------
    >>> import pandas as pd
    >>> before = pd.DataFrame({"tempo": [100], "key": [0]})
    >>> jumps(before, pd.DataFrame({"tempo": [200, 100], "key": [0, 7]})).round(3).tolist()
    [[0.25, 0.083]]
    """
    total = np.zeros((len(before), len(after)))
    if "tempo" in before and "tempo" in after:
        change = octaves(numbers(after, "tempo")) - octaves(numbers(before, "tempo"))[:, None]
        total += np.nan_to_num(tempo_jumps(change))
    if "key" in before and "key" in after:
        steps = np.abs(fifths(before)[:, None] - fifths(after)[None]) % 12
        total += np.nan_to_num(np.minimum(steps, 12 - steps)) / 12
    return total


def tempo_jumps(change):
    """What a change of tempo counts, from 0 to `LARGEST`.

    Parameters
    ----------
    change : np.ndarray
        In octaves.

    Returns
    -------
    np.ndarray [shape as change]
        The change itself; or, where that is less, the distance from the nearest octave and `OCTAVE`.

    Examples
    --------
    >>> tempo_jumps(np.array([0, .25, -1, 1.125, .75])).tolist()
    [0.0, 0.25, 0.25, 0.375, 0.5]
    """
    change = np.abs(change)
    return np.minimum(np.minimum(change, LARGEST), np.abs(change - np.maximum(1, np.round(change))) + OCTAVE)


def tempo_steps(path):
    """How the tempo changes from song to song of a playlist.

    Parameters
    ----------
    path : pd.DataFrame
        With `tempo`.

    Returns
    -------
    change : np.ndarray [shape=(songs - 1,)]
        In octaves, NaN where a tempo is missing.
    doubled : np.ndarray of bool [shape=(songs - 1,)]
        Whether the step goes to about half or double the tempo.
    """
    change = np.diff(octaves(numbers(path, "tempo")))
    return change, np.abs(np.abs(change) - np.maximum(1, np.round(np.abs(change)))) < LARGEST - OCTAVE


def tempo_sentence(path):
    """How smoothly the tempo changes from song to song of a playlist, in a sentence.

    Examples
    --------
    >>> import pandas as pd
    >>> tempo_sentence(pd.DataFrame({"tempo": [100, 110, 112, 224]})).split("; ")[1]
    '1 of 3 steps goes to about half or double the tempo (song 3 to 4: 112 to 224 BPM).'
    """
    change, doubled = tempo_steps(path)
    known = ~np.isnan(change)
    if not known.any():
        return "The tempo of too few songs is known to compare one song with the next."
    percent = 100 * (2 ** np.abs(change[known & ~doubled]) - 1)
    tempo = numbers(path, "tempo")
    steps = [f"song {number + 1} to {number + 2}: {tempo[number]:.0f} to {tempo[number + 1]:.0f} BPM"
             for number in np.flatnonzero(doubled)]
    smooth = (f"From one song to the next the tempo changes by {np.median(percent):.0f}% (median) and by "
              f"{percent.max():.0f}% at most; " if len(percent) else "")
    half = (f"{len(steps)} of {known.sum()} steps {'goes' if len(steps) == 1 else 'go'} to about half or double the "
            f"tempo ({', '.join(steps)})" if steps else "no step goes to half or double the tempo")
    return f"{smooth}{half}."


def key_sentence(path):
    """How far the key moves from song to song of a playlist, in a sentence.

    Parameters
    ----------
    path : pd.DataFrame
        With `key`, and `mode` where it is known.

    Returns
    -------
    str
    """
    steps = np.abs(np.diff(fifths(path))) % 12
    steps = np.minimum(steps, 12 - steps)[~np.isnan(steps)]
    if not len(steps):
        return "The key of too few songs is known to compare one song with the next."
    same, neighbouring = (steps == 0).sum(), (steps == 1).sum()
    return (f"Of {len(steps)} change{'s' if len(steps) > 1 else ''} of song, {same} stay{'s' if same == 1 else ''} in "
            f"the same or the relative key, {neighbouring} {'goes' if neighbouring == 1 else 'go'} to a neighbouring "
            f"key, and {(steps > 1).sum()} further.")


# ---- plots

KEYS = ["C, Am", "G, Em", "D, Bm", "A, F♯m", "E, C♯m", "B, G♯m", "F♯, D♯m", "D♭, B♭m", "A♭, Fm", "E♭, Cm", "B♭, Gm",
        "F, Dm"]
"""The keys around the circle of fifths: each major key with its relative minor."""


@plain_names
def plot_tempo(path, *, ax=None):
    """Draw the tempo (BPM) from song to song of a playlist; returns the Axes.

    A step to about half or double the tempo is dashed, and says so.
    """
    ax = ax or plt.subplots(figsize=(8, 3))[1]
    tempo = numbers(path, "tempo")
    change, doubled = tempo_steps(path)
    ax.plot(np.arange(1, len(path) + 1), tempo, "o", color="C0")
    for number, octave in enumerate(doubled):
        here = slice(number, number + 2)
        ax.plot([number + 1, number + 2], tempo[here], color="C3" if octave else "C0", ls="--" if octave else "-")
        if octave:
            ax.annotate("double" if change[number] > 0 else "half", (number + 1.5, tempo[here].mean()), color="C3",
                        ha="center", va="center", bbox={"fc": "w", "ec": "none", "pad": 1})
    ax.set(xlabel="song", ylabel="tempo (BPM)", xticks=np.arange(1, len(path) + 1))
    return ax


@plain_names
def plot_keys(path, *, ax=None):
    """Draw the keys from song to song of a playlist, one line for each step on the circle of fifths; returns the Axes.

    The circle is unrolled so that every change takes the shorter way round.
    """
    ax = ax or plt.subplots(figsize=(8, 3))[1]
    places = pd.Series(fifths(path), index=np.arange(1, len(path) + 1)).dropna()
    heights = np.unwrap(places, period=12)
    ax.plot(places.index, heights, "o-", color="C1")
    if len(heights):
        lines = np.arange(heights.min() - 1, heights.max() + 2)
        ax.set_yticks(lines, [KEYS[int(line) % 12] for line in lines])
    ax.set(xlabel="song", ylabel="key (steps of a fifth)", xticks=np.arange(1, len(path) + 1))
    ax.grid(axis="y", alpha=.3)
    return ax
