"""A recording in frames: its spectrum, beats, tempo and sections, of songs for which they are known."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_files import noise
from synthetic_music import clicks
from synthetic_signals import SR, tone

from signals import structure
from signals.decoding import AudioError
from signals.spectrograms import HOP_LENGTH, N_FFT


def test_a_spectrogram_is_librosas(song):
    import librosa
    ours, theirs = structure.spectrogram(song, trim=False).power, np.abs(librosa.stft(song[0])) ** 2
    np.testing.assert_allclose(ours, theirs, atol=1e-5 * theirs.max())


def test_beats_are_found_at_the_known_tempo(song):
    assert np.diff(structure.beat_times(song)) == pytest.approx(.5, abs=.03)


def test_beats_are_at_the_clicks():
    times = np.arange(0, 19.9, 60 / 100)
    beats = structure.beat_times((clicks(100), SR))
    assert np.abs(beats[:, None] - times).min(axis=1).max() < .04 and len(beats) >= len(times) - 3


def test_silence_has_no_beats():
    assert structure.beat_times((np.zeros(5 * SR), SR)).size == 0


def test_sections_begin_where_the_sound_changes():
    parts = [tone(220, 15), tone(555, 15) + .5 * tone(3000, 15), tone(220, 15)]
    similarity = structure.self_similarity((np.concatenate(parts), SR))
    assert structure.section_times(similarity) == pytest.approx([15, 30], abs=1)


def test_sections_begin_where_the_sound_repeats_itself():
    melody = np.concatenate([tone(hertz, 1) for hertz in (220, 330, 262, 392, 294, 440, 247, 349, 196, 415)])
    times = structure.section_times(structure.self_similarity((np.tile(melody, 4), SR)))
    assert times == pytest.approx([10, 20, 30], abs=1.2), "a stretch is a second"


def test_repetitions_change_where_a_part_begins_again():
    part = np.random.default_rng(0).standard_normal((20, 8))
    part /= np.linalg.norm(part, axis=1, keepdims=True)
    twice = np.concatenate([part, part])
    novelty = structure.repetition_novelty(twice @ twice.T, 1.0)
    assert len(novelty) == 41 and abs(int(novelty[5:36].argmax()) + 5 - 20) <= 1


@pytest.mark.parametrize("y", [noise(60), tone(220, 60), np.zeros(60 * SR, np.float32)])
def test_what_does_not_change_has_one_section(y):
    assert structure.section_times(structure.self_similarity((y, SR))).size == 0


def test_contrast_is_highest_between_two_parts():
    matrix = np.kron(np.eye(2), np.ones((15, 15)))
    novelty = structure.contrast_novelty(matrix, 8)
    assert novelty.argmax() == 15 and novelty[15] == pytest.approx(1)


def test_similarity_is_symmetric_and_highest_with_itself(song):
    matrix, edges = structure.self_similarity(song)
    assert len(edges) == len(matrix) + 1 and (np.diff(edges) > 0).all()
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-6)
    np.testing.assert_allclose(np.diag(matrix), 1, atol=1e-3)
    assert matrix.min() >= -1e-6 and matrix.max() <= 1 + 1e-6


def test_the_tempogram_is_strongest_at_the_tempo_of_the_clicks():
    bpm, edges, strength = structure.tempogram((clicks(120), SR))
    assert strength.shape == (len(bpm), len(edges) - 1) and (np.diff(bpm) < 0).all()
    assert strength.min() >= 0 and strength.max() <= 1 + 1e-6
    fast = (bpm > 80) & (bpm < 170)
    assert bpm[fast][strength[fast].mean(axis=1).argmax()] == pytest.approx(120, rel=.03)


def test_a_tempogram_has_few_columns():
    _, edges, strength = structure.tempogram((clicks(120), SR), most=50)
    assert strength.shape[1] <= 50 and edges[-1] == pytest.approx(20, abs=.05)


def test_silence_is_trimmed_and_times_stay_those_of_the_file():
    y = np.concatenate([np.zeros(2 * SR, np.float32), tone(440, 3), np.zeros(4 * SR, np.float32)])
    edges = structure.spectrogram((y, SR)).edges
    assert edges[[0, -1]] == pytest.approx([2, 5], abs=.1)


@pytest.mark.parametrize("rows", [1, 7, 2000, 2001, 4099, 30_001])
def test_rows_are_averaged_wherever_the_pieces_begin(rows):
    values = np.random.default_rng(rows).random((rows, 3))
    pooled, step = structure.pooled(values[first:first + 999] for first in range(0, rows, 999))
    expected = [values[first:first + step].mean(axis=0) for first in range(0, rows, step)]
    assert len(pooled) <= 2001
    np.testing.assert_allclose(pooled, expected)


@settings(max_examples=20, deadline=None)
@given(samples=st.integers(1, 70 * 2000), sr=st.sampled_from([1000, 2000]))
def test_the_frames_of_the_pieces_are_the_frames_of_the_song(samples, sr):
    y = np.arange(samples, dtype=np.float32) + 1  # every sample is different
    padded = np.pad(y, N_FFT // 2)
    expected = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    frames = [np.lib.stride_tricks.sliding_window_view(piece, N_FFT)[::HOP_LENGTH]
              for piece in structure.chunks((y, sr))]
    np.testing.assert_array_equal(np.concatenate(frames), expected)


def test_a_file_and_its_samples_give_the_same_frames(tmp_path):
    y = noise(3)
    soundfile.write(tmp_path / "a song.wav", y, SR, subtype="FLOAT")
    from_file, from_samples = structure.analyse(tmp_path / "a song.wav"), structure.analyse((y, SR))
    for ours, theirs in zip(from_file, from_samples):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert structure.analyse(from_file) is from_file, "frames are returned unchanged"
    samples, sr = structure.read(tmp_path / "a song.wav")
    np.testing.assert_array_equal(samples, y)
    assert sr == SR and structure.song_name(tmp_path / "a_song.wav") == "a song" and structure.song_name((y, SR)) == ""


@pytest.mark.parametrize(("y", "reason"), [(np.empty(0), "empty"), (np.full(SR, np.inf), "no numbers"),
                                           (np.ones((2, SR)), "one channel")])
def test_samples_that_cannot_be_analysed_are_refused(y, reason):
    with pytest.raises(AudioError, match=reason):
        structure.read((y, SR))


def test_no_section_is_a_sliver_at_an_end_of_the_song(monkeypatch):
    """Some real songs repeat from a moment on that lies a second after their beginning or before their end."""
    repeats = np.zeros(41)
    repeats[[2, 38]] = 1
    monkeypatch.setattr(structure, "repetition_novelty", lambda matrix, stretch: repeats)
    similarity = structure.Similarity(np.kron(np.eye(2), np.ones((20, 20))), np.arange(41.0))
    assert structure.section_times(similarity).tolist() == [20]


def test_beats_are_continued_to_both_ends():
    beats = structure.continued(np.array([1.3, 1.8, 2.3]), 4.0)
    assert beats == pytest.approx([.3, .8, 1.3, 1.8, 2.3, 2.8, 3.3, 3.8])
    assert structure.continued(np.array([0.0, .5]), 1.0) == pytest.approx([0, .5])
