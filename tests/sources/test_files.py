"""Safe names, files that are written completely or not at all, and the journal that resumes a run."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from sources import files
from sources.files import (
    RESERVED,
    Journal,
    WriteError,
    atomic_folder,
    atomic_path,
    one_at_a_time,
    safe_name,
    write_table,
    write_text,
)
from sources.table_files import read_table

SONGS = pd.DataFrame({"artist": ["Björk", "Sigur Rós, Amiina", None], "song": ["Jóga", 'Say "Hoppípolla"', "None"],
                      "popularity": [66, 58, 12], "loudness": [-9.5, -7.25, -11.0]})


# ---- names

texts = st.one_of(st.text(), st.text(alphabet=" ._/\\:con1"),
                  st.tuples(st.sampled_from(sorted(RESERVED)), st.text(alphabet=" .x", max_size=80)).map("".join))


@given(texts, st.integers(5, 100))
def test_a_safe_name_is_accepted_by_every_system(text, longest):
    name = safe_name(text, longest)
    assert 1 <= len(name.encode("utf-8")) <= longest
    assert not set(name) & set('/\\:*?"<>|\0') and name.isprintable()
    assert name == name.strip(" ."), "Windows drops blanks and dots at the end; a dot at the beginning hides a file"
    assert name.split(".")[0].strip().casefold() not in RESERVED


@given(texts)
def test_a_safe_name_is_its_own_safe_name(text):
    assert safe_name(safe_name(text)) == safe_name(text)


@given(st.text(alphabet="abcdefghij ()-&'", min_size=1, max_size=60).filter(lambda text: text == text.strip()))
def test_an_ordinary_title_keeps_its_name(title):
    assert safe_name(title) == title


@pytest.mark.parametrize("text", ["CON", "con.txt", "con .txt", "LPT1.a.b", "nul" + "." + "x" * 80, "con."])
def test_a_name_of_a_windows_device_gets_an_underscore(text):
    name = safe_name(text)
    assert name.partition(".")[0] == text.partition(".")[0].strip() + "_" and len(name) <= 60


def test_a_safe_name_can_be_written(tmp_path):
    for text in ("../up", "ÿ" * 300, "日本語" * 50, "a/b\\c", "\ud800", "tab\tand\nline"):
        write_text(tmp_path / safe_name(text), "x")
    assert len(os.listdir(tmp_path)) == 6


# ---- one file

def test_a_file_appears_only_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "folder" / "a.txt"
    with atomic_path(path) as temporary:
        temporary.write_text("half")
        assert not path.exists() and temporary.name.startswith(".") and temporary.parent == path.parent
        temporary.write_text("all of it")
    assert path.read_text() == "all of it" and os.listdir(path.parent) == ["a.txt"]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = write_text(tmp_path / "a.txt", "old")
    with pytest.raises(OSError, match="disk is full"), atomic_path(path) as temporary:
        temporary.write_text("ne")
        raise OSError("the disk is full")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.txt"]


def test_a_failed_write_of_a_new_file_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic_path(tmp_path / "a.txt") as temporary:
        temporary.write_text("ne")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_two_threads_can_write_the_same_file(tmp_path):
    path, both = tmp_path / "a.txt", threading.Barrier(2, timeout=10)

    def write(text):
        with atomic_path(path) as temporary:
            both.wait()
            temporary.write_text(text)
            both.wait()  # both temporary files are there
    threads = [threading.Thread(target=write, args=[letter * 1000]) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in ("a" * 1000, "b" * 1000) and os.listdir(tmp_path) == ["a.txt"]


def test_text_is_written_in_utf_8(tmp_path):
    assert write_text(str(tmp_path / "a.txt"), "Jóga ♯").read_bytes() == "Jóga ♯".encode()


# ---- a folder

def write_folder(folder, *names):
    with atomic_folder(folder) as temporary:
        for name in names:
            (temporary / name).write_text(name)


def test_a_folder_replaces_the_older_one(tmp_path):
    write_folder(tmp_path / "new" / "model", "a", "b")
    assert sorted(os.listdir(tmp_path / "new" / "model")) == ["a", "b"]
    write_folder(tmp_path / "new" / "model", "c")
    assert os.listdir(tmp_path / "new" / "model") == ["c"] and os.listdir(tmp_path / "new") == ["model"]


def test_a_failed_folder_leaves_the_old_one(tmp_path):
    write_folder(tmp_path / "model", "a")
    with pytest.raises(ValueError, match="no"), atomic_folder(tmp_path / "model") as temporary:
        (temporary / "b").write_text("b")
        raise ValueError("no")
    assert os.listdir(tmp_path) == ["model"] and os.listdir(tmp_path / "model") == ["a"]


# ---- tables

def assert_same_cells(read, frame=SONGS):
    """The same columns and cells, whatever stands for a missing one."""
    assert read.columns.tolist() == frame.columns.tolist()
    cells, expected = (df.astype(object).where(df.notna(), None).values.tolist() for df in (read, frame))
    assert cells == expected


@pytest.mark.parametrize("name", ["songs.csv", "songs.parquet"])
def test_a_written_table_can_be_read_again(tmp_path, name):
    path = write_table(SONGS, tmp_path / "new" / name)
    assert_same_cells(read_table(path))
    assert os.stat(path).st_mode & 0o444 == 0o444


def test_an_index_is_written_to_csv_only_if_it_has_a_name(tmp_path):
    named = SONGS.rename_axis("track_id")
    assert write_table(SONGS, tmp_path / "a.csv").read_text().startswith("artist,")
    assert write_table(named, tmp_path / "b.csv").read_text().startswith("track_id,artist,")


def test_a_failed_write_of_a_table_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = write_table(SONGS, tmp_path / "songs.csv")
    before = path.read_bytes()

    def fail(self, file, **kwargs):
        with open(file, "w") as out:
            out.write("half of a")
        raise OSError("the disk is full")
    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    with pytest.raises(OSError, match="disk is full"):
        write_table(SONGS.head(1), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["songs.csv"]


# ---- cells that a spreadsheet would run

@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "-", "- a song",
                                  "+/-", "\r=x", " =1"])
def test_a_text_that_a_spreadsheet_would_run_is_made_safe_and_read_as_it_was(tmp_path, text):
    table = pd.DataFrame({"song": [text, "So What"], "artist": ["'Til Tuesday", "'=x"], "loudness": [-9.5, -7.0]})
    path = write_table(table, tmp_path / "songs.csv")
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert raw["song"][0].startswith("'") and raw["loudness"].tolist() == ["-9.5", "-7.0"]
    assert raw["artist"][0] == "'Til Tuesday"
    if text.strip() == text:
        assert read_table(path)["song"].tolist() == table["song"].tolist()
    indexed = write_table(table.rename(columns={"artist": "=x"}).set_index("song"), tmp_path / "indexed.csv")
    cells = pd.read_csv(indexed, header=None, dtype=str).stack()
    assert not cells.str.match(r"\s*[=@]").any() and "'=x" in set(cells)


def test_numbers_as_text_and_categories_stay_and_become_safe(tmp_path):
    table = pd.DataFrame({"song": ["-9.5", "+3", "-1,5"], "genre": pd.Categorical(["=a", "b", None])})
    raw = pd.read_csv(write_table(table, tmp_path / "songs.csv"), dtype=str)
    assert raw["song"].tolist() == ["-9.5", "+3", "-1,5"] and raw["genre"].tolist()[:2] == ["'=a", "b"]


# ---- the journal

def test_a_journal_is_there_again_when_it_is_reopened(tmp_path):
    journal = Journal(tmp_path / "new" / "done.jsonl")
    assert list(journal) == [] and not journal.path.exists()
    journal.add("a", [1, "x"], {"tempo": 120.5, "name": "Jóga\n"})
    journal.add("b", {"plan": None}, [])
    for opened in (journal, Journal(journal.path)):
        assert opened.get("a", [1, "x"]) == {"tempo": 120.5, "name": "Jóga\n"} and opened.get("b", {"plan": None}) == []
        assert list(opened) == ["a", "b"]


def test_a_result_with_another_mark_is_not_given():
    journal = Journal(None)
    journal.add("a", [1], "result")
    assert journal.get("a", [1]) == "result"
    assert journal.get("a", [2]) is None and journal.get("a", None) is None and journal.get("b", [1]) is None


def test_a_later_result_takes_the_place_of_an_earlier_one(tmp_path):
    journal = Journal(tmp_path / "done.jsonl")
    journal.add("a", [1], "first")
    journal.add("a", [2], "second")
    for opened in (journal, Journal(journal.path)):
        assert opened.get("a", [1]) is None and opened.get("a", [2]) == "second" and list(opened) == ["a"]


@pytest.mark.parametrize("cut", range(1, 12))
def test_an_unfinished_last_line_is_ignored_and_the_next_one_is_read(tmp_path, cut):
    journal = Journal(tmp_path / "done.jsonl")
    journal.add("a", [1], "first")
    journal.add("b", [1], "second")
    journal.path.write_bytes(journal.path.read_bytes()[:-cut])
    journal = Journal(journal.path)
    assert journal.get("a", [1]) == "first" and journal.get("b", [1]) is None
    journal.add("c", [1], "third")
    assert list(Journal(journal.path)) == ["a", "c"]


def test_lines_that_are_no_entries_are_ignored(tmp_path):
    path = write_text(tmp_path / "done.jsonl", '[]\n3\n{"no": "key"}\nnot JSON\n{"key": "a", "mark": 1, "rows": 2}\n')
    assert list(Journal(path)) == ["a"]


@given(st.dictionaries(st.text(max_size=4), st.tuples(st.lists(st.integers()), st.text()), max_size=6))
def test_any_entries_are_read_as_they_were_written(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("journal") / "done.jsonl"
    journal = Journal(path)
    for key, (mark, result) in entries.items():
        journal.add(key, mark, result)
    opened = Journal(path)
    assert list(opened) == list(entries)
    assert all(opened.get(key, mark) == result for key, (mark, result) in entries.items())


def test_numpy_numbers_are_kept_as_numbers(tmp_path):
    Journal(tmp_path / "done.jsonl").add("a", [1], {"share": pd.Series([.5], dtype="float32")[0]})
    assert Journal(tmp_path / "done.jsonl").get("a", [1]) == {"share": .5}


def test_the_journal_of_a_file_is_hidden_in_its_folder(tmp_path):
    assert Journal.beside(tmp_path / "out.csv").path == tmp_path / ".out.csv.jsonl"
    assert Journal.beside("out.csv").path == Path(".out.csv.jsonl")


def test_a_journal_without_a_file_is_kept_in_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    journal = Journal.beside(None)
    journal.add("a", [1], "result")
    assert journal.path is None and journal.get("a", [1]) == "result" and os.listdir(tmp_path) == []


@pytest.mark.parametrize("line", [b'{"key": "a"}', b'{"key": ["a"], "mark": 1, "rows": 2}', b"\xff\xfe\x00",
                                  b"[" * 10 ** 5, b'{"key": "b", "mark": 1, "rows": 2}x'])
def test_damaged_lines_cost_only_themselves(tmp_path, line):
    path = tmp_path / "done.jsonl"
    path.write_bytes(b'{"key": "x", "mark": 1, "rows": 2}\n' + line + b'\n{"key": "y", "mark": 1, "rows": 2}')
    journal = Journal(path)
    assert list(journal) == ["x", "y"] and journal.get("y", 1) == 2


# ---- taking turns

WRITER = """
import sys, time
from pathlib import Path
from sources.files import Journal, one_at_a_time
out, name = Path(sys.argv[1]), sys.argv[2]
with one_at_a_time(out):
    Path(f"{out}.{name}.began").touch()
    journal = Journal.beside(out)
    for number in range(40):
        journal.add(f"{name} {number}", [1], {"text": name * 9000})
