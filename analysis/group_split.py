"""Splits of a table into three sides, such that no artist is on two sides.

Artists who made songs together are linked. Where these links leave no way to divide the songs into sides of the sizes
that are asked for, artists are assigned to sides such that few songs have artists on two sides, and those songs are set
aside.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from sources.artists import linked_rows

SIZE_TOLERANCE, CLASS_TOLERANCE = .02, .05
"""How far the size of a side, and the share of a class on it, may differ from what is asked for."""
LARGE = .05
"""Linked artists are taken apart, if that is needed, where they have more than this share of the songs."""
SMALL_GAIN = 2e-5
"""The search ends where one more move would keep less than this share of the rows."""
SET_ASIDE = -1
"""The side of a row that is set aside."""


class TooFewGroups(ValueError):
    """Rows that cannot be assigned to three sides such that no artist is on two and no side is empty."""


def group_sides(classes, members, sizes, random_state=0):
    """Assign rows to three sides so that no artist is on two, and each side has about the same shares of classes.

    Parameters
    ----------
    classes : np.ndarray of int [shape=(n,)]
        The class of each row, from 0.
    members : scipy.sparse.csr_array [shape=(n, n_artists)]
        The artists of each row, as from `sources.artists.artist_matrix`.
    sizes : sequence of float
        The shares of the three sides, among the rows that are not set aside; they sum to one.
    random_state : int
        The seed.

    Returns
    -------
    np.ndarray of int [shape=(n,)]
        The side of each row: 0 for train, 1 for validate, 2 for test, and `SET_ASIDE` for a row whose artists are on
        two sides.

    Raises
    ------
    TooFewGroups
        There are fewer artists than sides, or a side would be empty.

    Examples
    --------
    >>> from sources.artists import artist_matrix
    >>> side = group_sides(np.zeros(6, dtype=int), artist_matrix(range(6), list("aabbcc")), (.4, .3, .3))
    >>> bool((side[::2] == side[1::2]).all()), sorted(side.tolist())
    (True, [0, 0, 1, 1, 2, 2])
    """
    sizes = np.array(sizes)
    linked = linked_rows(members)
    side = None
    if linked.max(initial=-1) >= 2:
        counts = pd.crosstab(linked, classes).to_numpy()
        side = _sides_of_groups(counts, sizes, random_state)[linked]
    if side is None or _size_deviation(side, sizes) > SIZE_TOLERANCE:
        units = _units(members, linked)
        if units.shape[1] > linked.max(initial=-1) + 1:
            divided = _Division(classes, units, sizes, random_state).sides()
            better = side is None or _size_deviation(divided, sizes) < _size_deviation(side, sizes)
            side = divided if better and set(divided) >= {0, 1, 2} else side
    missing = np.setdiff1d(range(3), [] if side is None else side)
    if len(missing):
        raise TooFewGroups(f"{members.shape[1]} groups cannot be split into three sides if none may be on two: "
                           "pass group=None for a random split, or more artists")
    on_side = [members[side == number].sum(axis=0) > 0 for number in range(3)]
    assert np.max(np.sum(on_side, axis=0)) <= 1, "an artist is on two sides"
    return side


def _sides_of_groups(counts, sizes, random_state):
    """The side of each group, from the number of its rows of each class [shape=(n_groups, n_classes)]."""
    n_rare = np.count_nonzero((counts > 0).sum(axis=0) < 3)
    if n_rare:
        print(f"spotify_split: {n_rare} of {counts.shape[1]} classes have fewer than 3 groups, "
              "so not every side has them")
    side_of_group = _assigned_by_size(counts, sizes, random_state)
    _fill_empty_sides(side_of_group, counts)
    side_of_group = _improved(side_of_group, counts, sizes, random_state)
    _give_train_every_class(side_of_group, counts)
    return side_of_group


def _size_deviation(side, sizes):
    """The largest difference between the share of a side, among the rows not set aside, and the share asked for."""
    n = np.array([np.count_nonzero(side == number) for number in range(3)])
    return np.abs(n / max(n.sum(), 1) - sizes).max()


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


# ---- linked artists on several sides, with few rows set aside

def _units(members, linked):
    """What is assigned to sides: each artist of a large group of linked artists, and each other group as a whole.

    Returns a matrix [shape=(n, n_units)] with 1 where a row has an artist of a unit.
    """
    large = np.bincount(linked) > LARGE * len(linked)
    n_artists = members.shape[1]
    group_of_artist = np.zeros(n_artists, dtype=int)
    group_of_artist[members.indices] = np.repeat(linked, np.diff(members.indptr))
    unit = np.where(large[group_of_artist], len(large) + np.arange(n_artists), group_of_artist)
    unit = np.unique(unit, return_inverse=True)[1]
    unit_of_artist = sparse.csr_array((np.ones(n_artists, dtype=int), (np.arange(n_artists), unit)))
    return (members @ unit_of_artist > 0).astype(int).tocsr()


class _Division:
    """A search for the side of each unit with which few rows are set aside and each side gets what it needs."""

    def __init__(self, classes, units, sizes, random_state):
        self.units, self.sizes, self.random_state = units, sizes, random_state
        self.by_unit = units.T.tocsr()
        self.n_units = np.asarray(units.sum(axis=1)).ravel()
        self.classes = classes
        self.one_hot = np.eye(classes.max() + 1)[classes]
        self.shares = self.one_hot.mean(axis=0)
        self.common = np.asarray((self.by_unit @ self.one_hot > 0).sum(axis=0)).ravel() >= 20

    def sides(self):
        """The side of each row."""
        weighted = sparse.diags_array(1 / self.n_units) @ self.units
        side_of_unit = _assigned_by_size(weighted.T @ self.one_hot, self.sizes, self.random_state)
        side_of_unit = self._improved(side_of_unit)
        whole = self._whole(side_of_unit)
        return np.where(whole.any(axis=1), whole.argmax(axis=1), SET_ASIDE)

    def _on_sides(self, side_of_unit):
        """How many units of each row are on each side [shape=(n, 3)]."""
        return self.units @ np.eye(3, dtype=int)[side_of_unit]

    def _whole(self, side_of_unit):
        return self._on_sides(side_of_unit) == self.n_units[:, None]

    def _cost(self, counts):
        """What is to be minimised, from the rows of each class on each side [shape=(..., 3, n_classes)].

        The share of rows that are set aside, plus penalties that are small inside the tolerances and large outside.
        """
        n = counts.sum(axis=-1)
        kept = n.sum(axis=-1)
        of_size = (n / np.maximum(kept, 1)[..., None] - self.sizes) / (SIZE_TOLERANCE / 2)
        of_class = (counts / np.maximum(n, 1)[..., None] - self.shares)[..., self.common] / CLASS_TOLERANCE
        penalty = (of_size ** 4).sum(axis=-1) + (of_class ** 4).sum(axis=(-2, -1))
        empty = (n < 1).sum(axis=-1)
        return 1 - kept / len(self.classes) + .01 * penalty + 1000 * empty

    def _improved(self, side_of_unit, rounds=400, tried=200):
        """Move units to other sides as long as the cost falls: many at once at first, one at a time in the end."""
        rng = np.random.default_rng(self.random_state)
        counts = self._whole(side_of_unit).T @ self.one_hot
        at_once = .25
        for _ in range(rounds):
            change = self._changes(side_of_unit, counts)
            to_side = change.argmin(axis=1)
            change = change[np.arange(len(change)), to_side]
            moved = np.argsort(change)[:max(1, round(at_once * np.count_nonzero(change < 0)))]
            if at_once and len(moved) > 1:
                after = side_of_unit.copy()
                after[moved] = to_side[moved]
                counts_after = self._whole(after).T @ self.one_hot
                if self._cost(counts_after) < self._cost(counts):
                    side_of_unit, counts = after, counts_after
                else:
                    at_once /= 3
                continue
            at_once = 0
            candidates = np.union1d(np.argsort(change)[:tried], rng.integers(0, len(change), tried))
            unit, side, counts_after = self._best_move(candidates, side_of_unit, counts)
            if unit is None or self._cost(counts) - self._cost(counts_after) < SMALL_GAIN:
                break
            side_of_unit[unit] = side
            counts = counts_after
        return side_of_unit

    def _changes(self, side_of_unit, counts):
        """About how much the cost changes if a unit moves to a side [shape=(n_units, 3)]; infinite for its own side."""
        steps = np.eye(counts.size).reshape(-1, *counts.shape)
        price = (self._cost(counts + steps) - self._cost(counts)).reshape(counts.shape)[:, self.classes].T
        on_sides = self._on_sides(side_of_unit)
        gained = self.by_unit @ ((on_sides == self.n_units[:, None] - 1) * price)
        lost = self.by_unit @ ((on_sides == self.n_units[:, None]) * price)
        own = side_of_unit[:, None] == np.arange(3)
        return np.where(own, np.inf, gained - lost[own][:, None])

    def _best_move(self, candidates, side_of_unit, counts):
        """The move of one of the units that lowers the cost most: the unit, its new side, and the counts after it."""
        on_sides = self._on_sides(side_of_unit)
        units = self.by_unit[candidates]
        own = side_of_unit[candidates]
        lost = np.stack([units @ ((on_sides[:, side] == self.n_units)[:, None] * self.one_hot) for side in range(3)], 1)
        gained = np.stack([units @ ((on_sides[:, side] == self.n_units - 1)[:, None] * self.one_hot)
                           for side in range(3)], 1)
        row = np.arange(len(candidates))
        after = np.repeat(counts[None, None], len(candidates), 0).repeat(3, 1)  # unit, new side, side, class
        for side in range(3):
            after[:, side, side] += gained[:, side]
        after[row[:, None], np.arange(3), own[:, None]] -= lost[row, own][:, None]
        cost = self._cost(after)
        cost[row, own] = np.inf
        best = np.unravel_index(cost.argmin(), cost.shape)
        if not cost[best] < self._cost(counts):
            return None, None, counts
        return candidates[best[0]], best[1], after[best]
