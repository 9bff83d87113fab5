"""Targets of training: the encoding of genres and the weights of songs."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import models
from learning.targets import balance, encode

LABELS = st.lists(st.sampled_from(["rock", "jazz", "folk", "hip hop"]), min_size=2, max_size=60).filter(
    lambda labels: len(set(labels)) > 1)


@given(LABELS)
def test_labels_become_one_column_per_genre_in_alphabetical_order(labels):
    targets, genres, multilabel = encode(labels)
    assert genres.tolist() == sorted(set(labels)) and not multilabel
    assert targets.sum(axis=1).tolist() == [1] * len(labels)
    assert genres[targets.argmax(axis=1)].tolist() == labels


@given(LABELS)
def test_every_genre_has_the_same_total_weight_and_the_mean_weight_is_one(labels):
    targets, _, _ = encode(labels)
    weights = balance(targets)
    assert weights.mean() == pytest.approx(1, rel=1e-5) and (weights > 0).all()
    totals = weights @ targets
    assert totals == pytest.approx(totals[0], rel=1e-5)


def test_rare_genres_weigh_as_much():
    weights = balance(np.eye(2)[[0] * 90 + [1] * 10])
    assert weights[:90].sum() == pytest.approx(weights[90:].sum())


def test_a_genre_without_songs_and_a_song_without_genres_have_finite_weights():
    weights = balance(np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]]))
    assert np.isfinite(weights).all() and weights[2] == 0 and weights[0] > weights[1]


def test_a_matrix_of_ones_is_multi_hot_and_a_matrix_of_fractions_is_shares():
    hot = pd.DataFrame({"jazz": [1, 1, 0], "folk": [0, 1, 0]})
    targets, genres, multilabel = encode(hot)
    assert multilabel and genres.tolist() == ["jazz", "folk"], "the columns keep their order"
    np.testing.assert_array_equal(targets, hot)
    assert encode(pd.get_dummies(pd.Series(["a", "b"])))[2], "single ones may be multi-hot rows"
    shares = np.array([[.3, .7], [1, 0]])
    targets, genres, multilabel = encode(shares)
    assert not multilabel and genres.tolist() == [0, 1]
    np.testing.assert_allclose(targets, shares, rtol=1e-6)


def test_songs_without_a_genre_and_a_single_genre_are_refused():
    with pytest.raises(ValueError, match="only one genre, 'folk'"):
        encode(["folk"] * 36)
    X = pd.DataFrame({"a": range(36)})
    with pytest.raises(ValueError, match="1 of 36 songs have no genre"):
        models.build("linear").fit(X, [None, *["folk", "metal"] * 17, "folk"])
    with pytest.raises(ValueError, match="only one genre, 'folk'"):
        models.build("linear").fit(X, ["folk"] * 36)
