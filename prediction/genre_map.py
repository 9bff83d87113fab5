"""A map on which genres are regions and songs are points; a new song is placed on it without moving the others."""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.stats

from learning.calibration import track_embeddings
from prediction.windows import song_embedding
from sources.files import write_text


class GenreMap(NamedTuple):
    """A fixed projection of a model's embeddings onto two axes.

    Attributes
    ----------
    centre : np.ndarray [shape=(size,)]
    axes : np.ndarray [shape=(size, 2)]
    regions : pd.DataFrame
        Indexed by genre: `x`, `y` of its middle and `xx`, `xy`, `yy`, how its songs spread around it.
    songs : pd.DataFrame
        Indexed by track: `x`, `y`, `genre`; empty in a map that was saved.
    meaning : pd.DataFrame
        Columns `x` and `y`: the rank correlation of each feature with the axes.
    """

    centre: np.ndarray
    axes: np.ndarray
    regions: pd.DataFrame
    songs: pd.DataFrame
    meaning: pd.DataFrame


def fit_genre_map(classifier, tracks, *, features=None):
    """Fit a map to known songs.

    Parameters
    ----------
    classifier
        Fitted; its embeddings are projected.
    tracks : pd.DataFrame
        Known songs with `genre`: sound files in `path`; or rows that the classifier takes (an image manifest, or
        features), with the track in the index or in a column `track_id`.
    features : pd.DataFrame, optional
        Features by track that explain the axes, as from `features.extract_features`.

    Returns
    -------
    GenreMap
        The projection that separates the genres best (linear discriminant analysis, Fisher 1936, with a shrunk
        covariance).

    Raises
    ------
    ValueError
        There are fewer than three genres, or fewer than three songs of one.
    """
    ids = pd.Index(tracks.get("track_id", tracks.index), name="track_id")
    if "path" in tracks and "settings" not in tracks:
        embedded = pd.DataFrame({track: song_embedding(classifier, path) for track, path in zip(ids, tracks["path"])}).T
    else:
        embedded = track_embeddings(classifier, tracks)
    genres = tracks["genre"].astype(object).set_axis(ids).groupby(level=0).first().reindex(embedded.index)
    return project(embedded, genres, features=features)


def project(embedded, genres, *, features=None):
    """As `fit_genre_map`, for embeddings that are known: a frame [shape=(songs, size)], and the genre of each song."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    genres = np.asarray(genres, dtype=object).astype(str)
    counts = pd.Series(genres).value_counts()
    if len(counts) < 3 or counts.min() < 3:
        raise ValueError(
            f"a map needs three genres or more with three songs or more each; there are {counts.to_dict()}"
        )
    values = embedded.to_numpy(float)
    priors = np.full(len(counts), 1 / len(counts))
    analysis = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto", priors=priors).fit(values, genres)
    axes, centre = analysis.scalings_[:, :2], values.mean(axis=0)
    places = pd.DataFrame((values - centre) @ axes)
    axes = axes / places.groupby(genres).std().mean().to_numpy()  # one unit is how far apart songs of a genre lie
    songs = pd.DataFrame((values - centre) @ axes, columns=["x", "y"], index=embedded.index).assign(genre=genres)
    regions = {name: {"x": part["x"].mean(), "y": part["y"].mean(), "xx": part["x"].var(), "yy": part["y"].var(),
                      "xy": part["x"].cov(part["y"])} for name, part in songs.groupby("genre")}
    return GenreMap(centre, axes, pd.DataFrame(regions).T, songs, _axis_correlations(songs, features))


def _axis_correlations(songs, features):
    """The rank correlation of each feature with the two axes."""
    if features is None:
        return pd.DataFrame(columns=["x", "y"], dtype=float)
    known = features.loc[features.index.isin(songs.index)].select_dtypes("number").groupby(level=0).mean()
    places = songs.loc[known.index]
    table = {column: [scipy.stats.spearmanr(known[column], places[axis], nan_policy="omit").statistic for axis in "xy"]
             for column in known if known[column].nunique() > 2}
    return pd.DataFrame.from_dict(table, orient="index", columns=["x", "y"]).astype(float).dropna()


def place_on_map(genre_map, song, *, classifier=None):
    """Where a song lies on a map.

    Parameters
    ----------
    genre_map : GenreMap
    song : np.ndarray [shape=(size,)], str, Path or Recording
        An embedding, or a sound file, which `classifier` embeds.
    classifier : optional
        That of the map.

    Returns
    -------
    (float, float)
    """
    embedding = song if isinstance(song, np.ndarray) else song_embedding(classifier, song)
    x, y = (np.asarray(embedding, dtype=float) - genre_map.centre) @ genre_map.axes
    return float(x), float(y)


def save_map(genre_map, path):
    """Save a map without its songs, as JSON: the projection, the regions, and the correlations of the axes; returns
    the path."""
    note = {"centre": genre_map.centre.tolist(), "axes": genre_map.axes.tolist(),
            "regions": genre_map.regions.to_dict("index"), "meaning": genre_map.meaning.to_dict("index")}
    return write_text(path, json.dumps(note, indent=1))


def map_fingerprint(genre_map):
    """A text that is another one for another projection."""
    numbers = np.concatenate([genre_map.centre.ravel(), genre_map.axes.ravel()]).round(6)
    return f"map {hashlib.sha256(numbers.tobytes()).hexdigest()[:16]}"


def load_map(path):
    """Load what `save_map` saved."""
    note = json.loads(Path(path).read_text(encoding="utf-8"))
    regions, meaning = (
        pd.DataFrame.from_dict(note[name], orient="index", dtype=float) for name in ("regions", "meaning")
    )
    songs = pd.DataFrame({"x": [], "y": [], "genre": []})
    return GenreMap(np.array(note["centre"]), np.array(note["axes"]), regions, songs, meaning)
