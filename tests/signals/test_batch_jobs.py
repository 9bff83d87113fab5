"""Work for many songs: every song gives a result or a reason."""

import os
import signal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.batch_jobs import file_mark, over_tracks, tracks_with_sound
from signals.decoding import AudioError, RunError

CELLS = st.one_of(st.none(), st.sampled_from(["a.mp3", "b.mp3", "c d.wav"]))


def half(row):
    """Half of an even number; odd numbers are errors of several kinds."""
    if row.number == 1:
        raise AudioError("silent")
    if row.number == 3:
        raise KeyError("three")
    return row.number // 2


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_every_track_gives_a_result_or_a_reason(n_jobs):
    results = dict(over_tracks(half, pd.DataFrame({"number": range(6)}), n_jobs=n_jobs))
    assert sorted(results) == list(range(6))
    assert (results[0], results[2], results[4], results[5]) == (0, 1, 2, 2)
    assert isinstance(results[1], AudioError) and str(results[1]) == "silent"
    assert isinstance(results[3], AudioError) and "KeyError: 'three'" in str(results[3])


@pytest.mark.parametrize(("error", "reason"), [
    (TypeError("samplerate"), "TypeError: samplerate"), (MemoryError(), "more memory than there is"),
    (RecursionError("deep"), "RecursionError"), (AudioError("silent"), "^silent$")])
def test_any_error_of_a_song_costs_that_song_alone(error, reason):
    def work(row):
        if row.number == 1:
            raise error
        return row.number
    results = dict(over_tracks(work, pd.DataFrame({"number": range(3)}), n_jobs=1))
    assert (results[0], results[2]) == (0, 2)
    with pytest.raises(AudioError, match=reason):
        raise results[1]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RunError("no model")])
def test_an_error_that_every_song_would_have_stops_the_run(error):
    def fail(row):
        raise error
    with pytest.raises(type(error), match=str(error).split("]")[-1]):
        list(over_tracks(fail, pd.DataFrame({"number": [1]}), n_jobs=1))


def end_the_process(row):
    """As a fault in a decoder does, which is no exception."""
    if row.number in (2, 11):
        os.kill(os.getpid(), signal.SIGSEGV)
    return row.number


def test_a_song_that_ends_its_process_costs_that_song_alone():
    results = dict(over_tracks(end_the_process, pd.DataFrame({"number": range(30)}), n_jobs=2))
    assert sorted(results) == list(range(30))
    lost = {number: str(result) for number, result in results.items() if result != number}
    assert sorted(lost) == [2, 11] and all("ends the program that reads it" in reason for reason in lost.values())


def test_no_tracks_give_no_results():
    assert list(over_tracks(half, pd.DataFrame({"number": []}), n_jobs=1)) == []


@given(st.lists(st.tuples(st.integers(0, 3), CELLS), max_size=8))
def test_tracks_with_sound_have_a_path_and_are_listed_once(rows):
    tracks = pd.DataFrame(rows, columns=["track_id", "path"]).astype({"path": object})
    table = tracks_with_sound(tracks)
    assert list(table) == ["track_id", "source", "genre", "artist", "song"]
    expected = list(dict.fromkeys((str(number), path) for number, path in rows if path is not None))
    assert list(zip(table["track_id"], table["source"])) == expected
    assert table.index.tolist() == list(range(len(table)))


def test_the_index_is_the_id_where_there_is_no_column():
    tracks = pd.DataFrame({"path": ["a.mp3"], "genre": ["jazz"]}, index=pd.Index(["x1"], name="track_id"))
    table = tracks_with_sound(tracks)
    assert table[["track_id", "source", "genre"]].values.tolist() == [["x1", "a.mp3", "jazz"]]
    assert table["artist"].isna().all()


def test_a_table_without_paths_is_refused():
    with pytest.raises(ValueError, match="no column 'path'"):
        tracks_with_sound(pd.DataFrame({"song": ["So What"]}))


def test_a_files_mark_changes_with_the_file_and_the_settings(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"123")
    os.utime(path, ns=(1, 1))
    mark = file_mark(path, 30)
    assert mark == file_mark(path, 30) and mark[:2] == [3, 1] and mark[-1] == 30 and mark != file_mark(path, 60)
    os.utime(path, ns=(2, 2))
    assert file_mark(path, 30) != mark
    path.write_bytes(b"456")
    os.utime(path, ns=(1, 1))
    assert file_mark(path, 30) != mark, "another content of the same size and time"
    assert file_mark(tmp_path / "gone.wav", 30) is None and file_mark("a\0b", 30) is None
