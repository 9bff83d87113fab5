"""Evaluate predictions: scores with intervals and baselines, comparisons of models, and what leaks add to a score.

Intervals are a bootstrap by artist (or by track, where artists are not given), since songs of one artist are not
independent.
"""

import re

import numpy as np
import pandas as pd
import scipy.stats
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit

from analysis.collection_limits import comparison_obstacle
from analysis.model_findings import (
    FEWEST_FOR_CURVE,
    areas_sentence,
    calibration_sentence,
    comparison_sentence,
    confusion_sentence,
    count_right,
    curves_sentence,
    leak_sentence,
    learning_sentence,
    scores_sentence,
)
from analysis.resampling import bootstrap_weights, holm, mean_interval, percentile_interval
from analysis.scores import CALIBRATION_BINS, calibration_error, check_predictions, evaluate, weighted_auc
from signals.plain_names import plain_names
from sources.artists import artist_groups, artist_matrix, by_other_artists

__all__ = ["MODEL_CLAIMS", "areas_sentence", "auc_table", "calibration_error", "calibration_sentence",
           "check_model_claims", "compare_models", "comparison_obstacle", "comparison_sentence", "confusion_sentence",
           "count_right", "curves_sentence", "evaluate", "leak_check", "leak_sentence", "learning_sentence",
           "plot_areas", "plot_auc_heatmap", "plot_calibration", "plot_confusion", "plot_roc", "scores_sentence"]


# ---- comparing models

def auc_table(y_true, probas, genres, *, groups=None, n_boot=1000, seed=0):
    """ROC-AUC of every model for every genre, with 95% intervals.

    Parameters
    ----------
    y_true : sequence of str [shape=(n,)], or multi-hot [shape=(n, n_genres)]
        The true genre of each track.
    probas : dict of str to array-like [shape=(n, n_genres)]
        The predicted probabilities of each model.
    genres : sequence of str
        The columns of the probabilities.
    groups : sequence, optional
        The artist of each track, for the bootstrap; without it, tracks are drawn one by one.
    n_boot : int
        The number of bootstrap samples.
    seed : int

    Returns
    -------
    pd.DataFrame
        `model, genre, roc_auc, low, high`.
    """
    rows = []
    for model, proba in probas.items():
        table = evaluate(y_true, proba, genres, groups=groups, n_boot=n_boot, seed=seed)
        rows += [{"model": model, "genre": str(genre), "roc_auc": row["value"], "low": row["low"], "high": row["high"]}
                 for genre in genres for row in [table.loc[f"roc_auc: {genre}"]]]
    return pd.DataFrame(rows)


def compare_models(y_true, probas, genres, *, groups=None, n_boot=2000, seed=0):
    """Compare the accuracy of every two models on the same tracks.

    Parameters
    ----------
    y_true : sequence of str [shape=(n,)], or multi-hot [shape=(n, n_genres)]
        The true genre of each track.
    probas : dict of str to array-like [shape=(n, n_genres)]
        The predicted probabilities of each model.
    genres : sequence of str
        The columns of the probabilities.
    groups : sequence, optional
        The artist of each track, for the bootstrap; without it, tracks are drawn one by one.
    n_boot : int
        The number of bootstrap samples.
    seed : int

    Returns
    -------
    pd.DataFrame
        One row a pair: `better, worse`; the `difference` of accuracy with its 95% interval `low, high` (a paired
        bootstrap by artist); on how many tracks only one of the two is right (`only_better, only_worse`); `p` (exact
        McNemar test, which takes tracks as independent) and `p_corrected` (Holm, for all pairs); and a `verdict`:
        ``"better"`` where both the interval and the corrected test show a difference, else ``"cannot be told"``.
    """
    right = {}
    for model, proba in probas.items():
        truth, values, _ = check_predictions(y_true, proba, genres)
        right[model] = truth[np.arange(len(truth)), values.argmax(axis=1)]
    weights = bootstrap_weights(artist_groups(truth, groups), n_boot, seed)
    models = sorted(right, key=lambda model: -right[model].mean())
    rows = []
    for place, better in enumerate(models):
        for worse in models[place + 1:]:
            gap = right[better] - right[worse]
            low, high = mean_interval(gap, weights)
            only_better = int((gap > 0).sum())
            only_worse = int((gap < 0).sum())
            discordant = only_better + only_worse
            p = scipy.stats.binomtest(only_better, discordant).pvalue if discordant else 1.0
            rows.append({"better": better, "worse": worse, "difference": gap.mean(), "low": low, "high": high,
                         "only_better": only_better, "only_worse": only_worse, "p": p})
    table = pd.DataFrame(rows)
    if len(table):
        table["p_corrected"] = holm(table["p"])
        table["verdict"] = np.where((table["low"] > 0) & (table["p_corrected"] < .05), "better", "cannot be told")
    return table


