"""The artists of a song, and which songs belong to the same artist.

A cell may name several artists: ``['Ann', 'Ben']``, ``Ann; Ben``, ``Ann feat. Ben``, ``Ann, Ben``. Songs that share an
artist are not independent of each other: they must not be on two sides of a split, and a bootstrap draws whole
artists. The functions in this module decide which artists a cell names and which songs belong together; splits,
intervals, permutation tests and playlists all use them.
"""

import functools
import re
import unicodedata
from collections import Counter
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

LARGE_SHARE, LARGE_ROWS = .1, 30
"""A cluster of more than this share of the rows, and of more than this many rows, is divided into its artists."""

_QUOTED = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_LIST = re.compile(rf"[\[({{]\s*{_QUOTED}(?:\s*,?\s*{_QUOTED})*\s*,?\s*[\])}}]")
_NAMED = re.compile(rf"""['"]name['"]\s*:\s*({_QUOTED})""")  # [{'id': 1, 'name': 'Ann'}]
_GUEST_IN_BRACKETS = re.compile(r"[(\[]\s*((?:feat|ft|featuring|with)\b[^)\]]*)[)\]]", re.IGNORECASE)
# these always stand between two artists
_ALWAYS = r"\s*[;|\0\n]\s*|\s+(?:feat|ft|featuring)\b\.?:?\s*"
# these can also be a part of a name: "Simon & Garfunkel", "AC/DC", "Earth, Wind & Fire", "Tyler, The Creator"
_PERHAPS = (r"\s*[&+/×·•]\s*|\s+(?:x|and|with|duet with|vs|versus|y|e|und|et|con|or|presents|pres|starring"
            r"|introducing)\b\.?\s+(?!(?:feat|ft|featuring|x|and|with|vs)\b|[&+/×·•,;|])")
_IN_LISTS = re.compile(rf"({_ALWAYS})|({_PERHAPS})", re.IGNORECASE)
_IN_TEXT = re.compile(rf"({_ALWAYS})|({_PERHAPS}|\s*,\s*)", re.IGNORECASE)
_GUESTS_IN_TITLE = re.compile(r"[(\[]\s*with\s+([^)\]]+)"
                              r"|(?:[(\[][^)\]]*?\b|\s)(?:feat|ft|featuring)\b\.?:?\s+(.+?)\s*(?=[)\]\[(]|\s-\s|$)",
                              re.IGNORECASE)
_IN_NAMES = re.compile(rf"{_PERHAPS}|\s*,\s*", re.IGNORECASE)


class _Piece(NamedTuple):
    """A piece of a cell: its text, what separates it from the piece before, and whether the two may be one name."""

    text: str
    separator: str
    perhaps: bool


def split_artists(cells, ids=None):
    """The artists that each cell names.

    Lists, ``;`` and ``feat.`` always separate artists. A comma, ``&``, ``x``, ``/`` or "and" can also be a part of a
    name, so it separates only where one of its two neighbours occurs without the other elsewhere in the column: "Earth,
    Wind & Fire" stays whole, and "Ann, Ben" is divided if there is another song by Ann alone or by Ann and Cleo.

    Parameters
    ----------
    cells : sequence [length n]
        Text, lists, or missing values.
    ids : sequence [length n], optional
        The ids of the artists of each cell, as text or lists. They tell how many artists a cell names, if some cells
        have several; and names of one id get one spelling.

    Returns
    -------
    list of list of str
        An empty list where a cell names no artist.

    Examples
    --------
    >>> split_artists(["Ann, Ben", "Ann", "Earth, Wind & Fire", "['Cleo', 'Tyler, The Creator']", None])
    [['Ann', 'Ben'], ['Ann'], ['Earth, Wind & Fire'], ['Cleo', 'Tyler, The Creator'], []]
    """
    cell_ids = [()] * len(cells) if ids is None else [tuple(listed(cell)) for cell in ids]
    counted = any(len(several) > 1 for several in cell_ids)
    keys = list(zip(map(_hashable, cells), cell_ids))
    pieces = {key: _pieces(key[0], len(key[1]) if counted else 0) for key in dict.fromkeys(keys)}
    alone, together = _occurrences(pieces.values())
    names = {key: _joined(parts, alone, together) for key, parts in pieces.items()}
    spelling = {}
    for (cell, several), parts in names.items():
        if len(several) == len(parts):
            names[cell, several] = [spelling.setdefault(one, part) for one, part in zip(several, parts)]
    return [names[key] for key in keys]


