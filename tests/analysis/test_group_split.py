"""Whole groups are split into sides of the sizes and classes that are asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.group_split import group_sides


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 3)), min_size=3, max_size=40), st.integers(0, 3))
def test_no_group_is_on_two_sides_and_no_side_is_empty(songs_and_classes, seed):
    groups = np.repeat(np.arange(len(songs_and_classes)), [n for n, _ in songs_and_classes])
    _, classes = np.unique([genre for _, genre in songs_and_classes], return_inverse=True)
    side = group_sides(classes[groups], groups, (.7, .15, .15), seed)
    assert all(len(set(side[groups == group])) == 1 for group in np.unique(groups))
    assert set(side) == {0, 1, 2}


def test_many_small_groups_give_the_exact_sizes_and_shares():
    groups = np.arange(1000)
    classes = groups % 4
    side = group_sides(classes, groups, (.7, .15, .15))
    assert np.bincount(side) / 1000 == pytest.approx([.7, .15, .15], abs=.003)
    for number in range(3):
        assert np.bincount(classes[side == number]) / (side == number).sum() == pytest.approx([.25] * 4, abs=.02)


def test_train_has_a_class_of_a_single_group():
    classes = np.array([0] * 30 + [1])
    groups = np.r_[np.arange(30) // 2, 15]
    assert all(group_sides(classes, groups, (.4, .3, .3), seed)[-1] == 0 for seed in range(10))


def test_fewer_groups_than_sides_are_refused():
    with pytest.raises(ValueError, match="2 groups cannot be split"):
        group_sides(np.zeros(4, dtype=int), np.array([0, 0, 1, 1]), (.7, .15, .15))
