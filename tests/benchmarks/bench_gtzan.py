"""Measure how well each model of the family names the genres of GTZAN's songs.

Data: GTZAN's spectrogram images, its table of features, and the text files of a published split (train, valid, test),
for example the fault-filtered split.

All settings are chosen on train and valid only. The combination's weights and the temperatures come from out-of-fold
predictions over three folds of train + valid; a fold keeps neighbouring tracks together, because they are often by
one artist. In the table of scores, `folds` are these predictions, `valid` are predictions of models trained on the
train list, and `test` are predictions of models trained on both lists.

Takes up to 90 minutes on two cores, much less with --fast. Predictions are kept: a run that was stopped continues.
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
"""Models that learn from pieces of images too and judge a track by all of its pieces; the others would take long."""
NEIGHBOURS = 8
"""Tracks of one genre that follow each other on a list and stay in one fold."""
WIDE = {"columns": 320, "chunks": 1, "shift": 2, "mask": .06, "verbose": False}
SETTINGS = {"linear": {"C": .003}, "svm": {"C": 5.0}, "knn": {"n_neighbors": 50},
            "mlp": {"verbose": False, "dropout": .5, "epochs": 15},
            "cnn": WIDE | {"epochs": 40, "mixup": .1, "equalizer": .05},
            "lstm": WIDE | {"epochs": 40, "equalizer": .05},
            "lstm_cnn": WIDE | {"epochs": 30, "mixup": .1, "equalizer": .05},
            "multi_cnn": WIDE | {"epochs": 30, "mixup": .1, "equalizer": .05}}
"""Chosen on the valid list and the folds, never on the test list. The epochs keep the whole run below 90 minutes on two
cores."""


def main():
    options = read_options()
    out = Path(options.out)
    names = options.models.split() or list(FAST if options.fast else ALL)
    manifest, lists = read_images(options)
    table = table_features(options.features, manifest["track_id"])
    table = describe_images(manifest, pieces=True).join(table, how="left")
    tracks = [*lists["train"], *lists["valid"]]
    groups = neighbour_groups(manifest, lists)
    jobs = training_jobs(tracks, groups, lists)
    probas = {split: {name: predict(name, split, jobs[split], manifest, table, out) for name in names}
              for split in jobs}
    scores = score(probas, manifest["genre"], pd.Series(groups, tracks))
    print(write_table(scores, out / "bench_gtzan.csv"))
    print(scores.to_string(index=False))


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", required=True, help="folder of spectrogram images, one folder a genre")
    parser.add_argument("--features", required=True, help="CSV or Parquet file with the features of each track")
    parser.add_argument("--train", required=True, help="text file of the tracks to train on, one a line")
    parser.add_argument("--valid", required=True, help="text file of the tracks to choose settings on")
    parser.add_argument("--test", default="", help="text file of the tracks for the final scores (default: none)")
    parser.add_argument("--models", default="",
                        help=f"names of models, in quotes, from: {' '.join(ALL)} (default: all)")
    parser.add_argument("--fast", action="store_true", help=f"only {' '.join(FAST)}")
    parser.add_argument("--out", default="results", help="folder for scores and predictions (default: %(default)s)")
    return parser.parse_args()


def read_images(options):
    """The manifest of the listed tracks, indexed by track, and the tracks of each list."""
    manifest = index_images(options.images)
    manifest["genre"] = first_genre(manifest["genre"].astype(object))
    files = {"train": options.train, "valid": options.valid, "test": options.test}
    lists = {side: tracks_on_list(file, manifest["track_id"]) for side, file in files.items() if file}
    manifest = manifest.set_index("track_id", drop=False).rename_axis(None)
    return manifest.loc[[track for tracks in lists.values() for track in tracks]], lists


def neighbour_groups(manifest, lists):
    """A group for every eight tracks of a genre that follow each other on the train or the valid list."""
    groups = []
    for side in ("train", "valid"):
        genres = manifest.loc[lists[side], "genre"]
        numbers = manifest.loc[lists[side]].groupby("genre", observed=True).cumcount() // NEIGHBOURS
        groups += [f"{side} {genre} {number}" for genre, number in zip(genres, numbers)]
    return groups


def training_jobs(tracks, groups, lists):
    """For each split, the pairs of tracks to train on and tracks to predict."""
    folds = GroupKFold(3, shuffle=True, random_state=0).split(tracks, groups=groups)
    jobs = {"folds": [([tracks[i] for i in train], [tracks[i] for i in held_out]) for train, held_out in folds],
            "valid": [(lists["train"], lists["valid"])]}
    if "test" in lists:
        jobs["test"] = [(tracks, lists["test"])]
    return jobs


def predict(name, split, jobs, manifest, table, out):
    """A model's probabilities for every held-out track, its seconds and its number of weights; kept in a file."""
    rows = rows_for(name, manifest, table)
    # another file for other settings, lists or features
    key = hashlib.sha1(repr((SETTINGS.get(name), jobs, len(rows), list(rows))).encode()).hexdigest()[:8]
    file = out / "bench_gtzan" / f"{name}_{split}_{key}.parquet"
    if file.exists():
        return pd.read_parquet(file)
    start = time.perf_counter()
    probas = []
    for train, held_out in jobs:
        model = models.build(name, **SETTINGS.get(name, {}))
        known = rows.loc[train]
        groups = {} if name in models.NETWORKS else {"groups": known.index}
        model.fit(known, manifest.loc[known.index, "genre"].to_numpy(dtype=object), **groups)
        probas.append(models.track_proba(model, rows.loc[held_out]).loc[held_out])
    frame = pd.concat(probas).assign(_seconds=time.perf_counter() - start, _weights=model.count_weights())
    write_table(frame.rename_axis("track_id"), file)
    print(f"{name} {split}: {frame['_seconds'].iloc[0]:.0f} s", flush=True)
    return pd.read_parquet(file)


