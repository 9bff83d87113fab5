"""Can a hit be foretold from its sound? Asked honestly, and with every well-known leak put back to see what it is worth."""

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

from analysis.associations import compare_groups, need_columns
from analysis.scores import evaluate
from analysis.selection import song_row
from analysis.similarity import fifths
from sources.artists import artist_groups

SOUND = ["danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness", "liveness", "valence", "tempo",
         "key", "mode", "duration_minutes"]
"""What a recording sounds like, and nothing else: not its year, its artist or its words."""
USEFUL, POOR = .7, .6
"""Areas under the ROC curve: from the first on, a prediction begins to be of use (Hosmer, Lemeshow and Sturdivant, Applied
Logistic Regression, 2013); below the second, it says next to nothing."""
FEWEST_HITS = 15
"""Hits, and other songs, that a study needs."""
HELD_OUT, LATER = "artists held out", "later years, artists held out"
"""The two honest ways to ask."""
LEAKS = {"artists on both sides": HELD_OUT, "oversampled before the split": HELD_OUT,
         "the artist's popularity as a feature": HELD_OUT, "random years": LATER}
"""Well-known leaks, and the honest study that each is to be compared with."""


@dataclass(frozen=True)
class HitStudy:
    """What `hit_study` found: `scores` by study and model, `predictions` for every song that was tested, and the settings."""
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
    """The features as numbers to predict from; a key becomes a place on the circle of fifths."""
    features = [feature for feature in SOUND if feature in tracks] if features is None else list(features)
    need_columns(tracks, features)
    X = tracks[features].astype("float64")
    if "key" in X:
        turn = 2 * np.pi * fifths(X) / 12
        X = X.drop(columns="key").assign(key_cos=np.cos(turn), key_sin=np.sin(turn))
    return X


def hit_study(tracks, *, target="popularity", hit=70, features=None, group="artist", year="release_year", later=.3, n_splits=5,
              leaks=True, n_boot=200, seed=0):
    """Can success be foretold from sound? Asked honestly, and with each well-known leak put back.

    The honest studies are `HELD_OUT` (each song is predicted by models that never saw its artist) and `LATER` (trained on
    earlier years, tested on later ones, the test's artists left out of training). Beside them `LEAKS`: songs dealt out at
    random, so that artists stand on both sides; hits copied until there are as many as other songs, and only then dealt
    out; the mean popularity of the artist, the song's own in it, as a feature; and the later years' songs predicted by models
    that saw songs of those years.

    Parameters
    ----------
    tracks : pd.DataFrame
        As from `preprocessing.create_features`, each track once.
    target : str
        Popularity, or a column of yes and no such as whether a song charted (with ``hit=1``).
    hit : float
        From this value of the target on a song counts as a hit.
    features : list of str, optional
        Those of `SOUND` that the table has.
    group, year : str
        Where the table does not tell the year, or there are fewer than `FEWEST_HITS` hits on a side, the studies of later
        years are left out.
    later : float
        The share of songs, the latest, that make the test side of `LATER`.
    n_splits : int
        Parts in which artists are held out.
    leaks : bool
        Whether to put them back.
    n_boot : int
        Bootstrap samples, over artists.
    seed : int

    Returns
    -------
    HitStudy
        Its `scores`, by `study` and `model`: `n`, `base_rate` (share of hits), `roc_auc` with its 95 % interval `low, high` (a
        bootstrap over artists; where songs were predicted part by part, wider, since the parts share what they were fitted to:
        Nadeau & Bengio, Inference for the generalization error, 2003), `average_precision` (to be read beside the base rate),
        `ece` (calibration error), and `worth`: for a leak, what it adds to the ROC-AUC of its honest counterpart. Its
        `predictions`: `study, model, track, hit, proba` and the group.

    Raises
    ------
    ValueError
        A column is missing, or there are fewer than `FEWEST_HITS` hits or other songs.
    """
    need_columns(tracks, [target])
    rows = tracks.dropna(subset=[target])
    hits = (rows[target].astype("float64") >= hit).to_numpy()
    if min(hits.sum(), (~hits).sum()) < FEWEST_HITS:
        raise ValueError(f"{hits.sum()} of {len(rows)} songs have a {target} of {hit:g} or more: a study needs {FEWEST_HITS} of "
                         "both kinds. Choose another hit=...")
    X, groups = sound_of(rows, features), artist_groups(rows, group)
    studies = _studies(rows, X, hits, groups, year, later, n_splits, target, leaks, seed)
    parts = []
    for study, (X_study, number, splits) in studies.items():
        for model in ("logistic", "boosting"):
            proba = out_of_sample_probability(build_model(model, seed), X_study, hits[number], splits)
            tested = np.isfinite(proba)
            parts.append(pd.DataFrame({"study": study, "model": model, "track": rows.index[number][tested],
                                       "hit": hits[number][tested], "proba": proba[tested], "group": groups[number][tested]}))
    predictions = pd.concat(parts, ignore_index=True)
    if leaks and LATER in studies:  # the same later songs, as the models say that have heard songs of their years
        in_test = predictions["track"].isin(predictions.loc[predictions["study"] == LATER, "track"])
        same = predictions[in_test & (predictions["study"] == HELD_OUT)]
        predictions = pd.concat([predictions, same.assign(study="random years")], ignore_index=True)
    known = [feature for feature in SOUND if feature in rows] if features is None else list(features)
    return HitStudy(_scores(predictions, n_splits, n_boot, seed), predictions, target, hit, known, group, seed)


