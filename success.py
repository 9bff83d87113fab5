"""What is associated with success: over all songs, within genre and year, within artists, and in each genre."""

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from analysis.associations import (
    CIRCULAR,
    SMALL_CORRELATION,
    check_claims,
    correlations,
    correlations_within,
    need_columns,
)
from analysis.column_labels import label
from analysis.genre_differences import FEWEST_SONGS_TO_COMPARE, genres_differ
from analysis.hit_prediction import (
    HELD_OUT,
    LATER,
    POOR,
    SOUND,
    USEFUL,
    HitStudy,
    deciles,
    hit_study,
    meaning,
    plot_decile_calibration,
    plot_lift,
    plot_study,
    scores_without,
    song_appeal,
    study_obstacle,
)
from analysis.resampling import bootstrap_weights, drawn_rows, holm
from analysis.success_findings import (
    by_genre_in_words,
    calibration_in_words,
    hit_words,
    lift_in_words,
    shapes_in_words,
    study_in_words,
    trends_in_words,
)
from analysis.trends import plot_trend, plot_trends, trend_tests, trends
from signals.plain_names import plain_names
from sources.artists import artist_groups

__all__ = ["ALPHA", "HitStudy", "STRENGTHS", "auc_verdict", "by_genre_in_words", "calibration_in_words",
           "check_success_claims", "conclusions", "deciles", "factors_by_genre", "genres_differ", "hit_study",
           "hit_words",
           "in_words", "lift_in_words", "plot_decile_calibration", "plot_factors_by_genre", "plot_lift", "plot_shapes",
           "plot_study", "plot_trend", "plot_trends", "scores_without", "shapes", "shapes_in_words", "song_appeal",
           "study_in_words", "study_obstacle", "success_factors", "trend_tests", "trends", "trends_in_words"]

ALPHA = .05
"""A result is called sure where its p-value, corrected for many tests, is below this."""
STRENGTHS = ((.5, "strong"), (.3, "moderate"), (SMALL_CORRELATION, "weak"), (0, "negligible"))
"""The word for a correlation of at least this size (Cohen, Statistical Power Analysis, 1988)."""
FEWEST_IN_CELL = 10
"""The number of songs of the same genre and years that most songs should have for comparison."""


# ---- associations with success

def in_words(r, low, high, p, *, alpha=ALPHA):
    """The strength of a correlation and whether it is significant, in words.

    The words follow `STRENGTHS`, `ALPHA` and `associations.SMALL_CORRELATION`.

    Parameters
    ----------
    r, low, high, p : float
        The correlation, its 95% interval, and its corrected p-value.
    alpha : float
        The level of significance.

    Returns
    -------
    str
        A strength with ``", sure"``; ``"none to speak of"`` where the whole interval is negligible; or ``"cannot be
        told"``.

    Examples
    --------
    >>> in_words(.34, .3, .4, 1e-9), in_words(.045, .03, .06, 1e-9)
    ('moderate, sure', 'negligible, sure')
    >>> in_words(.01, -.04, .06, .8), in_words(.1, -.1, .3, .4)
    ('none to speak of', 'cannot be told')
    """
    if np.isfinite(p) and p < alpha:
        return _strength(r) + ", sure"
    return "none to speak of" if max(-low, high) < SMALL_CORRELATION else "cannot be told"


def _strength(r):
    return next(word for size, word in STRENGTHS if abs(r) >= size)


