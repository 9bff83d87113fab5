"""The units of columns, read from their names and checked against their values, and numbers written as text."""

import re

import numpy as np
import pandas as pd

from sources.column_names import KNOWN, NUMBERS, SHARES, TEXT, near_names, recognise

MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "\\N", "#N/A", "#VALUE!", "empty_field"]
"""Cells that stand for a missing value. Not "None" or "Null": there are artists and songs of these names."""
MISSING_NUMBERS = [*MISSING, "-", "--", "?", "unknown", "Unknown"]
PITCH_CLASSES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11}
MODES = {"major": 1, "maj": 1, "dur": 1, "mayor": 1, "majeur": 1, "maior": 1, "maggiore": 1,
         "minor": 0, "min": 0, "m": 0, "moll": 0, "menor": 0, "mineur": 0, "minore": 0}
_KEY = re.compile(r"([a-h])\s*(#|sharp|b|flat|is|es|s)?(?:\s*/\s*[a-h](?:#|b)?)?[\s_-]*([a-z]*)", re.IGNORECASE)
_CAMELOT = re.compile(r"0?(\d{1,2})\s*([ABDM])", re.IGNORECASE)
NEARLY_ALL = .75
"""A column of text in which this share of the cells are numbers holds numbers."""
PLAUSIBLE = {"tempo": (20, 400), "loudness": (-80, 5), "duration_ms": (1000, 10_800_000)}
"""Where the median of these columns must be, in BPM, dB and milliseconds."""


def standard_table(df, given=None, where="the table"):
    """Known columns under the project's names, as numbers in the project's units; other columns keep names and cells.

    Parameters
    ----------
    df : pd.DataFrame
    given : dict of str to str or None, optional
        What single columns hold, see `column_names.recognise`.
    where : str or Path
        What messages call the table.

    Returns
    -------
    pd.DataFrame
        A new table. ``attrs["columns"]`` lists the columns that are known, as dicts of `column, meaning, unit`. What
        is repaired, cannot be decided, or cannot be read is printed, with its column and its first row.

    Examples
    --------
    >>> table = standard_table(pd.DataFrame({"Title": ["Sea", "Sky"], "Energy": [80, 45], "Time": ["3:25", "2:00"]}))
    >>> table.values.tolist()
    [['Sea', 0.8, 205000.0], ['Sky', 0.45, 120000.0]]
    """
    meanings = recognise(df, given)
    near = near_names(df, meanings)
    names = {column: meaning.name for column, meaning in meanings.items()}
    # a column that nobody asked for must not have the name of another one's meaning
    names |= {column: f"{column}_given" for column in df.columns
              if column not in names and column in {*names.values()}}
    out = df.rename(columns=names)
    remarks, columns = [], []
    percent = [meaning.name for meaning in meanings.values()
               if meaning.name in SHARES and _are_percent(out[meaning.name], meaning.unit)]
    for column, (name, unit) in meanings.items():
        unit_read = ""
        if name in NUMBERS:
            numbers, unit_read, said = _read(out[name], name, str(column), unit, name in percent, bool(percent))
            remarks += [f"column {str(column)!r}: {one}" for one in said]
            if numbers is None:
                kept = str(column) if column != name else f"{column}_text"
                out = out.rename(columns={name: kept})
                continue
            if name == "key" and "mode" not in out:
                out = _with_mode(out)
            if not (pd.api.types.is_numeric_dtype(out[name]) and numbers.equals(out[name].astype("float64"))):
                out[name] = numbers  # whole numbers stay integers
        elif name == "track_id":
            out[name] = _ids(out[name])
        columns.append({"column": str(column), "meaning": name, "unit": unit_read})
    out, said = _numbers_among_text(out)
    remarks += said
    remarks += [f"column {column!r} is not known: if it holds {name}, say so with columns={{{column!r}: {name!r}}}"
                for column, name in near.items()]
    for remark in remarks:
        print(f"{where}: {remark}")
    out.attrs["columns"] = columns
    return out


