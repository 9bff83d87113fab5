"""Resampling: the bootstrap by artist, its intervals, and the correction for many tests.

Songs of one artist are not independent of each other. So the bootstrap draws whole artists (a cluster bootstrap; Field
and Welsh, Bootstrapping clustered data, 2007), as `sources.artists.artist_groups` decides them.
"""

import numpy as np


def bootstrap_weights(groups, n_boot=1000, seed=0):
    """How often each row is drawn in each bootstrap sample; the rows of one group are drawn together.

    Parameters
    ----------
    groups : np.ndarray of int [shape=(n,)]
        The group of each row, as from `sources.artists.artist_groups`.
    n_boot : int
        The number of bootstrap samples.
    seed : int

    Returns
    -------
    np.ndarray of float [shape=(n_boot, n)]
        Whole numbers. Each sample draws as many groups as there are, with replacement.

    Examples
    --------
    >>> weights = bootstrap_weights([0, 0, 1], n_boot=4)
    >>> weights.shape, bool((weights[:, 0] == weights[:, 1]).all()), (weights[:, 0] + weights[:, 2]).tolist()
    ((4, 3), True, [2.0, 2.0, 2.0, 2.0])
    """
    codes = np.unique(np.asarray(groups), return_inverse=True)[1]
    n_groups = codes.max() + 1
    times = np.random.default_rng(seed).multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n_boot)
    return times[:, codes].astype(float)


def drawn_rows(weights):
    """The row numbers of one bootstrap sample, each as often as it is drawn.

    Examples
    --------
    >>> drawn_rows([2, 0, 1]).tolist()
    [0, 0, 2]
    """
    return np.repeat(np.arange(len(weights)), np.asarray(weights, dtype=int))


def percentile_interval(samples, level=.95):
    """The interval that holds the middle part of the bootstrap samples.

    Parameters
    ----------
    samples : array-like [shape=(n_boot,) or (n_boot, k)]
        One or more statistics of each bootstrap sample; NaN where a sample has no value.
    level : float
        The share of the samples inside the interval.

    Returns
    -------
    low, high : float, or np.ndarray [shape=(k,)]
        NaN where no sample has a value.

    Examples
    --------
    >>> [float(end.round(1)) for end in percentile_interval(np.arange(101))]
    [2.5, 97.5]
    """
    samples = np.asarray(samples, dtype=float)
    ends = ((1 - level) / 2, (1 + level) / 2)
    columns = samples.reshape(len(samples), -1).T
    intervals = [np.nanquantile(column, ends) if np.isfinite(column).any() else (np.nan, np.nan) for column in columns]
    low, high = np.array(intervals).T
    return (low[0], high[0]) if samples.ndim == 1 else (low, high)


def mean_interval(values, weights):
    """The 95% interval of a mean.

    Parameters
    ----------
    values : array-like [shape=(n,)]
    weights : np.ndarray [shape=(n_boot, n)]
        As from `bootstrap_weights`.

    Returns
    -------
    low, high : float

    Examples
    --------
    >>> [float(end) for end in mean_interval([1, 1, 1], bootstrap_weights([0, 1, 2]))]
    [1.0, 1.0]
    """
    return percentile_interval(weights @ np.asarray(values, dtype=float) / weights.sum(axis=1))


def holm(p):
    """p-values corrected for many tests (Holm 1979).

    The same as ``statsmodels.stats.multitest.multipletests(p, method="holm")``, which collects garbage at every call
    and so takes a second in a process that holds many objects.

    Parameters
    ----------
    p : array-like [shape=(n,)]

    Returns
    -------
    np.ndarray [shape=(n,)]

    Examples
    --------
    >>> holm([.04, .01, .03]).round(2).tolist()
    [0.06, 0.03, 0.06]
    """
    p = np.asarray(p, dtype=float)
    order = p.argsort()
    corrected = np.empty_like(p)
    corrected[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)).clip(max=1)
    return corrected
