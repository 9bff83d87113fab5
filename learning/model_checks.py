"""Checks of what a saved model holds, before it is used.

Compiled code does not check what it is given: a tree whose child lies outside it crashes the interpreter, and one that
leads back to itself never ends. Numbers that are not finite, or arrays of another shape, give wrong results in silence.
"""

import contextlib
import math
import zipfile

import numpy as np

from learning.out_of_distribution import QUANTILES
from learning.targets import family_of

LARGEST_WEIGHTS = 2 * 2 ** 30
"""Bytes that weights may have when they are decompressed."""
LARGEST_SETTINGS = {"width": 512, "n_bands": 512, "columns": 8192}
"""The largest values of the settings that decide how much memory a network takes."""
ALWAYS = ("classes_", "multilabel_", "temperature_")
NEEDED = {"TableModel": ("feature_names_in_", "medians_"), "TransferModel": ("feature_names_in_", "medians_"),
          "TableNetwork": ("feature_names_in_", "medians_", "mean_", "scale_"),
          "PictureClassifier": ("image_settings_", "has_chroma_")}
"""What a model of each class has to have learned beside `ALWAYS`."""


class UnsoundModel(ValueError):
    """Something in a saved model is not as such a model has it; the message says what."""


def check_note(note):
    """Check the entries of a `model.json`: their types, lengths and numbers.

    Parameters
    ----------
    note : dict
        With `class`, `parameters` and `learned`.

    Raises
    ------
    UnsoundModel
    """
    parameters, learned = note["parameters"], note["learned"]
    _require(isinstance(note["class"], str) and isinstance(note["weights"], str), "class and weights should be names")
    _require(isinstance(parameters, dict) and isinstance(learned, dict), "parameters and learned should be objects")
    for name, largest in LARGEST_SETTINGS.items():
        value = parameters.get(name, 1)
        _require(_is_count(value) and 1 <= value <= largest, f"{name} should be a number from 1 to {largest}")
    missing = [name for name in (*ALWAYS, *NEEDED.get(note["class"], ())) if name not in learned]
    _require(not missing, f"{', '.join(missing)} missing")
    classes = learned["classes_"]
    _require(isinstance(classes, list) and len(classes) > 1 and len({str(name) for name in classes}) == len(classes),
             "classes_ should be two different names or more")
    _require(all(isinstance(name, (str, int)) for name in classes), "classes_ should be names")
    _require(isinstance(learned["multilabel_"], bool), "multilabel_ should be true or false")
    _require(_is_finite(learned["temperature_"]) and learned["temperature_"] > 0, "temperature_ should be above zero")
    if "feature_names_in_" in learned:
        _check_columns(learned)
    for name, kinds in (("image_settings_", (dict, type(None))), ("has_chroma_", bool), ("calibrated_on_", str)):
        _require(name not in learned or isinstance(learned[name], kinds), f"{name} is of another type")
    if learned.get("distribution_") is not None:
        _check_distribution(learned["distribution_"], classes)


def _check_columns(learned):
    names = learned["feature_names_in_"]
    _require(isinstance(names, list) and names and all(isinstance(name, str) for name in names)
             and len(set(names)) == len(names), "feature_names_in_ should be different names")
    _require(learned.get("n_features_in_", len(names)) == len(names), "n_features_in_ should be their number")
    for name in ("medians_", "mean_", "scale_"):
        _require(name not in learned or _is_array(learned[name], len(names)), f"{name} should be a number a column")
    _require(0 not in learned.get("scale_", []), "scale_ should not be zero")


