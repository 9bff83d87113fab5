"""The same work for many songs: in parallel, with a progress bar. A bad song does not stop a run."""

import os
import zlib

import pandas as pd
from joblib import Parallel, delayed, effective_n_jobs
from joblib.externals.loky.process_executor import TerminatedWorkerError

from signals.decoding import AudioError, RunError
from sources.progress import progress

IN_FLIGHT = 4
"""Songs for each process that are handed out before they are needed."""


def over_tracks(work, tracks, *, n_jobs=-1, desc="songs"):
    """Do a piece of work for each track, in parallel, with a progress bar.

    The work runs in joblib: inside ``joblib.parallel_config(backend="dask")`` the same call uses a Dask cluster. Where
    a song ends its process, as a fault in a decoder or a lack of memory can, the songs that were in work are done again
    one at a time, so that the run loses that song alone.

    Parameters
    ----------
    work : callable
        Takes one row as a named tuple. A song for which it fails gives an `AudioError` in place of a result.
    tracks : pd.DataFrame
    n_jobs : int
        Processes; -1 for all cores.
    desc : str
        Name of the progress bar.

    Yields
    ------
    tuple
        Row number, and what `work` returned or an `AudioError`. In the order in which the songs are finished.

    Raises
    ------
    OSError, RunError
        Every song would fail, for example because the disk is full.
    """
    results = _results(work, list(enumerate(tracks.itertuples())), n_jobs)
    yield from progress(results, desc=desc, total=len(tracks))


def _results(work, rows, n_jobs):
    """The results of numbered rows; those that were in work when a process ended are done one at a time."""
    done = set()
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered", pre_dispatch=f"{IN_FLIGHT}*n_jobs")
    try:
        for number, result in parallel(delayed(_numbered)(work, number, row) for number, row in rows):
            done.add(number)
            yield number, result
    except TerminatedWorkerError:
        missing = [(number, row) for number, row in rows if number not in done]
        suspects = IN_FLIGHT * effective_n_jobs(n_jobs)
        yield from _one_at_a_time(work, missing[:suspects])
        yield from _results(work, missing[suspects:], n_jobs)


def _one_at_a_time(work, rows):
    """The results of rows, each alone in a process, so that it is known which of them ends it."""
    for number, row in rows:
        try:
            # of two processes, one has nothing to do: joblib runs the work of a single one in this process
            yield Parallel(n_jobs=2)([delayed(_numbered)(work, number, row)])[0]
        except TerminatedWorkerError:
            yield number, AudioError("ends the program that reads it: a fault in a decoder, or a lack of memory")


def _numbered(work, number, row):
    return number, attempt(work, row)


def attempt(work, *arguments):
    """The result of a piece of work for one song, or an `AudioError` where it fails: one song fails, not a run of many
    hours.

    An `OSError` and a `RunError` are raised: a full disk is no fault of the song. (That a song cannot be read is an
    `AudioError`.)

    Examples
    --------
    >>> attempt(len, "abc"), attempt(len, 3)
    (3, AudioError("could not be processed: TypeError: object of type 'int' has no len()"))
    """
    try:
        return work(*arguments)
    except AudioError as error:
        return error
    except (OSError, RunError):
        raise
    except MemoryError:
        return AudioError("needs more memory than there is")
    except Exception as error:  # a hostile file can raise anything
        return AudioError(f"could not be processed: {type(error).__name__}: {error}")


def tracks_with_sound(tracks):
    """The tracks that have a sound file, without duplicates.

    Parameters
    ----------
    tracks : pd.DataFrame
        With `path`; `track_id` (a column, or else the index), `genre`, `artist` and `song` are kept where they exist.

    Returns
    -------
    pd.DataFrame
        `track_id, source, genre, artist, song`; `source` is the path.

    Raises
    ------
    ValueError
        The table has no column `path`.

    Examples
    --------
    >>> tracks = pd.DataFrame({"track_id": [1, 2], "path": ["a.mp3", None]})
    >>> tracks_with_sound(tracks)[["track_id", "source"]].values.tolist()
    [['1', 'a.mp3']]
    """
    if "path" not in tracks:
        raise ValueError("the table has no column 'path', which names the sound files; "
                         f"its columns are {list(tracks.columns)}")
    has_path = tracks["path"].notna().to_numpy()
    ids = tracks.get("track_id", tracks.index)
    table = pd.DataFrame({"track_id": pd.Index(ids).astype(str)[has_path],
                          "source": tracks["path"].astype(str).to_numpy()[has_path]})
    for column in ("genre", "artist", "song"):
        values = tracks[column].astype(object).to_numpy()[has_path] if column in tracks else [None] * len(table)
        table[column] = pd.Categorical(values)
    # drop_duplicates would need three times the memory
    duplicated = pd.Series(list(zip(table["track_id"], table["source"]))).duplicated()
    return table if not duplicated.any() else table[~duplicated.to_numpy()].reset_index(drop=True)


SAMPLED = 16_384
"""Bytes that are read at the start, in the middle and at the end of a file to recognise it."""
CHANGED = "changed or removed while it was read: run it again"


def file_mark(source, settings):
    """What a result for a sound file depends on: the file's size, modification time and content, and settings.

    Of the content only three samples are read: two files unpacked from archives can have the same size and time.

    Returns a list for `sources.files.Journal`; None where there is no such file.
    """
    try:
        with open(source, "rb") as file:
            stat = os.stat(file.fileno())
            checksum = 0
            for start in (0, stat.st_size // 2, max(0, stat.st_size - SAMPLED)):
                file.seek(start)
                checksum = zlib.crc32(file.read(SAMPLED), checksum)
    except (OSError, ValueError):
        return None
    return [stat.st_size, stat.st_mtime_ns, checksum, settings]
