"""Spectrogram pictures -> a table of numbers: what statistics say of a picture without learning anything.

The families are those of Seyerlehner et al. (2010) and Lidy & Rauber (2005), on pictures in place of sound, so that pictures made
elsewhere can be described too.
"""

import functools
import sys
import warnings

import numpy as np
import pandas as pd
import scipy.stats
from joblib import Parallel, delayed
from tqdm import tqdm

from signals.descriptors import estimate_key
from signals.image_store import ChunkStore, settings_of
from signals.rhythm_harmony import harmony

BANDS = 128
MODULATIONS = 13
PIECES = {1: 1, .6: 4, .35: 5}
"""Shares of a picture's length, and how many pieces of each are spread over it."""


def describe_images(manifest, *, pieces=False, n_jobs=-1):
    """Describe each picture by statistics of its levels, their changes and their rhythms.

    Parameters
    ----------
    manifest : pd.DataFrame
        As from `audio.write_spectrograms` or `pictures.index_images`.
    pieces : bool
        Describe each picture as a whole and in nine pieces, as ten rows: more to learn from, and a song of which all rows are
        judged (`models.track_proba`) is judged more surely.
    n_jobs : int
        Processes; -1 for all cores.

    Returns
    -------
    pd.DataFrame
        One row a picture (or ten), indexed as the manifest. Columns by rule: `level_mean_01 ...` (32 bands: mean, deviation,
        skewness, kurtosis, quantiles), `change_...` (of neighbouring columns), `cepstrum_...` (mean and deviation of 24
        coefficients), `covariance_...` and `change_covariance_...` (of 16 and 12 coefficients), `rhythm_...` (strength of
        modulation, 16 bands by 13 rates), `together_...` (correlation of 16 bands), `texture_...` and `flux_...` (fine structure
        over frequency and time), `harmony_...` (as `patterns.harmony`; of mel bands up to 11,025 Hz).
    """
    parts, shares = np.array_split(np.arange(len(manifest)), max(1, len(manifest) // 16)), PIECES if pieces else {1: 1}
    settings = settings_of(manifest)
    work = Parallel(n_jobs=n_jobs, return_as="generator")(delayed(_describe_pictures)(manifest.iloc[part], shares)
                                                          for part in parts)
    rows = [row for part in tqdm(work, total=len(parts), desc="textures", unit="batch", file=sys.stdout, mininterval=1,
                                  disable=len(manifest) < 200) for row in part]
    table = pd.DataFrame(np.array(rows, dtype=np.float32), columns=statistic_names(),
                         index=manifest.index.repeat(sum(shares.values())))
    table.attrs["image_settings"] = {name: value for name, value in settings.items() if name != "crop"}
    return table


def _describe_pictures(manifest, shares):
    store, rows = ChunkStore(manifest, BANDS), []
    for number, length in enumerate(store.lengths):
        for share, n in shares.items():
            columns = max(round(share * length), 32)
            rows += [describe_levels(store.read(number, start, columns)) for start in np.linspace(0, max(length - columns, 0), n)]
    return rows


def describe_levels(levels):
    """The numbers of one picture, in the order of `statistic_names`: levels [shape=(128, columns)], 0 to 1."""
    return np.concatenate(list(_described(levels).values()))


def _described(levels):
    """Every family's numbers, by its name."""
    in_32, in_16 = (levels.reshape(n, BANDS // n, -1).mean(axis=1) for n in (32, 16))
    change = np.diff(in_32, axis=1)
    cepstrum = scipy.fft.dct(levels.reshape(64, 2, -1).mean(axis=1), axis=0, norm="ortho")[:24]
    spectrum = np.abs(scipy.fft.rfft(in_16 - in_16.mean(axis=1, keepdims=True), axis=1)) / np.sqrt(in_16.shape[1])
    edges = np.unique(np.geomspace(2, spectrum.shape[1], MODULATIONS + 1).round().astype(int))
    edges = np.linspace(1, spectrum.shape[1], MODULATIONS + 1).astype(int) if len(edges) <= MODULATIONS else edges
    rhythm = np.array([spectrum[:, low:max(high, low + 1)].mean(axis=1) for low, high in zip(edges, edges[1:])])
    fine = [np.abs(levels - scipy.ndimage.uniform_filter1d(levels, 9, axis=axis)).reshape(32, BANDS // 32, -1) for axis in (0, 1)]
    steady = in_16 + 1e-4 * np.random.default_rng(0).standard_normal(in_16.shape)  # a band that never moves has no correlation
    families = {
        "level": _moments(in_32),
        "change": np.concatenate([np.abs(change).mean(axis=1), change.std(axis=1), _finite(scipy.stats.skew(change, axis=1)),
                                  *np.quantile(change, (.9, .98), axis=1)]),
        "cepstrum": np.concatenate([cepstrum.mean(axis=1), cepstrum.std(axis=1)]),
        "covariance": np.cov(cepstrum[:16])[np.triu_indices(16)],
        "change_covariance": np.cov(np.diff(cepstrum[:12], axis=1))[np.triu_indices(12)],
        "rhythm": np.log(rhythm + 1e-4).ravel(),
        "together": np.corrcoef(steady)[np.triu_indices(16, 1)],
        "texture": np.concatenate([fine[0].mean(axis=(1, 2)), fine[0].std(axis=(1, 2))]),
        "flux": np.concatenate([fine[1].mean(axis=(1, 2)), fine[1].std(axis=(1, 2))]),
        "harmony": _harmony(levels)}
    return families


def _harmony(levels):
    """Degrees, intervals and chords of the pitch classes that stand out of the bands between 350 and 3,000 Hz, where these are
    narrow enough to tell semitones."""
    ridges = np.maximum(levels - scipy.ndimage.uniform_filter1d(levels, 5, axis=0), 0)
    tones = ridges.T @ _pitch_classes()
    tones = tones / np.maximum(tones.sum(axis=1, keepdims=True), 1e-9)
    return np.nan_to_num(np.array(list(harmony(tones, estimate_key(tones)["key"]).values())))


@functools.cache
def _pitch_classes():
    """How much of each band is of each pitch class [shape=(bands, 12)], of mel bands up to 11,025 Hz."""
    from librosa import mel_frequencies
    hertz = mel_frequencies(BANDS, fmax=11_025)
    pitch = 69 + 12 * np.log2(np.maximum(hertz, 1) / 440)
    away = (pitch[:, None] - np.arange(12) + 6) % 12 - 6
    return np.exp(-away ** 2 / .5) * ((hertz > 350) & (hertz < 3000))[:, None]


def _moments(rows):
    """Mean, deviation, skewness, kurtosis and five quantiles of each row."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Precision loss")  # of rows that hardly change, whose moments count for nothing
        return _plain_moments(rows)


def _plain_moments(rows):
    return np.concatenate([rows.mean(axis=1), rows.std(axis=1), _finite(scipy.stats.skew(rows, axis=1)),
                           _finite(scipy.stats.kurtosis(rows, axis=1)), *np.quantile(rows, (.05, .25, .5, .75, .95), axis=1)])


def _finite(values):
    """Rows that never change have no skewness."""
    return np.nan_to_num(values)


@functools.cache
def statistic_names():
    """The columns of `describe_images`."""
    sizes = {name: len(values) for name, values in _described(np.random.default_rng(0).random((BANDS, 100))).items()}
    return [f"{name}_{number + 1:03d}" for name, size in sizes.items() for number in range(size)]
