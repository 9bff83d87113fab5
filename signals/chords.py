"""The chords of a song, beat by beat: a table, a chord chart, and a row for under a timeline."""

import numpy as np
import pandas as pd

from signals.estimators import estimate_tuning
from signals.key import HOP_LENGTH, MAJOR_NAMES, MINOR_NAMES, pitch_classes, semitone_strengths, triad_similarity
from signals.structure import beat_times, continued, read

STAY = .7
"""The probability that a chord goes on over the next beat."""
SHARPNESS = 20
"""How much a better fitting triad counts more than others."""
SECONDS = .2
"""Pitch classes are averaged over this much before they are averaged over a beat."""
NO_CHORD = "–"
SILENT = .02
"""A beat whose tones are weaker than this share of the usual ones has no chord."""
WITHOUT_BEATS = .5
"""Seconds of a stretch where no beats are found."""


def song_chords(song, *, beats=None):
    """The chords of a song: which of the 24 major and minor triads fits each beat best, smoothed over time.

    The most probable sequence of a hidden Markov model (Sheh and Ellis 2003) in which a chord rather goes on than
    changes. Sevenths, inversions and power chords are named as the nearest triad.

    Parameters
    ----------
    song : str, Path, Recording or (y, sr)
    beats : np.ndarray [shape=(n,)], optional
        Times of the beats in s; they are found where they are not given. They are continued where a song begins or
        ends without beats.

    Returns
    -------
    pd.DataFrame
        One row a chord: `start`, `end` (s), `beats` (how many it lasts), `chord` (such as ``C`` or ``Am``; ``–`` where
        no tones sound), `root` (C = 0), `minor`, and `confidence`: the mean probability of the chord over its beats.

    Raises
    ------
    AudioError
        The song cannot be decoded or is empty.

    Examples
    --------
    >>> t = np.arange(2 * 22_050) / 22_050
    >>> am, f = (sum(np.sin(2 * np.pi * hertz * t) for hertz in chord) for chord in ((220, 262, 330), (220, 262, 349)))
    >>> song_chords((np.concatenate([am, f]), 22_050), beats=np.arange(0, 4, .5))["chord"].tolist()
    ['Am', 'F']
    """
    y, sr = read(song)
    beats = beat_times((y, sr)) if beats is None else np.asarray(beats, dtype=float)
    edges = _stretches(beats, len(y) / sr)
    tones = _tones_of_stretches(y, sr, edges)
    loud = np.linalg.norm(tones, axis=1)
    sounding = loud > SILENT * np.median(loud[loud > 0]) if loud.any() else np.zeros(len(loud), bool)
    scores = np.exp(SHARPNESS * triad_similarity(tones))
    proba = scores / scores.sum(axis=1, keepdims=True)
    path = _smoothed(proba)
    return _table(np.where(sounding, path, -1), proba, edges)


def _stretches(beats, seconds):
    """The times between stretches of one beat [shape=(n + 1,)], from 0 to the end of the song."""
    beats = continued(beats, seconds) if len(beats) > 1 else np.arange(0, seconds, WITHOUT_BEATS)
    inner = beats[(beats > .05) & (beats < seconds - .05)]
    return np.concatenate([[0], inner, [seconds]])


def _tones_of_stretches(y, sr, edges):
    """Mean pitch classes between edges [shape=(stretches, 12)]."""
    tones = pitch_classes(semitone_strengths(y, sr, estimate_tuning(y, sr)), sr, seconds=SECONDS)
    sums = np.vstack([np.zeros(12), np.cumsum(tones, axis=0)])
    frames = np.round(edges * sr / HOP_LENGTH).astype(int).clip(0, len(tones) - 1)
    ends = np.maximum(frames[1:], frames[:-1] + 1)
    return (sums[ends] - sums[frames[:-1]]) / (ends - frames[:-1])[:, None]


def _smoothed(proba):
    """The most probable sequence of chords, by Viterbi's algorithm."""
    n = proba.shape[1]
    change = np.full((n, n), np.log((1 - STAY) / (n - 1)))
    np.fill_diagonal(change, np.log(STAY))
    logs = np.log(np.maximum(proba, 1e-12))
    best, came = logs[0], []
    for row in logs[1:]:
        reached = best[:, None] + change
        came.append(reached.argmax(axis=0))
        best = reached.max(axis=0) + row
    path = [int(best.argmax())]
    for before in reversed(came):
        path.append(int(before[path[-1]]))
    return np.array(path[::-1])


def _table(path, proba, edges):
    """One row for each chord: stretches with the same chord are joined."""
    first = np.flatnonzero(np.concatenate([[True], path[1:] != path[:-1]]))
    last = np.append(first[1:], len(path))
    rows = []
    for begin, end in zip(first, last):
        chord = path[begin]
        known = chord >= 0
        rows.append({"start": edges[begin], "end": edges[end], "beats": int(end - begin),
                     "chord": chord_name(chord % 12, chord >= 12) if known else NO_CHORD,
                     "root": chord % 12 if known else np.nan, "minor": chord >= 12 if known else None,
                     "confidence": proba[begin:end, chord].mean() if known else np.nan})
    return pd.DataFrame(rows)


def chord_name(root, minor):
    """A triad as musicians write it.

    Examples
    --------
    >>> chord_name(9, True), chord_name(10, False)
    ('Am', 'B♭')
    """
    return f"{MINOR_NAMES[int(root)]}m" if minor else MAJOR_NAMES[int(root)]


def chord_chart(chords, *, beats_per_bar=4, bars_per_line=4):
    """A chord chart as text: a bar between bar lines, a dot where the chord goes on for another beat.

    Parameters
    ----------
    chords : pd.DataFrame
        As from `song_chords`.
    beats_per_bar, bars_per_line : int
        The first beat of the table is taken for the first of a bar.

    Returns
    -------
    str

    Examples
    --------
    >>> chords = pd.DataFrame({"chord": ["C", "Am", "F", "G"], "beats": [4, 4, 2, 2]})
    >>> print(chord_chart(chords))
    | C . . . | Am . . . | F . G . |
    """
    cells = [cell for chord, beats in zip(chords["chord"], chords["beats"]) for cell in [chord] + ["."] * (beats - 1)]
    bars = [cells[start:start + beats_per_bar] for start in range(0, len(cells), beats_per_bar)]
    lines = [bars[start:start + bars_per_line] for start in range(0, len(bars), bars_per_line)]
    return "\n".join("| " + " | ".join(" ".join(bar) for bar in line) + " |" for line in lines)


def plot_chords(chords, ax):
    """Draw chords as a row of coloured bars with their names, for under a timeline.

    Parameters
    ----------
    chords : pd.DataFrame
        As from `song_chords`.
    ax : matplotlib Axes

    Returns
    -------
    matplotlib Axes
    """
    from matplotlib import colormaps
    span = chords["end"].max()
    for row in chords.dropna(subset=["root"]).itertuples():
        # neighbours on the circle of fifths have neighbouring colours; minor chords are paler
        colour = colormaps["hsv"]((row.root + (3 if row.minor else 0)) * 7 % 12 / 12)
        ax.barh(0, row.end - row.start, left=row.start, height=1, color=colour, alpha=.35 if row.minor else .6)
        if row.end - row.start > span / 60:
            ax.text((row.start + row.end) / 2, 0, row.chord, ha="center", va="center", fontsize=7, clip_on=True)
    ax.set(yticks=[], ylabel="chords", ylim=(-.5, .5), xlim=(0, span))
    return ax
