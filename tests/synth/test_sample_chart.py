"""The synthetic chart: reproducible, a chart in every week, and with the trend that is documented."""

import numpy as np
import pandas as pd
import pytest

from sources.titles import clean_title
from synth.sample_chart import PLACES, WEEKS, make_chart
from synth.sample_table import make_table


@pytest.fixture(scope="module")
def chart():
    return make_chart()


def test_the_same_seed_gives_the_same_chart_and_another_seed_another():
    pd.testing.assert_frame_equal(make_chart(300, 5), make_chart(300, 5))
    assert not make_chart(300, 5).equals(make_chart(300, 6))


def test_each_place_of_a_week_is_taken_once(chart):
    assert not chart.duplicated(["date", "this_week"]).any()
    assert chart["this_week"].between(1, PLACES).all()
    counts = chart.groupby("date")["this_week"].agg(["max", "size"])
    assert (counts["max"] == counts["size"]).all(), "no place is left free above a taken one"
    assert pd.to_datetime(chart["date"]).is_monotonic_increasing and chart["date"].nunique() <= WEEKS
    assert (pd.to_datetime(chart["date"].unique()).day_of_week == pd.Timestamp("2000-01-01").day_of_week).all()


def test_peak_and_weeks_follow_from_the_weekly_places(chart):
    known = chart.dropna(subset=["track_id"])
    by_song = known.groupby("track_id")
    assert (known["peak_position"] == by_song["this_week"].cummin()).all()
    assert (known["weeks_on_chart"] == by_song.cumcount() + 1).all()
    later = known["weeks_on_chart"] > 1
    assert known["last_week"].isna().equals(~later)
    assert (known["last_week"][later] == by_song["this_week"].shift()[later]).all()


def test_two_thirds_of_the_charting_songs_are_in_the_table(chart):
    songs = chart.drop_duplicates(["artist", "song"])
    assert .6 < songs["track_id"].notna().mean() < .72
    assert set(chart["track_id"].dropna()) <= set(make_table()["track_id"])


def test_popular_songs_enter_the_chart(chart):
    table = make_table().dropna(subset=["popularity"]).drop_duplicates("track_id")
    charting = table["track_id"].isin(chart["track_id"])
    assert table["popularity"][charting].mean() > table["popularity"][~charting].mean() + 15


def test_charting_songs_become_shorter_and_nothing_else_changes():
    chart = make_chart(3000)
    first_weeks = chart.dropna(subset=["track_id"]).drop_duplicates("track_id").set_index("track_id")["date"]
    table = make_table(3000).drop_duplicates("track_id").set_index("track_id").loc[first_weeks.index]
    week = pd.to_datetime(first_weeks).rank()
    genre = table["genre"].str.split(",").str[0]

    def trend(values):
        values = values.astype(float)
        return (values - values.groupby(genre).transform("mean")).rank().corr(week)
    assert -.6 < trend(table["duration_ms"].astype("string").str.replace(",", "")) < -.35
    for name in ("danceability", "energy", "loudness", "valence", "year"):
        assert abs(trend(table[name])) < .12, name


def test_names_are_spelt_as_in_charts_and_most_can_still_be_recognised(chart):
    known = chart.dropna(subset=["track_id"]).drop_duplicates("track_id").set_index("track_id")
    titles = make_table().drop_duplicates("track_id").set_index("track_id")["song"].loc[known.index]
    assert not known["song"].str.contains(r"feat\.|ft\.|Featuring").any()
    assert known["artist"].str.contains(" Featuring ").mean() == pytest.approx(.125, abs=.06)
    assert (known["song"] != titles).mean() > .2, "many are spelt in another way"
    same = np.mean([clean_title(spelt) == clean_title(title) for spelt, title in zip(known["song"], titles)])
    assert .9 < same < 1, "one in twenty lacks a letter"
