"""Talking to Spotify's Web API: who asks, what its answers mean, and what to do about each of its refusals.

Nothing secret is printed, put in an error or written to a notebook; a token is on disk only when that is asked for.
"""

import json
import os
import socket
import sys
import time
from getpass import getpass
from pathlib import Path

from tqdm import tqdm

API, ACCOUNTS = "https://api.spotify.com/v1/", "https://accounts.spotify.com"
SCOPES = "user-library-read user-top-read playlist-read-private playlist-read-collaborative playlist-modify-private"
LONGEST_WAIT = 60
"""Seconds that are waited when Spotify asks for it; a longer wait ends the run."""
TRIES = 5
TIMEOUT = 20
RULES = {
    "not registered": "the app's owner has to enter this account under User Management in the app's settings, on "
                      "developer.spotify.com/dashboard",
    "scope": "the login that is kept was given for less than this: remove its file, if one is kept, and log in again",
    "premium": "since 2026 the owner of a development app needs Spotify Premium"}
"""What a refusal means, by a word of its own."""
DOORS = {
    "audio-features": "audio features are closed to apps made since November 2024: they stay empty",
    "playlists": "since March 2026 a development app sees only playlists that its user owns or shares: copy the songs into one "
                 "of yours",
    "artists": "the genres of many artists at once are closed to development apps: they stay empty",
    "": "the app lacks a permission for this, or Spotify has closed it to development apps: log in again, and see the app's "
        "settings"}
"""Where it has none: by the part of the API that refused."""


class CollectError(RuntimeError):
    """Spotify or the way to it did not answer as needed; the message says what to do. What was fetched before is kept."""


class Refused(CollectError):
    """Spotify says no to this, and would again."""


class NotFound(CollectError):
    """There is no such thing, or it is not for this user."""


class RateLimited(CollectError):
    """Spotify asks for a longer wait than anybody watches: ``seconds``, and the ``reason`` that it gave."""

    def __init__(self, message, seconds, reason):
        super().__init__(message)
        self.seconds, self.reason = seconds, reason


def spotify_client(client_id=None, client_secret=None, *, port=8765, keep_token=None, browser=None, api=API, accounts=ACCOUNTS):
    """A client of Spotify's Web API.

    Without a secret, a user logs in (PKCE, RFC 7636: the address to open is printed, and where no browser can answer to this
    machine, the address that it ends on is pasted back). With one, the app asks for itself (client credentials), which is
    enough for what belongs to no user.

    Parameters
    ----------
    client_id : str, optional
        Of an app on developer.spotify.com/dashboard; else that in the environment's ``SPOTIPY_CLIENT_ID``.
    client_secret : str, optional
        Only for what needs no user.
    port : int
        The app's settings must name ``http://127.0.0.1:PORT/callback`` as a redirect.
    keep_token : str or Path, optional
        A file to keep the login in, which its owner alone can read; in memory where it is not given.
    browser : bool, optional
        Whether a browser can be opened here and answer to this machine. Looked up where it is not given: not on Colab, nor
        where there is none.
    api, accounts : str
        Where the services are.

    Returns
    -------
    Spotify

    Raises
    ------
    CollectError
        There is no client id.
    """
    import spotipy
    client_id = client_id or os.environ.get("SPOTIPY_CLIENT_ID")
    if not client_id:
        raise CollectError("no client id: make an app on developer.spotify.com/dashboard and give its id (no secret is needed)")
    session = _session()
    if client_secret:
        manager = spotipy.SpotifyClientCredentials(client_id, client_secret, requests_session=session, requests_timeout=TIMEOUT,
                                                   cache_handler=spotipy.MemoryCacheHandler())
    else:
        kept = _owners_file(keep_token) if keep_token else spotipy.MemoryCacheHandler()
        browser = (_has_browser() if browser is None else browser) and _is_free(port)
        manager = spotipy.SpotifyPKCE(client_id, f"http://127.0.0.1:{port}/callback", scope=SCOPES, cache_handler=kept,
                                      open_browser=browser, requests_session=session, requests_timeout=TIMEOUT)
        manager.OAUTH_AUTHORIZE_URL = f"{accounts}/authorize"
        ask = manager.get_authorization_code if browser else lambda: _pasted_code(manager)
        manager.get_authorization_code = lambda: _announced(manager, ask)
    manager.OAUTH_TOKEN_URL = f"{accounts}/api/token"
    client = spotipy.Spotify(auth_manager=manager, requests_session=session, requests_timeout=TIMEOUT)
    client.prefix = api
    return Spotify(client, manager)


def _session():
    """A session of our own: spotipy's obeys Retry-After by sleeping, for hours, without a word."""
    import logging

    import requests
    logging.getLogger("spotipy").setLevel(logging.CRITICAL)  # it logs headers and bodies
    session = requests.Session()
    session.hooks["response"].append(_check)
    return session


def _check(response, **_):
    """Raise what is no answer: spotipy stumbles over an error whose body is not the documented one, and over half a token."""
    import spotipy
    try:
        body = response.json()
    except ValueError:
        body = None
    login = response.url.endswith("/api/token")
    if response.ok:
        if not isinstance(body, dict) or login and not {"access_token", "expires_in"} <= body.keys():
            raise spotipy.SpotifyException(502, -1, "an answer that makes no sense")
    elif not login or response.status_code == 429 or response.status_code >= 500:  # what else a login gets, spotipy can read
        error = body.get("error") if isinstance(body, dict) else response.text
        error = error if isinstance(error, dict) else {"message": str(error or "")}
        raise spotipy.SpotifyException(response.status_code, -1, error.get("message"), error.get("reason"), response.headers)


