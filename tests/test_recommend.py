"""Similar songs with reasons, and playlists."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from synthetic_signals import SR, tone

from analysis.similarity import Space
from analysis.song_map import plot_song_map, song_map
from features import extract_features
from prepare import load_Data
from recommend import (
    gather_songs,
    jumps,
    playlist_by,
    playlist_like,
    playlist_path,
    plot_keys,
    plot_tempo,
    similar_songs,
)


def songs(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=pd.Index(list("abcdefghijklmnopqrstuvwxyz")[:n], name="track_id"))


@pytest.fixture
def many():
    """Two hundred songs with Spotify's features, at random; twenty artists."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.uniform(size=(200, 3)), columns=["energy", "valence", "danceability"])
    table["artist"], table["song"] = [f"artist {n % 20}" for n in range(200)], [f"song {n}" for n in range(200)]
    return table.set_index(pd.Index([f"id{n}" for n in range(200)], name="track_id"))


# ---- embeddings


# ---- similar songs

def test_the_nearest_songs_come_first_without_the_song_itself(many):
    before = many.copy(deep=True)
    found = similar_songs("id7", many, 12)
    z = (many[["energy", "valence", "danceability"]] - many[["energy", "valence", "danceability"]].mean())
    z /= many[["energy", "valence", "danceability"]].std(ddof=0)
    by_hand = np.sqrt(((z - z.loc["id7"]) ** 2).sum(axis=1) / 3).drop("id7").nsmallest(12)
    assert found.index.tolist() == by_hand.index.tolist()
    assert np.allclose(found["distance"], by_hand, atol=1e-5)
    assert list(found.columns) == [*many.columns, "distance", "reason"]
    pd.testing.assert_frame_equal(many, before)


def test_a_song_can_be_an_id_a_row_or_new(many):
    by_id = similar_songs("id7", many)
    pd.testing.assert_frame_equal(similar_songs(many.loc["id7"], many), by_id)
    pd.testing.assert_frame_equal(similar_songs(many.loc[["id7"]], many), by_id)
    new = pd.Series({"energy": .5, "valence": .5, "danceability": .5}, name="new")
    assert len(similar_songs(new, many, 5)) == 5


def test_other_releases_of_the_song_are_left_out(many):
    again = many.loc[["id7", "id9", "id9"]].set_axis(["again", "nine", "ninth"])
    again["song"] = ["Song 7 - Remastered 2011", "song 9", "song 9 (2009 remaster)"]
    found = similar_songs("id7", pd.concat([many, again]), 200)
    assert not found.index.isin(["id7", "again"]).any()
    assert found.index.isin(["id9", "nine", "ninth"]).sum() == 1


def test_owned_songs_are_left_out_and_artists_are_limited(many):
    nearest = similar_songs("id7", many, 3).index
    assert not similar_songs("id7", many, 50, owned=nearest).index.isin(nearest).any()
    library = many.loc[nearest].set_axis(["x", "y", "z"])
    assert not similar_songs("id7", many, 50, owned=library).index.isin(nearest).any(), "known by artist and name"
    found = similar_songs("id7", many, 30, per_artist=2)
    assert found["artist"].value_counts().max() == 2 and len(found) == 30
    with pytest.raises(ValueError, match="needs a column 'artist'"):
        similar_songs("id7", many.drop(columns="artist"), per_artist=1)


def test_diversity_chooses_songs_that_differ_from_each_other(many):
    def distance_and_spread(diversity):
        found = similar_songs("id7", many, 8, diversity=diversity)
        points = Space(many).points[many.index.get_indexer(found.index)]
        apart = np.linalg.norm(points[:, None] - points[None], axis=2)
        return found["distance"].mean(), apart[np.triu_indices(8, 1)].mean(), found.index[0]
    plain, some, most = (distance_and_spread(diversity) for diversity in (0, .5, 1))
    assert plain[0] < some[0] < most[0] and plain[1] < some[1] < most[1]
    assert plain[2] == some[2] == most[2], "the first is always the nearest"


