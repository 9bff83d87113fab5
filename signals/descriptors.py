"""Audio features of one signal: timbre, rhythm, pitch and loudness.

Features of frames are librosa's, of 2048 samples every 512 samples, and are summarised by mean and variance. Spectra
are computed in blocks, so that a long song needs little memory. Where a routine of librosa's is slow, the same quantity
is computed in another way; tests compare the two.
"""

import functools

import numpy as np
import scipy.signal

from signals.decoding import SAMPLE_RATE, SHORTEST, segments
from signals.estimators import (
    estimate_tuning,
    lag_tempi,
    local_autocorrelation,
    loudness,
    onset_strength,
    pitch_class_shares,
    pulse_regularity,
)
from signals.key import estimate_key, semitone_strengths
from signals.rhythm_harmony import harmony, onset_patterns, voices
from signals.spectrograms import HOP_LENGTH, N_FFT, chroma_filters, power_blocks, power_to_decibels, spectrograms
from signals.tempo import estimate_tempo, register_onsets

LONGEST = 600
"""Seconds of a song that are described where it is not cut into segments: the first ten minutes."""
TEMPO_EDGES = [40, 60, 75, 90, 105, 120, 140, 165, 200, 260]
"""BPM: edges of the bands in which the tempogram is summarised."""


def describe(y, sr=SAMPLE_RATE, *, loudness_of=None):
    """Compute the audio features of a signal.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], float32
        Mono samples.
    sr : int
        Sampling rate, at least 16,000 Hz, which seven octave bands need. Models and tables are made for 22,050 Hz.
    loudness_of : tuple of np.ndarray [shape=(m,) or (m, channels)] and int, optional
        Samples and rate for the loudness: the channels before they are mixed to mono. `y` where it is not given.

    Returns
    -------
    dict of str to float
        Names follow a rule: ``NAME_mean`` and ``NAME_var`` over frames, ``NAME_01_mean`` ... where there are several,
        for `chroma` (C first), `rms`, `spectral_centroid`, `spectral_bandwidth`, `spectral_rolloff` (Hz),
        `spectral_contrast` (dB), `spectral_flatness`, `zero_crossing_rate`, `mfcc`, `mfcc_delta`, `tonnetz`,
        `onset_strength`, `tempogram` (strength of the pulse between the tempi `TEMPO_EDGES`). Then `tempo`,
        `tempo_rival` (BPM), `tempo_confidence`, `beats_per_bar`, `metre_confidence`, `swing`, as `tempo.estimate_tempo`
        has them; `key` (C = 0), `mode` (major = 1), `key_confidence`, `rival_key`, `rival_mode`, as `key.estimate_key`
        has them; `loudness_lufs`;
        `pulse_regularity`, as `estimators.pulse_regularity` has it; and the columns of `rhythm_harmony.onset_patterns`,
        `rhythm_harmony.harmony` and `rhythm_harmony.voices`. Values that are not defined, such as the key of silence,
        are NaN.

    Raises
    ------
    ValueError
        There are no samples, or the sampling rate is too low.

    Examples
    --------
    >>> described = describe(np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050).astype(np.float32))
    >>> round(described["spectral_centroid_mean"] / 440, 1)
    1.0
    >>> max(range(12), key=lambda n: described[f"chroma_{n + 1:02d}_mean"])
    9
    """
    y = np.asarray(y, dtype=np.float32)
    if not len(y) or sr < 16_000:
        raise ValueError(f"{len(y)} samples at {sr} Hz: there must be samples, and 16,000 or more a second")
    tuning = estimate_tuning(y, sr)
    mel, frames = frame_features(y, sr, tuning)
    mel_decibels = power_to_decibels(mel)
    frames["mfcc"] = scipy.fft.dct(mel_decibels, axis=1, type=2, norm="ortho")[:, :20]
    frames["mfcc_delta"] = _deltas(frames["mfcc"])
    onset = onset_strength(mel_decibels)
    frames["onset_strength"] = onset[:, None]
    frames["tempogram"] = _tempo_bands(local_autocorrelation(onset), sr)
    out = {}
    for name, values in frames.items():
        out |= _mean_and_variance(name, values)
    out |= estimate_tempo(register_onsets(mel_decibels, sr), sr)
    out |= onset_patterns(mel_decibels, out["tempo"], sr=sr)
    tones = pitch_class_shares(y, sr, tuning)
    out |= estimate_key(semitone_strengths(y, sr, tuning), sr)
    out |= harmony(tones, out["key"]) | voices(y, out["key"], sr=sr)
    out["loudness_lufs"] = loudness(*(loudness_of or (y, sr)))
    return out | {"pulse_regularity": pulse_regularity(y, sr)}


