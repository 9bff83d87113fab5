"""What all networks have in common as scikit-learn classifiers: the training loop and predictions."""

import json

import joblib
import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from learning.calibration import CalibratedClassifier, hold_out_groups, mean_by
from learning.targets import balance, encode, warn_about_spotify_terms
from sources.files import one_at_a_time


class NetworkClassifier(CalibratedClassifier):
    """What networks on images and on features have in common: the training loop and the predictions.

    A subclass says how rows become examples (`_examples`), batches (`_batch`, `_validation_batch`) and logits
    (`_logits`), and builds the network (`_build`).
    """

    def fit(self, X, y, validation=None, groups=None, *, checkpoint=None):
        """Train the network.

        Parameters
        ----------
        X, y
            See the class.
        validation : tuple of (X, y), optional
            Songs for early stopping and for calibration. Without it (and without `groups`) neither is done.
        groups : sequence, optional
            The artist of each row. Without `validation`, a fifth of the artists are held out as validation songs.
        checkpoint : str or Path, optional
            A folder for this training alone. It keeps the state after each epoch, so that a run that was killed
            continues there and ends as if it had not been. A state of other songs, labels or settings, or a damaged
            one, is set aside, which is said.

        Returns
        -------
        self
            Where you interrupt the training, the network keeps its best weights and can be used.
        """
        from learning import keras_tools
        warn_about_spotify_terms(X)
        keras_tools.keras.utils.set_random_seed(self.seed)
        if validation is None and groups is not None:
            X, y, validation = hold_out_groups(X, y, groups, self.seed)
        targets, self.classes_, self.multilabel_ = encode(y)
        if len(targets) != len(X):
            raise ValueError(f"{len(X):,} rows but {len(targets):,} genres")
        examples = self._examples(X, fitting=True)
        held_out = None if validation is None else (self._examples(validation[0]), self._encoded(validation[1]))
        self.temperature_, self.calibrated_on_ = 1.0, "nothing: no validation set was given"
        self.checksum_ = None
        # a backbone keeps the precision that it was saved with
        half_precision = keras_tools.has_gpu() and self.name != "transfer"
        with keras_tools.precision(half_precision):
            self.network_ = self._build(len(self.classes_))
        self.history_ = pd.DataFrame()
        mark = self._training_mark(examples, targets, held_out) if checkpoint else None
        self._before_training(X, examples, targets)
        if self.epochs:
            with one_at_a_time(checkpoint):
                self._train(examples, targets, held_out, checkpoint, mark)
        if half_precision:  # saved and used in whole precision, which machines without a graphics card need
            weights = self.network_.get_weights()
            self.network_ = self.build_network()
            self.network_.set_weights(weights)
        if held_out is not None:
            logits, rows = self._logits(held_out[0])
            self.calibrate(logits, rows, held_out[1], f"{len(held_out[1]):,} validation rows")
        self._fit_distribution(X, targets, validation)
        return self

    def build_network(self):
        """The network before training, for the genres and columns that are known."""
        from learning import keras_tools
        with keras_tools.precision(False):
            return self._build(len(self.classes_))

    def _training_mark(self, examples, targets, held_out):
        """A text that differs where the songs, the labels, the settings or the network before training differ."""
        settings = {name: str(value) for name, value in self.get_params().items() if name != "verbose"}
        songs = [[joblib.hash(self._content(part)), joblib.hash(np.asarray(labels))]
                 for part, labels in [(examples, targets), *([held_out] if held_out else [])]]
        genres = [str(name) for name in self.classes_]
        weights = joblib.hash(self.network_.get_weights())
        return joblib.hash(json.dumps([type(self).__name__, settings, genres, self.multilabel_, songs, weights]))

    def _content(self, examples):
        """What the examples hold, as arrays or texts."""
        return examples

    def _before_training(self, X, examples, targets):
        """What is fitted before the first epoch; nothing, but for `transfer`."""

    @property
    def _peak_learning_rate(self):
        """The highest learning rate of the schedule."""
        return self.learning_rate

    def _train(self, examples, targets, held_out, checkpoint, mark):
        from learning import keras_tools
        keras = keras_tools.keras
        weights = balance(targets) if self.balanced else np.ones(len(targets), np.float32)
        batches = keras_tools.Batches(
            lambda rows, rng: self._batch(examples, targets, weights, rows, rng), len(targets),
            min(self.batch_size, len(targets) * self._examples_per_row), self.seed, repeats=self._examples_per_row)
        metric = "binary_accuracy" if self.multilabel_ else "categorical_accuracy"
        crossentropy = keras.losses.BinaryCrossentropy if self.multilabel_ else keras.losses.CategoricalCrossentropy
        rate = keras_tools.learning_rate(self._peak_learning_rate, len(batches), self.epochs)
        self.network_.compile(
            keras.optimizers.AdamW(rate, weight_decay=self.weight_decay),
            crossentropy(from_logits=True, label_smoothing=self.label_smoothing),
            weighted_metrics=[metric],
        )
        progress = keras_tools.Progress(self.epochs, self.name, self.verbose)
        stop = keras.callbacks.EarlyStopping(
            "val_loss", patience=self.patience or self.epochs, restore_best_weights=True
        )
        callbacks = [progress, *([stop] if held_out is not None else [])]
        validation = (
            None
            if held_out is None
            else keras_tools.Batches(
                lambda rows, rng: self._validation_batch(*held_out, rows),
                len(held_out[1]),
                self.batch_size,
                0,
                shuffled=False,
            )
        )
        done, earlier = 0, {}
        if checkpoint:
            kept = keras_tools.Checkpoint(checkpoint, mark, stop if held_out is not None else None)
            done = kept.restore(self.network_)
            done = self.epochs if done is None else done
            earlier = {name: list(values) for name, values in kept.history.items()}
            batches.start_at(done)
            callbacks.append(kept)
            progress.on_epoch_end(done - 1)
        try:
            history = self.network_.fit(batches, epochs=self.epochs, initial_epoch=done, validation_data=validation,
                                        callbacks=callbacks, verbose=0, shuffle=False).history
        except KeyboardInterrupt:
            progress.bar.close()
            history = self.network_.history.history if self.network_.history else {}
            if held_out is not None and stop.best_weights is not None:
                self.network_.set_weights(stop.best_weights)
            print(f"{self.name}: interrupted; it keeps the best weights so far")
        names = {metric: "accuracy", f"val_{metric}": "val_accuracy"}
        table = {names.get(name, name): earlier.get(name, []) + history.get(name, [])
                 for name in earlier | history if name != "learning_rate"}
        self.history_ = pd.DataFrame(table).rename_axis("epoch")

    def decision_function(self, X):
        """Logits [shape=(rows, genres)], averaged over the chunks of each row."""
        check_is_fitted(self, "network_")
        logits, rows = self._logits(self._examples(X))
        return mean_by(logits, rows, len(X))

    def predict_proba(self, X):
        """Probabilities [shape=(rows, genres)], averaged over the chunks of each row."""
        check_is_fitted(self, "network_")
        logits, rows = self._logits(self._examples(X))
        return mean_by(self.probabilities(logits), rows, len(X))

    def embed(self, X):
        """The penultimate-layer embedding [shape=(rows, size)], averaged over the chunks of each row."""
        from learning import keras_tools
        check_is_fitted(self, "network_")
        until_embedding = keras_tools.sub_network(self.network_, "embedding")
        values, rows = self._logits(self._examples(X), until_embedding)
        return mean_by(values, rows, len(X))

    def count_weights(self):
        """How many numbers were learned."""
        return self.network_.count_params()

    def _weights(self):
        return self.network_.get_weights()
