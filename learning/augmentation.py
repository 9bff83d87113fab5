"""Spectrogram pictures -> chunks for training: read once, kept on disk, cut and varied at random as they are needed.

Memory does not grow with the number of pictures: their levels lie in one temporary file, from which each chunk is read.
"""

import numpy as np


def _loudness_weights(bands):
    """How much the power of each mel band up to 11,025 Hz counts for loudness: the lowest octaves are felt rather than heard.
    Pitch classes count alike."""
    if bands <= 12:
        return np.ones(bands, np.float32)
    hertz = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 11_025 / 700), bands) / 2595) - 1)
    return (hertz ** 2 / (hertz ** 2 + 150 ** 2)).astype(np.float32)


# ---- variations, so that a network does not learn its songs by heart

def augment(chunk, rng, *, shift=2, equalizer=.08, mask=.1):
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


def stretch_columns(chunk, columns):
    """A chunk at another speed: its columns interpolated to so many."""
    at = np.linspace(0, chunk.shape[1] - 1, columns)
    left = np.floor(at).astype(int)
    right = np.minimum(left + 1, chunk.shape[1] - 1)
    share = (at - left).astype(np.float32)
    return chunk[:, left] * (1 - share) + chunk[:, right] * share


def mixup(chunks, targets, rng, alpha):
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


def mix_power(chunks, targets, weights, rng, alpha, *, decibels=80):
    """Pairs of chunks sounding at once, as `mixed`, but as sound adds up: power, of pieces made equally loud, in shares.

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
        power /= (power * _loudness_weights(levels.shape[1])[:, None]).mean(axis=(1, 2), keepdims=True)
        power = _weighed(power, power[other], share)
        return np.maximum(1 + np.log(power / power.max(axis=(1, 2), keepdims=True)) / bels, 0)
    return ([together(levels) for levels in chunks], _weighed(targets, targets[other], share),
            _weighed(weights, weights[other], share))
