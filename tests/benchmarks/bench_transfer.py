"""Measure what a network trained on other songs is worth for learning new genres from ten songs each.

Three ways are compared on the same songs, over several random draws of the ten: the trained network as it is under a
new last layer, the trained network tuned, and a new network.

Data without --images: synthetic songs. The network has learned which genres the beat, timbre and pitch of 2,400 songs
come from; each new genre is a combination of the three that it was never trained on. With --images: GTZAN's
spectrogram images and two lists. The network has learned five genres, the other five are new, and the other way
round. With --clips: GTZAN's clips, the same two lists and the same halves of the genres, and the pre-trained network
musicnn as it is under a new last layer; a new model on audio features is compared with it.

Takes about an hour on two cores with the synthetic songs, half of it to make them, and about half an hour on GTZAN.
Images of the synthetic songs are kept.
"""

import argparse
import itertools
import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import models
from analysis.scores import evaluate
from evaluation import compare_models
from features import extract_embeddings, extract_features
from prepare import first_genre
from signals.decoding import SAMPLE_RATE
from signals.spectrogram_images import DECIBELS, index_images, power_to_levels, write_image
from signals.spectrograms import HOP_LENGTH, N_FFT, spectrograms
from sources.files import write_table
from synth.sample_table import GENRES
from synth.songs import render
from training import tracks_on_list

ASPECTS = ("beat", "timbre", "pitch")
IMAGE_SETTINGS = {"sr": SAMPLE_RATE, "n_fft": N_FFT, "hop_length": HOP_LENGTH, "n_mels": 128, "segment_seconds": 60.0,
                  "decibels": DECIBELS}
SONGS = 10
"""Songs of a new genre to learn from."""
SECONDS = 15.0
"""Length of a synthetic song."""
KNOWN = 2400
"""Synthetic songs that the network is trained on."""
JUDGED = 30
"""Synthetic songs of each new genre to predict."""
DESIGNS = 3
"""How many times eight new genres are designed."""
WAYS_ON_CLIPS = {"musicnn": ("transfer", {}), "musicnn, tuned": ("transfer", {"epochs": 8, "verbose": False}),
                 "audio features": ("linear", {})}
"""What the learning starts from, with --clips: the name of a model and its settings."""
WAYS = {"frozen network": ("transfer", {"epochs": 0}), "tuned network": ("transfer", {}),
        "nothing": ("cnn", {"epochs": 80})}
"""What the learning starts from: the name of a model and its settings."""


class Result(NamedTuple):
    """The predictions of one model: its way, the true genres, the probabilities, and the seconds it took."""

    way: str
    genre: pd.Series
    proba: pd.DataFrame
    seconds: float


def main():
    options = read_options()
    out = Path(options.out)
    if options.clips:
        report(on_clips(options, out), out / "bench_transfer_clips.csv")
    elif options.images:
        report(on_gtzan(options, out), out / "bench_transfer_gtzan.csv")
    else:
        report(on_synthetic_songs(options.draws, out), out / "bench_transfer.csv")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", help="GTZAN's folder of spectrogram images, one folder a genre")
    parser.add_argument("--clips", nargs="+", default=[], help="GTZAN's folders of clips, one folder a genre; of a "
                        "track that is in two of them, the clip in the first")
    parser.add_argument("--train", help="with --images or --clips: text file of the tracks to learn from, one a line")
    parser.add_argument("--valid", help="with --images or --clips: text file of the tracks to predict")
    parser.add_argument("--draws", type=int, default=2, help="random draws of the ten songs (default: %(default)s)")
    parser.add_argument("--out", default="results", help="folder for the scores and the images (default: %(default)s)")
    options = parser.parse_args()
    if (options.images or options.clips) and not (options.train and options.valid):
        parser.error("--images and --clips need --train and --valid")
    return options


# ---- synthetic songs

