"""Models that are there from the start, and models of your own, with whatever stands beside them."""

from pathlib import Path
from typing import NamedTuple

import models
from learning import persistence
from prediction.genre_map import GenreMap, load_map
from signals.aspects import ASPECTS

FOLDER = Path(__file__).resolve().parent


class Starter(NamedTuple):
    """A classifier, and where they are there its three models for beat, timbre and pitch, and its map."""

    classifier: object
    aspects: dict | None
    genre_map: GenreMap | None


def load_starter(name):
    """Load a starter model, or a model of your own.

    Parameters
    ----------
    name : str or Path
        `sample` (eight genres of songs made to order), `gtzan` (ten genres of real recordings), or a folder that `models.save`
        wrote.

    Returns
    -------
    Starter

    Raises
    ------
    ModelError
        There is no such model, or it cannot be used.

    Examples
    --------
    >>> starter = load_starter("gtzan")
    >>> starter.classifier.classes_.tolist()[:3], sorted(starter.aspects)
    (['blues', 'classical', 'country'], ['beat', 'pitch', 'timbre'])
    """
    folder = FOLDER / name if (FOLDER / name / "model.json").exists() else Path(name)
    if not folder.is_dir():
        there = ", ".join(sorted(path.parent.name for path in FOLDER.glob("*/model.json")))
        raise persistence.ModelError(f"no model {str(name)!r}: there are {there}, or give a folder that models.save wrote")
    aspects = {aspect: models.load(folder / "aspects" / aspect) for aspect in ASPECTS} if (folder / "aspects").is_dir() else None
    return Starter(models.load(folder), aspects, load_map(folder / "map.json") if (folder / "map.json").exists() else None)


def model_card(starter):
    """What a model was trained on, how it scores on songs it never saw, and where it must not be trusted: a frame of scores, and
    the rest in ``attrs``."""
    import pandas as pd
    saved = starter.classifier.saved_scores_  # a figure alone, or with its interval
    scores = pd.DataFrame({name: one if isinstance(one, dict) else {"value": one} for name, one in saved.items()}).T
    scores.attrs = dict(starter.classifier.about_)
    return scores
