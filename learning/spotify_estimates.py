"""Estimates of Spotify's features for a song of one's own: energy, danceability, valence and others.

Spotify does not say how it computes these features, and its values may not be used for training. So no weight is fitted
to them: each estimate is a contrast of tags of the pre-trained network musicnn, chosen by what the words mean, such as
*dance* and *party* against *ambient* and *sad*; for some features, half of a standardised audio feature is added. Songs
whose values are known were used to choose among a few such sets of words, to decide which audio features are added, and
to measure how wide the intervals must be. The contrast is turned into Spotify's scale by its rank: a song that has a
larger contrast than 80% of popular songs gets the value that 80% of a table of popular songs lie below.
"""

import functools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.special

from learning.pretrained import hear_recording, tag_columns
from signals.recording import as_recording

CONTRASTS = {
    "energy": (
        ("metal", "heavy metal", "punk", "hard rock", "party", "dance", "electro", "loud (MTT)", "fast (MTT)",
         "techno (MTT)", "drums (MTT)", "beat (MTT)", "dance (MTT)"),
        ("Mellow", "acoustic", "chillout", "chill", "easy listening", "sad", "ambient", "folk", "classical (MTT)",
         "quiet (MTT)", "soft (MTT)", "slow (MTT)", "piano (MTT)", "new age (MTT)", "strings (MTT)")),
    "danceability": (
        ("dance", "party", "House", "Hip-Hop", "funk", "rnb", "dance (MTT)", "beat (MTT)", "beats (MTT)"),
        ("Progressive rock", "metal", "ambient", "folk", "sad", "classical (MTT)", "quiet (MTT)", "solo (MTT)",
         "slow (MTT)")),
    "valence": (
        ("happy", "party", "catchy", "funk", "dance", "pop (MTT)", "dance (MTT)", "beat (MTT)"),
        ("sad", "ambient", "metal", "alternative rock", "experimental", "slow (MTT)", "quiet (MTT)", "weird (MTT)",
         "new age (MTT)")),
    "acousticness": (
        ("acoustic", "folk", "Mellow", "easy listening", "beautiful", "classical (MTT)", "piano (MTT)", "soft (MTT)",
         "choir (MTT)"),
        ("electronic", "electro", "punk", "metal", "hard rock", "electronic (MTT)", "techno (MTT)", "synth (MTT)",
         "drums (MTT)", "beats (MTT)", "loud (MTT)")),
    "speechiness": (
        ("Hip-Hop", "rnb", "beats (MTT)", "male voice (MTT)"),
        ("rock", "country", "folk", "guitar (MTT)", "singing (MTT)", "slow (MTT)")),
    "instrumentalness": (
        ("instrumental", "ambient", "no vocals (MTT)", "no vocal (MTT)", "no voice (MTT)"),
        ("male vocalists", "female vocalists", "vocals (MTT)", "vocal (MTT)", "singing (MTT)", "voice (MTT)"))}
"""The tags that speak for each feature, and those that speak against it."""
SOUND = {"energy": "loudness_lufs", "valence": "onsets_low_mean"}
"""An audio feature beside the tags: loud music is energetic, and music with marked beats of bass and drums is happier.
It counts half as much as the tags."""
SOUND_WEIGHT = .5
QUANTILES = np.linspace(0, 1, 21)
"""Those that `scale` holds of each feature."""
SCALE_FILE = Path(__file__).with_name("spotify_scale.json")


@functools.cache
def scale():
    """The numbers that turn contrasts into Spotify's scale.

    Returns
    -------
    dict
        For each feature of `CONTRASTS`: `contrast`, 21 quantiles of what `combined` gives for clips of popular music;
        `table`, the same quantiles of Spotify's values among the songs of a public table; `mean` and `sd` of the tags'
        contrast and of the audio feature in `SOUND`; and what was measured on songs whose values are known: the `rank
        correlation` with its 95% interval (`low`, `high`), the `rank error` that 80% of the estimates do not exceed,
        and the number of `songs`. Made by `tests/benchmarks/bench_estimates.py --fit`.
    """
    return json.loads(SCALE_FILE.read_text(encoding="utf-8"))


def contrast(songs, feature):
    """What speaks for a feature, without a scale: the mean log-odds of tags for it minus that of tags against it.

    Parameters
    ----------
    songs : pd.DataFrame
        One row a song, with the tags that `features.extract_embeddings` gives.
    feature : str
        One of `CONTRASTS`.

    Returns
    -------
    pd.Series
    """
    pro, contra = ([f"tag: {tag}" for tag in tags] for tags in CONTRASTS[feature])
    log_odds = scipy.special.logit(songs[[*pro, *contra]].astype(float).clip(1e-4, 1 - 1e-4))
    return log_odds[pro].mean(axis=1) - log_odds[contra].mean(axis=1)


