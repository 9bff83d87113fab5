"""Models on disk: weights in formats that cannot run code, and beside them what is needed to use them, as JSON.

A folder holds `model.json` and either `weights.keras` (Keras' own format, read in safe mode, without the optimizer's state) or
`weights.skops` (read with a fixed list of trusted types). The JSON holds a checksum of the weights.
"""

import hashlib
import inspect
import json
from pathlib import Path

from sources.files import atomic_folder

FORMAT = 1
"""Goes up when older programs could not read what newer ones save."""
WEIGHTS = ("weights.keras", "weights.skops")
RENAMED = {"picture_settings_": "image_settings_"}
"""Attributes that models saved by earlier versions have under another name."""
TRUSTED = ["sklearn.multiclass.OneVsRestClassifier", "sklearn.multiclass._ConstantPredictor",
           "sklearn.metrics._dist_metrics.EuclideanDistance64", "sklearn.neighbors._kd_tree.KDTree",
           "sklearn.neighbors._kd_tree.newObj", "sklearn.preprocessing._label.LabelBinarizer",
           "sklearn.tree._tree.Tree"]
"""Types that skops does not trust by itself but that our models are made of; never what a file itself asks for."""


class ModelError(ValueError):
    """A saved model that cannot be used, or should not be."""


def write_model(folder, note, write_weights):
    """Write a model's folder, which appears whole or not at all.

    Parameters
    ----------
    folder : str or Path
        A model that stands there is replaced; a folder that holds something else is left alone.
    note : dict
        What JSON can hold.
    write_weights : callable
        Takes a folder, writes one of `WEIGHTS` there and returns its path.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        The folder is there and holds no model.
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
    return hashlib.sha256(file.read_bytes()).hexdigest()


def read_model(folder):
    """What a model's `model.json` says, and the path of its weights, which are as they were saved.

    Raises
    ------
    ModelError
        There is no model; it was changed after it was saved, or comes from another version.
    """
    folder = Path(folder)
    try:
        note = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"no model in {folder.absolute()}: there is no model.json") from None
    except ValueError:
        raise ModelError(f"{folder / 'model.json'} is damaged: it is no JSON") from None
    if not isinstance(note, dict) or not {"format", "class", "parameters", "learned", "weights", "sha256"} <= set(note):
        raise ModelError(f"{folder / 'model.json'} is not a model's: entries are missing")
    if note["format"] != FORMAT:
        raise ModelError(f"{folder} was saved in format {note['format']}, this program reads {FORMAT}: use the version that "
                         "saved it, or train again")
    if note["weights"] not in WEIGHTS:
        raise ModelError(f"{folder / 'model.json'} asks for {note['weights']!r}, which is no model of ours")
    weights = folder / note["weights"]
    if not weights.exists():
        raise ModelError(f"{weights} is missing")
    if _checksum(weights) != note["sha256"]:
        raise ModelError(f"{weights} was changed after it was saved: it is not used")
    note["learned"] = {RENAMED.get(name, name): value for name, value in note["learned"].items()}
    return note, weights


def read_network(weights):
    """A Keras network, read in safe mode: one that asks to run code is refused with a ModelError."""
    from learning import keras_tools
    try:
        return keras_tools.keras.saving.load_model(weights, compile=False, safe_mode=True)
    except Exception as error:  # whatever a damaged or hostile file brings the reader to say
        raise ModelError(f"{weights} cannot be read safely: {str(error)[:300]}") from error


def read_weights(network, weights):
    """The weights of a network whose layers are built from this program's own code, whatever version of Keras saved them.

    Raises
    ------
    ModelError
        They are of another network, or damaged.
    """
    try:
        network.load_weights(weights)
    except Exception as error:  # whatever a damaged or hostile file brings the reader to say
        raise ModelError(f"{weights} cannot be read safely: {str(error)[:300]}") from error
    return network


def read_estimator(weights):
    """A scikit-learn estimator, read by skops; one that holds types none of our models needs is refused with a ModelError."""
    import skops.io
    try:
        unknown = sorted(set(skops.io.get_untrusted_types(file=weights)) - set(TRUSTED))
        if not unknown:
            return _completed(skops.io.load(weights, trusted=TRUSTED))
    except Exception as error:  # whatever a damaged or hostile file brings the reader to say
        raise ModelError(f"{weights} cannot be read safely: {str(error)[:300]}") from error
    raise ModelError(f"{weights} asks for {', '.join(unknown)}, which no model of ours needs: it is not loaded")


def _completed(pipeline):
    """A pipeline that another version of scikit-learn saved, with the defaults of the parameters that only this version has."""
    for _, step in pipeline.steps:
        for one in (step, getattr(step, "estimator", step)):
            for name, parameter in inspect.signature(type(one).__init__).parameters.items():
                if parameter.default is not inspect.Parameter.empty and not hasattr(one, name):
                    setattr(one, name, parameter.default)
    return pipeline


def plain(value):
    """As JSON has it: arrays and tuples as lists, numpy's numbers as Python's."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
