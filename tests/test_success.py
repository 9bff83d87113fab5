"""The associations with success that a table has are found, and no others; words follow the thresholds."""

import numpy as np
import pandas as pd
import pytest

from analysis.hit_prediction import hit_study
from analysis.trends import trend_tests
from charts import charting_songs, load_charts, match_songs
from prepare import prepare_df
from preprocessing import create_features
from success import (
    auc_verdict,
    check_success_claims,
    conclusions,
    factors_by_genre,
    genres_differ,
    in_words,
    plot_factors_by_genre,
    plot_shapes,
    shapes,
    success_factors,
)
from synth.sample_table import make_table


@pytest.fixture(scope="module")
def factors(sample):
    return success_factors(sample)


def test_the_factors_of_the_sample_are_those_of_its_formula(factors):
    assert factors.loc["valence", "reading"] == "only between" and factors.loc["valence", "strength"] == "weak, sure"
    assert factors.loc["danceability", "reading"] == "within too"
    assert factors.loc["danceability", "low_artist"] > .1, "within the songs of one artist too"
    assert factors.loc["loudness", "low_within"] > 0
    seen_within = factors["reading"].isin(["within too", "mostly between", "hidden by the mix", "reversed"])
    assert set(factors.index[seen_within]) == {"danceability", "loudness"}


def test_no_genre_of_the_sample_differs(sample):
    by_genre = factors_by_genre(sample)
    assert by_genre["genre"].nunique() == 8
    assert (by_genre[by_genre["p_holm"] < .05]["feature"] == "danceability").all()
    assert (genres_differ(sample)["p_holm"] > .05).all()
    assert plot_factors_by_genre(by_genre).get_yticklabels()[0].get_text() == "danceability"


def test_a_genre_of_few_songs_is_left_out():
    df = pd.DataFrame({"first_genre": ["a"] * 10, "energy": range(10), "popularity": range(10)})
    assert factors_by_genre(df).empty and genres_differ(df).empty


def test_shuffled_songs_show_nothing():
    table = create_features(prepare_df(make_table(400, seed=5)))
    rng, found = np.random.default_rng(0), 0
    for _ in range(5):
        shuffled = table.assign(popularity=rng.permutation(table["popularity"].to_numpy()))
        found += success_factors(shuffled)["strength"].str.endswith("sure").any()
    assert found <= 1


def test_strengths_follow_the_thresholds():
    words = [in_words(r, r - .05, r + .05, .001) for r in (.6, .4, -.2, .05)]
    assert words == ["strong, sure", "moderate, sure", "weak, sure", "negligible, sure"]
    assert in_words(np.nan, np.nan, np.nan, np.nan) == "cannot be told"
    assert auc_verdict(.4, .35, .45) == "does not hold, hits are ranked lower"
    assert auc_verdict(.75, .55, .9) == "holds, but weakly", "a wide interval does not let it hold"
    assert auc_verdict(.57, .53, .62) == "holds, but is negligible", "conclusions call it next to nothing"


def test_curves_follow_a_nonlinear_relation():
    rng = np.random.default_rng(1)
    df = pd.DataFrame({"tempo": rng.uniform(60, 180, 800), "energy": rng.random(800)})
    df["popularity"] = 60 - 20 * ((df["tempo"] - 120) / 60) ** 2 + rng.standard_normal(800)
    table = shapes(df, ["tempo", "energy"], n_fits=4)
    tempo = table[table["feature"] == "tempo"].set_index("x")["middle"]
    assert 100 < tempo.idxmax() < 140 and tempo.iloc[0] < tempo.max() - 8
    assert np.ptp(table[table["feature"] == "energy"]["middle"]) < 2
    assert (table["low"] <= table["high"]).all()
    assert plot_shapes(table)[0].get_xlabel() == "tempo (BPM)"


def test_the_conclusions_are_the_effects_of_the_sample_and_no_others(sample, factors):
    charted = charting_songs(sample, match_songs(sample, load_charts()))
    study = hit_study(sample, hit=65, leaks=False, n_boot=100)
    differ = genres_differ(sample)
    page = conclusions(factors, differ, trend_tests(charted), study)
    found = page.loc[page["about"] == "factors", "finding"].str.split(":").str[0]
    assert set(found.iloc[:-1]) == {"valence", "danceability", "loudness"}
    assert found.iloc[-1].startswith("nothing seen of")
    assert page.loc[page["about"] == "trends", "finding"].tolist() == ["duration_minutes of what charted fell"]
    assert not (page["about"] == "genres").any()
    assert conclusions(factors, differ, None, study)["about"].isin(["factors", "prediction"]).all()
    claims = check_success_claims(sample, study, differ)
    assert claims.loc["danceable songs are more popular", "verdict"] == "holds"
    assert claims.loc["each genre has statistics of success of its own", "verdict"] == "cannot be told"
    assert len(claims) >= 4


def test_a_table_without_hits_has_conclusions_and_claims_too(sample):
    page = conclusions(None, pd.DataFrame(), trend_tests(sample, year="release_year"), None, called="all songs")
    assert set(page["about"]) <= {"trends"}
    claims = check_success_claims(sample.drop(columns="popularity"), None, pd.DataFrame())
    assert claims["verdict"].str.startswith("cannot be told").all()


def test_the_key_is_not_among_the_factors(sample, factors):
    assert "key" not in factors.index and "key" not in genres_differ(sample, n_shuffles=20).index
    assert "key" not in set(factors_by_genre(sample)["feature"])


def test_a_table_with_one_feature_is_enough():
    df = pd.DataFrame({"song": list("abcdefghij"), "tempo": range(10), "popularity": range(10)})
    table = success_factors(df)
    assert table.index.tolist() == ["tempo"] and table.loc["tempo", "r"] == pytest.approx(1)
