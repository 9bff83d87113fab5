"""Associations in a table of tracks: correlations, comparisons of groups, tests of claims.

Every estimate has an interval, and p-values are corrected for many tests. Songs of one artist are not independent of
each other, so intervals and p-values are cluster-robust by artist (Cameron and Miller, A Practitioner's Guide to
Cluster-Robust Inference, 2015); statsmodels computes them.
"""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.oneway import anova_oneway, confint_effectsize_oneway

from analysis.resampling import holm
from sources.artists import artist_groups

FEATURES = ["danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness", "liveness",
            "valence", "tempo", "mode", "explicit", "has_feat", "duration_minutes", "release_year"]
"""The features that are correlated. Not `key`: C follows B, so it is a place on a circle, and no larger or smaller than
another; `group_effects` compares the keys as categories."""
CIRCULAR = ("key",)
"""Columns of numbers that are places on a circle; a linear correlation with them has no meaning."""
SMALL_CORRELATION = .1
"""The smallest correlation that is not negligible (Cohen, Statistical Power Analysis, 1988)."""
FEWEST_GROUPS = 5
"""The fewest independent groups for which an interval is given."""
CLAIMS = [("louder songs are more popular", "loudness", 1),
          ("danceable songs are more popular", "danceability", 1)]
"""The report's claims: sentence, feature, sign of the correlation with popularity."""


def correlations(df, target="popularity", features=None, *, method="spearman", within=None, group="artist"):
    """Correlation of each feature with a target, with 95% intervals and p-values corrected for many tests.

    Parameters
    ----------
    df : pd.DataFrame
        A tracks table.
    target : str
        A column of numbers.
    features : list of str, optional
        The columns of `FEATURES` that the table has, if not given.
    method : {'spearman', 'pearson'}
        The correlation of ranks, or of the values.
    within : str, optional
        A column of categories. The correlation is then the one within categories, pooled over them: values are ranked,
        and their mean is subtracted, inside each category.
    group : str or None
        The column of the artist (see `sources.artists.artist_groups`): rows of one group count as dependent.

    Returns
    -------
    pd.DataFrame
        One row a feature, the strongest first: `r, low, high, p, p_holm, n, groups`.

    Raises
    ------
    ValueError
        A column is missing, or is a place on a circle (`CIRCULAR`), or the method is unknown.

    Examples
    --------
    >>> songs = pd.DataFrame({"loudness": [-9, -8, -7, -6, -5], "popularity": [10, 30, 20, 40, 50]})
    >>> correlations(songs).r.round(2).to_dict()
    {'loudness': 0.9}
    """
    need_linear([target, *(features or [])])
    if method not in ("spearman", "pearson"):
        raise ValueError(f"method={method!r}: choose 'spearman' or 'pearson'")
    features = [f for f in FEATURES if f in df and f != target] if features is None else list(features)
    need_columns(df, [target, *features, *([within] if within else [])])
    groups = artist_groups(df, group)
    table = pd.DataFrame([_correlation(df, feature, target, method, within, groups) for feature in features],
                         index=pd.Index(features, name="feature"),
                         columns=["r", "low", "high", "p", "n", "groups"])
    table.insert(4, "p_holm", np.nan)
    tested = table["p"].notna()
    if tested.any():
        table.loc[tested, "p_holm"] = holm(table.loc[tested, "p"])
    return table.sort_values("r", key=abs, ascending=False).astype({"n": int, "groups": int})


def need_columns(df, columns):
    """Raise a clear error where a table lacks columns."""
    missing = [column for column in columns if column not in df]
    if missing:
        raise ValueError(f"the table has no column {', '.join(map(repr, missing))}; it has {list(df.columns)}")


def need_linear(columns):
    """Raise a clear error where a column is a place on a circle, which has no linear correlation."""
    circular = [column for column in columns if column in CIRCULAR]
    if circular:
        raise ValueError(f"{', '.join(map(repr, circular))} is a place on a circle (C follows B), and has no linear "
                         "correlation: compare the keys as categories with group_effects or compare_groups")


def _correlation(df, feature, target, method, within, groups):
    """r, low, high, p, n and the number of groups; the slope between standardised values is the correlation."""
    columns = [feature, target] + ([within] if within else [])
    complete = df[columns].notna().all(axis=1).to_numpy()
    rows = df.loc[complete, columns]
    pair = rows[[feature, target]].astype("float64")
    by = pair.groupby(rows[within].to_numpy()) if within else None
    if method == "spearman":
        pair = pair.rank() if by is None else by.rank(pct=True)
    pair = pair - (pair.mean() if within is None else pair.groupby(rows[within].to_numpy()).transform("mean"))
    clusters = groups[complete]
    spread = pair.std(ddof=0)
    if len(pair) < 4 or not (spread > 1e-12).all():
        return [np.nan, np.nan, np.nan, np.nan, len(pair), len(np.unique(clusters))]
    pair = pair / spread
    fit = _fit(pair[target].to_numpy(), pair[feature].to_numpy(), clusters)
    low, high = np.clip(fit.conf_int()[1], -1, 1)
    return [fit.params[1], low, high, fit.pvalues[1], len(pair), len(np.unique(clusters))]


