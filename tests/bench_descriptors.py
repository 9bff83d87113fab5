"""What one minute costs: `descriptors.describe` beside the same features called one by one in librosa."""

# ruff: noqa: E402 - the threads are set first

import os

for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # one process is one core

import sys
import time
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pyloudnorm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from descriptors import describe

SR = 22_050


def minute(seconds=60, sr=SR):
    """A chord, drums and noise [shape=(n,)], float32; the same each time."""
    t = np.arange(seconds * sr) / sr
    chord = sum(np.sin(2 * np.pi * hertz * t) / (i + 1) for i, hertz in enumerate((110, 220, 277, 330, 440, 880)))
    beat = np.exp(-12 * (t % .5)) * np.random.default_rng(0).standard_normal(len(t))
    return (.12 * (chord + beat)).astype(np.float32)


def naive_calls(y, sr=SR):
    """The features as tutorials call them, each from the samples on, by name."""
    feature = librosa.feature
    names = "chroma_stft spectral_centroid spectral_bandwidth spectral_rolloff spectral_contrast mfcc tempogram tempo".split()
    calls = {name: lambda name=name: getattr(feature, name)(y=y, sr=sr) for name in names}
    return calls | {"rms": lambda: feature.rms(y=y), "spectral_flatness": lambda: feature.spectral_flatness(y=y),
                    "zero_crossing_rate": lambda: feature.zero_crossing_rate(y),
                    "delta of mfcc": lambda: feature.delta(feature.mfcc(y=y, sr=sr)),
                    "onset_strength": lambda: librosa.onset.onset_strength(y=y, sr=sr),
                    "tonnetz": lambda: feature.tonnetz(y=y, sr=sr),
                    "loudness (pyloudnorm)": lambda: pyloudnorm.Meter(sr).integrated_loudness(y),
                    "hpss": lambda: librosa.effects.hpss(y)}


def least_seconds(call, repeat):
    """The least time of a few runs, after one on which nothing depends: numba compiles, filters are kept."""
    times = []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def bench_descriptors(seconds=60, repeat=3):
    """Time each call on the same signal in one run.

    `describe` gives key and danceability as well, for which librosa has no call. Tutorials take the harmonic part (`hpss`)
    before `tonnetz`; both sums are given.

    Returns
    -------
    pd.DataFrame
        Indexed by what was called: `seconds, times_real_time, times_describe`.
    """
    y = minute(seconds)
    taken = {"describe": least_seconds(lambda: describe(y, SR), repeat)}
    one_by_one = pd.Series({name: least_seconds(call, repeat) for name, call in naive_calls(y).items()})
    taken |= {"librosa one by one": one_by_one.drop("hpss").sum(), "librosa one by one, hpss too": one_by_one.sum()}
    table = pd.concat([pd.Series(taken), one_by_one.sort_values(ascending=False)]).to_frame("seconds")
    table["times_real_time"] = seconds / table["seconds"]
    table["times_describe"] = table["seconds"] / taken["describe"]
    return table


if __name__ == "__main__":
    print(bench_descriptors().round(3).to_string())
