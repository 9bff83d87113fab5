"""Pictures of one recording, and of several side by side; what is drawn can be had as numbers too.

A song is a path or a pair `(y, sr)` of mono samples and their rate. It is read in pieces, and what is drawn is averaged
into 2,000 columns at most, so that an hour of sound needs no more memory than a few minutes do.
"""

import itertools
import os
import textwrap
from pathlib import Path
from typing import NamedTuple

import librosa
import matplotlib.pyplot as plt
import numpy as np
import scipy.fft
import scipy.ndimage
import scipy.signal
from matplotlib.ticker import FuncFormatter, MultipleLocator, NullLocator

import audio

SAMPLE_RATE, N_FFT, HOP_LENGTH, BLOCK_SECONDS = 22_050, 2048, 512, 30
MOST_COLUMNS, MOST_STRETCHES = 2000, 1000
DECIBELS, SILENCE = 80, 1e-6  # between black and white; the power against the loudest's that counts as silence
LEVELS = {"cmap": "magma", "vmin": -DECIBELS, "vmax": 0}
HERTZ = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000]
TICK_SECONDS = [.1, .2, .5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600]


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
    return np.concatenate(list(_blocks(song))), sample_rate(song)


def _blocks(song):
    """The song's mono samples, half a minute at a time; an AudioError where there are none, or no numbers."""
    blocks = audio.blocks(song, BLOCK_SECONDS, sr=SAMPLE_RATE) if _is_path(song) else _slices(*song)
    empty = True
    for block in blocks:
        if not np.isfinite(block).all():
            raise audio.AudioError("holds values that are no numbers")
        empty = False
        yield block
    if empty:
        raise audio.AudioError("empty: no sound in it")


