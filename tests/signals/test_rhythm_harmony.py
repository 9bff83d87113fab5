"""Onset patterns, harmony and voices: what they depend on and what not."""

import numpy as np
import pytest
from synthetic_signals import SR

from signals.rhythm_harmony import CHORDS, harmony, onset_patterns, voices
from synth.songs import render


def clicks(every, bands=slice(0, 128), frames=800):
    decibels = np.full((frames, 128), -80.0)
    decibels[::every, bands] = 0
    return decibels


def test_a_pattern_does_not_depend_on_the_tempo():
    slow, fast = (onset_patterns(clicks(every), 60 * SR / 512 / every) for every in (40, 20))
    for name in slow:
        if name.startswith("beat_"):
            assert slow[name] == pytest.approx(fast[name], abs=.1)


def test_onsets_count_in_their_own_register():
    low = onset_patterns(clicks(20, slice(0, 6)), 129)
    assert low["beat_low_04"] > .8 and abs(low["beat_high_04"]) < .1
    assert low["onsets_low_rate"] == pytest.approx(SR / 512 / 20, rel=.1)


@pytest.mark.parametrize("name", CHORDS)
def test_every_chord_is_recognised_as_itself(name):
    tones = np.zeros((4, 12))
    tones[:, np.add(CHORDS[name], 5) % 12] = 1 / len(CHORDS[name])
    assert harmony(tones, 5)[f"chord_{name}_share"] == 1


def test_harmony_does_not_depend_on_the_key():
    tones = np.random.default_rng(0).dirichlet(np.ones(12), 20)
    one, two = harmony(tones, 2), harmony(np.roll(tones, 4, axis=1), 6)
    assert one == pytest.approx(two)


def test_a_constant_tone_does_not_move_and_a_melody_does():
    t = np.arange(3 * SR) / SR
    still = voices(np.sin(2 * np.pi * 110 * t), 9)
    steps = voices(np.sin(2 * np.pi * np.cumsum(np.where((t * 4).astype(int) % 2, 110, 123.47)) / SR), 9)
    assert still["bass_moves"] < .02 < steps["bass_moves"]
    assert still["bass_degree_01"] > .95 and round(still["bass_height"]) == 45


def test_features_of_silence_and_noise_are_finite():
    for y in (np.zeros(SR), np.random.default_rng(0).normal(size=SR)):
        assert np.isfinite(list(voices(y, np.nan).values())).all()
    for tones in (np.zeros((5, 12)), np.full((1, 12), 1 / 12)):
        assert np.isfinite(list(harmony(tones, np.nan).values())).all()
    for frames in (2, 5, 300):
        assert np.isfinite(list(onset_patterns(np.zeros((frames, 128)), np.nan).values())).all()


def test_metal_has_more_power_chords_than_jazz():
    from signals.descriptors import describe
    metal, jazz = (describe(render(genre, seconds=8, seed=3).y) for genre in ("metal", "jazz"))
    assert metal["chord_power_mean"] > jazz["chord_power_mean"]
