"""Songs as points, the nearest of them, and what is said about them."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from signals import SR, tone

from features import extract_features
from nearness import Space, columns_by_group, fifths
from recommend import similar_songs


def songs(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=pd.Index(list("abcdefghijklmnopqrstuvwxyz")[:n], name="track_id"))


@pytest.fixture
def many():
    """Two hundred songs with Spotify's features, at random; twenty artists."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.uniform(size=(200, 3)), columns=["energy", "valence", "danceability"])
    table["artist"], table["song"] = [f"artist {n % 20}" for n in range(200)], [f"song {n}" for n in range(200)]
    return table.set_index(pd.Index([f"id{n}" for n in range(200)], name="track_id"))


# ---- the points

def test_two_songs_at_random_lie_root_two_apart():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(500, 24)), columns=[f"mfcc_{n:02d}_mean" for n in range(1, 21)]
                         + ["onset_strength_mean", "zero_crossing_rate_mean", "chroma_01_mean", "chroma_02_mean"])
    points = Space(table).points
    squared = ((points[:250] - points[250:]) ** 2).sum(axis=1)
    assert squared.mean() == pytest.approx(2, rel=.05)


def test_groups_weigh_alike_and_families_within_them():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(400, 22)), columns=[f"mfcc_{n:02d}_mean" for n in range(1, 21)]
                         + ["rms_mean", "onset_strength_mean"])
    shares = Space(table).points.var(axis=0)
    beat, timbre = shares[:1].sum(), shares[1:]
    assert beat == pytest.approx(.5, rel=.02) and timbre.sum() == pytest.approx(.5, rel=.02)
    assert timbre[:20].sum() == pytest.approx(.25, rel=.02), "twenty MFCC weigh as much as one RMS"


def test_a_constant_column_and_outliers_tell_nothing():
    table = songs(energy=[.1, .2, .9, .5], valence=[.3] * 4)
    lone = Space(table[["energy"]]).points
    both = Space(table).points
    assert np.allclose(both[:, 0] * np.sqrt(2), lone[:, 0]) and not both[:, 1].any()
    wild = pd.DataFrame({"energy": [*np.linspace(0, 1, 99), 1e9]})
    assert np.abs(Space(wild).points).max() <= 4


def test_a_tempo_and_its_octave_are_akin():
    table = songs(tempo=[70.0, 140, 100, 72, 118])
    space = Space(table, "beat")
    away = dict(zip(table["tempo"], np.linalg.norm(space.points - space.points[0], axis=1)))
    assert away[72] < away[140] < min(away[100], away[118]), "an octave is nearer than a third of one"


def test_keys_lie_on_the_circle_of_fifths():
    places = fifths(pd.DataFrame({"key": [0, 7, 2, 5, 9, -1, None], "mode": [1, 1, 1, 1, 0, 1, 1]}))
    assert places[:5].tolist() == [0, 1, 2, 11, 0] and np.isnan(places[5:]).all()
    table = songs(key=[0, 7, 6, 1], mode=[1, 1, 1, 1])
    points = Space(table, "pitch").points
    away = np.linalg.norm(points - points[0], axis=1)
    assert away[1] < away[3] < away[2], "C major: G is near, C sharp far, F sharp farthest"


def test_missing_values_are_bridged_and_unknown_songs_left_out():
    table = songs(energy=[.1, .2, np.nan, np.nan], valence=[.1, .2, .9, np.nan], danceability=[.1, .1, .9, np.nan])
    found = similar_songs("a", table)
    assert found.index.tolist() == ["b", "c"], "of d nothing is known"
    with pytest.raises(ValueError, match="'d' cannot be placed .* no value for danceability, energy, valence"):
        similar_songs("d", table)
    empty = table.assign(loudness=np.nan)
    assert columns_by_group(empty)["table"] == ["danceability", "energy", "valence"]


def test_what_all_is_made_of():
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
def test_tables_that_cannot_be_compared(table, by, says):
    with pytest.raises(ValueError, match=says):
        similar_songs("a", table, by=by)


# ---- the nearest

def test_nearest_first_without_the_song_and_without_changing_the_table(many):
    before = many.copy(deep=True)
    found = similar_songs("id7", many, 12)
    z = (many[["energy", "valence", "danceability"]] - many[["energy", "valence", "danceability"]].mean())
    z /= many[["energy", "valence", "danceability"]].std(ddof=0)
    by_hand = np.sqrt(((z - z.loc["id7"]) ** 2).sum(axis=1) / 3).drop("id7").nsmallest(12)
    assert found.index.tolist() == by_hand.index.tolist()
    assert np.allclose(found["distance"], by_hand, atol=1e-5)
    assert list(found.columns) == [*many.columns, "distance", "reason"]
    pd.testing.assert_frame_equal(many, before)


