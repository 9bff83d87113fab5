"""Saved models that were tampered with: none crashes the interpreter, hangs, or predicts from broken numbers."""

import hashlib
import io
import json
import shutil
import zipfile

import h5py
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_images import table

import models
from learning import model_checks
from learning.model_checks import UnsoundModel
from learning.persistence import ModelError, read_network, read_weights

KINDS = {"forest": {"n_trees": 3}, "knn": {}, "svm": {}, "linear": {}}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The folders of saved models of scikit-learn, by kind; `several` is for songs of several genres."""
    X, y = table(90)
    folder = tmp_path_factory.mktemp("models")
    folders = {kind: models.save(models.build(kind, **more).fit(X, y), folder / kind) for kind, more in KINDS.items()}
    multi_hot = (y[:, None] == np.unique(y)).astype(int)
    for kind in ("forest", "knn", "svm"):
        model = models.build(kind, **KINDS[kind]).fit(X, multi_hot)
        folders[f"several {kind}"] = models.save(model, folder / f"several {kind}")
    return folders


@pytest.fixture
def tamper(saved, tmp_path):
    """A function that changes the arrays of a saved model, and its checksum with them; returns the folder."""
    return lambda kind, change: tampered(saved[kind], tmp_path / kind, change)


def tampered(model, folder, change):
    """A copy of a saved model with changed arrays, and the checksum of these."""
    shutil.copytree(model, folder)
    changed = io.BytesIO()
    with zipfile.ZipFile(folder / "weights.skops") as archive, zipfile.ZipFile(changed, "w") as out:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith(".npy"):
                array = np.load(io.BytesIO(content)).copy()
                buffer = io.BytesIO()
                replaced = change(array)
                np.save(buffer, array if replaced is None else replaced)
                content = buffer.getvalue()
            out.writestr(name, content)
    (folder / "weights.skops").write_bytes(changed.getvalue())
    return sign(folder)


def sign(folder, **changes):
    """Write the checksum of the weights as they are now, and other changes, into `model.json`."""
    note = json.loads((folder / "model.json").read_text())
    weights = (folder / note["weights"]).read_bytes()
    (folder / "model.json").write_text(json.dumps(note | {"sha256": hashlib.sha256(weights).hexdigest()} | changes))
    return folder


def test_models_that_were_not_tampered_with_predict_as_before(saved):
    X, y = table(30, seed=1)
    for kind, folder in saved.items():
        loaded = models.load(folder)
        assert loaded.predict_proba(X).shape == (30, 3)
        if kind in KINDS:
            assert (loaded.predict(X) == y).mean() > .7


def set_nodes(**values):
    """A change of a forest: fields of the first node of each tree."""
    def change(array):
        for field, value in values.items():
            if array.dtype.names:
                array[field][0] = value
    return change


def shift_integers(by):
    def change(array):
        if array.dtype.kind in "iu" and not array.dtype.names:
            array += by
    return change


def lose_a_row(array):
    return array[:-1] if array.ndim else array


def not_finite(array):
    if array.dtype.kind == "f" and array.size:
        array.flat[0] = np.nan


TAMPERINGS = {
    "a child outside": ("forest", set_nodes(left_child=10 ** 12)), "a negative child": ("forest",
                                                                                       set_nodes(right_child=-7)),
    "a cycle": ("forest", set_nodes(left_child=0, right_child=0)),
    "another column": ("forest", set_nodes(feature=10 ** 12)), "a negative column": ("forest", set_nodes(feature=-9)),
    "no threshold": ("forest", set_nodes(threshold=np.nan)),
    "counts of support vectors": ("svm", shift_integers(10 ** 6)), "genres of neighbours": ("knn",
                                                                                           shift_integers(10 ** 9)),
    **{f"{kind}: {change.__name__}": (kind, change) for kind in
       ("forest", "knn", "svm", "linear", "several svm", "several forest", "several knn")
       for change in (lose_a_row, not_finite)}}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_tampered_model_is_refused_with_the_reason(tamper, name):
    with pytest.raises(ModelError, match=r"cannot be read safely|cannot be used"):
        models.load(tamper(*TAMPERINGS[name]))


def test_the_search_tree_of_neighbours_is_built_again_and_not_used_as_it_is(tamper):
    def change(array):  # order and bounds of the nodes; the songs' genres are small numbers
        if array.dtype.kind in "iu" and array.size and array.max() > 10:
            array += 10 ** 9
    X, y = table(30, seed=1)
    assert (models.load(tamper("knn", change)).predict(X) == y).mean() > .7


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10 ** 6), kind=st.sampled_from(["forest", "knn", "svm", "several forest"]))
def test_random_changes_of_arrays_are_refused_or_harmless(saved, tmp_path_factory, seed, kind):
    rng = np.random.default_rng(seed)

    def change(array):
        if rng.random() < .2 and array.nbytes:
            flat = array.reshape(-1).view(np.uint8) if array.ndim and array.flags["C_CONTIGUOUS"] else None
            if flat is not None:
                flat[rng.integers(0, len(flat), 4)] = rng.integers(0, 256, 4)
    folder = tampered(saved[kind], tmp_path_factory.mktemp("random") / "model", change)
    try:
        proba = models.load(folder).predict_proba(table(20)[0])
    except ModelError as error:
        assert str(error)
    else:
        assert np.isfinite(proba).all()


# ---- model.json

@pytest.mark.parametrize("name, value", [
    ("classes_", []), ("classes_", ["a", "a", "b"]), ("classes_", ["folk", "metal"]), ("classes_", 3),
    ("temperature_", 0), ("temperature_", "1"), ("temperature_", float("nan")), ("multilabel_", "yes"),
    ("medians_", [0, 1]), ("medians_", [None] * 6), ("feature_names_in_", ["a"] * 6), ("n_features_in_", 7),
    ("feature_names_in_", [f"column {n}" for n in range(10 ** 4)]), ("image_settings_", "none"),
    ("distribution_", {"columns": []}), ("distribution_", [1])], ids=str)
def test_a_tampered_note_is_refused(saved, tmp_path, name, value):
    folder = shutil.copytree(saved["linear"], tmp_path / "linear")
    learned = json.loads((folder / "model.json").read_text())["learned"]
    with pytest.raises(ModelError):
        models.load(sign(folder, learned=learned | {name: value}))


@pytest.mark.parametrize("part, value", [
    ("mean", [0]), ("scale", [0] * 6), ("components", [[1]]), ("distances", {"polka": []}), ("units", [1]),
    ("centres", {}), ("distances", {"folk": [1, 2]})], ids=str)
def test_a_damaged_distribution_of_the_training_songs_is_refused(saved, tmp_path, part, value):
    folder = shutil.copytree(saved["linear"], tmp_path / "linear")
    learned = json.loads((folder / "model.json").read_text())["learned"]
    learned["distribution_"][part] = value
    with pytest.raises(ModelError, match="distribution_"):
        models.load(sign(folder, learned=learned))


@pytest.mark.parametrize("changes", [{"class": ["TableModel"]}, {"class": {}}, {"weights": []}, {"parameters": []},
                                     {"learned": []}, {"parameters": {"name": {}, "width": 10 ** 9}},
                                     {"class": "TableNetwork"}, {"class": "FamilyClassifier"}, {"sha256": None}],
                         ids=str)
def test_entries_of_another_type_are_refused(saved, tmp_path, changes):
    with pytest.raises(ModelError):
        models.load(sign(shutil.copytree(saved["linear"], tmp_path / "linear"), **changes))


@pytest.mark.parametrize("content", [b"", b"[" * 10 ** 5, b"\xff\xfe", b"null", b"[]", b"1e999"])
def test_a_damaged_note_is_refused(saved, tmp_path, content):
    folder = shutil.copytree(saved["linear"], tmp_path / "linear")
    (folder / "model.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.json"):
        models.load(folder)


def test_a_known_checksum_protects_against_malice(saved, tmp_path):
    folder = shutil.copytree(saved["linear"], tmp_path / "linear")
    known = hashlib.sha256((folder / "model.json").read_bytes()).hexdigest()
    assert models.load(folder, sha256=f"{known.upper()}\n").classes_.size == 3
    sign(folder, about={"made by": "a stranger"})
    assert models.load(folder).classes_.size == 3
    with pytest.raises(ModelError, match="another checksum than the one that was given"):
        models.load(folder, sha256=known)


# ---- networks

@pytest.fixture
def network():
    inputs = keras.Input((3,))
    hidden = keras.layers.Identity(name="embedding")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, name="scores")(hidden))


def rewrite(path, change):
    """Change the file of arrays in a file of Keras."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    inside = io.BytesIO(members["model.weights.h5"])
    with h5py.File(inside, "r+") as stored:
        change(stored["layers/dense/vars"])
    members["model.weights.h5"] = inside.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def replaced(**more):
    def change(variables):
        del variables["0"]
        variables.create_dataset("0", **more)
    return change


