"""What a collection of songs is large enough for: three sets, training, a comparison of models; and why not.

Each function returns a sentence that says what is missing, or an empty text where nothing is.
"""

import math

import numpy as np
import pandas as pd

from sources.artists import artist_groups

SIDES = 3
"""Of a split: training, validation and test set. An artist is in one of them only, so a genre needs as many artists."""
GENRES_TO_TRAIN = 2
"""A model that knows one genre has nothing to tell apart."""
ARTISTS_TO_COMPARE = math.ceil(1 - math.log2(.05))
"""Six artists of the test set: with fewer, no result is significant. Even if one model were right and the other wrong
for every artist, the exact McNemar test would give p = 2 * 0.5 ** 5 = .06."""


def split_obstacle(classes, members, *, target="genre", group="artist"):
    """Why songs cannot be split into three sets that share no artist.

    Parameters
    ----------
    classes : pd.Series [shape=(n,)]
        What the split is stratified by; null where it is not known.
    members : scipy.sparse.csr_array [shape=(n, n_artists)]
        The artists of each song, as from `sources.artists.artist_matrix`.
    target, group : str
        Their names, for the sentence.

    Returns
    -------
    str

    Examples
    --------
    >>> from sources.artists import artist_matrix
    >>> split_obstacle(pd.Series(["rock", "rock"]), artist_matrix(range(2), ["Ann", "Ben"]))
    'all 2 songs have the same genre (rock), so there is nothing to split by'
    """
    known = classes.dropna()
    if known.empty:
        return f"no song has a {target}, so there is nothing to split by"
    if known.nunique() < 2:
        songs = f"all {len(known):,} songs have" if len(known) > 1 else "there is one song with"
        same = "the same" if len(known) > 1 else "a"
        return f"{songs} {same} {target} ({known.iloc[0]}), so there is nothing to split by"
    n_groups = len(np.unique(members[classes.notna().to_numpy()].indices))
    if n_groups < SIDES:
        return (f"the songs with a {target} are by {n_groups} {group}{'s' if n_groups > 1 else ''}: three sets that "
                f"share no {group} need three")
    return ""


def artists_by_genre(genre, artist):
    """The number of songs and of artists of each genre.

    Parameters
    ----------
    genre, artist : pd.Series [shape=(n,)]
        Of each song, with the same index; a song without an artist counts as by an artist of its own.

    Returns
    -------
    pd.DataFrame
        Indexed by genre, the one with most songs first: `songs`, `artists`.

    Examples
    --------
    >>> artists_by_genre(pd.Series(["rock", "rock", "folk"]), pd.Series(["Ann", "ann", None])).T.to_dict()
    {'rock': {'songs': 2, 'artists': 1}, 'folk': {'songs': 1, 'artists': 1}}
    """
    rows = pd.DataFrame({"genre": genre.astype(object).to_numpy(), "artist": artist_groups(genre, artist)})
    table = rows.groupby("genre")["artist"].agg(songs="size", artists="nunique")
    return table.sort_values("songs", ascending=False, kind="stable")


def training_obstacle(genre, artist):
    """Why models cannot be trained to tell genres apart; the arguments are those of `artists_by_genre`.

    Returns
    -------
    str

    Examples
    --------
    >>> print(training_obstacle(pd.Series(["rock"] * 3 + ["folk"]), pd.Series(["Ann", "Bob", "Cid", "Dan"])))
    rock (3 songs by 3 artists), folk (1 song by 1 artist): at least two genres with songs by three artists each are \
needed to train models
    """
    table = artists_by_genre(genre, artist)
    if (table["artists"] >= SIDES).sum() >= GENRES_TO_TRAIN:
        return ""
    shown = ", ".join(f"{name} ({_songs(row.songs)} by {row.artists} artist{'s' if row.artists > 1 else ''})"
                      for name, row in table.head(6).iterrows())
    n_more = len(table) - 6
    shown += f" and {n_more} other genre{'s' if n_more > 1 else ''}" if n_more > 0 else ""
    return (f"{shown or 'no song has a genre'}: at least two genres with songs by three artists each are needed to "
            "train models")


def comparison_obstacle(genre, artist):
    """Why the scores of models on these songs mean nothing; the arguments are those of `artists_by_genre`.

    Returns
    -------
    str

    Examples
    --------
    >>> print(comparison_obstacle(pd.Series(["rock"]), pd.Series(["Ann"])))
    1 song by 1 artist is too little to compare models on: with fewer than 6 artists, even a model that is right on \
every song cannot be told from one that is wrong on every song (exact McNemar test)
    """
    n_artists = len(np.unique(artist_groups(genre, artist)))
    if n_artists >= ARTISTS_TO_COMPARE and genre.nunique() >= GENRES_TO_TRAIN:
        return ""
    songs = f"{_songs(len(genre))} by {n_artists} artist{'s' if n_artists != 1 else ''}"
    if n_artists >= ARTISTS_TO_COMPARE:
        return f"{songs}, all of one genre, cannot show whether a model tells genres apart"
    return (f"{songs} is too little to compare models on: with fewer than {ARTISTS_TO_COMPARE} artists, even a model "
            "that is right on every song cannot be told from one that is wrong on every song (exact McNemar test)")


def _songs(n):
    return f"{n:,} song{'s' if n != 1 else ''}"
