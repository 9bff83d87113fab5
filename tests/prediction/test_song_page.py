"""The page of a song: it needs no network, no name can act as code, two songs never overwrite each other."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from songs_described import described

from prediction.genre_map import project
from prediction.song_page import (
    PLAYER_RATE,
    map_figure,
    mp3_of,
    song_page,
    timeline_figure,
    write_song_files,
)
from signals.recording import Recording

HOSTILE = '</script><img src=x onerror="alert(1)"><b>\u2028'


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("song") / "song.wav"
    soundfile.write(path, .3 * np.sin(2 * np.pi * 440 * np.arange(int(12.5 * 22_050)) / 22_050), 22_050)
    return Recording(path)


@pytest.fixture(scope="module")
def genre_map():
    rng = np.random.default_rng(0)
    names = np.repeat(["rock", "folk", "jazz"], 10)
    points = pd.DataFrame(rng.normal(size=(30, 5)) + 3 * (np.array(["rock", "folk", "jazz"]) == names[:, None]) @
                          rng.normal(size=(3, 5)))
    return project(points, names)


class Elements(HTMLParser):
    """The elements of a page."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_no_text_of_a_song_can_act_as_code(recording, genre_map):
    map_songs = pd.DataFrame({"x": [0.0], "y": [0.0], "name": [HOSTILE], "number": [0]})
    page, plain = (song_page(described(text), recording, genre_map=genre_map, map_songs=map_songs, found_image=b"1")
                   for text in (HOSTILE, "plain"))
    names = [[tag for tag, _ in Elements(text).found] for text in (page, plain)]
    assert names[0] == names[1], "a hostile name adds no element"
    assert not any(key.startswith("on") for _, attributes in Elements(page).found for key in attributes)
    figures = [json.loads(text) for text in re.findall(r'drawFigure\("\w+", (\{.*\})\)', page)]
    assert len(figures) == 4 and "<img" not in json.dumps(figures), "Plotly reads tags in texts too"


def test_a_page_loads_nothing_from_elsewhere(recording):
    for _, attributes in Elements(song_page(described(), recording)).found:
        address = attributes.get("src") or attributes.get("href")
        assert address is None or address.startswith("data:")


def test_the_player_holds_the_song_at_half_a_megabyte_a_minute(recording):
    sound = mp3_of(np.tile(recording.mono(), 5), 22_050)
    assert len(sound) / 62.5 < 8.2e3, "64 kbit/s"
    y, sr = soundfile.read(__import__("io").BytesIO(sound))
    assert sr == PLAYER_RATE and len(y) / sr == pytest.approx(62.5, abs=.1)


def test_the_timeline_shows_the_shares_of_the_description_and_a_cursor(recording):
    description = described()
    figure = timeline_figure(description, recording, {})
    rock = next(trace for trace in figure["data"] if trace["name"] == "rock")
    middles = np.array(description["timeline"]["starts"]) + 2.5
    np.testing.assert_allclose(np.interp(middles, rock["x"], rock["y"]), description["timeline"]["shares"]["rock"],
                               atol=.002)
    stacked = [trace for trace in figure["data"] if trace.get("stackgroup")]
    np.testing.assert_allclose(np.sum([trace["y"] for trace in stacked], axis=0), 1, atol=.01)
    assert figure["layout"]["shapes"][0]["type"] == "line" and figure["layout"]["xaxis"]["range"] == [0, 12.5]


def test_the_timeline_shows_sections_and_the_hook(recording):
    shapes = timeline_figure(described(), recording, {})["layout"]["shapes"][1:]
    assert [(shape["x0"], shape["x1"]) for shape in shapes if shape["type"] == "rect"] == [(5, 9), (0, 4)]
    assert [shape["x0"] for shape in shapes if shape["type"] == "line"] == [5]
    without = described() | {"structure": {"sections": [], "hook": None}}
    assert len(timeline_figure(without, recording, {})["layout"]["shapes"]) == 1


def test_the_map_has_a_region_for_each_genre_the_song_and_the_collection(genre_map):
    map_songs = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0], "name": ["a", "b"], "number": [0, -1]})
    figure = map_figure(described(), genre_map, map_songs, {0: "excerpt_0"})
    assert sum(trace.get("fill") == "toself" for trace in figure["data"]) == 3
    dots = next(trace for trace in figure["data"] if trace.get("text") == ["a", "b"])
    assert dots["customdata"] == ["excerpt_0", None], "only what is at hand can be heard"


def test_intervals_are_drawn_only_where_there_are_any(recording):
    assert "error_x" in song_page(described(n_windows=12), recording)
    page = song_page(described(n_windows=1), recording)
    assert "error_x" not in page and "too short for intervals" in page


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.text(max_size=120), st.text(max_size=120), st.integers(0, 3)), max_size=5, unique=True))
def test_songs_never_overwrite_each_other_and_stay_in_their_folder(tmp_path_factory, songs):
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for _ in range(2):  # the second time, each finds its own page
        for artist, title, number in songs:
            description = described() | {"artist": artist, "title": title, "path": f"{artist}{title}{number}"}
            files = write_song_files(folder, description, "page", Figure(figsize=(1, 1)))
            assert written.setdefault((artist, title, number), files) == files
    assert len({files[0] for files in written.values()}) == len({str(key[0]) + key[1] + str(key[2]) for key in written})
    assert all(path.parent == folder for files in written.values() for path in files)


def test_estimates_that_are_not_known_are_left_out(recording):
    """The loudness of a very quiet song is not known, and with it its energy."""
    unknown = {"feature": "energy", "estimate": None, "low": None, "high": None}
    known = {"feature": "valence", "estimate": .5, "low": .3, "high": .7}
    page = song_page(described() | {"estimates": [unknown, known]}, recording)
    assert "0.30 to 0.70" in page and ">energy<" not in page
    assert "On Spotify" not in song_page(described() | {"estimates": [unknown]}, recording)
