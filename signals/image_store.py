"""Spectrogram images on disk, read chunk by chunk, so that memory does not grow with their number."""

import hashlib
import json
import tempfile

import numpy as np

from signals.spectrogram_images import read_image
from signals.spectrograms import DECIBELS
from sources.progress import progress

COLUMNS_PER_SECOND = 25
"""Columns a second that are kept: where an image has more, neighbouring columns are averaged."""


class ImageError(ValueError):
    """An image that cannot be used; the message names it."""


def settings_of(manifest):
    """The settings that made the images of a manifest: one dict for all of them.

    Raises
    ------
    ValueError
        There is no column `settings`, or the images were made with different settings.
    """
    if "settings" not in manifest:
        raise ValueError("the table has no column 'settings': it should be a manifest, "
                         "as from audio.write_spectrograms or audio.index_images")
    cells = manifest["settings"].astype(object).unique()
    if len(cells) != 1:
        raise ValueError(f"the images were made with {len(cells)} different settings: make them again with one\n" +
                         "\n".join(map(str, cells[:3])))
    return json.loads(cells[0])


class ChunkStore:
    """The levels of many images in one temporary file, from 0 (80 dB below the peak) to 1.

    Parameters
    ----------
    manifest : pd.DataFrame
        Rows with `path` and `settings`.
    n_bands : int
        Bands that are kept; neighbouring bands are averaged.
    column : str
        The column that holds the images' paths, or their levels [shape=(bands, frames)], uint8.

    Attributes
    ----------
    lengths : np.ndarray [shape=(images,)]
        Number of columns of each image.
    seconds_per_column : float or None
    checksum : str
        Of all levels.

    Raises
    ------
    ImageError
        An image no longer exists or cannot be read.
    """

    def __init__(self, manifest, n_bands=64, *, column="path"):
        settings = settings_of(manifest)
        self.n_bands = n_bands
        self.step = _columns_averaged(settings)
        self.seconds_per_column = seconds_per_column(settings)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed, and so removed, with the store)
        checksum = hashlib.blake2b()
        lengths = []
        paths = manifest[column].tolist()
        for path in progress(paths, desc="reading images", unit="image"):
            levels = _reduced(_levels(path, settings), n_bands, self.step)
            content = np.ascontiguousarray(levels.T).tobytes()
            self._file.write(content)
            checksum.update(content)
            lengths.append(levels.shape[1])
        self._file.flush()
        self.lengths = np.array(lengths, dtype=int)
        self.checksum = f"{checksum.hexdigest()} {self.lengths.tolist()}"
        self._starts = np.concatenate([[0], np.cumsum(self.lengths)])[:-1] * n_bands

    def __len__(self):
        return len(self.lengths)

    def read(self, number, start, columns):
        """Read a chunk of one image. An image that is shorter than the chunk is repeated from its beginning.

        Parameters
        ----------
        number : int
            Which image.
        start : int
            First column; moved so that the chunk lies inside the image.
        columns : int
            Length of the chunk.

        Returns
        -------
        np.ndarray [shape=(n_bands, columns)], float32
            From 0 to 1.
        """
        length = int(self.lengths[number])
        n_read = min(columns, length)
        start = int(min(max(start, 0), length - n_read))
        self._file.seek(int(self._starts[number]) + start * self.n_bands)
        levels = np.frombuffer(self._file.read(n_read * self.n_bands), np.uint8).reshape(n_read, self.n_bands).T
        if n_read < columns:
            levels = np.tile(levels, -(-columns // n_read))[:, :columns]
        return levels.astype(np.float32) / 255

    def grid(self, number, columns):
        """First columns of chunks that cover an image and overlap by half: [shape=(n,)]."""
        last = max(0, int(self.lengths[number]) - columns)
        return np.unique(np.linspace(0, last, 1 + -(-2 * last // columns)).round().astype(int))


def seconds_per_column(settings):
    """Duration of a chunk's column in seconds, from the settings that made the images; None where it is not known."""
    if "hop_length" not in settings:
        return None
    return settings.get("frames_per_column", _columns_averaged(settings)) * settings["hop_length"] / settings["sr"]


def _levels(path, settings):
    """An image's levels; levels that are already in memory are used as they are."""
    if isinstance(path, np.ndarray):
        return path
    try:
        decibels = read_image(path, crop=settings.get("crop"), colour_map=settings.get("colour_map"))
    except ValueError as error:
        raise ImageError(str(error)) from error
    return np.round((decibels / DECIBELS + 1) * 255).astype(np.uint8)


def _columns_averaged(settings):
    """How many columns of an image are averaged to one; those of images made elsewhere are not."""
    ours = "hop_length" in settings and "frames_per_column" not in settings
    return max(1, round(settings["sr"] / settings["hop_length"] / COLUMNS_PER_SECOND)) if ours else 1


def _reduced(levels, n_bands, step):
    """Levels with neighbouring rows averaged to `n_bands`, and each `step` columns to one."""
    n_rows = levels.shape[0]
    if n_rows < n_bands:
        levels = levels[np.arange(n_bands) * n_rows // n_bands]
    elif n_rows > n_bands:
        first = np.floor(np.linspace(0, n_rows, n_bands + 1)[:-1]).astype(int)
        rows_averaged = np.diff(np.append(first, n_rows))[:, None]
        levels = np.add.reduceat(levels.astype(np.float32), first, axis=0) / rows_averaged
    if step > 1 and levels.shape[1] >= step:
        whole = levels.shape[1] // step * step
        levels = levels[:, :whole].reshape(len(levels), -1, step).mean(axis=2, dtype=np.float32)
    return np.round(levels).astype(np.uint8)
