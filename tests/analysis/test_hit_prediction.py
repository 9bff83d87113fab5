"""The study of hits finds the effects that songs have, finds none where there is none, and shows what leaks add."""

import numpy as np
import pandas as pd
import pytest

from analysis import hit_prediction
from analysis.hit_prediction import (
    HELD_OUT,
    LATER,
    LEAKS,
    SOUND,
    deciles,
    hit_study,
    meaning,
    plot_decile_calibration,
    plot_lift,
    plot_study,
    scores_without,
    song_appeal,
    sound_of,
    study_obstacle,
)
from analysis.scores import evaluate


def songs(n=600, effect=0.0, artist=0.0, seed=0, of_artist=4):
    """Songs whose popularity is a sum of chance, an effect of the artist, and an effect of the sound.

    There are `of_artist` songs of each artist on average.
    """
    rng = np.random.default_rng(seed)
    n_artists = n // of_artist
    maker = rng.integers(0, n_artists, n)
    sound = rng.standard_normal((n, len(SOUND))) + rng.standard_normal((n_artists, len(SOUND)))[maker]
    table = pd.DataFrame(sound, columns=SOUND)
    table["key"], table["mode"] = rng.integers(0, 12, n), rng.integers(0, 2, n)
    luck = rng.standard_normal(n) + artist * rng.standard_normal(n_artists)[maker]
    return table.assign(artist=maker.astype(str), release_year=rng.integers(2000, 2020, n),
                        popularity=(55 + 10 * (effect * table["danceability"] + luck)).clip(0, 100))


@pytest.fixture(scope="module")
def telling():
    table = songs(effect=.8, artist=1.0)
    return table, hit_study(table, hit=65, n_splits=3)


def test_an_effect_of_sound_is_found_and_the_scores_are_consistent(telling):
    table, study = telling
    scores = study.scores.xs("boosting", level="model")
    assert scores.loc[[HELD_OUT, LATER], "low"].min() > .55
    assert (study.scores["low"] <= study.scores["roc_auc"]).all()
    assert (study.scores["roc_auc"] <= study.scores["high"]).all()
    assert scores.loc[HELD_OUT, "base_rate"] == pytest.approx((table["popularity"] >= 65).mean())
    assert scores.loc[HELD_OUT, "average_precision"] > 1.3 * scores.loc[HELD_OUT, "base_rate"]
    assert set(study.scores.index.get_level_values("study")) == {HELD_OUT, LATER, *LEAKS}


def test_intervals_are_wider_where_models_share_training_songs(telling):
    _, study = telling
    for name, wider in ((HELD_OUT, np.sqrt(1 + 3 / 2)), (LATER, 1)):
        own = study.predictions.query("study == @name and model == 'boosting'")
        both = np.column_stack([own["proba"], 1 - own["proba"]])
        judged = evaluate(np.where(own["hit"], "hit", "other"), both, ["hit", "other"], groups=own["group"], n_boot=200)
        plain = judged.loc["roc_auc: hit"]
        scores = study.scores.loc[name, "boosting"]
        assert scores["high"] - scores["low"] == pytest.approx(wider * (plain["high"] - plain["low"]))


def test_no_artist_and_no_later_year_is_trained_on(monkeypatch):
    table, seen = songs(400), []
    honest = hit_prediction.out_of_sample_probability
    monkeypatch.setattr(hit_prediction, "out_of_sample_probability",
                        lambda model, X, y, splits: seen.append(splits) or honest(model, X, y, splits))
    study = hit_study(table, hit=60, leaks=False, n_boot=20)
    artists, years = table["artist"].to_numpy(), table["release_year"].to_numpy()
    assert len(seen) == 4
    for splits in seen:
        assert all(not set(artists[train]) & set(artists[test]) for train, test in splits)
    train, test = seen[-1][0]
    assert years[train].max() < years[test].min()
    later = study.predictions[(study.predictions["study"] == LATER) & (study.predictions["model"] == "boosting")]
    assert later["track"].tolist() == table.index[test].tolist()


def test_leaks_raise_the_score_where_only_the_artist_matters():
    """Sound tells the artist and the artist tells the success: honestly there is nothing to find."""
    study = hit_study(songs(effect=0, artist=1.5, seed=2, of_artist=10), hit=65, year="none", n_splits=3)
    scores = study.scores.xs("boosting", level="model")
    assert scores.loc[HELD_OUT, "low"] < .5 and scores.loc[HELD_OUT, "roc_auc"] < .57
    for leak in ("artists on both sides", "oversampled before the split", "the artist's success as a feature"):
        assert scores.loc[leak, "worth"] > .05, leak
    assert scores.loc["the artist's success as a feature", "low"] > .7


def test_no_effect_is_found_where_there_is_none():
    sure = 0
    for seed in range(6):
        study = hit_study(songs(240, seed=seed), hit=60, leaks=False, year="none", n_splits=3, seed=seed, n_boot=100)
        scores = study.scores
        sure += (scores["low"] > .5).any()
    assert sure <= 1


