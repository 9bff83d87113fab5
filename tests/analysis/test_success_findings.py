"""The sentences on success say what the tables hold."""

import numpy as np
import pandas as pd
import pytest

from analysis.hit_prediction import HELD_OUT, HitStudy
from analysis.success_findings import (
    by_genre_in_words,
    calibration_in_words,
    hit_words,
    lift_in_words,
    shapes_in_words,
    study_in_words,
    trends_in_words,
)


def study(auc, low, high, worth=.2):
    index = pd.MultiIndex.from_tuples([(HELD_OUT, "boosting"), ("random years", "logistic")], names=["study", "model"])
    scores = pd.DataFrame({"roc_auc": [auc, .9], "low": [low, .8], "high": [high, 1], "worth": [np.nan, worth]},
                          index=index)
    return HitStudy(scores, pd.DataFrame(), "charted", 1, [], "artist", 0)


@pytest.mark.parametrize("interval, words", [
    ((.75, .7, .8), "says something"), ((.65, .6, .7), "says little"), ((.55, .52, .58), "says next to nothing"),
    ((.52, .45, .6), "says nothing"), ((.4, .35, .45), "says the opposite: hits are ranked lower than other songs")])
def test_a_score_is_called_what_it_is(interval, words):
    sentence = study_in_words(study(*interval))
    assert words in sentence and f"{100 * interval[0]:.0f} times in 100" in sentence
    assert "would add 20 points that are not real" in sentence


def test_trends_are_listed():
    tests = pd.DataFrame({"reading": ["fell", "cannot be told"], "per_decade": [-.36, 0], "n": [90, 90]},
                         index=["duration_minutes", "tempo"])
    sentence = trends_in_words(tests)
    assert "duration fell (-0.36 a decade)" in sentence and "in 1 of 2 features no trend" in sentence
    assert trends_in_words(tests.tail(1)).startswith("No trend")
    assert "no years" in trends_in_words(tests.head(0))


def test_curves_are_summed_up_in_the_unit_of_the_target():
    table = pd.DataFrame({"feature": "tempo", "x": [80.0, 120.0], "middle": [.2, .3]})
    assert shapes_in_words(table, "charted") == (
        "The mean prediction moves with tempo by 10.0 (highest at 120.0, lowest at 80.0) percentage points.")
    assert "by 0.1 (" in shapes_in_words(table, "popularity")


def test_genres_are_said_to_differ_only_where_the_test_says_so():
    table = pd.DataFrame({"genre": ["pop", "rock"], "feature": "tempo", "r": [.3, .1], "p_holm": [.001, .5]})
    differ = pd.DataFrame({"p_holm": [.5]}, index=["tempo"])
    assert "1 of 2 correlations is significant after correction: tempo in pop (+0.30)" in by_genre_in_words(
        table, differ)
    assert "cannot be told" in by_genre_in_words(table, differ)
    assert "Genres differ in tempo" in by_genre_in_words(table, differ.assign(p_holm=.01))
    assert "no two genres" in by_genre_in_words(table, differ.head(0))


def test_deciles_are_summed_up():
    deciles = pd.DataFrame({"n": [10, 10], "predicted": [.1, .4], "hits": [.1, .3], "low": [.05, .2], "high": [.2, .35],
                            "lift": [.5, 1.5]}, index=[1, 10])
    assert "differ by 5.0 points on average; in 1 of 2 groups" in calibration_in_words(deciles)
    assert "1.5 times the average share of hits (1.0 to 1.7), the tenth with the lowest 0.5 times" in lift_in_words(
        deciles)


def test_targets_have_names():
    assert hit_words("top_10") == "reaching the top 10" and hit_words("popularity") == "popularity"
