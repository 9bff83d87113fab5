"""The songs of a chart are found in a table, however they are spelt, and no others."""

import pandas as pd

from analysis.chart_matching import chart_songs, match_songs
from charts import load_charts
from synth.sample_chart import make_chart

CHART = pd.DataFrame({"song": ["Blue", "Red"], "artist": ["Ann", "Bob"], "rank": [2, 1]})


def test_every_song_of_the_sample_chart_is_found_and_no_other(sample):
    chart = make_chart()
    truth = chart.drop_duplicates(["song", "artist"]).set_index(["song", "artist"])["track_id"]
    matches = match_songs(sample, load_charts(chart))
    assert [truth[pair] for pair in zip(matches["chart_song"], matches["chart_artist"])] == matches.index.tolist()
    assert set(matches.index) == set(truth.dropna())
    assert truth.isna().mean() > .3, "a third of the chart's songs are not in the table"
    assert set(matches["how"]) >= {"artists and title", "an artist and title", "nearly"}
    assert matches.loc[matches["how"] == "nearly", "score"].between(90, 100).all()


def test_two_songs_of_one_artist_are_kept_apart():
    songs = ["Bust It Part 1", "Halo (Remix)", "Losing Paper Foxes"]
    chart = load_charts(pd.DataFrame({"song": songs, "artist": "Ann", "rank": [1, 2, 3]}))
    titles = ["Bust It Part 2", "Halo", "Losing Paper Wolves", "Losing Paper Foxess"]
    tracks = pd.DataFrame({"song": titles, "artist": "Ann"})
    assert match_songs(tracks, chart)["song"].tolist() == ["Losing Paper Foxess"]
    assert match_songs(tracks.assign(artist="Somebody Else"), chart).empty


def test_of_two_songs_that_fit_the_greater_hit_is_taken():
    chart = load_charts(pd.DataFrame({"song": ["Halo (Ann)", "Halo"], "artist": ["Ann", "Ann & Bob"], "rank": [9, 1]}))
    found = match_songs(pd.DataFrame({"song": ["Halo"], "artist": ["Ann"]}, index=["h"]), chart)
    assert found.loc["h", "chart_artist"] == "Ann & Bob"


def test_tracks_without_names_are_not_matched():
    tracks = pd.DataFrame({"song": [None, "Blue", "Red", " "], "artist": ["Ann", None, " ", "Bob"]})
    assert match_songs(tracks, load_charts(CHART)).empty
    nameless = load_charts(CHART.assign(artist=None))
    assert match_songs(tracks, nameless).empty, "no artist is not the same artist"


def test_three_quarters_of_the_top_hits_are_in_the_billboard_chart(shared):
    from prepare import load_Data, prepare_df
    tracks = prepare_df(load_Data(shared / "top_hits" / "songs_normalize.csv"))
    matches = match_songs(tracks, load_charts(shared / "billboard" / "hot100_2000_2019.csv.gz"))
    assert .73 < len(matches) / len(tracks) < .80
    oops = matches[matches["chart_song"].str.startswith("Oops!")].iloc[0]
    assert oops["peak"] == 9 and oops["first"].year == 2000


def test_a_song_of_a_chart_is_counted_once_with_its_best_place():
    rows = [("2001-01-06", 4), ("2001-01-13", 2), ("2001-01-20", 7)]
    chart = load_charts(pd.DataFrame(rows, columns=["date", "rank"]).assign(song="Blue", artist="Ann"))
    songs = chart_songs(chart)
    assert songs[["peak", "weeks", "points"]].values.tolist() == [[2, 3, 4 + 6 + 1]]
    assert songs["first"].dt.day.tolist() == [6] and songs["last"].dt.day.tolist() == [20]
