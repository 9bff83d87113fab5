"""The training loop of all networks: seeds, interruptions, precision, and targets that are shares."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from synthetic_images import FEW, corpus, table

import models
from learning import architectures, keras_tools


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    return corpus(tmp_path_factory.mktemp("train"), 36)


@pytest.fixture(scope="module")
def validation(tmp_path_factory):
    return corpus(tmp_path_factory.mktemp("validation"), 18, seed=1)


def test_regularisers_can_be_switched_on_and_off(train):
    settings = FEW | {"epochs": 1}
    regularised = models.build("cnn", **settings | {"l2": .1, "activity_l2": .1, "noise": .2, "dropout": .5})
    unregularised = models.build("cnn", **settings | {"dropout": 0, "mixup": 0, "label_smoothing": 0})
    regularised.fit(train, train["genre"])
    unregularised.fit(train, train["genre"])
    layers, layers_without = [{type(layer).__name__ for layer in model.network_.layers}
                              for model in (regularised, unregularised)]
    assert {"GaussianNoise", "Dropout"} <= layers
    assert not {"GaussianNoise", "Dropout"} & layers_without
    assert regularised.network_.losses and not unregularised.network_.losses


def test_the_same_seed_gives_the_same_network(train):
    first, again, other = (models.build("cnn", **FEW | {"epochs": 2, "seed": seed}).fit(train, train["genre"])
                           for seed in (3, 3, 4))
    np.testing.assert_allclose(first.predict_proba(train), again.predict_proba(train), atol=1e-6)
    assert abs(first.predict_proba(train) - other.predict_proba(train)).max() > 1e-3


def test_an_interrupted_training_keeps_its_best_weights(train, validation, monkeypatch):
    def stop(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt
    monkeypatch.setattr(keras_tools.Progress, "on_epoch_end", stop)
    model = models.build("cnn", **FEW).fit(train, train["genre"], validation=(validation, validation["genre"]))
    assert model.predict_proba(validation).shape == (18, 3)


def test_a_killed_training_continues_from_its_checkpoint(train, tmp_path):
    code = ("import os, sys, pandas as pd, models\n"
            "from learning import keras_tools\n"
            "X = pd.read_pickle(sys.argv[1])\n"
            "keras_tools.Progress.on_epoch_end = lambda self, epoch, logs=None: os._exit(9) if epoch == 3 else None\n"
            f"models.build('cnn', **{FEW}).fit(X, X['genre'], checkpoint=sys.argv[2])")
    train.to_pickle(tmp_path / "X.pkl")
    arguments = [sys.executable, "-c", code, tmp_path / "X.pkl", tmp_path / "checkpoint"]
    killed = subprocess.run(arguments, cwd=ROOT, capture_output=True)
    assert killed.returncode == 9, killed.stderr.decode()[-500:]
    model = models.build("cnn", **FEW).fit(train, train["genre"], checkpoint=tmp_path / "checkpoint")
    assert 1 <= len(model.history_) < FEW["epochs"], "finished epochs are not trained again"


def test_half_precision_is_only_for_training(train, monkeypatch):
    built = []
    build_cnn = architectures.build_cnn

    def record(*arguments):
        built.append(build_cnn(*arguments))
        return built[-1]
    monkeypatch.setattr(keras_tools, "has_gpu", lambda: True)
    monkeypatch.setitem(architectures.IMAGE_NETWORKS, "cnn", record)
    model = models.build("cnn", **FEW | {"epochs": 1}).fit(train, train["genre"])
    assert [network.get_layer("maps").compute_dtype for network in built] == ["float16", "float32"]
    assert np.isfinite(model.predict_proba(train)).all()
    assert keras_tools.keras.config.dtype_policy().name == "float32"


def test_a_network_learns_shares_of_genres():
    rng = np.random.default_rng(0)
    share = rng.random(200)
    X = pd.DataFrame({"a": share + rng.normal(0, .05, 200), "b": rng.normal(size=200)})
    y = pd.DataFrame({"jazz": share, "metal": 1 - share})
    model = models.build("mlp", epochs=60, mixup=0.0, label_smoothing=0.0, verbose=False).fit(X, y)
    proba = model.predict_proba(X)
    assert proba.sum(axis=1) == pytest.approx(1) and np.abs(proba[:, 0] - share).mean() < .1
    assert set(model.predict(X)) == {"jazz", "metal"}
    with pytest.raises(ValueError, match="linear takes one genre a song"):
        models.build("linear").fit(X, y)


def test_rows_and_genres_of_different_number_are_refused():
    X, y = table(30)
    with pytest.raises(ValueError, match="30 rows but 29 genres"):
        models.build("mlp", verbose=False).fit(X, y[1:])


def test_training_stops_where_the_validation_loss_no_longer_falls():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 4)), columns=list("abcd"))
    y = np.array(["jazz", "rock"] * 30)  # noise: what the network learns does not help on the validation rows
    settings = {"epochs": 60, "learning_rate": .05, "verbose": False}
    stopped = models.build("mlp", patience=3, **settings).fit(X[:40], y[:40], validation=(X[40:], y[40:]))
    assert len(stopped.history_) < 60
    best = stopped.history_["val_loss"].idxmin()
    assert len(stopped.history_) - 1 - best == 3, "three epochs after the best one"
