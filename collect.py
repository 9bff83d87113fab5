"""Export a Spotify library and playlists to CSV files, and write playlists to Spotify or to files for any player.

Spotify's developer terms allow exports for looking at them and for playlists. They forbid to train models on Spotify's
content. Each exported row therefore names where it comes from, in the column `source`.
"""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd

from sources import spotify_answers
from sources.files import Journal, one_at_a_time, safe_name, write_table, write_text
from sources.progress import progress
from sources.spotify_answers import SOURCE
from sources.spotify_api import CollectError, NotFound, RecordedSpotify, Refused, spotify_client

__all__ = ["EXPORT_COLUMNS", "CollectError", "EXPORT_FEATURES", "RECORDED", "SOURCE", "create_playlist",
           "export_playlist", "export_playlist_file", "export_saved_tracks", "export_top_tracks", "list_playlists",
           "sound_locations", "recorded_client", "spotify_client"]

PAGE, BATCH = 50, 100
"""How many entries one page has, and how many ids one request may name, in both generations of the API."""
MOST_ENTRIES = 1_000_000
"""A list that says it has more is not fetched: it would not end."""
MOST_EMPTY_PAGES = 3
"""So many pages in a row without a new entry, and a list counts as one without an end."""
EXPORT_COLUMNS = ["track_id", "artist", "artists", "song", "album", "release_date", "genre", "duration_ms", "explicit",
                  "popularity", "danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness",
                  "instrumentalness", "liveness", "valence", "tempo", "added_at", "uri", "source"]
EXPORT_FEATURES = EXPORT_COLUMNS[10:21]  # Spotify's audio features
RECORDED = Path(__file__).resolve().parent / "notebooks" / "recorded_library.json"


# ---- from Spotify to a table

def list_playlists(client):
    """The user's playlists.

    Parameters
    ----------
    client : spotify_api.Spotify

    Returns
    -------
    pd.DataFrame
        Indexed by `playlist_id`: `name, owner, tracks` (their number).
    """
    rows, skipped = spotify_answers.read_playlists(_entries(client, "me/playlists"))
    if skipped:
        print(f"{skipped} of {len(rows) + skipped} playlists left out: Spotify gives no id for them")
    return pd.DataFrame(rows, columns=["playlist_id", "name", "owner", "tracks"]).set_index("playlist_id")


def export_saved_tracks(client, out="spotify/saved_tracks.csv"):
    """Export the user's saved tracks to a table and a CSV file.

    Each page is kept in a hidden file beside the CSV file until the export is complete. An export that was interrupted
    continues where it stopped and fetches nothing twice.

    Parameters
    ----------
    client : spotify_api.Spotify
    out : str or Path
        The CSV file.

    Returns
    -------
    pd.DataFrame
        One row for each track, with the columns `EXPORT_COLUMNS`. `source` is "Spotify export". Columns that Spotify
        does not give to the account are empty. ``attrs["skipped"]`` lists the entries that are left out, with the
        reason.

    Raises
    ------
    CollectError
        The export stopped early; what was fetched is kept.
    """
    return _export(client, "me/tracks", out)


def export_playlist(client, playlist, out=None):
    """Export the tracks of a playlist. Result and errors are those of `export_saved_tracks`.

    Parameters
    ----------
    client : spotify_api.Spotify
    playlist : str
        Its id, address or URI.
    out : str or Path, optional
        The CSV file; by default ``spotify/ID.csv``.
    """
    playlist = playlist.split("?")[0].rstrip("/").split("/")[-1].split(":")[-1]
    out = out or Path("spotify") / f"{safe_name(playlist)}.csv"
    return _with_tracks_path(playlist, lambda path: _export(client, path, out))


def _with_tracks_path(playlist, request):
    """The result of a request for the tracks of a playlist, which the API before 2026 has at another path."""
    try:
        return request(f"playlists/{playlist}/items")
    except NotFound:
        return request(f"playlists/{playlist}/tracks")


