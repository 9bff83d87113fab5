"""Spotify by its real client over a real socket, from a server of our own that misbehaves in every way it is told to."""

import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from xml.etree import ElementTree

import pandas as pd
import pytest
from conftest import ROOT
from spotify_server import SECRET, Library, serve

import collect
from collect import create_playlist, export_playlist, export_playlist_file, export_saved_tracks, export_top_tracks, list_playlists
from sources import spotify_api
from sources.spotify_api import CollectError


@pytest.fixture
def served(monkeypatch):
    """A function that starts a server for a library and returns a client of it."""
    servers, sleep = [], time.sleep
    monkeypatch.setattr(spotify_api.time, "sleep", lambda seconds: sleep(min(seconds, .01)))

    def start(library):
        servers.append(serve(library))
        return client_of(servers[-1])
    yield start
    for server in servers:
        server.shutdown()


def client_of(server, **more):
    address = server.address
    return spotify_api.spotify_client("id", SECRET, api=f"{address}/v1/", accounts=address, **more)


# ---- exports

@pytest.mark.parametrize("new", [True, False])
def test_saved_tracks_come_whole_from_both_generations(served, tmp_path, new):
    library = Library(120, new=new, rich=not new)
    table = export_saved_tracks(served(library), tmp_path / "saved.csv")
    assert table["song"].tolist() == [f"Song {number}" for number in range(120)]
    assert (table["source"] == "Spotify export").all() and table["track_id"].is_unique
    assert table["popularity"].notna().all() == (not new) and table["tempo"].notna().all() == (not new)
    assert table["genre"].notna().all() == (not new)
    assert len(pd.read_csv(tmp_path / "saved.csv")) == 120
    assert sum(path == "me/tracks" for _, path, _ in library.log) == 3, "50 a page"
    from prepare import load_Data, prepare_df
    assert len(prepare_df(load_Data(tmp_path / "saved.csv"))) == 120, "it is a tracks table"


@pytest.mark.parametrize("new", [True, False])
def test_playlists_and_what_is_played_most(served, tmp_path, new):
    client = served(Library(60, new=new))
    assert list_playlists(client)["tracks"].tolist() == [7, 5]
    table = export_playlist(client, "https://open.spotify.com/playlist/p2?si=x", tmp_path / "p2.csv")
    assert table["song"].tolist() == [f"Song {number}" for number in range(7, 12)]
    assert len(export_top_tracks(client, tmp_path / "top.csv")) == 30
    with pytest.raises(CollectError, match="playlists/unknown.*only to its owner"):
        export_playlist(client, "unknown", tmp_path / "x.csv")


def test_what_is_no_track_is_counted(served, tmp_path, capsys):
    library = Library(3)
    library.saved += [None, {"id": None, "name": "", "type": "track"}, {"type": "episode", "id": "e", "name": "Talk"},
                      {"id": None, "uri": "spotify:local:a:b:c:1", "type": "track", "name": "From a disk",
                       "artists": [{"name": "Me"}],
                       "album": None, "is_local": True, "duration_ms": 1000}, library.saved[1]]
    library.entry = lambda one: {"added_at": "2026-01-02T03:04:05Z", "item": one}
    table = export_saved_tracks(served(library), tmp_path / "saved.csv")
    assert table["song"].tolist() == ["Song 0", "Song 1", "Song 2", "From a disk"]
    reasons = [one["reason"] for one in table.attrs["skipped"]]
    assert reasons == ["removed or not available"] * 2 + ["podcast", "twice in the list"]
    assert "4 of 8 left out" in capsys.readouterr().out


# ---- refusals and faults

@pytest.mark.parametrize("fault", [500, 503, "garbage", "nothing", "drop", ("429", 1)])
def test_a_passing_fault_leaves_nothing_out(served, tmp_path, fault):
    library = Library(120)
    library.faults = ["ok", fault, fault, "ok", fault]
    assert len(export_saved_tracks(served(library), tmp_path / "saved.csv")) == 120


