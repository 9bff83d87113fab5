"""One recording in frames: power, onsets, pitch classes; from these its beats, its tempo over time and what in it recurs.

A song is a path or a pair `(y, sr)` of mono samples and their rate. It is read in pieces, and what is to be drawn is averaged
into 2,000 columns at most, so that an hour of sound needs no more memory than a few minutes do.
"""

import itertools
import os
from pathlib import Path
from typing import NamedTuple

import librosa
import numpy as np
import scipy.signal

from signals import decoding, spectrograms
from signals.descriptors import estimate_tempo

SAMPLE_RATE, N_FFT, HOP_LENGTH, BLOCK_SECONDS = decoding.SAMPLE_RATE, spectrograms.N_FFT, spectrograms.HOP_LENGTH, 30
MOST_COLUMNS, MOST_STRETCHES = 2000, 1000
SILENT_POWER = 1e-6
"""The power against the loudest frame's that counts as silence."""


class Spectrogram(NamedTuple):
    """Mean power [shape=(1025, columns)] between points in time in s [shape=(columns + 1,)], and the sampling rate."""

    power: np.ndarray
    edges: np.ndarray
    sr: int


class Frames(NamedTuple):
    """What is heard in each frame of 512 samples: onset strength, 12 pitch classes, 13 cepstral coefficients, power."""

    onset: np.ndarray
    chroma: np.ndarray
    timbre: np.ndarray
    power: np.ndarray
    sr: int


class Similarity(NamedTuple):
    """How alike any two stretches of a song are, 0-1 [shape=(n, n)], and the times between them in s [shape=(n + 1,)]."""

    matrix: np.ndarray
    edges: np.ndarray


# ---- a song in pieces

def sample_rate(song):
    """The rate at which a song is looked at: a pair's own, 22,050 Hz for a file."""
    return SAMPLE_RATE if _is_path(song) else int(song[1])


def song_name(song):
    """A file's name without its ending; nothing for samples."""
    return Path(song).stem.replace("_", " ") if _is_path(song) else ""


def _is_path(song):
    return isinstance(song, (str, os.PathLike))


def read(song):
    """A song's mono samples and their rate."""
    return np.concatenate(list(sound_blocks(song))), sample_rate(song)


def sound_blocks(song):
    """The song's mono samples, half a minute at a time; an AudioError where there are none, or no numbers."""
    blocks = decoding.blocks(song, BLOCK_SECONDS, sr=SAMPLE_RATE) if _is_path(song) else _slices(*song)
    empty = True
    for block in blocks:
        if not np.isfinite(block).all():
            raise decoding.AudioError("holds values that are no numbers")
        empty = False
        yield block
    if empty:
        raise decoding.AudioError("empty: no sound in it")


def _slices(y, sr):
    if np.ndim(y) != 1:
        raise decoding.AudioError(f"samples of shape {np.shape(y)}: give one channel, such as y.mean(axis=1)")
    for start in range(0, len(y), BLOCK_SECONDS * int(sr)):
        yield np.asarray(y[start:start + BLOCK_SECONDS * int(sr)], dtype=np.float32)


