"""Synthetic data: a table of tracks, a chart, and songs with their ground truth."""