def on_synthetic_songs(draws, out):
    """The results for three designs of eight genres, each a combination of two beats, two timbres and two pitches."""
    folder = out / "bench_transfer"
    designs = [new_genres(number) for number in range(DESIGNS)]
    backbone = train_on_known(set().union(*designs), folder)
    results = []
    for number, design in enumerate(designs):
        first = 100_000 + 1000 * number
        plans = [(parts, artist) for parts in design for artist in range(first, first + 2 * SONGS + JUDGED)]
        songs = make_images(folder / f"design_{number}", plans)
        to_learn = songs.groupby("genre").cumcount() < 2 * SONGS
        results += learn(songs[to_learn], songs[~to_learn], backbone, draws)
    return results


def new_genres(number):
    """Eight genres: all combinations of two beats, two timbres and two pitches drawn at random."""
    pairs = [np.random.default_rng([number, place]).choice(GENRES, 2, replace=False).tolist() for place in range(3)]
    return list(itertools.product(*pairs))


def train_on_known(new, folder):
    """Train a network to name the beat, timbre and pitch of songs of other than the new genres; return its folder."""
    rng = np.random.default_rng(7)
    combinations = (tuple(rng.choice(GENRES, 3).tolist()) for _ in range(KNOWN))
    known = [parts for parts in combinations if parts not in new]
    songs = make_images(folder / "known", [(parts, 50_000 + number) for number, parts in enumerate(known)])
    aspects = [pd.get_dummies(songs[aspect]).add_prefix(f"{aspect} ") for aspect in ASPECTS]
    network = models.build("cnn", epochs=25, chunks=1, dropout=.2, mixup=0, label_smoothing=0, verbose=False)
    return models.save(network.fit(songs, pd.concat(aspects, axis=1).astype(int)), folder / "backbone")


def make_images(folder, plans):
    """Images of synthetic songs, each by its own artist; a song's genre is named after its beat, timbre and pitch."""
    work = Parallel(n_jobs=-1, return_as="generator")(delayed(make_image)(folder, *plan) for plan in plans)
    rows = tqdm(work, total=len(plans), desc=f"songs for {folder.name}", file=sys.stdout, mininterval=5)
    return pd.DataFrame(list(rows)).set_index("track_id", drop=False).rename_axis(None)


def make_image(folder, parts, artist):
    """Render one song and write its image, unless it is there; return its row of the manifest."""
    genre = ", ".join(parts)
    name = f"{artist} {genre}".replace("/", " ")
    path = folder / f"{name}.png"
    aspects = dict(zip(ASPECTS, parts))
    if not path.exists():
        song = render(**aspects, artist=artist, seed=artist, seconds=SECONDS)
        write_image(path, power_to_levels(spectrograms(song.y)["mel"]), IMAGE_SETTINGS)
    return {"track_id": name, "genre": genre, "path": str(path), "settings": json.dumps(IMAGE_SETTINGS), **aspects}


# ---- GTZAN

def on_gtzan(options, out):
    """The results on the valid list's songs of five genres, and then of the other five."""
    manifest = index_images(options.images)
    manifest["genre"] = first_genre(manifest["genre"].astype(object))
    train, valid = (tracks_on_list(file, manifest["track_id"]) for file in (options.train, options.valid))
    manifest = manifest.set_index("track_id", drop=False).rename_axis(None)
    train = manifest.loc[train]
    valid = manifest.loc[valid]
    genres = sorted(manifest["genre"].unique())
    results = []
    for half in (0, 1):
        new = genres[half::2]
        known = pd.concat([train, valid]).query("genre not in @new")
        network = models.build("cnn", epochs=30, verbose=False).fit(known, known["genre"].to_numpy(dtype=object))
        backbone = models.save(network, out / "bench_transfer" / f"backbone_gtzan_{half}")
        results += learn(train[train["genre"].isin(new)], valid[valid["genre"].isin(new)], backbone, options.draws)
    return results


