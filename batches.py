"""Spectrogram pictures -> chunks for training: read once, kept on disk, cut and varied at random as they are needed.

Memory does not grow with the number of pictures: their levels lie in one temporary file, from which each chunk is read.
"""

import json
import sys
import tempfile

import numpy as np
from tqdm import tqdm

from pictures import read_picture

FASTEST = 25
"""Columns a second that are kept; pictures with more have neighbours averaged."""


class PictureError(ValueError):
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
                         "pictures.index_pictures")
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
    PictureError
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
    try:
        decibels = read_picture(path, crop=settings.get("crop"), colour_map=settings.get("colour_map"))
    except ValueError as error:
        raise PictureError(str(error)) from error
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


# ---- variations, so that a network does not learn its songs by heart

def vary(chunk, rng, *, shift=2, equalizer=.08, mask=.1):
    """A chunk as another recording of the same might look: higher or lower, through another equalizer, with holes.

    Parameters
    ----------
    chunk : np.ndarray [shape=(bands, columns)]
        Levels from 0 to 1.
    rng : np.random.Generator
    shift : int
        Bands by which it is moved up or down at most.
    equalizer : float
        Standard deviation of level, slope and bend over frequency; .08 is 6 dB.
    mask : float
        Width at most, as a share, of the bands and columns that are blanked (SpecAugment: Park et al. 2019).

    Returns
    -------
    np.ndarray [shape=(bands, columns)]
    """
    bands, columns = chunk.shape
    moved = np.clip(np.arange(bands) + rng.integers(-shift, shift + 1), 0, bands - 1)
    chunk = chunk[moved]
    across = np.linspace(-1, 1, bands, dtype=np.float32)
    level, slope, bend = rng.normal(0, equalizer, 3).astype(np.float32)
    chunk = chunk + (level + slope * across + bend * (across ** 2 - 1 / 3))[:, None]
    for axis, size in enumerate((bands, columns)):
        width = int(rng.integers(0, int(mask * size) + 1))
        first = int(rng.integers(0, size - width + 1))
        np.moveaxis(chunk, axis, 0)[first:first + width] = chunk.mean()
    return chunk


def stretched(chunk, columns):
    """A chunk at another speed: its columns interpolated to so many."""
    at = np.linspace(0, chunk.shape[1] - 1, columns)
    left = np.floor(at).astype(int)
    right = np.minimum(left + 1, chunk.shape[1] - 1)
    share = (at - left).astype(np.float32)
    return chunk[:, left] * (1 - share) + chunk[:, right] * share


def mixed(chunks, targets, rng, alpha):
    """Pairs of examples laid over each other, with targets in the same shares (mixup: Zhang et al. 2018).

    Parameters
    ----------
    chunks : list of np.ndarray [shape=(n, ...)]
        Every input of the network.
    targets : np.ndarray [shape=(n, n_genres)]
    alpha : float
        0 leaves all as it is; 1 mixes most.
    """
    if not alpha:
        return chunks, targets
    share = rng.beta(alpha, alpha, len(targets)).astype(np.float32)
    share, other = np.maximum(share, 1 - share), rng.permutation(len(targets))

    return [_weighed(values, values[other], share) for values in chunks], _weighed(targets, targets[other], share)


def _weighed(one, two, share):
    by = share.reshape(-1, *[1] * (one.ndim - 1))
    return by * one + (1 - by) * two


def overlaid(chunks, targets, weights, rng, alpha, *, decibels=80):
    """Pairs of chunks sounding at once, as `mixed`, but as sound adds up: power, of pieces made equally loud.

    Parameters
    ----------
    chunks : list of np.ndarray [shape=(n, bands, columns)]
        Levels, 0 to 1; every input of the network.
    targets : np.ndarray [shape=(n, n_genres)]
    weights : np.ndarray [shape=(n,)]
    alpha : float
        0 leaves all as it is; 1 makes all shares of the power equally likely.
    decibels : float
        What of power lies between level 0 and level 1.

    Returns
    -------
    chunks, targets, weights
        Each chunk again with its own peak at 1.
    """
    if not alpha:
        return chunks, targets, weights
    share, other = rng.beta(alpha, alpha, len(targets)).astype(np.float32), rng.permutation(len(targets))
    bels = np.float32(decibels / 10 * np.log(10))

    def together(levels):
        power = np.exp(bels * (levels - levels.max(axis=(1, 2), keepdims=True)))
        power /= power.mean(axis=(1, 2), keepdims=True)
        power = _weighed(power, power[other], share)
        return np.maximum(1 + np.log(power / power.max(axis=(1, 2), keepdims=True)) / bels, 0)
    return ([together(levels) for levels in chunks], _weighed(targets, targets[other], share),
            _weighed(weights, weights[other], share))
