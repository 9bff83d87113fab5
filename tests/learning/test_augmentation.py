"""Data augmentation: it keeps shapes, changes no input, and mixes sounds and targets in the same shares."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning import augmentation

SEEDS = st.integers(0, 10 ** 6)
HALVES = SimpleNamespace(beta=lambda alpha, beta, n: np.full(n, .5, np.float32),
                         permutation=lambda n: np.arange(n)[::-1])
"""Used in place of a random generator: each row is mixed with the row at the other end, in equal shares."""


def random_chunks(seed, *shape):
    return np.random.default_rng(seed).random(shape).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(16, 80), st.integers(16, 80))
def test_augmentation_keeps_the_shape_and_does_not_change_its_input(seed, bands, columns):
    rng = np.random.default_rng(seed)
    chunk = random_chunks(seed, bands, columns)
    before = chunk.copy()
    augmented = augmentation.augment(chunk, rng)
    assert augmented.shape == chunk.shape and np.isfinite(augmented).all()
    np.testing.assert_array_equal(chunk, before)
    assert augmentation.stretch_columns(chunk, 33).shape == (bands, 33)
    (mixed,), targets = augmentation.mixup([chunk[None].repeat(4, 0)], np.eye(4, dtype=np.float32), rng, .4)
    assert targets.sum(axis=1) == pytest.approx(1) and mixed.shape == (4, bands, columns)


@settings(deadline=None)
@given(SEEDS)
def test_augmentation_that_is_switched_off_changes_nothing(seed):
    chunk = random_chunks(seed, 16, 20)
    rng = np.random.default_rng(seed)
    np.testing.assert_array_equal(augmentation.augment(chunk, rng, shift=0, equalizer=0, mask=0), chunk)
    chunks, targets = [chunk[None]], np.ones((1, 1))
    assert augmentation.mixup(chunks, targets, rng, 0) == (chunks, targets)


@settings(deadline=None)
@given(SEEDS)
def test_a_shift_moves_all_bands_by_the_same_small_number(seed):
    bands = np.arange(16, dtype=np.float32)[:, None].repeat(4, 1)
    shifted = augmentation.augment(bands, np.random.default_rng(seed), shift=3, equalizer=0, mask=0)
    steps = (shifted - bands)[3:-3]
    assert len(np.unique(steps)) == 1 and abs(steps[0, 0]) <= 3


@settings(deadline=None)
@given(SEEDS)
def test_the_mask_covers_at_most_its_share_of_bands_and_columns(seed):
    chunk = random_chunks(seed, 20, 40)
    masked = augmentation.augment(chunk, np.random.default_rng(seed), shift=0, equalizer=0, mask=.25)
    changed = masked != chunk
    assert changed.all(axis=1).sum() <= 5 and changed.all(axis=0).sum() <= 10
    assert changed.sum() <= 5 * 40 + 10 * 20


@settings(deadline=None)
@given(SEEDS, st.integers(2, 60), st.integers(2, 60))
def test_a_stretched_chunk_keeps_its_ends_and_its_straight_lines(seed, columns, stretched_columns):
    start, slope = np.random.default_rng(seed).normal(size=2)
    line = (start + slope * np.linspace(0, 1, columns))[None]
    stretched = augmentation.stretch_columns(line, stretched_columns)
    np.testing.assert_allclose(stretched[0], start + slope * np.linspace(0, 1, stretched_columns), atol=1e-5)
    np.testing.assert_array_equal(augmentation.stretch_columns(line, columns), line)


@settings(deadline=None)
@given(SEEDS, st.floats(.1, 1))
def test_mixup_mixes_all_inputs_and_targets_in_the_same_shares(seed, alpha):
    examples = np.eye(5, dtype=np.float32)
    (mixed, weights), targets = augmentation.mixup([examples, examples], examples, np.random.default_rng(seed), alpha)
    np.testing.assert_array_equal(mixed, targets)
    np.testing.assert_array_equal(weights, targets)
    assert (np.diag(targets) >= .5).all(), "the first of the pair has the larger share"
    assert targets.sum(axis=1) == pytest.approx(1)


def test_two_songs_at_once_are_mixed_by_power():
    quiet = np.zeros((1, 4, 8), np.float32)
    quiet[:, 0] = .5
    loud = np.zeros((1, 4, 8), np.float32)
    loud[:, 3] = 1.0  # 40 dB above the quiet song, which is in the lowest band
    pair, targets = np.concatenate([quiet, loud]), np.eye(2)
    before = pair.copy()
    (mixed,), shares, weights = augmentation.mix_power([pair], targets, np.ones(2, np.float32), HALVES, .5)
    assert mixed[0, 0] == pytest.approx(mixed[0, 3], abs=.01), "at the same loudness, both have the same level"
    assert mixed.max() == 1 and shares == pytest.approx(.5) and weights == pytest.approx(1)
    assert (pair == before).all()
    (same,), *_ = augmentation.mix_power([pair], targets, np.ones(2), HALVES, 0)
    assert same is pair


@settings(deadline=None)
@given(SEEDS)
def test_chunks_mixed_by_power_lie_between_0_and_1_with_their_peak_at_1(seed):
    chunks = [random_chunks(seed, 4, 16, 20), random_chunks(seed + 1, 4, 12, 20)]
    mixed, targets, _ = augmentation.mix_power(chunks, np.eye(4), np.ones(4), np.random.default_rng(seed), 1.0)
    for levels in mixed:
        assert levels.min() >= 0 and levels.max(axis=(1, 2)) == pytest.approx(1, abs=1e-5)
    assert targets.sum(axis=1) == pytest.approx(1)


def test_a_song_mixed_with_itself_by_power_is_the_same_song():
    chunks = random_chunks(0, 1, 16, 20)
    chunks /= chunks.max()
    (mixed,), *_ = augmentation.mix_power([chunks], np.ones((1, 1)), np.ones(1), HALVES, 1.0)
    np.testing.assert_allclose(mixed, chunks, atol=1e-4)