def _studies(rows, X, hits, groups, year, later, n_splits, target, leaks, seed):
    """Of each study: what is known of the songs, which songs (by number), and who trains and tests."""
    everyone = np.arange(len(rows))
    by_artist = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
    at_random = StratifiedKFold(n_splits, shuffle=True, random_state=seed)
    held_out = list(by_artist.split(X, hits, groups))
    studies = {HELD_OUT: (X, everyone, held_out)}
    years = rows[year].astype("float64").to_numpy() if year in rows else np.full(len(rows), np.nan)
    if np.isfinite(years).sum() > 2 * FEWEST_HITS:
        last = np.nanquantile(years, 1 - later)
        test = np.flatnonzero(years > last)
        train = np.flatnonzero((years <= last) & ~np.isin(groups, groups[test]))
        if all(min(hits[side].sum(), (~hits[side]).sum()) >= FEWEST_HITS for side in (train, test)):
            studies[LATER] = (X, everyone, [(train, test)])
    if leaks:
        studies["artists on both sides"] = (X, everyone, list(at_random.split(X, hits)))
        rarer = np.flatnonzero(hits == (hits.mean() < .5))
        copies = np.random.default_rng(seed).choice(rarer, len(hits) - 2 * len(rarer))
        more = np.concatenate([everyone, copies])
        studies["oversampled before the split"] = (X.iloc[more], more, list(at_random.split(more, hits[more])))
        known = rows[target].astype("float64").groupby(groups).transform("mean")
        studies["the artist's popularity as a feature"] = (X.assign(of_artist=known), everyone, held_out)
    return studies


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
    for train, test in splits:
        proba[test] = model.fit(X.iloc[train], y[train]).predict_proba(X.iloc[test])[:, 1]
    return proba


def _scores(predictions, n_splits, n_boot, seed):
    rows = {}
    # models fitted to overlapping parts err together, which a bootstrap of their predictions does not see
    wider = np.sqrt(1 + n_splits / (n_splits - 1))
    for (study, model), own in predictions.groupby(["study", "model"], sort=False):
        truth = np.where(own["hit"], "hit", "other")
        judged = evaluate(truth, np.column_stack([own["proba"], 1 - own["proba"]]), ["hit", "other"], groups=own["group"],
                          n_boot=n_boot, seed=seed)
        value, low, high = judged.loc["roc_auc: hit", ["value", "low", "high"]]
        if study != LATER:
            low, high = max(0.0, value - wider * (value - low)), min(1.0, value + wider * (high - value))
        rows[study, model] = {"n": len(own), "base_rate": own["hit"].mean(), "roc_auc": value, "low": low, "high": high,
                              "average_precision": average_precision_score(own["hit"], own["proba"]),
                              "ece": judged.loc["ece", "value"]}
    table = pd.DataFrame(rows).T.rename_axis(["study", "model"]).astype({"n": int})
    table["worth"] = [table.loc[study, model].roc_auc - table.loc[LEAKS[study], model].roc_auc if study in LEAKS else np.nan
                      for study, model in table.index]
    return table


