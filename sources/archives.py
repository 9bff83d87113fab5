"""The table in a file that may be packed with gzip or zip, with a limit for files that unpack to fill the memory."""

import gzip
import io
import json
import zipfile

LARGEST = 4 * 2 ** 30
"""Bytes that a table may have when it is unpacked."""
SMALLEST_LIMIT, HIGHEST_RATIO = 256 * 2 ** 20, 50
"""A packed table may unpack to so many bytes, or to so many times its size: ten or twenty times are usual."""


def unpacked(path, suffixes):
    """Read a file, unpacked; of a zip file, the one table in it.

    Parameters
    ----------
    path : Path
    suffixes : tuple of str
        Endings of tables.

    Returns
    -------
    name : str
        Of the table: its ending may tell the format.
    data : bytes

    Raises
    ------
    ValueError
        The file is too large or damaged, or a zip file does not hold one table; the message names the file.
    """
    size = path.stat().st_size
    limit = min(LARGEST, max(SMALLEST_LIMIT, HIGHEST_RATIO * size))
    if size > LARGEST:
        raise ValueError(f"{path} is larger than {LARGEST / 2 ** 30:.0f} GB: give a part of it")
    data = path.read_bytes()
    if data[:2] != b"\x1f\x8b" and data[:4] != b"PK\x03\x04":
        return path.name, data
    try:
        if data[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(data)) as file:
                return path.stem, _read(file, limit, path)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            tables = [member for member in archive.namelist()
                      if member.lower().endswith(suffixes) and not member.startswith("__MACOSX")]
            if len(tables) != 1:
                raise _Told(f"{path} holds {len(tables)} tables ({tables[:5]}): unzip it and give the path of one")
            with archive.open(tables[0]) as file:
                return tables[0], _read(file, limit, path)
    except _Told as error:
        raise ValueError(str(error)) from None
    except Exception as error:  # a damaged archive can raise anything
        raise ValueError(f"{path} cannot be unpacked ({str(error)[:200]}): download or save it again") from error


class _Told(Exception):
    """An error whose message is complete."""


def _read(file, limit, path):
    data = file.read(limit + 1)
    if len(data) > limit:
        raise _Told(f"{path} unpacks to more than {limit / 2 ** 20:,.0f} MB, far more than its size: if it is a table "
                    "all the same, unpack it and give the path of that")
    return data


def plain_cells(df):
    """A table in which lists and objects, as Parquet can hold them, are texts in JSON.

    Examples
    --------
    >>> import pandas as pd
    >>> plain_cells(pd.DataFrame({"genre": [["rock", "pop"], ["jazz"]], "album": [{"name": "x"}, {}]})).values.tolist()
    [['["rock", "pop"]', '{"name": "x"}'], ['["jazz"]', '{}']]
    """
    nested = [column for column in df.columns if df[column].dtype == object and df[column].map(_is_nested).any()]
    return df.assign(**{column: df[column].map(lambda cell: _plain(cell) if _is_nested(cell) else cell)
                        for column in nested}) if nested else df


def _is_nested(cell):
    return isinstance(cell, (list, tuple, dict)) or hasattr(cell, "__len__") and hasattr(cell, "tolist")


def _plain(cell):
    cell = cell.tolist() if hasattr(cell, "tolist") else cell
    return json.dumps(cell, default=str, ensure_ascii=False)
