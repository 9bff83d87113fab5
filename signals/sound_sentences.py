"""Sentences on what is measured in one recording, for the figures of a notebook."""

import numpy as np

from signals.structure import analyse, section_times, self_similarity
from signals.tempo import SURE, read_tempo
from signals.time_axis import clock

FAINT_TEMPO = .47
"""A tempo with a smaller confidence is not said."""
BRIGHT = (1500, 2500)
"""Hz: mean spectral centroids below the first are called dark, above the second bright."""
NOTICED = .1
"""Relative differences of two songs that are smaller are not named."""


def level_sentence(song):
    """How loud the loudest and the quietest parts of a song are.

    Parameters
    ----------
    song : str, Path, Recording or (y, sr)

    Returns
    -------
    str
    """
    frames = analyse(song)
    seconds = len(frames.power) * 512 / frames.sr
    n_parts = max(1, int(seconds // 5))
    parts = np.array([part.mean() for part in np.array_split(frames.power, n_parts)])
    levels = 10 * np.log10(np.maximum(parts / parts.max(), 1e-10))
    at = clock(int(levels.argmax()) * seconds / n_parts)
    quiet = clock(int(levels.argmin()) * seconds / n_parts)
    if levels.min() > -3:
        return f"The song is about equally loud throughout: its parts of five seconds differ by {-levels.min():.1f} dB."
    return f"It is loudest around {at} and quietest around {quiet}, {-levels.min():.0f} dB below."


def brightness_sentence(features):
    """How bright a song sounds, from its features (`Recording.features`)."""
    centroid, rolloff = features["spectral_centroid_mean"], features["spectral_rolloff_mean"]
    word = "dark" if centroid < BRIGHT[0] else "bright" if centroid > BRIGHT[1] else "neither dark nor bright"
    return (f"The spectral centroid is {centroid:,.0f} Hz on average, and 85% of the spectrum lies below "
            f"{rolloff:,.0f} Hz: a sound that is {word}.")


def tempo_sentence(features):
    """The tempo of a song, with its half or double where it is not sure."""
    tempo = read_tempo(features)
    if not tempo.confidence >= FAINT_TEMPO:
        return "No clear tempo: nothing repeats at a steady rate."
    return f"The tempo is {tempo.text}; the probability that it is right is {tempo.confidence:.0%}."


def sections_sentence(song):
    """When the sections of a song begin."""
    times = section_times(self_similarity(song))
    if not len(times):
        return "No section boundary stands out."
    word = "boundary" if len(times) == 1 else "boundaries"
    return f"{len(times) + 1} sections; {word} at {', '.join(map(clock, times))}."


def comparison_sentence(names, features):
    """How two songs differ in tempo, brightness, loudness and strength of onsets.

    Parameters
    ----------
    names : pair of str
    features : pair of dict
        From `Recording.features`. Where a tempo is not sure, tempi are compared only if the answer would be the same
        with its half or double.

    Returns
    -------
    str

    Examples
    --------
    >>> a = {"tempo": 100, "spectral_centroid_mean": 1000, "loudness_lufs": -10, "onset_strength_mean": 1}
    >>> comparison_sentence(("a", "b"), (a, a | {"tempo": 120, "loudness_lufs": -14.5}))
    'b is faster (120 against 100 BPM) and quieter (-14.5 against -10.0 LUFS) than a.'
    """
    first, second = features
    words = []
    for column, more, less, unit, digits in (("tempo", "faster", "slower", "BPM", 0),
                                             ("spectral_centroid_mean", "brighter", "darker", "Hz", 0),
                                             ("onset_strength_mean", "harder in its attacks", "softer in its attacks",
                                              "dB", 1)):
        if not second[column] > 0 or not first[column] > 0:
            continue
        change = second[column] / first[column] - 1
        if column == "tempo" and not _order_is_sure(first, second):
            continue
        if abs(change) >= NOTICED:
            words.append(f"{more if change > 0 else less} ({second[column]:,.{digits}f} against "
                         f"{first[column]:,.{digits}f} {unit})")
    decibels = second["loudness_lufs"] - first["loudness_lufs"]
    if abs(decibels) >= 1:
        words.append(f"{'louder' if decibels > 0 else 'quieter'} ({second['loudness_lufs']:.1f} against "
                     f"{first['loudness_lufs']:.1f} LUFS)")
    if not words:
        return f"{names[1]} and {names[0]} do not clearly differ in tempo, brightness, attacks and loudness."
    listed = " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    return f"{names[1]} is {listed} than {names[0]}."


def _order_is_sure(first, second):
    """Whether one of two songs is the faster one, whichever of its likely tempi each has."""
    tempi = [[song["tempo"]] + ([song["tempo_rival"]] if song.get("tempo_confidence", 1) < SURE else [])
             for song in (first, second)]
    return max(tempi[0]) < min(tempi[1]) or max(tempi[1]) < min(tempi[0])
