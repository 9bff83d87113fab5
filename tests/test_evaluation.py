"""Comparisons of models, claims about them, and leaks."""

import numpy as np
import pandas as pd
from synthetic_predictions import GENRES, predictions

import evaluation
from evaluation import auc_table, check_model_claims, compare_models, leak_check


def test_a_real_difference_is_found_and_one_by_chance_is_not():
    y, good = predictions(400, skill=3)
    poor = np.full_like(good, 1 / 3)
    also = np.roll(good, 1, axis=0) * 0 + predictions(400, skill=3)[1]
    table = compare_models(y, {"good": good, "poor": poor, "also": also}, GENRES).set_index(["better", "worse"])
    assert table.loc[("good", "poor"), "verdict"] == "better"
    assert table.loc[("good", "also"), "verdict"] == "cannot be told"
    assert (table["p_corrected"] >= table["p"]).all()


def test_a_claim_holds_fails_or_cannot_be_told():
    y, good = predictions(500, skill=3)
    blind = good.copy()
    blind[:, 2] = np.random.default_rng(1).random(500)
    blind /= blind.sum(axis=1, keepdims=True)
    models = {"cnn": good, "mlp": blind}
    claims = [("cnn", "rock"), ("mlp", "rock"), ("svm", "rock"), ("cnn", "polka")]
    table = check_model_claims(y, models, GENRES, claims=claims)
    assert table["verdict"].tolist() == ["holds", "does not", "not tried", "not tried"]
    hiphop = check_model_claims(np.where(y == "rock", "hiphop", y), models, ["jazz", "metal", "hiphop"],
                                claims=[("cnn", "hip hop")])
    assert hiphop["verdict"].tolist() == ["holds"], "as GTZAN spells it"
    same = check_model_claims(y, {"cnn": good, "mlp": good}, GENRES, claims=[("cnn", "rock")])
    assert same["verdict"].tolist() == ["cannot be told"]


def test_a_leak_raises_the_score_and_is_shown():
    """Features that identify the artist, not the genre: of use only where artists are on both sides."""
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


def test_plots_have_labels():
    y, proba = predictions()
    models = {"cnn": proba, "linear": predictions(seed=0, skill=.5)[1]}
    assert [ax.get_title() for ax in evaluation.plot_roc(y, models, GENRES)] == GENRES
    rare = np.where(np.arange(len(y)) < 3, "jazz", np.where(y == "jazz", "rock", y))
    assert [ax.get_title() for ax in evaluation.plot_roc(rare, models, GENRES)] == [g for g in GENRES if g != "jazz"]
    assert len(evaluation.plot_roc(["rock"] * len(y), models, GENRES)) == 0
    table = auc_table(y, models, GENRES, n_boot=50)
    ax = evaluation.plot_areas(table)
    assert {label.get_text() for label in ax.get_yticklabels()} == set(GENRES) and len(ax.collections) == 2
    means = table.groupby("genre")["roc_auc"].mean()
    assert means[[label.get_text() for label in ax.get_yticklabels()]].is_monotonic_increasing
    assert len(table) == 6 and (table["low"] <= table["high"]).all()
    assert evaluation.plot_auc_heatmap(table).get_yticklabels()[0].get_text() == "cnn"
    assert evaluation.plot_confusion(y, proba, GENRES).get_xlabel() == "predicted"
    assert evaluation.plot_calibration(y, models, GENRES).get_xlabel() == "predicted probability"


def test_the_segments_of_a_track_without_an_artist_stay_on_one_side():
    from models import build
    rng = np.random.default_rng(0)
    track = np.repeat(np.arange(40), 5)
    X = pd.DataFrame(rng.normal(size=(200, 4))).rename(columns="f{}".format)
    table = leak_check(build("knn", n_neighbors=3), X, np.array(GENRES)[track % 3], artist=[None] * 200, track=track)
    assert table.loc["artists held out", "shared_tracks"] == 0
    assert table.loc["artists held out", "n"] == 12, "nameless artists are not one artist"
