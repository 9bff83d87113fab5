"""How the sound of what charted moved from year to year: yearly middles and bands, tests for trend, pictures."""

import numpy as np
import pandas as pd
from scipy import stats

from analysis.associations import FEWEST_GROUPS, SMALL_CORRELATION, correlations, need_columns
from analysis.column_labels import label

TRENDS = ["tempo", "loudness", "duration_minutes", "valence", "explicit", "danceability", "energy", "acousticness", "speechiness"]


def trends(charts, feature, *, year="chart_year"):
    """How a feature of what charted moved from year to year.

    Parameters
    ----------
    charts : pd.DataFrame
        As from `charting_songs`.
    feature : str
    year : str

    Returns
    -------
    pd.DataFrame
        By year: `n` songs; `middle, low, high`: of a number the median and the 10 and 90 % quantiles, of yes or no the share
        and its 95 % interval (Wilson 1927).

    Examples
    --------
    >>> trends(pd.DataFrame({"chart_year": [2001, 2001, 2002], "tempo": [100, 110, 90]}), "tempo").middle.to_dict()
    {2001: 105.0, 2002: 90.0}
    """
    need_columns(charts, [feature, year])
    rows = charts[[feature, year]].dropna().astype("float64")
    by = rows.groupby(rows[year].astype(int))[feature]
    table = pd.DataFrame({"n": by.size()})
    if set(rows[feature].unique()) <= {0, 1}:
        share, n, z = by.mean(), by.size(), stats.norm.ppf(.975)
        centre, half = share + z ** 2 / (2 * n), z * np.sqrt(share * (1 - share) / n + z ** 2 / (4 * n ** 2))
        table = table.assign(middle=share, low=(centre - half) / (1 + z ** 2 / n), high=(centre + half) / (1 + z ** 2 / n))
    else:
        table = table.assign(middle=by.median(), low=by.quantile(BAND[0]), high=by.quantile(BAND[1]))
    return table.rename_axis(year)


def trend_tests(charts, features=None, *, year="chart_year", group="artist"):
    """Whether what charted changed over the years: a rank test for trend for each feature, and its size.

    Two tests must agree before a trend is named: the rank correlation of feature and year over songs (artists allowed for,
    corrected for many tests), and Kendall's tau over the yearly middles (Mann 1945), which takes no more than one year as
    one observation, since what charts in one year is chosen together. It leaves out years of fewer than five songs.

    Parameters
    ----------
    charts : pd.DataFrame
        As from `charting_songs`.
    features : list of str, optional
        Those of `TRENDS` that the table has.
    year, group : str

    Returns
    -------
    pd.DataFrame
        One row a feature, the strongest trend first: `r, low, high, p_holm` over songs, `tau, p_years` over years,
        `per_decade` (Theil-Sen slope of the yearly middles, in the feature's unit), and `reading`, see `trend_in_words`.
    """
    features = [feature for feature in TRENDS if feature in charts] if features is None else list(features)
    table = correlations(charts, year, features, group=group)[["r", "low", "high", "p_holm", "n"]]
    for feature in table.index:
        yearly = trends(charts, feature, year=year).query("n >= @FEWEST_GROUPS")["middle"]
        enough = len(yearly) > 3 and yearly.nunique() > 1
        tau, p = stats.kendalltau(yearly.index, yearly) if enough else (np.nan, np.nan)
        slope = 10 * stats.theilslopes(yearly, yearly.index).slope if enough else np.nan
        table.loc[feature, ["tau", "p_years", "per_decade"]] = tau, p, slope
    table["reading"] = [trend_in_words(*row) for row in table[["r", "low", "high", "p_holm", "tau", "p_years"]].to_numpy()]
    return table


def trend_in_words(r, low, high, p_holm, tau, p_years, *, alpha=.05):
    """What the two tests for trend say.

    ``rose`` or ``fell`` where both are clear and point the same way, and ``a little`` where the correlation is below
    `associations.SMALL_CORRELATION`; ``no trend`` where the interval leaves room for less than that; else ``cannot be told``.

    Examples
    --------
    >>> trend_in_words(-.3, -.4, -.2, .001, -.7, .001), trend_in_words(.2, .1, .3, .001, -.7, .001)
    ('fell', 'cannot be told')
    """
    if p_holm < alpha and p_years < alpha and r * tau > 0:
        return ("rose" if r > 0 else "fell") + (" a little" if abs(r) < SMALL_CORRELATION else "")
    return "no trend" if max(-low, high) < SMALL_CORRELATION else "cannot be told"


# ---- pictures

def plot_trend(table, feature, *, reading="", ax=None):
    """A feature of what charted, year by year, as from `trends`: middle and band, for years of five songs or more. Returns the
    Axes."""
    import matplotlib.pyplot as plt
    table = table[table["n"] >= FEWEST_GROUPS]
    ax = ax or plt.subplots(figsize=(6, 3.2), layout="constrained")[1]
    ax.fill_between(table.index, table["low"], table["high"], color="C0", alpha=.2, lw=0)
    ax.plot(table.index, table["middle"], color="C0", lw=2, marker="o", ms=3)
    yes_or_no = table["middle"].between(0, 1).all() and feature in ("explicit", "has_feat", "mode")
    ax.set(xlabel="year", ylabel=f"share {label(feature)}" if yes_or_no else label(feature), title=reading)
    ax.xaxis.get_major_locator().set_params(integer=True)
    return ax


def plot_trends(charts, tests, *, axs=None):
    """Every feature of `trend_tests` over the years, with what the tests say above it; returns the Axes."""
    import matplotlib.pyplot as plt
    if axs is None:
        rows = -(-len(tests) // 3)
        figure, axs = plt.subplots(rows, 3, figsize=(11, 2.6 * rows), layout="constrained", squeeze=False)
        for ax in axs.flat[len(tests):]:
            ax.set_axis_off()
    for ax, feature in zip(np.ravel(axs), tests.index):
        plot_trend(trends(charts, feature), feature, reading=tests.loc[feature, "reading"], ax=ax)
    return axs


BAND = (.10, .90)
"""The quantiles between which the middle four fifths lie; a fifth of what charted lies outside by definition."""
