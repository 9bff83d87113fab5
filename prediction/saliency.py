"""Where in a spectrogram a model found a genre, and whether that is where it matters."""

import tempfile
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.special

from prediction import saliency
from prediction.windows import window_images, window_seconds
from signals.image_statistics import BANDS, describe_levels, statistic_names
from signals.image_store import ChunkStore

PATCHES = (8, 8)
"""Into how many pieces, by frequency and by time, a picture is cut."""
MARKED = .25
"""Share of the picture that is blanked to see whether a map marks what matters."""
NAMED = .05
"""Genres with a smaller share of the piece are not explained: there is nothing to find."""
RANDOM = 20
"""Random choices of as many places to compare it with."""


class Explanation(NamedTuple):
    """A piece of a song, and where a model found which genre.

    Attributes
    ----------
    start, seconds : float
        The piece.
    levels : np.ndarray [shape=(bands, columns)]
        Its picture, 0 to 1, low bands first.
    shares : pd.Series
        What the model says of the piece: its top genres.
    maps : dict of str to np.ndarray [shape=PATCHES]
        For each of them, how much each place speaks for it.
    check : pd.DataFrame
        Indexed by genre: by how much the logarithm of its share falls when the quarter of the picture that the map marks is
        blanked (`marked`), and when a random quarter is (`random`, the mean of `RANDOM` choices). A map whose `marked` is not
        well above `random` is decoration (Samek et al. 2017).
    way : str
        `class activation` or `occlusion`.
    """

    start: float
    seconds: float
    levels: np.ndarray
    shares: pd.Series
    maps: dict
    check: pd.DataFrame
    way: str


def explain(classifier, song, *, start=None, top=3, seed=0):
    """Where in a song's spectrogram a model found each of the top genres.

    Of a `cnn`, class-activation maps (Zhou et al. 2016); of a model on statistics of pictures, what is missed when a place is
    blanked (occlusion: Zeiler & Fergus 2014). Blanked places go on as their band does on average.

    Parameters
    ----------
    classifier
        A fitted `cnn`, or a model on `textures.describe_images`.
    song : str or Path
    start : float, optional
        A time in seconds: the window around it is explained; the window that is surest where it is not given.
    top : int
        How many genres.
    seed : int

    Returns
    -------
    Explanation

    Raises
    ------
    AudioError
        As `windows.windows`.
    ValueError
        The model takes no pictures, or is another network than a `cnn`.
    """
    activation, score = _reader(classifier)
    seconds = window_seconds(classifier)
    with tempfile.TemporaryDirectory() as folder:
        manifest = window_images(song, folder, classifier.image_settings_, seconds=seconds, hop_seconds=seconds / 2)
        store = ChunkStore(manifest, classifier.n_bands if activation else BANDS)
        windows = [store.read(row, 0, int(store.lengths[row])) for row in range(len(manifest))]
        said = score(windows)
        row = said.max(axis=1).argmax() if start is None else np.abs(manifest["start"] + seconds / 2 - start).argmin()
        piece = manifest.iloc[[int(row)]]
        levels, proba = windows[int(row)], np.exp(said[int(row)])
        order = [number for number in proba.argsort()[::-1][:top] if number == proba.argmax() or proba[number] >= NAMED]
        if activation:
            places = [_pooled(values) for values in saliency.class_activation(classifier, piece)[0][order]]
        else:
            places = _missed(score, levels)[order]
    names = [str(classifier.classes_[number]) for number in order]
    check = [_check(score, levels, values, number, seed) for values, number in zip(places, order)]
    return Explanation(float(piece["start"].iloc[0]), float(piece["seconds"].iloc[0]), levels, pd.Series(proba[order], names),
                       dict(zip(names, places)), pd.DataFrame(check, names, ["marked", "random"]),
                       "class activation" if activation else "occlusion")


