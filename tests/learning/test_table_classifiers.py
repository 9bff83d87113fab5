"""Models on rows of features: what they learn, and how columns are found and filled."""

import numpy as np
import pandas as pd
import pytest
from synthetic_images import FOREST, table

import models

FAST = {"forest": FOREST} | {name: {"epochs": 25, "verbose": False} for name in ("mlp", *models.REPORT_MODELS)}
"""Settings with which the tests of a model are fast."""


@pytest.mark.parametrize("name", ["mlp", "linear", "knn", "svm", "forest", "table_cnn", "table_lstm"])
def test_models_learn_from_tables(name):
    X, y = table()
    X_other, y_other = table(80, 1)
    model = models.build(name, **FAST.get(name, {})).fit(X, y, validation=(X_other.iloc[:40], y_other[:40]))
    proba = model.predict_proba(X_other.iloc[40:])
    assert proba.sum(axis=1) == pytest.approx(1) and (proba >= 0).all()
    # an LSTM reads the features one after the other, in an order that means nothing: it learns slowly
    threshold = .5 if name == "table_lstm" else .7
    assert (model.predict(X_other.iloc[40:]) == y_other[40:]).mean() > threshold, "chance level is a third"
    assert list(model.classes_) == ["folk", "metal", "techno"]
    pd.testing.assert_frame_equal(X, table()[0])


@pytest.mark.parametrize("name", ["mlp", "linear", "knn", "svm", "forest"])
def test_a_song_may_have_several_genres(name):
    X, y = table(200)
    hot = pd.DataFrame({"folk": y == "folk", "loud": np.isin(y, ["metal", "techno"]), "any": X["a"] > 0}).astype(int)
    model = models.build(name, **FAST.get(name, {})).fit(X, hot)
    proba = model.predict_proba(X)
    assert list(model.classes_) == ["folk", "loud", "any"]
    assert ((proba > 0) & (proba < 1)).all() and (abs(proba.sum(axis=1) - 1) > .1).any()
    assert (model.predict(X) == hot.to_numpy()).mean() > .75


def test_columns_that_are_not_numbers_are_named():
    with pytest.raises(ValueError, match="columns that are not numbers: song"):
        models.build("linear").fit(pd.DataFrame({"song": ["x", "y"]}), ["a", "b"])


def test_columns_are_found_by_name_in_any_order():
    X, y = table()
    model = models.build("linear").fit(X, y)
    shuffled = X[list("fbdace")].assign(more=0)
    np.testing.assert_array_equal(model.predict_proba(shuffled), model.predict_proba(X))
    np.testing.assert_array_equal(model.predict_proba(X.to_numpy()), model.predict_proba(X))
    with pytest.raises(ValueError, match="columns that the model was trained on are missing: a"):
        model.predict(X.drop(columns="a"))


def test_gaps_are_filled_with_the_median_of_the_training_rows():
    X, y = table()
    model = models.build("linear").fit(X, y)
    gaps = X.iloc[:40].assign(b=[np.nan, np.inf] * 20)
    filled = gaps.assign(b=X["b"].median())
    np.testing.assert_allclose(model.predict_proba(gaps), model.predict_proba(filled))


def test_a_column_without_any_value_changes_nothing():
    X, y = table()
    model = models.build("linear").fit(X.assign(empty=np.nan), y)
    expected = models.build("linear").fit(X, y).predict_proba(X)
    np.testing.assert_allclose(model.predict_proba(X.assign(empty=np.nan)), expected, atol=1e-6)


def test_windows_are_as_long_as_the_training_images_and_else_15_seconds():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 2)), columns=["tempo", "rms_mean"])
    y = ["jazz", "rock"] * 10
    assert models.build("linear").fit(X, y).window_seconds == 15
    X.attrs["image_settings"] = {"segment_seconds": 5.0, "hop_length": 512}
    assert models.build("linear").fit(X, y).window_seconds == 5


@pytest.mark.parametrize("validation", [True, False])
def test_of_fewer_songs_than_neighbours_all_are_neighbours(validation):
    X = pd.DataFrame({"tempo": [80.0, 90.0, 170.0, 180.0]})
    y = np.array(["folk", "folk", "metal", "metal"], dtype=object)
    model = models.build("knn").fit(X, y, validation=(X, y) if validation else None)
    assert model.predict(pd.DataFrame({"tempo": [82.0, 178.0]})).tolist() == ["folk", "metal"]
