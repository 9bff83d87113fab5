"""Excerpts of songs whose beats, hooks and parts are known."""

import librosa
import numpy as np
import pytest
import soundfile

from signals import excerpts
from signals.excerpts import extract_excerpt
from synth.sample_table import GENRES
from synth.songs import render

SR = 22_050


def clicks(bpm, seconds, first=.25):
    times = np.arange(first, seconds - .1, 60 / bpm)
    return librosa.clicks(times=times, sr=SR, length=round(seconds * SR)).astype(np.float32), times


def section(seconds, seed):
    """Chords on each beat at 120 BPM, the same for the same seed."""
    rng, t = np.random.default_rng(seed), np.arange(SR // 2) / SR
    chords = rng.permuted(np.tile(np.arange(48, 72), (2 * seconds, 1)), axis=1)[:, :3]
    tones = [np.sin(2 * np.pi * np.outer(librosa.midi_to_hz(chord), t)) * np.exp(-3 * t) for chord in chords]
    return .15 * np.concatenate([notes.sum(axis=0) for notes in tones]).astype(np.float32)


@pytest.mark.parametrize("bpm", [80, 97, 120, 150])
def test_the_beats_of_clicks_are_found(bpm):
    y, times = clicks(bpm, 20)
    beats = extract_excerpt((y, SR), "beat").beats
    assert len(beats) >= len(times) - 3
    assert np.abs(beats[:, None] - times).min(axis=1).max() < .03


def test_each_beat_has_a_click():
    y, times = clicks(120, 8)
    excerpt = extract_excerpt((y, SR), "beat", clicks_only=True)
    onsets = excerpt.beats * SR
    assert all(np.abs(excerpt.samples[int(onset):int(onset) + 500]).max() > .3 for onset in onsets)
    assert len(excerpt.samples) == len(y) and (excerpt.start, excerpt.end) == (0, 8)


@pytest.mark.parametrize("order", ["AHBHCHD", "HABCH", "ABCHHD"])
def test_the_most_repeated_section_is_found_to_a_second(order):
    parts = {name: section(8 if name == "H" else 10, ord(name)) for name in "ABCDH"}
    y = np.concatenate([parts[name] for name in order])
    starts = np.cumsum([0, *(len(parts[name]) / SR for name in order)])
    true = [start for start, name in zip(starts, order) if name == "H"]
    hook = extract_excerpt((y, SR), "hook")
    assert sorted([hook.start, *hook.repeats]) == pytest.approx(true, abs=1)
    assert hook.end - hook.start == pytest.approx(8, abs=1)
    assert len(extract_excerpt((y, SR), "hook", seconds=6).samples) / SR == pytest.approx(6, abs=.6)


def test_most_hooks_of_synthetic_songs_are_found():
    """Eight songs of verses and hooks, one of each genre; the hook's beginning to a second."""
    found = []
    for genre in GENRES:
        song = render(genre, seconds=90, seed=400)
        hook = extract_excerpt((song.y, song.sr), "hook")
        found.append(min(abs(hook.start - start) for start, _ in song.hooks) < 1)
    assert np.mean(found) > .6


def test_of_equal_hooks_the_loudest_is_taken():
    hook = section(8, 0)
    y = np.concatenate([hook, section(10, 1), 1.5 * hook, section(10, 2), hook])
    assert extract_excerpt((y, SR), "hook").start == pytest.approx(18, abs=1)


@pytest.mark.parametrize("bars", [1, 2, 4])
def test_a_loop_is_whole_bars_from_a_beat(bars):
    bar = section(2, 5) + clicks(120, 2, first=0)[0]
    y = np.concatenate([section(3, 1), *[bar] * 8, section(3, 2)])
    loop = extract_excerpt((y, SR), "loop", bars=bars)
    assert len(loop.samples) == round((loop.end - loop.start) * SR)
    assert loop.end - loop.start == pytest.approx(2 * bars, abs=.001)
    assert 0 <= loop.beats[0] - loop.start < .013 and len(loop.beats) == 4 * bars
    assert np.abs(loop.start - np.arange(0, 30, .5)).min() < .015


@pytest.mark.parametrize("per_bar", [3, 4])
def test_the_bars_of_a_loop_have_the_beats_of_the_metre(per_bar):
    times = np.arange(0, 23, 60 / 110)
    y = .02 * np.random.default_rng(1).standard_normal(24 * SR)
    burst = np.random.default_rng(0).standard_normal(900) * np.exp(-np.arange(900) / 150)
    for number, time in enumerate(times):
        start = int(time * SR)
        y[start:start + 900] += (.3 if number % per_bar else 1) * burst
    assert len(extract_excerpt((.2 * y, SR), "loop", bars=2).beats) == 2 * per_bar


def test_a_loop_does_not_click():
    y = np.concatenate([section(10, 3), section(10, 4)]) + clicks(120, 20)[0]
    loop = extract_excerpt((y, SR), "loop", bars=2).samples
    assert abs(float(loop[0]) - float(loop[-1])) < .02


def test_a_loop_is_as_long_as_the_song_allows():
    loop = extract_excerpt((clicks(120, 7)[0], SR), "loop", bars=16)
    assert loop.end - loop.start == pytest.approx(6, abs=.03)


def test_percussive_and_harmonic_parts_are_separated():
    struck, tone = clicks(120, 35)[0], .3 * np.sin(2 * np.pi * 440 * np.arange(35 * SR) / SR).astype(np.float32)
    percussive, harmonic = (extract_excerpt((struck + tone, SR), what).samples for what in ("percussive", "harmonic"))
    assert len(percussive) == len(harmonic) == 35 * SR
    assert np.corrcoef(harmonic, tone)[0, 1] > .95
    quiet = np.abs(struck) < 1e-4
    assert np.sqrt(np.mean(percussive[quiet] ** 2)) < .1 * np.sqrt(np.mean(tone[quiet] ** 2))


def test_a_part_is_the_same_in_blocks_as_in_one_piece():
    y = section(35, 7)
    ours, theirs = extract_excerpt((y, SR), "harmonic").samples, librosa.effects.harmonic(y)
    np.testing.assert_allclose(ours[29 * SR:31 * SR], theirs[29 * SR:31 * SR], atol=.02)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".WAV"])