"""


def test_two_runs_that_write_to_one_place_take_turns_and_lose_nothing(tmp_path):
    processes = [subprocess.Popen([sys.executable, "-c", WRITER, tmp_path / "out.csv", name], cwd=ROOT,
                                  stdout=subprocess.PIPE, text=True) for name in "abc"]
    said = [process.communicate()[0] for process in processes]
    assert not any(process.returncode for process in processes)
    keys = list(Journal.beside(tmp_path / "out.csv"))
    assert sorted(keys) == sorted(f"{name} {number}" for name in "abc" for number in range(40))
    turns = [key[0] for key in keys]
    assert sum(first != second for first, second in zip(turns, turns[1:])) == 2, "one after the other"
    assert sum("another run writes to" in text for text in said) <= 2
    assert not list(tmp_path.glob(".*.lock"))


def test_lines_that_two_processes_write_at_once_are_whole(tmp_path):
    code = WRITER.replace("with one_at_a_time(out):", "if True:")
    processes = [subprocess.Popen([sys.executable, "-c", code, tmp_path / "out.csv", name], cwd=ROOT) for name in "ab"]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(list(Journal.beside(tmp_path / "out.csv"))) == 80


def test_the_lock_of_a_killed_run_is_free(tmp_path):
    code = ("import os, sys\nfrom sources.files import one_at_a_time\n"
            "with one_at_a_time(sys.argv[1]):\n    os._exit(9)")
    assert subprocess.run([sys.executable, "-c", code, tmp_path / "out"], cwd=ROOT).returncode == 9
    assert (tmp_path / ".out.lock").exists()
    with one_at_a_time(tmp_path / "out"):
        pass
    assert os.listdir(tmp_path) == []


def test_without_locks_a_run_goes_on(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "no locks")
    monkeypatch.setattr(files.fcntl, "flock", refuse)
    with one_at_a_time(tmp_path / "out"), one_at_a_time(None):
        pass
    monkeypatch.setattr(files, "fcntl", None)
    with one_at_a_time(tmp_path / "out"), one_at_a_time(tmp_path / "out"):
        pass


def test_a_folder_that_cannot_be_moved_into_place_leaves_the_one_before(tmp_path, monkeypatch):
    with atomic_folder(tmp_path / "model") as temporary:
        write_text(temporary / "a.txt", "first")
    replace = os.replace

    def fail(source, target):
        if ".part" in str(source) and "a.txt" not in str(source):
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)
    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(WriteError, match="model cannot be written: the disk is full"), \
            atomic_folder(tmp_path / "model") as temporary:
        (temporary / "a.txt").write_text("second")
    assert os.listdir(tmp_path) == ["model"] and (tmp_path / "model" / "a.txt").read_text() == "first"


# ---- errors of the disk

@pytest.mark.parametrize(("number", "reason"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only"),
                                                (errno.EDQUOT, "share of the disk")])
def test_an_error_of_the_disk_says_what_cannot_be_written_and_why(tmp_path, number, reason):
    path = write_text(tmp_path / "a.txt", "before")
    with pytest.raises(WriteError, match=f"a.txt cannot be written: .*{reason}.*kept") as error, \
            atomic_path(path) as temporary:
        temporary.write_text("half")
        raise OSError(number, os.strerror(number))
    assert error.value.errno == number and path.read_text() == "before" and os.listdir(tmp_path) == ["a.txt"]


def test_a_file_where_a_folder_should_be_and_a_folder_that_was_removed_are_named(tmp_path):
    write_text(tmp_path / "a", "a file")
    with pytest.raises(WriteError, match="a file is where its folder should be"):
        write_text(tmp_path / "a" / "b.txt", "x")
    with pytest.raises(WriteError, match="its folder was removed"), atomic_path(tmp_path / "b" / "c.txt") as temporary:
        shutil.rmtree(tmp_path / "b")
        temporary.write_text("x")
    with pytest.raises(WriteError, match="its name is too long"):
        write_text(tmp_path / ("x" * 300), "x")


def test_an_error_of_another_file_is_raised_as_it_is(tmp_path):
    with pytest.raises(FileNotFoundError, match="other"), atomic_path(tmp_path / "a.txt"):
        (tmp_path / "other").read_text()
