"""Scores equal scikit-learn's, and input that cannot be scored is named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score
from synthetic_predictions import GENRES, predictions

from analysis import scores


def test_scores_equal_those_of_scikit_learn():
    y, proba = predictions()
    table = scores.evaluate(y, proba, GENRES)["value"]
    predicted = np.array(GENRES)[proba.argmax(axis=1)]
    assert table["accuracy"] == pytest.approx(accuracy_score(y, predicted))
    assert table["macro_f1"] == pytest.approx(f1_score(y, predicted, average="macro"))
    assert table["log_loss"] == pytest.approx(log_loss(y, proba, labels=GENRES))
    assert table["roc_auc: metal"] == pytest.approx(roc_auc_score(y == "metal", proba[:, 1]))
    assert table["roc_auc"] == pytest.approx(roc_auc_score(y, proba, multi_class="ovr"))


def test_scores_of_several_genres_a_song_equal_those_of_scikit_learn():
    y, proba = predictions()
    hot = (y[:, None] == GENRES).astype(int)
    hot[:20, 0] = 1
    table = scores.evaluate(hot, proba, GENRES)["value"]
    assert table["roc_auc"] == pytest.approx(roc_auc_score(hot, proba, average="macro"))
    assert table["macro_f1"] == pytest.approx(f1_score(hot, proba >= .5, average="macro"))


def test_the_baseline_is_the_most_frequent_genre():
    table = scores.evaluate(["a"] * 7 + ["b"] * 3, np.tile([.6, .4], (10, 1)), ["a", "b"])
    assert table.loc["accuracy", "baseline"] == .7
    assert table.loc["roc_auc", "baseline"] == .5


def test_intervals_contain_the_value_and_are_wider_by_artist():
    y, proba = predictions(200)
    alone = scores.evaluate(y, proba, GENRES)
    assert ((alone["low"] <= alone["value"] + .02) & (alone["value"] - .02 <= alone["high"])).all()
    twins = scores.evaluate(np.repeat(y, 5), np.repeat(proba, 5, axis=0), GENRES, groups=np.repeat(np.arange(200), 5))
    free = scores.evaluate(np.repeat(y, 5), np.repeat(proba, 5, axis=0), GENRES)
    width = [table.loc["accuracy", "high"] - table.loc["accuracy", "low"] for table in (alone, twins, free)]
    assert width[1] == pytest.approx(width[0], rel=.1) and width[2] < .6 * width[1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), min_size=2, max_size=40))
def test_weighted_areas_equal_those_of_scikit_learn(rows):
    truth, score, weight = (np.array(column, dtype=float) for column in zip(*rows))
    ours = scores.weighted_auc(truth, score, weight[None])[0]
    used = weight > 0
    if len(set(truth[used])) < 2:
        assert np.isnan(ours)
    else:
        assert ours == pytest.approx(roc_auc_score(truth, score, sample_weight=weight))


def test_bad_input_is_named():
    y, proba = predictions()
    with pytest.raises(ValueError, match="120 true genres but 119 rows"):
        scores.evaluate(y, proba[1:], GENRES)
    with pytest.raises(ValueError, match="polka"):
        scores.evaluate(["polka", *y[1:]], proba, GENRES)
    with pytest.raises(ValueError, match="not probabilities"):
        scores.evaluate(y, proba * 3, GENRES)
    with pytest.raises(ValueError, match="3 genres|2 genres"):
        scores.evaluate(y, proba, GENRES[:2])
