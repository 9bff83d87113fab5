"""Sound files -> samples, whole or in segments.

soundfile decodes mp3, wav, flac, ogg and opus; ffmpeg, where it is installed, decodes other files. Samples are mono,
22,050 Hz, float32 where nothing else is stated. A file that cannot be used raises an AudioError with a short reason.

What a file's header declares is not believed: rate and channels have limits, and memory is taken for the samples that
are there, up to `LARGEST_IN_MEMORY`.
"""

import contextlib
import io
import os
import shutil
import subprocess
import tempfile
import threading
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

from sources.files import same_name
from sources.sound_containers import examine

SAMPLE_RATE = 22_050
SILENT_PEAK = 1e-4
"""A song whose peak is lower is silent: -80 dB."""
CLIPPED = .1
"""A song with a larger share of samples at full scale is clipped."""
SHORTEST = 1.0
"""Songs shorter than this many seconds are refused."""
RATES = 1_000, 768_000
"""The lowest and the highest sampling rate in Hz that a file may have."""
MOST_CHANNELS = 64
LARGEST_IN_MEMORY = 4 * 2 ** 30
"""The most bytes that samples may take in memory at a time: three hours of stereo at 44,100 Hz."""
MOST_SAMPLES = 24 * 3600 * 48_000 * 2
"""The most samples of all channels that are decoded of a file: a day of stereo at 48,000 Hz. A small file can hold
months of silence."""
LONGEST_CONVERSION = 900
"""Seconds after which ffmpeg is stopped."""
TOO_LONG = f"longer than {MOST_SAMPLES / (3600 * 48_000 * 2):.0f} hours: cut it into parts"


class AudioError(ValueError):
    """A sound file that cannot be used; the message is the reason, in a few words."""


class RunError(ValueError):
    """An error that every song would have, such as a model that cannot be used: a run over many songs ends with it."""


