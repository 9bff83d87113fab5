"""Shares window by window: they sum to one, and sounds unlike the training songs get equal ones."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from influences import genre_influences
from prediction.labels import blend_label
from prediction.windows import song_embedding, window_shares


def test_noise_and_pure_tones_are_ambiguous(starter, tmp_path):
    rng, t = np.random.default_rng(0), np.arange(15 * 22_050) / 22_050
    sounds = {"noise": rng.normal(size=len(t)), "sweep": np.sin(2 * np.pi * (50 * t + 200 * t ** 2)),
               "note": np.sin(2 * np.pi * 440 * t) * np.exp(-t)}
    for name, y in sounds.items():
        soundfile.write(tmp_path / f"{name}.wav", .3 * y / np.abs(y).max(), 22_050)
        assert blend_label(genre_influences(starter.classifier, tmp_path / f"{name}.wav").mean()) == "ambiguous", name


def test_shares_are_drawn_towards_equal_ones_by_the_score(starter, songs):
    plain = window_shares(starter.classifier, songs["both"], adjust=False)
    adjusted = window_shares(starter.classifier, songs["both"])
    assert np.allclose(plain.sum(axis=1), 1) and np.allclose(adjusted.sum(axis=1), 1)
    assert plain.attrs["out_of_distribution"] == 0 and 0 <= adjusted.attrs["out_of_distribution"] <= 1
    assert (adjusted.max(axis=1) <= plain.max(axis=1) + 1e-12).all()


def test_windows_are_half_a_window_apart_unless_said_otherwise(starter, songs):
    shares = window_shares(starter.classifier, songs["turn"], seconds=10, hop_seconds=4)
    assert shares.index.tolist()[:3] == [0, 4, 8] and shares.attrs["seconds"] == 10
    assert window_shares(starter.classifier, songs["turn"]).index[1] == starter.classifier.window_seconds / 2


def test_the_embedding_of_a_song_is_the_mean_over_its_windows(starter, songs):
    rows = starter.classifier.inputs(songs["turn"], hop_seconds=15)
    assert song_embedding(starter.classifier, songs["turn"]) == pytest.approx(
        starter.classifier.embed(rows).mean(axis=0)
    )


def test_what_is_unlike_all_songs_gets_the_same_share_of_each_family(songs):
    class Unlike:
        classes_ = np.array(["jazz", "rock", "rock: punk"])
        window_seconds = 15.0

        def inputs(self, song, **_):
            return pd.DataFrame({"x": [0.0]}, index=[0.0])

        def predict_proba(self, rows):
            return np.array([[.2, .3, .5]])

        def out_of_distribution(self, rows, shares):
            return np.array([1.0])
    shares = window_shares(Unlike(), songs["jazz"])
    assert shares.iloc[0].tolist() == pytest.approx([.5, .25, .25])
