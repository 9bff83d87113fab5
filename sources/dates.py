"""Dates as people write them: `1998`, `1998-05-00`, `24/12/1998`, `24.12.98`; the order of day and month by column."""

import datetime
import re

import pandas as pd

_NUMERIC = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?=$|[ T,])")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?=$|[ T,])")
_YEAR_AND_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.]0{1,2})?")
_YEAR = re.compile(r"(\d{4})(?:[-/.]0{1,2}){0,2}(?:\.0)?")
_COMPACT = re.compile(r"([12]\d{3})(0[1-9]|1[0-2])([0-2]\d|3[01])")


def iso_dates(dates):
    """Dates as text `1998-05-24`, whatever the order and the separators in which they were written.

    In `05/06/2019` day or month can come first. One order holds for the whole column: a number above 12 tells it. If
    there is none, dates with dots and dashes are read with the day first, and dates with slashes as weeks if they are
    evenly spaced by seven days in one order, else with the month first.

    Parameters
    ----------
    dates : pd.Series
        Text; partial dates become the first day of their year or month.

    Returns
    -------
    iso : pd.Series
        Text; other ways to write a date are left as they are. Year 0 becomes missing.
    partial : int
        The number of partial dates.
    remark : str
        How an ambiguous column was read; empty if it is not ambiguous.

    Examples
    --------
    >>> iso_dates(pd.Series(["05/06/2019", "25/12/18", "1999-00-00"]))[0].tolist()
    ['2019-06-05', '2018-12-25', '1999-01-01']
    """
    text = dates.astype("string").str.strip()
    unique = text.dropna().unique()
    found = {value: match for value in unique if (match := _NUMERIC.match(value))}
    day_first, remark = _day_first(list(found.values()))
    iso, is_partial = {}, {}
    for value in unique:
        if value in found:
            iso[value] = _from_numbers(found[value], day_first)
        else:
            iso[value], is_partial[value] = _complete(value)
    partial = int(text.map(is_partial).eq(True).sum())
    return text.map(iso).astype(object).where(text.notna(), None), partial, remark


def _day_first(matches):
    """Whether the day comes before the month, and a remark if this cannot be told."""
    firsts, seconds = ({int(match[group]) for match in matches} for group in (1, 3))
    if not matches or max(firsts) > 12 and max(seconds) <= 12:
        return True, ""
    if max(seconds) > 12 and max(firsts) <= 12:
        return False, ""
    one = matches[0][0]
    if max(seconds) > 12:
        return None, f"some dates have the day first and others the month, such as {one}: each is read as it can be"
    weekly = [order for order in (True, False) if _is_weekly([_from_numbers(match, order) for match in matches])]
    day_first = weekly[0] if len(weekly) == 1 else matches[0][2] != "/"
    why = ", since they are weeks apart" if len(weekly) == 1 else "; if that is wrong, write them as 2019-12-31"
    return day_first, (f"in dates such as {one}, day and month cannot be told apart: "
                       f"they are read with the {'day' if day_first else 'month'} first{why}")


def _is_weekly(dates):
    days = pd.to_datetime(pd.Series(sorted(set(filter(None, dates)))), errors="coerce").diff().dt.days.dropna()
    return len(days) > 1 and bool((days % 7 == 0).all())


def _from_numbers(match, day_first):
    """A date of three numbers with the year last as text; None if there is no such day."""
    first, second, year = int(match[1]), int(match[3]), _four_digits(match[4])
    if day_first is None:
        day_first = second <= 12 < first
    day, month = (first, second) if day_first else (second, first)
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return match.string


def _four_digits(year):
    """`98` is 1998, and `05` is 2005: the last year of these two digits that is not in the future."""
    if len(year) == 4:
        return int(year)
    century = datetime.date.today().year // 100 * 100
    return century + int(year) - 100 * (century + int(year) > datetime.date.today().year)


def _complete(text):
    """A date with the year first as text with month and day, and whether it was partial; other text as it is."""
    if text.startswith("0000"):
        return None, False
    if match := _YEAR.fullmatch(text):
        return f"{match[1]}-01-01", True
    if (match := _YEAR_AND_MONTH.fullmatch(text)) and 1 <= int(match[2]) <= 12:
        return f"{match[1]}-{int(match[2]):02d}-01", True
    if (match := _YEAR_FIRST.match(text)) and match[2] != "00":
        return f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}{text[match.end():]}", False
    if match := _COMPACT.fullmatch(text):
        return f"{match[1]}-{match[2]}-{match[3]}", False
    return text, False


def to_dates(dates):
    """Dates from text in any usual format; text that cannot be read becomes null.

    Prints how a column was read if day and month cannot be told apart.

    Examples
    --------
    >>> to_dates(pd.Series(["1959-08-17", "17 August 1959", "soon"])).dt.year.tolist()
    [1959.0, 1959.0, nan]
    """
    if pd.api.types.is_datetime64_any_dtype(dates):
        return dates
    iso, _, remark = iso_dates(dates)
    if remark:
        print(f"{dates.name or 'dates'}: {remark}")
    values = pd.Series(iso.dropna().unique(), dtype="string")
    read = pd.to_datetime(values, errors="coerce", format="mixed", utc=True).dt.tz_localize(None)
    has_century = values.str.contains(r"\d{4}").astype(bool)
    ahead = read.dt.year.gt(datetime.date.today().year + 1) & ~has_century  # 24-Apr-55
    read = read.mask(ahead, read - pd.DateOffset(years=100))
    known = dict(zip(values, read))
    return pd.to_datetime(iso.map(known))
