"""An own song is compared by what can be measured of it, and each sentence agrees with the songs."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from analysis.own_song import (
    compare_estimates,
    compare_own_song,
    estimates_in_words,
    key_of_song,
    measured_features,
    name_of_song,
    own_song,
    own_song_in_words,
    place_of,
    plot_own_song,
    plot_own_years,
    same_key,
    same_tempo,
    songs_in_tempo_and_key,
    year_likelihoods,
    years_in_words,
)


@pytest.fixture(scope="module")
def others():
    """300 songs that get shorter by one second each year."""
    rng = np.random.default_rng(0)
    year = np.repeat(np.arange(2000, 2020), 15)
    return pd.DataFrame({"artist": [f"artist {number}" for number in range(300)], "song": "Blue",
                         "tempo": rng.uniform(80, 160, 300), "key": rng.integers(0, 12, 300),
                         "mode": rng.integers(0, 2, 300), "loudness": rng.normal(-6, 2, 300), "chart_year": year,
                         "duration_minutes": 4 - (year - 2000) / 15 + rng.normal(0, .05, 300)})


@pytest.fixture
def mine():
    return pd.DataFrame({"artist": ["Me"], "song": ["Mine"], "tempo": [120.0], "tempo_rival": [60.0], "key": [9.0],
                         "mode": [0.0], "loudness": [-9.0], "duration_minutes": [3.0]}, index=["mine.wav"])


def test_a_sound_file_is_a_row_on_the_scale_of_the_table(song, tmp_path):
    y, rate = song
    soundfile.write(tmp_path / "Ann - Blue.wav", y, rate)
    row = own_song(tmp_path / "Ann - Blue.wav")
    assert name_of_song(row) == "Blue by Ann"
    assert row["tempo"].iloc[0] == pytest.approx(120, rel=.02) and row["tempo_rival"].iloc[0] in (
        pytest.approx(60, rel=.02), pytest.approx(240, rel=.02))
    assert row["duration_minutes"].iloc[0] == pytest.approx(.2, abs=.001)
    assert "danceability" not in row, "what only Spotify measures is not made up"


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(44_100), 22_050)
    with pytest.raises(ValueError, match="silence.wav cannot be compared: silent"):
        own_song(tmp_path / "silence.wav")


def test_half_and_double_tempo_count_as_the_same(mine, others):
    same, with_octaves = same_tempo(mine, pd.DataFrame({"tempo": [120, 122, 130, 60, 241, np.nan, 0]}))
    assert same.tolist() == [True, True, False, False, False, False, False]
    assert with_octaves.tolist() == [True, True, False, True, True, False, False]
    table = compare_own_song(mine, others)
    assert table.loc["tempo_rival", "value"] == 60 and "half" in table.loc["tempo_rival", "how comparable"]
    assert "LUFS" in table.loc["loudness", "how comparable"]


def test_the_sentence_counts_the_songs(mine, others):
    sentence = own_song_in_words(mine, others, "songs that charted")
    assert sentence.startswith("Mine by Me: 120 BPM, A minor, -9.0 LUFS and 3:00 min. Of 300 songs that charted, ")
    share = same_tempo(mine, others)[0].mean()
    assert f"{100 * share:.0f}% have this tempo" in sentence
    assert f"{100 * same_key(mine, others).mean():.0f}% are in this key" in sentence
    shorter = place_of(3.0, others["duration_minutes"])["percentile"]
    assert f"{shorter:.0f}% are shorter" in sentence


def test_songs_to_mix_with_have_the_tempo_and_a_neighbouring_key(mine, others):
    found = songs_in_tempo_and_key(mine, others, n=50)
    assert same_tempo(mine, found)[1].all()
    assert {(9, 0), (0, 1), (4, 0), (7, 1), (2, 0), (5, 1)} >= set(zip(found["key"], found["mode"]))
    exact = same_key(mine, found)
    assert (np.diff(exact.astype(int)) <= 0).all(), "those in the same key come first"
    itself = others.iloc[[0]].assign(artist="me", song="mine", tempo=120.0, key=9, mode=0)
    assert not (songs_in_tempo_and_key(mine, pd.concat([others, itself]))["artist"] == "me").any()


def test_the_years_of_songs_with_a_trend_are_found(mine, others):
    early, late = mine.assign(duration_minutes=4.0), mine.assign(duration_minutes=2.75)
    assert year_likelihoods(early, others).iloc[0].idxmax() <= 2003
    assert year_likelihoods(late, others).iloc[0].idxmax() >= 2016
    assert years_in_words(early, others).endswith("this tells something.")
    shuffled = others.assign(chart_year=np.random.default_rng(1).permutation(others["chart_year"]))
    assert years_in_words(early, shuffled).endswith("this tells next to nothing of the years.")


def test_years_are_told_and_tried_by_what_is_known_of_the_song(mine, others):
    song = mine.assign(tempo=np.nan, tempo_rival=np.nan, mode=np.nan, duration_minutes=4.0)
    bare = song[["artist", "song", "duration_minutes"]]
    assert years_in_words(song, others) == years_in_words(bare, others.drop(columns=["tempo", "mode"]))
    assert years_in_words(song, others).startswith("By duration, it is")


@pytest.mark.parametrize("missing", [["tempo", "tempo_rival"], ["key"], ["loudness", "duration_minutes"], ["artist"],
                                     ["tempo", "tempo_rival", "key", "mode", "loudness", "duration_minutes"]])
def test_what_is_missing_is_left_out_of_sentences_and_figures(mine, others, missing):
    for song, table in ((mine.drop(columns=missing), others), (mine, others.drop(columns=missing, errors="ignore"))):
        assert "nan" not in own_song_in_words(song, table) and own_song_in_words(song, table).endswith(".")
        assert years_in_words(song, table).endswith(".")
        plot_own_song(song, table)
        songs_in_tempo_and_key(song, table)
        if {"tempo", "mode"} & set(table):
            plot_own_years(song, table)


def test_of_a_tempo_and_its_rival_the_one_that_fits_counts(mine, others):
    fit = [year_likelihoods(mine.assign(tempo=tempo, tempo_rival=rival), others).iloc[0].sum()
           for tempo, rival in ((120, 120), (240, 120), (240, 240))]
    assert fit[0] == pytest.approx(fit[1]) and fit[2] < fit[1]


def test_a_song_of_which_nothing_is_known_is_said_to_be_that(others):
    bare = pd.DataFrame({"artist": ["Me"], "song": ["Mine"]})
    assert own_song_in_words(bare, others).startswith("Mine by Me: nothing is known of its sound.")
    assert years_in_words(bare, others).startswith("Nothing is known")


def test_few_songs_are_not_compared(mine, others):
    assert measured_features(mine, others.head(19)) == []
    assert "too few" in years_in_words(mine, others.head(19)) or "years" in years_in_words(mine, others.head(19))


@pytest.mark.parametrize("key, mode, name", [(0, 1, "C major"), (10, 0, "B♭ minor"), (np.nan, 1, ""), (3, np.nan, "")])
def test_keys_have_names(key, mode, name):
    assert key_of_song(pd.DataFrame({"key": [key], "mode": [mode]})) == name


def test_the_song_is_red_among_the_others(mine, others):
    axs = plot_own_song(mine, others)
    assert [line.get_xdata()[0] for line in axs[0].lines] == [120, 60]
    red = [bar for bar in axs[3].patches if bar.get_facecolor()[0] > .8]
    assert len(red) == 1, "the bar of A minor"


def test_estimates_stand_with_intervals_among_the_songs_of_a_table(musicnn, tmp_path):
    y = .3 * np.sin(2 * np.pi * 440 * np.arange(4 * 22_050) / 22_050)
    soundfile.write(tmp_path / "a.wav", y, 22_050)
    others = pd.DataFrame({"energy": np.linspace(0, 1, 40), "valence": np.linspace(0, 1, 40), "tempo": 120.0})
    table = compare_estimates(own_song(tmp_path / "a.wav"), others)
    assert table.index.tolist() == ["energy", "valence"]
    assert ((table["low"] <= table["estimate"]) & (table["estimate"] <= table["high"])).all()
    assert (table["from"] <= table["to"]).all() and table["rank correlation"].between(0, 1).all()
    assert table.loc["energy", "from"] == pytest.approx(100 * table.loc["energy", "low"], abs=3)
    assert compare_estimates(own_song(tmp_path / "a.wav"), others[["tempo"]]).empty


def test_only_estimates_whose_interval_is_on_one_side_of_the_middle_are_said():
    table = pd.DataFrame({"from": [60.0, 20.0], "to": [90.0, 80.0]}, index=["energy", "valence"])
    assert estimates_in_words(table).startswith("Estimated from the sound: energy is higher than that of half")
    assert "none is surely" in estimates_in_words(table.loc[["valence"]])
    assert "Of the other features" in estimates_in_words(table)
    assert "Of the other features" not in estimates_in_words(table.loc[["energy"]]), "there are no others"
    assert "none of the features" in estimates_in_words(table.head(0))
