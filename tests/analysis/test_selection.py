"""Which row is meant, which rows are the same song, and which rows are chosen."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from analysis.selection import check_settings, choose, diverse, names_of, not_too_many, same_songs, song_name, song_row
from analysis.similarity import Space
from signals.recording import Recording

TRACKS = pd.DataFrame({"artist": ["Ann", "ann", "Bob", None, "Ann & Bob"],
                       "song": ["Blue", "Blue - Live", "Blue", "Blue", "Red"],
                       "path": ["1.mp3", "2.mp3", "3.mp3", "4.mp3", None]}, index=list("abcde"))


def test_a_song_is_an_id_or_a_row():
    for song in ("c", TRACKS.loc["c"], TRACKS.loc[["c"]]):
        assert song_row(song, TRACKS)["artist"].to_dict() == {"c": "Bob"}


def test_a_row_keeps_numbers_as_numbers():
    row = song_row(pd.Series({"energy": .5, "song": "Blue"}, name="new"), TRACKS)
    assert row["energy"].dtype == float


@pytest.mark.parametrize("song, error, message", [
    ("z", KeyError, "no track_id of the table"), (7, KeyError, "no track_id of the table"),
    (TRACKS.head(2), ValueError, "2 rows")])
def test_what_is_no_song_is_refused(song, error, message):
    with pytest.raises(error, match=message):
        song_row(song, TRACKS)


def test_a_file_that_is_no_sound_is_refused(tmp_path):
    (tmp_path / "broken.wav").write_text("no sound")
    with pytest.raises(ValueError, match="broken.wav cannot be compared"):
        song_row(tmp_path / "broken.wav", TRACKS)


def test_versions_have_the_name_of_the_original_and_nameless_songs_have_none():
    names = names_of(TRACKS)
    assert names["a"] == names["b"] and names["a"] != names["c"]
    assert names.isna().to_dict() == {"a": False, "b": False, "c": False, "d": True, "e": False}
    assert names_of(TRACKS[["song"]]).isna().all()


def test_a_song_is_the_same_by_id_by_name_or_by_file():
    assert same_songs(TRACKS, ["a", "z"]).tolist() == [True, False, False, False, False]
    assert same_songs(TRACKS, "a").tolist() == [True, False, False, False, False]
    others = pd.DataFrame({"artist": ["ANN", None], "song": ["Blue (Live)", "?"], "path": [None, "4.mp3"]},
                          index=["y", "z"])
    assert same_songs(TRACKS, others).tolist() == [True, True, False, True, False]


def test_no_song_is_kept_twice_and_no_artist_too_often():
    assert not_too_many(TRACKS, None).tolist() == [True, False, True, True, True]
    rows = pd.DataFrame({"artist": ["Ann", "ANN ", "Bob", None, None], "song": list("uvwxy")})
    assert not_too_many(rows, 1).tolist() == [True, False, True, True, True], "nameless artists are not one artist"
    with pytest.raises(ValueError, match="per_artist needs a column 'artist'"):
        not_too_many(rows[["song"]], 1)


@given(st.integers(1, 12), st.integers(1, 15), st.floats(0, 1), st.integers(0, 5))
def test_a_diverse_choice_begins_with_the_nearest_and_takes_no_row_twice(n_rows, n, diversity, seed):
    points = np.random.default_rng(seed).normal(size=(n_rows, 2))
    distance = np.sort(np.linalg.norm(points, axis=1))
    chosen = diverse(points, distance, n, diversity)
    assert chosen[0] == 0 and len(chosen) == len(set(chosen)) == min(n, n_rows)
    if diversity == 0:
        assert chosen.tolist() == list(range(len(chosen)))


def test_of_two_equally_near_songs_diversity_takes_the_one_far_from_the_first():
    points = np.array([[1.0, 0], [1.1, 0], [-1.2, 0]])
    assert diverse(points, np.array([1, 1.1, 1.2]), 2, .5).tolist() == [0, 2]


def test_the_choice_follows_the_order_and_goes_on_where_the_first_rows_do_not_suffice():
    tracks = pd.DataFrame({"energy": np.linspace(0, 1, 500), "artist": ["Ann"] * 490 + list("abcdefghij")})
    order = np.arange(500)
    chosen = choose(order, order.astype(float), tracks, Space(tracks), [["0"], [0, 1]], 3, per_artist=1)
    assert chosen.tolist() == [2, 490, 491]


@pytest.mark.parametrize("n, diversity, per_artist", [(0, 0, None), (1, 1.1, None), (1, -.1, None), (1, 0, 0)])
def test_settings_out_of_range_are_refused(n, diversity, per_artist):
    with pytest.raises(ValueError, match="diversity"):
        check_settings(n, diversity, per_artist)


def test_a_recording_is_described_as_its_file_is(tmp_path, song):
    path = tmp_path / "a song.wav"
    soundfile.write(path, *song)
    rows = [song_row(given, pd.DataFrame({"tempo": [100.0]}, ["t1"])) for given in (str(path), Recording(path))]
    assert rows[0].index.tolist() == rows[1].index.tolist() == [str(path)]
    pd.testing.assert_frame_equal(rows[0][rows[1].columns], rows[1])


def test_a_song_is_named_by_what_is_known_of_it():
    table = pd.DataFrame({"artist": ["Ann", None], "song": ["Sea", "Sky"], "path": [None, None]}, index=["a", "b"])
    assert [song_name(table), song_name(table.tail(1))] == ["Ann - Sea", "Sky"]
    assert song_name(table.assign(song=None, path="x/lake.mp3")) == "lake"
    assert song_name(table.assign(song=None)) == "a"


def test_each_artist_of_a_song_counts_for_the_limit():
    rows = pd.DataFrame({"artist": ["Ann; Ben", "Ann", "Ben; Cleo", "Cleo", "Dora"], "song": list("uvwxy")})
    assert not_too_many(rows, 1).tolist() == [True, False, False, True, True]
