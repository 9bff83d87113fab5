"""Genre shares in words: the label of a song, its probability, its turning point, a sentence about its aspects."""

import numpy as np

from learning.targets import family_of, family_shares

ALONE = .50
"""A genre is the label by itself where its share is at least this and no other share reaches `SECOND`."""
SECOND = .10
"""The second largest share must be at least this for two genres to be joined."""
SECOND_FAMILY = .20
"""As `SECOND`, where genres have styles and a family may be the label by itself: there are more of them to share."""
TOGETHER = .60
"""The two largest shares must add up to at least this for two genres to be joined."""
FAMILY = .60
"""A family is the label where the shares of its genres add up to at least this.

`ALONE`, `SECOND`, `TOGETHER` and `FAMILY` were chosen with synthetic songs and with GTZAN's train and validation lists,
cross-fitted."""
FAMILIES = {"rock": ("rock", "metal", "punk", "alternative", "grunge"),
            "folk and country": ("folk/acoustic", "folk", "country", "bluegrass"),
            "electronic": ("dance/electronic", "electronic", "techno", "house", "trance", "disco"),
            "jazz and blues": ("jazz", "blues", "swing", "soul"),
            "hip hop and reggae": ("hip hop", "hiphop", "rap", "reggae"),
            "classical": ("classical", "baroque", "opera", "romantic")}
"""Genres that are similar. A family is named where it is certain, but no one genre of it is."""
STYLE = .40
"""A style is named after its family where it has at least this part of what the family's styles have."""
FEWEST_WINDOWS = 4
"""A song with fewer windows has no turning point: each side needs one window besides the two at the turn."""


def blend_label(shares, *, families=FAMILIES):
    """The label of one row of shares: a genre, two genres joined (the larger first), a family, or `ambiguous`.

    Genres such as `rock: punk` are styles of a family: the families are compared, and a family that is the label by
    itself is named with its style, where one leads.

    Parameters
    ----------
    shares : pd.Series
        One row of `influences.genre_influences`, or the column `share` of `influences.song_influences`.
    families : dict of str to sequence of str
        Which genres are similar.

    Returns
    -------
    str
        Decided by the thresholds `ALONE`, `SECOND`, `SECOND_FAMILY`, `TOGETHER` and `FAMILY`.

    Examples
    --------
    >>> import pandas as pd
    >>> blend_label(pd.Series({"jazz": .92, "metal": .08}))
    'jazz'
    >>> blend_label(pd.Series({"hip hop": .5, "metal": .4, "jazz": .1}))
    'hip hop-metal'
    >>> blend_label(pd.Series({"rock": .36, "jazz": .33, "metal": .31}))  # two genres come before a family
    'rock-jazz'
    >>> blend_label(pd.Series({"rock": .3, "metal": .2, "punk": .2, "jazz": .15, "folk": .15}))
    'rock family'
    >>> blend_label(pd.Series({"rock": .25, "jazz": .25, "folk": .25, "latin": .25}))
    'ambiguous'
    >>> blend_label(pd.Series({"rock": .3, "rock: punk": .5, "rock: indie rock": .1, "jazz": .1}))
    'rock: punk'
    """
    styles = shares
    shares = family_shares(shares).sort_values(ascending=False, kind="stable")
    first, second = shares.iloc[0], shares.iloc[1]
    if first >= ALONE and second < (SECOND if len(shares) == len(styles) else SECOND_FAMILY):
        return _with_style(str(shares.index[0]), styles)
    if second >= SECOND and first + second >= TOGETHER:
        return "-".join(map(str, shares.index[:2]))
    members = {name: shares[shares.index.isin(genres)] for name, genres in families.items()}
    family = max(members, key=lambda name: members[name].sum(), default=None)
    if family and len(members[family]) > 1 and members[family].sum() >= FAMILY:
        return f"{family} family"
    return "ambiguous"


def _with_style(family, shares):
    """A family with its leading style, where one leads: `rock: punk`; else the family alone."""
    styles = shares[[genre for genre in shares.index if family_of(genre) == family and genre != family]]
    leads = len(styles) and styles.max() >= max(STYLE * styles.sum(), 1e-9)
    return str(styles.idxmax()) if leads else family


def label_probability(label, shares):
    """The probability that a label is right: the sum of the shares of the families that it names.

    Parameters
    ----------
    label : str
        From `blend_label`.
    shares : pd.Series
        Of families: one row of `influences.family_shares`, or the column `share` of `influences.song_influences`.

    Returns
    -------
    float or None
        None for `ambiguous`.

    Examples
    --------
    >>> import pandas as pd
    >>> shares = pd.Series([.6, .3, .1], ["rock", "folk", "hip hop-house"])
    >>> round(label_probability("rock-folk", shares), 1), label_probability("rock: punk", shares)
    (0.9, 0.6)
    """
    names = families_named(label, shares.index)
    return float(shares[names].sum()) if names else None


