"""Measure how well a starter model describes what a song draws on.

--synthetic N   N synthetic songs of each kind, by artists that are in no training set: of one genre, blends of two,
                beat, timbre and pitch of three genres, and songs that change genre half-way; for the model `sample`
--not-music DIR sounds that are not music (noise, speech, a sine), named KIND_NUMBER.wav: how often they are called
                ambiguous
--clips DIR     real recordings, GENRE/CLIP.mp3: how often the genre is right, alone and where two clips sound at once;
                and whether beat and pitch follow the clip that they come from, where the percussive part of one clip
                sounds over the harmonic part of another

The model must not have been trained on what it is measured on. For GTZAN's clips, train a model without them first:
`starter_models/make_music.py -h`. Where genres have styles, such as `rock: punk`, the families are compared.

Takes about half an hour on two cores for 96 synthetic songs of each kind, and a few seconds for each clip.
"""

import argparse
import sys
from itertools import combinations, permutations
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from analysis.scores import calibration_error, evaluate
from influences import aspect_influences, genre_influences, song_influences
from learning.targets import family_shares
from prediction.labels import blend_label
from signals.decoding import SAMPLE_RATE, load_audio
from sources.files import write_table
from starter_models import load_starter, synthetic_benchmark

FEWEST_CHANGES = 24
"""Songs that change genre, at least: they are a third of the others, for they take longest."""
FOLDER_NAMES = {"hiphop": "hip hop"}
"""Genres of folders whose name no genre of the model has; this is how GTZAN spells it."""


def main():
    parser = make_parser()
    options = parser.parse_args()
    if not (options.synthetic or options.not_music or options.clips):
        parser.error("name something to measure: --synthetic, --not-music or --clips")
    starter = load_starter(options.model)
    out = Path(options.out)
    rows = []
    if options.synthetic:
        rows += score_synthetic_songs(starter, out, options.synthetic)
    if options.not_music:
        rows += score_other_sounds(starter.classifier, options.not_music)
    if options.clips:
        genres = families_of(starter.classifier)
        clips = known_clips(options.clips, genres)
        if not clips:
            parser.error(f"name the folders of clips by the model's genres: {', '.join(genres)}")
        rows += score_clips(starter.classifier, clips, out)
        rows += score_mixes(starter.classifier, clips, options.mixes, out)
        rows += score_beat_and_pitch(starter.aspects, clips, options.mixes, out) if starter.aspects else []
    table = pd.DataFrame(rows, columns=["what", "value", "n"])
    print(write_table(table, out / "scores.csv"))
    print(table.round(3).to_string(index=False))


def make_parser():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="sample", help="sample, music or a model's folder (default: %(default)s)")
    parser.add_argument("--synthetic", type=int, default=0, metavar="N", help="synthetic songs of each kind")
    parser.add_argument("--not-music", default="", metavar="DIR", help="folder of sounds that are not music")
    parser.add_argument("--clips", default="", metavar="DIR",
                        help="folder of recordings, one folder a genre, named as the model names it")
    parser.add_argument("--mixes", type=int, default=60, metavar="N",
                        help="pairs of clips of two genres to play at once (default: %(default)s)")
    parser.add_argument("--out", default="results/bench_influences",
                        help="folder for the scores (default: %(default)s)")
    return parser


# ---- synthetic songs

