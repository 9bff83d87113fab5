"""What tables of scores and curves say of models, in a sentence each: for notebooks, above the figure."""

import numpy as np
import pandas as pd

from sources.artists import artist_groups

FEWEST_FOR_CURVE = 5
"""Songs of a genre: with fewer, a ROC curve is a few stairs."""


def curves_sentence(y_true):
    """Which genres have enough songs for a ROC curve, and which have too few.

    Parameters
    ----------
    y_true : sequence of str [shape=(n,)]

    Returns
    -------
    str

    Examples
    --------
    >>> curves_sentence(["jazz"] * 6 + ["folk"] * 2)
    'curves of 1 genre; too few songs for a curve (fewer than 5): folk (2)'
    """
    counts = pd.Series(y_true, dtype=object).astype(str).value_counts()
    few = [f"{genre} ({number})" for genre, number in counts.items() if number < FEWEST_FOR_CURVE]
    enough = len(counts) - len(few)
    return (f"curves of {enough} genre{'' if enough == 1 else 's'}"
            + (f"; too few songs for a curve (fewer than {FEWEST_FOR_CURVE}): {', '.join(few)}" if few else ""))


def count_right(y_true, probas):
    """On how many songs each model is right, for sets that are too small for a score.

    Parameters
    ----------
    y_true : sequence of str [shape=(n,)]
        The true genre of each track.
    probas : dict of str to pd.DataFrame [shape=(n, n_genres)]
        The predicted probabilities of each model; the columns are the genres.

    Returns
    -------
    pd.DataFrame
        Indexed by model: `right`, `songs`.

    Examples
    --------
    >>> count_right(["a"], {"knn": pd.DataFrame({"a": [.9], "b": [.1]})}).to_dict("index")
    {'knn': {'right': 1, 'songs': 1}}
    """
    truth = np.asarray(y_true, dtype=object).astype(str)
    rows = {name: {"right": int((proba.idxmax(axis=1).to_numpy() == truth).sum()), "songs": len(truth)}
            for name, proba in probas.items()}
    return pd.DataFrame(rows).T.rename_axis("model")


def scores_sentence(scores, artist):
    """The most accurate model, and whether its accuracy is above the majority baseline.

    Where it is right on every song, a bootstrap knows no wrong song to draw: the lower end of the exact binomial
    interval (Clopper & Pearson 1934) is given in its place, in which an artist counts once.

    Parameters
    ----------
    scores : pd.DataFrame
        From `scores.evaluate`, for each model: the index is `model, measure`.
    artist : pd.Series [shape=(n,)]
        The artist of each song, or the index again where artists are not known.

    Returns
    -------
    str
    """
    accuracy = scores.xs("accuracy", level="measure")
    row = accuracy.loc[accuracy["value"].idxmax()]
    n_artists = len(np.unique(artist_groups(artist, artist)))
    songs = f"{len(artist):,} songs" + (f" by {n_artists:,} artists" if (artist != artist.index).any() else "")
    base = f"the majority baseline of {row['baseline']:.2f}"
    if row["value"] == 1:
        lowest = .025 ** (1 / n_artists)
        verdict = "above" if lowest > row["baseline"] else "not reliably above"
        return (f"most accurate: {row.name}, right on all {songs}, from which an accuracy of {lowest:.2f} or more "
                f"follows (exact 95% interval, an artist counts once), {verdict} {base}")
    verdict = "above" if row["low"] > row["baseline"] else "not reliably above"
    return (f"most accurate: {row.name}, {row['value']:.2f} of {songs} (95% interval {row['low']:.2f} to "
            f"{row['high']:.2f}), {verdict} {base}")


def areas_sentence(areas):
    """The easiest and the hardest genre, by the highest ROC-AUC of any model.

    Parameters
    ----------
    areas : pd.DataFrame
        From `evaluation.auc_table`.

    Returns
    -------
    str
    """
    known = areas.dropna(subset=["roc_auc"])
    if known.empty:
        return "no genre has songs in this set and songs of other genres beside it, so there is no area"
    best = known.loc[known.groupby("genre")["roc_auc"].idxmax()].sort_values("roc_auc")
    if best["roc_auc"].iloc[0] == 1:
        return f"each of the {len(best)} genres is told from the others without error by its best model"
    hardest, easiest = (f"{row.genre}, {row.roc_auc:.2f} ({row.low:.2f} to {row.high:.2f}) by {row.model}"
                        for row in best.iloc[[0, -1]].itertuples())
    return f"largest area: {easiest}; smallest of the genres' best areas: {hardest}"


