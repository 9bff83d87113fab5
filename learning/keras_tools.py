"""Tools for training with Keras: batches, a progress bar, numeric precision, the learning rate, parts of a network."""

import contextlib
import json
import logging
import os
from pathlib import Path

import numpy as np

from signals.decoding import quiet
from sources.files import atomic_path
from sources.progress import progress

with quiet():  # TensorFlow logs to standard error, where no setting of it reaches, when it is imported and first used
    import keras
    keras.ops.zeros(1)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of small collections, for which it compiles anew


def sub_network(network, output=None):
    """The layers of a network up to the one named `output`, or all of them; without the optimizer."""
    inputs = network.inputs[0] if len(network.inputs) == 1 else network.inputs  # Keras warns about a list of one
    return keras.Model(inputs, network.get_layer(output).output if output else network.outputs[0])


def has_gpu():
    """Whether Keras computes on a graphics card."""
    try:
        return bool(keras.distribution.list_devices("gpu"))
    except (NotImplementedError, RuntimeError, ValueError, AttributeError):  # some backends cannot list devices
        return False


@contextlib.contextmanager
def precision(mixed):
    """Networks that are built in this ``with`` block compute in half precision where `mixed` is true.

    Weights and logits stay in single precision.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16" if mixed else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class Batches(keras.utils.PyDataset):
    """Batches for Keras' training loop, made when they are needed, in a new random order each epoch.

    Parameters
    ----------
    make : callable
        ``make(rows, rng)`` takes row numbers and a random generator; it returns inputs, targets and sample weights.
    n : int
        Number of rows.
    batch_size : int
    seed : int
        The same seed gives the same batches.
    repeats : int
        How often each row is used in an epoch.
    shuffled : bool
        Rows in random order, and all batches of one size: the last one is filled with rows of the first. Otherwise rows
        are in their own order and the last batch may be smaller.

    Examples
    --------
    >>> batches = Batches(lambda rows, rng: rows, 5, 2, seed=0, shuffled=False)
    >>> [batches[number].tolist() for number in range(len(batches))]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, make, n, batch_size, seed, *, repeats=1, shuffled=True):
        super().__init__()
        self.make = make
        self.n = n
        self.batch_size = batch_size
        self.seed = seed
        self.repeats = repeats
        self.shuffled = shuffled
        self.epoch = 0
        self._shuffle()

    def start_at(self, epoch):
        """Go to the order of an epoch, for a training that continues there."""
        self.epoch = epoch
        self._shuffle()

    def _shuffle(self):
        rng = np.random.default_rng([self.seed, self.epoch])
        passes = [rng.permutation(self.n) if self.shuffled else np.arange(self.n) for _ in range(self.repeats)]
        self.order = np.concatenate(passes)

    def __len__(self):
        return int(np.ceil(len(self.order) / self.batch_size))

    def __getitem__(self, batch):
        rows = self.order[batch * self.batch_size:(batch + 1) * self.batch_size]
        if self.shuffled:  # TensorFlow would compile a smaller last batch again, and its batch statistics would be poor
            rows = self._filled(rows)
        # of each batch alone: it is the same whatever was made before it, in a training that continues too
        return self.make(rows, np.random.default_rng([self.seed, self.epoch, batch]))

    def _filled(self, rows):
        if len(self.order) < self.batch_size:
            return np.resize(rows, self.batch_size)
        return np.concatenate([rows, self.order[:self.batch_size - len(rows)]])

    def on_epoch_end(self):
        """Draw a new order; Keras calls it."""
        self.start_at(self.epoch + 1)


class Progress(keras.callbacks.Callback):
    """A progress bar over the epochs, with loss and accuracy.

    Parameters
    ----------
    epochs : int
    desc : str
        Text before the bar.
    shown : bool
    """

    METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")

    def __init__(self, epochs, desc, shown=True):
        super().__init__()
        self.bar = progress(total=epochs, desc=desc, unit="epoch", shown=shown)

    def on_epoch_end(self, epoch, logs=None):
        """Move the bar on; Keras calls it."""
        values = {name.replace("categorical_", "").replace("binary_", ""): f"{value:.3f}"
                  for name, value in (logs or {}).items()}
        self.bar.set_postfix({name: values[name] for name in self.METRICS if name in values}, refresh=False)
        self.bar.update(epoch + 1 - self.bar.n)

    def on_train_end(self, logs=None):
        """Close the bar; Keras calls it."""
        self.bar.close()


