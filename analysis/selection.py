"""Which row a song is, which rows are the same song, and how to choose rows from a ranked list."""

from pathlib import Path

import numpy as np
import pandas as pd

from learning.pretrained import window_embeddings
from signals.decoding import AudioError
from signals.descriptors import describe_file
from signals.recording import Recording, as_recording
from sources.artists import artist_matrix
from sources.titles import clean_title, credited

POOL = 10
"""Diversity chooses among this many times the number of songs wanted."""


def song_row(song, tracks):
    """A song as a table of one row.

    Parameters
    ----------
    song : str, Path, Recording, pd.Series or pd.DataFrame
        The index of one of `tracks`, a row, or a sound file, whose audio features are computed, and its embedding where
        `tracks` has those of musicnn.
    tracks : pd.DataFrame
        One row a track.

    Returns
    -------
    pd.DataFrame

    Raises
    ------
    KeyError
        The song is neither a row of the table nor a file.
    ValueError
        The table has two rows for a track, the song has several rows, or the sound file cannot be read.
    """
    if not tracks.index.is_unique:
        repeated = tracks.index[tracks.index.duplicated()][0]
        raise ValueError(f"the table has several rows for track {repeated!r}: it should have one row a track")
    if isinstance(song, pd.DataFrame):
        if len(song) != 1:
            raise ValueError(f"the song is a table of {len(song)} rows: it should have one")
        return song
    if isinstance(song, pd.Series):
        return song.to_frame().T.infer_objects()
    if not isinstance(song, Recording):
        if song in tracks.index:
            return tracks.loc[[song]]
        if not isinstance(song, (str, Path)) or not Path(song).is_file():
            raise KeyError(f"{str(song)!r} is no track_id of the table, and there is no such file")
    path = song.path if isinstance(song, Recording) else Path(song)
    try:
        if "tag: rock" in tracks:
            song = as_recording(song)
            features = song.features() | window_embeddings(song, song.seconds, song.seconds).iloc[0].to_dict()
        else:
            features = song.features() if isinstance(song, Recording) else describe_file(song)[0]
    except AudioError as error:
        raise ValueError(f"{path} cannot be compared: {error}") from error
    return pd.DataFrame(features, index=[str(path)]).assign(path=str(path.absolute()), song=path.stem)


def song_name(rows):
    """The name of the first song of a table, for a sentence: artist and title, as far as they are known.

    Examples
    --------
    >>> song_name(pd.DataFrame({"artist": ["Ann"], "song": ["Sea"]}))
    'Ann - Sea'
    """
    row = rows.iloc[0]
    if pd.isna(row.get("song")):
        return Path(row["path"]).stem if pd.notna(row.get("path")) else str(rows.index[0])
    return str(row["song"]) if pd.isna(row.get("artist")) else f"{row['artist']} - {row['song']}"


def names_of(rows):
    """Artist and title of each row in one text; missing where either is missing.

    Remasters, live versions and the like have the name of the original.
    """
    if not {"artist", "song"} <= set(rows):
        return pd.Series(pd.NA, index=rows.index, dtype="string")
    names = [_name(artist, song) for artist, song in zip(rows["artist"], rows["song"])]
    return pd.Series(names, index=rows.index, dtype="string")


def _name(artist, song):
    if pd.isna(artist) or pd.isna(song):
        return pd.NA
    return "\n".join([*credited(artist), clean_title(song, version=False)])


def same_songs(tracks, others):
    """Which rows are one of the other songs: by index, by artist and title, or by sound file.

    Parameters
    ----------
    tracks : pd.DataFrame
    others : pd.DataFrame, str or iterable of str
        A table of tracks, or ids.

    Returns
    -------
    np.ndarray of bool [shape=(len(tracks),)]
    """
    if not isinstance(others, pd.DataFrame):
        return tracks.index.isin([others] if isinstance(others, str) else list(others))
    same = tracks.index.isin(others.index) | (names_of(tracks).isin(names_of(others).dropna())).to_numpy(dtype=bool)
    if "path" in tracks and "path" in others:
        same |= tracks["path"].isin(others["path"].dropna()).to_numpy()
    return same


def not_too_many(rows, per_artist):
    """Which rows to keep: the first row of each song, and the first `per_artist` songs of each artist.

    Parameters
    ----------
    rows : pd.DataFrame
        The best first.
    per_artist : int or None
        None sets no limit.

    Returns
    -------
    np.ndarray of bool [shape=(len(rows),)]
    """
    names = names_of(rows)
    keep = ~(names.duplicated() & names.notna()).to_numpy(dtype=bool)
    if per_artist is not None:
        if "artist" not in rows:
            raise ValueError("per_artist needs a column 'artist'")
        members = artist_matrix(rows)
        n_of_artist = np.zeros(members.shape[1], dtype=int)
        for row in np.flatnonzero(keep):
            artists = members.indices[members.indptr[row]:members.indptr[row + 1]]
            keep[row] = n_of_artist[artists].max() < per_artist
            n_of_artist[artists] += keep[row]
    return keep


def diverse(points, distance, n, diversity):
    """Choose songs that are near and differ from each other (maximal marginal relevance; Carbonell and Goldstein 1998).

    Parameters
    ----------
    points : np.ndarray [shape=(n_rows, d)]
        The songs, the nearest first.
    distance : np.ndarray [shape=(n_rows,)]
    n : int
        How many to choose.
    diversity : float
        From 0 (the nearest) to 1 (those that differ most from the songs already chosen).

    Returns
    -------
    np.ndarray of int
        Row numbers in the order of choice; the first is always 0.
    """
    chosen = [0] if len(points) else []
    apart = np.full(len(points), np.inf)
    while chosen and len(chosen) < min(n, len(points)):
        apart = np.minimum(apart, np.linalg.norm(points - points[chosen[-1]], axis=1))
        score = diversity * apart - (1 - diversity) * distance
        score[chosen] = -np.inf
        chosen.append(int(np.argmax(score)))
    return np.array(chosen, dtype=int)


def choose(order, cost, tracks, space, left_out, n, *, diversity=0.0, per_artist=None):
    """Choose rows from a ranked list: no song that is left out, no song twice, no artist too often.

    Parameters
    ----------
    order : np.ndarray of int
        Row numbers of `tracks`, the best first.
    cost : np.ndarray of float
        The cost of each row of `tracks`, in the order of the table.
    tracks : pd.DataFrame
    space : similarity.Space
        Where the songs are points.
    left_out : list
        Tables of tracks, or lists of track ids.
    n : int
        How many to choose.
    diversity, per_artist
        As in `recommend.similar_songs`.

    Returns
    -------
    np.ndarray of int
        Row numbers of `tracks`, in the order of choice.
    """
    wanted = POOL * n if diversity else n
    # names are compared among the first rows, and among all only where these are too few
    for head in (order[:10 * wanted + 100], order):
        rows = tracks.iloc[head]
        allowed = ~np.logical_or.reduce([same_songs(rows, others) for others in left_out])
        candidates = head[allowed][not_too_many(rows[allowed], per_artist)]
        if len(candidates) >= wanted:
            break
    candidates = candidates[:wanted]
    if not diversity:
        return candidates
    return candidates[diverse(space.points[candidates], cost[candidates], n, diversity)]


def check_settings(n, diversity, per_artist):
    """Raise a clear error where a setting is out of range."""
    if not 0 <= diversity <= 1 or n < 1 or (per_artist is not None and per_artist < 1):
        raise ValueError(f"{n} songs, diversity={diversity}, per_artist={per_artist}: diversity goes from 0 to 1, "
                         "the others are 1 or more")
