"""A client of Spotify's Web API: it logs in, sends requests, waits and tries again, and explains errors.

No secret is printed, shown in an error or written to a notebook. A token is written to disk only on request.
"""

import json
import logging
import os
import secrets
import socket
import sys
import threading
import time
from getpass import getpass

from sources.files import atomic_path
from sources.progress import progress

API, ACCOUNTS = "https://api.spotify.com/v1/", "https://accounts.spotify.com"
SCOPES = "user-library-read user-top-read playlist-read-private playlist-read-collaborative playlist-modify-private"
LONGEST_WAIT = 60
"""The longest wait in seconds that is obeyed when Spotify asks for one; a longer one ends the run."""
LONGEST_NAMED = 10 * 365 * 86_400
"""A longer wait in seconds is named as this one: dates end in the year 9999."""
TRIES = 5
"""How often a request is sent before it counts as failed."""
TIMEOUT = 20
"""Seconds until a request counts as unanswered."""
LONGEST_ANSWER = 120
"""Seconds until an answer is whole, however slowly it is sent."""
REFUSAL_MESSAGES = {
    "not registered": "the app's owner has to enter this account under User Management in the app's settings, on "
                      "developer.spotify.com/dashboard",
    "scope": "the saved login has too few permissions: remove its file, if there is one, and log in again",
    "premium": "since 2026 the owner of a development app needs Spotify Premium"}
"""Explanations of a refusal (status 403), by a word in Spotify's message."""
CLOSED_PATHS = {
    "audio-features": "audio features are closed to apps made since November 2024; these columns stay empty",
    "playlists": "since March 2026 a development app can only read playlists that its user owns or shares: copy the "
                 "songs into a playlist of your own",
    "artists": "the genres of many artists at once are closed to development apps; this column stays empty",
    "": "the app lacks a permission for this, or Spotify has closed it to development apps: log in again, and check "
        "the app's settings"}
"""Explanations of a refusal whose message has none of these words, by the first part of the path."""


OTHER_LOGIN = "the browser's answer belongs to another login: log in again, with the address that is printed now"


class CollectError(RuntimeError):
    """A request to Spotify failed; the message explains what to do. Pages that were fetched before are kept."""


class Refused(CollectError):
    """Spotify does not allow this request (status 403); trying again does not help."""


class NotFound(CollectError):
    """Spotify does not know this resource, or does not show it to this user (status 404)."""


class RateLimited(CollectError):
    """Spotify asks for a wait of more than `LONGEST_WAIT` (status 429).

    Attributes
    ----------
    seconds : int
        The wait.
    reason : str
        As Spotify gave it.
    """

    def __init__(self, message, seconds, reason):
        super().__init__(message)
        self.seconds = seconds
        self.reason = reason


# ---- logging in