class Segment(NamedTuple):
    """A segment: its start in seconds, mono samples, and the file's own samples [shape=(n, channels)] and rate."""

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
        Where to begin and how much to read. The rest is not decoded where the format allows that.
    mono : bool
        Average the channels.

    Returns
    -------
    y : np.ndarray [shape=(n,) or (n, channels)], float32
    sr : int

    Raises
    ------
    AudioError
        The file cannot be decoded; the message is the reason.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = f"{folder}/a.wav"
    ...     soundfile.write(file, np.zeros((44_100, 2)), 44_100)
    ...     load_audio(file, seconds=.5)[0].shape
    (11025,)
    """
    with _opened(path) as sound:
        native_sr = sound.samplerate
        if offset:
            sound.seek(min(round(offset * native_sr), sound.frames))
        y = _read(sound, -1 if seconds is None else round(seconds * native_sr))
    y = to_mono(y) if mono else y
    return (y, native_sr) if sr is None else (resample(y, native_sr, sr), sr)


def blocks(path, seconds, *, sr=SAMPLE_RATE):
    """Yield a file as consecutive mono arrays, for files that are too long for the memory.

    The blocks are resampled as one stream: joined, they are the whole file.

    Parameters
    ----------
    path : str or Path
    seconds : float
        Length of a block; the last one may be shorter.
    sr : int
        Sampling rate to convert to.

    Yields
    ------
    np.ndarray [shape=(n,)], float32

    Raises
    ------
    AudioError
        The file cannot be decoded.
    """
    with _opened(path) as sound:
        stream = soxr.ResampleStream(sound.samplerate, sr, 1, dtype="float32")
        size = round(seconds * sr)
        native_size = round(seconds * sound.samplerate)
        waiting = np.empty(0, np.float32)
        last = False
        while not last:
            y = to_mono(_read(sound, native_size))
            last = len(y) < native_size
            waiting = np.concatenate([waiting, stream.resample_chunk(y, last=last)])
            while len(waiting) >= size or (last and len(waiting)):
                yield waiting[:size]
                waiting = waiting[size:]


def segments(path, seconds, *, sr=SAMPLE_RATE, shortest=SHORTEST):
    """Yield a file's segments, decoding each sample once.

    Silent segments are left out.

    Parameters
    ----------
    path : str or Path
    seconds : float
        Length of a segment. A last piece shorter than half a segment is dropped; a song shorter than one segment is one
        segment of its own length.
    sr : int
        Sampling rate to convert to.
    shortest : float
        A song shorter than this many seconds is refused.

    Yields
    ------
    Segment

    Raises
    ------
    AudioError
        The file cannot be decoded, is empty, silent or too short, more than a tenth of a segment is clipped, or its
        samples are not finite.
    """
    with _opened(path) as sound:
        native_sr = sound.samplerate
        size = round(seconds * native_sr)
        start = 0
        all_silent = True
        while True:
            native = _read(sound, size)
            if not start and len(native) < min(shortest, seconds) * native_sr:
                raise AudioError(f"shorter than {shortest:g} s" if len(native) else "empty: no sound in it")
            if not len(native) or start and len(native) < size / 2:
                break
            y = to_mono(native)
            if not is_silent(y):
                all_silent = False
                yield Segment(start / native_sr, resample(y, native_sr, sr), native, native_sr)
            if len(native) < size:
                break
            start += size
    if all_silent:
        raise AudioError("silent")


def is_silent(y):
    """Whether mono samples stay below -80 dB; raises an AudioError where they are clipped, too large or not finite."""
    peak = float(max(y.max(), -y.min()))
    if not np.isfinite(peak):
        raise AudioError("holds values that are no numbers")
    if peak > 1e12:  # 32-bit integers end at 2e9; the power of larger values overflows
        raise AudioError("holds values too large for sound")
    if peak >= .98:  # clipped samples are flat: neighbours are both at full scale
        flat = np.abs(y) >= .999 * peak
        if np.count_nonzero(flat[1:] & flat[:-1]) > CLIPPED * len(y):
            raise AudioError("clipped")
    return peak < SILENT_PEAK


def _opened(path):
    """An open soundfile.SoundFile, or an AudioError with the reason."""
    try:
        path = same_name(path)
        if path.is_dir():
            raise AudioError("not a file but a folder")
        if path.stat().st_size == 0:
            raise AudioError("empty file")
        with open(path, "rb"):  # raises PermissionError; libsndfile would report only a system error
            pass
        parts = examine(path).parts
        if parts:
            return _joined(parts)
        with quiet():
            return _checked(soundfile.SoundFile(path))
    except FileNotFoundError:
        raise AudioError(f"vanished: there is no file {path}") from None
    except PermissionError:
        raise AudioError("no permission to read it") from None
    except UnicodeEncodeError:
        raise AudioError("its name is not in UTF-8: give it another") from None
    except OSError as error:
        raise AudioError(f"cannot be read: {error.strerror}") from None
    except TypeError:  # soundfile needs to be told the rate of a file that ends in .raw
        raise AudioError("without a header, so that its rate and format are unknown: convert it to WAV") from None
    except soundfile.LibsndfileError:  # a file's ending may be wrong, so ffmpeg tries every file
        return _decoded_by_ffmpeg(path)


def _checked(sound):
    """An open file, if its rate and its number of channels are possible."""
    low, high = RATES
    if low <= sound.samplerate <= high and 1 <= sound.channels <= MOST_CHANNELS:
        return sound
    sound.close()
    raise AudioError(f"declares {sound.samplerate:,} Hz and {sound.channels} channels: {low:,} to {high:,} Hz and up "
                     f"to {MOST_CHANNELS} channels can be read")


def _joined(parts):
    """Complete sound files in memory as one open file; they are converted to the rate and channels of the first."""
    with quiet():
        first = _checked(soundfile.SoundFile(io.BytesIO(parts[0])))
    if len(parts) == 1:
        return first
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the SoundFile that reads it
    rate, channels = first.samplerate, first.channels
    with soundfile.SoundFile(file, "w", rate, channels, format="RF64", subtype="FLOAT") as whole:
        for part in parts:
            with quiet(), _checked(soundfile.SoundFile(io.BytesIO(part))) as sound:
                y, native_sr = _read(sound, -1), sound.samplerate
            y = y if y.shape[1] == channels else np.repeat(to_mono(y)[:, None], channels, 1)
            whole.write(resample(y, native_sr, rate))
            if whole.tell() * channels > MOST_SAMPLES:
                raise AudioError(TOO_LONG)
    file.seek(0)
    return soundfile.SoundFile(file)


_QUIET = threading.Lock()
_quiet_threads = 0
_standard_error = None


@contextlib.contextmanager
def quiet():
    """Discard the process's standard error.

    libmpg123 writes a line to it for each damaged frame, which would fill a notebook. The redirection is shared by
    threads: the first one to enter begins it, the last one to leave ends it.
    """
    global _quiet_threads, _standard_error
    with _QUIET:
        if not _quiet_threads:
            _standard_error = os.dup(2)
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 2)
            os.close(null)
        _quiet_threads += 1
    try:
        yield
    finally:
        with _QUIET:
            _quiet_threads -= 1
            if not _quiet_threads:
                os.dup2(_standard_error, 2)
                os.close(_standard_error)


def _decoded_by_ffmpeg(path):
    """A file that libsndfile cannot read, decoded by ffmpeg to a temporary file: an hour may not fit into memory."""
    if not shutil.which("ffmpeg"):
        raise AudioError(f"{path.suffix} needs ffmpeg, which is not installed: install it, or convert the file"
                         if path.suffix.lower() in (".m4a", ".mp4", ".aac", ".wma") else "unreadable, or not audio")
    sound = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the SoundFile that reads it
    try:
        # without "file:", ffmpeg would take the part of a name before a colon for a protocol; a playlist that is named
        # like a sound file may name local files only
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-protocol_whitelist", "file,pipe", "-i", f"file:{path}",
                        "-vn", "-f", "wav", "-c:a", "pcm_f32le", "-fs", str(4 * MOST_SAMPLES), "-"], stdout=sound,
                       stderr=subprocess.DEVNULL, timeout=LONGEST_CONVERSION)
        if sound.seek(0, os.SEEK_END) >= 4 * MOST_SAMPLES:
            raise AudioError(TOO_LONG)
        sound.seek(0)
        return _checked(soundfile.SoundFile(sound))
    except subprocess.TimeoutExpired:
        sound.close()
        raise AudioError(f"ffmpeg needs more than {LONGEST_CONVERSION // 60} minutes for it") from None
    except soundfile.LibsndfileError:
        sound.close()
        raise AudioError("unreadable, or not audio") from None


def _read(sound, frames):
    """The next samples [shape=(frames, channels)], or all for -1; fewer where the file ends.

    The memory for an array is taken when it is filled, so a file that declares more than it holds takes no more.
    """
    most = LARGEST_IN_MEMORY // (4 * sound.channels)
    try:
        with quiet():
            y = sound.read(most if frames < 0 else min(frames, most), dtype="float32", always_2d=True)
            position = sound.tell()
    except soundfile.LibsndfileError as error:
        raise AudioError(f"unreadable: {str(error).split(': ')[-1].strip()}") from None
    if len(y) == most:
        raise AudioError(f"too long for the memory: more than {most / sound.samplerate / 3600:.1f} hours at a time")
    if position * sound.channels > MOST_SAMPLES:
        raise AudioError(TOO_LONG)
    return y


def to_mono(y):
    """The mean of the channels: samples [shape=(n, channels)] become [shape=(n,)].

    Where the channels cancel each other out, as two of opposite phase do, it is the loudest channel.
    """
    if y.shape[1] == 1:
        return y[:, 0]
    mono = y @ np.full(y.shape[1], 1 / y.shape[1], np.float32)  # many times as fast as a mean over so short an axis
    if len(y) and max(mono.max(), -mono.min()) < SILENT_PEAK:
        return np.ascontiguousarray(y[:, np.abs(y).max(axis=0).argmax()])
    return mono


def resample(y, native_sr, sr):
    """Convert samples [shape=(n,) or (n, channels)] from the rate `native_sr` to the rate `sr`, by soxr."""
    if y.size * sr / native_sr * 4 > LARGEST_IN_MEMORY:
        raise AudioError(f"too long for the memory at {sr:,} Hz: {len(y) / native_sr / 3600:.1f} hours")
    return y if native_sr == sr or not len(y) else soxr.resample(y, native_sr, sr)