MODEL_CLAIMS = (("lstm", "hip hop"), ("lstm", "latin"), ("cnn", "rock"), ("mlp", "hip hop"), ("mlp", "metal"),
                ("linear", "classical"))
"""The report's claims: which model is best at which genre."""


def check_model_claims(y_true, probas, genres, *, claims=MODEL_CLAIMS, groups=None, n_boot=2000, seed=0):
    """Test the report's claims that a model is better than the others at a genre.

    Parameters
    ----------
    y_true : sequence of str [shape=(n,)], or multi-hot [shape=(n, n_genres)]
        The true genre of each track.
    probas : dict of str to array-like [shape=(n, n_genres)]
        The predicted probabilities of each model.
    genres : sequence of str
        The columns of the probabilities.
    claims : sequence of (str, str)
        Model and genre.
    groups : sequence, optional
        The artist of each track, for the bootstrap; without it, tracks are drawn one by one.
    n_boot : int
        The number of bootstrap samples.
    seed : int

    Returns
    -------
    pd.DataFrame
        `claim`; `roc_auc` of the model and of the best other one (`rival, rival_roc_auc`); their `difference` with its
        interval `low, high` (a paired bootstrap by artist, with the level corrected for the number of claims); and the
        `verdict`: "holds" where the whole interval is above zero, "does not" where it is below, else "cannot be told";
        "not tried" where the model or the genre is missing.
    """
    genres = [str(genre) for genre in genres]
    names = [_letters(genre) for genre in genres]
    level = 1 - .05 / max(1, len(claims))
    rows = []
    for model, genre in claims:
        row = {"claim": f"{model} is best at {genre}", "verdict": "not tried"}
        if model in probas and _letters(genre) in names and len(probas) > 1:
            column = names.index(_letters(genre))
            truth = check_predictions(y_true, probas[model], genres)[0][:, column]
            weights = bootstrap_weights(artist_groups(truth, groups), n_boot, seed)
            row |= _compare_with_rival(model, truth, _columns(probas, column), weights, level)
        rows.append(row)
    return pd.DataFrame(rows)


def _columns(probas, column):
    return {model: np.asarray(proba)[:, column] for model, proba in probas.items()}


def _compare_with_rival(model, truth, scores, weights, level):
    """A model's ROC-AUC for one genre beside that of the best other model; empty where no bootstrap sample has both."""
    weights = np.vstack([np.ones(len(truth)), weights])  # first the songs as they are, then the bootstrap samples
    areas = {name: weighted_auc(truth, score, weights) for name, score in scores.items()}
    rival = max((name for name in areas if name != model), key=lambda name: np.nan_to_num(areas[name][0]))
    difference = areas[model] - areas[rival]
    low, high = percentile_interval(difference[1:], level)
    if np.isnan(low):
        return {}
    verdict = "holds" if low > 0 else "does not" if high < 0 else "cannot be told"
    return {"roc_auc": areas[model][0], "rival": rival, "rival_roc_auc": areas[rival][0], "difference": difference[0],
            "low": low, "high": high, "verdict": verdict}


def _letters(genre):
    """The letters of a genre's name in lower case: GTZAN writes "hiphop", others "Hip hop"."""
    return re.sub(r"\W", "", genre).casefold()


def leak_check(classifier, X, y, *, artist=None, track=None, test_size=.3, seed=0):
    """The accuracy of one model under three splits: random segments, random tracks, artists held out.

    The first two splits leak: songs, or artists, of the test side are in the training side too.

    Parameters
    ----------
    classifier
        Unfitted, from `models.build`; it is trained anew for each split.
    X : pd.DataFrame
        One row a segment (or a track).
    y : sequence of str
        The genre of each row.
    artist, track : sequence, optional
        The artist and the track of each row; if not given, the columns `artist` and `track_id` of `X`. A track without
        an artist counts as by an artist of its own.
    test_size : float
        The share of segments, tracks or artists on the test side.
    seed : int

    Returns
    -------
    pd.DataFrame
        Indexed by split: `accuracy` over test tracks with its 95% interval `low, high` (a bootstrap by artist), `n`
        test tracks, and `shared_tracks`, `shared_artists`: the shares of test rows whose track or artist is in the
        training side.
    """
    from sklearn.base import clone
    y = np.asarray(y, dtype=object).astype(str)
    track = np.asarray(X["track_id"] if track is None else track, dtype=object).astype(str)
    artist = pd.Series(np.asarray(X["artist"] if artist is None else artist, dtype=object))
    artist = artist.where(artist.notna(), track)  # the segments of a track stay together
    members = artist_matrix(X, artist)
    artist = artist_groups(X, artist)
    rows = {}
    for name, groups in (("random segments", None), ("random tracks", track), ("artists held out", artist)):
        splitter = ShuffleSplit if groups is None else GroupShuffleSplit
        train, test = next(splitter(1, test_size=test_size, random_state=seed).split(X, y, groups))
        if groups is artist:
            train = train[by_other_artists(members, test)[train]]
        test = test[np.isin(y[test], y[train])]
        model = clone(classifier).fit(X.iloc[train], y[train])
        proba = pd.DataFrame(model.predict_proba(X.iloc[test])).groupby(track[test]).mean()
        first = pd.DataFrame({"y": y[test], "artist": artist[test]}).groupby(track[test]).first()
        right = (model.classes_[proba.to_numpy().argmax(axis=1)] == first["y"].to_numpy()).astype(float)
        low, high = mean_interval(right, bootstrap_weights(first["artist"], seed=seed))
        rows[name] = {"accuracy": right.mean(), "low": low, "high": high, "n": len(right),
                      "shared_tracks": np.isin(track[test], track[train]).mean(),
                      "shared_artists": 1 - by_other_artists(members, train)[test].mean()}
    return pd.DataFrame(rows).T.rename_axis("split").astype({"n": int})


