"""A trend over the years is named only where there is one."""

import numpy as np
import pandas as pd
import pytest

from analysis.trends import plot_trends, trend_tests, trends
from charts import charting_songs, load_charts, match_songs


@pytest.fixture(scope="module")
def charted(sample):
    return charting_songs(sample, match_songs(sample, load_charts()))


def test_the_songs_of_the_sample_chart_became_shorter_and_nothing_else_changed(charted):
    tests = trend_tests(charted)
    assert tests.loc["duration_minutes", "reading"] == "fell" and tests.index[0] == "duration_minutes"
    assert tests.loc["duration_minutes", "per_decade"] < -.2
    assert not tests.drop(index="duration_minutes")["reading"].str.contains("rose|fell").any()


def test_yearly_medians_and_shares_are_those_of_the_songs():
    rng = np.random.default_rng(0)
    df = pd.DataFrame({"chart_year": np.repeat(np.arange(2000, 2010), 100), "tempo": rng.normal(120, 10, 1000),
                       "explicit": rng.random(1000) < .3})
    tempo, explicit = trends(df, "tempo"), trends(df, "explicit")
    assert tempo["middle"].between(116, 124).all() and (tempo["n"] == 100).all()
    assert ((explicit["low"] < .3) & (explicit["high"] > .3)).sum() >= 8
    assert (explicit["low"] <= explicit["middle"]).all()


def test_years_that_differ_at_random_are_no_trend():
    """The songs of a year share a random value: the test over songs is significant, the one over years is not."""
    rng = np.random.default_rng(2)
    named = 0
    for _ in range(20):
        year = np.repeat(np.arange(2000, 2012), 60)
        valence = rng.standard_normal(12)[year - 2000] + .5 * rng.standard_normal(len(year))
        tests = trend_tests(pd.DataFrame({"chart_year": year, "valence": valence}))
        named += tests["reading"].str.contains("rose|fell").sum()
    assert named <= 4


def test_tests_that_disagree_name_no_trend():
    """Many recent songs in which it rose, decades over which it fell."""
    rng = np.random.default_rng(0)
    year = np.concatenate([np.repeat(np.arange(1960, 2010), 6), np.repeat(np.arange(2010, 2020), 300)])
    acousticness = np.where(year < 2010, 3 - .06 * (year - 1960), .1 * (year - 2010))
    acousticness = acousticness + .3 * rng.standard_normal(len(year))
    row = trend_tests(pd.DataFrame({"chart_year": year, "acousticness": acousticness})).iloc[0]
    assert row["r"] > .1 and row["tau"] < -.3 and row["p_years"] < .05
    assert row["reading"] == "cannot be told"


def test_plots_of_trends_have_the_reading_as_title(charted):
    tests = trend_tests(charted)
    axs = plot_trends(charted, tests)
    assert axs.flat[0].get_title() == "fell" and "duration (minutes)" in axs.flat[0].get_ylabel()


def test_a_table_without_features_has_no_trends_and_no_error():
    tests = trend_tests(pd.DataFrame({"chart_year": [2001, 2002], "artist": ["Ann", "Bob"]}))
    assert tests.empty and {"r", "tau", "p_years", "reading"} <= set(tests)
    assert not tests["reading"].str.contains("rose").any()
