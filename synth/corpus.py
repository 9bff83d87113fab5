"""A labelled corpus of songs made to order, as sound files with tags: the embedded default for whatever listens."""

import json
import os
import zlib
from pathlib import Path

import pandas as pd
import soundfile
from joblib import Parallel, delayed
from tqdm import tqdm

from synth.presets import BEATS
from synth.sample_table import GENRES
from synth.songs import change, render

ARTISTS = 4
"""Artists a genre: enough to hold some out."""
_PEOPLE = ("Amber Anchor Basalt Birch Cedar Cinder Cobalt Coral Delta Ember Fable Garnet Harbor Indigo Jasper Juniper Kestrel "
           "Lantern Maple Nectar Onyx Opal Pepper Quarry Ripple Saffron Thistle Umber Velvet Willow Yarrow Zephyr").split()
_TITLES = ("Arrow Beacon Canyon Doorway Echo Feather Glacier Horizon Island Junction Kite Ladder Meadow Needle Orbit Pebble "
           "Quiver Ribbon Shelter Tunnel Umbrella Valley Window Xylem Yonder Zigzag").split()
VERSION = 2
"""Goes up when the same settings would give other songs."""


def make_corpus(out_dir, *, genres=GENRES, songs_per_genre=12, seconds=20.0, long_songs=4, long_seconds=150.0, seed=0, n_jobs=-1):
    """Render a corpus of songs to ``out_dir/genre/artist - title.mp3``, and list what is known about them.

    Each genre has four artists. The long songs take the genres in turn; every second one changes, half-way, to the next genre,
    and names both in its folder, its tags and its row: `jazz, latin`. A song that is there already, made with the same
    settings, is not made again; one that an earlier call made with other settings is removed; files appear whole or not at all.

    Parameters
    ----------
    out_dir : str or Path
    genres : sequence of str
        Out of `sample_songs.GENRES`.
    songs_per_genre, long_songs : int
    seconds, long_seconds : float
    seed : int
        Another seed gives other songs of the same artists.
    n_jobs : int
        Processes; -1 for all cores.

    Returns
    -------
    pd.DataFrame
        One row a song: `track_id, artist, song, album, genre, year, duration_ms, key, mode, tempo, path, source`; the genre
        that its beat, timbre and pitch are taken from (`beat_genre, timbre_genre, pitch_genre`: where a song changes, the one
        it begins with), and when it changes (`changes_at`, s).

    Raises
    ------
    ValueError
        A genre is unknown.
    """
    unknown = [genre for genre in genres if genre not in BEATS]
    if unknown:
        raise ValueError(f"no recipe for {', '.join(unknown)}; there are {', '.join(GENRES)}")
    plans = _plans(list(genres), songs_per_genre, seconds, long_songs, long_seconds, seed)
    work = Parallel(n_jobs=n_jobs, return_as="generator")(delayed(_make)(plan, str(out_dir)) for plan in plans)
    rows = list(tqdm(work, total=len(plans), desc="songs made to order", unit="song", mininterval=1))
    _remove_others(Path(out_dir), {row["path"] for row in rows})
    return pd.DataFrame(rows)


def _remove_others(out_dir, kept):
    """Remove the songs that an earlier call has left here; nothing but what it noted down as made to order."""
    for known in out_dir.glob("*/.*.json"):
        path = known.with_name(known.name[1:-len(".json")])
        if str(path.absolute()) not in kept:
            path.unlink(missing_ok=True)
            known.unlink()
    for folder in out_dir.iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _plans(genres, songs_per_genre, seconds, long_songs, long_seconds, seed):
    """What decides about each song; the same plan gives the same file."""
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


def _name(plan):
    """Artist and title: words drawn once for all, so that an artist's songs share theirs."""
    first = zlib.crc32(plan["genre"].encode()) % len(_PEOPLE)
    artist = f"{_PEOPLE[(first + 5 * plan['artist']) % len(_PEOPLE)]} {plan['genre'].split('/')[0].title()} {plan['artist'] + 1}"
    number = plan["number"]
    return artist, f"{_TITLES[(first + number) % len(_TITLES)]} {number + 1}"


def _make(plan, out_dir):
    """Render one song where it is not there yet; returns its row."""
    artist, title = _name(plan)
    suffix = "mp3" if "MP3" in soundfile.available_formats() else "ogg"
    genre = ", ".join(filter(None, (plan["genre"], plan.get("second_genre"))))
    path = Path(out_dir) / genre.replace("/", "-") / f"{artist} - {title}.{suffix}"
    known = path.with_name(f".{path.name}.json")
    try:
        row = json.loads(known.read_text(encoding="utf-8"))
        if row.pop("plan") == plan and path.exists():
            return row | {"path": str(path.absolute())}
    except (OSError, ValueError, KeyError):
        pass
    song = _render(plan)
    row = {"track_id": f"{plan['genre']}-{plan['artist']}-{plan['number']}-{plan['seed']}", "artist": artist, "song": title,
           "album": f"Made to order {plan['seed']}", "genre": genre, "year": 2000 + plan["number"] % 25,
           "duration_ms": round(1000 * len(song.y) / song.sr), "key": song.key, "mode": song.mode, "tempo": round(song.tempo, 3),
           "source": "sample songs (synthetic)", **{f"{part}_genre": plan["genre"] for part in song.parts},
           "changes_at": plan.get("changes_at")}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{os.getpid()}.{path.name}")
    soundfile.write(beside, song.y, song.sr, format=suffix.upper())
    _tag(beside, row)
    os.replace(beside, path)
    beside.write_text(json.dumps(row | {"plan": plan}), encoding="utf-8")
    os.replace(beside, known)
    return row | {"path": str(path.absolute())}


def _render(plan):
    seed = zlib.crc32(f"{plan['genre']}|{plan['number']}|{plan['seed']}".encode())
    if "second_genre" in plan:
        return change(plan["genre"], plan["second_genre"], plan["changes_at"], seconds=plan["seconds"], seed=seed,
                      artist=plan["artist"])
    return render(plan["genre"], seconds=plan["seconds"], seed=seed, artist=plan["artist"])


def _tag(path, row):
    import mutagen
    tags = mutagen.File(path, easy=True)
    if tags.tags is None:
        tags.add_tags()
    for name, column in (("artist", "artist"), ("title", "song"), ("album", "album"), ("genre", "genre"), ("date", "year")):
        tags[name] = str(row[column])
    tags.save()
