"""Sound files of noise and their tables, for tests."""

from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from synthetic_signals import SR


def noise(seconds, seed=0, sr=SR):
    """Quiet noise: mono samples, float32."""
    return .1 * np.random.default_rng(seed).standard_normal(int(seconds * sr)).astype(np.float32)


def write_song(path, seconds=3.0, sr=SR, *, seed=0, channels=1, **kwargs):
    """Write noise to a sound file; returns its path as a string."""
    path.parent.mkdir(parents=True, exist_ok=True)
    y = noise(seconds, seed, sr)
    soundfile.write(path, np.column_stack([y] * channels) if channels > 1 else y, sr, **kwargs)
    return str(path)


def track_table(paths, genre="rock"):
    """A table of tracks with these paths."""
    ids = [Path(path).stem for path in paths]
    return pd.DataFrame({"track_id": ids, "genre": genre, "artist": "a", "path": paths})
