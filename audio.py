"""Sound files -> segments -> spectrogram pictures.

Decoding goes through soundfile (mp3, wav, flac, ogg, opus) and, for what it cannot read, through ffmpeg where that is
installed. Sound is mono, 22,050 Hz, float32 unless said otherwise. A bad file never stops a run: it is skipped, named
and counted.
"""

import contextlib
import functools
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from array import array
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
import scipy.signal
import soundfile
import soxr
from joblib import Parallel, delayed
from tqdm import tqdm

from pictures import decibels_to_levels, file_stem, folder_names, index_pictures, picture_settings, read_picture, write_picture
from prepare import first_genre
from tables import write_table

__all__ = ["AudioError", "SAMPLE_RATE", "blocks", "index_pictures", "load", "over_tracks", "read_picture", "segments",
           "spectrograms", "write_spectrograms"]

SAMPLE_RATE, N_FFT, HOP_LENGTH = 22_050, 2048, 512
SILENCE, CLIPPED, SHORTEST = 1e-4, .1, 1.0
"""Peak below which a song is silent (-80 dB), share of samples at full scale above which it is clipped, seconds."""
KINDS = ("mel", "chroma")


class AudioError(ValueError):
    """A sound file that cannot be used; the message is the reason, in few words."""


class Segment(NamedTuple):
    """A piece of a song: where it starts in seconds, mono samples, and the file's own samples [shape=(n, channels)]."""

    start: float
    y: np.ndarray
    native: np.ndarray
    native_sr: int


# ---- decoding

