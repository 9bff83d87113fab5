"""Titles and artists are compared however they are spelt."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.titles import SongNotFound, clean_title, credited, find_song, same_recording


@pytest.mark.parametrize("one, other", [
    ("Déjà Vu (feat. JAY-Z)", "Deja Vu"), ("Don't Stop - Remastered 2011", "DON’T STOP"),
    ("Rock & Roll", "Rock And Roll"),
    ("Umbrella [Album Version]", "Umbrella"), ("R.I.P. ft. Someone", "RIP"), ("Bust It, Pt. 2", "Bust It Part 2"),
    ("Money (Drake ft. Rick Ross)", "Money"), ("Hello!!!", "hello")])
def test_spellings_of_one_title_are_equal(one, other):
    assert clean_title(one) == clean_title(other)


@pytest.mark.parametrize("one, other", [("Halo", "Halo - Remix"), ("Halo", "Halo (Live)"), ("Song 2", "Song 1"),
                                        ("Girl", "Girls"), ("With You", "Without You"), ("Part II", "Part III")])
def test_different_titles_stay_different(one, other):
    assert clean_title(one) != clean_title(other)
    assert clean_title(one, short=True) != clean_title(other, short=True)


def test_a_song_is_found_in_any_spelling(sample):
    track = sample.index[7]
    artist, song = sample.loc[track, ["artist", "song"]]
    assert find_song(track, sample) == find_song(f"{artist.upper()} - {song}!", sample) == track
    assert find_song(track.upper(), sample.drop(columns="song")) == track, "without titles, ids are the titles"
    with pytest.raises(KeyError, match="similar are"):
        find_song(song[:-2], sample)


def test_a_credit_is_split_into_artists():
    assert credited("Santana Featuring Rob Thomas") == ["santana", "rob thomas"]
    assert credited("A$AP Rocky, Drake x 2 Chainz") == ["asap rocky", "drake", "2 chainz"]
    assert credited("Tyler, The Creator") == ["tyler", "creator"]
    assert credited("&") == ["&"] and clean_title("???") == "???", "nothing is left: it stays as it is"


@given(st.text(min_size=1, max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_cleaned(text):
    assert isinstance(clean_title(text), str) and all(credited(text))
    assert same_recording(clean_title(text), clean_title(text))


def test_songs_of_one_title_are_all_listed_and_it_is_asked_which():
    tracks = pd.DataFrame({"artist": ["Ann", "Bob", "Ann"], "song": ["Hurt", "Hurt", "Hurt - Remastered 2011"],
                           "release_year": pd.array([1994, 2002, None], dtype="Int64"), "popularity": [10, 20, 30]},
                          index=["a1", "b1", "a2"])
    with pytest.raises(SongNotFound, match="3 songs are called 'hurt'. Which one") as asked:
        find_song("hurt", tracks)
    lines = str(asked.value).splitlines()
    assert len(lines) == 4 and '"Ann - Hurt" (1994)' in lines[1] and "'b1'" in lines[2]
    assert asked.value._render_traceback_() == [str(asked.value)], "in a notebook, no lines of code"
    assert find_song("bob - hurt", tracks) == "b1" == find_song("b1", tracks)


def test_of_several_releases_of_one_song_the_most_popular_is_taken_and_named(capsys):
    tracks = pd.DataFrame({"artist": ["Ann"] * 3, "song": ["Hurt"] * 3, "popularity": [10, 30, None]},
                          index=["a1", "a2", "a3"])
    assert find_song("Ann - Hurt", tracks) == "a2"
    assert "3 tracks" in capsys.readouterr().out
