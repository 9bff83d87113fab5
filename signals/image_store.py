"""Spectrogram images on disk, read chunk by chunk, so that memory does not grow with their number."""

import json
import sys
import tempfile

import numpy as np
from tqdm import tqdm

from signals.spectrogram_images import read_image

FASTEST = 25
"""Columns a second that are kept; pictures with more have neighbours averaged."""


class ImageError(ValueError):
    """A picture that cannot be used; the message names it."""


def settings_of(manifest):
    """What made the pictures of a manifest: one dict for all of them.

    Raises
    ------
    ValueError
        The pictures were made with different settings.
    """
    if "settings" not in manifest:
        raise ValueError("the table has no column 'settings': it should be a manifest, as from audio.write_spectrograms or "
                         "pictures.index_images")
    cells = manifest["settings"].astype(object).unique()
    if len(cells) != 1:
        raise ValueError(f"the pictures were made with {len(cells)} different settings: make them again with one\n" +
                         "\n".join(map(str, cells[:3])))
    return json.loads(cells[0])


class ChunkStore:
    """The levels of many pictures, 0 (80 dB below the peak) to 1, in one temporary file.

    Parameters
    ----------
    manifest : pd.DataFrame
        Rows with `path` and `settings`.
    n_bands : int
        Bands that are kept; neighbours are averaged.
    column : str
        Where the pictures' paths stand.

    Raises
    ------
    ImageError
        A picture has vanished or cannot be read.
    """

    def __init__(self, manifest, n_bands=64, *, column="path"):
        settings = settings_of(manifest)
        self.n_bands, self.step = n_bands, _step(settings)
        self.seconds_per_column = seconds_per_column(settings)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed, and so removed, when the store is)
        lengths = []
        paths = manifest[column].tolist()
        for path in tqdm(paths, desc="reading pictures", unit="picture", file=sys.stdout, mininterval=1,
                         disable=len(paths) < 200):
            levels = _reduced(_levels(path, settings), n_bands, self.step)
            self._file.write(np.ascontiguousarray(levels.T).tobytes())
            lengths.append(levels.shape[1])
        self._file.flush()
        self.lengths = np.array(lengths, dtype=int)
        self._starts = np.concatenate([[0], np.cumsum(self.lengths)])[:-1] * n_bands

    def __len__(self):
        return len(self.lengths)

    def read(self, number, start, columns):
        """A chunk [shape=(n_bands, columns)], float32; a picture that is shorter is gone through again from its beginning."""
        length = int(self.lengths[number])
        there = min(columns, length)
        start = int(min(max(start, 0), length - there))
        self._file.seek(int(self._starts[number]) + start * self.n_bands)
        levels = np.frombuffer(self._file.read(there * self.n_bands), np.uint8).reshape(there, self.n_bands).T
        if there < columns:
            levels = np.tile(levels, -(-columns // there))[:, :columns]
        return levels.astype(np.float32) / 255

    def grid(self, number, columns):
        """Where chunks that overlap by half begin, so that together they cover the picture."""
        last = max(0, int(self.lengths[number]) - columns)
        return np.unique(np.linspace(0, last, 1 + -(-2 * last // columns)).round().astype(int))


def _levels(path, settings):
    if isinstance(path, np.ndarray):
        return path
    try:
        decibels = read_image(path, crop=settings.get("crop"), colour_map=settings.get("colour_map"))
    except ValueError as error:
        raise ImageError(str(error)) from error
    return np.round((decibels / 80 + 1) * 255).astype(np.uint8)


def seconds_per_column(settings):
    """How long a column of a chunk is, by what made the pictures; None where nobody noted it."""
    if "hop_length" not in settings:
        return None
    return settings.get("frames_per_column", _step(settings)) * settings["hop_length"] / settings["sr"]


def _step(settings):
    """How many columns of a picture become one; those of pictures made elsewhere stay."""
    ours = "hop_length" in settings and "frames_per_column" not in settings
    return max(1, round(settings["sr"] / settings["hop_length"] / FASTEST)) if ours else 1


def _reduced(levels, n_bands, step):
    """Neighbouring rows averaged to so many bands, and `step` columns to one."""
    if levels.shape[0] < n_bands:
        levels = levels[np.arange(n_bands) * levels.shape[0] // n_bands]
    elif levels.shape[0] > n_bands:
        edges = np.linspace(0, levels.shape[0], n_bands + 1)
        first = np.floor(edges[:-1]).astype(int)
        levels = np.add.reduceat(levels.astype(np.float32), first, axis=0) / np.diff(np.append(first, levels.shape[0]))[:, None]
    if step > 1 and levels.shape[1] >= step:
        whole = levels.shape[1] // step * step
        levels = levels[:, :whole].reshape(len(levels), -1, step).mean(axis=2, dtype=np.float32)
    return np.round(levels).astype(np.uint8)