def _check_distribution(distribution, classes):
    """What `out_of_distribution.fit_distribution` learns."""
    _require(isinstance(distribution, dict), "distribution_ should be an object")
    if not distribution:
        return
    parts = ("columns", "mean", "scale", "centres", "components", "spread", "units", "distances")
    _require(set(parts) <= set(distribution), "distribution_ lacks entries")
    columns, mean, scale, centres, components, spread, units, distances = map(distribution.get, parts)
    _require(isinstance(columns, list) and isinstance(components, list) and isinstance(centres, dict)
             and isinstance(distances, dict), "distribution_ has entries of another type")
    n, genres = len(columns), {str(name) for name in classes} | {family_of(name) for name in classes}
    sound = (_is_array(mean, n) and _is_array(scale, n) and 0 not in scale and _is_array(units, 2) and 0 not in units
             and _is_array(spread, len(components)) and all(_is_array(row, n) for row in components)
             and all(_is_array(centre, n) for centre in centres.values())
             and all(quantiles == [] or _is_array(quantiles, len(QUANTILES)) for quantiles in distances.values())
             and set(distances) <= genres & set(centres))
    _require(sound, "distribution_ should hold finite numbers for each of its columns and genres")


def check_archive(file):
    """Check how large a zip file of weights is when it is decompressed; Python reads no more than it declares."""
    with zipfile.ZipFile(file) as archive:
        size = sum(member.file_size for member in archive.infolist())
    _require(size <= LARGEST_WEIGHTS, f"{size / 2 ** 30:.0f} GB of weights, {LARGEST_WEIGHTS / 2 ** 30:.0f} are read")


def check_datasets(file):
    """Check the arrays in a file of Keras, before they are read: none outside the file, none larger than it could be.

    Parameters
    ----------
    file : Path
        ``weights.keras`` or ``NAME.weights.h5``.

    Raises
    ------
    UnsoundModel
    """
    import h5py
    with contextlib.ExitStack() as opened:
        weights = file
        if zipfile.is_zipfile(file):
            check_archive(file)
            weights = opened.enter_context(opened.enter_context(zipfile.ZipFile(file)).open("model.weights.h5"))
        stored = opened.enter_context(h5py.File(weights))
        size = sum(_bytes_of(group, name) for group in _groups(stored) for name in group)
    _require(size <= LARGEST_WEIGHTS, "arrays larger than weights can be")


def _groups(stored):
    import h5py
    waiting, seen = [stored], 0
    while waiting:
        group = waiting.pop()
        seen += 1
        _require(seen < 100_000, "groups without end")
        yield group
        hard = (name for name in group if isinstance(group.get(name, getlink=True), h5py.HardLink))
        waiting += [group[name] for name in hard if isinstance(group[name], h5py.Group)]


def _bytes_of(group, name):
    import h5py
    _require(isinstance(group.get(name, getlink=True), h5py.HardLink), "links to other places")
    item = group[name]
    if isinstance(item, h5py.Group):
        return 0
    _require(not item.external and not item.is_virtual, "arrays outside its file")
    return math.prod(item.shape) * item.dtype.itemsize


def check_network(network, n_genres):
    """Check a network that was read with its architecture: one logit a genre, an embedding, and finite weights."""
    _require(network.output_shape[-1] == n_genres, f"{network.output_shape[-1]} outputs for {n_genres} genres")
    _require("embedding" in {layer.name for layer in network.layers}, "no layer named embedding")
    check_weights(network)


def check_weights(network):
    """Check that all weights of a network are finite numbers."""
    _require(all(np.isfinite(values).all() for values in network.get_weights()), "weights that are no finite numbers")


# ---- scikit-learn

def sound_pipeline(pipeline, n_features, n_genres):
    """Check every part of a fitted pipeline; search trees of neighbours are built again.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
    n_features, n_genres : int

    Returns
    -------
    sklearn.pipeline.Pipeline
        The same one.

    Raises
    ------
    UnsoundModel
    """
    from sklearn.pipeline import Pipeline
    _require(isinstance(pipeline, Pipeline) and pipeline.steps, "no pipeline")
    _require(pipeline.steps[0][1].n_features_in_ == n_features, "a pipeline for other columns")
    for _, step in pipeline.steps:
        for part in _parts(step):
            _check_part(part, step.n_features_in_)  # that the step before gives so many is checked by scikit-learn
    classes = np.asarray(getattr(pipeline.steps[-1][1], "classes_", []))
    _require(0 < len(classes) <= n_genres and classes.dtype.kind in "iu" and len(np.unique(classes)) == len(classes)
             and classes.min() >= 0 and classes.max() < n_genres, f"classes that are not among the {n_genres} genres")
    return pipeline


