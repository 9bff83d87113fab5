"""How the starter for real songs is trained: shares, weights, pairs of one fold, honest scores."""

import json

import numpy as np
import pandas as pd
import pytest

import models
from learning.embedding_classifiers import FAMILIES
from learning.pretrained import embedding_columns, tag_columns
from starter_models import make_music


def test_a_song_of_two_families_has_half_of_each():
    shares = pd.DataFrame(make_music.family_targets(["folk;rock", "jazz"]), columns=list(FAMILIES))
    assert shares.loc[0, ["folk", "rock"]].tolist() == [.5, .5] and shares.loc[1, "jazz"] == 1
    assert (shares.sum(axis=1) == 1).all()


def test_all_families_count_alike_and_an_artist_as_the_root_of_its_songs():
    strata = np.array(["rock"] * 5 + ["jazz"])
    weights = make_music.song_weights(strata, np.array(["a"] * 4 + ["b", "c"]))
    assert weights[:5].sum() == pytest.approx(weights[5])
    assert weights[:4].sum() / weights[4] == pytest.approx(2)


def test_a_pair_is_of_one_fold_and_of_two_families():
    shares = make_music.family_targets(["rock", "jazz", "pop", "folk;rock"] * 10)
    fold = np.arange(40) // 4 % 2
    rng = np.random.default_rng(0)
    for song in range(40):
        other = make_music.other_song(shares, fold, song, rng)
        assert fold[other] == fold[song] and shares[other] @ shares[song] == 0


@pytest.mark.parametrize("seconds", [1, 3, 20])
def test_an_excerpt_is_one_patch_of_power_one(seconds):
    y = np.random.default_rng(0).normal(0, .1, 16_000 * seconds)
    part = make_music.excerpt(y, np.random.default_rng(1))
    assert len(part) == 187 * 256 and np.mean(part ** 2) == pytest.approx(1)


def test_training_writes_a_model_a_map_and_quantiles_and_scores_other_artists(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    families = np.array(["jazz", "metal", "pop", "folk;rock"] * 25)
    directions = {name: rng.normal(size=400) for name in set(families)}
    values = np.array([rng.normal(size=400) + directions[name] for name in families])
    songs = pd.DataFrame(np.hstack([rng.uniform(.01, .5, (100, 100)), values]),
                         columns=[*tag_columns(), *embedding_columns()], index=[f"song {n}" for n in range(100)])
    tracks = pd.DataFrame({"families": families, "artist": [f"artist {n // 8}" for n in range(100)], "path": "a.mp3"},
                          index=songs.index)
    no_music = songs.iloc[:20] * 0 + .3
    monkeypatch.setattr(make_music, "embed_variants", lambda tracks, shares, fold, out: (
        songs.iloc[:0], np.zeros(0, int), np.zeros((0, len(FAMILIES)))))
    about = make_music.train(tracks, songs, no_music, tmp_path, tmp_path / "music")
    assert "100 excerpts" in about["trained on"] and "13 artists" in about["trained on"]
    model = models.load(tmp_path / "music")
    assert model.saved_scores_["accuracy"]["value"] > .8
    text = (tmp_path / "music" / "model.json").read_text()
    assert "NaN" not in text and json.loads(text)["learned"]["calibrated_on_"].startswith("100 songs, cross-fitted")
    assert sorted(json.loads((tmp_path / "music" / "map.json").read_text())["regions"]) == ["jazz", "metal", "pop"]
    assert pd.read_json(tmp_path / "music" / "tags.json").shape == (101, 100)
