"""Train the models that are there from the start: `make starter-sample` and `make starter-gtzan`.

A starter is one network over statistics of pictures, trained on songs, on parts of songs and on pairs of songs sounding at
once, so that a share means a share; three plain models for beat, timbre and pitch; and a map. Scores and temperatures come from
cross-fitting: no song is judged by a model that saw it, or a neighbour of it.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.model_selection import GroupKFold
from tqdm import tqdm

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import influences
import models
from analysis.scores import evaluate
from audio import write_spectrograms
from features import extract_features
from learning import out_of_distribution
from learning.augmentation import mix_power
from prediction import genre_map
from signals import aspects
from signals.excerpts import save_sound
from signals.image_statistics import BANDS, describe_images, describe_levels, statistic_names
from signals.image_store import ChunkStore, settings_of
from signals.spectrogram_images import index_images
from sources.files import write_table
from synth.sample_table import GENRES
from synth.songs import render
from training import tracks_on_list

SETTINGS = {"dropout": .5, "epochs": 25, "mixup": 0.1, "verbose": False}
VARIANTS = 7
"""Parts of each song, all but one of which sound together with a part of another song."""
PURE, MIXED, SECONDS = 120, 90, 15.0
"""Rendered songs a genre, and of beat, timbre and pitch from three genres; their length."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=("sample", "gtzan"))
    parser.add_argument("--songs", default="runs/starter_songs", help="where the sample's songs are rendered")
    parser.add_argument("--images", help="GTZAN's pictures by genre")
    parser.add_argument("--lists", nargs="*", default=[], help="text files of the tracks to train on")
    parser.add_argument("--features", help="a table of features that explain the map's axes")
    parser.add_argument("--without",
                        help="a text file of tracks that are left out, with their neighbours, to be judged afterwards")
    parser.add_argument("--out", default=str(HERE))
    asked = parser.parse_args()
    songs = rendered(Path(asked.songs)) if asked.name == "sample" else pictured(asked.images, asked.lists, asked.features,
                                                                               asked.without)
    train_starter(*songs, Path(asked.out) / asked.name)


def rendered(folder):
    """Songs made to order: pictures of the pure ones; features and the genres of the aspects of all."""
    rng = np.random.default_rng(0)
    plans = [{"beat": genre, "timbre": genre, "pitch": genre, "artist": 100 + number} for genre in GENRES
             for number in range(PURE)]
    plans += [dict(zip(("beat", "timbre", "pitch"), rng.permutation(GENRES)[:3])) | {"artist": 1000 + number}
              for number in range(MIXED * len(GENRES))]
    work = Parallel(n_jobs=-1, return_as="generator")(delayed(_render)(folder, number, plan) for number, plan in enumerate(plans))
    tracks = pd.DataFrame(list(tqdm(work, total=len(plans), desc="songs", file=sys.stdout, mininterval=5)))
    pure = tracks[tracks["beat"] == tracks["timbre"]]
    manifest = write_spectrograms(pure, folder / "pictures", segment_seconds=SECONDS)
    features = extract_features(tracks, out=folder / "features.parquet")
    labels = tracks.set_index("track_id").loc[features.index]
    about = {"trained on": f"{len(pure)} songs made to order (synthetic), {PURE} artists a genre, and {len(tracks) - len(pure)} "
                           "whose beat, timbre and pitch are of three genres, for the aspects",
             "trust": "it knows the sample's synthesiser and no real music"}
    numbers = features.select_dtypes("number").drop(columns=["segment", "start", "seconds"])
    return manifest, manifest["track_id"].to_numpy(), numbers, labels[list(aspects.ASPECTS)], labels.index, numbers, about


def _render(folder, number, plan):
    parts = {aspect: plan[aspect] for aspect in ("beat", "timbre", "pitch")}
    named = "-".join(one.replace("/", " ") for one in parts.values())  # so that songs of another plan are not taken for these
    path = folder / "songs" / f"{number:04d} {named} {plan['artist']}.flac"
    if not path.exists():
        song = render(**parts, artist=plan["artist"], seed=number, seconds=SECONDS)
        save_sound(path, song.y, song.sr)
    return {"track_id": f"{number:04d}", "path": str(path), "genre": plan["beat"], "artist": str(plan["artist"])} | parts


