"""Sound files -> a table of audio features, one row a song or a segment."""

import functools
import importlib

import numpy as np
import pandas as pd

from signals.aspects import ASPECTS, aspect_columns
from signals.batch_jobs import file_mark, over_tracks, tracks_with_sound
from signals.decoding import SHORTEST, AudioError
from signals.descriptors import describe, describe_file
from signals.image_statistics import describe_images
from sources.files import Journal, write_table

__all__ = ["ASPECTS", "aspect_columns", "describe", "extract_features", "describe_images"]


def extract_features(tracks, *, segment_seconds=None, out=None, n_jobs=-1, shortest=SHORTEST):
    """Describe each song, or each of its segments, by its audio features.

    Parameters
    ----------
    tracks : pd.DataFrame
        With `path`; `track_id` (index or column), `genre` and `artist` are taken along where they are there.
    segment_seconds : float, optional
        Describe segments of this length, cut as by `audio.segments`; None describes each song whole (its first ten
        minutes).
    out : str or Path, optional
        A Parquet or CSV file to write the table to. What is done is noted in a file beside it, song by song, so that a
        run that was killed goes on where it stopped; songs whose file has changed are described again.
    n_jobs : int
        Processes; -1 for all cores.
    shortest : float
        Songs shorter than this many seconds are skipped.

    Returns
    -------
    pd.DataFrame
        One row a song (or segment), indexed by `track_id`: `genre, artist, path, segment, start, seconds` and the columns of
        `descriptors.describe`. What was skipped and why in ``attrs["skipped"]``.

    Raises
    ------
    ValueError
        The table has no paths.
    """
    tracks = tracks_with_sound(tracks)
    journal = Journal.beside(out)
    marks = [file_mark(source, segment_seconds) for source in tracks["source"]]
    keys = [f"{track_id}|{source}" for track_id, source in zip(tracks["track_id"], tracks["source"])]
    known = (journal.get(key, mark) for key, mark in zip(keys, marks))
    rows = {number: described for number, described in enumerate(known) if described is not None}
    missing = np.array([number for number in range(len(tracks)) if number not in rows], dtype=int)
    importlib.import_module("librosa.util.utils")  # compiled by one process: by two at a time, it crashes (numba issue 10128)
    work = functools.partial(_describe_track, segment_seconds=segment_seconds, shortest=shortest)
    skipped = []
    for position, described in over_tracks(work, tracks.iloc[missing], n_jobs=n_jobs, desc="features"):
        number = missing[position]
        if isinstance(described, AudioError):
            skipped.append({"path": tracks["source"].iat[number], "reason": str(described)})
            continue
        rows[number] = described
        journal.add(keys[number], marks[number], described)
    table = _table(tracks, rows)
    table.attrs["skipped"] = sorted(skipped, key=lambda one: one["path"])
    if out is not None:
        write_table(table, out)
    return table


def _describe_track(row, segment_seconds, shortest):
    return describe_file(row.source, segment_seconds, shortest=shortest)


def _table(tracks, rows):
    order = sorted(rows)
    numbers = np.repeat(order, [len(rows[number]) for number in order]).astype(int)
    about = tracks.iloc[numbers].rename(columns={"source": "path"}).reset_index(drop=True)
    about = about[["track_id", "genre", "artist", "path"]]
    described = pd.DataFrame([row for number in order for row in rows[number]])
    return pd.concat([about, described], axis=1).set_index("track_id")
