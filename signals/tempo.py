"""The tempo, the metre and the swing of a song, from how its onsets repeat."""

import functools
from typing import NamedTuple

import numpy as np
import scipy.special

from signals.decoding import SAMPLE_RATE
from signals.estimators import autocorrelation
from signals.spectrograms import HOP_LENGTH

REGISTERS = {"all": (0, np.inf), "low": (0, 200), "mid": (200, 2500), "high": (5000, 8000)}
"""Hz: all onsets, those of kick drum and bass, of snare drum and chords, and of cymbals."""
START_FRAMES = 9
"""Where the sound sets in, something rises in all bands that is no beat: so many frames (0.2 s) are left out."""
END_FRAMES = 4
"""So do all bands where the sound breaks off: an onset in these frames alone is none."""
LEAST_ONSET = .5
"""dB a frame: a sound that never rises by more, such as a held chord, has no onsets."""
TEMPI = 30 * 2 ** (np.arange(320) / 96)
"""BPM: the tempi that are compared, 30 to 300."""
BEATS = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 1, 3 / 2, 2, 3, 4, 6, 8)
"""The autocorrelation is read after so many beats."""
WEIGHTS = np.array([-.23, -.86, -.18, -1.17, 2.86, -.25, 2.8, 1.83, 2.25, 1.59, 1.6,  # the repetition after `BEATS`
                    1.02, -1.39, -1.23,  # tempi that are usual
                    .18, .53, .39])  # many onsets: a fast tempo
"""What each piece of `tempo_evidence` says for a tempo.

A multinomial logistic regression over `TEMPI`, fitted by `tests/benchmarks/bench_sound.py --fit` to 89 clips of GTZAN,
the train and valid lists, with the tempi that people tapped (Marchand and Peeters 2015). Clips are weighted so that
their tempi are distributed as those of all 640 clips of these lists. A metronome at 68 to 156 BPM has been added, so
that a plain click has its own tempo and not half of it.
"""
RATE_MEANS = np.array([2.97, 3.13, 2.88])
RATE_SPREADS = np.array([.84, .68, .69])
"""Clear onsets a second in these clips, in the low, middle and high register: mean and standard deviation."""
CERTAINTY = 1.8
"""By how much scores are multiplied so that confidences are calibrated for artists that were not fitted."""
CONFIDENCE = (.54, .49)
"""Slope and intercept of the log-odds of the confidence, calibrated in the same way: tempi that seemed unsure were
right more often than their probability said, and tempi that seemed sure less often."""
FEWEST_FRAMES = 64
"""The tempo of a shorter sound, of a second and a half, is not known."""
SWING = (8.13, -2.12)
"""Slope and intercept of the probability that a song swings; fitted to the same clips, of which a fifth swing."""
WALTZ = (25, .1)
"""Slope and centre of the probability of three beats a bar. Set by hand: of the clips, only three are in 3/4."""
FOUR = .02
"""Below this probability of three beats a bar there are four; between it and one half, it cannot be told."""
SURE = .6
"""A tempo with less confidence is named with its rival. A song is said to swing where that is more probable than this.
"""


class Tempo(NamedTuple):
    """The tempo of a song for people to read.

    Attributes
    ----------
    bpm : float
        To one decimal; NaN where there is none.
    confidence : float
        The probability (0 to 1) that it is right within 4%.
    rival : float
        Half or double of it, where the tempo is not sure; else NaN.
    metre : str
        ``3/4`` or ``4/4``; empty where it cannot be told.
    swings : bool
    text : str
        All of it in words: ``90 BPM (or 180), 4/4, swings``.
    """

    bpm: float
    confidence: float
    rival: float
    metre: str
    swings: bool
    text: str


# ---- onsets

def register_onsets(mel_decibels, sr=SAMPLE_RATE):
    """The mean rise of the mel bands from frame to frame, in each of `REGISTERS`.

    Parameters
    ----------
    mel_decibels : np.ndarray [shape=(frames, bands)]
        Bands from 0 to half the sampling rate.
    sr : int

    Returns
    -------
    np.ndarray [shape=(frames, 4)]
        dB a frame.
    """
    rise = np.maximum(np.diff(mel_decibels, axis=0, prepend=mel_decibels[:1]), 0)
    hertz = mel_hertz(mel_decibels.shape[1], sr)
    inside = np.array([(hertz >= low) & (hertz < high) for low, high in REGISTERS.values()])
    # a recording of a low rate has no band in the highest register
    return rise @ (inside / np.maximum(inside.sum(axis=1, keepdims=True), 1)).T


