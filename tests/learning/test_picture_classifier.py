"""Networks on spectrogram images: what they learn, what they refuse, and networks that begin from a trained one.

The networks are trained once for all tests of this file.
"""

import json

import numpy as np
import pandas as pd
import pytest
from synthetic_images import FEW, SETTINGS, corpus

import models
from signals import spectrogram_images

OTHER_SETTINGS = json.dumps(SETTINGS | {"hop_length": 256})


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    return corpus(tmp_path_factory.mktemp("train"), 36)


@pytest.fixture(scope="module")
def validation(tmp_path_factory):
    return corpus(tmp_path_factory.mktemp("validation"), 18, seed=1)


@pytest.fixture(scope="module")
def trained(train, validation):
    """Gives the trained network of a name; trains it the first time."""
    networks = {}

    def by_name(name):
        if name not in networks:
            model = models.build(name, **FEW | {"epochs": 15})
            networks[name] = model.fit(train, train["genre"], validation=(validation, validation["genre"]))
        return networks[name]
    return by_name


@pytest.fixture
def cnn(trained):
    return trained("cnn")


@pytest.mark.parametrize("name", ["cnn", "lstm", "lstm_cnn", "multi_cnn"])
def test_networks_learn_from_images(name, trained, validation):
    model = trained(name)
    proba = model.predict_proba(validation)
    assert proba.shape == (18, 3) and proba.sum(axis=1) == pytest.approx(1)
    assert (model.predict(validation) == validation["genre"]).mean() > .6, "chance level is a third"
    assert set(model.history_) == {"accuracy", "loss", "val_accuracy", "val_loss"}
    assert models.embed(model, validation).shape[0] == 18


@pytest.mark.parametrize("name", ["cnn", "lstm", "lstm_cnn", "multi_cnn"])
def test_columns_of_probabilities_are_in_the_order_of_the_classes(name, trained, validation):
    model = trained(name)
    assert list(model.classes_) == ["folk", "metal", "techno"]
    columns = model.predict_proba(validation).argmax(axis=1)
    assert list(model.classes_[columns]) == list(model.predict(validation))


def test_probabilities_are_calibrated_on_the_validation_set(cnn, train):
    assert "18 validation rows" in cnn.calibrated_on_ and cnn.temperature_ > 0
    uncalibrated = models.build("cnn", **FEW | {"epochs": 1}).fit(train, train["genre"])
    assert uncalibrated.temperature_ == 1 and "no validation" in uncalibrated.calibrated_on_


def test_images_made_with_other_settings_are_refused(cnn, train):
    with pytest.raises(ValueError, match=r"trained on \w+ made with .*'hop_length': 512.* these were made with .*256"):
        cnn.predict_proba(train.assign(settings=OTHER_SETTINGS))
    longer = train.assign(settings=json.dumps(SETTINGS | {"segment_seconds": 30.0}))
    assert cnn.predict_proba(longer).shape == (36, 3), "the length of segments does not matter"
    with pytest.raises(ValueError, match="2 different settings"):
        cnn.predict_proba(train.assign(settings=[json.dumps(SETTINGS)] * 35 + [OTHER_SETTINGS]))


def test_an_image_that_does_not_exist_is_named(cnn, train, tmp_path):
    missing = train.assign(path=[str(tmp_path / "gone.png"), *train["path"].iloc[1:]])
    with pytest.raises(ValueError, match="gone.png"):
        cnn.predict_proba(missing)


def test_chroma_is_used_where_the_manifest_has_it(tmp_path):
    songs = corpus(tmp_path, 12, kinds=("mel", "chroma"))
    rows = spectrogram_images.add_chroma_paths(songs)
    assert len(rows) == 12 and rows["chroma_path"].str.contains("chroma").all()
    model = models.build("multi_cnn", **FEW | {"epochs": 1}).fit(rows, rows["genre"])
    assert len(model.network_.inputs) == 2
    loaded = models.load(models.save(model, tmp_path / "model"))
    assert loaded.predict_proba(rows) == pytest.approx(model.predict_proba(rows), abs=1e-5)
    with pytest.raises(ValueError, match=r"the model \w+ chroma .*add_chroma_paths"):
        model.predict_proba(songs[songs["kind"] == "mel"])
    with pytest.raises(ValueError, match="no chroma"):
        spectrogram_images.add_chroma_paths(songs[songs["kind"] == "mel"])


