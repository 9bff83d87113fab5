"""From scores to calibrated probabilities, by one temperature (Guo et al. 2017)."""

import numpy as np
import scipy.special
from sklearn.base import BaseEstimator, ClassifierMixin


def set_parameters(estimator, values):
    """What scikit-learn asks of `__init__`: every argument as an attribute of its name."""
    for name, value in values.items():
        if name not in ("self", "__class__"):
            setattr(estimator, name, value)


class CalibratedClassifier(ClassifierMixin, BaseEstimator):
    """From scores to probabilities, and from probabilities to a genre."""

    def _probabilities(self, scores, temperature=None):
        scores = scores / (temperature or self.temperature_)
        return scipy.special.expit(scores) if self.multilabel_ else scipy.special.softmax(scores, axis=-1)

    def _calibrate(self, scores, rows, targets, on):
        """Choose the temperature: `scores` of chunks, the row each belongs to, and what the rows are."""
        targets = np.asarray(targets, dtype=float)

        def loss(log_temperature):
            proba = mean_by(self._probabilities(scores, np.exp(log_temperature)), rows, len(targets)).clip(1e-6, 1 - 1e-6)
            nothing = np.log1p(-proba) * (1 - targets) if self.multilabel_ else 0
            return -float(np.mean(np.sum(targets * np.log(proba) + nothing, axis=1)))
        best = scipy.optimize.minimize_scalar(loss, bounds=(-4, 4), method="bounded")
        self.temperature_ = float(np.exp(best.x)) if best.fun < loss(0) else 1.0
        self.calibration_loss_ = min(float(best.fun), loss(0))
        self.calibrated_on_ = on

    def _targets(self, y):
        """Zeros and ones for genres that are known from training."""
        if np.ndim(y) == 2:
            return np.asarray(y, dtype=np.float32)
        y = np.asarray(y, dtype=object).astype(str)
        unknown = sorted(set(y) - set(self.classes_))
        if unknown:
            raise ValueError(f"validation has genres that training has not: {', '.join(unknown)}")
        return (y[:, None] == self.classes_).astype(np.float32)

    def predict(self, X):
        """The most probable genre of each row; of several genres a song, all above one half, as a multi-hot matrix."""
        proba = self.predict_proba(X)
        return (proba >= .5).astype(int) if self.multilabel_ else self.classes_[proba.argmax(axis=1)]


def mean_by(values, rows, n):
    """The mean of the values that belong to each row: [shape=(n, ...)]."""
    total = np.zeros((n, values.shape[1]))
    np.add.at(total, rows, values)
    return total / np.bincount(rows, minlength=n)[:, None]
