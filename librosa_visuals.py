"""Plots of one recording, and of several side by side. Their data is computed in `signals.structure`.

A song is a path, a `Recording`, or a pair `(y, sr)` of mono samples and their rate. Every function draws on `ax`, or
on a new figure where it is not given, and returns the Axes.
"""

import textwrap

import librosa
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullLocator

from signals.chords import chord_chart, plot_chords, song_chords
from signals.excerpts import extract_excerpt
from signals.key import key_name
from signals.song_pack import write_pack
from signals.sound_sentences import (
    brightness_sentence,
    comparison_sentence,
    level_sentence,
    sections_sentence,
    tempo_sentence,
)
from signals.spectrograms import DECIBELS, HOP_LENGTH, N_FFT, power_to_decibels
from signals.structure import (
    MOST_COLUMNS,
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

__all__ = ["brightness_sentence", "chord_chart", "compare_songs", "comparison_sentence", "extract_excerpt",
           "key_name", "level_sentence", "plot_chords", "plot_chromagram", "plot_mel_spectrogram", "plot_mfcc",
           "plot_rolloff_and_centroid", "plot_self_similarity", "plot_spectrogram", "plot_tempogram", "plot_waveform",
           "plot_zero_crossing_rate", "sections_sentence", "song_chords", "tempo_sentence",
           "visualize_Chromagram_y_Spectrogram", "write_pack"]

LEVELS = {"cmap": "magma", "vmin": -DECIBELS, "vmax": 0}
HERTZ = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000]


# ---- what the plots share

def _axes(ax, song, height=4, width=9):
    if ax is None:
        ax = plt.subplots(figsize=(width, height), layout="constrained")[1]
        ax.set_title(_shortened(song_name(song), 8 * width), parse_math=False)
    return ax


def _mesh(ax, times, rows, values, label, bar=True, **kwargs):
    """Draw values between times and edges of rows, with a colour bar."""
    mesh = ax.pcolormesh(times, rows, values, **{"rasterized": True} | kwargs)
    if bar:
        ax.figure.colorbar(mesh, ax=ax, label=label, pad=.01)
    return time_axis(ax, times[0], times[-1])