def families_named(label, families):
    """The families that a label names: one, two that are joined, or the genres of a group such as `rock family`.

    Parameters
    ----------
    label : str
    families : iterable of str
        Those that there are.

    Returns
    -------
    list of str
        Empty for `ambiguous`.

    Examples
    --------
    >>> families = ["rock", "metal", "jazz"]
    >>> families_named("rock: punk", families), families_named("metal-jazz", families)
    (['rock'], ['metal', 'jazz'])
    >>> families_named("rock family", families), families_named("ambiguous", families)
    (['rock', 'metal'], [])
    """
    families = list(families)
    if family_of(label) in families:  # first, because a genre may be called "family"
        return [family_of(label)]
    if label.endswith(" family"):
        return [name for name in families if name in FAMILIES[label.removesuffix(" family")]]
    pairs = [[first, second] for first in families for second in families if f"{first}-{second}" == label]
    return pairs[0] if pairs else []


def joined_labels(labels):
    """Labels in which a pair has one order: of `rock-folk` and `folk-rock`, the more frequent one stands for both.

    Parameters
    ----------
    labels : pd.Series of str

    Returns
    -------
    pd.Series of str

    Examples
    --------
    >>> import pandas as pd
    >>> joined_labels(pd.Series(["rock-folk", "folk-rock", "rock-folk", "jazz"])).tolist()
    ['rock-folk', 'rock-folk', 'rock-folk', 'jazz']
    """
    counts = labels.value_counts()
    instead = {}
    for label in counts.index:
        parts = label.split("-")
        swapped = ["-".join([*parts[place:], *parts[:place]]) for place in range(1, len(parts))]
        instead[label] = next((other for other in swapped if other in instead), label)
    return labels.map(instead)


def turning_point(shares):
    """The time at which a song turns from one label to another.

    The windows are cut in two so that the shares vary least within the two sides. The two windows at the cut are
    left out of the labels, since they contain sound of both sides.

    Parameters
    ----------
    shares : pd.DataFrame [shape=(windows, genres)]
        From `influences.genre_influences`: indexed by the start of each window in seconds, with the length of a window
        in ``attrs["seconds"]``.

    Returns
    -------
    (float, str, str) or None
        The time in seconds, the label before it and the label after it. None where both sides have the same label or
        the same two genres, or where there are fewer than `FEWEST_WINDOWS` windows.

    Examples
    --------
    >>> import pandas as pd
    >>> shares = pd.DataFrame({"jazz": [1, 1, 1, 0, 0, 0], "metal": [0, 0, 0, 1, 1, 1]}, index=range(0, 30, 5))
    >>> shares.attrs["seconds"] = 5
    >>> turning_point(shares)
    (15.0, 'jazz', 'metal')
    """
    shares = family_shares(shares)
    values = shares.to_numpy(float)
    if len(values) < FEWEST_WINDOWS:
        return None
    cuts = range(2, len(values) - 1)
    variation = [values[:cut].var(axis=0).sum() * cut + values[cut:].var(axis=0).sum() * (len(values) - cut)
                 for cut in cuts]
    cut = cuts[int(np.argmin(variation))]
    before = blend_label(shares.iloc[:cut - 1].mean())
    after = blend_label(shares.iloc[cut + 1:].mean())
    # folk-rock and rock-folk are the same two genres
    if before == after or sorted(before.split("-")) == sorted(after.split("-")):
        return None
    # the time of a window is its middle
    time = (shares.index[cut - 1] + shares.index[cut]) / 2 + shares.attrs.get("seconds", 0) / 2
    return float(time), before, after


def aspect_sentence(shares):
    """The labels of beat, timbre and pitch, in one line.

    Parameters
    ----------
    shares : pd.DataFrame [shape=(aspects, genres)]
        From `influences.aspect_influences`.

    Returns
    -------
    str

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"metal": [.05, .9, .1], "hip hop": [.9, .05, .5], "jazz": [.05, .05, .4]})
    >>> aspect_sentence(table.set_axis(["beat", "timbre", "pitch"]))
    'hip hop in beat, metal in timbre, hip hop-jazz in pitch'
    """
    return aspects_in_words({aspect: blend_label(row) for aspect, row in shares.iterrows()})


def aspects_in_words(labels):
    """The labels of aspects, a dict, in one line; see `aspect_sentence`.

    Examples
    --------
    >>> aspects_in_words({"beat": "hip hop", "pitch": "ambiguous"})
    'hip hop in beat, no single genre in pitch'
    """
    return ", ".join(f"{'no single genre' if label == 'ambiguous' else label} in {aspect}"
                     for aspect, label in labels.items())
