"""One recording in frames: power, onsets and pitch classes, and from them its beats, tempo and repetitions.

A song is a path, a `Recording`, or a pair `(y, sr)` of mono samples and their rate. A file is read in pieces, and what
is plotted is averaged into at most 2,000 columns, so that an hour of sound needs no more memory than a few minutes.
"""

import itertools
from pathlib import Path
from typing import NamedTuple

import librosa
import numpy as np
import scipy.ndimage
import scipy.signal

from signals import decoding
from signals.decoding import SAMPLE_RATE, AudioError
from signals.estimators import TEMPOGRAM_FRAMES
from signals.recording import Recording
from signals.spectrograms import DECIBELS, HOP_LENGTH, N_FFT, power_of_whole_frames
from signals.tempo import estimate_tempo, register_onsets

BLOCK_SECONDS = 30
"""A song is read in blocks of this length."""
MOST_COLUMNS = 2000
MOST_STRETCHES = 1000
SILENT_POWER = 1e-6
"""A frame below this power, relative to the loudest frame, counts as silent: -60 dB."""
TEMPO_RANGE = (30, 300)
"""BPM that a tempogram shows."""
CONTEXT_SECONDS = 2.5
"""Two moments are compared by this much of the music around them."""
NEIGHBOUR_SHARE = .06
"""The share of a song that counts as alike to a moment."""
BLUR_SECONDS = (2.4, .4)
"""Standard deviations by which repetitions are smoothed over time and over their lag."""
REPETITION_WEIGHT = .5
"""How much repetitions count for a section boundary; contrast counts 1."""
PROMINENCE = .35
"""How far the novelty at a boundary must stand out, relative to the largest."""
LEAST_CONTRAST = .06
"""Where the contrast never reaches this, a song has one section.

This and the five settings above it were chosen on songs joined from clips of GTZAN's train list, see
`tests/benchmarks/bench_structure.py`.
"""


class Spectrogram(NamedTuple):
    """Mean power [shape=(1025, columns)], the times between columns in s [shape=(columns + 1,)], the sampling rate."""

    power: np.ndarray
    edges: np.ndarray
    sr: int


class Frames(NamedTuple):
    """Features of each frame of 512 samples: onset strength, the onsets in four registers as from
    `tempo.register_onsets`, 12 pitch classes, 13 cepstral coefficients, power."""

    onset: np.ndarray
    registers: np.ndarray
    chroma: np.ndarray
    timbre: np.ndarray
    power: np.ndarray
    sr: int


class Similarity(NamedTuple):
    """Similarity of each two stretches of a song, 0-1 [shape=(n, n)], and their edges in s [shape=(n + 1,)]."""

    matrix: np.ndarray
    edges: np.ndarray


# ---- a song in pieces

def sample_rate(song):
    """The sampling rate at which a song is analysed: that of a pair, or 22,050 Hz for a file."""
    return int(song[1]) if isinstance(song, (tuple, list)) else SAMPLE_RATE


def song_name(song):
    """A file's name without its ending; empty for samples."""
    if isinstance(song, (tuple, list)):
        return ""
    return Path(getattr(song, "path", song)).stem.replace("_", " ")


def read(song):
    """A song's mono samples [shape=(n,)] and their rate."""
    return np.concatenate(list(sound_blocks(song))), sample_rate(song)


def sound_blocks(song):
    """Yield a song's mono samples, half a minute at a time.

    Raises
    ------
    AudioError
        There are no samples, or they are not finite.
    """
    if isinstance(song, Recording):
        song = (song.mono(), SAMPLE_RATE)
    blocks = _slices(*song) if isinstance(song, (tuple, list)) else decoding.blocks(song, BLOCK_SECONDS, sr=SAMPLE_RATE)
    empty = True
    for block in blocks:
        if not np.isfinite(block).all():
            raise AudioError("holds values that are no numbers")
        empty = False
        yield block
    if empty:
        raise AudioError("empty: no sound in it")


def _slices(y, sr):
    if np.ndim(y) != 1:
        raise AudioError(f"samples of shape {np.shape(y)}: give one channel, such as y.mean(axis=1)")
    for start in range(0, len(y), BLOCK_SECONDS * int(sr)):
        yield np.asarray(y[start:start + BLOCK_SECONDS * int(sr)], dtype=np.float32)


