"""Where in a spectrogram a model finds a genre (saliency), and a check whether it matters there."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.special

from learning.targets import family_shares
from signals.decoding import SAMPLE_RATE
from signals.image_statistics import BANDS, describe_levels, statistic_names
from signals.image_store import ChunkStore
from signals.recording import as_recording

PATCHES = (8, 8)
"""Into how many patches an image is cut, by frequency and by time."""
MARKED = .25
"""Share of the image that is blanked to check whether a map marks what matters."""
SMALLEST_EXPLAINED_SHARE = .05
"""Genres with a smaller share are not explained."""
RANDOM = 20
"""Random choices of as many patches for comparison."""
BANDS_OF_EMBEDDINGS = 4
"""Patches by frequency for models on embeddings, where each blanked patch takes a run of two large networks."""
COLUMNS_OF_EMBEDDINGS = 2
"""Patches by time in each three seconds that the networks hear at once; three times as many where they hear no more."""
RANDOM_OF_EMBEDDINGS = 8
SHORTEST_COLUMNS = 32
"""Columns that a `cnn` needs: it halves them five times."""


class Explanation(NamedTuple):
    """A window of a song, and where a model finds which genre in it.

    Attributes
    ----------
    start, seconds : float
        Of the window.
    levels : np.ndarray [shape=(bands, columns)]
        Its spectrogram image, 0 to 1, low bands first.
    shares : pd.Series
        The model's probabilities of the window: the top genres.
    maps : dict of str to np.ndarray [shape=(by frequency, by time)]
        For each of these genres, how much each patch speaks for it.
    check : pd.DataFrame
        Indexed by genre: by how much the logarithm of its share falls when the quarter of the image that the map marks
        is blanked (`marked`), and when a random quarter is (`random`, the mean of several choices). Where `marked` is
        not well above `random`, the map explains nothing (Samek et al. 2017).
    method : str
        `class activation` or `occlusion`.
    highest : float
        Frequency of the highest band, in Hz.
    """

    start: float
    seconds: float
    levels: np.ndarray
    shares: pd.Series
    maps: dict
    check: pd.DataFrame
    method: str
    highest: float


def explain(classifier, song, *, start=None, top=3, seed=0):
    """Where in a song's spectrogram a model finds each of the top genres.

    For a `cnn`: class-activation maps (Zhou et al. 2016). For a model on image statistics or on embeddings: by how
    much the share falls when a patch is blanked (occlusion: Zeiler & Fergus 2014). A blanked patch gets the mean of its
    band. The window is one of the windows of `influences.genre_influences`. Where genres have styles, the families are
    explained. In a song of which the network hears every second patch, only what it hears is blanked.

    Parameters
    ----------
    classifier
        A fitted `cnn`, or a model on `image_statistics.describe_images` or on embeddings.
    song : str, Path or Recording
    start : float, optional
        A time in seconds: the window around it is explained; the window with the highest probability where it is not
        given.
    top : int
        How many genres.
    seed : int

    Returns
    -------
    Explanation

    Raises
    ------
    AudioError
        The file cannot be decoded, or is silent, or shorter than a second.
    ValueError
        The model takes audio features, or is another network than a `cnn`.
    """
    if classifier.takes == "embeddings":
        return _explain_embeddings(classifier, as_recording(song), start, top, seed)
    is_cnn, log_shares = _reader(classifier)
    seconds = classifier.window_seconds
    images = as_recording(song).window_images(classifier.image_settings_, seconds, seconds / 2)
    store = ChunkStore(images, classifier.n_bands if is_cnn else BANDS)
    windows = [store.read(row, 0, int(store.lengths[row])) for row in range(len(images))]
    logs = log_shares(windows)
    middles = images["start"].to_numpy() + seconds / 2
    row = int(logs.max(axis=1).argmax() if start is None else np.abs(middles - start).argmin())
    levels, proba, window = windows[row], np.exp(logs[row]), images.iloc[[row]]
    order = _explained(proba, top)
    if is_cnn:
        maps = [_pooled(values) for values in class_activation(classifier, window)[0][order]]
    else:
        maps = _occlusion(log_shares, levels, PATCHES)[order]
    names = [str(classifier.classes_[number]) for number in order]
    check = _check(log_shares, levels, maps, order, seed, RANDOM)
    return Explanation(
        float(window["start"].iloc[0]),
        float(window["seconds"].iloc[0]),
        levels,
        pd.Series(proba[order], names),
        dict(zip(names, maps)),
        pd.DataFrame(check, names, ["marked", "random"]),
        "class activation" if is_cnn else "occlusion",
        SAMPLE_RATE / 2,
    )


def _explained(proba, top):
    """The numbers of the genres to explain, the largest share first."""
    ranked = proba.argsort()[::-1][:top]
    return [number for number in ranked if number == ranked[0] or proba[number] >= SMALLEST_EXPLAINED_SHARE]


def _explain_embeddings(classifier, recording, start, top, seed):
    """As `explain`, for a model on embeddings."""
    from learning import pretrained
    windows = classifier.inputs(recording)
    shares = family_shares(pd.DataFrame(classifier.predict_proba(windows), windows.index, classifier.classes_))
    middles = windows.index.to_numpy(float) + classifier.window_seconds / 2
    row = int(shares.max(axis=1).argmax() if start is None else np.abs(middles - start).argmin())
    heard = classifier.patch_starts(recording, windows.index[row])
    frames = pretrained.log_mel(recording.mono(pretrained.SAMPLE_RATE))
    loudest = float(frames.max())
    firsts = np.round(heard * pretrained.SAMPLE_RATE / pretrained.HOP_LENGTH).astype(int)
    offsets = firsts - firsts[0]
    rows = np.arange(firsts[0], firsts[-1] + pretrained.PATCH_FRAMES) % len(frames)  # a short sound is repeated
    levels = frames[rows].T / loudest

    def log_shares(images):
        parts = [np.stack([image.T[offset:offset + pretrained.PATCH_FRAMES] for offset in offsets]) for image in images]
        proba = classifier.predict_proba(classifier.inputs_of_patches([part * loudest for part in parts]))
        return np.log(family_shares(pd.DataFrame(proba, columns=classifier.classes_)).clip(1e-9)).to_numpy()

    n_columns = max(3, round(levels.shape[1] / pretrained.PATCH_FRAMES)) * COLUMNS_OF_EMBEDDINGS
    is_heard = np.zeros(levels.shape[1], bool)
    for offset in offsets:
        is_heard[offset:offset + pretrained.PATCH_FRAMES] = True
    cells = np.tile([part.any() for part in np.array_split(is_heard, n_columns)], BANDS_OF_EMBEDDINGS)
    proba = shares.iloc[row].to_numpy()
    order = _explained(proba, top)
    maps = _occlusion(log_shares, levels, (BANDS_OF_EMBEDDINGS, n_columns))[order]
    names = [str(shares.columns[number]) for number in order]
    check = _check(log_shares, levels, maps, order, seed, RANDOM_OF_EMBEDDINGS, np.flatnonzero(cells))
    return Explanation(
        float(heard[0]),
        levels.shape[1] * pretrained.HOP_LENGTH / pretrained.SAMPLE_RATE,
        levels,
        pd.Series(proba[order], names),
        dict(zip(names, maps)),
        pd.DataFrame(check, names, ["marked", "random"]),
        "occlusion",
        pretrained.SAMPLE_RATE / 2,
    )


def class_activation(classifier, row):
    """Class-activation maps of an image (Zhou et al. 2016): where a `cnn` finds each genre.

    Parameters
    ----------
    classifier
        A fitted `cnn`.
    row : pd.DataFrame
        One row of an image manifest.

    Returns
    -------
    maps : np.ndarray [shape=(genres, bands, columns)]
        What each place adds to each genre's logit, at the resolution of the network's last layer; the mean over places
        plus the layer's bias is the logit.
    seconds : float or None
        Length of one column.
    """
    from learning import keras_tools
    if classifier.name != "cnn":
        raise ValueError(
            f"class-activation maps need a network that ends in a global average: a cnn, not {classifier.name}"
        )
    store = ChunkStore(row, classifier.n_bands)
    length = int(store.lengths[0])
    columns = max(classifier.columns, length // SHORTEST_COLUMNS * SHORTEST_COLUMNS)
    network = keras_tools.sub_network(classifier.network_, "maps")
    activity = np.asarray(network(store.read(0, 0, columns)[None, :, :, None]))[0]
    weights = np.asarray(classifier.network_.get_layer("scores").kernel)
    maps = np.moveaxis(activity @ weights, -1, 0)
    seconds = store.seconds_per_column and store.seconds_per_column * columns / maps.shape[2]
    own = max(
        1, -(-maps.shape[2] * min(length, columns) // columns)
    )  # a short image is repeated; its repetitions are cut off
    return maps[:, :, :own], seconds


def _reader(classifier):
    """Whether a model is a `cnn`, and a function from images' levels to the logarithms of shares."""
    if getattr(classifier, "name", None) == "cnn":
        def log_shares(images):
            logits = [
                np.asarray(classifier.network_.predict_on_batch(_whole(levels)[None, :, :, None]))[0]
                for levels in images
            ]
            return scipy.special.log_softmax(np.array(logits, dtype=float) / classifier.temperature_, axis=1)
        return True, log_shares
    if classifier.takes == "features" and classifier.image_settings_ is not None:
        def log_shares(images):
            rows = pd.DataFrame([describe_levels(levels) for levels in images], columns=statistic_names())
            return np.log(classifier.predict_proba(rows).clip(1e-9))
        return False, log_shares
    raise ValueError(
        f"what a {getattr(classifier, 'name', type(classifier).__name__)} found cannot be shown on a spectrogram: "
        "that is possible for a cnn, and for a model on image statistics"
    )