def test_a_row_stands_for_its_track_and_a_new_song_for_itself(many):
    by_id = similar_songs("id7", many)
    pd.testing.assert_frame_equal(similar_songs(many.loc["id7"], many), by_id)
    pd.testing.assert_frame_equal(similar_songs(many.loc[["id7"]], many), by_id)
    new = pd.Series({"energy": .5, "valence": .5, "danceability": .5}, name="new")
    assert len(similar_songs(new, many, 5)) == 5


def test_other_releases_of_the_song_are_the_song(many):
    again = many.loc[["id7", "id9", "id9"]].set_axis(["again", "nine", "ninth"])
    again["song"] = ["Song 7 - Remastered 2011", "song 9", "song 9 (2009 remaster)"]
    found = similar_songs("id7", pd.concat([many, again]), 200)
    assert not found.index.isin(["id7", "again"]).any()
    assert found.index.isin(["id9", "nine", "ninth"]).sum() == 1


def test_owned_songs_and_crowding_artists(many):
    nearest = similar_songs("id7", many, 3).index
    assert not similar_songs("id7", many, 50, owned=nearest).index.isin(nearest).any()
    library = many.loc[nearest].set_axis(["x", "y", "z"])
    assert not similar_songs("id7", many, 50, owned=library).index.isin(nearest).any(), "known by artist and name"
    found = similar_songs("id7", many, 30, per_artist=2)
    assert found["artist"].value_counts().max() == 2 and len(found) == 30
    with pytest.raises(ValueError, match="needs a column 'artist'"):
        similar_songs("id7", many.drop(columns="artist"), per_artist=1)


def test_diversity_spreads_the_choice(many):
    def nearness_and_spread(diversity):
        found = similar_songs("id7", many, 8, diversity=diversity)
        points = Space(many).points[many.index.get_indexer(found.index)]
        apart = np.linalg.norm(points[:, None] - points[None], axis=2)
        return found["distance"].mean(), apart[np.triu_indices(8, 1)].mean(), found.index[0]
    plain, some, most = (nearness_and_spread(diversity) for diversity in (0, .5, 1))
    assert plain[0] < some[0] < most[0] and plain[1] < some[1] < most[1]
    assert plain[2] == some[2] == most[2], "the first is always the nearest"


def test_reasons_say_what_is_shared_and_what_differs():
    table = songs(tempo=[100, 101, 200, 50, 130, 80], key=[0, 0, 9, 7, 6, 6], mode=[1, 1, 0, 1, 1, 1],
                  spectral_centroid_mean=[1000, 1000, 1000, 2000, 1010, 300], mfcc_01_mean=[0, 0, 1, 1, 2, 2.0])
    reasons = similar_songs("a", table)["reason"]
    assert reasons["b"] == "same tempo, same key"
    assert reasons["c"] == "double the tempo, relative key"
    assert reasons["d"] == "half the tempo, neighbouring key, brighter"
    assert reasons["e"] == "faster" and reasons["f"] == "slower, darker"
    assert similar_songs("a", table, by="timbre")["reason"]["b"] == "alike throughout", "the tempo was not asked about"


@pytest.mark.parametrize("settings", [{"n": 0}, {"diversity": 2}, {"per_artist": 0}])
def test_settings_out_of_range(many, settings):
    with pytest.raises(ValueError, match="diversity goes from 0 to 1"):
        similar_songs("id7", many, **settings)


def test_unknown_songs_and_double_rows(many):
    with pytest.raises(KeyError, match="no track_id of the table, and there is no such file"):
        similar_songs("gone.mp3", many)
    with pytest.raises(ValueError, match="several rows for track 'id1'"):
        similar_songs("id7", pd.concat([many, many.loc[["id1"]]]))
    with pytest.raises(ValueError, match="table of 3 rows"):
        similar_songs(many.head(3), many)


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tones")
    for hertz in (220, 233, 880, 1760):
        soundfile.write(folder / f"{hertz}.wav", .4 * tone(hertz, 4) * (1 + .5 * tone(2, 4)), SR)
    paths = sorted(folder.glob("*.wav"))
    return extract_features(pd.DataFrame({"track_id": [path.stem for path in paths], "path": map(str, paths)}), n_jobs=1)


def test_a_sound_file_is_described_and_left_out(tones, tmp_path):
    path = tones.loc["220", "path"]
    found = similar_songs(path, tones, by="timbre")
    assert found.index[0] == "233" and "220" not in found.index, "the file is one of the table"
    pd.testing.assert_frame_equal(found, similar_songs("220", tones, by="timbre"), atol=1e-4)
    (tmp_path / "broken.wav").write_text("no sound")
    with pytest.raises(ValueError, match="broken.wav cannot be compared"):
        similar_songs(tmp_path / "broken.wav", tones)
    with pytest.raises(ValueError, match="no value for danceability"):
        similar_songs(path, songs(danceability=[.1, .2], valence=[.3, .4]))
