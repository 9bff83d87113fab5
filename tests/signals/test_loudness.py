"""Loudness range and true peak: the signals of EBU Tech 3341 and 3342, for which the values are prescribed."""

import numpy as np
import pytest
import scipy.signal

from signals.loudness import loudness_range, loudness_report, streaming_sentence, true_peak

SR = 48_000


def tones(*levels, seconds=20):
    """A 1 kHz tone in both channels at these peak levels in dBFS, one after the other."""
    wave = np.sin(2 * np.pi * 1000 * np.arange(seconds * SR) / SR)
    y = np.concatenate([10 ** (level / 20) * wave for level in levels])
    return np.column_stack([y, y]).astype(np.float32)


@pytest.mark.parametrize("levels, expected", [((-20, -30), 10), ((-20, -15), 5), ((-40, -20), 20),
                                              ((-50, -35, -20, -35, -50), 15)])
def test_the_loudness_range_is_that_of_ebu_tech_3342(levels, expected):
    assert loudness_range(tones(*levels), SR) == pytest.approx(expected, abs=1)


def test_the_loudness_of_a_tone_is_that_of_ebu_tech_3341():
    assert loudness_report(tones(-23), SR)["loudness_lufs"] == pytest.approx(-23, abs=.1)


@pytest.mark.parametrize("part, phase, amplitude, peak", [(4, 0, .5, -6), (4, 45, .5, -6), (6, 60, .5, -6),
                                                          (8, 67.5, .5, -6), (4, 45, 1.41, 3)])
def test_the_true_peak_lies_between_samples(part, phase, amplitude, peak):
    """Parts of the sampling rate, at phases at which no sample may reach the peak (EBU Tech 3341, 15 to 19)."""
    y = amplitude * np.sin(2 * np.pi / part * np.arange(SR) + np.deg2rad(phase)) * np.hanning(SR) ** .1
    assert -.4 <= true_peak(y[:, None]) - peak <= .2


def test_the_true_peak_is_that_of_the_whole_wave_oversampled():
    y = scipy.signal.lfilter([1], [1, -.9], np.random.default_rng(0).standard_normal((SR, 2)), axis=0)
    expected = 20 * np.log10(np.abs(scipy.signal.resample_poly(y, 4, 1, axis=0)).max())
    assert true_peak(y) == pytest.approx(expected, abs=.01)


def test_silence_and_short_sounds_have_no_range():
    silent = loudness_report(np.zeros((5 * SR, 2)), SR)
    assert np.isnan(list(silent.values())).all()
    assert "not known" in streaming_sentence(silent)
    assert np.isnan(loudness_range(tones(-20, seconds=2), SR))


def test_the_range_does_not_depend_on_the_level():
    assert loudness_range(tones(-10, -20), SR) == pytest.approx(loudness_range(tones(-25, -35), SR), abs=.1)


@pytest.mark.parametrize("level, peak, words", [
    (-8, -.1, "6.0 dB louder"), (-14.2, -3, "not changed"), (-20, -8, "by 6.0 dB"), (-20, -3, "by only 2.0 dB"),
    (-16, -.5, "leave it as it is"),
    (-8, -.1, "may clip")])
def test_the_sentence_says_what_happens_to_the_level(level, peak, words):
    assert words in streaming_sentence({"loudness_lufs": level, "loudness_range": 5.0, "true_peak": peak})


def test_the_range_weighs_channels_as_the_loudness_does():
    """Low-frequency effects do not count, and surround channels count 1.41 times."""
    wave = tones(-20, -30)[:, 0]
    silence = np.zeros_like(wave)
    steady = tones(-10, -10)[:, 0]
    assert loudness_range(np.column_stack([wave, wave, wave, steady, wave, wave]), SR) == pytest.approx(10, abs=.5)
    front, back = tones(-20, -99)[:, 0], tones(-99, -20)[:, 0]
    surround = np.column_stack([front, silence, silence, back, silence])
    assert loudness_range(surround, SR) == pytest.approx(10 * np.log10(1.41), abs=.05)


@pytest.mark.parametrize("peak, said", [(-.96, None), (-.94, "-0.9 dBTP is above"), (-.04, "peak of 0.0 dBTP")])
def test_a_peak_is_compared_as_it_is_said(peak, said):
    sentence = streaming_sentence({"loudness_lufs": -9.0, "loudness_range": 4.0, "true_peak": peak})
    assert said in sentence if said else "above" not in sentence
