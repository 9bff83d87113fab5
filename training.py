"""From a folder of pictures and a table of features to a trained family of models and what each says of every song."""

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import models
from audio import write_spectrograms
from features import extract_features
from prepare import first_genre, load_Data, prepare_df
from preprocessing import spotify_split
from signals import spectrogram_images
from signals.image_statistics import describe_images
from signals.spectrogram_images import index_images
from sources.files import write_table

SIDES = ("train", "validate", "test")
NOT_FEATURES = {"genre", "artist", "path", "segment", "start", "seconds", "label", "length"}


class Songs(NamedTuple):
    """What models are trained on: mel pictures (with their chroma, where there is some), a row of features a track,
    and for each track its genre, artist and side (`train`, `validate` or `test`)."""

    pictures: pd.DataFrame
    features: pd.DataFrame
    tracks: pd.DataFrame


def gather(out_dir="runs", *, pictures="", features="", lists=None, sizes=(.5, .25, .25), seed=666, n_jobs=-1):
    """Gather songs for training, and split them so that no artist stands on two sides.

    Parameters
    ----------
    out_dir : str or Path
        Where notebook 05 wrote ``model_output``; songs made to order are put there if it did not run.
    pictures : str or Path
        A folder of pictures by genre, ours or made elsewhere, in place of that.
    features : str or Path
        A CSV or Parquet file with one row a track, in place of what notebook 05 wrote; where there is none, statistics
        of the pictures are taken.
    lists : sequence of str, optional
        Three text files, of the names of the tracks of each side, in place of a split of our own: a name is a track's,
        or a path to it with any ending. The last one may be empty.
    sizes : tuple of float
        Shares of the sides of our own split.
    seed : int
    n_jobs : int

    Returns
    -------
    Songs

    Raises
    ------
    ValueError
        A list names no track that is there, a track stands on two lists, or there is none to train or to validate.
    """
    manifest = _manifest(Path(out_dir) / "model_output", pictures, n_jobs)
    genres = manifest["genre"].astype(object)
    several = genres.notna() & genres.astype(str).str.contains(",")
    if several.any():
        print(
            f"{manifest.loc[several, 'track_id'].nunique()} songs of several genres left out: they teach none of them"
        )
    manifest = manifest[genres.notna() & ~several]
    has_chroma = (manifest["kind"] == "chroma").any()
    mel = spectrogram_images.add_chroma_paths(manifest) if has_chroma else manifest[manifest["kind"] == "mel"]
    mel = mel.reset_index(drop=True).assign(genre=lambda rows: first_genre(rows["genre"].astype(object)))
    tracks = mel.groupby("track_id", sort=False)[["genre", "artist"]].first()
    tracks["artist"] = tracks["artist"].astype(object).where(tracks["artist"].notna(), tracks.index.to_series())
    table = _features(Path(out_dir) / "model_output", features, mel, bool(pictures), n_jobs)
    tracks["side"] = _listed(tracks, lists) if lists and any(lists) else _split(tracks, sizes, seed)
    tracks = tracks.dropna(subset=["side"])
    empty = [name for name in ("train", "validate") if not (tracks["side"] == name).any()]
    if empty:
        raise ValueError(
            f"there are no songs to {' or to '.join(empty)}: give lists for both"
            if lists and any(lists)
            else f"too few songs: none is left to {' or to '.join(empty)}"
        )
    missing = tracks.index.difference(table.index)
    if len(missing):
        print(f"{len(missing)} of {len(tracks)} tracks have no features: left out")
        tracks = tracks.drop(missing)
    return Songs(mel[mel["track_id"].isin(tracks.index)].reset_index(drop=True), table.loc[tracks.index], tracks)


def _manifest(folder, pictures, n_jobs):
    if pictures:
        return index_images(pictures)
    if not (folder / "manifest.parquet").exists():
        print(f"nothing in {folder} yet: songs made to order are taken (synthetic); notebook 05 takes your own")
        tracks = prepare_df(load_Data("sample_songs"))
        write_spectrograms(tracks, folder, segment_seconds=10, kinds=("mel", "chroma"), n_jobs=n_jobs)
        extract_features(tracks, out=folder / "features.parquet", n_jobs=n_jobs)
    return pd.read_parquet(folder / "manifest.parquet")


def _features(folder, features, mel, elsewhere, n_jobs):
    """One numeric row a track."""
    source = Path(features) if features else folder / "features.parquet"
    if features or source.exists() and not elsewhere:
        return table_features(source, mel["track_id"].unique())
    statistics = describe_images(mel, n_jobs=n_jobs)
    table = statistics.set_index(pd.Index(mel["track_id"], name="track_id")).groupby(level=0).mean()
    table.attrs = dict(statistics.attrs)  # the models take from it what made the images
    return table


