"""The sample: deterministic, in the full schema, as untidy as promised."""

import pandas as pd
import pytest

from prepare import load_Data, prepare_df
from sources import table_files
from synth.sample_table import GENRES, make_table


def test_the_same_seed_gives_the_same_table_and_another_another():
    pd.testing.assert_frame_equal(make_table(300, 5), make_table(300, 5))
    assert not make_table(300, 5).equals(make_table(300, 6))


def test_schema():
    assert list(make_table(50)) == [column for column in table_files.COLUMNS if column != "path"]


def test_the_mess_is_there():
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
def test_small_tables(n_tracks):
    assert len(make_table(n_tracks)) >= n_tracks
