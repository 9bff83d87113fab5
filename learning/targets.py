"""Genres as numbers that a model can learn: one a song, several, or shares of several; and what each song counts."""

import warnings

import numpy as np
import pandas as pd


def encode(y):
    """Genres as zeros and ones [shape=(n, n_genres)], their names, and whether a song may have several.

    Labels, one a song; a multi-hot matrix (a frame's columns name the genres); or shares, a matrix of fractions whose rows sum to
    one: a song is of one genre to some part and of others to the rest.

    Raises
    ------
    ValueError
        A song has no genre, or there is only one genre.
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
        raise ValueError(f"only one genre, '{names[0]}': there is nothing to tell apart")
    return (y.astype(str).to_numpy()[:, None] == names).astype(np.float32), names, False


def _are_shares(y):
    values = np.asarray(y, dtype=float)
    return bool(np.allclose(values.sum(axis=1), 1) and ((values > 0) & (values < 1)).any())


def balance(targets):
    """A weight for each row, so that all genres count alike; their mean is one."""
    share = targets / np.maximum(targets.sum(axis=0), 1)
    weights = share.sum(axis=1)
    return (weights / weights.mean()).astype(np.float32)


_warned = set()


def warn_about_spotify_terms(X):
    """Warn, once a session, where songs come from a Spotify export: its developer terms forbid training models on its content."""
    column = X["source"].unique() if "source" in getattr(X, "columns", ()) else ()
    sources = [getattr(X, "attrs", {}).get("source", ""), *column]
    if not _warned and any("Spotify export" in str(source) for source in sources):
        _warned.add("terms")
        warnings.warn("these rows are a Spotify export: Spotify's developer terms allow looking at them and making playlists, "
                      "and forbid training models on them", stacklevel=3)
