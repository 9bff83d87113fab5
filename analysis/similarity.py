"""Songs as points: the nearer two points lie, the more alike the songs.

The room beneath `recommend`: which columns of a table tell how a song sounds, and what each of them weighs. Columns are
standardised. Groups of columns (beat, timbre, pitch ...) weigh alike, within a group families (all of MFCC, say) weigh
alike, so that forty columns of one family do not drown one tempo. A tempo is a place on a helix whose turns are octaves,
a key a place on the circle of fifths; chroma is counted from the tonic, since a tune is the same tune in another key.
"""

import re

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from analysis.resampling import bootstrap_weights, mean_interval
from signals.aspects import ASPECTS, aspect_columns
from sources.artists import artist_groups
from sources.table_files import SHARES

TABLE = [*SHARES, "loudness", "tempo", "key", "mode"]
"""Spotify's audio features that tell how a song sounds."""
GROUPS = [*ASPECTS, "embedding", "table"]
OCTAVE = .5
"""What a tempo's octave weighs beside its place within the octave: 70 and 140 BPM are felt as akin, and are often confused."""
KEY = .25
"""What it weighs that two songs are in the same key, beside how they move in it."""
LEFT_OUT = {"tonnetz"}
"""Families that are not compared: tonal centroids are the chroma once more, bound to its key."""
LARGEST_DEVIATION = 4
"""Standard deviations: a value further out than this counts as this far out."""
ENOUGH_KNOWN = .5
"""The least share of the values, by weight, that must be known of a song for it to have a place."""


def columns_by_group(table, by="all"):
    """The columns in which songs are compared.

    Parameters
    ----------
    table : pd.DataFrame
        With the columns of `descriptors.describe`, columns `embedding_001` ..., or Spotify's (`TABLE`); columns without
        any value count as absent.
    by : str
        One of `GROUPS`, or ``"all"`` for those that the table has.

    Returns
    -------
    dict of str to list of str
        Group: columns.

    Raises
    ------
    ValueError
        The group is unknown, the table has no column for it, or a column holds text.

    Examples
    --------
    >>> columns_by_group(pd.DataFrame({"energy": [.1, .9], "tempo": [90, 120], "genre": ["jazz", "rock"]}))
    {'table': ['energy', 'tempo']}
    >>> columns_by_group(pd.DataFrame({"tempo": [90, 120], "mfcc_01_mean": [0, 1]}))
    {'beat': ['tempo'], 'timbre': ['mfcc_01_mean']}
    """
    if by not in ("all", *GROUPS):
        raise ValueError(f"by={by!r}: choose 'all', {', '.join(map(repr, GROUPS))}")
    found = {group: _columns(table, group) for group in (GROUPS if by == "all" else [by])}
    found = {group: columns for group, columns in found.items() if columns}
    if "table" in found and "timbre" not in found and by == "all":
        # Spotify's table: its tempo, key and mode are in that group already
        found = {group: columns for group, columns in found.items() if group in ("table", "embedding")}
    if not found:
        raise ValueError(f"the table has no values to compare songs by ({by!r}): it should have audio features as from "
                         "features.extract_features, columns embedding_001 ... as from models.embed, or Spotify's "
                         f"({', '.join(TABLE[:4])} ...); it has {list(table.columns)[:12]}")
    for column in (column for columns in found.values() for column in columns):
        if not pd.api.types.is_numeric_dtype(table[column]):
            raise ValueError(f"column {column!r} should hold numbers: prepare.prepare_df makes them so")
    return found


def _columns(table, group):
    if group in ASPECTS:
        try:
            columns = [column for column in aspect_columns(table, group) if _family(column) not in LEFT_OUT]
        except ValueError:  # it says that there is none
            return []
    elif group == "embedding":
        columns = [column for column in table if re.fullmatch(r"embedding_\d+", str(column))]
    else:
        columns = [column for column in TABLE if column in table]
        if not set(columns) - {"tempo", "key", "mode"}:
            return []
    return [column for column in columns if table[column].notna().any()]


def fifths(rows):
    """Each row's place on the circle of fifths, from 0 (C major, A minor) to 11; NaN without a key.

    A minor key stands with its relative major, with which it shares its notes (as on DJs' Camelot wheel).

    Parameters
    ----------
    rows : pd.DataFrame
        With `key` (C = 0; anything outside 0 to 11 means that none was found) and, where it is known, `mode` (major = 1).

    Returns
    -------
    np.ndarray [shape=(n,)]

    Examples
    --------
    >>> fifths(pd.DataFrame({"key": [0, 9, 7, -1], "mode": [1, 0, 1, 1]}))
    array([ 0.,  0.,  1., nan])
    """
    key = numbers(rows, "key")
    minor = numbers(rows, "mode") == 0 if "mode" in rows else False
    return np.where((key >= 0) & (key <= 11), (key + 3 * minor) * 7 % 12, np.nan)