def confusion_sentence(y_true, proba):
    """Which genre is most often taken for which other one; the arguments are those of `count_right`, for one model.

    Returns
    -------
    str

    Examples
    --------
    >>> confusion_sentence(["a", "a"], pd.DataFrame({"a": [.9, .1], "b": [.1, .9]}))
    'the most frequent confusion: a is taken for b, 1 of 2 songs'
    """
    truth = pd.Series(np.asarray(y_true, dtype=object).astype(str))
    answer = pd.Series(proba.idxmax(axis=1).to_numpy())
    wrong = pd.DataFrame({"true": truth, "answer": answer})[truth != answer].value_counts()
    if wrong.empty:
        return f"all {len(truth)} songs are right"
    genre, other = wrong.index[0]
    return (f"the most frequent confusion: {genre} is taken for {other}, {wrong.iloc[0]} of {(truth == genre).sum()} "
            "songs")


def calibration_sentence(y_true, probas):
    """Whether models are as often right as their probabilities say; the arguments are those of `count_right`.

    Returns
    -------
    str

    Examples
    --------
    >>> calibration_sentence(["a", "b"] * 20, {"knn": pd.DataFrame({"a": [.9] * 40, "b": [.1] * 40})})
    'knn: mean probability 0.90, right 0.50 of the time, overconfident'
    """
    parts = []
    for name, proba in probas.items():
        said = proba.max(axis=1).mean()
        right = count_right(y_true, {name: proba}).loc[name]
        share = right["right"] / right["songs"]
        # twice the standard error of the share of right songs
        margin = 2 * np.sqrt(max(share * (1 - share), .25 / right["songs"]) / right["songs"])
        verdict = "as often as it says" if abs(said - share) <= margin else (
            "overconfident" if said > share else "underconfident")
        parts.append(f"{name}: mean probability {said:.2f}, right {share:.2f} of the time, {verdict}")
    return "; ".join(parts)


def comparison_sentence(pairs):
    """In how many pairs of models one is clearly better.

    Parameters
    ----------
    pairs : pd.DataFrame
        From `evaluation.compare_models`.

    Returns
    -------
    str
    """
    if not len(pairs):
        return "there is only one model: nothing to compare"
    n_clear = int((pairs["verdict"] == "better").sum())
    return f"a clear difference in {n_clear} of {len(pairs)} pairs of models"


def leak_sentence(leaks):
    """How much higher the first score of `evaluation.leak_check`, which has a leak, is than the last."""
    gain = 100 * (leaks["accuracy"].iloc[0] - leaks["accuracy"].iloc[-1])
    return (f"the split '{leaks.index[0]}' scores {abs(gain):.0f} points {'higher' if gain >= 0 else 'lower'} than the "
            f"split '{leaks.index[-1]}'")


def learning_sentence(fitted):
    """Which networks were still learning in their last epoch, and which began to overfit before.

    Parameters
    ----------
    fitted : dict of str to classifier
        From `training.train_family`.

    Returns
    -------
    str
    """
    losses = {name: model.history_["val_loss"].to_numpy() for name, model in fitted.items()
              if "val_loss" in getattr(model, "history_", ())}
    if not losses:
        return "no network was trained with a validation set, so there are no curves"
    best = {name: int(loss.argmin()) + 1 for name, loss in losses.items()}
    learning = [name for name, loss in losses.items() if best[name] == len(loss)]
    done = [f"{name} ({best[name]} of {len(loss)})" for name, loss in losses.items() if best[name] < len(loss)]
    parts = [f"lowest validation loss in the last epoch, so that more epochs may help: {', '.join(learning)}"] * bool(
        learning) + [f"lowest before (epoch): {', '.join(done)}; these weights are kept"] * bool(done)
    return "; ".join(parts)
