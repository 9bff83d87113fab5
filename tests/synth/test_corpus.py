"""The corpus of synthetic songs: tagged, listed, made once, and without leftovers of other settings."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from sources.files import Journal
from sources.table_files import read_folder
from synth import corpus
from synth.corpus import ARTISTS, make_corpus

SMALL = {"genres": ["hip hop", "dance/electronic"], "songs_per_genre": 2, "seconds": 2.0, "long_songs": 2,
         "long_seconds": 4.0, "n_jobs": 1}


def times(table):
    return {path: Path(path).stat().st_mtime_ns for path in table["path"]}


def hidden_files(folder):
    return [path.name for path in folder.rglob(".*")]


def test_a_corpus_is_tagged_listed_and_kept(tmp_path):
    table = make_corpus(tmp_path, **SMALL)
    assert len(table) == 6 and table["track_id"].is_unique and all(Path(path).is_file() for path in table["path"])
    tags = read_folder(tmp_path).set_index("path")
    for row in table.itertuples():
        assert tags.loc[row.path, ["artist", "song"]].tolist() == [row.artist, row.song]
    folders = {Path(path).parent.name for path in table["path"]}
    assert folders == {"hip hop", "dance-electronic", "dance-electronic, hip hop"}
    changing = table.dropna(subset=["changes_at"])
    assert changing[["genre", "beat_genre"]].values.tolist() == [["dance/electronic, hip hop", "dance/electronic"]]
    assert changing["changes_at"].tolist() == [2.0]
    assert (table["genre"] == table["timbre_genre"]).sum() == 5
    before = times(table)
    pd.testing.assert_frame_equal(make_corpus(tmp_path, **SMALL), table)
    assert times(table) == before, "nothing is made again"
    Path(table["path"].iloc[0]).unlink()
    other = make_corpus(tmp_path, **SMALL | {"seed": 1})
    assert all(time != before.get(path) for path, time in times(other).items()), "another seed, other songs"
    assert hidden_files(tmp_path) == [".songs.jsonl"], "nothing half written"


def test_the_rows_agree_with_the_files(tmp_path):
    table = make_corpus(tmp_path, **SMALL)
    assert (table["source"] == "sample songs (synthetic)").all()
    durations = read_folder(tmp_path).set_index("path")["duration_ms"]
    assert (table.set_index("path")["duration_ms"] - durations).abs().max() < 150, "MP3 is padded to whole frames"
    assert table["key"].between(0, 11).all() and table["mode"].isin([0, 1]).all()


def test_each_genre_has_its_own_four_artists():
    plans = corpus._plans(["jazz", "metal", "hip hop"], 12, 20.0, 6, 150.0, 0)
    artists = pd.DataFrame({"genre": plan["genre"], "artist": corpus._artist_and_title(plan)[0]} for plan in plans)
    assert (artists.drop_duplicates().groupby("genre").size() == ARTISTS).all()
    assert artists.drop_duplicates()["artist"].is_unique
    assert len({corpus._file_name(plan) for plan in plans}) == len(plans) == 42


def test_a_lost_song_is_made_again_and_the_others_are_not(tmp_path):
    table = make_corpus(tmp_path, **SMALL)
    before, lost = times(table), table["path"].iloc[2]
    data = Path(lost).read_bytes()
    Path(lost).unlink()
    pd.testing.assert_frame_equal(make_corpus(tmp_path, **SMALL), table)
    after = times(table)
    assert {path for path in before if before[path] != after[path]} == {lost}
    assert Path(lost).read_bytes() == data, "the same settings give the same file"


def test_an_interrupted_corpus_continues_where_it_stopped(tmp_path, monkeypatch):
    make_song, made = corpus._make_song, []

    def interrupted(plan, path):
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append(path)
        return make_song(plan, path)
    monkeypatch.setattr(corpus, "_make_song", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_corpus(tmp_path, **SMALL)
    monkeypatch.setattr(corpus, "_make_song", lambda plan, path: made.append(path) or make_song(plan, path))
    assert len(make_corpus(tmp_path, **SMALL)) == 6
    assert len(made) == len(set(made)) == 6, "no song is made twice"


def test_a_smaller_corpus_leaves_nothing_of_a_larger_one_and_keeps_the_files_of_others(tmp_path):
    make_corpus(tmp_path, **SMALL)
    mine = tmp_path / "hip hop" / "mine.mp3"
    mine.write_bytes(b"somebody's own song")
    (tmp_path / "empty folder").mkdir()
    table = make_corpus(tmp_path, **SMALL | {"songs_per_genre": 1, "long_songs": 0})
    assert {str(path) for path in tmp_path.rglob("*.mp3")} == {*table["path"], str(mine)}
    assert len(list(Journal(tmp_path / ".songs.jsonl"))) == 2
    assert not (tmp_path / "dance-electronic, hip hop").exists() and (tmp_path / "empty folder").exists()


def test_a_file_with_the_name_of_a_removed_song_is_kept(tmp_path):
    larger = make_corpus(tmp_path, **SMALL)
    smaller = SMALL | {"songs_per_genre": 1, "long_songs": 0}
    table = make_corpus(tmp_path, **smaller)
    mine = Path(next(path for path in larger["path"] if path not in set(table["path"])))
    mine.parent.mkdir(exist_ok=True)
    mine.write_bytes(b"somebody's own song")
    make_corpus(tmp_path, **smaller)
    assert mine.read_bytes() == b"somebody's own song"


def as_the_earlier_version_left_it(folder):
    """Replace the journal by one hidden file beside each song."""
    journal = folder / ".songs.jsonl"
    for line in filter(None, journal.read_text().splitlines()):
        entry = json.loads(line)
        song = folder / entry["key"]
        song.with_name(f".{song.name}.json").write_text(json.dumps(entry["rows"] | {"plan": entry["mark"]}))
    journal.unlink()


def test_a_corpus_of_the_earlier_version_is_taken_over(tmp_path):
    table = make_corpus(tmp_path, **SMALL)
    before = times(table)
    as_the_earlier_version_left_it(tmp_path)
    (tmp_path / "hip hop" / ".mine.json").write_text('{"no": "plan"}')
    (tmp_path / "hip hop" / ".broken.json").write_text("{")
    assert len(hidden_files(tmp_path)) == 8
    pd.testing.assert_frame_equal(make_corpus(tmp_path, **SMALL), table)
    assert times(table) == before, "nothing is made again"
    assert sorted(hidden_files(tmp_path)) == [".broken.json", ".mine.json", ".songs.jsonl"]


def test_songs_of_the_earlier_version_with_other_settings_are_removed(tmp_path):
    make_corpus(tmp_path, **SMALL)
    as_the_earlier_version_left_it(tmp_path)
    table = make_corpus(tmp_path, **SMALL | {"genres": ["jazz"], "songs_per_genre": 1, "long_songs": 0})
    assert [str(path) for path in tmp_path.rglob("*.mp3")] == table["path"].tolist()
    assert sorted(os.listdir(tmp_path)) == [".songs.jsonl", "jazz"]


def test_an_unknown_genre_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no preset for polka"):
        make_corpus(tmp_path, genres=["polka"])
