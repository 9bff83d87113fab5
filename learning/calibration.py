"""From logits to calibrated probabilities, by one temperature (Guo et al. 2017), and what all classifiers have in
common."""

import joblib
import numpy as np
import pandas as pd
import scipy.optimize
import scipy.special
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GroupShuffleSplit

from learning.out_of_distribution import fit_distribution, out_of_distribution_score
from signals.recording import as_recording
from sources.artists import artist_groups, artist_matrix, by_other_artists


def set_parameters(estimator, values):
    """Store every argument of `__init__` as an attribute of its name, as scikit-learn asks for."""
    for name, value in values.items():
        if name not in ("self", "__class__"):
            setattr(estimator, name, value)


class CalibratedClassifier(ClassifierMixin, BaseEstimator):
    """A classifier whose logits become calibrated probabilities.

    Attributes
    ----------
    takes : {'images', 'features'}
        What `fit` and `predict_proba` take: rows of an image manifest, or rows of numeric features. `inputs` makes
        them from a song.
    window_seconds : float
        Length of a window of a song, where no other is asked for.
    temperature_ : float
        Logits are divided by it.
    distribution_ : dict or None
        What `out_of_distribution_score` needs; set by `fit`.
    checksum_ : str or None
        Of the saved weights, for a model that was loaded and not fitted since.
    """

    distribution_ = None
    checksum_ = None

    def inputs(self, song, *, seconds=None, hop_seconds=None):
        """The windows of a song, as `predict_proba` takes them; no files are written.

        Parameters
        ----------
        song : str, Path or Recording
        seconds : float, optional
            Length of a window; `window_seconds` where it is not given.
        hop_seconds : float, optional
            From one window to the next; half a window where it is not given.

        Returns
        -------
        pd.DataFrame
            One row a window, indexed by its start in seconds: its image, the statistics of its image, or its audio
            features.

        Raises
        ------
        AudioError
            The file cannot be decoded, or is silent, or shorter than a second.
        ValueError
            It is not known how the training images were made, or the model takes features that are not made from
            sound files.
        """
        seconds = seconds or self.window_seconds
        return self._window_inputs(as_recording(song), seconds, hop_seconds or seconds / 2)

    def probabilities(self, logits, temperature=None):
        """Probabilities of logits [shape=(n, genres)]: softmax, or a sigmoid each where a song may have several
        genres."""
        logits = logits / (temperature or self.temperature_)
        return scipy.special.expit(logits) if self.multilabel_ else scipy.special.softmax(logits, axis=-1)

    def calibrate(self, logits, rows, targets, on):
        """Choose the temperature that minimises the log-loss on rows that the logits were not fitted to.

        Parameters
        ----------
        logits : np.ndarray [shape=(n, genres)]
            Of chunks.
        rows : np.ndarray [shape=(n,)]
            The row that each chunk belongs to; probabilities are averaged over its chunks.
        targets : np.ndarray [shape=(rows, genres)]
            The true genres.
        on : str
            What the rows are, for `calibrated_on_`.
        """
        targets = np.asarray(targets, dtype=float)

        def loss(log_temperature):
            proba = mean_by(self.probabilities(logits, np.exp(log_temperature)), rows, len(targets)).clip(
                1e-6, 1 - 1e-6
            )
            absent = np.log1p(-proba) * (1 - targets) if self.multilabel_ else 0
            return -float(np.mean(np.sum(targets * np.log(proba) + absent, axis=1)))
        # where few rows are all right, the loss falls without end: no temperature below one by the root of their number
        lowest = -min(4, np.log(max(2, len(targets))) / 2)
        best = scipy.optimize.minimize_scalar(loss, bounds=(lowest, 4), method="bounded")
        self.temperature_ = float(np.exp(best.x)) if best.fun < loss(0) else 1.0
        self.calibration_loss_ = min(float(best.fun), loss(0))
        self.calibrated_on_ = on

    def predict(self, X):
        """The most probable genre of each row; where a song may have several, all above one half, as a multi-hot
        matrix."""
        proba = self.predict_proba(X)
        return (proba >= .5).astype(int) if self.multilabel_ else self.classes_[proba.argmax(axis=1)]

    def out_of_distribution(self, rows, shares):
        """How unlike the training songs each row is, from 0 (like them) to 1; zeros where the model cannot tell.

        Parameters
        ----------
        rows : pd.DataFrame
            As from `inputs`.
        shares : pd.DataFrame [shape=(n, genres)]
            The rows' probabilities.

        Returns
        -------
        np.ndarray [shape=(n,)]
        """
        if not self.distribution_:
            return np.zeros(len(rows))
        return out_of_distribution_score(self.distribution_, self._distribution_features(rows), shares)

    def fingerprint(self):
        """A text that differs where the weights, the calibration or the training songs' distribution differ."""
        weights = self.checksum_ or joblib.hash(self._weights())
        rest = joblib.hash([float(self.temperature_), [str(name) for name in self.classes_], self.distribution_])
        return f"{weights} {rest}"

    def _encoded(self, y):
        """The true genres as zeros and ones, for genres that are known from training."""
        if np.ndim(y) == 2:
            return np.asarray(y, dtype=np.float32)
        y = np.asarray(y, dtype=object).astype(str)
        unknown = sorted(set(y) - set(self.classes_))
        if unknown:
            raise ValueError(f"validation has genres that training has not: {', '.join(unknown)}")
        return (y[:, None] == self.classes_).astype(np.float32)

    def _fit_distribution(self, X, targets, validation):
        """Learn what the training songs are like; the validation songs say how far from that is usual."""
        if self.multilabel_ or len(X) < 2:
            self.distribution_ = None
            return
        held_out = (None, None)
        if validation is not None:
            held_out = (
                self._distribution_features(validation[0]),
                self.classes_[self._encoded(validation[1]).argmax(axis=1)],
            )
        genres = self.classes_[np.asarray(targets).argmax(axis=1)]
        self.distribution_ = fit_distribution(self._distribution_features(X), genres, *held_out)