def spotify_client(client_id=None, client_secret=None, *, port=8765, keep_token=None, browser=None, api=API,
                   accounts=ACCOUNTS):
    """A client of Spotify's Web API.

    Without a secret a user logs in (PKCE, RFC 7636). The address to open is printed. If a browser on this machine
    cannot be used, the user opens it elsewhere and pastes the address at which the browser ends. With a secret the app
    itself logs in (client credentials); this is enough for everything that does not belong to a user.

    Parameters
    ----------
    client_id : str, optional
        The id of an app on developer.spotify.com/dashboard. By default the environment variable ``SPOTIPY_CLIENT_ID``.
    client_secret : str, optional
        The secret of the app, if no user has to log in.
    port : int
        The app's settings must contain the redirect address ``http://127.0.0.1:PORT/callback``.
    keep_token : str or Path, optional
        A file for the login, which only its owner can read. By default the login is kept in memory.
    browser : bool, optional
        Whether a browser can be opened that reaches this machine. By default this is checked; it is False on Colab.
    api, accounts : str
        The addresses of the two services.

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
        raise CollectError("no client id: make an app on developer.spotify.com/dashboard and give its id (no secret "
                           "is needed)")
    session = _session()
    if client_secret:
        manager = spotipy.SpotifyClientCredentials(client_id, client_secret, requests_session=session,
                                                   requests_timeout=TIMEOUT, cache_handler=spotipy.MemoryCacheHandler())
    else:
        manager = _user_login(client_id, port, keep_token, browser, accounts, session)
    manager.OAUTH_TOKEN_URL = f"{accounts}/api/token"
    client = spotipy.Spotify(auth_manager=manager, requests_session=session, requests_timeout=TIMEOUT)
    client.prefix = api
    return Spotify(client, manager)


def _user_login(client_id, port, keep_token, browser, accounts, session):
    """The auth manager for a user who logs in; the other arguments are those of `spotify_client`."""
    import spotipy
    cache = _private_token_file(keep_token) if keep_token else spotipy.MemoryCacheHandler()
    browser = (_has_browser() if browser is None else browser) and _is_free(port)
    # the state shows that an answer of the browser belongs to this login; spotipy checks it where it opens the browser
    manager = spotipy.SpotifyPKCE(client_id, f"http://127.0.0.1:{port}/callback", scope=SCOPES, cache_handler=cache,
                                  state=secrets.token_urlsafe(16),
                                  open_browser=browser, requests_session=session, requests_timeout=TIMEOUT)
    manager.OAUTH_AUTHORIZE_URL = f"{accounts}/authorize"
    get_code = manager.get_authorization_code if browser else lambda: _pasted_code(manager)
    manager.get_authorization_code = lambda: _announced_code(manager, get_code)
    return manager


def _within(seconds, work, error):
    """The result of some work that ends within so many seconds; else an error is raised, and the work is left alone."""
    done = []

    def run():
        try:
            done.append((work(), None))
        except BaseException as failure:  # it is raised again below, in the thread that waits
            done.append((None, failure))
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not done:
        raise error
    result, failure = done[0]
    if failure:
        raise failure
    return result


def _session():
    """A session without spotipy's own retries, which obey Retry-After by sleeping for hours without a message.

    The timeout of requests is for each piece of an answer; here the whole answer has to arrive in time.
    """
    import requests

    class InTime(requests.adapters.HTTPAdapter):
        def send(self, request, **options):
            def whole():
                response = super(InTime, self).send(request, **options)
                response.content  # noqa: B018 - reads all of it
                return response
            return _within(LONGEST_ANSWER, whole, requests.Timeout("the answer did not end"))

    logging.getLogger("spotipy").setLevel(logging.CRITICAL)  # it logs headers and bodies, which hold secrets
    session = requests.Session()
    session.mount("http://", InTime())
    session.mount("https://", InTime())
    session.hooks["response"].append(_check)
    return session


def _check(response, **_):
    """Raise an error for an answer that cannot be used.

    spotipy itself fails on errors whose body is not as documented, and on tokens that are incomplete.
    """
    import spotipy
    try:
        body = response.json()
    except ValueError:
        body = None
    login = response.url.endswith("/api/token")
    if response.ok:
        if not isinstance(body, dict) or login and not {"access_token", "expires_in"} <= body.keys():
            raise spotipy.SpotifyException(502, -1, "an answer that makes no sense")
    elif not login or response.status_code == 429 or response.status_code >= 500:  # spotipy reads other login errors
        error = body.get("error") if isinstance(body, dict) else response.text
        error = error if isinstance(error, dict) else {"message": str(error or "")}
        raise spotipy.SpotifyException(response.status_code, -1, error.get("message"), error.get("reason"),
                                       response.headers)


def _has_browser():
    """Whether a browser can be opened that reaches this machine."""
    import webbrowser
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return "google.colab" not in sys.modules


def _is_free(port):
    """Whether this port is free to wait for the browser's answer; Jupyter or another login may use it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _private_token_file(path):
    """A cache for a login in a file that only its owner can read."""
    import spotipy

    class PrivateTokenFile(spotipy.CacheFileHandler):
        def save_token_to_cache(self, token_info):
            with atomic_path(self.cache_path) as temporary:
                temporary.unlink(missing_ok=True)
                # the file is private from the beginning: a later chmod would leave it readable for a moment
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with open(descriptor, "w", encoding="utf-8") as file:
                    json.dump(token_info, file)
    return PrivateTokenFile(cache_path=str(path))


def _announced_code(manager, get_code):
    """The code of a login. The address is printed first, because a browser may fail to open."""
    print(f"To log in, open this address, if your browser does not do so by itself:\n{manager.get_authorize_url()}")
    return get_code()


def _pasted_code(manager):
    """The code of a login in a browser elsewhere. The input is hidden, because a notebook would save it."""
    print("and paste the address at which the browser ends (the page itself may fail to load)")
    state, code = manager.parse_auth_response_url(getpass("address: ").strip())
    if not code:
        raise CollectError("the pasted address holds no code: copy all of it, from http://127.0.0.1 to its end")
    if state != manager.state:
        raise CollectError(OTHER_LOGIN)
    return code


# ---- requests