def _fit(y, x, clusters):
    """Least squares with cluster-robust errors, or heteroscedasticity-robust ones where each row is its own cluster."""
    model = sm.OLS(y, sm.add_constant(np.asarray(x, dtype=float), has_constant="add"))
    n_clusters = len(np.unique(clusters))
    if n_clusters == len(clusters) or n_clusters < 3:
        return model.fit(cov_type="HC1", use_t=True)
    return model.fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)


def correlations_within(df, target="popularity", by="first_genre", features=None, *, method="spearman", group="artist"):
    """Correlations over the whole table and within its categories, and what the two mean together.

    Parameters
    ----------
    df, target, features, method, group
        As in `correlations`.
    by : str
        The column of categories.

    Returns
    -------
    pd.DataFrame
        `r, low, high` over all songs, `r_within, low_within, high_within`, and a `reading`:

        - ``"within too"``: significant over all songs and within categories;
        - ``"mostly between"``: the same, but within categories less than half as strong;
        - ``"only between"``: not significant within categories, and the interval there excludes the correlation over
          all songs;
        - ``"hidden by the mix"``: significant only within categories;
        - ``"reversed"``: significant with opposite signs;
        - ``"no clear relation"``: not significant;
        - ``"cannot be told"``: none of these.
    """
    overall = correlations(df.dropna(subset=[by]) if by in df else df, target, features, method=method, group=group)
    within = correlations(df, target, list(overall.index), method=method, within=by, group=group).loc[overall.index]
    table = overall[["r", "low", "high"]].join(within[["r", "low", "high"]].add_suffix("_within"))
    numbers = zip(overall["r"], overall["p_holm"], within["r"], within["low"], within["high"], within["p_holm"])
    table["reading"] = [_reading(*row) for row in numbers]
    return table


def _reading(r, p, r_within, low_within, high_within, p_within, alpha=.05):
    """The reading of `correlations_within` for one feature."""
    if not (p < alpha or p_within < alpha):
        return "no clear relation"
    if not p < alpha:
        return "hidden by the mix"
    if p_within < alpha:
        if r * r_within < 0:
            return "reversed"
        return "within too" if abs(r_within) >= abs(r) / 2 else "mostly between"
    return "cannot be told" if low_within <= r <= high_within else "only between"


def compare_groups(df, target="popularity", by="first_genre", *, group="artist"):
    """Mean of a target in each category, with 95% intervals for categories of five artists or more.

    Parameters
    ----------
    df : pd.DataFrame
    target : str
        A column of numbers.
    by : str
        The column of categories.
    group : str or None
        As in `correlations`.

    Returns
    -------
    pd.DataFrame
        One row a category, the highest mean first: `n, groups, mean, low, high, median`.

    Examples
    --------
    >>> songs = pd.DataFrame({"first_genre": ["jazz"] * 3 + ["rock"] * 3, "popularity": [1, 2, 3, 7, 8, 9]})
    >>> compare_groups(songs)["mean"].to_dict()
    {'rock': 8.0, 'jazz': 2.0}
    """
    need_columns(df, [target, by])
    rows = []
    for category, songs in df.dropna(subset=[target, by]).groupby(by, observed=True):
        y = songs[target].to_numpy(dtype=float)
        clusters = artist_groups(songs, group)
        low, high = np.nan, np.nan
        if len(np.unique(clusters)) >= FEWEST_GROUPS and y.std() > 0:
            low, high = _fit_mean(y, clusters).conf_int()[0]
        rows.append([category, len(y), len(np.unique(clusters)), y.mean(), low, high, np.median(y)])
    table = pd.DataFrame(rows, columns=[by, "n", "groups", "mean", "low", "high", "median"]).set_index(by)
    return table.sort_values("mean", ascending=False)


def _fit_mean(y, clusters):
    """The mean as a least-squares fit, with cluster-robust errors where rows share clusters."""
    model = sm.OLS(y, np.ones(len(y)))
    n_clusters = len(np.unique(clusters))
    if n_clusters == len(clusters) or n_clusters < 3:
        return model.fit(use_t=True)
    return model.fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)


