"""From logits to calibrated probabilities and to predictions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from synthetic_images import table

import models
from learning.calibration import mean_by


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