def success_factors(tracks, target="popularity", features=None, *, genre="first_genre", year="release_year",
                    group="artist"):
    """How each feature is associated with success: over all songs, within genre and year, and within artists.

    Parameters
    ----------
    tracks : pd.DataFrame
        As from `preprocessing.create_features`.
    target : str
        Popularity, a peak, or whether a song charted.
    features : list of str, optional
        If not given, the columns of `SOUND` that the table has, and `explicit` and `has_feat`.
    genre, year : str
        The columns that are held constant in `r_within`; one that the table does not have is left out. In a small table
        several years are pooled, up to decades.
    group : str
        The column of the artist.

    Returns
    -------
    pd.DataFrame
        One row a feature, the strongest first: rank correlation `r` with its 95% interval `low, high` and corrected
        `p_holm`; `linear`, Pearson's correlation; `r_within, low_within, high_within` among songs of the same genre and
        year, and the `reading` of both (see `associations.correlations_within`); `r_artist, low_artist, high_artist`
        among songs of the same artist; `n`; and `strength` in words (see `in_words`).

    Examples
    --------
    >>> songs = pd.DataFrame({"loudness": [-9, -8, -7, -6, -5], "popularity": [10, 30, 20, 40, 50]})
    >>> success_factors(songs)[["r", "r_within"]].round(2).values.tolist()
    [[0.9, nan]]
    """
    features = _features(tracks, features, "explicit", "has_feat")
    table = correlations(tracks, target, features, group=group)
    table["linear"] = correlations(tracks, target, features, method="pearson", group=group)["r"]
    cells = _cells(tracks, genre, year)
    within = correlations_within(tracks.assign(_cell=cells), target, "_cell", features, group=group)
    table = table.join(within[["r_within", "low_within", "high_within", "reading"]])
    by_artist = tracks.assign(_artist=artist_groups(tracks, group))
    artist = correlations(by_artist, target, features, within="_artist", group="_artist")
    table = table.join(artist[["r", "low", "high"]].add_suffix("_artist"))
    table["strength"] = [in_words(*row) for row in table[["r", "low", "high", "p_holm"]].to_numpy()]
    return table[["r", "low", "high", "p_holm", "linear", "r_within", "low_within", "high_within", "reading",
                  "r_artist", "low_artist", "high_artist", "n", "strength"]]


def _features(tracks, features, *more):
    """The features that were asked for; else the columns of `SOUND`, but the key, and more, that the table has."""
    if features is not None:
        return list(features)
    return [feature for feature in [*SOUND, *more] if feature in tracks and feature not in CIRCULAR]


