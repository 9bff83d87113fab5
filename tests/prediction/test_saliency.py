"""Where a model finds a genre in a spectrogram, and the check whether it matters there."""

import numpy as np
import pandas as pd
import pytest
import soundfile

import models
from audio import write_spectrograms
from influences import genre_influences, song_card
from learning.targets import family_shares
from prediction.plots import plot_explanation
from prediction.saliency import PATCHES, explain
from prediction.windows import window_shares


def test_blanking_what_the_map_marks_costs_more_than_blanking_at_random(starter, songs):
    found = explain(starter.classifier, songs["metal"], top=2)
    assert found.method == "occlusion" and list(found.maps)[0] == found.shares.index[0] == "metal"
    assert found.maps["metal"].shape == PATCHES
    assert found.check.loc["metal", "marked"] > found.check.loc["metal", "random"]
    assert len(plot_explanation(found)) == len(found.maps) >= 1


def test_a_cnn_is_explained_by_class_activation_maps(songs, tmp_path):
    tracks = pd.DataFrame({"path": [str(songs["jazz"]), str(songs["metal"])], "genre": ["jazz", "metal"]})
    manifest = write_spectrograms(tracks, tmp_path, segment_seconds=5, n_jobs=1)
    cnn = models.build("cnn", width=4, columns=64, epochs=1, verbose=False).fit(manifest, manifest["genre"])
    found = explain(cnn, songs["metal"], top=2)
    assert found.method == "class activation" and all(values.shape == PATCHES for values in found.maps.values())
    assert found.levels.shape[0] == cnn.n_bands and found.shares.sum() <= 1.001


def test_a_song_shorter_than_the_window_of_a_cnn_is_explained_and_has_a_card(songs, tmp_path):
    tracks = pd.DataFrame({"path": [str(songs["jazz"]), str(songs["metal"])], "genre": ["jazz", "metal"]})
    manifest = write_spectrograms(tracks, tmp_path, segment_seconds=5, n_jobs=1)
    cnn = models.build("cnn", width=4, columns=64, epochs=1, verbose=False).fit(manifest, manifest["genre"])
    y, sr = soundfile.read(songs["jazz"])
    soundfile.write(tmp_path / "short.wav", y[5 * sr:5 * sr + round(1.2 * sr)], sr)
    assert len(genre_influences(cnn, tmp_path / "short.wav")) == 1
    explanation = explain(cnn, tmp_path / "short.wav", top=2)
    assert explanation.seconds == pytest.approx(1.2, abs=.01) and np.isfinite(explanation.check.to_numpy()).all()
    assert song_card(cnn, tmp_path / "short.wav").description["label"]


def test_a_model_on_audio_features_cannot_be_explained_on_a_spectrogram(songs):
    model = models.build("linear").fit(pd.DataFrame({"tempo": [80, 82, 140, 141]}), ["a", "a", "b", "b"])
    with pytest.raises(ValueError, match="a linear found cannot be shown"):
        explain(model, songs["jazz"])


def test_a_model_on_embeddings_is_explained_by_family_in_a_window_of_the_timeline(musicnn, songs):
    from starter_models import load_starter
    classifier = load_starter("music").classifier
    explanation = explain(classifier, songs["metal"], top=2)
    timeline = family_shares(window_shares(classifier, songs["metal"], adjust=False))
    assert explanation.start in timeline.index
    assert explanation.levels.shape == (96, 3 * 187), "a song of ten seconds is one window of three patches"
    assert explanation.levels.min() >= 0 and explanation.levels.max() <= 1
    assert all(values.shape == (4, 6) for values in explanation.maps.values())
    first = explanation.check.iloc[0]
    assert first["marked"] > first["random"], "what the map marks matters more than random patches"
    again = timeline.loc[explanation.start, list(explanation.shares.index)]
    assert np.allclose(again, explanation.shares), "one number for the timeline and the explanation"
