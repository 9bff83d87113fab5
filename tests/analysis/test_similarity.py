"""Songs as points: the more similar two songs, the nearer their points."""

import numpy as np
import pandas as pd
import pytest

from analysis.similarity import Space, agreement, columns_by_group, fifths
from recommend import similar_songs


def songs(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=pd.Index(list("abcdefghijklmnopqrstuvwxyz")[:n], name="track_id"))


def test_two_songs_at_random_are_root_two_apart():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(500, 24)), columns=[f"mfcc_{n:02d}_mean" for n in range(1, 21)]
                         + ["onset_strength_mean", "zero_crossing_rate_mean", "chroma_01_mean", "chroma_02_mean"])
    points = Space(table).points
    squared = ((points[:250] - points[250:]) ** 2).sum(axis=1)
    assert squared.mean() == pytest.approx(2, rel=.05)


def test_groups_have_equal_weights_and_so_have_families_within_them():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(400, 22)), columns=[f"mfcc_{n:02d}_mean" for n in range(1, 21)]
                         + ["rms_mean", "onset_strength_mean"])
    shares = Space(table).points.var(axis=0)
    beat, timbre = shares[:1].sum(), shares[1:]
    assert beat == pytest.approx(.5, rel=.02) and timbre.sum() == pytest.approx(.5, rel=.02)
    assert timbre[:20].sum() == pytest.approx(.25, rel=.02), "twenty MFCC weigh as much as one RMS"


def test_a_constant_column_and_outliers_have_no_influence():
    table = songs(energy=[.1, .2, .9, .5], valence=[.3] * 4)
    lone = Space(table[["energy"]]).points
    both = Space(table).points
    assert np.allclose(both[:, 0] * np.sqrt(2), lone[:, 0]) and not both[:, 1].any()
    wild = pd.DataFrame({"energy": [*np.linspace(0, 1, 99), 1e9]})
    assert np.abs(Space(wild).points).max() <= 4


def test_a_tempo_is_similar_to_its_octave():
    table = songs(tempo=[70.0, 140, 100, 72, 118])
    space = Space(table, "beat")
    away = dict(zip(table["tempo"], np.linalg.norm(space.points - space.points[0], axis=1)))
    assert away[72] < away[140] < min(away[100], away[118]), "an octave is nearer than a third of one"


def test_keys_are_places_on_the_circle_of_fifths():
    places = fifths(pd.DataFrame({"key": [0, 7, 2, 5, 9, -1, None], "mode": [1, 1, 1, 1, 0, 1, 1]}))
    assert places[:5].tolist() == [0, 1, 2, 11, 0] and np.isnan(places[5:]).all()
    table = songs(key=[0, 7, 6, 1], mode=[1, 1, 1, 1])
    points = Space(table, "pitch").points
    away = np.linalg.norm(points - points[0], axis=1)
    assert away[1] < away[3] < away[2], "C major: G is near, C sharp far, F sharp farthest"


def test_missing_values_count_as_the_mean_and_unknown_songs_are_left_out():
    table = songs(energy=[.1, .2, np.nan, np.nan], valence=[.1, .2, .9, np.nan], danceability=[.1, .1, .9, np.nan])
    found = similar_songs("a", table)
    assert found.index.tolist() == ["b", "c"], "of d nothing is known"
    with pytest.raises(ValueError, match="'d' cannot be placed .* no value for danceability, energy, valence"):
        similar_songs("d", table)
    empty = table.assign(loudness=np.nan)
    assert columns_by_group(empty)["table"] == ["danceability", "energy", "valence"]


def test_all_groups_of_a_table_are_compared_but_no_column_twice():
    spotify = ["energy", "tempo", "key", "mode"]
    ours = ["tempo", "key", "mfcc_01_mean"]
    def groups(columns):
        return list(columns_by_group(pd.DataFrame([[0.0] * len(columns)], columns=columns)))
    assert groups(spotify) == ["table"], "its tempo and key are not counted twice"
    assert groups(ours) == ["beat", "timbre", "pitch"]
    assert groups([*ours, "embedding_001"]) == ["beat", "timbre", "pitch", "embedding"]
    assert groups(["embedding_001", "genre"]) == ["embedding"]


