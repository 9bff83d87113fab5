"""How well a starter model finds what is known: `make bench-influences` says what it needs.

Of the sample's model: songs made to order by artists that it never heard. Of any model: sounds that are no music, real
recordings by genre, and pairs of them sounding at once. What is judged must not have been trained on: for GTZAN's clips, train
a starter `--without` them.
"""

import argparse
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from analysis.scores import calibration_error, evaluate
from influences import genre_influences, song_influences
from prediction.labels import blend_label
from signals.decoding import load_audio
from sources.files import write_table
from starter_models import load_starter, synthetic_benchmark


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="sample")
    parser.add_argument("--known", type=int, default=0, help="songs made to order of each kind; 96 makes over 300 in all")
    parser.add_argument("--strange", default="", help="a folder of sounds that are no music, named KIND_NUMBER.wav")
    parser.add_argument("--clips", default="", help="a folder of recordings, GENRE/CLIP.mp3")
    parser.add_argument("--mixes", type=int, default=60, help="pairs of clips of different genres")
    parser.add_argument("--out", default="results/bench_influences")
    asked = parser.parse_args()
    starter, out = load_starter(asked.model), Path(asked.out)
    rows = []
    if asked.known:
        rows += known(starter, out / "songs", asked.known)
    if asked.strange:
        rows += strange(starter, asked.strange)
    if asked.clips:
        found = sorted(Path(asked.clips).glob("*/*"))
        heard = [path for path in found if path.parent.name in starter.classifier.classes_]
        print(f"{len(heard)} of {len(found)} clips are of genres that the model knows")
        if not heard:
            parser.error(f"the model knows {', '.join(starter.classifier.classes_)}: name folders of clips by them")
        rows += clips(starter, heard, asked.mixes, out)
    table = pd.DataFrame(rows, columns=["what", "value", "n"])
    print(write_table(table, out / "scores.csv"))
    print(table.round(3).to_string(index=False))


def known(starter, folder, n):
    classifier = starter.classifier
    pure = synthetic_benchmark.check_pure(classifier, folder, n=n)
    right = pure["named"] == pure["genre"]
    blends = synthetic_benchmark.check_blends(classifier, folder, n=n)
    halves = synthetic_benchmark.check_blends(classifier, folder, n=n, weights=[.5])
    aspects = synthetic_benchmark.check_aspects(starter.aspects, folder, n=n)
    changes = synthetic_benchmark.check_changes(classifier, folder, n=max(24, n // 3))
    for name, table in (("pure", pure), ("blends", blends), ("halves", halves), ("changes", changes)):
        write_table(table, folder.parent / f"{name}.csv")
    rows = [("pure: right genre", right.mean(), n), ("pure: label is the genre", (pure["label"] == pure["genre"]).mean(), n),
            ("pure: calibration error", calibration_error(pure["confidence"], right), n),
            ("blends: rank correlation of share", blends["true"].corr(blends["share"], method="spearman"), n),
            ("blends: rank correlation of relative share", blends["true"].corr(blends["predicted"], method="spearman"), n),
            ("50/50: top two", halves["top_two"].mean(), n), ("50/50: label names both", halves["label_names_both"].mean(), n)]
    rows += [(f"three genres: {aspect}", aspects[aspect].mean(), n) for aspect in aspects]
    return [*rows, ("change found within a window", changes["within"].mean(), len(changes))]


def strange(starter, folder):
    table = synthetic_benchmark.check_out_of_distribution(starter.classifier, sorted(Path(folder).glob("*.wav")))
    kinds = table["path"].map(lambda path: Path(path).stem.split("_")[0])
    shares = (table["label"] == "ambiguous").groupby(kinds)
    return [(f"strange: {kind} called ambiguous", share.mean(), len(share)) for kind, share in shares] + \
           [("strange: all called ambiguous", (table["label"] == "ambiguous").mean(), len(table))]


def clips(starter, paths, n_mixes, out):
    genres, truth = list(starter.classifier.classes_), [path.parent.name for path in paths]
    windows = [genre_influences(starter.classifier, path) for path in paths]
    said = np.array([song_influences(one, n_boot=1)["share"].reindex(genres) for one in windows])
    table = pd.DataFrame(said, columns=genres).assign(genre=truth, path=[str(path) for path in paths],
                                                      label=[blend_label(one.mean()) for one in windows])
    write_table(table, out / "clips.csv")
    order = said.argsort(axis=1)[:, ::-1]
    place = [list(one).index(genres.index(genre)) for one, genre in zip(order, truth)]
    scores = evaluate(truth, said, genres).loc[["accuracy", "ece", "log_loss"]]
    rows = [("clips: right genre", scores.loc["accuracy", "value"], len(paths)),
            ("  low", scores.loc["accuracy", "low"], len(paths)),
            ("  high", scores.loc["accuracy", "high"], len(paths)), ("clips: in the top two", np.mean(np.array(place) < 2),
                                                                     len(paths)),
            ("clips: calibration error", scores.loc["ece", "value"], len(paths)),
            ("clips: log-loss", scores.loc["log_loss", "value"], len(paths)),
            ("clips: ambiguous", (table["label"] == "ambiguous").mean(), len(paths))]
    pairs = [pair for pair in combinations(range(len(paths)), 2) if truth[pair[0]] != truth[pair[1]]]
    chosen = np.random.default_rng(0).choice(len(pairs), min(n_mixes, len(pairs)), replace=False)
    if not len(chosen):
        return rows
    top = np.array([mixed(starter, [paths[one] for one in pairs[number]], out / "mix.wav") for number in chosen])
    return [*rows, ("mixes: both in the top three", top[:, 0].mean(), len(top)),
            ("mixes: both in the top two", top[:, 1].mean(), len(top)),
            ("mixes: by chance in the top three", 3 * 2 / (len(genres) * (len(genres) - 1)), len(top))]


def mixed(starter, pair, path):
    """Two clips at equal loudness at once: whether both genres are in the top three, and the top two."""
    sounds = [load_audio(one)[0] for one in pair]
    n = min(map(len, sounds))
    y = sum(sound[:n] / max(np.sqrt(np.mean(sound[:n] ** 2)), 1e-9) for sound in sounds)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, .5 * y / np.abs(y).max(), 22_050)
    order = song_influences(genre_influences(starter.classifier, path), n_boot=1).index
    truth = {one.parent.name for one in pair}
    return truth <= set(order[:3]), truth <= set(order[:2])


if __name__ == "__main__":
    main()
