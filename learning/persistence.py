"""Models on disk: weights in formats that cannot run code, and a JSON file with all else that is needed to use them.

A model's folder holds `model.json` and one of `weights.keras` (Keras' own format without the optimizer's state, read in
safe mode), `weights.skops` (read with a fixed list of trusted types) and `weights.npz` (numpy's arrays, without
pickle).

The JSON holds a checksum of the weights. It protects against damage, not against malice: who changes the weights can
write another checksum. Against that, give `read_model` a checksum of `model.json` that you know from elsewhere. What a
model holds is checked either way (`model_checks`): a hostile model may predict nonsense, but should not crash the
interpreter or run code. It can ask for up to some gigabytes of memory.
"""

import hashlib
import inspect
import json
import warnings
from pathlib import Path

import numpy as np

from learning import model_checks
from learning.model_checks import UnsoundModel
from signals.decoding import RunError
from sources.files import atomic_folder

FORMAT = 1
"""The version of the format; it goes up when older programs cannot read what newer ones save."""
LARGEST_NOTE = 256 * 2 ** 20
"""Bytes that a `model.json` may have."""
WEIGHTS = ("weights.keras", "weights.skops", "weights.npz")
RENAMED = {"picture_settings_": "image_settings_", "familiar_": "distribution_"}
"""Attributes that models saved by earlier versions have under another name."""
TRUSTED = ["sklearn.multiclass.OneVsRestClassifier", "sklearn.multiclass._ConstantPredictor",
           "sklearn.metrics._dist_metrics.EuclideanDistance64", "sklearn.neighbors._kd_tree.KDTree",
           "sklearn.neighbors._kd_tree.newObj", "sklearn.preprocessing._label.LabelBinarizer",
           "sklearn.tree._tree.Tree"]
"""Types that our models need and that skops does not trust by default; a file with any other type is not loaded."""


class ModelError(RunError):
    """A saved model cannot be used, or must not be."""


def write_model(folder, note, write_weights):
    """Write the folder of a model, whole or not at all.

    Parameters
    ----------
    folder : str or Path
        A model in this folder is replaced. A folder that holds anything else is left as it is.
    note : dict
        The content of `model.json`; see `plain`.
    write_weights : callable
        Takes a folder, writes one of `WEIGHTS` into it, and returns the path of the weights.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        The folder exists and holds something that is no model.
    """
    folder = Path(folder)
    if folder.exists() and not (folder / "model.json").exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} holds something that is no model: give another folder")
    with atomic_folder(folder) as temporary:
        weights = write_weights(temporary)
        note = {"format": FORMAT, "weights": weights.name, "sha256": _checksum(weights)} | note
        (temporary / "model.json").write_text(json.dumps(note, indent=1), encoding="utf-8")
    return folder


