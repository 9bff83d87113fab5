"""The key: cadences in every key, silence, how keys are written, and real clips with published keys."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_music import cadence, clicks
from synthetic_signals import SR, tone

from signals import key
from signals.chords import chord_name
from signals.decoding import load_audio
from signals.estimators import estimate_tuning


def estimate(y):
    return key.estimate_key(key.semitone_strengths(y, SR, estimate_tuning(y)))


@pytest.mark.parametrize("minor", [False, True])
def test_the_key_of_a_cadence_is_found(minor):
    for tonic in range(12):
        found = estimate(cadence(tonic, minor))
        assert (found["key"], found["mode"]) == (tonic, not minor)


def test_drums_do_not_hide_the_key():
    y = cadence(3)
    found = estimate(y + .3 * clicks(120, len(y) / SR)[:len(y)])
    assert (found["key"], found["mode"]) == (3, 1)


def test_a_recording_that_is_out_of_tune_has_the_same_key():
    chord = sum(tone(hertz * 2 ** (.4 / 12), 4) for hertz in (220, 277.18, 329.63))
    assert estimate(chord)["key"] == 9


def test_silence_has_no_key():
    found = estimate(np.zeros(3 * SR, np.float32))
    assert np.isnan(list(found.values())).all()
    assert key.read_key(found).name == "unknown"


@given(st.integers(0, 11), st.lists(st.floats(0, 1), min_size=24, max_size=24))
def test_a_transposed_song_has_the_transposed_key(steps, shares):
    shares = np.reshape(shares, (2, 12)) / max(sum(shares), 1e-9)
    here = key.key_probabilities(shares, 30).reshape(2, 12)
    there = key.key_probabilities(np.roll(shares, steps, axis=1), 30).reshape(2, 12)
    assert here.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.roll(here, steps, axis=1), there, atol=1e-9)


def test_a_short_sound_is_less_sure_than_a_long_one():
    shares = key.triad_shares(key.pitch_classes(key.semitone_strengths(cadence(0), SR)))
    assert key.key_probabilities(shares, 3).max() < key.key_probabilities(shares, 30).max()


def test_neighbours_on_the_camelot_wheel_are_a_fifth_or_a_relative_key_apart():
    assert sorted(key.camelot(tonic, mode) for tonic in range(12) for mode in (0, 1)) == sorted(
        f"{number}{letter}" for number in range(1, 13) for letter in "AB")
    for tonic in range(12):
        number = int(key.camelot(tonic, 1)[:-1])
        assert int(key.camelot((tonic + 7) % 12, 1)[:-1]) == number % 12 + 1
        assert key.camelot((tonic + 9) % 12, 0) == f"{number}A"


def test_a_rival_is_named_only_where_it_is_nearly_as_probable():
    features = {"key": 9, "mode": 0, "key_confidence": .9, "rival_key": np.nan, "rival_mode": np.nan}
    assert key.read_key(features).text == "A minor (8A)"


def test_keys_and_chords_have_their_usual_names():
    assert [key.key_name(tonic, 1) for tonic in (1, 3, 8, 10)] == ["D♭ major", "E♭ major", "A♭ major", "B♭ major"]
    assert [key.key_name(tonic, 0) for tonic in (1, 6, 8, 10)] == ["C♯ minor", "F♯ minor", "G♯ minor", "B♭ minor"]
    assert [chord_name(*chord) for chord in ((3, False), (8, False), (8, True))] == ["E♭", "A♭", "G♯m"]


def test_half_of_the_real_clips_have_their_published_key(shared):
    truth = pd.read_csv(shared / "gtzan" / "annotations.csv").set_index("track")["key"].dropna()
    right = []
    for path in sorted((shared / "gtzan" / "audio").glob("*/*.mp3"))[::3]:
        if path.stem in truth:
            found = estimate(load_audio(path)[0])
            tonic = "C C# D D# E F F# G G# A A# B".split()[int(found["key"])]
            right.append(f"{tonic} {'major' if found['mode'] else 'minor'}" == truth[path.stem])
    assert len(right) > 20 and np.mean(right) > .5


@pytest.mark.parametrize("seconds", [2, 10, 60])
def test_a_key_with_more_of_the_probability_is_surer(seconds):
    confidences = []
    for strength in (0, 1, 2, 4, 8):
        scores = np.zeros(24)
        scores[5] = strength
        confidences.append(key.key_confidence(np.exp(scores) / np.exp(scores).sum(), seconds))
    assert (np.diff(confidences) > 0).all() and confidences[0] > 0 and confidences[-1] < 1


def test_of_a_short_clip_the_confidence_is_the_probability_up_to_a_fifth():
    proba = np.zeros(24)
    proba[[12 + 9, 12 + 4, 12 + 2, 0]] = .5, .2, .1, .2
    assert key.key_confidence(proba, 3) == pytest.approx(.8)


@pytest.mark.parametrize("hertz", [(440,), (220, 330)])
def test_one_tone_or_a_fifth_has_no_key(hertz):
    assert np.isnan(list(estimate(sum(tone(each, 6) for each in hertz)).values())).all()


def test_a_triad_has_a_key():
    found = estimate(sum(tone(hertz, 6) for hertz in (220, 277.18, 329.63)))
    assert (found["key"], found["mode"]) == (9, 1)
