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


def same_weights(model, other):
    return all(np.array_equal(*pair) for pair in zip(model.network_.get_weights(), other.network_.get_weights()))


def test_a_killed_training_ends_where_the_undisturbed_one_ends(train, validation, tmp_path):
    code = ("import os, sys, pandas as pd, models\n"
            "from learning import keras_tools\n"
            "X, V = (pd.read_pickle(file) for file in sys.argv[1:3])\n"
            "keras_tools.Batches.on_epoch_end = (lambda self, keep=keras_tools.Batches.on_epoch_end: keep(self) or\n"
            "                                    (os._exit(9) if self.epoch == 4 and self.shuffled else None))\n"
            f"models.build('cnn', **{FEW}).fit(X, X['genre'], (V, V['genre']), checkpoint=sys.argv[3])")
    for name, table_of in (("X", train), ("V", validation)):
        table_of.to_pickle(tmp_path / f"{name}.pkl")
    arguments = [sys.executable, "-c", code, tmp_path / "X.pkl", tmp_path / "V.pkl", tmp_path / "checkpoint"]
    killed = subprocess.run(arguments, cwd=ROOT, capture_output=True)
    assert killed.returncode == 9, killed.stderr.decode()[-500:]
    data = train, train["genre"], (validation, validation["genre"])
    resumed = models.build("cnn", **FEW).fit(*data, checkpoint=tmp_path / "checkpoint")
    undisturbed = models.build("cnn", **FEW).fit(*data)
    assert same_weights(resumed, undisturbed)
    pd.testing.assert_frame_equal(resumed.history_, undisturbed.history_)


class Killed(BaseException):
    pass


def noise_of(n, seed=0):
    """Rows and labels that have nothing to do with each other: the best epoch is an early one."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd")), np.array(["jazz", "rock"] * (n // 2))


def fit_noise(monkeypatch, *, kill_at=(), checkpoint=None, seed=0, **settings):
    """Fit a network to noise; returns it, and the epochs that were trained in all attempts."""
    trained, kills = [], list(kill_at)

    def on_epoch_end(self, epoch, logs=None):
        if kills and logs and epoch == kills[0]:
            kills.pop(0)
            raise Killed
        if logs:
            trained.append(epoch)
    monkeypatch.setattr(keras_tools.Progress, "on_epoch_end", on_epoch_end)
    X, y = noise_of(60, seed)
    while True:
        model = models.build("mlp", **{"epochs": 25, "learning_rate": .05, "verbose": False} | settings)
        try:
            return model.fit(X[:40], y[:40], (X[40:], y[40:]), checkpoint=checkpoint), trained
        except Killed:
            continue


@pytest.mark.parametrize("settings", [{}, {"patience": 6}], ids=["all epochs", "early stopping"])
def test_the_best_epoch_before_a_kill_is_not_forgotten(monkeypatch, tmp_path, settings):
    undisturbed, trained = fit_noise(monkeypatch, **settings)
    kills = [2, len(trained) - 4, len(trained) - 1]
    resumed, trained_in_parts = fit_noise(monkeypatch, kill_at=kills, checkpoint=tmp_path / "checkpoint", **settings)
    assert trained_in_parts == trained, "no finished epoch is trained again"
    assert undisturbed.history_["val_loss"].idxmin() < len(trained) - 4, "before the second kill"
    assert same_weights(resumed, undisturbed)
    pd.testing.assert_frame_equal(resumed.history_, undisturbed.history_)
    again, trained_again = fit_noise(monkeypatch, checkpoint=tmp_path / "checkpoint", **settings)
    assert trained_again == [] and same_weights(again, undisturbed), "a finished training is not done again"


@pytest.mark.parametrize("other", [{"seed": 1}, {"width": 8}], ids=str)
def test_a_checkpoint_of_other_songs_or_settings_is_set_aside_and_said(monkeypatch, tmp_path, capsys, other):
    fit_noise(monkeypatch, checkpoint=tmp_path, epochs=2)
    alone, _ = fit_noise(monkeypatch, epochs=2, **other)
    capsys.readouterr()
    fresh, trained = fit_noise(monkeypatch, checkpoint=tmp_path, epochs=2, **other)
    assert "is of other songs, labels or settings: it is kept as training.other.npz" in capsys.readouterr().out
    assert same_weights(fresh, alone) and trained[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["training.npz", "training.other.npz"]


def test_a_checkpoint_of_other_labels_or_images_is_not_taken_for_ones_own(train, tmp_path, capsys):
    settings = FEW | {"epochs": 1}
    models.build("cnn", **settings).fit(train, train["genre"], checkpoint=tmp_path)
    models.build("cnn", **settings).fit(train, train["genre"].to_numpy()[::-1], checkpoint=tmp_path)
    assert "of other songs, labels or settings" in capsys.readouterr().out
    other = train.assign(path=train["path"].to_numpy()[::-1])
    models.build("cnn", **settings).fit(other, train["genre"].to_numpy()[::-1], checkpoint=tmp_path)
    assert "of other songs, labels or settings" in capsys.readouterr().out
    models.build("cnn", **settings).fit(other, train["genre"].to_numpy()[::-1], checkpoint=tmp_path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("damage", [lambda whole: b"", lambda whole: whole[:len(whole) // 2], lambda whole: b"{}",
                                    lambda whole: whole[:900] + b"x" + whole[901:]],
                         ids=["empty", "half-written", "text", "a byte"])
def test_a_damaged_checkpoint_is_set_aside_and_said(monkeypatch, tmp_path, capsys, damage):
    undisturbed, trained = fit_noise(monkeypatch, checkpoint=tmp_path, epochs=2)
    file = tmp_path / keras_tools.Checkpoint.NAME
    file.write_bytes(damage(file.read_bytes()))
    (tmp_path / ".training.npz.1-2.part").write_bytes(b"of a run that was killed")
    capsys.readouterr()
    fresh, trained_anew = fit_noise(monkeypatch, checkpoint=tmp_path, epochs=2)
    assert "is damaged" in capsys.readouterr().out
    assert trained_anew == trained and same_weights(fresh, undisturbed)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["training.damaged.npz", "training.npz"]


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
