"""What collections are too small for, and that the limits are those of the tests and splits that they stand for."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from analysis.collection_limits import (
    ARTISTS_TO_COMPARE,
    artists_by_genre,
    comparison_obstacle,
    split_obstacle,
    training_obstacle,
)
from analysis.group_split import group_sides
from sources.artists import artist_matrix


def songs(**artists_of_genre):
    """The genres and the artists of a collection with one song for each artist."""
    rows = [(genre, f"{genre} {number}") for genre, n in artists_of_genre.items() for number in range(n)]
    table = pd.DataFrame(rows, columns=["genre", "artist"], dtype=object)
    return table["genre"], table["artist"]


@pytest.mark.parametrize("genres, words", [
    ({"rock": 40}, "rock (40 songs by 40 artists):"), ({}, "no song has a genre"),
    ({"rock": 9, "folk": 2}, "folk (2 songs by 2 artists)"), ({f"g{n}": 1 for n in range(9)}, "and 3 other genres")])
def test_a_collection_without_two_genres_of_three_artists_cannot_be_trained_on(genres, words):
    assert words in training_obstacle(*songs(**genres))


def test_songs_of_one_artist_count_once_and_songs_without_one_each():
    genre = pd.Series(["rock"] * 3 + ["jazz"] * 3)
    assert training_obstacle(genre, pd.Series(["Ann", "ann ", "ANN", "a", "b", "c"]))
    assert not training_obstacle(genre, pd.Series([None] * 6))
    assert artists_by_genre(genre, pd.Series([None] * 6))["artists"].tolist() == [3, 3]


@given(st.dictionaries(st.sampled_from(["rock", "jazz", "folk", "pop"]), st.integers(1, 9), min_size=1))
def test_what_can_be_trained_on_can_be_split(genres):
    genre, artist = songs(**genres)
    if not training_obstacle(genre, artist):
        members = artist_matrix(genre, artist)
        assert not split_obstacle(genre, members)
        sides = group_sides(pd.factorize(genre)[0], members, (.5, .25, .25))
        assert set(sides) == {0, 1, 2}


@pytest.mark.parametrize("n", range(1, 9))
def test_models_are_compared_where_a_significant_result_is_possible(n):
    possible = scipy.stats.binomtest(n, n).pvalue < .05
    assert possible == (n >= ARTISTS_TO_COMPARE)
    genre = pd.Series(["rock", "jazz"] * n)
    obstacle = comparison_obstacle(genre, pd.Series(np.repeat(range(n), 2).astype(str)))
    assert possible == (obstacle == "")
    assert possible or obstacle.startswith(f"{2 * n} songs by {n} artist")


def test_songs_of_one_genre_compare_nothing():
    assert "all of one genre" in comparison_obstacle(*songs(rock=10))


@pytest.mark.parametrize("classes, groups, words", [
    ([None, None], [0, 1], "no song has a mood"), (["a", "a"], [0, 1], "all 2 songs have the same mood (a)"),
    (["a", "b", None], [0, 1, 2], "by 2 bands: three sets that share no band need three"),
    (["a", "b", "b"], [0, 1, 2], "")])
def test_a_split_needs_two_classes_and_three_groups(classes, groups, words):
    members = artist_matrix(range(len(groups)), groups)
    obstacle = split_obstacle(pd.Series(classes, dtype=object), members, target="mood", group="band")
    assert words in obstacle and bool(words) == bool(obstacle)
