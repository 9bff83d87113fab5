"""Classifiers on what the pre-trained network musicnn hears: its embeddings and its tags."""

import numpy as np
import pandas as pd
import scipy.optimize
import scipy.special
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from learning.calibration import CalibratedClassifier, set_parameters
from learning.pretrained import (
    EMBEDDING,
    PATCH_SECONDS,
    as_table,
    embedding_columns,
    hear_patches,
    patches_in_window,
    tag_columns,
    window_embeddings,
)
from learning.table_classifiers import TableModel, linear_pipeline
from learning.targets import family_shares, warn_about_spotify_terms

WINDOW_SECONDS = 4 * PATCH_SECONDS
"""Length of a window: four patches of the network."""
PENALTIES = (.0003, .001, .003, .01, .03)
"""Values of `C` that are tried for a linear layer over the embeddings."""
FAMILIES = {
    "blues": ["blues"],
    "classical": ["classical (MTT)"],
    "country": ["country"],
    "disco": [],
    "electronic": ["electronic", "electronica", "House", "electro", "ambient"],
    "folk": ["folk"],
    "hip hop": ["Hip-Hop"],
    "jazz": ["jazz"],
    "metal": ["metal", "heavy metal"],
    "pop": ["pop", "indie pop"],
    "reggae": [],
    "rock": ["rock", "alternative", "alternative rock", "indie", "indie rock", "classic rock", "punk", "hard rock",
             "Progressive rock"],
    "soul": ["soul", "funk", "rnb"],
}
"""The families of genres, and the tags that are evidence for each."""
STYLES = {
    "electronic": {"electronic": ["electronic"], "electronic: house": ["House"], "electronic: ambient": ["ambient"],
                   "electronic: electro": ["electro"], "electronic: electronica": ["electronica"]},
    "metal": {"metal": ["metal"], "metal: heavy metal": ["heavy metal"]},
    "pop": {"pop": ["pop"], "pop: indie pop": ["indie pop"]},
    "rock": {"rock": ["rock"], "rock: alternative rock": ["alternative", "alternative rock"],
             "rock: indie rock": ["indie", "indie rock"], "rock: classic rock": ["classic rock"],
             "rock: punk": ["punk"], "rock: hard rock": ["hard rock"], "rock: progressive rock": ["Progressive rock"]},
    "soul": {"soul": ["soul"], "soul: funk": ["funk"], "soul: R&B": ["rnb"]},
}
"""The styles of a family, and the tags that tell them apart; the first is the family itself, for no style of these."""
PENALTY_OF_BIASES = .01
"""On the squared biases of the families, and on the square of what the scale of the tags differs from one."""
SMALLEST = 1e-4
"""Probabilities of tags are clipped to it before their logit is taken."""


class EmbeddingInput:
    """What is common to the classifiers on embeddings: rows as `pretrained.window_embeddings` gives them."""

    takes = "embeddings"
    window_seconds = WINDOW_SECONDS

    def _window_inputs(self, recording, seconds, hop_seconds):
        return window_embeddings(recording, seconds, hop_seconds)

    def patch_starts(self, recording, start):
        """The starts in seconds of the patches that the networks hear in the window that begins at `start`."""
        return patches_in_window(recording, start, self.window_seconds)

    def inputs_of_patches(self, windows):
        """Rows that `predict_proba` takes, from windows of patches of `pretrained.log_mel`.

        Parameters
        ----------
        windows : sequence of np.ndarray [shape=(patches, 187, 96)]
            Patches that several windows have in common are heard once.

        Returns
        -------
        pd.DataFrame [shape=(windows, 500)]
        """
        patches = np.concatenate(windows)
        numbers, different = {}, []
        for patch in patches:
            key = patch.tobytes()
            if key not in numbers:
                numbers[key] = len(numbers)
                different.append(patch)
        heard = as_table(*hear_patches(np.stack(different)))
        rows = heard.iloc[[numbers[patch.tobytes()] for patch in patches]]
        return rows.groupby(np.repeat(np.arange(len(windows)), [len(window) for window in windows])).mean()


