"""Exports of a Spotify library, and playlists: the real client and a server that makes errors on request."""

import os
import subprocess
import sys
import time
from xml.etree import ElementTree

import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from spotify_server import Library, clients, serve, track

import collect
from collect import (
    create_playlist,
    export_playlist,
    export_playlist_file,
    export_saved_tracks,
    export_top_tracks,
    list_playlists,
)
from prepare import load_Data, prepare_df
from sources import spotify_api
from sources.spotify_api import CollectError


@pytest.fixture
def connect(monkeypatch):
    """A function that starts a server for a library and returns a client of it; waits are short."""
    sleep = time.sleep
    monkeypatch.setattr(spotify_api.time, "sleep", lambda seconds: sleep(min(seconds, .01)))
    with clients() as start:
        yield start


@pytest.mark.parametrize("new", [True, False])
def test_saved_tracks_are_complete_in_both_generations_of_the_api(connect, tmp_path, new):
    library = Library(120, new=new, rich=not new)
    table = export_saved_tracks(connect(library), tmp_path / "saved.csv")
    assert table["song"].tolist() == [f"Song {number}" for number in range(120)]
    assert (table["source"] == "Spotify export").all() and table["track_id"].is_unique
    assert table["popularity"].notna().all() == (not new) and table["tempo"].notna().all() == (not new)
    assert table["genre"].notna().all() == (not new)
    assert len(pd.read_csv(tmp_path / "saved.csv")) == 120
    assert sum(path == "me/tracks" for _, path, _ in library.log) == 3, "50 a page"
    from prepare import load_Data, prepare_df
    assert len(prepare_df(load_Data(tmp_path / "saved.csv"))) == 120, "it is a tracks table"


@pytest.mark.parametrize("new", [True, False])
def test_playlists_and_top_tracks_are_exported(connect, tmp_path, new):
    client = connect(Library(60, new=new))
    assert list_playlists(client)["tracks"].tolist() == [7, 5]
    table = export_playlist(client, "https://open.spotify.com/playlist/p2?si=x", tmp_path / "p2.csv")
    assert table["song"].tolist() == [f"Song {number}" for number in range(7, 12)]
    assert len(export_top_tracks(client, tmp_path / "top.csv")) == 30
    with pytest.raises(CollectError, match="playlists/unknown.*only to its owner"):
        export_playlist(client, "unknown", tmp_path / "x.csv")


def test_entries_that_are_no_tracks_are_counted(connect, tmp_path, capsys):
    library = Library(3)
    library.saved += [None, {"id": None, "name": "", "type": "track"}, {"type": "episode", "id": "e", "name": "Talk"},
                      {"id": None, "uri": "spotify:local:a:b:c:1", "type": "track", "name": "From a disk",
                       "artists": [{"name": "Me"}],
                       "album": None, "is_local": True, "duration_ms": 1000}, library.saved[1]]
    library.entry = lambda one: {"added_at": "2026-01-02T03:04:05Z", "item": one}
    table = export_saved_tracks(connect(library), tmp_path / "saved.csv")
    assert table["song"].tolist() == ["Song 0", "Song 1", "Song 2", "From a disk"]
    reasons = [entry["reason"] for entry in table.attrs["skipped"]]
    assert reasons == ["removed or not available"] * 2 + ["podcast", "twice in the list"]
    assert "4 of 8 entries left out" in capsys.readouterr().out


def test_artists_are_a_list_also_in_the_file(connect, tmp_path):
    library = Library(2)
    library.saved[0] = track(0, artists=[{"id": "a", "name": "Tyler, The Creator"}, {"id": "b", "name": "Ann"}])
    table = export_saved_tracks(connect(library), tmp_path / "saved.csv")
    assert table["artist"].tolist() == ["Tyler, The Creator, Ann", "Artist 1"]
    tracks = prepare_df(load_Data(tmp_path / "saved.csv"))
    assert tracks["artists"].tolist() == [["Tyler, The Creator", "Ann"], ["Artist 1"]]


def test_local_files_of_one_title_are_told_apart_by_their_uri(connect, tmp_path):
    library = Library(4)
    for number, album in enumerate(("One", "Two")):
        library.saved[number] = track(number, id=None, uri=f"spotify:local::{album}:Track+01:200", is_local=True,
                                      name="Track 01", album={"name": album}, artists=[{"id": None, "name": ""}])
    table = export_saved_tracks(connect(library), tmp_path / "saved.csv")
    assert table["album"].tolist()[:2] == ["One", "Two"] and table["track_id"].nunique() == 4


