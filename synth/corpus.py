"""A labelled corpus of synthetic songs as sound files with tags: the default data for all that needs audio."""

import contextlib
import json
import zlib
from pathlib import Path

import pandas as pd
import soundfile
from joblib import Parallel, delayed

from sources.files import Journal, atomic_path
from sources.progress import progress
from synth.presets import BEATS
from synth.sample_table import GENRES
from synth.songs import change, render

ARTISTS = 4
"""Artists of each genre: enough to hold some out."""
_SURNAMES = ("Amber Anchor Basalt Birch Cedar Cinder Cobalt Coral Delta Ember Fable Garnet Harbor Indigo Jasper "
             "Juniper Kestrel Lantern Maple Nectar Onyx Opal Pepper Quarry Ripple Saffron Thistle Umber Velvet Willow "
             "Yarrow Zephyr").split()
_TITLES = ("Arrow Beacon Canyon Doorway Echo Feather Glacier Horizon Island Junction Kite Ladder Meadow Needle Orbit "
           "Pebble Quiver Ribbon Shelter Tunnel Umbrella Valley Window Xylem Yonder Zigzag").split()
VERSION = 2
"""Is raised when the same settings would give other songs."""
_JOURNAL = ".songs.jsonl"


def make_corpus(out_dir, *, genres=GENRES, songs_per_genre=12, seconds=20.0, long_songs=4, long_seconds=150.0, seed=0,
                n_jobs=-1):
    """Render a corpus of synthetic songs to ``out_dir/genre/artist - title.mp3``, and return a table of them.

    Each genre has four artists. The long songs take the genres in turn. Every second long song changes to the next
    genre half-way; its folder, tags and row name both genres: `jazz, latin`.

    A song that was already made with the same settings is not made again. Songs that an earlier call made with other
    settings are removed; nothing else in the folder is. Each file is written completely or not at all.

    Parameters
    ----------
    out_dir : str or Path
    genres : sequence of str
        Some of `sample_table.GENRES`.
    songs_per_genre, long_songs : int
    seconds, long_seconds : float
    seed : int
        Another seed gives other songs of the same artists.
    n_jobs : int
        Processes; -1 for all cores.

    Returns
    -------
    pd.DataFrame
        One row for each song: `track_id, artist, song, album, genre, year, duration_ms, key, mode, tempo, path,
        source`; the genres that its beat, timbre and pitch are taken from (`beat_genre, timbre_genre, pitch_genre`; for
        a song that changes, the genre at its beginning); and when it changes (`changes_at`, in seconds).

    Raises
    ------
    ValueError
        A genre is unknown.
    """
    unknown = [genre for genre in genres if genre not in BEATS]
    if unknown:
        raise ValueError(f"there is no preset for {', '.join(unknown)}; the genres are {', '.join(GENRES)}")
    out_dir = Path(out_dir)
    journal = Journal(out_dir / _JOURNAL)
    _import_side_files(out_dir, journal)
    plans = {_file_name(plan): plan for plan in _plans(list(genres), songs_per_genre, seconds, long_songs, long_seconds,
                                                       seed)}
    _make_missing(plans, out_dir, journal, n_jobs)
    _remove_others(plans, out_dir, journal)
    return pd.DataFrame([journal.get(name, plan) | {"path": str((out_dir / name).absolute())}
                         for name, plan in plans.items()])


def _make_missing(plans, out_dir, journal, n_jobs):
    """Render the songs that do not exist yet; each is entered in the journal when it is finished."""
    missing = {name: plan for name, plan in plans.items()
               if journal.get(name, plan) is None or not (out_dir / name).exists()}
    rows = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_make_song)(plan, out_dir / name) for name, plan in missing.items())
    bar = progress(rows, desc="synthetic songs", total=len(missing))
    for row, (name, plan) in zip(bar, missing.items()):  # in this order the generator is run to its end
        journal.add(name, plan, row)


def _remove_others(plans, out_dir, journal):
    """Remove the songs in the journal that are not planned now, and the folders that become empty by it."""
    others = [out_dir / name for name in journal if name not in plans]
    if not others:
        return
    for path in others:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in others}:
        with contextlib.suppress(OSError):  # it is not empty, or was removed before
            folder.rmdir()
    with atomic_path(journal.path) as temporary:
        shorter = Journal(temporary)
        for name, plan in plans.items():
            shorter.add(name, plan, journal.get(name, plan))


