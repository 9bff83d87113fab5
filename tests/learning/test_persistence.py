"""Models on disk: written whole or not at all, checked when they are read, and never able to run code."""

import hashlib
import json

import keras
import numpy as np
import pytest
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from synthetic_images import table

import models
from learning import persistence

LEARNED = {"classes_": ["a", "b"], "multilabel_": False, "temperature_": 1.0, "feature_names_in_": ["x"],
           "medians_": [0]}
NOTE = {"class": "TableModel", "parameters": {}, "learned": LEARNED}


def write_some_weights(folder, content=b"weights"):
    (folder / "weights.skops").write_bytes(content)
    return folder / "weights.skops"


@pytest.fixture
def linear(tmp_path):
    """The folder of a saved model."""
    X, y = table()
    return models.save(models.build("linear").fit(X, y), tmp_path / "linear")


# ---- writing

def test_a_model_is_written_with_the_checksum_of_its_weights(tmp_path):
    folder = persistence.write_model(tmp_path / "new" / "model", NOTE, write_some_weights)
    note, weights = persistence.read_model(folder)
    assert weights.read_bytes() == b"weights" and note["sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert note["class"] == "TableModel" and note["format"] == persistence.FORMAT
    assert [path.name for path in folder.parent.iterdir()] == ["model"], "no unfinished files are left"


def test_others_can_read_the_folder_of_a_model(tmp_path):
    (tmp_path / "ordinary").mkdir()
    folder = persistence.write_model(tmp_path / "model", NOTE, write_some_weights)
    assert folder.stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_a_model_that_cannot_be_written_leaves_the_model_before_it(tmp_path):
    folder = persistence.write_model(tmp_path / "model", NOTE, write_some_weights)

    def fail(temporary):
        write_some_weights(temporary, b"half")
        raise OSError("the disk is full")
    with pytest.raises(OSError, match="the disk is full"):
        persistence.write_model(folder, NOTE, fail)
    assert persistence.read_model(folder)[1].read_bytes() == b"weights"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_model_replaces_a_model_or_an_empty_folder_but_nothing_else(tmp_path):
    (tmp_path / "empty").mkdir()
    folder = persistence.write_model(tmp_path / "empty", NOTE, write_some_weights)
    persistence.write_model(folder, NOTE, lambda temporary: write_some_weights(temporary, b"newer"))
    assert persistence.read_model(folder)[1].read_bytes() == b"newer"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear")
    with pytest.raises(ValueError, match="holds something that is no model"):
        persistence.write_model(tmp_path / "mine", NOTE, write_some_weights)
    X, y = table()
    with pytest.raises(ValueError, match="holds something that is no model"):
        models.save(models.build("linear").fit(X, y), tmp_path / "mine")
    assert (tmp_path / "mine" / "diary.txt").read_text() == "dear"


NUMBERS = st.integers(-10 ** 9, 10 ** 9) | st.floats(-1e6, 1e6)
VALUES = st.recursive(st.none() | st.booleans() | NUMBERS | st.text(),
                      lambda values: st.lists(values) | st.dictionaries(st.text(), values), max_leaves=10)


@given(VALUES)
def test_values_of_json_stay_as_they_are(value):
    assert persistence.plain(value) == value == json.loads(json.dumps(persistence.plain(value)))


def test_values_of_numpy_become_values_of_json():
    values = {"array": np.arange(3), "number": np.float32(.5), "truth": np.bool_(True), "pair": (np.int64(1), "a"),
              3: None}
    expected = {"array": [0, 1, 2], "number": .5, "truth": True, "pair": [1, "a"], "3": None}
    assert json.loads(json.dumps(persistence.plain(values))) == expected


# ---- reading

def test_a_changed_or_damaged_model_or_one_in_another_format_is_refused(linear, tmp_path):
    note = json.loads((linear / "model.json").read_text())
    (linear / "model.json").write_text(json.dumps(note | {"format": 99}))
    with pytest.raises(persistence.ModelError, match="saved in format 99, this program reads 1"):
        models.load(linear)
    (linear / "model.json").write_text(json.dumps(note))
    with open(linear / "weights.skops", "ab") as weights:
        weights.write(b"x")
    with pytest.raises(persistence.ModelError, match="changed after it was saved"):
        models.load(linear)
    (linear / "model.json").write_text("{")
    with pytest.raises(persistence.ModelError, match="damaged"):
        models.load(linear)
    with pytest.raises(persistence.ModelError, match="no model in"):
        models.load(tmp_path / "nothing")


def test_a_model_whose_entries_or_weights_are_missing_is_refused(linear):
    note = json.loads((linear / "model.json").read_text())
    del note["learned"]
    (linear / "model.json").write_text(json.dumps(note))
    with pytest.raises(persistence.ModelError, match="entries are missing"):
        persistence.read_model(linear)
    (linear / "model.json").write_text(json.dumps(note | {"learned": {}}))
    (linear / "weights.skops").unlink()
    with pytest.raises(persistence.ModelError, match=r"weights\.skops is missing"):
        persistence.read_model(linear)


def test_names_of_earlier_versions_are_read_as_todays(tmp_path):
    note = NOTE | {"learned": LEARNED | {"picture_settings_": {"sr": 22_050}, "temperature_": 1.0, "familiar_": {}}}
    folder = persistence.write_model(tmp_path / "model", note, write_some_weights)
    learned = persistence.read_model(folder)[0]["learned"]
    assert learned == LEARNED | {"image_settings_": {"sr": 22_050}, "temperature_": 1.0, "distribution_": {}}


def test_weights_of_another_network_are_refused(tmp_path):
    def network(width):
        inputs = keras.Input((3,))
        return keras.Model(inputs, keras.layers.Dense(width)(inputs))
    saved = network(4)
    saved.save(tmp_path / "weights.keras")
    same = persistence.read_weights(network(4), tmp_path / "weights.keras")
    np.testing.assert_array_equal(same.get_weights()[0], saved.get_weights()[0])
    with pytest.raises(persistence.ModelError, match="cannot be read safely"):
        persistence.read_weights(network(5), tmp_path / "weights.keras")
    (tmp_path / "weights.keras").write_bytes(b"not a network")
    with pytest.raises(persistence.ModelError, match="cannot be read safely"):
        persistence.read_network(tmp_path / "weights.keras", 4)


def test_a_model_never_runs_code(linear):
    """A pickle-like payload for skops, a Lambda layer for Keras and a foreign class in the JSON are all refused."""
    X, y = table()
    note = json.loads((linear / "model.json").read_text())

    def error_of(file, **changes):
        changes = {"weights": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()} | changes
        (linear / "model.json").write_text(json.dumps(note | changes))
        with pytest.raises(persistence.ModelError) as caught:
            models.load(linear)
        return str(caught.value)

    weights = linear / "weights.skops"
    skops.io.dump(np.vectorize(print), weights)
    assert "asks for" in error_of(weights) or "cannot be read safely" in error_of(weights)
    inputs = keras.Input((6,))
    network = keras.Model(inputs, keras.layers.Lambda(lambda x: x * 2)(inputs))
    network.save(linear / "weights.keras")
    learned = note["learned"] | {"mean_": [0] * 6, "scale_": [1] * 6}
    foreign = {"class": "TableNetwork", "parameters": {"name": "mlp"}, "learned": learned}
    assert "cannot be read safely" in error_of(linear / "weights.keras", **foreign)
    skops.io.dump(models.build("linear").fit(X, y).fitted_, weights)
    assert "no model of ours" in error_of(weights, **{"class": "subprocess.Popen"})
    assert "no model of ours" in error_of(weights, weights="../../etc/passwd")
