"""Scores of predictions with bootstrap intervals and the majority baseline."""

import numpy as np
import pandas as pd

from analysis.resampling import bootstrap_weights, percentile_interval
from sources.artists import artist_groups

CALIBRATION_BINS = 10
"""The number of bins of the calibration error and of the calibration plot."""


def evaluate(y_true, proba, genres, *, groups=None, n_boot=1000, seed=0):
    """Scores of predicted probabilities, each with its 95% interval and the majority baseline.

    Parameters
    ----------
    y_true : sequence of str [shape=(n,)], or multi-hot [shape=(n, n_genres)]
        One row a track.
    proba : array-like [shape=(n, n_genres)]
    genres : sequence of str
        The columns of `proba`.
    groups : sequence, optional
        The artist of each track; the bootstrap draws whole artists. Without it, it draws single tracks.
    n_boot : int
        The number of bootstrap samples.
    seed : int

    Returns
    -------
    pd.DataFrame
        Rows `accuracy`, `macro_f1`, `log_loss` (nats), `ece` (expected calibration error of the most probable genre),
        `roc_auc` (the mean over genres), and `roc_auc: GENRE`; columns `value, low, high` (95%) and `baseline` (each
        song is given the most frequent genre, and the genres' shares as probabilities). Where a song can have several
        genres, accuracy is the share of songs whose most probable genre is one of theirs, and ece is over all genres.

    Raises
    ------
    ValueError
        Lengths differ, `proba` does not hold probabilities, or a true genre is not among `genres`.

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
    values, samples = (_scores(truth, proba, weights, multilabel) for weights in (whole, drawn))
    prior = np.tile(truth.mean(axis=0), (len(truth), 1))
    baseline = _scores(truth, prior, whole, multilabel)
    names = [*(name for name in values if name != "auc"), "roc_auc", *(f"roc_auc: {genre}" for genre in genres)]
    value, sample, base = (np.column_stack([table[name] for name in table]) for table in (values, samples, baseline))
    low, high = percentile_interval(sample)
    return pd.DataFrame({"value": value[0], "low": low, "high": high, "baseline": base[0]},
                        index=pd.Index(names, name="measure"))


def check_predictions(y_true, proba, genres):
    """Check that true genres and probabilities fit together, and bring them to one form.

    Parameters
    ----------
    y_true, proba, genres
        As in `evaluate`.

    Returns
    -------
    truth : np.ndarray [shape=(n, n_genres)]
        The true genres as a multi-hot matrix.
    proba : np.ndarray [shape=(n, n_genres)]
    genres : list of str

    Raises
    ------
    ValueError
        They do not fit together.
    """
    genres = [str(genre) for genre in genres]
    proba = np.asarray(proba, dtype=float)
    if proba.ndim != 2 or proba.shape[1] != len(genres):
        raise ValueError(f"proba has shape {proba.shape}, but there are {len(genres)} genres")
    if len(y_true) != len(proba):
        raise ValueError(f"{len(y_true):,} true genres but {len(proba):,} rows of probabilities")
    if not (np.isfinite(proba).all() and proba.min() >= 0 and proba.max() <= 1 + 1e-6):
        raise ValueError("proba holds values that are not probabilities")
    if np.ndim(y_true) == 2:
        return np.asarray(y_true, dtype=float), proba, genres
    cells = np.asarray(y_true, dtype=object).astype(str)
    unknown = sorted(set(cells) - set(genres))
    if unknown:
        raise ValueError(f"true genres without a column of probabilities: {', '.join(unknown)}")
    return (cells[:, None] == np.array(genres)).astype(float), proba, genres


def _scores(truth, proba, weights, multilabel):
    """Every score, for each row of weights [shape=(samples, n)]."""
    total = weights.sum(axis=1)
    top = proba.argmax(axis=1)
    right = truth[np.arange(len(truth)), top]
    predicted = (proba >= .5) if multilabel else np.eye(proba.shape[1])[top]
    n_right = weights @ (predicted * truth)
    n_both = weights @ predicted + weights @ truth
    with np.errstate(invalid="ignore", divide="ignore"):
        f1 = np.where(n_both > 0, 2 * n_right / n_both, np.nan)
    logs = truth * np.log(proba.clip(1e-9)) + (multilabel * (1 - truth)) * np.log((1 - proba).clip(1e-9))
    if multilabel:
        ece = calibration_error(proba.ravel(), truth.ravel(), np.repeat(weights, proba.shape[1], axis=1))
    else:
        ece = calibration_error(proba.max(axis=1), right, weights)
    areas = np.column_stack([weighted_auc(*columns, weights) for columns in zip(truth.T, proba.T)])
    mean_area = np.array([np.nanmean(row) if np.isfinite(row).any() else np.nan for row in areas])
    return {"accuracy": weights @ right / total, "macro_f1": np.nanmean(f1, axis=1),
            "log_loss": -(weights @ logs.sum(axis=1)) / total, "ece": ece, "auc": np.column_stack([mean_area, areas])}


def calibration_error(confidence, right, weights=None):
    """Expected calibration error: the mean difference between confidence and accuracy (Guo et al. 2017).

    The mean is over ten bins of equal width, each counted with the number of its answers.

    Parameters
    ----------
    confidence : np.ndarray [shape=(n,)]
        The predicted probability of the answer, from 0 to 1.
    right : np.ndarray [shape=(n,)], bool
        Whether the answer is right.
    weights : np.ndarray [shape=(samples, n)], optional
        How often each answer counts in each bootstrap sample.

    Returns
    -------
    float, or np.ndarray [shape=(samples,)] with weights

    Examples
    --------
    >>> float(calibration_error(np.array([.9, .9, .6, .6]), np.array([True, True, True, False])).round(2))
    0.1
    """
    confidence = np.asarray(confidence)
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    counts = np.ones((1, len(bins))) if weights is None else weights
    differences = (counts * (confidence - right)) @ np.eye(CALIBRATION_BINS)[bins]
    errors = np.abs(differences).sum(axis=1) / counts.sum(axis=1)
    return errors[0] if weights is None else errors


def weighted_auc(truth, score, weights):
    """Area under the ROC curve, for each row of weights; ties count half.

    Parameters
    ----------
    truth : np.ndarray [shape=(n,)]
        Ones and zeros.
    score : np.ndarray [shape=(n,)]
    weights : np.ndarray [shape=(samples, n)]

    Returns
    -------
    np.ndarray [shape=(samples,)]
        NaN where a sample does not have both classes.
    """
    levels, place = np.unique(score, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(levels)))
    positive, negative = (np.add.reduceat((weights * side)[:, order], starts, axis=1) for side in (truth, 1 - truth))
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(pairs > 0, (positive * below).sum(axis=1) / pairs, np.nan)
