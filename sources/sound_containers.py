"""Sound files whose headers do not tell how long they are, so that decoders read a part of them only.

Found and repaired in memory: MP3 of variable bit rate without a header frame, with a header that counts too few frames,
of several joined files, inside a RIFF file, or after other bytes; Ogg files that follow each other in one file; FLAC
and WAV that were written to a stream, without their length.
"""

import re
import struct
from pathlib import Path
from typing import NamedTuple

BIT_RATES = {  # kbit/s by version 1 or 2, layer 3
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)}
RATES = {0b11: (44_100, 48_000, 32_000), 0b10: (22_050, 24_000, 16_000), 0b00: (11_025, 12_000, 8_000)}
SAME = 0xFFFE0C00
"""The bits of a frame header that all frames of a file share: sync, version, layer and rate."""
SHORT = .98
"""A header is wrong if it tells less than this share of the frames that a file holds."""
LONGEST_SCAN = 1 << 29
"""Files of more bytes are not examined."""


class Examined(NamedTuple):
    """What a sound file holds.

    Attributes
    ----------
    seconds : float or None
        The duration, where this was found out.
    parts : list of bytes
        If the file cannot be decoded as it is: its parts, each a complete file in memory.
    note : str
        What a user should know: that a file is cut short.
    """

    seconds: float | None = None
    parts: list = []
    note: str = ""


def examine(path):
    """Find out what a sound file holds, where its header may not tell.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Examined

    Raises
    ------
    OSError
        The file cannot be read.
    """
    path = Path(path)
    if not 0 < path.stat().st_size <= LONGEST_SCAN:
        return Examined()
    with open(path, "rb") as file:
        head = file.read(26)
    if head[:4] == b"fLaC":
        return _flac(path.read_bytes()) if int.from_bytes(head[18:26], "big") & (1 << 36) - 1 == 0 else Examined()
    if head[:4] == b"OggS":
        return _ogg(path.read_bytes())
    if head[:4] == b"RIFF":
        return _riff(path)
    if head[:3] == b"ID3" or head[:1] == b"\xff" or path.suffix.lower() == ".mp3":
        return _mp3(path.read_bytes())
    return Examined()


# ---- MP3

class _Frame(NamedTuple):
    """A frame of an MP3 file: its header as a number, its length in bytes, its samples, its rate."""

    header: int
    length: int
    samples: int
    rate: int


def _frame(data, at):
    """The frame at a place, or None if there is none."""
    if at + 4 > len(data):
        return None
    header = int.from_bytes(data[at:at + 4], "big")
    version, rate = header >> 19 & 3, header >> 10 & 3
    bits = header >> 12 & 15
    if header >> 21 != 0x7FF or version == 1 or header >> 17 & 3 != 1 or rate == 3 or bits in (0, 15):
        return None
    first = version == 3
    hertz = RATES[version][rate]
    length = (144 if first else 72) * BIT_RATES[1 if first else 2][bits] * 1000 // hertz + (header >> 9 & 1)
    return _Frame(header, length, 1152 if first else 576, hertz)


def _first_frame(data, at):
    """The place from which three frames of one kind follow each other; None if there is none."""
    while (at := data.find(b"\xff", at)) >= 0:
        place, frames = at, []
        while len(frames) < 3 and (frame := _frame(data, place)):
            frames.append(frame)
            place += frame.length
        same = {frame.header & SAME for frame in frames}
        if len(same) == 1 and (len(frames) == 3 or place >= len(data) - 128 and len(frames) > 0):
            return at
        at += 1
    return None


def _after_id3(data, at=0):
    """The place after an ID3 tag; the same place if there is none."""
    if data[at:at + 3] != b"ID3" or len(data) < at + 10:
        return at
    size = 0
    for byte in data[at + 6:at + 10]:
        size = size << 7 | byte & 0x7F
    return at + 10 + size + 10 * bool(data[at + 5] & 0x10)