def pictured(images, lists, features, without=None):
    """GTZAN's pictures; of the aspects, statistics of the same pictures."""
    manifest = index_images(images)
    named = [name for file in lists for name in tracks_on_list(file, manifest["track_id"])]
    manifest = manifest.set_index("track_id", drop=False).rename_axis(None).loc[named]
    manifest["genre"] = manifest["genre"].astype(object)
    # tracks that follow each other tend to be of one artist, or of one album
    groups = (manifest["genre"] + (manifest.groupby("genre").cumcount() // 8).astype(str)).to_numpy()
    if without:
        judged = np.isin(groups, groups[np.isin(manifest["track_id"], tracks_on_list(without, manifest["track_id"]))])
        manifest, groups = manifest[~judged], groups[~judged]
        named = manifest["track_id"].tolist()
        print(f"{judged.sum()} tracks left out")
    table = None
    if features:
        table = pd.read_csv(features)
        table.index = table["filename"].str.replace(".wav", "", regex=False).str.replace(".", "", regex=False)
        table = table.loc[table.index.isin(named)].select_dtypes("number").drop(columns="length", errors="ignore")
    about = {"trained on": f"{len(named)} pictures of 30 s clips of GTZAN (Tzanetakis & Cook 2002; research use only), those of "
                           "the fault-filtered train and validation lists of Kereliuk, Sturm & Larsen (2015)",
             "trust": "ten genres, of recordings up to the 1990s, cut to 30 s; many artists appear several times; a song of "
                      "another genre, time or place is described by the nearest of these ten, or called ambiguous"}
    statistics = describe_images(manifest)
    return manifest, groups, statistics, manifest["genre"], groups, table, about


def train_starter(manifest, groups, features, aspect_genres, aspect_groups, meaning, about, folder):
    """Train, judge and save everything that a starter consists of."""
    genre, settings = manifest["genre"].astype(str).to_numpy(), settings_of(manifest)
    genres, whole = sorted(set(genre)), describe_images(manifest)
    folds = list(GroupKFold(3, shuffle=True, random_state=0).split(genre, groups=groups))
    varied, first, shares = variants(manifest, genre, genres, folds, settings)
    exact = (genre[:, None] == np.array(genres)).astype(float)

    def fitted(songs):
        chosen = np.isin(first, songs)
        rows = pd.concat([whole.iloc[songs], varied[chosen]], ignore_index=True)
        rows.attrs = dict(whole.attrs)
        return models.build("mlp", **SETTINGS).fit(rows, pd.DataFrame(np.vstack([exact[songs], shares[chosen]]), columns=genres))

    scores = np.zeros(exact.shape)
    for train, held_out in folds:
        model = fitted(train)
        scores[held_out] = model.decision_function(whole.iloc[held_out])
    model = fitted(np.arange(len(genre)))
    model.calibrate(scores, np.arange(len(scores)), exact, f"{len(genre)} songs, cross-fitted in three folds")
    model.distribution_ = typical_distances(whole, varied[::VARIANTS], genre, folds)  # the first part of each song sounds alone
    proba = model.probabilities(scores)
    judged = evaluate(genre, proba, genres, groups=groups)
    print(judged.round(3).to_string())
    kept = pd.DataFrame(proba, columns=genres).assign(track_id=manifest["track_id"].to_numpy(), genre=genre)
    write_table(kept, Path("runs") / f"starter_{folder.name}_crossfit.parquet")
    models.save(model, folder, scores=judged[["value", "low", "high"]].round(4).to_dict("index"), about=about)
    aspects, aspect_scores = aspects_of(features, aspect_genres, aspect_groups)
    for aspect, one in aspects.items():
        models.save(one, folder / "aspects" / aspect, scores=aspect_scores[aspect], about=about)
    embedded = pd.DataFrame(model.embed(whole), index=pd.Index(manifest["track_id"], name="track_id"))
    genre_map.save_map(genre_map.project(embedded, genre, features=meaning), folder / "map.json")


def typical_distances(whole, parts, genre, folds):
    """How far songs of each genre stray, by a part of each song that was held out; where from and along what lines, by all."""
    everything, both = pd.concat([whole, parts], ignore_index=True), np.tile(genre, 2)
    found = np.zeros(len(everything))
    for _, held_out in folds:
        out = np.isin(np.tile(np.arange(len(genre)), 2), held_out)
        lines = out_of_distribution.fit_components(everything[~out], both[~out])
        found[out] = out_of_distribution.distances_to_genre(lines, everything[out], both[out])
    lines = out_of_distribution.fit_components(everything, both)
    return lines | {"distances": out_of_distribution.distance_quantiles(found[len(genre):], genre, lines["centres"])}


def variants(manifest, genre, genres, folds, settings):
    """Parts of songs, and pairs of parts at once: statistics, the number of the first song, and shares. Pairs are of one fold."""
    store, rng = ChunkStore(manifest, BANDS), np.random.default_rng(0)
    fold = np.zeros(len(genre), int)
    for number, (_, held_out) in enumerate(folds):
        fold[held_out] = number
    levels, first, shares = [], [], []
    for song in range(len(genre)):
        for variant in range(VARIANTS):
            length = int(store.lengths[song] * rng.uniform(.45, 1))
            other = song if not variant else int(rng.choice(np.flatnonzero(fold == fold[song])))
            pair = np.stack([store.read(one, int(rng.integers(0, max(1, store.lengths[one] - length + 1))), length)
                             for one in (song, other)])
            targets = np.array([[one == name for name in genres] for one in genre[[song, other]]], float)
            (pair,), targets, _ = mix_power([pair], targets, np.ones(2), _Swap(rng), 1.0 if variant else 0,
                                           decibels=settings["decibels"])
            levels.append(pair[0])
            first.append(song)
            shares.append(targets[0])
    work = Parallel(n_jobs=-1, return_as="generator")(delayed(_describe)(levels[at:at + 32]) for at in range(0, len(levels), 32))
    rows = [row for piece in tqdm(work, total=-(-len(levels) // 32), desc="variants", file=sys.stdout, mininterval=5)
            for row in piece]
    return pd.DataFrame(np.array(rows, np.float32), columns=statistic_names()), np.array(first), np.array(shares)


def _describe(levels):
    return [describe_levels(one) for one in levels]


class _Swap:
    """Random numbers that always pair the first of two with the second."""

    def __init__(self, rng):
        self.beta = rng.beta

    def permutation(self, n):
        return np.arange(n)[::-1]


def aspects_of(features, genres, groups):
    """The three models of `influences.fit_aspects`, and how they score on groups that they did not see."""
    strength = {"C": .01 if len(features.columns) > 500 else .1}  # more features than songs
    aspects = influences.fit_aspects(features, genres, groups=groups, **strength)
    scores = {}
    wanted = genres if isinstance(genres, pd.DataFrame) else pd.DataFrame({aspect: genres for aspect in aspects})
    right = {aspect: np.zeros(len(features)) for aspect in aspects}
    for train, held_out in GroupKFold(3, shuffle=True, random_state=0).split(features, groups=groups):
        judged = influences.fit_aspects(features.iloc[train], wanted.iloc[train], groups=np.asarray(groups)[train], **strength)
        for aspect, model in judged.items():
            right[aspect][held_out] = model.predict(features.iloc[held_out]) == wanted[aspect].iloc[held_out].to_numpy()
    for aspect in aspects:
        share = wanted[aspect].value_counts(normalize=True).max()
        scores[aspect] = {"accuracy": float(right[aspect].mean()), "guessing": float(share), "n": len(features)}
        print(aspect, scores[aspect])
    return aspects, scores


if __name__ == "__main__":
    main()
