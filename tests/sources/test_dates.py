"""Dates in all usual orders."""

import pandas as pd
import pytest

from sources.dates import iso_dates, to_dates


@pytest.mark.parametrize(("dates", "expected"), [
    (["05/06/2019", "25/12/2018"], ["2019-06-05", "2018-12-25"]),
    (["05/06/2019", "12/25/2018"], ["2019-05-06", "2018-12-25"]),
    (["5.6.2019"], ["2019-06-05"]), (["31-12-99", "1-2-05"], ["1999-12-31", "2005-02-01"]),
    (["1999-00-00", "2004-05-00", "1987", "1987.0", "1987-5"],
     ["1999-01-01", "2004-05-01", "1987-01-01", "1987-01-01", "1987-05-01"]),
    (["0000-00-00", None, "19870504", "2004/5/7"], [None, None, "1987-05-04", "2004-05-07"]),
    (["31/02/2019", "soon"], ["31/02/2019", "soon"]), (["25/12/2018 10:00"], ["2018-12-25"])])
def test_dates_become_iso_dates(dates, expected):
    iso = iso_dates(pd.Series(dates, dtype=object))[0]
    assert iso.where(iso.notna(), None).tolist() == expected


def test_partial_dates_are_counted():
    assert iso_dates(pd.Series(["1999", "1999", "2000-01-02", "2001-03"]))[1] == 3


def test_an_ambiguous_column_is_said_to_be(capsys):
    assert to_dates(pd.Series(["03/05/2019", "10/05/2019"], name="date")).dt.month.tolist() == [3, 10]
    said = capsys.readouterr().out
    assert "date: in dates such as 03/05/2019, day and month cannot be told apart" in said
    assert "they are read with the month first" in said


def test_weeks_tell_the_order():
    dates = to_dates(pd.Series(["01/06/2019", "08/06/2019", "01/06/2019", "06/07/2019"]))
    assert dates.dt.month.tolist() == [6, 6, 6, 7]


def test_both_orders_in_one_column_are_said(capsys):
    assert to_dates(pd.Series(["25/12/2018", "12/25/2018"])).dt.day.tolist() == [25, 25]
    assert "some dates have the day first" in capsys.readouterr().out


def test_two_digits_are_a_year_that_is_not_in_the_future():
    assert to_dates(pd.Series(["24-Apr-55", "24-Apr-05"])).dt.year.tolist() == [1955, 2005]
