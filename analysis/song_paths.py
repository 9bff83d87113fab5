"""The cheapest path through songs: candidates for each place of a playlist, and jumps in tempo and key between them."""

import numpy as np

from analysis.similarity import fifths, numbers, octaves

CANDIDATES = 30
"""The number of candidates for each place of a path."""


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

    Half of it is the distance of one tempo from the nearest octave of the other, half the steps on the circle of
    fifths.

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
    [[0.0, 0.083]]
    """
    total = np.zeros((len(before), len(after)))
    for column, place, period in (("tempo", lambda rows: octaves(numbers(rows, "tempo")), 1), ("key", fifths, 12)):
        if column in before and column in after:
            distance = np.abs(place(before)[:, None] - place(after)[None]) % period
            total += np.nan_to_num(np.minimum(distance, period - distance)) / period
    return total
