"""Excerpts of one recording: its beat, its percussive or harmonic part, its hook, a loop of whole bars.

A song is a path, a `Recording`, or a pair `(y, sr)` of mono samples and their rate.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import librosa
import numpy as np
import scipy.signal
import soundfile

from signals.decoding import AudioError
from signals.spectrograms import HOP_LENGTH, N_FFT
from signals.structure import BLOCK_SECONDS, analyse, beat_times, read, self_similarity
from signals.tempo import estimate_tempo
from sources.files import atomic_path

WHAT = ("beat", "percussive", "harmonic", "hook", "loop")
SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
BEATS_PER_BAR = 4
"""Where the metre cannot be told."""
FADE_SECONDS = .005
REPETITION_LEVEL = .9
"""The similarity that makes a repetition: 0 is the median of any two stretches, 1 that of the two most similar."""
LENGTH_EXPONENT = .7
"""A hook's score grows with this power of its length. With 1, a verse with its hook wins; with 0, half a hook."""


@dataclass
class Excerpt:
    """An excerpt of a song.

    Attributes
    ----------
    what : str
        The kind of excerpt: one of `WHAT`.
    samples : np.ndarray [shape=(n,)]
        Mono samples.
    sr : int
        Their rate.
    start, end : float
        Its place in the song, in s.
    beats : np.ndarray [shape=(beats,)]
        Times of its beats in the song, in s.
    repeats : tuple of float
        Where it is repeated in the song, in s.
    path : Path or None
        The file that it was saved to.
    """

    what: str
    samples: np.ndarray = field(repr=False)
    sr: int
    start: float
    end: float
    beats: np.ndarray = field(repr=False)
    repeats: tuple = ()
    path: Path | None = None


class Hook(NamedTuple):
    """The hook of a song.

    Attributes
    ----------
    start, end : float
        In s.
    repeats : tuple of float
        When it is repeated, in s; empty where nothing is.
    """

    start: float
    end: float
    repeats: tuple


