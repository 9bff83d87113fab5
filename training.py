"""Gather songs for training, train the family of models, combine their predictions."""

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import models
from analysis.collection_limits import SIDES as N_SIDES
from analysis.collection_limits import artists_by_genre, training_obstacle
from audio import write_spectrograms
from features import extract_embeddings, extract_features
from prepare import first_genre, load_Data, prepare_df
from preprocessing import spotify_split
from signals import spectrogram_images
from signals.image_statistics import describe_images
from signals.spectrogram_images import index_images
from sources.artists import artist_groups, artist_matrix, by_other_artists
from sources.files import write_table

SIDES = ("train", "validate", "test")
NOT_FEATURES = {"genre", "artist", "path", "segment", "start", "seconds", "label", "length"}


class Songs(NamedTuple):
    """What models are trained on.

    Attributes
    ----------
    pictures : pd.DataFrame
        A manifest of mel images, with their chroma images in `chroma_path` where there are any.
    features : pd.DataFrame
        One numeric row a track.
    tracks : pd.DataFrame
        The `genre`, `artist` and `side` (`train`, `validate` or `test`) of each track.
    embeddings : pd.DataFrame or None
        One row a track, as from `features.extract_embeddings`; None where they were not computed for all tracks.
    obstacle : str
        Why there are too few songs to train models on, see `analysis.collection_limits`; empty where there are enough.
        With an obstacle, no track has a `side`.
    """

    pictures: pd.DataFrame
    features: pd.DataFrame
    tracks: pd.DataFrame
    embeddings: pd.DataFrame | None = None
    obstacle: str = ""


def gather(out_dir="runs", *, pictures="", features="", lists=None, sizes=(.5, .25, .25), seed=666, n_jobs=-1):
    """Gather songs for training, and split them so that no artist is on two sides.

    Where no lists are given, songs of genres with fewer than three artists are left out, one for each side; how many is
    printed.

    Parameters
    ----------
    out_dir : str or Path
        Where notebook 05 wrote ``model_output``; if it did not run, synthetic songs are written there.
    pictures : str or Path
        A folder of spectrogram images by genre, ours or made elsewhere, in place of those of notebook 05.
    features : str or Path
        A CSV or Parquet file with one row a track, in place of that of notebook 05. Where there is none, statistics of
        the images are used.
    lists : sequence of str, optional
        Three text files with the names of the tracks of each side, in place of a split by artist. A name is a track's
        name, or a path to it with any ending. The last one may be empty.
    sizes : tuple of float
        Shares of train, validate and test in a split by artist.
    seed : int
        Of the split.
    n_jobs : int
        Processes; -1 for all cores.

    Returns
    -------
    Songs

    Raises
    ------
    ValueError
        A list names none of the tracks, a track is on two lists, or the train or validate side is empty.
    """
    manifest = _manifest(Path(out_dir) / "model_output", pictures, n_jobs)
    genres = manifest["genre"].astype(object)
    several = genres.notna() & genres.astype(str).str.contains(",")
    if several.any():
        print(f"{manifest.loc[several, 'track_id'].nunique()} songs of several genres left out of training")
    manifest = manifest[genres.notna() & ~several]
    has_chroma = (manifest["kind"] == "chroma").any()
    mel = spectrogram_images.add_chroma_paths(manifest) if has_chroma else manifest[manifest["kind"] == "mel"]
    mel = mel.reset_index(drop=True).assign(genre=lambda rows: first_genre(rows["genre"].astype(object)))
    tracks = mel.groupby("track_id", sort=False)[["genre", "artist"]].first()
    tracks["artist"] = tracks["artist"].astype(object).where(tracks["artist"].notna(), tracks.index.to_series())
    listed = bool(lists and any(lists))
    obstacle = "" if listed else training_obstacle(tracks["genre"], tracks["artist"])
    if obstacle:
        return Songs(mel, pd.DataFrame(index=tracks.index), tracks.assign(side=None), None, obstacle)
    table = _features(Path(out_dir) / "model_output", features, mel, bool(pictures), n_jobs)
    if listed:
        tracks["side"] = _listed(tracks, lists)
    else:
        tracks["side"] = _split(_without_rare_genres(tracks), sizes, seed).reindex(tracks.index)
    tracks = tracks.dropna(subset=["side"])
    empty = [name for name in ("train", "validate") if not (tracks["side"] == name).any()]
    if empty:
        raise ValueError(f"no songs on the side {' and '.join(empty)}: give lists for both")
    missing = tracks.index.difference(table.index)
    if len(missing):
        print(f"{len(missing)} of {len(tracks)} tracks have no features: left out")
        tracks = tracks.drop(missing)
    embeddings = None if pictures else _embeddings(Path(out_dir) / "model_output" / "embeddings.parquet", tracks)
    mel = mel[mel["track_id"].isin(tracks.index)].reset_index(drop=True)
    return Songs(mel, table.loc[tracks.index], tracks, embeddings)


