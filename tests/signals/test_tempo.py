"""Tempo, metre and swing: clicks, accents and shuffles that are known, and real clips with tapped tempi."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_music import clicks
from synthetic_signals import SR, tone

from signals.decoding import load_audio
from signals.spectrograms import power_to_decibels, spectrograms
from signals.tempo import TEMPI, estimate_tempo, read_tempo, register_onsets, tempo_confidence


def tempo_of(y):
    return estimate_tempo(register_onsets(power_to_decibels(spectrograms(y)["mel"].T)))


def strokes(times, strengths, seconds=24.0):
    """Bursts of noise at these times, of these strengths, over faint noise."""
    y = .02 * np.random.default_rng(1).standard_normal(int(seconds * SR)).astype(np.float32)
    burst = np.random.default_rng(0).standard_normal(900).astype(np.float32) * np.exp(-np.arange(900) / 150)
    for time, strength in zip(times, strengths):
        start = int(time * SR)
        y[start:start + 900] += strength * burst[:len(y) - start]
    return y


@pytest.mark.parametrize("bpm", [70, 90, 120, 128, 150, 174])
def test_the_tempo_of_clicks_is_found_up_to_an_octave(bpm):
    estimate = tempo_of(clicks(bpm))
    tempo = estimate["tempo"]
    assert min(abs(tempo / bpm - ratio) / ratio for ratio in (.5, 1, 2)) < .01
    if 80 < bpm < 160:
        assert tempo == pytest.approx(bpm, rel=.01)
    assert min(abs(estimate["tempo_rival"] / tempo / ratio - 1) for ratio in (.5, 2)) < .1
    assert 0 <= estimate["tempo_confidence"] <= 1


@settings(max_examples=40, deadline=None)
@given(seconds=st.floats(1, 12), fade=st.floats(.2, 20), at=st.floats(0, .9), seed=st.integers(0, 99))
def test_a_single_note_has_a_possible_tempo_or_none(seconds, fade, at, seed):
    """A note that fades has a slope in its autocorrelation, and no peak."""
    y = np.zeros(int(seconds * SR), np.float32)
    start = int(at * len(y))
    t = np.arange(len(y) - start) / SR
    y[start:] = .5 * np.sin(2 * np.pi * (200 + seed) * t) * np.exp(-fade * t)
    estimate = tempo_of(y)
    for tempo in (estimate["tempo"], estimate["tempo_rival"]):
        assert np.isnan(tempo) or 20 < tempo < 400


@pytest.mark.parametrize("bpm", [100, 126])
def test_a_dotted_rhythm_does_not_hide_the_beat(bpm):
    """Chords on every third sixteenth, which begin again in each bar, as in dance music."""
    step, y = 15 / bpm, clicks(bpm)
    fading = .5 * tone(440, 4000 / SR) * np.exp(-np.arange(4000) / 1500).astype(np.float32)
    for bar in np.arange(0, 19 - 16 * step, 16 * step):
        for at in (0, 3, 6, 9, 12):
            start = int((bar + at * step) * SR)
            y[start:start + 4000] += fading
    assert tempo_of(y)["tempo"] == pytest.approx(bpm, rel=.01)


@pytest.mark.parametrize("onset", [np.zeros(500), np.ones(500), np.arange(40.0)], ids=["silence", "constant", "short"])
def test_nothing_that_repeats_means_no_tempo(onset):
    assert np.isnan(list(estimate_tempo(np.column_stack([onset] * 4)).values())).all()


@pytest.mark.parametrize("beats, bpm", [(3, 110), (4, 110)])
def test_the_metre_of_accented_beats_is_found(beats, bpm):
    times = np.arange(0, 23, 60 / bpm)
    found = tempo_of(strokes(times, np.where(np.arange(len(times)) % beats == 0, 1, .3)))
    assert found["tempo"] == pytest.approx(bpm, rel=.01)
    assert found["beats_per_bar"] == beats and found["metre_confidence"] > .5


def test_a_metronome_has_no_metre():
    assert np.isnan(tempo_of(clicks(120))["beats_per_bar"])


def test_a_shuffle_swings_and_straight_eighths_do_not():
    beats = np.arange(0, 23, .5)
    straight, shuffle = (tempo_of(strokes(np.sort(np.r_[beats, beats + offset]), np.tile([1, .7], len(beats))))
                         for offset in (.25, 1 / 3))
    assert shuffle["swing"] > .5 > straight["swing"]


def test_what_is_not_sure_is_said_with_its_rival_and_what_is_not_known_is_left_out():
    features = {"tempo": 120.0, "tempo_rival": 60.0, "tempo_confidence": .9, "beats_per_bar": np.nan, "swing": .1}
    assert read_tempo(features).text == "120 BPM"
    assert read_tempo(features | {"tempo_confidence": .4, "beats_per_bar": 3.0}).text == "120 BPM (or 60), 3/4"
    assert read_tempo(dict.fromkeys(features, np.nan)).text.startswith("no tempo")


def test_silence_before_a_song_changes_nothing():
    y = clicks(100)
    later = tempo_of(np.concatenate([np.zeros(2 * SR, np.float32), y]))
    assert later["tempo"] == pytest.approx(tempo_of(y)["tempo"], rel=.01)


def test_most_real_clips_have_the_tempo_that_people_tap(shared):
    truth = pd.read_csv(shared / "gtzan" / "annotations.csv").set_index("track")["tempo"]
    clips = sorted((shared / "gtzan" / "audio").glob("*/*.mp3"))[::4]
    ratio = np.array([tempo_of(load_audio(path)[0])["tempo"] / truth[path.stem] for path in clips])
    assert np.mean(np.abs(ratio - 1) < .04) > .6
    assert np.mean(np.min(np.abs(ratio[:, None] / [1 / 3, .5, 1, 2, 3] - 1), axis=1) < .04) > .85


def test_a_tempo_with_more_of_the_probability_is_surer():
    flat, peaked = np.ones(len(TEMPI)), np.where(np.abs(TEMPI / 120 - 1) < .02, 100, 1)
    assert (0 < tempo_confidence(flat / flat.sum()) < tempo_confidence(peaked / peaked.sum()) < 1)


@pytest.mark.parametrize("y", [tone(440, 10), tone(220, 6) + tone(261.63, 6) + tone(329.63, 6),
                               np.full(10 * SR, .5, np.float32)])
def test_a_held_sound_that_breaks_off_has_no_tempo(y):
    assert np.isnan(tempo_of(y)["tempo"])


def test_a_tempo_is_rounded_once():
    """74.52 was 75 BPM in a sentence, and 74 on a page that showed 74.5 without decimals."""
    features = {"tempo": 74.52, "tempo_rival": 149.04, "tempo_confidence": .4, "beats_per_bar": np.nan, "swing": 0}
    tempo = read_tempo(features)
    assert (tempo.bpm, tempo.rival, tempo.text) == (74.5, 149.0, f"{tempo.bpm:.0f} BPM (or 149)")