def test_the_chance_of_a_song_comes_with_its_interval_and_its_meaning(telling):
    table, study = telling
    best, worst = table["danceability"].idxmax(), table["danceability"].idxmin()
    appeals = [song_appeal(song, table, study) for song in (best, worst)]
    assert appeals[0]["chance"] > appeals[1]["chance"]
    for appeal in appeals:
        assert appeal["low"] <= appeal["chance"] <= appeal["high"]
        assert "a coin 50 times" in appeal["sentence"] and "of all songs" in appeal["sentence"]
    new_song = table.loc[best].drop(["artist", "popularity"])
    new_song.name = "new"
    assert song_appeal(new_song, table, study)["chance"] > study.scores["base_rate"].iloc[0]
    assert meaning(.52, .49) == "nothing" and meaning(.57, .53) == "next to nothing"


def test_deciles_count_every_song_once_and_lift_averages_to_one(telling):
    table, study = telling
    tenths = deciles(study)
    assert tenths["n"].sum() == len(table) and tenths["predicted"].is_monotonic_increasing
    assert np.average(tenths["lift"], weights=tenths["n"]) == pytest.approx(1)
    assert tenths["lift"].iloc[-1] > 1.5


def test_neighbours_on_the_circle_of_fifths_are_near():
    X = sound_of(pd.DataFrame({"key": [0, 7, 6], "mode": [1, 1, 1], "tempo": [100, 110, 120]}))
    places = X[["key_cos", "key_sin"]].to_numpy()
    assert np.linalg.norm(places[0] - places[1]) < np.linalg.norm(places[0] - places[2])


def test_too_few_hits_are_refused():
    with pytest.raises(ValueError, match="0 of 300 songs have a popularity of 101 or more"):
        hit_study(songs(300), hit=101)


def test_a_score_reliably_below_one_half_is_not_called_nothing():
    assert meaning(.4, .35, .45).startswith("the opposite: hits are ranked lower")
    assert meaning(.45, .38, .52) == "nothing"
    table = songs(400, effect=1.0, seed=4)
    swapped = table.assign(popularity=np.where(table["release_year"] < 2014, table["popularity"],
                                               110 - table["popularity"]))
    scores = hit_study(swapped, hit=55, leaks=False, n_boot=50).scores.loc[LATER, "boosting"]
    assert meaning(scores["roc_auc"], scores["low"], scores["high"]).startswith("the opposite")


def test_songs_can_be_left_out_of_the_scores(telling):
    table, study = telling
    lowest = table.index[table["popularity"] < 40]
    scores = scores_without(study, lowest)
    assert scores.loc[(HELD_OUT, "boosting"), "n"] == len(table) - len(lowest)
    assert set(scores.index.get_level_values("study")) == {HELD_OUT, LATER}
    everything = scores_without(study, table.index[:0])
    pd.testing.assert_series_equal(everything["roc_auc"], study.scores.loc[everything.index, "roc_auc"])


@pytest.mark.parametrize("change, reason", [
    (lambda table: table.drop(columns="popularity"), "no column 'popularity'"),
    (lambda table: table.head(20), "a study needs 15 hits and 15 other songs"),
    (lambda table: table.drop(columns=SOUND), "there is no sound to predict from"),
    (lambda table: table.assign(artist="Ann"), "only 1 artists")])
def test_what_prevents_a_study_is_said(change, reason):
    table = change(songs(100))
    assert reason in study_obstacle(table, hit=55)
    assert study_obstacle(songs(100), hit=55) == ""
    with pytest.raises(ValueError, match=reason):
        hit_study(table, hit=55)


def test_plots_show_studies_and_deciles(telling):
    study = telling[1]
    assert len(plot_study(study).get_yticks()) == 6
    assert plot_decile_calibration(deciles(study)).get_xlabel().endswith("(%)")
    assert "lift" in plot_lift(deciles(study)).get_ylabel()


def test_hits_of_a_real_table_are_predicted_as_well_as_others_report(shared):
    """Sound tells hits about as well as others have found with plain gradient boosting (.708).

    They hold the artists out, and we hold out the guests that titles name as well: .70.
    """
    from prepare import load_Data, prepare_df
    from preprocessing import create_features
    tracks = create_features(prepare_df(load_Data(shared / "tidytuesday" / "spotify_songs.zip")))
    scores = hit_study(tracks, leaks=False, year="none", n_boot=100).scores
    row = scores.loc[HELD_OUT, "boosting"]
    assert row["base_rate"] == pytest.approx(.093, abs=.001)
    assert row["roc_auc"] > .68 and row["low"] < .708 < row["high"] + .01


def test_no_artist_of_a_collaboration_is_trained_on(monkeypatch):
    table, seen = songs(400), []
    names = table["artist"].to_numpy(copy=True)
    guests = np.roll(names, 7)
    table["artist"] = [f"{name}; {guest}" if number % 3 == 0 else name
                       for number, (name, guest) in enumerate(zip(names, guests))]
    monkeypatch.setattr(hit_prediction, "out_of_sample_probability",
                        lambda model, X, y, splits: seen.append(splits) or np.full(len(y), .5))
    hit_study(table, hit=60, leaks=False, n_boot=5)
    parts = [set(cell.split("; ")) for cell in table["artist"]]
    for splits in seen:
        for train, test in splits:
            trained, tested = (set().union(*(parts[row] for row in rows)) for rows in (train, test))
            assert trained and not trained & tested
