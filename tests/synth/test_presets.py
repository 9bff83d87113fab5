"""The presets: complete for every genre, and all instruments, drums, chords and scales that they name exist."""

import re

import pytest

from synth import songs
from synth.presets import BEATS, DRUMS, INSTRUMENTS, PITCHES, QUALITIES, SCALES, TIMBRES
from synth.sample_table import GENRES

LANES = ["kick", "snare", "hat", "perc", "bass", "chords"]


@pytest.mark.parametrize("presets", [BEATS, TIMBRES, PITCHES])
def test_every_genre_has_every_part(presets):
    assert sorted(presets) == sorted(GENRES)
    assert len({frozenset(preset) for preset in presets.values()}) == 1, "with the same entries"


@pytest.mark.parametrize("genre", GENRES)
def test_every_rhythm_has_16_steps(genre):
    for lane in LANES:
        rhythms = BEATS[genre][lane].split()
        assert rhythms and all(re.fullmatch("[-xo.]{16}", rhythm) for rhythm in rhythms), lane


@pytest.mark.parametrize("genre", GENRES)
def test_chords_and_bass_of_every_rhythm_play_on_the_first_beat_or_just_after(genre):
    for lane in ("bass", "chords"):
        assert all(re.match(r"\.{0,6}[-xo]", rhythm) for rhythm in BEATS[genre][lane].split()), lane


@pytest.mark.parametrize("genre", GENRES)
def test_tempo_swing_and_scatter_are_musical(genre):
    beat = BEATS[genre]
    slowest, fastest = beat["tempo"]
    assert 60 <= slowest < fastest <= 200
    assert all(0 <= late < 1 for late in beat["swing"]) and len(beat["swing"]) == 2
    assert 0 <= beat["loose"] < .02, "less than the scatter that the synthesiser cuts off"


@pytest.mark.parametrize("genre", GENRES)
def test_every_drum_and_instrument_that_a_genre_names_exists(genre):
    timbre = TIMBRES[genre]
    for kit in timbre["kit"].split():
        assert len(kit.split(",")) == 4 and set(kit.split(",")) <= set(DRUMS)
    for part in ("bass", "chords", "melody"):
        assert timbre[part].split() and set(timbre[part].split()) <= set(INSTRUMENTS)


def test_every_drum_and_instrument_is_used():
    kits = {drum for timbre in TIMBRES.values() for kit in timbre["kit"].split() for drum in kit.split(",")}
    players = {name for timbre in TIMBRES.values() for part in ("bass", "chords", "melody")
               for name in timbre[part].split()}
    assert kits == set(DRUMS) and players == set(INSTRUMENTS)


@pytest.mark.parametrize("genre", GENRES)
def test_the_mix_has_a_level_for_drums_bass_chords_and_melody(genre):
    timbre = TIMBRES[genre]
    assert len(timbre["levels"]) == 4 and all(-15 <= level <= 5 for level in timbre["levels"])
    seconds, share = timbre["reverb"]
    assert 0 < seconds <= 2 and 0 <= share < 1 and 0 <= timbre["pump"] < 1
    assert -25 < timbre["loudness"] < -6


@pytest.mark.parametrize("genre", GENRES)
def test_every_chord_progression_can_be_read(genre):
    pitch = PITCHES[genre]
    for mode in ("up", "down"):
        for progression in pitch[mode].split(","):
            chords = [songs._chord(numeral) for numeral in progression.split()]
            assert len(chords) == 4, "four bars"
            assert all(0 <= root < 12 and quality in QUALITIES for root, quality in chords)
            assert chords[0][0] in (0, 2), "it begins on the tonic or the second degree"


@pytest.mark.parametrize("genre", GENRES)
def test_the_melody_fits_its_scale(genre):
    pitch = PITCHES[genre]
    assert 0 <= pitch["major"] <= 1 and pitch["leap"] >= 1 and 1 <= pitch["density"] <= 16
    assert {(pitch["scale"], 0), (pitch["scale"], 1)} <= set(SCALES)
    assert 48 <= pitch["centre"] <= 84, "C3 to C6"
    assert pitch["voicing"] in ("power", "open", "close", "arpeggio")
    assert pitch["bass"] in ("root", "fifth", "octave", "walk")


@pytest.mark.parametrize("notes", [*SCALES.values(), *QUALITIES.values()])
def test_scales_and_chords_rise_from_their_root(notes):
    assert notes[0] == 0 and list(notes) == sorted(set(notes)) and notes[-1] <= 12


@pytest.mark.parametrize(("scale", "mode"), SCALES)
def test_a_scale_has_the_third_of_its_mode(scale, mode):
    third = {1: 4, 0: 3}[mode]
    assert third in SCALES[scale, mode] and 7 in SCALES[scale, mode]
    assert scale == "blues" or 7 - third not in SCALES[scale, mode], "not the third of the other mode"


@pytest.mark.parametrize("name", DRUMS)
def test_a_drum_has_a_band_of_noise_and_decays(name):
    pitch, fall, decay, share, noise_decay, low, high = DRUMS[name]
    assert 20 < pitch < 11_000 and fall >= 1 and 0 < low < high < 11_025
    assert 0 < decay < 1 and 0 < noise_decay < 1 and 0 <= share <= 1


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_instrument_has_what_a_tone_needs(name):
    instrument = INSTRUMENTS[name]
    assert {"tilt", "top", "attack", "bright", "decay"} <= set(instrument)
    assert set(instrument) <= {"tilt", "top", "attack", "bright", "decay", "vibrato", "detune", "even", "formants",
                               "drive", "lowpass"}
    assert 0 < instrument["attack"] < .2 and 0 < instrument["bright"] <= instrument["decay"]
    assert 0 < instrument.get("lowpass", 1) < 11_025
