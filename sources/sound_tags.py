"""The tags of one sound file: ID3, Vorbis comments, MP4, APE and LIST INFO, and its duration.

There are limits for files that are made to fill the memory.
"""

import contextlib
import math
import re
import zlib

from sources.sound_containers import examine

LARGEST_TAGS = 64 * 2 ** 20
"""Bytes: larger ID3 and APE tags (pictures of the cover, mostly) are not read."""
LARGEST_DECOMPRESSED = 16 * 2 ** 20
"""Bytes that the compressed tags of one file may have together; more are left out. A kilobyte can hold a megabyte."""
LARGEST_LIST = 2 ** 20
"""Bytes: a larger LIST INFO chunk is not read."""
LONGEST_TEXT = 1_000
"""Characters: a longer tag is no name, and is left out."""
# Vorbis comment and easy name, ID3 frame, APE key, key of LIST INFO
KEYS = {"artist": ("artist", "TPE1", "Artist", "IART"), "song": ("title", "TIT2", "Title", "INAM"),
        "album": ("album", "TALB", "Album", "IPRD"), "genre": ("genre", "TCON", "Genre", "IGNR"),
        "release_date": ("date", "TDRC", "release date", "TDRL", "Year", "ICRD")}
BETWEEN = {"artist": "; ", "genre": ", "}
"""What several values of one tag are joined with; of other tags the first value is taken."""


def read_tags(file):
    """Read the tags and the duration of a sound file.

    Parameters
    ----------
    file : Path

    Returns
    -------
    dict
        `artist, song, album, release_date, genre`, each a text in one line or None (several artists are joined with
        ``;``, several genres with commas); `duration_ms`, a number or None: what can be decoded, also where the file's
        header tells something else; `too_large`, whether tags were left out because of their size; and `note`: that
        the file is cut short, empty for a whole file.

    Raises
    ------
    ValueError
        The file is empty, or no sound file.
    """
    if file.stat().st_size == 0:
        raise ValueError("empty file")
    if _tag_size(file) > LARGEST_TAGS:
        found, length, problem, too_large = [], None, "", True
    else:
        found, length, problem, too_large = _mutagen_tags(file)
    examined = examine(file)
    seconds = examined.seconds or _duration(file) or length
    if problem and seconds is None:
        raise ValueError(problem)
    found.append(_list_info(file))
    texts = {column: _text(found, column) for column in KEYS}
    long = [column for column, text in texts.items() if text and len(text) > LONGEST_TEXT]
    return texts | dict.fromkeys(long) | {"duration_ms": _milliseconds(seconds), "too_large": bool(long or too_large),
                                          "note": examined.note}


def _mutagen_tags(file):
    """What mutagen reads: the tags, the seconds, why it cannot read the file, and whether tags were too large."""
    import mutagen
    import mutagen.apev2
    import mutagen.easyid3
    mutagen.easyid3.EasyID3.RegisterTextKey("release date", "TDRL")
    sound, problem = None, "not a sound file of a known format"
    with _limited_decompression() as limited:
        try:
            sound = mutagen.File(file, easy=True)
        except Exception as error:  # a damaged header can raise any error in mutagen
            problem = f"unreadable: {str(error)[:200]}"
    found = [getattr(sound, "tags", None) or {}]
    with contextlib.suppress(Exception):  # there are no APE tags, or they are damaged
        found.append(mutagen.apev2.APEv2(file))
    seconds = getattr(getattr(sound, "info", None), "length", None)
    return found, seconds, "" if sound is not None else problem, limited.exceeded


def _tag_size(file):
    """The size in bytes that the ID3v2 tag at the start of a file or its APE tag declares; 0 where there is none."""
    with open(file, "rb") as opened:
        start = opened.read(32)
        opened.seek(max(0, file.stat().st_size - 160))  # an ID3v1 tag of 128 bytes may follow an APE tag
        end = opened.read(160)
    sizes = [int.from_bytes(part[at + 12:at + 16], "little")
             for part in (start, end) if (at := part.rfind(b"APETAGEX")) >= 0]
    if start[:3] == b"ID3" and len(start) >= 10:
        first, second, third, fourth = start[6:10]
        sizes.append(first << 21 | second << 14 | third << 7 | fourth)
    return max(sizes, default=0)


def _text(found, column):
    """A column as text in one line, from the first tags that have it; None where none have."""
    values = next(filter(None, (_values(tags, KEYS[column]) for tags in found)), None)
    if not values:
        return None
    return BETWEEN[column].join(values) if column in BETWEEN else values[0]


def _values(tags, keys):
    """The texts of a tag, each in one line, without empty ones; ID3 separates several by a zero."""
    for key in keys:
        value = tags.get(key)
        if not value:
            continue
        texts = value if isinstance(value, list) else getattr(value, "text", None) or [value]
        parts = [re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]+", " ", part).strip()
                 for text in texts for part in str(text).split("\0")]
        if parts := [part for part in dict.fromkeys(parts) if part]:
            return parts
    return []


def _milliseconds(seconds):
    return round(1000 * seconds) if seconds and math.isfinite(seconds) and seconds > 0 else None


def _duration(file):
    """The seconds of a file of samples, such as WAV and RF64; None for other files."""
    import soundfile
    with open(file, "rb") as opened:
        if opened.read(4) not in (b"RIFF", b"RF64", b"FORM", b"fLaC"):
            return None
    try:
        return soundfile.info(str(file)).duration
    except (soundfile.LibsndfileError, TypeError):  # TypeError: its name ends in .raw
        return None


def _list_info(file):
    """The LIST INFO chunk of a RIFF file as a dict; empty if there is none."""
    tags = {}
    with open(file, "rb") as opened:
        if opened.read(12)[:4] not in (b"RIFF", b"RF64"):
            return tags
        while len(head := opened.read(8)) == 8:
            size = int.from_bytes(head[4:], "little")
            if head[:4] != b"LIST" or size > LARGEST_LIST:
                opened.seek(size + size % 2, 1)
                continue
            chunk = opened.read(size + size % 2)
            at = 4
            while chunk[:4] == b"INFO" and at + 8 <= len(chunk):
                length = int.from_bytes(chunk[at + 4:at + 8], "little")
                text = chunk[at + 8:at + 8 + length].rstrip(b"\0")
                try:
                    tags[chunk[at:at + 4].decode("ascii", "replace")] = text.decode()
                except UnicodeDecodeError:
                    tags[chunk[at:at + 4].decode("ascii", "replace")] = text.decode("cp1252", "replace")
                at += 8 + length + length % 2
    return tags


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
