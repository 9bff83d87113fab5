"""How like a sound is to what a model learned from: a probability is worth nothing where the model has never been."""

import numpy as np

QUANTILES = np.linspace(0, 1, 101)
COMPONENTS = 30
LARGEST_DEVIATION = 5.0
"""Standard deviations beyond which a feature is as far out as can be."""
STRANGE = .05
"""A sound that lies farther out than all but this share of the songs of the genre that it is taken for is strange, the more so
the farther."""
FEWEST_SONGS_OF_A_GENRE = 10
"""Songs of a genre with fewer do not tell what is usual in it: those of all genres do."""


def fit_distribution(features, genres, held_out=None, held_out_genres=None):
    """What is needed to tell strange sounds: where each genre lies, and along which lines songs stray from there.

    A sound is strange where it strays from its genre off these lines, or along them farther than songs do: the sum of the squared
    distances from and within the principal components (Jackson & Mudholkar 1979) of the standardised features less their genre's
    mean (Lee et al. 2018), each in units of its median.

    Parameters
    ----------
    features : pd.DataFrame
        Of songs that the model learned from, numeric, one row each.
    genres : sequence of str
    held_out, held_out_genres : optional
        Of songs that it did not: how far these lie is what is usual. Where there are none, the distances of the songs
        themselves are taken, which makes others look stranger than they are.

    Returns
    -------
    dict
        Numbers only, none of a single song: `columns, mean, scale, centres, components, spread, units, distances` (quantiles, by
        genre).

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> songs = pd.DataFrame(rng.normal(size=(400, 1)) * [1, 2, -1, 1] + rng.normal(0, .1, (400, 4)), columns=list("abcd"))
    >>> known = fit_distribution(songs[:200], ["jazz", "rock"] * 100, songs[200:], ["jazz", "rock"] * 100)
    >>> new = pd.DataFrame([[1, 2, -1, 1], [1, -2, 1, 1]], columns=list("abcd"))
    >>> familiarity(known, new, pd.DataFrame({"jazz": [.5, 1], "rock": [.5, 0]})).tolist()
    [1.0, 0.0]
    """
    lines = fit_components(features, genres)
    judged, names = (features, genres) if held_out is None else (held_out, held_out_genres)
    return lines | {"distances": distance_quantiles(distances_to_genre(lines, judged, names), names, lines["centres"])}


def fit_components(features, genres):
    """Where each genre lies and along which lines songs stray from there: `fit_distribution` without what is usual."""
    names = np.asarray(genres, dtype=object).astype(str)
    mean, scale = features.mean(), features.std().fillna(0)
    lines = {"columns": [str(column) for column in features], "mean": mean.tolist(),
             "scale": scale.where(scale > 1e-9, 1).tolist()}
    values = _standardised(lines, features)
    centres = {name: values[names == name].mean(axis=0).round(4) for name in sorted(set(names))}
    values = values - np.array([centres[name] for name in names])
    n = max(1, min(COMPONENTS, len(values) // 4, values.shape[1] // 3))
    _, sizes, across = np.linalg.svd(values, full_matrices=False)
    lines |= {"centres": {name: centre.tolist() for name, centre in centres.items()}, "components": across[:n].round(4).tolist(),
              "spread": (sizes[:n] / np.sqrt(len(values))).tolist()}
    return lines | {"units": np.maximum(np.median(_apart(lines, values), axis=1), 1e-12).tolist()}


def distances_to_genre(lines, features, genres):
    """How far each row lies from where its genre does; NaN where nothing is known of that."""
    names, found = np.asarray(genres, dtype=object).astype(str), np.full(len(features), np.nan)
    for genre in set(names) & set(lines["centres"]):
        found[names == genre] = _distances(lines, features[names == genre], genre)
    return found


def distance_quantiles(found, names, genres):
    """Quantiles of the distances that were found of songs of so-named genres, for each of `genres`."""
    names, there = np.asarray(names, dtype=object).astype(str), np.isfinite(found)
    own = {genre: found[there & (names == genre)] for genre in genres}
    known = {genre: part if len(part) >= FEWEST_SONGS_OF_A_GENRE else found[there] for genre, part in own.items()}
    return {genre: np.quantile(part, QUANTILES).tolist() for genre, part in known.items()}


def _standardised(known, features):
    values = features[known["columns"]].to_numpy(float)
    values = np.where(np.isfinite(values), values, known["mean"])
    return ((values - known["mean"]) / known["scale"]).clip(-LARGEST_DEVIATION, LARGEST_DEVIATION)


def _apart(known, values):
    """How far values lie from the components, and how far along them [shape=(2, n)]."""
    lines, spread = np.array(known["components"]), np.maximum(known["spread"], 1e-9)
    along = values @ lines.T
    return np.array([np.mean((values - along @ lines) ** 2, axis=1), np.mean((along / spread) ** 2, axis=1)])


def _distances(known, features, genre):
    """How far each row lies from where a genre does: about two, for a song of the genre."""
    values = _standardised(known, features) - np.array(known["centres"][genre])
    return (_apart(known, values) / np.array(known["units"])[:, None]).sum(axis=0)


def familiarity(known, features, shares):
    """From 1, as like as songs usually are, to 0, like none of them.

    Parameters
    ----------
    known : dict
        From `fit_distribution`.
    features : pd.DataFrame
    shares : pd.DataFrame [shape=(n, genres)]
        What the model takes the sounds for.

    Returns
    -------
    np.ndarray [shape=(n,)]
        The share of the songs of the genre that a sound is taken for that lie at least as far out, in units of `STRANGE` and at
        most 1; where it is taken for several, their weighted mean.
    """
    total = np.zeros(len(features))
    for genre, quantiles in known["distances"].items():
        farther = 1 - np.interp(_distances(known, features, genre), quantiles, QUANTILES, right=1)
        total += shares[genre].to_numpy(float) * np.minimum(1, farther / STRANGE)
    return total
