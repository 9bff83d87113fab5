"""Tags of all kinds are read."""

import struct

import numpy as np
import soundfile
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, TCON, TIT2, TPE1

from sources.sound_tags import read_sound_tags


def sound(path, **options):
    soundfile.write(path, np.random.default_rng(0).standard_normal(22_050) / 20, 22_050, **options)
    return path


def test_several_genres_and_artists_of_one_tag_are_kept(tmp_path):
    path = sound(tmp_path / "a.mp3")
    tags = ID3()
    tags.add(TCON(encoding=3, text=["Rock", "Pop"]))
    tags.add(TPE1(encoding=3, text=["Ann", "Ben"]))
    tags.add(TIT2(encoding=3, text=["Sea"]))
    tags.save(path)
    assert read_sound_tags(path)[0] == {"artist": "Ann; Ben", "title": "Sea", "genre": "Rock, Pop"}


def test_ape_tags_are_read(tmp_path):
    path = sound(tmp_path / "a.mp3")
    tags = APEv2()
    tags.update({"Artist": "Ann", "Title": "Sea", "Genre": "Jazz"})
    tags.save(path)
    assert read_sound_tags(path)[0] == {"artist": "Ann", "title": "Sea", "genre": "Jazz"}


def test_list_info_is_read(tmp_path):
    path = sound(tmp_path / "a.wav")
    fields = b"".join(name + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2)
                      for name, text in ((b"IART", b"Bj\xf6rk\0"), (b"INAM", "Jóga".encode()), (b"IGNR", b"Pop\0\0")))
    chunk = b"LIST" + struct.pack("<I", 4 + len(fields)) + b"INFO" + fields
    data = path.read_bytes() + chunk
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    tags, seconds, note = read_sound_tags(path)
    assert tags == {"artist": "Björk", "title": "Jóga", "genre": "Pop"} and seconds == 1 and note == ""
