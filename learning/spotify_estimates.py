"""Estimates of Spotify's features for a song of one's own: energy, danceability, valence and others.

Spotify does not say how it computes these features, and its values may not be used for training. So nothing here is
fitted to them: each estimate is a contrast of tags of the pre-trained network musicnn, chosen by what the words mean,
such as *dance* and *party* against *ambient* and *sad*. The contrast is turned into Spotify's scale by its rank: a song
that has a larger contrast than 80 % of popular songs gets the value that 80 % of a table of popular songs lie below.
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
        ("metal", "heavy metal", "punk", "hard rock", "party", "loud (MTT)", "fast (MTT)"),
        ("Mellow", "acoustic", "chillout", "chill", "easy listening", "sad", "quiet (MTT)", "soft (MTT)",
         "slow (MTT)")),
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
SOUND = {"energy": ("loudness_lufs", "onset_strength_mean")}
"""Audio features that count as much as the tags: loud music with strong onsets is energetic."""
SCALE_FILE = Path(__file__).with_name("spotify_scale.json")


@functools.cache
def scale():
    """The numbers that turn contrasts into Spotify's scale.

    Returns
    -------
    dict
        For each feature of `CONTRASTS`: `contrast`, 21 quantiles of the contrast among clips of popular music;
        `table`, the same quantiles of Spotify's values among the songs of a public table; `mean` and `sd` of the
        contrast and of the audio features in `SOUND`; and what was measured on songs whose values are known: the `rank
        correlation`, the `error` that 80 % of the estimates do not exceed, and the number of `songs`. See
        `tests/benchmarks/bench_sound.py`.
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
    """The contrast and the audio features that count beside it, each standardised, as a mean.

    Parameters
    ----------
    songs : pd.DataFrame
        As for `contrast`, with the audio features in `SOUND`.
    feature : str
        One of `CONTRASTS`.
    standard : dict
        `mean` and `sd` of each part, by name.

    Returns
    -------
    pd.Series
    """
    parts = {"tags": contrast(songs, feature)} | {name: songs[name] for name in SOUND.get(feature, ())}
    return sum((part - standard["mean"][name]) / standard["sd"][name] for name, part in parts.items()) / len(parts)


def estimate_features(songs):
    """Estimate Spotify's features from tags and sound.

    Parameters
    ----------
    songs : pd.DataFrame
        One row a song: the tags of `features.extract_embeddings`, and `loudness_lufs` and `onset_strength_mean` of
        `features.extract_features`.

    Returns
    -------
    pd.DataFrame
        The same index; for each of `CONTRASTS` a column such as `energy_estimate` (0 to 1).
    """
    out = {}
    for feature, known in scale().items():
        value = combined(songs, feature, known)
        out[f"{feature}_estimate"] = np.interp(value, known["contrast"], known["table"], left=known["table"][0],
                                               right=known["table"][-1])
        out[f"{feature}_estimate"] = np.where(value.isna(), np.nan, out[f"{feature}_estimate"])
    return pd.DataFrame(out, index=songs.index)


def song_estimates(song):
    """Estimate Spotify's features of one song, with intervals.

    Parameters
    ----------
    song : str, Path or Recording

    Returns
    -------
    pd.DataFrame
        One row a feature: `estimate`, and `low` and `high`, between which the value of Spotify would lie for 80 % of
        songs (0 to 1).

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
    estimates = estimate_features(tags.assign(**{name: sound[name] for names in SOUND.values() for name in names}))
    table = pd.DataFrame({"estimate": estimates.iloc[0].to_numpy()}, index=list(CONTRASTS))
    error = estimate_errors()["error"]
    return table.assign(low=(table["estimate"] - error).clip(0), high=(table["estimate"] + error).clip(upper=1))


def estimate_errors():
    """How far to trust each estimate.

    Returns
    -------
    pd.DataFrame
        One row a feature: `rank correlation` with Spotify's values, with `low` and `high`, its 95 % interval (a
        bootstrap by artist); `error`: of the estimates, 80 % are no further off; `songs`: how many were measured.

    Examples
    --------
    >>> estimate_errors().index.tolist()[:2]
    ['energy', 'danceability']
    """
    columns = ["rank correlation", "low", "high", "error", "songs"]
    return pd.DataFrame({feature: {name: known[name] for name in columns} for feature, known in scale().items()}).T
