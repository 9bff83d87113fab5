"""Targets of training: genres as a matrix of numbers, and the weight of each song."""

import warnings

import numpy as np
import pandas as pd


def encode(y):
    """Encode genres as a matrix.

    Parameters
    ----------
    y : sequence of str, or array or frame [shape=(n, n_genres)]
        One label per song; or a multi-hot matrix, where a song may have several genres; or shares, a matrix of
        fractions whose rows sum to one. The columns of a frame name the genres.

    Returns
    -------
    targets : np.ndarray [shape=(n, n_genres)]
        Zeros and ones, or shares.
    genres : np.ndarray [shape=(n_genres,)]
        The names of the columns; sorted, where `y` is labels.
    multilabel : bool
        Whether a song may have several genres.

    Raises
    ------
    ValueError
        A song has no label, or all songs have the same.

    Examples
    --------
    >>> targets, genres, multilabel = encode(["rock", "jazz", "rock"])
    >>> targets.tolist(), genres.tolist(), multilabel
    ([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], ['jazz', 'rock'], False)
    """
    if np.ndim(y) == 2:
        names = np.array(y.columns if hasattr(y, "columns") else np.arange(np.shape(y)[1]))
        return np.asarray(y, dtype=np.float32), names, not _are_shares(y)
    y = pd.Series(np.asarray(y, dtype=object))
    if y.isna().any():
        raise ValueError(f"{int(y.isna().sum()):,} of {len(y):,} songs have no genre: leave them out with "
                         "df.dropna(subset=['genre'])")
    names = np.array(sorted(y.astype(str).unique()))
    if len(names) < 2:
        raise ValueError(f"only one genre, '{names[0]}': a classifier needs two or more")
    return (y.astype(str).to_numpy()[:, None] == names).astype(np.float32), names, False


def _are_shares(y):
    """Whether rows sum to one and hold fractions; rows of single ones are multi-hot."""
    values = np.asarray(y, dtype=float)
    return bool(np.allclose(values.sum(axis=1), 1) and ((values > 0) & (values < 1)).any())


def balance(targets):
    """Weights of songs [shape=(n,)] that give every genre the same total weight; their mean is one.

    Examples
    --------
    >>> balance(np.array([[1, 0], [1, 0], [0, 1], [0, 1]])).tolist()
    [1.0, 1.0, 1.0, 1.0]
    >>> balance(np.array([[1, 0], [1, 0], [1, 0], [0, 1]]))[3].item()
    2.0
    """
    share = targets / np.maximum(targets.sum(axis=0), 1)
    weights = share.sum(axis=1)
    return (weights / weights.mean()).astype(np.float32)


def family_of(genre):
    """The family of a genre: what stands before a colon in its name, else the whole name.

    Examples
    --------
    >>> family_of("rock: punk"), family_of("jazz")
    ('rock', 'jazz')
    """
    return str(genre).split(": ")[0]


def family_shares(shares):
    """Shares of families of genres: the sum over the styles of each.

    Parameters
    ----------
    shares : pd.DataFrame [shape=(n, genres)] or pd.Series [shape=(genres,)]
        Of genres such as `rock: punk`. Without such names it is returned as it is.

    Returns
    -------
    pd.DataFrame or pd.Series
        In the order in which the families first appear; `attrs` are kept.

    Examples
    --------
    >>> family_shares(pd.Series({"rock": .3, "rock: punk": .5, "jazz": .2})).round(1).to_dict()
    {'rock': 0.8, 'jazz': 0.2}
    """
    if isinstance(shares, pd.Series):
        return family_shares(shares.to_frame().T).iloc[0].rename(shares.name)
    families = [family_of(genre) for genre in shares.columns]
    if families == [str(genre) for genre in shares.columns]:
        return shares
    names = pd.Index(dict.fromkeys(families), name=shares.columns.name)
    members = pd.Index(families).to_numpy()[:, None] == names.to_numpy()
    summed = pd.DataFrame(shares.to_numpy(float) @ members, index=shares.index, columns=names)
    summed.attrs = dict(shares.attrs)
    return summed


_warned = set()


def warn_about_spotify_terms(X):
    """Warn where songs come from a Spotify export: its developer terms forbid training models. Once in a session."""
    column = X["source"].unique() if "source" in getattr(X, "columns", ()) else ()
    sources = [getattr(X, "attrs", {}).get("source", ""), *column]
    if not _warned and any("Spotify export" in str(source) for source in sources):
        _warned.add("terms")
        warnings.warn("these rows are a Spotify export: Spotify's developer terms allow looking at them and making "
                      "playlists, and forbid training models on them", stacklevel=3)
