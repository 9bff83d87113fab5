"""Spotify library and playlists -> CSV; playlists back to Spotify, or to a file for any player.

Spotify's developer terms allow exports for looking at and playlists; they forbid training models on its content. Every
exported row says where it is from, in `source`.
"""

import hashlib
import json
import os
import re
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
from tqdm import tqdm

from sources.files import safe_name, write_table
from sources.spotify_api import CollectError, NotFound, Refused, spotify_client

__all__ = ["EXPORT_COLUMNS", "CollectError", "EXPORT_FEATURES", "RECORDED", "SOURCE", "create_playlist", "export_playlist",
           "export_playlist_file", "export_saved_tracks", "export_top_tracks", "list_playlists", "sound_locations",
           "recorded_client", "spotify_client"]

SOURCE = "Spotify export"
PAGE, BATCH = 50, 100
"""What both generations of the API give a page, and take at once."""
EXPORT_COLUMNS = ["track_id", "artist", "song", "album", "release_date", "genre", "duration_ms", "explicit", "popularity",
           "danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness", "instrumentalness", "liveness",
           "valence", "tempo", "added_at", "uri", "source"]
EXPORT_FEATURES = EXPORT_COLUMNS[9:20]
RECORDED = Path(__file__).resolve().parent / "notebooks" / "recorded_library.json"


# ---- out of Spotify

def list_playlists(client):
    """The user's playlists.

    Parameters
    ----------
    client : spotify.Spotify

    Returns
    -------
    pd.DataFrame
        Indexed by `playlist_id`: `name, owner, tracks`.
    """
    rows = []
    for one in filter(None, _listed(client, "me/playlists")):
        tracks = one.get("items") or one.get("tracks") or {}
        rows.append({"playlist_id": one["id"], "name": one["name"], "owner": one["owner"]["id"], "tracks": tracks.get("total")})
    return pd.DataFrame(rows, columns=["playlist_id", "name", "owner", "tracks"]).set_index("playlist_id")


def export_saved_tracks(client, out="spotify/saved_tracks.csv"):
    """The user's saved tracks, to a table and a CSV file.

    Each page is kept as it comes, so that an export that ended early goes on where it stopped and fetches nothing twice.

    Parameters
    ----------
    client : spotify.Spotify
    out : str or Path

    Returns
    -------
    pd.DataFrame
        The tracks table: one row a track, `source` says "Spotify export"; what the account does not get stays empty. What was
        left out and why in ``attrs["skipped"]``.

    Raises
    ------
    CollectError
        The export ended early; what was fetched is kept.
    """
    return _export(client, "me/tracks", out)


def export_playlist(client, playlist, out=None):
    """A playlist's tracks; the rest as for `export_saved_tracks`.

    Parameters
    ----------
    playlist : str
        Its id, address or URI.
    out : str or Path, optional
        ``spotify/ID.csv`` where it is not given.
    """
    playlist = playlist.split("?")[0].rstrip("/").split("/")[-1].split(":")[-1]
    out = out or Path("spotify") / f"{safe_name(playlist)}.csv"
    try:
        return _export(client, f"playlists/{playlist}/items", out)
    except NotFound:  # the API before 2026
        return _export(client, f"playlists/{playlist}/tracks", out)


def export_top_tracks(client, out="spotify/top_tracks.csv", *, time_range="medium_term"):
    """What the user plays most; the rest as for `export_saved_tracks`.

    Parameters
    ----------
    time_range : {'short_term', 'medium_term', 'long_term'}
        Four weeks, half a year, a year.
    """
    return _export(client, "me/top/tracks", out, time_range=time_range)


def _export(client, path, out, **parameters):
    out = Path(out)
    kept = out.parent / f".{out.name}.pages"
    entries = _pages(client, path, kept, parameters)
    rows, skipped = {}, []
    for entry in entries:
        row, reason = _row(entry)
        if row and row["track_id"] in rows:
            row, reason = None, "twice in the list"
        if row:
            rows[row["track_id"]] = row
        else:
            skipped.append({"song": _name(entry), "reason": reason})
    table = pd.DataFrame(rows.values(), columns=EXPORT_COLUMNS)
    table = _with_genres(client, table, entries, kept)
    table = _with_features(client, table, kept)
    table.attrs |= {"skipped": skipped, "source": SOURCE}
    write_table(table, out)
    shutil.rmtree(kept)  # it is complete: the next export begins anew
    if skipped:
        print(f"{len(skipped)} of {len(entries)} left out: " + "; ".join(
            f"{reason} {number}" for reason, number in pd.Series([one["reason"] for one in skipped]).value_counts().items()))
    return table