def on_clips(options, out):
    """The results on the valid list's clips of five genres, and then of the other five."""
    paths = [path for folder in options.clips for path in sorted(Path(folder).glob("*/*.*"))]
    clips = pd.DataFrame({"track_id": [path.stem for path in paths], "path": list(map(str, paths)),
                          "genre": [path.parent.name for path in paths]}).drop_duplicates("track_id")
    folder = out / "bench_transfer"
    tables = {"transfer": extract_embeddings(clips, out=folder / "embeddings.parquet"),
              "linear": extract_features(clips, out=folder / "features.parquet").select_dtypes("number")}
    clips = clips.set_index("track_id")
    train, valid = (clips.loc[tracks_on_list(file, clips.index)] for file in (options.train, options.valid))
    genres = sorted(clips["genre"].unique())
    results = []
    jobs = itertools.product((0, 1), range(options.draws), WAYS_ON_CLIPS.items())
    for half, draw, (way, (name, settings)) in jobs:
        new = genres[half::2]
        sample = train[train["genre"].isin(new)].groupby("genre", group_keys=False).sample(SONGS, random_state=draw)
        judged = valid[valid["genre"].isin(new)]
        start = time.perf_counter()
        model = models.build(name, seed=draw, **settings)
        model.fit(tables[name].loc[sample.index], sample["genre"].to_numpy(dtype=object))
        proba = pd.DataFrame(model.predict_proba(tables[name].loc[judged.index]), judged.index, model.classes_)
        results.append(Result(way, judged["genre"], proba, time.perf_counter() - start))
        accuracy = (proba.idxmax(axis=1) == judged["genre"]).mean()
        print(f"{way}, draw {draw}: {accuracy:.3f} of {len(judged)} clips of {', '.join(new)}", flush=True)
    return results


# ---- learning and scores

def learn(songs, judged, backbone, draws):
    """Learn in each way from each draw of ten songs a genre, and predict the genres of the judged songs."""
    results = []
    for draw, (way, (name, settings)) in itertools.product(range(draws), WAYS.items()):
        if name == "transfer":
            settings = settings | {"backbone": str(backbone)}
        sample = songs.groupby("genre", group_keys=False).sample(SONGS, random_state=draw)
        start = time.perf_counter()
        model = models.build(name, **settings, seed=draw, verbose=False)
        model.fit(sample, sample["genre"].to_numpy(dtype=object))
        proba = pd.DataFrame(model.predict_proba(judged), judged.index, model.classes_)
        results.append(Result(way, judged["genre"], proba, time.perf_counter() - start))
        accuracy = (proba.idxmax(axis=1) == judged["genre"]).mean()
        print(f"{way}, draw {draw}: {accuracy:.3f} of {len(judged)} songs, {results[-1].seconds:.0f} s", flush=True)
    return results


def report(results, path):
    """Write and print the scores over all draws; a song is predicted once in each, so the intervals are over songs."""
    genres = sorted({genre for result in results for genre in result.proba})
    ways = dict.fromkeys(result.way for result in results)
    by_way = {way: [result for result in results if result.way == way] for way in ways}
    probas = {way: pd.concat([result.proba.reindex(columns=genres, fill_value=0) for result in of_way])
              for way, of_way in by_way.items()}
    truth = pd.concat([result.genre for result in next(iter(by_way.values()))])
    pairs = compare_models(truth, probas, genres, groups=truth.index)
    print(pairs[["better", "worse", "difference", "low", "high"]].round(4).to_string())
    rows = [score_row(way, truth, probas[way], genres, of_way) for way, of_way in by_way.items()]
    table = pd.DataFrame(rows).round(4)
    print(write_table(table, path))
    print(table.to_string(index=False))


def score_row(way, truth, proba, genres, results):
    scores = evaluate(truth, proba, genres, groups=truth.index)
    value, low, high = scores.loc["accuracy", ["value", "low", "high"]]
    songs = truth.index.nunique()
    return {"from": way, "songs": songs, "draws": len(truth) // songs, "accuracy": value, "low": low, "high": high,
            **scores.loc[["macro_f1", "log_loss", "ece"], "value"], "seconds": np.median([r.seconds for r in results])}


if __name__ == "__main__":
    main()
