"""Pictures of one recording, and of several side by side; what they draw is computed in `structure`.

A song is a path or a pair `(y, sr)` of mono samples and their rate.
"""

import textwrap

import librosa
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullLocator

from signals.excerpts import extract_excerpt
from signals.structure import (
    HOP_LENGTH,
    MOST_COLUMNS,
    N_FFT,
    SILENT_POWER,
    analyse,
    beat_times,
    chunks,
    pooled,
    sample_rate,
    section_times,
    self_similarity,
    song_name,
    sound_blocks,
    spectrogram,
    tempogram,
)
from signals.time_axis import time_axis

__all__ = ["compare_songs", "extract_excerpt", "plot_chromagram", "plot_mel_spectrogram", "plot_mfcc",
           "plot_rolloff_and_centroid",
           "plot_self_similarity", "plot_spectrogram", "plot_tempogram", "plot_waveform", "plot_zero_crossing_rate",
           "visualize_Chromagram_y_Spectrogram"]

DECIBELS = 80
"""Between black and white."""
LEVELS = {"cmap": "magma", "vmin": -DECIBELS, "vmax": 0}
HERTZ = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000]


# ---- drawing

def _axes(ax, song, height=4, width=9):
    if ax is None:
        ax = plt.subplots(figsize=(width, height), layout="constrained")[1]
        ax.set_title(textwrap.shorten(song_name(song), 8 * width, placeholder=" ..."), parse_math=False)
    return ax


def _mesh(ax, times, rows, values, label, bar=True, **kwargs):
    """Values between points in time and edges of rows, with their colour bar."""
    mesh = ax.pcolormesh(times, rows, values, **{"rasterized": True} | kwargs)
    if bar:
        ax.figure.colorbar(mesh, ax=ax, label=label, pad=.01)
    return time_axis(ax, times[0], times[-1])


def _decibels(power, loudest=None):
    """Decibels below the loudest, not below -80."""
    loudest = power.max() if loudest is None else loudest
    decibels = 10 * np.log10(np.maximum(power / (loudest or 1), 1e-30))
    return np.maximum(decibels, -DECIBELS)  # after the logarithm, whose last digit is another on another processor


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
    chroma[:, heard.power.max(axis=0) <= SILENT_POWER * heard.power.max()] = 0
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
    axs[0].set_xlabel("")
    axs[0].set_title(textwrap.shorten(song_name(path), 72, placeholder=" ..."), parse_math=False)
    return np.asarray(axs)


def compare_songs(paths, *, trim=True, titles=None, axs=None, **kwargs):
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
        above.set_title(textwrap.shorten(name, 34, placeholder=" ..."), fontsize=10, parse_math=False)
    for ax in np.ravel(axs):
        time_axis(ax, 0, max(np.ptp(heard.edges) for heard in songs), most=4)
        ax.label_outer()
    axs[0][0].set_ylim(top=max(heard.sr for heard in songs) / 2)
    return np.asarray(axs)


def plot_waveform(song, *, ax=None, **kwargs):
    """The samples' lowest and highest value in each of 2,000 stretches; `**kwargs` go to `fill_between`."""
    ax, sr = _axes(ax, song, 2.5), sample_rate(song)
    few = 30  # samples, a little more than a millisecond; blocks are whole multiples of it
    envelope, step = pooled((np.maximum.reduceat([-y, y], np.arange(0, len(y), few), axis=1).T
                             for y in sound_blocks(song)), np.max)
    times = np.arange(len(envelope)) * step * few / sr
    ax.fill_between(times, -envelope[:, 0], envelope[:, 1], **{"color": "C0", "lw": .6} | kwargs)
    ax.set(ylabel="amplitude (full scale = 1)")
    return time_axis(ax, 0, len(envelope) * step * few / sr)


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
        shown = np.where(heard.power.max(axis=0) > SILENT_POWER * heard.power.max(), line, np.nan)  # silence has neither
        ax.plot(middles, shown, **{"color": colour, "lw": 1.2, "label": name} | kwargs)
    ax.legend(loc="lower right", fontsize=9)
    return ax


def plot_zero_crossing_rate(song, *, ax=None, **kwargs):
    """How often the samples change sign: twice a tone's frequency, more for hiss and cymbals; `**kwargs` go to `plot`."""
    ax, sr = _axes(ax, song, 2.5), sample_rate(song)
    pieces = (librosa.feature.zero_crossing_rate(piece, frame_length=N_FFT, hop_length=HOP_LENGTH, center=False).T
              for piece in chunks(song))
    rate, step = pooled(pieces)
    times = (np.arange(len(rate)) + .5) * step * HOP_LENGTH / sr
    ax.plot(times, rate[:, 0] * sr, **{"lw": .8} | kwargs)
    ax.set(ylabel="zero crossings (per s)", ylim=(0, None))
    ax.yaxis.set_major_formatter("{x:,.0f}")
    return time_axis(ax, 0, len(rate) * step * HOP_LENGTH / sr)


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
    time_axis(ax, edges[0], edges[-1], axis="y")
    ax.set_aspect("equal")
    return ax