def _pages(client, path, kept, parameters):
    """All entries of a listing, page by page; what is kept from an earlier run is not fetched.

    Where the list grew or shrank after the first of the kept pages, they do not fit together: it is begun anew, once.
    """
    entries, offset, total, bar, anew = [], 0, None, None, False
    while total is None or offset < total:
        answer = _fetched(client, kept, f"{offset:06d}", path, "items", limit=PAGE, offset=offset, **parameters)
        if total not in (None, answer["total"]) and not anew:
            print("the list has changed since its first page was fetched: it is begun anew")
            shutil.rmtree(kept)
            bar.close()
            entries, offset, total, bar, anew = [], 0, None, None, True
            continue
        total = answer["total"]
        bar = bar or tqdm(total=total, desc="tracks", unit="track", file=sys.stdout, mininterval=1)
        entries += answer["items"]
        bar.update(len(answer["items"]))
        offset += len(answer["items"]) or PAGE
    bar.close()
    return entries


def _fetched(client, kept, name, path, holds, **parameters):
    """An answer from disk, or from Spotify and then onto disk; whole or not at all."""
    place = kept / f"{name}.json"
    question = hashlib.sha1(f"{path} {sorted(parameters.items())}".encode()).hexdigest()
    try:
        known = json.loads(place.read_text(encoding="utf-8"))
        if known["question"] == question:
            return known["answer"]
    except (OSError, ValueError, KeyError):
        pass
    answer = _whole(client.get(path, **parameters), path, holds)
    kept.mkdir(parents=True, exist_ok=True)
    beside = place.with_suffix(".part")
    beside.write_text(json.dumps({"question": question, "answer": answer}), encoding="utf-8")
    os.replace(beside, place)
    return answer


def _whole(answer, path, holds="items"):
    """An answer, if it holds the list that it should."""
    if not isinstance(answer.get(holds), list) or holds == "items" and not isinstance(answer.get("total"), int):
        raise CollectError(f"Spotify's answer about {path} lacks its {holds}: what was fetched before is kept; try again later")
    return answer


def _listed(client, path):
    """The entries of a listing, page by page, none of which is kept."""
    offset, total = 0, 1
    while offset < total:
        answer = _whole(client.get(path, limit=PAGE, offset=offset), path)
        yield from answer["items"]
        offset, total = offset + (len(answer["items"]) or PAGE), answer["total"]


def _track(entry):
    """The track of an entry, which both generations of the API wrap differently, or not at all."""
    if not entry:
        return None
    return entry.get("item") or entry.get("track") if {"item", "track", "added_at"} & set(entry) else entry


def _name(entry):
    return (_track(entry) or {}).get("name") or "?"


def _row(entry):
    """An entry as a row of the tracks table, or why it is none."""
    track = _track(entry)
    if not track or not track.get("name"):
        return None, "removed or not available"
    if track.get("type") == "episode":
        return None, "podcast"
    artists = ", ".join(one["name"] for one in track.get("artists") or [] if one.get("name"))
    album = track.get("album") or {}
    identity = track.get("id") or hashlib.sha1(f"{artists}|{track['name']}".encode()).hexdigest()[:22]  # a local file has no id
    return {"track_id": identity, "artist": artists or None, "song": track["name"], "album": album.get("name"),
            "release_date": album.get("release_date"), "duration_ms": track.get("duration_ms"), "explicit": track.get("explicit"),
            "popularity": track.get("popularity"), "added_at": entry.get("added_at"), "uri": track.get("uri"),
            "source": SOURCE}, None


def _with_genres(client, table, entries, kept):
    """The genres of each track's artists, where the account gets them."""
    artists = {}
    for entry in entries:
        track = _track(entry) or {}
        for one in (track.get("artists") or [])[:1]:
            if one.get("id"):
                artists.setdefault(track.get("id"), one["id"])
    genres = {}
    try:
        for ids in _batches(sorted(set(artists.values())), PAGE):
            for one in filter(None, _fetched(client, kept, f"artists {ids[0]}", "artists", "artists",
                                            ids=",".join(ids))["artists"]):
                genres[one["id"]] = ", ".join(one.get("genres") or []) or None
    except (Refused, NotFound) as error:
        print(error)
    return table.assign(genre=[genres.get(artists.get(track)) for track in table["track_id"]])