def _cells(tracks, genre, year):
    """The genre and year of each song as one code; a missing genre or year is a value of its own.

    Years are pooled in the shortest spans in which most songs share their code with `FEWEST_IN_CELL` songs or more:
    among two or three songs, a rank has hardly any information.
    """
    for span in (1, 2, 5, 10):
        columns = [tracks[genre].astype(object)] if genre in tracks else []
        columns += [tracks[year].astype("float64") // span] if year in tracks else []
        if not columns:
            return pd.Series(np.arange(len(tracks)), index=tracks.index)
        codes = tracks.groupby(columns, observed=True, dropna=False).ngroup()
        if codes.map(codes.value_counts()).median() >= FEWEST_IN_CELL:
            break
    return codes


def factors_by_genre(tracks, target="popularity", features=None, *, by="first_genre", group="artist"):
    """The correlations of features with success in each genre, corrected for all of these tests together.

    Parameters
    ----------
    tracks : pd.DataFrame
        As from `preprocessing.create_features`.
    target : str
    features : list of str, optional
        If not given, the columns of `SOUND` that the table has, and `explicit`.
    by, group : str
        The columns of the genre and of the artist. Genres of fewer than `FEWEST_SONGS_TO_COMPARE` songs are left out.

    Returns
    -------
    pd.DataFrame
        `genre, feature, r, low, high, p_holm, n, artists`.
    """
    need_columns(tracks, [target, by])
    features = _features(tracks, features, "explicit")
    tables = []
    for genre, songs in tracks.dropna(subset=[target]).groupby(by, observed=True):
        if len(songs) >= FEWEST_SONGS_TO_COMPARE:
            artists = len(np.unique(artist_groups(songs, group)))
            table = correlations(songs, target, features, group=group).reset_index()
            tables.append(table.assign(genre=genre, artists=artists))
    columns = ["genre", "feature", "r", "low", "high", "p_holm", "n", "artists"]
    if not tables:
        return pd.DataFrame(columns=columns)
    table = pd.concat(tables, ignore_index=True).dropna(subset=["p"])
    table["p_holm"] = holm(table["p"])
    return table[columns]


def shapes(tracks, features, target="popularity", *, others=None, group="artist", n_fits=10, points=12, seed=0):
    """The shape of the association of each feature with success: partial dependence (Friedman 2001).

    Gradient boosting models are fitted to bootstrap samples by artist. The curve is their mean prediction if all songs
    had the same value of the feature and kept their other values; the band is the spread of the models.

    Parameters
    ----------
    tracks : pd.DataFrame
    features : list of str
        The features whose curves are computed.
    target : str
    others : list of str, optional
        Further features of the model; if not given, the columns of `SOUND` that the table has.
    group : str
        The column of the artist.
    n_fits : int
        The number of models.
    points : int
        The number of values of each feature, between its 5 and 95% quantiles.
    seed : int

    Returns
    -------
    pd.DataFrame
        `feature, x, middle, low, high`: the mean of the models, and their 5 and 95% quantiles.
    """
    rows = tracks.dropna(subset=[target])
    X = rows[list(dict.fromkeys([*features, *_features(rows, others)]))].astype("float64")
    y = rows[target].to_numpy(dtype=float)
    chosen = np.random.default_rng(seed).choice(len(X), min(len(X), 400), replace=False)
    songs = X.iloc[chosen]
    quantiles = np.linspace(.05, .95, points)
    grids = {feature: np.unique(np.quantile(X[feature].dropna(), quantiles)) for feature in features}
    curves = {feature: np.empty((n_fits, len(grid))) for feature, grid in grids.items()}
    for fit, weights in enumerate(bootstrap_weights(artist_groups(rows, group), n_fits, seed)):
        drawn = drawn_rows(weights)
        model = HistGradientBoostingRegressor(max_iter=60, max_leaf_nodes=8, min_samples_leaf=40, random_state=seed)
        with threadpool_limits(1):  # see hit_prediction.out_of_sample_probability
            model.fit(X.iloc[drawn], y[drawn])
            for feature in features:
                changed = pd.concat([songs.assign(**{feature: x}) for x in grids[feature]])
                curves[feature][fit] = model.predict(changed).reshape(len(grids[feature]), -1).mean(axis=1)
    tables = [pd.DataFrame({"feature": feature, "x": grids[feature], "middle": curve.mean(axis=0),
                            "low": np.quantile(curve, .05, axis=0), "high": np.quantile(curve, .95, axis=0)})
              for feature, curve in curves.items()]
    return pd.concat(tables, ignore_index=True)


# ---- claims and conclusions

def check_success_claims(tracks, study, differ, *, target="popularity", by="first_genre", group="artist"):
    """Test the report's claims about success.

    Parameters
    ----------
    tracks : pd.DataFrame
    study : hit_prediction.HitStudy or None
        As from `hit_study`.
    differ : pd.DataFrame
        As from `genres_differ`.
    target, by, group : str
        The columns of success, of the genre and of the artist.

    Returns
    -------
    pd.DataFrame
        Indexed by `claim`: the `evidence` and the `verdict`. Claims about correlations have the verdict of
        `associations.verdict`. The claim that genres differ holds where the test is significant for a feature, else it
        cannot be told, since small differences can never be excluded. Claims about prediction have the verdict of
        `auc_verdict`.
    """
    rows = {}
    for claim, row in check_claims(tracks, target=target, by=by, group=group).iterrows():
        evidence = "" if pd.isna(row.get("r")) else f"rank correlation {_with_interval(row)}"
        if pd.notna(row.get("r_within")):
            evidence += f"; within genres {_with_interval(row, '_within')}: {row['verdict_within']}"
        rows[claim] = {"evidence": evidence, "verdict": row["verdict"]}
    sure = list(differ.index[differ["p_holm"] < ALPHA]) if len(differ) else []
    evidence = f"{len(sure)} of {len(differ)} features are associated with success differently from genre to genre"
    rows["each genre has statistics of success of its own"] = {
        "evidence": evidence + (f": {', '.join(sure)}" if sure else ""),
        "verdict": "holds" if sure else "cannot be told"}
    for name, claim in ((HELD_OUT, "a hit can be predicted from its sound"),
                        (LATER, "the hits of later years can be predicted from sound")):
        if study is not None and (name, "boosting") in study.scores.index:
            row = study.scores.loc[name, "boosting"]
            precision = f"average precision {row['average_precision']:.3f}, base rate {row['base_rate']:.3f}"
            evidence = f"ROC-AUC {row['roc_auc']:.3f} ({row['low']:.3f} to {row['high']:.3f}), {precision}"
            rows[claim] = {"evidence": evidence, "verdict": auc_verdict(row["roc_auc"], row["low"], row["high"])}
    return pd.DataFrame(rows).T.rename_axis("claim")


def auc_verdict(auc, low, high):
    """The verdict on the claim that hits can be predicted, by the area under the ROC curve and its interval.

    ``does not hold, hits are ranked lower``: the whole interval is below one half; ``holds``: the area is at least
    `USEFUL` and the interval is above `POOR`; ``holds, but weakly``: the area is at least `POOR` and the interval is
    above one half; ``holds, but is negligible``: only the latter; ``does not hold``: the interval ends below `POOR`;
    else ``cannot be told``.

    Parameters
    ----------
    auc, low, high : float

    Returns
    -------
    str

    Examples
    --------
    >>> auc_verdict(.4, .35, .45)
    'does not hold, hits are ranked lower'
    >>> auc_verdict(.71, .7, .72), auc_verdict(.57, .54, .6), auc_verdict(.5, .46, .54), auc_verdict(.55, .4, .7)
    ('holds', 'holds, but is negligible', 'does not hold', 'cannot be told')
    """
    if high < .5:
        return "does not hold, hits are ranked lower"
    if low > .5:
        strong = auc >= USEFUL and low > POOR
        return "holds" if strong else "holds, but weakly" if auc >= POOR else "holds, but is negligible"
    return "does not hold" if high < POOR else "cannot be told"


def _with_interval(row, suffix=""):
    return f"{row['r' + suffix]:+.3f} ({row['low' + suffix]:+.3f} to {row['high' + suffix]:+.3f})"


def conclusions(factors, differ, moved, study, *, called="what charted"):
    """One page of findings, each with its figures and its strength in words; features without a finding share one line.

    Parameters
    ----------
    factors : pd.DataFrame or None
        As from `success_factors`.
    differ : pd.DataFrame
        As from `genres_differ`.
    moved : pd.DataFrame or None
        As from `trend_tests`.
    study : hit_prediction.HitStudy or None
        As from `hit_study`.
    called : str
        The songs whose trends are in `moved`.

    Returns
    -------
    pd.DataFrame
        `about, finding, figures, words`.
    """
    factor_lines = [] if factors is None else _factor_lines(factors)
    trend_lines = [] if moved is None else _trend_lines(moved, called)
    study_lines = [] if study is None else _study_lines(study)
    rows = [*factor_lines, *_genre_lines(differ), *trend_lines, *study_lines]
    return pd.DataFrame(rows, columns=["about", "finding", "figures", "words"])


def _factor_lines(factors):
    seen = factors["reading"] != "no clear relation"
    for feature, row in factors[seen].iterrows():
        within = f"within {_with_interval(row, '_within')}, same artist {_with_interval(row, '_artist')}"
        hidden = row["reading"] == "hidden by the mix"  # then only the correlation within is significant
        words = _strength(row["r_within"]) + ", sure within" if hidden else row["strength"]
        yield "factors", f"{feature}: {row['reading']}", f"r {_with_interval(row)}, {within}", words
    unseen = factors.index[~seen]
    if len(unseen):
        yield "factors", f"nothing seen of {', '.join(unseen)}", "", "none to speak of, or cannot be told"


def _genre_lines(differ):
    for feature, row in (differ[differ["p_holm"] < ALPHA] if len(differ) else differ).iterrows():
        yield ("genres", f"{feature} is associated with success differently from genre to genre",
               f"r {row['lowest']:+.3f} in {row['lowest_in']} to {row['highest']:+.3f} in {row['highest_in']}", "sure")


def _trend_lines(moved, called):
    for feature, row in moved[moved["reading"].str.contains("rose|fell")].iterrows():
        figures = f"{row['per_decade']:+.3g} a decade, r {_with_interval(row)}"
        yield "trends", f"{feature} of {called} {row['reading']}", figures, _strength(row["r"]) + ", sure"


def _study_lines(study):
    for (name, model), row in study.scores.iterrows():
        interval = f"{row['low']:.3f} to {row['high']:.3f}"
        if model == "boosting" and pd.isna(row["worth"]):
            figures = f"ROC-AUC {row['roc_auc']:.3f} ({interval}), base rate {row['base_rate']:.3f}"
            words = f"says {meaning(row['roc_auc'], row['low'], row['high'])}"
            yield "prediction", f"a hit from its sound, {name}", figures, words
        elif model == "boosting":
            real = "not real" if row["worth"] > 0 else "no gain here"
            yield "leaks", name, f"{100 * row['worth']:+.1f} points of ROC-AUC", real


# ---- plots

@plain_names
def plot_factors_by_genre(by_genre, *, ax=None, **kwargs):
    """Draw each feature's correlation with success in each genre, in bold where it is significant.

    Parameters
    ----------
    by_genre : pd.DataFrame
        As from `factors_by_genre`.
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to `seaborn.heatmap`.

    Returns
    -------
    matplotlib Axes
    """
    import matplotlib.pyplot as plt
    import seaborn as sns
    wide = by_genre.pivot(index="feature", columns="genre", values="r")
    wide = wide.loc[wide.abs().mean(axis=1).sort_values(ascending=False).index]
    sure = by_genre.pivot(index="feature", columns="genre", values="p_holm").loc[wide.index] < ALPHA
    if ax is None:
        ax = plt.subplots(figsize=(3.2 + .75 * wide.shape[1], 1.6 + .36 * len(wide)), layout="constrained")[1]
    limit = max(.3, float(wide.abs().max(axis=None)))
    style = {"cmap": "vlag", "vmin": -limit, "vmax": limit, "annot_kws": {"size": 8},
             "cbar_kws": {"label": "rank correlation (bold: sure)"}}
    sns.heatmap(wide, annot=True, fmt=".2f", ax=ax, **style | kwargs)
    for text, bold in zip(ax.texts, sure.to_numpy()[wide.notna().to_numpy()]):
        text.set_fontweight("bold" if bold else "normal")
    ax.set_yticks(np.arange(len(wide)) + .5, [label(feature).split(" (")[0] for feature in wide.index], rotation=0)
    ax.set(xlabel="", ylabel="")
    plt.setp(ax.get_xticklabels(), rotation=40, ha="right", rotation_mode="anchor")
    return ax


@plain_names
def plot_shapes(table, target="popularity", *, axs=None):
    """Draw the curve of each feature with the spread of the models, as from `shapes`; returns the Axes."""
    import matplotlib.pyplot as plt
    features = list(table["feature"].unique())
    if axs is None:
        size = (3.6 * len(features), 3)
        axs = plt.subplots(1, len(features), figsize=size, layout="constrained", sharey=True, squeeze=False)[1][0]
    for ax, feature in zip(axs, features):
        curve = table[table["feature"] == feature]
        ax.fill_between(curve["x"], curve["low"], curve["high"], color="C0", alpha=.25, lw=0)
        ax.plot(curve["x"], curve["middle"], color="C0", lw=2)
        ax.set(xlabel=label(feature))
    axs[0].set(ylabel=f"predicted {label(target)}")
    return axs
