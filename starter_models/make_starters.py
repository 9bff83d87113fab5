"""Train the starter model for synthetic songs: ``python starter_models/make_starters.py``.

The model, `sample`, has four parts:

- one network on image statistics. It is trained on songs, on excerpts of songs, and on pairs of excerpts that sound at
  once, so that a predicted share of .3 means 30% of the sound;
- three linear models for beat, timbre and pitch;
- a genre map;
- scores and a temperature, both by cross-fitting: every song is judged by a model that was trained neither on the song
  nor on any other song of its group.
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
from sources.files import write_table
from synth.sample_table import GENRES
from synth.songs import render

SETTINGS = {"dropout": .5, "epochs": 25, "mixup": 0.1, "verbose": False}
VARIANTS = 7
"""Excerpts of each song. The first sounds alone, the others together with an excerpt of another song."""
SHORTEST_EXCERPT = .45
"""Of the length of the song."""
PURE = 120
"""Synthetic songs of each genre, each by an artist of its own."""
MIXED = 90
"""For each genre, so many synthetic songs whose beat, timbre and pitch come from three genres."""
SECONDS = 15.0
"""Length of a synthetic song."""
FOLDS = 3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--songs", default="runs/starter_songs", help="folder for the synthetic songs")
    parser.add_argument("--out", default=str(HERE / "sample"), help="folder for the model")
    arguments = parser.parse_args()
    train_starter(*render_songs(Path(arguments.songs)), Path(arguments.out))


def render_songs(folder):
    """Render the synthetic songs and describe them.

    Parameters
    ----------
    folder : Path
        For sound files, spectrogram images and features; files that exist are used again.

    Returns
    -------
    tuple
        The arguments of `train_starter`, without the folder.
    """
    plans = _plans()
    jobs = (delayed(_render)(folder, number, plan) for number, plan in enumerate(plans))
    songs = Parallel(n_jobs=-1, return_as="generator")(jobs)
    tracks = pd.DataFrame(list(tqdm(songs, total=len(plans), desc="songs", file=sys.stdout, mininterval=5)))
    pure = tracks[tracks["beat"] == tracks["timbre"]]
    manifest = write_spectrograms(pure, folder / "pictures", segment_seconds=SECONDS)
    features = extract_features(tracks, out=folder / "features.parquet")
    genres = tracks.set_index("track_id").loc[features.index, list(aspects.ASPECTS)]
    about = {"trained on": f"{len(pure)} synthetic songs, {PURE} artists a genre; for the aspects also "
                           f"{len(tracks) - len(pure)} whose beat, timbre and pitch come from three genres",
             "trust": "it knows the sample's synthesiser and no real music"}
    numbers = features.select_dtypes("number").drop(columns=["segment", "start", "seconds"])
    return manifest, manifest["track_id"].to_numpy(), numbers, genres, genres.index, numbers, about


def _plans():
    """For each synthetic song, the genres of its aspects and its artist."""
    rng = np.random.default_rng(0)
    pure = [{"beat": genre, "timbre": genre, "pitch": genre, "artist": 100 + number}
            for genre in GENRES for number in range(PURE)]
    mixed = [dict(zip(("beat", "timbre", "pitch"), rng.permutation(GENRES)[:3])) | {"artist": 1000 + number}
             for number in range(MIXED * len(GENRES))]
    return pure + mixed


def _render(folder, number, plan):
    genres = {aspect: plan[aspect] for aspect in ("beat", "timbre", "pitch")}
    # the genres are part of the name, so that a song of an older plan is not used for this one
    name = "-".join(genre.replace("/", " ") for genre in genres.values())
    path = folder / "songs" / f"{number:04d} {name} {plan['artist']}.flac"
    if not path.exists():
        song = render(**genres, artist=plan["artist"], seed=number, seconds=SECONDS)
        save_sound(path, song.y, song.sr)
    track = {"track_id": f"{number:04d}", "path": str(path), "genre": plan["beat"], "artist": str(plan["artist"])}
    return track | genres


def train_starter(manifest, groups, features, aspect_genres, aspect_groups, meaning, about, folder):
    """Train and judge a starter model and save all its parts.

    Parameters
    ----------
    manifest : pd.DataFrame
        The songs' spectrogram images, as from `audio.write_spectrograms`.
    groups : sequence
        The artist of each song, or a stand-in: no group is on two sides of a split.
    features : pd.DataFrame
        One row a song, for the aspects. They may be other songs than those of the manifest.
    aspect_genres : pd.DataFrame or pd.Series
        The genres of their beat, timbre and pitch, or one genre for all three.
    aspect_groups : sequence
        Their artists.
    meaning : pd.DataFrame or None
        Features by track that explain the axes of the genre map.
    about : dict of str to str
        What its card tells of the model.
    folder : Path
        Where it is saved.
    """
    genre = manifest["genre"].astype(str).to_numpy()
    genres = sorted(set(genre))
    settings = settings_of(manifest)
    whole = describe_images(manifest)
    folds = list(GroupKFold(FOLDS, shuffle=True, random_state=0).split(genre, groups=groups))
    excerpts, first, shares = variants(manifest, genre, genres, folds, settings)
    exact = (genre[:, None] == np.array(genres)).astype(float)

    def fitted(songs):
        """The network, trained on these songs and their excerpts."""
        chosen = np.isin(first, songs)
        rows = pd.concat([whole.iloc[songs], excerpts[chosen]], ignore_index=True)
        targets = pd.DataFrame(np.vstack([exact[songs], shares[chosen]]), columns=genres)
        rows.attrs = dict(whole.attrs)  # how the images were made, which pd.concat drops
        return models.build("mlp", **SETTINGS).fit(rows, targets)

    scores = np.zeros(exact.shape)
    for train, held_out in folds:
        model = fitted(train)
        scores[held_out] = model.decision_function(whole.iloc[held_out])
    model = fitted(np.arange(len(genre)))
    model.calibrate(scores, np.arange(len(scores)), exact, f"{len(genre)} songs, cross-fitted in three folds")
    # the first excerpt of each song sounds alone
    model.distribution_ = typical_distances(whole, excerpts[::VARIANTS], genre, folds)
    proba = model.probabilities(scores)
    judged = evaluate(genre, proba, genres, groups=groups)
    print(judged.round(3).to_string())
    predictions = pd.DataFrame(proba, columns=genres).assign(track_id=manifest["track_id"].to_numpy(), genre=genre)
    write_table(predictions, Path("runs") / f"starter_{folder.name}_crossfit.parquet")
    models.save(model, folder, scores=judged[["value", "low", "high"]].round(4).to_dict("index"), about=about)
    aspect_models, aspect_scores = fit_aspects_with_scores(features, aspect_genres, aspect_groups)
    for aspect, aspect_model in aspect_models.items():
        models.save(aspect_model, folder / "aspects" / aspect, scores=aspect_scores[aspect], about=about)
    embedded = pd.DataFrame(model.embed(whole), index=pd.Index(manifest["track_id"], name="track_id"))
    genre_map.save_map(genre_map.project(embedded, genre, features=meaning), folder / "map.json")


def typical_distances(whole, excerpts, genre, folds):
    """What the out-of-distribution score needs: how far from its genre a song usually lies.

    The distances are those of one excerpt of each song, to components that were fitted without the songs of its fold.
    The components that are returned are fitted on all songs.

    Parameters
    ----------
    whole, excerpts : pd.DataFrame [shape=(songs, statistics)]
        Image statistics of each song and of one excerpt of it, in the same order.
    genre : np.ndarray of str [shape=(songs,)]
    folds : list of (train, held_out)
        Numbers of songs.

    Returns
    -------
    dict
        As from `learning.out_of_distribution.fit_distribution`.
    """
    everything = pd.concat([whole, excerpts], ignore_index=True)
    genre_of_row = np.tile(genre, 2)
    song_of_row = np.tile(np.arange(len(genre)), 2)
    distances = np.zeros(len(everything))
    for _, held_out in folds:
        out = np.isin(song_of_row, held_out)
        components = out_of_distribution.fit_components(everything[~out], genre_of_row[~out])
        distances[out] = out_of_distribution.distances_to_genre(components, everything[out], genre_of_row[out])
    components = out_of_distribution.fit_components(everything, genre_of_row)
    usual = out_of_distribution.distance_quantiles(distances[len(genre):], genre, components["centres"])
    return components | {"distances": usual}


def variants(manifest, genre, genres, folds, settings):
    """Excerpts of songs, and pairs of excerpts that sound at once.

    Both songs of a pair are of the same fold, so that no held-out song is in a pair that a model is trained on.

    Parameters
    ----------
    manifest : pd.DataFrame
        The songs' spectrogram images.
    genre : np.ndarray of str [shape=(songs,)]
    genres : list of str
    folds : list of (train, held_out)
        Numbers of songs.
    settings : dict
        Of the images; `decibels` is the range between black and white.

    Returns
    -------
    statistics : pd.DataFrame [shape=(songs * VARIANTS, statistics)]
        Image statistics. The first of each `VARIANTS` rows is of one song alone.
    first : np.ndarray [shape=(songs * VARIANTS,)]
        The number of the song, or of the first of the two.
    shares : np.ndarray [shape=(songs * VARIANTS, genres)]
        The share of each genre in the power.
    """
    store = ChunkStore(manifest, BANDS)
    rng = np.random.default_rng(0)
    swap = PairSwap(rng)
    fold = np.zeros(len(genre), int)
    for number, (_, held_out) in enumerate(folds):
        fold[held_out] = number
    levels, first, shares = [], [], []
    for song in range(len(genre)):
        for variant in range(VARIANTS):
            length = int(store.lengths[song] * rng.uniform(SHORTEST_EXCERPT, 1))
            other = song if not variant else int(rng.choice(np.flatnonzero(fold == fold[song])))
            pair = np.stack([_random_excerpt(store, number, length, rng) for number in (song, other)])
            targets = np.array([[name == of_song for name in genres] for of_song in genre[[song, other]]], float)
            (pair,), targets, _ = mix_power([pair], targets, np.ones(2), swap, 1.0 if variant else 0,
                                            decibels=settings["decibels"])
            levels.append(pair[0])
            first.append(song)
            shares.append(targets[0])
    return _statistics(levels), np.array(first), np.array(shares)


def _random_excerpt(store, number, length, rng):
    return store.read(number, int(rng.integers(0, max(1, store.lengths[number] - length + 1))), length)


class PairSwap:
    """Stands in for a random generator in `mix_power`: of two examples, each is always mixed with the other.

    Parameters
    ----------
    rng : np.random.Generator
        Draws the shares.

    Examples
    --------
    >>> PairSwap(np.random.default_rng(0)).permutation(2).tolist()
    [1, 0]
    """

    def __init__(self, rng):
        self.beta = rng.beta

    def permutation(self, n):
        """The numbers below `n`, from the last to the first."""
        return np.arange(n)[::-1]


def _statistics(levels, batch=32):
    """The image statistics of each image, as a frame."""
    starts = range(0, len(levels), batch)
    jobs = (delayed(_describe)(levels[start:start + batch]) for start in starts)
    batches = Parallel(n_jobs=-1, return_as="generator")(jobs)
    rows = [row for rows in tqdm(batches, total=len(starts), desc="variants", file=sys.stdout, mininterval=5)
            for row in rows]
    return pd.DataFrame(np.array(rows, np.float32), columns=statistic_names())


def _describe(levels):
    return [describe_levels(image) for image in levels]


def fit_aspects_with_scores(features, genres, groups):
    """Fit the models for beat, timbre and pitch, and judge them by cross-validation.

    Parameters
    ----------
    features : pd.DataFrame [shape=(songs, features)]
    genres : pd.DataFrame or pd.Series
        Columns `beat`, `timbre` and `pitch`, or one genre for all three.
    groups : sequence
        The artist of each song: no artist is on two sides of a split.

    Returns
    -------
    fitted : dict of str to classifier
        From `influences.fit_aspects`, on all songs.
    scores : dict of str to dict
        For each aspect: `accuracy`, `baseline` (the majority baseline) and `n`, the number of songs.
    """
    strength = {"C": .01 if len(features.columns) > 500 else .1}  # stronger regularisation: more features than songs
    fitted = influences.fit_aspects(features, genres, groups=groups, **strength)
    truth = genres if isinstance(genres, pd.DataFrame) else pd.DataFrame({aspect: genres for aspect in fitted})
    correct = {aspect: np.zeros(len(features)) for aspect in fitted}
    for train, held_out in GroupKFold(FOLDS, shuffle=True, random_state=0).split(features, groups=groups):
        judged = influences.fit_aspects(features.iloc[train], truth.iloc[train], groups=np.asarray(groups)[train],
                                        **strength)
        for aspect, model in judged.items():
            predicted = model.predict(features.iloc[held_out])
            correct[aspect][held_out] = predicted == truth[aspect].iloc[held_out].to_numpy()
    scores = {}
    for aspect in fitted:
        majority = truth[aspect].value_counts(normalize=True).max()
        scores[aspect] = {"accuracy": float(correct[aspect].mean()), "baseline": float(majority), "n": len(features)}
        print(aspect, scores[aspect])
    return fitted, scores


if __name__ == "__main__":
    main()
