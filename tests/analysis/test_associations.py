"""The effects that a table has are found, and no others."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.associations import (
    check_claims,
    compare_groups,
    correlations,
    correlations_within,
    feature_ttest,
    feature_ttests,
    group_effects,
    running_median,
    verdict,
)
from prepare import prepare_df
from preprocessing import create_features
from synth.sample_table import make_table


@pytest.fixture(scope="module")
def large():
    """A sample of 20,000 songs, large enough to show its effects clearly."""
    return create_features(prepare_df(make_table(20_000, seed=3)))


def test_the_sample_shows_the_effects_of_its_formula_and_no_others(large):
    table = correlations_within(large)
    within = table["r_within"]
    assert .12 < within["loudness"] < .18
    assert .28 < within["danceability"] < .38
    assert within.drop(["loudness", "danceability"]).abs().max() < .05
    assert table.loc["valence", "r"] > .15 and table.loc["valence", "reading"] == "only between"
    assert table.loc["danceability", "reading"] == "within too"
    assert table.loc["liveness", "reading"] == "no clear relation"
    seen_within = table["reading"].isin(["within too", "mostly between", "hidden by the mix", "reversed"])
    assert set(table.index[seen_within]) == {"loudness", "danceability"}


def test_the_default_sample_shows_its_main_effects(sample):
    table = correlations_within(sample)
    assert table.loc["valence", "reading"] == "only between"
    assert table.loc["danceability", "reading"] == "within too"
    assert (table.loc[["loudness", "danceability"], "low_within"] > 0).all()
    assert table.loc["liveness", "reading"] == "no clear relation"
    clear = table[(table["reading"] != "no clear relation") & (table["reading"] != "only between")]
    assert set(clear.index) == {"loudness", "danceability"}


@pytest.mark.parametrize("method, reference", [("spearman", stats.spearmanr), ("pearson", stats.pearsonr)])
def test_estimates_equal_those_of_scipy(sample, method, reference):
    table = correlations(sample, features=["loudness", "tempo"], method=method)
    for feature in table.index:
        pair = sample[[feature, "popularity"]].dropna().astype(float)
        assert table.loc[feature, "r"] == pytest.approx(reference(*pair.T.to_numpy()).statistic, abs=1e-9)


def test_intervals_by_artist_cover_the_truth():
    """100 tables in which artists, not songs, are drawn: the naive interval covers zero far too seldom."""
    rng = np.random.default_rng(0)
    covered = {"artist": 0, None: 0}
    for _ in range(100):
        artist = rng.integers(0, 60, 400)
        x, y = (rng.standard_normal(60)[artist] + .5 * rng.standard_normal(400) for _ in range(2))
        df = pd.DataFrame({"artist": artist, "loudness": x, "popularity": y})
        for group in covered:
            row = correlations(df, features=["loudness"], group=group).iloc[0]
            covered[group] += row["low"] <= 0 <= row["high"]
    assert covered["artist"] >= 88
    assert covered[None] < 75


def test_p_values_are_corrected_for_many_tests():
    rng = np.random.default_rng(1)
    false = 0
    for _ in range(60):
        df = pd.DataFrame(rng.standard_normal((120, 11)), columns=["popularity", *(f"f{i}" for i in range(10))])
        false += (correlations(df, features=[f"f{i}" for i in range(10)])["p_holm"] < .05).any()
    assert false <= 8, "one family in twenty may find something by chance, give or take"


def test_a_constant_feature_has_no_correlation():
    df = pd.DataFrame({"mode": [1] * 9, "tempo": range(9), "popularity": range(9)})
    table = correlations(df)
    assert np.isnan(table.loc["mode", "r"]) and table.loc["tempo", "r"] == pytest.approx(1)


def test_the_key_is_a_place_on_a_circle_and_is_not_correlated(sample):
    assert "key" not in correlations(sample).index
    with pytest.raises(ValueError, match="'key' is a place on a circle"):
        correlations(sample, features=["tempo", "key"])
    assert "key" in group_effects(sample).index, "it is compared as a category"


def test_unknown_columns_and_methods_are_named(sample):
    with pytest.raises(ValueError, match="no column 'mood'"):
        correlations(sample, "mood")
    with pytest.raises(ValueError, match="'spearman' or 'pearson'"):
        correlations(sample, method="kendall")


def test_a_correlation_that_reverses_within_genres_is_found():
    """In each genre louder is less popular; over all genres it is more popular."""
    rng = np.random.default_rng(2)
    genre = np.repeat(np.arange(6), 200)
    loudness = 3 * genre + rng.standard_normal(1200)
    df = pd.DataFrame({"first_genre": genre.astype(str), "loudness": loudness,
                       "popularity": 8 * genre - 2 * (loudness - 3 * genre) + rng.standard_normal(1200)})
    assert correlations_within(df, features=["loudness"])["reading"].tolist() == ["reversed"]


def test_means_of_groups_and_effect_sizes_are_those_of_the_table():
    rng = np.random.default_rng(3)
    genre = np.repeat(["a", "b", "c"], 300)
    df = pd.DataFrame({"first_genre": genre, "popularity": 10. * (genre == "b") + rng.standard_normal(900),
                       "key": rng.integers(0, 4, 900)})
    means = compare_groups(df)
    assert means.index[0] == "b" and means.loc["b", "low"] < 10 < means.loc["b", "high"]
    effects = group_effects(df)
    assert effects.loc["first_genre", "omega_squared"] > .9
    assert effects.loc["key", "omega_squared"] < .02 and effects.loc["key", "low"] == 0


def test_a_category_of_few_artists_has_no_interval():
    df = pd.DataFrame({"first_genre": ["a"] * 30 + ["b"] * 30, "artist": ["x"] * 30 + [str(i) for i in range(30)],
                       "popularity": np.arange(60.)})
    assert compare_groups(df)["low"].isna().to_dict() == {"b": False, "a": True}


def test_the_test_equals_welchs_where_songs_are_independent():
    rng = np.random.default_rng(4)
    df = pd.DataFrame({"explicit": rng.random(4000) < .3, "popularity": rng.standard_normal(4000)})
    df.loc[df["explicit"], "popularity"] = 1 + 3 * df["popularity"]
    ours = feature_ttest(df, "explicit")
    welch = stats.ttest_ind(df.popularity[df.explicit], df.popularity[~df.explicit], equal_var=False)
    theirs = welch.confidence_interval()
    assert [ours["low"], ours["high"]] == pytest.approx([theirs.low, theirs.high], abs=.01)
    assert ours["difference"] == pytest.approx(1, abs=.25)


def test_a_constant_feature_cannot_be_tested():
    with pytest.raises(ValueError, match="'key' does not divide"):
        feature_ttest(pd.DataFrame({"key": [3] * 5, "popularity": range(5)}), "key")


@pytest.mark.parametrize("numbers, sign, expected", [
    ((.3, .2, .4), 1, "holds"), ((.3, .2, .4), -1, "the opposite holds"), ((-.3, -.4, -.2), -1, "holds"),
    ((.045, .03, .06), 1, "holds, but is negligible"), ((-.045, -.06, -.03), 1, "does not hold"),
    ((.02, -.03, .07), 1, "does not hold"), ((.1, -.1, .3), 1, "cannot be told")])
def test_the_verdict_follows_the_interval_and_the_sign(numbers, sign, expected):
    assert verdict(*numbers, sign) == expected


def test_a_claim_about_a_missing_feature_cannot_be_told():
    claims = check_claims(pd.DataFrame({"popularity": np.arange(50.), "loudness": np.arange(50.)}))
    assert claims["verdict"].tolist() == ["holds", "cannot be told: no column 'danceability'"]


def test_the_claims_have_these_verdicts_on_real_tables(shared):
    from prepare import load_Data
    tidy = check_claims(create_features(prepare_df(load_Data(shared / "tidytuesday" / "spotify_songs.zip"))))
    assert tidy["r"].iloc[0] == pytest.approx(.045, abs=.001)
    assert tidy["verdict"].tolist() == ["holds, but is negligible"] * 2
    hits = check_claims(create_features(prepare_df(load_Data(shared / "top_hits" / "songs_normalize.csv"))))
    assert hits["verdict"].tolist() == ["does not hold"] * 2


def test_the_running_median_follows_a_relation():
    x = np.linspace(0, 10, 1000)
    running = running_median(pd.DataFrame({"x": x, "y": x ** 2}), "x", "y")
    np.testing.assert_allclose(running["median"], running["x"] ** 2, rtol=.02)
    assert running["n"].sum() == 1000


def test_a_feature_that_cannot_be_tested_is_named_and_the_others_are_tested(capsys):
    songs = pd.DataFrame({"explicit": [True] + [False] * 9, "loudness": np.arange(10.)})
    songs["popularity"] = np.arange(10) % 4
    tests = feature_ttests(songs, ["explicit", "loudness", "has_feat"])
    assert tests.index.tolist() == ["loudness"] and tests.loc["loudness", "n_more"] == 5
    assert "not tested: 'explicit' does not divide the 10 songs into two groups" in capsys.readouterr().out