class Spotify:
    """Sends requests to Spotify's Web API through spotipy, and handles its errors.

    Parameters
    ----------
    client : spotipy.Spotify
    manager : spotipy.SpotifyPKCE or spotipy.SpotifyClientCredentials

    Attributes
    ----------
    requests : int
        How many requests were sent.
    """

    def __init__(self, client, manager):
        self.client = client
        self.manager = manager
        self.requests = 0

    def get(self, path, **parameters):
        """The answer to a GET request.

        Short waits are obeyed, an expired login is renewed, and errors that may pass are tried again, up to `TRIES`
        times.

        Parameters
        ----------
        path : str
            Such as ``me/tracks``.
        **parameters
            Of the query.

        Returns
        -------
        dict

        Raises
        ------
        RateLimited, NotFound, Refused, CollectError
            The message explains what to do.
        """
        return self._send(lambda: self.client._get(path, **parameters), path)

    def post(self, path, payload):
        """The answer to a POST request, which makes or adds something.

        As `get`, but a request that Spotify may have carried out is not sent again.
        """
        return self._send(lambda: self.client._post(path, payload=payload), path, repeat=False)

    def _send(self, request, path, *, repeat=True):
        """The answer to a request, which is sent again after an error that may pass."""
        import requests
        import spotipy
        expired = renewed = False
        for attempt in range(TRIES):
            self.requests += 1
            try:
                if expired:
                    self._renew_login()
                    expired, renewed = False, True
                return request()
            except spotipy.SpotifyException as error:
                if error.http_status == 429:
                    _wait_or_stop(error)
                    trouble = "only requests to wait"
                    continue
                if error.http_status == 401 and not renewed:
                    expired, trouble = True, "an expired login"
                    continue
                if error.http_status < 500:
                    raise _explained(error, path) from None
                trouble = f"a server error or an answer that makes no sense ({error.http_status})"
            except spotipy.SpotifyStateError:
                raise CollectError(OTHER_LOGIN) from None
            except spotipy.SpotifyOauthError as error:
                reason = str(error.error or "no reason")[:80]
                raise CollectError(f"Spotify does not accept the login ({reason}): log in again") from None
            except requests.ConnectionError as error:
                if _no_network(error):
                    raise CollectError("no connection to Spotify: is there a network?") from None
                trouble = "a broken connection"
            except (requests.Timeout, requests.exceptions.ChunkedEncodingError):
                trouble = "no answer in time"
            if not repeat:
                raise CollectError(f"Spotify gave {trouble}. It is unknown whether the request was carried out: run it "
                                   "again, nothing is added twice")
            time.sleep(min(.5 * 2 ** attempt, LONGEST_WAIT))
        raise CollectError(f"Spotify gave {trouble}, {TRIES} times. What was fetched is kept; try again later")

    def _renew_login(self):
        """Get a new token in place of an expired one, if the kind of login allows it."""
        if not hasattr(self.manager, "refresh_access_token"):
            self.manager.get_access_token(as_dict=False, check_cache=False)
        elif token := (self.manager.cache_handler.get_cached_token() or {}).get("refresh_token"):
            self.manager.refresh_access_token(token)


def _wait_or_stop(error):
    """Wait as long as Spotify asks for, with a countdown; raise `RateLimited` if that is too long."""
    try:
        seconds = max(1, int(float((error.headers or {}).get("Retry-After", 1))))
    except (ValueError, OverflowError):  # words, or no number that can be waited for
        seconds = 1
    if seconds > LONGEST_WAIT:
        seconds = min(seconds, LONGEST_NAMED)
        until = time.strftime("%Y-%m-%d %H:%M", time.localtime(time.time() + seconds))
        reason = error.reason or "too many requests"
        raise RateLimited(f"Spotify asks to come back in {seconds / 3600:.1f} hours, at {until} ({reason}). What was "
                          "fetched is kept, and the same call continues from there", seconds, reason) from None
    for _ in progress(range(seconds), desc="Spotify asks to wait", unit="s"):
        time.sleep(1)


def _explained(error, path):
    """The error to raise for an answer with a status below 500, with a message that explains what to do."""
    if error.http_status == 401:
        return CollectError("the login is no longer valid: log in again")
    if error.http_status == 404:
        return NotFound(f"Spotify knows no {path}, or shows it only to its owner")
    if error.http_status == 403:
        message = str(error.msg).lower()
        explanation = next((text for word, text in REFUSAL_MESSAGES.items() if word in message), None)
        explanation = explanation or next(text for start, text in CLOSED_PATHS.items() if path.startswith(start))
        return Refused(f"Spotify refuses {path}: {explanation}")
    return CollectError(f"Spotify does not understand {path} ({error.http_status})")


def _no_network(error):
    """Whether there is no network at all, rather than a connection that broke."""
    return any(word in str(error) for word in ("Failed to resolve", "Name or service not known",
                                               "Network is unreachable", "Connection refused", "getaddrinfo failed"))


class RecordedSpotify:
    """Answers GET requests from a recorded example, as `Spotify` does from the Web API.

    Parameters
    ----------
    answers : dict
        The complete answer to each path; lists are cut into pages.

    Attributes
    ----------
    requests : int
        How many requests were made.
    """

    def __init__(self, answers):
        self.answers = answers
        self.requests = 0

    def get(self, path, *, limit=50, offset=0, ids=None, **_):
        """The answer for a path: one page of its list, or its entries with these ids.

        Raises
        ------
        Refused
            The example has no answer for this path.
        """
        self.requests += 1
        if path not in self.answers:
            raise Refused(f"the recorded example has no {path}")
        answer = self.answers[path]
        if ids is not None:
            name, = answer
            return {name: [entry for entry in answer[name] if entry["id"] in ids.split(",")]}
        return answer if "items" not in answer else answer | {"items": answer["items"][offset:offset + limit]}