class Checkpoint(keras.callbacks.Callback):
    """Keeps the state of a training in one file after each epoch, so that one that was killed ends as if it had not
    been: on the same weights, where the backend computes the same numbers twice.

    The state is the network's weights and random seeds, the optimizer's, what `EarlyStopping` knows (the best weights
    and their loss), and the history. The file is written completely or not at all.

    Parameters
    ----------
    folder : str or Path
        For one training; the file in it is `Checkpoint.NAME`.
    fingerprint : str
        Of the songs, labels and settings. A file of another training is set aside, and so is a damaged one; both are
        said.
    stop : keras.callbacks.EarlyStopping, optional
        It has to come before the checkpoint in the list of callbacks.

    Attributes
    ----------
    history : dict of str to list
        Losses and accuracies of the epochs before `restore`.
    """

    NAME = "training.npz"

    def __init__(self, folder, fingerprint, stop=None):
        super().__init__()
        self.file = Path(folder) / self.NAME
        self.fingerprint = fingerprint
        self.stop = stop
        self.history = {}
        self._best = None

    def restore(self, network):
        """Restore the state of a compiled network; returns the number of epochs that are done, or None for all."""
        network.optimizer.build(network.trainable_variables)
        self.set_model(network)
        for unfinished in self.file.parent.glob(f".{self.NAME}.*.part"):  # of a run that was killed
            unfinished.unlink(missing_ok=True)
        note, arrays = self._read()
        if note is None:
            return 0
        for variable, value in zip(self._variables(), arrays):
            variable.assign(value)
        self.history = note["history"]
        self._best = note["best"] | {"weights": arrays[len(self._variables()):]} if note["best"] else None
        return None if note["stopped"] else note["epochs"]

    def _variables(self):
        return [*self.model.variables, *self.model.optimizer.variables]

    def _read(self):
        """What is in the file; (None, None) where there is none that can be used."""
        if not self.file.exists():
            return None, None
        try:
            with np.load(self.file, allow_pickle=False) as stored:
                note = json.loads(str(stored["note"]))
                arrays = [stored[f"array_{number}"] for number in range(len(stored.files) - 1)]
        except Exception as error:  # a damaged file can raise anything
            return self._set_aside("damaged", f"is damaged ({type(error).__name__})")
        if note.get("fingerprint") != self.fingerprint:
            return self._set_aside("other", "is of other songs, labels or settings")
        return note, arrays

    def _set_aside(self, word, reason):
        aside = self.file.with_name(f"{self.file.stem}.{word}{self.file.suffix}")
        os.replace(self.file, aside)
        print(f"the checkpoint {self.file} {reason}: it is kept as {aside.name}, and the training begins anew")
        return None, None

    def on_train_begin(self, logs=None):
        """Give `EarlyStopping` what it knew; Keras calls it, after `EarlyStopping` has forgotten everything."""
        if self._best is not None and self.stop is not None:
            self.stop.best = self._best["loss"]
            self.stop.best_epoch, self.stop.wait = self._best["epoch"], self._best["wait"]
            self.stop.best_weights = self._best["weights"]

    def on_epoch_end(self, epoch, logs=None):
        """Write the file; Keras calls it."""
        self.history = self.history or {name: [] for name in logs}
        for name, value in logs.items():
            self.history[name].append(float(value))
        stop, best, weights = self.stop, None, []
        if stop is not None and stop.best_weights is not None:
            best = {"loss": float(stop.best), "epoch": stop.best_epoch, "wait": stop.wait}
            weights = stop.best_weights
        note = {"fingerprint": self.fingerprint, "epochs": epoch + 1, "stopped": bool(self.model.stop_training),
                "history": self.history, "best": best}
        arrays = [*(variable.numpy() for variable in self._variables()), *weights]
        with atomic_path(self.file) as temporary, open(temporary, "wb") as file:
            np.savez(file, note=json.dumps(note), **{f"array_{number}": array for number, array in enumerate(arrays)})


def learning_rate(highest, steps, epochs):
    """A learning rate that rises in the first twentieth of the epochs, then falls to zero along a cosine.

    After Loshchilov & Hutter (2017).

    Parameters
    ----------
    highest : float
        The rate at the end of the rise; it begins at a twentieth of that.
    steps : int
        Batches per epoch.
    epochs : int
        The rise takes at least one of them.

    Returns
    -------
    keras.optimizers.schedules.LearningRateSchedule

    Examples
    --------
    >>> rate = learning_rate(.01, steps=10, epochs=40)
    >>> [round(float(rate(step)), 4) for step in (0, 20, 210, 400)]
    [0.0005, 0.01, 0.005, 0.0]
    """
    rise = max(1, steps * max(1, epochs // 20))
    fall = max(1, steps * epochs - rise)
    return keras.optimizers.schedules.CosineDecay(highest / 20, fall, warmup_target=highest, warmup_steps=rise)
