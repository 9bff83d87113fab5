"""How like a sound is to what a model learned from: a probability is worth nothing where the model has never been."""

import numpy as np

QUANTILES = np.linspace(0, 1, 101)
COMPONENTS = 30
FARTHEST = 8.0
"""Standard deviations beyond which a feature is as far out as can be."""
STRANGE = .05
"""A sound that lies farther out than all but this share of the songs of the genre that it is taken for is strange, the more so
the farther."""
FEWEST = 10
"""Songs of a genre with fewer do not tell what is usual in it: those of all genres do."""


def learn_familiarity(features, genres, held_out=None, held_out_genres=None):
    """What is needed to tell strange sounds: along which lines the features of songs move together.

    A sound is strange where its features leave these lines, or go along them farther than any song's: the larger of the squared
    distances from and within the principal components of the standardised features (Jackson & Mudholkar 1979), each in units of
    its median.

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
        Numbers only, none of a single song: `columns, mean, scale, components, spread, units, distances` (quantiles, by genre).

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> songs = pd.DataFrame(rng.normal(size=(400, 1)) * [1, 2, -1, 1] + rng.normal(0, .1, (400, 4)), columns=list("abcd"))
    >>> known = learn_familiarity(songs[:200], ["jazz", "rock"] * 100, songs[200:], ["jazz", "rock"] * 100)
    >>> new = pd.DataFrame([[1, 2, -1, 1], [1, -2, 1, 1]], columns=list("abcd"))
    >>> familiarity(known, new, pd.DataFrame({"jazz": [.5, 1], "rock": [.5, 0]})).tolist()
    [1.0, 0.0]
    """
    mean, scale = features.mean(), features.std().fillna(0)
    known = {"columns": [str(column) for column in features], "mean": mean.tolist(),
             "scale": scale.where(scale > 1e-9, 1).tolist()}
    values = _standardised(known, features)
    n = max(1, min(COMPONENTS, len(values) // 4, values.shape[1] // 3))
    _, sizes, lines = np.linalg.svd(values, full_matrices=False)
    known |= {"components": lines[:n].round(4).tolist(), "spread": (sizes[:n] / np.sqrt(len(values))).tolist(),
              "units": [1.0, 1.0]}
    known["units"] = np.maximum(np.median(_apart(known, values), axis=1), 1e-12).tolist()
    usual = _distances(known, features if held_out is None else held_out)
    names = np.asarray(genres if held_out is None else held_out_genres, dtype=object).astype(str)
    own = {name: usual[names == name] for name in sorted(set(map(str, genres)))}
    return known | {"distances": {name: np.quantile(part if len(part) >= FEWEST else usual, QUANTILES).tolist()
                                  for name, part in own.items()}}


def _standardised(known, features):
    values = features[known["columns"]].to_numpy(float)
    values = np.where(np.isfinite(values), values, known["mean"])
    return ((values - known["mean"]) / known["scale"]).clip(-FARTHEST, FARTHEST)


def _apart(known, values):
    """How far values lie from the components, and how far along them [shape=(2, n)]."""
    lines, spread = np.array(known["components"]), np.maximum(known["spread"], 1e-9)
    along = values @ lines.T
    return np.array([np.mean((values - along @ lines) ** 2, axis=1), np.mean((along / spread) ** 2, axis=1)])


def _distances(known, features):
    return (_apart(known, _standardised(known, features)) / np.array(known["units"])[:, None]).max(axis=0)


def familiarity(known, features, shares):
    """From 1, as like as songs usually are, to 0, like none of them.

    Parameters
    ----------
    known : dict
        From `learn_familiarity`.
    features : pd.DataFrame
    shares : pd.DataFrame [shape=(n, genres)]
        What the model takes the sounds for.

    Returns
    -------
    np.ndarray [shape=(n,)]
        The share of the songs of the genre that a sound is taken for that lie at least as far out, in units of `STRANGE` and at
        most 1; where it is taken for several, their weighted mean.
    """
    away, total = _distances(known, features), np.zeros(len(features))
    for genre, quantiles in known["distances"].items():
        farther = 1 - np.interp(away, quantiles, QUANTILES, right=1)
        total += shares[genre].to_numpy(float) * np.minimum(1, farther / STRANGE)
    return total
