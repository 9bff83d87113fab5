"""The map of genres: songs are placed on it without moving the others."""

import numpy as np
import pandas as pd
import pytest

from prediction.genre_map import load_map, place_on_map, project, save_map
from prediction.plots import plot_map


def test_a_song_is_placed_without_moving_the_map(tmp_path, starter, songs):
    rng = np.random.default_rng(0)
    genres = np.repeat(["a", "b", "c"], 30)
    embedded = pd.DataFrame(rng.normal(size=(90, 5)) + 6 * np.eye(5)[np.repeat([0, 1, 2], 30)],
                            index=[f"t{n}" for n in range(90)])
    features = pd.DataFrame({"tempo": embedded[0], "noise": rng.normal(size=90)})
    drawn = project(embedded, genres, features=features)
    here = place_on_map(drawn, embedded.iloc[0].to_numpy())
    assert here == pytest.approx(tuple(drawn.songs[["x", "y"]].iloc[0]))
    nearest = ((drawn.regions[["x", "y"]] - np.array(here)) ** 2).sum(axis=1).idxmin()
    assert nearest == "a" and drawn.meaning.abs().max(axis=1).idxmax() == "tempo"
    again = load_map(save_map(drawn, tmp_path / "map.json"))
    assert place_on_map(again, embedded.iloc[0].to_numpy()) == pytest.approx(here) and again.songs.empty
    ax = plot_map(drawn, {"a song": here})
    assert "tempo" in ax.get_xlabel() + ax.get_ylabel()
    x, y = place_on_map(starter.genre_map, songs["metal"], classifier=starter.classifier)
    regions = starter.genre_map.regions
    assert ((regions["x"] - x) ** 2 + (regions["y"] - y) ** 2).idxmin() in ("metal", "rock")
    with pytest.raises(ValueError, match="three genres"):
        project(embedded[:60], genres[:60])
