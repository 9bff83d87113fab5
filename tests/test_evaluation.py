"""Scores against scikit-learn's, properties of them, and what cannot be judged."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score

import evaluation
from analysis import scores
from evaluation import auc_table, check_model_claims, compare_models, leak_check

GENRES = ["jazz", "metal", "rock"]


def songs(n=120, seed=0, skill=1.5):
    """True genres and probabilities that know something of them."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, n)
    scores = rng.normal(size=(n, 3)) + skill * np.eye(3)[codes]
    proba = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return np.array(GENRES)[codes], proba


def test_the_values_are_scikit_learns():
    y, proba = songs()
    table = scores.evaluate(y, proba, GENRES)["value"]
    said = np.array(GENRES)[proba.argmax(axis=1)]
    assert table["accuracy"] == pytest.approx(accuracy_score(y, said))
    assert table["macro_f1"] == pytest.approx(f1_score(y, said, average="macro"))
    assert table["log_loss"] == pytest.approx(log_loss(y, proba, labels=GENRES))
    assert table["roc_auc: metal"] == pytest.approx(roc_auc_score(y == "metal", proba[:, 1]))
    assert table["roc_auc"] == pytest.approx(roc_auc_score(y, proba, multi_class="ovr"))


def test_multi_hot():
    y, proba = songs()
    hot = (y[:, None] == GENRES).astype(int)
    hot[:20, 0] = 1
    table = scores.evaluate(hot, proba, GENRES)["value"]
    assert table["roc_auc"] == pytest.approx(roc_auc_score(hot, proba, average="macro"))
    assert table["macro_f1"] == pytest.approx(f1_score(hot, proba >= .5, average="macro"))


def test_the_baseline_is_the_commonest_genre():
    table = scores.evaluate(["a"] * 7 + ["b"] * 3, np.tile([.6, .4], (10, 1)), ["a", "b"])
    assert table.loc["accuracy", "baseline"] == .7
    assert table.loc["roc_auc", "baseline"] == .5


def test_intervals_hold_the_value_and_grow_when_songs_are_not_independent():
    y, proba = songs(200)
    alone = scores.evaluate(y, proba, GENRES)
    assert ((alone["low"] <= alone["value"] + .02) & (alone["value"] - .02 <= alone["high"])).all()
    twins = scores.evaluate(np.repeat(y, 5), np.repeat(proba, 5, axis=0), GENRES, groups=np.repeat(np.arange(200), 5))
    free = scores.evaluate(np.repeat(y, 5), np.repeat(proba, 5, axis=0), GENRES)
    width = [table.loc["accuracy", "high"] - table.loc["accuracy", "low"] for table in (alone, twins, free)]
    assert width[1] == pytest.approx(width[0], rel=.1) and width[2] < .6 * width[1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), min_size=2, max_size=40))
def test_weighted_areas(rows):
    truth, score, weight = (np.array(column, dtype=float) for column in zip(*rows))
    ours = scores.weighted_auc(truth, score, weight[None])[0]
    used = weight > 0
    if len(set(truth[used])) < 2:
        assert np.isnan(ours)
    else:
        assert ours == pytest.approx(roc_auc_score(truth, score, sample_weight=weight))


def test_bad_input_is_named():
    y, proba = songs()
    with pytest.raises(ValueError, match="120 true genres but 119 rows"):
        scores.evaluate(y, proba[1:], GENRES)
    with pytest.raises(ValueError, match="polka"):
        scores.evaluate(["polka", *y[1:]], proba, GENRES)
    with pytest.raises(ValueError, match="no probabilities"):
        scores.evaluate(y, proba * 3, GENRES)
    with pytest.raises(ValueError, match="3 genres|2 genres"):
        scores.evaluate(y, proba, GENRES[:2])


def test_a_real_difference_is_told_and_a_chance_one_is_not():
    y, good = songs(400, skill=3)
    poor = np.full_like(good, 1 / 3)
    also = np.roll(good, 1, axis=0) * 0 + songs(400, skill=3)[1]
    table = compare_models(y, {"good": good, "poor": poor, "also": also}, GENRES).set_index(["better", "worse"])
    assert table.loc[("good", "poor"), "verdict"] == "better"
    assert table.loc[("good", "also"), "verdict"] == "cannot be told"
    assert (table["p_corrected"] >= table["p"]).all()


def test_claims_hold_fail_or_cannot_be_told():
    y, good = songs(500, skill=3)
    blind = good.copy()
    blind[:, 2] = np.random.default_rng(1).random(500)
    blind /= blind.sum(axis=1, keepdims=True)
    table = check_model_claims(y, {"cnn": good, "mlp": blind}, GENRES, claims=[("cnn", "rock"), ("mlp", "rock"), ("svm", "rock"),
                                                                            ("cnn", "polka")])
    assert table["verdict"].tolist() == ["holds", "does not", "not tried", "not tried"]
    hiphop = check_model_claims(np.where(y == "rock", "hiphop", y), {"cnn": good, "mlp": blind}, ["jazz", "metal", "hiphop"],
                                claims=[("cnn", "hip hop")])
    assert hiphop["verdict"].tolist() == ["holds"], "as GTZAN spells it"
    same = check_model_claims(y, {"cnn": good, "mlp": good}, GENRES, claims=[("cnn", "rock")])
    assert same["verdict"].tolist() == ["cannot be told"]


def test_a_leak_pays_and_is_shown():
    """Features that know the artist, not the genre: worth a lot while artists are shared, nothing where they are not."""
    from models import build
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(30), 12)
    voice = rng.normal(size=(30, 8))
    X = pd.DataFrame(voice[artists] + .3 * rng.normal(size=(360, 8))).rename(columns="f{}".format)
    y = np.array(GENRES)[artists % 3]
    table = leak_check(build("knn", n_neighbors=3), X, y, artist=artists, track=np.arange(360) // 3)
    assert table.loc["random segments", "accuracy"] > .9 and table.loc["random tracks", "accuracy"] > .9
    assert table.loc["artists held out", "accuracy"] < .6
    assert table["shared_artists"].tolist()[2] == 0 and table.loc["random tracks", "shared_tracks"] == 0


def test_pictures_have_labels():
    y, proba = songs()
    models = {"cnn": proba, "linear": songs(seed=0, skill=.5)[1]}
    assert [ax.get_title() for ax in evaluation.plot_roc(y, models, GENRES)] == GENRES
    table = auc_table(y, models, GENRES, n_boot=50)
    assert len(table) == 6 and (table["low"] <= table["high"]).all()
    assert evaluation.plot_auc_heatmap(table).get_yticklabels()[0].get_text() == "cnn"
    assert evaluation.plot_confusion(y, proba, GENRES).get_xlabel() == "predicted"
    assert evaluation.plot_calibration(y, models, GENRES).get_xlabel() == "probability said"


def test_the_segments_of_a_track_without_an_artist_stay_on_one_side():
    from models import build
    rng = np.random.default_rng(0)
    track = np.repeat(np.arange(40), 5)
    X = pd.DataFrame(rng.normal(size=(200, 4))).rename(columns="f{}".format)
    table = leak_check(build("knn", n_neighbors=3), X, np.array(GENRES)[track % 3], artist=[None] * 200, track=track)
    assert table.loc["artists held out", "shared_tracks"] == 0
    assert table.loc["artists held out", "n"] == 12, "nameless artists are not one artist"
