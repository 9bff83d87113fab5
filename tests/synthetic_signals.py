"""Signals of which it is known what should be heard in them."""

import numpy as np

SR = 22_050


def tone(hertz, seconds=3.0, sr=SR):
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * sr)) / sr).astype(np.float32)
