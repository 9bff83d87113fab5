"""How starter models are made: excerpts and pairs with true shares, no leak between folds, honest scores."""

import json

import numpy as np
import pandas as pd
import pytest

from learning.augmentation import mix_power
from signals.image_statistics import BANDS, statistic_names
from signals.image_store import settings_of
from signals.spectrogram_images import write_image
from starter_models import make_starters
from starter_models.make_starters import (
    VARIANTS,
    PairSwap,
    fit_aspects_with_scores,
    typical_distances,
    variants,
)

SETTINGS = {"sr": 22_050, "n_fft": 2048, "hop_length": 512, "n_mels": BANDS, "segment_seconds": 8.0, "decibels": 80}
GENRE = np.array(["high", "low"] * 4)
FOLDS = [(np.arange(4, 8), np.arange(4)), (np.arange(4), np.arange(4, 8))]
"""Songs 0 to 3 are held out first, then songs 4 to 7."""


def image_of(genre, frames=344, seed=0):
    """Grey levels of noise in the upper or the lower half of the bands."""
    levels = np.random.default_rng(seed).integers(100, 256, (BANDS, frames)).astype(np.uint8)
    silent = slice(0, BANDS // 2) if genre == "high" else slice(BANDS // 2, BANDS)
    levels[silent] = 0
    return levels


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    paths = [folder / f"{number}.png" for number in range(len(GENRE))]
    for number, (genre, path) in enumerate(zip(GENRE, paths)):
        write_image(path, image_of(genre, seed=number), SETTINGS)
    return pd.DataFrame({"track_id": [path.stem for path in paths], "path": [str(path) for path in paths],
                         "settings": json.dumps(SETTINGS), "genre": GENRE})


@pytest.fixture(scope="module")
def made(manifest):
    return variants(manifest, GENRE, ["high", "low"], FOLDS, settings_of(manifest))


# ---- excerpts and pairs

def test_each_song_has_as_many_variants_as_stated_in_order(made):
    statistics, first, shares = made
    assert first.tolist() == np.repeat(np.arange(8), VARIANTS).tolist()
    assert statistics.columns.tolist() == list(statistic_names()) and np.isfinite(statistics.to_numpy()).all()
    assert shares.shape == (8 * VARIANTS, 2) and np.allclose(shares.sum(axis=1), 1) and (shares >= 0).all()


def test_the_first_variant_is_one_song_alone(made):
    _, first, shares = made
    alone = shares[::VARIANTS]
    assert alone.tolist() == [[1, 0] if genre == "high" else [0, 1] for genre in GENRE[first[::VARIANTS]]]


def test_the_share_of_a_genre_is_its_share_of_the_sound(made):
    """The images have one genre in each half of the bands, so the energy in a half tells the share."""
    statistics, first, shares = made
    levels = statistics[[name for name in statistics if name.startswith("level_")]].to_numpy()[:, :BANDS // 4]
    half = levels.shape[1] // 2
    upper_less_lower = levels[:, half:].mean(axis=1) - levels[:, :half].mean(axis=1)
    mixed = (shares[:, 0] > .001) & (shares[:, 0] < .999)
    assert mixed.sum() > 10
    assert np.corrcoef(np.log(shares[mixed, 0] / shares[mixed, 1]), upper_less_lower[mixed])[0, 1] > .8
    pure = shares[:, 0] > .999
    assert upper_less_lower[pure].min() > upper_less_lower[mixed].max()


def test_a_song_is_never_mixed_with_a_song_of_another_fold(manifest):
    """In each fold only one genre occurs: a mixture of both would come from two folds."""
    genre = np.array(["high"] * 4 + ["low"] * 4)
    paths = manifest["path"].to_numpy()
    by_fold = manifest.assign(path=np.concatenate([paths[::2], paths[1::2]]), genre=genre)
    _, first, shares = variants(by_fold, genre, ["high", "low"], FOLDS, SETTINGS)
    assert np.allclose(shares, [[1, 0] if song < 4 else [0, 1] for song in first], atol=1e-6)


def test_the_variants_are_the_same_each_time(manifest, made):
    again = variants(manifest, GENRE, ["high", "low"], FOLDS, SETTINGS)
    pd.testing.assert_frame_equal(again[0], made[0])
    assert again[2].tolist() == made[2].tolist()


def test_the_two_songs_of_a_pair_are_always_mixed_with_each_other():
    swap = PairSwap(np.random.default_rng(0))
    assert swap.permutation(2).tolist() == [1, 0]
    pair = np.stack([image_of(genre)[:, :50] / 255 for genre in ("high", "low")]).astype(np.float32)
    for _ in range(20):
        _, targets, _ = mix_power([pair], np.eye(2), np.ones(2), swap, 1.0)
        assert targets.min() > 0 and np.allclose(targets.sum(axis=1), 1), "never with itself"


def test_the_shares_of_pairs_are_spread_evenly():
    swap = PairSwap(np.random.default_rng(1))
    pair = np.ones((2, BANDS, 3), np.float32)
    shares = [mix_power([pair], np.eye(2), np.ones(2), swap, 1.0)[1][0, 0] for _ in range(400)]
    assert np.quantile(shares, [.25, .5, .75]) == pytest.approx([.25, .5, .75], abs=.08)


# ---- typical distances

def songs_and_excerpts(n=200):
    rng = np.random.default_rng(0)
    genre = np.array(["jazz", "rock"] * (n // 2))
    songs = rng.normal(size=(n, 6)) + 4 * (genre == "rock")[:, None]
    excerpts = songs + .3 * rng.normal(size=songs.shape)
    names = list("abcdef")
    numbers = np.arange(n)
    folds = [(numbers[numbers % 3 != fold], numbers[numbers % 3 == fold]) for fold in range(3)]
    return pd.DataFrame(songs, columns=names), pd.DataFrame(excerpts, columns=names), genre, folds


def test_distances_are_known_for_each_genre_and_rise_with_their_quantile():
    known = typical_distances(*songs_and_excerpts())
    assert sorted(known["distances"]) == ["jazz", "rock"]
    for quantiles in known["distances"].values():
        assert np.isfinite(quantiles).all() and min(quantiles) > 0 and (np.diff(quantiles) >= 0).all()


def test_distances_are_measured_on_songs_that_were_held_out():
    """With more features than songs, the components fit any training song; held-out songs lie farther away."""
    rng = np.random.default_rng(0)
    genre = np.array(["jazz", "rock"] * 20)
    table = pd.DataFrame(rng.normal(size=(40, 60))).add_prefix("feature ")
    numbers = np.arange(40)
    honest = [(numbers[numbers % 4 != fold], numbers[numbers % 4 == fold]) for fold in range(4)]
    held_out = typical_distances(table, table, genre, honest)["distances"]
    components = make_starters.out_of_distribution.fit_components(table, genre)
    seen = make_starters.out_of_distribution.distances_to_genre(components, table, genre)
    assert np.median(held_out["jazz"]) > 1.2 * np.median(seen[genre == "jazz"])


# ---- aspects

def aspect_table(n=90):
    rng = np.random.default_rng(0)
    columns = {"beat": "tempo", "timbre": "mfcc_01_mean", "pitch": "chroma_01_mean"}
    features = pd.DataFrame(rng.normal(size=(n, 3)), columns=list(columns.values()))
    genres = pd.DataFrame({aspect: np.where(features[column] > 0, "one", "two") for aspect, column in columns.items()})
    return features, genres, np.arange(n) // 3


def test_aspects_that_follow_their_features_score_high_on_held_out_groups():
    features, genres, groups = aspect_table()
    fitted, scores = fit_aspects_with_scores(features, genres, groups)
    assert list(fitted) == list(scores) == ["beat", "timbre", "pitch"]
    for aspect, score in scores.items():
        majority = genres[aspect].value_counts(normalize=True).max()
        assert score["accuracy"] > .85 and score["n"] == 90 and score["baseline"] == pytest.approx(majority)


def test_aspects_that_no_feature_explains_score_at_chance_level():
    """Scores come from held-out groups: on the songs that a model was trained on they would be higher."""
    features, genres, groups = aspect_table()
    random = genres.sample(frac=1, random_state=1).reset_index(drop=True)
    for score in fit_aspects_with_scores(features, random, groups)[1].values():
        assert score["accuracy"] < .65


def test_one_genre_a_song_is_used_for_all_three_aspects():
    features, genres, groups = aspect_table()
    scores = fit_aspects_with_scores(features, genres["timbre"], groups)[1]
    assert scores["timbre"]["accuracy"] > .85 > .65 > scores["beat"]["accuracy"]
