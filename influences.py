"""What a song is made of: which genres it draws on, how that changes, and what its beat, its timbre and its pitch each owe to
whom."""


import numpy as np
import pandas as pd

import models
from batches import seconds_per_column
from familiarity import familiarity
from features import ASPECTS, aspect_columns
from textures import picture_features
from windows import heard

WINDOW = 15.0
"""Seconds of a window, for models that take any length."""
ALONE, SECOND, TOGETHER, FAMILY = .50, .10, .60, .60
"""A genre stands alone from the first share on where no other reaches the second; two are joined where each reaches the
second and both together the third; a family is named where its genres together reach the fourth. Chosen on songs made to order
and on GTZAN's lists, cross-fitted."""
FAMILIES = {"rock": ("rock", "metal", "punk", "alternative", "grunge"),
            "folk and country": ("folk/acoustic", "folk", "country", "bluegrass"),
            "electronic": ("dance/electronic", "electronic", "techno", "house", "trance", "disco"),
            "jazz and blues": ("jazz", "blues", "swing", "soul"),
            "hip hop and reggae": ("hip hop", "hiphop", "rap", "reggae"),
            "classical": ("classical", "baroque", "opera", "romantic")}
"""Genres that lie near each other, for songs that are surely of one of them."""


# ---- the whole song

def genre_influences(classifier, song, *, segment_seconds=None, hop_seconds=None):
    """Which genres a song draws on, window by window.

    Parameters
    ----------
    classifier
        Fitted: of `models.build` or `models.load`.
    song : str or Path
        A sound file.
    segment_seconds : float, optional
        Length of a window; what the model hears at once where it is not given.
    hop_seconds : float, optional
        From one window to the next; half a window where it is not given.

    Returns
    -------
    pd.DataFrame [shape=(windows, genres)]
        Calibrated shares, rows sum to one; indexed by `start` in seconds. Where the sound is like none that the model learned
        from, they are drawn towards "all alike" (see `familiarity`). ``attrs``: `seconds` (of a window), `hop_seconds`, and
        `familiarity` (the mean over windows, 0 to 1).

    Raises
    ------
    AudioError
        The file cannot be decoded, or is empty, silent or shorter than a second.
    ValueError
        The model takes what cannot be made from a sound file.
    """
    segment_seconds = segment_seconds or window_seconds(classifier)
    hop_seconds = hop_seconds or segment_seconds / 2
    with heard(classifier, song, seconds=segment_seconds, hop_seconds=hop_seconds) as rows:
        return _shares(classifier, rows, {"seconds": segment_seconds, "hop_seconds": hop_seconds})


def _shares(classifier, rows, about):
    proba, known = classifier.predict_proba(rows), getattr(classifier, "familiar_", None)
    proba = proba / proba.sum(axis=1, keepdims=True)  # of a model for several genres a song, they need not sum to one
    shares = pd.DataFrame(proba, columns=pd.Index(classifier.classes_, name="genre"), index=pd.Index(rows.index, name="start"))
    like = np.ones(len(proba))
    if known:
        like = familiarity(known, rows if hasattr(classifier, "feature_names_in_") else picture_features(rows, n_jobs=1), shares)
        shares = shares.mul(like, axis=0).add((1 - like) / proba.shape[1], axis=0)
    shares.attrs = about | {"familiarity": float(like.mean())}
    return shares


def window_seconds(classifier):
    """What a model hears at once, in seconds; `WINDOW` for models that take any length.

    Examples
    --------
    >>> window_seconds(models.build("linear"))
    15.0
    """
    column = seconds_per_column(getattr(classifier, "picture_settings_", {}))
    return classifier.columns * column if column and hasattr(classifier, "columns") else WINDOW


