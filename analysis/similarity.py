"""Songs as points: the more similar two songs, the nearer their points.

This module decides which columns of a table are compared, and what each of them weighs. Columns are standardised.
Groups of columns (beat, timbre, pitch ...) have equal weights, and within a group so have families of columns (such as
all MFCC): otherwise forty columns of one family would outweigh one tempo. A tempo is a place on a helix with one turn
for each octave, a key is a place on the circle of fifths, and chroma is counted from the tonic, since a melody stays
the same in another key.
"""

import re

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from analysis.resampling import bootstrap_weights, mean_interval
from signals.aspects import ASPECTS, aspect_columns
from sources.artists import artist_groups, artist_matrix, by_other_artists
from sources.column_names import SHARES

TABLE = [*SHARES, "loudness", "tempo", "key", "mode"]
"""Spotify's audio features that describe how a song sounds."""
GROUPS = [*ASPECTS, "embedding", "table"]
OCTAVE = .5
"""The weight of the octave of a tempo, beside its place within the octave: 70 and 140 BPM feel similar, and tempo
estimators often confuse them."""
KEY = .25
"""The weight of the key, beside the chroma that are counted from its tonic."""
LEFT_OUT = {"tonnetz"}
"""Families that are not compared: tonal centroids repeat the chroma and depend on the key."""
LARGEST_Z_SCORE = 4
"""Standard deviations: a value further from the mean counts as this far."""
ENOUGH_KNOWN = .5
"""The least share of a song's values, by weight, that must be known for the song to have a place."""


