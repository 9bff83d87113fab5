"""Similar songs, with reasons; playlists of similar songs, from one song to another, or by filters."""

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.associations import need_columns
from analysis.selection import check_settings, choose, not_too_many, same_songs, song_name, song_row
from analysis.similarity import ENOUGH_KNOWN, Space, agreement, columns_by_group, fifths, numbers, octaves
from analysis.song_map import plot_song_map, song_map
from analysis.song_paths import (
    CANDIDATES,
    KEYS,
    SAME_TEMPO,
    candidate_pools,
    cheapest_path,
    jumps,
    key_sentence,
    plot_keys,
    plot_tempo,
    tempo_sentence,
)
from features import extract_embeddings, extract_features
from learning.persistence import ModelError
from prepare import load_Data, prepare_df, split_genres
from sources.artists import artist_matrix, by_other_artists

__all__ = ["CANDIDATES", "KEYS", "NOTICED", "PRIOR", "SAME_TEMPO", "Space", "TELLING", "TYPICAL", "agreement",
           "gather_songs", "jumps", "key_sentence", "likeness", "playlist_by", "playlist_like", "playlist_path",
           "plot_keys", "plot_song_map", "plot_tempo", "reasons", "similar_songs", "song_map", "song_name", "song_row",
           "tempo_sentence"]

TELLING = {
    "energy": ("more energetic", "calmer"), "spectral_centroid_mean": ("brighter", "darker"),
    "loudness": ("louder", "quieter"), "loudness_lufs": ("louder", "quieter"),
    "acousticness": ("more acoustic", "less acoustic"), "danceability": ("more danceable", "less danceable"),
    "pulse_regularity": ("steadier in its pulse", "looser in its pulse"),
    "valence": ("more cheerful", "sadder"), "onset_strength_mean": ("harder in its attacks", "softer in its attacks"),
    "spectral_flatness_mean": ("noisier", "purer in tone"), "speechiness": ("more spoken", "less spoken"),
    "instrumentalness": ("more instrumental", "more sung"), "liveness": ("more live", "less live")}
"""The features that are named in reasons: the words for more and for less of each."""
SMALLEST_SPREAD = 1e-6
"""A standard deviation below this share of the largest value is the error of rounding: the feature is constant."""
NOTICED = .5
"""Standard deviations: the least difference in a feature that is named."""
PRIOR = 5
"""The weight of the prior, in songs: it pulls the variance of the seed songs towards that of the table."""
SYNTHETIC = "sample songs (synthetic)"
"""The `source` of the songs of the embedded sample."""
TYPICAL = .5
"""The weight of a song's log-likelihood among all songs, which is subtracted: with 0 average songs rank first, with 1
unusual ones."""


