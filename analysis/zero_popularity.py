"""The songs at the lower end of Spotify's popularity: a cluster that is not about the songs.

Spotify counts the plays of each release by itself. The earlier release of a song that was released again keeps a
popularity of 0 or 1, however well the song is known. Such rows say nothing about what listeners like.
"""

import pandas as pd

from analysis.associations import correlations
from analysis.printing import listed, number_text
from analysis.selection import names_of

LOWEST = 1
"""Popularities up to this one can belong to the cluster."""
CLUSTER = 3
"""A cluster has this many times as many songs as there would be if its values were as frequent as the next ten."""
FEWEST_IN_CLUSTER = 10


def zero_cluster(df, target="popularity"):
    """Which songs belong to a cluster at popularity 0 and 1.

    Parameters
    ----------
    df : pd.DataFrame
    target : str
        The column of the popularity, from 0 to 100.

    Returns
    -------
    pd.Series of bool
        Indexed as `df`; nowhere true where there is no such cluster, or no such column.

    Examples
    --------
    >>> zero_cluster(pd.DataFrame({"popularity": [0] * 20 + list(range(2, 82))})).sum()
    np.int64(20)
    """
    nowhere = pd.Series(False, index=df.index)
    if target != "popularity" or target not in df:
        return nowhere
    low = (df[target] <= LOWEST).fillna(False).astype(bool)
    usual = df[target].between(LOWEST + 1, LOWEST + 10).sum() * (LOWEST + 1) / 10
    return low if low.sum() >= max(FEWEST_IN_CLUSTER, CLUSTER * usual) else nowhere


def zero_cluster_in_words(df, target="popularity"):
    """A sentence on the cluster at popularity 0 and 1, and on what it probably is; empty where there is none."""
    cluster = zero_cluster(df, target)
    if not cluster.any():
        return ""
    names = names_of(df)
    again = names[cluster].isin(names[~cluster].dropna()).sum()
    return (f"{cluster.sum():,} of {df[target].notna().sum():,} songs ({cluster.mean():.0%}) have a popularity of 0 or "
            "1, far more than have one just above. Spotify counts each release by itself, and an older release of a "
            "song that was released again keeps 0 or 1: these rows are probably such duplicate entries, and say "
            f"nothing about the song. In this table again, with a higher popularity: {again:,} of them.")


def zero_cluster_and_hits(df, target):
    """How often the songs of the cluster are hits by a chart, beside the other songs, as a sentence."""
    cluster = zero_cluster(df)
    inside, outside = (df.loc[rows, target].dropna().astype(float).mean() for rows in (cluster, ~cluster))
    return (f"By the chart, {inside:.0%} of these songs are hits, and {outside:.0%} of the others. Hits are taken from "
            "the chart here, so the cluster does not blur what follows, but for the claims on popularity.")


def without_zero_cluster(df, target="popularity", features=None, *, group="artist"):
    """The correlations with popularity, with and without the songs at popularity 0 and 1.

    Parameters
    ----------
    df, target, features, group
        As in `associations.correlations`.

    Returns
    -------
    pd.DataFrame
        One row a feature, the strongest first: `r, low, high, p_holm` over all songs, and `r_without, low_without,
        high_without, p_holm_without` without the cluster.
    """
    columns = ["r", "low", "high", "p_holm"]
    table = correlations(df, target, features, group=group)[columns]
    rest = correlations(df[~zero_cluster(df, target)], target, list(table.index), group=group)[columns]
    return table.join(rest.add_suffix("_without"))


def change_in_words(table, alpha=.05):
    """What the cluster changes, from the table of `without_zero_cluster`, as a sentence."""
    sure = table["p_holm"] < alpha
    sure_without = table["p_holm_without"] < alpha
    changed = table.index[(sure != sure_without) | (sure & (table["r"] * table["r_without"] < 0))]
    if not len(changed):
        return "Without these songs, the same correlations are significant."
    most = table.loc[changed, "r"].sub(table.loc[changed, "r_without"]).abs().idxmax()
    before, after = (number_text(table.loc[most, column]) for column in ("r", "r_without"))
    words = "correlation is" if len(changed) == 1 else "correlations are"
    return (f"{len(changed)} of {len(table)} {words} significant only with these songs or only without them, or change "
            f"sign: {listed(changed)}. The correlation of {listed([most])} goes from {before} to {after} without them.")