def _has_browser():
    """Whether a browser can be opened here and answer to this machine."""
    import webbrowser
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return "google.colab" not in sys.modules


def _is_free(port):
    """Whether the browser's answer can be waited for at this port: Jupyter or another login may have it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _owners_file(path):
    """Where a login is kept on disk: a file that its owner alone can read."""
    import spotipy

    class OwnersFile(spotipy.CacheFileHandler):
        def save_token_to_cache(self, token_info):
            place = Path(self.cache_path)
            place.parent.mkdir(parents=True, exist_ok=True)
            beside = place.with_name(f".{place.name}.part")
            beside.unlink(missing_ok=True)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(token_info, file)
            os.replace(beside, place)
    return OwnersFile(cache_path=str(path))


def _announced(manager, ask):
    """The code of a login, by `ask`, after saying where to log in: a browser may fail to open."""
    print(f"To log in, open this address, if your browser does not do so by itself:\n{manager.get_authorize_url()}")
    return ask()


def _pasted_code(manager):
    """The code of a login in a browser elsewhere. It is typed unseen: a notebook keeps what is typed in the open."""
    print("and paste the address that the browser ends on (the page itself may fail to load)")
    _, code = manager.parse_auth_response_url(getpass("address: ").strip())
    if not code:
        raise CollectError("the pasted address holds no code: copy all of it, from http://127.0.0.1 to its end")
    return code


class Spotify:
    """Asks Spotify's Web API, through spotipy, and answers its refusals.

    Parameters
    ----------
    client : spotipy.Spotify
    manager : spotipy's auth manager
    """

    def __init__(self, client, manager):
        self.client, self.manager, self.requests = client, manager, 0

    def get(self, path, **parameters):
        """An answer as a dict, by all that patience and good manners allow.

        Raises
        ------
        RateLimited, NotFound, Refused, CollectError
        """
        return self._ask(lambda: self.client._get(path, **parameters), path)

    def post(self, path, payload):
        """As `get`, of something that is to be made or added. Not tried again where it may have been done."""
        return self._ask(lambda: self.client._post(path, payload=payload), path, again=False)

    def _ask(self, ask, path, *, again=True):
        import requests
        import spotipy
        stale = refreshed = False
        for attempt in range(TRIES):
            self.requests += 1
            try:
                if stale:
                    self._refresh()
                    stale, refreshed = False, True
                return ask()
            except spotipy.SpotifyException as error:
                if error.http_status == 429:
                    _wait_or_leave(error)
                    trouble = "nothing but requests to wait"
                    continue
                if error.http_status == 401 and not refreshed:
                    stale, trouble = True, "a login that ran out"
                    continue
                if error.http_status < 500:
                    raise _meaning(error, path) from None
                trouble = f"an error of its own or no answer that makes sense ({error.http_status})"
            except spotipy.SpotifyOauthError as error:
                raise CollectError(f"Spotify does not take the login ({str(error.error or 'no reason')[:80]}): log in "
                                   "again") from None
            except requests.ConnectionError as error:
                if _no_network(error):
                    raise CollectError("no connection to Spotify: is there a network?") from None
                trouble = "a broken connection"
            except (requests.Timeout, requests.exceptions.ChunkedEncodingError):
                trouble = "no answer in time"
            if not again:
                raise CollectError(f"Spotify gave {trouble}; whether it was done is unknown: run it again, which doubles nothing")
            time.sleep(min(.5 * 2 ** attempt, LONGEST_WAIT))
        raise CollectError(f"Spotify gave {trouble}, {TRIES} times: what was fetched is kept; try again later")

    def _refresh(self):
        """Get a fresh token in place of one that is not taken, where there is a way to."""
        if not hasattr(self.manager, "refresh_access_token"):
            self.manager.get_access_token(as_dict=False, check_cache=False)
        elif token := (self.manager.cache_handler.get_cached_token() or {}).get("refresh_token"):
            self.manager.refresh_access_token(token)


def _wait_or_leave(error):
    """Wait as long as Spotify asks for, with a countdown; leave where that is too long."""
    try:
        seconds = max(1, int(float((error.headers or {}).get("Retry-After", 1))))
    except ValueError:
        seconds = 1
    if seconds > LONGEST_WAIT:
        until = time.strftime("%Y-%m-%d %H:%M", time.localtime(time.time() + seconds))
        reason = error.reason or "too many requests"
        raise RateLimited(f"Spotify asks to come back in {seconds / 3600:.1f} hours, at {until} ({reason}); what was fetched "
                            "is kept, and the same call goes on from there", seconds, reason) from None
    for _ in tqdm(range(seconds), desc="Spotify asks to wait", unit="s", file=sys.stdout, leave=False):
        time.sleep(1)


def _meaning(error, path):
    """What a refusal means, in words that help."""
    if error.http_status == 401:
        return CollectError("the login is not valid any more: log in again")
    if error.http_status == 404:
        return NotFound(f"Spotify knows no {path}, or shows it only to its owner")
    if error.http_status == 403:
        said = str(error.msg).lower()
        rule = next((text for word, text in RULES.items() if word in said), None)
        return Refused(f"Spotify refuses {path}: {rule or next(text for door, text in DOORS.items() if path.startswith(door))}")
    return CollectError(f"Spotify does not understand {path} ({error.http_status})")


def _no_network(error):
    """Whether there is no way at all, rather than a connection that broke."""
    return any(word in str(error) for word in ("Failed to resolve", "Name or service not known", "Network is unreachable",
                                               "Connection refused", "getaddrinfo failed"))