def export_top_tracks(client, out="spotify/top_tracks.csv", *, time_range="medium_term"):
    """Export the tracks that the user plays most. Result and errors are those of `export_saved_tracks`.

    Parameters
    ----------
    client : spotify_api.Spotify
    out : str or Path
        The CSV file.
    time_range : {'short_term', 'medium_term', 'long_term'}
        The last four weeks, half a year, or a year.
    """
    return _export(client, "me/top/tracks", out, time_range=time_range)


def _export(client, path, out, **parameters):
    """Fetch a list of tracks with their genres and features, and write it to a CSV file."""
    with one_at_a_time(out):
        return _fetch_and_write(client, path, out, parameters)


def _fetch_and_write(client, path, out, parameters):
    journal = Journal.beside(out)
    entries = _fetch_entries(client, path, journal, parameters)
    if entries is None:
        print("the list has changed since its first page was fetched: all its pages are fetched again")
        journal.path.unlink()
        journal = Journal.beside(out)
        entries = _fetch_entries(client, path, journal, parameters, stop_if_changed=False)
    rows, skipped, malformed = spotify_answers.read_tracks(entries)
    table = pd.DataFrame(list(rows.values()), columns=EXPORT_COLUMNS)
    table = _with_genres(client, table, {track: row["first_artist"] for track, row in rows.items()}, journal)
    table = _with_features(client, table, journal)
    table.attrs |= {"skipped": skipped, "malformed": dict(malformed), "source": SOURCE}
    write_table(table, out)
    if journal.path is not None:
        journal.path.unlink(missing_ok=True)  # the export is complete: the next one starts from the beginning
    if skipped:
        counts = pd.Series([entry["reason"] for entry in skipped]).value_counts()
        print(f"{len(skipped)} of {len(entries)} entries left out: "
              + "; ".join(f"{reason} {number}" for reason, number in counts.items()))
    if malformed:
        print("fields that are not as Spotify documents them, left empty: "
              + ", ".join(f"{name} of {number} tracks" for name, number in malformed.items()))
    return table


def _fetch_entries(client, path, journal, parameters, *, stop_if_changed=True):
    """All entries of a list, page by page; pages in the journal are not fetched again.

    None if the list became longer or shorter after its first page was fetched: such pages do not fit together. Only
    the offset is counted on: an address for the next page, which an answer may give, is not followed.
    """
    entries, offset, total, empty, before = [], 0, None, 0, None
    with progress(desc="tracks", unit="track", shown=journal.path is not None) as bar:
        while total is None or offset < total:
            answer = _fetch(client, journal, f"entries from {offset}", path, "items", limit=PAGE, offset=offset,
                            **parameters)
            if stop_if_changed and total not in (None, answer["total"]):
                return None
            total = bar.total = answer["total"]
            empty = empty + 1 if answer["items"] in ([], before) and total else 0
            if empty == MOST_EMPTY_PAGES or total > MOST_ENTRIES:
                raise CollectError(f"Spotify says that {path} has {total:,} entries, and gives no new ones after "
                                   f"{len(entries):,}. What was fetched is kept; try again later")
            before = answer["items"]
            entries += answer["items"]
            offset += len(answer["items"]) or PAGE
            bar.update(len(answer["items"]))
    return entries


def _fetch(client, journal, key, path, content, **parameters):
    """An answer from the journal, or from Spotify; what comes from Spotify is added to the journal."""
    mark = [path, sorted(map(list, parameters.items()))]
    answer = journal.get(key, mark)
    if not spotify_answers.is_list(answer, content):
        answer = client.get(path, **parameters)
        spotify_answers.list_of(answer, content, path)
        journal.add(key, mark, answer)
    return answer


def _entries(client, path):
    """All entries of a list, without a file for resuming."""
    return _fetch_entries(client, path, Journal(None), {}, stop_if_changed=False)


