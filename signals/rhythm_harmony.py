"""Rhythm and pitch beyond tempo and key: onset patterns, scale degrees, intervals, chords, the movement of voices."""

import numpy as np
import scipy.signal

from signals.decoding import SAMPLE_RATE
from signals.estimators import autocorrelation
from signals.spectrograms import HOP_LENGTH
from signals.tempo import mel_hertz, onset_rates

REGISTERS = {"low": (0, 200), "mid": (200, 2500), "high": (5000, 11_025)}
"""Hz: the onsets of kick drum and bass, of snare drum and chords, and of cymbals."""
STEPS = 16
"""Number of quarter beats at which the autocorrelation of the onsets is read."""
CHORDS = {"major": (0, 4, 7), "minor": (0, 3, 7), "dominant": (0, 4, 7, 10), "major_seventh": (0, 4, 7, 11),
          "minor_seventh": (0, 3, 7, 10), "power": (0, 7)}
"""Semitones above the root."""
VOICES = {"bass": (40, 180), "middle": (180, 700), "treble": (700, 2500)}
"""Hz: the ranges in which the strongest tone is followed."""
JUMPS = (.6, 1.5, 2.5, 4.5, 7.5, 11.5, 12.5)
"""Semitones: edges of the classes of steps and leaps."""
MELODY_FFT = 4096
MELODY_HOP = 1024


# ---- rhythm

def onset_patterns(mel_decibels, tempo, *, sr=SAMPLE_RATE):
    """How the onsets in three registers repeat after each quarter beat, how many they are and how strong.

    Parameters
    ----------
    mel_decibels : np.ndarray [shape=(frames, bands)]
    tempo : float
        BPM; 120 is used where it is NaN.
    sr : int

    Returns
    -------
    dict of str to float
        ``beat_low_01`` ... ``beat_low_16``, and the same for ``mid`` and ``high``: the autocorrelation of the
        register's onsets after one to sixteen quarter beats, which does not depend on the tempo (Peeters 2005).
        ``onsets_low_rate`` (per second), ``_per_beat``, ``_mean`` (dB a frame), ``_variation`` (coefficient of
        variation) and ``_kurtosis``, which is high for abrupt onsets.

    Examples
    --------
    >>> frames = np.zeros((400, 128))
    >>> frames[::20] = 40  # a click every 20 frames
    >>> pattern = onset_patterns(frames, 60 * 22_050 / 512 / 20)
    >>> round(pattern["beat_mid_04"], 1), pattern["beat_mid_02"] < .1
    (1.0, True)
    """
    tempo = tempo if np.isfinite(tempo) else 120.0
    rise = np.maximum(np.diff(mel_decibels, axis=0, prepend=mel_decibels[:1]), 0)
    hertz = mel_hertz(mel_decibels.shape[1], sr)
    out = {}
    for name, (low, high) in REGISTERS.items():
        onsets = rise[:, (hertz >= low) & (hertz < high)].mean(axis=1)
        repeats = _strength_after_quarter_beats(onsets, 60 * sr / HOP_LENGTH / tempo)
        out |= {f"beat_{name}_{step:02d}": float(value) for step, value in enumerate(repeats, 1)}
        out |= {f"onsets_{name}_{what}": value for what, value in _onset_statistics(onsets, tempo, sr).items()}
    return out


def _strength_after_quarter_beats(onsets, frames_per_beat):
    """The autocorrelation of the onsets after one to sixteen quarter beats; 0 beyond half the signal."""
    if len(onsets) <= 3:
        return np.zeros(STEPS)
    lags = autocorrelation(onsets - onsets.mean())
    return np.interp(frames_per_beat * np.arange(1, STEPS + 1) / 4, np.arange(len(lags)), lags, right=0)


def _onset_statistics(onsets, tempo, sr):
    mean = onsets.mean()
    centred = onsets - mean
    rate = onset_rates(onsets, sr)
    variance = max(float(np.mean(centred ** 2)), 1e-9)
    return {"rate": float(rate), "per_beat": float(rate * 60 / tempo), "mean": float(mean),
            "variation": float(np.sqrt(variance) / (mean + 1e-9)),
            "kurtosis": float(np.mean(centred ** 4) / variance ** 2)}


# ---- harmony

