"""What the table models reach on the teaching tables: the report's own split, and the honest view. `make bench-tables` says how.

The tables are Top Hits and TidyTuesday (Spotify's features, for teaching statistics; see the README).
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold, train_test_split

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import models
from analysis.scores import evaluate
from prepare import change_dtypes, first_genre, load_Data, prepare_df
from preprocessing import create_features, encode_genres
from sources.files import write_table
from training import combine_held_out

SOUND = ["danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness", "instrumentalness", "liveness",
         "valence", "tempo", "duration_minutes"]
SETTINGS = {"mlp": {"verbose": False, "width": 32, "epochs": 40, "batch_size": 64, "mixup": 0.0},
         "table_cnn": {"verbose": False, "dropout": .3}, "table_lstm": {"verbose": False}, "svm": {"C": 1.0},
         "knn": {"n_neighbors": 30}, "forest": {"max_features": .4}}


def numbers(tracks, more=()):
    """The features as numbers; a key is a place on a circle."""
    table = tracks[[*SOUND, *more]].astype(float)
    turn = 2 * np.pi * table.pop("key") * 7 / 12  # by fifths
    return table.assign(key_cos=np.cos(turn), key_sin=np.sin(turn))


def reports_split(path, names, seeds):
    """The report's: the first genre of each cell (`set()` counts as one), duplicates dropped, 20 % set aside, the rest 70 / 30,
    judged on the 30 %."""
    tracks = create_features(change_dtypes(load_Data(path).drop_duplicates(ignore_index=True)))
    X = numbers(tracks, ["explicit", "popularity", "release_year"])
    y = tracks["genre"].astype(object).astype(str).str.split(",").str[0].to_numpy(dtype=object)
    rows = []
    for name in names:
        for seed in range(seeds):
            start = time.perf_counter()
            kept = train_test_split(np.arange(len(y)), test_size=.2, random_state=seed)[0]
            train, judged = train_test_split(kept, test_size=.3, random_state=seed)
            model = models.build(name, **SETTINGS.get(name, {}) | ({} if name == "knn" else {"balanced": False}))
            model.fit(X.iloc[train], y[train])
            right = model.predict(X.iloc[judged]) == y[judged]
            rows.append({"model": name, "seed": seed, "n": len(judged), "accuracy": right.mean(),
                         "guessing": (y[judged] == pd.Series(y[train]).mode()[0]).mean(), "seconds": time.perf_counter() - start})
    table = pd.DataFrame(rows).groupby("model", sort=False).agg(
        n=("n", "first"), seeds=("seed", "size"), accuracy=("accuracy", "mean"), spread=("accuracy", "std"),
        guessing=("guessing", "mean"), seconds=("seconds", "mean"))
    return table.reset_index()


def out_of_fold(X, y, groups, names):
    """Every model's probabilities of rows whose artists it has not seen; gradient boosting beside them, and their combination."""
    folds = list(GroupKFold(5, shuffle=True, random_state=0).split(X, groups=groups))
    said, seconds = {}, {}
    for name in [*names, "gradient boosting"]:
        start, proba = time.perf_counter(), np.zeros((len(X), np.shape(y)[1] if np.ndim(y) == 2 else len(set(y))))
        for train, held_out in folds:
            if name != "gradient boosting":
                wanted = y.iloc[train] if np.ndim(y) == 2 else y[train]
                model = models.build(name, **SETTINGS.get(name, {}) | ({} if name == "knn" else {"balanced": False}))
                model.fit(X.iloc[train], wanted)
                proba[held_out] = model.predict_proba(X.iloc[held_out])
            elif np.ndim(y) == 2:
                for column in range(y.shape[1]):
                    boosted = HistGradientBoostingClassifier(learning_rate=.05, random_state=0)
                    boosted.fit(X.iloc[train], y.iloc[train, column])
                    proba[held_out, column] = boosted.predict_proba(X.iloc[held_out])[:, -1]
            else:
                boosted = HistGradientBoostingClassifier(random_state=0).fit(X.iloc[train], y[train])
                proba[held_out] = boosted.predict_proba(X.iloc[held_out])
        said[name], seconds[name] = proba, time.perf_counter() - start
    ours, truth, whose = [said[name] for name in names], np.unique(y, return_inverse=True)[1], groups
    if np.ndim(y) == 2:  # each genre by itself: is the song of it or not?
        ours = [np.stack([1 - proba, proba], axis=-1).reshape(-1, 2) for proba in ours]
        truth, whose = y.to_numpy().ravel().astype(int), np.repeat(groups, y.shape[1])
    together = combine_held_out(ours, truth, whose)
    said["combined (ours)"] = together[:, 1].reshape(y.shape) if np.ndim(y) == 2 else together
    return said, seconds


def honest(path, names, several):
    """Artists held out: scores of every model, songs with several genres or one."""
    tracks = create_features(prepare_df(load_Data(path)))
    tracks = tracks.drop_duplicates(["artist", "song"])
    tracks = tracks[tracks["genre"].notna()]
    X = numbers(tracks, ["explicit", "popularity", "release_year"] if several else [])
    groups = tracks["artist"].astype(str).to_numpy()
    if several:
        hot, encoder = encode_genres(tracks["genre"].astype(object))
        often = hot.sum(axis=0) >= 30
        y, genres = pd.DataFrame(hot[:, often], columns=encoder.classes_[often], index=X.index), list(encoder.classes_[often])
    else:
        y = first_genre(tracks["genre"].astype(object)).to_numpy(dtype=object).astype(str)
        genres = sorted(set(y))
    said, seconds = out_of_fold(X, y, groups, names)
    rows = []
    for name, proba in said.items():
        scores = evaluate(y, proba, genres, groups=groups, n_boot=200)
        rows.append({"model": name, "n": len(X), **scores["value"], "accuracy_low": scores.loc["accuracy", "low"],
                     "accuracy_high": scores.loc["accuracy", "high"], "guessing": scores.loc["accuracy", "baseline"],
                     "seconds": seconds.get(name, np.nan)})
    return pd.DataFrame(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--top-hits", default="")
    parser.add_argument("--tidytuesday", default="")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--out", default="results")
    asked = parser.parse_args()
    pd.set_option("display.width", 200, "display.max_columns", 40)
    jobs, plain = {}, ["linear", "svm", "knn", "mlp", "forest"]
    if asked.top_hits:
        jobs["top_hits_report"] = lambda: reports_split(asked.top_hits, [*plain, *models.REPORT_MODELS], asked.seeds)
        jobs["top_hits_honest"] = lambda: honest(asked.top_hits, plain, True)
    if asked.tidytuesday:
        jobs["tidytuesday"] = lambda: honest(asked.tidytuesday, ["linear", "knn", "mlp", "forest"], False)
    for name, job in jobs.items():
        table = job()
        print(write_table(table.round(4), Path(asked.out) / f"bench_{name}.csv"))
        print(table.set_index("model").T.round(3).to_string(), flush=True)


if __name__ == "__main__":
    main()
