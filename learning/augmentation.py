"""Data augmentation: random changes of training examples, against overfitting."""

import numpy as np

from signals.spectrogram_images import DECIBELS


def _loudness_weights(bands):
    """The weight of each mel band's power in the loudness [shape=(bands,)].

    The bands span 0 to 11,025 Hz; those below 150 Hz count little. Pitch classes (12 bands or fewer) all count alike.
    """
    if bands <= 12:
        return np.ones(bands, np.float32)
    hertz = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 11_025 / 700), bands) / 2595) - 1)
    return (hertz ** 2 / (hertz ** 2 + 150 ** 2)).astype(np.float32)


def augment(chunk, rng, *, shift=2, equalizer=.08, mask=.1):
    """Change a chunk at random: shift it in pitch, change its equaliser curve, and mask bands and columns.

    Parameters
    ----------
    chunk : np.ndarray [shape=(bands, columns)]
        Levels from 0 to 1.
    rng : np.random.Generator
    shift : int
        The chunk is moved up or down by at most so many bands.
    equalizer : float
        Standard deviation of the equaliser's level, slope and curvature over frequency; .08 is 6 dB.
    mask : float
        Largest share of the bands, and of the columns, that is masked by the chunk's mean (SpecAugment: Park et al.
        2019).

    Returns
    -------
    np.ndarray [shape=(bands, columns)]
        A new array; levels may lie outside 0 to 1.

    Examples
    --------
    >>> chunk = np.zeros((64, 128), np.float32)
    >>> augment(chunk, np.random.default_rng(0)).shape, chunk.any()
    ((64, 128), np.False_)
    """
    bands, columns = chunk.shape
    moved = np.clip(np.arange(bands) + rng.integers(-shift, shift + 1), 0, bands - 1)
    chunk = chunk[moved]
    frequency = np.linspace(-1, 1, bands, dtype=np.float32)
    level, slope, curvature = rng.normal(0, equalizer, 3).astype(np.float32)
    chunk = chunk + (level + slope * frequency + curvature * (frequency ** 2 - 1 / 3))[:, None]
    for axis, size in enumerate((bands, columns)):
        width = int(rng.integers(0, int(mask * size) + 1))
        first = int(rng.integers(0, size - width + 1))
        np.moveaxis(chunk, axis, 0)[first:first + width] = chunk.mean()
    return chunk


def stretch_columns(chunk, columns):
    """Change the tempo of a chunk: interpolate it to a number of columns [shape=(bands, columns)].

    Examples
    --------
    >>> stretch_columns(np.array([[0, 1, 2]]), 5).tolist()
    [[0.0, 0.5, 1.0, 1.5, 2.0]]
    """
    positions = np.linspace(0, chunk.shape[1] - 1, columns)
    left = np.floor(positions).astype(int)
    right = np.minimum(left + 1, chunk.shape[1] - 1)
    share = (positions - left).astype(np.float32)
    return chunk[:, left] * (1 - share) + chunk[:, right] * share


def mixup(chunks, targets, rng, alpha):
    """Weighted means of random pairs of examples, and of their targets in the same shares (mixup: Zhang et al. 2018).

    Parameters
    ----------
    chunks : list of np.ndarray [shape=(n, ...)]
        Every input of the network.
    targets : np.ndarray [shape=(n, n_genres)]
    rng : np.random.Generator
    alpha : float
        Parameter of the beta distribution of the shares: with 0 nothing is mixed, with 1 all shares are equally likely.

    Returns
    -------
    chunks, targets
        As given, mixed. The first example of each pair has the larger share.
    """
    if not alpha:
        return chunks, targets
    share = rng.beta(alpha, alpha, len(targets)).astype(np.float32)
    share = np.maximum(share, 1 - share)
    partner = rng.permutation(len(targets))
    mixed = [_weighted_mean(values, values[partner], share) for values in chunks]
    return mixed, _weighted_mean(targets, targets[partner], share)


def _weighted_mean(first, second, share):
    """Row by row; `share` [shape=(n,)] is the weight of `first`."""
    share = share.reshape(-1, *[1] * (first.ndim - 1))
    return share * first + (1 - share) * second


def mix_power(chunks, targets, weights, rng, alpha, *, decibels=DECIBELS):
    """Like `mixup`, but the pairs are mixed as sounds are: they get the same loudness, and their power is added.

    Parameters
    ----------
    chunks : list of np.ndarray [shape=(n, bands, columns)]
        Levels from 0 to 1; every input of the network.
    targets : np.ndarray [shape=(n, n_genres)]
    weights : np.ndarray [shape=(n,)]
        Sample weights.
    rng : np.random.Generator
    alpha : float
        With 0 nothing is mixed; with 1 all shares of the power are equally likely.
    decibels : float
        The range from level 0 to level 1.

    Returns
    -------
    chunks, targets, weights
        As given, mixed; the peak of each chunk is at level 1.
    """
    if not alpha:
        return chunks, targets, weights
    share = rng.beta(alpha, alpha, len(targets)).astype(np.float32)
    partner = rng.permutation(len(targets))
    log_range = np.float32(decibels / 10 * np.log(10))  # natural logarithm of the power at level 1 over that at level 0

    def mix(levels):
        power = np.exp(log_range * (levels - levels.max(axis=(1, 2), keepdims=True)))
        power /= (power * _loudness_weights(levels.shape[1])[:, None]).mean(axis=(1, 2), keepdims=True)
        power = _weighted_mean(power, power[partner], share)
        return np.maximum(1 + np.log(power / power.max(axis=(1, 2), keepdims=True)) / log_range, 0)

    mixed_targets = _weighted_mean(targets, targets[partner], share)
    mixed_weights = _weighted_mean(weights, weights[partner], share)
    return [mix(levels) for levels in chunks], mixed_targets, mixed_weights
