"""Statistics of spectrogram images: finite numbers that separate genres."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_images import SETTINGS, corpus

import models
from signals.image_statistics import BANDS, describe_images, describe_levels, statistic_names


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return corpus(tmp_path_factory.mktemp("images"), 36)


@pytest.fixture(scope="module")
def statistics(manifest):
    return describe_images(manifest, n_jobs=1)


def statistics_of(levels):
    return dict(zip(statistic_names(), describe_levels(levels)))


def test_a_linear_model_separates_genres_by_image_statistics(manifest, statistics):
    assert len(statistics) == 36 and statistics.notna().all().all() and statistics.columns.is_unique
    model = models.build("linear").fit(statistics, manifest["genre"])
    assert (model.predict(statistics) == manifest["genre"]).mean() > .9
    same = describe_images(manifest.iloc[:3].assign(path=manifest["path"].iloc[0]), n_jobs=1)
    assert (same.iloc[0] == same.iloc[1]).all()


def test_the_rows_of_an_images_pieces_give_one_prediction(manifest, statistics):
    pieces = describe_images(manifest, pieces=True, n_jobs=1)
    assert len(pieces) == 10 * len(manifest)
    pd.testing.assert_frame_equal(pieces.iloc[::10], statistics)
    assert not pieces.iloc[:10].duplicated().any()
    model = models.build("linear").fit(pieces, manifest["genre"].loc[pieces.index], groups=pieces.index)
    proba = models.track_proba(model, pieces)
    assert list(proba.index) == list(statistics.index) and proba.sum(axis=1).to_numpy() == pytest.approx(1)
    assert (proba.idxmax(axis=1).to_numpy() == manifest["genre"].to_numpy()).mean() > .9


def test_a_table_names_the_settings_of_its_images(manifest, statistics):
    assert statistics.attrs["image_settings"] == SETTINGS
    cropped = json.dumps(SETTINGS | {"crop": [0, 63, 0, 199]})
    table = describe_images(manifest.iloc[:2].assign(settings=cropped), n_jobs=1)
    assert table.attrs["image_settings"] == SETTINGS, "the crop box does not change what an image shows"


def test_two_processes_give_the_same_table_as_one(manifest, statistics):
    pd.testing.assert_frame_equal(describe_images(manifest, n_jobs=2), statistics)


def test_the_manifest_is_not_changed(manifest):
    before = manifest.copy(deep=True)
    describe_images(manifest.iloc[:2], n_jobs=1)
    pd.testing.assert_frame_equal(manifest, before)


def test_images_with_different_settings_are_refused(manifest):
    other = json.dumps(SETTINGS | {"hop_length": 256})
    with pytest.raises(ValueError, match="2 different settings"):
        describe_images(manifest.assign(settings=[other, *manifest["settings"].iloc[1:]]), n_jobs=1)


@settings(max_examples=25, deadline=None)
@given(columns=st.integers(32, 300), kind=st.sampled_from(["black", "white", "noise", "steady"]),
       seed=st.integers(0, 99))
def test_the_statistics_of_any_image_are_finite_and_as_many(columns, kind, seed):
    rng = np.random.default_rng(seed)
    levels = {"black": np.zeros((BANDS, columns)), "white": np.ones((BANDS, columns)),
              "noise": rng.random((BANDS, columns)), "steady": np.tile(rng.random((BANDS, 1)), columns)}[kind]
    values = describe_levels(levels.astype(np.float32))
    assert values.shape == (len(statistic_names()),) and np.isfinite(values).all()


def test_a_brighter_image_has_higher_levels_and_the_same_changes():
    levels = .5 * np.random.default_rng(0).random((BANDS, 200))
    dark, bright = statistics_of(levels), statistics_of(levels + .3)
    assert bright["level_001"] == pytest.approx(dark["level_001"] + .3)
    for name in statistic_names():
        if name.startswith(("change_", "flux_", "rhythm_")) and not name.startswith("change_covariance"):
            assert bright[name] == pytest.approx(dark[name], abs=1e-6), name


def test_a_faster_rhythm_moves_the_modulation_to_higher_rates():
    def strongest_rate(period):
        levels = np.full((BANDS, 256), .2)
        levels[:, ::period] = .8
        rhythm = np.array([value for name, value in statistics_of(levels).items() if name.startswith("rhythm_")])
        return rhythm.reshape(13, 16).mean(axis=1).argmax()
    assert strongest_rate(32) < strongest_rate(8) < strongest_rate(3)


def test_a_pitch_class_stands_out_in_harmony():
    """Lines at the octaves of A in an image give the key-independent shares of one single tone."""
    from librosa import mel_frequencies
    hertz = mel_frequencies(BANDS, fmax=11_025)
    levels = np.zeros((BANDS, 100))
    for tone in (440, 880, 1760):
        levels[np.abs(hertz - tone).argmin()] = 1
    statistics = statistics_of(levels)
    degrees = np.array([statistics[f"harmony_{number:03d}"] for number in range(1, 13)])
    assert degrees.max() > .3 and degrees.sum() == pytest.approx(1, abs=1e-6)