@pytest.mark.parametrize("table, by, says", [
    (songs(genre=["jazz", "rock"]), "all", "no values to compare songs by"),
    (songs(energy=[.1, .2]), "timbre", "no values to compare songs by .'timbre'."),
    (songs(energy=[.1, .2]), "melody", "by='melody': choose 'all', 'beat'"),
    (songs(energy=["low", "high"]), "all", "column 'energy' should hold numbers"),
    (songs(energy=[np.nan, np.nan]), "all", "no values to compare")])
def test_tables_that_cannot_be_compared_are_refused(table, by, says):
    with pytest.raises(ValueError, match=says):
        similar_songs("a", table, by=by)


def test_the_columns_of_an_embedding_share_one_scale():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"embedding_001": rng.normal(size=300), "embedding_002": .001 * rng.normal(size=300)})
    shares = Space(table).points.var(axis=0)
    assert shares[0] == pytest.approx(1, rel=.01) and shares[1] < 1e-4, "a unit that hardly moves is not blown up"


def test_harmony_is_compared_from_the_tonic():
    rng = np.random.default_rng(0)
    names = [f"chroma_{number:02d}_mean" for number in range(1, 13)]
    one, other = rng.uniform(size=(2, 12))
    rows = [np.roll(one, 0), np.roll(one, 5), other, rng.uniform(size=12)]
    table = pd.DataFrame(rows, columns=names, index=list("abcd")).assign(key=[0, 5, 0, 0])
    assert similar_songs("a", table, by="pitch").index[0] == "b", "the same chords a fourth higher"
    without = similar_songs("a", table[names], by="pitch")
    assert "b" in without.index, "without keys, chroma is compared as it is"


def test_agreement_is_above_chance_only_where_features_tell_the_label():
    rng = np.random.default_rng(0)
    informative, random = (pd.DataFrame({"energy": values, "valence": rng.uniform(size=80)})
                      for values in (np.repeat([.1, .9], 40), rng.uniform(size=80)))
    genre, artist = pd.Series(np.repeat(["jazz", "rock"], 40)), pd.Series(np.arange(80) // 10)
    related, unrelated = (agreement(table, genre, groups=artist) for table in (informative, random))
    assert related["share"] > .95 and related["low"] > related["chance"] == pytest.approx(30 / 70)
    assert unrelated["low"] < unrelated["chance"] < unrelated["high"] + .1
    nobody = pd.Series([None] * 80)
    nameless = agreement(informative, genre, groups=nobody)
    assert nameless.equals(agreement(informative, genre)), "nameless artists are not one artist"


def test_the_interval_of_agreement_is_a_bootstrap_by_artist():
    """Ten artists with twenty songs each; at five of them every neighbour has the same genre, at five none has."""
    artist = np.repeat(np.arange(10), 20)
    energy = np.where(artist < 5, .1, .9) + .001 * np.random.default_rng(0).random(200)
    genre = pd.Series(np.where(artist < 5, "jazz", artist.astype(str)))
    by_artist = agreement(pd.DataFrame({"energy": energy}), genre, groups=pd.Series(artist))
    assert by_artist["share"] == pytest.approx(.5, abs=.01)
    # the share of five in ten artists has a standard error of .158, that of 100 in 200 songs one of .035
    assert by_artist["high"] - by_artist["low"] > .5


def test_songs_without_a_label_count_neither_as_songs_nor_as_neighbours():
    table = pd.DataFrame({"energy": [.1, .11, .12, .5, .51, .9]})
    labels = pd.Series(["jazz", "jazz", "jazz", None, None, None])
    result = agreement(table, labels, n=2)
    assert result["share"] == 1 and result["chance"] == 1
    assert agreement(table, pd.Series(["jazz", None, "rock", None, None, "rock"]), n=1)["share"] == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="no song with a label"):
        agreement(table, pd.Series([None] * 6))
