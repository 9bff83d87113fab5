"""The sounds of the synthesiser: drum strokes, notes of instruments, amplifier, reverberation and levels."""

import zlib

import numpy as np
import scipy.signal

from synth.presets import DRUMS

TAIL = 1.5
"""Seconds in which the last notes of a section and its reverberation decay."""
_TABLE = 1 << 14  # samples of one period in a wavetable


def random_numbers(*names):
    """A generator of random numbers that depends on the names alone, on any machine.

    Examples
    --------
    >>> bool(random_numbers("drum", 1).integers(100) == random_numbers("drum", 1).integers(100))
    True
    """
    return np.random.default_rng([zlib.crc32(str(name).encode()) for name in names])


def _filtered(y, order, kind, band, sr):
    """The samples behind a Butterworth filter; the band is one frequency or two, in Hz."""
    return scipy.signal.sosfilt(scipy.signal.butter(order, band, kind, fs=sr, output="sos"), y)


# ---- instruments

def drum(name, key, sr):
    """One stroke of a drum: a tone with a falling pitch, and a burst of noise.

    Parameters
    ----------
    name : str
        One of `presets.DRUMS`.
    key : int
        Pitch class. Drums below 400 Hz are tuned to it.
    sr : int
        Sampling rate in Hz.

    Returns
    -------
    np.ndarray [shape=(n,)]
    """
    pitch, fall, decay, share, noise_decay, low, high = DRUMS[name]
    if pitch < 400:
        above = 12 * np.log2(pitch / 440) + 69 - key
        pitch *= 2 ** ((12 * round(above / 12) - above) / 12)
    t = np.arange(round(5 * max(decay, noise_decay) * sr)) / sr
    cycles = pitch * t + pitch * (fall - 1) * .03 * (1 - np.exp(-t / .03))
    noise = random_numbers("drum", name).standard_normal(len(t))
    noise = _filtered(noise, 2, "bandpass", (low, min(high, .48 * sr)), sr)
    return ((1 - share) * np.sin(2 * np.pi * cycles) * np.exp(-t / decay)
            + share * noise / noise.std() * .5 * np.exp(-t / noise_decay)) * np.minimum(1, t / .001)


def tone(instrument, pitch, seconds, sr):
    """One note: a bright and a dull wave, which decay at different rates (wavetable synthesis).

    Parameters
    ----------
    instrument : dict
        One of `presets.INSTRUMENTS`.
    pitch : float
        MIDI number; 69 is 440 Hz.
    seconds : float
        Until the note is released.
    sr : int
        Sampling rate in Hz.

    Returns
    -------
    np.ndarray [shape=(n,)]
        The note and its release.
    """
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    release = .06 if instrument["attack"] < .03 else .15
    t = np.arange(round((seconds + release) * sr)) / sr
    vibrato = instrument.get("vibrato", 0) / 1200 * np.log(2) * hertz / (2 * np.pi * 5.5) * np.minimum(1, t / .3)
    cycles = hertz * t + vibrato * np.sin(2 * np.pi * 5.5 * t)
    bright, dull = (_period(instrument, hertz, top, sr) for top in (instrument["top"], instrument["top"] / 5))
    envelope = np.minimum(1, t / instrument["attack"]) * np.clip((t[-1] - t) / release, 0, 1)
    detune = instrument.get("detune", 0)
    y = 0
    for i, cents in enumerate((-detune, 0, detune) if detune else (0,)):
        phase = ((cycles * 2 ** (cents / 1200) + .37 * i) % 1 * _TABLE).astype(int) % _TABLE
        y = y + ((bright[phase] - dull[phase]) * np.exp(-t / instrument["bright"])
                 + dull[phase] * np.exp(-t / instrument["decay"]))
    return y * envelope


def _period(instrument, hertz, top, sr):
    """A wavetable: one period of a wave with the instrument's harmonics, which fade out above `top` Hz."""
    k = np.arange(1, max(2, int(.45 * sr / hertz)))
    strength = k ** -instrument["tilt"] * np.exp(-k * hertz / top) * np.where(k % 2, 1, instrument.get("even", 1))
    if "formants" in instrument:
        strength *= .05 + sum(np.exp(-.5 * ((k * hertz - formant) / 130) ** 2) for formant in instrument["formants"])
    spectrum = np.zeros(_TABLE // 2 + 1, complex)
    spectrum[k] = strength * np.exp(2j * np.pi * ((k * .618) % 1))
    wave = scipy.fft.irfft(spectrum, _TABLE)
    return wave / max(np.sqrt(np.sum(strength ** 2)), 1e-3) * _TABLE


def amplify(track, instrument, sr):
    """Overdrive and a low-pass filter, for instruments that have a `drive`; silence stays silent."""
    if "drive" not in instrument or not track.any():
        return track
    driven = np.tanh(instrument["drive"] * track / (2 * np.sqrt(np.mean(track ** 2))))
    return _filtered(driven, 2, "lowpass", instrument.get("lowpass", 5000), sr)


def add_reverb(y, preset, color, sr):
    """Reverberation and spectral tilt of the mix, in one multiplication of spectra.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    preset : dict
        One of `presets.TIMBRES`.
    color : float
        Added to the tilt of the preset, in dB an octave.
    sr : int
        Sampling rate in Hz.

    Returns
    -------
    np.ndarray [shape=(n,)]
    """
    seconds, share = preset["reverb"]
    t = np.arange(1, round(min(seconds, TAIL) * sr)) / sr
    echo = random_numbers("room").standard_normal(len(t)) * np.exp(-6.9 * t / seconds)
    n = scipy.fft.next_fast_len(len(y) + len(echo), real=True)
    hertz = np.fft.rfftfreq(n, 1 / sr).clip(60, 8000)
    response = (1 - share) + share * scipy.fft.rfft(echo / np.sqrt(np.sum(echo ** 2)), n)
    tilt = 10 ** ((preset["tilt"] + color) * np.log2(hertz / 1000) / 20)
    return scipy.fft.irfft(scipy.fft.rfft(y, n) * response * tilt, n)[:len(y)]


# ---- levels

def normalise_level(track, sr):
    """The track at an RMS level of 1; silence stays silent."""
    return track / max(rms_level(track, sr), 1e-6) if track.any() else track


def rms_level(y, sr):
    """RMS level above about 150 Hz: the ear is less sensitive to the lowest octaves."""
    return np.sqrt(np.mean(_filtered(y, 1, "highpass", 150, sr) ** 2)) + 1e-9


def limit_peaks(y):
    """The samples with rounded peaks, which stay below full scale (soft clipping)."""
    return .97 * np.tanh(y / .97)