def deciles(study, *, name=HELD_OUT, model="boosting"):
    """Songs in ten groups by the predicted chance: how many of each were hits, and how much more than of all.

    Returns
    -------
    pd.DataFrame
        Indexed by `decile` (10: the highest predictions): `n`, `least` and `said` (the least and mean predicted chance),
        `hits`, the share of hits with its 95 % interval `low, high` (artists allowed for), and `lift`, that share over the
        share among all songs.
    """
    own = study.predictions[(study.predictions["study"] == name) & (study.predictions["model"] == model)]
    own = own.assign(decile=np.ceil(10 * own["proba"].rank(method="first", pct=True)).astype(int), hits=own["hit"].astype(float))
    table = compare_groups(own, "hits", "decile", group="group")[["n", "mean", "low", "high"]].sort_index()
    by = own.groupby("decile")["proba"]
    return table.rename(columns={"mean": "hits"}).assign(least=by.min(), said=by.mean(), lift=table["mean"] / own["hits"].mean())


def song_appeal(song, tracks, study):
    """What the study says of one song, with how little that means.

    The model is fitted to all songs but those of the song's artist. Its figure is not taken at its word: the chance is the
    share of hits among the songs of the study that got figures like it (the same tenth).

    Parameters
    ----------
    song : str, pd.Series or pd.DataFrame
        The id of one of `tracks`, or a row with the same features.
    tracks : pd.DataFrame
        Those of the study.
    study : HitStudy

    Returns
    -------
    pd.Series
        `chance` with its 95 % interval `low, high`; the `base_rate`; the study's `roc_auc, auc_low, auc_high`; and `says`, a
        sentence that holds all of it and must not be left out where the figure is shown.
    """
    row = song_row(song, tracks)
    rows = tracks.dropna(subset=[study.target]).drop(index=row.index, errors="ignore")
    if study.group in row and study.group in rows:
        groups = artist_groups(pd.concat([row[[study.group]], rows[[study.group]]]), study.group)
        rows = rows[groups[1:] != groups[0]]
    hits = rows[study.target].astype("float64") >= study.hit
    model = build_model("boosting", study.seed).fit(sound_of(rows, study.features), hits)
    said = model.predict_proba(sound_of(row, study.features))[0, 1]
    tenths, honest = deciles(study), study.scores.loc[HELD_OUT, "boosting"]
    like_it = tenths[tenths["least"] <= said].iloc[-1] if (tenths["least"] <= said).any() else tenths.iloc[0]
    appeal = pd.Series({"chance": like_it["hits"], "low": max(0, like_it["low"]), "high": min(1, like_it["high"]),
                        "base_rate": honest["base_rate"], "roc_auc": honest["roc_auc"], "auc_low": honest["low"],
                        "auc_high": honest["high"]}, dtype=object, name=row.index[0])
    appeal["says"] = _appeal_sentence(appeal)
    return appeal


def _appeal_sentence(appeal):
    chance, low, high, base, auc = (100 * appeal[key] for key in ("chance", "low", "high", "base_rate", "roc_auc"))
    return (f"Of songs that sound like it to the model, {chance:.0f} % were hits ({low:.0f}-{high:.0f} %), of all songs "
            f"{base:.0f} %. This says {meaning(appeal['roc_auc'], appeal['auc_low'])}: of a hit and another song the model takes "
            f"the right one for the hit {auc:.0f} times in 100, a coin 50 times.")