def embedding_features(X):
    """The embeddings and the logits of the tags of each row [shape=(n, 500)].

    Raises
    ------
    ValueError
        The table has no such columns, or values are missing.
    """
    columns = [*embedding_columns(), *tag_columns()]
    missing = [name for name in columns if name not in X]
    if missing:
        raise ValueError(f"the table has no column {missing[0]!r}: make it with features.extract_embeddings")
    values = X[columns].to_numpy(float)
    unknown = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(unknown):
        raise ValueError(f"{len(unknown)} rows have missing values, such as {X.index[unknown[0]]!r}: leave them out, "
                         "or make them again with features.extract_embeddings")
    embeddings, tags = values[:, :2 * EMBEDDING], values[:, 2 * EMBEDDING:]
    return np.hstack([embeddings, scipy.special.logit(tags.clip(SMALLEST, 1 - SMALLEST))])


def feature_frame(X):
    """As `embedding_features`, a frame with the names of the columns."""
    return pd.DataFrame(embedding_features(X), X.index, [*embedding_columns(), *tag_columns()])


def unit_embeddings(X):
    """The embedding of `MSD_musicnn` of each row, of length one: a frame [shape=(n, 200)].

    With ten songs a genre, the tags and the embedding of `MTT_musicnn` made the predictions worse, and the length of
    the embedding as well (`tests/benchmarks/bench_transfer.py`).
    """
    names = embedding_columns()[:EMBEDDING]
    values = embedding_features(X)[:, :EMBEDDING]
    return pd.DataFrame(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9), X.index, names)


class TransferModel(EmbeddingInput, TableModel):
    """A calibrated linear layer over the embedding of musicnn, for genres of your own.

    `X` is rows of `features.extract_embeddings`, `y` one genre a row or a multi-hot matrix. The strength of the penalty
    is chosen on songs that are held out.

    Parameters
    ----------
    balanced : bool
        All genres count alike, however many songs they have.
    seed : int
        Of the folds on which the penalty and the temperature are chosen where there is no validation set.
    estimator : scikit-learn pipeline, optional
        `fit` sets it.
    """

    def __init__(self, balanced=True, seed=0, estimator=None):
        super().__init__("transfer", estimator, seed)
        self.balanced = balanced

    def fit(self, X, y, validation=None, groups=None):
        """Fit the layer; the parameters are those of `TableModel.fit`."""
        warn_about_spotify_terms(X)
        data = unit_embeddings(X), y
        held_out = None if validation is None else (unit_embeddings(validation[0]), validation[1])
        tried = [
            TableModel("transfer", linear_pipeline(C, self.balanced), self.seed).fit(*data, held_out, groups)
            for C in PENALTIES
        ]
        self.estimator = min(tried, key=lambda model: model.calibration_loss_).estimator
        return super().fit(*data, held_out, groups)

    def decision_function(self, X):
        """Logits [shape=(rows, genres)]."""
        return super().decision_function(unit_embeddings(X))

    def out_of_distribution(self, rows, shares):
        """As `CalibratedClassifier.out_of_distribution`, for rows of embeddings."""
        return super().out_of_distribution(unit_embeddings(rows), shares)

    def embed(self, X):
        """The embedding of musicnn, of length one [shape=(rows, 200)]."""
        return unit_embeddings(X).to_numpy()


