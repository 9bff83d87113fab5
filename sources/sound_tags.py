"""The tags of one sound file: what they say about the song, with limits for files that are made to fill the memory."""

import contextlib
import math
import re
import zlib

LARGEST_TAGS = 64 * 2 ** 20
"""Bytes: larger ID3 tags (pictures of the cover, mostly) are not read."""
LARGEST_DECOMPRESSED = 16 * 2 ** 20
"""Bytes that the compressed tags of one file may have together; more are left out. A kilobyte can hold a megabyte."""
LONGEST_TEXT = 1_000
"""Characters: a longer tag is no name, and is left out."""
NAMES = {"artist": "TPE1", "song": "TIT2", "album": "TALB", "release_date": "TDRC", "genre": "TCON"}
"""Columns, and the ID3 frames that they are read from in files where mutagen gives them no easy name."""
EASY = {"song": "title", "release_date": "date"}


def read_tags(file):
    """Read the tags of a sound file.

    Parameters
    ----------
    file : Path

    Returns
    -------
    dict
        `artist, song, album, release_date, genre`, each a text in one line or None; `duration_ms`, a number or None;
        and `too_large`, whether tags were left out because of their size.

    Raises
    ------
    ValueError
        The file is empty, or no sound file.
    """
    import mutagen
    if file.stat().st_size == 0:
        raise ValueError("empty file")
    if _id3_size(file) > LARGEST_TAGS:
        return dict.fromkeys([*NAMES, "duration_ms"]) | {"too_large": True}
    with _limited_decompression() as limited:
        try:
            sound = mutagen.File(file, easy=True)
        except Exception as error:  # a damaged header can raise any error in mutagen
            raise ValueError(f"unreadable: {str(error)[:200]}") from error
    if sound is None:
        raise ValueError("not a sound file of a known format")
    tags = sound.tags or {}
    texts = {column: _text(tags.get(EASY.get(column, column)) or tags.get(frame)) for column, frame in NAMES.items()}
    long = [column for column, text in texts.items() if text and len(text) > LONGEST_TEXT]
    return texts | dict.fromkeys(long) | {"duration_ms": _milliseconds(sound.info.length),
                                          "too_large": bool(long or limited.exceeded)}


def _id3_size(file):
    """The size in bytes that an ID3v2 tag at the start of a file declares; 0 where there is none."""
    with open(file, "rb") as opened:
        header = opened.read(10)
    if len(header) < 10 or header[:3] != b"ID3":
        return 0
    first, second, third, fourth = header[6:]
    return first << 21 | second << 14 | third << 7 | fourth


def _text(value):
    """A tag's first value as text in one line; None where it is empty."""
    if not value:
        return None
    first = value[0] if isinstance(value, list) else getattr(value, "text", [value])[0]
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]+", " ", str(first)).strip() or None


def _milliseconds(seconds):
    return round(1000 * seconds) if seconds and math.isfinite(seconds) and seconds > 0 else None


class _LimitedZlib:
    """What mutagen uses of `zlib`, for up to `LARGEST_DECOMPRESSED` bytes in all."""

    error = zlib.error

    def __init__(self):
        self.left = LARGEST_DECOMPRESSED
        self.exceeded = False

    def decompress(self, data):
        stream = zlib.decompressobj()
        decompressed = stream.decompress(data, max(1, self.left))
        if not stream.eof and (stream.unconsumed_tail or self.left <= 0):
            self.exceeded = True
            raise zlib.error("too large")  # mutagen leaves this frame out
        if not stream.eof:
            raise zlib.error("incomplete")
        self.left -= len(decompressed)
        return decompressed


@contextlib.contextmanager
def _limited_decompression():
    """mutagen decompresses ID3 frames of any size, wherever in a file they are: in this block only up to a limit."""
    from mutagen.id3 import _frames
    before, limited = _frames.zlib, _LimitedZlib()
    _frames.zlib = limited
    try:
        yield limited
    finally:
        _frames.zlib = before
