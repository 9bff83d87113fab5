"""The page about a collection: all songs, names as they are, nothing that a name can do to the page."""

import html.parser
import json
import re

import numpy as np
import pandas as pd
import pytest

from prediction.collection_page import (
    MOST_SONGS,
    collection_page,
    collection_places,
    collection_sentence,
    map_figure,
    song_names,
)
from prediction.genre_map import GenreMap

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u2028<b>$x$ %{x}"


class Page(html.parser.HTMLParser):
    """The elements, the attributes that run scripts, and the text of each row of a page."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.handlers, self.rows = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        self.handlers += [name for name, _ in attributes if name.startswith("on")]
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.elements and self.elements[-1] == "td" and self.rows[-1]:
            self.rows[-1][-1] += data


@pytest.fixture
def genre_map():
    regions = pd.DataFrame({"x": [0.0, 5.0], "y": 0.0, "xx": 1.0, "xy": .2, "yy": 2.0}, index=["jazz", "rock"])
    meaning = pd.DataFrame({"x": {"<b>energy": .9}, "y": {"<b>energy": -.1}})
    return GenreMap(np.zeros(3), np.zeros((3, 2)), regions, pd.DataFrame({"x": [], "y": [], "genre": []}), meaning)


def collection(n, name="song"):
    rock = np.linspace(0, 1, n)
    return pd.DataFrame({
        "track_id": [f"t{number}" for number in range(n)], "artist": name,
        "song": [f"{name} {number}" for number in range(n)], "path": [f"folder/{number}.mp3" for number in range(n)],
        "blend": (["jazz", "rock"] * n)[:n], "probability": .5, "out_of_distribution": [.9] + [0.0] * (n - 1),
        "share: jazz": 1 - rock, "share: rock": rock * .4, "share: rock: punk": rock * .6, "beat": name,
        "sentence": name, "x": rock, "y": -rock})


def test_every_song_is_on_the_map_and_in_the_table(genre_map):
    labels = collection(7)
    figure = map_figure(labels, genre_map)
    dots = [trace for trace in figure["data"] if trace["mode"] == "markers"]
    assert sorted(x for trace in dots for x in trace["x"]) == pytest.approx(labels["x"].tolist())
    assert {trace["name"]: len(trace["x"]) for trace in dots} == {"jazz": 4, "rock": 3}
    assert sum(trace["marker"]["symbol"].count("circle-open") for trace in dots) == 1, "one is unlike what is known"
    hover = [text for trace in dots for text in trace["hovertext"]]
    assert all(any(name in text for text in hover) for name in song_names(labels))
    rows = Page(collection_page(labels, genre_map=genre_map)).rows
    assert [row[1] for row in rows[1:]] == labels["song"].tolist() and rows[1][-1].strip() == "0.mp3"


def test_names_cannot_add_elements_or_scripts(genre_map):
    harmless, hostile = (Page(collection_page(collection(4, name), genre_map=genre_map, title=name))
                         for name in ("song", HOSTILE))
    assert hostile.elements == harmless.elements and hostile.handlers == []
    assert hostile.rows[1][0] == HOSTILE


def test_figures_get_names_without_tags(genre_map):
    figure = json.dumps(map_figure(collection(4, HOSTILE), genre_map))
    assert "<script" not in figure and "<img" not in figure and "<b>energy" not in figure


def test_a_page_without_a_map_needs_no_plotly(genre_map):
    without = collection_page(collection(3).drop(columns=["x", "y"]))
    assert len(without) < 20_000 and "<td>song 2</td>" in without
    assert "No song could be described" in collection_page(collection(3)[:0], genre_map=genre_map)


def test_a_large_collection_is_shown_in_part_and_says_so():
    text = collection_page(collection(MOST_SONGS + 1))
    assert f"The first {MOST_SONGS:,} songs are shown" in text and text.count("<tr>") == MOST_SONGS + 1


def test_songs_of_one_name_are_told_apart_and_missing_artists_are_left_out():
    labels = pd.DataFrame({"artist": ["Ann", "Ann", np.nan], "song": "Hey", "path": ["a.mp3", "b.mp3", "c.mp3"]})
    assert song_names(labels) == ["Ann - Hey (a.mp3)", "Ann - Hey (b.mp3)", "Hey"]


def test_places_have_the_family_of_a_song():
    places = collection_places(collection(3))
    assert places["genre"].tolist() == ["jazz", "jazz", "rock"]
    assert places.index[2] == "song - song 2"


def test_songs_without_a_label_are_left_out_of_the_probability(genre_map):
    labels = collection(3).assign(blend=["ambiguous", "jazz-rock", "rock-jazz"], probability=[np.nan, .9, .8])
    assert collection_sentence(labels).startswith("3 songs: jazz-rock (2), ambiguous (1); about 2 of 2 labels should")
    assert collection_sentence(labels[:1]).startswith("1 song: ambiguous (1); no song has a label; 1 is")
    page = collection_page(labels, genre_map=genre_map)
    assert "nan" not in page.partition("<h2>Songs</h2>")[2].partition("<script")[0]
    hover = [text for trace in map_figure(labels, genre_map)["data"] for text in trace.get("hovertext", [])]
    assert sum("right with a probability of 90%" in text for text in hover) == 1 and "nan" not in "".join(hover)


def test_a_collection_in_a_sentence():
    sentence = collection_sentence(collection(5))
    assert re.match(r"5 songs: jazz \(3\), rock \(2\); about 2 of 5 labels should be right; 1 is mostly un", sentence)
    alike = collection_sentence(collection(5).assign(out_of_distribution=.24))
    assert alike.endswith("none is mostly unlike the songs that the model learned from"), "a page says: in part"
