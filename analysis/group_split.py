"""Splits of a table into three sides, such that no group is on two sides."""

import numpy as np
import pandas as pd

SIZE_TOLERANCE, CLASS_TOLERANCE = .02, .05
"""How far the size of a side, and the share of a class on it, may differ from what is asked for."""


def group_sides(classes, groups, sizes, random_state=0):
    """Assign rows to three sides, whole groups together, so that each side has about the same shares of classes.

    Parameters
    ----------
    classes : np.ndarray of int [shape=(n,)]
        The class of each row, from 0.
    groups : np.ndarray of int [shape=(n,)]
        The group of each row, from 0 without gaps, as from `sources.artists.artist_groups`.
    sizes : sequence of float
        The shares of the three sides; they sum to one.
    random_state : int
        The seed.

    Returns
    -------
    np.ndarray of int [shape=(n,)]
        The side of each row: 0 for train, 1 for validate, 2 for test.

    Raises
    ------
    ValueError
        There are fewer groups than sides.

    Examples
    --------
    >>> side = group_sides(np.zeros(6, dtype=int), np.array([0, 0, 1, 1, 2, 2]), (.4, .3, .3))
    >>> bool((side[::2] == side[1::2]).all()), sorted(side.tolist())
    (True, [0, 0, 1, 1, 2, 2])
    """
    counts = pd.crosstab(groups, classes).to_numpy()  # groups x classes
    if len(counts) < 3:
        raise ValueError(f"{len(counts)} groups cannot be split into three sides if none may be on two: "
                         "pass group=None for a random split, or more artists")
    n_rare = np.count_nonzero((counts > 0).sum(axis=0) < 3)
    if n_rare:
        print(f"spotify_split: {n_rare} of {counts.shape[1]} classes have fewer than 3 groups, "
              "so not every side has them")
    side_of_group = _assigned_by_size(counts, sizes, random_state)
    _fill_empty_sides(side_of_group, counts)
    side_of_group = _improved(side_of_group, counts, np.array(sizes), random_state)
    _give_train_every_class(side_of_group, counts)
    side = side_of_group[groups]
    assert (pd.Series(side).groupby(groups).nunique() == 1).all(), "a group is on two sides"
    return side


def _assigned_by_size(counts, sizes, random_state):
    """The side of each group: the largest groups first, each to the side that its rows bring closest to its target."""
    order = np.random.default_rng(random_state).permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    wanted = np.outer(sizes, counts.sum(axis=0)).astype(float)  # sides x classes
    # small and large classes have equal weights; all rows together count as one more class, for the sizes of the sides
    weights = 1 / np.maximum(counts.sum(axis=0), 1)
    needed = wanted.copy()
    needed_rows = wanted.sum(axis=1)
    side_of_group = np.empty(len(counts), dtype=int)
    for group in order:
        rows = counts[group]
        # how much the sum of squared deficits falls, relative to the side's size, if this side takes the group
        gain = ((weights ** 2 * rows * (2 * needed - rows)).sum(axis=1)
                + rows.sum() * (2 * needed_rows - rows.sum()) / counts.sum() ** 2) / sizes
        side = int(np.argmax(gain))
        side_of_group[group] = side
        needed[side] -= rows
        needed_rows[side] -= rows.sum()
    return side_of_group


def _fill_empty_sides(side_of_group, counts):
    """Give a side without groups the smallest group of the side with most; in place."""
    for side in np.setdiff1d(np.arange(3), side_of_group):
        giver = np.bincount(side_of_group, minlength=3).argmax()
        candidates = np.flatnonzero(side_of_group == giver)
        side_of_group[candidates[counts[candidates].sum(axis=1).argmin()]] = side


def _give_train_every_class(side_of_group, counts):
    """Move the smallest group of each class that train does not have to train; in place.

    A model cannot predict a class that it was not trained on.
    """
    for has_class in (counts > 0).T:
        groups = np.flatnonzero(has_class)
        if (side_of_group[groups] != 0).all():
            side_keeps_a_group = np.bincount(side_of_group, minlength=3) > 1
            movable = groups[side_keeps_a_group[side_of_group[groups]]]
            if movable.size:
                side_of_group[movable[counts[movable].sum(axis=1).argmin()]] = 0


def _improved(side_of_group, counts, sizes, random_state, rounds=60, swaps=3000):
    """Move or swap groups until the sizes of the sides, and the shares of common classes, are within the tolerances.

    Large tables are within both from the start; in a small table a single song can be ten per cent of a side. Each
    round makes the best change among all moves and some random swaps. Classes with 20 groups or more are common.
    """
    common = counts[:, (counts > 0).sum(axis=0) >= 20]
    rows = counts.sum(axis=1)
    share = common.sum(axis=0) / rows.sum()
    rng = np.random.default_rng(random_state)

    def deviations(n, n_of_class):
        """Differences from what is asked for, in tolerances, of sizes [..., sides] and shares [..., sides, classes]."""
        of_size = np.abs(n / rows.sum() - sizes) / SIZE_TOLERANCE
        of_share = np.abs(n_of_class / np.maximum(n, 1)[..., None] - share) / CLASS_TOLERANCE
        return np.concatenate([of_size, of_share.reshape(*n.shape[:-1], -1)], axis=-1)

    for _ in range(rounds):
        n = np.array([rows[side_of_group == side].sum() for side in range(3)])
        n_of_class = np.array([common[side_of_group == side].sum(axis=0) for side in range(3)])
        now = deviations(n, n_of_class)
        if now.max() <= 1:
            break
        moved, partner, to_side = _changes(side_of_group, rng.integers(0, len(counts), (2, swaps)))
        row_change = rows[moved] - np.where(partner >= 0, rows[partner], 0)
        class_change = common[moved] - np.where(partner[:, None] >= 0, common[partner], 0)
        sides = np.arange(3)
        direction = (sides == to_side[:, None]).astype(int) - (sides == side_of_group[moved][:, None])
        new_n = n + direction * row_change[:, None]
        after = deviations(new_n, n_of_class + direction[..., None] * class_change[:, None, :])
        cost = (after ** 4).sum(axis=1) + np.where(new_n.min(axis=1) < 1, np.inf, 0)
        best = int(cost.argmin())
        if cost[best] >= (now ** 4).sum():
            break
        if partner[best] >= 0:
            side_of_group[partner[best]] = side_of_group[moved[best]]
        side_of_group[moved[best]] = to_side[best]
    return side_of_group


def _changes(side_of_group, pairs):
    """All moves of one group, and the swaps of pairs that are on different sides.

    Returns the group that moves, the group that it is swapped with (-1 for a move), and the side that it moves to.
    """
    moved = np.repeat(np.arange(len(side_of_group)), 2)
    to_side = ((side_of_group[:, None] + [1, 2]) % 3).ravel()
    first, second = pairs[:, side_of_group[pairs[0]] != side_of_group[pairs[1]]]
    return (np.concatenate([moved, first]), np.concatenate([np.full(len(moved), -1), second]),
            np.concatenate([to_side, side_of_group[second]]))