def _checksum(file):
    """The SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def read_model(folder, sha256=None):
    """Read the `model.json` of a model, check it, and check that its weights were not damaged.

    Parameters
    ----------
    folder : str or Path
    sha256 : str, optional
        The checksum that `model.json` should have, as ``sha256sum model.json`` prints it. It covers the weights too,
        since their checksum is in the file.

    Returns
    -------
    note : dict
        The content of `model.json`.
    weights : Path
        The file with the weights; its checksum is as it was saved.

    Raises
    ------
    ModelError
        There is no model, it was changed after it was saved, it is in another format, or it holds something that no
        such model has.
    """
    folder = Path(folder)
    try:
        with open(folder / "model.json", "rb") as file:
            content = file.read(LARGEST_NOTE + 1)
        if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256.strip().lower():
            raise ModelError(f"{folder / 'model.json'} has another checksum than the one that was given: it is not "
                             "loaded")
        if len(content) > LARGEST_NOTE:
            raise ModelError(f"{folder / 'model.json'} is larger than {LARGEST_NOTE / 2 ** 20:.0f} MB: no such model")
        note = json.loads(content)
    except (FileNotFoundError, NotADirectoryError):
        raise ModelError(f"no model in {folder.absolute()}: there is no model.json") from None
    except ModelError:
        raise
    except (ValueError, RecursionError):
        raise ModelError(f"{folder / 'model.json'} is damaged: it is not valid JSON") from None
    if not isinstance(note, dict) or not {"format", "class", "parameters", "learned", "weights", "sha256"} <= set(note):
        raise ModelError(f"{folder / 'model.json'} does not describe a model: entries are missing")
    if note["format"] != FORMAT:
        raise ModelError(f"{folder} was saved in format {note['format']}, this program reads {FORMAT}: use the version "
                         "that saved it, or train again")
    if note["weights"] not in WEIGHTS:
        raise ModelError(f"{folder / 'model.json'} asks for {note['weights']!r}, which is no model of ours: weights "
                         f"are in {' or '.join(WEIGHTS)}")
    weights = folder / note["weights"]
    if not weights.exists():
        raise ModelError(f"{weights} is missing")
    if _checksum(weights) != note["sha256"]:
        raise ModelError(f"{weights} was changed after it was saved: it is not loaded")
    try:
        if isinstance(note["learned"], dict):
            note["learned"] = {RENAMED.get(name, name): value for name, value in note["learned"].items()}
        model_checks.check_note(note)
    except UnsoundModel as error:
        raise ModelError(f"{folder / 'model.json'} is not as such a model has it: {error}") from None
    return note, weights


def read_network(weights, n_genres):
    """Read a Keras network with one output a genre in safe mode.

    Raises
    ------
    ModelError
        The file is damaged, or asks to run code.
    """
    from learning import keras_tools
    try:
        model_checks.check_datasets(weights)
        network = keras_tools.keras.saving.load_model(weights, compile=False, safe_mode=True)
        model_checks.check_network(network, n_genres)
        return network
    except Exception as error:  # a damaged or hostile file can raise anything
        raise ModelError(f"{weights} cannot be read safely: {str(error)[:300]}") from error


def read_weights(network, weights):
    """Load weights into a network that this program built; it works across versions of Keras.

    Parameters
    ----------
    network : keras.Model
    weights : Path

    Returns
    -------
    keras.Model
        The same network.

    Raises
    ------
    ModelError
        The weights are those of another network, or damaged.
    """
    try:
        model_checks.check_datasets(weights)
        network.load_weights(weights)
        model_checks.check_weights(network)
    except Exception as error:  # a damaged or hostile file can raise anything
        raise ModelError(f"{weights} cannot be read safely: {str(error)[:300]}") from error
    return network


def read_arrays(weights, shapes):
    """Read numpy's arrays.

    Parameters
    ----------
    weights : Path
    shapes : dict of str to tuple of int
        The arrays that the model has, and their shapes.

    Returns
    -------
    dict of str to np.ndarray

    Raises
    ------
    ModelError
        The file is damaged, or an array is missing, has another shape, or holds what is no finite number.
    """
    try:
        model_checks.check_archive(weights)
        with np.load(weights, allow_pickle=False) as file:
            arrays = {name: file[name].astype(float) for name in shapes}
    except Exception as error:  # a damaged or hostile file can raise anything
        raise ModelError(f"{weights} cannot be read safely: {str(error)[:300]}") from error
    for name, shape in shapes.items():
        if arrays[name].shape != shape or not np.isfinite(arrays[name]).all():
            raise ModelError(f"{weights} does not hold what such a model has: {name} of shape {shape}")
    return arrays


def read_estimator(weights, n_features, n_genres):
    """Read a scikit-learn pipeline with skops, and check all that it holds.

    Parameters
    ----------
    weights : Path
    n_features, n_genres : int
        What the model takes and gives.

    Raises
    ------
    ModelError
        The file is damaged, holds a type that is not in `TRUSTED`, or arrays or trees that no such model has.
    """
    import skops.io
    from sklearn.exceptions import InconsistentVersionWarning
    try:
        model_checks.check_archive(weights)
        unknown = sorted(set(skops.io.get_untrusted_types(file=weights)) - set(TRUSTED))
        if not unknown:
            with warnings.catch_warnings():
                # another version's model is made whole and checked below; there would be a warning for each tree
                warnings.simplefilter("ignore", InconsistentVersionWarning)
                pipeline = _fill_in_defaults(skops.io.load(weights, trusted=TRUSTED))
            return model_checks.sound_pipeline(pipeline, n_features, n_genres)
    except Exception as error:  # a damaged or hostile file can raise anything
        raise ModelError(f"{weights} cannot be read safely: {str(error)[:300]}") from error
    raise ModelError(f"{weights} asks for {', '.join(unknown)}, which no model of ours needs: it is not loaded")


def _fill_in_defaults(pipeline):
    """Give a pipeline that an older scikit-learn saved the defaults of the parameters that were added since."""
    for _, step in pipeline.steps:
        for estimator in (step, getattr(step, "estimator", step)):
            for name, parameter in inspect.signature(type(estimator).__init__).parameters.items():
                if parameter.default is not inspect.Parameter.empty and not hasattr(estimator, name):
                    setattr(estimator, name, parameter.default)
    return pipeline


def plain(value):
    """A value in the types of JSON: arrays and tuples become lists, numpy's numbers become Python's.

    Examples
    --------
    >>> import numpy as np
    >>> plain({"scores": np.array([.5, 1]), 3: (np.int64(1), None)})
    {'scores': [0.5, 1.0], '3': [1, None]}
    """
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