def columns_as_text(columns):
    """The columns that are known as a printed table: the name in the file, the meaning, the unit.

    Parameters
    ----------
    columns : list of dict
        As in ``attrs["columns"]`` of `standard_table`.

    Returns
    -------
    str
    """
    rows = [("column in the file", "meaning", "unit")]
    rows += [(known["column"], known["meaning"], known["unit"]) for known in columns]
    width, second = (max(len(row[place]) for row in rows) for place in range(2))
    return "\n".join(f"  {column:{width}}  {meaning:{second}}  {unit}".rstrip() for column, meaning, unit in rows)


def _read(cells, name, column, unit, percent, others_percent):
    """A column as numbers in the project's unit (None if it cannot hold what it is called), the unit, and remarks."""
    said = []
    if name == "key":
        numbers = _keys(cells)[0]
    elif name == "duration_ms":
        numbers = _seconds_with_colons(cells)
        cells = cells.mask(numbers.notna(), None)
        plain = parse_numbers(cells, fractions=False)
        unit, problem = _unit_of_duration(plain, numbers, column, unit)
        if problem:
            return None, "", [problem]
        numbers = (1000 * numbers).fillna(plain * {"ms": 1, "s": 1000, "min": 60_000, "mm:ss": 1000}[unit]).round()
    elif name == "mode":
        words = cells.astype("string").str.strip().str.lower().map(MODES)
        numbers = words.astype("float64").fillna(parse_numbers(cells))
    elif name == "time_signature":
        numbers = parse_numbers(cells.astype("string").str.removesuffix("/4"))
    else:
        numbers = parse_numbers(cells, fractions=name in SHARES or name in ("loudness", "tempo"))
    present = ~_is_missing(cells)
    bad = present & numbers.isna()
    if bad.sum() > present.sum() / 2:
        row = int(np.flatnonzero(bad)[0])
        return None, "", [f"it should hold numbers ({name}), but {int(bad.sum())} of {int(present.sum())} cells do "
                          f"not, such as row {row + 1}: {cells.iloc[row]!r}; it is left as it is"]
    if bad.any():
        said.append(_bad_cells(cells, bad, "no number"))
    if name in SHARES:
        numbers, unit, more = _shares(numbers, cells, unit, percent, others_percent)
        said += more
    elif name == "year":
        numbers, more = _years(numbers)
        said += more
    elif name in PLAUSIBLE:
        problem = _implausible(numbers, name)
        if problem and column != name:
            return None, "", [f"{problem}; it is left as it is"]
        said += [problem] if problem else []
    units = {"duration_ms": "ms", "tempo": "BPM", "loudness": "dB"}
    if name == "duration_ms" and unit != "ms":
        return numbers, f"{unit} -> ms", said
    return numbers, unit if name in SHARES else units.get(name, ""), said


def _bad_cells(cells, bad, what):
    row = int(np.flatnonzero(bad)[0])
    n = int(bad.sum())
    cell = repr(cells.iloc[row]) if isinstance(cells.iloc[row], str) else cells.iloc[row]
    return (f"row {row + 1} holds {what}: {cell}" + (f" ({n} such cells)" if n > 1 else "")
            + "; set to null")


def _is_missing(cells):
    if pd.api.types.is_numeric_dtype(cells):
        return cells.isna()
    return cells.isna() | cells.astype("string").str.strip().isin(MISSING_NUMBERS).fillna(True).astype(bool)


