"""Where a song is found and where it stands, in sentences."""

import numpy as np
import pandas as pd
import pytest

from analysis.chart_findings import (
    catalogue_in_words,
    charted_in_words,
    comparison_obstacle,
    find_in_table,
    found_in_words,
    place_in_words,
    plot_place,
    recordings_in_words,
)
from analysis.chart_matching import SCHEMA


@pytest.fixture
def tracks():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: rng.random(30) for name in ("danceability", "energy", "loudness", "valence", "tempo")})
    return table.assign(song=[f"song {number}" for number in range(30)], artist="Ann", popularity=np.arange(30),
                        key=0, mode=1).rename("t{}".format)


@pytest.fixture
def chart():
    rows = [("2001-01-06", 8, "Song 3", "Ann", 8, 1), ("2001-01-13", 4, "Song 3", "Ann", 4, 2)]
    return pd.DataFrame(rows, columns=SCHEMA).assign(date=lambda table: pd.to_datetime(table["date"]))


def test_an_own_song_is_found_in_table_and_chart_by_its_tags(tracks, chart):
    mine = pd.DataFrame({"artist": ["ANN"], "song": ["Song 3 (Remastered)"]}, index=["/music/mine.mp3"])
    assert find_in_table(mine, tracks).index.tolist() == ["t3"]
    sentence = found_in_words(mine, tracks, chart)
    assert "in the table, popularity 3, number 27 of 30" in sentence
    assert "best place 4, 2 weeks from January 2001 on" in sentence
    assert find_in_table(mine.assign(song="Song 3 (Remix)"), tracks).empty, "a remix is another song"
    assert find_in_table(tracks.loc[["t3"]].assign(song="?"), tracks).index.tolist() == ["t3"]
    other = mine.assign(song="Another")
    assert found_in_words(other, tracks, chart) == "Another by ANN: it is not in the table and it is not in the chart."
    nameless = mine.drop(columns="artist")
    assert "its artist is not known" in found_in_words(nameless, tracks, chart)


def test_features_outside_the_band_are_named_with_their_place():
    table = pd.DataFrame({"value": [9.0, 100.0, 200.0], "median": [1.0, 100.0, 100.0], "percentile": [100.0, 50, 99.9],
                          "outside": [True, False, True]}, index=["energy", "tempo", "tempo_rival"])
    table = table.rename_axis("feature")
    sentence = place_in_words(table, "songs that charted")
    assert sentence.startswith("1 of 2 features is outside") and "energy 9.00 (above all of them)" in sentence
    assert "rival" not in sentence, "half and double are the same song"
    ax = plot_place(table.drop(index="tempo_rival"), called="songs of the table")
    assert ax.get_xlabel() == "percentile among the songs of the table"


def test_a_catalogue_is_summed_up():
    index = pd.MultiIndex.from_product([["a", "b"], ["energy", "tempo"]], names=["song", "feature"])
    table = pd.DataFrame({"outside": [True, False, True, False]}, index=index)
    sentence = catalogue_in_words(table, "Ann")
    assert sentence.startswith("2 songs of Ann: 50%") and "most often energy (100% of the songs)" in sentence


def test_why_no_comparison_is_possible_is_said(tracks):
    assert comparison_obstacle(tracks.head(1), tracks) == ""
    assert "too few to compare with (20 are needed)" in comparison_obstacle(tracks.head(1), tracks.head(19))
    assert "none of Spotify's features" in comparison_obstacle(tracks.head(1), tracks[["song", "artist", "tempo"]])
    empty = tracks.head(1).assign(danceability=np.nan, energy=np.nan, loudness=np.nan, valence=np.nan)
    assert "song 0 by Ann has too few of Spotify's features" in comparison_obstacle(empty, tracks)


def test_the_nearest_recording_that_charted_is_named():
    found = pd.DataFrame({"artist": ["Bob"], "song": ["Red"], "peak": [4.0], "weeks": [12.0], "distance": [.81]})
    assert "Red by Bob sounds most like it (best place 4, 12 weeks; distance 0.81)" in charted_in_words(found)
    assert charted_in_words(found.head(0)).startswith("None of your reference recordings was found in the chart")


def test_only_recordings_that_charted_are_called_that():
    found = pd.DataFrame({"artist": ["Ann", "Bob"], "song": ["Blue", "Red"], "charted": [False, True]})
    sentence = recordings_in_words(found, 25)
    assert "Of your 25 reference recordings, Blue by Ann sounds most like it" in sentence
    assert "of the 2 nearest, in the chart: Red" in sentence
    assert "chart" not in recordings_in_words(found.drop(columns="charted"), 25)
    assert recordings_in_words(found.head(0), 0).startswith("There is no reference recording")