def similar_songs(song, tracks, n=10, *, by="all", diversity=0.0, per_artist=None, owned=()):
    """The most similar songs of a table.

    An exact nearest-neighbour search over standardised values (see `analysis.similarity`). On one free core it takes
    less than a second for 100,000 rows of 340 audio features, and a fifth of a second for as many rows of Spotify's
    eleven. The song itself and its other releases (same artist and title, remastered, live or not) are left out; of two
    releases of another song, the more similar one is kept.

    Parameters
    ----------
    song : str, Path, Recording, pd.Series or pd.DataFrame
        The `track_id` of a row of the table, a row with the same columns, or a sound file, whose audio features are
        computed.
    tracks : pd.DataFrame
        One row a track, indexed by `track_id`: audio features, columns `embedding_001` ..., or Spotify's features.
    n : int
        The number of songs to return.
    by : {'all', 'beat', 'timbre', 'pitch', 'embedding', 'table'}
        What to compare: one aspect of the audio features, the embeddings, Spotify's features, or all that the table
        has.
    diversity : float
        From 0 (the most similar songs, even if they are very similar to each other) to 1: maximal marginal relevance
        (Carbonell and Goldstein 1998), which weighs a song's similarity against its distance from those chosen before.
        It chooses among the nearest ten times `n` songs.
    per_artist : int, optional
        The largest number of songs by one artist.
    owned : pd.DataFrame or iterable of str
        Songs to leave out: a table of tracks, or track ids.

    Returns
    -------
    pd.DataFrame
        Rows of `tracks`, in the order of choice (nearest first), with `distance` (two songs drawn at random are about
        1.4 apart) and `reason`, such as ``"same tempo, brighter"``. Fewer than `n` where the table has no more.

    Raises
    ------
    ValueError
        The table has no features, too little is known of the song, or a setting is out of range; the message names the
        column or setting.
    KeyError
        The song is neither a track of the table nor a file.

    Examples
    --------
    >>> songs = pd.DataFrame({"tempo": [90, 91, 170, 120], "energy": [.2, .3, .9, .5],
    ...                       "valence": [.5, .5, .2, .9]}, index=["waltz", "ballad", "polka", "march"])
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
    """For each similar song, what it has in common with a song, and the clearest differences, in words.

    Parameters
    ----------
    song : pd.DataFrame
        One row; or as many rows as `found`, each of which is compared with the row of `found` at the same place.
    found : pd.DataFrame
        The similar songs.
    tracks : pd.DataFrame
        The table that they are from. A feature that is constant in it is not named.
    space : similarity.Space
        It has the columns by which songs are compared.

    Returns
    -------
    list of str
    """
    compared = {column for group, columns in space.groups.items()
                for column in (tracks if group == "embedding" and len(space.groups) == 1 else columns)}
    compared = {column for column in compared if column in song and pd.api.types.is_numeric_dtype(tracks[column])}
    spreads = {column: _spread(numbers(tracks, column)) for column in TELLING if column in compared}
    differences = {column: (numbers(found, column) - numbers(song, column)) / spread
                   for column, spread in spreads.items() if spread}
    words = [_words_for(pd.Series({column: z[row] for column, z in differences.items()}, dtype=float))
             for row in range(len(found))]
    for column, words_of_column in (("key", _key_words), ("tempo", _tempo_words)):
        if column in compared:
            words = [[word, *others] for word, others in zip(words_of_column(song, found), words)]
    # embeddings alone have no words, and pitch has only those for the key
    silent = np.full(len(found), "alike throughout" if spreads else "", dtype=object)
    if not spreads and "key" in compared:
        silent[~np.isnan(fifths(found) - fifths(song))] = "unrelated key"
    return [", ".join(filter(None, words_of_song)) or nothing for words_of_song, nothing in zip(words, silent)]


def _spread(values):
    """The standard deviation; 0 where all known values are equal, or none is known."""
    values = values[~np.isnan(values)]
    spread = values.std() if len(values) else 0.0
    return spread if spread > SMALLEST_SPREAD * np.abs(values).max(initial=0) else 0.0


def _words_for(z, most=2):
    """The words for the largest differences, given in standard deviations; a word of two features appears once."""
    clear = z[z.abs() > NOTICED].sort_values(key=abs, ascending=False)
    return list(dict.fromkeys(TELLING[column][int(value < 0)] for column, value in clear.items()))[:most]


def _tempo_words(song, found):
    """A word for the tempo of each similar song; empty where a tempo is missing."""
    difference = octaves(numbers(found, "tempo")) - octaves(numbers(song, "tempo"))
    equal = [np.abs(difference - octave) <= SAME_TEMPO for octave in (0, 1, -1)]
    words = ["same tempo", "double the tempo", "half the tempo", "faster", "slower"]
    return np.select([*equal, difference > 0, difference < 0], words, "")


def _key_words(song, found):
    """A word for the key of each similar song; empty where the keys are unrelated, or one is missing."""
    steps = (fifths(found) - fifths(song)) % 12
    same_tonic = numbers(found, "key") == numbers(song, "key")
    return np.select([(steps == 0) & same_tonic, steps == 0, np.isin(steps, (1, 11)), same_tonic],
                     ["same key", "relative key", "neighbouring key", "same tonic"], "")


# ---- playlists

def playlist_like(songs, tracks, length=20, *, by="all", diversity=0.0, same_artists=True, per_artist=None, owned=()):
    """A playlist that continues a few songs.

    Songs are ranked by a likelihood ratio: how much likelier a song is among songs like the given ones than among all
    songs of the table. Both distributions are normal, value by value, each with its weight (see `analysis.similarity`);
    the variance of the given songs is pulled towards that of the table by a conjugate prior of `PRIOR` songs. So what
    the given songs have in common counts more than what differs among them. Other songs by their artists come first,
    since the artist is the best predictor of real playlists (`tests/benchmarks/bench_recommend.py`).

    Parameters
    ----------
    songs : list of str, or pd.DataFrame
        The `track_id` of rows of the table (or sound files), or rows with the same columns. They are not in the
        playlist.
    tracks : pd.DataFrame
    length : int
        The number of songs.
    same_artists : bool
        Whether songs by the same artists come first; `per_artist` limits their number. False uses the sound alone.
    by, diversity, per_artist, owned
        As in `similar_songs`.

    Returns
    -------
    pd.DataFrame
        Rows of `tracks`, artists of `songs` first, likeliest first, with `likeness` (the logarithm of the ratio) and
        `like` (the most similar of `songs`).

    Raises
    ------
    ValueError, KeyError
        As in `similar_songs`; or `songs` is empty.

    Examples
    --------
    >>> songs = pd.DataFrame({"energy": [.8, .9, .85, .1, .2], "valence": [.1, .9, .4, .5, .3]}, index=list("abcde"))
    >>> playlist_like(["a", "b"], songs, 1).index.tolist()
    ['c']
    """
    check_settings(length, diversity, per_artist)
    if not len(songs):
        raise ValueError("there is no song to continue: name one or more")
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
    """Which tracks are by an artist of the songs."""
    if "artist" not in tracks or "artist" not in songs:
        return np.zeros(len(tracks), dtype=bool)
    columns = [column for column in ("artist", "artists") if column in tracks and column in songs]
    members = artist_matrix(pd.concat([rows[columns].astype(object) for rows in (songs, tracks)]))
    return ~by_other_artists(members, range(len(songs)))[len(songs):]


def likeness(seeds, space):
    """The weighted log-likelihood ratio of each song of a space: among songs like the seeds, and among all songs.

    Parameters
    ----------
    seeds : np.ndarray [shape=(n, d)]
        The points of the seed songs, as from `space.place`.
    space : similarity.Space

    Returns
    -------
    np.ndarray [shape=(songs,)]
    """
    points = space.points.astype("float64")
    seeds = np.asarray(seeds, dtype="float64")
    mean = points.mean(axis=0)
    variance = np.maximum(points.var(axis=0), 1e-12)
    seed_mean = seeds.mean(axis=0)
    seed_variance = (np.square(seeds - seed_mean).sum(axis=0) + PRIOR * variance) / (len(seeds) + PRIOR)
    ratio = TYPICAL * np.square(points - mean) / variance - np.square(points - seed_mean) / seed_variance
    return ratio @ space.weight ** 2 / 2


def playlist_path(start, end, tracks, length=10, *, by="all", smoothness=1.0):
    """A playlist that goes from one song to another.

    The places of the playlist are evenly spaced on the straight line between the two songs. The nearest songs to each
    place are its candidates (no song for two places), and the cheapest path through them is chosen by dynamic
    programming (Viterbi 1967). A song costs its distance from its place; a change of song costs its jump in tempo (half
    or double the tempo is a smaller one) and in key (steps on the circle of fifths).

    Parameters
    ----------
    start, end : str, Path, pd.Series or pd.DataFrame
        As `song` in `similar_songs`.
    tracks : pd.DataFrame
    length : int
        The number of songs, with these two: 2 or more.
    by : str
        As in `similar_songs`.
    smoothness : float
        The cost of changes of tempo and key. With 1, the largest jump in both costs as much as a distance of 1 from the
        line; with 0, jumps cost nothing.

    Returns
    -------
    pd.DataFrame
        Rows in the order of the playlist, with `distance` and `reason` relative to the song before, and `off`, the
        song's distance from its place on the line.

    Raises
    ------
    ValueError
        The table has too few songs, or a setting is out of range; or as in `similar_songs`.

    Examples
    --------
    >>> songs = pd.DataFrame({"energy": [.1, .9, .5, .3, .72]}, index=list("abcde"))
    >>> playlist_path("a", "b", songs, 5).index.tolist()
    ['a', 'd', 'c', 'e', 'b']
    """
    if length < 2 or smoothness < 0:
        raise ValueError(f"length={length}, smoothness={smoothness}: a path has at least 2 songs, and smoothness is 0 "
                         "or more")
    ends = pd.concat([song_row(start, tracks), song_row(end, tracks)])
    space = Space(tracks, by)
    first, last = space.place(ends)
    places = first + (last - first) * np.linspace(0, 1, length)[1:-1, None]
    free = np.flatnonzero(~same_songs(tracks, ends) & (space.known >= ENOUGH_KNOWN))
    free = free[not_too_many(tracks.iloc[free], None)]
    if len(free) < length - 2:
        raise ValueError(f"the table has {len(free)} other songs: a path of {length} needs {length - 2}")
    pools, off = candidate_pools(space.points[free], places)
    candidates = [ends.iloc[[0]], *(tracks.iloc[free[pool]] for pool in pools), ends.iloc[[1]]]
    chosen = cheapest_path(candidates, [np.zeros(1), *off, np.zeros(1)], smoothness)
    path = pd.concat([rows.iloc[[number]] for rows, number in zip(candidates, chosen)])
    points = space.place(path)
    path["distance"] = [np.nan, *np.linalg.norm(np.diff(points, axis=0), axis=1)]
    path["off"] = [0.0, *(off[place][number] for place, number in enumerate(chosen[1:-1])), 0.0]
    return path.assign(reason=["", *reasons(path.iloc[:-1], path.iloc[1:], tracks, space)])


def playlist_by(filters, tracks, order="", length=None, *, per_artist=None):
    """A playlist of the songs that pass filters, sorted by a column: for example, a run with a rising tempo.

    Where more songs pass than `length`, those that are taken are evenly spaced in the sorted list.

    Parameters
    ----------
    filters : dict
        For each column a range ``(low, high)``, both included, None for an open end; or a value; or a list of values.
        A cell with several genres passes if one of them does.
    tracks : pd.DataFrame
    order : str
        A column: ``"tempo"`` for rising, ``"-tempo"`` for falling; empty keeps the order of the table.
    length : int, optional
        The number of songs; all that pass, if not given.
    per_artist : int, optional
        The largest number of songs by one artist.

    Returns
    -------
    pd.DataFrame
        Rows of `tracks`.

    Raises
    ------
    ValueError
        A column is missing, or no song passes; the message counts the songs that pass each filter alone.

    Examples
    --------
    >>> songs = pd.DataFrame({"tempo": [170, 90, 155, 162], "genre": ["rock", "jazz", "rock, pop", "pop"]},
    ...                      index=list("abcd"))
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
    """Which cells are in a range, or have one of the values."""
    if isinstance(wanted, tuple):
        low, high = (np.inf * sign if end is None else end for end, sign in zip(wanted, (-1, 1)))
        return column.between(low, high).fillna(False).to_numpy(dtype=bool)
    wanted = wanted if isinstance(wanted, list) else [wanted]
    if pd.api.types.is_numeric_dtype(column):
        return column.isin(wanted).to_numpy(dtype=bool)
    wanted = {str(value).casefold() for value in wanted}
    passes = [bool(wanted & {text.casefold() for text in [str(cell), *split_genres(cell)]})
              for cell in column.astype(object)]
    return np.array(passes, dtype=bool)


