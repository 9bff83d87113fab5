"""Shares of genres: of each window of a song, of the whole song, and of its beat, timbre and pitch."""

import numpy as np
import pandas as pd

from learning.targets import family_of, family_shares
from signals.recording import as_recording

FEWEST_BLOCKS = 3
"""Fewer blocks of windows give no interval."""
SMALLEST_PASSAGE = .10
"""Genres with a smaller share of the song have no passage to listen to."""


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


def song_influences(shares, *, n_boot=1000, seed=0):
    """The shares of a whole song.

    Parameters
    ----------
    shares : pd.DataFrame [shape=(windows, genres)]
        From `window_shares`.
    n_boot : int
        Bootstrap samples.
    seed : int

    Returns
    -------
    pd.DataFrame
        Indexed by genre, or by family where genres have styles, the largest share first: `share` (the mean over
        windows) with its 95% interval `low`, `high`: a bootstrap over windows, in blocks as long as windows overlap
        (Politis & Romano 1992). A song that is too short, of fewer than `FEWEST_BLOCKS` blocks, has no interval: NaN.

    Examples
    --------
    >>> song_influences(pd.DataFrame({"jazz": [.9, .7], "metal": [.1, .3]}))["share"].round(2).to_dict()
    {'jazz': 0.8, 'metal': 0.2}
    """
    shares = family_shares(shares)
    values, n = shares.to_numpy(float), len(shares)
    block = min(n, max(1, round(shares.attrs.get("seconds", 1) / shares.attrs.get("hop_seconds", 1))))
    first = np.random.default_rng(seed).integers(0, n, (n_boot, -(-n // block)))
    drawn = ((first[:, :, None] + np.arange(block)) % n).reshape(n_boot, -1)[:, :n]
    low, high = np.quantile(values[drawn].mean(axis=1), (.025, .975), axis=0)
    if n < FEWEST_BLOCKS * block:
        low = high = np.full(values.shape[1], np.nan)
    table = pd.DataFrame({"share": values.mean(axis=0), "low": low, "high": high}, index=shares.columns)
    return table.sort_values("share", ascending=False, kind="stable")


def passages(shares, *, top=3):
    """The passage of a song that speaks most for each of its main genres, to listen to.

    Parameters
    ----------
    shares : pd.DataFrame
        From `window_shares`.
    top : int
        How many genres (families, where genres have styles).

    Returns
    -------
    pd.DataFrame
        Indexed by genre: `start` and `seconds` of the window in which its share is largest, and that `share`. The first
        genre, and others where their share of the song is at least a tenth.

    Examples
    --------
    >>> shares = pd.DataFrame({"jazz": [.9, .4], "metal": [.1, .6]}, index=[0.0, 10.0])
    >>> passages(shares)["start"].to_dict()
    {'jazz': 0.0, 'metal': 10.0}
    """
    families = family_shares(shares)
    means = families.mean().nlargest(top)
    names = means.index[(means >= SMALLEST_PASSAGE) | (means == means.iloc[0])]
    starts = [float(families[name].idxmax()) for name in names]
    table = pd.DataFrame({"start": starts, "seconds": shares.attrs.get("seconds", np.nan)}, index=names)
    return table.assign(share=[float(families[name].max()) for name in names])


def aspect_influences(aspects, song):
    """Which genres the beat, the timbre and the pitch of a song each resemble.

    Parameters
    ----------
    aspects : dict of str to classifier
        From `influences.fit_aspects`.
    song : str, Path or Recording
        A sound file.

    Returns
    -------
    pd.DataFrame
        Rows `beat`, `timbre`, `pitch`; columns genres; rows sum to one (the mean over windows that do not overlap).

    Raises
    ------
    AudioError
        As `window_shares`.
    """
    recording = as_recording(song)
    shares = {aspect: window_shares(model, recording, hop_seconds=model.window_seconds, adjust=False).mean()
              for aspect, model in aspects.items()}
    return pd.DataFrame(shares).T.rename_axis("aspect")