def table_features(source, track_ids):
    """The numeric columns of a table of features, one row a track, under the tracks' own names.

    Parameters
    ----------
    source : str or Path
        CSV or Parquet; `track_id`, `filename` or `path` says whose a row is.
    track_ids : sequence of str
    """
    source = Path(source)
    table = pd.read_parquet(source) if source.suffix == ".parquet" else pd.read_csv(source)
    if table.index.name != "track_id":
        column = next((name for name in ("track_id", "filename", "path") if name in table), None)
        if column is None:
            raise ValueError(f"{source} has no column track_id, filename or path that says whose each row is")
        known = _by_key(track_ids)
        table = table.set_index(pd.Index([known.get(_key(name), name) for name in table[column]], name="track_id"))
    return (
        table.drop(columns=[name for name in table if name in NOT_FEATURES])
        .select_dtypes("number")
        .groupby(level=0)
        .mean()
    )


def _key(name):
    """A track's name as lists and pictures spell it alike: `blues/blues.00029.wav` and `blues00029.png` are one."""
    name = Path(str(name).strip()).name
    stem = (
        name.rsplit(".", 1)[0]
        if name.rsplit(".", 1)[-1].lower() in ("wav", "au", "mp3", "ogg", "flac", "png")
        else name
    )
    return stem.replace(".", "").casefold()


def _by_key(track_ids):
    """The tracks' own names by what lists may call them."""
    keys = {}
    for name in track_ids:
        if keys.setdefault(_key(name), name) != name:
            raise ValueError(
                f"{keys[_key(name)]!r} and {name!r} are spelt too much alike to be found by name: rename one"
            )
    return keys


def _listed(tracks, lists):
    """The side of each track, by the lists that name it."""
    side = pd.Series(index=tracks.index, dtype=object)
    for name, file in zip(SIDES, lists):
        if not file:
            continue
        found = tracks_on_list(file, tracks.index)
        twice = side[found].dropna()
        if len(twice):
            raise ValueError(f"{file} names {twice.index[0]!r}, which another list names too")
        side[found] = name
    return side


def tracks_on_list(file, track_ids):
    """The tracks that a text file names, under their own names, in its order; says how many are not there.

    Raises
    ------
    ValueError
        None of them is there.
    """
    keys = _by_key(track_ids)
    lines = [line for line in Path(file).read_text(encoding="utf-8").splitlines() if line.strip()]
    found = [keys[_key(line)] for line in lines if _key(line) in keys]
    if not found:
        raise ValueError(
            f"{file} names {len(lines)} tracks, none of which is among the {len(keys)} that there are; it says "
            f"{lines[:1]}, they are named {list(keys.values())[:1]}"
        )
    if len(found) < len(lines):
        print(f"{file}: {len(lines) - len(found)} of {len(lines)} tracks are not there")
    return list(dict.fromkeys(found))


def _split(tracks, sizes, seed):
    *_, train, validate, test = spotify_split(tracks.reset_index(), "genre", sizes=sizes, random_state=seed)
    side = pd.Series(index=tracks.index, dtype=object)
    for name, part in zip(SIDES, (train, validate, test)):
        side[part["track_id"]] = name
    return side


def train_family(names, songs, *, out=None, settings=None, seed=0, verbose=True):
    """Train models on the train side; early stopping and calibration use the validate side.

    Parameters
    ----------
    names : sequence of str
        See `models.build`.
    songs : Songs
    out : str or Path, optional
        Each model is saved to ``out/name`` as soon as it is trained.
    settings : dict of str to dict, optional
        Settings of single models; those under `"pictures"` are for all networks on images, those under `"tables"` for
        all networks on features.
    seed : int
    verbose : bool

    Returns
    -------
    fitted : dict of str to classifier
    report : pd.DataFrame
        Indexed by model: `seconds`, `weights`, `accuracy` on the validate side (too optimistic, since that side was
        used for stopping and calibration) and `epochs`.
    """
    settings = settings or {}
    fitted, rows = {}, {}
    for name in names:
        model = models.build(name, **_settings_of_model(name, settings, seed, verbose))
        start = time.perf_counter()
        train, validation = (rows_of(songs, side, model.takes) for side in SIDES[:2])
        fitted[name] = model.fit(*train, validation=validation if len(validation[1]) else None)
        proba = predictions({name: model}, songs, "validate")[name]
        right = proba.idxmax(axis=1) == songs.tracks.loc[proba.index, "genre"]
        rows[name] = {
            "seconds": time.perf_counter() - start,
            "weights": model.count_weights(),
            "accuracy": right.mean(),
            "epochs": len(getattr(model, "history_", [])),
        }
        if out is not None:
            models.save(model, Path(out) / name, scores={"validate accuracy": right.mean(), "n": len(right)})
    return fitted, pd.DataFrame(rows).T.rename_axis("model").astype({"weights": int, "epochs": int})


def _settings_of_model(name, settings, seed, verbose):
    shared = {}
    if name in models.NETWORKS:
        shared = {"verbose": verbose} | settings.get("pictures" if name in models.IMAGE_MODELS else "tables", {})
    return {"seed": seed} | shared | settings.get(name, {})