def add_guests(names, titles):
    """The artists of each song, and after them the guests that its title names.

    "Song (feat. Ben)" names a guest. "Song (with Ben)" names one only where Ben, or another whom it names, is an artist
    or a guest elsewhere, because "with" can be a word of the title.

    Parameters
    ----------
    names : list of list of str [length n]
        As from `split_artists`.
    titles : sequence [length n]
        Text or missing values.

    Returns
    -------
    list of list of str

    Examples
    --------
    >>> add_guests([["Ann"], ["Ann"], ["Ben"]], ["Hey (feat. Cleo & Ben)", "Walking (with a Friend)", "Hey"])
    [['Ann', 'Cleo', 'Ben'], ['Ann'], ['Ben']]
    """
    found = [(row, match) for row, title in enumerate(titles) if isinstance(title, str)
             for match in _GUESTS_IN_TITLE.finditer(title)]
    certain = [(row, match[2]) for row, match in found if match[2]]
    perhaps = [(row, match[1]) for row, match in found if match[1]]
    cells = list(dict.fromkeys(map(tuple, names)))
    guests = split_artists([*cells, *(text for _, text in certain + perhaps)])[len(cells):]
    known = {plain_name(name) for cell in [*cells, *guests[:len(certain)]] for name in cell}
    out = list(names)
    for number, ((row, _), parts) in enumerate(zip(certain + perhaps, guests)):
        if number < len(certain) or any(plain_name(part) in known for part in parts):
            already = set(map(plain_name, out[row]))
            out[row] = out[row] + [part for part in parts if plain_name(part) not in already]
    return out


def _hashable(cell):
    """A cell as text, as a tuple of names, or as None if it is empty."""
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, (list, tuple, set, frozenset, np.ndarray)):
        return tuple(str(name) for name in cell if name is not None)
    return None if pd.isna(cell) else str(cell)


def listed(cell):
    """The texts in a cell that is a list, or reads like one; any other text is divided at commas and semicolons.

    Examples
    --------
    >>> listed("['a', 'b']"), listed("spotify:artist:1, spotify:artist:2"), listed(None)
    (['a', 'b'], ['1', '2'], [])
    """
    cell = _hashable(cell)
    if isinstance(cell, str):
        names = _texts_of_list(cell)
        cell = re.split(r"[,;|]", cell.strip("[](){}")) if names is None else names
    parts = [part.strip().strip("'\"").removeprefix("spotify:artist:") for part in cell or ()]
    return [part for part in parts if part]


def is_list(cell):
    """Whether a cell is a list of names, or reads like one.

    Examples
    --------
    >>> is_list(["Ann"]), is_list("['Ann', 'Ben']"), is_list("Ann, Ben")
    (True, True, False)
    """
    cell = _hashable(cell)
    return isinstance(cell, tuple) or isinstance(cell, str) and _texts_of_list(cell) is not None


def _texts_of_list(text):
    """The texts in `['a', 'b']`, `["a"]`, `{"a","b"}` or `[{'name': 'a'}]`; None if it is no such list."""
    if text[:1] not in ("[", "(", "{"):
        return None
    if _LIST.fullmatch(text):
        quoted = re.findall(_QUOTED, text)
    elif not (quoted := _NAMED.findall(text)):
        return None
    return [re.sub(r"\\(.)", r"\1", name[1:-1]) if "\\" in name else name[1:-1] for name in quoted]


def _pieces(cell, n_artists):
    """The pieces of a cell; `n_artists` is 0 where their number is not known."""
    if cell is None:
        return ()
    names = cell if isinstance(cell, tuple) else _texts_of_list(cell)
    if names is None and n_artists == 1:
        return (_Piece(cell, "", False),)
    if names is None:
        brackets = cell[1:-1] if cell[0] == "[" and cell[-1] == "]" else cell
        pieces = _cut(brackets, _IN_TEXT)
        return tuple(piece._replace(perhaps=False) if len(pieces) == n_artists else piece for piece in pieces)
    return tuple(piece for name in names for piece in _cut(name, _IN_LISTS))


