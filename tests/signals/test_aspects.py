"""Aspects: every feature describes exactly one of beat, timbre and pitch."""


import pandas as pd
import pytest
from sound_files import noise

from signals.aspects import ASPECTS, FOR_READING, aspect_columns
from signals.descriptors import describe
from signals.image_statistics import statistic_names


def test_every_feature_of_a_sound_has_one_aspect():
    table = pd.DataFrame([describe(noise(2))]).drop(columns=list(FOR_READING))
    columns = [column for aspect in ASPECTS for column in aspect_columns(table, aspect)]
    assert sorted(columns) == sorted(table)


def test_every_statistic_of_an_image_has_one_aspect():
    table = pd.DataFrame(columns=statistic_names())
    columns = [column for aspect in ASPECTS for column in aspect_columns(table, aspect)]
    assert sorted(columns) == sorted(table)


def test_other_columns_have_no_aspect():
    about = {"genre": "rock", "artist": "a", "path": "a.mp3", "segment": 0, "start": 0.0, "seconds": 3.0}
    table = pd.DataFrame([about | {"tempo": 120.0, "beat_genre": "metal"}])
    assert aspect_columns(table, "beat") == ["tempo"], "beat_genre is a label of synthetic songs"
    assert list(table) == [*about, "tempo", "beat_genre"], "the table is not changed"


def test_a_table_without_features_of_an_aspect_is_refused():
    with pytest.raises(ValueError, match="no feature of pitch"):
        aspect_columns(pd.DataFrame(columns=["tempo"]), "pitch")
    with pytest.raises(ValueError, match="no aspect 'colour': choose from beat, timbre, pitch"):
        aspect_columns(pd.DataFrame(columns=["tempo"]), "colour")
