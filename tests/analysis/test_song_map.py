"""A map of two dimensions shows the largest differences between songs."""

import numpy as np
import pandas as pd
import pytest

from analysis.song_map import plot_song_map, song_map


@pytest.fixture
def tracks():
    """Three hundred songs at random."""
    return pd.DataFrame(np.random.default_rng(1).uniform(size=(300, 3)), columns=["energy", "valence", "liveness"])


def test_the_first_axis_explains_most(tracks):
    places = song_map(tracks)
    assert list(places.columns) == ["x", "y"] and len(places) == 300
    first, second = places.attrs["explained"]
    assert 1 > first + second > 0 and first >= second


def test_a_song_has_the_same_place_alone_and_among_others(tracks):
    assert np.allclose(song_map(tracks, tracks.iloc[10:16]), song_map(tracks).iloc[10:16], atol=1e-5)


def test_a_song_of_which_too_little_is_known_has_no_place(tracks):
    tracks.iloc[0, :2] = np.nan
    assert song_map(tracks).index.tolist() == list(range(1, 300))


def test_a_map_needs_two_features(tracks):
    with pytest.raises(ValueError, match="two songs and two features"):
        song_map(tracks[["energy"]])


def test_the_nine_most_frequent_groups_are_named_and_the_others_are_grey():
    places = pd.DataFrame({"x": range(30), "y": 0.0})
    places.attrs["explained"] = [.5, .3]
    ax = plot_song_map(places, pd.Series([f"genre {number % 11}" for number in range(30)]))
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(labels) == 10 and labels[-1] == "others"
    assert [text.get_text() for text in plot_song_map(places).get_legend().get_texts()] == ["songs"]


def test_the_songs_of_a_playlist_are_numbered(tracks):
    places = song_map(tracks)
    ax = plot_song_map(places, path=places.iloc[:4])
    assert [text.get_text() for text in ax.texts] == list("1234") and "principal component (" in ax.get_xlabel()
