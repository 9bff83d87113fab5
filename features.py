"""Sound files -> a table of audio features, one row a song or a segment."""

import functools
import importlib
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd

from audio import SHORTEST, AudioError, over_tracks, segments, tracks_with_sound
from descriptors import describe
from tables import write_table

LONGEST = 600
"""Seconds of a song that are described where it is not cut into segments: the first ten minutes."""
ASPECTS = {
    "beat": ("tempo", "tempogram", "onset_strength", "danceability_proxy", "beat", "onsets", "rhythm"),
    "timbre": ("mfcc", "spectral", "zero_crossing_rate", "rms", "loudness_lufs", "energy_proxy", "acousticness_proxy", "level",
               "change", "cepstrum", "covariance", "together", "texture", "flux"),
    "pitch": ("chroma", "tonnetz", "key", "mode", "degree", "interval", "chord", "tone_entropy", "bass", "middle", "treble",
              "harmony")}
"""The features that tell of each aspect of a song, by the first words of a column's name: those of `descriptors.describe`, and of
`textures.picture_features`."""


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
    journal = None if out is None else Path(out).with_name(f".{Path(out).name}.jsonl")
    done = read_journal(journal)
    marks = [source_mark(source, segment_seconds) for source in tracks["source"]]
    keys = [f"{track_id}|{source}" for track_id, source in zip(tracks["track_id"], tracks["source"])]
    rows = {number: done[key]["rows"] for number, (key, mark) in enumerate(zip(keys, marks))
            if key in done and mark and done[key]["mark"] == mark}
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
        if journal:
            note_down(journal, {"key": keys[number], "mark": marks[number], "rows": described})
    table = _table(tracks, rows)
    table.attrs["skipped"] = sorted(skipped, key=lambda one: one["path"])
    if out is not None:
        write_table(table, out)
    return table


def aspect_columns(table, aspect):
    """The columns of a table of features that tell of one aspect.

    Parameters
    ----------
    table : pd.DataFrame
        As from `extract_features`.
    aspect : {'beat', 'timbre', 'pitch'}

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        The aspect is unknown, or the table has no column for it.

    Examples
    --------
    >>> aspect_columns(pd.DataFrame(columns=["genre", "tempo", "mfcc_01_mean", "mfcc_01_var"]), "timbre")
    ['mfcc_01_mean', 'mfcc_01_var']
    >>> aspect_columns(pd.DataFrame(columns=["tempo", "beat_low_01", "beat_genre"]), "beat")
    ['tempo', 'beat_low_01']
    """
    if aspect not in ASPECTS:
        raise ValueError(f"there is no aspect {aspect!r}: choose from {', '.join(ASPECTS)}")
    begins = tuple(f"{name}_" for name in ASPECTS[aspect])
    columns = [column for column in table.columns.astype(str) if f"{column}_".startswith(begins)
               and not column.endswith("_genre")]  # what a song made to order was made of, and no feature
    if not columns:
        raise ValueError(f"the table has no feature of {aspect}: it should have {', '.join(ASPECTS[aspect][:3])} ..., as from "
                         "features.extract_features")
    return columns


def _describe_track(row, segment_seconds, shortest):
    rows = []
    for number, segment in enumerate(segments(row.source, segment_seconds or LONGEST, shortest=shortest)):
        about = {"segment": number, "start": segment.start, "seconds": len(segment.native) / segment.native_sr}
        rows.append(about | describe(segment.y, loudness_of=(segment.native, segment.native_sr)))
        if segment_seconds is None:
            break
    return rows


def source_mark(source, segment_seconds):
    """What a song's rows depend on; None where the file is not there."""
    try:
        stat = os.stat(source)
    except (OSError, ValueError):
        return None
    return [stat.st_size, stat.st_mtime_ns, segment_seconds]


def read_journal(journal):
    """What earlier runs noted, by key; a last line that a killed run left unfinished is passed over."""
    if journal is None or not journal.exists():
        return {}
    done = {}
    for line in journal.read_text(encoding="utf-8").splitlines():
        try:
            note = json.loads(line)
        except ValueError:
            continue
        done[note["key"]] = note
    return done


def note_down(journal, note):
    """Add what was done for one song to the journal."""
    journal.parent.mkdir(parents=True, exist_ok=True)
    with open(journal, "a", encoding="utf-8") as lines:
        # a line break first: the line before may be one that a killed run left unfinished
        lines.write("\n" + json.dumps(note, default=float))


def _table(tracks, rows):
    order = sorted(rows)
    numbers = np.repeat(order, [len(rows[number]) for number in order]).astype(int)
    about = tracks.iloc[numbers].rename(columns={"source": "path"}).reset_index(drop=True)
    about = about[["track_id", "genre", "artist", "path"]]
    described = pd.DataFrame([row for number in order for row in rows[number]])
    return pd.concat([about, described], axis=1).set_index("track_id")
