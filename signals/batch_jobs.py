"""The same work for many songs: in parallel, with a progress bar. A bad song does not stop a run."""

import os

import pandas as pd
from joblib import Parallel, delayed

from signals.decoding import AudioError
from sources.progress import progress


def over_tracks(work, tracks, *, n_jobs=-1, desc="songs"):
    """Do a piece of work for each track, in parallel, with a progress bar.

    The work runs in joblib: inside ``joblib.parallel_config(backend="dask")`` the same call uses a Dask cluster.

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
    """
    def rows():
        for number, row in enumerate(tracks.itertuples()):
            yield delayed(_guarded)(work, number, row)
    results = Parallel(n_jobs=n_jobs, return_as="generator_unordered", pre_dispatch="4*n_jobs")(rows())
    yield from progress(results, desc=desc, total=len(tracks))


def _guarded(work, number, row):
    try:
        return number, work(row)
    except AudioError as error:
        return number, error
    except (ArithmeticError, LookupError, ValueError) as error:  # one song fails, not a run of many hours
        return number, AudioError(f"could not be processed: {type(error).__name__}: {error}")


def tracks_with_sound(tracks):
    """The tracks that have a sound file, without duplicates.

    Parameters
    ----------
    tracks : pd.DataFrame
        With `path`; `track_id` (a column, or else the index), `genre` and `artist` are kept where they exist.

    Returns
    -------
    pd.DataFrame
        `track_id, source, genre, artist`; `source` is the path.

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
    for column in ("genre", "artist"):
        values = tracks[column].astype(object).to_numpy()[has_path] if column in tracks else [None] * len(table)
        table[column] = pd.Categorical(values)
    # drop_duplicates would need three times the memory
    duplicated = pd.Series(list(zip(table["track_id"], table["source"]))).duplicated()
    return table if not duplicated.any() else table[~duplicated.to_numpy()].reset_index(drop=True)


def file_mark(source, settings):
    """What a result for a sound file depends on: the file's size and modification time, and settings.

    Returns a list for `sources.files.Journal`; None where there is no such file.
    """
    try:
        stat = os.stat(source)
    except (OSError, ValueError):
        return None
    return [stat.st_size, stat.st_mtime_ns, settings]