def gather_songs(out_dir="runs", source="", *, n_jobs=-1):
    """A table of songs with the features by which they are compared.

    Parameters
    ----------
    out_dir : str or Path
        The folder in which notebook 05 wrote ``model_output/features.parquet``, ``embeddings.parquet`` and, with the
        songs' tags, ``tracks.parquet``. These are read where `source` is empty.
    source : str or Path
        Whatever `prepare.load_Data` reads. The audio features and embeddings of sound files are computed and kept in
        ``out_dir/recommend``. Synthetic songs are used if it is empty and notebook 05 has not run, or if it is a table
        with neither sound files nor Spotify's features; a message is printed.
    n_jobs : int
        The number of processes that compute features; -1 for all cores.

    Returns
    -------
    pd.DataFrame
        Indexed by `track_id`.
    """
    written = Path(out_dir) / "model_output" / "features.parquet"
    if not source and written.exists():
        table = _with_embeddings(pd.read_parquet(written), written.with_name("embeddings.parquet"))
        tags = written.with_name("tracks.parquet")
        if tags.exists():
            return _named(table, pd.read_parquet(tags))
        stems = [Path(path).stem.removeprefix(f"{artist} - ") for path, artist in zip(table["path"], table["artist"])]
        return table.assign(song=stems)
    if not source:
        print(f"nothing in {written.parent} yet: synthetic songs are used")
    tracks = prepare_df(load_Data(source or "sample_songs"))
    if "path" in tracks and not any(Path(path).is_file() for path in tracks["path"].dropna()):
        print(f"{source}: there is no file at any of its {tracks['path'].notna().sum():,} paths, such as "
              f"{tracks['path'].dropna().iloc[0]}" if tracks["path"].notna().any() else f"{source} has no paths")
        tracks = tracks.drop(columns="path")
    if "path" not in tracks or tracks["path"].isna().all():
        try:
            columns_by_group(tracks)
            return tracks
        except ValueError as error:
            print(f"{source}: {error}. Synthetic songs are used instead")
            tracks = prepare_df(load_Data("sample_songs"))
    folder = Path(out_dir) / "recommend"
    table = extract_features(tracks, out=folder / "features.parquet", n_jobs=n_jobs)
    try:
        extract_embeddings(tracks, out=folder / "embeddings.parquet", n_jobs=n_jobs)
    except ModelError as error:
        print(f"compared without embeddings: {error}")
    return _named(_with_embeddings(table, folder / "embeddings.parquet"), tracks)