def test_reasons_name_what_is_shared_and_what_differs():
    table = songs(tempo=[100, 101, 200, 50, 130, 80], key=[0, 0, 9, 7, 6, 0], mode=[1, 1, 0, 1, 1, 0],
                  spectral_centroid_mean=[1000, 1000, 1000, 2000, 1010, 300], mfcc_01_mean=[0, 0, 1, 1, 2, 2.0])
    reasons = similar_songs("a", table)["reason"]
    assert reasons["b"] == "same tempo, same key"
    assert reasons["c"] == "double the tempo, relative key"
    assert reasons["d"] == "half the tempo, neighbouring key, brighter"
    assert reasons["e"] == "faster" and reasons["f"] == "slower, same tonic, darker"
    assert similar_songs("a", table, by="timbre")["reason"]["b"] == "alike throughout", "the tempo is not compared"
    table = songs(key=[0, 6, 7], mode=[1, 1, 1], chroma_01_mean=[0, 1, 2.0])
    reasons = similar_songs("a", table, by="pitch")["reason"]
    assert reasons.to_dict() == {"b": "unrelated key", "c": "neighbouring key"}


@pytest.mark.parametrize("settings", [{"n": 0}, {"diversity": 2}, {"per_artist": 0}])
def test_settings_out_of_range_raise_an_error(many, settings):
    with pytest.raises(ValueError, match="diversity goes from 0 to 1"):
        similar_songs("id7", many, **settings)


def test_unknown_songs_and_repeated_tracks_are_refused(many):
    with pytest.raises(KeyError, match="no track_id of the table, and there is no such file"):
        similar_songs("gone.mp3", many)
    with pytest.raises(ValueError, match="several rows for track 'id1'"):
        similar_songs("id7", pd.concat([many, many.loc[["id1"]]]))
    with pytest.raises(ValueError, match="table of 3 rows"):
        similar_songs(many.head(3), many)


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tones")
    for hertz in (220, 233, 880, 1760):
        soundfile.write(folder / f"{hertz}.wav", .4 * tone(hertz, 4) * (1 + .5 * tone(2, 4)), SR)
    paths = sorted(folder.glob("*.wav"))
    tracks = pd.DataFrame({"track_id": [path.stem for path in paths], "path": map(str, paths)})
    return extract_features(tracks, n_jobs=1)


def test_a_sound_file_is_compared_and_left_out_of_the_result(tones, tmp_path):
    path = tones.loc["220", "path"]
    found = similar_songs(path, tones, by="timbre")
    assert found.index[0] == "233" and "220" not in found.index, "the file is one of the table"
    pd.testing.assert_frame_equal(found, similar_songs("220", tones, by="timbre"), atol=1e-4)
    (tmp_path / "broken.wav").write_text("no sound")
    with pytest.raises(ValueError, match="broken.wav cannot be compared"):
        similar_songs(tmp_path / "broken.wav", tones)
    with pytest.raises(ValueError, match="no value for danceability"):
        similar_songs(path, songs(danceability=[.1, .2], valence=[.3, .4]))


# ---- playlists

@pytest.fixture
def line():
    """Three hundred songs with energy, valence, tempo and key at random, and one at either end."""
    rng = np.random.default_rng(1)
    n = 300
    table = pd.DataFrame({"energy": rng.uniform(.1, .9, n), "valence": rng.uniform(size=n),
                          "tempo": rng.uniform(80, 160, n), "key": rng.integers(0, 12, n),
                          "mode": rng.integers(0, 2, n)})
    table.loc[n] = [0, .5, 100, 0, 1]
    table.loc[n + 1] = [1, .5, 120, 7, 1]
    table["artist"] = [f"artist {row % 40}" for row in range(n + 2)]
    table["song"] = [f"song {row}" for row in range(n + 2)]
    return table.set_axis([*(f"id{row}" for row in range(n)), "start", "end"]).rename_axis("track_id")


def test_a_path_goes_from_one_song_to_the_other_in_even_steps(line):
    before = line.copy(deep=True)
    path = playlist_path("start", "end", line, 8, smoothness=0)
    assert path.index[0] == "start" and path.index[-1] == "end" and len(path) == 8 and path.index.is_unique
    ends = Space(line).place(line.loc[["start", "end"]])
    way = (Space(line).place(path) - ends[0]) @ (ends[1] - ends[0]) / np.sum((ends[1] - ends[0]) ** 2)
    assert np.allclose(way, np.linspace(0, 1, 8), atol=.1)
    assert path["off"].max() < np.linalg.norm(ends[1] - ends[0])
    pd.testing.assert_frame_equal(line, before)


def test_a_smooth_path_changes_tempo_and_key_less(line):
    def jumped(smoothness):
        path = playlist_path("start", "end", line, 12, smoothness=smoothness)
        return np.diagonal(jumps(path, path), 1).sum(), path["off"].sum()
    rough, smooth = jumped(0), jumped(2)
    assert smooth[0] < .6 * rough[0] and smooth[1] > rough[1]