def _whole(levels):
    """An image that can be halved five times: a short one is repeated, and of a long one the last columns are cut
    off."""
    repeats = -(-SHORTEST_COLUMNS // levels.shape[1])
    return np.tile(levels, repeats)[:, :max(SHORTEST_COLUMNS, levels.shape[1] // SHORTEST_COLUMNS * SHORTEST_COLUMNS)]


def _blanked(levels, patches):
    """An image in which the chosen patches [shape=(by frequency, by time)] have the mean of their band."""
    rows, columns = (np.arange(size) * n // size for size, n in zip(levels.shape, patches.shape))
    return np.where(patches[np.ix_(rows, columns)], levels.mean(axis=1, keepdims=True), levels).astype(np.float32)


def _occlusion(log_shares, levels, shape):
    """By how much the logarithm of each genre's share falls when each patch is blanked [shape=(genres, *shape)]."""
    n = shape[0] * shape[1]
    logs = log_shares([levels, *(_blanked(levels, patch) for patch in np.eye(n, dtype=bool).reshape(n, *shape))])
    return (logs[0] - logs[1:]).T.reshape(-1, *shape)


def _pooled(values):
    """The mean of a map in each patch, whatever its size."""
    rows, columns = (np.arange(16 * n) * size // (16 * n) for size, n in zip(values.shape, PATCHES))
    return values[np.ix_(rows, columns)].reshape(PATCHES[0], 16, PATCHES[1], 16).mean(axis=(1, 3))


def _check(log_shares, levels, maps, genres, seed, n_random, cells=None):
    """By how much each genre's share falls without the patches that its map marks, and without as many random ones.

    Patches are chosen among `cells`, all of them where it is not given. Returns an array [shape=(genres, 2)].
    """
    rng, shape = np.random.default_rng(seed), maps[0].shape
    cells = np.arange(maps[0].size) if cells is None else cells
    n = round(MARKED * len(cells))
    chosen = [cells[(-values.ravel()[cells]).argsort()[:n]] for values in maps]
    chosen += [rng.permutation(cells)[:n] for _ in range(n_random)]
    patches = [np.isin(np.arange(maps[0].size), numbers).reshape(shape) for numbers in chosen]
    logs = log_shares([levels, *(_blanked(levels, blank) for blank in patches)])[:, genres]
    fall = logs[0] - logs[1:]
    marked = fall[np.arange(len(maps)), np.arange(len(maps))]
    return np.column_stack([marked, fall[len(maps):].mean(axis=0)])
