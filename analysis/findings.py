"""What the tables of `analysis.associations` show, in one sentence each, for the lines above the figures."""

import numpy as np

from analysis.associations import FEATURES, SMALL_CORRELATION, running_median
from analysis.column_labels import label
from analysis.printing import listed, number_text

LARGEST_EFFECTS = ((.14, "large"), (.06, "medium"), (.01, "small"), (0, "negligible"))
"""The word for an omega squared of at least this size (Cohen, Statistical Power Analysis, 1988)."""
ALPHA = .05
FEWEST_ROWS = 3
"""The median of fewer songs says little of a group."""


def name_of(column):
    """A column's name as it is said in a sentence: without its unit."""
    return label(column).split(" (")[0]


def distribution_in_words(df, column="popularity"):
    """The median of a column and its middle half, as a sentence.

    Examples
    --------
    >>> import pandas as pd
    >>> distribution_in_words(pd.DataFrame({"popularity": [10, 20, 30, 40, 50]}))
    'Half of the 5 songs have a popularity between 20 and 40; the median is 30.'
    """
    values = df[column].dropna().astype("float64")
    if values.empty:
        return f"No song has a {name_of(column)}."
    low, middle, high = (f"{number:.4g}" for number in values.quantile([.25, .5, .75]))
    return (f"Half of the {len(values):,} songs have a {name_of(column)} between {low} and {high}; "
            f"the median is {middle}.")


def running_in_words(df, x, y):
    """How far the median of `y` moves from the songs with least to those with most of `x`, as a sentence.

    Parameters
    ----------
    df : pd.DataFrame
    x, y : str
        Columns of numbers.

    Returns
    -------
    str
    """
    table = running_median(df, x, y)
    if len(table) < 2:
        return f"There are too few songs with {name_of(x)} and {name_of(y)} to compare."
    first, last = table.iloc[0], table.iloc[-1]
    move = last["median"] - first["median"]
    width = (table["q75"] - table["q25"]).mean()
    size = "less than a quarter of" if abs(move) < width / 4 else "less than" if abs(move) < width else "more than"
    return (f"From the songs with the lowest {name_of(x)} ({number_text(first['x'])}) to those with the highest "
            f"({number_text(last['x'])}), the median {name_of(y)} goes from {first['median']:.3g} to "
            f"{last['median']:.3g}: {size} the width of the band, {width:.3g} points.")


def boxes_in_words(df, by, target="popularity", fewest=5):
    """How far the medians of categories are apart, beside the spread inside them, as a sentence."""
    known = df.dropna(subset=[by, target])
    groups = known.groupby(known[by].astype(object))[target]
    medians = groups.median()[groups.size() >= fewest].astype("float64")
    if len(medians) < 2:
        return f"There are not two groups of {fewest} songs or more to compare by {name_of(by)}."
    if np.ptp(medians) == 0:
        return f"All {len(medians)} groups of {fewest} songs or more have the same median: {medians.iloc[0]:.3g}."
    width = (groups.quantile(.75) - groups.quantile(.25))[medians.index].astype("float64").mean()
    return (f"Of {len(medians)} groups of {fewest} songs or more, {medians.idxmax()} has the highest median "
            f"{name_of(target)} ({medians.max():.3g}) and {medians.idxmin()} the lowest ({medians.min():.3g}): "
            f"the medians are {np.ptp(medians):.3g} points apart, and the middle half of a group is {width:.3g} points "
            "wide on average.")


def groups_in_words(table, target="popularity"):
    """The highest and the lowest mean of `compare_groups`, and whether their intervals overlap, as a sentence."""
    known = table.dropna(subset=["low"])
    if len(known) < 2:
        return "There are not two groups of five artists or more, so no means can be compared."
    high, low = known.iloc[0], known.iloc[-1]
    apart = "do not overlap" if high["low"] > low["high"] else "overlap: the order of the groups may be chance"
    return (f"{_mean(high)} has the highest mean {name_of(target)} and {_mean(low)} the lowest; their intervals "
            f"{apart}.")


def _mean(row):
    return f"{row.name} ({row['mean']:.3g}, {row['low']:.3g} to {row['high']:.3g})"


