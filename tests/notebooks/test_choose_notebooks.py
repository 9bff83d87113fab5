"""What make runs for a source: the notebooks it has data for, their parameters, and the sources that are refused."""

import os
import subprocess
import sys

import choose_notebooks
import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml
from choose_notebooks import Contents, choose, choose_sample, look, main
from conftest import ROOT

ALL = {path.stem[:2] for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")}


def contents(**changes):
    whole = {"words": "mine: 9 songs", "sound": [], "heard": changes.get("sound", [])[:2], "popularity": True,
             "features": True, "n_songs": 9, "mark": "1"}
    return Contents(**whole | changes)


def numbers(names):
    return {name[:2] for name in names}


def write_songs(folder, n=3):
    """Sound files of two seconds, the second of them silent."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(n):
        soundfile.write(folder / f"Ann - song {number}.wav", np.full(32_000, (number - 1) / 10), 16_000)
    return folder


# ---- which notebooks

@pytest.mark.parametrize("changes, run", [
    ({}, {"02", "03", "09", "10"}),
    ({"features": False}, {"02", "03", "09"}),
    ({"popularity": False}, {"02", "03", "09", "10"}),
    ({"n_songs": 5}, {"02", "03", "09"}),
    ({"sound": ["a.mp3"], "popularity": False}, ALL - {"01", "03", "09"}),
    ({"sound": ["a.mp3"], "popularity": False, "n_songs": 1}, ALL - {"01", "03", "09", "10"}),
    ({"sound": ["a.mp3"], "heard": []}, ALL - {"00", "01", "04"}),
    ({"sound": ["a.mp3"]}, ALL - {"01"})])
def test_a_source_feeds_the_notebooks_that_it_has_data_for(changes, run):
    chosen, left_out = choose("mine", contents(**changes))
    assert numbers(chosen) == run and numbers(left_out) == ALL - run
    assert all(left_out.values())


def test_a_chart_takes_the_place_of_popularity():
    chosen, _ = choose("mine", contents(popularity=False, sound=["a.mp3"]), "hot100.csv")
    assert chosen["09_commercial_success"].parameters == {"CHARTS": "hot100.csv"}


def test_own_songs_are_shown_where_synthetic_ones_would_be():
    chosen, _ = choose("mine", contents(sound=["x/a.mp3", "b.mp3", "c.mp3"]))
    assert chosen["00_quickstart"].parameters == {"SONG": "x/a.mp3"}
    assert chosen["04_listen_and_look"].parameters == {"SONG": "x/a.mp3", "OTHER_SONG": "b.mp3"}
    assert chosen["04_listen_and_look"].runs_on == "a.mp3 and b.mp3"
    assert chosen["06_train_models"].parameters == {} and chosen["06_train_models"].runs_on == "mine: 9 songs"
    assert choose("mine", contents(sound=["a.mp3"]))[0]["04_listen_and_look"].parameters == {"SONG": "a.mp3"}


def test_the_sample_feeds_every_notebook():
    chosen, left_out = choose_sample()
    assert numbers(chosen) == ALL and not left_out
    assert all(page.runs_on for page in chosen.values())


# ---- reading a source

def test_a_folder_is_looked_at(tmp_path):
    folder = write_songs(tmp_path / "songs")
    (folder / "broken.mp3").write_text("no music")
    found = look(str(folder))
    assert found.words == f"{folder}: 3 songs by 1 artist (1 files could not be read)"
    assert len(found.sound) == found.n_songs == 3 and not found.popularity and not found.features
    assert [path[-5] for path in found.heard] == ["0", "2"], "the second is silent"


def test_only_sound_files_that_exist_count(tmp_path):
    there = write_songs(tmp_path, 1) / "Ann - song 0.wav"
    table = pd.DataFrame({"song": ["a", "b"], "path": [str(there), "gone.wav"], "popularity": [1, 2], "tempo": [9, 9]})
    table.to_csv(tmp_path / "songs.csv", index=False)
    found = look(str(tmp_path / "songs.csv"))
    assert found.sound == [str(there)] and found.popularity and found.features


def test_the_mark_changes_when_a_file_does(tmp_path):
    folder = write_songs(tmp_path / "songs")
    before = look(str(folder)).mark
    assert look(str(folder)).mark == before
    os.utime(next(folder.iterdir()), (1, 1))
    assert look(str(folder)).mark != before


@pytest.mark.parametrize("name, words", [
    ("nothing", "there is no file or folder"), ("empty", "no sound files"), ("broken", "none of the 1 sound files"),
    ("tidytuesdy", "Did you mean 'tidytuesday'")])
def test_a_source_that_cannot_be_read_is_refused(name, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("empty", "broken"):
        (tmp_path / folder).mkdir()
    (tmp_path / "broken" / "a.mp3").write_text("no music")
    with pytest.raises(SystemExit, match=words):
        main(name, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_chart_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="no such file"):
        main("sample", tmp_path / "runs", str(tmp_path / "hot100.csv"))


# ---- what is written

def parameters(runs, number):
    (file,) = (runs / ".parameters").glob(f"{number}*.yaml")
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def test_parameters_are_written_as_papermill_reads_them_whatever_names_hold(tmp_path):
    folder = write_songs(tmp_path / "my \"songs\": #1 $x é")
    main(str(folder), tmp_path / "runs")
    assert parameters(tmp_path / "runs", "02") == {"OUT_DIR": str(tmp_path / "runs"), "SOURCE": str(folder)}
    assert parameters(tmp_path / "runs", "00")["SONG"] == str(folder / "Ann - song 0.wav")
    assert "03_explore_popularity: " in (tmp_path / "runs" / ".left_out").read_text()
    assert str(folder) in (tmp_path / "runs" / ".source").read_text(encoding="utf-8")


def test_what_has_not_changed_is_not_written_again_and_what_is_not_chosen_goes(tmp_path):
    main("sample", tmp_path)
    files = sorted((tmp_path / ".parameters").iterdir())
    before = [file.stat().st_mtime_ns for file in files]
    main("sample", tmp_path)
    assert [file.stat().st_mtime_ns for file in files] == before
    assert (tmp_path / ".source").read_text() == "sample\n" and (tmp_path / ".left_out").read_text() == ""
    main(str(write_songs(tmp_path / "songs")), tmp_path)
    assert not (tmp_path / ".parameters" / "03_explore_popularity.yaml").exists()


def test_the_script_says_what_is_not_run_and_why(tmp_path):
    script = ROOT / "notebooks" / "choose_notebooks.py"
    (tmp_path / "songs.csv").write_text("song,artist\n" + "\n".join(f"s{n},a{n}" for n in range(9)))
    done = subprocess.run([sys.executable, script, tmp_path / "songs.csv", tmp_path / "runs"], capture_output=True,
                          text=True)
    assert "9 songs by 9 artists" in done.stdout and "not run: 00, 04, 05, 06, 07, 08, because sound" in done.stdout
    failed = subprocess.run([sys.executable, script, "nothing", tmp_path / "runs"], capture_output=True, text=True)
    assert failed.returncode == 1 and "SOURCE=nothing cannot be used: no songs found" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_parameters_are_one_line_each(tmp_path):
    main("sample", tmp_path)
    for name in choose_notebooks.NAMES:
        for line in (tmp_path / ".parameters" / f"{name}.yaml").read_text().splitlines()[2:]:
            key, value = line.split(": ", 1)
            assert key.isupper() and isinstance(yaml.safe_load(value), str)


def test_a_name_in_any_script_reaches_papermill_as_it_is(tmp_path):
    (tmp_path / "Bob's songs é 🎵").mkdir()
    name = str(tmp_path / "Bob's songs é 🎵")
    choose_notebooks.write(tmp_path, {"02_x": choose_notebooks.Page({"SOURCE": name}, "songs")}, {}, "songs",
                           {"SOURCE": "1"})
    written = yaml.safe_load((tmp_path / ".parameters" / "02_x.yaml").read_text(encoding="utf-8"))
    assert written == {"OUT_DIR": str(tmp_path), "SOURCE": name}