def _cut(text, separators):
    text = _GUEST_IN_BRACKETS.sub(r" \1", text.strip())
    pieces, end, separator, perhaps = [], 0, "", False
    for match in separators.finditer(text):
        if text[end:match.start()].strip():
            pieces.append(_Piece(text[end:match.start()].strip(), separator, perhaps))
            separator, perhaps = match[0], match[2] is not None
        end = match.end()
    if text[end:].strip() or not pieces and text:
        pieces.append(_Piece(text[end:].strip() or text, separator, perhaps))
    return pieces


def _occurrences(cells):
    """In how many different cells each name occurs, and each pair of neighbours that may be one name."""
    alone, together = Counter(), Counter()
    for pieces in set(cells):
        names = [plain_name(piece.text) for piece in pieces]
        alone.update(set(names))
        together.update({(one, other) for one, other, piece in zip(names, names[1:], pieces[1:]) if piece.perhaps})
    return alone, together


def _joined(pieces, alone, together):
    """The names of a cell: neighbours that never occur without each other are one name."""
    names, last = [], None
    for piece in pieces:
        plain = plain_name(piece.text)
        if piece.perhaps and alone[last] == alone[plain] == together[last, plain]:
            names[-1] += piece.separator + piece.text
        else:
            names.append(piece.text)
        last = plain
    return list(dict.fromkeys(names))


@functools.lru_cache(maxsize=1 << 17)  # the same names come again and again
def plain_name(name):
    """A name in the form in which names are compared: capitals, blanks and the kind of "and" make no difference.

    Examples
    --------
    >>> plain_name(" Simon  and Garfunkel") == plain_name("SIMON & Garfunkel")
    True
    """
    text = " ".join(unicodedata.normalize("NFKC", str(name)).casefold().split())
    return ", ".join(filter(None, _IN_NAMES.split(text))) or text


# ---- which songs belong together

def artist_matrix(rows, group="artist"):
    """Which artists each row names.

    Parameters
    ----------
    rows : pd.DataFrame or sequence [length n]
        The songs. Where `group` is a sequence, only their number is used.
    group : str, sequence of names [length n], or None
        The column that holds the names, or the names themselves. Of "artist", the lists in the column `artists` are
        used if there are any. The cells of a column of another name (an album) are not divided. With None, or a column
        that the table does not have, every row is by an artist of its own, and so is a row without a name.

    Returns
    -------
    scipy.sparse.csr_array of int [shape=(n, n_artists)]
        1 where a row names an artist. Artists are in the order in which they first appear; those of rows without a
        name come last.

    Raises
    ------
    ValueError
        The number of names differs from the number of rows.

    Examples
    --------
    >>> artist_matrix(range(4), ["Ann", "Ann; Ben", None, "ben"]).toarray().tolist()
    [[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 0]]
    """
    n = len(rows)
    if group is None or (isinstance(group, str) and group not in rows):
        return sparse.csr_array(sparse.eye_array(n, dtype=int, format="csr"))
    names = rows[group] if isinstance(group, str) else group
    if len(names) != n:
        raise ValueError(f"{len(names):,} group names for {n:,} rows: there must be one name for each row")
    cells = _plain_cells(rows, names, group)
    code = {name: number for number, name in enumerate(dict.fromkeys(name for cell in cells for name in cell))}
    row, column = [], []
    for number, cell in enumerate(cells):
        own = {code[name] for name in cell} or {len(code) + number}
        row += [number] * len(own)
        column += own
    column = np.unique(np.array(column, dtype=int), return_inverse=True)[1]
    return sparse.csr_array((np.ones(len(row), dtype=int), (row, column)), shape=(n, column.max(initial=-1) + 1))


def _plain_cells(rows, names, group):
    """The plain names of each row; an empty tuple where there is none."""
    values = np.asarray(names, dtype=object)
    if isinstance(group, str) and group == "artist" and "artists" in rows:
        lists = [cell if isinstance(cell, (list, tuple, np.ndarray)) else () for cell in rows["artists"]]
        return [tuple(map(plain_name, cell)) or one for cell, one in zip(lists, _plain_texts(values))]
    divided = not isinstance(group, str) or "artist" in group.lower()
    return _divided(values) if divided else _plain_texts(values)


