"""Songs like a song, with the reason; playlists that keep a mood, drift from one song to another, or follow a filter."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from analysis.associations import need_columns
from analysis.selection import check_settings, choose, not_too_many, same_songs, song_row
from analysis.similarity import ENOUGH_KNOWN, Space, agreement, columns_by_group, fifths, numbers, octaves
from analysis.song_map import plot_song_map, song_map
from features import extract_features
from prepare import load_Data, prepare_df, split_genres
from sources.artists import artist_groups

__all__ = ["CANDIDATES", "KEYS", "NOTICED", "PRIOR", "SAME_TEMPO", "Space", "TELLING", "TYPICAL", "agreement", "gather_songs",
           "jumps", "likeness", "playlist_by", "playlist_like", "playlist_path", "plot_keys", "plot_song_map",
           "plot_tempo", "reasons", "similar_songs", "song_map", "song_row"]

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
SMALLEST_SPREAD = 1e-6
"""A standard deviation below this share of the largest value is the error of rounding: the feature is constant."""
NOTICED = .5
"""Standard deviations: the least difference in a feature that is worth a word."""
PRIOR = 5
"""Songs like any other of the table that are added, in thought, to the songs that a playlist should be like."""
TYPICAL = .5
"""How much of a song's likelihood among all songs is taken off: at 0 the songs that resemble everything lead, at 1 the oddest."""
CANDIDATES = 30
"""Songs that are weighed for each place of a path."""