def song_influences(shares, *, n_boot=1000, seed=0):
    """A song's windows summed up.

    Parameters
    ----------
    shares : pd.DataFrame [shape=(windows, genres)]
        From `genre_influences`.
    n_boot, seed : int

    Returns
    -------
    pd.DataFrame
        Indexed by genre, the largest share first: `share` (the mean) with its 95 % interval `low`, `high`: a bootstrap over
        windows, in blocks as long as windows overlap (Politis & Romano 1992).

    Examples
    --------
    >>> song_influences(pd.DataFrame({"jazz": [.9, .7], "metal": [.1, .3]}))["share"].round(2).to_dict()
    {'jazz': 0.8, 'metal': 0.2}
    """
    values, n = shares.to_numpy(float), len(shares)
    block = min(n, max(1, round(shares.attrs.get("seconds", 1) / shares.attrs.get("hop_seconds", 1))))
    first = np.random.default_rng(seed).integers(0, n, (n_boot, -(-n // block)))
    drawn = ((first[:, :, None] + np.arange(block)) % n).reshape(n_boot, -1)[:, :n]
    low, high = np.quantile(values[drawn].mean(axis=1), (.025, .975), axis=0)
    table = pd.DataFrame({"share": values.mean(axis=0), "low": low, "high": high}, index=shares.columns)
    return table.sort_values("share", ascending=False, kind="stable")


def certainty(shares):
    """How sure a row of shares is: 1 where one genre has all, 0 where all are alike (one less the entropy, by its largest).

    Examples
    --------
    >>> round(certainty(pd.Series({"jazz": .5, "metal": .5, "latin": 0, "rock": 0})), 2)
    0.5
    """
    values = np.asarray(shares, dtype=float)
    values = values[values > 0]
    return float(1 + (values * np.log(values)).sum() / np.log(max(2, len(shares))))


def blend_label(shares, *, families=FAMILIES):
    """A name for a row of shares: a genre, two joined (the stronger first), a family, or `ambiguous`.

    Parameters
    ----------
    shares : pd.Series
        One row of `genre_influences`, or the `share` of `song_influences`.
    families : dict of str to sequence of str
        Which genres lie near each other.

    Returns
    -------
    str
        By the thresholds `ALONE`, `SECOND`, `TOGETHER` and `FAMILY`.

    Examples
    --------
    >>> blend_label(pd.Series({"hip hop": .5, "metal": .4, "jazz": .1})), blend_label(pd.Series({"jazz": .92, "metal": .08}))
    ('hip hop-metal', 'jazz')
    >>> thirds = [.36, .33, .31]
    >>> blend_label(pd.Series(thirds, ["rock", "jazz", "metal"])), blend_label(pd.Series([*thirds[1:], .3, .06], list("abcd")))
    ('rock-jazz', 'a-b')
    """
    shares = shares.sort_values(ascending=False, kind="stable")
    first, second = shares.iloc[0], shares.iloc[1]
    if first >= ALONE and second < SECOND:
        return str(shares.index[0])
    if second >= SECOND and first + second >= TOGETHER:
        return "-".join(map(str, shares.index[:2]))
    together = {name: shares[shares.index.isin(genres)] for name, genres in families.items()}
    name = max(together, key=lambda name: together[name].sum(), default=None)
    if name and len(together[name]) > 1 and together[name].sum() >= FAMILY:
        return f"{name} family"
    return "ambiguous"


def turning_point(shares):
    """When a song turns from one genre to another.

    Parameters
    ----------
    shares : pd.DataFrame
        From `genre_influences`.

    Returns
    -------
    (float, str, str) or None
        Seconds, and the labels before and after, without the windows that hear both: the cut that leaves the windows on either
        side most alike among themselves; None where both sides have one label, or there are fewer than four windows.
    """
    values = shares.to_numpy(float)
    if len(values) < 4:
        return None
    spread = [values[:cut].var(axis=0).sum() * cut + values[cut:].var(axis=0).sum() * (len(values) - cut)
              for cut in range(2, len(values) - 1)]
    cut = 2 + int(np.argmin(spread))
    before, after = (blend_label(part.mean()) for part in (shares.iloc[:cut - 1], shares.iloc[cut + 1:]))
    # a window stands for its middle
    middle = (shares.index[cut - 1] + shares.index[cut]) / 2 + shares.attrs.get("seconds", 0) / 2
    return None if before == after else (float(middle), before, after)


# ---- beat, timbre, pitch

def fit_aspects(features, genres, *, groups=None, model="linear", seed=0, **settings):
    """Learn which genres a beat, a timbre and a pitch resemble: three classifiers, each on the features of its own aspect alone.

    Parameters
    ----------
    features : pd.DataFrame
        One row a song, as from `features.extract_features` or `textures.picture_features`; see `features.ASPECTS`.
    genres : sequence of str, or pd.DataFrame
        One a song; or, where they are known to differ, columns `beat`, `timbre`, `pitch`.
    groups : sequence, optional
        The artist of each song; the probabilities are calibrated on artists that were held out.
    model : {'linear', 'svm', 'knn', 'forest'}
    seed : int
    **settings
        Of the model.

    Returns
    -------
    dict of str to classifier
        `beat`, `timbre`, `pitch`.

    Raises
    ------
    ValueError
        The table has no feature of an aspect.
    """
    fitted = {}
    for aspect in ASPECTS:
        columns, own = features[aspect_columns(features, aspect)], genres[aspect] if isinstance(genres, pd.DataFrame) else genres
        fitted[aspect] = models.build(model, seed=seed, **settings).fit(columns, own, groups=groups)
    return fitted


def aspect_influences(aspects, song):
    """Which genres the beat, the timbre and the pitch of a song each resemble.

    Parameters
    ----------
    aspects : dict of str to classifier
        From `fit_aspects`.
    song : str or Path
        A sound file.

    Returns
    -------
    pd.DataFrame
        Rows `beat`, `timbre`, `pitch`; columns genres; rows sum to one (the mean over windows of `WINDOW` seconds).

    Raises
    ------
    AudioError
        As `genre_influences`.
    """
    with heard(next(iter(aspects.values())), song, seconds=WINDOW, hop_seconds=WINDOW) as rows:
        shares = {aspect: _shares(model, rows, {}).mean() for aspect, model in aspects.items()}
    return pd.DataFrame(shares).T.rename_axis("aspect")


def aspect_sentence(shares):
    """The aspects in words.

    Examples
    --------
    >>> table = pd.DataFrame({"metal": [.05, .9, .1], "hip hop": [.9, .05, .5], "jazz": [.05, .05, .4]})
    >>> aspect_sentence(table.set_axis(["beat", "timbre", "pitch"]))
    'hip hop in beat, metal in timbre, hip hop-jazz in pitch'
    """
    labels = {aspect: blend_label(row) for aspect, row in shares.iterrows()}
    return ", ".join(f"{'of no one genre' if label == 'ambiguous' else label} in {aspect}" for aspect, label in labels.items())
