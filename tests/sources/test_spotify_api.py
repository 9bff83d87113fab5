"""The client of Spotify's Web API: its login, its waits and its errors, against a server of our own."""

import json
import logging
import os
import re
import socket
import stat
import threading
import time

import pytest
import spotify_server
from spotify_server import SECRET, Library, clients, serve

from collect import export_saved_tracks, list_playlists
from sources import spotify_api
from sources.spotify_api import CollectError


@pytest.fixture
def connect(monkeypatch):
    """A function that starts a server for a library and returns a client of it; waits are short."""
    sleep = time.sleep
    monkeypatch.setattr(spotify_api.time, "sleep", lambda seconds: sleep(min(seconds, .01)))
    with clients() as start:
        yield start


@pytest.mark.parametrize("fault", [500, 503, "garbage", "nothing", "drop", ("429", 1)])
def test_an_error_that_passes_leaves_nothing_out(connect, tmp_path, fault):
    library = Library(120)
    library.faults = ["ok", fault, fault, "ok", fault]
    assert len(export_saved_tracks(connect(library), tmp_path / "saved.csv")) == 120


@pytest.mark.parametrize(("fault", "words"), [
    (500, "5 times"), ("garbage", "makes no sense.*, 5 times"), ("nothing", "broken connection, 5 times"),
    ("drop", "5 times"), (403, "refuses me/tracks"), (404, "knows no me/tracks"), (400, "does not understand")])
def test_an_error_that_lasts_is_named_and_what_was_fetched_is_kept(connect, tmp_path, fault, words):
    library = Library(120)
    client = connect(library)
    library.faults = ["ok", *[fault] * 5]
    with pytest.raises(CollectError, match=words) as error:
        export_saved_tracks(client, tmp_path / "saved.csv")
    assert SECRET not in str(error.value)
    before, library.faults = len(library.log), []
    assert len(export_saved_tracks(client, tmp_path / "saved.csv")) == 120
    assert [query for _, path, query in library.log[before:] if path == "me/tracks"] == [
        "limit=50&offset=50", "limit=50&offset=100"], "the first page is not fetched again"


def test_a_wait_of_hours_ends_the_run_at_once(connect, tmp_path):
    library = Library(120)
    client, library.faults, library.reason = connect(library), ["ok", ("429", 7200)], "QUOTA_EXCEEDED"
    start = time.monotonic()
    with pytest.raises(spotify_api.RateLimited, match=r"2\.0 hours, at .*QUOTA_EXCEEDED.*kept") as error:
        export_saved_tracks(client, tmp_path / "saved.csv")
    assert time.monotonic() - start < 5 and error.value.seconds == 7200
    assert len(export_saved_tracks(client, tmp_path / "saved.csv")) == 120


@pytest.mark.parametrize("wait", ["-5", "0", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "nan", "inf", "-inf", "1e3"])
def test_a_wait_that_is_no_number_of_seconds_is_short_and_has_an_end(connect, tmp_path, wait):
    library = Library(60)
    client, library.faults = connect(library), [("429", wait)]
    if wait == "1e3":
        with pytest.raises(spotify_api.RateLimited, match=r"0\.3 hours"):
            export_saved_tracks(client, tmp_path / "saved.csv")
    else:
        assert len(export_saved_tracks(client, tmp_path / "saved.csv")) == 60


@pytest.mark.parametrize("wait", [86_400, 10 ** 30])
def test_a_wait_of_a_day_or_without_end_ends_the_run(connect, tmp_path, wait):
    library = Library(60)
    client, library.faults = connect(library), [("429", wait)]
    with pytest.raises(spotify_api.RateLimited, match="asks to come back in"):
        export_saved_tracks(client, tmp_path / "saved.csv")


def test_another_host_gets_no_token(connect, tmp_path, monkeypatch):
    """Neither by the address of a next page, nor by a redirection."""
    server, asked = serve(Library(3)), []
    address = server.address.replace("127.0.0.1", "localhost")
    server.RequestHandlerClass = type("Listening", (spotify_server.Handler,), {
        "handle_any": lambda self, method: asked.append(self.headers.get("Authorization")) or self.send(200, {})})
    library = Library(120)
    client, page = connect(library), library.page
    library.page = lambda *given: (200, page(*given)[1] | {"next": f"{address}/v1/me/tracks?offset=50"})
    assert len(export_saved_tracks(client, tmp_path / "saved.csv")) == 120 and asked == []
    send = spotify_server.Handler.send
    monkeypatch.setattr(spotify_server.Handler, "send", lambda self, status, content, **more: send(
        self, status, content, **more | ({"Location": f"{address}/v1/me/tracks"} if status == 307 else {})))
    library.faults = [(307, {})]
    with pytest.raises(CollectError, match="lacks its items"):
        export_saved_tracks(client, tmp_path / "other.csv")
    assert asked == [None], "asked, and without a token"
    server.shutdown()


