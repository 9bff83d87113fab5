"""What goes with success: how strongly, how surely, within genre and year, artist by artist, genre by genre, in what shape."""

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from analysis.associations import SMALL_CORRELATION, check_claims, correlations, correlations_within, need_columns
from analysis.column_labels import label
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
    song_appeal,
)
from analysis.resampling import bootstrap_weights, drawn_rows, holm
from analysis.trends import plot_trend, plot_trends, trend_tests, trends
from sources.artists import artist_groups

__all__ = ["ALPHA", "HitStudy", "STRENGTHS", "auc_verdict", "check_success_claims", "conclusions", "deciles", "factors_by_genre",
           "genres_differ", "hit_study", "in_words", "plot_decile_calibration", "plot_factors_by_genre", "plot_lift",
           "plot_shapes", "plot_study", "plot_trend", "plot_trends", "shapes", "song_appeal", "success_factors",
           "trend_tests", "trends"]

ALPHA = .05
"""p-values below this, after correction for many tests, are called sure."""
STRENGTHS = ((.5, "strong"), (.3, "moderate"), (SMALL_CORRELATION, "weak"), (0, "negligible"))
"""What a correlation of at least this size is called (Cohen, Statistical Power Analysis, 1988)."""
FEWEST_SONGS_OF_A_GENRE, FEWEST_IN_CELL = 30, 10
"""Songs that a genre needs to be looked at by itself, and that most songs are to be compared with within genre and year."""


# ---- what goes with success

def in_words(r, low, high, p, *, alpha=ALPHA):
    """How strong a correlation is, and how sure, in words that follow `STRENGTHS`, `ALPHA` and `associations.SMALL_CORRELATION`.

    Examples
    --------
    >>> in_words(.34, .3, .4, 1e-9), in_words(.045, .03, .06, 1e-9), in_words(.01, -.04, .06, .8), in_words(.1, -.1, .3, .4)
    ('moderate, sure', 'negligible, sure', 'none to speak of', 'cannot be told')
    """
    if np.isfinite(p) and p < alpha:
        return _strength(r) + ", sure"
    return "none to speak of" if max(-low, high) < SMALL_CORRELATION else "cannot be told"


def _strength(r):
    return next(word for size, word in STRENGTHS if abs(r) >= size)


def success_factors(tracks, target="popularity", features=None, *, genre="first_genre", year="release_year", group="artist"):
    """How each feature goes with success: over all songs, within genre and year, and with the artist held constant.

    Parameters
    ----------
    tracks : pd.DataFrame
        As from `preprocessing.create_features`.
    target : str
        Popularity, a peak, or whether a song charted.
    features : list of str, optional
        Those of `SOUND` that the table has, and `explicit` and `has_feat`.
    genre, year : str
        What is held constant in `within`; one that the table has not is left out. In a small table years are taken together,
        up to decades.
    group : str

    Returns
    -------
    pd.DataFrame
        One row a feature, the strongest first: rank correlation `r` with its 95 % interval `low, high` and corrected
        `p_holm`; `linear`, Pearson's; `r_within, low_within, high_within` within songs of the same genre and year, and the
        `reading` of the pair (see `associations.correlations_within`); `r_artist, low_artist, high_artist` among the songs
        of the same artist; `n`; and `strength` in words (see `in_words`).

    Examples
    --------
    >>> songs = pd.DataFrame({"loudness": [-9, -8, -7, -6, -5], "popularity": [10, 30, 20, 40, 50]})
    >>> success_factors(songs)[["r", "r_within"]].round(2).values.tolist()
    [[0.9, nan]]
    """
    features = [f for f in [*SOUND, "explicit", "has_feat"] if f in tracks] if features is None else list(features)
    table = correlations(tracks, target, features, group=group)
    table["linear"] = correlations(tracks, target, features, method="pearson", group=group)["r"]
    cells = _cells(tracks, genre, year)
    within = correlations_within(tracks.assign(_cell=cells), target, "_cell", features, group=group)
    table = table.join(within[["r_within", "low_within", "high_within", "reading"]])
    by_artist = tracks.assign(_artist=artist_groups(tracks, group))
    artist = correlations(by_artist, target, features, within="_artist", group="_artist")
    table = table.join(artist[["r", "low", "high"]].add_suffix("_artist"))
    table["strength"] = [in_words(*row) for row in table[["r", "low", "high", "p_holm"]].to_numpy()]
    return table[["r", "low", "high", "p_holm", "linear", "r_within", "low_within", "high_within", "reading", "r_artist",
                  "low_artist", "high_artist", "n", "strength"]]


