"""The path of a playlist is the cheapest of all."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.similarity import Space
from analysis.song_paths import (
    CANDIDATES,
    LARGEST,
    OCTAVE,
    candidate_pools,
    cheapest_path,
    jumps,
    key_sentence,
    tempo_jumps,
    tempo_sentence,
    tempo_steps,
)
from recommend import playlist_path


def test_a_playlist_takes_the_cheapest_path():
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"energy": rng.uniform(size=9), "tempo": rng.uniform(80, 160, 9)}, index=list("abcdefghi"))
    path = playlist_path("a", "b", table, 4)
    space, others = Space(table), table.drop(["a", "b"])
    points = space.place(others)
    first, last = space.place(table.loc[["a", "b"]])
    pools, off = candidate_pools(points, first + (last - first) * np.array([[1 / 3], [2 / 3]]))
    def cost(one, two):
        way = table.loc[["a", others.index[pools[0][one]], others.index[pools[1][two]], "b"]]
        return off[0][one] + off[1][two] + np.diagonal(jumps(way, way), 1).sum()
    by_hand = min(cost(one, two) for one in range(len(pools[0])) for two in range(len(pools[1])))
    assert path["off"].sum() + np.diagonal(jumps(path, path), 1).sum() == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize("smoothness", [0, .5, 3])
def test_dynamic_programming_finds_the_cheapest_of_all_paths(smoothness):
    rng = np.random.default_rng(0)
    candidates = [pd.DataFrame({"tempo": rng.uniform(60, 180, 4), "key": rng.integers(0, 12, 4)}) for _ in range(4)]
    off = [rng.uniform(size=4) for _ in range(4)]

    def cost(path):
        rows = [songs.iloc[[number]] for songs, number in zip(candidates, path)]
        jumped = sum(jumps(before, after)[0, 0] for before, after in zip(rows, rows[1:]))
        return smoothness * jumped + sum(distance[number] for distance, number in zip(off, path))

    least = min(map(cost, product(range(4), repeat=4)))
    assert cost(cheapest_path(candidates, off, smoothness)) == pytest.approx(least)


@given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 3))
def test_no_song_is_a_candidate_for_two_places(n_songs, n_places, seed):
    rng = np.random.default_rng(seed)
    pools, distances = candidate_pools(rng.normal(size=(n_songs, 2)), rng.normal(size=(n_places, 2)))
    chosen = np.concatenate(pools)
    assert len(chosen) == len(set(chosen)) == min(CANDIDATES, n_songs // n_places) * n_places
    assert [len(pool) for pool in pools] == [len(distance) for distance in distances]


def test_an_octave_is_half_a_jump_of_tempo_and_the_greatest_jump_is_one():
    songs = pd.DataFrame({"tempo": [100, 200, 100 * np.sqrt(2), np.nan], "key": [0, 0, 6, None], "mode": 1})
    assert jumps(songs.head(1), songs)[0] == pytest.approx([0, .25, 1, 0])
    assert jumps(songs, songs) == pytest.approx(jumps(songs, songs).T)


@given(st.floats(-3, 3))
def test_no_other_jump_of_tempo_is_small_but_a_small_change(change):
    jump = tempo_jumps(np.array([change]))[0]
    assert 0 <= jump <= LARGEST
    assert jump == pytest.approx(abs(change)) if abs(change) <= OCTAVE else jump >= OCTAVE


def test_a_path_prefers_songs_of_one_tempo_to_half_and_double():
    energy = [.1, .9, *np.repeat([.3, .5, .7], 2)]
    tempo = [90, 90, *np.tile([184, 92], 3)]
    table = pd.DataFrame({"energy": energy, "danceability": energy, "valence": energy, "tempo": tempo},
                         index=list("abcdefgh"))
    path = playlist_path("a", "b", table, 5, by="table")
    assert path["tempo"].tolist() == [90, 92, 92, 92, 90]
    assert "no step goes to half or double" in tempo_sentence(path)


def test_steps_to_half_and_double_the_tempo_are_named():
    path = pd.DataFrame({"tempo": [87, 185, 91, np.nan, 95]})
    change, doubled = tempo_steps(path)
    assert doubled.tolist() == [True, True, False, False] and change[:2] == pytest.approx([1.09, -1.02], abs=.01)
    assert tempo_sentence(path) == ("2 of 2 steps go to about half or double the tempo (song 1 to 2: 87 to 185 BPM, "
                                    "song 2 to 3: 185 to 91 BPM).")
    assert "too few" in tempo_sentence(path.tail(2))


def test_changes_of_key_are_counted_the_shorter_way_round():
    path = pd.DataFrame({"key": [0, 5, 7, 7, np.nan], "mode": 1})  # C, F, G, G
    assert key_sentence(path) == ("Of 3 changes of song, 1 stays in the same or the relative key, 1 goes to a "
                                  "neighbouring key, and 1 further.")