def effects_in_words(table, target="popularity"):
    """How much of the variance each grouping of `group_effects` explains, as a sentence.

    Examples
    --------
    >>> import pandas as pd
    >>> effects_in_words(pd.DataFrame({"omega_squared": [.03], "low": [.01], "high": [.05]}, index=["first_genre"]))
    'Of the variance of popularity, genre explains 3.0% (1.0 to 5.0%, small).'
    """
    if table.empty:
        return "The table has no groupings to compare."
    words = [f"{name_of(name)} explains {100 * row['omega_squared']:.1f}% ({100 * row['low']:.1f} to "
             f"{100 * row['high']:.1f}%, {_effect(row['omega_squared'])})" for name, row in table.iterrows()]
    return f"Of the variance of {name_of(target)}, {listed(words)}."


def _effect(omega_squared):
    return next(word for least, word in LARGEST_EFFECTS if omega_squared >= least)


def pairs_in_words(df, target=None):
    """Which feature goes most with the target, and which two features go most with each other, as a sentence."""
    features = [feature for feature in FEATURES if feature in df and feature != target]
    table = df[[*features, *([target] if target else [])]].astype("float64").corr("spearman")
    sentences = []
    if target and table[target].drop(target).notna().any():
        best = table[target].drop(target).abs().idxmax()
        sentences.append(f"{name_of(best).capitalize()} has the strongest correlation with {name_of(target)} "
                         f"({table.loc[best, target]:+.2f}).")
    among = table.loc[features, features].where(np.tril(np.ones((len(features),) * 2, dtype=bool), k=-1)).stack()
    if len(among.dropna()):
        pair = among.abs().idxmax()
        sentences.append(f"Of the features themselves, {name_of(pair[0])} and {name_of(pair[1])} go together most "
                         f"({among[pair]:+.2f}).")
    return " ".join(sentences) or "The table has no two features to compare."


def correlations_in_words(table, target="popularity"):
    """Which correlations of `correlations` are significant after correction, and how large they are, as a sentence."""
    sure = table[table["p_holm"] < ALPHA]
    if table["p_holm"].isna().all():
        return f"There are too few songs to correlate anything with {name_of(target)}."
    if sure.empty:
        return f"None of the {len(table)} correlations with {name_of(target)} is significant after correction."
    large = sure[sure["r"].abs() >= SMALL_CORRELATION]
    words = [f"{name_of(feature)} ({row['r']:+.2f})" for feature, row in sure.iterrows()]
    verb = "is" if len(sure) == 1 else "are"
    return (f"{len(sure)} of {len(table)} correlations with {name_of(target)} {verb} significant after correction: "
            f"{listed(words)}; {len(large) or 'none'} of them {'is' if len(large) < 2 else 'are'} "
            f"{SMALL_CORRELATION} or more.")


def within_in_words(table):
    """The features of `correlations_within` by their reading, as a sentence."""
    words = {"within too": "within groups too", "mostly between": "mostly a difference between groups",
             "only between": "only a difference between groups", "reversed": "reversed within groups",
             "hidden by the mix": "only within groups", "no clear relation": "no clear relation",
             "cannot be told": "cannot be told"}
    found = table.groupby("reading").groups
    text = "; ".join(f"{words[reading]}: {listed(map(name_of, found[reading]), most=20)}"
                     for reading in words if reading in found)
    return f"{text[:1].upper()}{text[1:]}."


def group_sentence(df, by, column):
    """In which group a value is highest and lowest, by the median, and how much of its variance lies between groups.

    Groups with fewer than `FEWEST_ROWS` rows are left out.

    Parameters
    ----------
    df : pd.DataFrame
    by : str
        The column of the groups.
    column : str
        The value.

    Returns
    -------
    str

    Examples
    --------
    >>> import pandas as pd
    >>> group_sentence(pd.DataFrame({"genre": list("aaabbbc"), "tempo": [1, 2, 3, 7, 8, 9, 0]}), "genre", "tempo")
    'tempo: highest in b (median 8), lowest in a (2); 93% of the variance lies between the genres'
    """
    rows = df[[by, column]].dropna()
    rows = rows[rows.groupby(by, observed=True)[column].transform("size") >= FEWEST_ROWS]
    values, groups = rows[column].astype("float64"), rows[by].astype(object)
    medians = values.groupby(groups).median().sort_values()
    if len(medians) < 2:
        return f"{column}: there are no two {by}s with {FEWEST_ROWS} songs or more to compare"
    means = values.groupby(groups).transform("mean")
    between = means.var() / values.var() if values.var() else 0.0
    return (f"{column}: highest in {medians.index[-1]} (median {medians.iloc[-1]:,.4g}), lowest in {medians.index[0]} "
            f"({medians.iloc[0]:,.4g}); {between:.0%}" + f" of the variance lies between the {by}s")
