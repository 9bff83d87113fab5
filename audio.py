"""Sound files -> segments -> spectrogram images, for many songs in parallel.

A bad file never stops a run: it is skipped, named and counted. The functions that decode files and read images can be
imported from here too.
"""

import contextlib
import functools
import itertools
import json
import time
from array import array
from pathlib import Path

import numpy as np
import pandas as pd

from prepare import first_genre
from signals.batch_jobs import CHANGED, file_mark, over_tracks, tracks_with_sound
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
from signals.spectrograms import DECIBELS, HOP_LENGTH, KINDS, N_FFT, spectrograms
from sources.files import one_at_a_time, write_table
from sources.song_choice import find_sound_file, upload_song

__all__ = ["AudioError", "SAMPLE_RATE", "blocks", "find_sound_file", "index_images", "load_audio", "plot_contact_sheet",
           "read_image", "restore_archive", "save_archive", "segments", "spectrogram_settings", "spectrograms",
           "upload_song", "with_genre_folders", "write_spectrograms", "write_track_images"]


# ---- many songs

def write_spectrograms(tracks, out_dir="model_output", *, segment_seconds=60, n_mels=128, kinds=("mel",), n_jobs=-1,
                       shortest=SHORTEST):
    """Write a spectrogram image of each segment of each song, in folders by genre, and list them.

    An image is data: 8-bit grey PNG, one row a band (low at the bottom), one column a frame of 512 samples, 80 dB
    between black and white, white at the segment's own peak, and the settings that made it stored in the file. It
    appears complete or not at all. Images that exist already, made with the same settings from the same source file,
    are not made again, so a run that was killed continues where it stopped. Where a song has another genre than before,
    its images are removed from the old genre's folder.

    Parameters
    ----------
    tracks : pd.DataFrame
        With `path`; `track_id` (index or column), `genre` and `artist` are kept where they exist.
    out_dir : str or Path
        Images are written to ``out_dir/kind/genre/track_segment.png``.
    segment_seconds : float
        A last piece shorter than half of it is dropped; a shorter song is one segment of its own length.
    n_mels : int
    kinds : sequence of {'mel', 'chroma'}
        Kinds of images, made from the same frames.
    n_jobs : int
        Processes; -1 for all cores.
    shortest : float
        Songs shorter than this many seconds are skipped.

    Returns
    -------
    pd.DataFrame
        The manifest: one row a segment and kind, also in ``out_dir/manifest.parquet``: `track_id, segment, start,
        seconds, genre, artist, path, source, kind` and `settings`. Skipped files and the reasons are in
        ``attrs["skipped"]`` and in ``out_dir/skipped.csv``.

    Raises
    ------
    ValueError
        The table has no paths, or a kind is unknown.
    """
    settings = spectrogram_settings(segment_seconds, n_mels=n_mels, kinds=kinds)
    with one_at_a_time(out_dir):
        return _write_images(with_genre_folders(tracks), out_dir, settings, kinds, shortest, n_jobs)


def _write_images(tracks, out_dir, settings, kinds, shortest, n_jobs):
    """The images of tracks as from `with_genre_folders`, and their manifest."""
    began = time.time()
    work = functools.partial(write_track_images, out_dir=str(out_dir), settings=settings, kinds=tuple(kinds),
                             shortest=shortest)
    made, skipped = array("d"), []  # row number, segment, start and seconds in turn: tuples need five times the memory
    for number, result in over_tracks(work, tracks, n_jobs=n_jobs, desc="spectrograms"):
        if isinstance(result, AudioError):
            skipped.append({"path": str(tracks["source"].iat[number]), "reason": str(result)})
        else:
            made.extend(value for segment, times in enumerate(result) for value in (number, segment, *times))
    _remove_images_of_old_genres(tracks, out_dir)
    _remove_unfinished(out_dir, began)
    manifest = _manifest(tracks, np.array(made).reshape(-1, 4), str(out_dir), kinds, settings)
    manifest, without_images = _with_images(manifest, out_dir, kinds)
    reason = "its images were removed during the run: run it again"
    skipped += [{"path": source, "reason": reason} for source in without_images]
    manifest.attrs["skipped"] = sorted(skipped, key=lambda entry: entry["path"])
    write_table(manifest, Path(out_dir) / "manifest.parquet")
    write_table(pd.DataFrame(manifest.attrs["skipped"], columns=["path", "reason"]), Path(out_dir) / "skipped.csv")
    return manifest


