"""Plots of a table of tracks, and the statistics that they show.

A plot function draws on `ax` and returns it. The statistics are computed by `analysis.associations`; its functions can
be imported from here too.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from analysis.associations import (
    CLAIMS,
    FEATURES,
    SMALL_CORRELATION,
    check_claims,
    compare_groups,
    correlations,
    correlations_within,
    feature_ttest,
    feature_ttests,
    group_effects,
    need_columns,
    need_linear,
    running_median,
    verdict,
)
from analysis.column_labels import LABELS, label
from analysis.findings import (
    boxes_in_words,
    correlations_in_words,
    distribution_in_words,
    effects_in_words,
    group_sentence,
    groups_in_words,
    pairs_in_words,
    running_in_words,
    within_in_words,
)
from analysis.printing import p_text, readable
from analysis.zero_popularity import (
    change_in_words,
    without_zero_cluster,
    zero_cluster,
    zero_cluster_and_hits,
    zero_cluster_in_words,
)
from signals.plain_names import plain_names

__all__ = ["CLAIMS", "FEATURES", "LABELS", "boxes_in_words", "catplot_viz", "change_in_words", "check_claims",
           "compare_groups", "corr_heatmap", "correlations", "correlations_in_words", "correlations_within",
           "describe_features", "distribution_in_words", "effects_in_words", "feature_ttest", "feature_ttests",
           "group_effects", "group_sentence", "groups_in_words", "label", "p_text", "pairs_in_words", "param_viz",
           "plot_correlations", "plot_distribution", "plot_groups", "plot_missing", "plot_overlap", "plot_split",
           "plot_within", "readable", "running_in_words", "running_median", "verdict", "within_in_words",
           "without_zero_cluster", "zero_cluster", "zero_cluster_and_hits", "zero_cluster_in_words"]

MANY_ROWS = 2000
"""With more rows than this, points are drawn as hexagons, or a sample of them is drawn."""
MANY_CATEGORIES = 6
"""With more categories than this, the bars or boxes are horizontal, so that their names can be read."""
MOST_CATEGORIES = 30
"""The most frequent categories that are drawn; the others are left out, and the title counts them."""


# ---- the report's three plots

@plain_names
def param_viz(train, x_Param, y_Param, *, ax=None, **kwargs):
    """Plot one column against another: points or hexagons with the running median, or boxes for categories.

    Parameters
    ----------
    train : pd.DataFrame
    x_Param, y_Param : str
        Column names; y is a column of numbers.
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to seaborn's `scatterplot`, matplotlib's `hexbin` or seaborn's `boxplot`.

    Returns
    -------
    matplotlib Axes
    """
    need_columns(train, [x_Param, y_Param])
    rows = train[[x_Param, y_Param]].dropna()
    if not _is_continuous(rows[x_Param]):
        return _boxes(rows, x_Param, y_Param, ax, kwargs)
    ax = ax or plt.subplots(figsize=(7, 4.5))[1]
    x, y = rows[x_Param].astype("float64"), rows[y_Param].astype("float64")
    if len(rows) > MANY_ROWS:
        style = {"gridsize": 40, "cmap": "Blues", "bins": "log", "mincnt": 1, "linewidths": .1}
        hexagons = ax.hexbin(x, y, **style | kwargs)
        ax.figure.colorbar(hexagons, ax=ax, label="songs")
        ax.set_xlim(*x.quantile([.001, .999]))
    else:
        sns.scatterplot(x=x, y=y, ax=ax, **{"alpha": .35, "s": 14, "color": "C0", "linewidth": 0} | kwargs)
    running = running_median(rows, x_Param, y_Param)
    ax.plot(running["x"], running["median"], color="C1", lw=2.5, label="median")
    ax.fill_between(running["x"], running["q25"], running["q75"], color="C1", alpha=.25, lw=0, label="middle half")
    ax.legend(loc="best", frameon=True)
    title = f"{len(rows):,} songs" + (", the middle 99.8% of them shown" if len(rows) > MANY_ROWS else "")
    ax.set(xlabel=label(x_Param), ylabel=label(y_Param), title=title)
    return ax


def _is_continuous(column):
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return numeric and column.nunique() > 12


def _most_frequent(rows, column):
    """The rows of the most frequent categories, and a note for the title if some are left out."""
    counts = rows[column].astype(object).value_counts()
    rows = rows[rows[column].astype(object).isin(counts.index[:MOST_CATEGORIES])]
    rows = rows.assign(**{column: rows[column].astype(object)})
    left_out = len(counts) - MOST_CATEGORIES
    return rows, f" ({left_out} rarer categories not shown)" if left_out > 0 else ""


def _order(rows, category, number):
    """The categories sorted by the median of the number; numeric categories and decades in their own order."""
    if pd.api.types.is_numeric_dtype(rows[category].infer_objects()) or str(category) == "decade":
        return sorted(rows[category].unique())
    return list(rows.groupby(category)[number].median().sort_values(ascending=False).index)


def _boxes(rows, x, y, ax, kwargs):
    """Draw a box for each category of x; horizontal boxes where there are many categories."""
    rows, note = _most_frequent(rows, x)
    order = _order(rows, x, y)
    horizontal = len(order) > MANY_CATEGORIES
    if ax is None:
        ax = plt.subplots(figsize=(7, max(4, .32 * len(order))) if horizontal else (7, 4.5))[1]
    rows = rows.assign(**{x: rows[x].astype(str), y: rows[y].astype("float64")})
    style = {"color": "C0", "width": .6, "fliersize": 1.5, "order": [str(name) for name in order]} | kwargs
    across, up = (y, x) if horizontal else (x, y)
    sns.boxplot(rows, x=across, y=up, orient="h" if horizontal else "v", ax=ax, **style)
    ax.set(xlabel=label(across), ylabel=label(up), title=f"{len(rows):,} songs{note}")
    return ax


@plain_names
def catplot_viz(df, x_Param, y_Param, plt_Kind="box", **kwargs):
    """Plot a number by category, in any of seaborn's kinds; with many categories, the plot is horizontal.

    Kinds that draw every row (`strip`, `swarm`) draw a sample of 2,000 rows at most.

    Parameters
    ----------
    df : pd.DataFrame
    x_Param, y_Param : str
        The columns of the category and of the number; `count` does not use the number.
    plt_Kind : {'box', 'violin', 'boxen', 'bar', 'point', 'strip', 'swarm', 'count'}
    **kwargs
        Passed on to `seaborn.catplot`.

    Returns
    -------
    seaborn FacetGrid
    """
    columns = [x_Param] if plt_Kind == "count" else [x_Param, y_Param]
    need_columns(df, columns)
    rows, note = _most_frequent(df.dropna(subset=columns), x_Param)
    order = list(rows[x_Param].value_counts().index) if plt_Kind == "count" else _order(rows, x_Param, y_Param)
    if plt_Kind in ("strip", "swarm") and len(rows) > MANY_ROWS:
        note += f", {MANY_ROWS:,} of {len(rows):,} songs drawn"
        rows = rows.sample(MANY_ROWS, random_state=0)
    rows = rows.assign(**{x_Param: rows[x_Param].astype(str)})
    horizontal = len(order) > MANY_CATEGORIES
    axes = {"y" if horizontal else "x": x_Param}
    if plt_Kind != "count":
        rows = rows.assign(**{y_Param: rows[y_Param].astype("float64")})
        axes["x" if horizontal else "y"] = y_Param
    height = max(4, .32 * len(order)) if horizontal else 4.5
    style = {"color": "C0", "height": height, "aspect": 7 / height} | ({"cut": 0} if plt_Kind == "violin" else {})
    grid = sns.catplot(rows, **axes, kind=plt_Kind, order=[str(name) for name in order], **style | kwargs)
    number = "songs" if plt_Kind == "count" else label(y_Param)
    grid.set_axis_labels(*((number, label(x_Param)) if horizontal else (label(x_Param), number)))
    grid.figure.suptitle(f"{label(y_Param if plt_Kind != 'count' else 'songs')} by {label(x_Param)}{note}", y=1.02)
    return grid


@plain_names
def corr_heatmap(train, param_Corr="popularity", *, method="spearman", ax=None, **kwargs):
    """Plot the correlations among columns as a heat map.

    The key of a song is not among them: it is a place on a circle, see `associations.CIRCULAR`.

    Parameters
    ----------
    train : pd.DataFrame
    param_Corr : str or list of str
        One column: it and the features, sorted by their correlation with it. A list: only these columns.
    method : {'spearman', 'pearson', 'kendall'}
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to `seaborn.heatmap`.

    Returns
    -------
    matplotlib Axes
    """
    columns = list(param_Corr)
    need_linear(columns if not isinstance(param_Corr, str) else [param_Corr])
    if isinstance(param_Corr, str):
        columns = [param_Corr, *(feature for feature in FEATURES if feature in train and feature != param_Corr)]
    need_columns(train, columns)
    table = train[columns].astype("float64").corr(method)
    if isinstance(param_Corr, str):
        order = table[param_Corr].drop(param_Corr).sort_values(key=abs, ascending=False).index
        table = table.loc[[param_Corr, *order], [param_Corr, *order]]
    if ax is None:
        side = max(5, .58 * len(table) + 1.5)
        ax = plt.subplots(figsize=(side + 1, side))[1]
    upper = np.triu(np.ones_like(table, dtype=bool), k=1)
    names = [name.replace("_", " ") for name in table.columns]
    style = {"vmin": -1, "vmax": 1, "cmap": "vlag", "annot": True, "fmt": ".2f", "annot_kws": {"size": 8},
             "square": True, "linewidths": .5,
             "cbar_kws": {"label": f"{method.capitalize()} correlation", "shrink": .7}}
    sns.heatmap(table, mask=upper, xticklabels=names, yticklabels=names, ax=ax, **style | kwargs)
    ax.tick_params(axis="x", rotation=90)
    return ax


def describe_features(df, by=None):
    """The median of each feature, over all songs and in each of the largest categories.

    Parameters
    ----------
    df : pd.DataFrame
    by : str, optional
        A column of categories; the six with most songs are shown.

    Returns
    -------
    pd.DataFrame
        One row a feature: `n` songs with a value, the medians `all songs` and of each category.
    """
    features = [feature for feature in FEATURES if feature in df and df[feature].notna().any()]
    values = df[features].astype("float64")
    table = pd.DataFrame({"n": values.count(), "all songs": values.median()})
    if by is not None:
        largest = df[by].astype(object).value_counts().index[:MANY_CATEGORIES]
        table = table.join(values.groupby(df[by].astype(object)).median().loc[largest].T)
    return table.rename_axis("feature")


# ---- plots of tables

@plain_names
def plot_correlations(table, *, ax=None, **kwargs):
    """Draw each feature's correlation with its interval; a filled dot is significant after correction.

    Parameters
    ----------
    table : pd.DataFrame
        As from `correlations`.
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to `Axes.hlines`.

    Returns
    -------
    matplotlib Axes
    """
    table = table.dropna(subset=["r"]).iloc[::-1]
    ax = ax or plt.subplots(figsize=(7, max(3, .34 * len(table) + 1)))[1]
    y = np.arange(len(table))
    significant = table["p_holm"] < .05
    _intervals(ax, table, y, **{"color": "C0"} | kwargs)
    ax.scatter(table["r"], y, s=45, facecolor=np.where(significant, "C0", "white"), edgecolor="C0", zorder=3)
    ax.axvline(0, color="0.3", lw=1)
    ax.axvspan(-SMALL_CORRELATION, SMALL_CORRELATION, color="0.5", alpha=.12, lw=0)
    ax.set_yticks(y, [label(feature).split(" (")[0] for feature in table.index])
    ax.set(xlabel="correlation with 95% interval\n"
                  "(grey: negligible; filled: significant after correction for many tests)")
    return ax


def _intervals(ax, table, y, suffix="", **kwargs):
    ax.hlines(y, table["low" + suffix], table["high" + suffix], **{"lw": 2, "alpha": .8} | kwargs)


@plain_names
def plot_within(table, *, ax=None, by="genre"):
    """Draw correlations over all songs and within categories, as from `correlations_within`; returns the Axes."""
    table = table.dropna(subset=["r", "r_within"]).iloc[::-1]
    ax = ax or plt.subplots(figsize=(8.5, max(3, .42 * len(table) + 1)))[1]
    y = np.arange(len(table))
    for suffix, colour, shift, name in (("", "C0", .13, "all songs"), ("_within", "C1", -.13, f"within {by}")):
        _intervals(ax, table, y + shift, suffix, color=colour)
        ax.scatter(table["r" + suffix], y + shift, s=36, color=colour, label=name, zorder=3)
    ax.axvline(0, color="0.3", lw=1)
    ax.axvspan(-SMALL_CORRELATION, SMALL_CORRELATION, color="0.5", alpha=.12, lw=0)
    ax.set_yticks(y, [label(feature).split(" (")[0] for feature in table.index])
    readings = ax.secondary_yaxis("right")
    readings.set_yticks(y, table["reading"])
    readings.tick_params(length=0, labelsize=9)
    ax.set(xlabel="correlation with popularity, 95% interval", ylim=(-.6, len(table) - .4))
    ax.legend(loc="lower center", bbox_to_anchor=(.5, 1), ncols=2, frameon=False)
    return ax


@plain_names
def plot_groups(table, target="popularity", *, ax=None):
    """Draw the mean of each category with its interval, as from `compare_groups`; returns the Axes."""
    table = table.iloc[:MOST_CATEGORIES][::-1]
    ax = ax or plt.subplots(figsize=(7, max(3, .34 * len(table) + 1)))[1]
    y = np.arange(len(table))
    _intervals(ax, table, y, color="C0")
    ax.scatter(table["mean"], y, s=45, color="C0", zorder=3)
    ax.set_yticks(y, [f"{name}  (n = {n:,})" for name, n in table["n"].items()])
    ax.set(xlabel=f"mean {label(target)} with 95% interval")
    return ax


@plain_names
def plot_distribution(df, column="popularity", *, ax=None, **kwargs):
    """Draw the histogram of a column of numbers, with its median.

    Parameters
    ----------
    df : pd.DataFrame
    column : str
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to `seaborn.histplot`.

    Returns
    -------
    matplotlib Axes
    """
    need_columns(df, [column])
    values = df[column].dropna().astype("float64")
    ax = ax or plt.subplots(figsize=(7, 3.5))[1]
    # for whole numbers, bars of a whole width: otherwise some bars would cover more of the numbers than others
    whole = (values % 1 == 0).all()
    width = {"binwidth": max(1, round((values.max() - values.min()) / 40))} if whole and len(values) else {"bins": 40}
    sns.histplot(x=values, ax=ax, **width | {"color": "C0", "edgecolor": "white"} | kwargs)
    ax.axvline(values.median(), color="C1", lw=2, label=f"median {values.median():g}")
    ax.legend(frameon=False)
    ax.set(xlabel=label(column), ylabel="songs")
    return ax


@plain_names
def plot_missing(df, *, ax=None):
    """Draw the share of missing cells, for the columns that have some; returns the Axes."""
    share = df.isna().mean()[lambda share: share > 0].sort_values()
    ax = ax or plt.subplots(figsize=(7, max(1.6, .32 * len(share) + 1)))[1]
    bars = ax.barh(share.index.astype(str).str.replace("_", " "), 100 * share, color="C0")
    ax.bar_label(bars, [f"{100 * value:.3g}%" for value in share], padding=3)
    ax.set(xlabel="cells missing (%)", xlim=(0, max(1, 115 * share.max()) if len(share) else 1), ylim=(-1, len(share)))
    if share.empty:
        ax.text(.5, .5, "no cell is missing", ha="center", va="center", transform=ax.transAxes)
        ax.set(yticks=[])
    return ax


@plain_names
def plot_split(sides, column, *, ax=None):
    """Draw the share of each class on each side of a split; the bars of one class should have about the same length.

    Parameters
    ----------
    sides : dict of str to pd.DataFrame
        Such as ``{"train": train, "validate": validate, "test": test}``.
    column : str
        The column of the class; a column of numbers is cut into fifths.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    share = _shares_of_sides({f"{name} ({len(side):,} songs)": side for name, side in sides.items()}, column)
    share = share.iloc[:MOST_CATEGORIES][::-1]
    ax = ax or plt.subplots(figsize=(7, max(3, .5 * len(share) + 1)))[1]
    share[share.columns[::-1]].plot.barh(ax=ax, width=.8, color=["C2", "C1", "C0"][-share.shape[1]:])
    handles, names = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], names[::-1], frameon=False, loc="lower center", bbox_to_anchor=(.5, 1), ncols=3)
    ax.set(xlabel="songs of this side (%)", ylabel=label(column))
    return ax