def _info_at(data, at):
    """The place of `Xing`, `Info` or `VBRI` in a frame; None if the frame holds sound."""
    for name, offset in ((b"Xing", None), (b"Info", None), (b"VBRI", 36)):
        place = data.find(name, at, at + 44) if offset is None else at + offset
        if place >= 0 and data[place:place + 4] == name:
            return place
    return None


def _frames_told(data, info):
    """The number of frames that a header frame tells; 0 if it does not."""
    if data[info:info + 4] == b"VBRI":
        return int.from_bytes(data[info + 14:info + 18], "big")
    return int.from_bytes(data[info + 8:info + 12], "big") if data[info + 7] & 1 else 0


def _mp3(data, always=False):
    start = _first_frame(data, _after_id3(data))
    if start is None:
        return Examined()
    always = always or start > _after_id3(data) + 4096  # decoders give up after some junk
    frame = _frame(data, start)
    info = _info_at(data, start)
    always = always or info is not None and _is_misplaced(data, info, start, frame)
    sound, n, kinds = _sound_frames(data, start)
    if not n or len(kinds) > 1:
        return Examined()
    told = _frames_told(data, info) if info is not None else (len(data) - start) // frame.length
    seconds = n * frame.samples / frame.rate
    cut_short = info is not None and n < SHORT * told
    if not always and not cut_short and told >= SHORT * n:
        return Examined(seconds)
    note = f"cut short: {seconds:.1f} of {told * frame.samples / frame.rate:.1f} s are there" if cut_short else ""
    return Examined(seconds, [_info_frame(frame, n, sum(map(len, sound))) + b"".join(sound)], note)


def _is_misplaced(data, info, start, frame):
    """Whether a header frame tells its numbers where decoders do not look: LAME 3.98 wrote so for some mono files. They
    take it for sound, and estimate the length from it."""
    protected = not frame.header >> 16 & 1  # a checksum of two bytes follows the header
    return data[info:info + 4] != b"VBRI" and info - start != 4 + 2 * protected + _side_bytes(frame)


def _side_bytes(frame):
    """The bytes between a frame's header and what a header frame tells."""
    first, mono = frame.header >> 19 & 3 == 3, frame.header >> 6 & 3 == 3
    return (17 if mono else 32) if first else (9 if mono else 17)


def _sound_frames(data, start):
    """The frames that hold sound, as pieces of the data; their number; and their kinds."""
    pieces, n, kinds, known = [], 0, set(), {}
    infos = [match.start() for match in re.finditer(rb"Xing|Info|VBRI", data)]
    at = piece = start
    while at is not None and at < len(data):
        header = data[at:at + 4]
        if header not in known:
            known[header] = _frame(data, at)
        frame = known[header]
        while infos and infos[0] < at:
            infos.pop(0)
        if frame is None or at + frame.length > len(data):
            pieces.append(data[piece:at])
            at = piece = _first_frame(data, _after_id3(data, at) if frame is None else at + 1)
        elif infos and infos[0] < at + 44 and _info_at(data, at) is not None:
            pieces.append(data[piece:at])
            at = piece = at + frame.length
        else:
            kinds.add(frame.header & SAME)
            n += 1
            at += frame.length
    if at is not None:
        pieces.append(data[piece:at])
    return [one for one in pieces if one], n, kinds


def _info_frame(frame, n, size):
    """A header frame for sound frames like the given one, that tells their number and their bytes."""
    first = frame.header >> 19 & 3 == 3
    header = frame.header & ~(15 << 12) & ~(1 << 9) | 1 << 16  # no padding, no checksum
    rates = BIT_RATES[1 if first else 2]
    bits = next(bits for bits in range(1, 15) if _frame((header | bits << 12).to_bytes(4, "big"), 0).length >= 192)
    header |= bits << 12
    length = (144 if first else 72) * rates[bits] * 1000 // frame.rate
    body = header.to_bytes(4, "big") + bytes(_side_bytes(frame)) + b"Xing" + struct.pack(">III", 3, n, size + length)
    return body.ljust(length, b"\0")


