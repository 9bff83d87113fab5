"""Predictions with a known skill, for tests of scores."""

import numpy as np

GENRES = ["jazz", "metal", "rock"]


def predictions(n=120, seed=0, skill=1.5):
    """True genres, and probabilities that follow them the better the greater the skill."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, n)
    logits = rng.normal(size=(n, 3)) + skill * np.eye(3)[codes]
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.array(GENRES)[codes], proba
