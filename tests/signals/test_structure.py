"""A recording in frames: spectra, beats, sections of songs for which they are known."""


import numpy as np
import pytest
from synthetic_signals import SR, tone

import librosa_visuals
from signals import structure


def test_a_spectrogram_is_librosas(song):
    import librosa
    ours, theirs = structure.spectrogram(song, trim=False).power, np.abs(librosa.stft(song[0])) ** 2
    np.testing.assert_allclose(ours, theirs, atol=1e-5 * theirs.max())


def test_beats_and_tempo(song):
    ax = librosa_visuals.plot_tempogram(song)
    assert [text.get_text() for text in ax.get_legend().get_texts()][0] == "120 BPM"
    assert np.diff(structure.beat_times(song)) == pytest.approx(.5, abs=.03)


def test_sections():
    parts = [tone(220, 15), tone(555, 15) + .5 * tone(3000, 15), tone(220, 15)]
    assert structure.section_times(structure.self_similarity((np.concatenate(parts), SR))) == pytest.approx([15, 30], abs=1)


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