def rows_of(songs, side, takes):
    """The rows and the genres of one side.

    Parameters
    ----------
    songs : Songs
    side : {'train', 'validate', 'test'}
    takes : {'images', 'features'}
        What the model takes: its attribute `takes`.

    Returns
    -------
    rows : pd.DataFrame
    genres : np.ndarray of str
    """
    tracks = songs.tracks[songs.tracks["side"] == side]
    if takes == "features":
        return songs.features.loc[tracks.index], tracks["genre"].to_numpy(dtype=object)
    rows = songs.pictures[songs.pictures["track_id"].isin(tracks.index)].reset_index(drop=True)
    return rows, rows["genre"].to_numpy(dtype=object)


def predictions(fitted, songs, side):
    """The probabilities of every model for every track of a side: a dict of frames [shape=(tracks, genres)]."""
    probas = {}
    for name, model in fitted.items():
        rows, _ = rows_of(songs, side, model.takes)
        probas[name] = models.track_proba(model, rows) if len(rows) else pd.DataFrame(columns=model.classes_)
    return probas


def combine(probas, weights=None):
    """Several models' probabilities as one: the weighted geometric mean, rows summing to one.

    Parameters
    ----------
    probas : sequence of array-like [shape=(n, genres)]
    weights : sequence of float, optional
        Equal where none are given.
    """
    logs = np.array([np.log(np.asarray(proba, dtype=float).clip(1e-6)) for proba in probas])
    weights = np.full(len(logs), 1 / len(logs)) if weights is None else np.asarray(weights, dtype=float)
    mean = np.exp(np.tensordot(weights, logs, axes=1))
    return mean / mean.sum(axis=1, keepdims=True)


def stacking_weights(probas, truth, *, penalty=.02):
    """Weights for `combine` that make the true genres most probable, on predictions of songs that the models had not
    seen.

    Parameters
    ----------
    probas : sequence of array-like [shape=(n, genres)]
        Out of fold.
    truth : np.ndarray [shape=(n,)]
        Number of each song's genre.
    penalty : float
        Pulls the weights together, so that few songs do not decide about many models.

    Returns
    -------
    np.ndarray
        Not negative; they need not sum to one: a sum above one makes the combination more certain than its members.
    """
    import scipy.optimize
    logs = np.array([np.log(np.asarray(proba, dtype=float).clip(1e-6)) for proba in probas])

    def loss(weights):
        scores = np.tensordot(weights, logs, axes=1)
        own = scores[np.arange(len(truth)), truth]
        return float(
            np.mean(np.logaddexp.reduce(scores, axis=1) - own) + penalty * np.sum((weights - weights.mean()) ** 2)
        )

    start = np.full(len(logs), 1 / len(logs))
    return scipy.optimize.minimize(loss, start, bounds=[(0, 3)] * len(logs), method="L-BFGS-B").x


def combine_held_out(probas, truth, groups, *, penalty=.02):
    """Out-of-fold probabilities as one, each song's with weights fitted without it: on the other half of the groups.

    Parameters
    ----------
    probas : sequence of np.ndarray [shape=(n, genres)]
        Out of fold.
    truth : np.ndarray [shape=(n,)]
        Number of each song's genre.
    groups : array-like [shape=(n,)]
        Songs of a group (an artist) stay on one side.
    penalty : float
        As in `stacking_weights`.

    Returns
    -------
    np.ndarray [shape=(n, genres)]
    """
    half = pd.factorize(np.asarray(groups))[0] % 2
    together = np.empty(np.shape(probas[0]))
    for part in (0, 1):
        weights = stacking_weights([proba[half != part] for proba in probas], truth[half != part], penalty=penalty)
        together[half == part] = combine([proba[half == part] for proba in probas], weights)
    return together


def write_predictions(path, said, songs):
    """Keep what models said, in one long table: `model, track_id, side, artist, genre`, and a column `proba: GENRE`
    for each."""
    parts = []
    for (name, side), proba in said.items():
        about = songs.tracks.loc[proba.index, ["artist", "genre"]].astype(str)
        parts.append(proba.add_prefix("proba: ").assign(model=name, side=side, **about).reset_index())
    table = pd.concat(parts, ignore_index=True)
    first = ["model", "track_id", "side", "artist", "genre"]
    return write_table(table[[*first, *(column for column in table if column not in first)]], path)


def read_predictions(path, side):
    """What was kept: true genres, artists, a frame of probabilities for each model, and the genres; one row a track."""
    table = pd.read_parquet(path)
    table = table[table["side"] == side]
    if table.empty:
        raise ValueError(f"{path} holds no predictions of the {side} side")
    columns = [column for column in table if column.startswith("proba: ")]
    by_model = {name: part.set_index("track_id") for name, part in table.groupby("model", sort=False)}
    order = next(iter(by_model.values())).index
    genres = [column.removeprefix("proba: ") for column in columns]
    probas = {name: part.loc[order, columns].set_axis(genres, axis=1) for name, part in by_model.items()}
    about = next(iter(by_model.values())).loc[order]
    return about["genre"], about["artist"], probas, genres
