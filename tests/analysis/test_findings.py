"""The sentences above the figures say what their tables hold, for any table."""

import numpy as np
import pandas as pd
import pytest

from analysis import associations
from analysis.findings import (
    boxes_in_words,
    correlations_in_words,
    distribution_in_words,
    effects_in_words,
    groups_in_words,
    name_of,
    pairs_in_words,
    running_in_words,
    within_in_words,
)


@pytest.fixture(scope="module")
def songs():
    rng = np.random.default_rng(0)
    loudness = rng.normal(-8, 2, 240)
    return pd.DataFrame({"loudness": loudness, "tempo": rng.normal(120, 20, 240), "popularity": 50 + 5 * loudness,
                         "first_genre": ["rock", "jazz"] * 120, "artist": np.arange(240)})


def test_a_strong_relation_is_said_with_its_size(songs):
    assert "more than the width of the band" in running_in_words(songs, "loudness", "popularity")
    assert "than a quarter of" in running_in_words(songs.assign(popularity=songs["tempo"] % 7), "loudness",
                                                   "popularity")
    table = associations.correlations(songs)
    assert correlations_in_words(table).startswith("1 of 2 correlations with popularity is significant")
    assert "loudness (+1.00)" in correlations_in_words(table)
    assert pairs_in_words(songs, "popularity").startswith("Loudness has the strongest correlation with popularity")


def test_groups_are_compared_with_the_spread_inside_them(songs):
    apart = songs.assign(popularity=songs["popularity"] + 40 * (songs["first_genre"] == "rock"))
    assert "rock has the highest median" in boxes_in_words(apart, "first_genre")
    sentence = groups_in_words(associations.compare_groups(apart))
    assert sentence.startswith("rock (") and "do not overlap" in sentence
    assert "large" in effects_in_words(associations.group_effects(apart))


def test_readings_are_listed(songs):
    sentence = within_in_words(associations.correlations_within(songs))
    assert sentence == "Within groups too: loudness; no clear relation: tempo."


@pytest.mark.parametrize("rows", [0, 1, 6])
def test_small_tables_have_sentences_too(songs, rows):
    few = songs.head(rows).assign(popularity=3)
    for sentence in (distribution_in_words(few), running_in_words(few, "loudness", "popularity"),
                     boxes_in_words(few, "first_genre"), groups_in_words(associations.compare_groups(few)),
                     effects_in_words(associations.group_effects(few)), pairs_in_words(few, "popularity"),
                     correlations_in_words(associations.correlations(few))):
        assert sentence.endswith(".") and "nan" not in sentence


def test_a_name_has_no_unit():
    assert name_of("loudness") == "loudness" and name_of("has_feat") == "featured artist"