def _shares_of_sides(sides, column):
    """The share of each class on each side in percent [shape=(classes, sides)], the largest class of the first side
    first; a column of numbers is cut into fifths."""
    rows = pd.concat([side[[column]].assign(side=name) for name, side in sides.items()])
    if _is_continuous(rows[column]):
        rows[column] = pd.qcut(rows[column].astype("float64"), 5, duplicates="drop").astype(str)
    share = 100 * pd.crosstab(rows[column].astype(str), rows["side"], normalize="columns")
    share = share[[name for name, side in sides.items() if len(side)]]
    return share.sort_values(share.columns[0], ascending=False)


def split_sentence(sides, column):
    """Whether the classes are as frequent on all sides of a split; the arguments are those of `plot_split`.

    Returns
    -------
    str

    Examples
    --------
    >>> train, test = pd.DataFrame({"genre": list("aabb")}), pd.DataFrame({"genre": ["a"]})
    >>> split_sentence({"train": train, "test": test}, "genre")
    'the class whose share differs most: a, 50% of train and 100% of test'
    """
    share = _shares_of_sides(sides, column)
    name = (share.max(axis=1) - share.min(axis=1)).idxmax()
    low, high = share.loc[name].idxmin(), share.loc[name].idxmax()
    return (f"the class whose share differs most: {name}, {share.loc[name, low]:.0f}% of {low} and "
            f"{share.loc[name, high]:.0f}% of {high}")


