"""What all networks have in common as scikit-learn classifiers: the training loop and predictions."""

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from learning.calibration import CalibratedClassifier, mean_by
from learning.targets import balance, encode, warn_about_spotify_terms

# ---- networks

class NetworkClassifier(CalibratedClassifier):
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
        from learning import keras_tools
        warn_about_spotify_terms(X)
        keras_tools.keras.utils.set_random_seed(self.seed)
        targets, self.classes_, self.multilabel_ = encode(y)
        if len(targets) != len(X):
            raise ValueError(f"{len(X):,} rows but {len(targets):,} genres")
        examples = self._examples(X, fitting=True)
        val = None if validation is None else (self._examples(validation[0]), self._targets(validation[1]))
        self.temperature_, self.calibrated_on_ = 1.0, "nothing: no validation set was given"
        mixed = keras_tools.has_gpu() and self.name != "transfer"  # a backbone keeps the precision that it was saved with
        with keras_tools.precision(mixed):
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
        from learning import keras_tools
        with keras_tools.precision(False):
            return self._build(len(self.classes_))

    def _begin(self, X, examples, targets):
        """What is learned before the first epoch."""

    @property
    def _rate(self):
        """How fast the epochs learn, at their fastest."""
        return self.learning_rate

    def _train(self, examples, targets, val, checkpoint):
        from learning import keras_tools
        keras, weights = keras_tools.keras, balance(targets) if self.balanced else np.ones(len(targets), np.float32)
        batches = keras_tools.Batches(lambda rows, rng: self._batch(examples, targets, weights, rows, rng), len(targets),
                                   min(self.batch_size, len(targets) * self._repeats), self.seed, repeats=self._repeats)
        loss = (keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=self.label_smoothing) if self.multilabel_ else
                keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=self.label_smoothing))
        metric = "binary_accuracy" if self.multilabel_ else "categorical_accuracy"
        self.network_.compile(
            keras.optimizers.AdamW(keras_tools.learning_rate(self._rate, len(batches), self.epochs),
                                   weight_decay=self.weight_decay),
            loss, weighted_metrics=[metric])
        watch = keras_tools.Progress(self.epochs, self.name, self.verbose)
        stop = keras.callbacks.EarlyStopping("val_loss", patience=self.patience or self.epochs, restore_best_weights=True)
        callbacks = [watch, *([stop] if val is not None else [])]
        if checkpoint:
            callbacks.append(keras.callbacks.BackupAndRestore(checkpoint, delete_checkpoint=False))
        held_out = None if val is None else keras_tools.Batches(
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
        from learning import keras_tools
        check_is_fitted(self, "network_")
        heard = keras_tools.sub_network(self.network_, "embedding")
        values, rows = self._scores(self._examples(X), heard)
        return mean_by(values, rows, len(X))
