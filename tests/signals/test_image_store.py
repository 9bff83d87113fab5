"""Chunks of spectrogram images: they hold the images' levels, and cover them."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_images import SETTINGS, corpus

from signals.image_store import ChunkStore, ImageError, seconds_per_column, settings_of
from signals.spectrogram_images import GTZAN, read_image


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return corpus(tmp_path_factory.mktemp("images"), 36)


def random_levels(columns, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (64, columns), dtype=np.uint8)


def in_memory(*images):
    """A manifest whose images are levels in memory."""
    return pd.DataFrame({"path": list(images), "settings": json.dumps(SETTINGS)})


def test_images_are_read_from_disk_chunk_by_chunk(manifest):
    store = ChunkStore(manifest, 32)
    assert len(store) == 36 and store.read(0, 10, 32).shape == (32, 32)
    assert store.read(5, 0, 32).min() >= 0 and store.read(5, 0, 32).max() <= 1
    assert store.lengths.tolist() == [100] * 36, "two columns of 43 a second become one"
    shares = read_image(manifest["path"].iloc[0]) / 80 + 1
    expected = shares[:, :200].reshape(32, 2, 100, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(store.read(0, 0, 100), expected, atol=.003)
    assert np.concatenate([np.arange(start, start + 32) for start in store.grid(0, 32)]).max() == 99


def test_levels_in_memory_give_the_same_chunks_as_their_files(manifest):
    on_disk = ChunkStore(manifest.iloc[:3], 32)
    decibels = [read_image(path) for path in manifest["path"].iloc[:3]]
    loaded = ChunkStore(in_memory(*(np.round((image / 80 + 1) * 255).astype(np.uint8) for image in decibels)), 32)
    for number in range(3):
        np.testing.assert_array_equal(loaded.read(number, 0, 100), on_disk.read(number, 0, 100))


@settings(max_examples=40, deadline=None)
@given(length=st.integers(2, 400), columns=st.integers(1, 150))
def test_the_chunks_of_a_grid_cover_an_image_and_lie_inside_it(length, columns):
    store = ChunkStore(in_memory(random_levels(length)), 64)
    starts = store.grid(0, columns)
    covered = {start + column for start in starts.tolist() for column in range(columns)}
    assert set(range(store.lengths[0])) <= covered
    assert max(starts) == max(0, store.lengths[0] - columns) and (np.diff(starts) <= columns).all()


def test_a_short_image_is_repeated():
    store = ChunkStore(in_memory(random_levels(20)), 64)
    whole = store.read(0, 0, 10)
    np.testing.assert_array_equal(store.read(0, 0, 25), np.tile(whole, 3)[:, :25])


def test_a_start_beyond_the_end_gives_the_last_chunk():
    store = ChunkStore(in_memory(random_levels(200)), 64)
    np.testing.assert_array_equal(store.read(0, 1000, 30), store.read(0, 70, 30))
    np.testing.assert_array_equal(store.read(0, -5, 30), store.read(0, 0, 30))


@pytest.mark.parametrize("n_bands", [16, 48, 64, 100])
def test_bands_are_averaged_or_repeated(n_bands):
    levels = np.repeat(np.arange(64, dtype=np.uint8)[:, None] * 4, 40, axis=1)
    bands = ChunkStore(in_memory(levels), n_bands).read(0, 0, 20)
    assert bands.shape == (n_bands, 20)
    assert (np.diff(bands[:, 0]) >= 0).all(), "low bands stay below high bands"
    assert bands.mean() * 255 == pytest.approx(levels.mean(), abs=3)


def test_columns_have_the_duration_that_the_settings_give():
    assert seconds_per_column(SETTINGS) == pytest.approx(2 * 512 / 22_050)
    assert seconds_per_column(GTZAN) == pytest.approx(3.865 * 512 / 22_050)
    assert seconds_per_column({"crop": [0, 1, 0, 1]}) is None


def test_different_settings_are_refused(manifest):
    other = json.dumps(SETTINGS | {"hop_length": 256})
    mixed = manifest.assign(settings=[manifest["settings"].iloc[0]] * 35 + [other])
    with pytest.raises(ValueError, match="2 different settings"):
        ChunkStore(mixed)
    with pytest.raises(ValueError, match="no column 'settings'"):
        settings_of(manifest.drop(columns="settings"))
    assert settings_of(manifest) == SETTINGS


def test_an_image_that_cannot_be_read_is_named(manifest, tmp_path):
    gone = manifest.iloc[:2].assign(path=[manifest["path"].iloc[0], str(tmp_path / "gone.png")])
    with pytest.raises(ImageError, match=r"gone\.png"):
        ChunkStore(gone)