def test_no_secret_is_logged_at_any_level(connect, tmp_path, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    library = Library(60)
    client = connect(library)
    export_saved_tracks(client, tmp_path / "saved.csv")
    library.faults = [500, 401, (403, {"error": {"message": SECRET[:3]}})]
    with pytest.raises(CollectError) as error:
        export_saved_tracks(client, tmp_path / "saved.csv")
    assert len(caplog.records) > 3 and "Bearer" not in caplog.text
    assert SECRET not in caplog.text + str(error.value) + repr(error.getrepr()) + "".join(capsys.readouterr())
    assert SECRET not in repr(client) + repr(client.manager) + repr(client.client)


def test_an_expired_token_is_renewed_once(connect, tmp_path):
    library = Library(60)
    client = connect(library)
    list_playlists(client)
    library.valid_token = "another"
    assert len(export_saved_tracks(client, tmp_path / "saved.csv")) == 60 and library.tokens == 2
    library.faults = [401] * 9
    with pytest.raises(CollectError, match="log in again"):
        list_playlists(client)
    assert library.tokens == 3


@pytest.mark.parametrize("fault", [500, "garbage", "nothing", "drop", ("429", 1), (200, {}), (503, b"<html>" * 999)])
def test_a_failed_login_is_tried_again(connect, tmp_path, fault):
    library = Library(60)
    client, library.login_faults = connect(library), [fault]
    assert len(list_playlists(client)) == 2
    library.valid_token, library.login_faults = "another", [fault]
    assert len(list_playlists(client)) == 2, "so is its renewal"
    library.valid_token, library.login_faults = "another", [fault] * 9
    with pytest.raises(CollectError, match="5 times. What was fetched is kept") as error:
        list_playlists(client)
    assert SECRET not in str(error.value) and len(str(error.value)) < 200


def test_a_refused_login_names_the_reason_and_no_secret(connect):
    library = Library(1)
    client, library.login_faults = connect(library), [(400, {"error": "invalid_client", "error_description": SECRET})]
    with pytest.raises(CollectError, match="invalid_client.*log in again") as error:
        list_playlists(client)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(("body", "words"), [
    (b"User not registered in the Developer Dashboard", "User Management"),
    ({"error": {"status": 403, "message": "Insufficient client scope"}}, "log in again"),
    ({"error": {"message": "Active premium subscription required for the owner of the app."}}, "Premium"),
    ({"error": "forbidden"}, "closed it to development apps"), (b"[]", "closed it to development apps")])
def test_a_refusal_explains_the_rule_behind_it(connect, body, words):
    library = Library(1)
    client, library.faults = connect(library), [(403, body)]
    with pytest.raises(spotify_api.Refused, match=words):
        list_playlists(client)


def test_a_missing_network_is_reported_in_one_line():
    client = spotify_api.spotify_client("id", SECRET, api="http://127.0.0.1:9/v1/", accounts="http://127.0.0.1:9")
    with pytest.raises(CollectError, match="no connection to Spotify") as error:
        list_playlists(client)
    assert "\n" not in str(error.value) and SECRET not in str(error.value)


def printed_state(text):
    """The state in the address to log in, which shows that an answer belongs to this login."""
    return re.search(r"state=([\w-]{20,})", text)[1]


def test_a_user_can_log_in_without_a_browser_on_this_machine(monkeypatch, capsys, tmp_path):
    library = Library(10)
    server = serve(library)
    client = spotify_api.spotify_client("id", api=f"{server.address}/v1/", accounts=server.address, browser=False,
                                        keep_token=tmp_path / "kept" / "token.json")
    monkeypatch.setattr(spotify_api, "getpass", lambda _: "http://127.0.0.1:8765/callback?code=abc&state=of-another")
    with pytest.raises(CollectError, match="belongs to another login"):
        list_playlists(client)
    answer = f"http://127.0.0.1:8765/callback?code=abc&state={printed_state(capsys.readouterr().out)}"
    monkeypatch.setattr(spotify_api, "getpass", lambda _: answer)
    assert len(list_playlists(client)) == 2
    printed = capsys.readouterr().out
    assert f"{server.address}/authorize?client_id=id" in printed and "code_challenge" in printed
    assert SECRET not in printed
    kept = tmp_path / "kept" / "token.json"
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600 and json.loads(kept.read_text())["refresh_token"]
    library.valid_token = "another"  # renewed without the user
    monkeypatch.setattr(spotify_api, "getpass", lambda _: pytest.fail("asked again"))
    assert len(list_playlists(client)) == 2
    monkeypatch.setattr(spotify_api, "getpass", lambda _: "http://127.0.0.1:8765/callback")
    again = spotify_api.spotify_client("id", api=f"{server.address}/v1/", accounts=server.address, browser=False)
    with pytest.raises(CollectError, match="holds no code"):
        list_playlists(again)
    server.shutdown()


@pytest.mark.parametrize("why", ["the port is taken", "no browser"])
def test_without_a_browser_or_a_free_port_the_address_is_pasted(monkeypatch, capsys, why):
    import webbrowser
    library = Library(1)
    server = serve(library)
    printed = []

    def paste(_):
        printed.append(capsys.readouterr().out)
        return f"http://127.0.0.1/callback?code=abc&state={printed_state(printed[0])}"
    monkeypatch.setattr(spotify_api, "getpass", paste)
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
    assert f"{server.address}/authorize?client_id=id" in printed[0]
    server.shutdown()


def test_a_user_can_log_in_with_a_browser(monkeypatch, capsys):
    import webbrowser
    from urllib.parse import parse_qs, urlsplit
    from urllib.request import urlopen
    library = Library(1)
    server = serve(library)

    def visit(address):
        query = parse_qs(urlsplit(address).query)
        answer = f"{query['redirect_uri'][0]}?code=abc&state={states.pop(0) if states else query['state'][0]}"
        threading.Thread(target=lambda: urlopen(answer, timeout=5).read()).start()
    states = ["of-another"]
    monkeypatch.setattr(webbrowser, "open", visit)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = spotify_api.spotify_client("id", api=f"{server.address}/v1/", accounts=server.address, port=port,
                                        browser=True)
    with pytest.raises(CollectError, match="belongs to another login"):
        list_playlists(client)
    assert len(list_playlists(client)) == 2 and library.tokens == 1
    assert "/authorize?client_id=id" in capsys.readouterr().out, "printed in case the browser does not open"
    server.shutdown()


def test_a_client_needs_an_id(monkeypatch):
    monkeypatch.delenv("SPOTIPY_CLIENT_ID", raising=False)
    with pytest.raises(CollectError, match=r"developer\.spotify\.com"):
        spotify_api.spotify_client()


# ---- the login on disk, and the recorded example

def test_a_saved_login_is_private_from_its_first_byte(tmp_path, monkeypatch):
    cache = spotify_api._private_token_file(tmp_path / "kept" / "token.json")
    modes, dump = [], json.dump

    def spy(token, file):
        modes.append(stat.S_IMODE(os.fstat(file.fileno()).st_mode))
        dump(token, file)
    monkeypatch.setattr(spotify_api.json, "dump", spy)
    for secret in ("first", "second"):
        cache.save_token_to_cache({"refresh_token": secret})
        assert cache.get_cached_token() == {"refresh_token": secret}
    assert modes == [0o600, 0o600] and os.listdir(tmp_path / "kept") == ["token.json"]


def test_a_failed_save_keeps_the_older_login(tmp_path):
    cache = spotify_api._private_token_file(tmp_path / "token.json")
    cache.save_token_to_cache({"refresh_token": "first"})
    with pytest.raises(TypeError):
        cache.save_token_to_cache({"refresh_token": object()})
    assert cache.get_cached_token() == {"refresh_token": "first"} and os.listdir(tmp_path) == ["token.json"]


def test_the_recorded_example_has_pages_and_refuses_what_it_does_not_hold():
    client = spotify_api.RecordedSpotify({"me/tracks": {"items": list("abcde"), "total": 5},
                                          "artists": {"artists": [{"id": "x"}, {"id": "y"}]}})
    assert client.get("me/tracks", limit=2, offset=3)["items"] == ["d", "e"]
    assert client.get("artists", ids="y,z") == {"artists": [{"id": "y"}]}
    with pytest.raises(spotify_api.Refused, match="no me/player"):
        client.get("me/player")
    assert client.requests == 3


def test_an_answer_that_never_ends_is_not_waited_for(connect, tmp_path, monkeypatch):
    monkeypatch.setattr(spotify_api, "LONGEST_ANSWER", .5)
    library = Library(3)
    library.faults = ["drip", "ok"]
    assert len(export_saved_tracks(connect(library), tmp_path / "saved.csv")) == 3
    library.faults = ["drip"] * spotify_api.TRIES
    with pytest.raises(CollectError, match="no answer in time, 5 times"):
        list_playlists(connect(library))
