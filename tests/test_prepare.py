"""From raw rows to one clean row a track, without touching what was passed in."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepare import change_dtypes, first_genre, handle_nulls, load_Data, prepare_df, report, split_genres
from preprocessing import create_features
from sources import table_files

STEPS = [handle_nulls, change_dtypes, prepare_df, create_features]


def test_an_unknown_source_says_what_was_looked_for():
    with pytest.raises(FileNotFoundError, match=r"no file or folder .*tidytusday.*Did you mean 'tidytuesday'"):
        load_Data("tidytusday")


def test_a_folder_without_sound(tmp_path):
    with pytest.raises(ValueError, match="no sound files"):
        load_Data(tmp_path)


def test_the_source_stands_in_the_table(tmp_path):
    (tmp_path / "mine.csv").write_text("song\nStan\n")
    assert load_Data(tmp_path / "mine.csv")["source"].tolist() == ["mine.csv"]
    (tmp_path / "export.csv").write_text("song,source\nStan,spotify\n")
    assert load_Data(str(tmp_path / "export.csv"))["source"].tolist() == ["spotify"]


@pytest.mark.parametrize("cell, genres", [
    ("hip hop, pop, R&B", ["hip hop", "pop", "R&B"]), ("Dance/Electronic", ["Dance/Electronic"]), ("set()", []), ("", []),
    ("[]", []), ("['art pop', \"rock 'n' roll\"]", ["art pop", "rock 'n' roll"]), ("{'pop'}", ["pop"]), ("pop, pop", ["pop"]),
    (["rock", "pop"], ["rock", "pop"]), (None, []), (np.nan, []), (pd.NA, []), ("rock;pop|jazz", ["rock", "pop", "jazz"])])
def test_genres_in_a_cell(cell, genres):
    assert split_genres(cell) == genres


def test_first_genre_keeps_index_and_gaps():
    genres = pd.Series(["rock, pop", None, "jazz"], index=[5, 6, 7], name="genre").astype("category")
    first = first_genre(genres)
    assert first.to_dict() == {5: "rock", 6: None, 7: "jazz"}


def test_what_is_missing_becomes_missing(capsys):
    raw = pd.DataFrame({"song": [" Yellow ", "", None], "path": [None, "a.mp3", None], "genre": ["set()", "['rock']", "pop"],
                        "artist": ["['Coldplay', 'X']", " ", "Y"], "key": [-1, 3, 4], "tempo": [0, 120.5, 90],
                        "release_date": ["2000", "2000-07", "2000-07-10"]})
    clean = handle_nulls(raw)
    assert clean["song"].tolist()[0] == "Yellow"
    assert clean["artist"].tolist()[0] == "Coldplay, X"
    assert clean[["key", "tempo"]].isna().sum().to_dict() == {"key": 1, "tempo": 1}
    assert clean["release_date"].tolist() == ["2000-01-01", "2000-07-01"]
    assert clean["genre"].isna().tolist() == [True, False]
    assert len(clean) == 2, "only the row with neither song nor path is dropped"
    assert dict(zip(report(clean)["what"], report(clean)["rows"]))["rows dropped, neither song nor path"] == 1
    assert "3 rows in, 2 out" in capsys.readouterr().out


def test_types(sample):
    kinds = {column: sample[column].dtype for column in sample}
    assert str(kinds["duration_ms"]) == "int64"
    assert str(kinds["popularity"]) == "Int64"
    assert str(kinds["explicit"]) == "bool"
    assert isinstance(kinds["genre"], pd.CategoricalDtype)
    assert pd.api.types.is_datetime64_any_dtype(kinds["release_date"])
    assert isinstance(kinds["decade"], pd.CategoricalDtype) and kinds["decade"].ordered


def test_an_averaged_popularity_keeps_its_fractions():
    assert change_dtypes(pd.DataFrame({"popularity": [50.5, 60]}))["popularity"].tolist() == [50.5, 60]


def test_a_date_that_cannot_be_read_is_counted():
    typed = change_dtypes(pd.DataFrame({"release_date": ["1999-12-31", "soon"]}))
    assert typed["release_date"].isna().tolist() == [False, True]
    assert report(typed)["rows"].tolist() == [1]


def test_rows_of_one_track_become_one():
    raw = pd.DataFrame({"track_id": ["a", "a", "a", "b"], "song": ["x", "x", "x", "y"], "popularity": [10, 30, 20, 5],
                        "genre": ["rock", "pop", "pop", "jazz"]})
    clean = prepare_df(raw)
    assert clean.index.tolist() == ["a", "b"]
    assert clean["popularity"].tolist() == [30, 5]
    assert clean["genre"].tolist() == ["pop, rock", "jazz"], "the most frequent genre first"


def test_two_recordings_with_the_same_tags_stay_two():
    raw = pd.DataFrame({"artist": ["A"] * 3, "song": ["S"] * 3, "path": ["/live.mp3", "/studio.mp3", "/studio.mp3"]})
    assert prepare_df(raw).index.tolist() == ["a - s [/live.mp3]", "a - s [/studio.mp3]"]


def test_preparing_twice_changes_nothing(sample):
    again = create_features(prepare_df(sample))
    pd.testing.assert_frame_equal(again, sample, check_dtype=False)


@pytest.mark.parametrize("step", STEPS)
def test_the_frame_passed_in_is_not_changed(step):
    raw = load_Data("sample")
    before = raw.copy(deep=True)
    step(raw)
    pd.testing.assert_frame_equal(raw, before)
    assert raw.attrs == before.attrs


@pytest.mark.parametrize("step", STEPS)
def test_an_empty_frame_keeps_the_promise(step):
    empty = load_Data("sample").head(0)
    out = step(empty)
    assert len(out) == 0
    assert set(out.columns) >= set(empty.columns) - {"track_id"}


@settings(max_examples=60, deadline=None)
@given(columns=st.sets(st.sampled_from(table_files.COLUMNS)), named=st.sampled_from(["song", "path"]), rows=st.integers(0, 12))
def test_any_subset_of_the_columns_will_do(columns, named, rows):
    raw = load_Data("sample").assign(path=lambda df: "/music/" + df.index.astype(str) + ".mp3")
    raw = raw[[column for column in table_files.COLUMNS if column in columns | {named}]].head(rows)
    clean = create_features(prepare_df(raw))
    assert clean.index.is_unique
    assert clean.index.name == "track_id"
    assert len(clean) <= len(raw)


cells = st.one_of(st.none(), st.text(max_size=8), st.sampled_from(["set()", "rock, pop", "1998", "1998-05", "0000", "True"]))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(*[cells] * 7), max_size=8))
def test_any_text_is_survived(rows):
    raw = pd.DataFrame(rows, columns=["track_id", "artist", "song", "genre", "release_date", "explicit", "path"])
    before = raw.copy(deep=True)
    clean = create_features(prepare_df(raw))
    pd.testing.assert_frame_equal(raw, before)
    assert clean.index.is_unique
    assert not clean["genre"].astype(object).isin(["", "set()"]).any()


# ---- the real tables: rows in, rows out

def test_top_hits(shared):
    clean = prepare_df(load_Data(shared / "top_hits" / "songs_normalize.csv"))
    done = dict(zip(report(clean)["what"], report(clean)["rows"]))
    assert done["rows dropped, the same in every column"] == 59
    assert done["empty genres made null"] == 22
    assert len(clean) == 2000 - 59 - 16, "16 songs stand there again with another popularity or year"


def test_tidytuesday(shared):
    clean = prepare_df(load_Data(shared / "tidytuesday" / "spotify_songs.zip"))
    assert len(clean) == 28_352, "28,356 distinct tracks, four of them without a name"
    several = clean["genre"].map(lambda cell: len(split_genres(cell)), na_action="ignore").astype(int) > 1
    assert .055 < several.mean() < .065, "6 % stand in more than one genre"


def test_gtzan_folder(shared):
    clean = prepare_df(load_Data(shared / "gtzan" / "audio"))
    assert clean["genre"].nunique() == 10
    assert clean["duration_ms"].between(14_000, 31_000).all()


@pytest.mark.parametrize(("cell", "expected"), [
    ("['A', 'B']", "A, B"), ("[\"Guns N' Roses\", 'The \\'68']", "Guns N' Roses, The '68"), ("['A']", "A"),
    ("['A', 3]", "['A', 3]"),
    ("['A' + 'B']", "['A' + 'B']"), ("['A', " + "(" * 5000, "['A', " + "(" * 5000), ("AC/DC", "AC/DC")])
def test_listed_artists_are_joined_and_nothing_else_is_read_as_a_list(cell, expected):
    from prepare import _join_listed
    assert _join_listed(cell) == expected
