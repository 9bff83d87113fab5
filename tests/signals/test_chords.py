"""Chords: songs whose chords are known, silence, charts, and the keys of real clips."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from synthetic_music import cadence
from synthetic_signals import SR, tone

from signals.chords import chord_chart, plot_chords, song_chords
from synth.songs import render

DIATONIC = {"major": {(0, False), (2, True), (4, True), (5, False), (7, False), (9, True)},
            "minor": {(0, True), (3, False), (5, True), (7, True), (7, False), (8, False), (10, False)}}
"""Semitones above the tonic, and whether the triad is minor."""


@pytest.mark.parametrize("tonic, minor, names", [(0, False, ["C", "F", "G", "C"]), (9, True, ["Am", "Dm", "E", "Am"])])
def test_the_chords_of_a_cadence_are_found(tonic, minor, names):
    chords = song_chords((cadence(tonic, minor), SR), beats=np.arange(0, 4, .5))
    assert chords["chord"].tolist() == names
    assert chords["start"].tolist() == pytest.approx([0, 1, 2, 3])
    assert chords["confidence"].between(0, 1).all()


@pytest.mark.parametrize("genre", ["hip hop", "folk/acoustic"])
def test_the_chords_of_synthetic_songs_are_found(genre):
    song = render(genre, seconds=20, seed=50)
    chords = song_chords((song.y, song.sr))
    right = []
    for start, end, root, quality in song.chords:
        middle = (start + end) / 2
        found = chords[(chords["start"] <= middle) & (chords["end"] > middle)]
        if quality != "5" and len(found):
            right.append((found["root"].iloc[0], found["minor"].iloc[0]) == (root, quality.startswith("min")))
    assert np.mean(right) > .85


def test_chords_are_told_where_a_song_begins_and_ends_without_beats():
    y = np.concatenate([cadence(0), cadence(0), cadence(0)])
    chords = song_chords((y, SR), beats=np.arange(4, 8, .5))
    assert chords["chord"].tolist() == ["C", "F", "G", "C"] + ["F", "G", "C"] * 2
    assert chords["beats"].sum() == 24


def test_silence_has_no_chord_and_the_table_covers_the_song():
    y = np.concatenate([np.zeros(2 * SR), tone(220, 2) + tone(277.18, 2) + tone(329.63, 2)]).astype(np.float32)
    chords = song_chords((y, SR), beats=np.arange(0, 4, .5))
    assert chords["chord"].tolist()[0] == "–" and chords["chord"].tolist()[-1] == "A"
    assert chords["start"].iloc[0] == 0 and chords["end"].iloc[-1] == pytest.approx(4)
    assert (chords["start"].iloc[1:].to_numpy() == chords["end"].iloc[:-1].to_numpy()).all()
    assert set(song_chords((np.zeros(3 * SR, np.float32), SR))["chord"]) == {"–"}


def test_a_chart_has_lines_of_whole_bars():
    chords = pd.DataFrame({"chord": ["C", "F", "G"], "beats": [6, 6, 6]})
    lines = chord_chart(chords, beats_per_bar=3, bars_per_line=2).splitlines()
    assert lines == ["| C . . | . . . |", "| F . . | . . . |", "| G . . | . . . |"]


def test_chords_are_drawn_as_bars():
    chords = song_chords((cadence(0), SR), beats=np.arange(0, 4, .5))
    ax = plot_chords(chords, plt.figure().subplots())
    assert len(ax.patches) == 4 and [text.get_text() for text in ax.texts] == ["C", "F", "G", "C"]


def test_real_clips_mostly_have_chords_of_their_published_key(shared):
    truth = pd.read_csv(shared / "gtzan" / "annotations.csv").set_index("track")["key"].dropna()
    names = "C C# D D# E F F# G G# A A# B".split()
    inside, chance = [], []
    for path in sorted((shared / "gtzan" / "audio").glob("*/*.mp3"))[::8]:
        if path.stem in truth:
            tonic, mode = truth[path.stem].split()
            chords = song_chords(path).dropna(subset=["root"])
            shares = [sum(row.beats for row in chords.itertuples()
                          if ((row.root - names.index(tonic) - shift) % 12, row.minor) in DIATONIC[mode])
                      / chords["beats"].sum() for shift in range(12)]
            inside.append(shares[0])
            chance.append(np.mean(shares))
    assert len(inside) > 5 and np.mean(inside) > np.mean(chance) + .2
