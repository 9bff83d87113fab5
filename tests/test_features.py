"""A table of features from many files: bad files are skipped, finished songs are not described again."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import ROOT
from sound_files import track_table, write_song
from synthetic_signals import SR

import features
from features import extract_embeddings, extract_features
from learning import pretrained
from learning.pretrained import tag_columns


def tone(path, hertz, seconds=3.0):
    t = np.arange(int(seconds * SR)) / SR
    soundfile.write(path, .4 * np.sin(2 * np.pi * hertz * t) * (1 + .5 * np.sin(2 * np.pi * 2 * t)), SR)
    return str(path)


@pytest.fixture
def tracks(tmp_path):
    paths = [tone(tmp_path / f"{hertz}.wav", hertz) for hertz in (220, 440, 880)]
    return track_table(paths, genre="test")


def test_each_song_is_one_row(tracks):
    table = extract_features(tracks, n_jobs=1)
    assert table.index.tolist() == ["220", "440", "880"] and table.index.name == "track_id"
    assert table["spectral_centroid_mean"].is_monotonic_increasing
    features = {"tempo", "key", "loudness_lufs", "mfcc_01_mean", "pulse_regularity"}
    assert {"genre", "artist", "path"} | features <= set(table)
    assert table["seconds"].tolist() == [3, 3, 3]


def test_each_segment_is_one_row(tracks, tmp_path):
    tracks.loc[0, "path"] = tone(tmp_path / "long.wav", 330, 7)
    table = extract_features(tracks, segment_seconds=3, n_jobs=1)
    assert table.loc["220", "start"].tolist() == [0, 3]
    assert len(table) == 4


def test_two_processes_give_the_same_table_as_one(tracks):
    one, two = (extract_features(tracks, n_jobs=n_jobs) for n_jobs in (1, 2))
    pd.testing.assert_frame_equal(one, two)


def test_librosa_is_compiled_before_there_are_workers(tracks, tmp_path):
    """Where two workers compile it at a time, the machine code crashes: numba issue 10128."""
    code = """if True:
        import sys, pandas, features
        compiled = lambda: {name for name in sys.modules if name.startswith("librosa.") and
                            any("GUFunc" in type(value).__name__ for value in vars(sys.modules[name]).values())}
        real = features.over_tracks
        def over_tracks(*args, **kwargs):
            before_work.append(compiled())
            return real(*args, **kwargs)
        before_work, features.over_tracks = [], over_tracks
        features.extract_features(pandas.read_csv(sys.argv[1], dtype=str), n_jobs=1)
        assert compiled() and before_work == [compiled()], (before_work, compiled())"""
    tracks.to_csv(tmp_path / "tracks.csv", index=False)
    subprocess.run([sys.executable, "-c", code, tmp_path / "tracks.csv"], cwd=ROOT, check=True)


def test_bad_files_are_skipped_with_their_reason(tracks, tmp_path):
    (tmp_path / "880.wav").write_text("no sound")
    tracks.loc[1, "path"] = str(tmp_path / "gone.wav")
    table = extract_features(tracks, n_jobs=1)
    assert table.index.tolist() == ["220"]
    reasons = {Path(entry["path"]).name: entry["reason"] for entry in table.attrs["skipped"]}
    assert set(reasons) == {"880.wav", "gone.wav"}
    assert "not audio" in reasons["880.wav"] and "vanished" in reasons["gone.wav"]


def test_a_finished_song_is_described_again_only_where_its_file_or_the_segments_change(tracks, tmp_path, monkeypatch):
    out, described, real = tmp_path / "out" / "features.parquet", [], features.describe_file

    def describe_file(path, *args, **kwargs):
        described.append(Path(path).stem)
        return real(path, *args, **kwargs)
    monkeypatch.setattr(features, "describe_file", describe_file)
    first = extract_features(tracks.head(2), out=out, n_jobs=1)
    with open(tmp_path / "out" / ".features.parquet.jsonl", "a") as journal:
        journal.write('\n{"key": "half a li')  # as a killed run leaves its last line
    both = extract_features(tracks, out=out, n_jobs=1)
    assert described == ["220", "440", "880"]
    pd.testing.assert_frame_equal(both.head(2), first)
    pd.testing.assert_frame_equal(pd.read_parquet(out), both, check_dtype=False, check_index_type=False)
    tone(tmp_path / "440.wav", 445, 4)
    again = extract_features(tracks, out=out, n_jobs=1)
    assert described == ["220", "440", "880", "440"] and again.loc["440", "seconds"] == 4
    extract_features(tracks, out=out, segment_seconds=2, n_jobs=1)
    assert len(described) == 7, "another length of segments gives another table"
    lines = (tmp_path / "out" / ".features.parquet.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["mark"][-1] == 2


def test_a_table_without_paths_is_refused():
    with pytest.raises(ValueError, match="no column 'path'"):
        extract_features(pd.DataFrame({"song": ["a"]}))


def test_a_table_with_no_usable_file_is_empty(tmp_path):
    table = extract_features(pd.DataFrame({"track_id": ["a"], "path": [str(tmp_path / "gone.mp3")]}), n_jobs=1)
    assert table.empty and table.attrs["skipped"][0]["reason"].startswith("vanished")


# ---- embeddings

def test_embeddings_have_one_row_a_song_and_a_bad_file_is_named(musicnn, tracks, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    tracks.loc[1, "path"] = str(tmp_path / "bad.wav")
    table = extract_embeddings(tracks)
    assert table.index.tolist() == ["220", "880"]
    assert [name for name in table if name.startswith("tag: ")] == tag_columns()
    assert table[tag_columns()].to_numpy().min() >= 0 and table[tag_columns()].to_numpy().max() <= 1
    assert [Path(entry["path"]).name for entry in table.attrs["skipped"]] == ["bad.wav"]


def test_two_processes_give_the_same_embeddings_as_one(musicnn, tracks, monkeypatch):
    one = extract_embeddings(tracks)
    monkeypatch.setattr(features, "FEWEST_IN_PARALLEL", 0)
    pd.testing.assert_frame_equal(one, extract_embeddings(tracks, n_jobs=2), atol=1e-4)


def test_embeddings_that_are_done_are_not_computed_again(musicnn, tracks, tmp_path, monkeypatch):
    tracks.loc[0, "path"] = tone(tmp_path / "long.wav", 330, 7)
    first = extract_embeddings(tracks, segment_seconds=3, out=tmp_path / "embeddings.parquet")
    assert first["segment"].tolist() == [0, 1, 0, 0]
    monkeypatch.setattr(pretrained, "hear", lambda y: pytest.fail("computed again"))
    again = extract_embeddings(tracks, segment_seconds=3, out=tmp_path / "embeddings.parquet")
    pd.testing.assert_frame_equal(again, first)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "embeddings.parquet"), first, check_dtype=False)


def test_an_unknown_model_is_refused(tracks):
    with pytest.raises(ValueError, match="vggish.*musicnn"):
        extract_embeddings(tracks, model="vggish")


@pytest.mark.parametrize("seconds", [0, -3, 2.5, float("nan")])
def test_segments_shorter_than_a_patch_are_refused(tracks, seconds):
    with pytest.raises(ValueError, match="3 seconds or more"):
        extract_embeddings(tracks, segment_seconds=seconds)


def test_a_file_that_changes_while_it_is_described_is_named_and_described_in_the_next_run(tmp_path, monkeypatch):
    paths = [write_song(tmp_path / f"{name}.wav") for name in "ab"]
    describe_file = features.describe_file

    def describe_and_change(source, *arguments, **more):
        described = describe_file(source, *arguments, **more)
        if source == paths[0]:
            write_song(tmp_path / "a.wav", seed=5)
        return described
    monkeypatch.setattr(features, "describe_file", describe_and_change)
    table = extract_features(track_table(paths), out=tmp_path / "f.parquet", n_jobs=1)
    assert table["path"].tolist() == paths[1:]
    assert [(entry["path"], "changed" in entry["reason"]) for entry in table.attrs["skipped"]] == [(paths[0], True)]
    monkeypatch.undo()
    assert len(extract_features(track_table(paths), out=tmp_path / "f.parquet", n_jobs=1)) == 2