@pytest.mark.parametrize(("faults", "words"), [
    ([("429", 1)] * 5, "requests to wait, 5 times"), ([("429", 1)] * 4 + [401], "expired login"),
    ([(500, b"[]")] * 5, "500.*, 5 times"), ([(200, b"[]")] * 5, "makes no sense.*, 5 times"),
    ([(400, {"error": "invalid"})], "does not understand"),
    ([(200, {})], "lacks its items"), ([(200, {"items": None, "total": 3})], "lacks its items")])
def test_undocumented_answers_are_refused_and_not_kept(connect, tmp_path, faults, words):
    library = Library(120)
    client, library.faults = connect(library), ["ok", *faults]
    with pytest.raises(CollectError, match=words):
        export_saved_tracks(client, tmp_path / "saved.csv")
    assert len(export_saved_tracks(client, tmp_path / "saved.csv")) == 120, "no broken answer was kept"


def test_a_library_that_changed_during_an_interrupted_export_is_fetched_again(connect, tmp_path, capsys):
    library = Library(120)
    client, library.faults = connect(library), ["ok", 403]
    with pytest.raises(CollectError):
        export_saved_tracks(client, tmp_path / "saved.csv")
    library.saved.pop(3)
    table = export_saved_tracks(client, tmp_path / "saved.csv")
    assert table["track_id"].tolist() == [track["id"] for track in library.saved], "no track is lost between two pages"
    assert "fetched again" in capsys.readouterr().out


def test_a_list_whose_length_changes_all_the_time_is_exported(connect, tmp_path):
    library = Library(200)
    page = library.page
    library.page = lambda *a: (200, page(*a)[1] | {"total": 200 + len(library.log) % 2})
    assert len(export_saved_tracks(connect(library), tmp_path / "saved.csv")) == 200


@pytest.mark.parametrize("page", [
    lambda library, offset: library.saved[:50], lambda library, offset: [], lambda library, offset: [None] * 50])
def test_a_list_that_never_ends_is_noticed(connect, tmp_path, page):
    """Its pages repeat, or are empty, while it says that there is more."""
    library = Library(120)
    library.page = lambda entries, query: (200, {"items": page(library, query), "total": 10 ** 6})
    with pytest.raises(CollectError, match="says that me/tracks has 1,000,000 entries, and gives no new ones"):
        export_saved_tracks(connect(library), tmp_path / "saved.csv")
    assert len(library.log) < 10
    library.page = lambda entries, query: (200, {"items": library.saved[:1], "total": 10 ** 12})
    with pytest.raises(CollectError, match="1,000,000,000,000 entries"):
        list_playlists(connect(library))


def test_a_field_that_is_not_as_documented_is_left_empty_and_said(connect, tmp_path, capsys):
    library = Library(3)
    library.saved[1] |= {"duration_ms": "long", "album": []}
    library.saved[2]["name"] = {}
    table = export_saved_tracks(connect(library), tmp_path / "saved.csv")
    assert table["song"].tolist() == ["Song 0", "Song 1"] and table["duration_ms"].isna().tolist() == [False, True]
    assert table.attrs["malformed"] == {"duration_ms": 1, "album": 1}
    said = capsys.readouterr().out
    assert "left empty: album of 1 tracks, duration_ms of 1 tracks" in said and "its name is no text 1" in said


def test_a_damaged_journal_of_an_export_is_not_believed(connect, tmp_path):
    library = Library(120)
    client, library.faults = connect(library), ["ok", 403]
    with pytest.raises(CollectError):
        export_saved_tracks(client, tmp_path / "saved.csv")
    journal = tmp_path / ".saved.csv.jsonl"
    journal.write_text(journal.read_text().replace('"rows": {"items"', '"rows": {"other"') + '\n{"key": 3')
    assert len(export_saved_tracks(client, tmp_path / "saved.csv")) == 120


def test_a_killed_export_continues_and_fetches_nothing_twice(tmp_path):
    library = Library(600)
    library.delay = .03
    server = serve(library)
    code = ("import sys; sys.path[:0] = sys.argv[1:3]; from collect import export_saved_tracks, spotify_client; "
            "client = spotify_client('id', 's', api=sys.argv[3] + '/v1/', accounts=sys.argv[3]); "
            "export_saved_tracks(client, sys.argv[4])")
    arguments = [sys.executable, "-c", code, str(ROOT), str(ROOT / "tests"), server.address]
    for _ in range(2):
        done = len(library.log)
        process = subprocess.Popen([*arguments, str(tmp_path / "killed.csv")], stdout=subprocess.DEVNULL)
        while len(library.log) < done + 4 and process.poll() is None:
            time.sleep(.005)
        process.kill()
        process.wait()
    assert not (tmp_path / "killed.csv").exists()
    subprocess.run([*arguments, str(tmp_path / "killed.csv")], check=True, stdout=subprocess.DEVNULL)
    asked = [query for _, path, query in library.log if path == "me/tracks"]
    assert len(asked) <= 12 + 4, "twelve pages, and those that were on their way when it was killed"
    subprocess.run([*arguments, str(tmp_path / "calm.csv")], check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / "killed.csv").read_text() == (tmp_path / "calm.csv").read_text()
    server.shutdown()


