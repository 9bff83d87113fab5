"""Short pieces of synthetic music with known beats, keys and parts, for tests."""

import numpy as np
from synthetic_signals import SR, tone


def clicks(bpm, seconds=20.0):
    """Bursts of noise on each beat."""
    y = np.zeros(int(seconds * SR), np.float32)
    burst = np.random.default_rng(0).standard_normal(400).astype(np.float32) * np.exp(-np.arange(400) / 80)
    for start in np.arange(0, seconds - .1, 60 / bpm):
        y[int(start * SR):int(start * SR) + 400] += burst
    return .5 * y


def cadence(tonic, minor=False):
    """The chords I IV V I in a key, each with partials, a second each."""
    triad, chords = ((0, 3, 7) if minor else (0, 4, 7)), []
    for root, notes in ((0, triad), (5, triad), (7, (0, 4, 7)), (0, triad)):
        hertz = [110 * 2 ** ((tonic + 3 + root + note) / 12) for note in notes]
        chords.append(sum(.1 / partial * tone(h * partial, 1) for h in hertz for partial in (1, 2, 3)))
    return np.concatenate(chords).astype(np.float32)


def music(seconds=6.0):
    """Two tones, clicks and a little noise."""
    rng = np.random.default_rng(1)
    return (.3 * tone(220, seconds) + .2 * tone(554, seconds) + .1 * clicks(120, seconds)
            + .02 * rng.standard_normal(int(seconds * SR))).astype(np.float32)