def track_embeddings(classifier, X):
    """The embedding of each track: the mean over its rows.

    Parameters
    ----------
    classifier
        Fitted, as from `models.build` or `models.load`.
    X : pd.DataFrame
        Rows that it takes, with the track in the index or in a column `track_id`.

    Returns
    -------
    pd.DataFrame
        Indexed by `track_id`: columns `embedding_001` ..., to be joined to a table of tracks.
    """
    ids = X["track_id"] if "track_id" in X else X.index.to_series()
    rows = pd.DataFrame(classifier.embed(X), index=pd.Index(ids, name="track_id"))
    table = rows.groupby(level=0, sort=False).mean()
    return table.set_axis([f"embedding_{number:03d}" for number in range(1, table.shape[1] + 1)], axis=1)


def mean_by(values, rows, n):
    """The mean of the values that belong to each row: [shape=(n, ...)]."""
    total = np.zeros((n, values.shape[1]))
    np.add.at(total, rows, values)
    return total / np.bincount(rows, minlength=n)[:, None]


def hold_out_groups(X, y, groups, seed=0):
    """Split off a validation set of whole groups, a fifth of them; None where that would leave training without a
    genre.

    Parameters
    ----------
    X : pd.DataFrame or np.ndarray
    y : sequence of str, or a frame of several columns
    groups : sequence
        Of each row, its artist.
    seed : int

    Returns
    -------
    X, y : as given, for training
    validation : tuple of (X, y) or None
    """
    artists = artist_groups(range(len(groups)), groups)
    if len(set(artists)) < 5:
        return X, y, None
    labels = y if np.ndim(y) == 2 else np.asarray(y, dtype=object)
    train, held_out = next(
        GroupShuffleSplit(1, test_size=0.2, random_state=seed).split(np.zeros(len(labels)), groups=artists)
    )
    train = train[by_other_artists(artist_matrix(range(len(groups)), groups), held_out)[train]]
    if np.ndim(y) == 1 and set(labels[train]) != set(labels):
        return X, y, None
    return _rows(X, train), _rows(labels, train), (_rows(X, held_out), _rows(labels, held_out))


def _rows(values, rows):
    return values.iloc[rows] if isinstance(values, (pd.DataFrame, pd.Series)) else np.asarray(values)[rows]