def missing_sentence(df):
    """The columns with missing values, those with most first.

    Parameters
    ----------
    df : pd.DataFrame

    Returns
    -------
    str

    Examples
    --------
    >>> missing_sentence(pd.DataFrame({"song": ["a", "b"], "album": ["c", None]}))
    '1 of 2 columns has missing values: album 50%'
    """
    share = df.isna().mean().sort_values(ascending=False, kind="stable")
    missing = share[share > 0]
    listed = ", ".join(f"{column} {value:.0%}" for column, value in missing.head(4).items())
    listed += f" and {len(missing) - 4} more" if len(missing) > 4 else ""
    return (f"{len(missing)} of {len(share)} columns {'has' if len(missing) == 1 else 'have'} missing values"
            + (f": {listed}" if listed else ""))


@plain_names
def plot_overlap(overlaps, *, group="artist", ax=None):
    """What a model could gain under each split by knowing artists, as from `preprocessing.artist_overlap`.

    Parameters
    ----------
    overlaps : dict of str to pd.Series
        The result of `artist_overlap` for each split, by the split's name.
    group : str
        The column that was given to `artist_overlap`; the labels name it.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    names = {"shared": f"test songs whose\n{group} is also in train",
             "lookup": f"accuracy of\nlooking up the\n{group}'s genre",
             "baseline": "accuracy of\nalways giving the\nmost frequent genre"}
    table = 100 * pd.DataFrame(overlaps).loc[list(names)].rename(names)
    ax = ax or plt.subplots(figsize=(7, 3.5))[1]
    table.plot.bar(ax=ax, rot=0, width=.75, color=["C0", "C3"][:table.shape[1]])
    for bars in ax.containers:
        ax.bar_label(bars, fmt="%.0f %%")
    ax.set(ylabel="%", ylim=(0, 112))
    ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(.5, 1), ncols=2)
    return ax
