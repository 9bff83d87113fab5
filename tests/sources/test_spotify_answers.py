"""What Spotify answers, as documented or not: rows with what is known, reasons, or one clear error."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spotify_server import Library, track

from collect import create_playlist, export_saved_tracks, list_playlists
from sources import spotify_answers
from sources.spotify_answers import read_features, read_genres, read_playlists, read_tracks
from sources.spotify_api import CollectError, NotFound

ODD = st.sampled_from([None, [], {}, 0, -1, 1e18, float("inf"), "", "x", "\ud800", True, [[]], [None],
                       {"a": 1}]).map(copy.deepcopy)


def places(value, path=()):
    """The paths to all values inside a value of JSON, and to itself."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


@st.composite
def mutated(draw, value):
    """A value of JSON in which a part is lacking, or is something else."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(list(places(value))))
        if not path:
            return draw(ODD)
        parent = value
        for key in path[:-1]:
            parent = parent[key]
        if isinstance(parent, dict) and draw(st.booleans()):
            del parent[path[-1]]
        else:
            parent[path[-1]] = draw(ODD)
    return value


ENTRIES = [{"added_at": "2026-01-02", "item": track(0)}, {"added_at": "2026-01-02", "track": track(1)}, track(2)]


@settings(max_examples=300, deadline=None)
@given(mutated(ENTRIES))
def test_every_entry_is_a_row_or_has_a_reason(entries):
    entries = entries if isinstance(entries, list) else [entries]
    rows, skipped, malformed = read_tracks(entries)
    assert len(rows) + len(skipped) == len(entries)
    for row in rows.values():
        assert isinstance(row["song"], str) and isinstance(row["track_id"], str)
        assert {type(row[name]) for name in ("artist", "album", "release_date", "uri")} <= {str, type(None)}
        assert {type(row[name]) for name in ("duration_ms", "popularity")} <= {int, type(None)}
    assert all(entry["reason"] for entry in skipped)
    json.dumps([list(rows.values()), skipped, malformed])


@pytest.mark.parametrize("field, value", [("duration_ms", "long"), ("album", ["x"]), ("artists", "Miles"),
                                          ("artists", [None]), ("uri", {}), ("explicit", 3), ("popularity", -1)])
def test_a_field_that_is_not_as_documented_is_left_empty_and_named(field, value):
    rows, skipped, malformed = read_tracks([track(0, **{field: value})])
    row, = rows.values()
    assert row["song"] == "Song 0" and skipped == [] and malformed == {field: 1}
    assert row["artist" if field == "artists" else field] is None


def test_fields_that_are_lacking_or_null_are_only_empty():
    rows, _, malformed = read_tracks([{"id": "x", "name": "Song", "album": None, "artists": None}])
    assert rows["x"]["album"] is None and malformed == {}


def test_a_number_for_a_name_is_the_name():
    assert read_tracks([track(0, name=1999)])[0]["0" * 22]["song"] == "1999"


@settings(deadline=None)
@given(mutated([{"id": "p", "name": "Evening", "owner": {"id": "me"}, "items": {"total": 3}}]))
def test_playlists_are_rows_with_what_is_known(entries):
    entries = entries if isinstance(entries, list) else [entries]
    rows, skipped = read_playlists(entries)
    assert len(rows) + skipped == len(entries)
    assert all(isinstance(row["playlist_id"], str) for row in rows)


@settings(deadline=None)
@given(mutated([{"id": "a", "genres": ["jazz", "cool"], "tempo": 120.0}]))
def test_genres_and_features_are_text_and_numbers(entries):
    entries = entries if isinstance(entries, list) else [entries]
    assert all(value is None or isinstance(value, str) for value in read_genres(entries).values())
    for row in read_features(entries, ["tempo"]).values():
        assert row["tempo"] is None or isinstance(row["tempo"], (int, float))


def test_an_answer_without_its_list_or_its_id_is_a_clear_error():
    for answer in (None, [], {}, {"items": None, "total": 1}, {"items": [], "total": "many"}, {"items": []}):
        with pytest.raises(CollectError, match="about me/tracks lacks its items"):
            spotify_answers.list_of(answer, "items", "me/tracks")
    assert spotify_answers.list_of({"artists": []}, "artists", "artists") == []
    for answer in (None, {}, {"id": {}}, []):
        with pytest.raises(CollectError, match="about me lacks its id"):
            spotify_answers.id_of(answer, "me")


class Mutating:
    """A client whose answers to one path are mutated."""

    def __init__(self, data, path):
        self.data, self.path, self.library = data, path, Library(3, new=False, rich=True)
        self.requests = 0

    def get(self, path, **parameters):
        self.requests += 1
        status, answer = self.library.answer("GET", path, {key: [str(value)] for key, value in parameters.items()},
                                             None)
        if status != 200:
            raise NotFound(path)
        answer = json.loads(json.dumps(answer))
        return self.data.draw(mutated(answer)) if path == self.path else answer

    def post(self, path, payload):
        answer = self.library.answer("POST", path, {}, payload)[1]
        return self.data.draw(mutated(answer)) if self.path == "POST" else answer


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["me", "me/tracks", "me/playlists", "artists", "audio-features", "POST"]))
def test_a_mutated_answer_gives_a_table_or_a_clear_error_and_an_end(tmp_path_factory, data, path):
    client = Mutating(data, path)
    try:
        if path in ("me", "me/playlists", "POST"):
            list_playlists(client)
            create_playlist(export_saved_tracks(Mutating(data, ""), tmp_path_factory.mktemp("x") / "saved.csv"), "Mine",
                            client=client, dry_run=False)
        else:
            export_saved_tracks(client, tmp_path_factory.mktemp("x") / "saved.csv")
    except CollectError as error:
        assert "Spotify" in str(error) or isinstance(error, NotFound)
    assert client.requests < 40
