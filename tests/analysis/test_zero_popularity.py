"""The cluster at popularity 0 and 1 is found, named, and its effect is computed."""

import numpy as np
import pandas as pd
import pytest

from analysis.zero_popularity import change_in_words, without_zero_cluster, zero_cluster, zero_cluster_in_words


@pytest.fixture(scope="module")
def songs():
    """Louder songs are more popular; 60 more, the loudest, are at 0 or 1, and five of these are there again."""
    rng = np.random.default_rng(0)
    loudness = rng.normal(-8, 2, 300)
    table = pd.DataFrame({"loudness": loudness, "popularity": (60 + 4 * (loudness + 8)).round().clip(5, 100),
                          "artist": [f"artist {number}" for number in range(300)], "song": "Blue"})
    again = table.tail(60).assign(popularity=[0, 1] * 30, loudness=0.0)
    again["artist"] = again["artist"].where(np.arange(60) < 5, "other " + again["artist"])
    return pd.concat([table, again], ignore_index=True)


def test_the_cluster_is_found_counted_and_named(songs):
    assert zero_cluster(songs).sum() == 60 and zero_cluster(songs).tail(60).all()
    sentence = zero_cluster_in_words(songs)
    assert sentence.startswith("60 of 360 songs (17%)") and "with a higher popularity: 5 of them" in sentence


def test_the_correlations_are_shown_without_it(songs):
    table = without_zero_cluster(songs, features=["loudness"])
    assert table.loc["loudness", "r"] < .5 and table.loc["loudness", "r_without"] > .9
    wrong = table.assign(r=-.3, p_holm=.001)
    assert change_in_words(wrong).startswith("1 of 1 correlation is significant only with")
    assert "from -0.300" in change_in_words(wrong)


@pytest.mark.parametrize("popularity", [range(60), [1] * 9 + list(range(50, 100)), [np.nan] * 20, [50] * 30])
def test_where_there_is_no_cluster_nothing_is_said(popularity):
    table = pd.DataFrame({"popularity": list(popularity)})
    assert not zero_cluster(table).any() and zero_cluster_in_words(table) == ""
    assert not zero_cluster(table.rename(columns={"popularity": "charted"}), "charted").any()