def spectrogram_settings(segment_seconds=60, *, n_mels=128, kinds=("mel",)):
    """The settings that a run's images share; they are stored in each image and in the manifest.

    Parameters
    ----------
    segment_seconds : float
    n_mels : int
    kinds : sequence of {'mel', 'chroma'}
        Only checked.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        A kind is unknown, there is none, or a number is not positive.

    Examples
    --------
    >>> spectrogram_settings(30)["segment_seconds"]
    30.0
    """
    unknown = set(kinds) - set(KINDS)
    if unknown or not kinds:
        raise ValueError(f"kinds={kinds}: choose from {', '.join(KINDS)}")
    if segment_seconds <= 0 or n_mels < 1:
        raise ValueError(f"segment_seconds={segment_seconds}, n_mels={n_mels}: both must be above zero")
    return {"sr": SAMPLE_RATE, "n_fft": N_FFT, "hop_length": HOP_LENGTH, "n_mels": int(n_mels),
            "segment_seconds": float(segment_seconds), "decibels": DECIBELS}


def with_genre_folders(tracks):
    """The tracks that have a sound file, with the folder of each track's first genre.

    Parameters
    ----------
    tracks : pd.DataFrame
        With `path`; `track_id` (index or column), `genre` and `artist` are kept where they exist.

    Returns
    -------
    pd.DataFrame
        `track_id, source, genre, artist, folder`; its rows are what `write_track_images` takes.

    Examples
    --------
    >>> with_genre_folders(pd.DataFrame({"path": ["a.mp3", "b.mp3"], "genre": ["rock, pop", None]}))["folder"].tolist()
    ['rock', 'unknown']
    """
    table = tracks_with_sound(tracks)
    cells = table["genre"].cat.categories
    genres = first_genre(pd.Series(cells))
    names = folder_names(genres)
    folder_of = {cell: names[genre] for cell, genre in zip(cells, genres) if genre is not None}
    folders = table["genre"].astype(object).map(folder_of).astype(object).fillna("unknown")
    return table.assign(folder=pd.Categorical(folders))


# ---- one song

def write_track_images(row, out_dir, *, settings, kinds=("mel",), shortest=SHORTEST):
    """Write the images of one song, except for those that exist already.

    Parameters
    ----------
    row : named tuple
        With `track_id, source, folder`, as from ``with_genre_folders(tracks).itertuples()``.
    out_dir : str or Path
        Images are written to ``out_dir/kind/folder/track_segment.png``.
    settings : dict
        As from `spectrogram_settings`.
    kinds : sequence of {'mel', 'chroma'}
    shortest : float
        A song shorter than this many seconds is refused.

    Returns
    -------
    list of tuple of float
        Start and duration of each segment, in seconds.

    Raises
    ------
    AudioError
        The song cannot be used, or its file was changed while it was read; its older images are removed.
    """
    stem = file_stem(row.track_id, row.source)

    def path_of(kind, segment):
        return _image_path(out_dir, kind, row.folder, stem, segment)

    marks = settings | _source_marks(row)
    finished = _finished_segments(path_of, kinds, marks)
    if finished:
        return finished
    made, waiting = [], None
    try:
        for segment in segments(row.source, settings["segment_seconds"], shortest=shortest):
            if waiting:  # whether a segment is the last is known once the next has been read
                _write_segment(path_of, kinds, len(made) - 1, *waiting, marks, last=False)
            waiting = (segment.start, segment.y)
            made.append((segment.start, len(segment.y) / SAMPLE_RATE))
        if marks != settings | _source_marks(row):
            raise AudioError(CHANGED)
    except AudioError:
        _remove_segments_from(path_of, kinds, 0)
        raise
    _write_segment(path_of, kinds, len(made) - 1, *waiting, marks, last=True)
    _remove_segments_from(path_of, kinds, len(made))
    return made


def _image_path(out_dir, kind, folder, stem, segment):
    return f"{out_dir}/{kind}/{folder}/{stem}_{segment:03d}.png"