def extract_excerpt(song, what, *, out=None, seconds=None, bars=4, clicks_only=False):
    """Extract an excerpt of a song.

    Parameters
    ----------
    song : str, Path, Recording or (y, sr)
    what : {'beat', 'percussive', 'harmonic', 'hook', 'loop'}
        `beat`: the song with a click on each beat. `percussive`, `harmonic`: one part of a harmonic-percussive source
        separation (HPSS, Fitzgerald 2010). `hook`: an audio thumbnail, the section that is repeated most (after Bartsch
        & Wakefield 2001 and Goto 2003), where it is loudest. `loop`: whole bars that begin on a beat and can be played
        again and again.
    out : str or Path, optional
        Save it as a sound file: .wav, .flac, .ogg or .mp3. The file appears complete or not at all.
    seconds : float, optional
        Length of the hook; where it is not given, the length of the repetition, 5 to 30 s.
    bars : int
        Length of the loop in bars, of three beats where the metre is sure to be 3/4, else of four; fewer where the song
        is shorter.
    clicks_only : bool
        For `beat`: the clicks without the song.

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
        excerpt = Excerpt(what, _with_clicks(y, sr, beats, clicks_only), sr, 0.0, len(y) / sr, beats)
    elif what == "hook":
        hook = find_hook(frames, seconds=seconds)
        excerpt = _excerpt(what, y, sr, hook.start, hook.end, beats, hook.repeats)
    elif what == "loop":
        excerpt = _loop(y, frames, beats, bars)
    else:
        excerpt = Excerpt(what, _separated(y, sr, getattr(librosa.effects, what)), sr, 0.0, len(y) / sr, beats)
    if out is not None:
        excerpt.path = save_sound(out, excerpt.samples, sr)
    return excerpt


# ---- beat, percussive, harmonic


def _with_clicks(y, sr, beats, clicks_only):
    clicks = librosa.clicks(times=beats, sr=sr, length=len(y)) if len(beats) else np.zeros(len(y))
    mixed = .7 * clicks + (0 if clicks_only else .7 * y / max(float(np.abs(y).max()), 1e-6))
    return (mixed / max(1, np.abs(mixed).max())).astype(np.float32)


def _separated(y, sr, part):
    """One part of the sound, computed in blocks of half a minute.

    Each block is given a second more at both ends, which is further than the median filter reaches.
    """
    size, margin = BLOCK_SECONDS * sr, sr
    pieces = []
    for start in range(0, len(y), size):
        first = max(0, start - margin)
        piece = y[first:start + size + margin]
        padded = np.pad(piece, (0, max(0, N_FFT - len(piece))))  # librosa warns of less than a frame
        pieces.append(part(padded)[:len(piece)][start - first:start - first + size])
    return np.concatenate(pieces)


# ---- hook

def find_hook(frames, *, seconds=None):
    """The stretch whose repetitions are, taken together, longest and most similar; of the repetitions, the loudest.

    Every two stretches of the song are compared, at every length from 5 to 30 s.

    Parameters
    ----------
    frames : structure.Frames
    seconds : float, optional
        The length of the hook.

    Returns
    -------
    Hook
    """
    matrix, edges = self_similarity(frames)
    width, places = _most_repeated(matrix, np.median(np.diff(edges)), seconds)
    power = np.add.reduceat(frames.power, np.round(edges[:-1] * frames.sr / HOP_LENGTH).astype(int))
    loudness = np.convolve(power, np.ones(width), "valid")
    times = [float(edges[place]) for place in sorted(places, key=lambda place: -loudness[place])]
    end = float(edges[min(int(np.searchsorted(edges, times[0])) + width, len(matrix))])
    return Hook(times[0], end, tuple(sorted(times[1:])))


def _most_repeated(matrix, step, seconds):
    """The length of the hook, in rows of the similarity matrix (of `step` seconds), and the rows where it begins."""
    longest = max(1, len(matrix) // 2)
    widths = {min(max(2, round(length / step)), longest) for length in ([seconds] if seconds else np.arange(5, 31))}
    level = _repetition_level(matrix, min(widths))
    best = None
    for width in sorted(widths):
        gains = _similarity_of_stretches(matrix, width) - level
        rows = np.arange(len(gains))
        gains[np.abs(np.subtract.outer(rows, rows)) < width] = -1  # a stretch does not repeat itself
        repeats = [_repeats(row, width) for row in gains]
        scores = [width ** LENGTH_EXPONENT * sum(row[j] for j in starts) for row, starts in zip(gains, repeats)]
        winner = int(np.argmax(scores))
        if best is None or scores[winner] > best[0]:
            best = scores[winner], width, [winner, *repeats[winner]]
    return best[1:]


def _similarity_of_stretches(matrix, width):
    """The similarity of each two stretches of a width: the mean along the diagonals of the similarity matrix."""
    starts = len(matrix) - width + 1
    return sum(matrix[k:k + starts, k:k + starts] for k in range(width)) / width


def _repetition_level(matrix, width):
    """The similarity from which on a stretch counts as a repetition: near that of the song's best repetition."""
    similarity = _similarity_of_stretches(matrix, width)
    apart = similarity[np.triu_indices(len(similarity), width)]
    if not apart.size:
        return 1.0
    return REPETITION_LEVEL * apart.max() + (1 - REPETITION_LEVEL) * np.median(apart)


def _repeats(gains, width):
    """Where a stretch is repeated, the most similar repetition first; they do not overlap."""
    gains, starts = gains.copy(), []
    while gains.max() > 0:
        starts.append(int(gains.argmax()))
        gains[max(0, starts[-1] - width + 1):starts[-1] + width] = -1
    return starts


# ---- loop

