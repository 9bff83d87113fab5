"""Small synthetic data for the tests of models: spectrogram images of three genres, and tables of three genres."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from signals import spectrogram_images

SETTINGS = {"sr": 22_050, "n_fft": 2048, "hop_length": 512, "n_mels": 64, "segment_seconds": 5.0, "decibels": 80}
"""How the images were made."""
FEW = {"epochs": 6, "width": 4, "columns": 32, "n_bands": 32, "verbose": False, "shift": 1}
"""Settings of a small network on images, for `models.build`."""
FOREST = {"n_trees": 20}
GENRES = ("folk", "metal", "techno")
LOUD_BANDS = {"folk": slice(0, 20), "metal": slice(40, 64), "techno": slice(0, 0)}


def write_song(folder, number, genre, seed, *, columns=200, kinds=("mel",)):
    """Write the images of one song: noise that is loud in low bands (folk), high bands (metal), or on beats (techno).

    Returns the rows of the manifest, one for each kind of image. Two songs in a row have the same artist.
    """
    rng = np.random.default_rng(seed)
    levels = rng.normal(90, 30, (64, columns))
    levels[LOUD_BANDS[genre]] += 90
    if genre == "techno":
        levels[:, ::10] += 120
    rows = []
    for kind in kinds:
        path = Path(folder) / kind / genre / f"{number}.png"
        note = SETTINGS | {"track_id": f"t{number}", "source": f"s{number}", "kind": kind, "segment": 0, "start": 0,
                           "seconds": 5}
        image = levels if kind == "mel" else levels[:12]
        spectrogram_images.write_image(path, image.clip(0, 255).astype(np.uint8), note)
        rows.append({"track_id": f"t{number}", "segment": 0, "genre": genre, "artist": f"a{number // 2}",
                     "path": str(path), "source": f"s{number}", "kind": kind, "settings": json.dumps(SETTINGS)})
    return rows


def corpus(folder, n, seed=0, **more):
    """The manifest of n songs, the genres in turn; `more` as for `write_song`."""
    rows = [row for number in range(n)
            for row in write_song(folder, number, GENRES[number % 3], 1000 * seed + number, **more)]
    return pd.DataFrame(rows)


def table(n=150, seed=0):
    """Rows of six features, of which `a` is high for metal and `b` for techno; and their genres."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    X = pd.DataFrame(rng.normal(size=(n, 6)), columns=list("abcdef"))
    X["a"] += 3 * (y == 1)
    X["b"] += 3 * (y == 2)
    return X, np.array(GENRES)[y]