def _with_genres(client, table, first_artists, journal):
    """The table with the genres of each track's first artist, if Spotify gives them to the account."""
    genres = {}
    try:
        for ids in _batches(sorted(set(first_artists.values()) - {None}), PAGE):
            answer = _fetch(client, journal, f"artists from {ids[0]}", "artists", "artists", ids=",".join(ids))
            genres |= spotify_answers.read_genres(answer["artists"])
    except (Refused, NotFound) as error:
        print(error)
    return table.assign(genre=[genres.get(first_artists.get(track_id)) for track_id in table["track_id"]])


def _with_features(client, table, journal):
    """The table with Spotify's audio features, if Spotify gives them to the app."""
    on_spotify = table["uri"].fillna("").str.startswith("spotify:track:")
    features = {}
    try:
        for ids in _batches(table.loc[on_spotify, "track_id"].tolist(), BATCH):
            answer = _fetch(client, journal, f"features from {ids[0]}", "audio-features", "audio_features",
                            ids=",".join(ids))
            features |= spotify_answers.read_features(answer["audio_features"], EXPORT_FEATURES)
    except (Refused, NotFound) as error:
        print(error)
    if not features:
        return table
    return table.assign(**{name: [features.get(track_id, {}).get(name) for track_id in table["track_id"]]
                           for name in EXPORT_FEATURES})


def _batches(values, size):
    return [values[first:first + size] for first in range(0, len(values), size)]


# ---- from a table to Spotify

def create_playlist(tracks, name, *, client=None, dry_run=True):
    """Make a private playlist on Spotify, or add tracks to the user's playlist of that name; no track is added twice.

    Parameters
    ----------
    tracks : pd.DataFrame
        With a column `uri`, or with Spotify's `track_id`. Rows that are not on Spotify are left out and counted.
    name : str
        The playlist's name.
    client : spotify_api.Spotify, optional
        Not needed for a dry run.
    dry_run : bool
        Only print what would be done.

    Returns
    -------
    list of str
        The URIs of the tracks that were added, or would be.

    Raises
    ------
    CollectError
        A request failed; the same call can be repeated.
    """
    uris = list(dict.fromkeys(filter(None, map(_uri, tracks.reset_index().to_dict("records")))))
    missing = len(tracks) - len(uris)
    note = f" ({missing} of {len(tracks)} rows are not on Spotify, or are repeated)" if missing else ""
    if dry_run and client is None:
        print(f"would make a private playlist {name!r} of {len(uris)} tracks{note}; dry_run=False makes it")
        return uris
    me = spotify_answers.id_of(client.get("me"), "me")
    playlist = _own_playlist(client, me, name)
    present = set() if playlist is None else _uris_in_playlist(client, playlist)
    new = [uri for uri in uris if uri not in present]
    if dry_run:
        print(f"would add {len(new)} of {len(uris)} tracks to the {'new ' * (not playlist)}playlist {name!r}{note}")
        return new
    playlist = playlist or _make_playlist(client, me, name)
    for batch in progress(_batches(new, BATCH), desc=f"to {name}", unit="batch"):
        _with_tracks_path(playlist, lambda path, batch=batch: client.post(path, {"uris": batch}))
    print(f"{len(new)} tracks added to {name!r}, which had {len(present)}{note}")
    return new


def _uri(row):
    """Spotify's URI of a row's track; empty if the row has none."""
    uri, track_id = _text(row, "uri"), _text(row, "track_id")
    if uri.startswith("spotify:track:"):
        return uri
    return f"spotify:track:{track_id}" if not uri and len(track_id) == 22 and track_id.isalnum() else ""


def _own_playlist(client, me, name):
    """The id of the user's own playlist of that name, or None."""
    playlists = list_playlists(client)
    own = playlists.index[(playlists["name"] == name) & (playlists["owner"] == me)]
    return own[0] if len(own) else None


def _uris_in_playlist(client, playlist):
    """The URIs of the tracks that are already in a playlist."""
    return spotify_answers.uris_of(_with_tracks_path(playlist, lambda path: _entries(client, path)))


def _make_playlist(client, me, name):
    """Make a private playlist on Spotify; returns its id."""
    payload = {"name": name, "public": False, "description": "made with What a song is made of"}
    try:
        return spotify_answers.id_of(client.post("me/playlists", payload), "the new playlist")
    except (NotFound, Refused):  # the API before 2026
        return spotify_answers.id_of(client.post(f"users/{me}/playlists", payload), "the new playlist")


