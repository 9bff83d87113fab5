"""Starter models: trained classifiers that the project ships, and models of your own with all that belongs to them."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import models
from prediction.genre_map import GenreMap, load_map
from signals.aspects import ASPECTS

FOLDER = Path(__file__).resolve().parent


class Starter(NamedTuple):
    """A classifier and, where there are any, its three models for beat, timbre and pitch, and its map."""

    classifier: object
    aspects: dict | None
    genre_map: GenreMap | None


def load_starter(name):
    """Load a starter model, or a model of your own.

    Parameters
    ----------
    name : str or Path
        `sample` (eight genres of synthetic songs), `music` (27 genres of real recordings, in 13 families), or a folder
        that `models.save` wrote.

    Returns
    -------
    Starter

    Raises
    ------
    ModelError
        There is no such model, or it cannot be used.

    Examples
    --------
    >>> starter = load_starter("music")
    >>> starter.classifier.classes_.tolist()[:3], sorted(starter.aspects)
    (['blues', 'classical', 'country'], ['beat', 'pitch', 'timbre'])
    """
    folder = FOLDER / name if (FOLDER / name / "model.json").exists() else Path(name)
    if not folder.is_dir():
        names = ", ".join(sorted(path.parent.name for path in FOLDER.glob("*/model.json")))
        raise models.ModelError(f"no model {str(name)!r}: there are {names}, or give a folder that models.save wrote")
    has_aspects = (folder / "aspects").is_dir()
    aspects = {aspect: models.load(folder / "aspects" / aspect) for aspect in ASPECTS} if has_aspects else None
    genre_map = _read_map(folder / "map.json") if (folder / "map.json").exists() else None
    return Starter(models.load(folder), aspects, genre_map)


def _read_map(path):
    """The map in a file, if it is one."""
    try:
        genre_map = load_map(path)
        regions = genre_map.regions[["x", "y", "xx", "xy", "yy"]].to_numpy(float)
        sound = (genre_map.axes.shape == (len(genre_map.centre), 2) and len(regions) > 0
                 and all(np.isfinite(values).all() for values in (genre_map.centre, genre_map.axes, regions)))
    except Exception as error:  # a damaged file can raise anything
        raise models.ModelError(f"{path} is damaged ({type(error).__name__})") from error
    if not sound:
        raise models.ModelError(f"{path} is no map of genres: its numbers are not finite, or their shapes do not fit")
    return genre_map


def tag_quantiles():
    """The quantiles of each tag among the songs that the starter model `music` learned from.

    Returns
    -------
    pd.DataFrame [shape=(101, tags)]
        From 0 to 100%, in columns such as ``tag: rock``.

    Raises
    ------
    ModelError
        The file is damaged.
    """
    path = FOLDER / "music" / "tags.json"
    try:
        quantiles = pd.read_json(path)
        sound = len(quantiles) == 101 and (quantiles.diff().iloc[1:] >= 0).all(axis=None)  # numbers that never fall
    except Exception as error:  # a damaged file can raise anything
        raise models.ModelError(f"{path} is damaged ({type(error).__name__})") from error
    if not sound:
        raise models.ModelError(f"{path} does not hold 101 quantiles of each tag")
    return quantiles


def model_card(starter):
    """What a model was trained on, its scores on songs that it was not trained on, and its limits.

    Returns
    -------
    pd.DataFrame
        One row a score: `value`, and `low` and `high` where the interval is known. The rest is in ``attrs``.
    """
    saved = starter.classifier.saved_scores_
    rows = {name: score if isinstance(score, dict) else {"value": score} for name, score in saved.items()}
    scores = pd.DataFrame(rows).T
    scores.attrs = dict(starter.classifier.about_)
    return scores
