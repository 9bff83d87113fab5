"""Train the starter model for real songs: ``python starter_models/make_music.py SONGS.csv --no-music FOLDER ...``.

SONGS.csv has the columns `path`, `artist` and `families`: the families of genres of each song, separated by ``;``.
FOLDER holds sounds that are not music, such as speech, animals, noise and tones, for the out-of-distribution score.
The models for beat, timbre and pitch are trained on spectrogram images by genre (``--images``), since there are more
and longer ones of them; a CSV file with the columns `track` and `artist` (``--artists``) names their artists.

The model has five parts: a linear layer over the embeddings and tags of musicnn (`FamilyClassifier`), three linear
models for beat, timbre and pitch, a genre map, quantiles of each tag among the songs, and scores. Scores, temperature
and usual distances are from cross-fitting: every song is judged by a model that was trained on other artists.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.signal
from sklearn.model_selection import StratifiedGroupKFold
from tqdm import tqdm

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import models
from analysis.resampling import bootstrap_weights, mean_interval
from analysis.scores import evaluate
from features import describe_images, extract_embeddings
from learning import out_of_distribution
from learning.embedding_classifiers import FAMILIES, FamilyClassifier, feature_frame
from learning.pretrained import PATCH_SECONDS, SAMPLE_RATE, embedding_columns, hear, tag_columns
from prediction import genre_map
from signals.decoding import load_audio
from signals.spectrogram_images import index_images
from sources.artists import artist_groups
from sources.files import write_table, write_text
from starter_models.make_starters import fit_aspects_with_scores

FOLDS = 5
MIXES = 4
"""Pairs of each song with another that sounds at once; besides, one excerpt of it through a filter."""
LOUDER = 15.0
"""Decibels by which one song of a pair is louder than the other, at most; in the first pair both are equally loud."""
WEIGHT_OF_VARIANTS = .06
"""Of each pair or filtered excerpt, in relation to a song."""

SONGS = ("GTZAN's fault-filtered train and validation lists (Tzanetakis & Cook 2002; research use only), famous rock, "
         "metal and folk rock songs, and electronic and orchestral music of free games; the network under it, musicnn, "
         "on the Million Song Dataset and MagnaTagATune")
ABOUT = {"without labelled songs": "soul, where only the tags of musicnn decide, and all styles; folk was only learned "
                                   "from songs of one artist that are both folk and rock",
         "scores": "each song by a model that was trained on other artists; musicnn may have heard the recordings",
         "trust": "few artists a genre, recordings mostly before 2000, little music from outside Europe and the "
                  "Americas"}
"""What the model's card says."""
FEWEST_ON_MAP = 10
"""A family with fewer songs has no region on the map."""


