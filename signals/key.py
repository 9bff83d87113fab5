"""The key of a song, from the chords that sound in it.

The strength of each semitone is taken from spectral peaks, what all semitones around have in common (drums, noise) is
subtracted, and each half second is compared with the 24 major and minor triads. How often each triad sounds, counted
from the tonic, tells the key: the weights were learned from recordings, see `WEIGHTS`.
"""

from typing import NamedTuple

import numpy as np
import scipy.ndimage
import scipy.signal
import scipy.special

from signals.decoding import SAMPLE_RATE

N_FFT = 8192
HOP_LENGTH = 2048
LOWEST_NOTE, HIGHEST_NOTE = 24, 108
"""MIDI numbers: the semitones whose strength is measured, from C1 (33 Hz) to below C8 (4186 Hz)."""
CHORD_NOTES = slice(12, 60)
"""Of these, the ones that make chords: from C2 (65 Hz) to below C6 (1047 Hz)."""
COMPRESSION = .4
"""The strength of a semitone is its magnitude to this power."""
CHORD_SECONDS = .55
"""A chord is read from this much of a song."""
SHARPNESS = 16
"""How much a better fitting triad counts more than others: the exponent of a softmax over cosine similarities."""
WEIGHTS = {
    "major": np.array([[.73, -.02, -.31, -.22, -.35, .62, -.15, .49, -.16, -.34, -.12, -.18],
                       [.09, .19, .11, 0, .27, -.23, -.01, -.32, -.09, .34, -.28, -.08]]),
    "minor": np.array([[.54, 0, -.35, .39, -.22, .21, -.38, -.06, .17, -.67, .19, .18],
                       [.52, .25, -.09, -.21, -.78, .16, .02, .2, -.1, .28, -.31, .08]])}
"""What a major (first row) or minor triad on each semitone above the tonic says for a key of this mode.

A multinomial logistic regression over 24 keys, with the same weights for all twelve tonics. It was fitted by
`tests/benchmarks/bench_sound.py --fit` to 352 clips of GTZAN, the train and valid lists, with the keys of Kraft and
Lerch (2013). One sees what theory expects: in major the triads on I, IV and V, in minor those on i, III and iv; and
that blues and rock in "minor" have a major triad on the tonic.
"""
MINOR_BIAS = .25
SPREAD = np.array([[.103], [.0726]])
"""Standard deviations of the shares of major and of minor triads in these clips."""
CERTAINTY = {3: .91, 30: 1.65}
"""Seconds: by how much the scores are multiplied. The longer the sound, the surer the key; calibrated on songs of
artists that the weights were not fitted to."""
CONFIDENCE = {3: (1, 0), 30: (.64, .8)}
"""Seconds: slope and intercept of the log-odds of the confidence. Of longer clips, the keys that seemed unsure were
right more often than their probability said. Calibrated in the same way."""
FEWEST_TONES = 2.5
"""Where fewer pitch classes sound, there is no key: one tone, or a fifth, belongs to many."""
CLOSE = .5
"""A rival is named where it is at least this probable relative to the key."""
MAJOR_NAMES = ("C", "D♭", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
MINOR_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "B♭", "B")
"""The tonics of the keys as they are usually written, with as few accidentals as possible: B♭ major, but G♯ minor."""


class Key(NamedTuple):
    """A key for people to read.

    Attributes
    ----------
    name : str
        Such as ``A minor``; ``unknown`` where there is none.
    camelot : str
        As DJs write it, such as ``8A``: neighbours on this wheel share most of their notes. Empty where there is none.
    confidence : float
        The probability (0 to 1) that the key is right or a fifth away. NaN where there is none.
    rival : str
        Another key that is nearly as probable; empty where there is none.
    text : str
        All of it in words: ``A minor (8A), or C major``.
    """

    name: str
    camelot: str
    confidence: float
    rival: str
    text: str


# ---- the strength of semitones and of triads

