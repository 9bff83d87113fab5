"""The family of models: what they learn, what they refuse, what is kept of them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import models
from learning import augmentation, persistence
from learning.targets import balance
from prediction import saliency
from signals import image_store, spectrogram_images
from signals.image_statistics import describe_images

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {"sr": 22_050, "n_fft": 2048, "hop_length": 512, "n_mels": 64, "segment_seconds": 5.0, "decibels": 80}
SMALL = {"forest": {"n_trees": 20}}
FEW = {"epochs": 6, "width": 4, "columns": 32, "n_bands": 32, "verbose": False, "shift": 1}


def write(folder, number, genre, seed, *, columns=200, kinds=("mel",)):
    """Pictures of noise whose energy lies low (folk), high (metal) or comes in bursts (techno)."""
    rng, rows = np.random.default_rng(seed), []
    levels = rng.normal(90, 30, (64, columns))
    levels[{"folk": slice(0, 20), "metal": slice(40, 64), "techno": slice(0, 0)}[genre]] += 90
    if genre == "techno":
        levels[:, ::10] += 120
    for kind in kinds:
        path = Path(folder) / kind / genre / f"{number}.png"
        about = SETTINGS | {"track_id": f"t{number}", "source": f"s{number}", "kind": kind, "segment": 0, "start": 0,
                            "seconds": 5}
        spectrogram_images.write_image(path, (levels if kind == "mel" else levels[:12]).clip(0, 255).astype(np.uint8), about)
        rows.append({"track_id": f"t{number}", "segment": 0, "genre": genre, "artist": f"a{number // 2}", "path": str(path),
                     "source": f"s{number}", "kind": kind, "settings": json.dumps(SETTINGS)})
    return rows


def corpus(folder, n, seed=0, **more):
    rows = [row for number in range(n)
            for row in write(folder, number, ("folk", "metal", "techno")[number % 3], 1000 * seed + number, **more)]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    return corpus(tmp_path_factory.mktemp("train"), 36)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return corpus(tmp_path_factory.mktemp("other"), 18, seed=1)


@pytest.fixture(scope="module")
def cnn(train, other):
    return models.build("cnn", **FEW | {"epochs": 15}).fit(train, train["genre"], validation=(other, other["genre"]))


def table(n=150, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    X = pd.DataFrame(rng.normal(size=(n, 6)), columns=list("abcdef"))
    X["a"] += 3 * (y == 1)
    X["b"] += 3 * (y == 2)
    return X, np.array(["folk", "metal", "techno"])[y]


# ---- all of them

@pytest.mark.parametrize("name", ["cnn", "lstm", "lstm_cnn", "multi_cnn"])
def test_networks_learn_from_pictures(name, train, other):
    model = models.build(name, **FEW | {"epochs": 15}).fit(train, train["genre"], validation=(other, other["genre"]))
    proba = model.predict_proba(other)
    assert proba.shape == (18, 3) and proba.sum(axis=1) == pytest.approx(1)
    assert (model.predict(other) == other["genre"]).mean() > .6, "chance is a third"
    assert set(model.history_) == {"accuracy", "loss", "val_accuracy", "val_loss"}
    assert models.embed(model, other).shape[0] == 18


@pytest.mark.parametrize("name", ["mlp", "linear", "knn", "svm", "forest", "table_cnn", "table_lstm"])
def test_models_learn_from_tables(name):
    (X, y), (Z, z) = table(), table(80, 1)
    few = {"epochs": 25, "verbose": False} if name in ("mlp", *models.REPORT_MODELS) else SMALL.get(name, {})
    model = models.build(name, **few).fit(X, y, validation=(Z.iloc[:40], z[:40]))
    proba = model.predict_proba(Z.iloc[40:])
    assert proba.sum(axis=1) == pytest.approx(1) and (proba >= 0).all()
    # a memory that goes from feature to feature learns the order that they happen to have, and slowly
    assert (model.predict(Z.iloc[40:]) == z[40:]).mean() > (.5 if name == "table_lstm" else .7), "chance is a third"
    assert list(model.classes_) == ["folk", "metal", "techno"]
    pd.testing.assert_frame_equal(X, table()[0])


@pytest.mark.parametrize("name", ["mlp", "linear", "knn", "svm", "forest"])
def test_several_genres_a_song(name):
    X, y = table(200)
    hot = pd.DataFrame({"folk": y == "folk", "loud": np.isin(y, ["metal", "techno"]), "any": X["a"] > 0}).astype(int)
    few = {"epochs": 25, "verbose": False} if name == "mlp" else SMALL.get(name, {})
    model = models.build(name, **few).fit(X, hot)
    proba = model.predict_proba(X)
    assert list(model.classes_) == ["folk", "loud", "any"]
    assert ((proba > 0) & (proba < 1)).all() and (abs(proba.sum(axis=1) - 1) > .1).any()
    assert (model.predict(X) == hot.to_numpy()).mean() > .75


def test_an_unknown_model_or_setting_is_named():
    with pytest.raises(ValueError, match="no model 'rnn': choose from cnn, lstm"):
        models.build("rnn")
    with pytest.raises(ValueError, match="svm: .*'depth'"):
        models.build("svm", depth=3)


def test_regularisers_can_be_switched(train):
    strong = models.build("cnn", **FEW | {"epochs": 1, "l2": .1, "activity_l2": .1, "noise": .2, "dropout": .5})
    plain = models.build("cnn", **FEW | {"epochs": 1, "dropout": 0, "mixup": 0, "label_smoothing": 0})
    strong.fit(train, train["genre"])
    plain.fit(train, train["genre"])
    kinds = [[type(layer).__name__ for layer in model.network_.layers] for model in (strong, plain)]
    assert "GaussianNoise" in kinds[0] and "Dropout" in kinds[0]
    assert "GaussianNoise" not in kinds[1] and "Dropout" not in kinds[1]
    assert strong.network_.losses and not plain.network_.losses


def test_a_seed_gives_the_same_twice(train):
    one, two, other = (models.build("cnn", **FEW | {"epochs": 2, "seed": seed}).fit(train, train["genre"]).predict_proba(train)
                       for seed in (3, 3, 4))
    np.testing.assert_allclose(one, two, atol=1e-6)
    assert abs(one - other).max() > 1e-3


def test_songs_of_any_length_and_number_of_segments(tmp_path, cnn):
    rows = [*write(tmp_path, 0, "folk", 1, columns=9), *write(tmp_path, 1, "metal", 2, columns=700),
            *write(tmp_path, 2, "metal", 3)]
    songs = pd.DataFrame(rows)
    songs["track_id"] = ["short", "long", "long"]
    proba = models.track_proba(cnn, songs)
    assert proba.index.tolist() == ["short", "long"] and proba.sum(axis=1).tolist() == pytest.approx([1, 1])
    np.testing.assert_allclose(proba.loc["long"], cnn.predict_proba(songs)[1:].mean(axis=0))


def test_probabilities_are_calibrated_and_say_on_what(cnn, train):
    assert "18 validation rows" in cnn.calibrated_on_ and cnn.temperature_ > 0
    bare = models.build("cnn", **FEW | {"epochs": 1}).fit(train, train["genre"])
    assert bare.temperature_ == 1 and "no validation" in bare.calibrated_on_


def test_rare_genres_weigh_as_much():
    weights = balance(np.eye(2)[[0] * 90 + [1] * 10])
    assert weights[:90].sum() == pytest.approx(weights[90:].sum())


def test_an_interrupted_training_keeps_its_best_weights(train, other, monkeypatch):
    from learning import keras_tools

    def stop(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt
    monkeypatch.setattr(keras_tools.Progress, "on_epoch_end", stop)
    model = models.build("cnn", **FEW).fit(train, train["genre"], validation=(other, other["genre"]))
    assert model.predict_proba(other).shape == (18, 3)


def test_a_killed_training_goes_on(train, tmp_path):
    code = ("import os, sys, pandas as pd, models\n"
            "from learning import keras_tools\n"
            "X = pd.read_pickle(sys.argv[1])\n"
            "keras_tools.Progress.on_epoch_end = lambda self, epoch, logs=None: os._exit(9) if epoch == 3 else None\n"
            f"models.build('cnn', **{FEW}).fit(X, X['genre'], checkpoint=sys.argv[2])")
    train.to_pickle(tmp_path / "X.pkl")
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "X.pkl", tmp_path / "check"], cwd=ROOT, capture_output=True)
    assert done.returncode == 9, done.stderr.decode()[-500:]
    model = models.build("cnn", **FEW).fit(train, train["genre"], checkpoint=tmp_path / "check")
    assert 1 <= len(model.history_) < FEW["epochs"], "epochs that were done are not done again"


def test_half_precision_is_for_training_alone(train, monkeypatch):
    from learning import architectures, keras_tools
    monkeypatch.setattr(keras_tools, "has_gpu", lambda: True)
    built, build = [], architectures.build_cnn
    monkeypatch.setitem(architectures.IMAGE_NETWORKS, "cnn", lambda *given: built.append(build(*given)) or built[-1])
    model = models.build("cnn", **FEW | {"epochs": 1}).fit(train, train["genre"])
    assert [network.get_layer("maps").compute_dtype for network in built] == ["float16", "float32"]
    assert np.isfinite(model.predict_proba(train)).all() and keras_tools.keras.config.dtype_policy().name == "float32"


# ---- pictures

def test_pictures_are_read_from_disk_as_they_are_needed(train):
    store = image_store.ChunkStore(train, 32)
    assert store.read(0, 10, 32).shape == (32, 32) and store.read(5, 0, 32).min() >= 0 and store.read(5, 0, 32).max() <= 1
    assert store.lengths.tolist() == [100] * 36, "two columns of 43 a second make one"
    whole = (spectrogram_images.read_image(train["path"].iloc[0]) / 80 + 1)[:, :200].reshape(32, 2, 100, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(store.read(0, 0, 100), whole, atol=.003)
    assert np.concatenate([np.arange(start, start + 32) for start in store.grid(0, 32)]).max() == 99


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10 ** 6), st.integers(16, 80), st.integers(16, 80))
def test_variations_keep_shape_and_do_not_touch_what_they_are_given(seed, bands, columns):
    rng = np.random.default_rng(seed)
    chunk = rng.random((bands, columns)).astype(np.float32)
    before = chunk.copy()
    varied = augmentation.augment(chunk, rng)
    assert varied.shape == chunk.shape and np.isfinite(varied).all()
    np.testing.assert_array_equal(chunk, before)
    assert augmentation.stretch_columns(chunk, 33).shape == (bands, 33)
    (mixed,), targets = augmentation.mixup([chunk[None].repeat(4, 0)], np.eye(4, dtype=np.float32), rng, .4)
    assert targets.sum(axis=1) == pytest.approx(1) and mixed.shape == (4, bands, columns)


def test_two_songs_at_once_are_laid_over_each_other_as_sound_adds_up():
    quiet, loud = np.zeros((1, 4, 8), np.float32), np.zeros((1, 4, 8), np.float32)
    quiet[:, 0], loud[:, 3] = .5, 1.0  # 40 dB apart, one in the lowest and one in the highest band
    pair, targets = np.concatenate([quiet, loud]), np.eye(2)
    before = pair.copy()

    class Half:
        beta, permutation = staticmethod(lambda *_: np.full(2, .5, np.float32)), staticmethod(lambda n: np.arange(n)[::-1])
    (both,), shares, weights = augmentation.mix_power([pair], targets, np.ones(2, np.float32), Half, .5)
    assert both[0, 0] == pytest.approx(both[0, 3], abs=.01), "made equally loud, both are heard as strongly"
    assert both.max() == 1 and shares == pytest.approx(.5) and weights == pytest.approx(1)
    assert (pair == before).all()
    (same,), *_ = augmentation.mix_power([pair], targets, np.ones(2), Half, 0)
    assert same is pair


def test_a_song_may_be_of_a_genre_in_part():
    rng = np.random.default_rng(0)
    share = rng.random(200)
    X = pd.DataFrame({"a": share + rng.normal(0, .05, 200), "b": rng.normal(size=200)})
    y = pd.DataFrame({"jazz": share, "metal": 1 - share})
    model = models.build("mlp", epochs=60, mixup=0.0, label_smoothing=0.0, verbose=False).fit(X, y)
    said = model.predict_proba(X)
    assert said.sum(axis=1) == pytest.approx(1) and np.abs(said[:, 0] - share).mean() < .1
    assert set(model.predict(X)) == {"jazz", "metal"}
    with pytest.raises(ValueError, match="linear takes one genre a song"):
        models.build("linear").fit(X, y)


def test_other_settings_are_refused(cnn, train):
    foreign = train.assign(settings=json.dumps(SETTINGS | {"hop_length": 256}))
    with pytest.raises(ValueError, match="trained on pictures made with .*'hop_length': 512.* these were made with .*256"):
        cnn.predict_proba(foreign)
    longer = train.assign(settings=json.dumps(SETTINGS | {"segment_seconds": 30.0}))
    assert cnn.predict_proba(longer).shape == (36, 3), "the length of segments does not matter"
    mixed = train.assign(settings=[json.dumps(SETTINGS)] * 35 + [json.dumps(SETTINGS | {"hop_length": 256})])
    with pytest.raises(ValueError, match="2 different settings"):
        cnn.predict_proba(mixed)


def test_bad_rows_are_named(cnn, train, tmp_path):
    gone = train.assign(path=[str(tmp_path / "gone.png"), *train["path"].iloc[1:]])
    with pytest.raises(ValueError, match="gone.png"):
        cnn.predict_proba(gone)
    with pytest.raises(ValueError, match="only one genre, 'folk'"):
        models.build("cnn", **FEW).fit(train, ["folk"] * 36)
    with pytest.raises(ValueError, match="1 of 36 songs have no genre"):
        models.build("linear").fit(pd.DataFrame({"a": range(36)}), [None, *train["genre"][1:]])
    with pytest.raises(ValueError, match="columns that are not numbers: song"):
        models.build("linear").fit(pd.DataFrame({"song": ["x", "y"]}), ["a", "b"])


def test_chroma_is_heard_where_it_is_there(tmp_path):
    songs = corpus(tmp_path, 12, kinds=("mel", "chroma"))
    rows = spectrogram_images.add_chroma_paths(songs)
    assert len(rows) == 12 and rows["chroma_path"].str.contains("chroma").all()
    model = models.build("multi_cnn", **FEW | {"epochs": 1}).fit(rows, rows["genre"])
    assert len(model.network_.inputs) == 2
    back = models.load(models.save(model, tmp_path / "model"))
    assert back.predict_proba(rows) == pytest.approx(model.predict_proba(rows), abs=1e-5)
    with pytest.raises(ValueError, match="hears chroma too"):
        model.predict_proba(songs[songs["kind"] == "mel"])
    with pytest.raises(ValueError, match="no chroma pictures"):
        spectrogram_images.add_chroma_paths(songs[songs["kind"] == "mel"])


def test_what_was_learned_is_carried_over(cnn, other, tmp_path):
    models.save(cnn, tmp_path / "learned")
    loud = np.where(other["genre"] == "folk", "quiet", "loud")
    few = FEW | {"epochs": 1, "backbone": str(tmp_path / "learned")}
    model = models.build("transfer", **few).fit(other, loud)
    assert set(model.classes_) == {"quiet", "loud"} and len(model.history_) == 1
    back = models.load(models.save(model, tmp_path / "new"))
    assert back.predict_proba(other) == pytest.approx(model.predict_proba(other), abs=1e-5)
    with pytest.raises(ValueError, match="transfer needs backbone="):
        models.build("transfer", **FEW).fit(other, loud)
    with pytest.raises(ValueError, match="the backbone hears 32 bands"):
        models.build("transfer", **few | {"n_bands": 64}).fit(other, loud)


@pytest.mark.parametrize("name", ["lstm", "lstm_cnn", "multi_cnn"])
def test_every_network_can_be_a_backbone(name, train, other, tmp_path):
    learned = models.build(name, **FEW | {"epochs": 2}).fit(train, train["genre"])
    few = FEW | {"epochs": 0, "backbone": str(models.save(learned, tmp_path / name))}
    model = models.build("transfer", **few).fit(other, other["genre"])
    assert (model.predict(other) == other["genre"]).mean() > .6, "chance is a third"
    assert models.embed(model, other).shape[1] >= models.embed(learned, other).shape[1]


def test_a_last_layer_is_fitted_to_a_backbone_that_stays_as_it_is(cnn, train, other, tmp_path):
    few = FEW | {"epochs": 0, "backbone": str(models.save(cnn, tmp_path / "learned"))}
    twice = pd.concat([other, other.assign(segment=1)])  # a song of two segments is one song
    one, two = (models.build("transfer", **few).fit(songs, songs["genre"]) for songs in (other, twice))
    assert (one.predict(train) == train["genre"]).mean() > .8, "what the backbone knows is enough"
    assert two.predict_proba(train) == pytest.approx(one.predict_proba(train), abs=1e-4)
    np.testing.assert_array_equal(one.network_.get_layer("backbone").get_weights()[0], cnn.network_.get_weights()[0])
    hot = pd.DataFrame({"folk": other["genre"] == "folk", "loud": other["genre"] != "folk", "any": other["genre"] != "metal"})
    several = models.build("transfer", **few).fit(other, hot.astype(int))
    assert (several.predict(other) == hot.to_numpy()).mean() > .8


def test_a_backbone_from_other_pictures_is_warned_of(cnn, other, tmp_path):
    few = FEW | {"epochs": 0, "backbone": str(models.save(cnn, tmp_path / "learned"))}
    faster = other.assign(settings=json.dumps(SETTINGS | {"hop_length": 256}))
    with pytest.warns(UserWarning, match="'hop_length': 512.*'hop_length': 256"):
        models.build("transfer", **few).fit(faster, other["genre"])


def test_tuning_moves_the_backbone(cnn, other, tmp_path):
    few = FEW | {"epochs": 1, "backbone": str(models.save(cnn, tmp_path / "learned"))}
    model = models.build("transfer", **few).fit(other, other["genre"])
    assert abs(model.network_.get_layer("backbone").get_weights()[0] - cnn.network_.get_weights()[0]).max() > 0


def test_a_backbone_of_keras_applications(train):
    model = models.build("transfer", **FEW | {"backbone": "MobileNetV2", "weights": None, "epochs": 0})
    assert model.fit(train, train["genre"]).predict_proba(train).shape == (36, 3)


def test_a_class_activation_map_is_the_score_taken_apart(cnn, other):
    maps, seconds = saliency.class_activation(cnn, other.iloc[[0]])
    assert maps.shape[0] == 3 and seconds > 0
    network = cnn.network_
    store = image_store.ChunkStore(other.iloc[[0]], 32)
    score = np.asarray(network(store.read(0, 0, 96)[None, :, :, None]))[0] if store.lengths[0] >= 96 else None
    bias = np.asarray(network.get_layer("scores").bias)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)) + bias, score, atol=1e-3)
    with pytest.raises(ValueError, match="a cnn, not linear"):
        saliency.class_activation(models.build("linear"), other.iloc[[0]])


def test_keras_own_reader_takes_the_pictures(train):
    import keras
    folder = Path(train["path"].iloc[0]).parents[1]
    data = keras.utils.image_dataset_from_directory(folder, color_mode="grayscale", image_size=(64, 200), verbose=False)
    images, _ = next(iter(data))
    assert data.class_names == ["folk", "metal", "techno"] and tuple(images.shape[1:]) == (64, 200, 1)


def test_textures_are_a_table(train):
    features = describe_images(train, n_jobs=1)
    assert len(features) == 36 and features.notna().all().all() and features.columns.is_unique
    model = models.build("linear").fit(features, train["genre"])
    assert (model.predict(features) == train["genre"]).mean() > .9
    flat = describe_images(train.iloc[:3].assign(path=train["path"].iloc[0]), n_jobs=1)
    assert (flat.iloc[0] == flat.iloc[1]).all()


def test_a_picture_in_pieces_is_judged_once(train):
    whole, pieces = describe_images(train, n_jobs=1), describe_images(train, pieces=True, n_jobs=1)
    assert len(pieces) == 10 * len(train)
    pd.testing.assert_frame_equal(pieces.iloc[::10], whole)
    assert not pieces.iloc[:10].duplicated().any()
    model = models.build("linear").fit(pieces, train["genre"].loc[pieces.index], groups=pieces.index)
    said = models.track_proba(model, pieces)
    assert list(said.index) == list(whole.index) and said.sum(axis=1).to_numpy() == pytest.approx(1)
    assert (said.idxmax(axis=1).to_numpy() == train["genre"].to_numpy()).mean() > .9


# ---- on disk

@pytest.mark.parametrize("name", ["mlp", "linear", "knn", "svm", "forest"])
def test_saved_and_loaded_they_say_the_same(name, tmp_path):
    X, y = table()
    few = {"epochs": 3, "verbose": False} if name == "mlp" else SMALL.get(name, {})
    model = models.build(name, **few).fit(X, y)
    folder = models.save(model, tmp_path / "model", scores={"accuracy": np.float64(.9)}, about={"data": "made up"})
    back = models.load(folder)
    np.testing.assert_allclose(back.predict_proba(X), model.predict_proba(X), atol=1e-5)
    assert back.get_params(deep=False).keys() == model.get_params(deep=False).keys()
    assert list(back.classes_) == list(model.classes_)
    assert back.saved_scores_ == {"accuracy": .9} and back.calibrated_on_ == model.calibrated_on_
    assert {path.suffix for path in folder.iterdir()} == {".json", ".keras" if name == "mlp" else ".skops"}
    hot = pd.get_dummies(pd.Series(y)).astype(int)
    several = models.build(name, **few).fit(X, hot)
    back_again = models.load(models.save(several, folder))
    np.testing.assert_allclose(back_again.predict_proba(X), several.predict_proba(X), atol=1e-5)
    if name != "mlp":  # what a copy of it would be trained as
        kinds = {type(one.estimator.steps[-1][1]) for one in (model, back, back_again)}
        assert len(kinds) == 1


def test_a_saved_network_says_the_same_and_has_no_optimizer(cnn, other, tmp_path):
    import io
    import zipfile

    import h5py
    folder = models.save(cnn, tmp_path / "cnn")
    np.testing.assert_allclose(models.load(folder).predict_proba(other), cnn.predict_proba(other), atol=1e-5)
    with zipfile.ZipFile(folder / "weights.keras") as packed:
        weights = h5py.File(io.BytesIO(packed.read("model.weights.h5")))
        assert not len(weights.get("optimizer/vars", ()))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")], "nothing half written"


def test_a_model_never_runs_code(tmp_path):
    """A pickle-like payload for skops, a Lambda layer for Keras, a foreign class in the JSON: all are refused."""
    import hashlib

    import keras
    import skops.io
    X, y = table()
    folder = models.save(models.build("linear").fit(X, y), tmp_path / "linear")
    note = json.loads((folder / "model.json").read_text())

    def plant(file, **changes):
        changes = {"weights": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()} | changes
        (folder / "model.json").write_text(json.dumps(note | changes))
        with pytest.raises(persistence.ModelError) as caught:
            models.load(folder)
        return str(caught.value)
    evil = folder / "weights.skops"
    skops.io.dump(np.vectorize(print), evil)
    assert "asks for" in plant(evil) or "cannot be read safely" in plant(evil)
    given = keras.Input((6,))
    network = keras.Model(given, keras.layers.Lambda(lambda x: x * 2)(given))
    network.save(folder / "weights.keras")
    assert "cannot be read safely" in plant(folder / "weights.keras", **{"class": "TableNetwork", "parameters": {"name": "mlp"}})
    skops.io.dump(models.build("linear").fit(X, y).fitted_, evil)
    assert "no model of ours" in plant(evil, **{"class": "subprocess.Popen"})
    assert "no model of ours" in plant(evil, weights="../../etc/passwd")


def test_what_was_changed_or_is_too_new_is_refused(tmp_path):
    X, y = table()
    folder = models.save(models.build("linear").fit(X, y), tmp_path / "m")
    note = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(note | {"format": 99}))
    with pytest.raises(persistence.ModelError, match="saved in format 99, this program reads 1"):
        models.load(folder)
    (folder / "model.json").write_text(json.dumps(note))
    with open(folder / "weights.skops", "ab") as weights:
        weights.write(b"x")
    with pytest.raises(persistence.ModelError, match="changed after it was saved"):
        models.load(folder)
    (folder / "model.json").write_text("{")
    with pytest.raises(persistence.ModelError, match="damaged"):
        models.load(folder)
    with pytest.raises(persistence.ModelError, match="no model in"):
        models.load(tmp_path / "nothing")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear")
    with pytest.raises(ValueError, match="holds something that is no model"):
        models.save(models.build("linear").fit(X, y), tmp_path / "mine")
    with pytest.raises(ValueError, match="columns that the model was trained on are missing: a"):
        models.build("linear").fit(X, y).predict(X.drop(columns="a"))


# ---- views

def test_clusters_beside_genres():
    X, y = table()
    view = models.kmeans_view(X[["a", "b"]] * 3, y)
    assert view.to_numpy().sum() == 150 and view.attrs["adjusted Rand index"] > .4


def test_history_is_drawn(cnn):
    loss, accuracy = models.plot_history(cnn)
    assert loss.get_ylabel() == "loss (nats)" and len(accuracy.lines) == 2
