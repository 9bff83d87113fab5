"""Splits that cannot leak, features, scaling, encoding."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepare import first_genre, load_Data, prepare_df
from preprocessing import (
    artist_overlap,
    create_features,
    default_target,
    encode_genres,
    scale_data,
    split_tracks,
    spotify_split,
    tracks_and_train,
    write_split,
)
from synth.sample_table import make_table

SIZES = np.array([.70, .15, .15])


def sides(split):
    return split[6:]


def group_of(column):
    return column.astype("string").str.strip().str.casefold()


# ---- features

@pytest.mark.parametrize("title, featured", [
    ("Umbrella (feat. JAY-Z)", True), ("Umbrella ft JAY-Z", True), ("Umbrella Featuring JAY-Z", True),
    ("I Don't Care (with X)", True),
    ("Sing [with Y]", True), ("Crazy FEAT. Z", True), ("With or Without You", False), ("Left Behind", False),
    ("Defeat", False),
    ("Features", False), ("Stay with Me", False), ("Aircraft", False)])
def test_a_featured_artist_is_found_in_any_spelling(title, featured):
    assert create_features(pd.DataFrame({"song": [title]}))["has_feat"].tolist() == [featured]


def test_a_featured_artist_can_be_named_in_the_artist_cell():
    song = pd.DataFrame({"song": ["Smooth"], "artist": ["Santana Featuring Rob Thomas"]})
    assert create_features(song)["has_feat"].all()


def test_the_year_is_that_of_the_date_else_of_the_column():
    dates = pd.to_datetime(["1959-08-17", None, None, "2000-01-01"])
    years = pd.array([1959, 1975, None, 1999], dtype="Int64")
    made = create_features(pd.DataFrame({"release_date": dates, "year": years}))
    assert made["release_year"].tolist()[:2] == [1959, 1975]
    assert made["decade"].dropna().astype(object).tolist() == ["1950s", "1970s", "2000s"]
    assert made["decade"].isna().tolist() == [False, False, True, False]
    assert made["decade"].cat.categories.tolist() == ["1950s", "1970s", "2000s"]


# ---- splits

tables_of_songs = st.integers(3, 60).flatmap(lambda n_groups: st.lists(
    st.tuples(st.integers(0, n_groups - 1), st.integers(0, 4)), min_size=3, max_size=200))


@settings(max_examples=150, deadline=None)
@given(rows=tables_of_songs, seed=st.integers(0, 5))
def test_for_any_table_the_sides_are_disjoint_and_complete(rows, seed):
    df = pd.DataFrame(rows, columns=["artist", "label"]).astype({"artist": str})
    if df["artist"].nunique() < 3:
        with pytest.raises(ValueError, match="cannot be split into three"):
            spotify_split(df, "label", random_state=seed)
        return
    train, validate, test = sides(spotify_split(df, "label", random_state=seed))
    artists = [set(side["artist"]) for side in (train, validate, test)]
    assert not (artists[0] & artists[1] or artists[0] & artists[2] or artists[1] & artists[2])
    assert sorted([*train.index, *validate.index, *test.index]) == list(df.index)
    assert all(len(side) for side in (train, validate, test))


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 9), min_size=60, max_size=150), classes=st.integers(2, 8), mixed=st.floats(0, .3),
       seed=st.integers(0, 99))
def test_sizes_and_class_shares_are_within_the_tolerances_where_groups_allow(sizes, classes, mixed, seed):
    rng = np.random.default_rng(seed)
    own = rng.integers(0, classes, len(sizes))
    rows = [(str(group), int(own[group]) if rng.random() > mixed else int(rng.integers(classes)))
            for group, size in enumerate(sizes) for _ in range(size)]
    df = pd.DataFrame(rows, columns=["artist", "label"])
    parts = sides(spotify_split(df, "label", random_state=seed))
    assert np.abs(np.array([len(part) for part in parts]) / len(df) - SIZES).max() <= .02
    whole = df["label"].value_counts(normalize=True)
    for label, groups in df.groupby("label")["artist"].nunique().items():
        if groups >= 20:
            for part in parts:
                assert abs((part["label"] == label).mean() - whole[label]) <= .05


cells_of_artists = st.tuples(st.lists(st.sampled_from([f"Artist {letter}" for letter in "ABCDEFGHIJKL"]), min_size=1,
                                      max_size=3), st.sampled_from([", ", "; ", " & ", " feat. ", " x ", "/"]))


@settings(max_examples=80, deadline=None)
@given(st.lists(cells_of_artists, min_size=6, max_size=80), st.booleans(), st.integers(0, 3))
def test_for_any_cells_no_part_is_on_two_sides(cells, as_lists, seed):
    """In text cells and in lists; songs that are set aside are on no side."""
    texts = [str(parts) if as_lists else separator.join(parts) for parts, separator in cells]
    df = pd.DataFrame({"song": [f"Song {number}" for number in range(len(cells))], "artist": texts,
                       "popularity": np.arange(len(cells)) % 7})
    tracks = prepare_df(df)
    try:
        split = sides(spotify_split(tracks, "popularity", random_state=seed))
    except ValueError:
        return  # two artists, or all songs by the same ones
    parts = [{part for name in side["song"] for part in cells[int(name.split()[1])][0]} for side in split]
    assert not (parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2])
    assert artist_overlap(split[0], split[2], "popularity")["shared"] == 0


def test_songs_that_are_set_aside_are_counted_and_said(capsys):
    cells = [f"Artist {number % 12}, Artist {(number + 1 + number // 12) % 12}" for number in range(60)]
    songs = pd.DataFrame({"artist": cells + [f"Artist {number}" for number in range(12)] * 10})
    songs["popularity"] = np.arange(len(songs)) % 90
    split = sides(spotify_split(songs, "popularity"))
    n = len(songs) - sum(map(len, split))
    assert 0 < n < 60
    assert f"{n} of 180 songs ({n / 180:.0%}) have artists on two sides and are set aside" in capsys.readouterr().out


def test_the_overlap_counts_artists_of_collaborations():
    train = pd.DataFrame({"artist": ["Ann", "Ben; Cleo"], "genre": ["jazz", "rock"]})
    test = pd.DataFrame({"artist": ["Ann, Dora", "Cleo", "Eve", "Dora"], "genre": ["jazz", "rock", "jazz", "rock"]})
    assert artist_overlap(train, test, "genre").tolist() == [.5, .75, .5]


def test_the_split_depends_on_the_seed_alone(sample):
    rows = sample.dropna(subset=["first_genre"])
    first, again, other = (sides(spotify_split(rows, "first_genre", random_state=seed))[2].index for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_the_nine_results_belong_together(sample):
    rows = sample.dropna(subset=["popularity"])
    X_train, y_train, X_validate, y_validate, X_test, y_test, train, validate, test = spotify_split(rows, "popularity")
    for X, y, side in ((X_train, y_train, train), (X_validate, y_validate, validate), (X_test, y_test, test)):
        assert "popularity" not in X
        assert X.index.equals(side.index) and y.equals(side["popularity"])


def test_a_number_is_stratified_in_bins(sample):
    rows = sample.dropna(subset=["popularity"])
    fifth = pd.qcut(rows["popularity"].astype(float), 5, labels=False)
    for side in sides(spotify_split(rows, "popularity")):
        assert np.abs(fifth[side.index].value_counts(normalize=True) - .2).max() < .05


def test_capitals_and_blanks_make_no_difference_to_an_artist():
    df = pd.DataFrame({"artist": ["Eminem", " eminem ", "EMINEM", "a", "b", "c", "d"], "genre": ["rap"] * 7})
    for side in sides(spotify_split(df, "genre", sizes=(.4, .3, .3))):
        assert group_of(side["artist"]).eq("eminem").sum() in (0, 3)


def test_rows_without_an_artist_are_each_a_group():
    df = pd.DataFrame({"artist": [None] * 100, "genre": ["rock", "pop"] * 50})
    assert [len(side) for side in sides(spotify_split(df, "genre"))] == [70, 15, 15]


def test_a_constant_target_and_a_class_of_one_song_can_be_split(capsys):
    df = pd.DataFrame({"artist": [str(i) for i in range(40)], "genre": ["rock"] * 39 + ["polka"]})
    assert [len(side) for side in sides(spotify_split(df, "genre"))] == [28, 6, 6]
    assert "fewer than 3 groups" in capsys.readouterr().out
    assert [len(side) for side in sides(spotify_split(df.head(39).assign(popularity=5), "popularity"))] == [27, 6, 6]
    assert [len(side) for side in sides(spotify_split(df, "genre", group=None))] == [28, 6, 6]
    assert "not stratified" in capsys.readouterr().out


def test_an_artist_with_most_songs_leaves_no_side_empty():
    df = pd.DataFrame({"artist": ["giant"] * 90 + ["b"] * 5 + ["c"] * 5, "genre": ["rock"] * 100})
    assert all(len(side) for side in sides(spotify_split(df, "genre")))


@pytest.mark.parametrize("change, arguments, message", [
    (lambda df: df, {"target": "mood"}, "no column 'mood'"),
    (lambda df: df.drop(columns="artist"), {}, "no column 'artist' to keep together.*group=None"),
    (lambda df: df.assign(artist=["a", "b"] * 20), {}, "2 groups cannot be split"),
    (lambda df: df.assign(genre=[None] + ["rock"] * 39), {}, r"1 of 40 rows have no 'genre'.*dropna"),
    (lambda df: df.assign(popularity=np.nan), {"target": "popularity"}, "40 of 40 rows have no 'popularity'"),
    (lambda df: df, {"sizes": (.5, .5)}, "three shares"),
    (lambda df: df, {"sizes": (.8, .3, -.1)}, "three shares"),
    (lambda df: df.head(2), {}, "2 rows cannot be split"),
    (lambda df: df.head(0), {}, "0 rows cannot be split")])
def test_what_cannot_be_split_is_refused_with_the_reason(change, arguments, message):
    df = pd.DataFrame({"artist": [str(i // 2) for i in range(40)], "genre": ["rock", "pop"] * 20})
    with pytest.raises(ValueError, match=message):
        spotify_split(change(df), **{"target": "genre"} | arguments)


def test_the_frame_passed_in_is_not_changed(sample):
    rows = sample.dropna(subset=["first_genre", "popularity"])
    before = rows.copy(deep=True)
    *_, train, validate, test = spotify_split(rows, "first_genre")
    scale_data(train, validate, test, "popularity", "Robust")
    train["artist"] = "changed"
    pd.testing.assert_frame_equal(rows, before)


def test_two_hundred_thousand_rows_split_well():
    table = make_table(200_000)
    known = table[table["genre"] != "set()"].assign(genre=lambda df: first_genre(df["genre"]))
    parts = sides(spotify_split(known, "genre"))
    assert np.abs(np.array([len(part) for part in parts]) / len(known) - SIZES).max() < .001


@pytest.mark.parametrize("name", ["top_hits/songs_normalize.csv", "tidytuesday/spotify_songs.zip"])
def test_real_tables_are_split_within_the_tolerances(shared, name):
    tracks = create_features(prepare_df(load_Data(shared / name)))
    known = tracks.dropna(subset=["first_genre"])
    parts = sides(spotify_split(known, "first_genre"))
    assert np.abs(np.array([len(part) for part in parts]) / len(known) - SIZES).max() < .02
    whole = known["first_genre"].value_counts(normalize=True)
    groups = known.groupby("first_genre", observed=True)["artist"].nunique()
    for part in parts:
        shares = part["first_genre"].value_counts(normalize=True).reindex(whole.index).fillna(0)
        assert (shares - whole).abs()[groups.index[groups >= 20]].max() < .05
    assert artist_overlap(parts[0], parts[2], "first_genre")["shared"] == 0


def test_only_a_random_split_lets_the_artist_predict_the_genre(sample):
    known = sample.dropna(subset=["first_genre"])
    honest, random = (spotify_split(known, "first_genre", group=group) for group in ("artist", None))
    kept, leaky = (artist_overlap(split[6], split[8], "first_genre") for split in (honest, random))
    assert kept["shared"] == 0 and kept["lookup"] == kept["baseline"]
    assert leaky["shared"] > .8 and leaky["lookup"] > .8


# ---- scaling

NUMBERS = pd.DataFrame({"tempo": [60., 100, 140, 180], "loudness": [-20., -10, -5, 0],
                        "explicit": [True, False, True, False], "hit": [0, 1, 0, 1], "song": list("abcd")})


@pytest.mark.parametrize("scaler, centre, spread", [
    ("MinMax", lambda x: x.min(), lambda x: x.max() - x.min()),
    ("Standard", lambda x: x.mean(), lambda x: x.std(ddof=0)),
    ("Robust", lambda x: x.median(), lambda x: x.quantile(.75) - x.quantile(.25))])
def test_scalers_are_fitted_to_train_alone(scaler, centre, spread):
    rest = NUMBERS.assign(tempo=NUMBERS["tempo"] * 3)
    train, validate, test = scale_data(NUMBERS, rest, rest.head(0), "hit", scaler)
    assert list(train) == ["tempo", "loudness", "explicit"]
    expected = (rest["tempo"] - centre(NUMBERS["tempo"])) / spread(NUMBERS["tempo"])
    np.testing.assert_allclose(validate["tempo"], expected)
    assert len(test) == 0 and list(test) == list(train)


def test_missing_values_stay_missing():
    frame = pd.DataFrame({"key": pd.array([1, None, 3], dtype="Int64"), "hit": [0, 1, 0]})
    assert scale_data(frame, frame, frame, "hit")[0]["key"].isna().tolist() == [False, True, False]


def test_an_unknown_scaler_is_refused():
    with pytest.raises(ValueError, match="'MinMax', 'Standard', 'Robust'"):
        scale_data(NUMBERS, NUMBERS, NUMBERS, "hit", "minmax")


# ---- genres as numbers

CELLS = st.lists(st.sampled_from(["rock", "pop", "R&B", "hip hop"]), min_size=1, max_size=3, unique=True)


@given(st.lists(CELLS, min_size=1))
def test_encoded_genres_can_be_decoded(cells):
    encoded, encoder = encode_genres(pd.Series([", ".join(cell) for cell in cells]))
    if encoded.ndim == 2:
        assert [set(row) for row in encoder.inverse_transform(encoded)] == [set(cell) for cell in cells]
    else:
        assert encoder.inverse_transform(encoded).tolist() == [cell[0] for cell in cells]


def test_a_song_without_a_genre_cannot_be_encoded():
    with pytest.raises(ValueError, match="1 of 2 songs have no genre"):
        encode_genres(["rock", None])


def test_the_default_target_is_the_genre_if_there_are_two():
    assert default_target(pd.DataFrame({"first_genre": ["a", "b"], "popularity": [1, 2]})) == "first_genre"
    assert default_target(pd.DataFrame({"song": ["a"]})) == ""
    assert default_target(pd.DataFrame({"first_genre": ["a", "a"], "popularity": [1, 1]})) == "first_genre"


@pytest.mark.parametrize("columns, words", [
    ({"first_genre": ["folk"] * 4, "artist": list("abcd")}, "all 4 songs have the same genre (folk)"),
    ({"first_genre": ["folk", "rock"] * 2, "artist": list("abab")}, "by 2 artists: three sets that share no artist"),
    ({"first_genre": ["folk", "rock"], "song": ["a", "b"]}, "by 2 songs: three sets that share no song need three"),
    ({"song": list("abcd")}, "neither genres nor popularity")])
def test_a_table_that_cannot_be_split_is_explored_as_a_whole(columns, words):
    tracks = pd.DataFrame(columns)
    split = split_tracks(tracks)
    assert words in split.obstacle and str(split).startswith(split.obstacle)
    pd.testing.assert_frame_equal(split.train, tracks)
    assert len(split.validate) == len(split.test) == 0 and list(split.test) == list(tracks)
    scaled = scale_data(split.train, split.validate, split.test, split.target)
    assert [len(side) for side in scaled] == [len(tracks), 0, 0]


def test_a_table_that_can_be_split_says_by_what_and_what_is_left_out(sample):
    split = split_tracks(sample)
    assert not split.obstacle and split.target == "first_genre" and split.group == "artist"
    assert "no artist is in two sets" in str(split)
    assert f"{sample['first_genre'].isna().sum()} tracks without" in str(split)
    alone = split_tracks(sample.drop(columns="artist"))
    assert alone.group == "" and "no artist is known or kept together" in str(alone)
    with pytest.raises(ValueError, match="no column 'mood'"):
        split_tracks(sample, "mood")
    with pytest.raises(ValueError, match="no column 'label'"):
        split_tracks(sample, group="label")


def test_columns_without_a_value_are_not_scaled():
    train = pd.DataFrame({"tempo": [60.0, 180.0], "year": [np.nan, np.nan]})
    assert list(scale_data(train, train, train, "")[0]) == ["tempo"]


# ---- written splits

def test_the_written_split_is_read_only_if_no_source_is_given(sample, tmp_path):
    known = sample.dropna(subset=["first_genre"])
    *_, train, validate, test = spotify_split(known, "first_genre")
    write_split(tmp_path, sample, train, validate, test)
    tracks, again = tracks_and_train(tmp_path)
    pd.testing.assert_frame_equal(tracks, sample, check_dtype=False, check_index_type=False)
    assert list(again.index) == list(train.index)
    rows = [f"s{i},a{i},{'rock' if i % 2 else 'pop'}" for i in range(20)]
    (tmp_path / "mine.csv").write_text("\n".join(["song,artist,genre", *rows]))
    assert len(tracks_and_train(tmp_path, str(tmp_path / "mine.csv"))[0]) == 20
    assert len(tracks_and_train(tmp_path / "nothing here")[0]) == len(sample)


def test_a_source_is_split_by_the_target_where_it_can_be(tmp_path):
    rows = [f"s{i},a{i},rock,{100 + i % 2}" if i < 30 else f"s{i},a{i},," for i in range(40)]
    (tmp_path / "mine.csv").write_text("\n".join(["song,artist,genre,tempo", *rows]))
    train = tracks_and_train(tmp_path, str(tmp_path / "mine.csv"), target="tempo")[1]
    assert len(train) == pytest.approx(21, abs=1) and train["tempo"].notna().all()
    whole = tracks_and_train(tmp_path, str(tmp_path / "mine.csv"), target="mood")[1]
    assert len(whole) == 40, "there is no such column, and nothing else to split by"


def test_a_table_whose_artists_all_made_songs_together_is_explored_whole():
    songs = pd.DataFrame({"artist": [f"Ann; B{i}" for i in range(6)], "first_genre": ["rock", "jazz"] * 3})
    split = split_tracks(songs)
    assert split.obstacle.startswith("so many songs are by more than one artist") and len(split.train) == 6


def test_the_overlap_of_artists_whose_genres_are_not_all_known():
    train = pd.DataFrame({"artist": ["a", "b", "b"], "genre": [None, "rock", "rock"]})
    test = pd.DataFrame({"artist": ["a", "b"], "genre": ["jazz", "rock"]})
    assert artist_overlap(train, test, "genre").tolist() == [.5, .5, .5]
    with pytest.raises(ValueError, match="no row of train has a 'genre'"):
        artist_overlap(train.head(1), test, "genre")


@pytest.mark.parametrize("seed", range(30))
def test_train_has_every_class(seed):
    """Five genres of one to five artists each: none is missing in train."""
    rng = np.random.default_rng(seed)
    artists = [(f"{genre} {n}", genre) for genre in "abcde" for n in range(rng.integers(1, 6))]
    df = pd.DataFrame([one for one in artists for _ in range(rng.integers(1, 6))], columns=["artist", "genre"])
    *_, train, validate, test = spotify_split(df.assign(energy=1.0), "genre", sizes=(.5, .25, .25))
    assert set(train["genre"]) == set("abcde") and len(validate) and len(test)


def test_the_overlap_can_be_computed_for_any_column():
    train = pd.DataFrame({"album": ["Blue", "Red"], "genre": ["jazz", "rock"]})
    test = pd.DataFrame({"album": ["blue ", "Green"], "genre": ["jazz", "rock"]})
    assert artist_overlap(train, test, "genre", group="album").tolist() == [.5, .5, .5]
    with pytest.raises(ValueError, match="no column 'artist'.*group="):
        artist_overlap(train, test, "genre")


def test_a_source_is_split_by_the_target_that_is_named(tmp_path, capsys):
    songs = make_table(200).drop(columns="popularity")
    songs["streams"] = [None, *range(len(songs) - 1)]
    songs.to_csv(tmp_path / "songs.csv", index=False)
    tracks, train = tracks_and_train(tmp_path, tmp_path / "songs.csv", target="streams")
    assert train["streams"].notna().all() and tracks["streams"].isna().any()


def test_a_target_of_nearly_as_many_classes_as_rows_is_said_to_be_none(capsys):
    songs = pd.DataFrame({"artist": [f"Artist {number}" for number in range(90)]})
    songs["streams"] = [f"{number}k" for number in range(90)]
    spotify_split(songs, "streams")
    assert "'streams' has 90 classes in 90 rows; if it is a number" in capsys.readouterr().out


def test_a_year_that_is_none_gives_no_release_year():
    tracks = pd.DataFrame({"song": list("abc"), "year": [1998.5, 1e300, 1959.0]})
    assert create_features(tracks)["release_year"].isna().tolist() == [True, True, False]
