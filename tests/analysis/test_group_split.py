"""Artists are split into sides of the sizes and classes that are asked for, and none is on two sides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.group_split import SET_ASIDE, group_sides
from sources.artists import artist_matrix, linked_rows

SIZES = (.7, .15, .15)


def collaborations(n, n_artists, share, seed=0):
    """Songs by artists of whom few have many songs; so large a share of the songs is by two or more of them."""
    rng = np.random.default_rng(seed)
    frequency = 1 / np.arange(1, n_artists + 1) ** .9
    cells = [[f"Artist {number}" for number in rng.choice(n_artists, min(rng.geometric(1 - share), 5),
                                                          replace=False, p=frequency / frequency.sum())]
             for _ in range(n)]
    return artist_matrix(range(n), ["; ".join(cell) for cell in cells]), rng.integers(0, 4, n)


def artists_on_two_sides(members, side):
    on_side = [set(members[side == number].indices) for number in range(3)]
    return on_side[0] & on_side[1] | on_side[0] & on_side[2] | on_side[1] & on_side[2]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 3)), min_size=3, max_size=40), st.integers(0, 3))
def test_no_group_is_on_two_sides_and_no_side_is_empty(songs_and_classes, seed):
    groups = np.repeat(np.arange(len(songs_and_classes)), [n for n, _ in songs_and_classes])
    _, classes = np.unique([genre for _, genre in songs_and_classes], return_inverse=True)
    side = group_sides(classes[groups], artist_matrix(groups, groups), SIZES, seed)
    assert all(len(set(side[groups == group])) == 1 for group in np.unique(groups))
    assert set(side) == {0, 1, 2}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=3), min_size=6, max_size=60),
       st.integers(0, 3))
def test_no_artist_is_on_two_sides_whoever_made_songs_together(cells, seed):
    members = artist_matrix(range(len(cells)), ["; ".join(cell) for cell in cells])
    classes = np.arange(len(cells)) % 3
    try:
        side = group_sides(classes, members, SIZES, seed)
    except ValueError:
        assert linked_rows(members).max() < 2  # all songs are linked, and too few artists have songs of their own
        return
    assert not artists_on_two_sides(members, side)
    assert {0, 1, 2} <= set(side)


@pytest.mark.parametrize("n,n_artists,share", [(1000, 600, .4), (3000, 700, .4), (6000, 1500, .3), (400, 250, .2)])
def test_sides_have_their_sizes_and_few_songs_are_set_aside_where_collaborations_link_most_artists(n, n_artists, share):
    members, classes = collaborations(n, n_artists, share)
    side = group_sides(classes, members, SIZES)
    kept = side[side != SET_ASIDE]
    assert not artists_on_two_sides(members, side)
    assert np.bincount(kept) / len(kept) == pytest.approx(SIZES, abs=.02)
    assert len(kept) >= .75 * n
    for number in range(3):
        on_side = classes[side == number]
        assert np.bincount(on_side, minlength=4) / len(on_side) == pytest.approx(np.bincount(classes) / n, abs=.06)


def test_no_song_is_set_aside_where_whole_groups_of_linked_artists_give_the_sizes():
    members, classes = collaborations(900, 3000, .1)
    side = group_sides(classes, members, SIZES)
    assert SET_ASIDE not in side and (np.diff(members.indptr) > 1).mean() > .05


def test_many_small_groups_give_the_exact_sizes_and_shares():
    groups = np.arange(1000)
    classes = groups % 4
    side = group_sides(classes, artist_matrix(groups, groups), SIZES)
    assert np.bincount(side) / 1000 == pytest.approx(SIZES, abs=.003)
    for number in range(3):
        assert np.bincount(classes[side == number]) / (side == number).sum() == pytest.approx([.25] * 4, abs=.02)


def test_train_has_a_class_of_a_single_group():
    classes = np.array([0] * 30 + [1])
    groups = np.r_[np.arange(30) // 2, 15]
    assert all(group_sides(classes, artist_matrix(groups, groups), (.4, .3, .3), seed)[-1] == 0 for seed in range(10))


def test_fewer_groups_than_sides_are_refused():
    with pytest.raises(ValueError, match="2 groups cannot be split"):
        group_sides(np.zeros(4, dtype=int), artist_matrix(range(4), [0, 0, 1, 1]), SIZES)
