"""Limits for the tags of sound files, since files can be made to fill the memory with them."""

import contextlib
import re
import zlib

LARGEST_TAGS = 64 * 2 ** 20
"""Bytes: larger ID3 tags (pictures of the cover, mostly) are not read."""
LARGEST_DECOMPRESSED = 16 * 2 ** 20
"""Bytes that the compressed tags of one file may have together; more are left out. A kilobyte can hold a megabyte."""
LONGEST_TEXT = 1_000
"""Characters: a longer tag is no name, and is left out."""


def too_large(file):
    """Whether an ID3 tag at the start of a file declares more than `LARGEST_TAGS`."""
    with open(file, "rb") as opened:
        header = opened.read(10)
    if len(header) < 10 or header[:3] != b"ID3":
        return False
    first, second, third, fourth = header[6:]
    return first << 21 | second << 14 | third << 7 | fourth > LARGEST_TAGS


def one_line(text):
    """A tag's text in one line; None where it is empty.

    Examples
    --------
    >>> one_line(" So\\nWhat "), one_line("")
    ('So What', None)
    """
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]+", " ", text or "").strip() or None


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
def limited_decompression():
    """In this block mutagen decompresses ID3 frames, wherever in a file they are, only up to `LARGEST_DECOMPRESSED`.

    By itself it decompresses frames of any size.

    Yields
    ------
    object
        Its attribute `exceeded` says whether frames were left out.
    """
    from mutagen.id3 import _frames
    before, limited = _frames.zlib, _LimitedZlib()
    _frames.zlib = limited
    try:
        yield limited
    finally:
        _frames.zlib = before