@pytest.mark.parametrize(("fault", "words"), [
    (500, "5 times"), ("garbage", "makes sense.*, 5 times"), ("nothing", "broken connection, 5 times"), ("drop", "5 times"),
    (403, "refuses me/tracks"), (404, "knows no me/tracks"), (400, "does not understand")])
def test_a_lasting_fault_says_what_it_is_and_keeps_what_was_fetched(served, tmp_path, fault, words):
    library = Library(120)
    client = served(library)
    library.faults = ["ok", *[fault] * 5]
    with pytest.raises(CollectError, match=words) as told:
        export_saved_tracks(client, tmp_path / "saved.csv")
    assert SECRET not in str(told.value)
    before, library.faults = len(library.log), []
    assert len(export_saved_tracks(client, tmp_path / "saved.csv")) == 120
    assert [query for _, path, query in library.log[before:] if path == "me/tracks"] == [
        "limit=50&offset=50", "limit=50&offset=100"], "the first page is not fetched again"


def test_a_long_wait_ends_the_run_at_once(served, tmp_path):
    library = Library(120)
    client, library.faults, library.reason = served(library), ["ok", ("429", 7200)], "QUOTA_EXCEEDED"
    start = time.monotonic()
    with pytest.raises(spotify_api.RateLimited, match=r"2\.0 hours, at .*QUOTA_EXCEEDED.*kept") as told:
        export_saved_tracks(client, tmp_path / "saved.csv")
    assert time.monotonic() - start < 5 and told.value.seconds == 7200
    assert len(export_saved_tracks(client, tmp_path / "saved.csv")) == 120


def test_a_token_that_ran_out_is_renewed_once(served, tmp_path):
    library = Library(60)
    client = served(library)
    list_playlists(client)
    library.valid = "another"
    assert len(export_saved_tracks(client, tmp_path / "saved.csv")) == 60 and library.tokens == 2
    library.faults = [401] * 9
    with pytest.raises(CollectError, match="log in again"):
        list_playlists(client)
    assert library.tokens == 3


@pytest.mark.parametrize("fault", [500, "garbage", "nothing", "drop", ("429", 1), (200, {}), (503, b"<html>" * 999)])
def test_a_login_that_fails_in_passing_is_tried_again(served, tmp_path, fault):
    library = Library(60)
    client, library.login_faults = served(library), [fault]
    assert len(list_playlists(client)) == 2
    library.valid, library.login_faults = "another", [fault]
    assert len(list_playlists(client)) == 2, "so is its renewal"
    library.valid, library.login_faults = "another", [fault] * 9
    with pytest.raises(CollectError, match="5 times: what was fetched is kept") as told:
        list_playlists(client)
    assert SECRET not in str(told.value) and len(str(told.value)) < 200


def test_a_login_that_is_refused(served):
    library = Library(1)
    client, library.login_faults = served(library), [(400, {"error": "invalid_client", "error_description": SECRET})]
    with pytest.raises(CollectError, match="invalid_client.*log in again") as told:
        list_playlists(client)
    assert SECRET not in str(told.value)


@pytest.mark.parametrize(("body", "words"), [
    (b"User not registered in the Developer Dashboard", "User Management"),
    ({"error": {"status": 403, "message": "Insufficient client scope"}}, "log in again"),
    ({"error": {"message": "Active premium subscription required for the owner of the app."}}, "Premium"),
    ({"error": "forbidden"}, "closed it to development apps"), (b"[]", "closed it to development apps")])
def test_a_refusal_says_which_rule_it_was(served, body, words):
    library = Library(1)
    client, library.faults = served(library), [(403, body)]
    with pytest.raises(spotify_api.Refused, match=words):
        list_playlists(client)


