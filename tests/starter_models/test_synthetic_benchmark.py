"""The benchmark renders songs of known genres and records them as ground truth; the starter model recognises them."""

from itertools import combinations
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import soundfile

from starter_models import load_starter, synthetic_benchmark
from starter_models.synthetic_benchmark import (
    CHANGE_SECONDS,
    FIRST_ARTIST,
    FIRST_ARTIST_OF_ASPECTS,
    FIRST_ARTIST_OF_BLENDS,
    FIRST_ARTIST_OF_CHANGES,
    check_aspects,
    check_blends,
    check_changes,
    check_out_of_distribution,
    check_pure,
    demo_songs,
    plot_blends,
)
from synth.sample_table import GENRES

CHANCE = 1 / len(GENRES)


@pytest.fixture(scope="module")
def starter():
    return load_starter("sample")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("benchmark")


@pytest.fixture
def rendered(monkeypatch):
    """The songs that the benchmark asks for: function, genres, settings, artist. Silence stands for them."""
    calls = []
    for name in ("render", "blend", "change"):
        def note(*genres, name=name, seed, artist, **settings):
            assert seed == artist
            calls.append((name, genres, settings, artist))
            return SimpleNamespace(y=np.zeros(100, np.float32), sr=22_050)
        monkeypatch.setattr(synthetic_benchmark, name, note)
    return calls


@pytest.fixture
def no_model(monkeypatch):
    """Instead of a model: every song is jazz from 0 to 30 s and metal after that."""
    is_jazz = np.arange(12) < 6
    shares = pd.DataFrame(0.0, index=5.0 * np.arange(12), columns=GENRES)
    shares["jazz"] = 1.0 * is_jazz
    shares["metal"] = 1.0 * ~is_jazz
    shares.attrs = {"seconds": 5.0, "hop_seconds": 5.0, "out_of_distribution": .75}
    monkeypatch.setattr(synthetic_benchmark, "genre_influences", lambda classifier, path: shares)

    class Classifier:
        classes_ = np.array(GENRES)
    return Classifier()


# ---- ground truth

def test_a_pure_song_is_rendered_from_the_genre_that_is_recorded(rendered, no_model, tmp_path):
    table = check_pure(no_model, tmp_path, n=10)
    assert table["genre"].tolist() == [*GENRES, *GENRES[:2]]
    assert [genres[0] for _, genres, _, _ in rendered] == table["genre"].tolist()
    assert table["confidence"].tolist() == [.5] * 10 and set(table["label"]) == {"metal-jazz"}


def test_a_blend_is_rendered_from_the_genres_and_the_share_that_are_recorded(rendered, no_model, tmp_path):
    table = check_blends(no_model, tmp_path, n=5)
    recorded = table[["one", "two", "true"]].itertuples(index=False, name=None)
    assert [genres for _, genres, _, _ in rendered] == list(recorded)
    assert table["true"].tolist() == [0, .25, .5, .75, 1]
    assert all(pair in combinations(GENRES, 2) for pair in zip(table["one"], table["two"]))


def test_the_weights_of_blends_can_be_chosen(rendered, no_model, tmp_path):
    assert check_blends(no_model, tmp_path, n=3, weights=[.5, .2])["true"].tolist() == [.5, .2, .5]
    assert [genres[2] for _, genres, _, _ in rendered] == [.5, .2, .5]


def test_every_pair_of_genres_is_blended_before_any_is_repeated(rendered, no_model, tmp_path):
    table = check_blends(no_model, tmp_path, n=28)
    assert len(set(zip(table["one"], table["two"]))) == 28


def test_the_label_of_a_blend_is_compared_with_its_genres(rendered, no_model, tmp_path):
    table = check_blends(no_model, tmp_path, n=28)
    jazz_and_metal = [{one, two} == {"jazz", "metal"} for one, two in zip(table["one"], table["two"])]
    assert table["label_names_both"].tolist() == table["top_two"].tolist() == jazz_and_metal
    assert table.loc[jazz_and_metal, "predicted"].tolist() == [.5]
    assert table["predicted"].between(0, 1).all(), "also where neither genre has any share"


def test_aspects_are_rendered_from_three_different_genres_and_compared_with_them(rendered, tmp_path, monkeypatch):
    def predict(aspects, path):
        """Everything is of the genre of the beat."""
        table = pd.DataFrame(0.0, index=["beat", "timbre", "pitch"], columns=GENRES)
        table[rendered[-1][2]["beat"]] = 1.0
        return table
    monkeypatch.setattr(synthetic_benchmark, "aspect_influences", predict)
    table = check_aspects({}, tmp_path, n=6)
    assert all(len(set(settings.values())) == 3 and set(settings) == {"beat", "timbre", "pitch"}
               for _, _, settings, _ in rendered)
    assert table["beat"].all() and not table["timbre"].any() and not table["pitch"].any()


def test_a_change_is_rendered_where_it_is_recorded(rendered, no_model, tmp_path):
    table = check_changes(no_model, tmp_path, n=2)
    for (name, genres, settings, _), row in zip(rendered, table.itertuples()):
        assert name == "change" and genres == (row.one, row.two, row.true) and settings == {"seconds": 2 * row.true}
        assert row.one != row.two
    assert table["found"].tolist() == [30.0, 30.0] and table["within"].all()


