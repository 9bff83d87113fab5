"""Power spectrograms: the short-time Fourier transform in blocks, mel bands, pitch classes, decibels."""

import functools

import cv2
import numpy as np
import scipy.signal

from signals.decoding import SAMPLE_RATE

N_FFT = 2048
"""Samples of a frame."""
HOP_LENGTH = 512
"""Samples from one frame to the next."""
DECIBELS = 80
"""Range of all spectrograms and spectrogram images: what lies further below the reference is set to this level."""
KINDS = ("mel", "chroma")


# ---- power of frames

def power_blocks(y, size=128):
    """Yield (number of the first frame, power of up to 128 frames) for a whole signal.

    Power is the squared magnitude of the short-time Fourier transform as librosa defines it: Hann window, centred
    frames, zeros beyond the ends. A block is small enough for the processor's cache. The next block overwrites it, so
    copy what you keep.
    """
    padded = np.zeros(len(y) + N_FFT, np.float32)
    padded[N_FFT // 2:N_FFT // 2 + len(y)] = y
    yield from power_of_whole_frames(padded, size)


def power_of_whole_frames(padded, size=128):
    """As `power_blocks`, for samples that are already padded: the first frame begins at sample 0, and all are whole."""
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    windowed, spectrum = np.empty((2, size, N_FFT), np.float32)
    power = np.empty((size, N_FFT // 2 + 1), np.float32)
    pair = np.ones(2, np.float32)
    for first in range(0, len(frames), size):
        n = min(size, len(frames) - first)
        np.multiply(frames[first:first + n], _window(), out=windowed[:n])
        for row in range(0, n, 32):  # with more rows at once, OpenCV would use cores that work on other songs
            rows = slice(row, min(row + 32, n))
            cv2.dft(windowed[rows], spectrum[rows], flags=cv2.DFT_ROWS)
        # OpenCV's layout: the first and last value are real, between them are pairs of real and imaginary part
        np.square(spectrum[:n], out=spectrum[:n])
        power[:n, 0] = spectrum[:n, 0]
        power[:n, -1] = spectrum[:n, -1]
        # this product adds the pairs twice as fast as adding two slices
        np.matmul(spectrum[:n, 1:-1].reshape(n, -1, 2), pair, out=power[:n, 1:-1])
        yield first, power[:n]


@functools.cache
def _window():
    return scipy.signal.get_window("hann", N_FFT).astype(np.float32)


# ---- bands

@functools.cache
def _filters(kind, sr, n_mels):
    """A filter bank in pieces (first row, first and last frequency, weights): most of a mel filter bank is zero."""
    from librosa import filters
    bank = filters.mel(sr=sr, n_fft=N_FFT, n_mels=n_mels) if kind == "mel" else filters.chroma(sr=sr, n_fft=N_FFT)
    pieces = []
    for row in range(0, len(bank), 16):
        used = np.flatnonzero(bank[row:row + 16].any(axis=0))
        low, high = (used[0], used[-1] + 1) if used.size else (0, 1)
        pieces.append((row, low, high, np.ascontiguousarray(bank[row:row + 16, low:high].T, dtype=np.float32)))
    return pieces


@functools.lru_cache(maxsize=256)
def chroma_filters(sr, tuning, n_fft=N_FFT, **octaves):
    """librosa's chroma filter bank for a tuning, to multiply power with: [shape=(1 + n_fft // 2, 12)], float32.

    Parameters
    ----------
    sr : int
    tuning : float
        Deviation from A = 440 Hz in semitones, as from `estimators.estimate_tuning`.
    n_fft : int
    **octaves
        `ctroct` and `octwidth` of `librosa.filters.chroma`.

    Returns
    -------
    np.ndarray [shape=(1 + n_fft // 2, 12)], float32

    Examples
    --------
    >>> chroma_filters(22_050, 0.0).shape
    (1025, 12)
    """
    from librosa import filters
    return np.ascontiguousarray(filters.chroma(sr=sr, n_fft=n_fft, tuning=tuning, **octaves).T, dtype=np.float32)


def spectrograms(y, kinds=("mel",), *, sr=SAMPLE_RATE, n_mels=128):
    """Power in mel bands, or in the twelve pitch classes, from one Fourier transform.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], float32
    kinds : sequence of {'mel', 'chroma'}
    sr, n_mels : int

    Returns
    -------
    dict of str to np.ndarray [shape=(bands, 1 + n // 512)], float32
        Frames of 2048 samples, every 512 samples. `mel` equals `librosa.feature.melspectrogram`; `chroma` begins with C
        and is not normalised.

    Examples
    --------
    >>> spectrograms(np.ones(5120, np.float32), ("chroma",))["chroma"].shape
    (12, 11)
    """
    n_frames = 1 + len(y) // HOP_LENGTH
    out = {kind: np.empty((n_frames, n_mels if kind == "mel" else 12), np.float32) for kind in kinds}
    for first, power in power_blocks(y):
        for kind, bands in out.items():
            for row, low, high, weights in _filters(kind, sr, n_mels):
                bands[first:first + len(power), row:row + weights.shape[1]] = power[:, low:high] @ weights
    return {kind: bands.T for kind, bands in out.items()}


# ---- decibels

def power_to_decibels(power, reference=None):
    """Power in decibels, over a range of 80 dB.

    Parameters
    ----------
    power : np.ndarray [shape=(...)]
    reference : float, optional
        The power of 0 dB; the result ends at -80 dB, whatever the loudest value. Where it is not given, 0 dB is a power
        of 1, as in `librosa.power_to_db`, and the result ends 80 dB below its own loudest value.

    Returns
    -------
    np.ndarray [shape=(...)]

    Examples
    --------
    >>> power_to_decibels(np.array([100, 1, 1e-12])).tolist()
    [20.0, 0.0, -60.0]
    >>> power_to_decibels(np.array([100, 1, 1e-12]), reference=100).tolist()
    [0.0, -20.0, -80.0]
    """
    if reference is None:
        decibels = 10 * np.log10(np.maximum(power, 1e-10))
        return np.maximum(decibels, decibels.max() - DECIBELS)
    decibels = 10 * np.log10(np.maximum(power / (reference or 1), 1e-30))
    # limited here and not before: the last digit of a logarithm depends on the processor
    return np.maximum(decibels, -DECIBELS)