def score_synthetic_songs(starter, out, n):
    """Rows of scores on synthetic songs, whose genres are known. Their tables are written to `out`."""
    classifier = starter.classifier
    folder = out / "songs"
    pure = synthetic_benchmark.check_pure(classifier, folder, n=n)
    blends = synthetic_benchmark.check_blends(classifier, folder, n=n)
    halves = synthetic_benchmark.check_blends(classifier, folder, n=n, weights=[.5])
    aspects = synthetic_benchmark.check_aspects(starter.aspects, folder, n=n)
    changes = synthetic_benchmark.check_changes(classifier, folder, n=max(FEWEST_CHANGES, n // 3))
    for name, table in (("pure", pure), ("blends", blends), ("halves", halves), ("changes", changes)):
        write_table(table, out / f"{name}.csv")
    right = pure["named"] == pure["genre"]
    shares = blends[["true", "share", "predicted"]].corr(method="spearman").stack()
    return [("one genre: right", right.mean(), n),
            ("one genre: the label is the genre", (pure["label"] == pure["genre"]).mean(), n),
            ("one genre: calibration error", calibration_error(pure["confidence"].to_numpy(), right.to_numpy()), n),
            ("blends: rank correlation of share", shares["true", "share"], n),
            ("blends: rank correlation of relative share", shares["true", "predicted"], n),
            ("50/50: both in the top two", halves["top_two"].mean(), n),
            ("50/50: the label names both", halves["label_names_both"].mean(), n),
            *((f"three genres: {aspect} right", aspects[aspect].mean(), n) for aspect in aspects),
            ("change found within a window", changes["within"].mean(), len(changes))]


# ---- sounds that are not music

def score_other_sounds(classifier, folder):
    """Rows: how often sounds of each kind are called ambiguous, and all of them."""
    table = synthetic_benchmark.check_out_of_distribution(classifier, sorted(Path(folder).glob("*.wav")))
    ambiguous = table["label"] == "ambiguous"
    kinds = table["path"].map(lambda path: Path(path).stem.split("_")[0])
    rows = [(f"not music: {kind} called ambiguous", of_kind.mean(), len(of_kind))
            for kind, of_kind in ambiguous.groupby(kinds)]
    return [*rows, ("not music: all called ambiguous", ambiguous.mean(), len(table))]


# ---- real recordings

def families_of(classifier):
    """The genres that a model knows; where they have styles, their families."""
    return list(family_shares(pd.Series(0.0, index=classifier.classes_)).index)


def known_clips(folder, genres):
    """The recordings whose genre the model knows: a dict of path to genre."""
    paths = sorted(Path(folder).glob("*/*"))
    names = [path.parent.name for path in paths]
    names = [name if name in genres else FOLDER_NAMES.get(name, name) for name in names]
    clips = {path: name for path, name in zip(paths, names) if name in genres}
    print(f"{len(clips)} of {len(paths)} clips are of genres that the model knows")
    return clips


def score_clips(classifier, clips, out):
    """Rows of scores on recordings of one genre each. Their shares and labels are written to `out`."""
    genres, truth = families_of(classifier), list(clips.values())
    windows = [genre_influences(classifier, path) for path in clips]
    shares = np.array([song_influences(of_song, n_boot=1)["share"].reindex(genres) for of_song in windows])
    labels = [blend_label(of_song.mean()) for of_song in windows]
    table = pd.DataFrame(shares, columns=genres).assign(genre=truth, path=[str(path) for path in clips], label=labels)
    write_table(table, out / "clips.csv")
    scores = evaluate(truth, shares, genres)
    accuracy = scores.loc["accuracy"]
    top_two = shares.argsort(axis=1)[:, ::-1][:, :2]
    codes = np.array([genres.index(genre) for genre in truth])
    values = {"clips: genre right": accuracy["value"], "  low": accuracy["low"], "  high": accuracy["high"],
              "clips: genre in the top two": (top_two == codes[:, None]).any(axis=1).mean(),
              "clips: calibration error": scores.loc["ece", "value"],
              "clips: log-loss": scores.loc["log_loss", "value"],
              "clips: ambiguous": (table["label"] == "ambiguous").mean()}
    return [(what, value, len(clips)) for what, value in values.items()]


def score_mixes(classifier, clips, n_mixes, out):
    """Rows: how often both genres are found where two clips of different genres sound at once."""
    pairs = [pair for pair in combinations(clips, 2) if clips[pair[0]] != clips[pair[1]]]
    chosen = np.random.default_rng(0).choice(len(pairs), min(n_mixes, len(pairs)), replace=False)
    if not len(chosen):
        return []
    orders = [genres_of_mix(classifier, pairs[number], out / "mix.wav") for number in chosen]
    truth = [{clips[path] for path in pairs[number]} for number in chosen]
    n_genres = len(families_of(classifier))
    values = {f"mixes: both in the top {word}": np.mean([pair <= set(order[:n]) for pair, order in zip(truth, orders)])
              for word, n in (("three", 3), ("two", 2))}
    values["mixes: both in the top three by chance"] = 3 * 2 / (n_genres * (n_genres - 1))
    return [(what, value, len(chosen)) for what, value in values.items()]


def genres_of_mix(classifier, pair, path):
    """The genres of two clips that sound at once, equally loud, the largest share first."""
    write_mix([load_audio(clip)[0] for clip in pair], path)
    return list(song_influences(genre_influences(classifier, path), n_boot=1).index)


def write_mix(sounds, path):
    """Write two sounds at once, equally loud, as long as the shorter one."""
    n = min(map(len, sounds))
    y = sum(sound[:n] / max(np.sqrt(np.mean(sound[:n] ** 2)), 1e-9) for sound in sounds)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, .5 * y / np.abs(y).max(), SAMPLE_RATE)


def score_beat_and_pitch(aspects, clips, n_mixes, out):
    """Rows: how often an aspect gives the genre of the percussive clip a larger share than that of the harmonic one.

    The percussive part of one clip sounds over the harmonic part of another, of another genre (Fitzgerald 2010). The
    beat should follow the first, pitch the second. By chance, each does so in half of the pairs.
    """
    clips = {path: genre for path, genre in clips.items() if genre in aspects["beat"].classes_}
    pairs = [pair for pair in permutations(clips, 2) if clips[pair[0]] != clips[pair[1]]]
    chosen = np.random.default_rng(0).choice(len(pairs), min(n_mixes, len(pairs)), replace=False)
    follows = []
    for number in chosen:
        percussive, harmonic = pairs[number]
        write_mix([librosa.effects.percussive(load_audio(percussive)[0]),
                   librosa.effects.harmonic(load_audio(harmonic)[0])], out / "mix.wav")
        shares = aspect_influences(aspects, out / "mix.wav")
        follows.append(shares[clips[percussive]] > shares[clips[harmonic]])
    share = pd.DataFrame(follows).mean() if follows else pd.Series(dtype=float)
    return [(f"percussive over harmonic: {aspect} follows the percussive clip", value, len(chosen))
            for aspect, value in share.items()]


if __name__ == "__main__":
    main()
