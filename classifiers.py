"""The classifiers, each a scikit-learn estimator: networks on pictures, networks on tables, scikit-learn's own on tables.

All turn scores into probabilities by one temperature (Guo et al. 2017), chosen where songs were judged that the scores had not
been fitted to.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.optimize
import scipy.special
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from batches import ChunkStore, mixed, settings_of, stretched, vary
from saving import read_model, read_network
from targets import balance, encode

MEMORY = 64
"""Chunks that are judged at once."""
PENALTIES = (.003, .01, .03, .1, .3)
"""Of the last layer over a backbone: `C` to choose from."""


def _remember(estimator, values):
    """What scikit-learn asks of `__init__`: every argument as an attribute of its name."""
    for name, value in values.items():
        if name not in ("self", "__class__"):
            setattr(estimator, name, value)


_warned = set()


def warn_of_terms(X):
    """Warn, once a session, where songs come from a Spotify export: its developer terms forbid training models on its content."""
    column = X["source"].unique() if "source" in getattr(X, "columns", ()) else ()
    sources = [getattr(X, "attrs", {}).get("source", ""), *column]
    if not _warned and any("Spotify export" in str(source) for source in sources):
        _warned.add("terms")
        warnings.warn("these rows are a Spotify export: Spotify's developer terms allow looking at them and making playlists, "
                      "and forbid training models on them", stacklevel=3)


class _Calibrated(ClassifierMixin, BaseEstimator):
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


# ---- networks

class _Network(_Calibrated):
    """What networks on pictures and on tables have in common: targets, the training loop, probabilities."""

    def fit(self, X, y, validation=None, *, checkpoint=None):
        """Train.

        Parameters
        ----------
        X, y
            See the class.
        validation : tuple of (X, y), optional
            Songs to stop early by and to calibrate the probabilities on; without it, neither is done.
        checkpoint : str or Path, optional
            A folder in which each epoch is kept, so that a run that was killed goes on there.

        Returns
        -------
        self
            Interrupted by hand, it keeps its best weights and can be used.
        """
        import networks
        warn_of_terms(X)
        networks.keras.utils.set_random_seed(self.seed)
        targets, self.classes_, self.multilabel_ = encode(y)
        if len(targets) != len(X):
            raise ValueError(f"{len(X):,} rows but {len(targets):,} genres")
        examples = self._examples(X, fitting=True)
        val = None if validation is None else (self._examples(validation[0]), self._targets(validation[1]))
        self.temperature_, self.calibrated_on_ = 1.0, "nothing: no validation set was given"
        mixed = networks.has_gpu() and self.name != "transfer"  # a backbone keeps the precision that it was saved with
        with networks.precision(mixed):
            self.network_ = self._build(len(self.classes_))
        self.history_ = pd.DataFrame()
        self._begin(X, examples, targets)
        if self.epochs:
            self._train(examples, targets, val, checkpoint)
        if mixed:  # what was learned is used, and saved, in whole precision, as machines without a graphics card need it
            learned = self.network_.get_weights()
            self.network_ = self.build_network()
            self.network_.set_weights(learned)
        if val is not None:
            scores, rows = self._scores(val[0])
            self._calibrate(scores, rows, val[1], f"{len(val[1]):,} validation rows")
        return self

    def build_network(self):
        """The network as it is before it learns anything, for the genres and columns that are known."""
        import networks
        with networks.precision(False):
            return self._build(len(self.classes_))

    def _begin(self, X, examples, targets):
        """What is learned before the first epoch."""

    @property
    def _rate(self):
        """How fast the epochs learn, at their fastest."""
        return self.learning_rate

    def _train(self, examples, targets, val, checkpoint):
        import networks
        keras, weights = networks.keras, balance(targets) if self.balanced else np.ones(len(targets), np.float32)
        batches = networks.Batches(lambda rows, rng: self._batch(examples, targets, weights, rows, rng), len(targets),
                                   min(self.batch_size, len(targets) * self._repeats), self.seed, repeats=self._repeats)
        loss = (keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=self.label_smoothing) if self.multilabel_ else
                keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=self.label_smoothing))
        metric = "binary_accuracy" if self.multilabel_ else "categorical_accuracy"
        self.network_.compile(
            keras.optimizers.AdamW(networks.learning_rate(self._rate, len(batches), self.epochs), weight_decay=self.weight_decay),
            loss, weighted_metrics=[metric])
        watch = networks.Progress(self.epochs, self.name, self.verbose)
        stop = keras.callbacks.EarlyStopping("val_loss", patience=self.patience or self.epochs, restore_best_weights=True)
        callbacks = [watch, *([stop] if val is not None else [])]
        if checkpoint:
            callbacks.append(keras.callbacks.BackupAndRestore(checkpoint, delete_checkpoint=False))
        held_out = None if val is None else networks.Batches(
            lambda rows, rng: self._fixed(val[0], val[1], rows), len(val[1]), self.batch_size, 0, shuffled=False)
        try:
            history = self.network_.fit(batches, epochs=self.epochs, validation_data=held_out, callbacks=callbacks, verbose=0,
                                        shuffle=False).history
        except KeyboardInterrupt:
            watch.bar.close()
            history = self.network_.history.history if self.network_.history else {}
            if val is not None and stop.best_weights is not None:
                self.network_.set_weights(stop.best_weights)
            print(f"{self.name}: interrupted; it keeps the best weights so far")
        names = {metric: "accuracy", f"val_{metric}": "val_accuracy"}
        table = {names.get(name, name): values for name, values in history.items() if name != "learning_rate"}
        self.history_ = pd.DataFrame(table).rename_axis("epoch")

    def predict_proba(self, X):
        """Probabilities [shape=(rows, genres)], averaged over each row's chunks."""
        check_is_fitted(self, "network_")
        scores, rows = self._scores(self._examples(X))
        return mean_by(self._probabilities(scores), rows, len(X))

    def embed(self, X):
        """What the last layer but one says [shape=(rows, size)], averaged over each row's chunks."""
        import networks
        check_is_fitted(self, "network_")
        heard = networks.part(self.network_, "embedding")
        values, rows = self._scores(self._examples(X), heard)
        return mean_by(values, rows, len(X))


