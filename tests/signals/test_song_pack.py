"""The pack for composers: its files, and a MIDI file that stays together with the song."""

import mido
import numpy as np
import pandas as pd
import pytest
from synthetic_signals import SR

from signals.song_pack import bass_notes, beat_grid, to_midi, write_pack
from synth.songs import render


@pytest.fixture(scope="module")
def song():
    return render("hip hop", seconds=16, seed=3)


@pytest.fixture(scope="module")
def pack(song, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pack")
    return folder, write_pack((song.y, song.sr), folder)


def note_times(midi, name):
    """When the notes of a track begin, in s, and their numbers."""
    joined = mido.MidiFile(ticks_per_beat=midi.ticks_per_beat)
    joined.tracks.extend(track for track in midi.tracks if track.name in ("tempo", name))
    times, notes, now = [], [], 0
    for message in joined:
        now += message.time
        if message.type == "note_on" and message.velocity:
            times.append(now)
            notes.append(message.note)
    return np.array(times), notes


def test_a_pack_has_all_its_files(pack):
    folder, table = pack
    assert {path.name for path in folder.iterdir()} == {
        "loop.wav", "hook.wav", "percussive.wav", "harmonic.wav", "beat.wav", "beats.csv", "chords.csv", "chords.txt",
        "song.mid"}
    assert (table["note"] == "").all() and len(table) == 9


def test_the_beats_of_the_midi_file_are_those_of_the_song(pack):
    folder, _ = pack
    grid = pd.read_csv(folder / "beats.csv")
    times, notes = note_times(mido.MidiFile(folder / "song.mid"), "beats")
    np.testing.assert_allclose(times, grid["time"], atol=.005)
    assert [note == 76 for note in notes] == (grid["beat"] == 1).tolist()


def test_the_chords_of_the_midi_file_are_those_of_the_table(pack):
    folder, _ = pack
    chords = pd.read_csv(folder / "chords.csv").dropna(subset=["root"])
    times, notes = note_times(mido.MidiFile(folder / "song.mid"), "chords")
    assert len(notes) == 3 * len(chords)
    first = chords.iloc[0]
    assert {note % 12 for note in notes[:3]} == {int(first["root"] + step) % 12
                                                 for step in (0, 3 if first["minor"] else 4, 7)}
    np.testing.assert_allclose(np.unique(times.round(2)), chords["start"].round(2), atol=.02)


def test_the_bass_is_a_low_note_of_the_chord(song):
    from signals.key import semitone_strengths
    notes = bass_notes(semitone_strengths(song.y, song.sr), song.beats, song.sr)
    roots = [next((root for start, end, root, _ in song.chords if start <= beat + .05 < end), None)
             for beat in song.beats]
    known = [(note % 12, root) for note, root in zip(notes, roots) if root is not None and note >= 0]
    assert len(known) > 10 and np.mean([note in (root, (root + 7) % 12) for note, root in known]) > .6


def test_a_bar_begins_on_the_strongest_beats():
    beats = np.arange(20) * .5
    onset = np.zeros(500)
    at = np.round(beats * SR / 512).astype(int)
    onset[at] = np.where(np.arange(20) % 3 == 2, 5, 1)
    grid = beat_grid(beats, onset, SR, 3.0)
    assert (grid["beat"][2::3] == 1).all() and grid["bar"].iloc[0] == 0 and grid["bar"].iloc[2] == 1


def test_a_song_whose_tempo_drifts_has_a_tempo_change_on_each_beat():
    times = .3 + np.cumsum(np.linspace(.4, .6, 12))
    grid = pd.DataFrame({"time": times, "bar": 1, "beat": 1, "beats_per_bar": 4})
    chords = pd.DataFrame({"start": [0.0], "end": [7.0], "chord": ["C"], "root": [0], "minor": [False]})
    begins, _ = note_times(to_midi(grid, chords, np.full(12, 36)), "bass")
    np.testing.assert_allclose(begins, times, atol=.005)


def test_a_song_without_beats_has_no_midi_file_and_it_is_said(tmp_path):
    table = write_pack((np.zeros(3 * SR, np.float32), SR), tmp_path).set_index("what")
    assert not (tmp_path / "song.mid").exists()
    assert "no beats" in table["note"]["tempo, beats, bass and chords"]
    assert table["note"]["loop"]
