"""Portions of one recording: its beat, its percussive and harmonic part, its hook, a loop of whole bars.

A song is a path or a pair `(y, sr)` of mono samples and their rate.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

import librosa
import numpy as np
import scipy.signal
import soundfile

from signals import decoding
from signals.structure import HOP_LENGTH, analyse, beat_times, read, self_similarity

WHAT = ("beat", "percussive", "harmonic", "hook", "loop")
SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
BEATS_PER_BAR, FADE_SECONDS, BLOCK_SECONDS = 4, .005, 30
LEVEL, LENGTH = .9, .7
"""What counts as repeated, between any two stretches (0) and the two most alike (1); the power of its length in a hook's score:
with 1 a verse and its hook together win, with 0 half a hook does."""


@dataclass
class Excerpt:
    """Part of a song: mono samples, where it stands in the song (s), its beats (s, in the song's time), where it recurs (s)."""

    what: str
    samples: np.ndarray = field(repr=False)
    sr: int
    start: float
    end: float
    beats: np.ndarray = field(repr=False)
    repeats: tuple = ()
    path: Path | None = None


def extract_excerpt(song, what, *, out=None, seconds=None, bars=4, clicks_only=False):
    """Take a portion out of a song.

    Parameters
    ----------
    song : str, Path or (y, sr)
    what : {'beat', 'percussive', 'harmonic', 'hook', 'loop'}
        The song with a click on each beat; the part that is struck or the part that sounds on (Fitzgerald 2010); the section
        that is repeated most (after Bartsch & Wakefield 2001 and Goto 2003), the loudest time that it is played; a loop
        that starts on a beat and can be played round and round.
    out : str or Path, optional
        Save it as sound: .wav, .flac, .ogg or .mp3. The file appears whole or not at all.
    seconds : float, optional
        Length of the hook; as long as the repetition goes on where none is given, 5 to 30 s.
    bars : int
        Length of the loop in bars of four beats; fewer where the song is shorter.
    clicks_only : bool
        Of the beat, the clicks without the song.

    Returns
    -------
    Excerpt

    Raises
    ------
    ValueError
        `what` or the file's ending is unknown; the song cannot be decoded, is empty, or has too few beats for a loop.

    Examples
    --------
    >>> clicks = librosa.clicks(times=np.arange(.25, 10, .5), sr=22_050, length=220_500)
    >>> loop = extract_excerpt((clicks, 22_050), "loop", bars=2)
    >>> round(loop.end - loop.start, 3)
    4.0
    """
    if what not in WHAT:
        raise ValueError(f"what={what!r}: choose from {', '.join(WHAT)}")
    if out is not None and Path(out).suffix.lower() not in SUFFIXES:
        raise ValueError(f"out={str(out)!r}: its ending should be one of {', '.join(SUFFIXES)}")
    y, sr = read(song)
    frames = analyse((y, sr))
    beats = beat_times(frames)
    if what == "beat":
        portion = Excerpt(what, _clicked(y, sr, beats, clicks_only), sr, 0.0, len(y) / sr, beats)
    elif what == "hook":
        portion = _hook(y, frames, beats, seconds)
    elif what == "loop":
        portion = _loop(y, frames, beats, bars)
    else:
        portion = Excerpt(what, _separated(y, sr, getattr(librosa.effects, what)), sr, 0.0, len(y) / sr, beats)
    if out is not None:
        portion.path = save_sound(Path(out), portion.samples, sr)
    return portion


def _clicked(y, sr, beats, clicks_only):
    clicks = librosa.clicks(times=beats, sr=sr, length=len(y)) if len(beats) else np.zeros(len(y))
    mixed = .7 * clicks + (0 if clicks_only else .7 * y / max(float(np.abs(y).max()), 1e-6))
    return (mixed / max(1, np.abs(mixed).max())).astype(np.float32)


def _separated(y, sr, part):
    """One part of the sound, half a minute at a time with a second around it, more than a median filter reaches."""
    size, around = BLOCK_SECONDS * sr, sr
    pieces = []
    for start in range(0, len(y), size):
        first = max(0, start - around)
        piece = y[first:start + size + around]
        whole = np.pad(piece, (0, max(0, 2048 - len(piece))))  # librosa warns of less than a frame
        pieces.append(part(whole)[:len(piece)][start - first:start - first + size])
    return np.concatenate(pieces)


def _hook(y, frames, beats, seconds):
    """Every stretch is laid beside every other, at every length from 5 to 30 s: the one wins whose repetitions, taken together,
    are longest and most alike, the loudest of them."""
    matrix, edges = self_similarity(frames)
    n, step = len(matrix), np.median(np.diff(edges))
    widths = {min(max(2, round(length / step)), max(1, n // 2)) for length in ([seconds] if seconds else np.arange(5, 31))}
    level, best = _alike(matrix, min(widths)), None
    for width in sorted(widths):
        gains = _runs(matrix, width) - level
        gains[np.abs(np.subtract.outer(np.arange(len(gains)), np.arange(len(gains)))) < width] = -1
        repeats = [_repeats(row, width) for row in gains]
        scores = [width ** LENGTH * sum(row[j] for j in found) for row, found in zip(gains, repeats)]
        one = int(np.argmax(scores))
        if best is None or scores[one] > best[0]:
            best = scores[one], width, [one, *repeats[one]]
    _, width, places = best
    loudness = np.convolve(np.add.reduceat(frames.power, np.round(edges[:-1] * frames.sr / HOP_LENGTH).astype(int)),
                           np.ones(width), "valid")
    times = [float(edges[place]) for place in sorted(places, key=lambda place: -loudness[place])]
    end = float(edges[min(int(np.searchsorted(edges, times[0])) + width, n)])
    return _portion("hook", y, frames.sr, times[0], end, beats, tuple(sorted(times[1:])))


def _runs(matrix, width):
    """How alike every two stretches of a width are: the mean along the diagonals of the similarity."""
    starts = len(matrix) - width + 1
    return sum(matrix[k:k + starts, k:k + starts] for k in range(width)) / width


def _alike(matrix, width):
    """The likeness from which on a stretch counts as repeated: nearer to the best repetition than to any two stretches."""
    runs = _runs(matrix, width)
    apart = runs[np.triu_indices(len(runs), width)]
    return LEVEL * apart.max() + (1 - LEVEL) * np.median(apart) if apart.size else 1.0


def _repeats(gains, width):
    """Where a stretch recurs, the most similar first; none overlaps another."""
    gains, found = gains.copy(), []
    while gains.max() > 0:
        found.append(int(gains.argmax()))
        gains[max(0, found[-1] - width + 1):found[-1] + width] = -1
    return found


def _loop(y, frames, beats, bars):
    """The whole bars after which the song sounds most as it did at their beginning, so that they can follow themselves."""
    bars = min(bars, (len(beats) - 1) // BEATS_PER_BAR)
    if bars < 1:
        raise decoding.AudioError(f"{len(beats)} beats found: too few for a loop of one bar")
    span = bars * BEATS_PER_BAR
    at = np.round(beats * frames.sr / HOP_LENGTH).astype(int).clip(0, len(frames.onset) - 1)
    # bars are taken to begin where the onsets are strongest
    first = max(range(BEATS_PER_BAR), key=lambda beat: frames.onset[at[beat::BEATS_PER_BAR]].mean())
    starts = np.arange(len(beats) - span)
    starts = starts[starts % BEATS_PER_BAR == first] if (starts % BEATS_PER_BAR == first).any() else starts
    sound = np.hstack([librosa.util.normalize(part, norm=2, axis=1) for part in (frames.chroma, frames.timbre)])
    start = max(starts, key=lambda start: _likeness(sound, at[start], at[start + span]))
    begin, end = _seam(y, frames.sr, beats[start], beats[start + span])
    portion = _portion("loop", y, frames.sr, begin / frames.sr, end / frames.sr, beats)
    # the last samples turn into those that lead into the first, so that going round makes no click
    fade = min(round(FADE_SECONDS * frames.sr), len(portion.samples))
    rising = np.linspace(0, 1, fade, dtype=np.float32)
    lead = np.pad(y[max(0, begin - fade):begin], (max(0, fade - begin), 0))
    portion.samples[-fade:] = (1 - rising) * portion.samples[-fade:] + rising * lead
    return portion


def _likeness(sound, one, other, reach=86):
    """How alike the two seconds from two frames on are; what the song's end cuts off counts as unlike."""
    there = min(reach, len(sound) - other)
    return float((sound[one:one + there] * sound[other:other + there]).sum())


def _seam(y, sr, start, end):
    """First and last sample of a loop: it begins where it is quietest in the 12 ms before the beat, so that no onset is cut,
    and its end is moved by up to 20 ms to where the sound goes on as it began."""
    begin, end, reach = max(0, round((start - .012) * sr)), round(end * sr), round(.02 * sr)
    begin += int(np.abs(y[begin:round(start * sr)]).argmin()) if begin < round(start * sr) else 0
    end -= round(start * sr) - begin
    opening = y[begin:begin + sr // 4]
    following = y[max(0, end - reach):end + reach + len(opening)]
    if len(following) <= len(opening) or not opening.any():
        return begin, min(end, len(y))
    match = scipy.signal.correlate(following, opening, mode="valid", method="fft")
    summed = np.cumsum(np.pad(following.astype(float), (1, 0)) ** 2)
    energy = summed[len(opening):] - summed[:-len(opening)]
    likeness = match / np.sqrt((energy * (opening.astype(float) ** 2).sum()).clip(1e-12))
    shift = int(likeness.argmax()) if likeness.max() > .5 else end - max(0, end - reach)
    return begin, min(max(0, end - reach) + shift, len(y))


def _portion(what, y, sr, start, end, beats, repeats=()):
    """A stretch of the song, cut to samples; `start` and `end` say exactly which."""
    first, last = round(start * sr), min(round(end * sr), len(y))
    inside = beats[(beats >= first / sr) & (beats < last / sr)]
    return Excerpt(what, y[first:last].copy(), sr, first / sr, last / sr, inside, repeats)


def save_sound(path, samples, sr):
    """Write a sound file beside its place, then move it there; a second at a time, since long Vorbis writes crash libsndfile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.unfinished{path.suffix}")
    try:
        with soundfile.SoundFile(unfinished, "w", sr, 1) as sound:
            for start in range(0, len(samples), sr):
                sound.write(samples[start:start + sr])
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path
