"""Genres that differ are found, and no others."""

import numpy as np
import pandas as pd

from analysis.genre_differences import genres_differ


def test_genres_that_differ_are_found():
    rng = np.random.default_rng(0)
    genre, energy = np.repeat(["a", "b", "c"], 200), rng.standard_normal(600)
    sign = np.repeat([1, -1, 0], 200)
    df = pd.DataFrame({"first_genre": genre, "energy": energy, "tempo": rng.standard_normal(600),
                       "popularity": 50 + 5 * sign * energy + 10 * rng.standard_normal(600)})
    differ = genres_differ(df)
    assert differ.index[0] == "energy" and differ.loc["energy", "p_holm"] < .001 and differ.loc["tempo", "p_holm"] > .05
    assert differ.loc["energy", ["lowest_in", "highest_in"]].tolist() == ["b", "a"]


def test_differences_between_artists_are_no_differences_between_genres():
    """Fifteen artists a genre, each with its own slope and 1 to 15 songs: p is below .05 in one table of twenty."""
    rng, p = np.random.default_rng(0), []
    artist = np.repeat(np.arange(45), np.tile(np.arange(1, 16), 3))
    for _ in range(60):
        energy = rng.standard_normal(len(artist))
        popularity = rng.standard_normal(45)[artist] * energy + rng.standard_normal(len(artist))
        df = pd.DataFrame({"first_genre": np.array(list("abc"))[artist // 15], "artist": artist.astype(str),
                           "energy": energy, "popularity": popularity})
        p.append(genres_differ(df, n_shuffles=200).loc["energy", "p"])
    assert np.mean(np.array(p) < .05) <= 8 / 60 and .35 < np.mean(p) < .65
