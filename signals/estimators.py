"""Estimates from one signal: onsets, tuning, pitch classes, loudness, regularity of the pulse.

Where a routine of librosa's is slow, the same quantity is computed in another way. Tests compare the two.
"""

import warnings

import numpy as np
import scipy.signal

from signals.decoding import SAMPLE_RATE
from signals.spectrograms import HOP_LENGTH, N_FFT, chroma_filters, power_blocks

# Krumhansl and Kessler 1982, as in Krumhansl, Cognitive Foundations of Musical Pitch, 1990
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
TEMPOGRAM_FRAMES = 384
"""Length of a tempogram's window in frames: 8.9 s at 22,050 Hz."""
TEMPOGRAM_STEP = 4
SHORTEST_LOUDNESS = .4
"""Seconds that a loudness measurement needs."""


# ---- rhythm

def onset_strength(mel_decibels):
    """Spectral flux: the mean rise of the mel bands from frame to frame.

    After Boeck and Widmer (2013), without their maximum filter.

    Parameters
    ----------
    mel_decibels : np.ndarray [shape=(frames, bands)]

    Returns
    -------
    np.ndarray [shape=(frames,)]
        As `librosa.onset.onset_strength`: delayed by half a window.
    """
    rise = np.maximum(np.diff(mel_decibels, axis=0), 0).mean(axis=1)
    delayed = np.concatenate([np.zeros(1 + N_FFT // (2 * HOP_LENGTH)), rise])
    return delayed[:len(mel_decibels)]


def autocorrelation(centred):
    """The autocorrelation of a whole signal, for lags up to half its length.

    The overlap gets shorter with the lag; the values are corrected for that.

    Parameters
    ----------
    centred : np.ndarray [shape=(n,)]
        A signal whose mean has been subtracted.

    Returns
    -------
    np.ndarray [shape=(n // 2,)]
        1 at lag 0.

    Examples
    --------
    >>> autocorrelation(np.tile([1.0, -1.0], 4)).round(6).tolist()
    [1.0, -1.0, 1.0, -1.0]
    """
    n = len(centred)
    size = scipy.fft.next_fast_len(2 * n, real=True)
    lags = scipy.fft.irfft(np.abs(scipy.fft.rfft(centred, size)) ** 2, size)[:n // 2]
    return lags / max(lags[0], 1e-9) * n / (n - np.arange(len(lags)))


def local_autocorrelation(onset):
    """Autocorrelation of the onset strength in windows of 384 frames, for every fourth frame.

    This is `librosa.feature.tempogram` (Grosche, Mueller and Kurth 2010), for the features of a song.
    `structure.tempogram`, which is for plots, first subtracts local means, so that its columns show the beat more
    sharply.

    Parameters
    ----------
    onset : np.ndarray [shape=(frames,)]

    Returns
    -------
    np.ndarray [shape=(ceil(frames / 4), 384)]
        Strength by lag in frames, 1 at lag 0; rows of silence are zero.
    """
    half = TEMPOGRAM_FRAMES // 2
    padded = np.pad(onset, half, mode="linear_ramp", end_values=0)
    windows = np.lib.stride_tricks.sliding_window_view(padded, TEMPOGRAM_FRAMES)[:len(onset):TEMPOGRAM_STEP]
    spectrum = scipy.fft.rfft(windows * scipy.signal.get_window("hann", TEMPOGRAM_FRAMES), 2 * TEMPOGRAM_FRAMES, axis=1)
    lags = scipy.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :TEMPOGRAM_FRAMES]
    return lags / np.maximum(np.abs(lags).max(axis=1, keepdims=True), 1e-12)


def lag_tempi(sr, n=TEMPOGRAM_FRAMES):
    """The tempo in BPM of each lag from 0 to n - 1 frames: [shape=(n,)]; that of lag 0 is huge."""
    return 60 * sr / HOP_LENGTH / np.maximum(np.arange(n), 1e-9)


# ---- pitch

def estimate_tuning(y, sr=SAMPLE_RATE):
    """A recording's deviation from A = 440 Hz in semitones.

    As `librosa.estimate_tuning`, but faster, since it interpolates only at spectral peaks. 0 for silence.

    Examples
    --------
    >>> estimate_tuning(np.sin(2 * np.pi * 452 * np.arange(22_050) / 22_050).astype(np.float32))
    0.46
    """
    low, high = (int(np.ceil(hertz * N_FFT / sr)) for hertz in (150, min(4000, sr / 2)))
    pitches, heights = [np.empty(0)], [np.empty(0)]
    for _, power in power_blocks(y):
        left, middle, right = (power[:, low + shift:high + shift] for shift in (-1, 0, 1))
        loud = middle > .1 * power.max(axis=1, keepdims=True)
        frame, at = np.nonzero((middle > left) & (middle >= right) & loud)
        before, peak, after = (part[frame, at].astype(np.float64) for part in (left, middle, right))
        slope = (after - before) / 2
        bend = before - 2 * peak + after
        offset = np.where(np.abs(slope) < np.abs(bend), -slope / np.where(bend, bend, 1), 0)
        pitches.append((low + at + offset) * sr / N_FFT)
        heights.append(peak + slope * offset / 2)
    pitches, heights = np.concatenate(pitches), np.concatenate(heights)
    if not len(pitches):
        return 0.0
    deviations = (12 * np.log2(pitches[heights >= np.median(heights)] / 440) + .5) % 1 - .5
    counts, edges = np.histogram(deviations, np.linspace(-.5, .5, 101))
    return round(float(edges[counts.argmax()]), 2)


def pitch_class_shares(y, sr, tuning, n_fft=4 * N_FFT):
    """The share of each pitch class in each frame, for estimating key and harmony.

    Its frequencies are four times as fine as those of the chroma features, and only spectral peaks count (Gomez 2006),
    so that drums have little weight. Most weight is on the octaves around 220 Hz, where chords lie and overtones are
    few.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], float32
    sr : int
    tuning : float
        As from `estimate_tuning`.
    n_fft : int

    Returns
    -------
    np.ndarray [shape=(frames, 12)], float32
        C first; the sum of each frame is 1, or 0 where it is silent.
    """
    bank = chroma_filters(sr, tuning, n_fft, ctroct=3, octwidth=1)
    window = scipy.signal.get_window("hann", n_fft).astype(np.float32)
    padded = np.pad(y, n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[:len(y) + 1:n_fft // 2]
    shares = np.empty((len(frames), 12), np.float32)
    for first in range(0, len(frames), 64):
        spectrum = np.abs(scipy.fft.rfft(frames[first:first + 64] * window))[:, :n_fft // 8]
        peaks = np.zeros_like(spectrum)
        inner = spectrum[:, 1:-1]
        peaks[:, 1:-1] = np.where((inner > spectrum[:, :-2]) & (inner >= spectrum[:, 2:]), inner, 0)
        shares[first:first + 64] = peaks @ bank[:n_fft // 8]
    return shares / np.maximum(shares.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)


def krumhansl_key(chroma):
    """The key whose pitch-class profile correlates best with the mean chroma (Krumhansl and Schmuckler 1990).

    The statistics of spectrogram images count their scale degrees from its tonic, and saved models depend on that. For
    a song, `key.estimate_key` is better.

    Parameters
    ----------
    chroma : np.ndarray [shape=(frames, 12)]
        C first.

    Returns
    -------
    dict
        `key` (tonic, C = 0), `mode` (major = 1), `key_confidence` (its correlation minus that of the second-best key).
        NaN where all pitch classes are equally strong.

    Examples
    --------
    >>> krumhansl_key(np.roll(MAJOR, 7)[None])["key"]
    7.0
    """
    mean = chroma.mean(axis=0)
    if not mean.std() > 1e-6:
        return {"key": np.nan, "mode": np.nan, "key_confidence": np.nan}
    profiles = np.array([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])
    correlations = np.corrcoef(np.vstack([mean, profiles]))[0, 1:]
    best = int(correlations.argmax())
    confidence = float(correlations[best] - np.sort(correlations)[-2])
    return {"key": float(best % 12), "mode": float(best < 12), "key_confidence": confidence}


# ---- loudness, regularity of the pulse

def counted_channels(samples):
    """The channels that count for loudness (ITU-R BS.1770-4): of six, the fourth, for low-frequency effects, does not.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,) or (n, channels)]

    Returns
    -------
    np.ndarray [shape=(n,) or (n, at most 5)]
    """
    return np.delete(samples, 3, axis=1)[:, :5] if samples.ndim == 2 and samples.shape[1] > 5 else samples


def loudness(samples, sr):
    """Integrated loudness in LUFS (ITU-R BS.1770-4, by pyloudnorm), of the channels before they are mixed to mono.

    NaN for silence and for less than 0.4 s.
    """
    import pyloudnorm
    if len(samples) < SHORTEST_LOUDNESS * sr or not np.any(samples):
        return np.nan
    samples = counted_channels(samples)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        value = pyloudnorm.Meter(sr).integrated_loudness(np.asarray(samples, dtype=np.float64))
    return float(value) if np.isfinite(value) else np.nan


def pulse_regularity(y, sr=SAMPLE_RATE):
    """How regular the pulse is, from 0 to 3: danceability by detrended fluctuation analysis.

    It is not Spotify's danceability.

    Streich and Herrera, Detrended Fluctuation Analysis of Music Signals, AES 2005: the level in steps of 10 ms is
    summed up, and its deviation from straight lines is measured in windows of 0.3 to 8.8 s. The more slowly the
    deviation grows with the window, the more regular the pulse. The result is the inverse of the mean exponent of that
    growth; NaN for less than about a second and for silence.
    """
    step = round(.01 * sr)
    level = y[:len(y) // step * step].reshape(-1, step).std(axis=1, dtype=np.float64)
    walk = np.cumsum(level - level.mean()) if len(level) else level
    sizes = np.unique((31 * 1.1 ** np.arange(36)).astype(int))
    sizes = sizes[(sizes <= 880) & (sizes <= len(walk) // 2)]
    if len(sizes) < 4 or not level.any():
        return np.nan
    deviation = np.array([_fluctuation(walk, size) for size in sizes])
    if not (deviation > 1e-12).all():
        return np.nan
    exponent = np.mean(np.diff(np.log(deviation)) / np.diff(np.log(sizes + 3)))
    return float(np.clip(1 / exponent, 0, 3)) if exponent > 0 else np.nan


def _fluctuation(walk, size):
    """Root mean square distance of a walk from straight lines that are fitted in windows of `size` steps."""
    windows = walk[:len(walk) // size * size].reshape(-1, size)
    x = np.arange(size) - (size - 1) / 2
    centred = windows - windows.mean(axis=1, keepdims=True)
    slopes = centred @ x / (x @ x)
    return np.sqrt(np.mean((np.square(centred).sum(axis=1) - slopes ** 2 * (x @ x)).clip(0) / size))