def describe_file(path, segment_seconds=None, *, shortest=SHORTEST):
    """Compute the audio features of a sound file, whole or in segments.

    Parameters
    ----------
    path : str or Path
    segment_seconds : float, optional
        Length of a segment; None describes the whole song (its first ten minutes).
    shortest : float
        A song shorter than this many seconds is refused.

    Returns
    -------
    list of dict
        One a segment: `segment, start, seconds` and the features of `describe`.

    Raises
    ------
    AudioError
        As `decoding.segments`.
    """
    rows = []
    for number, segment in enumerate(segments(path, segment_seconds or LONGEST, shortest=shortest)):
        place = {"segment": number, "start": segment.start, "seconds": len(segment.native) / segment.native_sr}
        rows.append(place | describe(segment.y, loudness_of=(segment.native, segment.native_sr)))
        if segment_seconds is None:
            break
    return rows


def _mean_and_variance(name, values):
    """Mean and variance over frames [shape=(frames, values)], under the names that `describe` promises."""
    names = [name] if values.shape[1] == 1 else [f"{name}_{number:02d}" for number in range(1, values.shape[1] + 1)]
    means = values.mean(axis=0, dtype=np.float64)
    variances = values.var(axis=0, dtype=np.float64)
    out = {}
    for column, mean, variance in zip(names, means, variances):
        out |= {f"{column}_mean": float(mean), f"{column}_var": float(variance)}
    return out


def _tempo_bands(strength, sr):
    """The strongest pulse between each two of `TEMPO_EDGES`, from the strength by lag [shape=(frames, lags)]."""
    tempi = lag_tempi(sr)
    return np.column_stack([strength[:, (tempi >= low) & (tempi < high)].max(axis=1)
                            for low, high in zip(TEMPO_EDGES, TEMPO_EDGES[1:])])


# ---- features of each frame

