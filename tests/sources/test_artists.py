"""One function decides which songs belong to the same artist."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.artists import artist_groups

SPELLINGS = ["Ann", "ann ", " ANN", "Bob", "", "  ", "Straße", "STRASSE"]
NAMES = st.lists(st.one_of(st.none(), st.sampled_from(SPELLINGS)), max_size=30)


def plain(name):
    return None if name is None or not name.strip() else name.strip().casefold()


@given(NAMES)
def test_two_rows_share_a_group_exactly_when_their_names_are_equal_but_for_blanks_and_capitals(names):
    codes = artist_groups(pd.DataFrame({"artist": pd.Series(names, dtype=object)}))
    for first in range(len(names)):
        for second in range(first):
            same = plain(names[first]) is not None and plain(names[first]) == plain(names[second])
            assert (codes[first] == codes[second]) == same


@given(NAMES)
def test_the_codes_count_from_zero_without_gaps(names):
    codes = artist_groups(range(len(names)), names)
    assert len(codes) == len(names) and sorted(set(codes)) == list(range(len(set(codes))))


@pytest.mark.parametrize("group", [None, "album"])
def test_without_a_column_every_row_is_a_group_of_its_own(group):
    assert artist_groups(pd.DataFrame({"artist": ["Ann", "Ann"]}), group).tolist() == [0, 1]


@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_the_type_of_the_column_makes_no_difference(dtype):
    names = pd.Series(["Ann", None, "ann", "Bob", None], index=[3, 3, 1, 0, 9])
    assert artist_groups(pd.DataFrame({"album": names.astype(dtype)}), "album").tolist() == [0, 2, 0, 1, 3]


def test_numbers_can_name_a_group():
    assert artist_groups(range(4), np.array([7, 5, 7, 5])).tolist() == [0, 1, 0, 1]
    assert artist_groups(range(3), [1.0, np.nan, np.nan]).tolist() == [0, 1, 2]


def test_there_must_be_a_name_for_each_row():
    with pytest.raises(ValueError, match="2 group names for 3 rows"):
        artist_groups(range(3), ["Ann", "Bob"])
