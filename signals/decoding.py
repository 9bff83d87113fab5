"""Sound files -> samples, whole or in segments.

Decoding goes through soundfile (mp3, wav, flac, ogg, opus) and, for what it cannot read, through ffmpeg where that is
installed. Sound is mono, 22,050 Hz, float32 unless said otherwise. A file that cannot be used says why, in few words.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

SAMPLE_RATE = 22_050
SILENT_PEAK, CLIPPED, SHORTEST = 1e-4, .1, 1.0
"""Peak below which a song is silent (-80 dB), share of samples at full scale above which it is clipped, seconds."""


class AudioError(ValueError):
    """A sound file that cannot be used; the message is the reason, in few words."""


class Segment(NamedTuple):
    """A piece of a song: where it starts in seconds, mono samples, and the file's own samples [shape=(n, channels)]."""

    start: float
    y: np.ndarray
    native: np.ndarray
    native_sr: int


def load_audio(path, *, sr=SAMPLE_RATE, offset=0.0, seconds=None, mono=True):
    """Decode a sound file, or a part of it.

    Parameters
    ----------
    path : str or Path
    sr : int or None
        Sampling rate to convert to, by soxr; None keeps the file's own.
    offset, seconds : float
        Where to begin and how much to read; what lies outside is not decoded where the format allows.
    mono : bool
        Average the channels.

    Returns
    -------
    y : np.ndarray [shape=(n,) or (n, channels)], float32
    sr : int

    Raises
    ------
    AudioError
        The file cannot be decoded; the message says why.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "a.wav"
    ...     soundfile.write(file, np.zeros((44_100, 2)), 44_100)
    ...     load_audio(file, seconds=.5)[0].shape
    (11025,)
    """
    with _opened(path) as sound:
        own = sound.samplerate
        if offset:
            sound.seek(min(round(offset * own), sound.frames))
        y = _read(sound, -1 if seconds is None else round(seconds * own))
    y = to_mono(y) if mono else y
    return (y, own) if sr is None else (resample(y, own, sr), sr)


def blocks(path, seconds, *, sr=SAMPLE_RATE):
    """Yield a file as consecutive mono arrays of so many seconds, the last one shorter; for files too long to hold.

    The blocks are resampled as one stream: put together they are the whole file without seams.
    """
    with _opened(path) as sound:
        stream = soxr.ResampleStream(sound.samplerate, sr, 1, dtype="float32")
        size, waiting, last = round(seconds * sr), np.empty(0, np.float32), False
        while not last:
            y = to_mono(_read(sound, round(seconds * sound.samplerate)))
            last = len(y) < round(seconds * sound.samplerate)
            waiting = np.concatenate([waiting, stream.resample_chunk(y, last=last)])
            while len(waiting) >= size or (last and len(waiting)):
                yield waiting[:size]
                waiting = waiting[size:]


def segments(path, seconds, *, sr=SAMPLE_RATE, shortest=SHORTEST):
    """Yield a file's segments as `Segment`, decoding each sample once.

    A last piece shorter than half a segment is dropped; a song shorter than one segment is one segment of its own length.
    Silent segments are left out.

    Raises
    ------
    AudioError
        The file cannot be decoded, is empty, silent or clipped throughout a tenth of a segment, holds values that are no
        numbers, or is shorter than `shortest` seconds.
    """
    with _opened(path) as sound:
        own, size, start, heard = sound.samplerate, round(seconds * sound.samplerate), 0, False
        while True:
            native = _read(sound, size)
            if not start and len(native) < min(shortest, seconds) * own:
                raise AudioError(f"shorter than {shortest:g} s" if len(native) else "empty: no sound in it")
            if not len(native) or start and len(native) < size / 2:
                break
            y = to_mono(native)
            if not is_silent(y):
                heard = True
                yield Segment(start / own, resample(y, own, sr), native, own)
            if len(native) < size:
                break
            start += size
    if not heard:
        raise AudioError("silent")


def is_silent(y):
    """Whether nothing can be heard; raises an AudioError where the samples cannot be used."""
    peak = float(max(y.max(), -y.min()))
    if not np.isfinite(peak):
        raise AudioError("holds values that are no numbers")
    if peak > 1e12:  # integers of 32 bits end at 2e9; the power of more than this runs over
        raise AudioError("holds values too large for sound")
    if peak >= .98:  # flat tops: neighbours that both stand at full scale
        flat = np.abs(y) >= .999 * peak
        if np.count_nonzero(flat[1:] & flat[:-1]) > CLIPPED * len(y):
            raise AudioError("clipped")
    return peak < SILENT_PEAK


def _opened(path):
    """An open soundfile.SoundFile, or an AudioError with the reason."""
    path = Path(path)
    try:
        if path.is_dir():
            raise AudioError("not a file but a folder")
        if path.stat().st_size == 0:
            raise AudioError("empty file")
        with open(path, "rb"):  # what may not be read says so here; libsndfile would call it a system error
            pass
        with _quiet():
            return soundfile.SoundFile(path)
    except FileNotFoundError:
        raise AudioError(f"vanished: there is no file {path}") from None
    except PermissionError:
        raise AudioError("no permission to read it") from None
    except UnicodeEncodeError:
        raise AudioError("its name is not in UTF-8: give it another") from None
    except OSError as error:
        raise AudioError(f"cannot be read: {error.strerror}") from None
    except soundfile.LibsndfileError:  # a name may lie, so that any file is tried with ffmpeg
        return _decoded_by_ffmpeg(path)


_QUIET = threading.Lock()
_quiet_now, _kept = 0, None


@contextlib.contextmanager
def _quiet():
    """Keep what libmpg123 writes straight to the process's standard error, a line a damaged frame, out of notebooks.

    Threads share it: the first one in turns it away, the last one out turns it back.
    """
    global _quiet_now, _kept
    with _QUIET:
        if not _quiet_now:
            _kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)
        _quiet_now += 1
    try:
        yield
    finally:
        with _QUIET:
            _quiet_now -= 1
            if not _quiet_now:
                os.dup2(_kept, 2)
                os.close(_kept)


def _decoded_by_ffmpeg(path):
    """A file that libsndfile cannot read, decoded to a file that is gone when it is closed: an hour does not fit into memory."""
    if not shutil.which("ffmpeg"):
        raise AudioError(f"{path.suffix} needs ffmpeg, which is not installed: install it, or convert the file"
                         if path.suffix.lower() in (".m4a", ".mp4", ".aac", ".wma") else "unreadable, or not audio")
    sound = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
    try:
        # "file:", or a colon in a name would be taken for a protocol
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", f"file:{path}", "-vn", "-f", "wav", "-c:a", "pcm_f32le", "-"],
                       stdout=sound, stderr=subprocess.DEVNULL)
        sound.seek(0)
        return soundfile.SoundFile(sound)
    except soundfile.LibsndfileError:
        sound.close()
        raise AudioError("unreadable, or not audio") from None


def _read(sound, frames):
    try:
        with _quiet():
            return sound.read(frames, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"unreadable: {str(error).split(': ')[-1].strip()}") from None


def to_mono(y):
    """The mean of the channels: samples [shape=(n, channels)] become [shape=(n,)]."""
    if y.shape[1] == 1:
        return y[:, 0]
    return y @ np.full(y.shape[1], 1 / y.shape[1], np.float32)  # many times as fast as a mean over so short an axis


def resample(y, own, sr):
    """Samples at the rate `own` become samples at the rate `sr`, by soxr."""
    return y if own == sr or not len(y) else soxr.resample(y, own, sr)
