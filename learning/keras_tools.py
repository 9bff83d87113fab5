"""Tools for training with Keras: batches, a progress bar, numeric precision, the learning rate, parts of a network."""

import contextlib

import numpy as np

from signals.decoding import quiet
from sources.progress import progress

with quiet():  # TensorFlow logs to standard error, where no setting of it reaches, when it is imported and first used
    import keras
    keras.ops.zeros(1)


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

    def _shuffle(self):
        self.rng = np.random.default_rng([self.seed, self.epoch])
        passes = [self.rng.permutation(self.n) if self.shuffled else np.arange(self.n) for _ in range(self.repeats)]
        self.order = np.concatenate(passes)

    def __len__(self):
        return int(np.ceil(len(self.order) / self.batch_size))

    def __getitem__(self, batch):
        rows = self.order[batch * self.batch_size:(batch + 1) * self.batch_size]
        if self.shuffled:  # TensorFlow would compile a smaller last batch again, and its batch statistics would be poor
            rows = self._filled(rows)
        return self.make(rows, self.rng)

    def _filled(self, rows):
        if len(self.order) < self.batch_size:
            return np.resize(rows, self.batch_size)
        return np.concatenate([rows, self.order[:self.batch_size - len(rows)]])

    def on_epoch_end(self):
        """Draw a new order; Keras calls it."""
        self.epoch += 1
        self._shuffle()


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
