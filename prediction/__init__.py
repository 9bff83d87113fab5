"""What a fitted model says of a song: windows, saliency, the map of genres, plots."""
