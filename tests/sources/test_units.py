"""Units are read from names and checked against values; what cannot be decided is said."""

import numpy as np
import pandas as pd
import pytest

from sources.units import columns_as_text, parse_numbers, standard_table


def read(**columns):
    return standard_table(pd.DataFrame(columns), None, "x.csv")


def test_numbers_written_as_text_become_numbers():
    text = pd.DataFrame({"popularity": ["87 %", " 5", None], "danceability": ["87 %", "0.5", "-"],
                         "key": ["C#", "B♭", "11"],
                         "duration_ms": ["1,234,000", "200000", "NA"], "mode": ["Major", "minor", "1"],
                         "time_signature": ["4/4", "3", None], "loudness": ["\N{MINUS SIGN}5.5", "-6", "1e1"]})
    before = text.copy()
    numbers = standard_table(text)
    assert numbers["popularity"].tolist()[:2] == [87, 5]
    assert numbers["danceability"].tolist()[:2] == [.87, .5]
    assert numbers["key"].tolist() == [1, 10, 11]
    assert numbers["duration_ms"].tolist()[:2] == [1_234_000, 200_000]
    assert numbers["mode"].tolist() == [1, 0, 1]
    assert numbers["time_signature"].tolist()[:2] == [4, 3]
    assert numbers["loudness"].tolist() == [-5.5, -6, 10]
    pd.testing.assert_frame_equal(text, before)


@pytest.mark.parametrize(("cells", "fractions", "expected"), [
    (["0,75", "1,234"], True, [.75, 1.234]), (["1,207", "201"], False, [1207, 201]),
    (["1,207", "98"], True, [1.207, 98]),
    (["1.234,56", "7"], True, [1234.56, 7]), (["1,234.5", "2,345,678"], True, [1234.5, 2345678]),
    (["-5,444", "-6,0"], True, [-5.444, -6]), (["1\u202f234", "5"], False, [1234, 5]),
    (["inf", "x"], True, [np.nan] * 2)])
def test_commas_are_decided_by_column(cells, fractions, expected):
    np.testing.assert_equal(parse_numbers(pd.Series(cells), fractions=fractions).tolist(), expected)


def test_percent_become_shares_by_name_or_by_values():
    table = read(**{"danceability_%": [80, 71], "energy": [30, 1], "valence": [.2, .9], "instrumentalness": [0, 1]})
    assert table.values.tolist() == [[.8, .3, .2, 0], [.71, .01, .9, .01]]
    assert read(speechiness=[0, 1, 1])["speechiness"].tolist() == [0, 1, 1]


def test_a_share_outside_the_range_is_named(capsys):
    assert read(song=list("abcd"), energy=[.5, .6, 35, .7])["energy"].isna().tolist() == [False, False, True, False]
    said = capsys.readouterr().out
    assert "x.csv: column 'energy': row 3 holds a value outside the range of the others: 35.0" in said


@pytest.mark.parametrize(("name", "cells", "expected"), [
    ("track_duration", [168, 237], [168_000, 237_000]), ("track_duration", ["02:48", "1:03:57"], [168_000, 3_837_000]),
    ("dur", [217, 263], [217_000, 263_000]), ("duration", [201_000, 222_000], [201_000, 222_000]),
    ("Duration (s)", [30.5, 12], [30_500, 12_000]), ("Duration (min)", [3.5, 4], [210_000, 240_000]),
    ("duration_ms", [210, 240], [210_000, 240_000]), ("duration_ms", [5000, 240_000], [5000, 240_000]),
    ("Length (Duration)", ["201", "1,207"], [201_000, 1_207_000]), ("time", ["3:25:00", "2:00:00"], [205_000, 120_000]),
    ("Time", ["3:25", "125"], [205_000, 125_000]), ("Duration", [4.5, 3.2], None), ("length", [661_794] * 2, None)])