def test_a_path_uses_every_song_of_a_small_table_or_is_refused(line):
    assert playlist_path("start", "end", line, 2).index.tolist() == ["start", "end"]
    few = line.tail(5)
    path = playlist_path("start", "end", few, 5)
    assert sorted(path.index) == sorted(few.index), "every song there is, each once"
    with pytest.raises(ValueError, match="3 other songs: a path of 6 needs 4"):
        playlist_path("start", "end", few, 6)
    with pytest.raises(ValueError, match="at least 2 songs"):
        playlist_path("start", "end", line, 1)


def test_a_path_can_begin_with_a_sound_file(tones):
    path = playlist_path(tones["path"].iloc[0], tones.index[-1], tones, 4)
    assert path["song"].iloc[0] == "1760" and len(path) == 4
    assert "1760" not in path.index, "the file's own row is not played again"


def test_a_playlist_like_a_few_songs_has_what_they_share():
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.uniform(size=(400, 3)), columns=["energy", "valence", "danceability"])
    table.iloc[:40, 0] = rng.uniform(.85, .9, 40)
    table.index = [f"id{row}" for row in range(400)]
    found = playlist_like([f"id{row}" for row in range(20)], table, 15)
    assert found["energy"].between(.8, 1).all(), "they have energy in common"
    assert found["valence"].std() > .15, "and in nothing else"
    assert found["likeness"].is_monotonic_decreasing and set(found["like"]) <= {f"id{row}" for row in range(20)}
    assert not found.index.isin([f"id{row}" for row in range(20)]).any()


def test_a_playlist_like_songs_takes_rows_and_settings(many):
    seeds = many.head(3)
    assert playlist_like(seeds, many, 5).index.tolist() == playlist_like(["id0", "id1", "id2"], many, 5).index.tolist()
    found = playlist_like(seeds, many, 12, per_artist=1, owned=many.iloc[3:100], diversity=.3)
    assert found["artist"].is_unique and not found.index.isin(many.index[:100]).any()
    artists = set(seeds["artist"])
    lead = playlist_like(seeds, many, 30)["artist"].isin(artists)
    assert lead.head(27).all() and not lead.tail(3).any(), "nine more of each of the three artists lead"
    assert not playlist_like(seeds, many, 27, same_artists=False)["artist"].isin(artists).all()
    with pytest.raises(ValueError, match="no song to continue"):
        playlist_like([], many)


def test_a_playlist_by_filters_is_sorted(line):
    run = playlist_by({"tempo": (100, 140), "energy": (.3, None)}, line, "tempo", 10)
    assert len(run) == 10 and run["tempo"].is_monotonic_increasing and run["energy"].min() >= .3
    passing = line[line["tempo"].between(100, 140) & (line["energy"] >= .3)]["tempo"]
    assert run["tempo"].iloc[[0, -1]].tolist() == [passing.min(), passing.max()]
    assert playlist_by({"mode": 1, "key": [0, 7]}, line)["key"].isin([0, 7]).all()
    assert playlist_by({"artist": "Artist 3"}, line, "-tempo")["tempo"].is_monotonic_decreasing
    assert playlist_by({}, line, "tempo", 20, per_artist=1)["artist"].is_unique


def test_filters_that_no_song_passes_are_counted(line):
    with pytest.raises(ValueError, match=r"of 302, by each filter alone: tempo .150, 160.: \d+, energy .2, None.: 0"):
        playlist_by({"tempo": (150, 160), "energy": (2, None)}, line)
    with pytest.raises(ValueError, match="no column 'mood'"):
        playlist_by({"mood": "happy"}, line)


def test_missing_values_pass_no_range():
    table = songs(tempo=[100, np.nan, 130], genre=["jazz, rock", None, "rock"], explicit=[True, None, False])
    assert playlist_by({"tempo": (None, 200)}, table).index.tolist() == ["a", "c"]
    assert playlist_by({"genre": "jazz"}, table).index.tolist() == ["a"]
    whole = table.assign(tempo=table["tempo"].astype("Float64"), explicit=table["explicit"].astype("boolean"))
    assert playlist_by({"tempo": (120, None), "explicit": False}, whole).index.tolist() == ["c"]


# ---- gathering songs

