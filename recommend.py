"""Songs like a song, with the reason; playlists that keep a mood, drift from one song to another, or follow a filter."""

from pathlib import Path

import numpy as np
import pandas as pd

from features import extract_features
from nearness import Space, fifths, numbers, octaves

TELLING = {
    "energy": ("more energetic", "calmer"), "energy_proxy": ("more energetic", "calmer"),
    "spectral_centroid_mean": ("brighter", "darker"), "loudness": ("louder", "quieter"), "loudness_lufs": ("louder", "quieter"),
    "acousticness": ("more acoustic", "less acoustic"), "acousticness_proxy": ("more acoustic", "less acoustic"),
    "danceability": ("more danceable", "less danceable"), "danceability_proxy": ("steadier in its pulse", "looser in its pulse"),
    "valence": ("more cheerful", "sadder"), "onset_strength_mean": ("harder in its attacks", "softer in its attacks"),
    "spectral_flatness_mean": ("noisier", "purer in tone"), "speechiness": ("more spoken", "less spoken"),
    "instrumentalness": ("more instrumental", "more sung"), "liveness": ("more live", "less live")}
"""The features in which a difference has a name: what more and less of each is called."""
SAME_TEMPO = np.log2(1.03)
"""Octaves: tempi no further apart than 3 % are called the same."""
NOTICED = .5
"""Standard deviations: the least difference in a feature that is worth a word."""
VERSION = r"\s*[-(\[][^-(\[]*\b(?:remaster(?:ed)?|remix|mix|edit|version|live|mono|stereo|demo)\b.*"
"""What follows a song's name where it is the same song once more: `` - 2011 Remaster``, `` (Live)``."""
POOL = 10
"""Diversity chooses among so many times the songs that are asked for."""


def similar_songs(song, tracks, n=10, *, by="all", diversity=0.0, per_artist=None, owned=()):
    """The songs of a table that lie nearest to a song.

    Exact search over standardised values (see `nearness`). The song itself is left out, other releases of it too (same
    artist, same name, remastered, live or not), and of two releases of another song the nearer one is kept.

    Parameters
    ----------
    song : str, Path, pd.Series or pd.DataFrame
        The `track_id` of a row of the table, a row with the same columns, or a sound file, which is described by
        `features.extract_features`.
    tracks : pd.DataFrame
        One row a track, indexed by `track_id`: audio features, columns `embedding_001` ..., or Spotify's features.
    n : int
    by : {'all', 'beat', 'timbre', 'pitch', 'embedding', 'table'}
        What to compare: one aspect of the audio features, the embeddings, Spotify's features, or all that the table has.
    diversity : float
        From 0 (the nearest, however much alike among themselves) to 1: maximal marginal relevance (Carbonell and
        Goldstein 1998), which weighs a song's nearness against how far it lies from those chosen before it. It chooses
        among the nearest ten times `n`.
    per_artist : int, optional
        No more songs than this of one artist: of each, the nearest.
    owned : pd.DataFrame or iterable of str
        Songs to leave out: a table of tracks, or track ids.

    Returns
    -------
    pd.DataFrame
        Rows of `tracks`, in the order of choice (nearest first), with `distance` (two songs drawn at random lie about 1.4
        apart) and `reason`, such as ``"same tempo, brighter"``. Fewer than `n` where there are not so many.

    Raises
    ------
    ValueError
        The table has nothing to compare, too little is known of the song, or a setting is out of range; the message says
        which column or setting.
    KeyError
        The song is neither a track of the table nor a file.

    Examples
    --------
    >>> songs = pd.DataFrame({"tempo": [90, 91, 170, 120], "energy": [.2, .3, .9, .5], "valence": [.5, .5, .2, .9]},
    ...                      index=["waltz", "ballad", "polka", "march"])
    >>> similar_songs("waltz", songs, 2)["reason"].to_dict()
    {'ballad': 'same tempo', 'march': 'faster, more cheerful, more energetic'}
    """
    if not 0 <= diversity <= 1 or n < 1 or (per_artist is not None and per_artist < 1):
        raise ValueError(f"n={n}, diversity={diversity}, per_artist={per_artist}: diversity goes from 0 to 1, the others are 1 "
                         "or more")
    row = song_row(song, tracks)
    space = Space(tracks, by)
    order, distance = space.nearest(space.place(row)[0])
    fresh = ~_same_songs(tracks, row) & ~_same_songs(tracks, owned)
    order, distance = order[fresh[order]], distance[fresh[order]]
    allowed = _not_too_many(tracks.iloc[order], per_artist)
    order, distance = order[allowed], distance[allowed]
    chosen = _diverse(space.points[order[:POOL * n]], distance[:POOL * n], n, diversity) if diversity else slice(n)
    found = tracks.iloc[order[chosen]].assign(distance=distance[chosen])
    return found.assign(reason=_reasons(row, found, tracks, space))


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
        return song.to_frame().T
    if song in tracks.index:
        return tracks.loc[[song]]
    if not isinstance(song, (str, Path)) or not Path(song).is_file():
        raise KeyError(f"{str(song)!r} is no track_id of the table, and there is no such file")
    described = extract_features(pd.DataFrame({"path": [str(song)]}), n_jobs=1)
    if described.empty:
        raise ValueError(f"{song} cannot be compared: {described.attrs['skipped'][0]['reason']}")
    return described


