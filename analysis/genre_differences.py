"""Whether a feature is associated with success differently in different genres."""

import numpy as np
import pandas as pd

from analysis.associations import CIRCULAR, need_columns
from analysis.hit_prediction import SOUND
from analysis.resampling import holm
from sources.artists import artist_groups

FEWEST_SONGS_TO_COMPARE = 30
"""The least number of songs for which a genre is studied by itself."""


def genres_differ(tracks, target="popularity", features=None, *, by="first_genre", group="artist", n_shuffles=2000,
                  seed=0):
    """Whether a feature is associated with success differently in different genres: a permutation test.

    The test statistic is Cochran's Q: how far the genres' correlations differ, each weighted by its precision. It is
    compared with its values where artists are assigned to the genres at random. The formula for the distribution of Q
    takes the variance that is estimated from a few dozen artists as exact, and so finds differences between genres that
    have none; a studentised permutation test does not (Chung and Romano 2013).

    Parameters
    ----------
    tracks : pd.DataFrame
        As from `preprocessing.create_features`.
    target : str
    features : list of str, optional
        If not given, the columns of `SOUND` that the table has, but the key, which is circular, and `explicit`.
    by, group : str
        The columns of the genre and of the artist. All songs of an artist in one genre are assigned together. Genres of
        fewer than `FEWEST_SONGS_TO_COMPARE` songs are left out.
    n_shuffles : int
        The number of permutations; the smallest possible p-value is about one divided by it.
    seed : int

    Returns
    -------
    pd.DataFrame
        One row a feature: the `lowest` and the `highest` rank correlation and their genres `lowest_in, highest_in`,
        `q, p, p_holm`, and `spread`, the standard deviation of the correlations among genres beyond chance (DerSimonian
        and Laird 1986), the largest first. Empty where there are fewer than two genres.
    """
    need_columns(tracks, [target, by])
    if features is None:
        features = [feature for feature in [*SOUND, "explicit"] if feature in tracks and feature not in CIRCULAR]
    known = tracks.dropna(subset=[target, by])
    known = known[known.groupby(by, observed=True)[target].transform("size") >= FEWEST_SONGS_TO_COMPARE]
    rng = np.random.default_rng(seed)
    rows = {}
    for feature in features:
        genres, sums, codes = _artist_sums(known.dropna(subset=[feature]), feature, target, by, group)
        if len(genres) < 2:
            continue
        r, weight, q = (values[0] for values in _genre_correlations(sums, codes[None], len(genres)))
        q_by_chance = _permuted_q(sums, codes, len(genres), n_shuffles, rng)
        variance = (q - len(genres) + 1) / (weight.sum() - (weight ** 2).sum() / weight.sum())
        low, high = r.argmin(), r.argmax()
        rows[feature] = {"lowest": r[low], "lowest_in": genres[low], "highest": r[high], "highest_in": genres[high],
                         "q": q, "p": (1 + np.count_nonzero(q_by_chance >= q)) / (1 + n_shuffles),
                         "spread": np.sqrt(max(0, variance))}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("feature")
    if len(table):
        table["p_holm"] = holm(table["p"])
    return table.sort_values("spread", ascending=False) if len(table) else table


def _artist_sums(rows, feature, target, by, group):
    """For each artist of a genre, the sums of products of standardised ranks, from which correlations are computed.

    Returns the genres, the sums [shape=(artists, 5)], and the genre of each artist as a number into the genres.
    """
    pair = rows[[feature, target]].astype("float64").groupby(rows[by], observed=True).rank(pct=True)
    pair = pair - pair.groupby(rows[by], observed=True).transform("mean")
    spread = pair.groupby(rows[by], observed=True).transform("std", ddof=0)
    varies = (spread > 1e-12).all(axis=1)
    x, y = (pair / spread)[varies].to_numpy().T
    rows = rows[varies]
    artist = pd.Series(artist_groups(rows, group), index=rows.index)
    cluster = rows.groupby([rows[by].astype(object), artist]).ngroup()
    xx = np.bincount(cluster, x * x)
    xy = np.bincount(cluster, x * y)
    codes, genres = pd.factorize(rows[by].astype(object).groupby(cluster).first())
    return genres, np.column_stack([xx, xy, xx * xx, xx * xy, xy * xy]), codes


def _permuted_q(sums, codes, n_genres, n_shuffles, rng):
    """Cochran's Q for artists that are assigned to genres at random [shape=(n_shuffles,)]."""
    batches = np.diff(np.r_[0:n_shuffles:100, n_shuffles])  # a hundred permutations at a time bound the memory
    shuffled = (rng.permuted(np.tile(codes, (size, 1)), axis=1) for size in batches)
    return np.concatenate([_genre_correlations(sums, permutation, n_genres)[2] for permutation in shuffled])


def _genre_correlations(sums, codes, n_genres):
    """Correlations and their weights in each genre, and Cochran's Q, for each row of `codes` (artists to genres).

    The weight of a correlation is one divided by its cluster-robust variance.
    """
    by_genre = np.stack([(codes == genre).astype("float64") @ sums for genre in range(n_genres)], axis=1)
    xx, xy, xx_xx, xx_xy, xy_xy = np.moveaxis(by_genre, -1, 0)
    r = xy / xx
    weight = xx ** 2 / np.maximum(xy_xy - 2 * r * xx_xy + r ** 2 * xx_xx, 1e-12)
    mean = (weight * r).sum(axis=1, keepdims=True) / weight.sum(axis=1, keepdims=True)
    return r, weight, (weight * (r - mean) ** 2).sum(axis=1)
