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
from learning.calibration import CalibratedClassifier, mean_by, set_parameters
from learning.model_checks import UnsoundModel
from learning.network_classifier import NetworkClassifier
from learning.targets import encode, warn_about_spotify_terms
from signals.decoding import RunError
from sources.artists import artist_groups, artist_matrix, by_other_artists

WINDOW_SECONDS = 15.0
"""Length of a window for models that take any length."""


class TableInput:
    """A frame of numbers as an array: the columns of the fit in their order, gaps filled with medians.

    Attributes
    ----------
    image_settings_ : dict or None
        Where the features are image statistics, what made the images (`fit` takes it from
        ``X.attrs["image_settings"]``, where `image_statistics.describe_images` puts it); None for audio features.
    """

    takes = "features"
    image_settings_ = None

    @property
    def window_seconds(self):
        """The length of the training images in seconds, where it is known; else `WINDOW_SECONDS`."""
        return (self.image_settings_ or {}).get("segment_seconds", WINDOW_SECONDS)

    def _window_inputs(self, recording, seconds, hop_seconds):
        if self.image_settings_ is not None:
            return recording.window_statistics(self.image_settings_, seconds, hop_seconds)
        rows = recording.window_features(seconds, hop_seconds)
        missing = [name for name in self.feature_names_in_ if name not in rows]
        if missing:
            raise RunError(f"the model takes features that are not made from sound files: {', '.join(missing[:5])}")
        return rows

    def _distribution_features(self, rows):
        return self._frame(rows)

    def _frame(self, X):
        """The columns of the fit as a frame; an array's columns are taken to be in that order."""
        if hasattr(X, "columns"):
            return X.set_axis(X.columns.astype(str), axis=1)[list(self.feature_names_in_)].astype("float64")
        return pd.DataFrame(np.asarray(X, dtype=float), columns=self.feature_names_in_)

    def _array(self, X, fitting=False):
        """The values as floats, gaps filled with the medians of the training rows; while fitting, what they are is
        learned."""
        if fitting:
            X = X if hasattr(X, "columns") else pd.DataFrame(np.asarray(X)).rename(columns=str)
            wrong = [str(column) for column in X if not pd.api.types.is_numeric_dtype(X[column])]
            if wrong:
                raise ValueError(f"columns that are not numbers: {', '.join(wrong)}; give a numeric frame")
            self.image_settings_ = X.attrs.get("image_settings")
            self.feature_names_in_ = np.array([str(column) for column in X], dtype=object)
            self.n_features_in_ = len(self.feature_names_in_)
        elif not hasattr(X, "columns"):
            X = pd.DataFrame(np.asarray(X), columns=self.feature_names_in_)
        missing = [name for name in self.feature_names_in_ if name not in X.columns.astype(str)]
        if missing:
            raise ValueError(f"columns that the model was trained on are missing: {', '.join(missing[:10])}")
        named = X.set_axis(X.columns.astype(str), axis=1)[list(self.feature_names_in_)]
        values = named.to_numpy(np.float64, na_value=np.nan)
        values = np.where(np.isfinite(values), values, np.nan)
        if fitting:
            with np.errstate(all="ignore"):
                medians = [np.nanmedian(column) if np.isfinite(column).any() else 0 for column in values.T]
            self.medians_ = np.nan_to_num(np.array(medians))
        return np.where(np.isnan(values), self.medians_, values)