@functools.cache
def mel_hertz(bands, sr):
    """Frequencies of mel bands in Hz, from 0 to half the sampling rate: up to one band beside their centres.

    Trained models depend on these values.
    """
    from librosa import mel_frequencies
    return mel_frequencies(bands, fmin=0, fmax=sr / 2)


def onset_rates(onsets, sr=SAMPLE_RATE):
    """Clear onsets a second.

    Parameters
    ----------
    onsets : np.ndarray [shape=(frames,) or (frames, registers)]
    sr : int

    Returns
    -------
    float or np.ndarray [shape=(registers,)]
    """
    centred = onsets - onsets.mean(axis=0)
    is_peak = (onsets[1:-1] > onsets[:-2]) & (onsets[1:-1] >= onsets[2:]) & (centred[1:-1] > centred.std(axis=0))
    return is_peak.sum(axis=0) / (len(onsets) * HOP_LENGTH / sr)


# ---- tempo

def tempo_evidence(onsets, sr=SAMPLE_RATE):
    """What speaks for each of `TEMPI`.

    Parameters
    ----------
    onsets : np.ndarray [shape=(frames, 4)]
        As from `register_onsets`.
    sr : int

    Returns
    -------
    np.ndarray [shape=(320, 17)]
        The autocorrelation of all onsets after `BEATS`; the distance from 100 BPM in octaves, its square and its cube;
        the same distance times the (standardised) rates of onsets in the three registers.
    """
    lags = autocorrelation(onsets[:, 0] - onsets[:, 0].mean())
    repeats = _repeats(lags, 60 * sr / HOP_LENGTH / TEMPI, BEATS, .01)
    octaves = np.log2(TEMPI / 100)[:, None]
    rates = ((onset_rates(onsets[:, 1:], sr) - RATE_MEANS) / RATE_SPREADS).clip(-2.5, 2.5)
    return np.hstack([repeats, octaves, octaves ** 2, np.abs(octaves) ** 3, octaves * rates])


def _repeats(lags, frames_per_beat, beats, tolerance):
    """The autocorrelation after so many beats, the largest within a tolerance.

    Where a short sound has no such lag, half or a quarter of it stands in, so that slow tempi are not put at a
    disadvantage.
    """
    places = np.multiply.outer(frames_per_beat, np.multiply.outer(beats, (1 - tolerance, 1, 1 + tolerance)))
    longest = len(lags) - 1
    places = places / 2 ** np.ceil(np.log2(np.maximum(places / longest, 1)))
    return np.interp(places, np.arange(len(lags)), lags).max(axis=-1)


def after_the_start(onsets):
    """The onsets without silence at the start and without the rise where the sound sets in.

    Parameters
    ----------
    onsets : np.ndarray [shape=(frames, 4)]

    Returns
    -------
    np.ndarray [shape=(n, 4)]
    """
    sounding = np.flatnonzero(onsets[:, 0] > 0)
    return onsets[sounding[0] + START_FRAMES:] if len(sounding) else onsets[:0]


def estimate_tempo(onsets, sr=SAMPLE_RATE):
    """The tempo as people tap it, how sure it is, the metre and whether the song swings.

    Each tempo is scored by how strongly the onsets repeat after parts and multiples of its beat, as by a comb filter
    (Davies and Plumbley 2007), by how usual it is, and by how many onsets there are. The lag is then refined on its
    multiples.

    Parameters
    ----------
    onsets : np.ndarray [shape=(frames, 4)]
        As from `register_onsets`.
    sr : int

    Returns
    -------
    dict of str to float
        `tempo` in BPM; `tempo_rival`: the more probable of half and double of it; `tempo_confidence`: the probability
        that the tempo is right within 4%. `beats_per_bar`: 3 or 4, and `metre_confidence`; both are NaN where it
        cannot be told. `swing`: the probability that the song swings. All are NaN where the sound is shorter than a
        second and a half, or has no onsets.

    Examples
    --------
    >>> onsets = np.repeat((np.arange(1000.0) % 22 == 0)[:, None], 4, axis=1)
    >>> round(estimate_tempo(onsets)["tempo"], 1)
    117.5
    """
    onsets = after_the_start(np.asarray(onsets, dtype=np.float64))
    unknown = ("tempo", "tempo_rival", "tempo_confidence", "beats_per_bar", "metre_confidence", "swing")
    if (len(onsets) < FEWEST_FRAMES or not onsets[:, 0].var() * len(onsets) > 1e-6
            or not onsets[:-END_FRAMES, 0].max() > LEAST_ONSET):
        return dict.fromkeys(unknown, np.nan)
    scores = CERTAINTY * (tempo_evidence(onsets, sr) @ WEIGHTS)
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    coarse = TEMPI[scores.argmax()]
    rival = max((coarse * ratio for ratio in (.5, 2) if TEMPI[0] <= coarse * ratio <= TEMPI[-1]),
                key=lambda tempo: np.interp(tempo, TEMPI, scores))
    lags = autocorrelation(onsets[:, 0] - onsets[:, 0].mean())
    lag = _refined_lag(lags, 60 * sr / HOP_LENGTH / coarse)
    tempo = 60 * sr / HOP_LENGTH / lag
    return {"tempo": float(tempo), "tempo_rival": float(tempo * rival / coarse),
            "tempo_confidence": tempo_confidence(shares)} | _metre(lags, lag) | {"swing": _swing(lags, lag)}