def rows_for(name, manifest, table):
    """What a model learns from: images, features of pieces and whole images, or features of whole images."""
    if name in models.IMAGE_MODELS:
        return manifest
    return table if name in IN_PIECES else table[~table.index.duplicated()]


def score(probas, genre, groups):
    """The table of scores: one row a model and split, and one for the combination of all models."""
    genres = sorted(genre.unique())
    truth = {split: genre.loc[next(iter(frames.values())).index] for split, frames in probas.items()}
    codes = truth["folds"].map(genres.index).to_numpy()
    out_of_fold = {name: frame.loc[truth["folds"].index, genres] for name, frame in probas["folds"].items()}
    # one weight of a model alone is its temperature
    weights = {name: stacking_weights([frame], codes, penalty=0) for name, frame in out_of_fold.items()}
    combination = stacking_weights(list(out_of_fold.values()), codes)
    print("weights of the combination:", dict(zip(out_of_fold, combination.round(2))))
    rows = []
    for split, frames in probas.items():
        costs = {name: frame[["_seconds", "_weights"]].iloc[0] for name, frame in frames.items()}
        costs["combined"] = np.sum(list(costs.values()), axis=0)
        frames = {name: frame.loc[truth[split].index, genres] for name, frame in frames.items()}
        calibrated = {name: combine([frame], weights[name]) for name, frame in frames.items()}
        if split == "folds":  # the weights for a song are fitted without it
            songs = [frame.to_numpy() for frame in frames.values()]
            calibrated["combined"] = combine_held_out(songs, codes, groups[truth["folds"].index])
        else:
            calibrated["combined"] = combine(list(frames.values()), combination)
        rows += [score_row(name, split, truth[split], proba, genres, costs[name]) for name, proba in calibrated.items()]
    return pd.DataFrame(rows).round(4)


def score_row(name, split, truth, proba, genres, costs):
    scores = evaluate(truth, proba, genres)
    value, low, high = scores.loc["accuracy", ["value", "low", "high"]]
    seconds, weights = costs
    return {"model": name, "split": split, "n": len(proba), "accuracy": value, "low": low, "high": high,
            **scores.loc[["macro_f1", "roc_auc", "log_loss", "ece"], "value"], "seconds": seconds,
            "weights": int(weights)}


if __name__ == "__main__":
    main()
