"""One recording in windows that may overlap, heard as a model's training pictures or features were made."""

import collections
import contextlib
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from signals.decoding import SAMPLE_RATE, SHORTEST, AudioError, blocks, is_silent
from signals.descriptors import describe
from signals.image_statistics import describe_images, statistic_names
from signals.image_store import seconds_per_column
from signals.spectrogram_images import add_chroma_paths, power_to_levels_as, write_image
from signals.spectrograms import spectrograms


def windows(path, seconds, hop_seconds, *, sr=SAMPLE_RATE):
    """Yield (start in seconds, mono samples) of windows that overlap; no more than one window is held in memory.

    Parameters
    ----------
    path : str or Path
    seconds : float
        Length of a window, made a whole number of hops. A song that is shorter is one window of its own length, a rest of less
        than half a hop is left out, and so are silent windows.
    hop_seconds : float
        From the start of a window to that of the next.
    sr : int

    Raises
    ------
    AudioError
        The file cannot be decoded, or is empty, silent, clipped, or shorter than a second.
    """
    heard = False
    for start, y in _cut(path, max(1, round(seconds / hop_seconds)), hop_seconds, sr):
        if not is_silent(y):
            heard = True
            yield start, y
    if not heard:
        raise AudioError("silent")


def _cut(path, number, hop_seconds, sr):
    """Windows of so many hops."""
    held, count = collections.deque(maxlen=number), 0
    for block in blocks(path, hop_seconds, sr=sr):
        if count >= number and len(block) < hop_seconds * sr / 2:
            return
        held.append(block)
        count += 1
        if count >= number:
            yield (count - number) * round(hop_seconds * sr) / sr, np.concatenate(held)
    if count < number:
        y = np.concatenate(held) if held else np.empty(0, np.float32)
        if len(y) < SHORTEST * sr:
            raise AudioError(f"shorter than {SHORTEST:g} s" if len(y) else "empty: no sound in it")
        yield 0.0, y


def window_images(song, folder, settings, *, seconds, hop_seconds):
    """Write pictures of a song's windows, made as a model's training pictures were, and list them.

    Parameters
    ----------
    song : str or Path
    folder : str or Path
    settings : dict
        What made the training pictures, as in a manifest's `settings`.
    seconds, hop_seconds : float

    Returns
    -------
    pd.DataFrame
        A manifest, as from `audio.write_spectrograms`; indexed by `start`, in seconds.

    Raises
    ------
    AudioError
        As `windows`.
    ValueError
        It is not known how the training pictures were made.
    """
    if "hop_length" not in settings:
        raise ValueError("the model was trained on pictures made elsewhere, and nobody noted how: no sound file can be turned "
                         "into such a picture; train it on pictures of audio.write_spectrograms")
    kinds = ("mel", "chroma") if settings.get("chroma") else ("mel",)
    rows, noted = [], json.dumps({name: value for name, value in settings.items() if name not in ("crop", "chroma")})
    for number, (start, y) in enumerate(windows(song, seconds, hop_seconds)):
        for kind, power in spectrograms(y, kinds, n_mels=settings["n_mels"]).items():
            path = Path(folder) / f"{kind}_{number:05d}.png"
            write_image(path, power_to_levels_as(power, settings), settings)
            rows.append({"track_id": str(song), "segment": number, "start": start, "seconds": len(y) / SAMPLE_RATE, "genre": None,
                         "artist": None, "path": str(path), "source": str(song), "kind": kind, "settings": noted})
    return pd.DataFrame(rows).set_index("start", drop=False).rename_axis(None)


@contextlib.contextmanager
def heard(model, song, *, seconds, hop_seconds):
    """What a model takes of a song's windows: pictures, statistics of pictures, or audio features, one row a window.

    Use it in a ``with``: the pictures are gone afterwards.

    Parameters
    ----------
    model
        Fitted: a classifier of `models.build`.
    song : str or Path
    seconds, hop_seconds : float

    Yields
    ------
    pd.DataFrame
        Indexed by the windows' starts, in seconds.

    Raises
    ------
    AudioError
        As `windows`.
    ValueError
        The model takes features that are not made from sound files.
    """
    features = set(getattr(model, "feature_names_in_", ()))
    if features and not features <= set(statistic_names()):
        yield described_windows(song, seconds=seconds, hop_seconds=hop_seconds)
        return
    settings = model.image_settings_ | {"chroma": getattr(model, "has_chroma_", False)}
    with tempfile.TemporaryDirectory() as folder:
        manifest = window_images(song, folder, settings, seconds=seconds, hop_seconds=hop_seconds)
        if settings["chroma"]:
            manifest = add_chroma_paths(manifest)
        yield describe_images(manifest, n_jobs=1) if features else manifest


def described_windows(song, *, seconds, hop_seconds):
    """The audio features of a song's windows, as `descriptors.describe` has them, indexed by the windows' starts in seconds."""
    rows = {start: describe(y) for start, y in windows(song, seconds, hop_seconds)}
    return pd.DataFrame.from_dict(rows, orient="index")


WINDOW = 15.0
"""Seconds of a window, for models that take any length."""


def window_seconds(classifier):
    """What a model hears at once, in seconds; `WINDOW` for models that take any length.

    Examples
    --------
    >>> from learning.table_classifiers import TableNetwork
    >>> window_seconds(TableNetwork())
    15.0
    """
    column = seconds_per_column(getattr(classifier, "image_settings_", {}))
    return classifier.columns * column if column and hasattr(classifier, "columns") else WINDOW
