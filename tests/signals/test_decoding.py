"""Decoding: formats, channels, blocks and segments, and files that cannot be used."""

import contextlib
import os
import resource
import shutil
import struct
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_files import noise, write_song
from synthetic_signals import SR, tone

from signals import decoding
from signals.decoding import AudioError, blocks, load_audio, segments


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "opus"])
def test_every_format_gives_the_tone_that_was_written(tmp_path, suffix):
    kwargs = {"format": "OGG", "subtype": "OPUS"} if suffix == "opus" else {}
    soundfile.write(tmp_path / f"a.{suffix}", .5 * tone(440, 2, 48_000), 48_000, **kwargs)
    y, sr = load_audio(tmp_path / f"a.{suffix}")
    assert sr == SR and y.dtype == np.float32 and abs(len(y) - 2 * SR) < .1 * SR
    spectrum = np.abs(np.fft.rfft(y[:SR]))
    assert spectrum.argmax() == pytest.approx(440, abs=1)


def test_a_part_equals_the_same_part_of_the_whole(tmp_path):
    path = write_song(tmp_path / "a.wav", 5)
    whole, part = load_audio(path)[0], load_audio(path, offset=2, seconds=1.5)[0]
    np.testing.assert_array_equal(part, whole[2 * SR:int(3.5 * SR)])
    assert load_audio(path, offset=60)[0].size == 0


def test_the_file_keeps_its_own_rate_where_no_rate_is_given(tmp_path):
    path = write_song(tmp_path / "a.wav", 2, 44_100)
    y, sr = load_audio(path, sr=None)
    assert sr == 44_100 and len(y) == 2 * 44_100
    assert len(load_audio(path, sr=16_000)[0]) == 2 * 16_000


def test_channels_are_averaged_or_kept(tmp_path):
    low, high = .5 * tone(440, 2), .5 * tone(880, 2)
    soundfile.write(tmp_path / "a.wav", np.column_stack([low, -low, high]), SR, subtype="FLOAT")
    np.testing.assert_allclose(load_audio(tmp_path / "a.wav")[0], high / 3, atol=1e-6)
    assert load_audio(tmp_path / "a.wav", mono=False)[0].shape == (2 * SR, 3)


def test_blocks_join_to_the_whole_file(tmp_path):
    path = write_song(tmp_path / "a.flac", 7.3, sr=44_100, channels=2)
    parts = list(blocks(path, 1.0))
    assert [len(part) for part in parts[:-1]] == [SR] * 7
    np.testing.assert_allclose(np.concatenate(parts), load_audio(path)[0], atol=2e-3)


@settings(max_examples=25, deadline=None)
@given(length=st.floats(1, 8), seconds=st.floats(.5, 9))
def test_segments_cover_a_file_but_for_a_last_piece_shorter_than_half_a_segment(tmp_path_factory, length, seconds):
    y = noise(length)
    path = tmp_path_factory.mktemp("noise") / "a.wav"
    soundfile.write(path, y, SR, subtype="FLOAT")
    found = list(segments(path, seconds, shortest=.1))
    joined = np.concatenate([segment.y for segment in found])
    np.testing.assert_array_equal(joined, y[:len(joined)])
    assert (len(y) - len(joined)) < seconds * SR / 2 + 1
    assert [segment.start for segment in found] == pytest.approx([n * seconds for n in range(len(found))], abs=1e-3)


def test_silent_segments_are_left_out_and_a_silent_file_is_refused(tmp_path):
    y = noise(6)
    y[2 * SR:4 * SR] = 0
    soundfile.write(tmp_path / "a.wav", y, SR, subtype="FLOAT")
    assert [segment.start for segment in segments(tmp_path / "a.wav", 2)] == [0, 4]
    soundfile.write(tmp_path / "b.wav", np.zeros(3 * SR), SR)
    with pytest.raises(AudioError, match="^silent$"):
        list(segments(tmp_path / "b.wav", 2))