def own_collection(out_dir="runs", source=""):
    """The songs of a user to compare a song with, as `gather_songs` returns them.

    Parameters
    ----------
    out_dir, source
        As in `gather_songs`.

    Returns
    -------
    pd.DataFrame or None
        None where no source is given and notebook 05 has described no songs, or only the synthetic sample.
    """
    if source and not Path(source).expanduser().exists():
        raise ValueError(f"there is no folder of songs to compare with: {Path(source).expanduser().absolute()}")
    if not source:
        tags = Path(out_dir) / "model_output" / "tracks.parquet"
        if not tags.exists() or pd.read_parquet(tags).get("source", pd.Series(dtype=str)).eq(SYNTHETIC).any():
            return None
    return gather_songs(out_dir, source)


def _with_embeddings(table, path):
    """A table of features with the embeddings and tags of musicnn, where they were computed."""
    if not path.exists():
        return table
    embeddings = pd.read_parquet(path)
    columns = [name for name in embeddings if name.startswith(("tag: ", "embedding_"))]
    return table.join(embeddings[columns][~embeddings.index.duplicated()])


def _named(table, tracks):
    """A table of features with what the tags tell: title, album, year, duration and source of the songs."""
    return table.join(
        tracks[[column for column in ("song", "album", "year", "duration_ms", "source") if column in tracks]]
    )
