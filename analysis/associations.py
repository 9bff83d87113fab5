"""What goes with what in a table of tracks: correlations, comparisons of groups, claims put to the test.

Every estimate has an interval, and many tests are corrected for. Songs of one artist are not independent of one
another, so intervals and p-values are cluster-robust by artist (Cameron and Miller, A Practitioner's Guide to
Cluster-Robust Inference, 2015), through statsmodels.
"""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.oneway import anova_oneway, confint_effectsize_oneway

from analysis.resampling import holm
from sources.artists import artist_groups

FEATURES = ["danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness", "liveness",
            "valence", "tempo", "key", "mode", "explicit", "has_feat", "duration_minutes", "release_year"]
SMALL_CORRELATION = .1
"""The smallest correlation worth a name (Cohen, Statistical Power Analysis, 1988)."""
FEWEST_GROUPS = 5
"""The fewest independent groups for which an interval is given."""
CLAIMS = [("louder songs are more popular", "loudness", 1),
          ("danceable songs are more popular", "danceability", 1)]
"""The report's claims: sentence, feature, sign of the correlation with popularity."""


def correlations(df, target="popularity", features=None, *, method="spearman", within=None, group="artist"):
    """Correlation of each feature with a target, with 95 % intervals and corrected for many tests.

    Parameters
    ----------
    df : pd.DataFrame
        A tracks table.
    target : str
    features : list of str, optional
        Those of `FEATURES` that the table has.
    method : {'spearman', 'pearson'}
        Of ranks, or linear.
    within : str, optional
        A column of categories; the correlation is then the one within categories, pooled over them: ranks are taken
        (or means removed) inside each.
    group : str or None
        Rows of the same group are not taken as independent; None, or a column that is not there, takes all as such.

    Returns
    -------
    pd.DataFrame
        One row a feature, strongest first: `r, low, high, p, p_holm, n, groups`.

    Examples
    --------
    >>> songs = pd.DataFrame({"loudness": [-9, -8, -7, -6, -5], "popularity": [10, 30, 20, 40, 50]})
    >>> correlations(songs).r.round(2).to_dict()
    {'loudness': 0.9}
    """
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


def _correlation(df, feature, target, method, within, groups):
    """r, low, high, p, n, number of groups: the slope between standardised values is the correlation."""
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
    (low, high), r = np.clip(fit.conf_int()[1], -1, 1), fit.params[1]
    return [r, low, high, fit.pvalues[1], len(pair), len(np.unique(clusters))]


def _fit(y, x, clusters):
    """Least squares with cluster-robust errors; heteroscedasticity-robust ones where each row is its own cluster."""
    model = sm.OLS(y, sm.add_constant(np.asarray(x, dtype=float), has_constant="add"))
    n_clusters = len(np.unique(clusters))
    if n_clusters == len(clusters) or n_clusters < 3:
        return model.fit(cov_type="HC1", use_t=True)
    return model.fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)


def correlations_within(df, target="popularity", by="first_genre", features=None, *, method="spearman", group="artist"):
    """Correlations in the whole table beside those within its categories, and what the pair says.

    Returns
    -------
    pd.DataFrame
        `r, low, high` over all, `r_within, low_within, high_within`, and `reading`: ``"within too"``; ``"mostly between"``
        (within, it is less than half as strong); ``"only between"`` (within, none is seen, and its interval excludes the
        correlation over all); ``"hidden by the mix"`` (seen only within); ``"reversed"``; ``"no clear relation"``; or
        ``"cannot be told"``.

    See Also
    --------
    correlations : what it is made of; the same parameters.
    """
    over = correlations(df.dropna(subset=[by]) if by in df else df, target, features, method=method, group=group)
    inner = correlations(df, target, list(over.index), method=method, within=by, group=group).loc[over.index]
    table = over[["r", "low", "high"]].join(inner[["r", "low", "high"]].add_suffix("_within"))
    table["reading"] = [_reading(*row) for row in zip(over["r"], over["p_holm"], inner["r"], inner["low"], inner["high"],
                                                      inner["p_holm"])]
    return table


def _reading(r, p, r_within, low_within, high_within, p_within, alpha=.05):
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
    """Mean of a target in each category, highest first, with 95 % intervals where five artists or more stand behind it.

    Returns
    -------
    pd.DataFrame
        One row a category: `n, groups, mean, low, high, median`.

    Examples
    --------
    >>> songs = pd.DataFrame({"first_genre": ["jazz"] * 3 + ["rock"] * 3, "popularity": [1, 2, 3, 7, 8, 9]})
    >>> compare_groups(songs)["mean"].to_dict()
    {'rock': 8.0, 'jazz': 2.0}
    """
    need_columns(df, [target, by])
    rows = []
    for category, part in df.dropna(subset=[target, by]).groupby(by, observed=True):
        y, clusters = part[target].to_numpy(dtype=float), artist_groups(part, group)
        low, high = np.nan, np.nan
        if len(np.unique(clusters)) >= FEWEST_GROUPS and y.std() > 0:
            low, high = _fit_mean(y, clusters).conf_int()[0]
        rows.append([category, len(y), len(np.unique(clusters)), y.mean(), low, high, np.median(y)])
    table = pd.DataFrame(rows, columns=[by, "n", "groups", "mean", "low", "high", "median"]).set_index(by)
    return table.sort_values("mean", ascending=False)