def _loop(y, frames, beats, bars):
    """The whole bars after which the song sounds most similar to their beginning, so that they can be repeated."""
    metre = estimate_tempo(frames.registers, frames.sr)["beats_per_bar"]
    per_bar = BEATS_PER_BAR if np.isnan(metre) else int(metre)
    bars = min(bars, (len(beats) - 1) // per_bar)
    if bars < 1:
        raise AudioError(f"{len(beats)} beats found: too few for a loop of one bar")
    span = bars * per_bar
    at = np.round(beats * frames.sr / HOP_LENGTH).astype(int).clip(0, len(frames.onset) - 1)
    # a bar is assumed to begin on the beat with the strongest onsets
    first = max(range(per_bar), key=lambda beat: frames.onset[at[beat::per_bar]].mean())
    starts = np.arange(len(beats) - span)
    starts = starts[starts % per_bar == first] if (starts % per_bar == first).any() else starts
    sound = np.hstack([librosa.util.normalize(part, norm=2, axis=1) for part in (frames.chroma, frames.timbre)])
    start = max(starts, key=lambda start: _similarity_of_two_seconds(sound, at[start], at[start + span]))
    begin, end = _seam(y, frames.sr, beats[start], beats[start + span])
    excerpt = _excerpt("loop", y, frames.sr, begin / frames.sr, end / frames.sr, beats)
    # the last samples fade into those that precede the first, so that the repetition makes no click
    fade = min(round(FADE_SECONDS * frames.sr), len(excerpt.samples))
    rising = np.linspace(0, 1, fade, dtype=np.float32)
    lead = np.pad(y[max(0, begin - fade):begin], (max(0, fade - begin), 0))
    excerpt.samples[-fade:] = (1 - rising) * excerpt.samples[-fade:] + rising * lead
    return excerpt


def _similarity_of_two_seconds(sound, earlier, later, reach=86):
    """The similarity of the two seconds that begin at two frames; what lies beyond the end of the song counts as 0."""
    n = min(reach, len(sound) - later)
    return float((sound[earlier:earlier + n] * sound[later:later + n]).sum())


def _seam(y, sr, start, end):
    """First sample of a loop and the first after it.

    It begins at the quietest sample in the 12 ms before the beat, so that no onset is cut. Its end is moved by up to 20
    ms, to where the sound is most similar to the loop's beginning.
    """
    begin = max(0, round((start - .012) * sr))
    end = round(end * sr)
    reach = round(.02 * sr)
    begin += int(np.abs(y[begin:round(start * sr)]).argmin()) if begin < round(start * sr) else 0
    end -= round(start * sr) - begin
    opening = y[begin:begin + sr // 4]
    following = y[max(0, end - reach):end + reach + len(opening)]
    if len(following) <= len(opening) or not opening.any():
        return begin, min(end, len(y))
    match = scipy.signal.correlate(following, opening, mode="valid", method="fft")
    summed = np.cumsum(np.pad(following.astype(float), (1, 0)) ** 2)
    energy = summed[len(opening):] - summed[:-len(opening)]
    similarity = match / np.sqrt((energy * (opening.astype(float) ** 2).sum()).clip(1e-12))
    shift = int(similarity.argmax()) if similarity.max() > .5 else end - max(0, end - reach)
    return begin, min(max(0, end - reach) + shift, len(y))


# ---- samples and files

def _excerpt(what, y, sr, start, end, beats, repeats=()):
    """A stretch of the song, cut at samples: `start` and `end` are rounded to them."""
    first, last = round(start * sr), min(round(end * sr), len(y))
    inside = beats[(beats >= first / sr) & (beats < last / sr)]
    return Excerpt(what, y[first:last].copy(), sr, first / sr, last / sr, inside, repeats)


def save_sound(path, samples, sr):
    """Write mono samples to a sound file; it appears complete or not at all.

    Parameters
    ----------
    path : str or Path
        Its ending names the format.
    samples : np.ndarray [shape=(n,)]
    sr : int

    Returns
    -------
    Path
    """
    path = Path(path)
    # the temporary file has no ending that names the format
    with (atomic_path(path) as temporary,
          soundfile.SoundFile(temporary, "w", sr, 1, format=path.suffix[1:].upper()) as sound):
        for start in range(0, len(samples), sr):  # a second at a time: long Vorbis writes crash libsndfile
            sound.write(samples[start:start + sr])
    return path
