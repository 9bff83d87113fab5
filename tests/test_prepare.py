"""From raw rows to one clean row for each track, without changes to the table that was passed in."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_layouts import LAYOUTS, base_table, write_layout

from prepare import change_dtypes, first_genre, handle_nulls, load_Data, prepare_df, report, split_genres
from preprocessing import create_features
from sources.column_names import COLUMNS, SHARES

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
@given(columns=st.sets(st.sampled_from(COLUMNS)), named=st.sampled_from(["song", "path"]),
       rows=st.integers(0, 12))
def test_any_columns_are_enough_if_a_song_or_a_path_is_among_them(columns, named, rows):
    raw = load_Data("sample").assign(path=lambda df: "/music/" + df.index.astype(str) + ".mp3")
    raw = raw[[column for column in raw if column in columns | {named}]].head(rows)
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


# ---- tables as people have them

def prepared(tmp_path, text, **options):
    (tmp_path / "songs.csv").write_text(text)
    return create_features(prepare_df(load_Data(tmp_path / "songs.csv", **options)))


def test_titles_alone_do_not_make_two_songs_one(tmp_path):
    tracks = prepared(tmp_path, "song_name,song_duration_ms,audio_mode,tempo\nYou,292696,1,105.6\nYou,217386,0,82.6\n"
                                "you,292696,1,105.6\nSea,201000,1,120.1\n")
    assert tracks.index.tolist() == ["you", "you (2)", "sea"]
    assert prepared(tmp_path, "song,streams\nYou,5\nYou,6\n").index.tolist() == ["you", "you (2)"]


def test_songs_without_an_artist_are_told_apart_among_others(tmp_path):
    tracks = prepared(tmp_path, "artist_name,track_name,duration_ms\nAnn,Sea,-1\nempty_field,Intro,218293\n"
                                "empty_field,Intro,215613\n")
    assert len(tracks) == 3 and tracks["duration_seconds"].isna().tolist() == [True, False, False]
    assert tracks["artists"].tolist() == [["Ann"], [], []]


def test_a_number_of_rows_is_no_track(tmp_path):
    tracks = prepared(tmp_path, ",id,Song title,Artist\n0,1,Sea,Ann\n1,2,Sky,Ben\n2,3,Sea,Ann\n3,4,Sky,Ben\n")
    assert tracks.index.tolist() == ["ann - sea", "ben - sky"]


def test_local_files_are_told_apart_by_their_uri(tmp_path):
    tracks = prepared(tmp_path, "Track URI,Track Name,Artist Name(s)\nspotify:local::One:Track+01:200,Track 01,\n"
                                "spotify:local::Two:Track+01:300,Track 01,\nspotify:track:0001,Sea,Ann\n")
    assert tracks.index.tolist() == ["spotify:local::One:Track+01:200", "spotify:local::Two:Track+01:300", "0001"]


def test_release_dates_are_read_by_column(tmp_path):
    tracks = prepared(tmp_path, "song,release_date\nSea,05/06/2019\nSky,25/12/2018\nSun,1999-00-00\n")
    assert tracks["release_date"].dt.strftime("%Y-%m-%d").tolist() == ["2019-06-05", "2018-12-25", "1999-01-01"]


def test_what_was_understood_is_printed_and_can_be_changed(tmp_path, capsys):
    tracks = prepared(tmp_path, "name,danceability_%,len\nSea,80,225\n", columns={"len": "duration_ms"})
    assert tracks[["danceability", "duration_seconds"]].values.tolist() == [[.8, 225]]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[1:5]] == [
        "column in the file meaning unit".split(), ["name", "song"],
        ["danceability_%", "danceability", "0-100", "->", "0-1"], ["len", "duration_ms", "s", "->", "ms"]]


def test_genres_in_a_list_of_dicts_are_read():
    assert split_genres("[{'genre_id': '21', 'genre_title': 'Hip-Hop'}, {'genre_title': 'Pop'}]") == ["Hip-Hop", "Pop"]


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_layouts_of_public_tables_are_understood(tmp_path, name):
    """Every value that a layout holds is that of the table from which it was made."""
    base = base_table()
    tracks = prepare_df(load_Data(write_layout(tmp_path / "songs.csv", name, base))).set_index("song").loc[base["song"]]
    assert len(tracks) == len(base)
    if "artist" in tracks:
        expected = base["artists"].str[:1] if name == "playlists" else base["artists"]
        assert tracks["artists"].tolist() == expected.tolist()
    compared = [column for column in tracks if column in base and column not in ("artists", "album")]
    assert {"popularity", "tempo"} <= {*compared}
    for column in compared:
        if pd.api.types.is_numeric_dtype(tracks[column]) and column != "explicit":
            rounding = .0051 if column in SHARES else 0
            np.testing.assert_allclose(tracks[column].astype(float), base[column].astype(float), atol=rounding)
        else:
            assert tracks[column].astype(str).tolist() == base[column].astype(str).tolist()


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
    assert .055 < several.mean() < .065, "6% have more than one genre"


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


def test_guests_in_titles_are_artists_and_are_counted(capsys):
    songs = pd.DataFrame({"artist": ["Ann", "Ben"], "song": ["Hey (feat. Cleo)", "Ho"]})
    assert handle_nulls(songs)["artists"].tolist() == [["Ann", "Cleo"], ["Ben"]]
    assert "songs whose titles name guests, who count as artists: 1" in capsys.readouterr().out
