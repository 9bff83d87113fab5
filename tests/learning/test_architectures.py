"""The layers of each network: inputs, outputs, numbers of weights, and what an output does not depend on."""

import re

import keras
import numpy as np
import pytest

from learning import architectures
from learning.keras_tools import sub_network

SETTINGS = {"width": 16, "dropout": .4, "l2": 0, "activity_l2": 0, "noise": 0, "weights": None}
FEATURES = {"mlp": 57, "table_cnn": 13, "table_lstm": 13}
"""How many features each table network is built for; the docstrings count weights for these."""
NETWORKS = ["cnn", "lstm", "lstm_cnn", "multi_cnn", *architectures.TABLE_NETWORKS]
N_GENRES = 10


def build(name, **settings):
    if name in FEATURES:
        return architectures.TABLE_NETWORKS[name]((FEATURES[name],), N_GENRES, SETTINGS | settings)
    return architectures.IMAGE_NETWORKS[name]((64, 128, 1), N_GENRES, SETTINGS | settings)


def examples(network, n=2):
    rng = np.random.default_rng(0)
    return [rng.random((n, *(size or 128 for size in given.shape[1:]))).astype(np.float32) for given in network.inputs]


def outputs(network, inputs):
    return np.asarray(network(inputs) if len(inputs) > 1 else sub_network(network)(inputs[0]))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_has_as_many_weights_as_its_docstring_states(name):
    function = architectures.TABLE_NETWORKS.get(name) or architectures.IMAGE_NETWORKS[name]
    stated = int(re.search(r"About ([\d,]+)\s+weights", function.__doc__)[1].replace(",", ""))
    assert build(name).count_params() == pytest.approx(stated, rel=.03)


@pytest.mark.parametrize("name", NETWORKS)
def test_logits_are_a_linear_function_of_the_embedding(name):
    network = build(name)
    inputs = examples(network)
    logits = outputs(network, inputs)
    embedding = outputs(sub_network(network, "embedding"), inputs)
    last = network.get_layer("scores")
    assert logits.shape == (2, N_GENRES) and network.layers[-1] is last
    np.testing.assert_allclose(embedding @ np.asarray(last.kernel) + np.asarray(last.bias), logits, atol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_made_of_layers_of_keras_and_can_be_saved_and_loaded_safely(name, tmp_path):
    network = build(name)
    assert {type(layer).__module__.split(".")[0] for layer in network.layers} == {"keras"}
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", compile=False, safe_mode=True)
    inputs = examples(network)
    np.testing.assert_allclose(outputs(loaded, inputs), outputs(network, inputs), atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_regularisers_add_losses_and_noise_only_where_they_are_asked_for(name):
    assert not build(name).losses
    network = build(name, l2=.1, noise=.2)
    assert network.losses and "GaussianNoise" in {type(layer).__name__ for layer in network.layers}


def test_the_cnn_takes_chunks_of_any_length_and_finds_a_pattern_wherever_it_is():
    network = build("cnn")
    assert outputs(network, [np.zeros((1, 64, 250, 1), np.float32)]).shape == (1, N_GENRES)
    pattern = np.random.default_rng(0).random((64, 32)).astype(np.float32)
    early = np.zeros((1, 64, 256, 1), np.float32)
    early[0, :, 64:96, 0] = pattern
    late = np.zeros((1, 64, 256, 1), np.float32)
    late[0, :, 160:192, 0] = pattern
    np.testing.assert_allclose(outputs(network, [late]), outputs(network, [early]), atol=1e-5)


def test_the_lstm_depends_on_the_order_in_time():
    network = build("lstm")
    chunk = np.random.default_rng(0).random((1, 64, 128, 1)).astype(np.float32)
    reordered = np.concatenate([chunk[:, :, 64:], chunk[:, :, :64]], axis=2)
    assert np.abs(outputs(network, [reordered]) - outputs(network, [chunk])).max() > 1e-4


def test_chroma_is_a_second_input_of_the_multi_branch_cnn():
    network = architectures.build_multi_cnn((64, 128, 1), N_GENRES, SETTINGS, chroma=True)
    assert [tuple(given.shape[1:]) for given in network.inputs] == [(64, 128, 1), (12, 128, 1)]
    mel, chroma = examples(network)
    difference = outputs(network, [mel, chroma]) - outputs(network, [mel, np.roll(chroma, 1, axis=1)])
    assert np.abs(difference).max() > 1e-5, "another key gives other logits"


def test_the_embedding_of_transfer_learning_holds_the_averages_of_all_blocks():
    backbone = build("cnn")
    network = architectures.build_transfer((64, 128, 1), 3, SETTINGS | {"dropout": 0}, backbone=backbone)
    inputs = examples(network)
    embedding = outputs(sub_network(network, "embedding"), inputs)
    assert embedding.shape == (2, 16 + 32 + 48 + 64 + 96 + 96), "five blocks, and the embedding of the backbone"
    np.testing.assert_allclose(embedding[:, -96:], outputs(sub_network(backbone, "embedding"), inputs), atol=1e-5)