def similar_songs(song, tracks, n=10, *, by="all", diversity=0.0, per_artist=None, owned=()):
    """The songs of a table that lie nearest to a song.

    Exact search over standardised values (see `nearness`): under a second, on one core that is free, for up to some 50,000 rows
    of 340 audio features; 100,000 rows of Spotify's eleven take a fifth of a second. The song itself is left out, other releases
    of it too (same artist, same name, remastered, live or not), and of two releases of another song the nearer one is kept.

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
    check_settings(n, diversity, per_artist)
    row = song_row(song, tracks)
    space = Space(tracks, by)
    order, sorted_distance = space.nearest(space.place(row)[0])
    distance = np.full(len(tracks), np.inf)
    distance[order] = sorted_distance
    chosen = choose(order, distance, tracks, space, [row, owned], n, diversity=diversity, per_artist=per_artist)
    found = tracks.iloc[chosen].assign(distance=distance[chosen])
    return found.assign(reason=reasons(row, found, tracks, space))


def reasons(song, found, tracks, space):
    """For each found row, what it shares with a song and the clearest differences, in words.

    Parameters
    ----------
    song : pd.DataFrame
        One row, or as many as `found` has, each compared with its own.
    found, tracks : pd.DataFrame
    space : nearness.Space
        It says in which columns they are compared.

    Returns
    -------
    list of str
    """
    compared = {column for group, columns in space.groups.items() for column in (tracks if group == "embedding" else columns)}
    compared = {column for column in compared if column in song and pd.api.types.is_numeric_dtype(tracks[column])}
    spreads = {column: _spread(numbers(tracks, column)) for column in TELLING if column in compared}
    away = {column: (numbers(found, column) - numbers(song, column)) / spread for column, spread in spreads.items() if spread}
    words = [_differences(pd.Series({column: z[row] for column, z in away.items()}, dtype=float)) for row in range(len(found))]
    for name, judge in (("key", _key_words), ("tempo", _tempo_words)):
        if name in compared:
            words = [[word, *others] for word, others in zip(judge(song, found), words)]
    return [", ".join(filter(None, own)) or "alike throughout" for own in words]


def _spread(values):
    """The standard deviation; 0 where all known values are equal, or none is known."""
    values = values[~np.isnan(values)]
    spread = values.std() if len(values) else 0.0
    return spread if spread > SMALLEST_SPREAD * np.abs(values).max(initial=0) else 0.0


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
    return np.select([(apart == 0) & same, apart == 0, np.isin(apart, (1, 11)), same],
                     ["same key", "relative key", "neighbouring key", "same tonic"], "")


# ---- playlists

def playlist_like(songs, tracks, length=20, *, by="all", diversity=0.0, same_artists=True, per_artist=None, owned=()):
    """Songs that continue a handful of others.

    Songs are ranked by how much likelier they are among songs like these than among all songs of the table: a likelihood ratio
    of normal distributions, value by value, each with its weight (see `nearness`), the former's spread held towards that of the
    table (a conjugate prior of `PRIOR` songs). What the songs have in common counts for more than what they differ in.
    More songs by their artists lead, since that is what tells most about real playlists (`tests/bench_recommend.py`).

    Parameters
    ----------
    songs : list of str, or pd.DataFrame
        The `track_id` of rows of the table (or sound files), or rows with the same columns. They are not in the playlist.
    tracks : pd.DataFrame
    length : int
    same_artists : bool
        Let songs by the same artists lead; `per_artist` says how many. False goes by the sound alone.
    by, diversity, per_artist, owned
        As in `similar_songs`.

    Returns
    -------
    pd.DataFrame
        Rows of `tracks`, artists of `songs` first, likeliest first, with `likeness` (the logarithm of that ratio) and `like`
        (the nearest of `songs`).

    Raises
    ------
    ValueError, KeyError
        As in `similar_songs`; there is no song to go by.

    Examples
    --------
    >>> songs = pd.DataFrame({"energy": [.8, .9, .85, .1, .2], "valence": [.1, .9, .4, .5, .3]}, index=list("abcde"))
    >>> playlist_like(["a", "b"], songs, 1).index.tolist()
    ['c']
    """
    check_settings(length, diversity, per_artist)
    if not len(songs):
        raise ValueError("there is no song to go by: name one or more")
    seeds = songs if isinstance(songs, pd.DataFrame) else pd.concat([song_row(song, tracks) for song in songs])
    space = Space(tracks, by)
    points = space.place(seeds)
    cost = -likeness(points, space)
    other_artist = ~_by_artists_of(tracks, seeds) if same_artists else np.zeros(len(tracks), dtype=bool)
    order = np.lexsort((cost, other_artist))
    order = order[space.known[order] >= ENOUGH_KNOWN]
    chosen = choose(order, cost, tracks, space, [seeds, owned], length, diversity=diversity, per_artist=per_artist)
    apart = np.linalg.norm(space.points[chosen][:, None] - points[None], axis=2)
    return tracks.iloc[chosen].assign(likeness=-cost[chosen], like=seeds.index[apart.argmin(axis=1)])


def _by_artists_of(tracks, songs):
    if "artist" not in tracks or "artist" not in songs:
        return np.zeros(len(tracks), dtype=bool)
    groups = artist_groups(pd.concat([rows[["artist"]].astype(object) for rows in (songs, tracks)]))
    return np.isin(groups[len(songs):], groups[:len(songs)])


def likeness(seeds, space):
    """The weighted log-likelihood ratio of each song of a space: among songs like the seeds, against among all.

    Parameters
    ----------
    seeds : np.ndarray [shape=(n, d)]
        Points, as `space.place` gives them.
    space : nearness.Space

    Returns
    -------
    np.ndarray [shape=(songs,)]
    """
    points, seeds = space.points.astype("float64"), np.asarray(seeds, dtype="float64")
    everywhere, anywhere = points.mean(axis=0), np.maximum(points.var(axis=0), 1e-12)
    centre = seeds.mean(axis=0)
    spread = (np.square(seeds - centre).sum(axis=0) + PRIOR * anywhere) / (len(seeds) + PRIOR)
    ratio = TYPICAL * np.square(points - everywhere) / anywhere - np.square(points - centre) / spread
    return ratio @ space.weight ** 2 / 2


def playlist_path(start, end, tracks, length=10, *, by="all", smoothness=1.0):
    """A playlist that drifts from one song to another by even steps.

    The places of the playlist are even steps along the straight line between the two songs. For each, the nearest songs are
    weighed (no song for two places), and out of all ways through them the cheapest is taken (dynamic programming; Viterbi
    1967): each song costs its distance from its place, each change from song to song its jump in tempo (octaves apart is no
    jump) and in key (steps on the circle of fifths).

    Parameters
    ----------
    start, end : str, Path, pd.Series or pd.DataFrame
        As `song` in `similar_songs`.
    tracks : pd.DataFrame
    length : int
        Songs, with these two: 2 or more.
    by : str
        As in `similar_songs`.
    smoothness : float
        What changes of tempo and key cost: at 1, the greatest jump in both costs as much as to lie 1 off the line; at 0 nothing.

    Returns
    -------
    pd.DataFrame
        Rows in the order of the playlist, with `distance` and `reason` of each song beside the one before it, and `off` (its
        distance from its place on the line).

    Raises
    ------
    ValueError
        The table has too few songs, or a setting is out of range; as in `similar_songs` besides.

    Examples
    --------
    >>> songs = pd.DataFrame({"energy": [.1, .9, .5, .3, .72]}, index=list("abcde"))
    >>> playlist_path("a", "b", songs, 5).index.tolist()
    ['a', 'd', 'c', 'e', 'b']
    """
    if length < 2 or smoothness < 0:
        raise ValueError(f"length={length}, smoothness={smoothness}: a path has 2 songs or more, smoothness is 0 or more")
    ends = pd.concat([song_row(start, tracks), song_row(end, tracks)])
    space = Space(tracks, by)
    first, last = space.place(ends)
    places = first + (last - first) * np.linspace(0, 1, length)[1:-1, None]
    free = np.flatnonzero(~same_songs(tracks, ends) & (space.known >= ENOUGH_KNOWN))
    free = free[not_too_many(tracks.iloc[free], None)]
    if len(free) < length - 2:
        raise ValueError(f"the table has {len(free)} other songs: a path of {length} needs {length - 2}")
    pools, off = _pools(space.points[free], places)
    candidates = [ends.iloc[[0]], *(tracks.iloc[free[pool]] for pool in pools), ends.iloc[[1]]]
    way = _cheapest_way(candidates, [np.zeros(1), *off, np.zeros(1)], smoothness)
    path = pd.concat([rows.iloc[[number]] for rows, number in zip(candidates, way)])
    points = space.place(path)
    path["distance"] = [np.nan, *np.linalg.norm(np.diff(points, axis=0), axis=1)]
    path["off"] = [0.0, *(off[place][number] for place, number in enumerate(way[1:-1])), 0.0]
    return path.assign(reason=["", *reasons(path.iloc[:-1], path.iloc[1:], tracks, space)])


def _pools(points, places):
    """For each place the songs nearest to it, no song at two places: they choose in turns. Numbers and distances."""
    apart = [np.linalg.norm(points - place, axis=1) for place in places]
    taken, pools = np.zeros(len(points), dtype=bool), [[] for _ in places]
    for _ in range(min(CANDIDATES, len(points) // max(1, len(places)))):
        for far, pool in zip(apart, pools):
            nearest = int(np.argmin(np.where(taken, np.inf, far)))
            taken[nearest] = True
            pool.append((nearest, far[nearest]))
    return [np.array([number for number, _ in pool]) for pool in pools], [np.array([far for _, far in pool]) for pool in pools]


def _cheapest_way(candidates, off, smoothness):
    """The candidate to take at each place."""
    cost, came_from = off[0], []
    for before, here, far in zip(candidates, candidates[1:], off[1:]):
        through = cost[:, None] + smoothness * jumps(before, here)
        came_from.append(through.argmin(axis=0))
        cost = through.min(axis=0) + far
    way = [int(np.argmin(cost))]
    for back in reversed(came_from):
        way.append(int(back[way[-1]]))
    return way[::-1]


def jumps(before, after):
    """How far a change of song jumps in tempo and key, from 0 to 1, for every pair; what is not known is no jump.

    Half of it is the tempo's distance from the nearest octave of the other one, half are the steps on the circle of fifths.

    Parameters
    ----------
    before, after : pd.DataFrame
        With `tempo` and `key`, as far as they are known.

    Returns
    -------
    np.ndarray [shape=(len(before), len(after))]

    Examples
    --------
    >>> jumps(pd.DataFrame({"tempo": [100], "key": [0]}), pd.DataFrame({"tempo": [200, 100], "key": [0, 7]})).round(3).tolist()
    [[0.0, 0.083]]
    """
    total = np.zeros((len(before), len(after)))
    for column, place, turn in (("tempo", lambda rows: octaves(numbers(rows, "tempo")), 1), ("key", fifths, 12)):
        if column in before and column in after:
            away = np.abs(place(before)[:, None] - place(after)[None]) % turn
            total += np.nan_to_num(np.minimum(away, turn - away)) / turn
    return total


def playlist_by(filters, tracks, order="", length=None, *, per_artist=None):
    """Songs that pass filters, in an order: for a dinner, or for a run whose tempo rises.

    Where more songs pass than are asked for, those taken lie evenly along the order, from its beginning to its end.

    Parameters
    ----------
    filters : dict
        Column: a range ``(low, high)``, both included, None for an open end; or a value; or a list of values. A cell of several
        genres passes with any of them.
    tracks : pd.DataFrame
    order : str
        A column, ``"tempo"`` for rising, ``"-tempo"`` for falling; empty keeps the order of the table.
    length : int, optional
    per_artist : int, optional
        No more songs than this of one artist.

    Returns
    -------
    pd.DataFrame
        Rows of `tracks`.

    Raises
    ------
    ValueError
        A column is missing, or no song passes: the message says how many pass each filter by itself.

    Examples
    --------
    >>> songs = pd.DataFrame({"tempo": [170, 90, 155, 162], "genre": ["rock", "jazz", "rock, pop", "pop"]}, index=list("abcd"))
    >>> playlist_by({"tempo": (150, 180), "genre": "rock"}, songs, "tempo").index.tolist()
    ['c', 'a']
    """
    check_settings(1 if length is None else length, 0, per_artist)
    column = order.removeprefix("-")
    need_columns(tracks, [*filters, *([column] if column else [])])
    passed = {name: _passes(tracks[name], wanted) for name, wanted in filters.items()}
    rows = tracks[np.logical_and.reduce(list(passed.values()))] if passed else tracks
    if column:
        rows = rows.dropna(subset=[column]).sort_values(column, ascending=not order.startswith("-"), kind="stable")
    if rows.empty:
        alone = ", ".join(f"{name} {filters[name]!r}: {int(passes.sum())}" for name, passes in passed.items())
        raise ValueError(f"no song passes all filters; of {len(tracks)}, by each filter alone: {alone}")
    rows = rows[not_too_many(rows, per_artist)]
    if length is None or length >= len(rows):
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, length).round().astype(int)]


def _passes(column, wanted):
    """Which cells lie in a range, or hold one of the values."""
    if isinstance(wanted, tuple):
        low, high = (np.inf * sign if end is None else end for end, sign in zip(wanted, (-1, 1)))
        return column.between(low, high).fillna(False).to_numpy(dtype=bool)
    wanted = wanted if isinstance(wanted, list) else [wanted]
    if pd.api.types.is_numeric_dtype(column):
        return column.isin(wanted).to_numpy(dtype=bool)
    known = {str(one).casefold() for one in wanted}
    cells = column.astype(object)
    return np.array([bool(known & {part.casefold() for part in [str(cell), *split_genres(cell)]}) for cell in cells], dtype=bool)


KEYS = ["C, Am", "G, Em", "D, Bm", "A, F♯m", "E, C♯m", "B, G♯m", "F♯, D♯m", "D♭, B♭m", "A♭, Fm", "E♭, Cm", "B♭, Gm", "F, Dm"]
"""Around the circle of fifths: a major key and the minor one that shares its notes."""


def plot_tempo(path, *, ax=None):
    """Draw the tempo (BPM) from song to song of a playlist; returns the Axes."""
    ax = ax or plt.subplots(figsize=(8, 3))[1]
    ax.plot(np.arange(1, len(path) + 1), numbers(path, "tempo"), "o-", color="C0")
    ax.set(xlabel="song", ylabel="tempo (BPM)", xticks=np.arange(1, len(path) + 1))
    return ax


def plot_keys(path, *, ax=None):
    """Draw the keys from song to song of a playlist, one line a step on the circle of fifths; returns the Axes.

    The circle is unrolled so that every change goes the shorter way round.
    """
    ax = ax or plt.subplots(figsize=(8, 3))[1]
    places = pd.Series(fifths(path), index=np.arange(1, len(path) + 1)).dropna()
    heights = np.unwrap(places, period=12)
    ax.plot(places.index, heights, "o-", color="C1")
    if len(heights):
        lines = np.arange(heights.min() - 1, heights.max() + 2)
        ax.set_yticks(lines, [KEYS[int(line) % 12] for line in lines])
    ax.set(xlabel="song", ylabel="key (steps of a fifth)", xticks=np.arange(1, len(path) + 1))
    ax.grid(axis="y", alpha=.3)
    return ax


def gather_songs(out_dir="runs", source="", *, n_jobs=-1):
    """The songs to choose from: a table with what they are compared by.

    Parameters
    ----------
    out_dir : str or Path
        Where notebook 05 wrote ``model_output/features.parquet`` and, of the songs' tags, ``tracks.parquet``: these are taken,
        where `source` is empty.
    source : str or Path
        Whatever `prepare.load_Data` reads. Songs with sound are described by their audio features, which are kept in
        ``out_dir/recommend``. Songs made to order are taken where it is empty and notebook 05 has not run, and where it is a
        table with neither sound nor Spotify's features: this is said.
    n_jobs : int
        Processes that describe songs; -1 for all cores.

    Returns
    -------
    pd.DataFrame
        Indexed by `track_id`.
    """
    written = Path(out_dir) / "model_output" / "features.parquet"
    if not source and written.exists():
        table = pd.read_parquet(written)
        tags = written.with_name("tracks.parquet")
        if tags.exists():
            return _named(table, pd.read_parquet(tags))
        stems = [Path(path).stem.removeprefix(f"{artist} - ") for path, artist in zip(table["path"], table["artist"])]
        return table.assign(song=stems)
    if not source:
        print(f"nothing in {written.parent} yet: songs made to order are taken (synthetic)")
    tracks = prepare_df(load_Data(source or "sample_songs"))
    if "path" not in tracks or tracks["path"].isna().all():
        try:
            columns_by_group(tracks)
            return tracks
        except ValueError as error:
            print(f"{source}: {error}. Songs made to order are taken (synthetic)")
            tracks = prepare_df(load_Data("sample_songs"))
    table = extract_features(tracks, out=Path(out_dir) / "recommend" / "features.parquet", n_jobs=n_jobs)
    return _named(table, tracks)


def _named(table, tracks):
    """A table of features with what the songs' tags tell of them."""
    return table.join(tracks[[column for column in ("song", "album", "year", "duration_ms") if column in tracks]])