def test_importing_collect_does_not_import_spotipy():
    code = "import collect, sys; print('spotipy' in sys.modules, 'requests' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert out.strip() == "False False"


@pytest.mark.parametrize("new", [True, False])
def test_a_playlist_is_made_once_and_no_track_is_added_twice(connect, new, capsys):
    library = Library(260, new=new)
    client = connect(library)
    tracks = pd.DataFrame({"track_id": [track["id"] for track in library.saved[:250]] + ["no id of theirs"]})
    assert len(create_playlist(tracks, "Mine")) == 250 and "would make" in capsys.readouterr().out and not library.log
    create_playlist(tracks, "Mine", client=client)
    assert len(library.playlists) == 2
    create_playlist(tracks[:120], "Mine", client=client, dry_run=False)
    added = create_playlist(tracks, "Mine", client=client, dry_run=False)
    assert added == [track["uri"] for track in library.saved[120:250]]
    title, _, held = library.playlists["p3"]
    assert title == "Mine" and len(library.playlists) == 3
    assert [track["id"] for track in held] == tracks["track_id"].tolist()[:250]


def test_a_failed_addition_is_not_sent_again_and_a_second_call_completes_it(connect):
    library = Library(150)
    client = connect(library)
    tracks = pd.DataFrame({"uri": [track["uri"] for track in library.saved]})
    library.faults = ["ok"] * 3 + ["ok", 500]
    with pytest.raises(CollectError, match="nothing is added twice"):
        create_playlist(tracks, "Mine", client=client, dry_run=False)
    create_playlist(tracks, "Mine", client=client, dry_run=False)
    held = [track["id"] for track in library.playlists["p3"][2]]
    assert len(held) == len(set(held)) == 150


def test_playlist_files_hold_the_tracks_with_a_location(tmp_path):
    tracks = pd.DataFrame({"artist": ["Ann & Bob", None, "C"], "song": ["One <1>", "Two\nlines", "Three"],
                           "duration_ms": [61_400, None, 5],
                           "path": [str(tmp_path / "a b.mp3"), None, None], "uri": [None, "spotify:track:x", None]})
    before = tracks.copy()
    lines = export_playlist_file(tracks, tmp_path / "new" / "list.m3u8").read_text().splitlines()
    assert lines == ["#EXTM3U", "#EXTINF:61,Ann & Bob - One <1>", str(tmp_path / "a b.mp3"), "#EXTINF:-1,Two lines",
                     "spotify:track:x"]
    root = ElementTree.parse(export_playlist_file(tracks, tmp_path / "list.xspf")).getroot()
    space = {"x": "http://xspf.org/ns/0/"}
    locations = [element.text for element in root.findall(".//x:location", space)]
    assert locations == [(tmp_path / "a b.mp3").as_uri(), "spotify:track:x"]
    assert root.find(".//x:title", space).text == "One <1>"
    assert len(pd.read_csv(export_playlist_file(tracks, tmp_path / "list.csv"))) == 3
    assert tracks.equals(before)
    with pytest.raises(ValueError, match="m3u8"):
        export_playlist_file(tracks, tmp_path / "list.txt")
    with pytest.raises(ValueError, match="location of its sound"):
        export_playlist_file(tracks[2:], tmp_path / "list.m3u8")


def test_playlist_files_have_absolute_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tracks = pd.DataFrame({"song": ["A", "bell \x07"], "path": ["my songs/two  spaces.mp3", "#1 hits/b.mp3"]})
    lines = export_playlist_file(tracks, "lists/x.m3u8").read_text().splitlines()
    assert lines[2::2] == [str(tmp_path / path) for path in tracks["path"]] and not lines[4].startswith("#")
    root = ElementTree.parse(export_playlist_file(tracks, "lists/x.xspf")).getroot()
    assert [element.text for element in root.iter("{http://xspf.org/ns/0/}location")] == [(tmp_path / path).as_uri()
                                                                                for path in tracks["path"]]
    assert pd.read_csv(export_playlist_file(tracks, "lists/x.csv")).columns.tolist() == ["song", "path"]


