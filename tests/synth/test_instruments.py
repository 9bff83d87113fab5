"""The sounds of the synthesiser: pitches, decays, levels and silence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_signals import SR, tone

from synth import instruments
from synth.instruments import add_reverb, amplify, drum, limit_peaks, normalise_level, random_numbers, rms_level
from synth.presets import DRUMS, INSTRUMENTS, TIMBRES

SILENCE = np.zeros(SR)


def fundamental(y, lowest, highest):
    """The fundamental frequency in Hz, by autocorrelation between two frequencies."""
    spectrum = np.abs(np.fft.rfft(y, 2 * len(y))) ** 2
    correlation = np.fft.irfft(spectrum)[:len(y)] / np.arange(len(y), 0, -1)
    lags = np.arange(int(SR / highest), int(SR / lowest) + 1)
    best = lags[np.argmax(correlation[lags])]
    left, middle, right = correlation[best - 1:best + 2]
    return SR / (best + .5 * (left - right) / (left - 2 * middle + right))  # parabolic interpolation


@pytest.mark.parametrize("name", INSTRUMENTS)
@pytest.mark.parametrize("pitch", [45, 57, 69])
def test_a_tone_has_the_pitch_that_is_asked_for(name, pitch):
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    y = instruments.tone(INSTRUMENTS[name], pitch, 1.0, SR)[SR // 10:SR]
    cents = 1200 * np.log2(fundamental(y, hertz / 1.4, hertz * 1.4) / hertz)
    assert abs(cents) < 20, "a fifth of a semitone, vibrato and detuning included"


@pytest.mark.parametrize("name", ["piano", "organ", "voice"])
def test_an_octave_is_a_factor_of_two(name):
    low, high = (fundamental(instruments.tone(INSTRUMENTS[name], pitch, 1.0, SR)[2000:20_000], hertz / 1.4, hertz * 1.4)
                 for pitch, hertz in ((57, 220), (69, 440)))
    assert high / low == pytest.approx(2, rel=.01)


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_a_tone_begins_and_ends_in_silence(name):
    y = instruments.tone(INSTRUMENTS[name], 60, .5, SR)
    assert .5 < len(y) / SR < .7 and np.isfinite(y).all()
    assert abs(y[0]) < 1e-6 and abs(y[-1]) < 1e-6 and np.abs(y).max() > .1


def test_the_high_harmonics_of_a_piano_decay_faster_than_the_low_ones():
    y = instruments.tone(INSTRUMENTS["piano"], 57, 2.0, SR)

    def decibels(harmonic, start):
        window = y[start:start + SR // 5] * np.hanning(SR // 5)
        return 20 * np.log10(np.abs(np.fft.rfft(window))[harmonic * 220 // 5])  # bins of 5 Hz
    drops = {harmonic: decibels(harmonic, 0) - decibels(harmonic, SR) for harmonic in (1, 8)}
    assert 3 < drops[1] < drops[8] - 6


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_a_tone_has_nothing_above_half_the_sampling_rate(name):
    y = instruments.tone(INSTRUMENTS[name], 100, .5, SR)  # 2637 Hz: few harmonics are left
    power = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2
    hertz = np.fft.rfftfreq(len(y), 1 / SR)
    between = (np.abs(hertz / 2637.02 - np.round(hertz / 2637.02)) > .2) & (hertz > 1500)
    assert power[between].sum() < .01 * power.sum(), "aliases would lie between the harmonics"


@pytest.mark.parametrize("name", DRUMS)
def test_a_drum_stroke_is_short_and_the_same_each_time(name):
    y = drum(name, 0, SR)
    np.testing.assert_array_equal(y, drum(name, 0, SR))
    assert np.isfinite(y).all() and y[0] == 0 and .01 < np.abs(y).max() < 3
    tail = y[-len(y) // 10:]
    assert np.abs(tail).max() < .05 * np.abs(y).max(), "it has decayed at its end"


@pytest.mark.parametrize("key", range(12))
def test_a_timpani_is_tuned_to_the_key(key):
    y = drum("timpani", key, SR)[SR // 4:]
    hertz = fundamental(y, 45, 130)
    semitones = 12 * np.log2(hertz / 440) + 69 - key
    assert abs(semitones / 12 - round(semitones / 12)) * 12 < .3


def test_a_hat_is_not_tuned():
    np.testing.assert_array_equal(drum("hat", 0, SR), drum("hat", 5, SR))


# ---- amplifier and room

@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_amplifier_only_changes_instruments_with_drive_and_keeps_silence(name):
    instrument = INSTRUMENTS[name]
    assert not amplify(SILENCE, instrument, SR).any()
    y = tone(220, 1)
    assert (amplify(y, instrument, SR) is y) == ("drive" not in instrument)


def test_overdrive_adds_odd_harmonics():
    driven = amplify(tone(220, 1), INSTRUMENTS["fuzz"], SR)
    spectrum = np.abs(np.fft.rfft(driven[:SR]))
    assert spectrum[660] > .1 * spectrum[220] and spectrum[440] < .01 * spectrum[220]


@pytest.mark.parametrize("genre", TIMBRES)
def test_reverberation_goes_on_after_the_sound(genre):
    y = np.concatenate([tone(440, .5), np.zeros(SR)])
    wet = add_reverb(y, TIMBRES[genre], 0, SR)
    after = np.sqrt(np.mean(wet[SR // 2 + 1000:SR // 2 + 3000] ** 2))
    assert len(wet) == len(y) and np.isfinite(wet).all()
    assert after > 1e-3 and np.sqrt(np.mean(wet[-1000:] ** 2)) < after, "and it decays"
    assert not add_reverb(SILENCE, TIMBRES[genre], 0, SR).any()


def test_a_positive_tilt_raises_high_frequencies():
    dry = {"reverb": (.1, 0), "tilt": 0}
    low, high = tone(500, 1), tone(2000, 1)
    gains = [np.std(add_reverb(y, dry | {"tilt": 3}, 0, SR)) / np.std(y) for y in (low, high)]
    assert 20 * np.log10(gains[1] / gains[0]) == pytest.approx(6, abs=.3), "3 dB an octave, two octaves"
    np.testing.assert_allclose(add_reverb(low, dry, 0, SR), low, atol=1e-4)


# ---- levels

@settings(max_examples=30, deadline=None)
@given(st.floats(1e-3, 1e3), st.integers(0, 100))
def test_peaks_stay_below_full_scale(level, seed):
    y = limit_peaks(level * np.random.default_rng(seed).standard_normal(1000))
    assert np.abs(y).max() <= .97


def test_quiet_samples_pass_the_limiter_unchanged():
    y = .05 * tone(440, 1)
    np.testing.assert_allclose(limit_peaks(y), y, atol=1e-4)


@pytest.mark.parametrize("gain", [.001, 1, 50])
def test_a_normalised_track_has_level_one(gain):
    assert rms_level(normalise_level(gain * tone(440, 1), SR), SR) == pytest.approx(1, rel=.01)


def test_silence_stays_silent():
    assert not normalise_level(SILENCE, SR).any() and not limit_peaks(SILENCE).any()


def test_the_lowest_octaves_count_less():
    assert rms_level(tone(40, 1), SR) < .5 * rms_level(tone(400, 1), SR)


def test_random_numbers_depend_on_the_names_alone():
    first, again, other = (random_numbers(*names).random(5) for names in (("a", 1), ("a", "1"), ("a", 2)))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
