"""Songs as points: the more similar two songs, the nearer their points."""

import numpy as np
import pandas as pd
import pytest

from analysis.similarity import agreement


def test_the_interval_of_agreement_is_a_bootstrap_by_artist():
    """Ten artists with twenty songs each; at five of them every neighbour has the same genre, at five none has."""
    artist = np.repeat(np.arange(10), 20)
    energy = np.where(artist < 5, .1, .9) + .001 * np.random.default_rng(0).random(200)
    genre = pd.Series(np.where(artist < 5, "jazz", artist.astype(str)))
    by_artist = agreement(pd.DataFrame({"energy": energy}), genre, groups=pd.Series(artist))
    assert by_artist["share"] == pytest.approx(.5, abs=.01)
    # the share of five in ten artists has a standard error of .158, that of 100 in 200 songs one of .035
    assert by_artist["high"] - by_artist["low"] > .5


def test_songs_without_a_label_count_neither_as_songs_nor_as_neighbours():
    table = pd.DataFrame({"energy": [.1, .11, .12, .5, .51, .9]})
    labels = pd.Series(["jazz", "jazz", "jazz", None, None, None])
    result = agreement(table, labels, n=2)
    assert result["share"] == 1 and result["chance"] == 1
    assert agreement(table, pd.Series(["jazz", None, "rock", None, None, "rock"]), n=1)["share"] == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="no song with a label"):
        agreement(table, pd.Series([None] * 6))