def test_songs_are_gathered_from_what_was_written_or_from_the_source(tones, tmp_path, capsys):
    written = tmp_path / "model_output" / "features.parquet"
    written.parent.mkdir()
    tones.to_parquet(written)
    assert gather_songs(tmp_path)["song"].tolist() == tones.index.tolist(), "named as their files"
    titles = pd.DataFrame({"song": [f"title {number}" for number in range(len(tones))], "year": 1999}, tones.index)
    titles.to_parquet(written.with_name("tracks.parquet"))
    assert gather_songs(tmp_path)["song"].tolist() == titles["song"].tolist(), "named as in their tags"
    songs = gather_songs(tmp_path / "elsewhere", Path(tones["path"].iloc[0]).parent, n_jobs=1)
    assert len(songs) == 4 and {"tempo", "song", "path"} <= set(songs)
    (tmp_path / "table.csv").write_text("track_name,energy,tempo\none,.5,100\ntwo,.6,120\n")
    assert gather_songs(tmp_path, tmp_path / "table.csv")["energy"].tolist() == [.5, .6]


def test_synthetic_songs_replace_a_table_without_features(tmp_path, capsys, monkeypatch):
    (tmp_path / "table.csv").write_text("track_name,popularity\none,50\ntwo,60\n")
    monkeypatch.setattr("recommend.extract_features", lambda tracks, **_: pd.DataFrame({"tempo": 100.0}, tracks.index))
    synthetic = pd.DataFrame({"song": ["synthetic song"], "path": ["a.mp3"], "source": "sample songs"})
    monkeypatch.setattr("recommend.load_Data",
                        lambda source: synthetic if source == "sample_songs" else load_Data(source))
    assert gather_songs(tmp_path, tmp_path / "table.csv")["song"].tolist() == ["synthetic song"]
    assert "no values to compare songs by" in capsys.readouterr().out


# ---- plots


def test_plots_of_a_path_show_every_song(line):
    path = playlist_path("start", "end", line, 6)
    places = song_map(line)
    groups = pd.Series(np.where(line["mode"] == 1, "major", "minor"), line.index)
    ax = plot_song_map(places, groups, song_map(line, path))
    assert [text.get_text() for text in ax.texts] == list("123456") and "principal component (" in ax.get_xlabel()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["major", "minor"]
    assert plot_tempo(path).get_ylabel() == "tempo (BPM)"
    assert plot_tempo(path).lines[0].get_ydata().tolist() == path["tempo"].tolist()
    ax = plot_tempo(pd.DataFrame({"tempo": [87, 185, 91]}))
    assert [text.get_text() for text in ax.texts] == ["double", "half"]


def test_keys_are_drawn_the_shorter_way_round():
    ax = plot_keys(pd.DataFrame({"key": [0, 5, np.nan, 10, 7], "mode": 1}))  # C, F, B flat, G
    assert ax.lines[0].get_ydata().tolist() == [0, -1, -2, 1] and ax.lines[0].get_xdata().tolist() == [1, 2, 4, 5]
    names = dict(zip(ax.get_yticks(), (text.get_text() for text in ax.get_yticklabels())))
    assert names[0] == "C, Am" and names[-1] == "F, Dm"


def test_a_feature_that_is_constant_in_the_table_is_no_reason():
    table = songs(energy=[.1, .1, .1], valence=[.2, .21, .9], liveness=[np.nan] * 3)
    new = pd.Series({"energy": .9, "valence": .2, "liveness": .5}, name="new")
    with np.errstate(all="raise"):
        reasons = similar_songs(new, table)["reason"]
    assert reasons.to_dict() == {"a": "alike throughout", "b": "alike throughout", "c": "more cheerful"}


def test_embeddings_alone_give_no_reason():
    table = pd.DataFrame({"embedding_001": [0.0, .1, 5.0], "embedding_002": [1.0, .9, -4.0]}, index=list("abc"))
    assert similar_songs("a", table, 2)["reason"].tolist() == ["", ""]


def test_a_guest_is_an_artist_of_the_songs(many):
    many["artist"] = many["artist"].where(np.arange(200) != 25, "artist 5; artist 0")
    playlist = playlist_like(many.iloc[[0]], many, length=10, same_artists=True)
    assert "id25" in playlist.index and set(playlist["artist"]) == {"artist 0", "artist 5; artist 0"}


def test_a_table_whose_files_are_not_there_says_so(tmp_path, capsys):
    rows = "".join(f"{genre}.{number}.wav,{number / 9},{number / 5},{genre}\n"
                   for genre in ("blues", "rock") for number in range(4))
    (tmp_path / "features.csv").write_text("filename,energy,valence,label\n" + rows)
    assert len(gather_songs(tmp_path, tmp_path / "features.csv")) == 8
    assert "there is no file at any of its 8 paths, such as blues.0.wav" in capsys.readouterr().out
