"""Facts of a song: times, keys and tempi as people write them, numbers that JSON can hold."""

import functools
import json

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from songs_described import described
from synthetic_signals import SR, tone

from prediction.saliency import Explanation
from prediction.song_facts import (
    chords_data,
    fact_words,
    found_data,
    measured_facts,
    nearest_data,
    score_value,
    structure_data,
    timeline_data,
)
from signals.recording import Recording
from signals.song_pack import write_pack
from signals.structure import analyse
from signals.time_axis import clock
from synth.songs import render

FAMILIES = ["rock", "folk", "jazz", "metal"]


def timeline(*rows, hop=5.0):
    shares = pd.DataFrame(rows, columns=FAMILIES, index=hop * np.arange(len(rows)))
    shares.attrs = {"seconds": 2 * hop, "hop_seconds": hop, "out_of_distribution": 0.0}
    return shares


@given(st.integers(0, 10_000))
def test_a_time_is_minutes_and_two_digits_of_seconds(seconds):
    minutes, rest = clock(seconds).split(":")
    assert 60 * int(minutes) + int(rest) == seconds and len(rest) == 2


def test_key_tempo_and_loudness_are_measured_and_what_is_not_known_is_none(tmp_path):
    t = np.arange(6 * 22_050) / 22_050
    chord = sum(np.sin(2 * np.pi * hertz * t) for hertz in (220, 261.63, 329.63)) / 6
    soundfile.write(tmp_path / "chord.wav", chord, 22_050)
    facts = measured_facts(Recording(tmp_path / "chord.wav"))
    assert (facts["key"], facts["camelot"], facts["tempo"], facts["time_signature"]) == ("A minor", "8A", None, None)
    assert -20 < facts["loudness"] < 0 and "LUFS" in facts["streaming"]
    noise = np.random.default_rng(0).normal(scale=.1, size=6 * 22_050)
    soundfile.write(tmp_path / "noise.wav", noise, 22_050)
    assert json.dumps(measured_facts(Recording(tmp_path / "noise.wav")), allow_nan=False)


def test_the_timeline_is_data_that_json_can_hold_and_has_the_turn():
    data = timeline_data(timeline(*[[1, 0, 0, 0]] * 3, *[[0, 0, 1, 0]] * 3), 35)
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["turn"] == {"time": 17.5, "before": "rock", "after": "jazz"}
    assert timeline_data(timeline([1, 0, 0, 0]), 2.0)["turn"] is None
    assert timeline_data(timeline([1, 0, 0, 0]), 2.0)["seconds"] == 2, "no window is longer than the song"


def test_a_picture_holds_only_if_blanking_it_costs_clearly_more_than_blanking_at_random():
    shares = timeline([.7, .2, .1, 0], [.6, .3, .1, 0])
    check = pd.DataFrame({"marked": [np.log(2), .05, -.1], "random": [.1, .04, .2]}, index=["rock", "folk", "jazz"])
    explanation = Explanation(5.0, 10.0, np.zeros((4, 4)), shares.iloc[1][:3], {}, check, "occlusion", 8000.0)
    found = found_data(explanation, shares, 15)
    assert [row["holds"] for row in found["genres"]] == [True, False, False]
    assert [row["share"] for row in found["genres"]] == [.6, .3, .1], "of the timeline's window"
    assert found["genres"][0]["left_without_marked"] == .5 and found["genres"][2]["left_without_marked"] == 1


def test_a_nearest_song_without_a_title_has_its_id():
    songs = pd.DataFrame({"distance": [.5], "reason": ["faster"], "artist": [np.nan]}, index=["track 7"])
    assert nearest_data(songs) == [{"artist": None, "song": "track 7", "path": None, "distance": .5,
                                    "reason": "faster", "seconds": None}]


def test_a_score_is_a_number_or_a_number_with_an_interval_or_nothing():
    class Saved:
        saved_scores_ = {"accuracy": {"value": .8, "low": .7}, "ece": .05}
    assert (score_value(Saved(), "accuracy"), score_value(Saved(), "ece"), score_value(object(), "ece")) == (
        .8, .05, None)


def test_facts_that_are_not_known_are_left_out():
    assert fact_words({"seconds": 61, "facts": {"key": None, "tempo": None, "loudness": None}}) == {"duration": "1:01"}
    words = fact_words(described())
    assert (words["tempo"], words["key"], words["time signature"]) == ("120 BPM (or 60)", "A minor (8A)", "3/4")


def test_chords_are_data_and_a_chart(tmp_path):
    t = np.arange(4 * 22_050) / 22_050
    am, f = (sum(np.sin(2 * np.pi * hertz * t) for hertz in chord) / 6 for chord in
             ((220, 261.63, 329.63), (220, 261.63, 349.23)))
    soundfile.write(tmp_path / "chords.wav", np.concatenate([am, f]), 22_050)
    found = chords_data(Recording(tmp_path / "chords.wav"), analyse(tmp_path / "chords.wav"), {"time_signature": None})
    assert [chord["chord"] for chord in found["chords"]] == ["Am", "F"] and "Am" in found["chart"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["chords"][-1]["end"] == 8


def test_the_chart_of_the_page_is_that_of_the_pack(tmp_path):
    song = render("hip hop", seconds=16, seed=3)
    soundfile.write(tmp_path / "song.wav", song.y, song.sr)
    write_pack(tmp_path / "song.wav", tmp_path / "pack")
    chart = (tmp_path / "pack" / "chords.txt").read_text(encoding="utf-8").split("\n\n")[1].strip()
    recording = Recording(tmp_path / "song.wav")
    assert chords_data(recording, analyse(recording), {"time_signature": "4/4"})["chart"] == chart


def test_where_no_tempo_is_said_nothing_is_said_of_metre_and_swing(monkeypatch, tmp_path):
    soundfile.write(tmp_path / "noise.wav", np.random.default_rng(0).normal(scale=.1, size=3 * 22_050), 22_050)
    recording = Recording(tmp_path / "noise.wav")
    rhythm = {"tempo": 90.0, "tempo_rival": 180.0, "beats_per_bar": 3.0, "swing": .9}
    features = recording.features()
    said = []
    for confidence in (.2, .5):
        measured = features | rhythm | {"tempo_confidence": confidence}
        monkeypatch.setattr(recording, "features", functools.partial(dict, measured))
        facts = measured_facts(recording)
        said.append([facts[name] for name in ("tempo", "tempo_confidence", "tempo_rival", "time_signature", "swings")])
    assert said == [[None, None, None, None, False], [90.0, .5, 180.0, "3/4", True]]


def test_sections_and_the_hook_of_a_song():
    melody = np.concatenate([tone(hertz, 1) for hertz in (220, 330, 262, 392, 294, 440, 247, 349, 196, 415)])
    drone = tone(110, 9) + .5 * tone(1000, 9)
    data = structure_data(analyse((np.concatenate([melody, drone, 1.3 * melody]), SR)))
    assert data["sections"] == pytest.approx([10, 19], abs=1.2)
    assert data["hook"]["start"] - 19 == pytest.approx(data["hook"]["repeats"][0], abs=1.2), "the louder first"
    json.dumps(data)


@pytest.mark.parametrize("y", [tone(220, 3), tone(220, 40), np.zeros(40 * SR, np.float32)])
def test_where_all_is_alike_there_is_no_hook(y):
    assert structure_data(analyse((y, SR))) == {"sections": [], "hook": None}