def _import_side_files(out_dir, journal):
    """Enter in the journal what an earlier version of this module wrote to a hidden file beside each song."""
    for side_file in out_dir.glob("*/.*.json"):
        with contextlib.suppress(ValueError, KeyError, AttributeError):  # a file of somebody else
            row = json.loads(side_file.read_text(encoding="utf-8"))
            plan = row.pop("plan")
            song = side_file.with_name(side_file.name[1:-len(".json")])
            journal.add(song.relative_to(out_dir).as_posix(), plan, row)
            side_file.unlink()


def _plans(genres, songs_per_genre, seconds, long_songs, long_seconds, seed):
    """All that decides about each song, one dict a song; the same plan gives the same file."""
    plans = []
    for genre in genres:
        for number in range(songs_per_genre):
            plans.append({"genre": genre, "artist": number % ARTISTS, "number": number, "seconds": float(seconds)})
    for number in range(long_songs):
        genre = genres[number % len(genres)]
        plan = {"genre": genre, "artist": number % ARTISTS, "number": 1000 + number, "seconds": float(long_seconds)}
        if number % 2:
            plan |= {"second_genre": genres[(number + 1) % len(genres)], "changes_at": float(long_seconds) / 2}
        plans.append(plan)
    return [plan | {"seed": seed, "version": VERSION} for plan in plans]


def _artist_and_title(plan):
    """The artist and the title of a song; they depend on its genre and its numbers alone."""
    first = zlib.crc32(plan["genre"].encode()) % len(_SURNAMES)
    surname = _SURNAMES[(first + 5 * plan["artist"]) % len(_SURNAMES)]
    artist = f"{surname} {plan['genre'].split('/')[0].title()} {plan['artist'] + 1}"
    title = _TITLES[(first + plan["number"]) % len(_TITLES)]
    return artist, f"{title} {plan['number'] + 1}"


def _genre_cell(plan):
    return ", ".join(filter(None, (plan["genre"], plan.get("second_genre"))))


def _file_name(plan):
    """Where a song is in the corpus: `genre/artist - title.mp3`."""
    artist, title = _artist_and_title(plan)
    suffix = "mp3" if "MP3" in soundfile.available_formats() else "ogg"
    return f"{_genre_cell(plan).replace('/', '-')}/{artist} - {title}.{suffix}"


def _make_song(plan, path):
    """Render one song to a file with tags; returns its row without the path."""
    song = _render(plan)
    artist, title = _artist_and_title(plan)
    row = {"track_id": f"{plan['genre']}-{plan['artist']}-{plan['number']}-{plan['seed']}", "artist": artist,
           "song": title, "album": f"Synthetic {plan['seed']}", "genre": _genre_cell(plan),
           "year": 2000 + plan["number"] % 25, "duration_ms": round(1000 * len(song.y) / song.sr), "key": song.key,
           "mode": song.mode, "tempo": round(song.tempo, 3), "source": "sample songs (synthetic)",
           **{f"{part}_genre": plan["genre"] for part in song.parts}, "changes_at": plan.get("changes_at")}
    with atomic_path(path) as temporary:
        soundfile.write(temporary, song.y, song.sr, format=path.suffix[1:].upper())
        _tag(temporary, row)
    return row


def _render(plan):
    seed = zlib.crc32(f"{plan['genre']}|{plan['number']}|{plan['seed']}".encode())
    if "second_genre" in plan:
        return change(plan["genre"], plan["second_genre"], plan["changes_at"], seconds=plan["seconds"], seed=seed,
                      artist=plan["artist"])
    return render(plan["genre"], seconds=plan["seconds"], seed=seed, artist=plan["artist"])


def _tag(path, row):
    """Write a row's artist, title, album, genre and year into the tags of a sound file."""
    import mutagen
    tags = mutagen.File(path, easy=True)
    if tags.tags is None:
        tags.add_tags()
    for name, column in (("artist", "artist"), ("title", "song"), ("album", "album"), ("genre", "genre"),
                         ("date", "year")):
        tags[name] = str(row[column])
    tags.save()
