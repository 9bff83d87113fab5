"""What counts as a hit follows from what the table and the chart hold, and is said."""

import numpy as np
import pandas as pd
import pytest

from analysis.hit_definition import define_hits


def table(n=200, **columns):
    return pd.DataFrame({"song": [f"song {number}" for number in range(n)], "artist": "Ann",
                         "release_year": 2001} | columns)


def charted(tracks, rows, peak=5, weeks=10):
    found = tracks.iloc[rows]
    return found.assign(peak=peak, weeks=weeks, chart_year=2001)


def test_with_both_kinds_a_hit_is_a_song_in_the_chart():
    tracks = table(popularity=90)
    hits = define_hits(tracks, charted(tracks, range(50)), chart_years="2000 to 2002")
    assert hits.target == "charted" and hits.tracks["charted"].sum() == 50
    assert "50 of the 200 songs of the table (25%) are in the chart of 2000 to 2002" in str(hits)
    assert "base rate 25%" in str(hits)
    assert len(hits.compared_with) == 50 and hits.called == "songs that charted"
    assert "charted" not in tracks, "the table that is passed in is not changed"


def test_where_every_song_charted_the_top_ten_is_told_from_the_others():
    tracks = table()
    peaks = np.where(np.arange(200) < 60, 3, 40)
    hits = define_hits(tracks, charted(tracks, range(200), peak=peaks))
    assert hits.target == "top_10" and hits.hit == 1 and hits.tracks["top_10"].sum() == 60
    assert "cannot tell hits from songs that never charted" in str(hits)


def test_where_all_reached_the_top_ten_a_long_stay_is_told_from_a_short_one():
    tracks = table()
    hits = define_hits(tracks, charted(tracks, range(200), weeks=np.arange(200)))
    assert hits.target == "long_stay" and hits.tracks["long_stay"].mean() == pytest.approx(.5, abs=.01)


def test_the_top_ten_is_a_second_question_where_both_can_be_asked():
    tracks = table()
    peaks = np.where(np.arange(100) < 40, 3, 40)
    hits = define_hits(tracks, charted(tracks, range(100), peak=peaks))
    assert (hits.target, hits.also) == ("charted", "top_10")
    assert hits.tracks["top_10"].notna().sum() == 100, "only songs that charted are asked"


def test_without_a_chart_a_hit_is_a_popular_song_and_is_called_that():
    hits = define_hits(table(popularity=np.arange(200) % 100), hit=70)
    assert hits.target == "popularity" and hits.hit == 70
    assert hits.called == "songs with a popularity of 70 or more" and "charted" not in str(hits)
    assert (hits.compared_with["chart_year"] == 2001).all()


@pytest.mark.parametrize("columns", [{}, {"popularity": np.nan}, {"popularity": 50}])
def test_where_nothing_tells_hits_from_others_this_is_said(columns):
    hits = define_hits(table(**columns))
    assert hits.target == "" and "cannot tell hits from other songs" in str(hits)
    assert hits.called == "songs of the table" and len(hits.compared_with) == 200


def test_a_chart_that_holds_no_song_of_the_table_is_not_used():
    tracks = table(popularity=np.arange(200) % 100)
    hits = define_hits(tracks, charted(tracks, []), chart_years="1960 to 1970")
    assert hits.target == "popularity" and hits.called.startswith("songs with a popularity")
    assert "None of the 200 songs of the table was found in the chart of 1960 to 1970" in str(hits)


def test_few_songs_in_the_chart_are_too_few_to_compare_with():
    tracks = table(30)
    hits = define_hits(tracks, charted(tracks, range(3)))
    assert hits.target == "" and hits.called == "songs of the table"
    assert "too few songs of it charted or did not" in str(hits)