def _without_rare_genres(tracks):
    """The tracks of genres that can be on all three sides; the others are counted and named."""
    counts = artists_by_genre(tracks["genre"], tracks["artist"])
    rare = counts[counts["artists"] < N_SIDES]
    if len(rare):
        named = ", ".join(map(str, rare.index[:6])) + (" ..." if len(rare) > 6 else "")
        print(f"{rare['songs'].sum()} songs of genres with fewer than three artists left out of training ({named})")
    return tracks[~tracks["genre"].isin(rare.index)]


def _embeddings(path, tracks):
    """The embeddings that notebook 05 wrote, in the order of the tracks; None where a track has none."""
    if not path.exists():
        return None
    table = pd.read_parquet(path)
    missing = tracks.index.difference(table.index)
    if len(missing):
        print(f"{len(missing)} of {len(tracks)} tracks have no embeddings, such as {missing[0]}: no model uses them")
        return None
    return table.loc[tracks.index]


def _manifest(folder, pictures, n_jobs):
    if pictures:
        return index_images(pictures)
    if not (folder / "manifest.parquet").exists():
        print(f"nothing in {folder} yet: synthetic songs are used; notebook 05 prepares your own")
        tracks = prepare_df(load_Data("sample_songs"))
        write_spectrograms(tracks, folder, segment_seconds=10, kinds=("mel", "chroma"), n_jobs=n_jobs)
        extract_features(tracks, out=folder / "features.parquet", n_jobs=n_jobs)
        try:
            extract_embeddings(tracks, out=folder / "embeddings.parquet", n_jobs=n_jobs)
        except models.ModelError as error:
            print(error)
    return pd.read_parquet(folder / "manifest.parquet")


def _features(folder, features, mel, elsewhere, n_jobs):
    """One numeric row a track."""
    source = Path(features) if features else folder / "features.parquet"
    if features or source.exists() and not elsewhere:
        return table_features(source, mel["track_id"].unique())
    statistics = describe_images(mel, n_jobs=n_jobs)
    table = statistics.set_index(pd.Index(mel["track_id"], name="track_id")).groupby(level=0).mean()
    table.attrs = dict(statistics.attrs)  # tells the models how the images were made
    return table


def table_features(source, track_ids):
    """Read the numeric columns of a table of features: one row a track, indexed by `track_id`.

    Parameters
    ----------
    source : str or Path
        CSV or Parquet; the column `track_id`, `filename` or `path` names the track of each row.
    track_ids : sequence of str
        The tracks' names, however the table spells them.
    """
    source = Path(source)
    table = pd.read_parquet(source) if source.suffix == ".parquet" else pd.read_csv(source)
    if table.index.name != "track_id":
        column = next((name for name in ("track_id", "filename", "path") if name in table), None)
        if column is None:
            raise ValueError(f"{source} has no column track_id, filename or path that names the track of each row")
        known = _by_key(track_ids)
        table = table.set_index(pd.Index([known.get(_key(name), name) for name in table[column]], name="track_id"))
    features = table.drop(columns=[name for name in table if name in NOT_FEATURES]).select_dtypes("number")
    return features.groupby(level=0).mean()


