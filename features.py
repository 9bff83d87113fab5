"""Sound files -> tables of audio features and of embeddings, with one row a song or a segment."""

import functools
import importlib

import numpy as np
import pandas as pd

from learning import pretrained
from learning.spotify_estimates import estimate_errors, estimate_features, song_estimates
from signals.aspects import ASPECTS, aspect_columns
from signals.batch_jobs import CHANGED, file_mark, over_tracks, tracks_with_sound
from signals.decoding import SHORTEST, AudioError
from signals.descriptors import describe, describe_file
from signals.image_statistics import describe_images
from signals.recording import Recording
from sources.files import Journal, one_at_a_time, write_table

__all__ = ["ASPECTS", "aspect_columns", "describe", "describe_images", "estimate_errors", "estimate_features",
           "extract_embeddings", "extract_features", "song_estimates"]

FEWEST_IN_PARALLEL = 40
"""Fewer songs are done sooner than other processes have loaded TensorFlow."""


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
    # compiled before there are workers: code that two processes compile at a time crashes (numba issue 10128)
    importlib.import_module("librosa.util.utils")
    work = functools.partial(_describe_track, segment_seconds=segment_seconds, shortest=shortest)
    return _table_of_songs(tracks, work, segment_seconds, out, n_jobs, "features")


def extract_embeddings(tracks, *, model="musicnn", segment_seconds=None, out=None, n_jobs=-1):
    """Compute what a pre-trained network hears in each song, or in each of its segments: tags and embeddings.

    The network is fetched once (29 MB). Of songs longer than a minute, every second patch of three seconds is heard.
    Inside ``joblib.parallel_config(backend="dask")`` the same call uses a Dask cluster.

    Parameters
    ----------
    tracks : pd.DataFrame
        With `path`; `track_id` (index or column), `genre` and `artist` are kept where they exist.
    model : {'musicnn'}
        See `learning.pretrained`.
    segment_seconds : float, optional
        One row for each segment of this length, of three seconds or more; None gives one row a song.
    out : str or Path, optional
        A Parquet or CSV file to write the table to; as in `extract_features`, a run that was killed continues where it
        stopped.
    n_jobs : int
        Processes, each with networks of its own; -1 for all cores. Few songs are done in one process.

    Returns
    -------
    pd.DataFrame
        One row a song (or segment), indexed by `track_id`: `genre, artist, path, segment, start, seconds`, the
        probability of each tag (0 to 1) in columns such as ``tag: rock`` (Million Song Dataset) and ``tag: guitar
        (MTT)`` (MagnaTagATune), and `embedding_001` to `embedding_400`, 200 of each network. Skipped files and the
        reasons are in ``attrs["skipped"]``.

    Raises
    ------
    ValueError
        The table has no paths, the model is unknown, or the segments are too short.
    ModelError
        The network is not there and cannot be downloaded.
    """
    if model != "musicnn":
        raise ValueError(f"model={model!r}: there is 'musicnn'")
    if segment_seconds is not None and not segment_seconds >= pretrained.PATCH_SECONDS:
        raise ValueError(f"segment_seconds={segment_seconds!r}: the network needs 3 seconds or more")
    for network in pretrained.TAGS:  # fetched and read once before there are workers
        pretrained.load_network(network)
    work = functools.partial(_embed_track, segment_seconds=segment_seconds)
    n_jobs = 1 if len(tracks) < FEWEST_IN_PARALLEL else n_jobs
    return _table_of_songs(tracks, work, ["musicnn", segment_seconds], out, n_jobs, "embeddings")


def _table_of_songs(tracks, work, settings, out, n_jobs, desc):
    """One row or several for each song, from `work`; what is done is kept in a journal beside `out`."""
    with one_at_a_time(out):
        return _table_from_journal(tracks_with_sound(tracks), work, settings, out, n_jobs, desc)


def _table_from_journal(tracks, work, settings, out, n_jobs, desc):
    journal = Journal.beside(out)
    marks = [file_mark(source, settings) for source in tracks["source"]]
    keys = [f"{track_id}|{source}" for track_id, source in zip(tracks["track_id"], tracks["source"])]
    from_journal = (journal.get(key, mark) for key, mark in zip(keys, marks))
    rows = {number: described for number, described in enumerate(from_journal) if described is not None}
    missing = np.array([number for number in range(len(tracks)) if number not in rows], dtype=int)
    skipped = []
    for position, described in over_tracks(work, tracks.iloc[missing], n_jobs=n_jobs, desc=desc):
        number = missing[position]
        if file_mark(tracks["source"].iat[number], settings) != marks[number]:
            described = AudioError(CHANGED) if marks[number] else described
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


def _embed_track(row, segment_seconds):
    recording = Recording(row.source)
    seconds = segment_seconds or recording.seconds
    table = pretrained.window_embeddings(recording, seconds, seconds).astype("float32").round(5)
    lengths = [min(seconds, recording.seconds - start) for start in table.index]
    return [
        {"segment": number, "start": start, "seconds": round(length, 3)} | values
        for number, (start, length, values) in enumerate(zip(table.index, lengths, table.to_dict("records")))
    ]


def _table(tracks, rows):
    """The table of features, from the rows of each track's segments by the track's row number."""
    order = sorted(rows)
    numbers = np.repeat(order, [len(rows[number]) for number in order]).astype(int)
    songs = tracks.iloc[numbers].rename(columns={"source": "path"}).reset_index(drop=True)
    described = pd.DataFrame([row for number in order for row in rows[number]])
    return pd.concat([songs[["track_id", "genre", "artist", "path"]], described], axis=1).set_index("track_id")
