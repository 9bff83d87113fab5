"""Starter models are small, contain no songs, and tell what they were trained on."""

import json
import shutil

import numpy as np
import pytest

import starter_models
from influences import genre_influences
from learning import persistence
from learning.pretrained import tag_columns
from learning.targets import family_of, family_shares
from signals.aspects import ASPECTS
from starter_models import FOLDER, load_starter, model_card, tag_quantiles

FILES = {"model.json", "weights.keras", "weights.skops", "weights.npz", "map.json", "tags.json"}
"""What a starter may hold."""


@pytest.mark.parametrize("name", ["sample", "music"])
def test_starters_are_small_contain_no_songs_and_tell_what_they_are(name):
    files = [path for path in (FOLDER / name).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 3e6
    assert {path.name for path in files} <= FILES
    scores = model_card(load_starter(name))
    assert {"accuracy", "ece", "roc_auc"} <= set(scores.index) and {"trained on", "trust"} <= set(scores.attrs)
    assert ((scores["low"] <= scores["value"]) & (scores["value"] <= scores["high"]))[["accuracy", "roc_auc"]].all()


@pytest.mark.parametrize("name, without_images, without_songs", [
    ("sample", set(), set()), ("music", {"electronic", "folk", "soul"}, {"folk", "soul"})])
def test_aspects_and_map_of_a_starter_know_all_genres_that_they_had_data_for(name, without_images, without_songs):
    starter = load_starter(name)
    genres = {family_of(genre) for genre in starter.classifier.classes_}
    assert list(starter.aspects) == list(ASPECTS)
    assert all(set(model.classes_) == genres - without_images for model in starter.aspects.values())
    assert set(starter.genre_map.regions.index) == genres - without_songs and starter.genre_map.songs.empty


def test_the_quantiles_of_each_tag_are_probabilities_that_rise():
    quantiles = tag_quantiles()
    assert quantiles.columns.tolist() == tag_columns() and len(quantiles) == 101
    assert quantiles.stack().between(0, 1).all() and (quantiles.diff().iloc[1:] >= 0).all(axis=None)


def test_a_folder_without_aspects_and_map_is_a_starter_of_the_classifier_alone(tmp_path):
    import shutil
    for file in ("model.json", "weights.keras"):
        shutil.copy(FOLDER / "sample" / file, tmp_path)
    starter = load_starter(tmp_path)
    assert starter.aspects is None and starter.genre_map is None
    assert starter.classifier.classes_.tolist() == load_starter("sample").classifier.classes_.tolist()


def test_scores_without_intervals_are_shown_too():
    """Notebook 06 saves models with plain numbers as scores."""
    starter = load_starter("sample")
    starter.classifier.saved_scores_ = {"validate accuracy": .6, "n": 24}
    assert model_card(starter)["value"].to_dict() == {"validate accuracy": .6, "n": 24}


def test_an_unknown_model_is_refused_with_the_names_of_those_that_exist():
    with pytest.raises(persistence.ModelError, match="music, sample"):
        load_starter("no such model")


def test_a_real_recording_of_a_dance_by_brahms_is_classical(shared, musicnn):
    music = load_starter("music")
    dance = next((shared / "librosa_examples").glob("Hungarian_Dance*.ogg"))
    shares = genre_influences(music.classifier, dance).mean()
    assert family_shares(shares).idxmax() == "classical" and np.isclose(shares.sum(), 1)


@pytest.mark.parametrize("damage", [
    lambda note: "{", lambda note: "[]", lambda note: json.dumps(note | {"axes": [[1]]}),
    lambda note: json.dumps(note | {"centre": [float("nan")] * len(note["centre"])}),
    lambda note: json.dumps(note | {"regions": {}})])
def test_a_damaged_map_is_named(tmp_path, damage):
    folder = shutil.copytree(FOLDER / "sample", tmp_path / "sample")
    note = json.loads((folder / "map.json").read_text())
    (folder / "map.json").write_text(damage(note))
    with pytest.raises(persistence.ModelError, match=r"map\.json"):
        load_starter(folder)


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"tag: rock": {"0": 1, "1": 0}}', '{"tag: rock": {"0": "x"}}'])
def test_damaged_quantiles_are_named(tmp_path, monkeypatch, content):
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "tags.json").write_text(content)
    monkeypatch.setattr(starter_models, "FOLDER", tmp_path)
    with pytest.raises(persistence.ModelError, match=r"tags\.json"):
        tag_quantiles()
