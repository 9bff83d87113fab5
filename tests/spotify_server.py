"""A small server on 127.0.0.1 that answers as both generations of Spotify's Web API do, with errors on request."""

import contextlib
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from sources.spotify_api import SCOPES, spotify_client

SECRET = "s3cret-of-the-test"


def track(number, **more):
    """A track as Spotify describes it, with a made-up name."""
    artist = number % 40
    return {"id": f"{number:022d}", "uri": f"spotify:track:{number:022d}", "type": "track", "name": f"Song {number}",
            "explicit": False,
            "artists": [{"id": f"a{artist:03d}", "name": f"Artist {artist}"}], "duration_ms": 180_000 + number,
            "album": {"name": f"Album {number % 90}", "release_date": f"{2000 + number % 20}-01-02"}} | more


class Library:
    """What the server holds, which generation of the API it speaks, and the errors that it makes.

    Parameters
    ----------
    n : int
        Saved tracks.
    new : bool
        Whether it speaks the API since 2026.
    rich : bool
        Whether it gives popularity and audio features.

    Attributes
    ----------
    faults, login_faults : list
        What happens to the next requests to the API and to the accounts service, one element each: a status,
        ``("429", seconds)``, ``(status, content)``, ``garbage``, ``nothing``, ``drop``, ``drip`` or ``ok``.
    log : list of (method, path, query)
        All requests.
    """

    def __init__(self, n=120, *, new=True, rich=False):
        self.new = new
        self.rich = rich
        self.faults = []
        self.login_faults = []
        self.log = []
        self.valid_token = "token-0"
        self.tokens = 0
        self.delay = 0
        self.pause = time.sleep
        self.reason = None
        self.saved = [track(number, **({"popularity": number % 101} if rich else {})) for number in range(n)]
        self.playlists = {"p1": ("Made up for the evening", "me", self.saved[:7]),
                          "p2": ("Made up for a run", "me", self.saved[7:12])}

    def fresh_token(self):
        self.tokens += 1
        self.valid_token = f"{SECRET}-{self.tokens}"
        return {"access_token": self.valid_token, "refresh_token": f"{SECRET}-refresh", "expires_in": 3600,
                "token_type": "Bearer", "scope": SCOPES}

    def entry(self, track):
        """A track as an entry of a list."""
        return track if track is None else {"added_at": "2026-01-02T03:04:05Z", "item" if self.new else "track": track}

    def page(self, entries, query):
        """One page of a list, as an answer."""
        limit, offset = (int(query.get(name, [default])[0]) for name, default in (("limit", 20), ("offset", 0)))
        if limit > (50 if self.new else 100):
            return 400, {"error": {"status": 400, "message": "Invalid limit"}}
        return 200, {"items": entries[offset:offset + limit], "total": len(entries), "offset": offset, "limit": limit,
                     "next": None}

    def answer(self, method, path, query, body):
        """The status and the content of an answer."""
        ids = query.get("ids", [""])[0].split(",")
        listing = re.fullmatch(r"playlists/(\w+)/(items|tracks)", path)
        if path == "me":
            return 200, {"id": "me"}
        if path == "me/tracks":
            return self.page([self.entry(track) for track in self.saved], query)
        if path == "me/top/tracks":
            return self.page(self.saved[:30], query)
        if method == "GET" and path == "me/playlists":
            name = "items" if self.new else "tracks"
            return self.page([{"id": key, "name": title, "owner": {"id": owner}, name: {"total": len(tracks)}}
                              for key, (title, owner, tracks) in self.playlists.items()], query)
        if method == "POST" and path == ("me/playlists" if self.new else "users/me/playlists"):
            key = f"p{len(self.playlists) + 1}"
            self.playlists[key] = (body["name"], "me", [])
            return 201, {"id": key}
        if listing and listing[1] in self.playlists and listing[2] == ("items" if self.new else "tracks"):
            title, owner, tracks = self.playlists[listing[1]]
            if method == "GET":
                return self.page([self.entry(track) for track in tracks], query)
            tracks += [next(track for track in self.saved if track["uri"] == uri) for uri in body["uris"]]
            return 201, {"snapshot_id": "x"}
        if path == "artists" and not self.new:
            return 200, {"artists": [{"id": artist, "genres": ["made-up pop"]} for artist in ids]}
        if path == "audio-features" and self.rich:
            return 200, {"audio_features": [{"id": track, "tempo": 120.0, "energy": .5, "key": 3} for track in ids]}
        if path in ("artists", "audio-features"):
            return 403, {"error": {"status": 403, "message": "Forbidden"}}
        return 404, {"error": {"status": 404, "message": "Not found"}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.handle_any("GET")

    def do_POST(self):
        self.handle_any("POST")

    def handle_any(self, method):
        library, parts = self.server.library, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if parts.path == "/api/token":
            fault = library.login_faults.pop(0) if library.login_faults else "ok"
            return self.misbehave(fault) if fault != "ok" else self.send(200, library.fresh_token())
        path = parts.path.removeprefix("/v1/")
        library.log.append((method, path, parts.query))
        time.sleep(library.delay)
        fault = library.faults.pop(0) if library.faults else "ok"
        if fault != "ok":
            self.misbehave(fault)
        elif self.headers.get("Authorization") != f"Bearer {library.valid_token}":
            self.send(401, {"error": {"status": 401, "message": "The access token expired"}})
        else:
            self.send(*library.answer(method, path, parse_qs(parts.query), json.loads(body) if body else None))

    def misbehave(self, fault):
        if fault == "drop":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"items": [')
            self.close_connection = True
        elif fault == "drip":  # an answer that never ends, a byte at a time
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(400):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    self.server.library.pause(.05)
            self.close_connection = True
        elif fault == "garbage":
            self.send(200, b"<html>no JSON</html>")
        elif fault == "nothing":
            self.close_connection = True
        elif isinstance(fault, int):
            self.send(fault, {"error": {"status": fault, "message": "on request"}})
        elif fault[0] == "429":
            error = {"status": 429, "message": "API rate limit exceeded", "reason": self.server.library.reason}
            self.send(429, {"error": error}, **{"Retry-After": str(fault[1])})
        else:
            self.send(*fault)

    def send(self, status, content, **headers):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(data))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def serve(library):
    """A running server; `address` is its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.library = library
    server.handle_error = lambda *_: None  # of clients that were killed
    server.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(.01,), daemon=True).start()
    return server


@contextlib.contextmanager
def clients():
    """A function that starts a server for a library and returns a client of it; all servers stop at the end."""
    servers = []

    def connect(library):
        server = serve(library)
        servers.append(server)
        return spotify_client("id", SECRET, api=f"{server.address}/v1/", accounts=server.address)
    try:
        yield connect
    finally:
        for server in servers:
            server.shutdown()
