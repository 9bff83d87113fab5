"""The same work for many songs: in parallel, with a progress bar, and resumed where a run was killed."""

import os
import sys

import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from signals.decoding import AudioError

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


def file_mark(source, settings):
    """What the result for a sound file depends on: its size, its time, and settings; None where the file is not there."""
    try:
        stat = os.stat(source)
    except (OSError, ValueError):
        return None
    return [stat.st_size, stat.st_mtime_ns, settings]
