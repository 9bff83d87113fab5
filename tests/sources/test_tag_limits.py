"""The tags of sound files, of files too that are made to fill the memory."""

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_files import write_song

from sources import tag_limits
from sources.table_files import read_folder

MEGABYTE = 2 ** 20
LEFT_OUT = "files have tags that are too large"


def read(file):
    """The row of a file in a folder of its own."""
    return read_folder(file.parent).iloc[0]


def syncsafe(number):
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def id3(frame, body, version=3, *, compressed=False):
    """An ID3v2 tag with one frame."""
    if compressed:
        size = struct.pack(">I", len(body)) if version == 3 else syncsafe(min(len(body), 2 ** 28 - 1))
        body = size + zlib.compress(body, 9)
    flags = {3: b"\0\x80", 4: b"\0\x09"}[version] if compressed else b"\0\0"
    size = struct.pack(">I", len(body)) if version == 3 else syncsafe(len(body))
    frame = frame + size + flags + body
    return b"ID3" + bytes([version, 0, 0]) + syncsafe(len(frame)) + frame


def tagged(path, tag):
    """A sound file with an ID3 tag, where its format keeps one."""
    write_song(path)
    sound = path.read_bytes()
    if path.suffix == ".mp3":
        path.write_bytes(tag + sound)
        return path
    order, name = ("<", b"id3 ") if path.suffix == ".wav" else (">", b"ID3 ")
    sound += name + struct.pack(f"{order}I", len(tag)) + tag + b"\0" * (len(tag) % 2)
    path.write_bytes(sound[:4] + struct.pack(f"{order}I", len(sound) - 8) + sound[8:])
    return path


@pytest.mark.parametrize("suffix", ["mp3", "wav", "aiff"])
@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("frame", [b"TIT2", b"APIC", b"TXXX"])
def test_a_compressed_tag_is_decompressed_only_up_to_a_limit(tmp_path, monkeypatch, capsys, suffix, version, frame):
    file = tagged(tmp_path / f"a.{suffix}", id3(frame, b"\3" + b"a" * (20 * MEGABYTE), version, compressed=True))
    assert file.stat().st_size < 300_000
    largest = []
    begin = tag_limits.zlib.decompressobj

    class Counting:
        def __init__(self):
            self.stream = begin()

        def decompress(self, data, limit):
            out = self.stream.decompress(data, limit)
            largest.append(len(out))
            return out

        def __getattr__(self, name):
            return getattr(self.stream, name)

    monkeypatch.setattr(tag_limits.zlib, "decompressobj", Counting)
    row = read(file)
    assert row["song"] == "a" and row["duration_ms"] == pytest.approx(3000, abs=100)
    assert LEFT_OUT in capsys.readouterr().out
    assert largest and max(largest) <= tag_limits.LARGEST_DECOMPRESSED


def test_the_limit_is_for_all_compressed_tags_of_a_file_together(tmp_path, capsys):
    frames = [id3(b"TIT2", b"\3" + b"a" * (7 * MEGABYTE), compressed=True)[10:] for _ in range(5)]
    tag = b"ID3\3\0\0" + syncsafe(sum(map(len, frames))) + b"".join(frames)
    assert read(tagged(tmp_path / "a.mp3", tag))["song"] == "a" and LEFT_OUT in capsys.readouterr().out


def test_a_compressed_tag_of_usual_size_is_read(tmp_path, capsys):
    for version in (3, 4):
        row = read(tagged(tmp_path / "a.mp3", id3(b"TIT2", b"\3So What", version, compressed=True)))
        assert row["song"] == "So What" and LEFT_OUT not in capsys.readouterr().out


def test_a_text_too_long_for_a_name_and_tags_too_large_to_read_are_left_out(tmp_path, monkeypatch, capsys):
    file = tagged(tmp_path / "a.mp3", id3(b"TIT2", b"\3" + b"b" * 5000))
    for limit in (10 ** 6, 4000):
        monkeypatch.setattr(tag_limits, "LARGEST_TAGS", limit)
        assert read(file)["song"] == "a" and LEFT_OUT in capsys.readouterr().out


def test_a_name_is_one_line(tmp_path):
    assert read(tagged(tmp_path / "a.mp3", id3(b"TIT2", b"\3So\n\x07What")))["song"] == "So What"


def test_a_folder_counts_the_tags_that_are_too_large_and_keeps_the_songs(tmp_path, capsys):
    tagged(tmp_path / "a.mp3", id3(b"TIT2", b"\3" + b"a" * (20 * MEGABYTE), compressed=True))
    write_song(tmp_path / "b.mp3")
    assert read_folder(tmp_path)["song"].tolist() == ["a", "b"]
    assert "1 of 2 files have tags that are too large" in capsys.readouterr().out


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=20), st.floats(.01, 1))
def test_damaged_tags_give_a_row_or_a_reason(tmp_path_factory, changes, kept):
    sound = bytearray(id3(b"TIT2", b"\3So What", 4, compressed=True) + b"\xff\xfb\x90\x64" + bytes(4000))
    for place, value in changes:
        sound[int(place * 40)] = value
    file = tmp_path_factory.getbasetemp() / "damaged" / "a.mp3"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(sound[:int(len(sound) * kept)])
    try:
        assert {"song", "duration_ms"} <= set(read(file).index)
    except ValueError as error:
        assert "a.mp3: " in str(error)