def _names(rows):
    """Artist and name of each row in one text, versions named as their originals; missing where either is."""
    if not {"artist", "song"} <= set(rows):
        return pd.Series(pd.NA, index=rows.index, dtype="string")
    artist, song = (rows[column].astype("string").str.casefold() for column in ("artist", "song"))
    return artist + "\n" + song.str.replace(VERSION, "", regex=True)


def _same_songs(tracks, others):
    """Which rows are one of the others: by id, by artist and name, or by sound file."""
    if not isinstance(others, pd.DataFrame):
        return tracks.index.isin([others] if isinstance(others, str) else list(others))
    same = tracks.index.isin(others.index) | (_names(tracks).isin(_names(others).dropna())).to_numpy(dtype=bool)
    if "path" in tracks and "path" in others:
        same |= tracks["path"].isin(others["path"].dropna()).to_numpy()
    return same


def _not_too_many(rows, per_artist):
    """Which rows to keep, the first ones first: one of each song, and so many of each artist."""
    names = _names(rows)
    keep = ~(names.duplicated() & names.notna()).to_numpy(dtype=bool)
    if per_artist is not None:
        if "artist" not in rows:
            raise ValueError("per_artist needs a column 'artist'")
        artists = rows["artist"].astype("string")[keep]
        keep[np.flatnonzero(keep)[(artists.groupby(artists).cumcount() >= per_artist) & artists.notna()]] = False
    return keep


def _diverse(points, distance, n, diversity):
    """Maximal marginal relevance: row numbers in the order of choice, the nearest first."""
    chosen = [0] if len(points) else []
    apart = np.full(len(points), np.inf)
    while chosen and len(chosen) < min(n, len(points)):
        apart = np.minimum(apart, np.linalg.norm(points - points[chosen[-1]], axis=1))
        worth = diversity * apart - (1 - diversity) * distance
        worth[chosen] = -np.inf
        chosen.append(int(np.argmax(worth)))
    return np.array(chosen, dtype=int)


def _reasons(song, found, tracks, space):
    """For each found row, what it shares with the song and the clearest differences."""
    compared = {column for group, columns in space.groups.items() for column in (tracks if group == "embedding" else columns)}
    compared = {column for column in compared if column in song and pd.api.types.is_numeric_dtype(tracks[column])}
    telling = [column for column in TELLING if column in compared]
    away = {column: (numbers(found, column) - numbers(song, column)) / np.nanstd(numbers(tracks, column)) for column in telling}
    words = [_differences(pd.Series(z, dtype=float)) for z in pd.DataFrame(away, index=found.index).to_dict("records")]
    for name, judge in (("key", _key_words), ("tempo", _tempo_words)):
        if name in compared:
            words = [[word, *others] for word, others in zip(judge(song, found), words)]
    return [", ".join(filter(None, own)) or "alike throughout" for own in words]


def _differences(z, most=2):
    """Words for the clearest differences; two features that share a word name it once."""
    clear = z[z.abs() > NOTICED].sort_values(key=abs, ascending=False)
    return list(dict.fromkeys(TELLING[column][int(value < 0)] for column, value in clear.items()))[:most]


def _tempo_words(song, found):
    apart = octaves(numbers(found, "tempo")) - octaves(numbers(song, "tempo"))
    near = [np.abs(apart - octave) <= SAME_TEMPO for octave in (0, 1, -1)]
    return np.select([*near, apart > 0, apart < 0], ["same tempo", "double the tempo", "half the tempo", "faster", "slower"], "")


def _key_words(song, found):
    apart = (fifths(found) - fifths(song)) % 12
    same = numbers(found, "key") == numbers(song, "key")
    return np.select([(apart == 0) & same, apart == 0, np.isin(apart, (1, 11))],
                     ["same key", "relative key", "neighbouring key"], "")
