"""Sentences on signals whose truth is known."""

import numpy as np
import pytest
from synthetic_signals import SR, tone

from signals.descriptors import describe
from signals.sound_sentences import (
    brightness_sentence,
    comparison_sentence,
    level_sentence,
    sections_sentence,
    tempo_sentence,
)


def test_the_loudest_and_the_quietest_part_are_named():
    y = np.concatenate([.01 * tone(440, 10), .5 * tone(440, 10), .1 * tone(440, 10)])
    assert level_sentence((y, SR)).startswith("It is loudest around 0:1") and "quietest around 0:0" in level_sentence(
        (y, SR))
    assert "equally loud" in level_sentence((tone(440, 20), SR))


def test_a_low_tone_is_dark_and_noise_is_bright():
    assert "is dark" in brightness_sentence(describe(tone(200, 3)))
    noise = np.random.default_rng(0).normal(scale=.1, size=3 * SR).astype(np.float32)
    assert "is bright" in brightness_sentence(describe(noise))


def test_the_tempo_of_clicks_is_named_and_a_held_tone_has_none():
    clicks = np.zeros(20 * SR, np.float32)
    for start in np.arange(0, 20, .5):
        clicks[int(start * SR):int(start * SR) + 200] = .8
    assert "120 BPM" in tempo_sentence(describe(clicks))
    unknown = dict.fromkeys(("tempo", "tempo_rival", "tempo_confidence"), np.nan)
    assert tempo_sentence(unknown).startswith("No clear tempo")


def test_a_change_of_sound_is_a_boundary():
    noise = np.random.default_rng(0).normal(scale=.1, size=20 * SR).astype(np.float32)
    assert "2 sections; boundary at 0:2" in sections_sentence((np.concatenate([tone(440, 20), noise]), SR))
    assert sections_sentence((tone(440, 20), SR)) == "No section boundary stands out."


def test_songs_that_do_not_differ_are_said_not_to():
    song = {"tempo": 100, "spectral_centroid_mean": 1000, "loudness_lufs": -10.0, "onset_strength_mean": 1}
    assert "do not clearly differ" in comparison_sentence(("a", "b"), (song, song | {"tempo": np.nan}))


@pytest.mark.parametrize("confidence, rival, said", [(.9, 118, "slower (59 against 82 BPM)"), (.4, 118, ""),
                                                     (.4, 29.5, "slower (59 against 82 BPM)")])
def test_of_two_songs_one_is_faster_only_if_its_rival_is_too(confidence, rival, said):
    first = {"tempo": 82, "tempo_rival": 164, "tempo_confidence": .8, "spectral_centroid_mean": 1000,
             "loudness_lufs": -10, "onset_strength_mean": 1}
    second = first | {"tempo": 59, "tempo_rival": rival, "tempo_confidence": confidence, "loudness_lufs": -5}
    sentence = comparison_sentence(("a", "b"), (first, second))
    assert said in sentence and ("BPM" in sentence) == bool(said)