def linked(variables):
    del variables["0"]
    variables["0"] = h5py.ExternalLink("/etc/passwd", "/")


TAMPERED_NETWORKS = {"no number": replaced(data=np.full((3, 2), np.nan, np.float32)),
                     "huge": replaced(shape=(10 ** 9, 10 ** 4), dtype="f4", chunks=(1000, 1000)),
                     "outside": replaced(shape=(3, 2), dtype="f4", external=[("/dev/zero", 0, 24)]),
                     "a link": linked, "another shape": replaced(data=np.zeros((3, 5), np.float32))}


@pytest.mark.parametrize("name", TAMPERED_NETWORKS)
def test_a_tampered_network_is_refused(network, tmp_path, name):
    network.save(tmp_path / "weights.keras")
    rewrite(tmp_path / "weights.keras", TAMPERED_NETWORKS[name])
    for read in (lambda path: read_network(path, 2), lambda path: read_weights(network, path)):
        with pytest.raises(ModelError, match="cannot be read safely"):
            read(tmp_path / "weights.keras")


def test_a_network_with_another_number_of_outputs_is_refused(network, tmp_path):
    network.save(tmp_path / "weights.keras")
    assert read_network(tmp_path / "weights.keras", 2).output_shape == (None, 2)
    with pytest.raises(ModelError, match="2 outputs for 3 genres"):
        read_network(tmp_path / "weights.keras", 3)


def test_a_small_archive_of_a_large_file_is_refused(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "weights.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("layer_.npy", bytes(10 ** 6))
    model_checks.check_archive(tmp_path / "weights.npz")
    monkeypatch.setattr(model_checks, "LARGEST_WEIGHTS", 10 ** 5)
    with pytest.raises(UnsoundModel, match="GB of weights"):
        model_checks.check_archive(tmp_path / "weights.npz")
