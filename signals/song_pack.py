"""A pack of material from one song for composers: excerpts, beat grid, chord chart, and a MIDI file for a DAW."""

from pathlib import Path

import mido
import numpy as np
import pandas as pd

from signals.chords import NO_CHORD, chord_chart, song_chords
from signals.decoding import AudioError
from signals.estimators import estimate_tuning
from signals.excerpts import BEATS_PER_BAR, extract_excerpt
from signals.key import HOP_LENGTH, LOWEST_NOTE, estimate_key, read_key, semitone_strengths
from signals.spectrograms import HOP_LENGTH as FRAME_HOP
from signals.structure import analyse, beat_times, continued, read
from signals.tempo import estimate_tempo
from sources.files import atomic_path, write_table, write_text

EXCERPTS = ("loop", "hook", "percussive", "harmonic", "beat")
TICKS = 480
"""MIDI ticks a beat."""
BASS = (28, 52)
"""MIDI numbers: the bass note is the strongest semitone from E1 to below E3."""
CHORD_BASE = 48
"""MIDI number of C3, from which on the triads lie."""
DRUMS, WOOD_HIGH, WOOD_LOW = 9, 76, 77
"""General MIDI: the channel of drums, and two wood blocks."""
BASS_PROGRAM, PIANO_PROGRAM = 33, 0


