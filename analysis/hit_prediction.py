"""Can a hit be predicted from its sound? The honest answer, and what each well-known leak would add to it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from analysis.associations import compare_groups, need_columns
from analysis.scores import evaluate
from analysis.selection import song_row
from analysis.similarity import fifths
from signals.plain_names import plain_names
from sources.artists import artist_groups, artist_matrix, by_other_artists

SOUND = ["danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness", "liveness", "valence",
         "tempo", "key", "mode", "duration_minutes"]
"""What a recording sounds like, and nothing else: not its year, its artist or its words."""
USEFUL = .7
"""From this area under the ROC curve on, a prediction is of use (Hosmer, Lemeshow and Sturdivant, Applied Logistic
Regression, 2013)."""
POOR = .6
"""Below this area under the ROC curve, a prediction tells next to nothing."""
FEWEST_HITS = 15
"""The least number of hits, and of other songs, that a study needs."""
HELD_OUT, LATER = "artists held out", "later years, artists held out"
"""The two honest studies."""
N_SPLITS = 5
"""The number of folds, of artists or of songs."""
N_BOOT = 200
"""The number of bootstrap samples."""
LEAKS = {"artists on both sides": HELD_OUT, "oversampled before the split": HELD_OUT,
         "the artist's success as a feature": HELD_OUT, "random years": LATER}
"""Well-known leaks, and the honest study with which each is compared."""


@dataclass(frozen=True)
class HitStudy:
    """The result of `hit_study`: its `scores`, its `predictions`, and the settings."""
    scores: pd.DataFrame
    predictions: pd.DataFrame
    target: str
    hit: float
    features: list
    group: str
    seed: int


def build_model(name, seed=0):
    """An unfitted ``"logistic"`` regression or gradient ``"boosting"``, with the settings of the study."""
    if name == "logistic":
        return make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=1000))
    return HistGradientBoostingClassifier(max_iter=200, learning_rate=.03, min_samples_leaf=40, max_features=.3,
                                          l2_regularization=10, early_stopping=False, random_state=seed)


def sound_of(tracks, features=None):
    """The features as numbers, for a model; a key becomes a place on the circle of fifths.

    Parameters
    ----------
    tracks : pd.DataFrame
    features : list of str, optional
        The columns of `SOUND` that the table has, if not given.

    Returns
    -------
    pd.DataFrame [shape=(n, n_values)]
        As floats; `key_cos, key_sin` in place of `key`.
    """
    features = _features(tracks, features)
    need_columns(tracks, features)
    X = tracks[features].astype("float64")
    if "key" in X:
        angle = 2 * np.pi * fifths(X) / 12
        X = X.drop(columns="key").assign(key_cos=np.cos(angle), key_sin=np.sin(angle))
    return X


def _features(tracks, features):
    return [feature for feature in SOUND if feature in tracks] if features is None else list(features)


def hit_study(tracks, *, target="popularity", hit=70, features=None, group="artist", year="release_year", later=.3,
              n_splits=N_SPLITS, leaks=True, n_boot=N_BOOT, seed=0):
    """How well hits can be predicted from sound, honestly and with each well-known leak.

    There are two honest studies. In `HELD_OUT`, each song is predicted by a model that was trained on songs of other
    artists. In `LATER`, models are trained on earlier years and tested on later ones, and the artists of the test songs
    are left out of training. The `LEAKS` are:

    - songs are split at random, so that artists are on both sides;
    - hits are copied until there are as many as other songs, and split only then;
    - the mean success (the target) of the artist, which includes the song's own, is a feature;
    - songs of later years are predicted by models that were trained on songs of those years.

    Parameters
    ----------
    tracks : pd.DataFrame
        As from `preprocessing.create_features`, one row a track.
    target : str
        Popularity, or a column of yes and no, such as whether a song charted (with ``hit=1``).
    hit : float
        A song is a hit where its target is this or more.
    features : list of str, optional
        The columns of `SOUND` that the table has, if not given.
    group : str
        The column of the artist.
    year : str
        The column of the year. The studies of later years are left out where the table does not have it, or where a
        side has fewer than `FEWEST_HITS` hits.
    later : float
        The share of songs, the latest, that are the test side of `LATER`.
    n_splits : int
        The number of folds, of artists or of songs.
    leaks : bool
        Whether to study the leaks as well.
    n_boot : int
        The number of bootstrap samples.
    seed : int

    Returns
    -------
    HitStudy
        Its `scores`, by `study` and `model`: `n`, `base_rate` (share of hits), `roc_auc` with its 95% interval `low,
        high` (a bootstrap by artist; with cross-validation it is made wider, since the training sets of the folds
        overlap: Nadeau and Bengio, Inference for the generalization error, 2003), `average_precision` (to be compared
        with the base rate), `ece` (calibration error), and `worth`: for a leak, what it adds to the ROC-AUC of its
        honest study. Its `predictions`: `study, model, track, hit, proba`, and the artist as a number, `group`.

    Raises
    ------
    ValueError
        A column is missing, there are fewer than `FEWEST_HITS` hits or other songs, or there is no sound or there are
        too few artists to hold out; see `study_obstacle`.
    """
    need_columns(tracks, [target])
    obstacle = study_obstacle(tracks, target=target, hit=hit, features=features, group=group, n_splits=n_splits)
    if obstacle:
        raise ValueError(obstacle)
    rows = tracks.dropna(subset=[target])
    hits = (rows[target].astype("float64") >= hit).to_numpy()
    X = sound_of(rows, features)
    groups = artist_groups(rows, group)
    members = artist_matrix(rows, group)
    studies = _studies(rows, X, hits, groups, members, year, later, n_splits, target, leaks, seed)
    tables = []
    for study, (X_study, songs, splits) in studies.items():
        for model in ("logistic", "boosting"):
            proba = out_of_sample_probability(build_model(model, seed), X_study, hits[songs], splits)
            table = pd.DataFrame({"study": study, "model": model, "track": rows.index[songs], "hit": hits[songs],
                                  "proba": proba, "group": groups[songs]})
            tables.append(table[np.isfinite(proba)])
    predictions = pd.concat(tables, ignore_index=True)
    if leaks and LATER in studies:
        predictions = pd.concat([predictions, _random_years(predictions)], ignore_index=True)
    scores = _scores(predictions, n_splits, n_boot, seed)
    return HitStudy(scores, predictions, target, hit, _features(rows, features), group, seed)


def study_obstacle(tracks, *, target="popularity", hit=70, features=None, group="artist", n_splits=N_SPLITS):
    """Why hits cannot be studied in a table, as a sentence; empty where they can. The arguments are of `hit_study`."""
    if target not in tracks:
        return f"the table has no column {target!r}, so there are no hits to predict"
    rows = tracks.dropna(subset=[target])
    hits = (rows[target].astype("float64") >= hit).to_numpy()
    if min(hits.sum(), (~hits).sum()) < FEWEST_HITS:
        return (f"{hits.sum()} of {len(rows)} songs have a {target} of {hit:g} or more: a study needs "
                f"{FEWEST_HITS} hits and {FEWEST_HITS} other songs. Choose another hit=...")
    if not [feature for feature in _features(rows, features) if rows[feature].notna().any()]:
        return f"the table has none of the features {', '.join(SOUND[:4])} ..., so there is no sound to predict from"
    of_artists = pd.Series(hits).groupby(artist_groups(rows, group))
    with_both = min(of_artists.any().sum(), (~of_artists.all()).sum())
    if with_both < n_splits:
        return (f"only {with_both} artists have a hit, or a song that is none: a study that holds artists out needs "
                f"{n_splits}")
    return ""


def _studies(rows, X, hits, groups, members, year, later, n_splits, target, leaks, seed):
    """Of each study: the features, the row numbers of its songs, and its splits into train and test."""
    everyone = np.arange(len(rows))
    by_artist = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
    at_random = StratifiedKFold(n_splits, shuffle=True, random_state=seed)
    # a song by artists of two folds is tested in one, and then no song by either is in training
    held_out = [(train[by_other_artists(members, test)[train]], test) for train, test in
                by_artist.split(X, hits, groups)]
    studies = {HELD_OUT: (X, everyone, held_out)}
    split = _split_by_year(rows, hits, members, year, later)
    if split is not None:
        studies[LATER] = (X, everyone, [split])
    if leaks:
        studies["artists on both sides"] = (X, everyone, list(at_random.split(X, hits)))
        rarer = np.flatnonzero(hits == (hits.mean() < .5))
        copies = np.random.default_rng(seed).choice(rarer, len(hits) - 2 * len(rarer))
        songs = np.concatenate([everyone, copies])
        studies["oversampled before the split"] = (X.iloc[songs], songs, list(at_random.split(songs, hits[songs])))
        popularity = rows[target].astype("float64").groupby(groups).transform("mean")
        studies["the artist's success as a feature"] = (X.assign(of_artist=popularity), everyone, held_out)
    return studies


def _split_by_year(rows, hits, members, year, later):
    """Earlier songs to train on and later ones to test, no artist on both sides; None where there are too few hits."""
    years = rows[year].astype("float64").to_numpy() if year in rows else np.full(len(rows), np.nan)
    if np.isfinite(years).sum() <= 2 * FEWEST_HITS:
        return None
    last_year = np.nanquantile(years, 1 - later)
    test = np.flatnonzero(years > last_year)
    train = np.flatnonzero((years <= last_year) & by_other_artists(members, test))
    enough = all(min(hits[side].sum(), (~hits[side]).sum()) >= FEWEST_HITS for side in (train, test))
    return (train, test) if enough else None


def _random_years(predictions):
    """The test songs of `LATER` as predicted by models that were trained on songs of the same years."""
    tested_later = predictions["track"].isin(predictions.loc[predictions["study"] == LATER, "track"])
    return predictions[tested_later & (predictions["study"] == HELD_OUT)].assign(study="random years")


def out_of_sample_probability(model, X, y, splits):
    """The probability of a hit for each song, from a model that was not fitted to the song.

    Parameters
    ----------
    model
        A scikit-learn classifier; it is fitted anew for each split.
    X : pd.DataFrame [shape=(n, n_features)]
    y : np.ndarray of bool [shape=(n,)]
        Whether each song is a hit.
    splits : list of (np.ndarray, np.ndarray)
        The row numbers of the train and the test side of each split.

    Returns
    -------
    np.ndarray [shape=(n,)]
        NaN for a song that is on no test side.
    """
    proba = np.full(len(y), np.nan)
    with threadpool_limits(1):  # on a busy machine, threads that wait for each other made this forty times slower
        for train, test in splits:
            proba[test] = model.fit(X.iloc[train], y[train]).predict_proba(X.iloc[test])[:, 1]
    return proba


def _scores(predictions, n_splits, n_boot, seed):
    """The scores of each study and model, see `hit_study`."""
    rows = {}
    # the folds' models share training songs and so their errors, which a bootstrap of the predictions cannot show
    wider = np.sqrt(1 + n_splits / (n_splits - 1))
    for (study, model), table in predictions.groupby(["study", "model"], sort=False):
        truth = np.where(table["hit"], "hit", "other")
        proba = np.column_stack([table["proba"], 1 - table["proba"]])
        measures = evaluate(truth, proba, ["hit", "other"], groups=table["group"], n_boot=n_boot, seed=seed)
        value, low, high = measures.loc["roc_auc: hit", ["value", "low", "high"]]
        if study != LATER:
            low = max(0.0, value - wider * (value - low))
            high = min(1.0, value + wider * (high - value))
        rows[study, model] = {"n": len(table), "base_rate": table["hit"].mean(), "roc_auc": value, "low": low,
                              "high": high, "average_precision": average_precision_score(table["hit"], table["proba"]),
                              "ece": measures.loc["ece", "value"]}
    scores = pd.DataFrame(rows).T.rename_axis(["study", "model"]).astype({"n": int})
    scores["worth"] = [scores.loc[study, model].roc_auc - scores.loc[LEAKS[study], model].roc_auc
                       if study in LEAKS else np.nan for study, model in scores.index]
    return scores


def deciles(study, *, name=HELD_OUT, model="boosting"):
    """Songs in ten groups by their predicted probability, with the share of hits in each group.

    Parameters
    ----------
    study : HitStudy
    name : str
        Which study of `study.scores`.
    model : {'boosting', 'logistic'}

    Returns
    -------
    pd.DataFrame
        Indexed by `decile` (10: the highest predictions): `n`, `least` and `predicted` (the least and the mean
        predicted probability), `hits`, the share of hits with its 95% interval `low, high` (cluster-robust by
        artist), and `lift`, that share divided by the share among all songs.
    """
    songs = study.predictions[(study.predictions["study"] == name) & (study.predictions["model"] == model)]
    rank = songs["proba"].rank(method="first", pct=True)
    songs = songs.assign(decile=np.ceil(10 * rank).astype(int), hits=songs["hit"].astype(float))
    table = compare_groups(songs, "hits", "decile", group="group")[["n", "mean", "low", "high"]].sort_index()
    proba = songs.groupby("decile")["proba"]
    lift = table["mean"] / songs["hits"].mean()
    return table.rename(columns={"mean": "hits"}).assign(least=proba.min(), predicted=proba.mean(), lift=lift)


def song_appeal(song, tracks, study):
    """The predicted probability that one song is a hit, with a sentence on how little this means.

    The model is fitted to all songs but those of the song's artist. Its probability is not reported as it is: the
    chance is the share of hits among the songs of the study with a similar prediction (the same decile).

    Parameters
    ----------
    song : str, pd.Series or pd.DataFrame
        The id of one of `tracks`, or a row with the same features.
    tracks : pd.DataFrame
        The songs of the study.
    study : HitStudy

    Returns
    -------
    pd.Series
        `chance` with its 95% interval `low, high`; the `base_rate`; the study's `roc_auc, auc_low, auc_high`; and
        `sentence`, with all of these, to be shown wherever the chance is shown.
    """
    row = song_row(song, tracks)
    rows = tracks.dropna(subset=[study.target]).drop(index=row.index, errors="ignore")
    if study.group in row and study.group in rows:
        columns = [column for column in (study.group, "artists") if column in row and column in rows]
        members = artist_matrix(pd.concat([row[columns], rows[columns]]), study.group)
        rows = rows[by_other_artists(members, [0])[1:]]
    hits = rows[study.target].astype("float64") >= study.hit
    with threadpool_limits(1):  # see out_of_sample_probability
        model = build_model("boosting", study.seed).fit(sound_of(rows, study.features), hits)
        proba = model.predict_proba(sound_of(row, study.features))[0, 1]
    table = deciles(study)
    honest = study.scores.loc[HELD_OUT, "boosting"]
    reached = table[table["least"] <= proba]
    decile = reached.iloc[-1] if len(reached) else table.iloc[0]
    appeal = pd.Series({"chance": decile["hits"], "low": max(0, decile["low"]), "high": min(1, decile["high"]),
                        "base_rate": honest["base_rate"], "roc_auc": honest["roc_auc"], "auc_low": honest["low"],
                        "auc_high": honest["high"]}, dtype=object, name=row.index[0])
    appeal["sentence"] = _appeal_sentence(appeal)
    return appeal


def _appeal_sentence(appeal):
    chance, low, high, base, auc = (100 * appeal[key] for key in ("chance", "low", "high", "base_rate", "roc_auc"))
    words = meaning(appeal["roc_auc"], appeal["auc_low"], appeal["auc_high"])
    return (f"Of songs with a similar prediction, {chance:.0f}% were hits ({low:.0f}-{high:.0f}%), of all songs "
            f"{base:.0f}%. This says {words}: given a hit and another song, the model ranks the hit higher "
            f"{auc:.0f} times in 100, a coin 50 times.")


def meaning(auc, low, high=1):
    """How much a prediction tells, in words, by its area under the ROC curve and the ends of its interval.

    Examples
    --------
    >>> meaning(.52, .48, .56), meaning(.55, .52, .58), meaning(.75, .55, .9), meaning(.75, .7, .8)
    ('nothing', 'next to nothing', 'little', 'something')
    >>> meaning(.4, .35, .45)
    'the opposite: hits are ranked lower than other songs, more often than by chance'
    """
    if high < .5:
        return "the opposite: hits are ranked lower than other songs, more often than by chance"
    if not low > .5:
        return "nothing"
    if auc < POOR:
        return "next to nothing"
    return "something" if auc >= USEFUL and low > POOR else "little"


def scores_without(study, left_out):
    """The scores of the honest studies without some songs: the same predictions, scored again.

    Parameters
    ----------
    study : HitStudy
    left_out : pd.Index
        The tracks that are left out.

    Returns
    -------
    pd.DataFrame
        As `study.scores`, without `worth`.
    """
    kept = study.predictions[study.predictions["study"].isin((HELD_OUT, LATER))
                             & ~study.predictions["track"].isin(left_out)]
    return _scores(kept, N_SPLITS, N_BOOT, study.seed).drop(columns="worth")


# ---- plots

@plain_names
def plot_study(study, *, ax=None):
    """The area under the ROC curve of every study and model, with its interval; leaks in red. Returns the Axes."""
    import matplotlib.pyplot as plt
    names = list(dict.fromkeys(study.scores.index.get_level_values("study")))
    names = [name for name in names if name not in LEAKS] + [name for name in names if name in LEAKS]
    ax = ax or plt.subplots(figsize=(8, 1.4 + .5 * len(names)), layout="constrained")[1]
    for (name, model), row in study.scores.iterrows():
        y = -names.index(name) + (.14 if model == "logistic" else -.14)
        colour = "C3" if name in LEAKS else "C0"
        marker = "o" if model == "logistic" else "s"
        ax.hlines(y, row["low"], row["high"], color=colour, lw=2, alpha=.7)
        ax.scatter(row["roc_auc"], y, color=colour, marker=marker, s=40, zorder=3)
        right = max(row["high"], row["roc_auc"])
        ax.text(right + .01, y, f"{row['roc_auc']:.2f}", va="center", fontsize=8, color=colour)
    for marker, model in (("o", "logistic regression"), ("s", "gradient boosting")):
        ax.scatter([], [], color="0.3", marker=marker, label=model)
    ax.axvline(.5, color="0.3", lw=1, ls="--")
    labels = [name + (" (leak)" if name in LEAKS else "") for name in names]
    ax.set_yticks([-number for number in range(len(names))], labels)
    ax.set(xlabel="area under the ROC curve with 95% interval (dashed: chance level)",
           xlim=(min(.4, study.scores["low"].min() - .02), 1.07))
    ax.legend(loc="lower center", bbox_to_anchor=(.4, 1), ncols=2, frameon=False)
    return ax


@plain_names
def plot_decile_calibration(table, *, ax=None):
    """The share of hits against the predicted probability, as from `deciles`, with intervals. Returns the Axes."""
    import matplotlib.pyplot as plt
    ax = ax or plt.subplots(figsize=(4.5, 4), layout="constrained")[1]
    most = 100 * max(table["predicted"].max(), table["high"].max())
    ax.plot([0, most], [0, most], color=".6", lw=1, ls="--", label="perfect calibration")
    ax.vlines(100 * table["predicted"], 100 * table["low"].clip(0), 100 * table["high"], color="C0", lw=2, alpha=.7)
    ax.scatter(100 * table["predicted"], 100 * table["hits"], color="C0", s=35, zorder=3, label="deciles of the songs")
    ax.set(xlabel="predicted probability of a hit (%)", ylabel="share of hits (%, 95% interval)")
    ax.legend(frameon=False)
    return ax


@plain_names
def plot_lift(table, *, ax=None):
    """The share of hits in each decile divided by the share among all songs, as from `deciles`. Returns the Axes."""
    import matplotlib.pyplot as plt
    ax = ax or plt.subplots(figsize=(4.5, 4), layout="constrained")[1]
    base = (table["hits"] / table["lift"]).dropna().mean()
    errors = np.clip([table["hits"] - table["low"], table["high"] - table["hits"]], 0, None) / base
    ax.bar(table.index, table["lift"], color="C0", alpha=.8, yerr=errors, ecolor="0.35", capsize=2)
    ax.axhline(1, color="0.3", lw=1, ls="--")
    ax.set(xlabel="decile of the songs by predicted probability (10: highest)",
           ylabel="lift: share of hits in it / in all songs", xticks=table.index)
    return ax