def _check_part(part, n_features):
    if isinstance(part, np.ndarray):
        _require(part.dtype.kind not in "fc" or np.isfinite(part).all(), "numbers that are not finite")
    elif type(part).__name__ == "Tree":
        _check_tree(part, n_features)
    elif hasattr(part, "support_vectors_"):
        _check_support_vectors(part, n_features)
    elif hasattr(part, "_fit_X"):
        _build_search_tree(part, n_features)
    elif hasattr(part, "n_features_in_"):
        _require(part.n_features_in_ == n_features, f"a part for {part.n_features_in_} of {n_features} columns")


def _parts(step):
    """All that a step of a pipeline is made of: estimators, arrays, trees and plain values."""
    waiting, seen = [step], {}
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen[id(part)] = part  # kept, so that no other part gets its id
        yield part
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, (list, tuple, set)):
            waiting += part
        elif isinstance(part, np.ndarray):
            waiting += part.tolist() if part.dtype == object else []
        elif hasattr(part, "__dict__"):
            waiting += vars(part).values()


def _check_tree(tree, n_features):
    """A decision tree: children lie after their parent and inside the tree, so every path ends."""
    n = tree.node_count  # scikit-learn makes sure that the tree holds so many
    _require(n > 0 and tree.n_features == n_features and tree.n_outputs == 1, "a tree for other columns")
    left, right, number = tree.children_left, tree.children_right, np.arange(n)
    leaf = left == -1
    inside = (left > number) & (left < n) & (right > number) & (right < n)
    _require((inside | leaf & (right == -1)).all(), "a tree whose branches do not end in it")
    _require(((tree.feature >= 0) & (tree.feature < n_features) | leaf).all(), "a tree that asks for other columns")
    _require(np.isfinite(tree.threshold).all() and np.isfinite(tree.value).all(), "a tree with numbers not finite")


def _check_support_vectors(machine, n_features):
    """A support vector machine of libsvm, which reads as much as its counts say."""
    n, k = len(machine.support_vectors_), len(machine.classes_)
    pairs = k * (k - 1) // 2
    shapes = {"support_vectors_": (n, n_features), "support_": (n,), "_n_support": (k,), "_dual_coef_": (k - 1, n),
              "dual_coef_": (k - 1, n), "_intercept_": (pairs,), "intercept_": (pairs,)}
    for name, shape in shapes.items():
        _require(np.shape(getattr(machine, name, None)) == shape, f"a support vector machine whose {name} is not "
                                                                  f"of shape {shape}")
    for name in ("_probA", "_probB"):
        _require(np.shape(getattr(machine, name, None)) in ((0,), (pairs,)), f"{name} of another shape")
    counts = machine._n_support
    _require((counts >= 0).all() and counts.sum() == n, "counts of support vectors that are not their number")
    _require(machine.kernel in ("rbf", "linear", "poly", "sigmoid") and not machine._sparse, "another kernel")
    _require("_impl" not in vars(machine), "another machine")


def _build_search_tree(neighbours, n_features):
    """Fit nearest neighbours again to the songs that they hold: a search tree from a file is not to be trusted."""
    from sklearn.base import clone
    songs, genres = neighbours._fit_X, getattr(neighbours, "_y", None)
    _require(np.shape(songs) == (len(songs), n_features), "neighbours with other columns")
    _require(np.shape(genres) == (len(songs),) and np.asarray(genres).dtype.kind in "iu"
             and np.min(genres) >= 0 and np.max(genres) < len(neighbours.classes_), "neighbours with other genres")
    _require(np.isfinite(songs).all(), "neighbours that are not finite numbers")
    _require(neighbours.weights in ("uniform", "distance") and isinstance(neighbours.metric, str), "a function")
    fresh = clone(neighbours).fit(songs, neighbours.classes_[genres])
    vars(neighbours).clear()
    vars(neighbours).update(vars(fresh))


# ---- values

def _require(sound, what):
    if not sound:
        raise UnsoundModel(what)


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _is_finite(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_array(values, n):
    """Whether a list from JSON holds `n` finite numbers."""
    return isinstance(values, list) and len(values) == n and all(map(_is_finite, values))