def test_a_saved_excerpt_is_complete_and_leaves_no_temporary_file(tmp_path, suffix):
    soundfile.write(tmp_path / "song.wav", section(12, 1), SR)
    excerpt = extract_excerpt(tmp_path / "song.wav", "loop", bars=2, out=tmp_path / "out" / f"my loop{suffix}")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"my loop{suffix}"] == [excerpt.path.name]
    assert soundfile.info(excerpt.path).frames == len(excerpt.samples) or suffix == ".mp3"
    loud = soundfile.read(excerpt.path)[0]
    assert np.abs(loud).max() == pytest.approx(np.abs(excerpt.samples).max(), rel=.1)
    assert excerpt.samples.dtype == np.float32


def test_the_samples_of_the_song_are_not_changed():
    y = section(12, 1)
    before = y.copy()
    for what in excerpts.WHAT:
        extract_excerpt((y, SR), what)
    np.testing.assert_array_equal(y, before)


def test_an_error_names_its_reason(tmp_path):
    with pytest.raises(ValueError, match="what='chorus': choose from beat, percussive, harmonic, hook, loop"):
        extract_excerpt((section(4, 1), SR), "chorus")
    with pytest.raises(ValueError, match="ending should be one of .wav"):
        extract_excerpt((section(4, 1), SR), "beat", out=tmp_path / "beat.xyz")
    with pytest.raises(ValueError, match="too few for a loop"):
        extract_excerpt((np.zeros(SR), SR), "loop")
    with pytest.raises(ValueError, match="empty"):
        extract_excerpt((np.empty(0), SR), "hook")


@pytest.mark.parametrize("what", ["beat", "hook", "percussive"])
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("y", [np.zeros(3 * SR), np.full(40, .1)], ids=["silence", "2 ms"])
def test_silent_and_tiny_songs_have_excerpts_without_a_warning(what, y):
    assert len(extract_excerpt((y, SR), what).samples) <= len(y)


def test_a_failed_write_leaves_the_older_file(tmp_path):
    path = excerpts.save_sound(tmp_path / "a.wav", np.ones(SR, np.float32) / 2, SR)
    before = path.read_bytes()
    with pytest.raises((TypeError, ValueError)):
        excerpts.save_sound(path, np.full(10, "no sound"), SR)
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["a.wav"]