def test_a_segment_keeps_the_channels_and_the_rate_of_the_file(tmp_path):
    segment = next(segments(write_song(tmp_path / "a.wav", 3, 44_100, channels=2), 2))
    assert segment.native.shape == (2 * 44_100, 2) and segment.native_sr == 44_100 and segment.y.shape == (2 * SR,)


@pytest.mark.parametrize(("y", "reason"), [
    (np.full(SR, np.nan, np.float32), "no numbers"), (np.full(SR, 1e20, np.float32), "too large"),
    (np.sign(tone(100, 1)), "clipped")], ids=["not finite", "too large", "clipped"])
def test_samples_that_cannot_be_used_are_refused(y, reason):
    with pytest.raises(AudioError, match=reason):
        decoding.is_silent(y)


def test_loud_samples_that_are_not_flat_are_not_clipped():
    assert not decoding.is_silent(tone(440, 1))
    assert decoding.is_silent(1e-5 * tone(440, 1))


def test_damaged_frames_write_nothing_to_standard_error(tmp_path, capfd):
    whole = bytearray(Path(write_song(tmp_path / "a.mp3", 4, 44_100)).read_bytes())
    for at in range(2000, len(whole) - 400, 997):
        whole[at:at + 200] = bytes(200)
    (tmp_path / "b.mp3").write_bytes(whole)
    with contextlib.suppress(AudioError):
        load_audio(tmp_path / "b.mp3")
    assert capfd.readouterr().err == ""


def test_a_missing_ffmpeg_is_named_where_it_is_needed(tmp_path, monkeypatch):
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0 ftypM4A " + b"\0" * 100)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(AudioError, match=r"\.m4a needs ffmpeg, which is not installed"):
        load_audio(tmp_path / "a.m4a")