def write_pack(song, folder, *, suffix=".wav"):
    """Write a pack for a song: what a composer needs to work on with it.

    Parameters
    ----------
    song : str, Path, Recording or (y, sr)
    folder : str or Path
        Files of an earlier pack are replaced.
    suffix : str
        Format of the sound files.

    Returns
    -------
    pd.DataFrame
        One row a file: `file`, `what` it holds, and `note`: why it could not be made, else empty. The files are
        ``loop``, ``hook``, ``percussive``, ``harmonic`` and ``beat`` (the song with clicks) as sound; ``beats.csv``
        (`time`, `bar`, `beat`); ``chords.csv`` and the chart ``chords.txt``; and ``song.mid``.

    Raises
    ------
    AudioError
        The song cannot be decoded or is empty.

    Examples
    --------
    >>> import tempfile
    >>> click = np.where(np.arange(12 * 22_050) % 11_025 < 200, .5, 0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pack = write_pack((click, 22_050), folder)
    >>> [Path(file).name for file in pack["file"]][-4:]
    ['beats.csv', 'chords.csv', 'chords.txt', 'song.mid']
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    y, sr = read(song)
    frames = analyse((y, sr))
    beats, rhythm = beat_times(frames), estimate_tempo(frames.registers, sr)
    strengths = semitone_strengths(y, sr, estimate_tuning(y, sr))
    chords = song_chords((y, sr), beats=beats)
    grid = beat_grid(beats, frames.onset, sr, rhythm["beats_per_bar"])
    rows = [_write_excerpt((y, sr), what, folder / f"{what}{suffix}") for what in EXCERPTS]
    rows.append((write_table(grid, folder / "beats.csv"), f"{len(grid)} beats", ""))
    rows.append((write_table(chords, folder / "chords.csv"), f"{len(chords)} chords", ""))
    rows.append((write_text(folder / "chords.txt", _chart(chords, grid, rhythm, estimate_key(strengths, sr))),
                 "chord chart", ""))
    if len(beats) > 1:
        midi = to_midi(grid, chords, bass_notes(strengths, beats, sr))
        with atomic_path(folder / "song.mid") as unfinished:
            midi.save(unfinished)
        rows.append((folder / "song.mid", "tempo, beats, bass and chords", ""))
    else:
        rows.append((folder / "song.mid", "tempo, beats, bass and chords", "no beats were found"))
    return pd.DataFrame([{"file": str(file), "what": what, "note": note} for file, what, note in rows])


def _write_excerpt(song, what, path):
    try:
        excerpt = extract_excerpt(song, what, out=path)
    except AudioError as error:
        return path, what, str(error)
    return path, f"{what}, {excerpt.start:.1f} to {excerpt.end:.1f} s", ""


def _chart(chords, grid, rhythm, key):
    per_bar = int(grid["beats_per_bar"].iloc[0]) if len(grid) else BEATS_PER_BAR
    tempo = "tempo unknown" if np.isnan(rhythm["tempo"]) else f"{rhythm['tempo']:.1f} BPM"
    return f"{read_key(key).text}, {tempo}, {per_bar} beats a bar\n\n{bar_chart(chords, grid)}\n"


def bar_chart(chords, grid):
    """A chord chart whose bars are those of the beats, from the first whole bar of the song on.

    Parameters
    ----------
    chords : pd.DataFrame
        As from `chords.song_chords`.
    grid : pd.DataFrame
        As from `beat_grid`. It is continued where the song begins or ends without beats. Where there are less than two
        beats, the bars are those of `chords.chord_chart`.

    Returns
    -------
    str

    Examples
    --------
    >>> chords = pd.DataFrame({"start": [0, 2.5], "end": [2.5, 5], "chord": ["C", "F"], "beats": [5, 5]})
    >>> grid = pd.DataFrame({"time": [1.0, 1.5, 2, 2.5, 3], "beat": [4, 1, 2, 3, 4], "beats_per_bar": 4})
    >>> print(bar_chart(chords, grid))
    | C . F . | . . . |
    """
    if len(grid) < 2:
        return chord_chart(chords, beats_per_bar=BEATS_PER_BAR)
    per_bar = int(grid["beats_per_bar"].iloc[0])
    times = continued(grid["time"].to_numpy(), chords["end"].max())
    first = np.searchsorted(times, grid["time"].iloc[0]) + np.flatnonzero(grid["beat"] == 1)[0]
    place = np.searchsorted(chords["start"], times[first % per_bar:] + 1e-6, side="right") - 1
    changes = np.flatnonzero(np.diff(place, prepend=-1))
    shown = pd.DataFrame({"chord": chords["chord"].to_numpy()[place[changes]],
                          "beats": np.diff([*changes, len(place)])})
    return chord_chart(shown, beats_per_bar=per_bar)


def beat_grid(beats, onset, sr, beats_per_bar):
    """The beats with their bars; a bar begins on the beat with the strongest onsets.

    Parameters
    ----------
    beats : np.ndarray [shape=(n,)]
        Times in s.
    onset : np.ndarray [shape=(frames,)]
        Onset strength.
    sr : int
    beats_per_bar : float
        4 is taken where it is NaN.

    Returns
    -------
    pd.DataFrame
        `time` (s), `bar` (from 1; 0 for an upbeat), `beat` (from 1), `beats_per_bar`.

    Examples
    --------
    >>> beats = np.arange(1, 6, .5)
    >>> onset = np.zeros(300)
    >>> onset[np.round(beats[1::4] * 22_050 / 512).astype(int)] = 1  # the second beat is the strongest
    >>> beat_grid(beats, onset, 22_050, np.nan)["beat"].tolist()
    [4, 1, 2, 3, 4, 1, 2, 3, 4, 1]
    """
    per_bar = BEATS_PER_BAR if np.isnan(beats_per_bar) else int(beats_per_bar)
    if not len(beats):
        return pd.DataFrame({"time": [], "bar": [], "beat": [], "beats_per_bar": []})
    at = np.round(beats * sr / FRAME_HOP).astype(int).clip(0, len(onset) - 1)
    starts = range(min(per_bar, len(beats)))
    first = max(starts, key=lambda start: onset[at[start::per_bar]].mean())
    number = np.arange(len(beats)) - first
    return pd.DataFrame({"time": beats, "bar": number // per_bar + 1, "beat": number % per_bar + 1,
                         "beats_per_bar": per_bar})


def bass_notes(strengths, beats, sr):
    """The strongest low semitone of each beat.

    Parameters
    ----------
    strengths : np.ndarray [shape=(frames, 84)]
        As from `key.semitone_strengths`.
    beats : np.ndarray [shape=(n,)]
        Times in s, two or more.
    sr : int

    Returns
    -------
    np.ndarray of int [shape=(n,)]
        MIDI numbers; -1 where nothing low sounds.

    Examples
    --------
    >>> low_a = np.sin(2 * np.pi * 55 * np.arange(4 * 22_050) / 22_050).astype(np.float32)
    >>> bass_notes(semitone_strengths(low_a), np.array([1, 2, 3]), 22_050).tolist()
    [33, 33, 33]
    """
    low, high = (note - LOWEST_NOTE for note in BASS)
    frames = np.round(np.append(beats, beats[-1] + np.median(np.diff(beats))) * sr / HOP_LENGTH).astype(int)
    loudest = strengths.max()
    notes = []
    for begin, end in zip(frames, frames[1:]):
        part = strengths[begin:max(end, begin + 1), low:high].mean(axis=0) if begin < len(strengths) else np.zeros(1)
        notes.append(int(part.argmax()) + BASS[0] if part.max() > .01 * loudest else -1)
    return np.array(notes)


# ---- MIDI

def to_midi(grid, chords, bass):
    """A MIDI file whose beats fall on those of the song, with tracks for tempo, beats, bass and chords.

    Parameters
    ----------
    grid : pd.DataFrame
        As from `beat_grid`, of two beats or more.
    chords : pd.DataFrame
        As from `chords.song_chords`.
    bass : np.ndarray of int [shape=(beats,)]
        As from `bass_notes`.

    Returns
    -------
    mido.MidiFile
        Where the song does not keep its tempo, there is a tempo change on each beat: beside the sound file in a DAW,
        both stay together. Bars begin where those of the grid do: the first may be a shorter one. A first beat that
        comes within 0.05 s is put at 0.

    Examples
    --------
    >>> beats = pd.DataFrame({"time": [0, .5, 1, 1.5], "beat": [1, 2, 3, 4], "beats_per_bar": 4})
    >>> chords = pd.DataFrame({"start": [0], "end": [2], "chord": ["Am"], "root": [9], "minor": [True]})
    >>> midi = to_midi(beats, chords, np.full(4, 33))
    >>> [track.name for track in midi.tracks], float(round(midi.length, 2))
    (['tempo', 'beats', 'bass', 'chords'], 2.0)
    """
    times = grid["time"].to_numpy(copy=True)
    period = np.median(np.diff(times))
    before = max(1, round(times[0] / period)) if times[0] > .05 else 0
    if not before:
        times[0] = 0
    upbeat = before + int(np.flatnonzero(grid["beat"] == 1)[0])
    midi = mido.MidiFile(ticks_per_beat=TICKS)
    midi.tracks.append(_tempo_track(times, before, upbeat, int(grid["beats_per_bar"].iloc[0])))
    clicks = [((before + number) * TICKS, (before + number) * TICKS + TICKS // 4,
               WOOD_HIGH if beat == 1 else WOOD_LOW) for number, beat in enumerate(grid["beat"])]
    midi.tracks.append(_notes("beats", clicks, DRUMS))
    place = _ticks_of(times, before, chords["end"].max())
    low = [((before + number) * TICKS, (before + number + 1) * TICKS, note) for number, note in enumerate(bass)
           if note >= 0]
    midi.tracks.append(_notes("bass", low, 0, BASS_PROGRAM))
    triads = [(place(row.start), place(row.end), CHORD_BASE + int(row.root) + step)
              for row in chords[chords["chord"] != NO_CHORD].itertuples()
              for step in (0, 3 if row.minor else 4, 7)]
    midi.tracks.append(_notes("chords", triads, 1, PIANO_PROGRAM))
    return midi


def _tempo_track(times, before, upbeat, per_bar):
    """The tempo of each beat, and the time signatures: a shorter first bar where the beats before the first whole bar
    do not fill one."""
    lengths = [*([times[0] / max(before, 1)] * before), *np.diff(times), np.median(np.diff(times))]
    track = mido.MidiTrack([mido.MetaMessage("track_name", name="tempo")])
    signatures = {0: upbeat % per_bar or per_bar, upbeat % per_bar: per_bar}
    for number, length in enumerate(lengths):
        delta = TICKS if number else 0
        if number in signatures:
            track.append(mido.MetaMessage("time_signature", numerator=signatures[number], denominator=4, time=delta))
            delta = 0
        track.append(mido.MetaMessage("set_tempo", tempo=round(length * 1e6), time=delta))
    return track


def _ticks_of(times, before, end):
    """A function from seconds to ticks, by which beats fall on whole beats, up to the end of the song in s."""
    period = np.median(np.diff(times))
    after = max(1, int(np.ceil((end - times[-1]) / period)))
    known = np.concatenate([[0] if before else [], times, times[-1] + period * np.arange(1, after + 1)])
    ticks = np.concatenate([[0] if before else [], (before + np.arange(len(times) + after)) * TICKS])
    return lambda seconds: int(round(np.interp(seconds, known, ticks)))


def _notes(name, notes, channel, program=None):
    """A track of notes (start, end, number), in ticks."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    if program is not None:
        track.append(mido.Message("program_change", channel=channel, program=program))
    # of events at one time, a note ends before the next begins
    events = sorted([(start, 1, note) for start, end, note in notes if end > start]
                    + [(end, 0, note) for start, end, note in notes if end > start])
    now = 0
    for at, begins, note in events:
        kind = "note_on" if begins else "note_off"
        track.append(mido.Message(kind, channel=channel, note=int(note), velocity=80 if begins else 0, time=at - now))
        now = at
    return track