class FamilyClassifier(EmbeddingInput, CalibratedClassifier):
    """Families of genres and their styles, from embeddings and tags: the classifier of the starter model `music`.

    The logit of a family is the logarithm of the probability of its tags, each in relation to its mean, plus a linear
    layer on embeddings and tags, whose penalty pulls it to zero. So where there are few labelled songs, the tags
    decide, which the network learned from 200,000 songs. A family without labelled songs has no linear layer; its bias
    is set so that it gets a small share of the training songs. Within a family, the tags of its styles decide.

    Parameters
    ----------
    penalty : float
        On the squared weights of the linear layer, beside the mean log-loss.
    unlabelled_share : float
        The mean share, over the training songs, of a family without labelled songs.
    """

    def __init__(self, penalty=.07, unlabelled_share=.015):
        set_parameters(self, locals())

    @property
    def array_shapes(self):
        """The names and shapes of the arrays that are saved as weights."""
        n_features, n_tags = len(embedding_columns()) + len(tag_columns()), len(tag_columns())
        return {"layer_": (n_features, len(FAMILIES)), "bias_": (len(FAMILIES),), "feature_mean_": (n_features,),
                "feature_scale_": (n_features,), "tag_means_": (n_tags,), "tag_scale_": (),
                "no_music_weights_": (n_features,), "no_music_bias_": ()}

    def fit(self, X, y, *, weights=None, no_music=None):
        """Fit the layer.

        Parameters
        ----------
        X : pd.DataFrame
            Rows of `features.extract_embeddings`.
        y : pd.DataFrame [shape=(n, families)]
            The shares of the families in each row; rows sum to one.
        weights : sequence of float, optional
            Of the rows.
        no_music : pd.DataFrame, optional
            Rows of sounds that are not music: a second layer learns to tell them from music.

        Returns
        -------
        self
        """
        y = pd.DataFrame(y).reindex(columns=list(FAMILIES), fill_value=0)
        weights = np.ones(len(X)) if weights is None else np.asarray(weights, dtype=float)
        weights = weights / weights.sum()
        self.classes_ = np.array([style for family in FAMILIES for style in STYLES.get(family, [family])], dtype=object)
        self.multilabel_, self.temperature_, self.distribution_, self.checksum_ = False, 1.0, None, None
        self.tag_means_ = np.average(X[tag_columns()].to_numpy(float), axis=0, weights=weights)
        features = embedding_features(X)
        self.feature_mean_ = features.mean(axis=0)
        self.feature_scale_ = np.maximum(features.std(axis=0), 1e-9)
        values = (features - self.feature_mean_) / self.feature_scale_
        self._fit_families(values, self._evidence(X), y.to_numpy(float), weights)
        self.no_music_weights_ = np.zeros(features.shape[1])
        self.no_music_bias_ = -20.0  # everything is music
        if no_music is not None:
            self._fit_no_music(features, embedding_features(no_music), weights)
        return self

    def _fit_families(self, values, evidence, targets, weights):
        known = targets.sum(axis=0) > 0
        n, n_known = values.shape[1], int(known.sum())

        def loss(parameters):
            layer, bias, scale = self._unpacked(parameters, n, n_known)
            logits = values @ layer + bias + scale * evidence[:, known]
            logs = scipy.special.log_softmax(logits, axis=1)
            error = (np.exp(logs) - targets[:, known]) * weights[:, None]
            value = -np.sum(weights * np.sum(targets[:, known] * logs, axis=1)) + self.penalty * np.sum(layer ** 2)
            value += PENALTY_OF_BIASES * (np.sum(bias ** 2) + (scale - 1) ** 2)
            gradient = [(values.T @ error + 2 * self.penalty * layer).ravel(),
                        error.sum(axis=0) + 2 * PENALTY_OF_BIASES * bias,
                        [np.sum(error * evidence[:, known]) + 2 * PENALTY_OF_BIASES * (scale - 1)]]
            return value, np.concatenate(gradient)

        start = np.append(np.zeros((n + 1) * n_known), 1.0)
        best = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
        layer, bias, self.tag_scale_ = self._unpacked(best.x, n, n_known)
        self.layer_ = np.zeros((n, len(known)))
        self.layer_[:, known] = layer
        self.bias_ = np.zeros(len(known))
        self.bias_[known] = bias
        logits = values @ self.layer_ + self.bias_ + self.tag_scale_ * evidence
        for _ in range(100):  # each step sets the shares to what they should be, while the others change a little
            shares = weights @ scipy.special.softmax(logits, axis=1)
            step = np.where(known, 0, np.log(self.unlabelled_share / shares))
            self.bias_ += step
            logits += step

    @staticmethod
    def _unpacked(parameters, n, n_known):
        return parameters[:n * n_known].reshape(n, n_known), parameters[n * n_known:-1], float(parameters[-1])

    def _fit_no_music(self, music, other, weights):
        values = np.vstack([music, other])
        standardised = StandardScaler().fit(values)
        is_other = np.repeat([0, 1], [len(music), len(other)])
        both = np.concatenate([weights, np.full(len(other), 1 / len(other))]) * len(values) / 2
        layer = LogisticRegression(C=.001, max_iter=1000).fit(standardised.transform(values), is_other, both)
        self.no_music_weights_ = layer.coef_[0] / standardised.scale_
        self.no_music_bias_ = float(layer.intercept_[0] - self.no_music_weights_ @ standardised.mean_)

    def _evidence(self, X):
        """For each family, the logarithm of the probability of its tags in relation to their mean [shape=(n,
        families)]."""
        evidence = np.zeros((len(X), len(FAMILIES)))
        names = tag_columns()
        for number, tags in enumerate(FAMILIES.values()):
            if tags:
                columns = [names.index(f"tag: {tag}") for tag in tags]
                relative = X[[names[column] for column in columns]].to_numpy(float) / self.tag_means_[columns]
                evidence[:, number] = np.log(relative.mean(axis=1).clip(SMALLEST))
        return evidence

    def decision_function(self, X):
        """Logits of the families [shape=(rows, families)]."""
        check_is_fitted(self, "layer_")
        values = (embedding_features(X) - self.feature_mean_) / self.feature_scale_
        return values @ self.layer_ + self.bias_ + self.tag_scale_ * self._evidence(X)

    def predict_proba(self, X):
        """Probabilities of the styles [shape=(rows, styles)]; `targets.family_shares` adds them up by family."""
        families = self.probabilities(self.decision_function(X))
        columns = []
        for number, family in enumerate(FAMILIES):
            styles = STYLES.get(family, {family: []})
            # clipped: in a table with rounded probabilities, all tags of a family can be zero
            parts = np.array([X[[f"tag: {tag}" for tag in tags]].to_numpy(float).max(axis=1).clip(SMALLEST) if tags
                              else np.ones(len(X)) for tags in styles.values()])
            columns.extend(families[:, number] * parts / parts.sum(axis=0))
        return np.column_stack(columns)

    def predict(self, X):
        """The most probable style of the most probable family of each row."""
        shares = pd.DataFrame(self.predict_proba(X), columns=self.classes_)
        families = family_shares(shares).idxmax(axis=1)
        styles = [list(STYLES.get(family, [family])) for family in families]
        return np.array([shares.loc[row, names].idxmax() for row, names in enumerate(styles)], dtype=object)

    def embed(self, X):
        """The standardised embeddings of musicnn [shape=(rows, 400)]."""
        n = len(embedding_columns())
        return (X[embedding_columns()].to_numpy(float) - self.feature_mean_[:n]) / self.feature_scale_[:n]

    def out_of_distribution(self, rows, shares):
        """How unlike the training songs each row is, from 0 to 1: by its distance, or because it is not music."""
        by_distance = super().out_of_distribution(rows, family_shares(shares))
        return np.maximum(by_distance, self.no_music_probability(rows))

    def no_music_probability(self, X):
        """The probability that a row is not music [shape=(rows,)]; about zero where that was not learned."""
        return scipy.special.expit(embedding_features(X) @ self.no_music_weights_ + self.no_music_bias_)

    def _distribution_features(self, rows):
        return feature_frame(rows)

    def count_weights(self):
        """How many numbers were learned, without those of musicnn."""
        return int(self.layer_.size + self.bias_.size + 1)

    def _weights(self):
        return [getattr(self, name) for name in self.array_shapes]
