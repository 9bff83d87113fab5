"""How far a sound is from the training songs: the probabilities of a model mean little for sounds that it was not
trained on."""

import numpy as np

QUANTILES = np.linspace(0, 1, 101)
COMPONENTS = 30
LARGEST_DEVIATION = 5.0
"""Standard deviations; values beyond it are clipped to it."""
RARE = .05
"""The score rises from 0 where fewer than this share of a genre's songs lie farther out."""
FEWEST_SONGS_OF_A_GENRE = 10
"""For a genre with fewer songs, the distances of all songs are used."""


def fit_distribution(features, genres, held_out=None, held_out_genres=None):
    """Learn what the training songs are like: the mean of each genre, the principal components around it, usual
    distances.

    The distance of a sound from a genre is the sum of two squared distances, each divided by its median: the one from
    the principal components, and the one within them (Jackson & Mudholkar 1979), of the standardised features minus
    the mean of the genre (Lee et al. 2018).

    Parameters
    ----------
    features : pd.DataFrame
        Of the training songs, numeric, one row a song.
    genres : sequence of str
    held_out, held_out_genres : optional
        Of songs that the model was not trained on: their distances are taken as usual. Without them the distances of
        the training songs are taken, which makes other songs look more unlike them than they are.

    Returns
    -------
    dict
        Numbers only, none of a single song: `columns, mean, scale, centres, components, spread, units, distances`
        (quantiles by genre).

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> values = rng.normal(size=(400, 1)) * [1, 2, -1, 1] + rng.normal(0, .1, (400, 4))
    >>> songs = pd.DataFrame(values, columns=list("abcd"))
    >>> distribution = fit_distribution(songs[:200], ["jazz", "rock"] * 100, songs[200:], ["jazz", "rock"] * 100)
    >>> new = pd.DataFrame([[1, 2, -1, 1], [1, -2, 1, 1]], columns=list("abcd"))
    >>> out_of_distribution_score(distribution, new, pd.DataFrame({"jazz": [.5, 1], "rock": [.5, 0]})).tolist()
    [0.0, 1.0]
    """
    components = fit_components(features, genres)
    judged, names = (features, genres) if held_out is None else (held_out, held_out_genres)
    distances = distances_to_genre(components, judged, names)
    return components | {"distances": distance_quantiles(distances, names, components["centres"])}


def fit_components(features, genres):
    """The means of the genres and the principal components around them: `fit_distribution` without the usual
    distances."""
    names = np.asarray(genres, dtype=object).astype(str)
    mean = features.mean().fillna(0)
    scale = features.std().fillna(0)
    fitted = {"columns": [str(column) for column in features], "mean": mean.tolist(),
              "scale": scale.where(scale > 1e-9, 1).tolist()}
    values = _standardised(fitted, features)
    centres = {name: values[names == name].mean(axis=0).round(4) for name in sorted(set(names))}
    values = values - np.array([centres[name] for name in names])
    n = max(1, min(COMPONENTS, len(values) // 4, values.shape[1] // 3))
    _, sizes, axes = np.linalg.svd(values, full_matrices=False)
    fitted |= {"centres": {name: centre.tolist() for name, centre in centres.items()},
               "components": axes[:n].round(4).tolist(), "spread": (sizes[:n] / np.sqrt(len(values))).tolist()}
    units = np.maximum(np.median(_distance_parts(fitted, values), axis=1), 1e-12)
    return fitted | {"units": units.tolist()}


def distances_to_genre(components, features, genres):
    """The distance of each row from the mean of its own genre; NaN where that genre was not in the training songs."""
    names = np.asarray(genres, dtype=object).astype(str)
    distances = np.full(len(features), np.nan)
    for genre in set(names) & set(components["centres"]):
        distances[names == genre] = _distances(components, features[names == genre], genre)
    return distances


def distance_quantiles(distances, names, genres):
    """Quantiles of the distances of songs with these genres' names, for each of `genres`: a dict of lists."""
    names = np.asarray(names, dtype=object).astype(str)
    known = np.isfinite(distances)
    of_genre = {genre: distances[known & (names == genre)] for genre in genres}
    enough = {
        genre: own if len(own) >= FEWEST_SONGS_OF_A_GENRE else distances[known] for genre, own in of_genre.items()
    }
    return {genre: np.quantile(own, QUANTILES).tolist() if len(own) else [] for genre, own in enough.items()}


def _standardised(components, features):
    columns = features.set_axis(features.columns.astype(str), axis=1)[components["columns"]]
    values = columns.to_numpy(float)
    values = np.where(np.isfinite(values), values, components["mean"])
    return ((values - components["mean"]) / components["scale"]).clip(-LARGEST_DEVIATION, LARGEST_DEVIATION)


def _distance_parts(components, values):
    """Mean squared distance from the principal components, and within them in units of their spread [shape=(2, n)]."""
    axes = np.array(components["components"])
    spread = np.maximum(components["spread"], 1e-9)
    within = values @ axes.T
    return np.array([np.mean((values - within @ axes) ** 2, axis=1), np.mean((within / spread) ** 2, axis=1)])


def _distances(components, features, genre):
    """The distance of each row from the mean of a genre; it is about two for a song of the genre."""
    values = _standardised(components, features) - np.array(components["centres"][genre])
    return (_distance_parts(components, values) / np.array(components["units"])[:, None]).sum(axis=0)


def out_of_distribution_score(distribution, features, shares):
    """How unlike the training songs each row is: from 0, as usual for songs, to 1, unlike all of them.

    Parameters
    ----------
    distribution : dict
        From `fit_distribution`.
    features : pd.DataFrame
        Numeric, one row a sound.
    shares : pd.DataFrame [shape=(n, genres)]
        The model's probabilities of the sounds.

    Returns
    -------
    np.ndarray [shape=(n,)]
        For one genre: 1 minus the share of its songs that lie at least as far out, in units of `RARE` and not below 0.
        The score is the mean over the genres, weighted by `shares`; a genre that had no training songs counts as 0,
        since nothing is known of its songs.
    """
    score = np.zeros(len(features))
    for genre, quantiles in distribution["distances"].items():
        farther = (
            1 - np.interp(_distances(distribution, features, genre), quantiles, QUANTILES, right=1) if quantiles else 0
        )
        score += shares[genre].to_numpy(float) * (1 - np.minimum(1, farther / RARE))
    return score