class TableNetwork(TableInput, NetworkClassifier):
    """A network on a row of features.

    `X` is a numeric frame; `y` one genre a row, a multi-hot matrix, or shares (rows of fractions that sum to one).
    Features are standardised by the training rows.

    Parameters
    ----------
    name : {'mlp', 'table_cnn', 'table_lstm'}
        See `architectures`.
    width, dropout, l2, activity_l2, noise, mixup, label_smoothing, epochs, batch_size, learning_rate, weight_decay,
    patience, seed
        As for `PictureClassifier`.
    """

    _examples_per_row = 1

    def __init__(
        self,
        name="mlp",
        *,
        width=16,
        dropout=0.3,
        l2=0.0,
        activity_l2=0.0,
        noise=0.1,
        mixup=0.2,
        label_smoothing=0.05,
        epochs=60,
        batch_size=32,
        learning_rate=2e-3,
        weight_decay=1e-3,
        patience=None,
        balanced=True,
        seed=0,
        verbose=True,
    ):
        set_parameters(self, locals())

    def _examples(self, X, fitting=False):
        values = self._array(X, fitting)
        if fitting:
            self.mean_, self.scale_ = values.mean(axis=0), values.std(axis=0)
            self.scale_[self.scale_ < 1e-9] = 1
        return ((values - self.mean_) / self.scale_).clip(-8, 8).astype(np.float32)

    def _build(self, n_genres):
        from learning import architectures
        return architectures.TABLE_NETWORKS[self.name]((len(self.feature_names_in_),), n_genres, self.get_params())

    def _batch(self, examples, targets, weights, rows, rng):
        (values, weight), mixed_targets = mixup([examples[rows], weights[rows]], targets[rows], rng, self.mixup)
        return values, mixed_targets, weight

    def _validation_batch(self, examples, targets, rows):
        return examples[rows], targets[rows], np.ones(len(rows), np.float32)

    def _logits(self, examples, network=None):
        network = (
            network or self.network_
        )  # called directly: a compiled function is compiled anew for every number of rows
        outputs = [np.asarray(network(examples[first:first + 1024])) for first in range(0, len(examples), 1024)]
        return np.concatenate(outputs).astype(float), np.arange(len(examples))


# ---- scikit-learn's models

def linear_pipeline(C, balanced):
    """Logistic regression on standardised columns; `C` is the inverse strength of the L2 penalty."""
    return make_pipeline(
        StandardScaler(), LogisticRegression(C=C, class_weight="balanced" if balanced else None, max_iter=3000)
    )