def group_effects(df, target="popularity", by=("first_genre", "decade", "explicit", "key")):
    """How much of a target's variance each grouping explains.

    Omega squared with its 95% interval (statsmodels' `confint_effectsize_oneway`), and the p-values of Welch's
    analysis of variance and of the Kruskal-Wallis test. Songs count as independent here, so the intervals are a little
    too narrow where artists have many songs.

    Parameters
    ----------
    df : pd.DataFrame
    target : str
        A column of numbers.
    by : sequence of str
        Columns of categories; those that the table does not have are left out.

    Returns
    -------
    pd.DataFrame
        One row a grouping, the strongest first: `categories, n, omega_squared, low, high, p_welch, p_kruskal`.

    Examples
    --------
    >>> songs = pd.DataFrame({"first_genre": ["jazz"] * 3 + ["rock"] * 3, "popularity": [1, 2, 3, 7, 8, 9]})
    >>> group_effects(songs).omega_squared.round(2).to_dict()
    {'first_genre': 0.9}
    """
    rows = []
    for column in [column for column in by if column in df]:
        known = df[[target, column]].dropna()
        samples = [values.to_numpy(dtype=float) for _, values in known[target].groupby(known[column], observed=True)]
        samples = [values for values in samples if len(values) > 2 and values.std() > 0]
        if len(samples) < 2:
            continue
        n = sum(map(len, samples))
        rows.append([column, len(samples), n, *_omega_squared(samples),
                     anova_oneway(samples, use_var="unequal").pvalue, stats.kruskal(*samples).pvalue])
    columns = ["grouping", "categories", "n", "omega_squared", "low", "high", "p_welch", "p_kruskal"]
    table = pd.DataFrame(rows, columns=columns).set_index("grouping")
    return table.sort_values("omega_squared", ascending=False)


def _omega_squared(samples):
    """Omega squared of a one-way analysis of variance, with its 95% interval; none of them below zero."""
    f = anova_oneway(samples, use_var="equal").statistic
    df_between = len(samples) - 1
    df_within = sum(map(len, samples)) - len(samples)
    omega_squared = df_between * (f - 1) / (df_between * f + df_within + 1)
    with np.errstate(divide="ignore"):  # where the effect is exactly zero
        low, high = confint_effectsize_oneway(f, (df_between, df_within)).ci_omega2
    return max(0, omega_squared), max(0, low), max(0, high)


def feature_ttest(df, feature, target="popularity", *, group="artist"):
    """Compare a target's mean between songs with more and songs with less of a feature.

    A feature with two values defines the two groups; any other is cut at its median. The test allows for unequal
    variances, as Welch's does, and for artists with several songs. The effect size is Hedges' g.

    Parameters
    ----------
    df : pd.DataFrame
    feature, target : str
        Columns of numbers, or of yes and no.
    group : str or None
        As in `correlations`.

    Returns
    -------
    pd.Series
        `more` (the definition of the first group), `n_more, n_less, mean_more, mean_less, difference`, its 95%
        interval `low, high`, the effect size with its interval `hedges_g, g_low, g_high`, and `p`.

    Raises
    ------
    ValueError
        A column is missing, or the feature does not divide the songs into two groups.

    Examples
    --------
    >>> songs = pd.DataFrame({"explicit": [True] * 3 + [False] * 3, "popularity": [7, 8, 9, 1, 2, 3]})
    >>> int(feature_ttest(songs, "explicit")["difference"].round())
    6
    """
    need_columns(df, [feature, target])
    rows = df.dropna(subset=[feature, target])
    values = rows[feature].to_numpy(dtype=float)
    y = rows[target].to_numpy(dtype=float)
    cut = np.median(values) if len(np.unique(values)) > 2 else values.min(initial=np.inf)
    more = values > cut
    if min(more.sum(), (~more).sum()) < 2:
        raise ValueError(f"{feature!r} does not divide the {len(rows)} songs into two groups of two or more")
    fit = _fit(y, more, artist_groups(rows, group))
    low, high = fit.conf_int()[1]
    n_more, n_less = int(more.sum()), int((~more).sum())
    pooled = np.sqrt(((n_more - 1) * y[more].var(ddof=1) + (n_less - 1) * y[~more].var(ddof=1)) / (len(y) - 2))
    small_sample = 1 - 3 / (4 * len(y) - 9)  # Hedges' correction
    return pd.Series({"more": f"{feature} > {cut:g}", "n_more": n_more, "n_less": n_less, "mean_more": y[more].mean(),
                      "mean_less": y[~more].mean(), "difference": fit.params[1], "low": low, "high": high,
                      "hedges_g": small_sample * fit.params[1] / pooled, "g_low": small_sample * low / pooled,
                      "g_high": small_sample * high / pooled, "p": fit.pvalues[1]}, name=feature)


