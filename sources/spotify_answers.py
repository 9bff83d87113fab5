"""What Spotify's Web API answers, as rows of tables.

An answer may lack fields, or hold something else than documented. This module alone reads answers: what is known of an
entry is kept, a field of another type is left empty and named, and an answer that cannot be used at all is one clear
error.
"""

import collections
import hashlib
import math

from sources.spotify_api import CollectError

SOURCE = "Spotify export"


def list_of(answer, name, path):
    """The list `name` of an answer.

    Raises
    ------
    CollectError
        It is missing; for a list of `items`, their total number too.
    """
    if is_list(answer, name):
        return answer[name]
    raise CollectError(f"Spotify's answer about {path} lacks its {name}. What was fetched is kept; try again later")


def is_list(answer, name):
    """Whether an answer holds the list `name`, and for a list of `items` their total number."""
    if not isinstance(answer, dict) or not isinstance(answer.get(name), list):
        return False
    return name != "items" or _whole(answer.get("total")) is not None


def id_of(answer, path):
    """The id in an answer; a `CollectError` where there is none."""
    if identity := _text(_object(answer).get("id")):
        return identity
    raise CollectError(f"Spotify's answer about {path} lacks its id. Try again later")


# ---- tracks

def read_tracks(entries):
    """Read the entries of a list of tracks.

    Parameters
    ----------
    entries : list
        As Spotify gives them. Each generation of the API wraps a track in another way, or not at all.

    Returns
    -------
    rows : dict of str to dict
        By `track_id`, each track once: the columns that an entry holds, and the id of the first artist in
        `first_artist`.
    skipped : list of dict
        The entries that are left out: `song` and `reason`.
    malformed : collections.Counter
        How many rows have an empty field because it was not as documented, by field.

    Examples
    --------
    >>> rows, skipped, malformed = read_tracks([{"track": {"id": "x", "name": "So What", "duration_ms": "long"}}, None])
    >>> rows["x"]["song"], rows["x"]["duration_ms"], skipped[0]["reason"], dict(malformed)
    ('So What', None, 'removed or not available', {'duration_ms': 1})
    """
    rows, skipped, malformed = {}, [], collections.Counter()
    for entry in entries:
        row, reason, fields = _read_track(entry)
        if row and row["track_id"] in rows:
            row, reason = None, "twice in the list"
        if row:
            rows[row["track_id"]] = row
            malformed.update(sorted(fields))
        else:
            skipped.append({"song": _text(_object(track_of(entry)).get("name")) or "?", "reason": reason})
    return rows, skipped, malformed


def track_of(entry):
    """The track of an entry, as Spotify gives it; None where there is none."""
    if not isinstance(entry, dict):
        return None
    track = (entry.get("item") or entry.get("track")) if {"item", "track", "added_at"} & set(entry) else entry
    return track if isinstance(track, dict) else None


def _read_track(entry):
    """An entry as a row, or None and the reason why it is not a track; and the fields that are not as documented."""
    track = track_of(entry)
    if track is None or track.get("name") in (None, ""):
        return None, "removed or not available", ()
    if track.get("type") == "episode":
        return None, "podcast", ()
    malformed = set()

    def field(values, name, read, called=None):
        value = read(values.get(name))
        if value is None and values.get(name) not in (None, ""):
            malformed.add(called or name)
        return value

    name = field(track, "name", _text)
    if name is None:
        return None, "its name is no text", ()
    album = field(track, "album", lambda value: value if isinstance(value, dict) else None) or {}
    artists = field(track, "artists", lambda value: value if isinstance(value, list) else None) or []
    names = [field(artist, "name", _text, "artists") for artist in artists if isinstance(artist, dict)]
    if not all(isinstance(artist, dict) for artist in artists):
        malformed.add("artists")
    names = list(filter(None, names))
    row = {"duration_ms": field(track, "duration_ms", _whole), "explicit": field(track, "explicit", _truth),
           "popularity": field(track, "popularity", _whole), "uri": field(track, "uri", _text),
           "artist": ", ".join(names) or None, "artists": names, "song": name,
           "album": field(album, "name", _text, "album"), "release_date": field(album, "release_date", _text),
           "added_at": field(entry, "added_at", _text), "source": SOURCE,
           "first_artist": _text(_object(artists[0] if artists else None).get("id"))}
    # a file of the user's own disk has no id, but a URI with its artist, album, title and length
    local = hashlib.sha1((row["uri"] or f"{names}|{name}").encode()).hexdigest()[:22]
    return row | {"track_id": field(track, "id", _text) or local}, None, malformed


def uris_of(entries):
    """The URIs of the tracks in the entries of a list."""
    return set(filter(None, (_text(_object(track_of(entry)).get("uri")) for entry in entries)))


def read_genres(artists):
    """The genres of artists by their id: text with commas, or None where Spotify names none."""
    by_artist = {}
    for artist in artists:
        genres = _object(artist).get("genres")
        names = filter(None, map(_text, genres)) if isinstance(genres, list) else ()
        if identity := _text(_object(artist).get("id")):
            by_artist[identity] = ", ".join(names) or None
    return by_artist


def read_features(tracks, names):
    """The audio features of tracks by their id: dicts of numbers, None where there is none."""
    by_track = {}
    for track in tracks:
        if identity := _text(_object(track).get("id")):
            by_track[identity] = {name: _number(track.get(name)) for name in names}
    return by_track


# ---- playlists

def read_playlists(entries):
    """Read the entries of a list of playlists.

    Returns
    -------
    rows : list of dict
        `playlist_id, name, owner, tracks` (their number); what is not known is None.
    skipped : int
        Entries without an id.
    """
    rows = []
    for entry in map(_object, entries):
        if identity := _text(entry.get("id")):
            tracks = _object(entry.get("items")) or _object(entry.get("tracks"))
            rows.append({"playlist_id": identity, "name": _text(entry.get("name")),
                         "owner": _text(_object(entry.get("owner")).get("id")), "tracks": _whole(tracks.get("total"))})
    return rows, len(entries) - len(rows)


# ---- values

def _object(value):
    """The value, if it is an object of JSON; else an empty one."""
    return value if isinstance(value, dict) else {}


def _text(value):
    """Text, or a number as text; None for what is neither, and for empty text."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode() or None  # half of a character could not be written to a file
    return str(value) if _number(value) is not None else None


def _number(value):
    """A finite number; None for anything else."""
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if known and abs(value) < 1e15 and math.isfinite(value) else None


def _whole(value):
    """A number of things; None for anything else."""
    number = _number(value)
    return int(number) if number is not None and number >= 0 and number == int(number) else None


def _truth(value):
    return value if isinstance(value, bool) else None