def _key(name):
    """A track's name in one spelling: `blues/blues.00029.wav` and `blues00029.png` are the same track."""
    name = Path(str(name).strip()).name
    stem, _, ending = name.rpartition(".")
    name = stem if ending.lower() in ("wav", "au", "mp3", "ogg", "flac", "png") else name
    return name.replace(".", "").casefold()


def _by_key(track_ids):
    """The tracks' names by their one spelling."""
    keys = {}
    for name in track_ids:
        if keys.setdefault(_key(name), name) != name:
            raise ValueError(f"{keys[_key(name)]!r} and {name!r} differ only in dots or capitals: rename one")
    return keys


def _listed(tracks, lists):
    """The side of each track, from the lists of names."""
    side = pd.Series(index=tracks.index, dtype=object)
    for name, file in zip(SIDES, lists):
        if not file:
            continue
        named = tracks_on_list(file, tracks.index)
        twice = side[named].dropna()
        if len(twice):
            raise ValueError(f"{file} names {twice.index[0]!r}, which another list names too")
        side[named] = name
    return side


def tracks_on_list(file, track_ids):
    """Read a text file of track names, and find the tracks that it names; prints how many are missing.

    Parameters
    ----------
    file : str or Path
        One name a line.
    track_ids : sequence of str

    Returns
    -------
    list of str
        Track ids, in the order of the file.

    Raises
    ------
    ValueError
        None of the tracks is there.
    """
    keys = _by_key(track_ids)
    lines = [line for line in Path(file).read_text(encoding="utf-8").splitlines() if line.strip()]
    named = [keys[_key(line)] for line in lines if _key(line) in keys]
    if not named:
        raise ValueError(
            f"{file} names {len(lines)} tracks such as {lines[:1]}, none of which is among the {len(keys)} "
            f"tracks, which have names such as {list(keys.values())[:1]}"
        )
    if len(named) < len(lines):
        print(f"{file}: {len(lines) - len(named)} of {len(lines)} tracks are missing")
    return list(dict.fromkeys(named))


def _split(tracks, sizes, seed):
    *_, train, validate, test = spotify_split(tracks.reset_index(), "genre", sizes=sizes, random_state=seed)
    side = pd.Series(index=tracks.index, dtype=object)
    for name, part in zip(SIDES, (train, validate, test)):
        side[part["track_id"]] = name
    return side


