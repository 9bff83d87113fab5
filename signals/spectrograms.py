"""Power spectrograms: the short-time Fourier transform in blocks, mel bands, pitch classes."""

import functools

import cv2
import numpy as np
import scipy.signal

from signals.decoding import SAMPLE_RATE

N_FFT, HOP_LENGTH = 2048, 512
KINDS = ("mel", "chroma")


# ---- spectrograms

def power_blocks(y, size=128):
    """Yield (number of the first frame, power of up to 128 frames): pieces that stay in the processor's cache, each
    overwritten by the next.

    Power is the squared magnitude of the short-time Fourier transform as librosa defines it: Hann window, frames centred,
    zeros beyond the ends.
    """
    padded = np.zeros(len(y) + N_FFT, np.float32)
    padded[N_FFT // 2:N_FFT // 2 + len(y)] = y
    yield from power_of_whole_frames(padded, size)


def power_of_whole_frames(padded, size=128):
    """As `power_blocks`, of samples that bring what stands before the first frame's centre and behind the last one's."""
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    windowed, spectrum = np.empty((2, size, N_FFT), np.float32)
    power, pair = np.empty((size, N_FFT // 2 + 1), np.float32), np.ones(2, np.float32)
    for first in range(0, len(frames), size):
        n = min(size, len(frames) - first)
        np.multiply(frames[first:first + n], _window(), out=windowed[:n])
        for row in range(0, n, 32):  # more rows at once, and OpenCV would take the cores that other songs are on
            some = slice(row, min(row + 32, n))
            cv2.dft(windowed[some], spectrum[some], flags=cv2.DFT_ROWS)
        np.square(spectrum[:n], out=spectrum[:n])  # first and last are real, between them stand pairs of real and imaginary
        power[:n, 0], power[:n, -1] = spectrum[:n, 0], spectrum[:n, -1]
        np.matmul(spectrum[:n, 1:-1].reshape(n, -1, 2), pair, out=power[:n, 1:-1])  # twice as fast as adding every other
        yield first, power[:n]


@functools.cache
def _window():
    return scipy.signal.get_window("hann", N_FFT).astype(np.float32)


@functools.cache
def _filters(kind, sr, n_mels):
    """A bank of filters in pieces (first row, first and last frequency, weights): most of a mel bank is zeros."""
    from librosa import filters
    bank = filters.mel(sr=sr, n_fft=N_FFT, n_mels=n_mels) if kind == "mel" else filters.chroma(sr=sr, n_fft=N_FFT)
    pieces = []
    for row in range(0, len(bank), 16):
        used = np.flatnonzero(bank[row:row + 16].any(axis=0))
        low, high = (used[0], used[-1] + 1) if used.size else (0, 1)
        pieces.append((row, low, high, np.ascontiguousarray(bank[row:row + 16, low:high].T, dtype=np.float32)))
    return pieces


def spectrograms(y, kinds=("mel",), *, sr=SAMPLE_RATE, n_mels=128):
    """Power in bands: mel bands, or the twelve pitch classes (C first, not normalised), from one Fourier transform.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], float32
    kinds : sequence of {'mel', 'chroma'}
    sr, n_mels : int

    Returns
    -------
    dict of str to np.ndarray [shape=(bands, 1 + n // 512)], float32
        Frames of 2048 samples, every 512 samples; `mel` as `librosa.feature.melspectrogram` has it.

    Examples
    --------
    >>> spectrograms(np.ones(5120, np.float32), ("chroma",))["chroma"].shape
    (12, 11)
    """
    out = {kind: np.empty((1 + len(y) // HOP_LENGTH, n_mels if kind == "mel" else 12), np.float32) for kind in kinds}
    for first, power in power_blocks(y):
        for kind, bands in out.items():
            for row, low, high, weights in _filters(kind, sr, n_mels):
                bands[first:first + len(power), row:row + weights.shape[1]] = power[:, low:high] @ weights
    return {kind: bands.T for kind, bands in out.items()}