def test_durations_are_told_apart_by_name_and_values(name, cells, expected, capsys):
    table = standard_table(pd.DataFrame({"song": ["a", "b"], name: cells}), None, "x.csv")
    if expected is None:
        assert "duration_ms" not in table and table[name].tolist() == cells
        assert f"x.csv: column {name!r}: with values such as" in capsys.readouterr().out
    else:
        assert table["duration_ms"].tolist() == expected


@pytest.mark.parametrize(("cell", "key", "mode"), [
    ("C#", 1, None), ("Am", 9, 0), ("A Minor", 9, 0), ("C# minor", 1, 0), ("5A", 0, 0), ("8B", 0, 1), ("08A", 9, 0),
    ("1m", 9, 0), ("12d", 5, 1), ("E♭ maj", 3, 1), ("Bb minor", 10, 0), ("F#/Gb", 6, None), ("h-Moll", 11, 0),
    ("Es-Dur", 3, 1), ("As", 8, None), ("Cis", 1, None), ("F sharp", 6, None), ("7", 7, None), ("Cb", 11, None)])
def test_keys_of_all_notations(cell, key, mode):
    table = read(song=["a"], key=[cell])
    assert table["key"].tolist() == [key]
    assert table["mode"].tolist() == [mode] if mode is not None else "mode" not in table


def test_the_mode_of_a_column_wins_over_that_of_the_key():
    assert read(key=["Am"], mode=["Major"])["mode"].tolist() == [1]


def test_years_have_four_digits(capsys):
    assert read(song=list("abc"), year=[99, 5, 1987])["year"].tolist() == [1999, 2005, 1987]
    assert read(song=list("ab"), year=[0, 1987])["year"].isna().tolist() == [True, False]
    assert "1 cells that are no year" in capsys.readouterr().out


def test_a_bad_cell_is_counted_named_and_set_to_null(capsys):
    table = read(song=list("abcde"), tempo=["120", "99", "fast", "80", "slow"])
    assert table["tempo"].isna().tolist() == [False, False, True, False, True]
    assert "x.csv: column 'tempo': row 3 holds no number: 'fast' (2 such cells); set to null" in capsys.readouterr().out


def test_other_columns_in_which_nearly_all_cells_are_numbers_hold_numbers(capsys):
    table = read(song=list("abcde"), streams=["1", "2", "BPM110Key", "4", "5"], code=["007", "008", "1", "2", "3"],
                 mood=["1", "x", "y", "2", "z"])
    assert table["streams"].tolist()[:2] == [1, 2] and table["streams"].isna().sum() == 1
    assert table["code"].tolist()[0] == "007" and table["mood"].tolist()[1] == "x"
    assert "column 'streams': row 3 holds no number: 'BPM110Key'" in capsys.readouterr().out


def test_a_column_that_does_not_hold_what_it_is_called_is_left_as_it_is(capsys):
    table = read(song=list("ab"), volume=[80, 95], tempo=["Allegro", "Lento"])
    assert table["volume"].tolist() == [80, 95] and "loudness" not in table
    assert table["tempo_text"].tolist() == ["Allegro", "Lento"] and "tempo" not in table
    said = capsys.readouterr().out
    assert "column 'volume': its values, such as 80, are not those of loudness" in said and "'Allegro'" in said


def test_ids_are_taken_from_uris_and_addresses():
    given = ["spotify:track:0001", "https://open.spotify.com/track/0002?si=x", "spotify:local:::Track+01:200", "0003"]
    assert read(song=list("abcd"), uri=given)["track_id"].tolist() == ["0001", "0002", given[2], "0003"]


def test_what_was_understood_is_listed():
    table = read(Title=["Sea", "Sky"], dur=[200, 100], Energy=[50, 60])
    lines = columns_as_text(table.attrs["columns"]).splitlines()
    assert [line.split() for line in lines[1:]] == [["Title", "song"], ["dur", "duration_ms", "s", "->", "ms"],
                                                    ["Energy", "energy", "0-100", "->", "0-1"]]
