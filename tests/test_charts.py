"""Charts are read in any layout, and a song is compared with those that charted."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest
import soundfile

from charts import (
    COMPARED,
    SCHEMA,
    catalogue_beside_charts,
    chart_songs,
    charting_songs,
    choose_song,
    compare_with_charts,
    load_charts,
    match_songs,
    nearest_recordings,
    of_its_kind,
    own_field,
    plot_place,
)
from sources.titles import SongNotFound
from synth.sample_chart import make_chart


@pytest.fixture(scope="module")
def charted(sample):
    return charting_songs(sample, match_songs(sample, load_charts()))


# ---- reading

WEEK = {"date": "2001-01-06", "last_week": None, "peak_position": 1}
HOT = [WEEK | {"this_week": 2, "song": "Blue", "artist": "Ann", "weeks_on_chart": 5},
       WEEK | {"this_week": 1, "song": "Red", "artist": "Bob", "weeks_on_chart": 2}]


@pytest.mark.parametrize("layout", ["csv", "csv.gz", "other names", "json", "json.gz", "nested json", "frame"])
def test_every_layout_is_read_into_one_schema(tmp_path, layout):
    frame, path = pd.DataFrame(HOT), tmp_path / ("chart" + ".json" * ("json" in layout) + ".gz" * ("gz" in layout))
    if layout == "other names":
        frame = frame.set_axis(["WeekID", "Previous", "Peak Position", "Week Position", "Song", "Performer",
                                "Weeks on Chart"], axis=1)
    if layout == "nested json":
        places = [{key: value for key, value in row.items() if key != "date"} for row in HOT]
        path.write_text(json.dumps([{"date": "2001-01-06", "data": places}]))
    elif "json" in layout:
        data = json.dumps(HOT).encode()
        path.write_bytes(gzip.compress(data) if "gz" in layout else data)
    else:
        frame.to_csv(path, index=False)
    chart = load_charts(frame if layout == "frame" else path)
    assert list(chart) == SCHEMA
    assert chart.drop(columns="date").values.tolist() == [[1, "Red", "Bob", 1, 2], [2, "Blue", "Ann", 1, 5]]
    assert chart["date"].eq("2001-01-06").all()


def test_a_playlist_with_popularity_is_ranked_by_it():
    playlist = pd.DataFrame({"track_name": ["a", "b", "c"], "track_artist": ["x"] * 3,
                             "track_popularity": [5, 90, 90], "release_date": ["2001", "2002-05", "2003-01-02"]})
    chart = load_charts(playlist)
    assert chart.set_index("song")["rank"].to_dict() == {"a": 3, "b": 1, "c": 1}
    assert chart["date"].dt.year.tolist() == [2001, 2002, 2003]


def test_best_places_and_weeks_are_computed_where_they_are_missing(capsys):
    rows = [("2001-01-06", 4), ("2001-01-13", 2), ("2001-01-20", 7), ("no date", 1), ("2001-01-27", None)]
    chart = load_charts(pd.DataFrame(rows, columns=["date", "rank"]).assign(song="Blue", artist="Ann"))
    assert chart[["peak", "weeks"]].values.tolist() == [[4, 1], [2, 2], [2, 3]]
    assert "2 of 5 rows dropped" in capsys.readouterr().out
    song = chart_songs(chart).iloc[0]
    assert (song["peak"], song["weeks"], song["points"]) == (2, 3, 4 + 6 + 1)


def test_what_is_no_chart_is_refused_with_the_reason(tmp_path):
    with pytest.raises(ValueError, match="neither a rank .* nor a popularity"):
        load_charts(pd.DataFrame({"song": ["a"], "artist": ["b"]}))
    with pytest.raises(FileNotFoundError, match="no chart found"):
        load_charts(tmp_path / "none.csv")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ValueError, match="no chart in JSON"):
        load_charts(tmp_path / "broken.json")
    with pytest.raises(ValueError, match="no row has a rank"):
        load_charts(pd.DataFrame({"song": ["a"], "artist": ["b"], "rank": ["x"]}))


def test_tables_that_are_passed_in_are_not_changed(sample):
    raw, before = make_chart(), sample.copy()
    kept = raw.copy()
    match_songs(sample, load_charts(raw))
    pd.testing.assert_frame_equal(raw, kept)
    pd.testing.assert_frame_equal(sample, before)


# ---- comparing

def test_the_percentile_is_the_place_of_a_song_among_the_charting_songs(charted):
    rows = charted.assign(genre="rock", tempo=np.arange(len(charted), dtype=float))
    middle = rows.iloc[[len(rows) // 2]]
    table, alike = compare_with_charts(middle.index[0], rows)
    assert table.index.tolist() == COMPARED["table"]
    assert table.loc["tempo", "percentile"] == pytest.approx(50, abs=.5) and not table.loc["tempo", "outside"]
    assert len(alike) == 5 and middle.index[0] not in alike.index and alike["distance"].is_monotonic_increasing
    fast = middle.iloc[0].copy()
    fast["tempo"] = 1e4
    table, _ = compare_with_charts(fast, rows)
    assert table.loc["tempo", "percentile"] == 100 and table.loc["tempo", "outside"]


def test_a_fifth_of_the_charting_songs_is_outside_the_band(charted):
    many = catalogue_beside_charts(charted.iloc[:60], charted)
    assert many["outside"].mean() == pytest.approx(.2, abs=.05)
    assert plot_place(many).get_xlabel() == "percentile among the songs that charted"


def test_a_song_is_compared_within_a_genre_and_years(charted):
    song = charted.iloc[[0]]
    table, alike = compare_with_charts(song, charted, genre="rock", years=(2000, 2012), n=3)
    assert alike["genre"].astype(str).str.contains("rock").all() and alike["chart_year"].between(2000, 2012).all()
    rock = charted[charted["genre"].astype(str).str.contains("rock") & charted["chart_year"].between(2000, 2012)]
    rock = rock.drop(song.index, errors="ignore")
    assert table.loc["energy", "median"] == pytest.approx(rock["energy"].median())
    with pytest.raises(ValueError, match="0 charting songs of polka in 2000-2012 are too few"):
        compare_with_charts(song, charted, genre="polka", years=(2000, 2012))


def test_genre_and_years_are_given_up_where_too_few_songs_are_left(charted):
    song = charted.iloc[[0]].assign(genre="rock", release_year=2010)
    assert own_field(song, charted)["genre"] == "rock"
    assert own_field(song.assign(genre="polka"), charted) == {"genre": None, "years": (2005, 2015)}
    assert own_field(song.assign(genre="polka", release_year=1900), charted) == {"genre": None, "years": None}


def test_a_sound_file_is_compared_with_recordings_and_never_with_spotifys_features(tmp_path, charted):
    from features import extract_features
    from synth.corpus import make_corpus
    songs = make_corpus(tmp_path, genres=["jazz", "metal"], songs_per_genre=11, seconds=4, long_songs=0, n_jobs=1)
    recordings = extract_features(songs, n_jobs=1)
    file = songs["path"].iloc[0]
    table, alike = compare_with_charts(file, recordings.drop(index=songs["track_id"].iloc[0]), n=3)
    assert table.index.tolist() == COMPARED["sound"] and table.notna().all(axis=None)
    assert alike["genre"].iloc[0] == "jazz"
    with pytest.raises(ValueError, match="the two cannot be compared"):
        compare_with_charts(file, charted)
    with pytest.raises(ValueError, match="not mixed"):
        compare_with_charts(charted.iloc[0], recordings)
    with pytest.raises(KeyError):
        compare_with_charts("no such song", charted)


def test_an_incomplete_song_of_a_catalogue_is_left_out_and_named(charted, capsys):
    catalogue = charted.iloc[:3].copy()
    complete = catalogue_beside_charts(catalogue, charted)
    features = [feature for feature in COMPARED["table"] if feature not in ("tempo", "duration_minutes")]
    catalogue.loc[catalogue.index[1], features] = np.nan
    table = catalogue_beside_charts(catalogue, charted)
    pd.testing.assert_frame_equal(table, complete.drop(index=catalogue.index[1]))
    printed = capsys.readouterr().out
    assert repr(catalogue["song"].iloc[1]) in printed and "no value for danceability" in printed
    with pytest.raises(ValueError, match="none of the 1 songs"):
        catalogue_beside_charts(catalogue.iloc[[1]], charted)


# ---- one song

def test_without_a_name_the_song_is_one_that_did_not_chart_and_has_all_features(sample, charted):
    song = choose_song("", sample, charted)
    assert song.index[0] not in charted.index and song[COMPARED["table"]].notna().all(axis=None)
    bare = sample.copy()
    bare.loc[bare.index[:50], COMPARED["table"]] = np.nan
    assert choose_song("", bare, charted)[COMPARED["table"]].notna().all(axis=None)
    assert len(choose_song("", sample[["song", "artist"]], charted)) == 1, "a table without features has a song too"


def test_a_song_is_a_file_or_a_title_of_the_table(tmp_path, song, sample, charted):
    y, rate = song
    soundfile.write(tmp_path / "mine.wav", y, rate)
    assert choose_song("mine.wav", sample, charted, tmp_path)["path"].iloc[0] == str(tmp_path / "mine.wav")
    row = sample.iloc[[7]]
    assert choose_song(f"{row['artist'].iloc[0]} - {row['song'].iloc[0]}", sample, charted).index[0] == row.index[0]
    with pytest.raises(SongNotFound, match="looked for .*none.mp3"):
        choose_song("none.mp3", sample, charted, tmp_path)
    with pytest.raises(SongNotFound, match="no song 'nothing of the kind'"):
        choose_song("nothing of the kind", sample, charted)


def test_the_songs_of_its_kind_are_named_with_genre_and_years(charted):
    song = charted.iloc[[0]].assign(genre="rock", release_year=2010)
    others, called = of_its_kind(song, charted)
    assert called.startswith("songs that charted (rock") and song.index[0] not in others.index
    assert others["genre"].astype(str).str.contains("rock").all()
    everything = of_its_kind(song.drop(columns=["genre", "release_year"]), charted, "songs of the table")
    assert everything[1] == "songs of the table" and len(everything[0]) == len(charted) - 1


def test_recordings_in_the_chart_are_marked_and_can_be_chosen():
    rng = np.random.default_rng(0)
    recordings = pd.DataFrame(rng.normal(size=(30, 4)), columns=[f"mfcc_{n:02d}_mean" for n in range(1, 5)])
    recordings = recordings.assign(path=[f"/music/{n}.mp3" for n in range(30)], artist="Ann",
                                   song=[f"song {n}" for n in range(30)])
    chart = load_charts(pd.DataFrame({"date": "2001-01-06", "rank": [3, 5], "artist": "Ann",
                                      "song": ["Song 7", "Song 9"]}))
    mine = recordings.iloc[[3]].assign(path="/music/mine.mp3").rename(index={3: "mine"})
    nearest = nearest_recordings(mine, recordings, chart, n=30)
    assert nearest["charted"].sum() == 2 and nearest["distance"].is_monotonic_increasing
    only = nearest_recordings(mine, recordings, chart, only_charted=True)
    assert set(only["song"]) == {"song 7", "song 9"} and set(only["peak"]) == {3, 5}
    assert "charted" not in nearest_recordings(mine, recordings)
    assert nearest_recordings(mine, recordings, only_charted=True).empty
