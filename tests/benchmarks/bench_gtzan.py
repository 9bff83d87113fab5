"""From lists of tracks to a table of scores on GTZAN's pictures and features: `make bench-gtzan` says what it needs.

Everything is chosen on train and validation: weights of the combination and the temperatures come from predictions out of fold,
over three folds within train + valid that keep neighbouring tracks (which tend to be of one artist) together. Rows `folds` are
these predictions, rows `valid` come from models trained on the train list alone, rows `test` from models trained on both lists.
What is done is kept, so that a run that was killed goes on where it stopped.
"""

import argparse
import hashlib
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import models
from analysis.scores import evaluate
from prepare import first_genre
from signals.image_statistics import describe_images
from signals.spectrogram_images import index_images
from sources.files import write_table
from training import combine, combine_held_out, stacking_weights, table_features, tracks_on_list

FAST = ("linear", "svm", "knn", "mlp", "forest")
ALL = (*FAST, "lstm", "cnn", "lstm_cnn", "multi_cnn")
IN_PIECES = ("linear", "knn", "mlp")
"""Which learn from pieces of pictures, too, and judge a track by all of them; it would take the others minutes."""
WIDE = {"columns": 320, "chunks": 1, "shift": 2, "mask": .06, "verbose": False}
SETTINGS = {"linear": {"C": .003}, "svm": {"C": 5.0}, "knn": {"n_neighbors": 50},
            "mlp": {"verbose": False, "dropout": .5, "epochs": 15},
            "cnn": WIDE | {"epochs": 40, "mixup": .1, "equalizer": .05}, "lstm": WIDE | {"epochs": 40, "equalizer": .05},
            "lstm_cnn": WIDE | {"epochs": 30, "mixup": .1, "equalizer": .05},
            "multi_cnn": WIDE | {"epochs": 30, "mixup": .1, "equalizer": .05}}
"""Chosen on the valid list and the folds, epochs so that all of it takes less than 90 minutes on two cores; the test list
was never looked at."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("images", "features", "train", "valid"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--test", default="")
    parser.add_argument("--models", default="", help=f"some of: {' '.join(ALL)}")
    parser.add_argument("--fast", action="store_true", help=f"only {' '.join(FAST)}")
    parser.add_argument("--out", default="results")
    asked = parser.parse_args()
    names, out = asked.models.split() or list(FAST if asked.fast else ALL), Path(asked.out)
    manifest = index_images(asked.images)
    manifest["genre"] = first_genre(manifest["genre"].astype(object))
    lists = {side: tracks_on_list(file, manifest["track_id"]) for side, file in
             (("train", asked.train), ("valid", asked.valid), ("test", asked.test)) if file}
    manifest = manifest.set_index("track_id", drop=False).rename_axis(None)
    manifest = manifest.loc[[name for tracks in lists.values() for name in tracks]]
    statistics = describe_images(manifest, pieces=True)
    table = statistics.join(table_features(asked.features, manifest["track_id"]), how="left")
    both = [*lists["train"], *lists["valid"]]
    folds = list(GroupKFold(3, shuffle=True, random_state=0).split(both, groups=neighbours(manifest, lists)))
    jobs = {"folds": [([both[i] for i in train], [both[i] for i in held_out]) for train, held_out in folds],
            "valid": [(lists["train"], lists["valid"])]} | ({"test": [(both, lists["test"])]} if "test" in lists else {})
    said = {split: {name: predicted(name, split, jobs[split], manifest, table, out) for name in names} for split in jobs}
    write_scores(said, manifest["genre"], pd.Series(neighbours(manifest, lists), both), out)


def neighbours(manifest, lists):
    """A group for every eight tracks of a genre that follow each other on a list."""
    groups = []
    for side in ("train", "valid"):
        number = manifest.loc[lists[side]].groupby("genre", observed=True).cumcount() // 8
        groups += [f"{side} {genre} {n}" for genre, n in zip(manifest.loc[lists[side], "genre"], number)]
    return groups


def predicted(name, split, jobs, manifest, table, out):
    """A model's probabilities for every held-out track; kept in a file, with the seconds it took and its weights."""
    rows = manifest if name in models.IMAGE_MODELS else table if name in IN_PIECES else table[~table.index.duplicated()]
    asked = hashlib.sha1(repr((SETTINGS.get(name), jobs, len(rows), list(rows))).encode()).hexdigest()[:8]
    kept = out / "bench_gtzan" / f"{name}_{split}_{asked}.parquet"  # other settings, lists or features are another question
    if kept.exists():
        return pd.read_parquet(kept)
    start, weights = time.perf_counter(), 0
    parts = []
    for train, held_out in jobs:
        model = models.build(name, **SETTINGS.get(name, {}))
        learned = rows.loc[train]
        whose = {} if name in models.NETWORKS else {"groups": learned.index}
        model.fit(learned, manifest.loc[learned.index, "genre"].to_numpy(dtype=object), **whose)
        parts.append(models.track_proba(model, rows.loc[held_out]).loc[held_out])
        weights = model.count_weights()
    frame = pd.concat(parts).assign(_seconds=time.perf_counter() - start, _weights=weights)
    write_table(frame.rename_axis("track_id"), kept)
    print(f"{name} {split}: {frame['_seconds'].iloc[0]:.0f} s", flush=True)
    return pd.read_parquet(kept)


def write_scores(said, genre, groups, out):
    genres = sorted(genre.unique())
    truth = {split: genre.loc[next(iter(frames.values())).index] for split, frames in said.items()}
    codes = truth["folds"].map(genres.index).to_numpy()
    folds = {name: frame.loc[truth["folds"].index, genres] for name, frame in said["folds"].items()}
    weights = {name: stacking_weights([frame], codes, penalty=0) for name, frame in folds.items()}
    together = stacking_weights(list(folds.values()), codes)
    print("weights of the combination:", dict(zip(folds, together.round(2))))
    rows = []
    for split, frames in said.items():
        about = {name: frame[["_seconds", "_weights"]].iloc[0] for name, frame in frames.items()}
        frames = {name: frame.loc[truth[split].index, genres] for name, frame in frames.items()}
        probas = {name: combine([frame], weights[name]) for name, frame in frames.items()}
        probas["combined"] = combine(list(frames.values()), together)
        if split == "folds":  # weights are fitted without the songs that they are judged on
            whose = groups[truth["folds"].index]
            probas["combined"] = combine_held_out([frame.to_numpy() for frame in frames.values()], codes, whose)
        for name, proba in probas.items():
            scores = evaluate(truth[split], proba, genres)
            seconds, number = about[name] if name in about else np.sum(list(about.values()), axis=0)
            value, low, high = scores.loc["accuracy", ["value", "low", "high"]]
            rows.append({"model": name, "split": split, "n": len(proba), "accuracy": value, "low": low, "high": high,
                         **scores.loc[["macro_f1", "roc_auc", "log_loss", "ece"], "value"], "seconds": seconds,
                         "weights": int(number)})
    table = pd.DataFrame(rows).round(4)
    print(write_table(table, out / "bench_gtzan.csv"))
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
