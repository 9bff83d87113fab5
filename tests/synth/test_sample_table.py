"""The synthetic table: reproducible, with all columns, and as untidy as documented."""

import pandas as pd
import pytest

from prepare import load_Data, prepare_df
from sources.column_names import COLUMNS
from synth.sample_table import GENRES, make_table


def test_the_same_seed_gives_the_same_table_and_another_seed_another():
    pd.testing.assert_frame_equal(make_table(300, 5), make_table(300, 5))
    assert not make_table(300, 5).equals(make_table(300, 6))


def test_the_table_has_all_columns_but_the_path():
    assert list(make_table(50)) == [column for column in COLUMNS if column not in ("artists", "path")]


def test_the_table_has_the_faults_of_a_real_export():
    raw = make_table()
    assert len(raw) == 1224
    assert (raw["genre"] == "set()").sum() >= 10
    assert raw["release_date"].str.len().value_counts().index.tolist() == [10, 4, 7]
    assert raw["duration_ms"].map(lambda cell: isinstance(cell, str) and "," in cell).sum() == 12
    assert raw["artist"].str.startswith(" ").any()
    assert raw["song"].isna().sum() == 3
    assert raw["track_id"].duplicated().sum() == 24
    assert raw["genre"].str.contains(",").mean() > .05
    assert (raw["key"] == -1).any() and (raw["tempo"] == 0).any() and raw["popularity"].isna().any()


def test_artists_have_several_songs_and_one_main_genre():
    tracks = prepare_df(load_Data("sample"))
    assert tracks.groupby("artist").size().median() >= 4
    assert set(GENRES) <= set(tracks["genre"].astype(object).dropna())


@pytest.mark.parametrize("n_tracks", [10, 57])
def test_a_small_table_can_be_made(n_tracks):
    assert len(make_table(n_tracks)) >= n_tracks


def test_the_effects_on_popularity_are_those_that_are_documented():
    tracks = prepare_df(make_table(20_000)).dropna(subset=["popularity", "loudness", "danceability", "valence"])
    tracks["genre"] = tracks["genre"].astype(object)
    tracks = tracks[tracks["genre"].isin(GENRES)]  # of one genre
    names = ["popularity", "loudness", "danceability", "valence", "key"]
    columns = tracks[names].astype(float)
    within = columns - columns.groupby(tracks["genre"]).transform("mean")
    correlations = within.corr()["popularity"]
    assert correlations["loudness"] == pytest.approx(.15, abs=.04)
    assert correlations["danceability"] == pytest.approx(.33, abs=.04)
    assert abs(correlations["valence"]) < .04 and abs(correlations["key"]) < .04
    means = columns.groupby(tracks["genre"]).mean()
    assert means.corr()["popularity"]["valence"] > .3, "between genres valence is correlated"