def test_ffmpeg_decodes_what_soundfile_cannot_read(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", .5 * tone(440, 2), SR, subtype="FLOAT")
    fake = tmp_path / "bin" / "ffmpeg"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\ncat '{tmp_path}/a.wav'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    (tmp_path / "a.m4a").write_bytes(b"not for soundfile")
    np.testing.assert_allclose(load_audio(tmp_path / "a.m4a")[0], .5 * tone(440, 2), atol=1e-6)


# ---- headers that declare more than there is

def ogg_checksum(page):
    """The checksum of a page of Ogg whose own field is zero (RFC 3533)."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7) & 0xFFFFFFFF if crc & 0x80000000 else crc << 1
    return crc


def change_page(sound, start, at, value):
    """Write bytes at a place in a page of Ogg, and the page's new checksum."""
    header = 27 + sound[start + 26]
    end = start + header + sum(sound[start + 27:start + header])
    sound[start + at:start + at + len(value)] = value
    sound[start + 22:start + 26] = bytes(4)
    sound[start + 22:start + 26] = struct.pack("<I", ogg_checksum(sound[start:end]))


def declaring_ogg(path, *, rate=None, channels=None, frames=None):
    """An Ogg Vorbis file of three seconds whose header declares another rate, or more channels or frames."""
    sound = bytearray(Path(write_song(path)).read_bytes())
    at = sound.index(b"\x01vorbis")
    if channels:
        change_page(sound, 0, at + 11, bytes([channels]))
    if rate:
        change_page(sound, 0, at + 12, struct.pack("<I", rate))
    if frames:
        change_page(sound, sound.rindex(b"OggS"), 6, struct.pack("<q", frames))
    path.write_bytes(sound)
    return path


@pytest.mark.parametrize("declared", [{"rate": 2 ** 31 - 1}, {"rate": 800_000}, {"rate": 10}, {"channels": 65},
                                      {"rate": 2 ** 31 - 1, "frames": 2 ** 40}], ids=str)
def test_an_impossible_rate_or_number_of_channels_is_refused_before_memory_is_taken(tmp_path, declared):
    path = declaring_ogg(tmp_path / "a.ogg", **declared)
    with pytest.raises(AudioError):
        load_audio(path)
    with pytest.raises(AudioError, match="declares" if "rate" in declared else None):
        next(segments(path, 60))


def test_the_limits_are_those_of_each_of_several_joined_files(tmp_path, monkeypatch):
    good = Path(write_song(tmp_path / "good.ogg")).read_bytes()
    (tmp_path / "two.ogg").write_bytes(good + good)
    assert len(load_audio(tmp_path / "two.ogg")[0]) == pytest.approx(6 * SR, rel=.01)
    (tmp_path / "bad.ogg").write_bytes(good + declaring_ogg(tmp_path / "a.ogg", rate=2 ** 31 - 1).read_bytes())
    with pytest.raises(AudioError, match="declares 2,147,483,647 Hz"):
        load_audio(tmp_path / "bad.ogg")
    monkeypatch.setattr(decoding, "MOST_SAMPLES", 5 * SR)
    with pytest.raises(AudioError, match="longer than .* hours"):
        load_audio(tmp_path / "two.ogg")


def test_a_file_that_declares_more_than_it_holds_takes_no_more_memory_than_it_needs(tmp_path):
    path = declaring_ogg(tmp_path / "a.ogg", frames=2 ** 50)
    assert len(load_audio(path)[0]) == pytest.approx(3 * SR, rel=.01)
    assert [len(segment.y) for segment in segments(path, 60)] == [pytest.approx(3 * SR, rel=.01)]
    assert sum(map(len, blocks(path, 1.0))) == pytest.approx(3 * SR, rel=.01)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load_audio(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident < 50_000, "kB"


def test_a_file_without_a_header_is_refused_with_the_reason(tmp_path):
    (tmp_path / "a.raw").write_bytes(bytes(100_000))
    with pytest.raises(AudioError, match="without a header.*convert it to WAV"):
        load_audio(tmp_path / "a.raw")


def test_a_file_too_long_for_the_memory_or_for_a_day_is_refused_and_read_in_segments_until_then(tmp_path, monkeypatch):
    path = write_song(tmp_path / "a.flac", 8)
    monkeypatch.setattr(decoding, "LARGEST_IN_MEMORY", 4 * 5 * SR)
    with pytest.raises(AudioError, match="too long for the memory"):
        load_audio(path)
    assert len(list(segments(path, 2))) == 4
    with pytest.raises(AudioError, match="too long for the memory at 44,100 Hz"):
        decoding.resample(np.zeros(3 * SR, np.float32), SR, 2 * SR)
    monkeypatch.setattr(decoding, "MOST_SAMPLES", 5 * SR)
    with pytest.raises(AudioError, match="longer than .* hours: cut it into parts"):
        list(segments(path, 2))


def test_ffmpeg_may_not_fetch_what_a_playlist_names(tmp_path, monkeypatch):
    said = tmp_path / "said"
    fake = tmp_path / "bin" / "ffmpeg"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\necho \"$@\" > '{said}'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    (tmp_path / "a.mp3").write_text("#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/secret\n")
    with pytest.raises(AudioError, match="unreadable"):
        load_audio(tmp_path / "a.mp3")
    assert "-protocol_whitelist file,pipe" in said.read_text()


def test_channels_of_opposite_phase_are_not_silent(tmp_path):
    y = .5 * tone(440, 2, SR)
    soundfile.write(tmp_path / "a.wav", np.column_stack([y, -y]), SR)
    assert np.abs(load_audio(tmp_path / "a.wav")[0]).max() == pytest.approx(.5, abs=.01)
    assert len(list(segments(tmp_path / "a.wav", 60))) == 1


def test_a_name_is_found_however_its_accents_are_encoded(tmp_path):
    write_song(tmp_path / unicodedata.normalize("NFD", "Jóga.wav"), 1)
    assert len(load_audio(tmp_path / unicodedata.normalize("NFC", "Jóga.wav"))[0]) == SR