class PictureClassifier(_Network):
    """A network on spectrogram pictures.

    `X` is rows of a manifest; pictures are read as they are needed and judged in chunks. `y` is one genre a row, a multi-hot
    matrix, or shares (rows of fractions that sum to one).

    Parameters
    ----------
    name : {'cnn', 'lstm', 'lstm_cnn', 'multi_cnn', 'transfer'}
        See `networks`.
    n_bands, columns : int
        Size of a chunk: bands (a multiple of 16), and columns (a multiple of 16) at up to 25 a second.
    width : int
        Filters of the first layer; the others follow.
    dropout, l2, activity_l2, noise : float
        Dropout, kernel regulariser, activity regulariser, Gaussian noise; 0 switches each off.
    shift, equalizer, mask, stretch, mixup, label_smoothing
        How chunks are varied, see `batches`; 0 switches each off.
    epochs, batch_size, chunks, learning_rate, weight_decay
        `chunks` are taken from each picture an epoch. `transfer` begins with a last layer fitted to what the backbone hears as it
        is, and tunes all of it at a tenth of the rate; 0 epochs leave the backbone as it is.
    patience : int, optional
        Epochs without a better validation loss after which training stops; None trains to the end and keeps the best.
    balanced : bool
        All genres count alike, however many songs they have.
    backbone : str, optional
        For `transfer`: a folder that `models.save` wrote, or a name in `keras.applications` such as `'MobileNetV2'`.
    weights : str or None
        For a backbone of `keras.applications`: `'imagenet'` (Keras downloads it), a local file, or None.
    seed : int
    verbose : bool
    """

    def __init__(self, name="cnn", *, n_bands=64, columns=128, width=16, dropout=.4, l2=0.0, activity_l2=0.0, noise=0.0, shift=2,
                 equalizer=.08, mask=.1, stretch=0.0, mixup=.2, label_smoothing=.05, epochs=40, batch_size=16, chunks=2,
                 learning_rate=2e-3, weight_decay=1e-3, patience=None, balanced=True, backbone=None, weights="imagenet",
                 seed=0, verbose=True):
        _remember(self, locals())

    @property
    def _repeats(self):
        return self.chunks

    def _examples(self, X, fitting=False):
        made = settings_of(X)
        if fitting:
            self.picture_settings_ = made
            self.has_chroma_ = self.name == "multi_cnn" and "chroma_path" in X
        elif _sound_settings(made) != _sound_settings(self.picture_settings_):
            raise ValueError(f"the model was trained on pictures made with {_sound_settings(self.picture_settings_)}, these were "
                             f"made with {_sound_settings(made)}: make them again with the model's settings")
        stores = [ChunkStore(X, self.n_bands)]
        if self.has_chroma_:
            if "chroma_path" not in X:
                raise ValueError("the model hears chroma too: give rows from models.with_chroma(manifest)")
            stores.append(ChunkStore(X, 12, column="chroma_path"))
        return stores

    def _build(self, n_genres):
        import networks
        shape, settings = (self.n_bands, self.columns, 1), self.get_params()
        if self.name == "transfer":
            return networks.build_transfer(shape, n_genres, settings, backbone=self._backbone())
        if self.name == "multi_cnn":
            return networks.build_multi_cnn(shape, n_genres, settings, chroma=self.has_chroma_)
        return networks.PICTURES[self.name](shape, n_genres, settings)

    def _backbone(self):
        if self.backbone is None:
            raise ValueError("transfer needs backbone=: a folder that models.save wrote, or a name in keras.applications")
        if not Path(self.backbone).is_dir():
            return self.backbone
        note, weights = read_model(self.backbone)
        learned = note["parameters"]
        if (learned.get("n_bands"), learned.get("columns")) != (self.n_bands, self.columns) or note["learned"].get("has_chroma_"):
            raise ValueError(f"the backbone hears {learned.get('n_bands')} bands and {learned.get('columns')} columns"
                             f"{' and chroma' if note['learned'].get('has_chroma_') else ''}: match it by n_bands= and columns=")
        before, now = map(_sound_settings, (note["learned"]["picture_settings_"], self.picture_settings_))
        if before != now:
            warnings.warn(f"the backbone learned from pictures made with {before}, these were made with {now}: what it "
                          "learned fits them less", stacklevel=4)
        return read_network(weights)

    @property
    def _rate(self):
        return self.learning_rate / (10 if self.name == "transfer" else 1)

    def _begin(self, X, examples, targets):
        """Of `transfer`: the last layer, fitted at once to what the backbone hears of each song (a linear probe), its penalty and
        its temperature chosen on songs held out. Tuning everything from there harms the backbone less than from a random last
        layer (Kumar et al. 2022)."""
        import networks
        if self.name != "transfer":
            return
        heard, rows = self._scores(examples, networks.part(self.network_, "embedding"))
        songs = pd.factorize(X["track_id"])[0] if "track_id" in X else np.arange(len(X))
        heard = pd.DataFrame(mean_by(heard, songs[rows], songs.max() + 1))
        targets = mean_by(targets, songs, len(heard))
        y = pd.DataFrame(targets > 0, columns=self.classes_) if self.multilabel_ else self.classes_[targets.argmax(axis=1)]
        probes = [TableModel("linear", linear_pipeline(C, self.balanced), self.seed).fit(heard, y) for C in PENALTIES]
        best = min(probes, key=lambda probe: probe.calibration_loss_)
        at = best.embed(np.vstack([np.zeros(heard.shape[1]), np.eye(heard.shape[1])])) / best.temperature_
        self.network_.get_layer("scores").set_weights([at[1:] - at[0], at[0]])

    def _batch(self, stores, targets, weights, rows, rng):
        chunks = [np.empty((len(rows), store.n_bands, self.columns), np.float32) for store in stores]
        for place, row in enumerate(rows):
            columns = max(8, round(self.columns * np.exp(rng.uniform(-self.stretch, self.stretch))))
            start = int(rng.integers(0, max(1, stores[0].lengths[row] - columns + 1)))
            for number, store in enumerate(stores):
                chunk = stretched(store.read(row, start, columns), self.columns)
                if not number:
                    chunk = vary(chunk, rng, shift=self.shift, equalizer=self.equalizer, mask=self.mask)
                chunks[number][place] = chunk
        chunks, mixed_targets = mixed([*chunks, weights[rows][:, None]], targets[rows], rng, self.mixup)
        return self._inputs(chunks[:-1]), mixed_targets, chunks[-1][:, 0]

    def _fixed(self, stores, targets, rows):
        """The middle of each picture, unvaried."""
        chunks = [np.stack([store.read(row, (stores[0].lengths[row] - self.columns) // 2, self.columns) for row in rows])
                  for store in stores]
        return self._inputs(chunks), targets[rows], np.ones(len(rows), np.float32)

    def _inputs(self, chunks):
        chunks = [chunk[..., None] for chunk in chunks]
        return tuple(chunks) if len(chunks) > 1 else chunks[0]

    def _scores(self, stores, network=None):
        """What the network says of every chunk, and the row that each is from."""
        network, places = network or self.network_, []
        for row in range(len(stores[0])):
            places += [(row, start) for start in stores[0].grid(row, self.columns)]
        said = []
        for first in range(0, len(places), MEMORY):
            some = places[first:first + MEMORY]
            filled = some + some[:1] * (MEMORY - len(some) if len(places) > MEMORY else 0)  # of one size: compiled once
            chunks = [np.stack([store.read(row, start, self.columns) for row, start in filled]) for store in stores]
            said.append(np.asarray(network.predict_on_batch(self._inputs(chunks)))[:len(some)])
        return np.concatenate(said).astype(float), np.array([row for row, _ in places])


def _sound_settings(settings):
    """What of a picture's settings decides how it looks; the segments' length does not."""
    return {name: value for name, value in sorted(settings.items()) if name not in ("segment_seconds", "crop")}


class _Table:
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


class TableNetwork(_Table, _Network):
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
        _remember(self, locals())

    def _examples(self, X, fitting=False):
        values = self._columns(X, fitting)
        if fitting:
            self.mean_, self.scale_ = values.mean(axis=0), values.std(axis=0)
            self.scale_[self.scale_ < 1e-9] = 1
        return ((values - self.mean_) / self.scale_).clip(-8, 8).astype(np.float32)

    def _build(self, n_genres):
        import networks
        return networks.TABLES[self.name]((len(self.feature_names_in_),), n_genres, self.get_params())

    def _batch(self, examples, targets, weights, rows, rng):
        (values, weight), wanted = mixed([examples[rows], weights[rows]], targets[rows], rng, self.mixup)
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


class TableModel(_Table, _Calibrated):
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
        warn_of_terms(X)
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