def frame_features(y, sr, tuning):
    """The mel spectrogram and the features of each frame that come from one Fourier transform.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], float32
    sr : int
    tuning : float
        Deviation from A = 440 Hz in semitones.

    Returns
    -------
    mel : np.ndarray [shape=(frames, 128)]
        Power in mel bands.
    features : dict of str to np.ndarray [shape=(frames, values)]
        `chroma, rms, spectral_centroid, spectral_bandwidth, spectral_rolloff, spectral_contrast, spectral_flatness,
        zero_crossing_rate, tonnetz`.
    """
    bank = chroma_filters(sr, tuning)
    hertz = (np.arange(N_FFT // 2 + 1) * sr / N_FFT).astype(np.float32)
    bands = _contrast_bands(sr)
    n_frames = 1 + len(y) // HOP_LENGTH
    chroma = np.empty((n_frames, 12), np.float32)
    shape = np.empty((n_frames, 4), np.float32)
    peak, valley = np.empty((2, n_frames, len(bands)), np.float32)
    for first, power in power_blocks(y):
        rows = slice(first, first + len(power))
        chroma[rows] = power @ bank
        magnitude = np.sqrt(power)
        shape[rows] = _spectral_shape(power, magnitude, hertz)
        peak[rows], valley[rows] = _peaks_and_valleys(magnitude, bands)
    chroma /= np.maximum(chroma.max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    features = {"chroma": chroma, "rms": _rms(y), "spectral_centroid": shape[:, :1],
                "spectral_bandwidth": shape[:, 1:2], "spectral_rolloff": shape[:, 2:3],
                "spectral_contrast": power_to_decibels(peak) - power_to_decibels(valley),
                "spectral_flatness": shape[:, 3:], "zero_crossing_rate": _zero_crossing_rate(y),
                "tonnetz": _tonnetz(chroma)}
    return spectrograms(y, sr=sr)["mel"].T, features


def _spectral_shape(power, magnitude, hertz):
    """Centroid, bandwidth, roll-off at 85% and flatness of each frame."""
    total = np.maximum(magnitude.sum(axis=1), np.finfo(np.float32).tiny)
    centroid = magnitude @ hertz / total
    # the second moment minus the squared centroid would be cheaper, but is too inexact for a pure tone
    distance = np.subtract(hertz, centroid[:, None])
    bandwidth = np.sqrt(np.einsum("ij,ij,ij->i", magnitude, distance, distance) / total)
    cumulated = np.cumsum(magnitude, axis=1)
    rolloff = (cumulated < .85 * cumulated[:, -1:]).sum(axis=1) * hertz[1]
    floored = np.maximum(power, 1e-10)
    flatness = np.exp(np.log(floored).mean(axis=1)) / floored.mean(axis=1)
    return np.column_stack([centroid, bandwidth, rolloff, flatness])


@functools.cache
def _contrast_bands(sr):
    """For each of seven octave bands its first and last frequency, and how many values count as its peak or valley."""
    hertz = np.arange(N_FFT // 2 + 1) * sr / N_FFT
    edges = [0, *(200 * 2 ** np.arange(7))]
    bands = []
    for number, (low, high) in enumerate(zip(edges, edges[1:])):
        inside = np.flatnonzero((hertz >= low) & (hertz <= high))
        first = inside[0] - (number > 0)
        last = inside[-1] + 1 if number < 6 else len(hertz)
        bands.append((first, last - (number < 6), max(int(np.rint(.02 * (last - first))), 1)))
    return bands


def _peaks_and_valleys(magnitude, bands):
    """Means of the loudest and of the softest fiftieth of each octave, for spectral contrast (Jiang et al. 2002).

    A partial sort is enough; bands where one value counts need no sorting.
    """
    peaks, valleys = np.empty((2, len(magnitude), len(bands)), np.float32)
    for number, (first, last, count) in enumerate(bands):
        band = magnitude[:, first:last]
        if count == 1:
            valleys[:, number] = band.min(axis=1)
            peaks[:, number] = band.max(axis=1)
        else:
            parted = np.partition(band, (count - 1, band.shape[1] - count), axis=1)
            valleys[:, number] = parted[:, :count].mean(axis=1)
            peaks[:, number] = parted[:, -count:].mean(axis=1)
    return peaks, valleys


def _frame_sums(padded):
    """Sums over each frame of 2048 values, every 512 values; a frame is four hops."""
    hops = padded[:len(padded) // HOP_LENGTH * HOP_LENGTH].reshape(-1, HOP_LENGTH).sum(axis=1)
    return np.convolve(hops, np.ones(N_FFT // HOP_LENGTH), "valid")


def _rms(y):
    return np.sqrt(_frame_sums(np.square(np.pad(y, N_FFT // 2))) / N_FFT)[:, None]


def _zero_crossing_rate(y):
    """Share of samples at which the sign changes; the first sample of a frame never counts."""
    negative = np.pad(y, N_FFT // 2, mode="edge") < -1e-10
    changes = np.concatenate([[False], negative[1:] != negative[:-1]])
    return ((_frame_sums(changes) - changes[:len(y) + 1:HOP_LENGTH]) / N_FFT)[:, None]


def _deltas(mfcc):
    """Slope over nine frames, as `librosa.feature.delta`; NaN for fewer frames."""
    if len(mfcc) < 9:
        return np.full_like(mfcc, np.nan)
    return scipy.signal.savgol_filter(mfcc, 9, polyorder=1, deriv=1, axis=0, mode="interp")


def _tonnetz(chroma):
    """Tonal centroids (Harte, Sandler and Gasser 2006), of this chroma and not of a constant-Q transform's."""
    angles = np.outer([7 / 6, 7 / 6, 3 / 2, 3 / 2, 2 / 3, 2 / 3], np.arange(12))
    angles[::2] -= .5
    circles = np.array([1, 1, 1, 1, .5, .5])[:, None] * np.cos(np.pi * angles)
    return chroma / np.maximum(chroma.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny) @ circles.T
