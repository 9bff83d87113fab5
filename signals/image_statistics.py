"""Spectrogram images -> a table of image statistics, which need no training.

The families of statistics are those of Seyerlehner et al. (2010) and of Lidy & Rauber (2005). They are computed from
images instead of sound, so that images made elsewhere can be described too.
"""

import functools
import warnings

import numpy as np
import pandas as pd
import scipy.stats
from joblib import Parallel, delayed

from signals.estimators import krumhansl_key
from signals.image_store import ChunkStore, settings_of
from signals.rhythm_harmony import harmony
from sources.progress import progress

BANDS = 128
MODULATIONS = 13
"""Number of modulation rates."""
PIECES = {1: 1, .6: 4, .35: 5}
"""Shares of an image's length, and how many pieces of this length are spread over it."""


def describe_images(manifest, *, pieces=False, n_jobs=-1):
    """Describe each image by statistics of its levels, their changes and their rhythms.

    Parameters
    ----------
    manifest : pd.DataFrame
        As from `audio.write_spectrograms` or `audio.index_images`.
    pieces : bool
        Describe each image as a whole and in nine pieces, as ten rows. A model has more rows to learn from, and the
        mean of a song's predictions (`models.track_proba`) is more reliable.
    n_jobs : int
        Processes; -1 for all cores.

    Returns
    -------
    pd.DataFrame
        One row an image (or ten), indexed as the manifest. Names of columns follow a rule: ``level_001`` ... (32 bands:
        mean, standard deviation, skewness, kurtosis, five quantiles), ``change_...`` (differences of neighbouring
        columns), ``cepstrum_...`` (mean and standard deviation of 24 coefficients), ``covariance_...`` and
        ``change_covariance_...`` (of 16 and 12 coefficients), ``rhythm_...`` (log strength of modulation, 13 rates by
        16 bands), ``together_...`` (correlations of 16 bands), ``texture_...`` and ``flux_...`` (fine structure over
        frequency and over time), ``harmony_...`` (as `rhythm_harmony.harmony`; for mel bands up to 11,025 Hz). The
        settings that made the images are in ``attrs["image_settings"]``.
    """
    batches = np.array_split(np.arange(len(manifest)), max(1, len(manifest) // 16))
    shares = PIECES if pieces else {1: 1}
    settings = settings_of(manifest)  # images with different settings are refused before the work begins
    work = (delayed(_describe_batch)(manifest.iloc[batch], shares) for batch in batches)
    described = Parallel(n_jobs=n_jobs, return_as="generator")(work)
    rows = [row for batch in progress(described, desc="image statistics", unit="batch", total=len(batches))
            for row in batch]
    table = pd.DataFrame(np.array(rows, dtype=np.float32), columns=statistic_names(),
                         index=manifest.index.repeat(sum(shares.values())))
    table.attrs["image_settings"] = {name: value for name, value in settings.items() if name != "crop"}
    return table


def _describe_batch(manifest, shares):
    store = ChunkStore(manifest, BANDS)
    rows = []
    for number, length in enumerate(store.lengths):
        for share, n_pieces in shares.items():
            columns = max(round(share * length), 32)
            for start in np.linspace(0, max(length - columns, 0), n_pieces):
                rows.append(describe_levels(store.read(number, start, columns)))
    return rows


def describe_levels(levels):
    """The statistics of one image, in the order of `statistic_names`.

    Parameters
    ----------
    levels : np.ndarray [shape=(128, columns)]
        From 0 to 1, low bands first.

    Returns
    -------
    np.ndarray [shape=(statistics,)]
    """
    return np.concatenate(list(_families(levels).values()))


@functools.cache
def statistic_names():
    """The columns of `describe_images`."""
    example = _families(np.random.default_rng(0).random((BANDS, 100)))
    return [f"{name}_{number + 1:03d}" for name, values in example.items() for number in range(len(values))]


# ---- families of statistics

def _families(levels):
    """The statistics of each family, by the family's name."""
    in_32, in_16 = (levels.reshape(n, BANDS // n, -1).mean(axis=1) for n in (32, 16))
    cepstrum = scipy.fft.dct(levels.reshape(64, 2, -1).mean(axis=1), axis=0, norm="ortho")[:24]
    noise = np.random.default_rng(0).standard_normal(in_16.shape)  # a band that never changes has no correlation
    return {
        "level": _moments(in_32),
        "change": _change(np.diff(in_32, axis=1)),
        "cepstrum": np.concatenate([cepstrum.mean(axis=1), cepstrum.std(axis=1)]),
        "covariance": np.cov(cepstrum[:16])[np.triu_indices(16)],
        "change_covariance": np.cov(np.diff(cepstrum[:12], axis=1))[np.triu_indices(12)],
        "rhythm": _modulation(in_16),
        "together": np.corrcoef(in_16 + 1e-4 * noise)[np.triu_indices(16, 1)],
        "texture": _fine_structure(levels, axis=0),
        "flux": _fine_structure(levels, axis=1),
        "harmony": _harmony(levels)}


def _moments(rows):
    """Mean, standard deviation, skewness, kurtosis and five quantiles of each row."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Precision loss")  # for rows that hardly change
        skewness = _zero_where_constant(scipy.stats.skew(rows, axis=1))
        kurtosis = _zero_where_constant(scipy.stats.kurtosis(rows, axis=1))
    quantiles = np.quantile(rows, (.05, .25, .5, .75, .95), axis=1)
    return np.concatenate([rows.mean(axis=1), rows.std(axis=1), skewness, kurtosis, *quantiles])


def _change(change):
    skewness = _zero_where_constant(scipy.stats.skew(change, axis=1))
    quantiles = np.quantile(change, (.9, .98), axis=1)
    return np.concatenate([np.abs(change).mean(axis=1), change.std(axis=1), skewness, *quantiles])


def _zero_where_constant(moments):
    """Skewness and kurtosis, with 0 for rows that never change, which have none."""
    return np.nan_to_num(moments)


def _modulation(bands):
    """Log strength of each band's modulation at `MODULATIONS` rates, spaced geometrically where that is possible."""
    centred = bands - bands.mean(axis=1, keepdims=True)
    spectrum = np.abs(scipy.fft.rfft(centred, axis=1)) / np.sqrt(bands.shape[1])
    edges = np.unique(np.geomspace(2, spectrum.shape[1], MODULATIONS + 1).round().astype(int))
    if len(edges) <= MODULATIONS:
        edges = np.linspace(1, spectrum.shape[1], MODULATIONS + 1).astype(int)
    rhythm = [spectrum[:, low:max(high, low + 1)].mean(axis=1) for low, high in zip(edges, edges[1:])]
    return np.log(np.array(rhythm) + 1e-4).ravel()


def _fine_structure(levels, axis):
    """Distance of the levels from their moving average along an axis: mean and standard deviation in 32 bands."""
    fine = np.abs(levels - scipy.ndimage.uniform_filter1d(levels, 9, axis=axis)).reshape(32, BANDS // 32, -1)
    return np.concatenate([fine.mean(axis=(1, 2)), fine.std(axis=(1, 2))])


def _harmony(levels):
    """Scale degrees, intervals and chords of the pitch classes that stand out between 350 and 3,000 Hz.

    There, mel bands are narrow enough to separate semitones.
    """
    ridges = np.maximum(levels - scipy.ndimage.uniform_filter1d(levels, 5, axis=0), 0)
    tones = ridges.T @ _pitch_classes()
    tones = tones / np.maximum(tones.sum(axis=1, keepdims=True), 1e-9)
    return np.nan_to_num(np.array(list(harmony(tones, krumhansl_key(tones)["key"]).values())))


@functools.cache
def _pitch_classes():
    """How much of each mel band, up to 11,025 Hz, belongs to each pitch class [shape=(bands, 12)]."""
    from librosa import mel_frequencies
    hertz = mel_frequencies(BANDS, fmax=11_025)
    pitch = 69 + 12 * np.log2(np.maximum(hertz, 1) / 440)
    distance = (pitch[:, None] - np.arange(12) + 6) % 12 - 6
    return np.exp(-distance ** 2 / .5) * ((hertz > 350) & (hertz < 3000))[:, None]