def _with_features(client, table, kept):
    """Spotify's audio features, where the app still gets them."""
    known = table.loc[table["uri"].fillna("").str.startswith("spotify:track:"), "track_id"].tolist()
    found = {}
    try:
        for ids in _batches(known, BATCH):
            answer = _fetched(client, kept, f"features {ids[0]}", "audio-features", "audio_features", ids=",".join(ids))
            found |= {one["id"]: one for one in answer["audio_features"] if one}
    except (Refused, NotFound) as error:
        print(error)
    if not found:
        return table
    return table.assign(**{name: [found.get(track, {}).get(name) for track in table["track_id"]] for name in EXPORT_FEATURES})


def _batches(values, size):
    return [values[first:first + size] for first in range(0, len(values), size)]


# ---- into Spotify, or a file

def create_playlist(tracks, name, *, client=None, dry_run=True):
    """Make a playlist on Spotify, or add to the user's playlist of that name what it has not.

    Parameters
    ----------
    tracks : pd.DataFrame
        With `uri`, or with `track_id` as Spotify has it; rows that Spotify does not know are left out and counted.
    name : str
    client : spotify.Spotify, optional
        Not needed to see what would be done.
    dry_run : bool
        Only say what would be done.

    Returns
    -------
    list of str
        What was added, or would be.

    Raises
    ------
    CollectError
        Spotify refused; running it again doubles nothing.
    """
    uris = list(dict.fromkeys(_uris(tracks)))
    missing = len(tracks) - len(uris)
    note = f" ({missing} of {len(tracks)} rows are not on Spotify, or twice here)" if missing else ""
    if dry_run and client is None:
        print(f"would make a private playlist {name!r} of {len(uris)} tracks{note}; dry_run=False does it")
        return uris
    mine = list_playlists(client)
    me = client.get("me")["id"]
    found = mine[(mine["name"] == name) & (mine["owner"] == me)]
    there = set(_uris_of(client, found.index[0])) if len(found) else set()
    new = [uri for uri in uris if uri not in there]
    if dry_run:
        print(f"would add {len(new)} of {len(uris)} tracks to {'the' if len(found) else 'a new private'} playlist {name!r}{note}")
        return new
    playlist = found.index[0] if len(found) else _made(client, me, name)
    for some in tqdm(_batches(new, BATCH), desc=f"to {name}", unit="batch", file=sys.stdout):
        _posted(client, playlist, some)
    print(f"{len(new)} tracks added to {name!r}, {len(there)} were there{note}")
    return new


def _uris(tracks):
    """The tracks that Spotify knows, as its URIs."""
    return list(filter(None, map(_uri, tracks.reset_index().to_dict("records"))))


def _uri(row):
    uri, identity = _text(row, "uri"), _text(row, "track_id")
    if uri.startswith("spotify:track:"):
        return uri
    return f"spotify:track:{identity}" if not uri and len(identity) == 22 and identity.isalnum() else ""


def _uris_of(client, playlist):
    """What stands in a playlist already."""
    try:
        entries = list(_listed(client, f"playlists/{playlist}/items"))
    except NotFound:  # the API before 2026
        entries = list(_listed(client, f"playlists/{playlist}/tracks"))
    return [track["uri"] for track in map(_track, entries) if track and track.get("uri")]


def _made(client, me, name):
    wanted = {"name": name, "public": False, "description": "made with What a song is made of"}
    try:
        return client.post("me/playlists", wanted)["id"]
    except (NotFound, Refused):  # the API before 2026
        return client.post(f"users/{me}/playlists", wanted)["id"]


def _posted(client, playlist, uris):
    try:
        client.post(f"playlists/{playlist}/items", {"uris": uris})
    except NotFound:
        client.post(f"playlists/{playlist}/tracks", {"uris": uris})


