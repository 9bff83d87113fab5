"""Names of columns with their units, for the axes of plots."""

LABELS = {"popularity": "popularity (0-100)", "danceability": "danceability (0-1)", "energy": "energy (0-1)",
          "loudness": "loudness (dB)", "speechiness": "speechiness (0-1)", "acousticness": "acousticness (0-1)",
          "instrumentalness": "instrumentalness (0-1)", "liveness": "liveness (0-1)", "valence": "valence (0-1)",
          "tempo": "tempo (BPM)", "tempo_rival": "tempo at half or double (BPM)",
          "key": "key (pitch class, C = 0)", "mode": "mode (minor = 0, major = 1)",
          "explicit": "explicit", "has_feat": "featured artist", "duration_ms": "duration (ms)",
          "duration_seconds": "duration (s)", "duration_minutes": "duration (minutes)", "release_year": "release year",
          "first_genre": "genre", "genre": "genre", "spectral_centroid_mean": "mean spectral centroid (Hz)",
          "spectral_bandwidth_mean": "mean spectral bandwidth (Hz)",
          "spectral_flatness_mean": "mean spectral flatness (0-1)",
          "zero_crossing_rate_mean": "mean zero-crossing rate (0-1)", "onset_strength_mean": "mean onset strength (dB)",
          "loudness_lufs": "loudness (LUFS)", "charted": "share that charted",
          "top_10": "share in the top 10", "long_stay": "share with a long stay"}


def label(column):
    """A column's name with its unit.

    Examples
    --------
    >>> label("tempo"), label("my_column")
    ('tempo (BPM)', 'my column')
    """
    return LABELS.get(column, str(column).replace("_", " "))
