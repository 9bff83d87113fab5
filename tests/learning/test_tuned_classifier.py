import numpy as np
import pandas as pd
import pytest
import soundfile

import models
from features import extract_embeddings
from learning.tuned_classifier import TunedModel
from prediction.windows import window_shares


@pytest.fixture(scope="module")
def rows(musicnn, tmp_path_factory):
    """Embeddings of twelve sounds of two kinds, in files of three seconds."""
    folder = tmp_path_factory.mktemp("sounds")
    rng = np.random.default_rng(0)
    t = np.arange(48_000) / 16_000
    tracks = []
    for number in range(12):
        kind = "tone" if number % 2 else "noise"
        y = .3 * np.sin(2 * np.pi * rng.uniform(200, 900) * t) if number % 2 else rng.normal(0, .1, len(t))
        soundfile.write(folder / f"{number}.wav", y, 16_000)
        tracks.append({"track_id": str(number), "path": str(folder / f"{number}.wav"), "genre": kind})
    return extract_embeddings(pd.DataFrame(tracks))


@pytest.fixture(scope="module")
def fitted(rows):
    return models.build("transfer", epochs=1, verbose=False).fit(rows, rows["genre"].to_numpy(dtype=object))


def test_it_learns_and_changes_the_network_but_not_its_statistics(fitted, rows):
    from learning.pretrained import load_network
    assert isinstance(fitted, TunedModel) and len(fitted.history_) == 1
    assert (fitted.predict(rows) == rows["genre"]).mean() > .9
    before = {weight.path: np.asarray(weight) for weight in load_network("MSD_musicnn").weights}
    after = {weight.path: np.asarray(weight) for weight in fitted.network_.weights}
    changed = {path for path in before if path in after and not np.allclose(before[path], after[path], atol=0)}
    assert any("kernel" in path for path in changed)
    assert not [path for path in changed if "moving" in path]


def test_it_describes_a_song_and_is_the_same_after_it_was_saved(fitted, rows, tmp_path):
    path = rows["path"].iloc[1]
    shares = window_shares(fitted, path)
    assert shares.shape == (1, 2) and shares.mean().idxmax() == "tone"
    loaded = models.load(models.save(fitted, tmp_path / "tuned"))
    np.testing.assert_allclose(window_shares(loaded, path), shares, atol=1e-5)


def test_it_is_explained_in_three_seconds(fitted, rows):
    from prediction.saliency import explain
    explanation = explain(fitted, rows["path"].iloc[1], top=1)
    assert list(explanation.maps) == ["tone"] and explanation.levels.shape == (96, 187)


def test_rows_without_a_path_are_refused(rows):
    with pytest.raises(ValueError, match="no column 'path'"):
        models.build("transfer", epochs=1, verbose=False).fit(rows.drop(columns="path"), rows["genre"])
