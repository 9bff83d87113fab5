"""Numbers, p-values and tables as text."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.printing import listed, number_text, p_text, readable


@given(st.floats(0, 1))
def test_no_p_value_is_shown_as_zero(p):
    assert p_text(p, "p") == "p < .001" if p < .001 else abs(float(p_text(p)) - p) <= .0005 + 1e-12


def test_what_is_missing_is_left_empty():
    assert p_text(np.nan, "p") == "" and number_text(None) == "" and number_text(pd.NA) == ""


@pytest.mark.parametrize("number, text", [(0, "0"), (1234, "1,234"), (.5, "0.500"), (-12.34, "-12.3")])
def test_numbers_have_as_many_digits_as_can_be_read(number, text):
    assert number_text(number) == text


def test_each_interval_stands_with_its_estimate():
    table = pd.DataFrame({"r": [.3, .1], "low": [.2, np.nan], "high": [.4, np.nan], "p_holm": [0.0, .04],
                          "r_within": [.1, .2], "low_within": [0.0, .1], "high_within": [.2, .3], "n": [1000, 5],
                          "peak": [1, 2], "reading": ["within too", "only between"], "sure": [True, False]},
                         index=["energy", "tempo"])
    text = readable(table)
    assert text.columns.tolist() == ["r", "p holm", "r within", "n", "peak", "reading", "sure"]
    assert text.loc["energy"].tolist() == ["0.300 (0.200 to 0.400)", "< .001", "0.100 (0.000 to 0.200)", "1,000", "1",
                                           "within too", True]
    assert text.loc["tempo", "r"] == "0.100" and text.loc["tempo", "p holm"] == ".040"


def test_a_year_is_written_as_it_is_and_a_change_per_decade_as_a_number():
    text = readable(pd.DataFrame({"release_year": [1999.0], "decade": ["1990s"], "per_decade": [-.2276717171717171]}))
    assert text.iloc[0].tolist() == ["1999", "1990s", "-0.228"]


def test_long_lists_are_counted():
    assert listed(["a_b"]) == "a b" and listed("abcdefgh") == "a, b, c, d, e, f and 2 more"
