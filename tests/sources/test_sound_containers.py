"""Sound files whose headers do not tell how long they are are read whole; files that are cut short are named."""

import io
import re
import struct

import numpy as np
import pytest
import soundfile

from signals.decoding import load_audio, segments
from sources.sound_containers import examine
from sources.table_files import read_folder

RATE, SECONDS = 22_050, 10


def encoded(kind, rate=RATE, **options):
    noise = np.random.default_rng(0).standard_normal(rate * SECONDS) / 20
    file = io.BytesIO()
    soundfile.write(file, noise, rate, format=kind, **options)
    return file.getvalue()


def mp3(**options):
    return encoded("MP3", subtype="MPEG_LAYER_III", **options)


def header_frame(data):
    return max(data.find(b"Info"), data.find(b"Xing"))


def variable_rate_without_header_frame():
    """A quiet beginning, from whose low bit rate a decoder would estimate the length."""
    y = np.concatenate([np.full(5 * 44_100, 1e-5), np.random.default_rng(0).standard_normal(5 * 44_100) / 10])
    file = io.BytesIO()
    soundfile.write(file, y, 44_100, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode="VARIABLE",
                    compression_level=.1)
    data = file.getvalue()
    header = struct.unpack(">I", data[:4])[0]
    rates = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
    return data[144 * rates[header >> 12 & 15] * 1000 // 44_100 + (header >> 9 & 1):]


def frames_told(data, number):
    at = header_frame(data)
    told = struct.unpack(">I", data[at + 8:at + 12])[0]
    return data[:at + 8] + struct.pack(">I", round(told * number)) + data[at + 12:]


def with_misplaced_header_frame():
    """A mono file whose header frame tells its length where that of a stereo file does, at a higher bit rate."""
    data = mp3()
    info, length = header_frame(data), examine_frame(data)
    header = int.from_bytes(data[:4], "big") & ~(15 << 12) | 13 << 12  # 144 kbit/s in place of what the sound has
    told = data[info:length]
    first = header.to_bytes(4, "big") + bytes(17) + told
    size = 72 * 144_000 // RATE + (header >> 9 & 1)
    return first.ljust(size, b"\0")[:size] + data[length:]


def examine_frame(data):
    """The length of the first frame."""
    rates = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
    header = int.from_bytes(data[:4], "big")
    return 72 * rates[header >> 12 & 15] * 1000 // RATE + (header >> 9 & 1)


def in_riff(data):
    kind = struct.pack("<HHIIHHHHIHHH", 0x55, 1, RATE, 16_000, 1, 0, 12, 1, 2, 512, 1, 0)
    body = b"WAVEfmt " + struct.pack("<I", len(kind)) + kind + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def wav_with_size(size):
    data = bytearray(encoded("WAV", subtype="PCM_16"))
    at = data.find(b"data")
    data[4:8] = data[at + 4:at + 8] = size
    return bytes(data)


def flac_without_length():
    data = bytearray(encoded("FLAC", subtype="PCM_16"))
    data[18:26] = (int.from_bytes(data[18:26], "big") >> 36 << 36).to_bytes(8, "big")
    return bytes(data)


WHOLE = {
    "variable rate.mp3": (variable_rate_without_header_frame, 10),
    "too few frames.mp3": (lambda: frames_told(mp3(), .25), 10),
    "no frames.mp3": (lambda: frames_told(mp3(), 0), 10), "two joined.mp3": (lambda: mp3() * 2, 20),
    "misplaced header frame.mp3": (with_misplaced_header_frame, 10),
    "junk before.mp3": (lambda: b"\0" * 5000 + mp3(), 10), "riff.mp3": (lambda: in_riff(mp3()), 10),
    "chained.ogg": (lambda: encoded("OGG", subtype="VORBIS") * 2, 20),
    "chained.opus": (lambda: encoded("OGG", 48_000, subtype="OPUS") * 2, 20),
    "stream.flac": (flac_without_length, 10), "pipe.wav": (lambda: wav_with_size(b"\xff" * 4), 10),
    "pipe zero.wav": (lambda: wav_with_size(bytes(4)), 10), "rf64.wav": (lambda: encoded("RF64", subtype="PCM_16"), 10)}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_is_read_whole_and_its_duration_is_what_was_decoded(tmp_path, name):
    make, seconds = WHOLE[name]
    (tmp_path / name).write_bytes(make())
    y, sr = load_audio(tmp_path / name)
    assert len(y) / sr == pytest.approx(seconds, abs=.15)
    assert sum(len(segment.y) for segment in segments(tmp_path / name, 60)) == pytest.approx(len(y), abs=2)
    assert read_folder(tmp_path)["duration_ms"].tolist() == pytest.approx([1000 * seconds], abs=150)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_ordinary_files_are_decoded_as_they_are(tmp_path, kind):
    (tmp_path / "a").write_bytes(encoded(kind))
    assert not examine(tmp_path / "a").parts and not examine(tmp_path / "a").note


def test_a_file_that_is_cut_short_is_named(tmp_path, capsys):
    data = mp3()
    (tmp_path / "a.mp3").write_bytes(data[:len(data) // 2])
    df = read_folder(tmp_path)
    assert 4500 < df["duration_ms"].iloc[0] < 5200
    assert re.search(r"1 of 1 files are not whole: a.mp3 \(cut short: [45].. of 10.1 s", capsys.readouterr().out)
    assert df.attrs["partial"][0]["path"].endswith("a.mp3")


@pytest.mark.parametrize("data", [b"", b"ID3", b"\xff\xfb", b"fLaC" + bytes(60), b"RIFF", b"OggS\0" * 9,
                                  b"\xff" * 5000])
def test_what_is_no_sound_is_not_examined(tmp_path, data):
    (tmp_path / "a.mp3").write_bytes(data)
    assert not examine(tmp_path / "a.mp3").parts