def combined(songs, feature, standard):
    """The contrast and half of the audio feature beside it, each standardised.

    Parameters
    ----------
    songs : pd.DataFrame
        As for `contrast`, with the audio features in `SOUND`.
    feature : str
        One of `CONTRASTS`.
    standard : dict
        `mean` and `sd` of both, as `tags` and `sound`.

    Returns
    -------
    pd.Series

    Examples
    --------
    >>> songs = pd.DataFrame(.5, index=[0, 1], columns=tag_columns()).assign(loudness_lufs=[-14, -6])
    >>> standard = {"mean": {"tags": 0, "sound": -10}, "sd": {"tags": 1, "sound": 4}}
    >>> combined(songs, "energy", standard).tolist()
    [-0.5, 0.5]
    """
    mean, sd = standard["mean"], standard["sd"]
    value = (contrast(songs, feature) - mean["tags"]) / sd["tags"]
    if feature in SOUND:
        value = value + SOUND_WEIGHT * (songs[SOUND[feature]] - mean["sound"]) / sd["sound"]
    return value


def estimate_features(songs):
    """Estimate Spotify's features from tags and sound.

    Parameters
    ----------
    songs : pd.DataFrame
        One row a song: the tags of `features.extract_embeddings`, and `loudness_lufs` and `onsets_low_mean` of
        `features.extract_features`.

    Returns
    -------
    pd.DataFrame
        The same index; for each of `CONTRASTS` a column such as `energy_estimate` (0 to 1).
    """
    return pd.DataFrame({f"{feature}_estimate": on_scale(feature, rank(songs, feature)) for feature in CONTRASTS},
                        index=songs.index)


def rank(songs, feature):
    """The share of clips of popular music that have less of a feature than each song.

    Parameters
    ----------
    songs : pd.DataFrame
        As for `estimate_features`.
    feature : str
        One of `CONTRASTS`.

    Returns
    -------
    np.ndarray [shape=(songs,)]
        0 to 1; NaN where a song has no tags.
    """
    known = scale()[feature]
    return np.interp(combined(songs, feature, known), known["contrast"], QUANTILES)


def on_scale(feature, ranks):
    """The value of Spotify that has these ranks among the songs of a public table.

    Parameters
    ----------
    feature : str
        One of `CONTRASTS`.
    ranks : np.ndarray [shape=(n,)]
        0 to 1; what lies beyond is the lowest or the highest value.

    Returns
    -------
    np.ndarray [shape=(n,)]

    Examples
    --------
    >>> on_scale("energy", np.array([.1, .5, .9])).round(1).tolist()
    [0.4, 0.7, 0.9]
    """
    return np.interp(ranks, QUANTILES, scale()[feature]["table"])


def song_estimates(song):
    """Estimate Spotify's features of one song, with intervals.

    Parameters
    ----------
    song : str, Path or Recording

    Returns
    -------
    pd.DataFrame
        One row a feature: `estimate`, and `low` and `high`, between which the value of Spotify would lie for 80% of
        songs (0 to 1). NaN where the audio feature in `SOUND` is not known, as the loudness of a very quiet song.

    Raises
    ------
    AudioError
        The song cannot be decoded or is silent.
    ModelError
        The network is not there and cannot be downloaded.
    """
    recording = as_recording(song)
    heard = hear_recording(recording)
    tags = pd.DataFrame(heard.tags.mean(axis=0, keepdims=True), columns=tag_columns())
    sound = recording.features()
    songs = tags.assign(**{name: sound[name] for name in SOUND.values()})
    rows = [estimates_with_interval(songs, feature, scale()[feature]["rank error"]).iloc[0] for feature in CONTRASTS]
    return pd.DataFrame(rows, index=list(CONTRASTS))


def estimates_with_interval(songs, feature, rank_error):
    """The estimates of one feature, and the values at ranks that are lower and higher by an error.

    Parameters
    ----------
    songs : pd.DataFrame
        As for `estimate_features`.
    feature : str
        One of `CONTRASTS`.
    rank_error : float
        0 to 1. Errors are alike in ranks, not in values: most songs are hardly instrumental, few are so entirely.

    Returns
    -------
    pd.DataFrame
        `estimate`, `low` and `high`, 0 to 1.

    Examples
    --------
    >>> songs = pd.DataFrame(.1, index=[0], columns=tag_columns())
    >>> found = estimates_with_interval(songs, "danceability", .2).iloc[0]
    >>> bool(found["low"] < found["estimate"] < found["high"])
    True
    """
    ranks = rank(songs, feature)
    return pd.DataFrame({name: on_scale(feature, ranks + shift) for name, shift in
                         {"estimate": 0, "low": -rank_error, "high": rank_error}.items()}, index=songs.index)


def estimate_errors():
    """How far to trust each estimate.

    Returns
    -------
    pd.DataFrame
        One row a feature: `rank correlation` with Spotify's values, with `low` and `high`, its 95% interval (a
        bootstrap by artist); `rank error`: 80% of the estimates are no further off, as a share of the songs of a
        public table; `songs`: how many were measured.

    Examples
    --------
    >>> estimate_errors().index.tolist()[:2]
    ['energy', 'danceability']
    """
    columns = ["rank correlation", "low", "high", "rank error", "songs"]
    return pd.DataFrame({feature: {name: known[name] for name in columns} for feature, known in scale().items()}).T