def feature_ttests(df, features, target="popularity", *, group="artist"):
    """`feature_ttest` of several features, one row each; a printed sentence names those that cannot be tested.

    Parameters
    ----------
    df : pd.DataFrame
    features : list of str
        Those that the table does not have are left out.
    target : str
    group : str or None
        As in `correlations`.

    Returns
    -------
    pd.DataFrame

    Examples
    --------
    >>> songs = pd.DataFrame({"explicit": [True] + [False] * 5, "loudness": range(6), "popularity": [7, 8, 9, 1, 2, 3]})
    >>> feature_ttests(songs, ["explicit", "loudness"]).index.tolist()
    not tested: 'explicit' does not divide the 6 songs into two groups of two or more
    ['loudness']
    """
    rows = {}
    for feature in [feature for feature in features if feature in df]:
        try:
            rows[feature] = feature_ttest(df, feature, target, group=group)
        except ValueError as error:
            print(f"not tested: {error}")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("feature")


def verdict(r, low, high, sign=1):
    """The verdict of a correlation and its interval on a claim that the correlation has a certain sign.

    ``holds``: the interval excludes zero, and the correlation is at least `SMALL_CORRELATION`; ``holds, but is
    negligible``: the interval excludes zero, but the correlation is smaller than that; ``does not hold``: the
    correlation is below `SMALL_CORRELATION` or of the opposite sign; ``the opposite holds``; else ``cannot be told``.

    Parameters
    ----------
    r, low, high : float
        The correlation and its 95% interval.
    sign : {1, -1}
        The sign that is claimed.

    Returns
    -------
    str

    Examples
    --------
    >>> verdict(.3, .2, .4), verdict(.045, .03, .06), verdict(0, -.05, .05), verdict(.1, -.2, .4)
    ('holds', 'holds, but is negligible', 'does not hold', 'cannot be told')
    """
    r, low, high = (r, low, high) if sign > 0 else (-r, -high, -low)
    if low > 0:
        return "holds" if r >= SMALL_CORRELATION else "holds, but is negligible"
    if high < 0:
        return "the opposite holds" if r <= -SMALL_CORRELATION else "does not hold"
    return "does not hold" if high < SMALL_CORRELATION else "cannot be told"


def check_claims(df, claims=CLAIMS, target="popularity", *, by="first_genre", group="artist"):
    """Test claims such as "louder songs are more popular" on a table.

    Parameters
    ----------
    df : pd.DataFrame
    claims : list of (str, str, int)
        Sentence, feature, and the sign of its correlation with the target.
    target : str
    by : str
        A column of categories. Where the table has it, each claim is tested within categories as well.
    group : str or None
        As in `correlations`.

    Returns
    -------
    pd.DataFrame
        One row a claim: the rank correlation with its 95% interval, `points` (the mean target of the quarter of songs
        with most of the feature, minus that of the quarter with least), the correlation within categories, `n`, and a
        verdict on both correlations (see `verdict`).
    """
    rows = []
    for sentence, feature, sign in claims:
        absent = [column for column in (feature, target) if column not in df]
        if absent:
            rows.append({"claim": sentence, "verdict": f"cannot be told: no column {absent[0]!r}"})
            continue
        overall = correlations(df, target, [feature], group=group).iloc[0]
        known = df[[feature, target]].dropna().astype("float64")
        lower, upper = known[feature].quantile([.25, .75])
        points = known.loc[known[feature] >= upper, target].mean() - known.loc[known[feature] <= lower, target].mean()
        row = {"claim": sentence, "r": overall["r"], "low": overall["low"], "high": overall["high"], "points": points,
               "n": int(overall["n"]), "verdict": verdict(overall["r"], overall["low"], overall["high"], sign)}
        if by in df:
            within = correlations(df, target, [feature], within=by, group=group).iloc[0]
            row |= {"r_within": within["r"], "low_within": within["low"], "high_within": within["high"],
                    "verdict_within": verdict(within["r"], within["low"], within["high"], sign)}
        rows.append(row)
    return pd.DataFrame(rows).set_index("claim")


def running_median(df, x, y, bins=12):
    """Median and quartiles of `y` in bins of `x` with equally many rows.

    Parameters
    ----------
    df : pd.DataFrame
    x, y : str
        Columns of numbers.
    bins : int
        The largest number of bins; there are fewer where a bin would have fewer than eight rows.

    Returns
    -------
    pd.DataFrame
        One row a bin: the median of `x`, `median, q25, q75` of `y`, and `n` rows.
    """
    rows = df[[x, y]].dropna().astype("float64")
    if rows.empty:
        return pd.DataFrame(columns=["x", "median", "q25", "q75", "n"], dtype="float64")
    cut = pd.qcut(rows[x], min(bins, max(1, len(rows) // 8)), duplicates="drop")
    binned = rows.groupby(cut, observed=True)
    return pd.DataFrame({"x": binned[x].median(), "median": binned[y].median(), "q25": binned[y].quantile(.25),
                         "q75": binned[y].quantile(.75), "n": binned.size()}).reset_index(drop=True)
