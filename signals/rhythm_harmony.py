"""What beat and pitch are apart from tempo and key: who plays when in a bar, and which steps of a scale sound together."""

import functools

import numpy as np
import scipy.signal

from signals.decoding import SAMPLE_RATE
from signals.spectrograms import HOP_LENGTH

REGISTERS = {"low": (0, 200), "mid": (200, 2500), "high": (5000, 11_025)}
"""Hz: where kick and bass, snare and chords, and cymbals strike."""
STEPS = 16
"""Quarters of a beat after which onsets are looked for again."""
CHORDS = {"major": (0, 4, 7), "minor": (0, 3, 7), "dominant": (0, 4, 7, 10), "major_seventh": (0, 4, 7, 11),
          "minor_seventh": (0, 3, 7, 10), "power": (0, 7)}
"""As semitones above the root."""
VOICES = {"bass": (40, 180), "middle": (180, 700), "treble": (700, 2500)}
"""Hz: where the strongest tone is followed."""
JUMPS = (.6, 1.5, 2.5, 4.5, 7.5, 11.5, 12.5)
"""Semitones: edges of the steps and leaps that are counted apart."""
MELODY_FFT, MELODY_HOP = 4096, 1024


def onset_patterns(mel_decibels, tempo, *, sr=SAMPLE_RATE):
    """How onsets in three registers come back after each quarter of a beat, and how they strike.

    Parameters
    ----------
    mel_decibels : np.ndarray [shape=(frames, bands)]
    tempo : float
        Beats a minute; 120 is taken where it is not known.
    sr : int

    Returns
    -------
    dict of str to float
        ``beat_low_01`` ... ``beat_low_16``, and so for ``mid`` and ``high``: the autocorrelation of the register's onsets after
        one to sixteen quarters of a beat, so that the tempo does not matter (Peeters 2005). ``onsets_low_rate`` (a second),
        ``_per_beat``, ``_mean`` (dB a frame), ``_variation`` and ``_kurtosis``: how many there are, how strong and how abrupt.

    Examples
    --------
    >>> frames = np.zeros((400, 128))
    >>> frames[::20] = 40  # a click every 20 frames
    >>> pattern = onset_patterns(frames, 60 * 22_050 / 512 / 20)
    >>> round(pattern["beat_mid_04"], 1), pattern["beat_mid_02"] < .1
    (1.0, True)
    """
    tempo = tempo if np.isfinite(tempo) else 120.0
    beat, out = 60 * sr / HOP_LENGTH / tempo, {}
    rise = np.maximum(np.diff(mel_decibels, axis=0, prepend=mel_decibels[:1]), 0)
    hertz = _mel_hertz(mel_decibels.shape[1], sr)
    for name, (low, high) in REGISTERS.items():
        onsets = rise[:, (hertz >= low) & (hertz < high)].mean(axis=1)
        again = np.interp(beat * np.arange(1, STEPS + 1) / 4, np.arange(len(onsets) // 2), _returns(onsets), right=0) \
            if len(onsets) > 3 else np.zeros(STEPS)
        out |= {f"beat_{name}_{step:02d}": float(value) for step, value in enumerate(again, 1)}
        middle, away = onsets.mean(), onsets - onsets.mean()
        peaks = np.sum((onsets[1:-1] > onsets[:-2]) & (onsets[1:-1] >= onsets[2:]) & (away[1:-1] > away.std()))
        rate = peaks / (len(onsets) * HOP_LENGTH / sr)
        spread = max(float(np.mean(away ** 2)), 1e-9)
        out |= {f"onsets_{name}_rate": float(rate), f"onsets_{name}_per_beat": float(rate * 60 / tempo),
                f"onsets_{name}_mean": float(middle), f"onsets_{name}_variation": float(np.sqrt(spread) / (middle + 1e-9)),
                f"onsets_{name}_kurtosis": float(np.mean(away ** 4) / spread ** 2)}
    return out


def _returns(onsets):
    """The autocorrelation by lag in frames, 1 at lag 0, corrected for the ever shorter overlap."""
    n, away = len(onsets), onsets - onsets.mean()
    size = scipy.fft.next_fast_len(2 * n, real=True)
    lags = scipy.fft.irfft(np.abs(scipy.fft.rfft(away, size)) ** 2, size)[:n // 2]
    return lags / max(lags[0], 1e-9) * n / (n - np.arange(len(lags)))


@functools.cache
def _mel_hertz(bands, sr):
    from librosa import mel_frequencies
    return mel_frequencies(bands, fmin=0, fmax=sr / 2)


def harmony(tones, key):
    """Which steps of the scale sound, in which intervals and chords.

    Parameters
    ----------
    tones : np.ndarray [shape=(frames, 12)]
        How much each pitch class sounds, C first.
    key : float
        Pitch class of the tonic; C where it is not known.

    Returns
    -------
    dict of str to float
        ``degree_01`` ... ``degree_12``: share of each semitone above the tonic; ``interval_01`` ... ``interval_06``: how much
        classes so many semitones apart sound together; ``chord_NAME_mean``, ``_var`` and ``_share`` for `CHORDS`: likeness to
        the best such chord, and how often it is the likeliest; ``tone_entropy_mean``, ``_var`` and ``_whole`` (nats).

    Examples
    --------
    >>> chord = np.zeros((8, 12))
    >>> chord[:, [9, 1, 4]] = 1 / 3  # A major
    >>> found = harmony(chord, 9)
    >>> round(found["chord_major_mean"], 2), round(found["degree_05"], 2), found["chord_minor_share"]
    (1.0, 0.33, 0.0)
    """
    mean, tonic = tones.mean(axis=0), int(key) if np.isfinite(key) else 0
    out = {f"degree_{step + 1:02d}": float(value) for step, value in enumerate(np.roll(mean, -tonic))}
    unit = tones / np.maximum(np.linalg.norm(tones, axis=1, keepdims=True), 1e-9)
    out |= {f"interval_{step:02d}": float((unit * np.roll(unit, step, axis=1)).sum(axis=1).mean()) for step in range(1, 7)}
    likeness = np.stack([np.max(unit @ _rooted(notes).T, axis=1) for notes in CHORDS.values()], axis=1)
    for number, name in enumerate(CHORDS):
        out |= {f"chord_{name}_mean": float(likeness[:, number].mean()), f"chord_{name}_var": float(likeness[:, number].var()),
                f"chord_{name}_share": float(np.mean(likeness.argmax(axis=1) == number))}
    entropy = _entropy(tones)
    return out | {"tone_entropy_mean": float(entropy.mean()), "tone_entropy_var": float(entropy.var()),
                  "tone_entropy_whole": float(_entropy(mean))}


def _rooted(notes):
    """A chord on each of the twelve roots, of length one."""
    chord = np.zeros(12)
    chord[list(notes)] = 1 / np.sqrt(len(notes))
    return np.array([np.roll(chord, root) for root in range(12)])


def _entropy(tones):
    return -(tones * np.log(tones + 1e-9)).sum(axis=-1)


def voices(y, key, *, sr=SAMPLE_RATE):
    """How the strongest tone moves in each of three registers.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    key : float
        Pitch class of the tonic; C where it is not known.
    sr : int

    Returns
    -------
    dict of str to float
        For `VOICES`: ``bass_height`` (median, as MIDI number), ``bass_range`` (middle half, semitones), ``bass_moves`` (share
        of frames), ``bass_jump_01`` ... ``bass_jump_06`` (share of moves between the sizes `JUMPS`), ``bass_degree_01`` ...
        ``bass_degree_12`` (share of frames at so many semitones above the tonic).

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050)
    >>> round(voices(tone, 9)["middle_height"], 0)
    69.0
    """
    window = scipy.signal.get_window("hann", MELODY_FFT).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(np.asarray(y, np.float32), MELODY_FFT // 2),
                                                      MELODY_FFT)[::MELODY_HOP]
    hertz = np.arange(MELODY_FFT // 2 + 1) * sr / MELODY_FFT
    ranges = {name: np.flatnonzero((hertz >= low) & (hertz < high)) for name, (low, high) in VOICES.items()}
    strongest = {name: np.empty(len(frames), int) for name in VOICES}
    for first in range(0, len(frames), 64):
        spectrum = np.abs(scipy.fft.rfft(frames[first:first + 64] * window))
        for name, inside in ranges.items():
            strongest[name][first:first + 64] = inside[spectrum[:, inside].argmax(axis=1)]
    tonic = key if np.isfinite(key) else 0.0
    out = {}
    for name, bins in strongest.items():
        pitch = 69 + 12 * np.log2(hertz[bins] / 440)
        moves = np.abs(np.diff(pitch)) if len(pitch) > 1 else np.zeros(1)
        jumps = np.histogram(moves, JUMPS)[0] / len(moves)
        degrees = np.bincount(((np.round(pitch) - tonic) % 12).astype(int), minlength=12) / len(pitch)
        out |= {f"{name}_height": float(np.median(pitch)), f"{name}_range": float(np.subtract(*np.quantile(pitch, (.75, .25)))),
                f"{name}_moves": float(np.mean(moves > JUMPS[0]))}
        out |= {f"{name}_jump_{number:02d}": float(value) for number, value in enumerate(jumps, 1)}
        out |= {f"{name}_degree_{number:02d}": float(value) for number, value in enumerate(degrees, 1)}
    return out