def train_family(names, songs, *, out=None, settings=None, seed=0, verbose=True):
    """Train models on the train side; early stopping and calibration use the validate side.

    A model on embeddings is left out, which is said, where the songs have none.

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
    if songs.obstacle:
        raise ValueError(songs.obstacle)
    settings = settings or {}
    fitted, rows = {}, {}
    for name in names:
        model = models.build(name, **_settings_of_model(name, settings, seed, verbose))
        if model.takes == "embeddings" and songs.embeddings is None:
            print(f"{name} is left out: the songs have no embeddings; notebook 05 computes them from sound files")
            continue
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
    on_embeddings = name == "transfer" and settings.get(name, {}).get("backbone", "musicnn") == "musicnn"
    if name in models.NETWORKS and not on_embeddings:
        shared = {"verbose": verbose} | settings.get("pictures" if name in models.IMAGE_MODELS else "tables", {})
    return {"seed": seed} | shared | settings.get(name, {})


def rows_of(songs, side, takes):
    """The rows and the genres of one side.

    Parameters
    ----------
    songs : Songs
    side : {'train', 'validate', 'test'}
    takes : {'images', 'features', 'embeddings'}
        What the model takes: its attribute `takes`.

    Returns
    -------
    rows : pd.DataFrame
    genres : np.ndarray of str
    """
    tracks = songs.tracks[songs.tracks["side"] == side]
    if takes != "images":
        table = songs.features if takes == "features" else songs.embeddings
        return table.loc[tracks.index], tracks["genre"].to_numpy(dtype=object)
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
    """Combine the probabilities of several models: their weighted geometric mean.

    Parameters
    ----------
    probas : sequence of array-like [shape=(n, genres)]
    weights : sequence of float, optional
        Equal where none are given.

    Returns
    -------
    np.ndarray [shape=(n, genres)]
        Rows sum to one.
    """
    logs = np.array([np.log(np.asarray(proba, dtype=float).clip(1e-6)) for proba in probas])
    weights = np.full(len(logs), 1 / len(logs)) if weights is None else np.asarray(weights, dtype=float)
    mean = np.exp(np.tensordot(weights, logs, axes=1))
    return mean / mean.sum(axis=1, keepdims=True)


def stacking_weights(probas, truth, *, penalty=.02):
    """Find the weights for `combine` with the lowest log-loss, on out-of-fold predictions.

    Parameters
    ----------
    probas : sequence of array-like [shape=(n, genres)]
        Of songs that the models were not trained on.
    truth : np.ndarray [shape=(n,)]
        The column number of each song's genre.
    penalty : float
        Pulls the weights together, against overfitting where there are few songs and many models.

    Returns
    -------
    np.ndarray [shape=(models,)]
        Not negative. A sum above one makes the combination more certain than its members.
    """
    import scipy.optimize
    logs = np.array([np.log(np.asarray(proba, dtype=float).clip(1e-6)) for proba in probas])

    def loss(weights):
        logits = np.tensordot(weights, logs, axes=1)
        log_loss = np.mean(np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(truth)), truth])
        return float(log_loss + penalty * np.sum((weights - weights.mean()) ** 2))

    start = np.full(len(logs), 1 / len(logs))
    return scipy.optimize.minimize(loss, start, bounds=[(0, 3)] * len(logs), method="L-BFGS-B").x


def combine_held_out(probas, truth, groups, *, penalty=.02):
    """Combine out-of-fold probabilities; the weights for a song are fitted on the other half of the groups.

    Parameters
    ----------
    probas : sequence of np.ndarray [shape=(n, genres)]
        Out of fold.
    truth : np.ndarray [shape=(n,)]
        The column number of each song's genre.
    groups : array-like [shape=(n,)]
        Songs of one group (an artist) are in the same half.
    penalty : float
        As in `stacking_weights`.

    Returns
    -------
    np.ndarray [shape=(n, genres)]
    """
    half = artist_groups(range(len(groups)), groups) % 2
    members = artist_matrix(range(len(groups)), groups)
    combined = np.empty(np.shape(probas[0]))
    for part in (0, 1):
        others = by_other_artists(members, half == part)
        weights = stacking_weights([proba[others] for proba in probas], truth[others], penalty=penalty)
        combined[half == part] = combine([proba[half == part] for proba in probas], weights)
    return combined


def write_predictions(path, probas, songs):
    """Write predictions to one long table.

    Parameters
    ----------
    path : str or Path
    probas : dict of (str, str) to pd.DataFrame
        By model and side, as from `predictions`.
    songs : Songs

    Returns
    -------
    Path
        Of a table `model, track_id, side, artist, genre`, with a column `proba: GENRE` for each genre.
    """
    parts = []
    for (name, side), proba in probas.items():
        about = songs.tracks.loc[proba.index, ["artist", "genre"]].astype(str)
        parts.append(proba.add_prefix("proba: ").assign(model=name, side=side, **about).reset_index())
    table = pd.concat(parts, ignore_index=True)
    first = ["model", "track_id", "side", "artist", "genre"]
    return write_table(table[[*first, *(column for column in table if column not in first)]], path)


def read_predictions(path, side):
    """Read what `write_predictions` wrote of one side.

    Returns
    -------
    genre, artist : pd.Series
        The true genre and the artist of each track.
    probas : dict of str to pd.DataFrame
        The probabilities of each model [shape=(tracks, genres)].
    genres : list of str
        The columns.
    """
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
