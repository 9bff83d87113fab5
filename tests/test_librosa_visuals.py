"""Plots of recordings: truths about signals, readable labels, long files in little memory."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
import soundfile
from synthetic_signals import SR, tone

import librosa_visuals
from librosa_visuals import (
    plot_chromagram,
    plot_mel_spectrogram,
    plot_mfcc,
    plot_rolloff_and_centroid,
    plot_self_similarity,
    plot_spectrogram,
    plot_tempogram,
    plot_waveform,
    plot_zero_crossing_rate,
)
from signals import decoding

PLOTS = [plot_waveform, plot_spectrogram, plot_chromagram, plot_mel_spectrogram, plot_mfcc, plot_rolloff_and_centroid,
         plot_zero_crossing_rate, plot_tempogram, plot_self_similarity]
NAMES = [plot.__name__ for plot in PLOTS]


def drawn(ax):
    """The values that were drawn as a mesh, and the edges of its columns and rows."""
    mesh = ax.collections[0]
    corners = mesh.get_coordinates()
    return np.asarray(mesh.get_array()).reshape(corners.shape[0] - 1, -1), corners[0, :, 0], corners[:, 0, 1]


@pytest.mark.parametrize("hertz", [60, 440, 2500, 9000])
def test_the_brightest_row_is_that_of_the_tone(hertz):
    values, _, edges = drawn(librosa_visuals.plot_spectrogram((tone(hertz), SR)))
    row = values.mean(axis=1).argmax()
    assert edges[row] * .97 < hertz < edges[row + 1] * 1.03
    assert values.max() == 0 and values.min() >= -80


def test_mel_ticks_are_at_their_frequencies():
    ax = librosa_visuals.plot_mel_spectrogram((tone(2000), SR))
    at = dict(zip((label.get_text() for label in ax.get_yticklabels()), ax.get_yticks()))
    assert drawn(ax)[0].mean(axis=1).argmax() == pytest.approx(at["2,000"], abs=1)


@pytest.mark.parametrize(("hertz", "name"), [(440, "A"), (261.63, "C"), (739.99, "F♯")])
def test_a_tone_is_strongest_in_its_pitch_class(hertz, name):
    ax = librosa_visuals.plot_chromagram((tone(hertz), SR))
    row = drawn(ax)[0].mean(axis=1).argmax()
    assert ax.get_yticklabels()[row].get_text() == name


def test_centroid_rolloff_and_zero_crossings_of_a_tone():
    rolloff, centroid = librosa_visuals.plot_rolloff_and_centroid((tone(1000), SR)).lines
    assert np.median(centroid.get_ydata()) == pytest.approx(1000, rel=.02)
    assert np.median(rolloff.get_ydata()) == pytest.approx(1000, rel=.02)
    crossings = librosa_visuals.plot_zero_crossing_rate((tone(1000), SR)).lines[0].get_ydata()
    assert np.median(crossings) == pytest.approx(2000, rel=.01)


def test_the_tempogram_names_the_tempo_and_counts_the_beats(song):
    tempo, beats = plot_tempogram(song).get_legend().get_texts()
    assert tempo.get_text() == "median of the beats: 120 BPM" and beats.get_text().endswith(" beats")


def test_sections_are_dashed_lines_on_request(song):
    parts = np.concatenate([tone(220, 15), tone(555, 15) + .5 * tone(3000, 15), tone(220, 15)])
    assert len(plot_self_similarity((parts, SR)).lines) == 4, "two beginnings, on two axes"
    assert not plot_self_similarity((parts, SR), sections=False).lines


def test_spectrogram_and_chromagram_share_the_time_axis(song):
    above, below = librosa_visuals.visualize_Chromagram_y_Spectrogram(song)
    assert above.get_shared_x_axes().joined(above, below) and above.get_xlim() == below.get_xlim()
    assert (above.get_ylabel(), below.get_ylabel()) == ("frequency (Hz)", "pitch class")
    assert (above.get_xlabel(), below.get_xlabel()) == ("", "time (min:s)")
    below.figure.canvas.draw()
    assert {"0:00", "0:02", "0:10"} < {label.get_text() for label in below.get_xticklabels()}


def test_compared_songs_have_one_scale(song):
    axs = librosa_visuals.compare_songs([song, (.1 * song[0][:6 * SR], SR)], titles=["loud", "quiet"])
    assert axs.shape == (2, 2) and [ax.get_title() for ax in axs[0]] == ["loud", "quiet"]
    assert len({ax.get_xlim() for ax in axs.flat}) == 1
    assert len({ax.collections[0].get_clim() for ax in axs[0]}) == 1
    loud, quiet = (drawn(ax)[0] for ax in axs[0])
    assert loud.max() == 0 and quiet.max() == pytest.approx(-20, abs=.5)


@pytest.mark.parametrize("plot", PLOTS, ids=NAMES)
def test_a_plot_draws_on_its_axes_names_units_and_leaves_the_song_unchanged(plot, song, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *args, **kwargs: pytest.fail("a plot function calls show"))
    figure, ax = plt.subplots()
    before = song[0].copy()
    assert plot(song, ax=ax) is ax and plt.get_fignums() == [figure.number]
    assert ax.get_xlabel() == "time (min:s)" and ax.get_ylabel()
    assert plot is librosa_visuals.plot_chromagram or "(" in ax.get_ylabel()
    np.testing.assert_array_equal(song[0], before)


@pytest.mark.parametrize("plot", PLOTS, ids=NAMES)
def test_a_path_gives_the_same_as_its_samples(plot, song, tmp_path):
    soundfile.write(tmp_path / "a song.wav", song[0], SR, subtype="FLOAT")
    of_file, of_samples = plot(tmp_path / "a song.wav"), plot(song)
    assert (of_file.get_title(), of_samples.get_title()) == ("a song", "")
    for artists in zip([*of_file.collections, *of_file.lines], [*of_samples.collections, *of_samples.lines]):
        data = [artist.get_array() if hasattr(artist, "get_array") else artist.get_ydata() for artist in artists]
        if data[0] is not None:
            np.testing.assert_allclose(*data, atol=1e-3)


@pytest.mark.parametrize("plot", PLOTS, ids=NAMES)
@pytest.mark.parametrize("y", [np.zeros(SR), tone(440, .01), tone(440, 1, 8000)], ids=["silence", "10 ms", "8 kHz"])
def test_silent_short_and_low_rate_songs_are_drawn_without_a_warning(plot, y):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot((y, 8000 if len(y) == 8000 else SR)).figure.canvas.draw()


@pytest.mark.parametrize(("y", "reason"), [(np.empty(0), "empty"), (np.full(SR, np.nan), "no numbers"),
                                           (np.ones((2, SR)), "one channel")])
def test_samples_that_cannot_be_drawn_are_refused_with_the_reason(y, reason):
    with pytest.raises(decoding.AudioError, match=reason):
        librosa_visuals.plot_spectrogram((y, SR))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match="no such.wav"):
        librosa_visuals.visualize_Chromagram_y_Spectrogram(tmp_path / "no such.wav")


def test_keyword_arguments_are_passed_on(song):
    assert librosa_visuals.plot_spectrogram(song, cmap="gray", vmin=-40).collections[0].get_clim() == (-40, 0)
    assert librosa_visuals.plot_waveform(song, color="red").collections[0].get_facecolor()[0][:3].tolist() == [1, 0, 0]


def test_a_long_file_is_drawn_with_few_columns(tmp_path):
    with soundfile.SoundFile(tmp_path / "long.wav", "w", SR, 1) as file:
        for minute in range(20):
            file.write(tone(440 if minute < 10 else 880, 60))
    axs = librosa_visuals.visualize_Chromagram_y_Spectrogram(tmp_path / "long.wav")
    values, times, edges = drawn(axs[0])
    assert 1000 < values.shape[1] <= 2001 and len(values) < 300
    assert times[-1] == pytest.approx(1200, abs=1)
    half = values.shape[1] // 2
    for columns, hertz in ((values[:, 5:half - 5], 440), (values[:, half + 5:-5], 880)):
        row = columns.mean(axis=1).argmax()
        assert edges[row] * .97 < hertz < edges[row + 1] * 1.03
    assert len(librosa_visuals.plot_waveform(tmp_path / "long.wav").collections[0].get_paths()[0].vertices) < 4100


def test_a_name_with_dollar_signs_is_not_drawn_as_a_formula(song, tmp_path):
    path = tmp_path / "Ke$ha feat. A$AP $^{ b.wav"
    soundfile.write(path, *song)
    ax = librosa_visuals.plot_waveform(path)
    ax.figure.canvas.draw()
    assert ax.get_title() == path.stem