@pytest.mark.parametrize(("faults", "words"), [
    ([("429", 1)] * 5, "requests to wait, 5 times"), ([("429", 1)] * 4 + [401], "ran out"),
    ([(500, b"[]")] * 5, "500.*, 5 times"), ([(200, b"[]")] * 5, "makes sense.*, 5 times"),
    ([(400, {"error": "invalid"})], "does not understand"),
    ([(200, {})], "lacks its items"), ([(200, {"items": None, "total": 3})], "lacks its items")])
def test_answers_that_nobody_documented(served, tmp_path, faults, words):
    library = Library(120)
    client, library.faults = served(library), ["ok", *faults]
    with pytest.raises(CollectError, match=words):
        export_saved_tracks(client, tmp_path / "saved.csv")
    assert len(export_saved_tracks(client, tmp_path / "saved.csv")) == 120, "nothing broken was kept"


def test_no_network_is_said_in_one_line():
    client = spotify_api.spotify_client("id", SECRET, api="http://127.0.0.1:9/v1/", accounts="http://127.0.0.1:9")
    with pytest.raises(CollectError, match="no connection to Spotify") as told:
        list_playlists(client)
    assert "\n" not in str(told.value) and SECRET not in str(told.value)


def test_a_library_that_changed_while_an_export_lay_still(served, tmp_path, capsys):
    library = Library(120)
    client, library.faults = served(library), ["ok", 403]
    with pytest.raises(CollectError):
        export_saved_tracks(client, tmp_path / "saved.csv")
    library.saved.pop(3)
    table = export_saved_tracks(client, tmp_path / "saved.csv")
    assert table["track_id"].tolist() == [one["id"] for one in library.saved], "no track slipped between two pages"
    assert "begun anew" in capsys.readouterr().out


def test_a_list_whose_length_is_never_the_same_comes_to_an_end(served, tmp_path):
    library = Library(200)
    page = library.page
    library.page = lambda *a: (200, page(*a)[1] | {"total": 200 + len(library.log) % 2})
    assert len(export_saved_tracks(served(library), tmp_path / "saved.csv")) == 200