NAMES = st.text(st.characters(blacklist_categories=()), min_size=1, max_size=30).filter(str.strip)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(NAMES, NAMES, st.one_of(NAMES, st.floats(), st.none())), min_size=1, max_size=3))
def test_playlist_files_are_whole_whatever_the_names_are(tmp_path_factory, rows):
    """Line breaks, marks for right-to-left, half characters, and what XML does not allow."""
    folder = tmp_path_factory.getbasetemp()
    tracks = pd.DataFrame(rows, columns=["song", "path", "duration_ms"], dtype=object)
    names = (os.fsdecode(name.encode(errors="replace")).replace("\0", "").replace("/", "_") for _, name, _ in rows)
    tracks["path"] = pd.Series([f"/music/{name}\udcff" for name in names], dtype=object)  # not in UTF-8
    lines = export_playlist_file(tracks, folder / "x.m3u8").read_bytes().split(b"\n")
    assert len(lines) == 2 + 2 * len(rows) and all(line.startswith(b"#EXTINF:") for line in lines[1:-1:2])
    assert all(line.startswith((b"/", b"file:")) for line in lines[2:-1:2])
    root = ElementTree.parse(export_playlist_file(tracks, folder / "x.xspf")).getroot()
    assert len(root[0]) == len(rows)
    export_playlist_file(tracks, folder / "x.csv")


def test_a_line_break_in_a_file_name_does_not_break_a_playlist(tmp_path):
    path = tmp_path / "two\nlines.mp3"
    lines = export_playlist_file(pd.DataFrame({"song": ["A"], "path": [path]}), tmp_path / "x.m3u8").read_text()
    assert lines.splitlines() == ["#EXTM3U", "#EXTINF:-1,A", path.as_uri()]


def test_the_recorded_example_is_exported_without_an_account(tmp_path):
    table = export_saved_tracks(collect.recorded_client(), tmp_path / "saved.csv")
    assert len(table) == 60 and table["song"].str.match(r"Song \d+").all()
    assert export_playlist(collect.recorded_client(), "p1", tmp_path / "p1.csv")["song"].tolist() == [f"Song {n}"
                                                                                                      for n in range(7)]


def test_training_on_an_export_warns_once():
    import models
    from learning import targets
    from prepare import prepare_df
    from preprocessing import scale_data
    rows = pd.DataFrame({"song": list("abcdefgh"), "artist": list("abcdefgh"), "genre": ["a"] * 4 + ["b"] * 4,
                         "tempo": [80.0, 82, 81, 83, 140, 141, 142, 143], "source": "Spotify export"})
    tracks = prepare_df(rows)
    targets._warned.clear()
    with pytest.warns(UserWarning, match="developer terms") as warned:
        for _ in range(2):
            models.build("linear").fit(tracks[["tempo"]], tracks["genre"])
    assert sum("developer terms" in str(warning.message) for warning in warned) == 1
    targets._warned.clear()
    with pytest.warns(UserWarning, match="developer terms"):
        models.build("linear").fit(scale_data(tracks, tracks, tracks, "genre")[0][["tempo"]], tracks["genre"])


def test_an_export_that_was_not_prepared_warns_too(tmp_path):
    from learning import targets
    export = export_saved_tracks(collect.recorded_client(), tmp_path / "saved.csv")
    targets._warned.clear()
    with pytest.warns(UserWarning, match="developer terms"):
        targets.warn_about_spotify_terms(export[["duration_ms"]])
    targets._warned.clear()


def test_an_interrupted_export_leaves_only_its_hidden_journal(connect, tmp_path):
    library = Library(120)
    client, library.faults = connect(library), ["ok", 403]
    with pytest.raises(CollectError):
        export_saved_tracks(client, tmp_path / "saved.csv")
    assert [path.name for path in tmp_path.iterdir()] == [".saved.csv.jsonl"]
    export_saved_tracks(client, tmp_path / "saved.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["saved.csv"]


def test_a_failed_playlist_file_leaves_the_old_one(tmp_path, monkeypatch):
    tracks = pd.DataFrame({"song": ["A"], "path": ["/music/a.mp3"]})
    path = export_playlist_file(tracks, tmp_path / "list.m3u8")
    before = path.read_text()
    monkeypatch.setattr("pathlib.Path.write_text", lambda *_, **__: (_ for _ in ()).throw(OSError("the disk is full")))
    with pytest.raises(OSError, match="disk is full"):
        export_playlist_file(tracks.assign(song="B"), path)
    assert path.read_text() == before and [file.name for file in tmp_path.iterdir()] == ["list.m3u8"]


def test_a_sound_is_located_by_path_then_uri_then_id():
    tracks = pd.DataFrame({"path": ["a.mp3", None, None, None],
                           "uri": ["spotify:track:x", "spotify:track:y", None, None],
                           "track_id": ["1" * 22, "2" * 22, "3" * 22, "no id of Spotify"]})
    assert collect.sound_locations(tracks) == ["a.mp3", "spotify:track:y", f"spotify:track:{'3' * 22}", ""]
