"""Numbers as text: p-values, intervals, and tables that can be read without scrolling."""

import re

import numpy as np
import pandas as pd

SMALLEST_P = .001
"""A smaller p-value is shown as smaller than this."""
P_VALUES = re.compile(r"p(_\w+)?")
"""The names of columns of p-values: `p`, `p_holm`, `p_years` ..."""


def p_text(p, name=""):
    """A p-value as text, as the American Psychological Association writes it.

    Parameters
    ----------
    p : float
    name : str
        What stands before it, such as ``"p"``; without it, the equals sign is left out too.

    Returns
    -------
    str
        Empty where there is no p-value.

    Examples
    --------
    >>> p_text(.0342), p_text(1e-9), p_text(.0342, "p"), p_text(0.0, "p")
    ('.034', '< .001', 'p = .034', 'p < .001')
    """
    if pd.isna(p):
        return ""
    if p < SMALLEST_P:
        return f"{name} < .001".strip()
    text = f"{p:.3f}".removeprefix("0")
    return f"{name} = {text}" if name else text


def number_text(number):
    """A number with as many digits as can be read: three decimals below 1, none from 1,000 on; whole numbers as such.

    Examples
    --------
    >>> number_text(-.03456), number_text(4.567), number_text(123.456), number_text(12_345.6), number_text(7)
    ('-0.035', '4.57', '123.5', '12,346', '7')
    """
    if pd.isna(number):
        return ""
    if isinstance(number, (int, np.integer)):
        return f"{number:,}"
    decimals = next(decimals for least, decimals in ((1000, 0), (10, 1), (1, 2), (0, 3)) if abs(number) >= least)
    return f"{number:,.{decimals}f}"


def share_text(share):
    """A share from 0 to 1 in percent; one that is not zero is never shown as zero.

    Examples
    --------
    >>> share_text(.25), share_text(.001), share_text(0.0), share_text(.9999), share_text(1)
    ('25%', 'under 1%', 'none', 'over 99%', 'all')
    """
    if share in (0, 1):
        return "all" if share else "none"
    if share < .01 or share > .99:
        return "under 1%" if share < .5 else "over 99%"
    return f"{100 * share:.0f}%"


def readable(table):
    """A table of results as text: p-values as `p_text` writes them, and each interval in the cell of its estimate.

    Parameters
    ----------
    table : pd.DataFrame
        The ends of an interval are columns such as `low, high`, or `low_within, high_within`, right after the estimate.

    Returns
    -------
    pd.DataFrame
        A new table of text, with blanks for `_` in its column names. Columns of text stay as they are.

    Examples
    --------
    >>> readable(pd.DataFrame({"r": [.34], "low": [.3], "high": [.4], "p_holm": [1e-9]})).to_dict("list")
    {'r': ['0.340 (0.300 to 0.400)'], 'p holm': ['< .001']}
    """
    columns, ends = {}, set()
    names = [str(name) for name in table.columns]
    for position, name in enumerate(names):
        low, high = names[position + 1:position + 3] if position + 2 < len(names) else ("", "")
        values = table.iloc[:, position]
        if name in ends:
            continue
        if re.fullmatch(r"(\w+_)?low(_\w+)?", low) and low.replace("low", "high") == high:
            ends |= {low, high}
            columns[name] = [_with_interval(*row) for row in table.iloc[:, position:position + 3].to_numpy()]
        elif name.split("_")[-1] in ("year", "decade") and not name.startswith("per_"):
            columns[name] = ["" if pd.isna(value) else str(value).removesuffix(".0") for value in values]
        elif P_VALUES.fullmatch(name):
            columns[name] = [p_text(value) for value in values]
        else:
            columns[name] = [_cell(value) for value in values]
    text = pd.DataFrame(columns, index=table.index)
    return text.rename(columns=lambda name: str(name).replace("_", " "))


def _with_interval(value, low, high):
    if pd.isna(low) or pd.isna(high):
        return number_text(value)
    return f"{number_text(value)} ({number_text(low)} to {number_text(high)})"


def _cell(value):
    is_number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if is_number or value is pd.NA or value is None:
        return number_text(value)
    return value


def listed(names, most=6):
    """Names in one phrase; from a certain number on, the others are counted.

    Examples
    --------
    >>> listed(["tempo", "energy", "valence"]), listed(list("abcdefgh"), most=3), listed([])
    ('tempo, energy and valence', 'a, b, c and 5 more', 'none')
    """
    names = [str(name).replace("_", " ") for name in names]
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else "none"
