"""Which row is meant, which rows are the same song, and how to choose among rows that stand in an order."""

from pathlib import Path

import numpy as np
import pandas as pd

from features import extract_features

VERSION = r"\s*[-(\[][^-(\[]*\b(?:remaster(?:ed)?|remix|mix|edit|version|live|mono|stereo|demo)\b.*"
"""What follows a song's name where it is the same song once more: `` - 2011 Remaster``, `` (Live)``."""
POOL = 10
"""Diversity chooses among so many times the songs that are asked for."""


def song_row(song, tracks):
    """A song as a frame of one row: a track of the table by its id, a row as it is, or a sound file described.

    Raises
    ------
    KeyError, ValueError
        It is none of these; the sound file cannot be read.
    """
    if not tracks.index.is_unique:
        twice = tracks.index[tracks.index.duplicated()][0]
        raise ValueError(f"the table has several rows for track {twice!r}: it should have one row a track")
    if isinstance(song, pd.DataFrame):
        if len(song) != 1:
            raise ValueError(f"the song is a table of {len(song)} rows: it should have one")
        return song
    if isinstance(song, pd.Series):
        return song.to_frame().T.infer_objects()
    if song in tracks.index:
        return tracks.loc[[song]]
    if not isinstance(song, (str, Path)) or not Path(song).is_file():
        raise KeyError(f"{str(song)!r} is no track_id of the table, and there is no such file")
    described = extract_features(pd.DataFrame({"path": [str(Path(song).absolute())]}), n_jobs=1)
    if described.empty:
        raise ValueError(f"{song} cannot be compared: {described.attrs['skipped'][0]['reason']}")
    return described.assign(song=Path(song).stem).set_axis([str(song)])


def names_of(rows):
    """Artist and name of each row in one text, versions named as their originals; missing where either is."""
    if not {"artist", "song"} <= set(rows):
        return pd.Series(pd.NA, index=rows.index, dtype="string")
    artist, song = (rows[column].astype("string").str.casefold() for column in ("artist", "song"))
    return artist + "\n" + song.str.replace(VERSION, "", regex=True)


def same_songs(tracks, others):
    """Which rows are one of the others: by id, by artist and name, or by sound file."""
    if not isinstance(others, pd.DataFrame):
        return tracks.index.isin([others] if isinstance(others, str) else list(others))
    same = tracks.index.isin(others.index) | (names_of(tracks).isin(names_of(others).dropna())).to_numpy(dtype=bool)
    if "path" in tracks and "path" in others:
        same |= tracks["path"].isin(others["path"].dropna()).to_numpy()
    return same


def not_too_many(rows, per_artist):
    """Which rows to keep, the first ones first: one of each song, and so many of each artist."""
    names = names_of(rows)
    keep = ~(names.duplicated() & names.notna()).to_numpy(dtype=bool)
    if per_artist is not None:
        if "artist" not in rows:
            raise ValueError("per_artist needs a column 'artist'")
        artists = rows["artist"].astype("string")[keep]
        keep[np.flatnonzero(keep)[(artists.groupby(artists).cumcount() >= per_artist) & artists.notna()]] = False
    return keep


def diverse(points, distance, n, diversity):
    """Maximal marginal relevance: row numbers in the order of choice, the nearest first."""
    chosen = [0] if len(points) else []
    apart = np.full(len(points), np.inf)
    while chosen and len(chosen) < min(n, len(points)):
        apart = np.minimum(apart, np.linalg.norm(points - points[chosen[-1]], axis=1))
        worth = diversity * apart - (1 - diversity) * distance
        worth[chosen] = -np.inf
        chosen.append(int(np.argmax(worth)))
    return np.array(chosen, dtype=int)


def choose(rows, points, cost, n, diversity, per_artist):
    """Which of the ordered rows to take: no song twice, no artist too often, spread out where that is asked for."""
    places = np.flatnonzero(not_too_many(rows, per_artist))
    if diversity:
        places = places[:POOL * n]
        return places[diverse(points[places], cost[places], n, diversity)]
    return places[:n]


def check_settings(n, diversity, per_artist):
    """Raise a clear error where a setting is out of range."""
    if not 0 <= diversity <= 1 or n < 1 or (per_artist is not None and per_artist < 1):
        raise ValueError(f"{n} songs, diversity={diversity}, per_artist={per_artist}: diversity goes from 0 to 1, the others are "
                         "1 or more")