def _plain_texts(values):
    texts = [None if isinstance(cell, float) and np.isnan(cell) or cell is None or cell is pd.NA
             else " ".join(str(cell).casefold().split()) for cell in values]
    return [(text,) if text else () for text in texts]


def _divided(values):
    if not any(isinstance(cell, (str, list, tuple, np.ndarray)) for cell in values):
        return _plain_texts(values)
    plain = {}
    return [tuple(plain.setdefault(name, plain_name(name)) for name in cell) for cell in split_artists(values)]


def linked_rows(members):
    """The group of each row as an integer code: rows that share an artist, also by way of other rows, are one group.

    Parameters
    ----------
    members : scipy.sparse.csr_array [shape=(n, n_artists)]
        As from `artist_matrix`.

    Returns
    -------
    np.ndarray of int [shape=(n,)]
        Codes from 0, in the order in which the groups first appear.

    Examples
    --------
    >>> linked_rows(artist_matrix(range(4), ["Ann", "Ben", "Cleo", "Ann; Ben"])).tolist()
    [0, 0, 1, 0]
    """
    return np.unique(_first_linked_artist(members), return_inverse=True)[1]


def _first_linked_artist(members):
    """Of each row, the first artist among all that are linked to it."""
    if not members.shape[1]:
        return np.zeros(0, dtype=int)
    linked = sparse.csgraph.connected_components(members.T @ members, directed=False)[1]
    first = np.unique(linked, return_index=True)[1]
    return first[linked[members.indices[members.indptr[:-1]]]]


def by_other_artists(members, held_out):
    """The rows that share no artist with the rows that are held out.

    Parameters
    ----------
    members : scipy.sparse.csr_array [shape=(n, n_artists)]
        As from `artist_matrix`.
    held_out : np.ndarray of int or bool
        Row numbers, or a mask.

    Returns
    -------
    np.ndarray of bool [shape=(n,)]

    Examples
    --------
    >>> by_other_artists(artist_matrix(range(4), ["Ann", "Ann; Ben", "Ben", "Cleo"]), [0]).tolist()
    [False, False, True, True]
    """
    artists = np.asarray(members[held_out].sum(axis=0)).ravel() > 0
    return members @ artists.astype(int) == 0


def artist_groups(rows, group="artist"):
    """The group of each row as an integer code, for intervals and tests in which songs of one artist are dependent.

    Rows that share an artist, also by way of other rows, are one group. Where collaborations tie so many songs together
    that a group is large (see `LARGE_SHARE`), an interval would rest on one group; such a group is divided, and each of
    its rows belongs to that of its artists who has the most rows. Sides of a split are made by
    `analysis.group_split`, which never has an artist on two of them.

    Parameters
    ----------
    rows, group
        As in `artist_matrix`.

    Returns
    -------
    np.ndarray of int [shape=(n,)]
        Codes from 0, in the order in which the groups first appear; rows without a name have the last codes.

    Raises
    ------
    ValueError
        The number of names differs from the number of rows.

    Examples
    --------
    >>> artist_groups(pd.DataFrame({"artist": ["Ann", "Bob", "ann ", None, None]})).tolist()
    [0, 1, 0, 2, 3]
    >>> artist_groups(range(3), ["Ann", "Bob", "Ann, Bob"]).tolist()
    [0, 0, 0]
    """
    members = artist_matrix(rows, group)
    artist = _first_linked_artist(members)
    size = np.bincount(artist, minlength=members.shape[1])
    large = (size > max(LARGE_ROWS, LARGE_SHARE * len(artist)))[artist]
    return np.unique(np.where(large, _most_frequent_artist(members), artist), return_inverse=True)[1]


def _most_frequent_artist(members):
    """Of each row, the one of its artists who has the most rows; the first of several."""
    n_songs = np.asarray(members.sum(axis=0)).ravel()
    row = np.repeat(np.arange(members.shape[0]), np.diff(members.indptr))
    order = np.lexsort((-n_songs[members.indices], row))
    return members.indices[order][members.indptr[:-1]]
