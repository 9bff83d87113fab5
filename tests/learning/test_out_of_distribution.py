"""The out-of-distribution score: near 0 for songs like the training songs, near 1 for others."""

import numpy as np
import pandas as pd

from learning.out_of_distribution import fit_distribution, out_of_distribution_score


def test_songs_like_the_training_songs_have_a_score_near_0_and_others_near_1():
    rng = np.random.default_rng(0)
    lines = rng.normal(size=(3, 20))

    def songs(n):
        return pd.DataFrame(rng.normal(size=(n, 3)) @ lines + .1 * rng.normal(size=(n, 20)))
    names, one = list(map(str, range(20))), pd.DataFrame({"jazz": np.ones(200)})
    known = fit_distribution(
        songs(300).set_axis(names, axis=1), ["jazz"] * 300, songs(100).set_axis(names, axis=1), ["jazz"] * 100
    )
    new = songs(200).set_axis(names, axis=1)
    assert (out_of_distribution_score(known, new, one) == 0).mean() > .85
    assert (out_of_distribution_score(known, new + 3 * rng.normal(size=new.shape), one) == 1).mean() > .95


def test_a_song_that_is_taken_for_the_wrong_genre_has_a_high_score():
    rng = np.random.default_rng(0)
    genres, names = np.array(["jazz", "rock"] * 200), list("abcdefgh")
    songs = pd.DataFrame(rng.normal(size=(400, 8)) + 3 * (genres == "rock")[:, None], columns=names)
    known = fit_distribution(songs[:200], genres[:200], songs[200:], genres[200:])
    rock = pd.DataFrame(rng.normal(size=(100, 8)) + 3, columns=names)
    right, wrong = (
        pd.DataFrame({"jazz": np.full(100, share), "rock": np.full(100, 1 - share)}) for share in (0.0, 1.0)
    )
    assert out_of_distribution_score(known, rock, right).mean() < .1
    assert out_of_distribution_score(known, rock, wrong).mean() > .9