# ---- plots

def _grid(n, columns=4, size=2.6):
    """Axes for `n` small plots."""
    import matplotlib.pyplot as plt
    columns = min(n, columns)
    rows = -(-n // columns)
    axs = plt.subplots(rows, columns, figsize=(size * columns, size * rows), squeeze=False, layout="constrained",
                       sharex=True, sharey=True)[1]
    for ax in axs.flat[n:]:
        ax.set_axis_off()
    return axs.flat[:n]


@plain_names
def plot_roc(y_true, probas, genres, *, fewest=FEWEST_FOR_CURVE, axs=None):
    """Draw the ROC curves: one plot a genre, one line a model, with the area in the legend.

    Parameters
    ----------
    y_true : sequence of str [shape=(n,)], or multi-hot [shape=(n, n_genres)]
        The true genre of each track.
    probas : dict of str to array-like [shape=(n, n_genres)]
        The predicted probabilities of each model.
    genres : sequence of str
        The columns of the probabilities.
    fewest : int
        Genres with fewer songs are left out, since their curves are a few stairs.
    axs : sequence of matplotlib Axes, optional

    Returns
    -------
    array of matplotlib Axes
        Empty if all genres are left out.
    """
    from sklearn.metrics import roc_curve
    genres = [str(genre) for genre in genres]
    checked = {model: check_predictions(y_true, proba, genres)[:2] for model, proba in probas.items()}
    truth = next(iter(checked.values()))[0]
    drawn = [number for number in range(len(genres)) if max(1, fewest) <= truth[:, number].sum() < len(truth)]
    if not drawn:
        return np.array([])
    axs = _grid(len(drawn)) if axs is None else axs
    for ax, number in zip(axs, drawn):
        for model, (truth, values) in checked.items():
            false_positives, true_positives, _ = roc_curve(truth[:, number], values[:, number])
            area = weighted_auc(truth[:, number], values[:, number], np.ones((1, len(truth))))[0]
            ax.plot(false_positives, true_positives, lw=1.3, label=f"{model} {area:.2f}")
        ax.plot([0, 1], [0, 1], color=".7", lw=.8, ls="--")
        ax.set(title=genres[number], xlim=(-.02, 1.02), ylim=(-.02, 1.02), aspect="equal")
        ax.legend(fontsize=6.5, loc="lower right", handlelength=1, labelspacing=.25, framealpha=.7)
    figure = axs[0].figure
    figure.supxlabel("false positive rate", fontsize=10)
    figure.supylabel("true positive rate", fontsize=10)
    return axs


@plain_names
def plot_areas(table, *, ax=None):
    """Draw the ROC-AUC of every genre as a dot a model, with its 95% interval; the best genre is at the top.

    Parameters
    ----------
    table : pd.DataFrame
        As from `auc_table`: the rows of a few models.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    import matplotlib.pyplot as plt
    order = table.groupby("genre")["roc_auc"].mean().dropna().sort_values().index
    models = list(table["model"].unique())
    if ax is None:
        height = 1 + len(order) * (.18 + .13 * len(models))
        ax = plt.subplots(figsize=(7, height), layout="constrained")[1]
    for number, model in enumerate(models):
        rows = table[table["model"] == model].set_index("genre").reindex(order)
        heights = np.arange(len(order)) - (number - (len(models) - 1) / 2) * .7 / len(models)
        ax.hlines(heights, rows["low"], rows["high"], color=f"C{number}", lw=1.3)
        ax.plot(rows["roc_auc"], heights, "o", ms=5, color=f"C{number}", label=model)
    ax.axvline(.5, color=".7", lw=.8, ls="--")
    ax.set_yticks(np.arange(len(order)), order)
    ax.set(xlabel="area under the ROC curve, 95% interval (dashed: chance level)",
           xlim=(min(.4, ax.get_xlim()[0]), 1.02))
    ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return ax


@plain_names
def plot_auc_heatmap(table, *, ax=None, **kwargs):
    """Draw the ROC-AUC of models and genres as a heat map; the best model of each genre has a frame.

    Parameters
    ----------
    table : pd.DataFrame
        As from `auc_table`.
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to `seaborn.heatmap`.

    Returns
    -------
    matplotlib Axes
    """
    import matplotlib.pyplot as plt
    import seaborn as sns
    wide = table.pivot(index="model", columns="genre", values="roc_auc")
    wide = wide.loc[wide.mean(axis=1).sort_values(ascending=False).index]
    if ax is None:
        ax = plt.subplots(figsize=(2 + .95 * wide.shape[1], 1.4 + .45 * len(wide)), layout="constrained")[1]
    sns.heatmap(wide, annot=True, fmt=".2f", ax=ax,
                **{"cmap": "viridis", "vmin": .5, "vmax": 1, "cbar_kws": {"label": "ROC-AUC"}} | kwargs)
    for column, genre in enumerate(wide):
        best = np.flatnonzero(wide[genre] == wide[genre].max())
        if len(best) == 1:
            ax.add_patch(plt.Rectangle((column, best[0]), 1, 1, fill=False, ec="w", lw=2))
    ax.set(xlabel="", ylabel="")
    ax.set_yticks(np.arange(len(wide)) + .5, wide.index, rotation=0)
    plt.setp(ax.get_xticklabels(), rotation=30, ha="right", rotation_mode="anchor")
    return ax


@plain_names
def plot_confusion(y_true, proba, genres, *, ax=None, **kwargs):
    """Draw the confusion matrix, in shares of the tracks of each true genre.

    Parameters
    ----------
    y_true, proba, genres
        As in `evaluate`.
    ax : matplotlib Axes, optional
    **kwargs
        Passed on to `seaborn.heatmap`.

    Returns
    -------
    matplotlib Axes
    """
    import matplotlib.pyplot as plt
    import seaborn as sns
    truth, proba, genres = check_predictions(y_true, proba, genres)
    counts = truth.T @ np.eye(len(genres))[proba.argmax(axis=1)]
    shares = pd.DataFrame(counts / counts.sum(axis=1, keepdims=True).clip(1), genres, genres)
    if ax is None:
        ax = plt.subplots(figsize=(1.8 + .6 * len(genres), 1.4 + .5 * len(genres)), layout="constrained")[1]
    style = {"cmap": "Blues", "vmin": 0, "vmax": 1, "cbar_kws": {"label": "share of the true genre's tracks"}}
    sns.heatmap(shares, annot=True, fmt=".0%", annot_kws={"size": 8}, ax=ax, **style | kwargs)
    ax.set(xlabel="predicted", ylabel="true")
    plt.setp(ax.get_xticklabels(), rotation=40, ha="right", rotation_mode="anchor")
    plt.setp(ax.get_yticklabels(), rotation=0)
    return ax


@plain_names
def plot_calibration(y_true, probas, genres, *, ax=None):
    """Draw accuracy against predicted probability; on the dashed line, calibration is perfect.

    The tracks are put into bins of equal counts: ten bins at most, of at least ten tracks. The more tracks in a bin,
    the larger its dot.

    Parameters
    ----------
    y_true : sequence of str [shape=(n,)], or multi-hot [shape=(n, n_genres)]
        The true genre of each track.
    probas : dict of str to array-like [shape=(n, n_genres)]
        The predicted probabilities of each model.
    genres : sequence of str
        The columns of the probabilities.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    import matplotlib.pyplot as plt
    if ax is None:
        ax = plt.subplots(figsize=(4.5, 4.5), layout="constrained")[1]
    ax.plot([0, 1], [0, 1], color=".7", lw=.8, ls="--")
    for model, proba in probas.items():
        truth, values, _ = check_predictions(y_true, proba, genres)
        confidence = values.max(axis=1)
        right = truth[np.arange(len(truth)), values.argmax(axis=1)]
        n_bins = max(1, min(CALIBRATION_BINS, len(right) // 10))
        rank = confidence.argsort().argsort()
        binned = pd.DataFrame({"confidence": confidence, "right": right}).groupby(rank * n_bins // len(right))
        ece = calibration_error(confidence, right)
        line, = ax.plot(*binned.mean().to_numpy().T, lw=1.2, label=f"{model} (error {ece:.2f})")
        ax.scatter(*binned.mean().to_numpy().T, s=200 * binned.size() / len(right) + 4, color=line.get_color())
    ax.set(xlabel="predicted probability", ylabel="accuracy", xlim=(0, 1.02), ylim=(0, 1.02))
    ax.legend(fontsize=8)
    return ax