def _slices(y, sr):
    if np.ndim(y) != 1:
        raise audio.AudioError(f"samples of shape {np.shape(y)}: give one channel, such as y.mean(axis=1)")
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
    for block in itertools.chain(_blocks(song), [silence]):
        piece = np.concatenate([tail, block])
        frames = max(0, 1 + (len(piece) - N_FFT) // HOP_LENGTH)
        if frames:
            yield piece[:(frames - 1) * HOP_LENGTH + N_FFT]
        tail = piece[frames * HOP_LENGTH:]


def frame_power(piece):
    """The power spectrum of each whole frame of a piece, through a Hann window: [shape=(frames, 1025)]."""
    frames = np.lib.stride_tricks.sliding_window_view(piece, N_FFT)[::HOP_LENGTH]
    window = scipy.signal.get_window("hann", N_FFT).astype(np.float32)
    power = np.empty((len(frames), N_FFT // 2 + 1), np.float32)
    for first in range(0, len(frames), 128):  # so many stay in the processor's cache
        spectrum = scipy.fft.rfft(frames[first:first + 128] * window)
        power[first:first + 128] = spectrum.real ** 2 + spectrum.imag ** 2
    return power


def _pooled(pieces, how=np.mean, most=MOST_COLUMNS):
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
    power, step = _pooled(powers(), most=most)
    level, sr = np.concatenate(levels), sample_rate(song)
    edges = ((np.arange(len(power) + 1) * step).clip(0, len(level)) - .5).clip(0) * HOP_LENGTH / sr
    heard = np.flatnonzero(level > SILENCE * level.max()) // step if trim else []
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
    if not frames.onset.any():
        return np.empty(0)
    bpm, _, strength = tempogram(frames)
    likely = strength.mean(axis=1) * np.exp(-2 * np.log2(bpm / 120) ** 2)  # of tempo and half tempo, the one nearer to 120
    beats = librosa.beat.beat_track(onset_envelope=frames.onset, sr=frames.sr, hop_length=HOP_LENGTH, bpm=bpm[likely.argmax()])[1]
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


# ---- drawing

def _axes(ax, song, height=4, width=9):
    if ax is None:
        ax = plt.subplots(figsize=(width, height), layout="constrained")[1]
        ax.set_title(textwrap.shorten(song_name(song), 8 * width, placeholder=" ..."))
    return ax


def _time_axis(ax, start, end, *, axis="x", most=8):
    """Ticks in minutes and seconds at round times."""
    start = 0 if start < .01 * end else start  # what silence was trimmed there may be too little to see
    step = next((step for step in TICK_SECONDS if (end - start) / step <= most), TICK_SECONDS[-1])
    which, digits = (ax.xaxis, ax.yaxis)[axis == "y"], 2 if step >= 1 else 4
    which.set_major_locator(MultipleLocator(step))
    which.set_major_formatter(FuncFormatter(lambda time, _: f"{int(time // 60)}:{time % 60:0{digits}.{digits // 4}f}"))
    ax.set(**{f"{axis}lim": (start, end), f"{axis}label": "time (min:s)"})
    return ax


def _mesh(ax, times, rows, values, label, bar=True, **kwargs):
    """Values between points in time and edges of rows, with their colour bar."""
    mesh = ax.pcolormesh(times, rows, values, **{"rasterized": True} | kwargs)
    if bar:
        ax.figure.colorbar(mesh, ax=ax, label=label, pad=.01)
    return _time_axis(ax, times[0], times[-1])


def _decibels(power, loudest=None):
    """Decibels below the loudest, not below -80."""
    loudest = power.max() if loudest is None else loudest
    return 10 * np.log10(np.maximum(power / (loudest or 1), 10 ** (-DECIBELS / 10)))


def _draw_spectrogram(heard, ax, loudest=None, bar=True, **kwargs):
    # 48 rows an octave, more than can be seen: a row shows the strongest of its frequencies
    bins = np.unique(np.round(2 ** (np.arange(48 * np.log2(N_FFT // 2)) / 48)).astype(int))
    edges = (np.append(bins, N_FFT // 2 + 1) - .5) * heard.sr / N_FFT
    bands = _decibels(np.maximum.reduceat(heard.power, bins), loudest)
    _mesh(ax, heard.edges, edges, bands, "level (dB)", bar, **LEVELS | kwargs)
    ax.set_yscale("log")
    ax.set_yticks(HERTZ, [f"{hertz:,}" for hertz in HERTZ])
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set(ylabel="frequency (Hz)", ylim=(30, heard.sr / 2))
    return ax


def _draw_chromagram(heard, ax, bar=True, **kwargs):
    chroma = librosa.feature.chroma_stft(S=heard.power, sr=heard.sr, tuning=None if heard.power.any() else 0.0)
    chroma[:, heard.power.max(axis=0) <= SILENCE * heard.power.max()] = 0
    _mesh(ax, heard.edges, np.arange(13) - .5, chroma, "strength (0-1)", bar, **{"cmap": "Blues", "vmin": 0, "vmax": 1} | kwargs)
    ax.set_yticks(np.arange(12), "C C♯ D D♯ E F F♯ G G♯ A A♯ B".split(), fontsize=8)
    ax.set(ylabel="pitch class")
    return ax


def visualize_Chromagram_y_Spectrogram(path, *, trim=True, axs=None, **kwargs):
    """The spectrogram of a recording, and below it, on the same time axis, its chromagram.

    Parameters
    ----------
    path : str, Path or (y, sr)
    trim : bool
        Leave out silence at both ends; the time axis keeps the file's own times.
    axs : sequence of two matplotlib Axes, optional
    **kwargs
        Passed on to the spectrogram's `pcolormesh`.

    Returns
    -------
    np.ndarray of two matplotlib Axes

    Examples
    --------
    >>> tone = np.sin(np.arange(44_100) * 2 * np.pi * 440 / 22_050)
    >>> [ax.get_ylabel() for ax in visualize_Chromagram_y_Spectrogram((tone, 22_050))]
    ['frequency (Hz)', 'pitch class']
    """
    if axs is None:
        axs = plt.subplots(2, figsize=(9, 6), sharex=True, layout="constrained", height_ratios=[3, 2])[1]
    heard = spectrogram(path, trim=trim)
    _draw_spectrogram(heard, axs[0], **kwargs)
    _draw_chromagram(heard, axs[1])
    axs[0].set(xlabel="", title=song_name(path))
    return np.asarray(axs)


def compare(paths, *, trim=True, titles=None, axs=None, **kwargs):
    """Several songs side by side, spectrograms above and chromagrams below, on one colour and time scale.

    0 dB is the loudest point of all songs, so a quiet song is darker; each begins at 0:00, where its sound begins.

    Parameters
    ----------
    paths : sequence of str, Path or (y, sr)
    titles : sequence of str, optional
        The songs' names where none are given.
    axs : np.ndarray of matplotlib Axes [shape=(2, songs)], optional
    **kwargs
        Passed on to the spectrograms' `pcolormesh`.

    Returns
    -------
    np.ndarray of matplotlib Axes [shape=(2, songs)]
    """
    songs = [spectrogram(path, trim=trim) for path in paths]
    if axs is None:
        size = (max(7, 3.4 * len(songs) + 1.5), 5.5)
        axs = plt.subplots(2, len(songs), figsize=size, sharex=True, sharey="row", squeeze=False, layout="constrained")[1]
    loudest = max(heard.power.max() for heard in songs)
    for number, (heard, (above, below)) in enumerate(zip(songs, np.asarray(axs).T)):
        heard, bar = heard._replace(edges=heard.edges - heard.edges[0]), number == len(songs) - 1
        _draw_spectrogram(heard, above, loudest, bar, **kwargs)
        _draw_chromagram(heard, below, bar)
        name = titles[number] if titles else song_name(paths[number]) or f"song {number + 1}"
        above.set_title(textwrap.shorten(name, 34, placeholder=" ..."), fontsize=10)
    for ax in np.ravel(axs):
        _time_axis(ax, 0, max(np.ptp(heard.edges) for heard in songs), most=4)
        ax.label_outer()
    axs[0][0].set_ylim(top=max(heard.sr for heard in songs) / 2)
    return np.asarray(axs)


def plot_waveform(song, *, ax=None, **kwargs):
    """The samples' lowest and highest value in each of 2,000 stretches; `**kwargs` go to `fill_between`."""
    ax, sr = _axes(ax, song, 2.5), sample_rate(song)
    few = 30  # samples, a little more than a millisecond; blocks are whole multiples of it
    envelope, step = _pooled((np.maximum.reduceat([-y, y], np.arange(0, len(y), few), axis=1).T for y in _blocks(song)), np.max)
    times = np.arange(len(envelope)) * step * few / sr
    ax.fill_between(times, -envelope[:, 0], envelope[:, 1], **{"color": "C0", "lw": .6} | kwargs)
    ax.set(ylabel="amplitude (full scale = 1)")
    return _time_axis(ax, 0, len(envelope) * step * few / sr)


def plot_spectrogram(song, *, trim=True, ax=None, **kwargs):
    """Decibels below the loudest point by frequency and time; `**kwargs` go to `pcolormesh`."""
    return _draw_spectrogram(spectrogram(song, trim=trim), _axes(ax, song), **kwargs)


def plot_chromagram(song, *, trim=True, ax=None, **kwargs):
    """How much each pitch class sounds, against the strongest of its moment; `**kwargs` go to `pcolormesh`."""
    return _draw_chromagram(spectrogram(song, trim=trim), _axes(ax, song, 3), **kwargs)


def plot_mel_spectrogram(song, *, n_mels=128, trim=True, ax=None, **kwargs):
    """Decibels in bands as wide as the ear's; `**kwargs` go to `pcolormesh`."""
    heard, ax = spectrogram(song, trim=trim), _axes(ax, song)
    bands = _decibels(librosa.feature.melspectrogram(S=heard.power, sr=heard.sr, n_mels=n_mels))
    _mesh(ax, heard.edges, np.arange(n_mels + 1) - .5, bands, "level (dB)", **LEVELS | kwargs)
    centres = librosa.mel_frequencies(n_mels + 2, fmax=heard.sr / 2)[1:-1]
    shown = [hertz for hertz in HERTZ if 200 <= hertz <= centres[-1]]
    ax.set_yticks(np.interp(shown, centres, np.arange(n_mels)), [f"{hertz:,}" for hertz in shown])
    ax.set(ylabel="frequency (Hz, mel scale)")
    return ax


def plot_mfcc(song, *, n_mfcc=20, trim=True, ax=None, **kwargs):
    """Mel-frequency cepstral coefficients but the 0th: the spectrum's shape without its level; `**kwargs` go to `pcolormesh`."""
    heard, ax = spectrogram(song, trim=trim), _axes(ax, song, 3)
    bands = _decibels(librosa.feature.melspectrogram(S=heard.power, sr=heard.sr))
    values = librosa.feature.mfcc(S=bands, n_mfcc=n_mfcc)[1:]
    most = np.percentile(np.abs(values), 93) or 1  # or the first few would leave the others pale
    _mesh(ax, heard.edges, np.arange(n_mfcc) + .5, values, "dB", **{"cmap": "RdBu_r", "vmin": -most, "vmax": most} | kwargs)
    ax.set(ylabel="MFCC (number)", yticks=range(1, n_mfcc, 3))
    return ax


def plot_rolloff_and_centroid(song, *, roll_percent=.85, trim=True, ax=None, **kwargs):
    """Below which frequency most of the spectrum lies, and where its middle, over it; `**kwargs` go to both lines' `plot`."""
    heard, ax = spectrogram(song, trim=trim, most=MOST_COLUMNS // 4), _axes(ax, song)  # or the lines would hide it
    _draw_spectrogram(heard, ax, cmap="gray")
    magnitude, middles = np.sqrt(heard.power), (heard.edges[1:] + heard.edges[:-1]) / 2
    rolloff = librosa.feature.spectral_rolloff(S=magnitude, sr=heard.sr, roll_percent=roll_percent)[0]
    centroid = librosa.feature.spectral_centroid(S=magnitude, sr=heard.sr)[0]
    for line, colour, name in ((rolloff, "C1", f"rolloff ({roll_percent:.0%})"), (centroid, "C9", "centroid")):
        shown = np.where(heard.power.max(axis=0) > SILENCE * heard.power.max(), line, np.nan)  # silence has neither
        ax.plot(middles, shown, **{"color": colour, "lw": 1.2, "label": name} | kwargs)
    ax.legend(loc="lower right", fontsize=9)
    return ax


def plot_zero_crossing_rate(song, *, ax=None, **kwargs):
    """How often the samples change sign: twice a tone's frequency, more for hiss and cymbals; `**kwargs` go to `plot`."""
    ax, sr = _axes(ax, song, 2.5), sample_rate(song)
    pieces = (librosa.feature.zero_crossing_rate(piece, frame_length=N_FFT, hop_length=HOP_LENGTH, center=False).T
              for piece in chunks(song))
    rate, step = _pooled(pieces)
    times = (np.arange(len(rate)) + .5) * step * HOP_LENGTH / sr
    ax.plot(times, rate[:, 0] * sr, **{"lw": .8} | kwargs)
    ax.set(ylabel="zero crossings (per s)", ylim=(0, None))
    ax.yaxis.set_major_formatter("{x:,.0f}")
    return _time_axis(ax, 0, len(rate) * step * HOP_LENGTH / sr)


def plot_tempogram(song, *, ax=None, **kwargs):
    """What `tempogram` says, with the beats as ticks below and their tempo as a line; `**kwargs` go to `pcolormesh`."""
    frames, ax = analyse(song), _axes(ax, song)
    bpm, edges, strength = tempogram(frames)
    rows = 1 / (1.5 / bpm[0] - .5 / bpm[1] + np.arange(len(bpm) + 1) * (1 / bpm[1] - 1 / bpm[0]))  # even in time, not in tempo
    _mesh(ax, edges, rows, strength, "autocorrelation (0-1)", **{"cmap": "magma", "vmin": 0} | kwargs)
    ax.set_yscale("log")
    ax.set_yticks([40, 60, 80, 120, 160, 240], [40, 60, 80, 120, 160, 240])
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set(ylabel="tempo (BPM)", ylim=(bpm[-1], bpm[0]))
    beats = beat_times(frames)
    if len(beats) > 1:
        tempo = 60 / np.median(np.diff(beats))
        ax.axhline(tempo, color="w", lw=1, ls="--", label=f"{tempo:.0f} BPM")
        ax.plot(beats, np.full(len(beats), .04), "|", color="C9", ms=10, mew=min(1, 300 / len(beats)),
                transform=ax.get_xaxis_transform(), label=f"{len(beats):,} beats")
        ax.legend(loc="upper right", fontsize=9, facecolor="0.2", labelcolor="w", framealpha=.9)
    return ax


def plot_self_similarity(song, *, sections=True, ax=None, **kwargs):
    """How alike any two moments are: bright squares are sections, which begin at the dashed lines, bright lines beside the
    diagonal are repetitions; `**kwargs` go to `pcolormesh`."""
    similarity, ax = self_similarity(song), _axes(ax, song, 6, width=7)
    edges, low = similarity.edges, np.percentile(similarity.matrix, 5)
    _mesh(ax, edges, edges, similarity.matrix, "similarity (0-1)", **{"cmap": "magma", "vmin": low, "vmax": 1} | kwargs)
    for time in section_times(similarity) if sections else ():
        for line in (ax.axhline, ax.axvline):
            line(time, color="w", lw=1, ls="--")
    _time_axis(ax, edges[0], edges[-1], axis="y")
    ax.set_aspect("equal")
    return ax