def semitone_strengths(y, sr=SAMPLE_RATE, tuning=0.0):
    """How strong each semitone is over time, from the peaks of the spectrum.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], float32
    sr : int
    tuning : float
        As from `estimators.estimate_tuning`, in semitones.

    Returns
    -------
    np.ndarray [shape=(frames, 84)], float32
        Magnitudes of the semitones from C1 up, every 2048 samples. A peak counts fully in tune, and not at all halfway
        between two semitones.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050).astype(np.float32)
    >>> int(semitone_strengths(tone).sum(axis=0).argmax()) + LOWEST_NOTE
    69
    """
    window = scipy.signal.get_window("hann", N_FFT).astype(np.float32)
    padded = np.pad(np.asarray(y, np.float32), N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    n_notes = HIGHEST_NOTE - LOWEST_NOTE
    low, high = (int(440 * 2 ** ((note - 69.5) / 12) * N_FFT / sr) for note in (LOWEST_NOTE, HIGHEST_NOTE))
    high = min(high, N_FFT // 2 - 1)
    strengths = np.zeros((len(frames), n_notes), np.float32)
    for first in range(0, len(frames), 64):
        spectrum = np.abs(scipy.fft.rfft(frames[first:first + 64] * window))[:, :high + 2]
        left, middle, right = (spectrum[:, low + shift:high + 1 + shift] for shift in (-1, 0, 1))
        audible = middle > 1e-4 * spectrum.max(axis=1, keepdims=True)
        row, at = np.nonzero((middle > left) & (middle >= right) & audible)
        before, peak, after = (np.log(np.maximum(part[row, at], 1e-9)) for part in (left, middle, right))
        offset = .5 * (before - after) / np.minimum(before - 2 * peak + after, -1e-9)
        height = 69 + 12 * np.log2((low + at + offset) * sr / N_FFT / 440) - tuning - LOWEST_NOTE
        note = np.round(height).astype(int)
        inside = (note >= 0) & (note < n_notes)
        in_tune = middle[row, at] * np.cos(np.pi * (height - note)) ** 2
        np.add.at(strengths, (first + row[inside], note[inside]), in_tune[inside])
    return strengths


def pitch_classes(strengths, sr=SAMPLE_RATE, *, seconds=CHORD_SECONDS):
    """The pitch classes that make chords, averaged over a moment around each frame.

    Parameters
    ----------
    strengths : np.ndarray [shape=(frames, 84)]
        As from `semitone_strengths`.
    sr : int
    seconds : float
        The length of that moment.

    Returns
    -------
    np.ndarray [shape=(frames, 12)]
        C first, not normalised.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050).astype(np.float32)
    >>> MAJOR_NAMES[pitch_classes(semitone_strengths(tone)).sum(axis=0).argmax()]
    'A'
    """
    width = max(1, round(seconds * sr / HOP_LENGTH))
    smooth = scipy.ndimage.uniform_filter1d(strengths.astype(np.float64) ** COMPRESSION, width, axis=0, mode="nearest")
    # what an octave around has in common is noise or a drum
    around = scipy.ndimage.uniform_filter1d(smooth, 13, axis=1, mode="nearest")
    tonal = np.maximum(smooth - .8 * around, 0)[:, CHORD_NOTES]
    return tonal.reshape(len(tonal), -1, 12).sum(axis=1)


def triad_similarity(tones):
    """The cosine similarity of pitch classes to the twelve major and then the twelve minor triads.

    Parameters
    ----------
    tones : np.ndarray [shape=(frames, 12)]

    Returns
    -------
    np.ndarray [shape=(frames, 24)]

    Examples
    --------
    >>> a_minor = np.isin(np.arange(12), [9, 0, 4])[None]
    >>> int(triad_similarity(a_minor).argmax()) == 12 + 9
    True
    """
    unit = tones / np.maximum(np.linalg.norm(tones, axis=1, keepdims=True), 1e-9)
    return unit @ _TRIADS.T


def _triads():
    triads = np.zeros((24, 12))
    for root in range(12):
        triads[root, [root, (root + 4) % 12, (root + 7) % 12]] = 3 ** -.5
        triads[12 + root, [root, (root + 3) % 12, (root + 7) % 12]] = 3 ** -.5
    return triads


_TRIADS = _triads()


def triad_shares(tones):
    """How much of a song each triad sounds; louder moments count more.

    Parameters
    ----------
    tones : np.ndarray [shape=(frames, 12)]
        As from `pitch_classes`.

    Returns
    -------
    np.ndarray [shape=(2, 12)]
        Major and minor triads, from C up. The sum is 1, or 0 where no tone sounds.
    """
    similarity = SHARPNESS * triad_similarity(tones)
    shares = np.exp(similarity - similarity.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    weight = np.sqrt(np.linalg.norm(tones, axis=1))
    return (weight @ shares).reshape(2, 12) / max(weight.sum(), 1e-9)


# ---- the key

def key_probabilities(shares, seconds):
    """The probability of each key.

    Parameters
    ----------
    shares : np.ndarray [shape=(2, 12)]
        As from `triad_shares`.
    seconds : float
        Length of the sound.

    Returns
    -------
    np.ndarray [shape=(24,)]
        The twelve major keys from C up, then the twelve minor keys.
    """
    standard = (shares - shares.mean(axis=1, keepdims=True)) / SPREAD
    from_tonic = np.stack([np.roll(standard, -tonic, axis=1) for tonic in range(12)])
    scores = np.concatenate([(from_tonic * WEIGHTS[mode]).sum(axis=(1, 2)) for mode in ("major", "minor")])
    scores[12:] += MINOR_BIAS
    scores *= of_length(CERTAINTY, seconds)
    shares_of_keys = np.exp(scores - scores.max())
    return shares_of_keys / shares_of_keys.sum()


def of_length(values, seconds):
    """A value for a length, between those that are given for some lengths in s.

    Examples
    --------
    >>> of_length({3: 1, 30: 2}, 60)
    2.0
    """
    return float(np.interp(np.log(max(seconds, 1)), np.log(list(values)), list(values.values())))


def effective_number(amounts):
    """How many amounts of equal size would be as even as these: the exponential of their entropy.

    Parameters
    ----------
    amounts : np.ndarray [shape=(n,)]
        0 or more.

    Returns
    -------
    float
        1 to n; 0 where all amounts are 0.

    Examples
    --------
    >>> effective_number(np.array([5, 5, 0])), effective_number(np.zeros(3))
    (2.0, 0.0)
    """
    shares = amounts[amounts > 0] / max(amounts.sum(), 1e-12)
    return float(np.exp(-(shares * np.log(shares)).sum())) if len(shares) else 0.0


def key_confidence(proba, seconds):
    """The probability that the most probable key is right or a fifth away.

    Parameters
    ----------
    proba : np.ndarray [shape=(24,)]
        As from `key_probabilities`.
    seconds : float
        Length of the sound.

    Returns
    -------
    float
    """
    best = int(proba.argmax())
    of_mode = proba[:12] if best < 12 else proba[12:]
    up_to_a_fifth = np.clip(sum(of_mode[(best + step) % 12] for step in (-5, 0, 5)), 1e-6, 1 - 1e-6)
    slope, intercept = (of_length({length: pair[place] for length, pair in CONFIDENCE.items()}, seconds)
                        for place in (0, 1))
    return float(scipy.special.expit(slope * scipy.special.logit(up_to_a_fifth) + intercept))


def estimate_key(strengths, sr=SAMPLE_RATE):
    """The key of a song, how sure it is, and its rival.

    Parameters
    ----------
    strengths : np.ndarray [shape=(frames, 84)]
        As from `semitone_strengths`.
    sr : int

    Returns
    -------
    dict of str to float
        `key` (tonic, C = 0), `mode` (major = 1), `key_confidence`: the probability that the key is right or a fifth
        away. `rival_key`, `rival_mode`: the second most probable key, where it is at least half as probable as the
        first, else NaN. All are NaN where too few pitch classes sound, see `FEWEST_TONES`.

    Examples
    --------
    >>> t = np.arange(3 * 22_050) / 22_050
    >>> a_major = sum(np.sin(2 * np.pi * hertz * t) for hertz in (220, 277.18, 329.63)).astype(np.float32)
    >>> key = estimate_key(semitone_strengths(a_major))
    >>> key["key"], key["mode"]
    (9.0, 1.0)
    """
    tones = pitch_classes(strengths, sr)
    if effective_number(tones.sum(axis=0)) < FEWEST_TONES:
        return dict.fromkeys(("key", "mode", "key_confidence", "rival_key", "rival_mode"), np.nan)
    seconds = len(strengths) * HOP_LENGTH / sr
    proba = key_probabilities(triad_shares(tones), seconds)
    best, second = (int(number) for number in proba.argsort()[:-3:-1])
    rival = (second % 12, second < 12) if proba[second] > CLOSE * proba[best] else (np.nan, np.nan)
    return {"key": float(best % 12), "mode": float(best < 12), "key_confidence": key_confidence(proba, seconds),
            "rival_key": float(rival[0]), "rival_mode": float(rival[1])}


# ---- for people

def key_name(key, mode):
    """A key in words.

    Parameters
    ----------
    key : float
        Tonic, C = 0.
    mode : float
        Major = 1.

    Returns
    -------
    str
        Empty where the key is NaN.

    Examples
    --------
    >>> key_name(9, 0), key_name(10.0, 1.0), key_name(np.nan, np.nan)
    ('A minor', 'B♭ major', '')
    """
    if np.isnan(key):
        return ""
    return f"{MAJOR_NAMES[int(key)]} major" if mode else f"{MINOR_NAMES[int(key)]} minor"


def camelot(key, mode):
    """A key's place on the Camelot wheel of DJs: a step is a fifth, A is minor, B is major.

    Parameters
    ----------
    key : float
        Tonic, C = 0.
    mode : float
        Major = 1.

    Returns
    -------
    str
        Empty where the key is NaN.

    Examples
    --------
    >>> camelot(9, 0), camelot(0, 1), camelot(7, 1), camelot(8, 0)
    ('8A', '8B', '9B', '1A')
    """
    if np.isnan(key):
        return ""
    relative_major = key if mode else key + 3
    return f"{int(relative_major * 7 + 7) % 12 + 1}{'B' if mode else 'A'}"


def read_key(features):
    """The key in a row of features, for people to read.

    Parameters
    ----------
    features : dict or pd.Series
        As from `descriptors.describe`.

    Returns
    -------
    Key

    Examples
    --------
    >>> features = {"key": 9, "mode": 0, "key_confidence": .7, "rival_key": 0, "rival_mode": 1}
    >>> read_key(features).text
    'A minor (8A), or C major'
    """
    name, code = key_name(features["key"], features["mode"]), camelot(features["key"], features["mode"])
    if not name:
        return Key("unknown", "", np.nan, "", "no key: fewer than three tones sound")
    rival = key_name(features["rival_key"], features["rival_mode"])
    text = f"{name} ({code})" + (f", or {rival}" if rival else "")
    return Key(name, code, float(features["key_confidence"]), rival, text)
