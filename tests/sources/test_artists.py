"""One function decides which songs belong to the same artist."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.artists import (
    add_guests,
    artist_groups,
    artist_matrix,
    by_other_artists,
    is_list,
    linked_rows,
    listed,
    plain_name,
    split_artists,
)

SPELLINGS = ["Ann", "ann ", " ANN", "Bob", "", "  ", "Straße", "STRASSE"]
NAMES = st.lists(st.one_of(st.none(), st.sampled_from(SPELLINGS)), max_size=30)


def plain(name):
    return None if name is None or not name.strip() else name.strip().casefold()


@given(NAMES)
def test_two_rows_share_a_group_exactly_when_their_names_are_equal_but_for_blanks_and_capitals(names):
    codes = artist_groups(pd.DataFrame({"artist": pd.Series(names, dtype=object)}))
    for first in range(len(names)):
        for second in range(first):
            same = plain(names[first]) is not None and plain(names[first]) == plain(names[second])
            assert (codes[first] == codes[second]) == same


@given(NAMES)
def test_the_codes_count_from_zero_without_gaps(names):
    codes = artist_groups(range(len(names)), names)
    assert len(codes) == len(names) and sorted(set(codes)) == list(range(len(set(codes))))


@pytest.mark.parametrize("group", [None, "album"])
def test_without_a_column_every_row_is_a_group_of_its_own(group):
    assert artist_groups(pd.DataFrame({"artist": ["Ann", "Ann"]}), group).tolist() == [0, 1]


@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_the_type_of_the_column_makes_no_difference(dtype):
    names = pd.Series(["Ann", None, "ann", "Bob", None], index=[3, 3, 1, 0, 9])
    assert artist_groups(pd.DataFrame({"album": names.astype(dtype)}), "album").tolist() == [0, 2, 0, 1, 3]


def test_numbers_can_name_a_group():
    assert artist_groups(range(4), np.array([7, 5, 7, 5])).tolist() == [0, 1, 0, 1]
    assert artist_groups(range(3), [1.0, np.nan, np.nan]).tolist() == [0, 1, 2]


def test_there_must_be_a_name_for_each_row():
    with pytest.raises(ValueError, match="2 group names for 3 rows"):
        artist_groups(range(3), ["Ann", "Bob"])


@pytest.mark.parametrize(("cells", "expected"), [
    (["['Ann', 'Ben']"], ["Ann", "Ben"]), (["Ann;Ben"], ["Ann", "Ben"]), (["Ann feat. Ben"], ["Ann", "Ben"]),
    (["Ann (ft. Ben)"], ["Ann", "Ben"]), (["Ann Featuring Ben"], ["Ann", "Ben"]), ([["Ann", "Ben"]], ["Ann", "Ben"]),
    (['["Ann", "Ben"]'], ["Ann", "Ben"]), (["{'Ann'}"], ["Ann"]), (["[{'id': '1', 'name': 'Ann'}]"], ["Ann"]),
    (["['Ann' 'Ben']"], ["Ann", "Ben"]),
    (["Ann, Ben", "Ann"], ["Ann", "Ben"]), (["Ann & Ben", "Ben"], ["Ann", "Ben"]),
    (["Plan E feat. Ben", "Plan E & Ann"], ["Plan E", "Ben"]), (["Ann x Ben", "Ann"], ["Ann", "Ben"]),
    (["Ann, Ben", "Ann, Cleo"], ["Ann", "Ben"]), (["Ann / Ben", "ben"], ["Ann", "Ben"]),
    (["Ann, Ben & Cleo", "Dora, Cleo"], ["Ann, Ben", "Cleo"]),
    (["Earth, Wind & Fire"], ["Earth, Wind & Fire"]), (["Tyler, The Creator"] * 2, ["Tyler, The Creator"]),
    (["Ann, Tyler, The Creator", "Tyler, The Creator"], ["Ann", "Tyler, The Creator"]),
    (["['Tyler, The Creator']", "Tyler"], ["Tyler, The Creator"]),
    (["AC/DC", "Ann"], ["AC/DC"]), (["FT Island"], ["FT Island"]), (["Malcolm X"], ["Malcolm X"]), (["&"], ["&"]),
    (["[Ann]", "Ann"], ["Ann"]), (["Sunn O)))"], ["Sunn O)))"]), ([" "], []), ([None], []), (["[]", "Ann"], [])])
def test_the_artists_of_a_cell(cells, expected):
    assert split_artists(cells)[0] == expected


def test_ids_tell_how_many_artists_a_cell_names_and_that_two_spellings_are_one_artist():
    names = ["Tyler, The Creator", "Ann, Ben", "Tyler", "Anna"]
    ids = ["t1", "a1, b1", "t2", "spotify:artist:a1"]
    assert split_artists(names, ids) == [["Tyler, The Creator"], ["Ann", "Ben"], ["Tyler"], ["Ann"]]
    assert split_artists(names[:1] + names[2:], ["t1", "t2", "a1"])[0] == ["Tyler", "The Creator"], "ids of one each"


PARTS = st.lists(st.sampled_from(["Ann", "Ben", "Cleo", "Dora", "The Sea"]), min_size=1, max_size=3, unique=True)
SEPARATORS = st.sampled_from([", ", "; ", " & ", " feat. ", " x ", " and ", "/"])


@given(st.lists(st.tuples(PARTS, SEPARATORS), max_size=20))
def test_no_name_is_in_two_artists(cells):
    """Where names are not divided, they are together in every cell: so a name always stands for one artist."""
    artists = split_artists([separator.join(parts) for parts, separator in cells])
    for number, (parts, _) in enumerate(cells):
        assert ", ".join(map(plain_name, artists[number])) == ", ".join(map(str.lower, parts))
    of_name = {}
    for artist in {plain_name(artist) for cell in artists for artist in cell}:
        for name in artist.split(", "):
            assert of_name.setdefault(name, artist) == artist


def test_lists_of_a_table_are_used_and_albums_are_not_divided():
    songs = pd.DataFrame({"artist": ["Ann, Ben", "Ann"], "artists": [["Ann, Ben"], np.array(["Ann"])],
                          "album": ["Sea, Sky", "Sea"]})
    assert artist_groups(songs).tolist() == [0, 1]
    assert artist_groups(songs.drop(columns="artists")).tolist() == [0, 0]
    assert artist_groups(songs, "album").tolist() == [0, 1]


def test_linked_artists_are_one_group_until_it_is_large():
    cells = ["Ann", "Ann; Ben", "Ben; Cleo", "Cleo", "Dora"]
    assert artist_groups(range(5), cells).tolist() == [0, 0, 0, 0, 1]
    many = cells * 20
    groups = artist_groups(range(100), many)
    assert groups[:5].tolist() == [0, 0, 1, 2, 3], "each row belongs to its artist with the most rows"
    assert linked_rows(artist_matrix(range(100), many)).max() == 1


def test_rows_by_other_artists_share_none_with_those_held_out():
    members = artist_matrix(range(5), ["Ann", "Ann; Ben", "Ben; Cleo", None, None])
    assert by_other_artists(members, [1]).tolist() == [False, False, False, True, True]
    assert by_other_artists(members, np.arange(5) == 3).tolist() == [True, True, True, False, True]


def test_texts_of_lists_and_of_other_cells():
    assert listed("{'a','b'}") == listed("a; b") == listed(["a", "b"]) == ["a", "b"]
    assert [is_list(cell) for cell in ("['a', 3]", "a", None, ("a",))] == [False, False, False, True]


# ---- guests in titles

@pytest.mark.parametrize("title, guests", [
    ("Hey (feat. Ben)", ["Ben"]), ("Hey [Ft. Ben]", ["Ben"]), ("Hey featuring Ben - Remix", ["Ben"]),
    ("Hey (Remix) [feat. Ben & Cleo]", ["Ben", "Cleo"]), ("Hey (Live Remix feat. Ben)", ["Ben"]),
    ("Hey (with Cleo, Dan & Ben)", ["Cleo", "Dan", "Ben"]), ("Hey (with Dan) (feat. Ben)", ["Ben", "Dan"]),
    ("Hey (feat. Ann)", []), ("Feat of Strength", []), ("Walking (with a Friend)", []), ("Hey", []), (None, [])])
def test_titles_name_guests(title, guests):
    names = [["Ann"], ["Ben"], ["Cleo"], ["Dan"]]
    found = add_guests(names, [title, None, np.nan, "With You"])
    assert found == [["Ann", *guests], ["Ben"], ["Cleo"], ["Dan"]]
    assert names[0] == ["Ann"], "the lists that were given are not changed"


def test_a_guest_may_be_known_from_another_title_only():
    titles = ["One (feat. Zoe)", "Two (with Zoe)", "Three (with Nobody)"]
    assert add_guests([["Ann"], ["Ben"], ["Cleo"]], titles) == [["Ann", "Zoe"], ["Ben", "Zoe"], ["Cleo"]]
