"""The pack for composers: its files, and a MIDI file that stays together with the song."""

import mido
import numpy as np
import pandas as pd
import pytest
from synthetic_signals import SR

from signals.song_pack import bar_chart, bass_notes, beat_grid, to_midi, write_pack
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


def grid_of(times, first=0, per_bar=4):
    """Beats at these times, of which the one with the number `first` begins the first whole bar."""
    number = np.arange(len(times)) - first
    return pd.DataFrame({"time": times, "bar": number // per_bar + 1, "beat": number % per_bar + 1,
                         "beats_per_bar": per_bar})


CHORDS = pd.DataFrame({"start": [0.0, 9.0, 11.0], "end": [9.0, 11.0, 12.2], "chord": ["C", "F", "G"],
                       "root": [0, 5, 7], "minor": [False] * 3})


@pytest.mark.parametrize("begin", [0, .02, .05, .06, .5, 3.1])
def test_all_beats_but_an_early_first_one_are_those_of_the_song(begin):
    times = begin + .5 * np.arange(12) + .02 * np.sin(np.arange(12))
    begins, _ = note_times(to_midi(grid_of(times), CHORDS, np.full(12, 36)), "beats")
    np.testing.assert_allclose(begins[1:], times[1:], atol=.002)
    assert begins[0] == pytest.approx(times[0] if times[0] > .05 else 0, abs=.002)


@pytest.mark.parametrize("begin", [.02, .5, 3.1])
@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize("per_bar", [3, 4])
def test_the_bars_of_the_midi_file_are_those_of_the_grid(begin, first, per_bar):
    midi = to_midi(grid_of(begin + .5 * np.arange(16), first, per_bar), CHORDS, np.full(16, 36))
    now, signatures, accents = 0, [], []
    for message in midi.tracks[0]:
        now += message.time
        if message.type == "time_signature":
            signatures.append((now / midi.ticks_per_beat, message.numerator))
    now = 0
    for message in midi.tracks[1]:
        now += message.time
        if message.type == "note_on" and message.velocity and message.note == 76:
            accents.append(now / midi.ticks_per_beat)
    assert signatures[-1][1] == per_bar and (len(signatures) == 1 or signatures[-1][0] == signatures[0][1] < per_bar)
    assert all((accent - signatures[-1][0]) % per_bar == 0 for accent in accents)


def test_chords_after_the_last_beat_are_in_time():
    times = .5 + .5 * np.arange(12) + np.where(np.arange(12) == 11, .04, 0)  # the last beat comes late
    begins, _ = note_times(to_midi(grid_of(times), CHORDS, np.full(12, 36)), "chords")
    np.testing.assert_allclose(np.unique(begins.round(2)), CHORDS["start"], atol=.011)


def test_the_bars_of_a_chart_are_those_of_the_beats_also_before_the_first_and_after_the_last():
    times = 3.1 + .5 * np.arange(8)
    chords = pd.DataFrame({"start": [0, .6, 2.6, 7.1], "end": [.6, 2.6, 7.1, 9.2], "chord": ["G", "C", "F", "Am"],
                           "beats": [1, 4, 9, 4]})
    assert bar_chart(chords, grid_of(times, first=3)).splitlines() == ["| C . . . | F . . . | . . . . | . Am . . |",
                                                                       "| . . |"]
    assert bar_chart(chords.iloc[:1], grid_of(times[:1])) == "| G |"


def test_the_chart_of_a_pack_holds_the_chords_of_its_table(pack):
    folder, _ = pack
    head, chart = (folder / "chords.txt").read_text(encoding="utf-8").split("\n\n")
    shown = [word for word in chart.split() if word not in (".", "|")]
    chords = pd.read_csv(folder / "chords.csv")["chord"].tolist()
    assert head.endswith("4 beats a bar") and chords[-len(shown):] == shown and len(shown) >= len(chords) - 2
