"""Estimators: known tempi, keys and loudness, and librosa's numbers where the definition is librosa's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from synthetic_music import cadence, clicks, music
from synthetic_signals import SR, tone

from signals import estimators
from signals.estimators import MAJOR, MINOR, krumhansl_key, loudness
from signals.spectrograms import power_to_decibels, spectrograms


def onset_of(y):
    return estimators.onset_strength(power_to_decibels(spectrograms(y)["mel"].T))


def key_of(y):
    key = krumhansl_key(estimators.pitch_class_shares(y, SR, estimators.estimate_tuning(y)))
    return key["key"], key["mode"]


# ---- rhythm

def test_the_tempogram_is_librosas_at_every_fourth_frame():
    import librosa
    onset = onset_of(music(12))
    whole = librosa.feature.tempogram(onset_envelope=onset, sr=SR)
    np.testing.assert_allclose(estimators.local_autocorrelation(onset).T, whole[:, ::4], atol=1e-5)


@given(arrays(np.float64, st.integers(4, 60), elements=st.floats(-5, 5)))
def test_the_autocorrelation_is_the_mean_product_at_each_lag(y):
    centred = y - y.mean()
    power = np.mean(centred ** 2)
    if power < 1e-3:
        return
    expected = [np.mean(centred[lag:] * centred[:len(y) - lag]) / power for lag in range(len(y) // 2)]
    np.testing.assert_allclose(estimators.autocorrelation(centred), expected, atol=1e-6)


# ---- pitch

@pytest.mark.parametrize("minor", [False, True])
def test_the_key_of_a_cadence_is_found(minor):
    keys = [key_of(cadence(tonic, minor)) for tonic in range(12)]
    assert keys == [(float(tonic), float(not minor)) for tonic in range(12)]


@given(st.integers(0, 11), st.booleans())
def test_a_profile_is_the_profile_of_its_own_key(tonic, major):
    profile = np.roll(MAJOR if major else MINOR, tonic)
    key = krumhansl_key(profile[None])
    assert (key["key"], key["mode"]) == (tonic, major) and key["key_confidence"] > 0


def test_a_flat_profile_has_no_key():
    assert np.isnan(krumhansl_key(np.ones((5, 12)))["key"])


def test_the_tuning_is_librosas():
    import librosa
    for y in (music(), cadence(3), tone(452, 2)):
        expected = librosa.estimate_tuning(S=np.abs(librosa.stft(y)) ** 2, sr=SR)
        assert estimators.estimate_tuning(y) == pytest.approx(expected, abs=1e-6)


def test_pitch_class_shares_add_up_to_one_and_drums_count_little():
    shares = estimators.pitch_class_shares(cadence(0), SR, 0.0)
    assert shares.shape[1] == 12 and shares.sum(axis=1) == pytest.approx(1, abs=1e-5)
    chord = .1 * (tone(261.63, 4) + tone(329.63, 4) + tone(392, 4))
    with_drums = estimators.pitch_class_shares(chord + .1 * clicks(120, 4), SR, 0.0).mean(axis=0)
    assert set(np.argsort(with_drums)[-3:]) == {0, 4, 7}
    assert (estimators.pitch_class_shares(np.zeros(SR, np.float32), SR, 0.0) == 0).all()


# ---- loudness, regularity of the pulse

@pytest.mark.parametrize("sr", [48_000, 44_100, SR])
def test_a_full_scale_tone_has_minus_three_lufs(sr):
    assert loudness(tone(997, 5, sr), sr) == pytest.approx(-3.01, abs=.1)
    assert loudness(np.column_stack([tone(997, 5, sr)] * 2), sr) == pytest.approx(0, abs=.1), "the channels add up"


def test_silence_and_very_short_sounds_have_no_loudness():
    assert np.isnan(loudness(tone(997, .3), SR)) and np.isnan(loudness(np.zeros(SR), SR))
    assert np.isfinite(loudness(np.column_stack([tone(997, 1)] * 6), SR))


def test_the_effects_channel_does_not_count():
    quiet, loud = np.zeros(2 * SR, np.float32), tone(997, 2)
    effects = np.column_stack([loud, quiet, quiet, loud, quiet, quiet])
    assert loudness(effects, SR) == pytest.approx(loudness(loud, SR), abs=.1)


def test_a_regular_pulse_is_more_regular_than_a_drifting_level():
    rng = np.random.default_rng(0)
    drifting = (np.cumsum(rng.standard_normal(12 * SR)) / 400 * tone(300, 12) / 5).astype(np.float32)
    assert estimators.pulse_regularity(clicks(120, 12)) > estimators.pulse_regularity(drifting)


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 60_000), level=st.floats(0, 1), seed=st.integers(0, 99))
def test_the_regularity_of_the_pulse_stays_in_its_range(n, level, seed):
    value = estimators.pulse_regularity((level * np.random.default_rng(seed).uniform(-1, 1, n)).astype(np.float32))
    assert np.isnan(value) or 0 <= value <= 3