def columns_by_group(table, by="all"):
    """The columns by which songs are compared.

    Parameters
    ----------
    table : pd.DataFrame
        With the columns of `descriptors.describe`, columns `embedding_001` ..., or Spotify's (`TABLE`). A column
        without any value counts as absent.
    by : str
        One of `GROUPS`, or ``"all"`` for those that the table has.

    Returns
    -------
    dict of str to list of str
        The columns of each group.

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
    groups = {group: _columns(table, group) for group in (GROUPS if by == "all" else [by])}
    groups = {group: columns for group, columns in groups.items() if columns}
    if "table" in groups and "timbre" not in groups and by == "all":
        # Spotify's table: its tempo, key and mode are in the group "table" already
        groups = {group: columns for group, columns in groups.items() if group in ("table", "embedding")}
    if not groups:
        raise ValueError(f"the table has no values to compare songs by ({by!r}): it should have audio features as from "
                         "features.extract_features, columns embedding_001 ... as from models.embed, or Spotify's "
                         f"({', '.join(TABLE[:4])} ...); it has {list(table.columns)[:12]}")
    for column in (column for columns in groups.values() for column in columns):
        if not pd.api.types.is_numeric_dtype(table[column]):
            raise ValueError(f"column {column!r} should hold numbers: prepare.prepare_df converts it")
    return groups


def _columns(table, group):
    """The columns of one group that the table has."""
    if group in ASPECTS:
        try:
            columns = [column for column in aspect_columns(table, group) if _family(column) not in LEFT_OUT]
        except ValueError:  # the table has none
            return []
    elif group == "embedding":
        columns = [column for column in table if re.fullmatch(r"embedding_\d+", str(column))]
    else:
        columns = [column for column in TABLE if column in table]
        if not set(columns) - {"tempo", "key", "mode"}:
            return []
    return [column for column in columns if table[column].notna().any()]


def fifths(rows):
    """The place of each row on the circle of fifths, from 0 (C major, A minor) to 11; NaN without a key.

    A minor key has the place of its relative major, with which it shares its notes (as on the Camelot wheel of DJs).

    Parameters
    ----------
    rows : pd.DataFrame
        With `key` (C = 0; a number outside 0 to 11 means that no key is known) and, where it is known, `mode`
        (major = 1).

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
    """A column as floats, whatever its type; missing and infinite values are NaN."""
    values = pd.to_numeric(rows[column], errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def octaves(tempo):
    """Tempi in octaves (log2 of BPM); NaN where a tempo is missing or not above zero."""
    tempo = np.asarray(tempo, dtype="float64")
    return np.log2(np.where(tempo > 0, tempo, np.nan))


class IncompleteSong(ValueError):
    """A song has too few values to be compared; `missing` lists the columns without a value."""

    def __init__(self, message, missing):
        super().__init__(message)
        self.missing = missing


class Space:
    """The songs of a table as points; other songs can be placed among them.

    Two songs drawn at random are about 1.4 apart, whatever the columns. A missing value counts as the mean; a song of
    which less than half is known (`ENOUGH_KNOWN`) has no place.

    Parameters
    ----------
    tracks : pd.DataFrame
    by : str
        As in `columns_by_group`.

    Attributes
    ----------
    groups : dict of str to list of str
        As from `columns_by_group`.
    points : np.ndarray [shape=(n, d)], float32
    known : np.ndarray [shape=(n,)]
        The share of each song's values that are known, by weight.

    Examples
    --------
    >>> space = Space(pd.DataFrame({"energy": [.1, .2, .9]}, index=["a", "b", "c"]))
    >>> order, distance = space.nearest(space.points[0])
    >>> order.tolist(), distance.round(1).tolist()
    ([0, 1, 2], [0.0, 0.3, 2.2])
    """

    def __init__(self, tracks, by="all"):
        self.groups = columns_by_group(tracks, by)
        layout = _layout(self.groups)
        raw = self._raw(tracks)
        self.weight = layout["weight"].to_numpy(dtype=np.float32)
        self.mean = np.nanmean(raw, axis=0, dtype="float64")
        spread = np.nanstd(raw, axis=0, dtype="float64", mean=self.mean[None])
        varies = spread > 1e-6 * np.abs(self.mean) + 1e-12
        embedding = (layout["group"] == "embedding").to_numpy()
        if embedding.any():
            # one scale for the whole embedding: which of its columns vary much is what the network has learnt
            spread[embedding] = np.sqrt(np.mean(spread[embedding] ** 2))
        # a circle stays round, as if all its places were equally frequent
        spread[layout["circular"].to_numpy()] = np.sqrt(.5)
        self.scale = np.where(varies, spread, np.inf)  # a constant column tells nothing
        self.points, self.known = self._placed(raw)

    def _raw(self, rows):
        """The values of the rows before they are standardised."""
        rows = _from_the_tonic(rows)
        columns = [column for columns in self.groups.values() for column in columns]
        return np.column_stack([_values(rows, column).astype(np.float32) for column in columns])

    def _placed(self, raw):
        """Points, and the known share of each; computed in place, since a table can be large."""
        missing = np.isnan(raw)
        known = 1 - missing @ self.weight ** 2 / np.sum(self.weight ** 2)
        raw -= self.mean.astype(np.float32)
        raw /= self.scale.astype(np.float32)
        np.clip(raw, -LARGEST_Z_SCORE, LARGEST_Z_SCORE, out=raw)
        raw *= self.weight
        raw[missing] = 0
        return raw, known

    def place(self, rows):
        """The points of rows that have the same columns.

        Parameters
        ----------
        rows : pd.DataFrame

        Returns
        -------
        np.ndarray [shape=(len(rows), d)], float32

        Raises
        ------
        IncompleteSong
            Too little is known of a row; the message names the columns.
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
        """All songs that have a place, the nearest to a point first.

        Parameters
        ----------
        points : np.ndarray [shape=(d,) or (m, d)]
            One point or several.

        Returns
        -------
        rows : np.ndarray of int [shape=(placed,) or (m, placed)]
            Row numbers of the table.
        distance : np.ndarray, same shape
        """
        placed = np.flatnonzero(self.known >= ENOUGH_KNOWN)
        search = NearestNeighbors(algorithm="brute").fit(self.points[placed])
        distance, order = search.kneighbors(np.atleast_2d(points), n_neighbors=len(placed))
        return (placed[order], distance) if np.ndim(points) == 2 else (placed[order[0]], distance[0])


def agreement(tracks, labels, *, by="all", groups=None, n=5, n_boot=1000, seed=0):
    """How often the nearest neighbours of a song have its label.

    Parameters
    ----------
    tracks : pd.DataFrame
        The songs, with the columns by which they are compared.
    labels : pd.Series
        One label for each song, such as its genre. A song without a label counts neither as a song nor as a neighbour.
    by : str
        As in `columns_by_group`.
    groups : pd.Series, optional
        The artist of each song. Neighbours by the same artist do not count, since they can be similar for other
        reasons. Without it, each song counts as by an artist of its own.
    n : int
        The number of neighbours of each song.
    n_boot, seed : int
        The number of bootstrap samples, and the seed that draws them.

    Returns
    -------
    pd.Series
        `share`: the mean share of neighbours with the same label; `low, high`: its 95% interval, a bootstrap by
        artist; `chance`: the share among neighbours that are chosen at random.

    Raises
    ------
    ValueError
        No song with a label has a neighbour with a label by another artist.

    Examples
    --------
    >>> table = pd.DataFrame({"energy": [.1, .11, .12, .9, .91, .92]})
    >>> agreement(table, pd.Series(["jazz"] * 3 + ["rock"] * 3), n=2)[["share", "chance"]].round(1).tolist()
    [1.0, 0.4]
    """
    space = Space(tracks, by)
    label = pd.factorize(labels.astype(object))[0]  # -1 where there is none
    artist = artist_groups(tracks, groups)
    members = artist_matrix(tracks, groups)
    usable = (space.known >= ENOUGH_KNOWN) & (label >= 0)
    orders = space.nearest(space.points[usable])[0] if usable.any() else []
    songs, shares, chances = [], [], []
    for song, neighbours in zip(np.flatnonzero(usable), orders):
        others = neighbours[usable[neighbours] & by_other_artists(members, [song])[neighbours]]
        if len(others):
            same = label[others] == label[song]
            songs.append(song)
            shares.append(same[:n].mean())
            chances.append(same.mean())
    if not songs:
        raise ValueError("no song with a label has a neighbour with a label by another artist")
    low, high = mean_interval(shares, bootstrap_weights(artist[songs], n_boot, seed))
    return pd.Series({"share": np.mean(shares), "low": low, "high": high, "chance": np.mean(chances)}, name=by)


VALUE_WEIGHTS = {"key": [KEY, KEY], "tempo": [1, 1, OCTAVE], "tempo_rival": [1, 1, OCTAVE]}
"""The columns that become several values, and the weights of these; the first two values are a place on a circle."""


def _layout(groups):
    """One row for each value: its `group`, its `weight`, and whether it is `circular` (a coordinate of a circle).

    The weights give equal importance to all groups, in a group to all families, and in a family to all columns. An
    embedding is as important as all other groups together: on real clips it agrees best with the genre
    (`tests/benchmarks/bench_recommend.py`).
    """
    others = [group for group in groups if group != "embedding"]
    of_embedding = 0 if len(others) == len(groups) else .5 if others else 1
    rows = []
    for group, columns in groups.items():
        importance = of_embedding if group == "embedding" else (1 - of_embedding) / len(others)
        families = [_family(column) for column in columns]
        for column, family in zip(columns, families):
            weights = VALUE_WEIGHTS.get(column, [1])
            share = importance / (len(set(families)) * families.count(family) * len(weights))
            rows += [(group, weight * np.sqrt(share), column in VALUE_WEIGHTS and number < 2)
                     for number, weight in enumerate(weights)]
    return pd.DataFrame(rows, columns=["group", "weight", "circular"])


def _values(rows, column):
    """The values of a column that are compared: [shape=(n,)], or [shape=(n, values)] of a tempo or a key."""
    if column == "key":
        return _on_circle(fifths(rows) / 12)
    values = numbers(rows, column)
    if column in ("tempo", "tempo_rival"):
        # a helix, as Shepard (Geometrical approximations to the structure of musical pitch, 1982) has for pitch
        return np.column_stack([_on_circle(octaves(values)), octaves(values)])
    return np.sqrt(values) if column.endswith("_var") else values  # variances are skewed, standard deviations less so


def _from_the_tonic(rows):
    """The table with chroma counted from each song's tonic instead of from C; missing where no key is known."""
    if "key" not in rows:
        return rows
    key = numbers(rows, "key")
    known = (key >= 0) & (key <= 11)
    shifted = {}
    for statistic in ("mean", "var"):
        names = [f"chroma_{number:02d}_{statistic}" for number in range(1, 13)]
        if set(names) <= set(rows):
            chroma = np.column_stack([numbers(rows, name) for name in names])
            degrees = (np.arange(12) + np.where(known, key, 0).astype(int)[:, None]) % 12
            from_tonic = np.where(known[:, None], np.take_along_axis(chroma, degrees, axis=1), np.nan)
            shifted |= dict(zip(names, from_tonic.T))
    return rows.assign(**shifted)


def _on_circle(turns):
    """Places on a circle, given in turns, as cosine and sine [shape=(n, 2)]."""
    return np.column_stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)])


def _family(column):
    """`mfcc` for `mfcc_01_mean`."""
    return re.sub(r"(_\d+)?(_mean|_var)?$", "", column)