def tempo_confidence(shares):
    """The probability that the most probable tempo is right within 4%.

    Parameters
    ----------
    shares : np.ndarray [shape=(320,)]
        The probability of each of `TEMPI`.

    Returns
    -------
    float
    """
    near = np.abs(np.log2(TEMPI / TEMPI[shares.argmax()])) < np.log2(1.04)
    slope, intercept = CONFIDENCE
    return float(scipy.special.expit(slope * scipy.special.logit(np.clip(shares[near].sum(), 1e-6, 1 - 1e-6))
                                     + intercept))


def _metre(lags, lag):
    """Three or four beats a bar, from the autocorrelation after three and six beats against two and four."""
    if 6 * lag >= len(lags):
        return {"beats_per_bar": np.nan, "metre_confidence": np.nan}  # too short for two bars of three, twice
    smooth = np.convolve(lags, np.hanning(7) / np.hanning(7).sum(), "same")  # a beat is no whole number of frames
    two, three, four, six = _repeats(smooth, lag, (2, 3, 4, 6), .015)
    slope, centre = WALTZ
    waltz = float(1 / (1 + np.exp(-slope * (three + six - two - four - centre))))
    if FOUR < waltz < .5:
        return {"beats_per_bar": np.nan, "metre_confidence": np.nan}
    return {"beats_per_bar": 3.0 if waltz >= .5 else 4.0, "metre_confidence": max(waltz, 1 - waltz)}


def _swing(lags, lag):
    """The probability that a song swings: onsets repeat after thirds of a beat rather than after quarters."""
    quarter, third, two_thirds, three_quarters = _repeats(lags, lag, (1 / 4, 1 / 3, 2 / 3, 3 / 4), .015)
    slope, intercept = SWING
    return float(1 / (1 + np.exp(-slope * (third + two_thirds - quarter - three_quarters) - intercept)))


def _refined_lag(lags, lag):
    """A lag to a fraction of a frame: the peak at k times the lag gives it k times as exactly."""
    best = float(lag)
    multiple = 1
    while (multiple * 2 + .5) * best + 2 < len(lags) and multiple < 16:
        multiple *= 2
        centre = multiple * best
        reach = max(1, round(multiple * .3) if multiple < 4 else 2)
        window = np.arange(round(centre) - reach, round(centre) + reach + 1)
        peak = window[np.argmax(lags[window])]
        before, at, after = lags[peak - 1:peak + 2]
        if at < max(before, after):  # no peak: the largest value lies at the window's end, on a slope
            break
        bend = before - 2 * at + after
        best = (peak + (.5 * (before - after) / bend if bend < 0 else 0)) / multiple
    return best


# ---- for people

def read_tempo(features):
    """The tempo in a row of features, for people to read.

    Parameters
    ----------
    features : dict or pd.Series
        As from `descriptors.describe`.

    Returns
    -------
    Tempo

    Examples
    --------
    >>> features = {"tempo": 90.2, "tempo_rival": 180.4, "tempo_confidence": .5, "beats_per_bar": 4.0, "swing": .9}
    >>> read_tempo(features).text
    '90 BPM (or 180), 4/4, swings'
    """
    # rounded once: a page that shows a rounded tempo and a sentence that rounds it again say the same
    bpm, confidence = round(float(features["tempo"]), 1), float(features["tempo_confidence"])
    if np.isnan(bpm):
        return Tempo(bpm, np.nan, np.nan, "", False, "no tempo: nothing repeats")
    rival = round(float(features["tempo_rival"]), 1) if confidence < SURE else np.nan
    beats = features["beats_per_bar"]
    metre = "" if np.isnan(beats) else f"{int(beats)}/4"
    swings = bool(features["swing"] > SURE)
    text = f"{bpm:.0f} BPM" + ("" if np.isnan(rival) else f" (or {rival:.0f})")
    return Tempo(bpm, confidence, rival, metre, swings,
                 text + (f", {metre}" if metre else "") + (", swings" if swings else ""))
