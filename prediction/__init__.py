"""Predictions of a fitted model for a song: windows, saliency, the map of genres, plots."""