class TableModel(TableInput, CalibratedClassifier):
    """A scikit-learn classifier on a row of features, with calibrated probabilities.

    `X` is a numeric frame, `y` one genre a row or a multi-hot matrix.

    Parameters
    ----------
    name : str
    estimator : scikit-learn estimator
        A pipeline that ends in a classifier with `decision_function` or `predict_proba`.
    seed : int
        Of the folds on which the temperature is chosen where there is no validation set.
    """

    def __init__(self, name, estimator, seed=0):
        self.name, self.estimator, self.seed = name, estimator, seed

    def fit(self, X, y, validation=None, groups=None):
        """Fit the model.

        Parameters
        ----------
        X, y
            See the class.
        validation : tuple of (X, y), optional
            Songs for calibration; without it the temperature is chosen on five folds of the training rows.
        groups : sequence, optional
            The artist of each row: the folds keep the songs of an artist together.

        Returns
        -------
        self
        """
        warn_about_spotify_terms(X)
        targets, self.classes_, self.multilabel_ = encode(y)
        values = self._array(X, fitting=True)
        self.fitted_ = self._fitted(values, targets)
        self.checksum_ = None
        if validation is not None:
            held_out = self._encoded(validation[1])
            logits = self._scores(self.fitted_, self._array(validation[0]))
            on = f"{len(held_out):,} validation rows"
        else:
            held_out, logits, on = targets, np.empty(targets.shape), "five folds of the training rows"
            for train, test in self._folds(targets, groups):
                logits[test] = self._scores(self._fitted(values[train], targets[train]), values[test])
        self.calibrate(logits, np.arange(len(logits)), held_out, on)
        self._fit_distribution(self._frame(X), targets, validation)
        return self

    def _folds(self, targets, groups):
        n = min(5, int(targets.sum(axis=0).min())) if not self.multilabel_ else 5
        if groups is not None and len(set(groups)) >= 5:
            artists = artist_groups(range(len(groups)), groups)
            members = artist_matrix(range(len(groups)), groups)
            if len(set(artists)) >= 5:
                return [(train[by_other_artists(members, test)[train]], test)
                        for train, test in GroupKFold(5).split(targets, groups=artists)]
        if self.multilabel_ or n < 2:
            return KFold(min(5, len(targets)), shuffle=True, random_state=self.seed).split(targets)
        return StratifiedKFold(n, shuffle=True, random_state=self.seed).split(targets, targets.argmax(axis=1))

    def _fitted(self, values, targets):
        estimator = clone(self.estimator)
        last = estimator.steps[-1][1]
        if getattr(last, "n_neighbors", 0) > len(values):  # a song cannot have more neighbours than there are songs
            last.set_params(n_neighbors=len(values))
        if not self.multilabel_ and ((targets > 0) & (targets < 1)).any():
            raise ValueError(f"{self.name} takes one genre a song, or several, but no shares: a network does")
        if not self.multilabel_:
            return estimator.fit(values, targets.argmax(axis=1))
        *before, (name, last) = estimator.steps
        return Pipeline([*before, (name, OneVsRestClassifier(last))]).fit(values, targets.astype(int))

    def _scores(self, fitted, values):
        """Logits of all genres; a genre that a fold lacks gets the lowest of the row."""
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

    def decision_function(self, X):
        """Logits [shape=(rows, genres)]."""
        check_is_fitted(self, "fitted_")
        return self._scores(self.fitted_, self._array(X))

    def predict_proba(self, X):
        """Probabilities [shape=(rows, genres)]."""
        return self.probabilities(self.decision_function(X))

    def embed(self, X):
        """The logits [shape=(rows, genres)]: such a model has no layers."""
        return self.decision_function(X)

    def check(self):
        """Score the medians of the training rows; an UnsoundModel where a genre gets no finite score."""
        scores = self._scores(self.fitted_, self.medians_[None])
        if scores.shape != (1, len(self.classes_)) or not np.isfinite(scores).all():
            raise UnsoundModel(f"scores of shape {scores.shape} for {len(self.classes_)} genres, or no numbers")

    def count_weights(self):
        """How many numbers were learned: coefficients, support vectors, stored songs, or nodes of trees."""
        last = self.fitted_.steps[-1][1]
        if hasattr(last, "estimators_") and hasattr(last.estimators_[0], "tree_"):
            return sum(tree.tree_.node_count for tree in last.estimators_)
        names = ("coef_", "support_vectors_", "_fit_X")
        return int(np.size(next((getattr(last, name) for name in names if hasattr(last, name)), np.empty(0))))

    def _weights(self):
        return self.fitted_


# ---- the last layer over a backbone

PENALTIES = (.003, .01, .03, .1, .3)
"""Values of `C` that are tried for the last layer over a backbone."""


def fit_last_layer(classifier, examples, targets, songs):
    """Fit a network's last layer to the outputs of the layers before it, for each song (a linear probe).

    Its penalty and temperature are chosen on songs that are held out. Tuning all weights from there harms the
    backbone less than from a random last layer (Kumar et al. 2022).

    Parameters
    ----------
    classifier : NetworkClassifier
        With its network; the last layer is named `scores`, the one before it `embedding`.
    examples
        Of the classifier, of the training rows.
    targets : np.ndarray [shape=(rows, genres)]
    songs : np.ndarray [shape=(rows,)]
        The number of each row's song.
    """
    from learning import keras_tools
    values, rows = classifier._logits(examples, keras_tools.sub_network(classifier.network_, "embedding"))
    features = pd.DataFrame(mean_by(values, songs[rows], songs.max() + 1))
    targets = mean_by(targets, songs, len(features))
    genres = classifier.classes_
    y = pd.DataFrame(targets > 0, columns=genres) if classifier.multilabel_ else genres[targets.argmax(axis=1)]
    probes = [
        TableModel("linear", linear_pipeline(C, classifier.balanced), classifier.seed).fit(features, y)
        for C in PENALTIES
    ]
    best = min(probes, key=lambda probe: probe.calibration_loss_)
    corners = np.vstack([np.zeros(features.shape[1]), np.eye(features.shape[1])])
    logits = best.decision_function(corners) / best.temperature_
    classifier.network_.get_layer("scores").set_weights([logits[1:] - logits[0], logits[0]])