def _fit_mean(y, clusters):
    model, n_clusters = sm.OLS(y, np.ones(len(y))), len(np.unique(clusters))
    if n_clusters == len(clusters) or n_clusters < 3:
        return model.fit(use_t=True)
    return model.fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)


def group_effects(df, target="popularity", by=("first_genre", "decade", "explicit", "key")):
    """How much of a target's variance each grouping accounts for.

    Omega squared with its 95 % interval (statsmodels' `confint_effectsize_oneway`), and the p-values of Welch's analysis
    of variance and of the Kruskal-Wallis test. Songs are taken as independent here, so the intervals are a little too
    narrow where artists have many songs.

    Returns
    -------
    pd.DataFrame
        One row a grouping that the table has, strongest first: `categories, n, omega_squared, low, high, p_welch, p_kruskal`.

    Examples
    --------
    >>> songs = pd.DataFrame({"first_genre": ["jazz"] * 3 + ["rock"] * 3, "popularity": [1, 2, 3, 7, 8, 9]})
    >>> group_effects(songs).omega_squared.round(2).to_dict()
    {'first_genre': 0.9}
    """
    rows = []
    for column in [column for column in by if column in df]:
        known = df[[target, column]].dropna()
        parts = [part.to_numpy(dtype=float) for _, part in known[target].groupby(known[column], observed=True)]
        parts = [part for part in parts if len(part) > 2 and part.std() > 0]
        if len(parts) < 2:
            continue
        f, (between, inside) = anova_oneway(parts, use_var="equal").statistic, (len(parts) - 1, sum(map(len, parts)) - len(parts))
        omega_squared = between * (f - 1) / (between * f + inside + 1)
        with np.errstate(divide="ignore"):  # an effect of nothing at all
            low, high = confint_effectsize_oneway(f, (between, inside)).ci_omega2
        rows.append([column, len(parts), sum(map(len, parts)), max(0, omega_squared), max(0, low), max(0, high),
                     anova_oneway(parts, use_var="unequal").pvalue, stats.kruskal(*parts).pvalue])
    table = pd.DataFrame(rows, columns=["grouping", "categories", "n", "omega_squared", "low", "high", "p_welch", "p_kruskal"])
    return table.set_index("grouping").sort_values("omega_squared", ascending=False)


def feature_ttest(df, feature, target="popularity", *, group="artist"):
    """Compare a target's mean between songs with more and with less of a feature.

    Two-valued features give the two groups; others are cut at their median. Unequal variances are allowed for, as in
    Welch's test, and so is that an artist has several songs; the effect size is Hedges' g.

    Returns
    -------
    pd.Series
        `more` (what the first group is), `n_more, n_less, mean_more, mean_less, difference`, its 95 % interval `low, high`,
        the effect size with its interval `hedges_g, g_low, g_high`, and `p`.

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
    values, y = rows[feature].to_numpy(dtype=float), rows[target].to_numpy(dtype=float)
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


def verdict(r, low, high, sign=1):
    """What a correlation and its interval say about a claim of its sign.

    ``holds``: of that sign surely, and not small; ``holds, but is negligible``: of that sign surely, yet below `SMALL`;
    ``does not hold``: if there is anything, it is less than `SMALL`; ``the opposite holds``; else ``cannot be told``.

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
        Sentence, feature, sign.
    target : str
    by : str
        The categories within which each claim is tested as well, where the table has them.

    Returns
    -------
    pd.DataFrame
        One row a claim: the rank correlation with its 95 % interval, `points` (popularity of the upper quarter of songs by
        that feature less that of the lower), the same correlation within categories, `n`, and the `verdict` on each
        (see `verdict`).
    """
    rows = []
    for sentence, feature, sign in claims:
        if feature not in df:
            rows.append({"claim": sentence, "verdict": f"cannot be told: no column {feature!r}"})
            continue
        over = correlations(df, target, [feature], group=group).iloc[0]
        known = df[[feature, target]].dropna().astype("float64")
        lower, upper = known[feature].quantile([.25, .75])
        row = {"claim": sentence, "r": over["r"], "low": over["low"], "high": over["high"],
               "points": (known.loc[known[feature] >= upper, target].mean()
                          - known.loc[known[feature] <= lower, target].mean()),
               "n": int(over["n"]), "verdict": verdict(over["r"], over["low"], over["high"], sign)}
        if by in df:
            inner = correlations(df, target, [feature], within=by, group=group).iloc[0]
            row |= {"r_within": inner["r"], "low_within": inner["low"], "high_within": inner["high"],
                    "verdict_within": verdict(inner["r"], inner["low"], inner["high"], sign)}
        rows.append(row)
    return pd.DataFrame(rows).set_index("claim")


def running_median(df, x, y, bins=12):
    """Median and quartiles of `y` in slices of `x` that hold equally many rows; one row a slice."""
    rows = df[[x, y]].dropna().astype("float64")
    slices = pd.qcut(rows[x], min(bins, max(1, len(rows) // 8)), duplicates="drop")
    by = rows.groupby(slices, observed=True)
    return pd.DataFrame({"x": by[x].median(), "median": by[y].median(), "q25": by[y].quantile(.25),
                         "q75": by[y].quantile(.75), "n": by.size()}).reset_index(drop=True)
