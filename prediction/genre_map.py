"""A map on which genres have regions and songs are points, and where a new song is placed without moving the others."""

import json
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.stats

from prediction.windows import heard, window_seconds


class GenreMap(NamedTuple):
    """A fixed projection of what a model hears onto two axes.

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


def genre_map(classifier, tracks, *, features=None):
    """Draw up a map from known songs.

    Parameters
    ----------
    classifier
        Fitted; its embeddings are what is projected.
    tracks : pd.DataFrame
        Known songs: sound files in `path` and their `genre`; or, of more songs than anyone wants to decode again, rows that the
        classifier takes (a manifest with `track_id`).
    features : pd.DataFrame, optional
        Features by track that explain the axes, as from `features.extract_features`.

    Returns
    -------
    GenreMap
        The projection that tells the genres apart best (linear discriminant analysis, Fisher 1936, its covariance shrunk).

    Raises
    ------
    ValueError
        There are fewer than three genres, or too few songs of one.
    """
    embedded = embeddings(classifier, tracks)
    genres = tracks.drop_duplicates("track_id").set_index("track_id")["genre"].reindex(embedded.index).astype(object).to_numpy()
    return project(embedded, genres, features=features)


def project(embedded, genres, *, features=None):
    """As `genre_map`, of songs that were embedded already: a frame [songs x size], and the genre of each."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    genres = np.asarray(genres, dtype=object).astype(str)
    counts = pd.Series(genres).value_counts()
    if len(counts) < 3 or counts.min() < 3:
        raise ValueError(f"a map needs three genres or more with three songs or more each; there are {counts.to_dict()}")
    values = embedded.to_numpy(float)
    found = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto", priors=np.full(len(counts), 1 / len(counts)))
    axes, centre = found.fit(values, genres).scalings_[:, :2], values.mean(axis=0)
    places = (values - centre) @ axes
    axes = axes / pd.DataFrame(places).groupby(genres).std().mean().to_numpy()  # a unit is how far songs of a genre lie apart
    songs = pd.DataFrame((values - centre) @ axes, columns=["x", "y"], index=embedded.index).assign(genre=genres)
    regions = {name: {"x": part["x"].mean(), "y": part["y"].mean(), "xx": part["x"].var(), "yy": part["y"].var(),
                      "xy": part["x"].cov(part["y"])} for name, part in songs.groupby("genre")}
    return GenreMap(centre, axes, pd.DataFrame(regions).T, songs, _meaning(songs, features))


def _meaning(songs, features):
    if features is None:
        return pd.DataFrame(columns=["x", "y"], dtype=float)
    known = features.loc[features.index.isin(songs.index)].select_dtypes("number").groupby(level=0).mean()
    places = songs.loc[known.index]
    table = {column: [scipy.stats.spearmanr(known[column], places[axis], nan_policy="omit").statistic for axis in "xy"]
             for column in known if known[column].nunique() > 2}
    return pd.DataFrame.from_dict(table, orient="index", columns=["x", "y"]).astype(float).dropna()


def embeddings(classifier, tracks):
    """What a classifier hears in each track, [tracks x size]: of a manifest's rows, or of sound files."""
    if "settings" in tracks:
        frame = pd.DataFrame(classifier.embed(tracks), index=pd.Index(tracks["track_id"], name="track_id"))
        return frame.groupby(level=0, sort=False).mean()
    ids = tracks.get("track_id", tracks.index)
    rows = {track: embedding(classifier, path) for track, path in zip(ids, tracks["path"])}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("track_id")


def embedding(classifier, song):
    """What a classifier hears in one sound file, [shape=(size,)]: the mean over its windows."""
    seconds = window_seconds(classifier)
    with heard(classifier, song, seconds=seconds, hop_seconds=seconds) as rows:
        return classifier.embed(rows).mean(axis=0)


def place_on_map(genre_map, song, *, classifier=None):
    """Where a song lies on a map.

    Parameters
    ----------
    genre_map : GenreMap
    song : np.ndarray [shape=(size,)] or str or Path
        An embedding, or a sound file, to be heard by `classifier`.
    classifier : optional
        That of the map.

    Returns
    -------
    (float, float)
    """
    if isinstance(song, (str, Path)):
        song = embedding(classifier, song)
    x, y = (np.asarray(song, dtype=float) - genre_map.centre) @ genre_map.axes
    return float(x), float(y)


def save_map(genre_map, path):
    """Save a map without its songs, as JSON: the projection, the regions, and what the axes mean; whole or not at all."""
    note = {"centre": genre_map.centre.tolist(), "axes": genre_map.axes.tolist(),
            "regions": genre_map.regions.to_dict("index"), "meaning": genre_map.meaning.to_dict("index")}
    path = Path(path)
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(json.dumps(note, indent=1), encoding="utf-8")
    os.replace(beside, path)
    return path


def load_map(path):
    """Load what `save_map` saved."""
    note = json.loads(Path(path).read_text(encoding="utf-8"))
    regions, meaning = (pd.DataFrame.from_dict(note[name], orient="index", dtype=float) for name in ("regions", "meaning"))
    songs = pd.DataFrame({"x": [], "y": [], "genre": []})
    return GenreMap(np.array(note["centre"]), np.array(note["axes"]), regions, songs, meaning)