def load(path, *, sr=SAMPLE_RATE, offset=0.0, seconds=None, mono=True):
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
    ...     load(file, seconds=.5)[0].shape
    (11025,)
    """
    with _opened(path) as sound:
        own = sound.samplerate
        if offset:
            sound.seek(min(round(offset * own), sound.frames))
        y = _read(sound, -1 if seconds is None else round(seconds * own))
    y = _mono(y) if mono else y
    return (y, own) if sr is None else (_resampled(y, own, sr), sr)


def blocks(path, seconds, *, sr=SAMPLE_RATE):
    """Yield a file as consecutive mono arrays of so many seconds, the last one shorter; for files too long to hold.

    The blocks are resampled as one stream: put together they are the whole file without seams.
    """
    with _opened(path) as sound:
        stream = soxr.ResampleStream(sound.samplerate, sr, 1, dtype="float32")
        size, waiting, last = round(seconds * sr), np.empty(0, np.float32), False
        while not last:
            y = _mono(_read(sound, round(seconds * sound.samplerate)))
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
            y = _mono(native)
            if not is_silent(y):
                heard = True
                yield Segment(start / own, _resampled(y, own, sr), native, own)
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
    return peak < SILENCE


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


def _mono(y):
    if y.shape[1] == 1:
        return y[:, 0]
    return y @ np.full(y.shape[1], 1 / y.shape[1], np.float32)  # many times as fast as a mean over so short an axis


def _resampled(y, own, sr):
    return y if own == sr or not len(y) else soxr.resample(y, own, sr)


# ---- spectrograms

def power_blocks(y, size=128):
    """Yield (number of the first frame, power of up to 128 frames): pieces that stay in the processor's cache, each
    overwritten by the next.

    Power is the squared magnitude of the short-time Fourier transform as librosa defines it: Hann window, frames centred,
    zeros beyond the ends.
    """
    padded = np.zeros(len(y) + N_FFT, np.float32)
    padded[N_FFT // 2:N_FFT // 2 + len(y)] = y
    yield from power_of_whole_frames(padded, size)


def power_of_whole_frames(padded, size=128):
    """As `power_blocks`, of samples that bring what stands before the first frame's centre and behind the last one's."""
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    windowed, spectrum = np.empty((2, size, N_FFT), np.float32)
    power, pair = np.empty((size, N_FFT // 2 + 1), np.float32), np.ones(2, np.float32)
    for first in range(0, len(frames), size):
        n = min(size, len(frames) - first)
        np.multiply(frames[first:first + n], _window(), out=windowed[:n])
        for row in range(0, n, 32):  # more rows at once, and OpenCV would take the cores that other songs are on
            some = slice(row, min(row + 32, n))
            cv2.dft(windowed[some], spectrum[some], flags=cv2.DFT_ROWS)
        np.square(spectrum[:n], out=spectrum[:n])  # first and last are real, between them stand pairs of real and imaginary
        power[:n, 0], power[:n, -1] = spectrum[:n, 0], spectrum[:n, -1]
        np.matmul(spectrum[:n, 1:-1].reshape(n, -1, 2), pair, out=power[:n, 1:-1])  # twice as fast as adding every other
        yield first, power[:n]


@functools.cache
def _window():
    return scipy.signal.get_window("hann", N_FFT).astype(np.float32)


@functools.cache
def _filters(kind, sr, n_mels):
    """A bank of filters in pieces (first row, first and last frequency, weights): most of a mel bank is zeros."""
    from librosa import filters
    bank = filters.mel(sr=sr, n_fft=N_FFT, n_mels=n_mels) if kind == "mel" else filters.chroma(sr=sr, n_fft=N_FFT)
    pieces = []
    for row in range(0, len(bank), 16):
        used = np.flatnonzero(bank[row:row + 16].any(axis=0))
        low, high = (used[0], used[-1] + 1) if used.size else (0, 1)
        pieces.append((row, low, high, np.ascontiguousarray(bank[row:row + 16, low:high].T, dtype=np.float32)))
    return pieces


def spectrograms(y, kinds=("mel",), *, sr=SAMPLE_RATE, n_mels=128):
    """Power in bands: mel bands, or the twelve pitch classes (C first, not normalised), from one Fourier transform.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], float32
    kinds : sequence of {'mel', 'chroma'}
    sr, n_mels : int

    Returns
    -------
    dict of str to np.ndarray [shape=(bands, 1 + n // 512)], float32
        Frames of 2048 samples, every 512 samples; `mel` as `librosa.feature.melspectrogram` has it.

    Examples
    --------
    >>> spectrograms(np.ones(5120, np.float32), ("chroma",))["chroma"].shape
    (12, 11)
    """
    out = {kind: np.empty((1 + len(y) // HOP_LENGTH, n_mels if kind == "mel" else 12), np.float32) for kind in kinds}
    for first, power in power_blocks(y):
        for kind, bands in out.items():
            for row, low, high, weights in _filters(kind, sr, n_mels):
                bands[first:first + len(power), row:row + weights.shape[1]] = power[:, low:high] @ weights
    return {kind: bands.T for kind, bands in out.items()}


# ---- many files

def over_tracks(work, tracks, *, n_jobs=-1, desc="songs"):
    """Do a piece of work for each track, in parallel, with a progress bar; yields (row number, what it returned).

    joblib does the work: inside ``joblib.parallel_config(backend="dask")`` the same call runs on a Dask cluster.

    Parameters
    ----------
    work : callable
        Takes one row as a named tuple; what it raises as AudioError is yielded in place of a result.
    tracks : pd.DataFrame
    """
    def rows():
        for number, row in enumerate(tracks.itertuples()):
            yield delayed(_guarded)(work, number, row)
    results = Parallel(n_jobs=n_jobs, return_as="generator_unordered", pre_dispatch="4*n_jobs")(rows())
    yield from tqdm(results, total=len(tracks), desc=desc, unit="song", file=sys.stdout, mininterval=1)


def _guarded(work, number, row):
    try:
        return number, work(row)
    except AudioError as error:
        return number, error
    except (ArithmeticError, LookupError, ValueError) as error:  # costs this song, not a night's run
        return number, AudioError(f"could not be worked on: {type(error).__name__}: {error}")


def write_spectrograms(tracks, out_dir="model_output", *, segment_seconds=60, n_mels=128, kinds=("mel",), n_jobs=-1,
                       shortest=SHORTEST):
    """Write each song's segments as spectrogram pictures, sorted by genre, and list them.

    A picture is data: 8-bit grey PNG, one row a band (low at the bottom), one column a frame of 512 samples, 80 dB between
    black and white with white at the segment's own peak, and the settings that made it in the file. It appears whole or
    not at all. Pictures that are there already, made with the same settings from the same source file, are not made
    again; so a run that was killed goes on where it stopped.

    Parameters
    ----------
    tracks : pd.DataFrame
        With `path`; `track_id` (index or column), `genre` and `artist` are taken along where they are there.
    out_dir : str or Path
        Pictures go to ``out_dir/kind/genre/track_segment.png``.
    segment_seconds : float
        A last piece shorter than half of it is dropped; a shorter song is one segment of its own length.
    n_mels : int
    kinds : sequence of {'mel', 'chroma'}
        Pictures of the same frames, from the same decoding.
    n_jobs : int
        Processes; -1 for all cores.
    shortest : float
        Songs shorter than this many seconds are skipped.

    Returns
    -------
    pd.DataFrame
        The manifest: one row a segment and kind, also in ``out_dir/manifest.parquet``: `track_id, segment, start, seconds,
        genre, artist, path, source, kind` and the settings. What was skipped and why in ``attrs["skipped"]`` and in
        ``out_dir/skipped.csv``.

    Raises
    ------
    ValueError
        The table has no paths, or a kind is unknown.
    """
    settings = _settings(segment_seconds, n_mels, kinds)
    tracks = _with_folders(tracks)
    work = functools.partial(_write_track, out_dir=str(out_dir), settings=settings, kinds=tuple(kinds), shortest=shortest)
    made, skipped = array("d"), []  # song, segment, start and seconds in turn: a list of tuples takes five times the memory
    for number, segments_made in over_tracks(work, tracks, n_jobs=n_jobs, desc="spectrograms"):
        if isinstance(segments_made, AudioError):
            skipped.append({"path": str(tracks["source"].iat[number]), "reason": str(segments_made)})
        else:
            made.extend(value for segment, times in enumerate(segments_made) for value in (number, segment, *times))
    _remove_misfiled(tracks, out_dir)
    manifest = _manifest(tracks, np.array(made).reshape(-1, 4), str(out_dir), kinds, settings)
    manifest.attrs["skipped"] = sorted(skipped, key=lambda one: one["path"])
    write_table(manifest, Path(out_dir) / "manifest.parquet")
    write_table(pd.DataFrame(manifest.attrs["skipped"], columns=["path", "reason"]), Path(out_dir) / "skipped.csv")
    return manifest


def _settings(segment_seconds, n_mels, kinds):
    unknown = set(kinds) - set(KINDS)
    if unknown or not kinds:
        raise ValueError(f"kinds={kinds}: choose from {', '.join(KINDS)}")
    if segment_seconds <= 0 or n_mels < 1:
        raise ValueError(f"segment_seconds={segment_seconds}, n_mels={n_mels}: both must be above zero")
    return {"sr": SAMPLE_RATE, "n_fft": N_FFT, "hop_length": HOP_LENGTH, "n_mels": int(n_mels),
            "segment_seconds": float(segment_seconds), "decibels": 80}


def tracks_with_sound(tracks):
    """The tracks that have a sound file, once each: `track_id, source, genre, artist`."""
    if "path" not in tracks:
        raise ValueError(f"the table has no column 'path' that says where the sound files are; it has {list(tracks.columns)}")
    known = tracks["path"].notna().to_numpy()
    ids = tracks.get("track_id", tracks.index)
    table = pd.DataFrame({"track_id": pd.Index(ids).astype(str)[known], "source": tracks["path"].astype(str).to_numpy()[known]})
    for column in ("genre", "artist"):
        values = tracks[column].astype(object).to_numpy()[known] if column in tracks else None
        table[column] = pd.Categorical(values if values is not None else [None] * len(table))
    again = pd.Series(list(zip(table["track_id"], table["source"]))).duplicated()  # a third of drop_duplicates' memory
    return table if not again.any() else table[~again.to_numpy()].reset_index(drop=True)


def _with_folders(tracks):
    """The tracks that are to be done, and the folder of each one's genre."""
    table = tracks_with_sound(tracks)
    first = first_genre(pd.Series(table["genre"].cat.categories))
    names = folder_names(first)
    folder_of = {cell: names[genre] for cell, genre in zip(table["genre"].cat.categories, first) if genre is not None}
    return table.assign(folder=pd.Categorical(table["genre"].astype(object).map(folder_of).astype(object).fillna("unknown")))


def _picture_path(out_dir, kind, folder, stem, segment):
    return f"{out_dir}/{kind}/{folder}/{stem}_{segment:03d}.png"


def _write_track(row, out_dir, settings, kinds, shortest):
    """Write one song's pictures where they are not there yet; returns (start, seconds) of each segment."""
    stem = file_stem(row.track_id, row.source)

    def place(kind, segment):
        return _picture_path(out_dir, kind, row.folder, stem, segment)

    try:
        stat = Path(row.source).stat()
        marks = settings | {"track_id": row.track_id, "source": row.source, "source_size": stat.st_size,
                            "source_time": stat.st_mtime_ns}
    except OSError:
        marks = settings  # decoding it says what is wrong
    done = _done(place, kinds, marks)
    if done:
        return done
    made, waiting = [], None
    try:
        for segment in segments(row.source, settings["segment_seconds"], shortest=shortest):
            if waiting:  # whether a segment is the last is known once the next has been read
                _write_segment(place, kinds, len(made) - 1, *waiting, marks, last=False)
            waiting = (segment.start, segment.y)
            made.append((segment.start, len(segment.y) / SAMPLE_RATE))
    except AudioError:
        _remove_beyond(place, kinds, 0)
        raise
    _write_segment(place, kinds, len(made) - 1, *waiting, marks, last=True)
    _remove_beyond(place, kinds, len(made))
    return made


def _write_segment(place, kinds, number, start, y, marks, last):
    """Write a segment's pictures but for those that are there: a long song that was broken off, or a kind asked for later."""
    about = {kind: marks | {"kind": kind, "segment": number, "start": start, "seconds": len(y) / SAMPLE_RATE, "last": last}
             for kind in kinds}
    missing = [kind for kind in kinds if about[kind] != picture_settings(place(kind, number))]
    for kind, bands in spectrograms(y, missing, n_mels=marks["n_mels"]).items() if missing else ():
        write_picture(place(kind, number), decibels_to_levels(bands), about[kind])


def _done(place, kinds, marks):
    """The segments of a song whose pictures are all there, made from this very file with these settings; else None."""
    made = []
    while True:
        about = [picture_settings(place(kind, len(made))) for kind in kinds]
        if not all(one and marks.items() <= one.items() for one in about) or len({one["last"] for one in about}) > 1:
            return None
        made.append((about[0]["start"], about[0]["seconds"]))
        if about[0]["last"]:
            return made


def _remove_beyond(place, kinds, number):
    """Remove pictures of segments that the song no longer has."""
    for kind in kinds:
        for segment in itertools.count(number):
            path = Path(place(kind, segment))
            if not path.exists():
                break
            path.unlink()


def _remove_misfiled(tracks, out_dir):
    """Remove pictures of these songs from folders of genres that the table no longer gives them."""
    folder_of = {file_stem(track_id, source): folder for track_id, source, folder
                 in zip(tracks["track_id"], tracks["source"], tracks["folder"])}
    for path in (path for kind in KINDS for path in Path(out_dir, kind).glob("*/*.png")):
        if folder_of.get(path.stem.rpartition("_")[0], path.parent.name) != path.parent.name:
            path.unlink()
            with contextlib.suppress(OSError):  # others are in it
                path.parent.rmdir()


def _manifest(tracks, made, out_dir, kinds, settings):
    number, segment, start, seconds = np.tile(made[np.lexsort((made[:, 1], made[:, 0]))], (len(kinds), 1)).T
    number, segment, kind = number.astype(int), segment.astype(int), np.repeat(kinds, len(made))
    songs = tracks.iloc[number].reset_index(drop=True)  # stays as packed as it is; a list of strings takes thrice the memory
    paths = (_picture_path(out_dir, k, folder, file_stem(track_id, source), s) for k, folder, track_id, source, s
             in zip(kind, songs["folder"], songs["track_id"], songs["source"], segment))
    return pd.DataFrame({
        "track_id": songs["track_id"], "segment": segment, "start": start, "seconds": seconds, "genre": songs["genre"],
        "artist": songs["artist"], "path": list(paths), "source": songs["source"],
        "kind": pd.Categorical(kind, categories=list(kinds)),
        "settings": pd.Categorical.from_codes(np.zeros(len(kind), dtype=int), [json.dumps(settings)])})
