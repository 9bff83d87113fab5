"""What a network trained on one corpus is worth for ten songs a genre of another: `make bench-transfer`.

On songs made to order: the network has learned from whose beat, timbre and pitch each song is; the new genres are combinations of
these that it never heard together. On GTZAN, where its pictures and lists are given: five genres, after the five others, and the
other way round. Each is learned with the network and without it, from the same songs, several draws of them.
"""

import argparse
import itertools
import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import models
from analysis.scores import evaluate
from audio import _settings
from evaluation import compare_models
from prepare import first_genre
from signals.spectrogram_images import index_images, power_to_levels, write_image
from signals.spectrograms import spectrograms
from sources.files import write_table
from synth.sample_table import GENRES
from synth.songs import render
from training import tracks_on_list

ASPECTS = ("beat", "timbre", "pitch")
SONGS, SECONDS = 10, 15.0
"""Songs a genre to learn from, and the length of those made to order."""
KNOWN, JUDGED, DESIGNS = 2400, 30, 3
"""Songs made to order that the network learns from; songs a new genre to be judged; how often eight new genres are designed."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", help="GTZAN's pictures by genre")
    parser.add_argument("--train", help="with --images: text file of the tracks to learn from")
    parser.add_argument("--valid", help="with --images: text file of the tracks to be judged")
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--out", default="results")
    asked = parser.parse_args()
    out = Path(asked.out)
    if asked.images:
        report(on_gtzan(asked.images, asked.train, asked.valid, asked.draws, out), out / "bench_transfer_gtzan.csv")
    else:
        report(on_songs_made_to_order(asked.draws, out), out / "bench_transfer.csv")


def on_songs_made_to_order(draws, out):
    """What each way says of songs of three times eight genres, each a combination of two beats, two timbres and two pitches."""
    folder, rng = out / "bench_transfer", np.random.default_rng(7)
    pairs = ([np.random.default_rng([number, place]).choice(GENRES, 2, replace=False).tolist() for place in range(3)]
             for number in range(DESIGNS))
    designs = [list(itertools.product(*three)) for three in pairs]
    new = set().union(*designs)
    known = [parts for parts in (tuple(rng.choice(GENRES, 3).tolist()) for _ in range(KNOWN)) if parts not in new]
    learned = pictured(folder / "known", [(parts, 50_000 + number) for number, parts in enumerate(known)])
    aspects = pd.concat([pd.get_dummies(learned[aspect]).add_prefix(f"{aspect} ") for aspect in ASPECTS], axis=1).astype(int)
    backbone = models.build("cnn", epochs=25, chunks=1, dropout=.2, mixup=0, label_smoothing=0, verbose=False)
    backbone = models.save(backbone.fit(learned, aspects), folder / "backbone")
    said = []
    for number, design in enumerate(designs):
        artists = range(100_000 + 1000 * number, 100_000 + 1000 * number + 2 * SONGS + JUDGED)
        plans = [(parts, artist) for parts in design for artist in artists]
        songs = pictured(folder / f"design_{number}", plans)
        few, judged = (songs[songs.groupby("genre").cumcount().lt(2 * SONGS) == side] for side in (True, False))
        said += learn(few, judged, backbone, draws)
    return said


def pictured(folder, plans):
    """Pictures of songs made to order, whose genre is named after the genres of their beat, timbre and pitch; no artist twice."""
    work = Parallel(n_jobs=-1, return_as="generator")(delayed(_picture)(folder, *plan) for plan in plans)
    rows = tqdm(work, total=len(plans), desc=f"songs for {folder.name}", file=sys.stdout, mininterval=5)
    return pd.DataFrame(list(rows)).set_index("track_id", drop=False).rename_axis(None)


def _picture(folder, parts, artist):
    settings, name = _settings(60, 128, ("mel",)), f"{artist} {', '.join(parts)}".replace("/", " ")
    if not (folder / f"{name}.png").exists():
        song = render(**dict(zip(ASPECTS, parts)), artist=artist, seed=artist, seconds=SECONDS)
        write_image(folder / f"{name}.png", power_to_levels(spectrograms(song.y)["mel"]), settings)
    return {"track_id": name, "genre": ", ".join(parts), "path": str(folder / f"{name}.png"), "settings": json.dumps(settings),
            **dict(zip(ASPECTS, parts))}


def on_gtzan(images, train, valid, draws, out):
    """What each way says of the valid list's songs of five genres, and then of the five others."""
    manifest = index_images(images)
    manifest["genre"] = first_genre(manifest["genre"].astype(object))
    lists = [tracks_on_list(file, manifest["track_id"]) for file in (train, valid)]
    manifest = manifest.set_index("track_id", drop=False).rename_axis(None)
    train, valid, genres, said = *(manifest.loc[tracks] for tracks in lists), sorted(manifest["genre"].unique()), []
    for half in (0, 1):
        new = genres[half::2]
        known = pd.concat([train, valid]).query("genre not in @new")
        backbone = models.build("cnn", epochs=30, verbose=False).fit(known, known["genre"].to_numpy(dtype=object))
        backbone = models.save(backbone, out / "bench_transfer" / f"backbone_gtzan_{half}")
        said += learn(train[train["genre"].isin(new)], valid[valid["genre"].isin(new)], backbone, draws)
    return said


def learn(songs, judged, backbone, draws):
    """Frames of probabilities for the judged songs, one for each way and draw of ten songs a genre, with the seconds it took."""
    ways = {"frozen network": ("transfer", {"backbone": str(backbone), "epochs": 0}),
            "tuned network": ("transfer", {"backbone": str(backbone)}), "nothing": ("cnn", {"epochs": 80})}
    said = []
    for draw, (way, (name, settings)) in itertools.product(range(draws), ways.items()):
        few, start = songs.groupby("genre", group_keys=False).sample(SONGS, random_state=draw), time.perf_counter()
        model = models.build(name, **settings, seed=draw, verbose=False).fit(few, few["genre"].to_numpy(dtype=object))
        proba = pd.DataFrame(model.predict_proba(judged), judged.index, model.classes_)
        said.append((way, judged["genre"], proba, time.perf_counter() - start))
        right = (proba.idxmax(axis=1) == judged["genre"]).mean()
        print(f"{way}, draw {draw}: {right:.3f} of {len(judged)} songs, {said[-1][-1]:.0f} s", flush=True)
    return said


def report(said, path):
    """All draws together: a song is judged once in each, so intervals are over songs."""
    genres = sorted({genre for _, _, proba, _ in said for genre in proba})
    ways = list(dict.fromkeys(way for way, *_ in said))
    probas = {way: pd.concat([proba.reindex(columns=genres, fill_value=0) for one, _, proba, _ in said if one == way])
              for way in ways}
    truth = pd.concat([genre for way, genre, *_ in said if way == ways[0]])
    pairs = compare_models(truth, probas, genres, groups=truth.index)
    print(pairs[["better", "worse", "difference", "low", "high"]].round(4).to_string())
    rows = []
    for way, proba in probas.items():
        scores = evaluate(truth, proba, genres, groups=truth.index)
        value, low, high = scores.loc["accuracy", ["value", "low", "high"]]
        rows.append({"from": way, "songs": truth.index.nunique(), "draws": len(truth) // truth.index.nunique(), "accuracy": value,
                     "low": low, "high": high, **scores.loc[["macro_f1", "log_loss", "ece"], "value"],
                     "seconds": np.median([seconds for one, *_, seconds in said if one == way])})
    table = pd.DataFrame(rows).round(4)
    print(write_table(table, path))
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