def _riff(path):
    """A WAV file that holds MP3, or whose length was not known when its header was written."""
    size_of_file = path.stat().st_size
    with open(path, "rb") as file:
        at, kind, bytes_a_second = 12, None, 0
        while at + 8 <= size_of_file:
            file.seek(at)
            head = file.read(24)
            name, size = head[:4], int.from_bytes(head[4:8], "little")
            if name == b"fmt ":
                kind = int.from_bytes(head[8:10], "little")
                bytes_a_second = int.from_bytes(head[16:20], "little")
            if name == b"data":
                break
            at += 8 + size + size % 2
        else:
            return Examined()
        if kind != 0x55 and (size not in (0, 0xFFFFFFFF) or not bytes_a_second or size_of_file <= at + 8):
            return Examined()
        file.seek(0)
        data = file.read()
    if kind == 0x55:
        return _mp3(data[at + 8:at + 8 + size], always=True)
    sound = data[at + 8:]
    sizes = [number.to_bytes(4, "little") for number in (len(data) - 8, len(sound))]
    return Examined(len(sound) / bytes_a_second, [data[:4] + sizes[0] + data[8:at + 4] + sizes[1] + sound])


# ---- Ogg and FLAC

def _ogg(data):
    """The files that follow each other in one, apart."""
    starts, after_sound = [], True
    last_granule, seconds = 0, 0.0
    rate = 48_000
    for match in re.finditer(rb"(?s)OggS\0(?=.{22})", data):
        kind = data[match.start() + 5]
        if kind & 2 and after_sound:
            starts.append(match.start())
            seconds += last_granule / rate
            rate = _ogg_rate(data, match.start())
        granule = int.from_bytes(data[match.start() + 6:match.start() + 14], "little", signed=True)
        last_granule = granule if granule >= 0 else last_granule
        after_sound = not kind & 2
    if len(starts) < 2:
        return Examined()
    parts = [data[first:last] for first, last in zip(starts, [*starts[1:], len(data)])]
    return Examined(seconds + last_granule / rate, parts)


def _ogg_rate(data, at):
    """The sampling rate of a Vorbis stream; that of Opus, 48,000, for others."""
    place = data.find(b"\x01vorbis", at, at + 128)
    return int.from_bytes(data[place + 12:place + 16], "little") or 48_000 if place >= 0 else 48_000


def _flac(data):
    """A FLAC file with its number of samples in the header, from the number of its last frame."""
    rate = int.from_bytes(data[18:21], "big") >> 4
    largest = int.from_bytes(data[10:12], "big")  # of a block, in samples
    for at in reversed([match.start() for match in re.finditer(rb"\xff[\xf8\xf9]", data)]):
        samples = _flac_frame_end(data[at:at + 18], largest)
        if samples and rate:
            header = (int.from_bytes(data[18:26], "big") | samples).to_bytes(8, "big")
            return Examined(samples / rate, [data[:18] + header + data[26:]])
    return Examined()


def _flac_frame_end(header, block_size):
    """The number of the sample after a frame, from the frame's header; None if it is no header."""
    code, variable = header[2] >> 4, header[1] & 1
    number, at = header[4], 5
    if number >= 0xC0:
        more = 8 - (number ^ 0xFF).bit_length() - 1
        number &= (1 << 6 - more) - 1
        for byte in header[5:5 + more]:
            number = number << 6 | byte & 0x3F
        at += more
    if code == 6:
        size, at = header[at] + 1, at + 1
    elif code == 7:
        size, at = int.from_bytes(header[at:at + 2], "big") + 1, at + 2
    else:
        size = {0: 0, 1: 192}.get(code, 576 << code - 2 if code < 6 else 256 << code - 8)
    at += {12: 1, 13: 2, 14: 2}.get(header[2] & 15, 0)
    if not size or at >= len(header) or _crc8(header[:at]) != header[at]:
        return None
    return (number if variable else number * block_size) + size


def _crc8(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
