"""Signals with known properties, to test what is measured in them."""

import numpy as np

SR = 22_050
"""Sampling rate in Hz."""


def tone(hertz, seconds=3.0, sr=SR):
    """A sine of amplitude 1."""
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * sr)) / sr).astype(np.float32)