def _source_marks(row):
    """What an image stores about its source file; nothing where there is none, which decoding will report."""
    mark = file_mark(row.source, None)
    if mark is None:
        return {}
    size, time_, checksum, _ = mark
    return {"track_id": row.track_id, "source": row.source, "source_size": size, "source_time": time_,
            "source_checksum": checksum}


def _write_segment(path_of, kinds, number, start, y, marks, last):
    """Write a segment's images that do not exist yet: a run may have been killed in a song, or a kind may be new."""
    times = {"segment": number, "start": start, "seconds": len(y) / SAMPLE_RATE, "last": last}
    about = {kind: marks | {"kind": kind} | times for kind in kinds}
    missing = [kind for kind in kinds if about[kind] != image_settings(path_of(kind, number))]
    if not missing:
        return
    for kind, bands in spectrograms(y, missing, n_mels=marks["n_mels"]).items():
        write_image(path_of(kind, number), power_to_levels(bands), about[kind])


def _finished_segments(path_of, kinds, marks):
    """Start and duration of a song's segments, where all images exist and have these marks; else None."""
    finished = []
    while True:
        about = [image_settings(path_of(kind, len(finished))) for kind in kinds]
        if not all(stored and marks.items() <= stored.items() for stored in about):
            return None
        if len({stored["last"] for stored in about}) > 1:
            return None
        finished.append((about[0]["start"], about[0]["seconds"]))
        if about[0]["last"]:
            return finished


# ---- removing files

def _remove_segments_from(path_of, kinds, number):
    """Remove images of segments that the song no longer has."""
    for kind in kinds:
        for segment in itertools.count(number):
            path = Path(path_of(kind, segment))
            if not path.exists():
                break
            path.unlink()


def _remove_images_of_old_genres(tracks, out_dir):
    """Remove images of these songs from the folders of other genres than the table now gives them."""
    folder_of = {file_stem(track_id, source): folder for track_id, source, folder
                 in zip(tracks["track_id"], tracks["source"], tracks["folder"])}
    for path in (path for kind in KINDS for path in Path(out_dir, kind).glob("*/*.png")):
        if folder_of.get(path.stem.rpartition("_")[0], path.parent.name) != path.parent.name:
            path.unlink()
            with contextlib.suppress(OSError):  # the folder still holds other images
                path.parent.rmdir()


def _remove_unfinished(out_dir, before):
    """Remove temporary files of images that an earlier run, which was killed, left unfinished."""
    for path in (path for kind in KINDS for path in Path(out_dir, kind).glob("*/.*.part")):
        with contextlib.suppress(OSError):  # another run may have finished or removed it
            if path.stat().st_mtime < before:
                path.unlink()


# ---- the manifest

def _with_images(manifest, out_dir, kinds):
    """The rows of a manifest whose songs have all their images, and the files of the other songs."""
    there = {f"{out_dir}/{kind}/{path.parent.name}/{path.name}"
             for kind in kinds for path in Path(out_dir, kind).glob("*/*.png")}
    missing = ~manifest["path"].isin(there)
    if not missing.any():
        return manifest, []
    without = manifest.loc[missing, "source"].unique()
    return manifest[~manifest["source"].isin(without)].reset_index(drop=True), without


def _manifest(tracks, made, out_dir, kinds, settings):
    """The manifest of images, from rows of (row number of the track, segment, start, seconds) in any order."""
    number, segment, start, seconds = np.tile(made[np.lexsort((made[:, 1], made[:, 0]))], (len(kinds), 1)).T
    number, segment = number.astype(int), segment.astype(int)
    kind = np.repeat(kinds, len(made))
    songs = tracks.iloc[number].reset_index(drop=True)  # stays categorical: strings need three times the memory
    paths = [_image_path(out_dir, kind_, folder, file_stem(track_id, source), segment_)
             for kind_, folder, track_id, source, segment_
             in zip(kind, songs["folder"], songs["track_id"], songs["source"], segment)]
    return pd.DataFrame({
        "track_id": songs["track_id"], "segment": segment, "start": start, "seconds": seconds, "genre": songs["genre"],
        "artist": songs["artist"], "path": paths, "source": songs["source"],
        "kind": pd.Categorical(kind, categories=list(kinds)),
        "settings": pd.Categorical.from_codes(np.zeros(len(kind), dtype=int), [json.dumps(settings)])})
