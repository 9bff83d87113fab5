"""Tags of all kinds are read, of files too that are made to fill the memory."""

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, TCON, TIT2, TPE1
from sound_files import write_song

from sources import sound_tags
from sources.sound_tags import read_tags
from sources.table_files import read_folder

MEGABYTE = 2 ** 20


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
def test_a_compressed_tag_is_decompressed_only_up_to_a_limit(tmp_path, monkeypatch, suffix, version, frame):
    file = tagged(tmp_path / f"a.{suffix}", id3(frame, b"\3" + b"a" * (20 * MEGABYTE), version, compressed=True))
    assert file.stat().st_size < 300_000
    largest = []
    begin = sound_tags.zlib.decompressobj

    class Counting:
        def __init__(self):
            self.stream = begin()

        def decompress(self, data, limit):
            out = self.stream.decompress(data, limit)
            largest.append(len(out))
            return out

        def __getattr__(self, name):
            return getattr(self.stream, name)

    monkeypatch.setattr(sound_tags.zlib, "decompressobj", Counting)
    tags = read_tags(file)
    assert tags["song"] is None and tags["too_large"] and tags["duration_ms"] == pytest.approx(3000, abs=100)
    assert largest and max(largest) <= sound_tags.LARGEST_DECOMPRESSED


def test_the_limit_is_for_all_compressed_tags_of_a_file_together(tmp_path):
    frames = [id3(b"TIT2", b"\3" + b"a" * (7 * MEGABYTE), compressed=True)[10:] for _ in range(5)]
    tag = b"ID3\3\0\0" + syncsafe(sum(map(len, frames))) + b"".join(frames)
    tags = read_tags(tagged(tmp_path / "a.mp3", tag))
    assert tags["too_large"] and tags["song"] is None


def test_a_compressed_tag_of_usual_size_is_read(tmp_path):
    for version in (3, 4):
        tags = read_tags(tagged(tmp_path / "a.mp3", id3(b"TIT2", b"\3So What", version, compressed=True)))
        assert tags["song"] == "So What" and not tags["too_large"]


def test_a_text_too_long_for_a_name_and_tags_too_large_to_read_are_left_out(tmp_path, monkeypatch):
    file = tagged(tmp_path / "a.mp3", id3(b"TIT2", b"\3" + b"a" * 5000))
    assert read_tags(file)["song"] is None and read_tags(file)["too_large"]
    monkeypatch.setattr(sound_tags, "LARGEST_TAGS", 4000)
    tags = read_tags(file)
    assert tags["too_large"] and known(file) == {} and tags["duration_ms"] == pytest.approx(3000, abs=100)


def test_ape_tags_too_large_to_read_are_left_out(tmp_path, monkeypatch):
    path = Path(write_song(tmp_path / "a.mp3"))
    tags = APEv2()
    tags.update({"Title": "Sea", "Comment": "a" * 5000})
    tags.save(path)
    assert known(path) == {"song": "Sea"}
    monkeypatch.setattr(sound_tags, "LARGEST_TAGS", 4000)
    assert known(path) == {} and read_tags(path)["too_large"]


def test_a_name_is_one_line(tmp_path):
    assert read_tags(tagged(tmp_path / "a.mp3", id3(b"TIT2", b"\3So\n\x07What")))["song"] == "So What"


def test_a_folder_counts_the_tags_that_are_too_large_and_keeps_the_songs(tmp_path, capsys):
    tagged(tmp_path / "a.mp3", id3(b"TIT2", b"\3" + b"a" * (20 * MEGABYTE), compressed=True))
    write_song(tmp_path / "b.mp3")
    assert read_folder(tmp_path)["song"].tolist() == ["a", "b"]
    assert "1 of 2 files have tags that are too large" in capsys.readouterr().out


def known(path):
    """The tags that a file has."""
    return {column: text for column, text in read_tags(path).items() if column in sound_tags.KEYS and text}


def test_several_genres_and_artists_of_one_tag_are_kept(tmp_path):
    path = Path(write_song(tmp_path / "a.mp3"))
    tags = ID3()
    tags.add(TCON(encoding=3, text=["Rock", "Pop"]))
    tags.add(TPE1(encoding=3, text=["Ann", "Ben"]))
    tags.add(TIT2(encoding=3, text=["Sea"]))
    tags.save(path)
    assert known(path) == {"artist": "Ann; Ben", "song": "Sea", "genre": "Rock, Pop"}


def test_ape_tags_are_read(tmp_path):
    path = Path(write_song(tmp_path / "a.mp3"))
    tags = APEv2()
    tags.update({"Artist": "Ann", "Title": "Sea", "Genre": "Jazz"})
    tags.save(path)
    assert known(path) == {"artist": "Ann", "song": "Sea", "genre": "Jazz"}


def test_list_info_is_read(tmp_path):
    path = Path(write_song(tmp_path / "a.wav"))
    fields = b"".join(name + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2)
                      for name, text in ((b"IART", b"Bj\xf6rk\0"), (b"INAM", "Jóga".encode()), (b"IGNR", b"Pop\0\0")))
    chunk = b"LIST" + struct.pack("<I", 4 + len(fields)) + b"INFO" + fields
    data = path.read_bytes() + chunk
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    assert known(path) == {"artist": "Björk", "song": "Jóga", "genre": "Pop"}
    assert read_tags(path)["duration_ms"] == 3000 and read_tags(path)["note"] == ""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=20), st.floats(.01, 1))
def test_damaged_tags_give_a_row_or_a_reason(tmp_path_factory, changes, kept):
    sound = bytearray(id3(b"TIT2", b"\3So What", 4, compressed=True) + b"\xff\xfb\x90\x64" + bytes(4000))
    for place, value in changes:
        sound[int(place * 40)] = value
    file = tmp_path_factory.getbasetemp() / "damaged.mp3"
    file.write_bytes(sound[:int(len(sound) * kept)])
    try:
        assert {"song", "duration_ms", "too_large"} <= read_tags(file).keys()
    except ValueError as error:
        assert str(error)
