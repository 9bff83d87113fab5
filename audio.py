"""Sound files -> segments -> spectrogram pictures, for many songs in parallel.

A bad file never stops a run: it is skipped, named and counted. How files are decoded stands in `decoding`, whose functions can
be had from here too.
"""

import contextlib
import functools
import itertools
import json
from array import array
from pathlib import Path

import numpy as np
import pandas as pd

from prepare import first_genre
from signals.batch_jobs import over_tracks, tracks_with_sound
from signals.decoding import SAMPLE_RATE, SHORTEST, AudioError, blocks, load_audio, segments
from signals.spectrogram_images import (
    file_stem,
    folder_names,
    image_settings,
    index_images,
    plot_contact_sheet,
    power_to_levels,
    read_image,
    restore_archive,
    save_archive,
    write_image,
)
from signals.spectrograms import HOP_LENGTH, KINDS, N_FFT, spectrograms
from sources.files import write_table

__all__ = ["AudioError", "SAMPLE_RATE", "blocks", "index_images", "load_audio", "plot_contact_sheet",
           "read_image", "restore_archive", "save_archive", "segments", "spectrograms", "write_spectrograms"]


def write_spectrograms(tracks, out_dir="model_output", *, segment_seconds=60, n_mels=128, kinds=("mel",), n_jobs=-1,
                       shortest=SHORTEST):
    """Write each song's segments as spectrogram pictures, sorted by genre, and list them.

    A picture is data: 8-bit grey PNG, one row a band (low at the bottom), one column a frame of 512 samples, 80 dB between
    black and white with white at the segment's own peak, and the settings that made it in the file. It appears whole or
    not at all. Pictures that are there already, made with the same settings from the same source file, are not made
    again; so a run that was killed goes on where it stopped. A song's pictures in the folder of a genre that it no longer has
    are removed.

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
    missing = [kind for kind in kinds if about[kind] != image_settings(place(kind, number))]
    for kind, bands in spectrograms(y, missing, n_mels=marks["n_mels"]).items() if missing else ():
        write_image(place(kind, number), power_to_levels(bands), about[kind])


def _done(place, kinds, marks):
    """The segments of a song whose pictures are all there, made from this very file with these settings; else None."""
    made = []
    while True:
        about = [image_settings(place(kind, len(made))) for kind in kinds]
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