def chunks(song):
    """Yield a song in pieces of samples [shape=(n,)] that overlap as frames do, so that their frames are the song's frames.

    A frame is 2048 samples, 512 after the one before; the first is centred on the first sample.

    Examples
    --------
    >>> sum(1 + (len(piece) - 2048) // 512 for piece in chunks((np.ones(22_050 * 61), 22_050)))
    2628
    """
    tail = silence = np.zeros(N_FFT // 2, np.float32)
    for block in itertools.chain(sound_blocks(song), [silence]):
        piece = np.concatenate([tail, block])
        frames = max(0, 1 + (len(piece) - N_FFT) // HOP_LENGTH)
        if frames:
            yield piece[:(frames - 1) * HOP_LENGTH + N_FFT]
        tail = piece[frames * HOP_LENGTH:]


def frame_power(piece):
    """The power spectrum of each whole frame of a piece, through a Hann window: [shape=(frames, 1025)]."""
    return np.concatenate([power.copy() for _, power in spectrograms.power_of_whole_frames(piece)])


def pooled(pieces, how=np.mean, most=MOST_COLUMNS):
    """Rows that come in pieces, `how` many of them until at most `most` are left; and how many rows each stands for."""
    step, kept, rest = 1, 0, 0
    for piece in pieces:
        kept, rest = (kept, np.concatenate([rest, piece])) if np.ndim(rest) else (piece[:0], piece)
        whole = len(rest) // step * step
        kept = np.concatenate([kept, how(rest[:whole].reshape(-1, step, rest.shape[1]), axis=1)])
        rest = rest[whole:]
        while len(kept) > most:
            even = len(kept) // 2 * 2  # an odd one goes back among the rows
            rest = np.concatenate([np.repeat(kept[even:], step, axis=0), rest])
            kept, step = how(kept[:even].reshape(-1, 2, kept.shape[1]), axis=1), 2 * step
    return np.concatenate([kept, how(rest, axis=0, keepdims=True)]) if len(rest) else kept, step


# ---- what is drawn

def spectrogram(song, *, trim=True, most=MOST_COLUMNS):
    """Power by frequency and time, frames averaged into at most `most` columns: a `Spectrogram`.

    Where `trim` is set, what is 60 dB below the loudest frame is left out at both ends.

    Examples
    --------
    >>> heard = spectrogram((np.sin(np.arange(44_100) * 2 * np.pi * 440 / 22_050), 22_050))
    >>> round(float(librosa.fft_frequencies(sr=heard.sr)[heard.power.sum(axis=1).argmax()]))
    441
    """
    levels = []

    def powers():
        for piece in chunks(song):
            power = frame_power(piece)
            levels.append(power.sum(axis=1))
            yield power
    power, step = pooled(powers(), most=most)
    level, sr = np.concatenate(levels), sample_rate(song)
    edges = ((np.arange(len(power) + 1) * step).clip(0, len(level)) - .5).clip(0) * HOP_LENGTH / sr
    heard = np.flatnonzero(level > SILENT_POWER * level.max()) // step if trim else []
    first, last = (heard[0], heard[-1] + 1) if len(heard) else (0, len(power))
    return Spectrogram(power[first:last].T, edges[first:last + 1], sr)


def analyse(song):
    """Each frame of a song in few numbers: a `Frames`; one is handed back as it is, so that others can take either."""
    if isinstance(song, Frames):
        return song
    sr, before, parts = sample_rate(song), None, []
    mel, chroma = librosa.filters.mel(sr=sr, n_fft=N_FFT, n_mels=64).T, librosa.filters.chroma(sr=sr, n_fft=N_FFT).T
    for piece in chunks(song):
        power = frame_power(piece)
        # compressed as in Müller (2015), chapter 6: unlike decibels it needs no peak, so it can be had piece by piece
        bands = np.log1p(100 * (power @ mel))
        rise = np.diff(bands, axis=0, prepend=bands[:1] if before is None else before)
        parts.append((np.maximum(rise, 0).mean(axis=1), power @ chroma, scipy.fft.dct(bands, norm="ortho")[:, 1:14],
                      power.mean(axis=1)))
        before = bands[-1:]
    return Frames(*(np.concatenate(part) for part in zip(*parts)), sr)


# ---- beats and structure

def beat_times(song):
    """When the beats are, in s [shape=(n,)], by dynamic programming over the onset strength (Ellis 2007).

    Each is moved to its onset's peak, to fractions of a frame. Empty where no beat is found.
    """
    frames = analyse(song)
    tempo = estimate_tempo(frames.onset, frames.sr)["tempo"]
    if np.isnan(tempo):
        return np.empty(0)
    beats = librosa.beat.beat_track(onset_envelope=frames.onset, sr=frames.sr, hop_length=HOP_LENGTH, bpm=tempo)[1]
    # the strength rises while a frame still runs into its onset: the peak stands one frame early
    return (_on_peaks(frames.onset, np.asarray(beats)) + 1) * HOP_LENGTH / frames.sr


def _on_peaks(onset, beats, reach=2):
    """Beats moved to the peak within so many frames, to fractions of a frame by a parabola through the peak."""
    padded = np.pad(onset, reach + 1)
    near = padded[beats[:, None] + np.arange(1, 2 * reach + 2)]
    peak = beats + near.argmax(axis=1) - reach
    left, middle, right = (padded[peak + reach + 1 + step] for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    is_peak = (bend < 0) & (middle >= left) & (middle >= right)
    return np.where(is_peak, peak + .5 * (left - right) / np.where(is_peak, bend, -1), beats)


def tempogram(song, *, most=MOST_COLUMNS):
    """How strongly the onsets repeat at each tempo: autocorrelation in windows of 384 frames (Grosche & Müller 2010).

    Returns tempi in BPM, from fast to slow, times between columns in s [shape=(columns + 1,)], and the strength against that of
    the window itself, 0-1 [shape=(tempi, columns)].
    """
    frames, window = analyse(song), 384
    step = -(-len(frames.onset) // most)
    above = np.maximum(frames.onset - scipy.ndimage.uniform_filter1d(frames.onset, 43), 0)  # above the second around it
    padded = np.pad(above, window // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, window)[:len(frames.onset):step]
    windows = (windows - windows.mean(axis=1, keepdims=True)) * np.hanning(window)
    strength = librosa.autocorrelate(windows, axis=1)
    bpm = 60 * frames.sr / HOP_LENGTH / np.arange(1, window)
    shown = (bpm >= 30) & (bpm <= 300)
    edges = (np.arange(len(windows) + 1) * step).clip(0, len(frames.onset)) * HOP_LENGTH / frames.sr
    return bpm[shown], edges, (strength[:, 1:][:, shown] / strength[:, :1].clip(1e-3 * strength.max() + 1e-9)).clip(0).T


def self_similarity(song, *, most=MOST_STRETCHES):
    """How alike a song's stretches are: cosine of pitch classes and of timbre, averaged; a beat is a stretch.

    Where there are more beats than `most`, several make a stretch; where there is no beat, half a second is one.
    """
    frames = analyse(song)
    cuts = _stretches(beat_times(frames), len(frames.onset), frames.sr, most)
    chroma, timbre = (np.add.reduceat(part, cuts[:-1]) / np.diff(cuts)[:, None] for part in (frames.chroma, frames.timbre))
    timbre = (timbre - timbre.mean(axis=0)) / np.maximum(timbre.std(axis=0), 1e-6)
    alike = [one @ one.T for one in (librosa.util.normalize(part, norm=2, axis=1) for part in (chroma, timbre))]
    return Similarity((.5 * alike[0] + .25 * (1 + alike[1])).astype(np.float32), cuts * HOP_LENGTH / frames.sr)


def _stretches(beats, n_frames, sr, most):
    """Frame numbers between stretches, 0 and the end among them."""
    beats, period = (beats, np.median(np.diff(beats))) if len(beats) > 4 else (np.zeros(1), .5)
    before, after = np.arange(beats[0], 0, -period)[:0:-1], np.arange(beats[-1], n_frames * HOP_LENGTH / sr, period)[1:]
    inner = np.unique(np.round(np.concatenate([before, beats, after]) * sr / HOP_LENGTH).astype(int))
    inner = inner[(inner > 0) & (inner < n_frames)]
    return np.concatenate([[0], inner[::-(-(len(inner) + 1) // most)], [n_frames]])


def section_times(similarity, *, seconds=8.0):
    """When sections begin, in s [shape=(n,)], without 0: peaks of novelty along the diagonal (Foote 2000).

    `seconds` are compared before and after; no section is shorter.
    """
    matrix, edges = similarity
    reach = max(2, round(seconds / np.median(np.diff(edges))))
    if len(matrix) < 2 * reach:
        return np.empty(0)
    taper = scipy.signal.windows.gaussian(2 * reach, reach / 2) * np.repeat([-1, 1], reach)
    kernel = np.outer(taper, taper) / np.outer(taper, taper).clip(0).sum()
    novelty = np.zeros(len(matrix) + 1)
    for middle in range(reach, len(matrix) - reach + 1):
        novelty[middle] = (kernel * matrix[middle - reach:middle + reach, middle - reach:middle + reach]).sum()
    peaks = scipy.signal.find_peaks(novelty, distance=reach, prominence=max(.02, .2 * novelty.max()))[0]
    return edges[peaks]