def _cells(tracks, genre, year):
    """The genre and year of each song as one number; those without are one more. Years are taken together in spans as short as
    leave most songs among `FEWEST_IN_CELL` or more: of two or three songs, a rank tells hardly anything."""
    for span in (1, 2, 5, 10):
        columns = [tracks[genre].astype(object)] if genre in tracks else []
        columns += [tracks[year].astype("float64") // span] if year in tracks else []
        if not columns:
            return pd.Series(np.arange(len(tracks)), index=tracks.index)
        number = tracks.groupby(columns, observed=True, dropna=False).ngroup()
        if number.map(number.value_counts()).median() >= FEWEST_IN_CELL:
            break
    return number


def factors_by_genre(tracks, target="popularity", features=None, *, by="first_genre", group="artist"):
    """The same correlations in each genre by itself, corrected for all of them together.

    Returns
    -------
    pd.DataFrame
        `genre, feature, r, low, high, p_holm, n, artists`; genres of fewer than `FEWEST_SONGS` songs are left out.
    """
    need_columns(tracks, [target, by])
    features = [f for f in [*SOUND, "explicit"] if f in tracks] if features is None else list(features)
    parts = []
    for genre, own in tracks.dropna(subset=[target]).groupby(by, observed=True):
        if len(own) >= FEWEST_SONGS_OF_A_GENRE:
            artists = len(np.unique(artist_groups(own, group)))
            parts.append(correlations(own, target, features, group=group).reset_index().assign(genre=genre, artists=artists))
    columns = ["genre", "feature", "r", "low", "high", "p_holm", "n", "artists"]
    if not parts:
        return pd.DataFrame(columns=columns)
    table = pd.concat(parts, ignore_index=True).dropna(subset=["p"])
    table["p_holm"] = holm(table["p"])
    return table[columns]


def genres_differ(tracks, target="popularity", features=None, *, by="first_genre", group="artist", n_shuffles=2000, seed=0):
    """Whether a feature goes with success differently in different genres.

    The test is by permutation: how far the genres' correlations lie apart, each counted by how surely it is known (Cochran's Q),
    beside how far they do where artists are dealt out anew among the genres. Formulas for Q take what a few dozen artists say
    of their own spread at its word, and so find differences between genres that have none; a studentised permutation does not
    (Chung and Romano 2013).

    Parameters
    ----------
    tracks : pd.DataFrame
        As from `preprocessing.create_features`.
    target : str
    features : list of str, optional
        Those of `SOUND` that the table has, and `explicit`.
    by, group : str
        Songs of the same group are dealt out together. Genres of fewer than `FEWEST_SONGS` songs are left out.
    n_shuffles : int
        The smallest possible p is one in so many.
    seed : int

    Returns
    -------
    pd.DataFrame
        One row a feature: `lowest, highest` rank correlation and in which genres, `q, p, p_holm`, and `spread`, the standard
        deviation among genres that is not chance (DerSimonian and Laird 1986), largest first. Empty where there are not two
        genres.
    """
    need_columns(tracks, [target, by])
    features = [f for f in [*SOUND, "explicit"] if f in tracks] if features is None else list(features)
    known = tracks.dropna(subset=[target, by])
    known = known[known.groupby(by, observed=True)[target].transform("size") >= FEWEST_SONGS_OF_A_GENRE]
    rows, rng = {}, np.random.default_rng(seed)
    for feature in features:
        genres, sums, code = _artist_sums(known.dropna(subset=[feature]), feature, target, by, group)
        if len(genres) < 2:
            continue
        r, weight, q = (one[0] for one in _genre_correlations(sums, code[None], len(genres)))
        chance = np.concatenate([_genre_correlations(sums, rng.permuted(np.tile(code, (n, 1)), axis=1), len(genres))[2]
                                 for n in np.diff(np.r_[0:n_shuffles:100, n_shuffles])])
        spare = (q - len(genres) + 1) / (weight.sum() - (weight ** 2).sum() / weight.sum())
        low, high = r.argmin(), r.argmax()
        rows[feature] = {"lowest": r[low], "lowest_in": genres[low], "highest": r[high], "highest_in": genres[high], "q": q,
                         "p": (1 + np.count_nonzero(chance >= q)) / (1 + n_shuffles), "spread": np.sqrt(max(0, spare))}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("feature")
    if len(table):
        table["p_holm"] = holm(table["p"])
    return table.sort_values("spread", ascending=False) if len(table) else table


def _artist_sums(rows, feature, target, by, group):
    """What correlations in genres are made of: for each artist of a genre the sums of the products of standardised ranks,
    and its genre as a number into `genres`."""
    pair = rows[[feature, target]].astype("float64").groupby(rows[by], observed=True).rank(pct=True)
    pair = pair - pair.groupby(rows[by], observed=True).transform("mean")
    spread = pair.groupby(rows[by], observed=True).transform("std", ddof=0)
    varies = (spread > 1e-12).all(axis=1)
    x, y = (pair / spread)[varies].to_numpy().T
    rows = rows[varies]
    whose = pd.Series(artist_groups(rows, group), index=rows.index)
    cluster = rows.groupby([rows[by].astype(object), whose]).ngroup()
    xx, xy = np.bincount(cluster, x * x), np.bincount(cluster, x * y)
    code, genres = pd.factorize(rows[by].astype(object).groupby(cluster).first())
    return genres, np.column_stack([xx, xy, xx * xx, xx * xy, xy * xy]), code


def _genre_correlations(sums, codes, n_genres):
    """Correlation, weight (one over its cluster-robust variance) and Cochran's Q of each dealing of artists to genres [a row]."""
    own = np.stack([(codes == genre).astype("float64") @ sums for genre in range(n_genres)], axis=1)
    xx, xy, xx_xx, xx_xy, xy_xy = np.moveaxis(own, -1, 0)
    r = xy / xx
    weight = xx ** 2 / np.maximum(xy_xy - 2 * r * xx_xy + r ** 2 * xx_xx, 1e-12)
    middle = (weight * r).sum(axis=1, keepdims=True) / weight.sum(axis=1, keepdims=True)
    return r, weight, (weight * (r - middle) ** 2).sum(axis=1)


def shapes(tracks, features, target="popularity", *, others=None, group="artist", n_fits=10, points=12, seed=0):
    """The shape in which success goes with features, the others left as they are: partial dependence (Friedman 2001).

    A gradient boosting is fitted again and again to artists drawn with replacement; what it says on average if all songs had
    this value of the feature is the curve, and how the fits differ its spread.

    Parameters
    ----------
    tracks : pd.DataFrame
    features : list of str
        To draw.
    target : str
    others : list of str, optional
        What else the model knows: of `SOUND`, what the table has.
    group : str
    n_fits, points : int
        Fits, and places at which each feature is looked at, between its 5 and 95 % quantiles.
    seed : int

    Returns
    -------
    pd.DataFrame
        `feature, x, middle, low, high`: mean of the fits, and the 5 and 95 % quantiles over them.
    """
    rows = tracks.dropna(subset=[target])
    known = list(dict.fromkeys([*features, *([f for f in SOUND if f in rows] if others is None else others)]))
    X, y, rng = rows[known].astype("float64"), rows[target].to_numpy(dtype=float), np.random.default_rng(seed)
    seen = X.iloc[rng.choice(len(X), min(len(X), 400), replace=False)]
    grids = {feature: np.unique(np.quantile(X[feature].dropna(), np.linspace(.05, .95, points))) for feature in features}
    curves = {feature: np.empty((n_fits, len(grid))) for feature, grid in grids.items()}
    for fit, weights in enumerate(bootstrap_weights(artist_groups(rows, group), n_fits, seed)):
        drawn = drawn_rows(weights)
        model = HistGradientBoostingRegressor(max_iter=60, max_leaf_nodes=8, min_samples_leaf=40, random_state=seed)
        model.fit(X.iloc[drawn], y[drawn])
        for feature in features:
            many = pd.concat([seen.assign(**{feature: x}) for x in grids[feature]])
            curves[feature][fit] = model.predict(many).reshape(len(grids[feature]), -1).mean(axis=1)
    tables = [pd.DataFrame({"feature": feature, "x": grids[feature], "middle": curve.mean(axis=0),
                            "low": np.quantile(curve, .05, axis=0), "high": np.quantile(curve, .95, axis=0)})
              for feature, curve in curves.items()]
    return pd.concat(tables, ignore_index=True)


# ---- claims and conclusions

def check_success_claims(tracks, study, differ, *, target="popularity", by="first_genre", group="artist"):
    """The report's claims on success, put to the test.

    Parameters
    ----------
    tracks : pd.DataFrame
    study : hits.HitStudy
    differ : pd.DataFrame
        As from `genres_differ`.

    Returns
    -------
    pd.DataFrame
        Indexed by `claim`: the `evidence`, and the `verdict`: that of `associations.verdict` for what goes with popularity. That
        genres differ holds where the test is sure for a feature, and cannot be told else (small differences are
        never excluded). For what can be foretold, see `auc_verdict`.
    """
    rows = {}
    for claim, row in check_claims(tracks, target=target, by=by, group=group).iterrows():
        told = "" if pd.isna(row.get("r")) else f"rank correlation {_with_interval(row)}"
        if pd.notna(row.get("r_within")):
            told += f"; within genres {_with_interval(row, '_within')}: {row['verdict_within']}"
        rows[claim] = {"evidence": told, "verdict": row["verdict"]}
    sure = list(differ.index[differ["p_holm"] < ALPHA]) if len(differ) else []
    rows["each genre has statistics of success of its own"] = {
        "evidence": f"{len(sure)} of {len(differ)} features go with success differently from genre to genre"
                    + (f": {', '.join(sure)}" if sure else ""), "verdict": "holds" if sure else "cannot be told"}
    for name, claim in ((HELD_OUT, "a hit can be told from its sound"),
                        (LATER, "the hits of later years can be foretold from sound")):
        if (name, "boosting") in study.scores.index:
            row = study.scores.loc[name, "boosting"]
            precision = f"average precision {row['average_precision']:.3f} beside a base rate of {row['base_rate']:.3f}"
            rows[claim] = {"evidence": f"ROC-AUC {row['roc_auc']:.3f} ({row['low']:.3f} to {row['high']:.3f}), {precision}",
                           "verdict": auc_verdict(row["roc_auc"], row["low"], row["high"])}
    return pd.DataFrame(rows).T.rename_axis("claim")


def auc_verdict(auc, low, high):
    """Whether a hit can be told, by the area under the ROC curve and its interval.

    ``holds`` where the area reaches `USEFUL` and the interval lies above `POOR`; ``holds, but weakly`` where the interval lies
    above one half; ``does not hold`` where it ends below `POOR`; else ``cannot be told``.

    Examples
    --------
    >>> auc_verdict(.71, .7, .72), auc_verdict(.57, .54, .6), auc_verdict(.5, .46, .54), auc_verdict(.55, .4, .7)
    ('holds', 'holds, but weakly', 'does not hold', 'cannot be told')
    """
    if low > .5:
        return "holds" if auc >= USEFUL and low > POOR else "holds, but weakly"
    return "does not hold" if high < POOR else "cannot be told"


def _with_interval(row, suffix=""):
    return f"{row['r' + suffix]:+.3f} ({row['low' + suffix]:+.3f} to {row['high' + suffix]:+.3f})"


def conclusions(factors, differ, moved, study):
    """One page of what was found, each finding with its figures and its strength in words; what was not seen stands in one line.

    Parameters
    ----------
    factors, differ : pd.DataFrame
        As from `success_factors` and `genres_differ`.
    moved : pd.DataFrame or None
        As from `trends.trend_tests`.
    study : hits.HitStudy

    Returns
    -------
    pd.DataFrame
        `about, finding, figures, words`.
    """
    rows = [*_factor_lines(factors), *_genre_lines(differ), *([] if moved is None else _trend_lines(moved)), *_study_lines(study)]
    return pd.DataFrame(rows, columns=["about", "finding", "figures", "words"])


def _factor_lines(factors):
    seen = factors["reading"] != "no clear relation"
    for feature, row in factors[seen].iterrows():
        inner = f"within {_with_interval(row, '_within')}, same artist {_with_interval(row, '_artist')}"
        hidden = row["reading"] == "hidden by the mix"  # then it is the relation within that is sure
        words = _strength(row["r_within"]) + ", sure within" if hidden else row["strength"]
        yield "factors", f"{feature}: {row['reading']}", f"r {_with_interval(row)}, {inner}", words
    unseen = factors.index[~seen]
    if len(unseen):
        yield "factors", f"nothing seen of {', '.join(unseen)}", "", "none to speak of, or cannot be told"


def _genre_lines(differ):
    for feature, row in (differ[differ["p_holm"] < ALPHA] if len(differ) else differ).iterrows():
        yield ("genres", f"{feature} goes with success differently from genre to genre",
               f"r {row['lowest']:+.3f} in {row['lowest_in']} to {row['highest']:+.3f} in {row['highest_in']}", "sure")


def _trend_lines(moved):
    for feature, row in moved[moved["reading"].str.contains("rose|fell")].iterrows():
        figures = f"{row['per_decade']:+.3g} a decade, r {_with_interval(row)}"
        yield "trends", f"{feature} of what charted {row['reading']}", figures, _strength(row["r"]) + ", sure"


def _study_lines(study):
    for (name, model), row in study.scores.iterrows():
        figures = f"ROC-AUC {row['roc_auc']:.3f} ({row['low']:.3f} to {row['high']:.3f}), base rate {row['base_rate']:.3f}"
        if model == "boosting" and pd.isna(row["worth"]):
            yield "prediction", f"a hit from its sound, {name}", figures, f"says {meaning(row['roc_auc'], row['low'])}"
        elif model == "boosting":
            real = "not real" if row["worth"] > 0 else "no gain here"
            yield "leaks", name, f"{100 * row['worth']:+.1f} points of ROC-AUC", real


# ---- pictures

def plot_factors_by_genre(by_genre, *, ax=None, **kwargs):
    """Each feature's correlation with success in each genre, as from `factors_by_genre`; bold where sure. Returns the Axes."""
    import matplotlib.pyplot as plt
    import seaborn as sns
    wide = by_genre.pivot(index="feature", columns="genre", values="r")
    wide = wide.loc[wide.abs().mean(axis=1).sort_values(ascending=False).index]
    sure = by_genre.pivot(index="feature", columns="genre", values="p_holm").loc[wide.index] < ALPHA
    if ax is None:
        ax = plt.subplots(figsize=(3.2 + .75 * wide.shape[1], 1.6 + .36 * len(wide)), layout="constrained")[1]
    most = max(.3, float(wide.abs().max(axis=None)))
    sns.heatmap(wide, annot=True, fmt=".2f", ax=ax, **{"cmap": "vlag", "vmin": -most, "vmax": most, "annot_kws": {"size": 8},
                                                       "cbar_kws": {"label": "rank correlation (bold: sure)"}} | kwargs)
    for text, bold in zip(ax.texts, sure.to_numpy()[wide.notna().to_numpy()]):
        text.set_fontweight("bold" if bold else "normal")
    ax.set_yticks(np.arange(len(wide)) + .5, [label(feature).split(" (")[0] for feature in wide.index], rotation=0)
    ax.set(xlabel="", ylabel="")
    plt.setp(ax.get_xticklabels(), rotation=40, ha="right", rotation_mode="anchor")
    return ax


def plot_shapes(table, target="popularity", *, axs=None):
    """The shape of each feature's part in success with the spread of the fits, as from `shapes`; returns the Axes."""
    import matplotlib.pyplot as plt
    features = list(table["feature"].unique())
    if axs is None:
        size = (3.6 * len(features), 3)
        axs = plt.subplots(1, len(features), figsize=size, layout="constrained", sharey=True, squeeze=False)[1][0]
    for ax, feature in zip(axs, features):
        own = table[table["feature"] == feature]
        ax.fill_between(own["x"], own["low"], own["high"], color="C0", alpha=.25, lw=0)
        ax.plot(own["x"], own["middle"], color="C0", lw=2)
        ax.set(xlabel=label(feature))
    axs[0].set(ylabel=f"predicted {label(target)}")
    return axs
