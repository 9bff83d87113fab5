"""Which row is meant, which rows are the same song, and how to choose among rows that stand in an order."""

from pathlib import Path

import numpy as np
import pandas as pd

from signals.decoding import AudioError
from signals.descriptors import describe_file
from sources.artists import artist_groups
from sources.titles import clean_title, credited

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
    try:
        described = describe_file(song)
    except AudioError as error:
        raise ValueError(f"{song} cannot be compared: {error}") from error
    path = str(Path(song).absolute())
    return pd.DataFrame(described, index=[str(song)]).assign(path=path, song=Path(song).stem)


def names_of(rows):
    """Artist and name of each row in one text, versions named as their originals; missing where either is."""
    if not {"artist", "song"} <= set(rows):
        return pd.Series(pd.NA, index=rows.index, dtype="string")
    names = [pd.NA if pd.isna(artist) or pd.isna(song) else "\n".join([*credited(artist), clean_title(song, version=False)])
             for artist, song in zip(rows["artist"], rows["song"])]
    return pd.Series(names, index=rows.index, dtype="string")


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
        artists = pd.Series(artist_groups(rows)[keep])
        keep[np.flatnonzero(keep)[artists.groupby(artists).cumcount() >= per_artist]] = False
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


def choose(order, cost, tracks, space, left_out, n, *, diversity=0.0, per_artist=None):
    """Out of rows in their order, the numbers of those to take: none that is left out, no song twice, no artist too often.

    Parameters
    ----------
    order : np.ndarray of int
        Row numbers of `tracks`, the best first.
    cost : np.ndarray of float
        Of each row of `tracks`, in its own order.
    tracks : pd.DataFrame
    space : nearness.Space
    left_out : list
        Tables of tracks, or lists of track ids.
    n : int
    diversity, per_artist
        As in `recommend.similar_songs`.
    """
    wanted = POOL * n if diversity else n
    # names are compared among the first rows, and among all only where these are too few
    for head in (order[:10 * wanted + 100], order):
        rows = tracks.iloc[head]
        fresh = ~np.logical_or.reduce([same_songs(rows, others) for others in left_out])
        found = head[fresh][not_too_many(rows[fresh], per_artist)]
        if len(found) >= wanted:
            break
    found = found[:wanted]
    return found[diverse(space.points[found], cost[found], n, diversity)] if diversity else found


def check_settings(n, diversity, per_artist):
    """Raise a clear error where a setting is out of range."""
    if not 0 <= diversity <= 1 or n < 1 or (per_artist is not None and per_artist < 1):
        raise ValueError(f"{n} songs, diversity={diversity}, per_artist={per_artist}: diversity goes from 0 to 1, the others are "
                         "1 or more")