# ---- from a table to a file

def export_playlist_file(tracks, path):
    """Write a playlist to a file for any player, or to a table. The ending of the file decides which.

    Players look for a sound file relative to the folder of the playlist; therefore all paths are written as absolute
    paths.

    Parameters
    ----------
    tracks : pd.DataFrame
        In the order of the playlist, with `path`, `uri` or Spotify's `track_id`. `artist, song, album, duration_ms` are
        written if they are present.
    path : str or Path
        Ends in ``.m3u8``, ``.xspf`` or ``.csv``. The file is written completely or not at all.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        The file has another ending, or no row has the location of its sound.

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
    rows = [row for row in tracks.reset_index().to_dict("records") if _location(row)]
    if not rows:
        raise ValueError("no row has the location of its sound: the table needs a column 'path' or 'uri'")
    if len(rows) < len(tracks):
        print(f"{len(tracks) - len(rows)} of {len(tracks)} rows have neither path nor uri: left out")
    return write_text(path, writers[path.suffix](rows))


def sound_locations(tracks):
    """Where the sound of each song is: its path or Spotify's URI; empty text if the row has neither.

    Examples
    --------
    >>> sound_locations(pd.DataFrame({"path": ["/music/sea.mp3", None], "uri": [None, "spotify:track:x"]}))
    ['/music/sea.mp3', 'spotify:track:x']
    """
    return [_location(row) for row in tracks.reset_index().to_dict("records")]


def _text(row, column):
    """A cell as text in one line, without characters that XML does not allow."""
    value = row.get(column)
    if value is None or pd.isna(value):
        return ""
    return " ".join(re.sub(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]", " ", str(value)).split())


def _milliseconds(row):
    """A row's duration, rounded; None where it has none."""
    duration = pd.to_numeric(_text(row, "duration_ms"), errors="coerce")
    return round(duration) if 0 <= duration < 1e12 else None


def _location(row):
    # a path is taken as it is: its name can have two blanks in a row
    return str(row["path"]) if _text(row, "path") else _text(row, "uri") or _uri(row)


def _is_address(location):
    return bool(re.match(r"[a-z][a-z0-9+.-]+:", location)) and not Path(location).exists()


def _m3u8(rows):
    lines = ["#EXTM3U"]
    for row in rows:
        duration = _milliseconds(row)
        seconds = -1 if duration is None else round(duration / 1000)
        location = _location(row)
        lines.append(f"#EXTINF:{seconds},{' - '.join(filter(None, (_text(row, 'artist'), _text(row, 'song'))))}")
        lines.append(location if _is_address(location) else _line(Path(location).absolute()))
    return "\n".join(lines) + "\n"


def _line(path):
    """A path as one line of UTF-8: as an address, where its name has a line break or is in another encoding."""
    return path.as_uri() if re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]", str(path)) else str(path)


def _xspf(rows):
    root = ElementTree.Element("playlist", version="1", xmlns="http://xspf.org/ns/0/")
    track_list = ElementTree.SubElement(root, "trackList")
    for row in rows:
        track = ElementTree.SubElement(track_list, "track")
        location, duration = _location(row), _milliseconds(row)
        elements = {
            "location": location if _is_address(location) else Path(location).absolute().as_uri(),
            "title": _text(row, "song"), "creator": _text(row, "artist"), "album": _text(row, "album"),
            "duration": "" if duration is None else str(duration)}
        for name, value in elements.items():
            if value:
                ElementTree.SubElement(track, name).text = value
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


# ---- without an account

def recorded_client():
    """A client with a small recorded example instead of Spotify, to try the functions without an account.

    Examples
    --------
    >>> list_playlists(recorded_client())["name"].tolist()
    ['Made up for the evening', 'Made up for a run']
    """
    return RecordedSpotify(json.loads(RECORDED.read_text(encoding="utf-8")))