def meaning(auc, low):
    """How much a prediction with such an area under the ROC curve (and the lower end of its interval) says, in words.

    Examples
    --------
    >>> meaning(.52, .48), meaning(.55, .52), meaning(.75, .55), meaning(.75, .7)
    ('nothing', 'next to nothing', 'little', 'something')
    """
    if not low > .5:
        return "nothing"
    return "next to nothing" if auc < POOR else "something" if auc >= USEFUL and low > POOR else "little"


# ---- pictures

def plot_study(study, *, ax=None):
    """The area under the ROC curve of every study and model, with its interval; leaks in red. Returns the Axes."""
    import matplotlib.pyplot as plt
    names = list(dict.fromkeys(study.scores.index.get_level_values("study")))
    names = [name for name in names if name not in LEAKS] + [name for name in names if name in LEAKS]
    ax = ax or plt.subplots(figsize=(8, 1.4 + .5 * len(names)), layout="constrained")[1]
    for (name, model), row in study.scores.iterrows():
        y = -names.index(name) + (.14 if model == "logistic" else -.14)
        colour, marker = "C3" if name in LEAKS else "C0", "o" if model == "logistic" else "s"
        ax.hlines(y, row["low"], row["high"], color=colour, lw=2, alpha=.7)
        ax.scatter(row["roc_auc"], y, color=colour, marker=marker, s=40, zorder=3)
        ax.text(max(row["high"], row["roc_auc"]) + .01, y, f"{row['roc_auc']:.2f}", va="center", fontsize=8, color=colour)
    for marker, model in (("o", "logistic regression"), ("s", "gradient boosting")):
        ax.scatter([], [], color="0.3", marker=marker, label=model)
    ax.axvline(.5, color="0.3", lw=1, ls="--")
    ax.set_yticks([-number for number in range(len(names))], [name + (" (leak)" if name in LEAKS else "") for name in names])
    ax.set(xlabel="area under the ROC curve with 95 % interval (dashed: a coin)",
           xlim=(min(.4, study.scores["low"].min() - .02), 1.07))
    ax.legend(loc="lower center", bbox_to_anchor=(.4, 1), ncols=2, frameon=False)
    return ax


def plot_decile_calibration(table, *, ax=None):
    """The share that were hits beside the chance that was predicted, as from `deciles`, with intervals. Returns the Axes."""
    import matplotlib.pyplot as plt
    ax = ax or plt.subplots(figsize=(4.5, 4), layout="constrained")[1]
    most = 100 * max(table["said"].max(), table["high"].max())
    ax.plot([0, most], [0, most], color=".6", lw=1, ls="--", label="as predicted")
    ax.vlines(100 * table["said"], 100 * table["low"].clip(0), 100 * table["high"], color="C0", lw=2, alpha=.7)
    ax.scatter(100 * table["said"], 100 * table["hits"], color="C0", s=35, zorder=3, label="tenths of the songs")
    ax.set(xlabel="predicted chance of a hit (%)", ylabel="were hits (%, 95 % interval)")
    ax.legend(frameon=False)
    return ax


def plot_lift(table, *, ax=None):
    """How many times as many hits each tenth holds as all songs do, as from `deciles`. Returns the Axes."""
    import matplotlib.pyplot as plt
    ax = ax or plt.subplots(figsize=(4.5, 4), layout="constrained")[1]
    base = (table["hits"] / table["lift"]).dropna().mean()
    errors = np.clip([table["hits"] - table["low"], table["high"] - table["hits"]], 0, None) / base
    ax.bar(table.index, table["lift"], color="C0", alpha=.8, yerr=errors, ecolor="0.35", capsize=2)
    ax.axhline(1, color="0.3", lw=1, ls="--")
    ax.set(xlabel="tenth of the songs by predicted chance (10: highest)", ylabel="lift: share of hits in it / in all songs",
           xticks=table.index)
    return ax