# ---- transfer learning

def test_a_trained_network_is_carried_over_to_new_genres(cnn, validation, tmp_path):
    models.save(cnn, tmp_path / "backbone")
    loudness = np.where(validation["genre"] == "folk", "quiet", "loud")
    settings = FEW | {"epochs": 1, "backbone": str(tmp_path / "backbone")}
    model = models.build("transfer", **settings).fit(validation, loudness)
    assert set(model.classes_) == {"quiet", "loud"} and len(model.history_) == 1
    loaded = models.load(models.save(model, tmp_path / "new"))
    assert loaded.predict_proba(validation) == pytest.approx(model.predict_proba(validation), abs=1e-5)
    with pytest.raises(ValueError, match="transfer needs backbone="):
        models.build("transfer", backbone=None, **FEW).fit(validation, loudness)
    with pytest.raises(ValueError, match=r"the backbone \w+ 32 bands"):
        models.build("transfer", **settings | {"n_bands": 64}).fit(validation, loudness)


@pytest.mark.parametrize("name", ["lstm", "lstm_cnn", "multi_cnn"])
def test_every_network_can_be_a_backbone(name, trained, validation, tmp_path):
    settings = FEW | {"epochs": 0, "backbone": str(models.save(trained(name), tmp_path / name))}
    model = models.build("transfer", **settings).fit(validation, validation["genre"])
    assert (model.predict(validation) == validation["genre"]).mean() > .6, "chance level is a third"
    assert models.embed(model, validation).shape[1] >= models.embed(trained(name), validation).shape[1]


def test_a_last_layer_is_fitted_to_a_frozen_backbone(cnn, train, validation, tmp_path):
    settings = FEW | {"epochs": 0, "backbone": str(models.save(cnn, tmp_path / "backbone"))}
    two_segments = pd.concat([validation, validation.assign(segment=1)])
    model, model_of_two = (models.build("transfer", **settings).fit(songs, songs["genre"])
                           for songs in (validation, two_segments))
    assert (model.predict(train) == train["genre"]).mean() > .8, "the backbone's features are enough"
    assert model_of_two.predict_proba(train) == pytest.approx(model.predict_proba(train), abs=1e-4), \
        "a song of two segments counts as one song"
    backbone = model.network_.get_layer("backbone")
    np.testing.assert_array_equal(backbone.get_weights()[0], cnn.network_.get_weights()[0])
    hot = pd.DataFrame({"folk": validation["genre"] == "folk", "loud": validation["genre"] != "folk",
                        "any": validation["genre"] != "metal"})
    multilabel = models.build("transfer", **settings).fit(validation, hot.astype(int))
    assert (multilabel.predict(validation) == hot.to_numpy()).mean() > .8


def test_a_backbone_trained_on_images_with_other_settings_raises_a_warning(cnn, validation, tmp_path):
    settings = FEW | {"epochs": 0, "backbone": str(models.save(cnn, tmp_path / "backbone"))}
    with pytest.warns(UserWarning, match="'hop_length': 512.*'hop_length': 256"):
        models.build("transfer", **settings).fit(validation.assign(settings=OTHER_SETTINGS), validation["genre"])


def test_fine_tuning_changes_the_weights_of_the_backbone(cnn, validation, tmp_path):
    settings = FEW | {"epochs": 1, "backbone": str(models.save(cnn, tmp_path / "backbone"))}
    model = models.build("transfer", **settings).fit(validation, validation["genre"])
    tuned = model.network_.get_layer("backbone").get_weights()[0]
    assert abs(tuned - cnn.network_.get_weights()[0]).max() > 0


def test_a_network_of_keras_applications_can_be_the_backbone(train):
    model = models.build("transfer", **FEW | {"backbone": "MobileNetV2", "weights": None, "epochs": 0})
    assert model.fit(train, train["genre"]).predict_proba(train).shape == (36, 3)