def test_a_change_that_is_not_found_counts_as_missed(rendered, no_model, tmp_path, monkeypatch):
    monkeypatch.setattr(synthetic_benchmark, "turning_point", lambda windows: None)
    table = check_changes(no_model, tmp_path, n=1)
    assert table["found"].isna().all() and not table["within"].any()


def test_no_song_is_by_an_artist_of_the_training_set_or_of_another_kind(rendered, no_model, tmp_path, monkeypatch):
    monkeypatch.setattr(synthetic_benchmark, "aspect_influences",
                        lambda aspects, path: pd.DataFrame(1.0, index=["beat", "timbre", "pitch"], columns=GENRES))
    check_pure(no_model, tmp_path, n=2)
    check_blends(no_model, tmp_path, n=2)
    check_aspects({}, tmp_path, n=2)
    check_changes(no_model, tmp_path, n=1)
    artists = [artist for _, _, _, artist in rendered]
    assert len(set(artists)) == len(artists) and min(artists) >= FIRST_ARTIST
    assert artists == [FIRST_ARTIST, FIRST_ARTIST + 1, FIRST_ARTIST_OF_BLENDS, FIRST_ARTIST_OF_BLENDS + 1,
                       FIRST_ARTIST_OF_ASPECTS, FIRST_ARTIST_OF_ASPECTS + 1, FIRST_ARTIST_OF_CHANGES]


def test_a_song_that_was_rendered_is_used_again(rendered, no_model, tmp_path):
    first = check_pure(no_model, tmp_path, n=3)
    assert len(rendered) == 3
    pd.testing.assert_frame_equal(check_pure(no_model, tmp_path, n=3), first)
    assert len(rendered) == 3


def test_demo_songs_are_of_four_kinds_and_named_for_what_they_were_made_from(rendered, tmp_path):
    table = demo_songs(tmp_path)
    made = dict(zip(table["track_id"], rendered))
    assert len(table) == 11 and table["track_id"].is_unique
    assert made["hip hop"][1] == ("hip hop",)
    assert made["jazz and latin"][:2] == ("blend", ("jazz", "latin", .5))
    aspects = "beat hip hop, timbre metal, pitch classical"
    assert made[aspects][2] == {"beat": "hip hop", "timbre": "metal", "pitch": "classical"}
    name, genres, settings, _ = made["jazz that becomes metal"]
    assert name == "change" and genres == ("jazz", "metal", CHANGE_SECONDS)
    assert settings == {"seconds": 2 * CHANGE_SECONDS}
    assert all(soundfile.info(path).frames for path in table["path"])
    assert table["source"].str.contains("synthetic").all()


# ---- the starter model on them

def test_most_pure_songs_are_recognised(starter, folder):
    table = check_pure(starter.classifier, folder, n=8)
    assert (table["named"] == table["genre"]).mean() > .6, f"chance is {CHANCE:.3f}"
    assert table["confidence"].between(CHANCE, 1).all()


def test_a_change_of_genre_is_found_within_one_window(starter, folder):
    table = check_changes(starter.classifier, folder, n=1)
    assert table["within"].all() and soundfile.info(folder / "change 000.flac").duration == 2 * CHANGE_SECONDS


def test_a_larger_share_is_predicted_where_a_larger_share_was_blended(starter, folder):
    table = check_blends(starter.classifier, folder, n=4, weights=[.1, .9])
    assert table.loc[table["true"] == .9, "predicted"].mean() > table.loc[table["true"] == .1, "predicted"].mean() + .2
    assert table[["predicted", "share"]].stack().between(0, 1).all()


def test_the_genres_of_beat_timbre_and_pitch_are_found(starter, folder):
    assert check_aspects(starter.aspects, folder, n=6).to_numpy().mean() > .6, f"chance is {CHANCE:.3f}"


def test_noise_is_out_of_distribution(starter, folder):
    noise = folder / "noise.wav"
    soundfile.write(noise, .2 * np.random.default_rng(0).standard_normal(15 * 22_050), 22_050)
    table = check_out_of_distribution(starter.classifier, [noise])
    assert table.columns.tolist() == ["path", "label", "out_of_distribution"]
    assert table["label"].tolist() == ["ambiguous"] and table["out_of_distribution"][0] > .5


# ---- the plot

def test_the_plot_of_blends_shows_each_blend_and_names_its_units():
    table = pd.DataFrame({"true": [0, .5, 1], "predicted": [.1, .9, .95], "one": "jazz",
                          "two": ["rock", "metal", "folk"]})
    ax = plt.subplots()[1]
    assert plot_blends(table, ax=ax) is ax
    assert ax.collections[-1].get_offsets().tolist() == table[["true", "predicted"]].to_numpy().tolist()
    assert [text.get_text() for text in ax.texts] == ["jazz, metal"]
    assert "(0 to 1" in ax.get_xlabel() and "(0 to 1" in ax.get_ylabel() and "synthetic" in ax.get_title()