def parse_numbers(cells, *, fractions=True):
    """Numbers written as text: `1,234`, `0,75`, `87 %`, `1e3`; missing where a cell is no finite number.

    Whether a comma is a decimal comma or separates thousands is decided by column.

    Parameters
    ----------
    cells : pd.Series
    fractions : bool
        How to read a column of cells such as `1,234`, which could be both: as fractions, or as thousands.

    Returns
    -------
    pd.Series of float

    Examples
    --------
    >>> parse_numbers(pd.Series(["0,75", "1,5"])).tolist(), parse_numbers(pd.Series(["1,234.5", "12"])).tolist()
    ([0.75, 1.5], [1234.5, 12.0])
    """
    if pd.api.types.is_numeric_dtype(cells):
        numbers = cells.astype("float64")
        return numbers.where(np.isfinite(numbers))
    text = cells.astype("string").str.replace("\N{MINUS SIGN}", "-").str.replace(r"[\s%\u00a0\u202f]", "", regex=True)
    comma = text.str.contains(",", regex=False).fillna(False).astype(bool)
    if comma.any():
        with_comma = text[comma]
        thousands = with_comma.str.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?").astype(bool)
        decimal = with_comma.str.fullmatch(r"[+-]?(\d*|\d{1,3}(\.\d{3})+),\d+").astype(bool)
        sure = ((decimal & ~thousands).sum(), (thousands & ~decimal).sum())
        if sure[0] > sure[1] or (sure[0] == sure[1] and fractions):
            fixed = with_comma.str.replace(".", "").str.replace(",", ".").where(decimal, with_comma)
        else:
            fixed = with_comma.str.replace(",", "").where(thousands, with_comma)
        text = text.where(~comma, fixed.reindex(text.index) if text.index.is_unique else text)
    numbers = pd.to_numeric(text, errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))


# ---- shares, durations, years

def _are_percent(cells, unit):
    """Whether most values of a share, other than zero, are above 1; of cells with a percent sign, those are divided."""
    numbers = parse_numbers(cells)
    values = numbers[(numbers != 0) & ~_percent_sign(cells)].dropna()
    return bool((values > 1).mean() >= .5) or unit == "%" and bool((values % 1 == 0).all())


def _percent_sign(cells):
    if pd.api.types.is_numeric_dtype(cells):
        return pd.Series(False, index=cells.index)
    return cells.astype("string").str.strip().str.endswith("%").fillna(False).astype(bool)


def _shares(numbers, cells, unit, percent, others_percent):
    """Values from 0 to 1, how they were written, and remarks."""
    signs, said = _percent_sign(cells), []
    undecided = not percent and unit is None and others_percent and bool((numbers.dropna() % 1 == 0).all())
    if percent or undecided:
        numbers = numbers / 100
        text = "0-100 -> 0-1"
    else:
        numbers = numbers.mask(signs, numbers / 100)
        text = "0-100 -> 0-1" if signs.any() and signs[numbers.notna()].all() else "0-1"
        if unit == "%" and not signs.any():
            said.append("its name says percent, but its values are from 0 to 1; they are left as they are")
    outside = numbers.notna() & ((numbers < 0) | (numbers > 1.0001))
    if outside.any():
        said.append(_bad_cells(cells, outside, "a value outside the range of the others"))
        numbers = numbers.mask(outside)
    return numbers, text, said


def _seconds_with_colons(cells):
    """The seconds of `3:25` and `1:03:25`; missing for other cells."""
    if pd.api.types.is_numeric_dtype(cells):
        return pd.Series(np.nan, index=cells.index)
    parts = cells.astype("string").str.strip().str.extract(r"^(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)$").astype("float64")
    hours, minutes, seconds = parts[0], parts[1], parts[2]
    if hours.notna().any() and (hours >= 1).mean() > .5 and (seconds.dropna() == 0).all():
        return hours * 60 + minutes  # a spreadsheet has made 3:25 to 3:25:00
    return hours.fillna(0) * 3600 + minutes * 60 + seconds


def _unit_of_duration(plain, with_colons, column, unit):
    """The unit of the durations without colons, by name and values; and why it cannot be told."""
    values = plain[plain > 0]
    if values.empty:
        return "mm:ss" if with_colons.notna().any() else unit or "ms", ""
    median = float(values.median())
    if unit is None and with_colons.notna().any():
        return "s", ""
    if unit == "min" and median < 60 or unit == "mm:ss":
        return "min", ""
    if unit == "ms" and median >= 1000 or unit == "s" and median < 10_000:
        return unit, ""
    if unit is not None and "ms" in (unit, column):
        return "s", ""
    if median >= 10_000 and (unit is not None or not re.fullmatch(r"(?i)\W*length\W*", column)):
        return "ms", ""
    if 20 <= median < 10_000:
        return "s", ""
    return "", (f"with values such as {values.iloc[0]:g}, its unit cannot be told; it is left as it is. "
                "If it is a duration, give it a name with the unit, such as 'duration (s)'")


