"""Labels follow the stated thresholds, their probability is that of what they name, and a turning point parts two."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prediction.labels import (
    ALONE,
    FAMILIES,
    FEWEST_WINDOWS,
    SECOND,
    TOGETHER,
    aspect_sentence,
    blend_label,
    families_named,
    joined_labels,
    label_probability,
    turning_point,
)
from synth.sample_table import GENRES

weights_of_eight = st.lists(st.floats(.001, 1), min_size=8, max_size=8)
shares_of_eight = weights_of_eight.map(lambda weights: pd.Series(weights, GENRES) / sum(weights))
tables_of_shares = st.lists(shares_of_eight, min_size=1, max_size=12).map(
    lambda rows: pd.DataFrame(rows).set_axis(5.0 * np.arange(len(rows))))


def shares_of(**values):
    return pd.Series(values)


def song_that_turns(windows, first_of_second, *, hop=5.0, seconds=10.0):
    """Shares of a song whose windows are all jazz before one window and all metal from there on."""
    is_metal = np.arange(windows) >= first_of_second
    shares = pd.DataFrame({"jazz": 1.0 - is_metal, "metal": 1.0 * is_metal}, index=hop * np.arange(windows))
    shares.attrs = {"seconds": seconds, "hop_seconds": hop}
    return shares


# ---- labels

@given(shares_of_eight)
def test_a_label_names_the_largest_shares_or_nothing(shares):
    label, largest = blend_label(shares, families={}), shares.nlargest(2)
    assert label in (largest.index[0], "-".join(largest.index), "ambiguous")
    if label != "ambiguous":
        assert largest.sum() >= .5


@given(shares_of_eight, st.integers(2, 8))
def test_a_label_names_only_genres_and_families_among_the_shares(shares, n_genres):
    shares = shares.iloc[:n_genres] / shares.iloc[:n_genres].sum()
    genres = list(shares.index)
    pairs = [f"{one}-{other}" for one in genres for other in genres if one != other]
    families = [f"{name} family" for name, members in FAMILIES.items() if len(set(members) & set(genres)) > 1]
    assert blend_label(shares) in [*genres, *pairs, *families, "ambiguous"]


@given(shares_of_eight, st.permutations(range(8)))
def test_the_order_of_the_genres_does_not_change_the_label(shares, order):
    if shares.nunique() == len(shares):
        assert blend_label(shares.iloc[order]) == blend_label(shares)


def test_labels_by_the_stated_thresholds():
    assert blend_label(pd.Series({"jazz": 1 - SECOND, "rock": SECOND})) == "jazz-rock"
    assert blend_label(pd.Series({"rock": .30, "punk": .16, "metal": .16, "jazz": .19, "folk": .19})) == "rock family"
    assert blend_label(pd.Series(1 / 8, GENRES)) == "ambiguous"


def test_a_genre_is_the_label_by_itself_only_while_no_other_share_is_large():
    others = (1 - ALONE) / 10
    shares = pd.Series([ALONE, *[others] * 10], ["jazz", *"abcdefghij"])
    assert blend_label(shares) == "jazz"
    assert blend_label(shares - pd.Series([.01, *[-.001] * 10], shares.index)) == "ambiguous", "just below ALONE"
    assert blend_label(shares_of(jazz=1 - SECOND + .001, rock=SECOND - .001)) == "jazz", "just below SECOND"


def test_two_genres_are_joined_from_the_threshold_on():
    rest = (1 - TOGETHER) / 2
    assert blend_label(shares_of(a=.35, b=TOGETHER - .35, c=rest, d=rest)) == "a-b"
    assert blend_label(shares_of(a=.35, b=TOGETHER - .36, c=rest + .005, d=rest + .005)) == "ambiguous"
    assert blend_label(shares_of(a=.33, b=.31, c=.30, d=.06)) == "a-b"
    assert blend_label(shares_of(rock=.36, jazz=.33, metal=.31)) == "rock-jazz", "two genres come before a family"


def test_the_larger_share_is_named_first():
    assert blend_label(shares_of(jazz=.4, metal=.6)) == "metal-jazz"
    assert blend_label(shares_of(jazz=.6, metal=.4)) == "jazz-metal"


def test_a_family_needs_two_of_its_genres():
    """A model that knows one genre of a family knows nothing about the family."""
    shares = {"jazz": .2, "folk": .2, "latin": .2, "classical": .2, "metal": .2}
    everything = {"all": tuple(shares)}
    assert blend_label(pd.Series(shares), families=everything) == "all family"
    assert blend_label(pd.Series(shares), families={"one": ("metal",)}) == "ambiguous"


def test_no_genre_is_in_two_families():
    members = [genre for genres in FAMILIES.values() for genre in genres]
    assert len(members) == len(set(members))


# ---- the probability of a label

@given(st.lists(st.floats(.01, 1), min_size=4, max_size=4))
def test_the_probability_of_a_label_is_the_share_of_what_it_names(values):
    families = ["rock", "folk", "jazz", "metal"]
    shares = pd.Series(values, families) / sum(values)
    label = blend_label(shares)
    in_group = ["rock", "metal"] if label == "rock family" else label.split("-")
    named = [name for name in families if name in in_group]
    if label == "ambiguous":
        assert label_probability(label, shares) is None
    else:
        assert label_probability(label, shares) == pytest.approx(shares[named].sum())


@pytest.mark.parametrize("genre", ["my family", "rock family"])
def test_a_genre_may_be_called_a_family(genre):
    shares = pd.Series({genre: .96, "metal": .04})
    label = blend_label(shares)
    assert label == genre and families_named(label, shares.index) == [genre]
    assert label_probability(label, shares) == .96


# ---- how often labels occur

def test_two_orders_of_a_pair_are_one_label():
    labels = pd.Series(["folk-rock", "rock-folk", "rock-folk", "hip hop-house-jazz", "jazz-hip hop-house", "rock"])
    joined = joined_labels(labels)
    assert joined.value_counts().to_dict() == {"rock-folk": 3, "rock": 1, joined[3]: 2}


@given(st.lists(st.sampled_from(["rock", "folk", "rock-folk", "folk-rock", "jazz-folk", "rock family", "ambiguous"])))
def test_joining_labels_changes_no_label_but_pairs(labels):
    joined = joined_labels(pd.Series(labels, dtype=object))
    assert len(joined) == len(labels)
    for before, after in zip(labels, joined):
        assert sorted(before.split("-")) == sorted(after.split("-"))


# ---- turning points

@pytest.mark.parametrize("first_of_second", range(2, 11))
def test_a_turning_point_lies_where_the_windows_change(first_of_second):
    shares = song_that_turns(12, first_of_second)
    expected = 5.0 * (first_of_second - .5) + 5.0  # between the middles of two windows of ten seconds
    assert turning_point(shares) == (expected, "jazz", "metal")


def test_a_window_that_contains_both_sides_does_not_change_the_labels():
    shares = song_that_turns(10, 5)
    shares.iloc[4] = .5
    seconds, before, after = turning_point(shares)
    assert (before, after) == ("jazz", "metal")
    assert abs(seconds - 27.5) <= shares.attrs["hop_seconds"]


@given(tables_of_shares)
def test_a_turning_point_separates_different_labels_and_lies_within_the_song(shares):
    shares.attrs["seconds"] = 10.0
    turn = turning_point(shares)
    if turn is not None:
        seconds, before, after = turn
        assert before != after
        assert shares.index[0] < seconds < shares.index[-1] + 10
    if len(shares) < FEWEST_WINDOWS:
        assert turn is None


@given(shares_of_eight, st.integers(1, 12))
def test_a_song_that_stays_the_same_has_no_turning_point(shares, n_windows):
    assert turning_point(pd.DataFrame([shares] * n_windows).reset_index(drop=True)) is None


def test_a_turn_between_shares_of_the_same_label_is_no_turning_point():
    shares = pd.DataFrame({"jazz": [.99] * 5 + [.93] * 5, "metal": [.01] * 5 + [.07] * 5})
    assert turning_point(shares) is None
    between = pd.DataFrame({"folk": [.55] * 5 + [.45] * 5, "rock": [.45] * 5 + [.55] * 5})
    assert turning_point(between) is None, "from folk-rock to rock-folk is no turn"


# ---- aspects

def test_a_sentence_names_the_label_of_each_aspect():
    shares = pd.DataFrame({"jazz": [.9, .1, .25], "metal": [.05, .8, .25], "folk": [.05, .1, .25],
                           "latin": [0, 0, .25]}, index=["beat", "timbre", "pitch"])
    assert aspect_sentence(shares) == "jazz in beat, metal-jazz in timbre, no single genre in pitch"
