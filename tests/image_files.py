"""Spectrogram images of noise in three genres, and their manifest, for tests."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from signals.spectrogram_images import write_image

SETTINGS = {"sr": 22_050, "n_fft": 2048, "hop_length": 512, "n_mels": 64, "segment_seconds": 5.0, "decibels": 80}
GENRES = ("folk", "metal", "techno")


def noise_levels(genre, seed, columns=200):
    """Levels [shape=(64, columns)] of noise: low in frequency (folk), high (metal), or in bursts (techno)."""
    levels = np.random.default_rng(seed).normal(90, 30, (64, columns))
    levels[{"folk": slice(0, 20), "metal": slice(40, 64), "techno": slice(0, 0)}[genre]] += 90
    if genre == "techno":
        levels[:, ::10] += 120
    return levels.clip(0, 255).astype(np.uint8)


def write_images(folder, n, seed=0, *, columns=200, kinds=("mel",)):
    """Write images of `n` songs, the three genres in turn, two songs an artist; returns the manifest."""
    rows = []
    for number in range(n):
        genre = GENRES[number % 3]
        levels = noise_levels(genre, 1000 * seed + number, columns)
        for kind in kinds:
            path = Path(folder) / kind / genre / f"{number}.png"
            about = {"track_id": f"t{number}", "source": f"s{number}", "kind": kind, "segment": 0, "start": 0,
                     "seconds": 5}
            write_image(path, levels if kind == "mel" else levels[:12], SETTINGS | about)
            rows.append(about | {"genre": genre, "artist": f"a{number // 2}", "path": str(path),
                                 "settings": json.dumps(SETTINGS)})
    return pd.DataFrame(rows)