def _draw_spectrogram(data, ax, loudest=None, bar=True, **kwargs):
    # 48 rows an octave are more than can be seen: a row shows the strongest of its frequencies
    bins = np.unique(np.round(2 ** (np.arange(48 * np.log2(N_FFT // 2)) / 48)).astype(int))
    edges = (np.append(bins, N_FFT // 2 + 1) - .5) * data.sr / N_FFT
    power = np.maximum.reduceat(data.power, bins)
    bands = power_to_decibels(power, power.max() if loudest is None else loudest)
    _mesh(ax, data.edges, edges, bands, "level (dB)", bar, **LEVELS | kwargs)
    ax.set_yscale("log")
    ax.set_yticks(HERTZ, [f"{hertz:,}" for hertz in HERTZ])
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set(ylabel="frequency (Hz)", ylim=(30, data.sr / 2))
    return ax


def _draw_chromagram(data, ax, bar=True, **kwargs):
    chroma = librosa.feature.chroma_stft(S=data.power, sr=data.sr, tuning=None if data.power.any() else 0.0)
    chroma[:, ~_sounds(data)] = 0
    style = {"cmap": "Blues", "vmin": 0, "vmax": 1} | kwargs
    _mesh(ax, data.edges, np.arange(13) - .5, chroma, "strength (0-1)", bar, **style)
    ax.set_yticks(np.arange(12), "C C♯ D D♯ E F F♯ G G♯ A A♯ B".split(), fontsize=8)
    ax.set(ylabel="pitch class")
    return ax


def _sounds(data):
    """Which columns of a spectrogram are not silent [shape=(columns,)]."""
    return data.power.max(axis=0) > SILENT_POWER * data.power.max()


def _mel_decibels(data, n_mels=128):
    bands = librosa.feature.melspectrogram(S=data.power, sr=data.sr, n_mels=n_mels)
    return power_to_decibels(bands, bands.max())


def _shortened(name, width):
    return textwrap.shorten(name, width, placeholder=" ...")


# ---- plots

def visualize_Chromagram_y_Spectrogram(path, *, trim=True, axs=None, **kwargs):
    """Plot the spectrogram of a recording, and its chromagram below on the same time axis.

    Parameters
    ----------
    path : str, Path, Recording or (y, sr)
    trim : bool
        Leave out silence at both ends; the times on the axis remain those of the file.
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
    data = spectrogram(path, trim=trim)
    _draw_spectrogram(data, axs[0], **kwargs)
    _draw_chromagram(data, axs[1])
    axs[0].set_xlabel("")
    axs[0].set_title(_shortened(song_name(path), 72), parse_math=False)
    return np.asarray(axs)


def compare_songs(paths, *, trim=True, titles=None, axs=None, **kwargs):
    """Plot several songs side by side, spectrograms above and chromagrams below.

    They share one colour scale and one time scale. 0 dB is the loudest point of all songs, so a quiet song is darker.
    Each song begins at 0:00.

    Parameters
    ----------
    paths : sequence of str, Path, Recording or (y, sr)
    trim : bool
        Leave out silence at both ends.
    titles : sequence of str, optional
        The songs' names where they are not given.
    axs : np.ndarray of matplotlib Axes [shape=(2, songs)], optional
    **kwargs
        Passed on to the spectrograms' `pcolormesh`.

    Returns
    -------
    np.ndarray of matplotlib Axes [shape=(2, songs)]
    """
    songs = [spectrogram(path, trim=trim) for path in paths]
    songs = [data._replace(edges=data.edges - data.edges[0]) for data in songs]
    if axs is None:
        size = (max(7, 3.4 * len(songs) + 1.5), 5.5)
        axs = plt.subplots(2, len(songs), figsize=size, sharex=True, sharey="row", squeeze=False,
                           layout="constrained")[1]
    loudest = max(data.power.max() for data in songs)
    for number, (data, (above, below)) in enumerate(zip(songs, np.asarray(axs).T)):
        bar = number == len(songs) - 1
        _draw_spectrogram(data, above, loudest, bar, **kwargs)
        _draw_chromagram(data, below, bar)
        name = titles[number] if titles else song_name(paths[number]) or f"song {number + 1}"
        above.set_title(_shortened(name, 34), fontsize=10, parse_math=False)
    for ax in np.ravel(axs):
        time_axis(ax, 0, max(np.ptp(data.edges) for data in songs), most=4)
        ax.label_outer()
    axs[0][0].set_ylim(top=max(data.sr for data in songs) / 2)
    return np.asarray(axs)


def plot_waveform(song, *, ax=None, **kwargs):
    """Plot the lowest and highest sample in each of at most 2,000 stretches; `**kwargs` go to `fill_between`."""
    ax, sr = _axes(ax, song, 2.5), sample_rate(song)
    group = 30  # samples: little more than a millisecond, and blocks are whole multiples of it
    envelope, step = pooled((np.maximum.reduceat([-y, y], np.arange(0, len(y), group), axis=1).T
                             for y in sound_blocks(song)), np.max)
    times = np.arange(len(envelope)) * step * group / sr
    ax.fill_between(times, -envelope[:, 0], envelope[:, 1], **{"color": "C0", "lw": .6} | kwargs)
    ax.set(ylabel="amplitude (full scale = 1)")
    return time_axis(ax, 0, len(envelope) * step * group / sr)


def plot_spectrogram(song, *, trim=True, ax=None, **kwargs):
    """Plot the level in decibels below the loudest point, by frequency and time.

    Parameters
    ----------
    song : str, Path, Recording or (y, sr)
    trim : bool
        Leave out silence at both ends.
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to `pcolormesh`.

    Returns
    -------
    matplotlib Axes
    """
    return _draw_spectrogram(spectrogram(song, trim=trim), _axes(ax, song), **kwargs)


def plot_chromagram(song, *, trim=True, ax=None, **kwargs):
    """Plot the strength of each pitch class, relative to the strongest at each moment.

    Parameters
    ----------
    song : str, Path, Recording or (y, sr)
    trim : bool
        Leave out silence at both ends.
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to `pcolormesh`.

    Returns
    -------
    matplotlib Axes
    """
    return _draw_chromagram(spectrogram(song, trim=trim), _axes(ax, song, 3), **kwargs)


def plot_mel_spectrogram(song, *, n_mels=128, trim=True, ax=None, **kwargs):
    """Plot the level in mel bands, in decibels below the loudest point.

    Parameters
    ----------
    song : str, Path, Recording or (y, sr)
    n_mels : int
    trim : bool
        Leave out silence at both ends.
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to `pcolormesh`.

    Returns
    -------
    matplotlib Axes
    """
    data, ax = spectrogram(song, trim=trim), _axes(ax, song)
    _mesh(ax, data.edges, np.arange(n_mels + 1) - .5, _mel_decibels(data, n_mels), "level (dB)", **LEVELS | kwargs)
    centres = librosa.mel_frequencies(n_mels + 2, fmax=data.sr / 2)[1:-1]
    shown = [hertz for hertz in HERTZ if 200 <= hertz <= centres[-1]]
    ax.set_yticks(np.interp(shown, centres, np.arange(n_mels)), [f"{hertz:,}" for hertz in shown])
    ax.set(ylabel="frequency (Hz, mel scale)")
    return ax


def plot_mfcc(song, *, n_mfcc=20, trim=True, ax=None, **kwargs):
    """Plot the mel-frequency cepstral coefficients: the shape of the spectrum.

    The coefficient of number 0, which is the level, is left out.

    Parameters
    ----------
    song : str, Path, Recording or (y, sr)
    n_mfcc : int
    trim : bool
        Leave out silence at both ends.
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to `pcolormesh`.

    Returns
    -------
    matplotlib Axes
    """
    data, ax = spectrogram(song, trim=trim), _axes(ax, song, 3)
    values = librosa.feature.mfcc(S=_mel_decibels(data), n_mfcc=n_mfcc)[1:]
    most = np.percentile(np.abs(values), 93) or 1  # up to the maximum, the higher coefficients would be too pale
    style = {"cmap": "RdBu_r", "vmin": -most, "vmax": most} | kwargs
    _mesh(ax, data.edges, np.arange(n_mfcc) + .5, values, "dB", **style)
    ax.set(ylabel="MFCC (number)", yticks=range(1, n_mfcc, 3))
    return ax


def plot_rolloff_and_centroid(song, *, roll_percent=.85, trim=True, ax=None, **kwargs):
    """Plot the spectral rolloff and the spectral centroid over the spectrogram.

    Parameters
    ----------
    song : str, Path, Recording or (y, sr)
    roll_percent : float
        The share of the spectrum's magnitude that lies below the rolloff.
    trim : bool
        Leave out silence at both ends.
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to the `plot` of both lines.

    Returns
    -------
    matplotlib Axes
    """
    data = spectrogram(song, trim=trim, most=MOST_COLUMNS // 4)  # lines with more points would hide the spectrogram
    ax = _draw_spectrogram(data, _axes(ax, song), cmap="gray")
    magnitude = np.sqrt(data.power)
    middles = (data.edges[1:] + data.edges[:-1]) / 2
    rolloff = librosa.feature.spectral_rolloff(S=magnitude, sr=data.sr, roll_percent=roll_percent)[0]
    centroid = librosa.feature.spectral_centroid(S=magnitude, sr=data.sr)[0]
    for line, colour, name in ((rolloff, "C1", f"rolloff ({roll_percent:.0%})"), (centroid, "C9", "centroid")):
        shown = np.where(_sounds(data), line, np.nan)  # silence has neither
        ax.plot(middles, shown, **{"color": colour, "lw": 1.2, "label": name} | kwargs)
    ax.legend(loc="lower right", fontsize=9)
    return ax


def plot_zero_crossing_rate(song, *, ax=None, **kwargs):
    """Plot how often the samples change sign, which is twice the frequency of a tone; `**kwargs` go to `plot`."""
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
    """Plot the `tempogram`, with the beats as ticks below and their tempo as a line; `**kwargs` go to `pcolormesh`."""
    frames, ax = analyse(song), _axes(ax, song)
    bpm, edges, strength = tempogram(frames)
    # lags are evenly spaced, so the edges between them are computed in seconds a beat
    rows = 1 / (1.5 / bpm[0] - .5 / bpm[1] + np.arange(len(bpm) + 1) * (1 / bpm[1] - 1 / bpm[0]))
    _mesh(ax, edges, rows, strength, "autocorrelation (0-1)", **{"cmap": "magma", "vmin": 0} | kwargs)
    ax.set_yscale("log")
    ax.set_yticks([40, 60, 80, 120, 160, 240], [40, 60, 80, 120, 160, 240])
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set(ylabel="tempo (BPM)", ylim=(bpm[-1], bpm[0]))
    _draw_beats(ax, beat_times(frames))
    return ax


def _draw_beats(ax, beats):
    if len(beats) < 2:
        return
    tempo = 60 / np.median(np.diff(beats))
    ax.axhline(tempo, color="w", lw=1, ls="--", label=f"median of the beats: {tempo:.0f} BPM")
    ax.plot(beats, np.full(len(beats), .04), "|", color="C9", ms=10, mew=min(1, 300 / len(beats)),
            transform=ax.get_xaxis_transform(), label=f"{len(beats):,} beats")
    ax.legend(loc="upper right", fontsize=9, facecolor="0.2", labelcolor="w", framealpha=.9)


def plot_self_similarity(song, *, sections=True, ax=None, **kwargs):
    """Plot the similarity of each two moments of a song.

    Bright squares are sections, and dashed lines are their beginnings; bright lines beside the diagonal are
    repetitions.

    Parameters
    ----------
    song : str, Path, Recording or (y, sr)
    sections : bool
        Draw the dashed lines.
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to `pcolormesh`.

    Returns
    -------
    matplotlib Axes
    """
    similarity, ax = self_similarity(song), _axes(ax, song, 6, width=7)
    edges = similarity.edges
    style = {"cmap": "magma", "vmin": np.percentile(similarity.matrix, 5), "vmax": 1} | kwargs
    _mesh(ax, edges, edges, similarity.matrix, "similarity (0-1)", **style)
    for time in section_times(similarity) if sections else ():
        for line in (ax.axhline, ax.axvline):
            line(time, color="w", lw=1, ls="--")
    time_axis(ax, edges[0], edges[-1], axis="y")
    ax.set_aspect("equal")
    return ax
