"""Sound files -> a table of audio features, with one row a song or a segment."""

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
    """Compute the audio features of each song, or of each of its segments.

    Parameters
    ----------
    tracks : pd.DataFrame
        With `path`; `track_id` (index or column), `genre` and `artist` are kept where they exist.
    segment_seconds : float, optional
        Describe segments of this length, as from `audio.segments`; None describes the whole song (its first ten
        minutes).
    out : str or Path, optional
        A Parquet or CSV file to write the table to. A journal beside it lists the finished songs, so that a run that
        was killed continues where it stopped. Songs whose file has changed are described again.
    n_jobs : int
        Processes; -1 for all cores.
    shortest : float
        Songs shorter than this many seconds are skipped.

    Returns
    -------
    pd.DataFrame
        One row a song (or segment), indexed by `track_id`: `genre, artist, path, segment, start, seconds` and the
        features of `describe`. Skipped files and the reasons are in ``attrs["skipped"]``.

    Raises
    ------
    ValueError
        The table has no paths.
    """
    tracks = tracks_with_sound(tracks)
    journal = Journal.beside(out)
    marks = [file_mark(source, segment_seconds) for source in tracks["source"]]
    keys = [f"{track_id}|{source}" for track_id, source in zip(tracks["track_id"], tracks["source"])]
    from_journal = (journal.get(key, mark) for key, mark in zip(keys, marks))
    rows = {number: described for number, described in enumerate(from_journal) if described is not None}
    missing = np.array([number for number in range(len(tracks)) if number not in rows], dtype=int)
    # compiled before there are workers: code that two processes compile at a time crashes (numba issue 10128)
    importlib.import_module("librosa.util.utils")
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
    table.attrs["skipped"] = sorted(skipped, key=lambda entry: entry["path"])
    if out is not None:
        write_table(table, out)
    return table


def _describe_track(row, segment_seconds, shortest):
    return describe_file(row.source, segment_seconds, shortest=shortest)


def _table(tracks, rows):
    """The table of features, from the rows of each track's segments by the track's row number."""
    order = sorted(rows)
    numbers = np.repeat(order, [len(rows[number]) for number in order]).astype(int)
    songs = tracks.iloc[numbers].rename(columns={"source": "path"}).reset_index(drop=True)
    described = pd.DataFrame([row for number in order for row in rows[number]])
    return pd.concat([songs[["track_id", "genre", "artist", "path"]], described], axis=1).set_index("track_id")
