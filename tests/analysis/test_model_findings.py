"""What sentences say of scores and curves."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from analysis.model_findings import (
    areas_sentence,
    calibration_sentence,
    comparison_sentence,
    confusion_sentence,
    count_right,
    leak_sentence,
    learning_sentence,
    scores_sentence,
)


def probabilities(*rows):
    return pd.DataFrame(rows, columns=["jazz", "rock"], dtype=float)


def scores(low, value=.6):
    index = pd.MultiIndex.from_tuples([("knn", "accuracy"), ("cnn", "accuracy")], names=["model", "measure"])
    return pd.DataFrame({"value": [.4, value], "low": [.1, low], "high": [.7, .9], "baseline": .5}, index=index)


ARTISTS = pd.Series(["Ann", "Bob", "Cid", "Dan"] * 5, index=[f"song {number}" for number in range(20)])


def test_a_score_is_above_its_baseline_only_where_its_interval_is():
    assert scores_sentence(scores(.55), ARTISTS).startswith("most accurate: cnn, 0.60 of 20 songs by 4 artists")
    assert "not" not in scores_sentence(scores(.55), ARTISTS)
    assert "not reliably above the majority baseline of 0.50" in scores_sentence(scores(.45), ARTISTS)


def test_a_perfect_score_is_no_certainty():
    """With all of n right, the exact interval begins where all n are right with a probability of 2.5%."""
    sentence = scores_sentence(scores(1, value=1), ARTISTS)
    assert "right on all 20 songs by 4 artists, from which an accuracy of 0.40 or more follows" in sentence
    assert scipy.stats.binomtest(4, 4).proportion_ci(method="exact").low == pytest.approx(.025 ** (1 / 4))
    assert "not reliably above" in sentence and "interval 1.00" not in sentence
    unknown = pd.Series(ARTISTS.index, index=ARTISTS.index)
    assert "right on all 20 songs, from which an accuracy of 0.83" in scores_sentence(scores(1, value=1), unknown)


def test_right_songs_are_counted_and_the_most_frequent_confusion_is_named():
    proba = probabilities([.9, .1], [.2, .8], [.3, .7])
    assert count_right(["jazz", "jazz", "rock"], {"a": proba}).loc["a"].tolist() == [2, 3]
    assert confusion_sentence(["jazz", "jazz", "rock"], proba).endswith("jazz is taken for rock, 1 of 2 songs")
    assert confusion_sentence(["jazz", "rock", "rock"], proba) == "all 3 songs are right"


def test_few_songs_do_not_show_that_a_model_is_overconfident():
    assert "as often as it says" in calibration_sentence(["jazz", "rock"], {"a": probabilities([.9, .1], [.9, .1])})
    assert calibration_sentence(["jazz"] * 60, {"a": probabilities(*[[.6, .4]] * 60)}).endswith("underconfident")
    assert calibration_sentence(["rock"] * 60, {"a": probabilities(*[[.6, .4]] * 60)}).endswith("overconfident")


def test_areas_name_the_extreme_genres_by_their_best_models():
    areas = pd.DataFrame({"model": ["a", "b", "a", "b"], "genre": ["x", "x", "y", "y"], "roc_auc": [.9, .8, .5, .6],
                          "low": .4, "high": 1.0})
    assert areas_sentence(areas).startswith("largest area: x, 0.90 (0.40 to 1.00) by a; smallest")
    assert areas_sentence(areas).endswith("y, 0.60 (0.40 to 1.00) by b")
    assert "no area" in areas_sentence(areas.assign(roc_auc=np.nan))
    assert areas_sentence(areas.assign(roc_auc=1.0)).startswith("each of the 2 genres is told")


def test_pairs_and_leaks_are_counted_and_signed():
    pairs = pd.DataFrame({"verdict": ["better", "cannot be told"]})
    assert comparison_sentence(pairs) == "a clear difference in 1 of 2 pairs of models"
    assert "only one model" in comparison_sentence(pd.DataFrame())
    leaks = pd.DataFrame({"accuracy": [.8, .7, .5]}, index=["random segments", "random tracks", "artists held out"])
    assert "'random segments' scores 30 points higher" in leak_sentence(leaks)
    assert "30 points lower" in leak_sentence(leaks[::-1])


def test_curves_that_still_fall_are_told_from_those_that_rose():
    fitted = {"cnn": SimpleNamespace(history_=pd.DataFrame({"val_loss": [3, 2, 1]})),
              "lstm": SimpleNamespace(history_=pd.DataFrame({"val_loss": [1, 2, 3]})), "knn": SimpleNamespace()}
    sentence = learning_sentence(fitted)
    assert "more epochs may help: cnn;" in sentence and "lstm (1 of 3)" in sentence and "knn" not in sentence
    assert "no curves" in learning_sentence({"knn": SimpleNamespace()})
