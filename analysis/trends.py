"""How the sound of charting songs changed over the years: yearly medians and bands, tests for a trend, plots."""

import numpy as np
import pandas as pd
from scipy import stats

from analysis.associations import FEWEST_GROUPS, SMALL_CORRELATION, correlations, need_columns
from analysis.column_labels import label
from signals.plain_names import plain_names

TRENDS = ["tempo", "loudness", "duration_minutes", "valence", "explicit", "danceability", "energy", "acousticness",
          "speechiness"]
"""The features whose trends are tested."""
BAND = (.10, .90)
"""The quantiles that bound the middle 80%; by definition, a fifth of the charting songs is outside."""


def trends(charts, feature, *, year="chart_year"):
    """A feature of the charting songs, year by year.

    Parameters
    ----------
    charts : pd.DataFrame
        As from `charts.charting_songs`.
    feature : str
    year : str
        The column of the year.

    Returns
    -------
    pd.DataFrame
        Indexed by year: `n` songs, and `middle, low, high`. For a number these are the median and the 10 and 90%
        quantiles, for yes or no the share of yes and its 95% interval (Wilson 1927).

    Examples
    --------
    >>> trends(pd.DataFrame({"chart_year": [2001, 2001, 2002], "tempo": [100, 110, 90]}), "tempo").middle.to_dict()
    {2001: 105.0, 2002: 90.0}
    """
    need_columns(charts, [feature, year])
    rows = charts[[feature, year]].dropna().astype("float64")
    yearly = rows.groupby(rows[year].astype(int))[feature]
    table = pd.DataFrame({"n": yearly.size()})
    if set(rows[feature].unique()) <= {0, 1}:
        low, high = _wilson_interval(yearly.mean(), yearly.size())
        table = table.assign(middle=yearly.mean(), low=low, high=high)
    else:
        table = table.assign(middle=yearly.median(), low=yearly.quantile(BAND[0]), high=yearly.quantile(BAND[1]))
    return table.rename_axis(year)


def _wilson_interval(share, n):
    """The 95% interval of shares of `n` songs (Wilson 1927)."""
    z = stats.norm.ppf(.975)
    centre = share + z ** 2 / (2 * n)
    half = z * np.sqrt(share * (1 - share) / n + z ** 2 / (4 * n ** 2))
    scale = 1 + z ** 2 / n
    return (centre - half) / scale, (centre + half) / scale


def trend_tests(charts, features=None, *, year="chart_year", group="artist"):
    """Whether the charting songs changed over the years: for each feature two tests for a trend, and its size.

    A trend is named only where both tests agree. The first is the rank correlation of feature and year over songs
    (cluster-robust by artist, corrected for many tests). The second is Kendall's tau over the yearly medians (Mann
    1945): each year is one observation, since the songs that chart in one year are not independent. It leaves out years
    of fewer than five songs.

    Parameters
    ----------
    charts : pd.DataFrame
        As from `charts.charting_songs`.
    features : list of str, optional
        The columns of `TRENDS` that the table has, if not given.
    year, group : str
        The columns of the year and of the artist.

    Returns
    -------
    pd.DataFrame
        One row a feature, the strongest trend first: `r, low, high, p_holm` over songs, `tau, p_years` over years,
        `per_decade` (Theil-Sen slope of the yearly medians, in the feature's unit), and `reading`, see
        `trend_in_words`.
    """
    features = [feature for feature in TRENDS if feature in charts] if features is None else list(features)
    table = correlations(charts, year, features, group=group)[["r", "low", "high", "p_holm", "n"]]
    table = table.assign(tau=np.nan, p_years=np.nan, per_decade=np.nan)
    for feature in table.index:
        yearly = trends(charts, feature, year=year).query("n >= @FEWEST_GROUPS")["middle"]
        enough = len(yearly) > 3 and yearly.nunique() > 1
        tau, p = stats.kendalltau(yearly.index, yearly) if enough else (np.nan, np.nan)
        slope = 10 * stats.theilslopes(yearly, yearly.index).slope if enough else np.nan
        table.loc[feature, ["tau", "p_years", "per_decade"]] = tau, p, slope
    numbers = table[["r", "low", "high", "p_holm", "tau", "p_years"]].to_numpy()
    table["reading"] = np.array([trend_in_words(*row) for row in numbers], dtype=object)
    return table


def trend_in_words(r, low, high, p_holm, tau, p_years, *, alpha=.05):
    """The result of the two tests for a trend, in words.

    ``rose`` or ``fell``: both tests are significant and have the same sign; with ``a little`` where the correlation is
    below `associations.SMALL_CORRELATION`. ``no trend``: the whole interval is below that. Else ``cannot be told``.

    Parameters
    ----------
    r, low, high, p_holm : float
        The rank correlation over songs, its interval, and its corrected p-value.
    tau, p_years : float
        Kendall's tau over years, and its p-value.
    alpha : float
        The level of significance.

    Returns
    -------
    str

    Examples
    --------
    >>> trend_in_words(-.3, -.4, -.2, .001, -.7, .001), trend_in_words(.2, .1, .3, .001, -.7, .001)
    ('fell', 'cannot be told')
    """
    if p_holm < alpha and p_years < alpha and r * tau > 0:
        return ("rose" if r > 0 else "fell") + (" a little" if abs(r) < SMALL_CORRELATION else "")
    return "no trend" if max(-low, high) < SMALL_CORRELATION else "cannot be told"


# ---- plots

@plain_names
def plot_trend(table, feature, *, reading="", ax=None):
    """Draw a feature of the charting songs year by year, for years of five songs or more.

    Parameters
    ----------
    table : pd.DataFrame
        As from `trends`.
    feature : str
    reading : str
        The title, such as the `reading` of `trend_tests`.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    import matplotlib.pyplot as plt
    table = table[table["n"] >= FEWEST_GROUPS]
    ax = ax or plt.subplots(figsize=(6, 3.2), layout="constrained")[1]
    ax.fill_between(table.index, table["low"], table["high"], color="C0", alpha=.2, lw=0)
    ax.plot(table.index, table["middle"], color="C0", lw=2, marker="o", ms=3)
    yes_or_no = table["middle"].between(0, 1).all() and feature in ("explicit", "has_feat", "mode")
    share = "share of major" if feature == "mode" else f"share {label(feature)}"
    ax.set(xlabel="year", ylabel=share if yes_or_no else label(feature), title=reading)
    ax.xaxis.get_major_locator().set_params(integer=True)
    return ax


@plain_names
def plot_trends(charts, tests, *, axs=None):
    """Draw every feature of `trend_tests` over the years, with the reading of the tests as title.

    Parameters
    ----------
    charts : pd.DataFrame
        As from `charts.charting_songs`.
    tests : pd.DataFrame
        As from `trend_tests`.
    axs : sequence of matplotlib Axes, optional

    Returns
    -------
    array of matplotlib Axes
    """
    import matplotlib.pyplot as plt
    if axs is None:
        rows = -(-len(tests) // 3)
        figure, axs = plt.subplots(rows, 3, figsize=(11, 2.6 * rows), layout="constrained", squeeze=False)
        for ax in axs.flat[len(tests):]:
            ax.set_axis_off()
    for ax, feature in zip(np.ravel(axs), tests.index):
        plot_trend(trends(charts, feature), feature, reading=tests.loc[feature, "reading"], ax=ax)
    return axs