def numbers(rows, column):
    """A column as floats, whatever its type; what is missing or infinite is NaN."""
    values = pd.to_numeric(rows[column], errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def octaves(tempo):
    """Tempi in octaves (log2 of BPM); NaN where there is none."""
    tempo = np.asarray(tempo, dtype="float64")
    return np.log2(np.where(tempo > 0, tempo, np.nan))


class IncompleteSong(ValueError):
    """A song has too few values to be compared; `missing` lists the columns that have none."""

    def __init__(self, message, missing):
        super().__init__(message)
        self.missing = missing


class Space:
    """The songs of a table as points; others can be placed among them.

    Two songs drawn at random lie about 1.4 apart, whatever the columns. A missing value counts as the mean; a song of
    which less than half is known (`ENOUGH`) has no place.

    Parameters
    ----------
    tracks : pd.DataFrame
    by : str
        As in `columns_by_group`.

    Attributes
    ----------
    groups : dict of str to list of str
    points : np.ndarray [shape=(n, d)], float32
    known : np.ndarray [shape=(n,)]
        The share, by weight, of the values that are known of each song.

    Examples
    --------
    >>> space = Space(pd.DataFrame({"energy": [.1, .2, .9]}, index=["a", "b", "c"]))
    >>> order, distance = space.nearest(space.points[0])
    >>> order.tolist(), distance.round(1).tolist()
    ([0, 1, 2], [0.0, 0.3, 2.2])
    """

    def __init__(self, tracks, by="all"):
        self.groups = columns_by_group(tracks, by)
        layout, raw = _layout(self.groups), self._raw(tracks)
        self.weight = layout["weight"].to_numpy(dtype=np.float32)
        self.mean = np.nanmean(raw, axis=0, dtype="float64")
        spread = np.nanstd(raw, axis=0, dtype="float64", mean=self.mean[None])
        varies = spread > 1e-6 * np.abs(self.mean) + 1e-12
        learnt, turns = (layout["group"] == "embedding").to_numpy(), layout["turns"].to_numpy()
        if learnt.any():
            # one scale for all: which of its columns vary much is what the network has learnt
            spread[learnt] = np.sqrt(np.mean(spread[learnt] ** 2))
        spread[turns] = np.sqrt(.5)  # a circle stays round: as if its places were taken evenly
        self.scale = np.where(varies, spread, np.inf)  # what does not vary tells nothing
        self.points, self.known = self._placed(raw)

    def _raw(self, rows):
        rows = _from_the_tonic(rows)
        columns = [column for columns in self.groups.values() for column in columns]
        return np.column_stack([_values(rows, column).astype(np.float32) for column in columns])

    def _placed(self, raw):
        """Points, and how much is known of each; in place, for there may be many."""
        missing = np.isnan(raw)
        known = 1 - missing @ self.weight ** 2 / np.sum(self.weight ** 2)
        raw -= self.mean.astype(np.float32)
        raw /= self.scale.astype(np.float32)
        np.clip(raw, -LARGEST_DEVIATION, LARGEST_DEVIATION, out=raw)
        raw *= self.weight
        raw[missing] = 0
        return raw, known

    def place(self, rows):
        """The points of rows that have the same columns.

        Raises
        ------
        ValueError
            Too little is known of a row; the message names columns that it lacks.
        """
        columns = [column for columns in self.groups.values() for column in columns]
        complete = rows.reindex(columns=columns)
        points, known = self._placed(self._raw(complete))
        if (known < ENOUGH_KNOWN).any():
            row = complete.iloc[int(np.argmin(known))]
            missing = [column for column in columns if pd.isna(row[column])]
            more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
            raise IncompleteSong(f"{row.name!r} cannot be placed among the songs: it has no value for "
                                 f"{', '.join(missing[:5])}{more}", missing)
        return points

    def nearest(self, points):
        """Every song that has a place, nearest to a point first: row numbers and distances, a row of them for each of several."""
        placed = np.flatnonzero(self.known >= ENOUGH_KNOWN)
        search = NearestNeighbors(algorithm="brute").fit(self.points[placed])
        distance, order = search.kneighbors(np.atleast_2d(points), n_neighbors=len(placed))
        return (placed[order], distance) if np.ndim(points) == 2 else (placed[order[0]], distance[0])


def agreement(tracks, labels, *, by="all", groups=None, n=5, n_boot=1000, seed=0):
    """How often the songs nearest to a song share its label.

    Parameters
    ----------
    tracks : pd.DataFrame
        What songs are compared by.
    labels : pd.Series
        Their genres, say.
    by : str
        As in `columns_by_group`.
    groups : pd.Series, optional
        Artists: neighbours of the same one do not count, for they may be alike for other reasons.
    n : int
        Neighbours of each song.
    n_boot, seed : int
        Draws of the interval, and where they begin.

    Returns
    -------
    pd.Series
        `share`, its 95 % bootstrap interval over songs `low, high`, and what neighbours drawn by lot would share, `chance`.

    Examples
    --------
    >>> table = pd.DataFrame({"energy": [.1, .11, .12, .9, .91, .92]})
    >>> agreement(table, pd.Series(["jazz"] * 3 + ["rock"] * 3), n=2)[["share", "chance"]].round(1).tolist()
    [1.0, 0.4]
    """
    space = Space(tracks, by)
    label = pd.factorize(labels.astype(object))[0]  # -1 where there is none
    artist = artist_groups(tracks, groups)
    usable = (space.known >= ENOUGH_KNOWN) & (label >= 0)
    orders = space.nearest(space.points[usable])[0] if usable.any() else []
    songs, shares, chances = [], [], []
    for song, neighbours in zip(np.flatnonzero(usable), orders):
        others = neighbours[usable[neighbours] & (artist[neighbours] != artist[song])]
        if len(others):
            same = label[others] == label[song]
            songs.append(song)
            shares.append(same[:n].mean())
            chances.append(same.mean())
    if not songs:
        raise ValueError("no song with a label has a neighbour with a label by another artist")
    low, high = mean_interval(shares, bootstrap_weights(artist[songs], n_boot, seed))
    return pd.Series({"share": np.mean(shares), "low": low, "high": high, "chance": np.mean(chances)}, name=by)


_PARTS = {"key": [KEY, KEY], "tempo": [1, 1, OCTAVE], "tempo_rival": [1, 1, OCTAVE]}
"""The weights of the values that a column becomes, where it becomes several; the first two go around a circle."""


def _layout(groups):
    """One row a value: its `group`; its `weight`, so that groups, in a group families, in a family columns weigh alike;
    whether it `turns` around a circle."""
    rows = []
    for group, columns in groups.items():
        families = [_family(column) for column in columns]
        for column, family in zip(columns, families):
            parts = _PARTS.get(column, [1])
            share = len(groups) * len(set(families)) * families.count(family) * len(parts)
            rows += [(group, part / np.sqrt(share), column in _PARTS and number < 2) for number, part in enumerate(parts)]
    return pd.DataFrame(rows, columns=["group", "weight", "turns"])


def _values(rows, column):
    """A column as the values in which it is compared: [shape=(n,)] or [shape=(n, parts)]."""
    if column == "key":
        return _around(fifths(rows) / 12)
    values = numbers(rows, column)
    if column in ("tempo", "tempo_rival"):
        # as Shepard (Geometrical approximations to the structure of musical pitch, 1982) winds pitch
        return np.column_stack([_around(octaves(values)), octaves(values)])
    return np.sqrt(values) if column.endswith("_var") else values  # a variance runs far out, a deviation does not


def _from_the_tonic(rows):
    """Chroma counted from each song's own tonic, instead of from C; missing where no key is known."""
    if "key" not in rows:
        return rows
    key = numbers(rows, "key")
    known = (key >= 0) & (key <= 11)
    turned = {}
    for what in ("mean", "var"):
        names = [f"chroma_{number:02d}_{what}" for number in range(1, 13)]
        if set(names) <= set(rows):
            chroma = np.column_stack([numbers(rows, name) for name in names])
            degrees = (np.arange(12) + np.where(known, key, 0).astype(int)[:, None]) % 12
            turned |= dict(zip(names, np.where(known[:, None], np.take_along_axis(chroma, degrees, axis=1), np.nan).T))
    return rows.assign(**turned)


def _around(turns):
    return np.column_stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)])


def _family(column):
    """`mfcc` for `mfcc_01_mean`."""
    return re.sub(r"(_\d+)?(_mean|_var)?$", "", column)
