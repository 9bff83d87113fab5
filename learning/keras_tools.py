"""What Keras needs to train a network: batches, a progress bar, precision, the learning rate."""

import contextlib
import sys

import keras
import numpy as np
from tqdm import tqdm


def sub_network(network, output=None):
    """A network from its beginning to the output of one of its layers, or to its end; without what trained it."""
    given = network.inputs[0] if len(network.inputs) == 1 else network.inputs  # a list of one would make Keras warn at every call
    return keras.Model(given, network.get_layer(output).output if output else network.outputs[0])


def has_gpu():
    """Whether Keras computes on a graphics card."""
    try:
        return bool(keras.distribution.list_devices("gpu"))
    except (NotImplementedError, RuntimeError, ValueError, AttributeError):  # not every backend can tell
        return False


@contextlib.contextmanager
def precision(mixed):
    """Half precision, with weights and scores kept whole, for the networks that are built within."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16" if mixed else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class Batches(keras.utils.PyDataset):
    """Batches for Keras' training loop, made by a function as they are needed; another order each epoch.

    Parameters
    ----------
    make : callable
        Takes row numbers and random numbers; returns inputs, targets and weights.
    n : int
        Rows.
    """

    def __init__(self, make, n, batch_size, seed, *, repeats=1, shuffled=True):
        super().__init__()
        self.make, self.n, self.batch_size, self.seed, self.shuffled = make, n, batch_size, seed, shuffled
        self.repeats, self.epoch = repeats, 0
        self._shuffle()

    def _shuffle(self):
        self.rng = np.random.default_rng([self.seed, self.epoch])
        self.order = np.concatenate([self.rng.permutation(self.n) if self.shuffled else np.arange(self.n)
                                     for _ in range(self.repeats)])

    def __len__(self):
        return int(np.ceil(len(self.order) / self.batch_size))

    def __getitem__(self, batch):
        rows = self.order[batch * self.batch_size:(batch + 1) * self.batch_size]
        if self.shuffled:  # a smaller last batch would be compiled anew, and its statistics are poor
            rows = np.resize(rows, self.batch_size) if len(self.order) < self.batch_size else np.concatenate(
                [rows, self.order[:self.batch_size - len(rows)]])
        return self.make(rows, self.rng)

    def on_epoch_end(self):
        self.epoch += 1
        self._shuffle()


class Progress(keras.callbacks.Callback):
    """A text bar over the epochs, with what was reached."""

    def __init__(self, epochs, desc, shown=True):
        super().__init__()
        self.bar = tqdm(total=epochs, desc=desc, unit="epoch", file=sys.stdout, mininterval=1, disable=not shown)

    def on_epoch_end(self, epoch, logs=None):
        said = {name.replace("categorical_", "").replace("binary_", ""): f"{value:.3f}" for name, value in (logs or {}).items()}
        self.bar.set_postfix({name: said[name] for name in ("loss", "accuracy", "val_loss", "val_accuracy") if name in said},
                             refresh=False)
        self.bar.update(epoch + 1 - self.bar.n)

    def on_train_end(self, logs=None):
        self.bar.close()


def learning_rate(highest, steps, epochs):
    """Rising through the first twentieth of the epochs, then falling to zero along a cosine (Loshchilov & Hutter 2017)."""
    warm = max(1, steps * max(1, epochs // 20))
    return keras.optimizers.schedules.CosineDecay(highest / 20, max(1, steps * epochs - warm), warmup_target=highest,
                                                  warmup_steps=warm)