def test_a_killed_export_goes_on_and_fetches_nothing_twice(tmp_path):
    library = Library(600)
    library.delay = .03
    server = serve(library)
    code = ("import sys; sys.path[:0] = sys.argv[1:3]; from sources import spotify_api; from collect import export_saved_tracks; "
            "client = spotify_api.spotify_client('id', 's', api=sys.argv[3] + '/v1/', accounts=sys.argv[3]); "
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
    assert len(asked) <= 12 + 4, "twelve pages, and those under way when it was killed"
    subprocess.run([*arguments, str(tmp_path / "calm.csv")], check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / "killed.csv").read_text() == (tmp_path / "calm.csv").read_text()
    server.shutdown()


# ---- logging in

def test_a_login_without_a_browser(monkeypatch, capsys, tmp_path):
    library = Library(10)
    server = serve(library)
    client = spotify_api.spotify_client("id", api=f"{server.address}/v1/", accounts=server.address, browser=False,
                                        keep_token=tmp_path / "kept" / "token.json")
    monkeypatch.setattr(spotify_api, "getpass", lambda _: "http://127.0.0.1:8765/callback?code=abc")
    assert len(list_playlists(client)) == 2
    said = capsys.readouterr().out
    assert f"{server.address}/authorize?client_id=id" in said and "code_challenge" in said and SECRET not in said
    kept = tmp_path / "kept" / "token.json"
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600 and json.loads(kept.read_text())["refresh_token"]
    library.valid = "another"  # renewed without the user
    monkeypatch.setattr(spotify_api, "getpass", lambda _: pytest.fail("asked again"))
    assert len(list_playlists(client)) == 2
    monkeypatch.setattr(spotify_api, "getpass", lambda _: "http://127.0.0.1:8765/callback")
    again = spotify_api.spotify_client("id", api=f"{server.address}/v1/", accounts=server.address, browser=False)
    with pytest.raises(CollectError, match="holds no code"):
        list_playlists(again)
    server.shutdown()


@pytest.mark.parametrize("why", ["the port is taken", "no browser"])
def test_a_login_that_no_browser_can_answer(monkeypatch, capsys, why):
    import webbrowser
    library = Library(1)
    server = serve(library)
    monkeypatch.setattr(spotify_api, "getpass", lambda _: "http://127.0.0.1/callback?code=abc")
    if why == "no browser":
        monkeypatch.setattr(webbrowser, "get", lambda: (_ for _ in ()).throw(webbrowser.Error))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        if why == "the port is taken":
            taken.listen()
        else:
            taken.close()
        client = spotify_api.spotify_client("id", api=f"{server.address}/v1/", accounts=server.address, port=port,
                                        browser=True if why == "the port is taken" else None)
    assert len(list_playlists(client)) == 2
    assert f"{server.address}/authorize?client_id=id" in capsys.readouterr().out
    server.shutdown()


def test_a_login_in_a_browser(monkeypatch, capsys):
    import webbrowser
    from urllib.parse import parse_qs, urlsplit
    from urllib.request import urlopen
    library = Library(1)
    server = serve(library)

    def visit(address):
        redirect = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        threading.Thread(target=lambda: urlopen(f"{redirect}?code=abc", timeout=5).read()).start()
    monkeypatch.setattr(webbrowser, "open", visit)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = spotify_api.spotify_client("id", api=f"{server.address}/v1/", accounts=server.address, port=port, browser=True)
    assert len(list_playlists(client)) == 2 and library.tokens == 1
    assert "/authorize?client_id=id" in capsys.readouterr().out, "said, should the browser not open"
    server.shutdown()


def test_a_client_needs_an_id(monkeypatch):
    monkeypatch.delenv("SPOTIPY_CLIENT_ID", raising=False)
    with pytest.raises(CollectError, match=r"developer\.spotify\.com"):
        spotify_api.spotify_client()


def test_spotipy_waits_for_nobody(tmp_path):
    code = "import collect, sys; print('spotipy' in sys.modules, 'requests' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert out.strip() == "False False"


# ---- playlists

@pytest.mark.parametrize("new", [True, False])
def test_a_playlist_is_made_once_and_doubles_nothing(served, new, capsys):
    library = Library(260, new=new)
    client = served(library)
    tracks = pd.DataFrame({"track_id": [one["id"] for one in library.saved[:250]] + ["no id of theirs"]})
    assert len(create_playlist(tracks, "Mine")) == 250 and "would make" in capsys.readouterr().out and not library.log
    create_playlist(tracks, "Mine", client=client)
    assert len(library.playlists) == 2
    create_playlist(tracks[:120], "Mine", client=client, dry_run=False)
    assert create_playlist(tracks, "Mine", client=client, dry_run=False) == [one["uri"] for one in library.saved[120:250]]
    title, _, held = library.playlists["p3"]
    assert title == "Mine" and len(library.playlists) == 3
    assert [one["id"] for one in held] == tracks["track_id"].tolist()[:250]


def test_an_addition_that_broke_is_not_sent_blindly_again(served):
    library = Library(150)
    client = served(library)
    library.faults = ["ok"] * 3 + ["ok", 500]
    with pytest.raises(CollectError, match="doubles nothing"):
        create_playlist(pd.DataFrame({"uri": [one["uri"] for one in library.saved]}), "Mine", client=client, dry_run=False)
    create_playlist(pd.DataFrame({"uri": [one["uri"] for one in library.saved]}), "Mine", client=client, dry_run=False)
    held = [one["id"] for one in library.playlists["p3"][2]]
    assert len(held) == len(set(held)) == 150


def test_playlist_files(tmp_path):
    tracks = pd.DataFrame({"artist": ["Ann & Bob", None, "C"], "song": ["One <1>", "Two\nlines", "Three"],
                           "duration_ms": [61_400, None, 5],
                           "path": [str(tmp_path / "a b.mp3"), None, None], "uri": [None, "spotify:track:x", None]})
    before = tracks.copy()
    lines = export_playlist_file(tracks, tmp_path / "new" / "list.m3u8").read_text().splitlines()
    assert lines == ["#EXTM3U", "#EXTINF:61,Ann & Bob - One <1>", str(tmp_path / "a b.mp3"), "#EXTINF:-1,Two lines",
                     "spotify:track:x"]
    root = ElementTree.parse(export_playlist_file(tracks, tmp_path / "list.xspf")).getroot()
    space = {"x": "http://xspf.org/ns/0/"}
    assert [one.text for one in root.findall(".//x:location", space)] == [(tmp_path / "a b.mp3").as_uri(), "spotify:track:x"]
    assert root.find(".//x:title", space).text == "One <1>"
    assert len(pd.read_csv(export_playlist_file(tracks, tmp_path / "list.csv"))) == 3
    assert tracks.equals(before)
    with pytest.raises(ValueError, match="m3u8"):
        export_playlist_file(tracks, tmp_path / "list.txt")
    with pytest.raises(ValueError, match="where its sound is"):
        export_playlist_file(tracks[2:], tmp_path / "list.m3u8")


def test_playlist_files_find_their_sounds_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tracks = pd.DataFrame({"song": ["A", "bell \x07"], "path": ["my songs/two  spaces.mp3", "#1 hits/b.mp3"]})
    lines = export_playlist_file(tracks, "lists/x.m3u8").read_text().splitlines()
    assert lines[2::2] == [str(tmp_path / path) for path in tracks["path"]] and not lines[4].startswith("#")
    root = ElementTree.parse(export_playlist_file(tracks, "lists/x.xspf")).getroot()
    assert [one.text for one in root.iter("{http://xspf.org/ns/0/}location")] == [(tmp_path / path).as_uri()
                                                                                for path in tracks["path"]]
    assert pd.read_csv(export_playlist_file(tracks, "lists/x.csv")).columns.tolist() == ["song", "path"]


# ---- the recorded example, and the terms

def test_the_recorded_example_is_what_the_server_says(tmp_path, capsys):
    table = export_saved_tracks(collect.recorded_client(), tmp_path / "saved.csv")
    assert len(table) == 60 and table["song"].str.match(r"Song \d+").all()
    assert export_playlist(collect.recorded_client(), "p1", tmp_path / "p1.csv")["song"].tolist() == [f"Song {n}"
                                                                                                      for n in range(7)]


def test_training_on_an_export_is_warned_of_once():
    import models
    from learning import targets
    from prepare import prepare_df
    from preprocessing import scale_data
    rows = pd.DataFrame({"song": list("abcdefgh"), "artist": list("abcdefgh"), "tempo": [80.0, 82, 81, 83, 140, 141, 142, 143],
                         "genre": ["a"] * 4 + ["b"] * 4, "source": "Spotify export"})
    tracks = prepare_df(rows)
    targets._warned.clear()
    with pytest.warns(UserWarning, match="developer terms") as told:
        for _ in range(2):
            models.build("linear").fit(tracks[["tempo"]], tracks["genre"])
    assert sum("developer terms" in str(one.message) for one in told) == 1
    targets._warned.clear()
    with pytest.warns(UserWarning, match="developer terms"):
        models.build("linear").fit(scale_data(tracks, tracks, tracks, "genre")[0][["tempo"]], tracks["genre"])


def test_an_export_that_nobody_prepared_is_warned_of_too(tmp_path):
    from learning import targets
    export = export_saved_tracks(collect.recorded_client(), tmp_path / "saved.csv")
    targets._warned.clear()
    with pytest.warns(UserWarning, match="developer terms"):
        targets.warn_about_spotify_terms(export[["duration_ms"]])
    targets._warned.clear()