def _reader(classifier):
    """Whether a model has class-activation maps, and what takes pictures' levels to logarithms of shares."""
    if getattr(classifier, "name", None) == "cnn":
        def score(pictures):
            said = [np.asarray(classifier.network_.predict_on_batch(levels[None, :, :_whole(levels), None]))[0]
                    for levels in pictures]
            return scipy.special.log_softmax(np.array(said, dtype=float) / classifier.temperature_, axis=1)
        return True, score
    if set(getattr(classifier, "feature_names_in_", [""])) <= set(statistic_names()) and hasattr(classifier, "image_settings_"):
        def score(pictures):
            rows = pd.DataFrame([describe_levels(levels) for levels in pictures], columns=statistic_names())
            return np.log(classifier.predict_proba(rows).clip(1e-9))
        return False, score
    raise ValueError(f"what a {getattr(classifier, 'name', type(classifier).__name__)} found cannot be shown on a spectrogram: "
                     "that of a cnn can, and of a model on statistics of pictures")


def _whole(levels):
    """Columns of which nothing is lost when they are halved five times."""
    return max(32, levels.shape[1] // 32 * 32)


def _blanked(levels, chosen):
    """A picture in which the chosen places [shape=PATCHES] sound on as their band does on average."""
    rows, columns = (np.arange(size) * n // size for size, n in zip(levels.shape, PATCHES))
    return np.where(chosen[np.ix_(rows, columns)], levels.mean(axis=1, keepdims=True), levels).astype(np.float32)


def _missed(score, levels):
    """What blanking each place takes away from the logarithm of each genre's share [shape=(genres, *PATCHES)]."""
    n = PATCHES[0] * PATCHES[1]
    said = score([levels, *(_blanked(levels, one) for one in np.eye(n, dtype=bool).reshape(n, *PATCHES))])
    return (said[0] - said[1:]).T.reshape(-1, *PATCHES)


def _pooled(values):
    """The mean of a map in each place, whatever its size."""
    rows, columns = (np.arange(16 * n) * size // (16 * n) for size, n in zip(values.shape, PATCHES))
    return values[np.ix_(rows, columns)].reshape(PATCHES[0], 16, PATCHES[1], 16).mean(axis=(1, 3))


def _check(score, levels, values, genre, seed):
    """By how much a genre's share falls without what the map marks, and without as many random places."""
    rng, n = np.random.default_rng(seed), round(MARKED * values.size)
    ranks = [(-values).ravel().argsort(), *(rng.permutation(values.size) for _ in range(RANDOM))]
    chosen = [np.isin(np.arange(values.size), order[:n]).reshape(PATCHES) for order in ranks]
    said = score([levels, *(_blanked(levels, one) for one in chosen)])[:, genre]
    fall = said[0] - said[1:]
    return fall[0], fall[1:].mean()


def class_activation(classifier, row):
    """Where in a picture a `cnn` found each genre (class-activation maps: Zhou et al. 2016).

    Parameters
    ----------
    classifier
        A fitted `cnn`.
    row : pd.DataFrame
        One row of a manifest.

    Returns
    -------
    maps : np.ndarray [shape=(genres, bands, columns)]
        What each place adds to each genre's score, at the resolution of the network's last layer; the mean over places, with the
        layer's bias, is the score.
    seconds : float or None
        Length of one column.
    """
    from learning import keras_tools
    from signals.image_store import ChunkStore
    if classifier.name != "cnn":
        raise ValueError(f"class-activation maps need a network that ends in a global average: a cnn, not {classifier.name}")
    store = ChunkStore(row, classifier.n_bands)
    columns = max(classifier.columns, int(store.lengths[0]) // 32 * 32)
    network = keras_tools.sub_network(classifier.network_, "maps")
    heard = np.asarray(network(store.read(0, 0, columns)[None, :, :, None]))[0]
    weights = np.asarray(classifier.network_.get_layer("scores").kernel)
    maps = np.moveaxis(heard @ weights, -1, 0)
    seconds = store.seconds_per_column and store.seconds_per_column * columns / maps.shape[2]
    return maps, seconds