def harmony(tones, key):
    """Which scale degrees sound, and which intervals and chords they form.

    Parameters
    ----------
    tones : np.ndarray [shape=(frames, 12)]
        The share of each pitch class, C first.
    key : float
        Pitch class of the tonic; C where it is NaN.

    Returns
    -------
    dict of str to float
        ``degree_01`` ... ``degree_12``: share of each semitone above the tonic. ``interval_01`` ... ``interval_06``:
        how strongly pitch classes so many semitones apart sound together. ``chord_NAME_mean``, ``_var`` and ``_share``
        for `CHORDS`: cosine similarity to the best such chord, and the share of frames in which this kind of chord fits
        best. ``tone_entropy_mean``, ``_var`` and ``_whole``: entropy of the shares in nats, by frame and of their mean.

    Examples
    --------
    >>> chord = np.zeros((8, 12))
    >>> chord[:, [9, 1, 4]] = 1 / 3  # A major
    >>> described = harmony(chord, 9)
    >>> round(described["chord_major_mean"], 2), round(described["degree_05"], 2), described["chord_minor_share"]
    (1.0, 0.33, 0.0)
    """
    mean = tones.mean(axis=0)
    tonic = int(key) if np.isfinite(key) else 0
    out = {f"degree_{step + 1:02d}": float(value) for step, value in enumerate(np.roll(mean, -tonic))}
    unit = tones / np.maximum(np.linalg.norm(tones, axis=1, keepdims=True), 1e-9)
    for step in range(1, 7):
        out[f"interval_{step:02d}"] = float((unit * np.roll(unit, step, axis=1)).sum(axis=1).mean())
    similarity = np.stack([np.max(unit @ _on_all_roots(notes).T, axis=1) for notes in CHORDS.values()], axis=1)
    best = similarity.argmax(axis=1)
    for number, name in enumerate(CHORDS):
        out[f"chord_{name}_mean"] = float(similarity[:, number].mean())
        out[f"chord_{name}_var"] = float(similarity[:, number].var())
        out[f"chord_{name}_share"] = float(np.mean(best == number))
    entropy = _entropy(tones)
    return out | {"tone_entropy_mean": float(entropy.mean()), "tone_entropy_var": float(entropy.var()),
                  "tone_entropy_whole": float(_entropy(mean))}


def _on_all_roots(notes):
    """A chord on each of the twelve roots, as vectors of length 1: [shape=(12, 12)]."""
    chord = np.zeros(12)
    chord[list(notes)] = 1 / np.sqrt(len(notes))
    return np.array([np.roll(chord, root) for root in range(12)])


def _entropy(tones):
    return -(tones * np.log(tones + 1e-9)).sum(axis=-1)


# ---- voices

def voices(y, key, *, sr=SAMPLE_RATE):
    """How the strongest tone moves in each of three frequency ranges.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    key : float
        Pitch class of the tonic; C where it is NaN.
    sr : int

    Returns
    -------
    dict of str to float
        For each of `VOICES`: ``bass_height`` (median, as MIDI number), ``bass_range`` (interquartile range, semitones),
        ``bass_moves`` (share of frames in which it moves), ``bass_jump_01`` ... ``bass_jump_06`` (share of moves
        between the sizes `JUMPS`), ``bass_degree_01`` ... ``bass_degree_12`` (share of frames at so many semitones
        above the tonic).

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050)
    >>> round(voices(tone, 9)["middle_height"], 0)
    69.0
    """
    hertz = np.arange(MELODY_FFT // 2 + 1) * sr / MELODY_FFT
    tonic = key if np.isfinite(key) else 0.0
    out = {}
    for name, bins in _strongest_bins(y, hertz).items():
        pitch = 69 + 12 * np.log2(hertz[bins] / 440)
        moves = np.abs(np.diff(pitch)) if len(pitch) > 1 else np.zeros(1)
        jumps = np.histogram(moves, JUMPS)[0] / len(moves)
        degrees = np.bincount(((np.round(pitch) - tonic) % 12).astype(int), minlength=12) / len(pitch)
        out[f"{name}_height"] = float(np.median(pitch))
        out[f"{name}_range"] = float(np.subtract(*np.quantile(pitch, (.75, .25))))
        out[f"{name}_moves"] = float(np.mean(moves > JUMPS[0]))
        out |= {f"{name}_jump_{number:02d}": float(value) for number, value in enumerate(jumps, 1)}
        out |= {f"{name}_degree_{number:02d}": float(value) for number, value in enumerate(degrees, 1)}
    return out


def _strongest_bins(y, hertz):
    """For each of `VOICES`, the index of the strongest frequency in each frame [shape=(frames,)]."""
    window = scipy.signal.get_window("hann", MELODY_FFT).astype(np.float32)
    padded = np.pad(np.asarray(y, np.float32), MELODY_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, MELODY_FFT)[::MELODY_HOP]
    ranges = {name: np.flatnonzero((hertz >= low) & (hertz < high)) for name, (low, high) in VOICES.items()}
    strongest = {name: np.empty(len(frames), int) for name in VOICES}
    for first in range(0, len(frames), 64):
        spectrum = np.abs(scipy.fft.rfft(frames[first:first + 64] * window))
        for name, inside in ranges.items():
            strongest[name][first:first + 64] = inside[spectrum[:, inside].argmax(axis=1)]
    return strongest