def export_playlist_file(tracks, path):
    """Write a playlist for any player, or as a table: the ending says which.

    Players look for a sound file from where the playlist lies, so paths are written from the root.

    Parameters
    ----------
    tracks : pd.DataFrame
        In the order of the playlist; `path`, `uri` or Spotify's `track_id`, and what is there of `artist, song, album,
        duration_ms`.
    path : str or Path
        Ends in ``.m3u8``, ``.xspf`` or ``.csv``; it appears whole or not at all.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        The ending is another, or no row says where its sound is.

    Examples
    --------
    >>> import tempfile
    >>> songs = pd.DataFrame({"artist": ["Ann"], "song": ["Sea"], "path": ["/music/sea.mp3"], "duration_ms": [61_000]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(export_playlist_file(songs, Path(folder) / "a.m3u8").read_text())
    #EXTM3U
    #EXTINF:61,Ann - Sea
    /music/sea.mp3
    <BLANKLINE>
    """
    path = Path(path)
    if path.suffix == ".csv":
        return write_table(tracks, path)
    writers = {".m3u8": _m3u8, ".xspf": _xspf}
    if path.suffix not in writers:
        raise ValueError(f"{path.name} should end in .m3u8, .xspf or .csv")
    rows = [row for row in tracks.reset_index().to_dict("records") if _place(row)]
    if not rows:
        raise ValueError("no row says where its sound is: the table needs a column 'path' or 'uri'")
    if len(rows) < len(tracks):
        print(f"{len(tracks) - len(rows)} of {len(tracks)} rows have neither path nor uri: left out")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(writers[path.suffix](rows), encoding="utf-8")
    os.replace(beside, path)
    return path


def _text(row, column):
    """A cell in one line, without what XML cannot hold."""
    value = row.get(column)
    return "" if value is None or pd.isna(value) else " ".join(re.sub(r"[\x00-\x1f\x7f\ufffe\uffff]", " ", str(value)).split())


def _place(row):
    """Where a row's sound is; a path as it is, since two spaces in one mean two."""
    return str(row["path"]) if _text(row, "path") else _text(row, "uri") or _uri(row)


def _is_address(place):
    return bool(re.match(r"[a-z][a-z0-9+.-]+:", place)) and not Path(place).exists()


def sound_locations(tracks):
    """Where each song's sound is, a path or Spotify's URI; empty where nobody knows."""
    return [_place(row) for row in tracks.reset_index().to_dict("records")]


def _m3u8(rows):
    lines = ["#EXTM3U"]
    for row in rows:
        seconds = round(float(row["duration_ms"]) / 1000) if _text(row, "duration_ms") else -1
        lines.append(f"#EXTINF:{seconds},{' - '.join(filter(None, (_text(row, 'artist'), _text(row, 'song'))))}")
        lines.append(_place(row) if _is_address(_place(row)) else str(Path(_place(row)).absolute()))
    return "\n".join(lines) + "\n"


def _xspf(rows):
    root = ElementTree.Element("playlist", version="1", xmlns="http://xspf.org/ns/0/")
    listed = ElementTree.SubElement(root, "trackList")
    for row in rows:
        track = ElementTree.SubElement(listed, "track")
        place = _place(row)
        location = place if _is_address(place) else Path(place).absolute().as_uri()
        about = {"location": location, "title": _text(row, "song"), "creator": _text(row, "artist"), "album": _text(row, "album"),
                 "duration": str(round(float(row["duration_ms"]))) if _text(row, "duration_ms") else ""}
        for name, value in about.items():
            if value:
                ElementTree.SubElement(track, name).text = value
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


# ---- without an account

class _Recorded:
    """Answers as Spotify would, from a recorded example."""

    def __init__(self, answers):
        self.answers, self.requests = answers, 0

    def get(self, path, *, limit=PAGE, offset=0, ids=None, **_):
        self.requests += 1
        if path not in self.answers:
            raise Refused(f"the recorded example has no {path}")
        answer = self.answers[path]
        if ids is not None:
            name, = answer
            return {name: [one for one in answer[name] if one["id"] in ids.split(",")]}
        return answer if "items" not in answer else answer | {"items": answer["items"][offset:offset + limit]}


def recorded_client():
    """A client that answers from a small recorded example (synthetic names), for trying things without an account.

    Examples
    --------
    >>> list_playlists(recorded_client())["name"].tolist()
    ['Made up for the evening', 'Made up for a run']
    """
    return _Recorded(json.loads(RECORDED.read_text(encoding="utf-8")))
