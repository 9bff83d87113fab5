"""Tools for training: batches, the learning rate, precision, the progress bar, parts of a network."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from learning import keras_tools
from learning.keras_tools import Batches, learning_rate


def rows_of(batches):
    """The row numbers of every batch of one epoch."""
    return [batches[number] for number in range(len(batches))]


def batches_of_rows(*arguments, **settings):
    return Batches(lambda rows, rng: rows, *arguments, **settings)


# ---- batches

@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(1, 16), st.integers(0, 99), st.integers(1, 3))
def test_an_epoch_has_every_row_as_often_as_it_repeats(n, batch_size, seed, repeats):
    batches = batches_of_rows(n, batch_size, seed, repeats=repeats)
    for _ in range(2):
        rows = rows_of(batches)
        assert all(len(batch) == batch_size for batch in rows), "the last batch is filled"
        counts = np.bincount(np.concatenate(rows)[:n * repeats], minlength=n)
        assert counts.tolist() == [repeats] * n
        batches.on_epoch_end()


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 16))
def test_without_shuffling_rows_keep_their_order_and_none_is_added(n, batch_size):
    assert np.concatenate(rows_of(batches_of_rows(n, batch_size, 0, shuffled=False))).tolist() == list(range(n))


def test_a_seed_repeats_the_batches_and_another_seed_or_epoch_does_not():
    def epochs(seed):
        batches = Batches(lambda rows, rng: (rows.tolist(), rng.random()), 20, 8, seed)
        first = rows_of(batches)
        batches.on_epoch_end()
        return first, rows_of(batches)
    assert epochs(1) == epochs(1)
    assert epochs(1)[0] != epochs(2)[0]
    assert epochs(1)[0] != epochs(1)[1]


def test_a_batch_is_the_same_whatever_was_made_before_it():
    straight, other = (Batches(lambda rows, rng: (rows.tolist(), rng.random()), 20, 8, 1) for _ in range(2))
    straight.on_epoch_end()
    other.start_at(1)
    assert other[2] == straight[2] and [other[1], other[1]] == [straight[1]] * 2


# ---- learning rate

@settings(max_examples=15, deadline=None)
@given(st.integers(1, 30), st.integers(2, 60))
def test_the_learning_rate_rises_to_its_highest_and_falls_to_zero(steps, epochs):
    rate = learning_rate(.01, steps, epochs)
    rise = steps * max(1, epochs // 20)
    rising = [float(rate(step)) for step in np.unique(np.linspace(0, rise, 8).astype(int))]
    falling = [float(rate(step)) for step in np.unique(np.linspace(rise, steps * epochs, 12).astype(int))]
    assert rising[0] == pytest.approx(.01 / 20) and (np.diff(rising) > 0).all()
    assert falling[0] == pytest.approx(.01) and (np.diff(falling) < 0).all()
    assert falling[-1] == pytest.approx(0, abs=1e-8)


def test_one_epoch_of_one_batch_has_a_learning_rate():
    assert float(learning_rate(.01, 1, 1)(0)) == pytest.approx(.0005)


# ---- networks

def small_network():
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(2, name="hidden")(inputs)
    return keras.Model(inputs, keras.layers.Dense(4)(hidden))


def test_a_sub_network_ends_at_the_layer_that_is_named():
    network = small_network()
    rows = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    hidden = network.get_layer("hidden")
    expected = rows @ np.asarray(hidden.kernel) + np.asarray(hidden.bias)
    np.testing.assert_allclose(np.asarray(keras_tools.sub_network(network, "hidden")(rows)), expected, atol=1e-5)
    np.testing.assert_array_equal(np.asarray(keras_tools.sub_network(network)(rows)), np.asarray(network(rows)))


def test_precision_applies_within_its_block_alone():
    with keras_tools.precision(True):
        assert small_network().get_layer("hidden").compute_dtype == "float16"
    assert small_network().get_layer("hidden").compute_dtype == "float32"
    with pytest.raises(RuntimeError), keras_tools.precision(True):
        raise RuntimeError("out of memory")
    assert keras.config.dtype_policy().name == "float32"


def test_a_backend_that_cannot_list_devices_has_no_gpu(monkeypatch):
    def fail(kind):
        raise NotImplementedError
    monkeypatch.setattr(keras.distribution, "list_devices", fail)
    assert keras_tools.has_gpu() is False
    monkeypatch.setattr(keras.distribution, "list_devices", lambda kind: ["gpu:0"])
    assert keras_tools.has_gpu() is True


def test_inputs_of_many_lengths_write_no_warnings():
    code = ("import sys; sys.ps1 = '>>> '  # TensorFlow writes to standard output where a user types\n"
            "from learning import keras_tools; import tensorflow as tf\n"
            "double = tf.function(lambda x: 2 * x)\n"
            "for length in range(1, 20): double(tf.zeros(length))")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_progress_bar_names_the_network_and_its_scores(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    progress = keras_tools.Progress(2, "cnn")
    progress.on_epoch_end(0, {"categorical_accuracy": .5, "loss": 1.25, "learning_rate": .01})
    progress.on_epoch_end(1, {"categorical_accuracy": .75, "loss": 1.0, "val_loss": 1.5})
    shown = str(progress.bar)
    progress.on_train_end()
    assert "cnn" in shown and "2/2" in shown and "loss=1.000, accuracy=0.750, val_loss=1.500" in shown
    assert "learning_rate" not in shown
    assert keras_tools.Progress(2, "cnn", shown=False).bar.disable
