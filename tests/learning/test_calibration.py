"""From logits to calibrated probabilities and to predictions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from synthetic_images import table

import models
from learning.calibration import hold_out_groups, mean_by, track_embeddings


def with_wrong_labels(n, seed):
    """A table in which a third of the genres are random."""
    X, y = table(n, seed)
    rng = np.random.default_rng(seed + 100)
    return X, np.where(rng.random(n) < 1 / 3, rng.permutation(y), y)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-10, 10)), max_size=20))
def test_mean_by_is_the_mean_of_each_group(pairs):
    pairs = [*enumerate([1., 2., 3., 4.]), *pairs]  # no group is empty
    rows, values = np.array([row for row, _ in pairs]), np.array([[value, 1.] for _, value in pairs])
    expected = pd.DataFrame(values).groupby(rows).mean().to_numpy()
    np.testing.assert_allclose(mean_by(values, rows, 4), expected, atol=1e-9)


def test_calibration_lowers_the_log_loss_of_an_overconfident_model():
    X, y = with_wrong_labels(200, 0)
    X_validation, y_validation = with_wrong_labels(200, 1)
    model = models.build("knn", n_neighbors=1).fit(X, y, validation=(X_validation, y_validation))
    assert model.temperature_ > 1, "one neighbour gives logits that are too far apart"
    calibrated = log_loss(y_validation, model.predict_proba(X_validation))
    model.temperature_ = 1.0
    assert calibrated < log_loss(y_validation, model.predict_proba(X_validation))


def test_a_temperature_does_not_change_which_genre_is_most_probable():
    X, y = table()
    model = models.build("linear").fit(X, y)
    before = model.predict(X)
    model.temperature_ = 7.0
    assert list(model.predict(X)) == list(before)


def test_a_prediction_is_the_most_probable_genre_or_all_above_one_half():
    X, y = table()
    model = models.build("linear").fit(X, y)
    assert list(model.predict(X)) == list(model.classes_[model.predict_proba(X).argmax(axis=1)])
    multilabel = models.build("linear").fit(X, pd.get_dummies(pd.Series(y)).astype(int))
    np.testing.assert_array_equal(multilabel.predict(X), multilabel.predict_proba(X) >= .5)


def test_a_validation_genre_that_training_lacks_is_named():
    X, y = table()
    with pytest.raises(ValueError, match="polka"):
        models.build("linear").fit(X, y, validation=(X, np.where(y == "folk", "polka", y)))


class Embedder:
    """A classifier that embeds a row as its two numbers."""

    def embed(self, X):
        return X[["first", "second"]].to_numpy()


def test_embeddings_are_averaged_over_the_rows_of_a_track():
    rows = pd.DataFrame({"track_id": ["b", "b", "a"], "first": [1, 3, 5], "second": [0, 0, 1]})
    table = track_embeddings(Embedder(), rows)
    assert table.index.tolist() == ["b", "a"] and table.index.name == "track_id"
    assert table.to_dict("list") == {"embedding_001": [2, 5], "embedding_002": [0, 1]}


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 30), st.integers(1, 5), st.integers(0, 1000))
def test_no_artist_is_trained_on_and_held_out(artists, songs, seed):
    groups = np.repeat(np.arange(artists), songs)
    X = pd.DataFrame({"number": np.arange(len(groups))})
    y = np.array(["jazz", "rock"])[groups % 2]
    X_train, y_train, validation = hold_out_groups(X, y, groups, seed)
    held_out = set() if validation is None else set(groups[validation[0]["number"]])
    assert not held_out & set(groups[X_train["number"]])
    assert set(y_train) == set(y), "training keeps every genre"
    rows = len(X_train) + (0 if validation is None else len(validation[0]))
    assert rows == len(X) and len(y_train) == len(X_train)


def test_with_few_artists_nobody_is_held_out():
    X, y = pd.DataFrame({"number": range(8)}), np.array(["jazz", "rock"] * 4)
    assert hold_out_groups(X, y, [1, 1, 2, 2, 3, 3, 4, 4])[2] is None


@pytest.mark.parametrize("name", ["linear", "mlp"])
def test_probabilities_are_the_calibrated_logits_and_models_differ_by_fingerprint(name):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
    y = np.where(X["a"] > 0, "jazz", "rock")
    settings = {"epochs": 2, "verbose": False} if name == "mlp" else {}
    first, second = (
        models.build(name, **settings).fit(X, labels, groups=np.arange(60) // 4) for labels in (y, y[::-1])
    )
    np.testing.assert_allclose(first.probabilities(first.decision_function(X)), first.predict_proba(X))
    assert first.fingerprint() == first.fingerprint() != second.fingerprint()
    assert first.takes == "features" and first.window_seconds == 15


def test_noise_is_out_of_the_distribution_of_the_training_songs_after_fit():
    rng = np.random.default_rng(0)
    axes = rng.normal(size=(2, 12))
    X = pd.DataFrame(rng.normal(size=(200, 2)) @ axes + .05 * rng.normal(size=(200, 12))).rename(columns=str)
    y = np.where(X["0"] > X["0"].median(), "jazz", "rock")
    model = models.build("linear").fit(X[:150], y[:150], validation=(X[150:], y[150:]))
    new = pd.DataFrame(3 * rng.normal(size=(50, 12)), columns=X.columns)
    scores = [model.out_of_distribution(rows, pd.DataFrame(model.predict_proba(rows), columns=model.classes_))
              for rows in (X, new)]
    assert scores[0].mean() < .2 and scores[1].mean() > .9


@pytest.mark.parametrize("name", ["linear", "mlp"])
def test_a_model_that_is_loaded_and_fitted_again_has_another_fingerprint(name, tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
    y = np.where(X["a"] > 0, "jazz", "rock")
    settings = {"epochs": 2, "verbose": False} if name == "mlp" else {}
    model = models.load(models.save(models.build(name, **settings).fit(X, y), tmp_path / "model"))
    before = model.fingerprint()
    assert models.load(tmp_path / "model").fingerprint() == before, "the same in another process"
    assert model.fit(X, y[::-1]).fingerprint() != before


def test_the_fingerprint_tells_another_distribution():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=list("abc"))
    model = models.build("linear").fit(X, ["jazz", "rock"] * 20)
    before = model.fingerprint()
    model.distribution_ = None
    assert model.fingerprint() != before
