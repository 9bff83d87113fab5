"""Estimates of Spotify's features: their scale, their direction, and songs whose values are known."""

import numpy as np
import pandas as pd
import pytest

from learning import pretrained
from learning.spotify_estimates import (
    CONTRASTS,
    SOUND,
    estimate_errors,
    estimate_features,
    estimates_with_interval,
    scale,
    song_estimates,
)


def songs_with(**tags):
    """One song, whose tags are all .1 except for these, of usual loudness."""
    values = dict.fromkeys(pretrained.tag_columns(), .1) | {f"tag: {name}": value for name, value in tags.items()}
    return pd.DataFrame([values | {"loudness_lufs": -12.0, "onsets_low_mean": 1.5}])


def test_all_tags_are_known_to_the_network():
    known = set(pretrained.tag_columns())
    for tags in CONTRASTS.values():
        assert {f"tag: {tag}" for side in tags for tag in side} <= known
        assert not set(tags[0]) & set(tags[1])


@pytest.mark.parametrize("feature", CONTRASTS)
@pytest.mark.parametrize("strength", [.2, .9])
def test_a_tag_for_a_feature_raises_it_and_one_against_it_lowers_it(feature, strength):
    pro, contra = CONTRASTS[feature]
    usual, more, less = (estimate_features(songs_with(**tags))[f"{feature}_estimate"].iloc[0]
                         for tags in ({}, dict.fromkeys(pro, strength), dict.fromkeys(contra, strength)))
    assert 0 <= less <= usual <= more <= 1 and less < more


def test_a_louder_song_is_more_energetic():
    soft, loud = (estimate_features(songs_with().assign(loudness_lufs=level))["energy_estimate"].iloc[0]
                  for level in (-25, -8))
    assert soft < loud


def test_marked_beats_raise_the_valence():
    weak, marked = (estimate_features(songs_with().assign(onsets_low_mean=strength))["valence_estimate"].iloc[0]
                    for strength in (.5, 3))
    assert weak < marked


@pytest.mark.parametrize("feature", CONTRASTS)
def test_intervals_hold_the_estimate_and_grow_with_the_error(feature):
    songs = pd.concat([songs_with(), songs_with(**dict.fromkeys(CONTRASTS[feature][0], .9))])
    narrow, wide = (estimates_with_interval(songs, feature, error) for error in (.1, .3))
    for found in (narrow, wide):
        assert (found["low"] <= found["estimate"]).all() and (found["estimate"] <= found["high"]).all()
    assert (wide["low"] <= narrow["low"]).all() and (narrow["high"] <= wide["high"]).all()
    assert (wide["high"] - wide["low"] > narrow["high"] - narrow["low"]).any()


def test_quantiles_rise_and_lie_in_spotifys_range():
    for known in scale().values():
        assert len(known["contrast"]) == len(known["table"]) == 21
        assert (np.diff(known["contrast"]) >= 0).all() and (np.diff(known["table"]) >= 0).all()
        assert known["table"][0] >= 0 and known["table"][-1] <= 1
    assert set(scale()) == set(CONTRASTS) >= set(SOUND)


def test_a_song_without_tags_has_no_estimate():
    assert estimate_features(songs_with() * np.nan).isna().all(axis=None)


def test_errors_are_told_for_every_estimate():
    errors = estimate_errors()
    assert list(errors.index) == list(CONTRASTS)
    assert (errors["low"] <= errors["rank correlation"]).all() and (errors["rank error"] > 0).all()


def test_a_metal_song_is_more_energetic_and_less_acoustic_than_a_folk_song(shared, musicnn):
    folder = shared / "tagged_songs"
    metal, folk = (song_estimates(folder / name) for name in ("Slayer - Raining Blood.mp3", "02 Love Henry.mp3"))
    assert metal["estimate"]["energy"] > folk["estimate"]["energy"]
    assert metal["estimate"]["acousticness"] < folk["estimate"]["acousticness"]
    assert (metal["low"] <= metal["estimate"]).all() and (metal["estimate"] <= metal["high"]).all()