def chunks(song):
    """Yield a song in overlapping pieces of samples [shape=(n,)], whose whole frames are the frames of the song.

    A frame is 2048 samples and begins 512 after the one before; the first is centred on the first sample.

    Examples
    --------
    >>> sum(1 + (len(piece) - 2048) // 512 for piece in chunks((np.ones(22_050 * 61), 22_050)))
    2628
    """
    silence = np.zeros(N_FFT // 2, np.float32)
    rest = silence
    for block in itertools.chain(sound_blocks(song), [silence]):
        piece = np.concatenate([rest, block])
        n_frames = max(0, 1 + (len(piece) - N_FFT) // HOP_LENGTH)
        if n_frames:
            yield piece[:(n_frames - 1) * HOP_LENGTH + N_FFT]
        rest = piece[n_frames * HOP_LENGTH:]


def frame_power(piece):
    """The power spectrum of each whole frame of a piece of samples: [shape=(frames, 1025)]."""
    return np.concatenate([power.copy() for _, power in power_of_whole_frames(piece)])


def pooled(pieces, how=np.mean, most=MOST_COLUMNS):
    """Pool rows that come in pieces, so that few remain.

    Parameters
    ----------
    pieces : iterable of np.ndarray [shape=(rows, values)]
    how : callable
        Pools rows, such as `np.mean` or `np.max`; called with `axis`.
    most : int
        At most this many pooled rows remain, and one for an incomplete group at the end.

    Returns
    -------
    rows : np.ndarray [shape=(n, values)]
    step : int
        How many rows each of these stands for.

    Examples
    --------
    >>> rows, step = pooled([np.array([[1.0], [3]]), np.array([[5.0], [7], [9]])], most=2)
    >>> rows.ravel().tolist(), step
    ([2.0, 6.0, 9.0], 2)
    """
    step, kept, rest = 1, 0, 0
    for piece in pieces:
        kept, rest = (kept, np.concatenate([rest, piece])) if np.ndim(rest) else (piece[:0], piece)
        whole = len(rest) // step * step
        kept = np.concatenate([kept, how(rest[:whole].reshape(-1, step, rest.shape[1]), axis=1)])
        rest = rest[whole:]
        while len(kept) > most:
            even = len(kept) // 2 * 2  # an odd last row is unpooled again and waits for the next piece
            rest = np.concatenate([np.repeat(kept[even:], step, axis=0), rest])
            kept = how(kept[:even].reshape(-1, 2, kept.shape[1]), axis=1)
            step *= 2
    return np.concatenate([kept, how(rest, axis=0, keepdims=True)]) if len(rest) else kept, step


# ---- power and features of frames

def spectrogram(song, *, trim=True, most=MOST_COLUMNS):
    """Power by frequency and time, with frames averaged into few columns.

    Parameters
    ----------
    song : str, Path, Recording or (y, sr)
    trim : bool
        Leave out what is 60 dB below the loudest frame at both ends.
    most : int
        Largest number of columns.

    Returns
    -------
    Spectrogram

    Examples
    --------
    >>> result = spectrogram((np.sin(np.arange(44_100) * 2 * np.pi * 440 / 22_050), 22_050))
    >>> round(float(librosa.fft_frequencies(sr=result.sr)[result.power.sum(axis=1).argmax()]))
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
    audible = np.flatnonzero(level > SILENT_POWER * level.max()) // step if trim else []
    first, last = (audible[0], audible[-1] + 1) if len(audible) else (0, len(power))
    return Spectrogram(power[first:last].T, edges[first:last + 1], sr)


def analyse(song):
    """The features of each frame of a song: a `Frames`, which is returned unchanged where it is given as the song."""
    if isinstance(song, Frames):
        return song
    sr = sample_rate(song)
    mel, fine = (librosa.filters.mel(sr=sr, n_fft=N_FFT, n_mels=n_mels).T for n_mels in (64, 128))
    chroma = librosa.filters.chroma(sr=sr, n_fft=N_FFT).T
    before, parts, decibels = None, [], []
    for piece in chunks(song):
        power = frame_power(piece)
        # half precision: as many bands as for the features of a song, for an hour in 40 MB
        decibels.append((10 * np.log10(np.maximum(power @ fine, 1e-10))).astype(np.float16))
        # compressed as in Müller (2015), chapter 6: unlike decibels, this needs no peak of the whole song
        bands = np.log1p(100 * (power @ mel))
        rise = np.diff(bands, axis=0, prepend=bands[:1] if before is None else before)
        cepstrum = scipy.fft.dct(bands, norm="ortho")[:, 1:14]
        parts.append((np.maximum(rise, 0).mean(axis=1), power @ chroma, cepstrum, power.mean(axis=1)))
        before = bands[-1:]
    onset, *others = (np.concatenate(part) for part in zip(*parts))
    return Frames(onset, _register_onsets(np.concatenate(decibels), sr), *others, sr)


def _register_onsets(decibels, sr, size=10_000):
    """`tempo.register_onsets` of decibels at half precision, some minutes at a time."""
    floor = decibels.max() - DECIBELS
    pieces = []
    for first in range(0, len(decibels), size):
        before = min(first, 1)
        piece = np.maximum(decibels[first - before:first + size].astype(np.float32), floor)
        pieces.append(register_onsets(piece, sr)[before:])
    return np.concatenate(pieces)


# ---- beats and tempo

def beat_times(song):
    """The times of the beats in s [shape=(n,)], by dynamic programming over the onset strength (Ellis 2007).

    Each beat is moved to the peak of its onset, to a fraction of a frame. Empty where no beat is found.
    """
    frames = analyse(song)
    tempo = estimate_tempo(frames.registers, frames.sr)["tempo"]
    if np.isnan(tempo):
        return np.empty(0)
    beats = librosa.beat.beat_track(onset_envelope=frames.onset, sr=frames.sr, hop_length=HOP_LENGTH, bpm=tempo)[1]
    # the onset strength already rises in the frame that only ends in the onset: its peak is one frame early
    return (_on_peaks(frames.onset, np.asarray(beats)) + 1) * HOP_LENGTH / frames.sr


def continued(beats, seconds):
    """Beats continued at their usual distance to both ends of a song, where no beats were found.

    Parameters
    ----------
    beats : np.ndarray [shape=(n,)]
        Times in s, two or more.
    seconds : float
        Duration of the song.

    Returns
    -------
    np.ndarray [shape=(m,)]

    Examples
    --------
    >>> continued(np.array([2.0, 3.0, 4.0]), 6.5).tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    """
    period = np.median(np.diff(beats))
    before = np.arange(beats[0], 0, -period)[:0:-1]
    after = np.arange(beats[-1], seconds, period)[1:]
    return np.concatenate([before, beats, after])


def _on_peaks(onset, beats, reach=2):
    """Beats moved to the peak within `reach` frames, to a fraction of a frame by a parabola through the peak."""
    padded = np.pad(onset, reach + 1)
    window = padded[beats[:, None] + np.arange(1, 2 * reach + 2)]
    peak = beats + window.argmax(axis=1) - reach
    left, middle, right = (padded[peak + reach + 1 + step] for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    is_peak = (bend < 0) & (middle >= left) & (middle >= right)
    return np.where(is_peak, peak + .5 * (left - right) / np.where(is_peak, bend, -1), beats)


def tempogram(song, *, most=MOST_COLUMNS):
    """How strongly the onsets repeat at each tempo over time, for a plot (Grosche & Müller 2010).

    The autocorrelation of the onset strength in windows of 384 frames. Unlike `estimators.local_autocorrelation`, which
    is librosa's tempogram and one of the features of a song, this one subtracts the mean of the second around each
    frame and the mean of each window, reflects the song at its ends, and has only as many columns as can be seen.

    Returns
    -------
    bpm : np.ndarray [shape=(tempi,)]
        From fast to slow.
    edges : np.ndarray [shape=(columns + 1,)]
        Times between columns in s.
    strength : np.ndarray [shape=(tempi, columns)]
        Relative to the autocorrelation at lag 0: 0-1.
    """
    frames = analyse(song)
    step = -(-len(frames.onset) // most)
    local_mean = scipy.ndimage.uniform_filter1d(frames.onset, 43)  # of a second
    padded = np.pad(np.maximum(frames.onset - local_mean, 0), TEMPOGRAM_FRAMES // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, TEMPOGRAM_FRAMES)[:len(frames.onset):step]
    windows = (windows - windows.mean(axis=1, keepdims=True)) * np.hanning(TEMPOGRAM_FRAMES)
    strength = librosa.autocorrelate(windows, axis=1)
    bpm = 60 * frames.sr / HOP_LENGTH / np.arange(1, TEMPOGRAM_FRAMES)
    shown = (bpm >= TEMPO_RANGE[0]) & (bpm <= TEMPO_RANGE[1])
    edges = (np.arange(len(windows) + 1) * step).clip(0, len(frames.onset)) * HOP_LENGTH / frames.sr
    at_lag_0 = strength[:, :1].clip(1e-3 * strength.max() + 1e-9)
    return bpm[shown], edges, (strength[:, 1:][:, shown] / at_lag_0).clip(0).T


# ---- structure

def self_similarity(song, *, most=MOST_STRETCHES):
    """The similarity of each two stretches of a song: a `Similarity`. A stretch is a beat.

    It is the mean of two cosine similarities, of pitch classes and of timbre. Where there are more beats than `most`, a
    stretch is several beats; where there are none, it is half a second.
    """
    frames = analyse(song)
    cuts = _stretches(beat_times(frames), len(frames.onset), frames.sr, most)
    lengths = np.diff(cuts)[:, None]
    chroma, timbre = (np.add.reduceat(part, cuts[:-1]) / lengths for part in (frames.chroma, frames.timbre))
    timbre = (timbre - timbre.mean(axis=0)) / np.maximum(timbre.std(axis=0), 1e-6)
    chroma, timbre = (librosa.util.normalize(part, norm=2, axis=1) for part in (chroma, timbre))
    # pitch classes are never negative, so their cosine is 0-1; that of timbre is -1 to 1
    matrix = .5 * (chroma @ chroma.T) + .25 * (1 + timbre @ timbre.T)
    return Similarity(matrix.astype(np.float32), cuts * HOP_LENGTH / frames.sr)


def _stretches(beats, n_frames, sr, most):
    """The frames between stretches [shape=(n + 1,)], from 0 to the last."""
    seconds = n_frames * HOP_LENGTH / sr
    times = continued(beats, seconds) if len(beats) > 4 else np.arange(0, seconds, .5)
    inner = np.unique(np.round(times * sr / HOP_LENGTH).astype(int))
    inner = inner[(inner > 0) & (inner < n_frames)]
    return np.concatenate([[0], inner[::-(-(len(inner) + 1) // most)], [n_frames]])


def section_times(similarity, *, seconds=8.0):
    """When sections begin in s [shape=(n,)], without 0.

    There are two signs of a boundary: the music before it is unlike the music after it (Foote 2000), or the music after
    it repeats another part of the song than the music before it (Serrà, Müller, Grosche and Arcos 2014). The second
    also finds the boundary between two verses, which sound alike.

    Parameters
    ----------
    similarity : Similarity
    seconds : float
        How much music before and after a moment is compared. No section is shorter, but for a stretch or two.

    Returns
    -------
    np.ndarray [shape=(n,)]
    """
    matrix, edges = similarity
    stretch = np.median(np.diff(edges))
    reach = max(2, round(seconds / stretch))
    if len(matrix) < 2 * reach:
        return np.empty(0)
    contrast, repeats = contrast_novelty(matrix, reach), repetition_novelty(matrix, stretch)
    if contrast.max() < LEAST_CONTRAST:
        return np.empty(0)
    novelty = contrast / contrast.max() + REPETITION_WEIGHT * repeats / max(repeats.max(), 1e-9)
    peaks = scipy.signal.find_peaks(novelty, distance=reach, prominence=PROMINENCE * novelty.max())[0]
    # closer to an end of the song, there is too little music to compare
    return edges[peaks[(peaks >= reach) & (peaks <= len(matrix) - reach)]]


def contrast_novelty(matrix, reach):
    """How unlike the music before a moment is to the music after it (Foote 2000).

    Parameters
    ----------
    matrix : np.ndarray [shape=(n, n)]
        Similarity of each two stretches.
    reach : int
        How many stretches before and after are compared.

    Returns
    -------
    np.ndarray [shape=(n + 1,)]
        For each edge between stretches; 0 where less than `reach` stretches lie before or after it.
    """
    taper = scipy.signal.windows.gaussian(2 * reach, reach / 2) * np.repeat([-1, 1], reach)
    kernel = np.outer(taper, taper) / np.outer(taper, taper).clip(0).sum()
    novelty = np.zeros(len(matrix) + 1)
    for middle in range(reach, len(matrix) - reach + 1):
        novelty[middle] = (kernel * matrix[middle - reach:middle + reach, middle - reach:middle + reach]).sum()
    return novelty


def repetition_novelty(matrix, stretch):
    """How much the moments that sound alike change from one moment to the next (Serrà, Müller, Grosche and Arcos 2014).

    Parameters
    ----------
    matrix : np.ndarray [shape=(n, n)]
        Similarity of each two stretches.
    stretch : float
        The usual length of a stretch in s.

    Returns
    -------
    np.ndarray [shape=(n + 1,)]
        For each edge between stretches.
    """
    n = len(matrix)
    number = np.arange(n)
    by_lag = (number[:, None] + np.arange(2 * n)) % (2 * n)  # column l of row i: l stretches later, l - 2n where l >= n
    by_time = (number - number[:, None]) % (2 * n)

    def lagged(values):
        return np.take_along_axis(np.pad(values, ((0, 0), (0, n))), by_lag, axis=1)

    context = 2 * round(CONTEXT_SECONDS / stretch / 2) + 1
    similar = np.take_along_axis(scipy.ndimage.uniform_filter1d(lagged(matrix), context, axis=0), by_time, axis=1)
    n_neighbours = min(max(2, round(NEIGHBOUR_SHARE * n)), n - 1)
    neighbours = similar >= np.partition(similar, -n_neighbours - 1, axis=1)[:, [-n_neighbours - 1]]
    mutual = lagged((neighbours & neighbours.T).astype(np.float32))
    repeats = scipy.ndimage.gaussian_filter(mutual, np.array(BLUR_SECONDS) / stretch, mode=("nearest", "wrap"))
    return np.pad(np.linalg.norm(np.diff(repeats, axis=0), axis=1), 1)
