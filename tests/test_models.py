"""The family of models: build, save, load, and views of fitted models. What each model learns is in tests/learning."""

import io
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest
from synthetic_images import FEW, FOREST, corpus, table, write_song

import models
from prediction import saliency
from signals import image_store


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    return corpus(tmp_path_factory.mktemp("train"), 36)


@pytest.fixture(scope="module")
def validation(tmp_path_factory):
    return corpus(tmp_path_factory.mktemp("validation"), 18, seed=1)


@pytest.fixture(scope="module")
def cnn(train, validation):
    model = models.build("cnn", **FEW | {"epochs": 2})
    return model.fit(train, train["genre"], validation=(validation, validation["genre"]))


def test_an_unknown_model_or_setting_is_named():
    with pytest.raises(ValueError, match="no model 'rnn': choose from cnn, lstm"):
        models.build("rnn")
    with pytest.raises(ValueError, match="svm: .*'depth'"):
        models.build("svm", depth=3)


def test_songs_have_any_length_and_any_number_of_segments(tmp_path, cnn):
    rows = [*write_song(tmp_path, 0, "folk", 1, columns=9), *write_song(tmp_path, 1, "metal", 2, columns=700),
            *write_song(tmp_path, 2, "metal", 3)]
    songs = pd.DataFrame(rows)
    songs["track_id"] = ["short", "long", "long"]
    proba = models.track_proba(cnn, songs)
    assert proba.index.tolist() == ["short", "long"]
    assert proba.sum(axis=1).tolist() == pytest.approx([1, 1])
    np.testing.assert_allclose(proba.loc["long"], cnn.predict_proba(songs)[1:].mean(axis=0))


# ---- save and load

@pytest.mark.parametrize("name", ["mlp", "linear", "knn", "svm", "forest"])
def test_a_loaded_model_predicts_what_the_saved_one_did(name, tmp_path):
    X, y = table()
    settings = {"mlp": {"epochs": 3, "verbose": False}, "forest": FOREST}.get(name, {})
    model = models.build(name, **settings).fit(X, y)
    folder = models.save(model, tmp_path / "model", scores={"accuracy": np.float64(.9)}, about={"data": "made up"})
    loaded = models.load(folder)
    np.testing.assert_allclose(loaded.predict_proba(X), model.predict_proba(X), atol=1e-5)
    assert loaded.get_params(deep=False).keys() == model.get_params(deep=False).keys()
    assert list(loaded.classes_) == list(model.classes_)
    assert loaded.saved_scores_ == {"accuracy": .9} and loaded.calibrated_on_ == model.calibrated_on_
    assert {path.suffix for path in folder.iterdir()} == {".json", ".keras" if name == "mlp" else ".skops"}
    hot = pd.get_dummies(pd.Series(y)).astype(int)
    multilabel = models.build(name, **settings).fit(X, hot)
    loaded_again = models.load(models.save(multilabel, folder))
    np.testing.assert_allclose(loaded_again.predict_proba(X), multilabel.predict_proba(X), atol=1e-5)
    if name != "mlp":  # a clone of a loaded model is trained like a clone of the saved one
        kinds = {type(fitted.estimator.steps[-1][1]) for fitted in (model, loaded, loaded_again)}
        assert len(kinds) == 1


def test_a_saved_network_predicts_the_same_and_has_no_optimizer_state(cnn, validation, tmp_path):
    folder = models.save(cnn, tmp_path / "cnn")
    np.testing.assert_allclose(models.load(folder).predict_proba(validation), cnn.predict_proba(validation), atol=1e-5)
    with zipfile.ZipFile(folder / "weights.keras") as archive:
        weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
        assert not len(weights.get("optimizer/vars", ()))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")], "no unfinished files are left"


# ---- views

def test_clusters_agree_with_genres_that_differ():
    X, y = table()
    view = models.kmeans_view(X[["a", "b"]] * 3, y)
    assert view.to_numpy().sum() == 150 and view.attrs["adjusted Rand index"] > .4


def test_the_training_history_is_plotted(cnn):
    loss, accuracy = models.plot_history(cnn)
    assert loss.get_ylabel() == "loss (nats)" and len(accuracy.lines) == 2


def test_the_histories_of_many_networks_share_one_scale(cnn):
    axs = models.plot_histories({f"network {number}": cnn for number in range(7)})
    assert [ax.get_title() for ax in axs] == [f"network {number}" for number in range(7)]
    assert len({ax.get_ylim() for ax in axs}) == 1 and [bool(ax.get_legend()) for ax in axs] == [True] + [False] * 6


# ---- images: store, statistics, class-activation maps


def test_a_class_activation_map_adds_up_to_the_logit(cnn, validation):
    maps, seconds = saliency.class_activation(cnn, validation.iloc[[0]])
    assert maps.shape[0] == 3 and seconds > 0
    store = image_store.ChunkStore(validation.iloc[[0]], 32)
    assert store.lengths[0] >= 96
    logits = np.asarray(cnn.network_(store.read(0, 0, 96)[None, :, :, None]))[0]
    bias = np.asarray(cnn.network_.get_layer("scores").bias)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)) + bias, logits, atol=1e-3)
    with pytest.raises(ValueError, match="a cnn, not linear"):
        saliency.class_activation(models.build("linear"), validation.iloc[[0]])


