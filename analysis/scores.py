"""Scores of predictions with bootstrap intervals and the majority baseline."""

import numpy as np
import pandas as pd

from analysis.resampling import bootstrap_weights, percentile_interval
from sources.artists import artist_groups

CALIBRATION_BINS = 10
"""Of the calibration error and diagram."""


def evaluate(y_true, proba, genres, *, groups=None, n_boot=1000, seed=0):
    """How good probabilities are, each figure with its interval and what saying the same for every song would reach.

    Parameters
    ----------
    y_true : sequence of str [shape=(n,)], or multi-hot [shape=(n, n_genres)]
        One row a track.
    proba : array-like [shape=(n, n_genres)]
    genres : sequence of str
        The columns of `proba`.
    groups : sequence, optional
        Who made the track; tracks of one group are drawn together. Without it each track is drawn by itself.
    n_boot : int
        Bootstrap samples.
    seed : int

    Returns
    -------
    pd.DataFrame
        Rows `accuracy`, `macro_f1`, `log_loss` (nats), `ece` (expected calibration error of the most probable genre), `roc_auc`
        (mean of the genres'), and `roc_auc: GENRE`; columns `value, low, high` (95 %) and `baseline` (always the commonest
        genre with its share as probability). Of several genres a song, accuracy is the share of songs whose most probable genre
        is among theirs, and ece is over all genres.

    Raises
    ------
    ValueError
        Lengths differ, probabilities are none, or a genre is not among `genres`.

    Examples
    --------
    >>> table = evaluate(["a", "b", "b"], [[.9, .1], [.2, .8], [.4, .6]], ["a", "b"])
    >>> float(table.loc["accuracy", "value"]), float(table.loc["accuracy", "baseline"].round(3))
    (1.0, 0.667)
    """
    truth, proba, genres = check_predictions(y_true, proba, genres)
    multilabel = np.ndim(y_true) == 2
    whole = np.ones((1, len(truth)))
    drawn = bootstrap_weights(artist_groups(truth, groups), n_boot, seed)
    values, samples = (_measures(truth, proba, weights, multilabel) for weights in (whole, drawn))
    prior = np.tile(truth.mean(axis=0), (len(truth), 1))
    baseline = _measures(truth, prior, whole, multilabel)
    names = [*(name for name in values if name != "auc"), "roc_auc", *(f"roc_auc: {genre}" for genre in genres)]
    value, sample, base = (np.column_stack([table[name] for name in table]) for table in (values, samples, baseline))
    low, high = percentile_interval(sample)
    return pd.DataFrame({"value": value[0], "low": low, "high": high, "baseline": base[0]},
                        index=pd.Index(names, name="measure"))


def check_predictions(y_true, proba, genres):
    """The true genres as a multi-hot matrix [shape=(n, n_genres)], probabilities as an array, genres as text; a ValueError
    where they do not fit together."""
    genres, proba = [str(genre) for genre in genres], np.asarray(proba, dtype=float)
    if proba.ndim != 2 or proba.shape[1] != len(genres):
        raise ValueError(f"proba has shape {proba.shape}, but there are {len(genres)} genres")
    if len(y_true) != len(proba):
        raise ValueError(f"{len(y_true):,} true genres but {len(proba):,} rows of probabilities")
    if not (np.isfinite(proba).all() and proba.min() >= 0 and proba.max() <= 1 + 1e-6):
        raise ValueError("proba holds values that are no probabilities")
    if np.ndim(y_true) == 2:
        return np.asarray(y_true, dtype=float), proba, genres
    cells = np.asarray(y_true, dtype=object).astype(str)
    unknown = sorted(set(cells) - set(genres))
    if unknown:
        raise ValueError(f"true genres that the probabilities do not have: {', '.join(unknown)}")
    return (cells[:, None] == np.array(genres)).astype(float), proba, genres


def _measures(truth, proba, weights, multilabel):
    """Every measure for every row of weights [shape=(samples, n)]."""
    total = weights.sum(axis=1)
    top = proba.argmax(axis=1)
    right = truth[np.arange(len(truth)), top]
    said = (proba >= .5) if multilabel else np.eye(proba.shape[1])[top]
    hits, claimed, true = weights @ (said * truth), weights @ said, weights @ truth
    with np.errstate(invalid="ignore", divide="ignore"):
        f1 = np.where(claimed + true > 0, 2 * hits / (claimed + true), np.nan)
    logs = truth * np.log(proba.clip(1e-9)) + (multilabel * (1 - truth)) * np.log((1 - proba).clip(1e-9))
    if multilabel:
        ece = calibration_error(proba.ravel(), truth.ravel(), np.repeat(weights, proba.shape[1], axis=1))
    else:
        ece = calibration_error(proba.max(axis=1), right, weights)
    areas = np.column_stack([weighted_auc(truth[:, genre], proba[:, genre], weights) for genre in range(proba.shape[1])])
    mean_area = np.array([np.nanmean(row) if np.isfinite(row).any() else np.nan for row in areas])
    return {"accuracy": weights @ right / total, "macro_f1": np.nanmean(f1, axis=1),
            "log_loss": -(weights @ logs.sum(axis=1)) / total, "ece": ece, "auc": np.column_stack([mean_area, areas])}


def calibration_error(confidence, right, weights=None):
    """Expected calibration error: the mean distance of confidence and share right over ten bins of equal width (Guo et al. 2017).

    Parameters
    ----------
    confidence : np.ndarray [shape=(n,)]
        Probability that was said of the answer given, from 0 to 1.
    right : np.ndarray [shape=(n,)], bool
    weights : np.ndarray [shape=(samples, n)], optional
        How often each answer counts in each of many samples; the result is then an array [shape=(samples,)].

    Examples
    --------
    >>> float(calibration_error(np.array([.9, .9, .6, .6]), np.array([True, True, True, False])).round(2))
    0.1
    """
    bins = np.minimum((np.asarray(confidence) * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    each = np.ones((1, len(bins))) if weights is None else weights
    errors = np.abs((each * (np.asarray(confidence) - right)) @ np.eye(CALIBRATION_BINS)[bins]).sum(axis=1) / each.sum(axis=1)
    return errors[0] if weights is None else errors


def weighted_auc(truth, score, weights):
    """Area under the ROC curve for every row of weights [shape=(samples, n)]; ties count half. NaN without both classes."""
    levels, place = np.unique(score, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(levels)))
    positive, negative = (np.add.reduceat((weights * side)[:, order], starts, axis=1) for side in (truth, 1 - truth))
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(pairs > 0, (positive * below).sum(axis=1) / pairs, np.nan)