def _years(numbers):
    """Years of four digits, and remarks."""
    now = pd.Timestamp.today().year
    short = numbers.between(1, 99)
    full = numbers + now // 100 * 100
    numbers = numbers.mask(short, full.where(full <= now, full - 100))
    outside = numbers.notna() & ~numbers.between(1000, now + 5)
    said = [f"{int(outside.sum())} cells that are no year set to null"] if outside.any() else []
    return numbers.mask(outside), said


def _implausible(numbers, name):
    values = numbers[numbers > 0].dropna() if name != "loudness" else numbers.dropna()
    low, high = PLAUSIBLE[name]
    if values.empty or low <= values.median() <= high:
        return ""
    return f"its values, such as {values.iloc[0]:g}, are not those of {name}"


# ---- keys, ids, other columns

def _keys(cells):
    """Pitch classes from 0 to 11 and modes of `C#`, `A minor`, `Am`, `5A`, `1d`, `9`; missing for other cells."""
    if pd.api.types.is_numeric_dtype(cells):
        return cells.astype("float64"), pd.Series(np.nan, index=cells.index)
    texts = cells.astype("string").str.strip()
    read = {text: _key(text) for text in texts.dropna().unique()}
    return (texts.map({text: key for text, (key, _) in read.items()}).astype("float64"),
            texts.map({text: mode for text, (_, mode) in read.items()}).astype("float64"))


def _key(text):
    """The pitch class and the mode of one text; NaN where it has none."""
    plain = text.replace("♯", "#").replace("♭", "b")
    if match := _CAMELOT.fullmatch(plain):
        number, letter = int(match[1]), match[2].upper()
        major = letter in "BD"
        steps = number - (1 if letter in "DM" else 8)  # on the circle of fifths: 1d and 8B are C major
        return ((0 if major else 9) + 7 * steps) % 12, int(major)
    if match := _KEY.fullmatch(plain):
        letter, accidental, mode = match[1].lower(), (match[2] or "").lower(), match[3]
        mode = "major" if mode == "M" else mode.lower()
        if mode in {"", *MODES} and (accidental != "s" or letter in "ae"):
            steps = {"": 0, "#": 1, "sharp": 1, "is": 1}.get(accidental, -1)
            return (PITCH_CLASSES[letter] + steps) % 12, MODES.get(mode, np.nan)
    try:
        return float(text), np.nan
    except ValueError:
        return np.nan, np.nan


def _with_mode(df):
    """The table with the mode that its keys name, if they name one; where only minor is named, `A` is A major."""
    keys, modes = _keys(df["key"])
    if modes.isna().all():
        return df
    return df.assign(mode=modes.mask(modes.isna() & keys.notna(), 1) if (modes.dropna() == 0).all() else modes)


def _ids(cells):
    """Spotify's ids without the rest of their URI or address; other ids, and URIs of local files, as they are."""
    if pd.api.types.is_numeric_dtype(cells):
        return cells
    return cells.replace(r"^(?:spotify:track:|https?://open\.spotify\.com/(?:\S+/)?track/)(\w+)\S*$", r"\1", regex=True)


def _numbers_among_text(df):
    """Other columns of text in which nearly all cells are numbers, as numbers; remarks on the cells that are not."""
    said, changed = [], {}
    for column in df.columns:
        if column in KNOWN or column in TEXT or pd.api.types.is_numeric_dtype(df[column]):
            continue
        if not df[column].head(1000).map(lambda cell: isinstance(cell, str) or pd.isna(cell)).all():
            continue
        present = ~_is_missing(df[column])
        some = df.loc[present, column].head(1000)
        if parse_numbers(some).notna().mean() < NEARLY_ALL or some.str.fullmatch(r"0\d+").any():
            continue
        numbers = parse_numbers(df[column], fractions=False)
        bad = present & numbers.isna()
        if bad.mean() <= 1 - NEARLY_ALL:
            changed[column] = numbers
            said += [f"column {str(column)!r}: {_bad_cells(df[column], bad, 'no number')}"] if bad.any() else []
    return df.assign(**changed), said
