"""The bootstrap draws whole groups, its intervals cover the truth, and the correction for many tests is Holm's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from analysis.resampling import bootstrap_weights, drawn_rows, holm, mean_interval, percentile_interval

GROUPS = st.lists(st.integers(-3, 9), min_size=1, max_size=40)


@given(GROUPS, st.integers(0, 5))
def test_each_sample_draws_whole_groups_and_as_many_as_there_are(groups, seed):
    weights = bootstrap_weights(groups, n_boot=5, seed=seed)
    assert weights.shape == (5, len(groups))
    names, first_row, row_of_group = np.unique(groups, return_index=True, return_inverse=True)
    assert (weights == weights[:, first_row][:, row_of_group]).all()
    assert (weights[:, first_row].sum(axis=1) == len(names)).all()


@given(GROUPS)
def test_the_drawn_rows_are_those_with_weights(groups):
    weights = bootstrap_weights(groups, n_boot=1)[0]
    assert np.bincount(drawn_rows(weights), minlength=len(groups)).tolist() == weights.tolist()


def test_the_same_seed_draws_the_same_samples():
    first, again, other = (bootstrap_weights(range(20), 10, seed) for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution():
    values = np.random.default_rng(0).standard_normal(2000)
    low, high = mean_interval(values, bootstrap_weights(range(2000)))
    assert [low, high] == pytest.approx(values.mean() + np.array([-1.96, 1.96]) / np.sqrt(2000), abs=.005)


def test_intervals_cover_the_truth_only_where_whole_groups_are_drawn():
    """100 tables of 30 artists with ten similar songs each; the true mean is 0."""
    rng = np.random.default_rng(0)
    artist = np.repeat(np.arange(30), 10)
    covered = {"by artist": 0, "by song": 0}
    for _ in range(100):
        values = rng.standard_normal(30)[artist] + .3 * rng.standard_normal(300)
        for name, groups in (("by artist", artist), ("by song", np.arange(300))):
            low, high = mean_interval(values, bootstrap_weights(groups, 300))
            covered[name] += low <= 0 <= high
    assert covered["by artist"] >= 86 and covered["by song"] < 65


def test_an_interval_leaves_out_missing_values():
    samples = np.column_stack([np.arange(101.), np.full(101, np.nan)])
    samples[0, 0] = np.nan
    low, high = percentile_interval(samples, .8)
    assert [low[0], high[0]] == pytest.approx([10.9, 90.1])
    assert np.isnan(low[1]) and np.isnan(high[1])


@settings(max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_the_correction_is_statsmodels_holm(p):
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_no_tests_need_no_correction():
    assert holm([]).tolist() == []
