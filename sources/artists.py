"""Which songs belong to the same artist.

Songs of one artist are not independent of each other: they must not be on two sides of a split, and a bootstrap
draws whole artists. The function in this module decides which songs belong together; splits, intervals, permutation
tests and playlists all use it.
"""

import numpy as np
import pandas as pd


def artist_groups(rows, group="artist"):
    """The group of each row as an integer code.

    Blanks at the ends of a name and capital letters make no difference: "Ann " and "ann" are one group. A row without
    a name is a group of its own.

    Parameters
    ----------
    rows : pd.DataFrame or sequence [length n]
        The songs. Where `group` is a sequence, only their number is used.
    group : str, sequence of names [length n], or None
        The column that holds the names, or the names themselves. With None, or a column that the table does not have,
        every row is a group of its own.

    Returns
    -------
    np.ndarray of int [shape=(n,)]
        Codes from 0, in the order in which the names first appear; rows without a name have the last codes.

    Raises
    ------
    ValueError
        The number of names differs from the number of rows.

    Examples
    --------
    >>> artist_groups(pd.DataFrame({"artist": ["Ann", "Bob", "ann ", None, None]})).tolist()
    [0, 1, 0, 2, 3]
    >>> artist_groups(range(3), ["Ann", "Bob", "Ann"]).tolist()
    [0, 1, 0]
    """
    if group is None or (isinstance(group, str) and group not in rows):
        return np.arange(len(rows))
    names = pd.Series(np.asarray(rows[group] if isinstance(group, str) else group, dtype=object))
    if len(names) != len(rows):
        raise ValueError(f"{len(names):,} group names for {len(rows):,} rows: there must be one name for each row")
    names = names.astype("string").str.strip().str.casefold()
    codes, _ = pd.factorize(names.mask(names == ""))
    nameless = codes == -1
    n_named = codes.max(initial=-1) + 1
    return np.where(nameless, n_named + np.cumsum(nameless) - 1, codes)
