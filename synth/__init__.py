"""Synthetic data: a table of tracks, a chart, and songs whose ground truth is known."""
