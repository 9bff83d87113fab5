"""Shares of genres, window by window, and how unlike the training songs each window is."""

import pandas as pd

from learning.targets import family_of


def window_shares(classifier, song, *, seconds=None, hop_seconds=None, adjust=True):
    """Which genres a model gives a song, window by window.

    Parameters
    ----------
    classifier
        Fitted: of `models.build` or `models.load`.
    song : str, Path or Recording
    seconds : float, optional
        Length of a window; the model's own where it is not given.
    hop_seconds : float, optional
        From one window to the next; half a window where it is not given.
    adjust : bool
        Mix the shares with equal ones, family by family, where the sound is unlike the training songs.

    Returns
    -------
    pd.DataFrame [shape=(windows, genres)]
        Rows sum to one; indexed by `start` in seconds. ``attrs``: `seconds` (of a window), `hop_seconds`, and
        `out_of_distribution` (the mean score over windows, 0 to 1; 0 without `adjust`).

    Raises
    ------
    AudioError
        The file cannot be decoded, or is silent, or shorter than a second.
    ValueError
        The model takes what cannot be made from a sound file.
    """
    seconds = seconds or classifier.window_seconds
    hop_seconds = hop_seconds or seconds / 2
    rows = classifier.inputs(song, seconds=seconds, hop_seconds=hop_seconds)
    proba = classifier.predict_proba(rows)
    proba = proba / proba.sum(axis=1, keepdims=True)  # where a song may have several genres, they need not sum to one
    shares = pd.DataFrame(
        proba, columns=pd.Index(classifier.classes_, name="genre"), index=pd.Index(rows.index, name="start")
    )
    unlike = classifier.out_of_distribution(rows, shares) if adjust else pd.Series(0.0, shares.index).to_numpy()
    shares = shares.mul(1 - unlike, axis=0) + unlike[:, None] * _equal_shares(shares.columns)
    shares.attrs = {"seconds": seconds, "hop_seconds": hop_seconds, "out_of_distribution": float(unlike.mean())}
    return shares


def _equal_shares(genres):
    """The same share for each family, divided equally among its styles [shape=(genres,)]."""
    families = pd.Series([family_of(genre) for genre in genres])
    return (1 / families.nunique() / families.map(families.value_counts())).to_numpy()


def song_embedding(classifier, song):
    """The penultimate-layer embedding of a song [shape=(size,)]: the mean over windows that do not overlap."""
    rows = classifier.inputs(song, hop_seconds=classifier.window_seconds)
    return classifier.embed(rows).mean(axis=0)
