"""Networks and scikit-learn models on rows of features, with calibrated probabilities."""

import numpy as np
import pandas as pd
import scipy.special
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from learning.augmentation import mixup
from learning.calibration import CalibratedClassifier, set_parameters
from learning.network_classifier import NetworkClassifier
from learning.targets import encode, warn_about_spotify_terms


class TableInput:
    """A frame of numbers as an array: the columns of the fit in their order, gaps filled with medians."""

    def _columns(self, X, fitting=False):
        if fitting:
            if not hasattr(X, "columns"):
                X = pd.DataFrame(np.asarray(X)).rename(columns=str)
            wrong = [str(column) for column in X if not pd.api.types.is_numeric_dtype(X[column])]
            if wrong:
                raise ValueError(f"columns that are not numbers: {', '.join(wrong)}; give a numeric frame")
            self.feature_names_in_ = np.array([str(column) for column in X], dtype=object)
            self.n_features_in_ = len(self.feature_names_in_)
        elif not hasattr(X, "columns"):
            X = pd.DataFrame(np.asarray(X), columns=self.feature_names_in_)
        missing = [name for name in self.feature_names_in_ if name not in X.columns.astype(str)]
        if missing:
            raise ValueError(f"columns that the model was trained on are missing: {', '.join(missing[:10])}")
        values = X.set_axis(X.columns.astype(str), axis=1)[list(self.feature_names_in_)].to_numpy(np.float64, na_value=np.nan)
        values = np.where(np.isfinite(values), values, np.nan)
        if fitting:
            with np.errstate(all="ignore"):
                self.medians_ = np.nan_to_num(np.array([np.nanmedian(column) if np.isfinite(column).any() else 0
                                                        for column in values.T]))
        return np.where(np.isnan(values), self.medians_, values)


class TableNetwork(TableInput, NetworkClassifier):
    """A network on a row of features.

    `X` is a numeric frame; `y` one genre a row, a multi-hot matrix, or shares (rows of fractions that sum to one). Features are
    standardised by the training rows.

    Parameters
    ----------
    name : {'mlp', 'table_cnn', 'table_lstm'}
        See `networks`.
    width, dropout, l2, activity_l2, noise, mixup, label_smoothing, epochs, batch_size, learning_rate, weight_decay, patience,
    seed
        As for `PictureClassifier`.
    """

    _repeats = 1

    def __init__(self, name="mlp", *, width=16, dropout=.3, l2=0.0, activity_l2=0.0, noise=.1, mixup=.2, label_smoothing=.05,
                 epochs=60, batch_size=32, learning_rate=2e-3, weight_decay=1e-3, patience=None, balanced=True, seed=0,
                 verbose=True):
        set_parameters(self, locals())

    def _examples(self, X, fitting=False):
        values = self._columns(X, fitting)
        if fitting:
            self.mean_, self.scale_ = values.mean(axis=0), values.std(axis=0)
            self.scale_[self.scale_ < 1e-9] = 1
        return ((values - self.mean_) / self.scale_).clip(-8, 8).astype(np.float32)

    def _build(self, n_genres):
        from learning import architectures
        return architectures.TABLE_NETWORKS[self.name]((len(self.feature_names_in_),), n_genres, self.get_params())

    def _batch(self, examples, targets, weights, rows, rng):
        (values, weight), wanted = mixup([examples[rows], weights[rows]], targets[rows], rng, self.mixup)
        return values, wanted, weight

    def _fixed(self, examples, targets, rows):
        return examples[rows], targets[rows], np.ones(len(rows), np.float32)

    def _scores(self, examples, network=None):
        network = network or self.network_  # called as it is: a compiled function would be compiled anew for every number of rows
        said = [np.asarray(network(examples[first:first + 1024])) for first in range(0, len(examples), 1024)]
        return np.concatenate(said).astype(float), np.arange(len(examples))


# ---- scikit-learn's own

def linear_pipeline(C, balanced):
    """Logistic regression on standardised columns; `C` is the inverse strength of the L2 penalty."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, class_weight="balanced" if balanced else None, max_iter=3000))


class TableModel(TableInput, CalibratedClassifier):
    """A scikit-learn classifier on a row of features, with calibrated probabilities.

    `X` is a numeric frame, `y` one genre a row or a multi-hot matrix.

    Parameters
    ----------
    name : str
    estimator : scikit-learn estimator
        A pipeline that ends in a classifier with `decision_function` or `predict_proba`.
    seed : int
        Of the folds on which the temperature is chosen where no validation set is given.
    """

    def __init__(self, name, estimator, seed=0):
        self.name, self.estimator, self.seed = name, estimator, seed

    def fit(self, X, y, validation=None, *, groups=None):
        """Fit; the temperature is chosen on `validation`, else on five folds of the training rows (whole `groups`, if given)."""
        warn_about_spotify_terms(X)
        targets, self.classes_, self.multilabel_ = encode(y)
        values = self._columns(X, fitting=True)
        self.fitted_ = self._fitted(values, targets)
        if validation is not None:
            wanted = self._targets(validation[1])
            scores, on = self._said(self.fitted_, self._columns(validation[0])), f"{len(wanted):,} validation rows"
        else:
            scores, wanted = np.empty(targets.shape), targets
            for train, held_out in self._folds(targets, groups):
                scores[held_out] = self._said(self._fitted(values[train], targets[train]), values[held_out])
            on = "five folds of the training rows"
        self._calibrate(scores, np.arange(len(scores)), wanted, on)
        return self

    def _folds(self, targets, groups):
        n = min(5, int(targets.sum(axis=0).min())) if not self.multilabel_ else 5
        if groups is not None and len(set(groups)) >= 5:
            return GroupKFold(5).split(targets, groups=groups)
        if self.multilabel_ or n < 2:
            return KFold(min(5, len(targets)), shuffle=True, random_state=self.seed).split(targets)
        return StratifiedKFold(n, shuffle=True, random_state=self.seed).split(targets, targets.argmax(axis=1))

    def _fitted(self, values, targets):
        estimator = clone(self.estimator)
        if not self.multilabel_ and ((targets > 0) & (targets < 1)).any():
            raise ValueError(f"{self.name} takes one genre a song, or several, but no shares: a network does")
        if not self.multilabel_:
            return estimator.fit(values, targets.argmax(axis=1))
        *before, (name, last) = estimator.steps
        return Pipeline([*before, (name, OneVsRestClassifier(last))]).fit(values, targets.astype(int))

    def _said(self, fitted, values):
        """Scores of all genres; one that a fold lacks is as unlikely as its least likely one."""
        if hasattr(fitted, "decision_function"):
            scores = fitted.decision_function(values)
            scores = np.column_stack([-scores, scores]) if scores.ndim == 1 else scores
        else:
            proba = fitted.predict_proba(values).clip(.01, .99)  # of few neighbours, none is certain
            scores = scipy.special.logit(proba) if self.multilabel_ else np.log(proba)
        if scores.shape[1] == len(self.classes_):
            return scores
        whole = np.tile(scores.min(axis=1, keepdims=True), (1, len(self.classes_)))
        whole[:, fitted.classes_] = scores
        return whole

    def predict_proba(self, X):
        """Probabilities [shape=(rows, genres)]."""
        check_is_fitted(self, "fitted_")
        return self._probabilities(self._said(self.fitted_, self._columns(X)))

    def embed(self, X):
        """The scores before they are made probabilities [shape=(rows, genres)]: such a model has no layers."""
        check_is_fitted(self, "fitted_")
        return self._said(self.fitted_, self._columns(X))
