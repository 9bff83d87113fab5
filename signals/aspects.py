"""Which features describe the beat, the timbre and the pitch of a song."""

ASPECTS = {
    "beat": ("tempo", "tempogram", "onset_strength", "pulse_regularity", "beat", "onsets", "rhythm",
             "swing"),
    "timbre": ("mfcc", "spectral", "zero_crossing_rate", "rms", "loudness_lufs", "level", "change",
               "cepstrum", "covariance", "together", "texture", "flux"),
    "pitch": ("chroma", "tonnetz", "key", "mode", "degree", "interval", "chord", "tone_entropy", "bass", "middle",
              "treble", "harmony")}
"""Prefixes of the column names of each aspect, each matched up to an underscore. The columns are those of
`descriptors.describe` and of `image_statistics.describe_images`."""
FOR_READING = ("rival_key", "rival_mode", "beats_per_bar", "metre_confidence")
"""Features that many songs lack, because nothing can be said: they are for people, and no aspect has them."""


def aspect_columns(table, aspect):
    """The columns of a table of features that describe one aspect.

    Parameters
    ----------
    table : pd.DataFrame
        As from `features.extract_features`.
    aspect : {'beat', 'timbre', 'pitch'}

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        The aspect is unknown, or the table has no column for it.

    Examples
    --------
    >>> import pandas as pd
    >>> aspect_columns(pd.DataFrame(columns=["genre", "tempo", "mfcc_01_mean", "mfcc_01_var"]), "timbre")
    ['mfcc_01_mean', 'mfcc_01_var']
    >>> aspect_columns(pd.DataFrame(columns=["tempo", "beat_low_01", "beat_genre"]), "beat")
    ['tempo', 'beat_low_01']
    """
    if aspect not in ASPECTS:
        raise ValueError(f"there is no aspect {aspect!r}: choose from {', '.join(ASPECTS)}")
    beginnings = tuple(f"{name}_" for name in ASPECTS[aspect])
    # a column such as beat_genre is a label of synthetic songs, not a feature
    columns = [column for column in table.columns.astype(str)
               if f"{column}_".startswith(beginnings) and not column.endswith("_genre")]
    if not columns:
        raise ValueError(f"the table has no feature of {aspect}: it should have {', '.join(ASPECTS[aspect][:3])} ..., "
                         "as from features.extract_features")
    return columns
