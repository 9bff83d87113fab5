"""From raw rows to one clean row for each track, without changes to the table that was passed in."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepare import change_dtypes, first_genre, handle_nulls, load_Data, prepare_df, report, split_genres
from preprocessing import create_features
from sources import table_files

STEPS = [handle_nulls, change_dtypes, prepare_df, create_features]


def test_an_unknown_source_names_what_was_searched_for_and_a_similar_name():
    with pytest.raises(FileNotFoundError, match=r"no file or folder .*tidytusday.*Did you mean 'tidytuesday'"):
        load_Data("tidytusday")


def test_a_folder_without_sound_files_is_refused_as_a_source(tmp_path):
    with pytest.raises(ValueError, match="no sound files"):
        load_Data(tmp_path)


def test_each_row_names_its_source(tmp_path):
    (tmp_path / "mine.csv").write_text("song\nStan\n")
    assert load_Data(tmp_path / "mine.csv")["source"].tolist() == ["mine.csv"]
    (tmp_path / "export.csv").write_text("song,source\nStan,spotify\n")
    assert load_Data(str(tmp_path / "export.csv"))["source"].tolist() == ["spotify"]


@pytest.mark.parametrize(("cell", "genres"), [
    ("hip hop, pop, R&B", ["hip hop", "pop", "R&B"]), ("Dance/Electronic", ["Dance/Electronic"]), ("set()", []),
    ("", []), ("[]", []), ("['art pop', \"rock 'n' roll\"]", ["art pop", "rock 'n' roll"]), ("{'pop'}", ["pop"]),
    ("pop, pop", ["pop"]), (["rock", "pop"], ["rock", "pop"]), (None, []), (np.nan, []), (pd.NA, []),
    ("rock;pop|jazz", ["rock", "pop", "jazz"])])
def test_a_cell_is_split_into_its_genres(cell, genres):
    assert split_genres(cell) == genres


def test_the_first_genres_keep_index_and_missing_values():
    genres = pd.Series(["rock, pop", None, "jazz"], index=[5, 6, 7], name="genre").astype("category")
    first = first_genre(genres)
    assert first.to_dict() == {5: "rock", 6: None, 7: "jazz"}


def test_missing_values_become_null(capsys):
    raw = pd.DataFrame({"song": [" Yellow ", "", None], "path": [None, "a.mp3", None],
                        "genre": ["set()", "['rock']", "pop"], "artist": ["['Coldplay', 'X']", " ", "Y"],
                        "key": [-1, 3, 4], "tempo": [0, 120.5, 90],
                        "release_date": ["2000", "2000-07", "2000-07-10"]})
    clean = handle_nulls(raw)
    assert clean["song"].tolist()[0] == "Yellow"
    assert clean["artist"].tolist()[0] == "Coldplay, X"
    assert clean[["key", "tempo"]].isna().sum().to_dict() == {"key": 1, "tempo": 1}
    assert clean["release_date"].tolist() == ["2000-01-01", "2000-07-01"]
    assert clean["genre"].isna().tolist() == [True, False]
    assert len(clean) == 2, "only the row with neither song nor path is dropped"
    assert capsys.readouterr().out.splitlines() == [
        "handle_nulls: 3 rows in, 2 out", "  empty genres set to null: 1", "  key -1 (not found) set to null: 1",
        "  tempo 0 (not found) set to null: 1", "  partial release dates completed: 2",
        "  rows dropped because they have neither song nor path: 1"]
    assert report(clean)["rows"].tolist() == [1, 1, 1, 2, 1] and (report(clean)["step"] == "handle_nulls").all()


def test_columns_have_their_types(sample):
    kinds = {column: sample[column].dtype for column in sample}
    assert str(kinds["duration_ms"]) == "int64"
    assert str(kinds["popularity"]) == "Int64"
    assert str(kinds["explicit"]) == "bool"
    assert isinstance(kinds["genre"], pd.CategoricalDtype)
    assert pd.api.types.is_datetime64_any_dtype(kinds["release_date"])
    assert isinstance(kinds["decade"], pd.CategoricalDtype) and kinds["decade"].ordered


def test_a_mean_popularity_keeps_its_fractions():
    assert change_dtypes(pd.DataFrame({"popularity": [50.5, 60]}))["popularity"].tolist() == [50.5, 60]


def test_a_date_that_cannot_be_read_is_counted():
    typed = change_dtypes(pd.DataFrame({"release_date": ["1999-12-31", "soon"]}))
    assert typed["release_date"].isna().tolist() == [False, True]
    assert report(typed)[["what", "rows"]].values.tolist() == [["release dates that cannot be read set to null", 1]]


def test_several_rows_of_one_track_become_one(capsys):
    raw = pd.DataFrame({"track_id": ["a", "a", "a", "b"], "song": ["x", "x", "x", "y"], "popularity": [10, 30, 20, 5],
                        "genre": ["rock", "pop", "pop", "jazz"]})
    clean = prepare_df(raw)
    assert clean.index.tolist() == ["a", "b"]
    assert clean["popularity"].tolist() == [30, 5]
    assert clean["genre"].tolist() == ["pop, rock", "jazz"], "the most frequent genre first"
    assert capsys.readouterr().out.splitlines() == [
        "prepare_df: 4 rows in, 2 out", "  rows dropped because they repeat a track: 2",
        "  tracks that have the genres of several rows: 1"]


def test_a_clean_table_has_nothing_to_report(capsys):
    clean = prepare_df(pd.DataFrame({"song": ["x", "y"], "tempo": [90.0, 120.0]}))
    assert capsys.readouterr().out == "" and report(clean).empty


def test_two_files_with_the_same_tags_are_two_tracks():
    raw = pd.DataFrame({"artist": ["A"] * 3, "song": ["S"] * 3, "path": ["/live.mp3", "/studio.mp3", "/studio.mp3"]})
    assert prepare_df(raw).index.tolist() == ["a - s [/live.mp3]", "a - s [/studio.mp3]"]


def test_preparing_twice_changes_nothing(sample):
    again = create_features(prepare_df(sample))
    pd.testing.assert_frame_equal(again, sample, check_dtype=False)


@pytest.mark.parametrize("step", STEPS)
def test_the_argument_of_a_step_is_not_changed(step):
    raw = load_Data("sample")
    before = raw.copy(deep=True)
    step(raw)
    pd.testing.assert_frame_equal(raw, before)
    assert raw.attrs == before.attrs


@pytest.mark.parametrize("step", STEPS)
def test_an_empty_table_keeps_its_columns(step):
    empty = load_Data("sample").head(0)
    out = step(empty)
    assert len(out) == 0
    assert set(out.columns) >= set(empty.columns) - {"track_id"}


@settings(max_examples=60, deadline=None)
@given(columns=st.sets(st.sampled_from(table_files.COLUMNS)), named=st.sampled_from(["song", "path"]),
       rows=st.integers(0, 12))
def test_any_columns_are_enough_if_a_song_or_a_path_is_among_them(columns, named, rows):
    raw = load_Data("sample").assign(path=lambda df: "/music/" + df.index.astype(str) + ".mp3")
    raw = raw[[column for column in table_files.COLUMNS if column in columns | {named}]].head(rows)
    clean = create_features(prepare_df(raw))
    assert clean.index.is_unique
    assert clean.index.name == "track_id"
    assert len(clean) <= len(raw)


cells = st.one_of(st.none(), st.text(max_size=8),
                  st.sampled_from(["set()", "rock, pop", "1998", "1998-05", "0000", "True"]))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(*[cells] * 7), max_size=8))
def test_any_text_gives_a_clean_table(rows):
    raw = pd.DataFrame(rows, columns=["track_id", "artist", "song", "genre", "release_date", "explicit", "path"])
    before = raw.copy(deep=True)
    clean = create_features(prepare_df(raw))
    pd.testing.assert_frame_equal(raw, before)
    assert clean.index.is_unique
    assert not clean["genre"].astype(object).isin(["", "set()"]).any()


# ---- real tables: the numbers of rows before and after

def test_the_top_hits_lose_their_repeated_rows(shared):
    clean = prepare_df(load_Data(shared / "top_hits" / "songs_normalize.csv"))
    done = dict(zip(report(clean)["what"], report(clean)["rows"]))
    assert done["rows dropped because all columns are equal"] == 59
    assert done["empty genres set to null"] == 22
    assert len(clean) == 2000 - 59 - 16, "16 songs are repeated with another popularity or year"


def test_tidytuesday_has_one_row_for_each_named_track(shared):
    clean = prepare_df(load_Data(shared / "tidytuesday" / "spotify_songs.zip"))
    assert len(clean) == 28_352, "28,356 distinct tracks, four of them without a name"
    several = clean["genre"].map(lambda cell: len(split_genres(cell)), na_action="ignore").astype(int) > 1
    assert .055 < several.mean() < .065, "6 % have more than one genre"


def test_the_folder_of_gtzan_has_ten_genres(shared):
    clean = prepare_df(load_Data(shared / "gtzan" / "audio"))
    assert clean["genre"].nunique() == 10
    assert clean["duration_ms"].between(14_000, 31_000).all()


@pytest.mark.parametrize(("cell", "expected"), [
    ("['A', 'B']", "A, B"), ("[\"Guns N' Roses\", 'The \\'68']", "Guns N' Roses, The '68"), ("['A']", "A"),
    ("['A', 3]", "['A', 3]"),
    ("['A' + 'B']", "['A' + 'B']"), ("['A', " + "(" * 5000, "['A', " + "(" * 5000), ("AC/DC", "AC/DC")])
def test_listed_artists_are_joined_and_nothing_else_is_read_as_a_list(cell, expected):
    assert handle_nulls(pd.DataFrame({"song": ["S"], "artist": [cell]}))["artist"].tolist() == [expected]


def test_numbers_too_large_for_an_integer_stay_as_they_are():
    typed = change_dtypes(pd.DataFrame({"song": ["a", "b"], "year": [1e300, None], "popularity": [1e18, 3]}))
    assert [str(typed[column].dtype) for column in ("year", "popularity")] == ["float64", "float64"]
    assert typed["year"][0] == 1e300