def main():
    """Read the songs, and train and save all parts of the model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("songs", help="CSV file with the columns path, artist, families")
    parser.add_argument("--no-music", required=True, metavar="FOLDER", help="sounds that are not music")
    parser.add_argument("--images", required=True, metavar="FOLDER", help="spectrogram images, one folder a genre")
    parser.add_argument("--artists", required=True, metavar="CSV", help="the artists of the images' tracks")
    parser.add_argument("--work", default="runs/make_music", help="folder for embeddings, which are used again")
    parser.add_argument("--out", default=str(HERE / "music"))
    options = parser.parse_args()
    work = Path(options.work)
    tracks = pd.read_csv(options.songs, dtype=str)
    tracks["track_id"] = [f"{number:04d} {Path(path).stem}" for number, path in enumerate(tracks["path"])]
    others = pd.DataFrame({"path": sorted(map(str, Path(options.no_music).rglob("*.*")))})
    others["track_id"] = others["path"]
    songs = extract_embeddings(tracks, out=work / "songs.parquet")
    tracks = tracks.set_index("track_id").loc[songs.index]
    no_music = extract_embeddings(others, out=work / "no_music.parquet")
    about = train(tracks, songs, no_music, work, Path(options.out))
    train_aspects(options.images, options.artists, about, Path(options.out) / "aspects")


def train_aspects(images, artists, about, folder):
    """Train and judge the models for beat, timbre and pitch on image statistics, and save them."""
    manifest = index_images(images)
    names = pd.read_csv(artists, dtype=str)
    artist = names["artist"].set_axis(names["track"].str.replace(".", "", regex=False))
    genres = manifest["genre"].astype(str).replace("hiphop", "hip hop")
    groups = artist.reindex(manifest["track_id"]).to_numpy()
    groups = np.where(pd.isna(groups), "unknown, " + genres.to_numpy(dtype=object), groups)
    fitted, scores = fit_aspects_with_scores(describe_images(manifest), genres, groups)
    about = {"trained on": f"{len(manifest)} spectrogram images of GTZAN's fault-filtered train and validation lists",
             "scores": "each image by a model that was trained on other artists", "trust": about["trust"]}
    for aspect, model in fitted.items():
        models.save(model, folder / aspect, scores=scores[aspect], about=about)


def train(tracks, songs, no_music, work, folder):
    """Train and judge the classifier and the map, and save them; returns what the model's card says.

    Parameters
    ----------
    tracks : pd.DataFrame
        `path`, `artist` and `families` of each song.
    songs, no_music : pd.DataFrame
        As from `features.extract_embeddings`.
    work : Path
        For the embeddings of the variants and the cross-fitted predictions.
    folder : Path
        Where the model is saved.
    """
    shares = family_targets(tracks["families"])
    artists = tracks["artist"].to_numpy()
    strata = tracks["families"].to_numpy()
    fold = np.zeros(len(songs), int)
    for number, (_, held_out) in enumerate(StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(
            songs, strata, artists)):
        fold[held_out] = number
    variants, first, of_variants = embed_variants(tracks, shares, fold, work / "variants.parquet")
    weights = song_weights(strata, artists)

    def fitted(chosen):
        of_chosen = chosen[first]
        rows = pd.concat([songs[chosen], variants[of_chosen]])
        y = np.vstack([shares[chosen], of_variants[of_chosen]])
        all_weights = np.concatenate([weights[chosen], WEIGHT_OF_VARIANTS * weights[first[of_chosen]]])
        model = FamilyClassifier()
        return model.fit(rows, pd.DataFrame(y, columns=list(FAMILIES)), weights=all_weights, no_music=no_music)

    single = shares.max(axis=1) == 1
    names = np.array(list(FAMILIES))[shares.argmax(axis=1)]
    logits, distances = cross_fit(fitted, songs, names, fold)
    model = fitted(np.ones(len(songs), bool))
    model.calibrate(logits, np.arange(len(songs)), shares, f"{len(songs)} songs, cross-fitted by artist")
    components = out_of_distribution.fit_components(feature_frame(songs), names)
    usual = out_of_distribution.distance_quantiles(distances, names, components["centres"])
    model.distribution_ = components | {"distances": usual}
    proba = model.probabilities(logits)
    predictions = pd.DataFrame(proba, songs.index, list(FAMILIES)).assign(
        families=tracks["families"], artist=artists, path=tracks["path"])
    write_table(predictions, work / "crossfit.parquet")
    scores = score(proba, names, single, artists)
    known = single & np.isin(names, [name for name in set(names) if (names[single] == name).sum() >= FEWEST_ON_MAP])
    scores |= map_score(pd.DataFrame(model.embed(songs), songs.index)[known], names[known], artists[known], fold[known])
    about = {"trained on": f"{len(songs)} excerpts of 2 to 30 s by {len(set(artists))} artists: {SONGS}"} | ABOUT
    models.save(model, folder, scores=scores, about=about)
    embedded = pd.DataFrame(model.embed(songs), songs.index)[known]
    tags = songs[tag_columns()].rename(columns=lambda column: column.removeprefix("tag: "))
    genre_map.save_map(genre_map.project(embedded, names[known], features=tags), folder / "map.json")
    save_quantiles(songs, folder / "tags.json")
    return about


def cross_fit(fitted, songs, names, fold):
    """Logits of each song, and its distance from its family, by models that were trained on the other folds.

    Parameters
    ----------
    fitted : callable
        Takes which songs to train on [shape=(songs,)], and returns a classifier.
    songs : pd.DataFrame
    names : np.ndarray of str [shape=(songs,)]
        The family of each song.
    fold : np.ndarray of int [shape=(songs,)]

    Returns
    -------
    logits [shape=(songs, families)], distances [shape=(songs,)]
    """
    logits, distances = np.zeros((len(songs), len(FAMILIES))), np.zeros(len(songs))
    for number in set(fold):
        held_out = fold == number
        logits[held_out] = fitted(~held_out).decision_function(songs[held_out])
        components = out_of_distribution.fit_components(feature_frame(songs[~held_out]), names[~held_out])
        distances[held_out] = out_of_distribution.distances_to_genre(
            components, feature_frame(songs[held_out]), names[held_out])
    return logits, distances


def family_targets(families):
    """The shares of the families in each song [shape=(n, families)]: equal ones where several are named."""
    named = [str(text).split(";") for text in families]
    return np.array([[(family in names) / len(names) for family in FAMILIES] for names in named])


def song_weights(strata, artists):
    """All families count alike, and an artist counts as the square root of the number of its songs."""
    weights = 1 / np.sqrt(pd.Series(artists).map(pd.Series(artists).value_counts()).to_numpy(float))
    return weights / pd.Series(weights).groupby(strata).transform("sum").to_numpy()


def embed_variants(tracks, shares, fold, out):
    """Embeddings of pairs of songs that sound at once, and of filtered excerpts.

    Both songs of a pair are of the same fold, so that no held-out song is in a pair that a model is trained on.

    Returns
    -------
    variants : pd.DataFrame
    first : np.ndarray
        The number of the song, or of the first of the two.
    shares : np.ndarray [shape=(variants, families)]
        By the share of each song in the power.
    """
    rng = np.random.default_rng(0)
    sounds = [load_audio(path, sr=SAMPLE_RATE)[0] for path in tracks["path"]]
    rows, first, targets = [], [], []
    for variant in range(MIXES + 1):
        for song in tqdm(range(len(sounds)), desc=f"variant {variant + 1}", file=sys.stdout, mininterval=5):
            y, target = excerpt(sounds[song], rng), shares[song]
            if variant == MIXES:
                y = filtered(y, rng)
            else:
                partner = other_song(shares, fold, song, rng)
                share = 1 / (1 + 10 ** (rng.uniform(-LOUDER, LOUDER) / 10)) if variant else .5
                y = np.sqrt(share) * y + np.sqrt(1 - share) * excerpt(sounds[partner], rng)
                target = share * target + (1 - share) * shares[partner]
            heard = hear((y * 10 ** (rng.uniform(-26, -12) / 20)).astype(np.float32))
            rows.append(np.concatenate([heard.tags.mean(axis=0), heard.embeddings.mean(axis=0)]))
            first.append(song)
            targets.append(target)
    table = pd.DataFrame(np.array(rows), columns=[*tag_columns(), *embedding_columns()])
    write_table(table, out)
    return table, np.array(first), np.array(targets)


def other_song(shares, fold, song, rng):
    """A song of the same fold and of other families; all families are equally likely."""
    candidates = np.flatnonzero((fold == fold[song]) & (shares @ shares[song] == 0))
    families = shares[candidates].argmax(axis=1)
    return int(rng.choice(candidates[families == rng.choice(np.unique(families))]))


def excerpt(y, rng):
    """A random excerpt of one patch, with a mean power of one; a shorter sound is repeated."""
    n = round(PATCH_SECONDS * SAMPLE_RATE)
    y = np.resize(y, n) if len(y) < n else y
    start = int(rng.integers(0, len(y) - n + 1))
    y = y[start:start + n]
    return y / max(np.sqrt(np.mean(y ** 2)), 1e-6)


def filtered(y, rng):
    """A sound with more or less of its low or high frequencies."""
    kind = "high" if rng.random() < .5 else "low"
    part = scipy.signal.sosfilt(
        scipy.signal.butter(1, rng.uniform(500, 4000), kind, fs=SAMPLE_RATE, output="sos"), y
    )
    return y + rng.uniform(-.6, 1.5) * part


def score(proba, names, single, artists):
    """Scores of the families, for the songs of one family."""
    judged = evaluate(names[single], proba[single], list(FAMILIES), groups=artists[single])
    print(judged.round(3).to_string())
    # macro-F1 would count the families without songs as zeros
    return judged.drop("macro_f1").dropna(subset=["value"])[["value", "low", "high"]].round(4).to_dict("index")


def map_score(embedded, names, artists, fold):
    """How often the nearest region of the map is the song's family, for songs of other artists than the map's."""
    right = np.zeros(len(embedded))
    for number in set(fold):
        held_out = fold == number
        fitted = genre_map.project(embedded[~held_out], names[~held_out])
        places = (embedded[held_out].to_numpy(float) - fitted.centre) @ fitted.axes
        middles = fitted.regions[["x", "y"]].to_numpy(float)
        nearest = np.linalg.norm(places[:, None] - middles[None], axis=2).argmin(axis=1)
        right[held_out] = fitted.regions.index.to_numpy()[nearest] == names[held_out]
    low, high = mean_interval(right, bootstrap_weights(artist_groups(range(len(right)), artists), 1000, 0))
    return {"map: nearest region is right": {"value": round(float(right.mean()), 4), "low": round(float(low), 4),
                                             "high": round(float(high), 4)}}


def save_quantiles(songs, path):
    """Save the quantiles of each tag among the songs, from 0 to 100%."""
    quantiles = songs[tag_columns()].quantile(np.linspace(0, 1, 101)).round(5)
    return write_text(path, pd.DataFrame(quantiles).reset_index(drop=True).to_json(orient="columns"))


if __name__ == "__main__":
    main()
