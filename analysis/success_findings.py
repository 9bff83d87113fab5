"""What the tables and studies of success show, in one sentence each, for the lines above the figures."""

import pandas as pd

from analysis.findings import ALPHA, name_of
from analysis.hit_prediction import HELD_OUT, LATER, LEAKS, meaning
from analysis.printing import listed, number_text

HIT_WORDS = {"charted": "being in the chart", "top_10": "reaching the top 10", "long_stay": "a long stay in the chart"}
"""What each target of `hit_definition` means, after "what goes with"."""


def hit_words(target):
    """What a target means, as it is said in a sentence.

    Examples
    --------
    >>> hit_words("charted"), hit_words("popularity")
    ('being in the chart', 'popularity')
    """
    return HIT_WORDS.get(target, name_of(target))


def trends_in_words(tests, called="songs that charted"):
    """Which features of `trend_tests` rose or fell over the years, as a sentence."""
    if tests.empty or tests["n"].max() == 0:
        return f"The {called} have no years and features to look for trends in."
    words = [f"{name_of(feature)} {row['reading']} ({row['per_decade']:+.2g} a decade)"
             for feature, row in tests[tests["reading"].str.contains("rose|fell")].iterrows()]
    rest = len(tests) - len(words)
    if not words:
        return f"No trend can be named in any of {len(tests)} features of the {called}."
    return (f"Over the years, of the {called}, {listed(words)}; in {rest} of {len(tests)} features no trend can be "
            "named.")


def shapes_in_words(table, target="popularity"):
    """How far each curve of `success.shapes` moves the prediction, as a sentence."""
    scale, unit = (1, "points") if target == "popularity" else (100, "percentage points")
    words = []
    for feature, curve in table.groupby("feature", sort=False):
        top, bottom = curve.loc[curve["middle"].idxmax()], curve.loc[curve["middle"].idxmin()]
        words.append(f"{name_of(feature)} by {scale * (top['middle'] - bottom['middle']):.1f} (highest at "
                     f"{number_text(top['x'])}, lowest at {number_text(bottom['x'])})")
    return f"The mean prediction moves with {listed(words)} {unit}."


def by_genre_in_words(by_genre, differ):
    """How many correlations of `factors_by_genre` are significant, and whether genres differ, as a sentence."""
    sure = by_genre[by_genre["p_holm"] < ALPHA]
    words = [f"{name_of(row.feature)} in {row.genre} ({row.r:+.2f})" for row in sure.itertuples()]
    verb = "is" if len(sure) == 1 else "are"
    first = f"{len(sure)} of {len(by_genre)} correlations {verb} significant after correction: {listed(words)}."
    if not len(differ):
        return f"{first} There are no two genres to compare."
    features = list(differ.index[differ["p_holm"] < ALPHA])
    if features:
        return f"{first} Genres differ in {listed(map(name_of, features))}."
    return f"{first} That genres differ cannot be told for any of {len(differ)} features."


def study_in_words(study):
    """How well hits are ranked by the honest studies, and what the largest leak would add, in three sentences."""
    words = []
    for name, where in ((HELD_OUT, "Songs of other artists"), (LATER, "Songs of later years and other artists")):
        if (name, "boosting") in study.scores.index:
            row = study.scores.loc[name, "boosting"]
            words.append(f"{where}: of a hit and another song, gradient boosting ranks the hit higher "
                         f"{100 * row['roc_auc']:.0f} times in 100 ({100 * row['low']:.0f} to {100 * row['high']:.0f}; "
                         f"a coin: 50). This says {meaning(row['roc_auc'], row['low'], row['high'])}.")
    leaks = study.scores["worth"].dropna()
    leaks = leaks[leaks.index.get_level_values("study").isin(LEAKS)]
    if len(leaks) and leaks.max() > 0:
        (name, model), most = leaks.idxmax(), leaks.max()
        words.append(f"The largest leak ({name}, {model}) would add {100 * most:.0f} points that are not real.")
    return " ".join(words)


def calibration_in_words(deciles):
    """Whether predicted probabilities agree with the shares of hits, as a sentence; see `hit_prediction.deciles`."""
    inside = (deciles["low"] <= deciles["predicted"]) & (deciles["predicted"] <= deciles["high"])
    error = (deciles["predicted"] - deciles["hits"]).abs().mul(deciles["n"]).sum() / deciles["n"].sum()
    known = deciles["low"].notna()
    return (f"Predicted and observed shares of hits differ by {100 * error:.1f} points on average; in "
            f"{int(inside.sum())} of {int(known.sum())} groups the interval holds the prediction.")


def lift_in_words(deciles):
    """How many more hits than average the highest and the lowest predictions hold, as a sentence."""
    top, bottom = deciles.iloc[-1], deciles.iloc[0]
    base = pd.Series(deciles["hits"] / deciles["lift"]).mean()
    return (f"The tenth with the highest predictions holds {top['lift']:.1f} times the average share of hits "
            f"({max(0, top['low']) / base:.1f} to {top['high'] / base:.1f}), the tenth with the lowest "
            f"{bottom['lift']:.1f} times.")
