"""Shares of genres in words: labels, certainty, the turning point of a song."""

import numpy as np

ALONE, SECOND, TOGETHER, FAMILY = .50, .10, .60, .60
"""A genre stands alone from the first share on where no other reaches the second; two are joined where each reaches the
second and both together the third; a family is named where its genres together reach the fourth. Chosen on songs made to order
and on GTZAN's lists, cross-fitted."""
FAMILIES = {"rock": ("rock", "metal", "punk", "alternative", "grunge"),
            "folk and country": ("folk/acoustic", "folk", "country", "bluegrass"),
            "electronic": ("dance/electronic", "electronic", "techno", "house", "trance", "disco"),
            "jazz and blues": ("jazz", "blues", "swing", "soul"),
            "hip hop and reggae": ("hip hop", "hiphop", "rap", "reggae"),
            "classical": ("classical", "baroque", "opera", "romantic")}
"""Genres that lie near each other, for songs that are surely of one of them."""


def certainty(shares):
    """How sure a row of shares is: 1 where one genre has all, 0 where all are alike (one less the entropy, by its largest).

    Examples
    --------
    >>> import pandas as pd
    >>> round(certainty(pd.Series({"jazz": .5, "metal": .5, "latin": 0, "rock": 0})), 2)
    0.5
    """
    values = np.asarray(shares, dtype=float)
    values = values[values > 0]
    return float(1 + (values * np.log(values)).sum() / np.log(max(2, len(shares))))


def blend_label(shares, *, families=FAMILIES):
    """A name for a row of shares: a genre, two joined (the stronger first), a family, or `ambiguous`.

    Parameters
    ----------
    shares : pd.Series
        One row of `genre_influences`, or the `share` of `song_influences`.
    families : dict of str to sequence of str
        Which genres lie near each other.

    Returns
    -------
    str
        By the thresholds `ALONE`, `SECOND`, `TOGETHER` and `FAMILY`.

    Examples
    --------
    >>> import pandas as pd
    >>> blend_label(pd.Series({"hip hop": .5, "metal": .4, "jazz": .1})), blend_label(pd.Series({"jazz": .92, "metal": .08}))
    ('hip hop-metal', 'jazz')
    >>> thirds = [.36, .33, .31]
    >>> blend_label(pd.Series(thirds, ["rock", "jazz", "metal"])), blend_label(pd.Series([*thirds[1:], .3, .06], list("abcd")))
    ('rock-jazz', 'a-b')
    """
    shares = shares.sort_values(ascending=False, kind="stable")
    first, second = shares.iloc[0], shares.iloc[1]
    if first >= ALONE and second < SECOND:
        return str(shares.index[0])
    if second >= SECOND and first + second >= TOGETHER:
        return "-".join(map(str, shares.index[:2]))
    together = {name: shares[shares.index.isin(genres)] for name, genres in families.items()}
    name = max(together, key=lambda name: together[name].sum(), default=None)
    if name and len(together[name]) > 1 and together[name].sum() >= FAMILY:
        return f"{name} family"
    return "ambiguous"


def turning_point(shares):
    """When a song turns from one genre to another.

    Parameters
    ----------
    shares : pd.DataFrame
        From `genre_influences`.

    Returns
    -------
    (float, str, str) or None
        Seconds, and the labels before and after, without the windows that hear both: the cut that leaves the windows on either
        side most alike among themselves; None where both sides have one label, or there are fewer than four windows.
    """
    values = shares.to_numpy(float)
    if len(values) < 4:
        return None
    spread = [values[:cut].var(axis=0).sum() * cut + values[cut:].var(axis=0).sum() * (len(values) - cut)
              for cut in range(2, len(values) - 1)]
    cut = 2 + int(np.argmin(spread))
    before, after = (blend_label(part.mean()) for part in (shares.iloc[:cut - 1], shares.iloc[cut + 1:]))
    # a window stands for its middle
    middle = (shares.index[cut - 1] + shares.index[cut]) / 2 + shares.attrs.get("seconds", 0) / 2
    return None if before == after else (float(middle), before, after)


def aspect_sentence(shares):
    """The aspects in words.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"metal": [.05, .9, .1], "hip hop": [.9, .05, .5], "jazz": [.05, .05, .4]})
    >>> aspect_sentence(table.set_axis(["beat", "timbre", "pitch"]))
    'hip hop in beat, metal in timbre, hip hop-jazz in pitch'
    """
    labels = {aspect: blend_label(row) for aspect, row in shares.iterrows()}
    return ", ".join(f"{'of no one genre' if label == 'ambiguous' else label} in {aspect}" for aspect, label in labels.items())
