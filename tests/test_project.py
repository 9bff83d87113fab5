"""The house: what imports what, what the public functions tell, what make says."""

import ast
import doctest
import importlib
import inspect
import subprocess
import sys

import pytest
from conftest import ROOT

ORDER = ["sample_songs", "sample_charts", "song_names", "recipes", "instruments", "synthesis", "corpus", "tables", "data_sets",
         "prepare", "preprocessing", "associations", "explore", "pictures", "spotify", "collect", "decoding", "audio", "patterns",
         "descriptors", "features", "structure", "librosa_visuals", "portions", "batches", "textures", "networks", "saving",
         "targets", "classifiers", "models", "windows", "familiarity", "training", "evaluate", "nearness", "matching",
         "recommend", "influences", "explanations", "genre_maps", "starters", "song_cards", "labelling", "known_answers",
         "charts", "trends", "hits", "success"]
"""From the source of the data downwards: a module may import those before it."""


def imports(module):
    tree = ast.parse((ROOT / f"{module}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]


def test_every_module_has_its_place():
    assert sorted(path.stem for path in ROOT.glob("*.py")) == sorted(ORDER)


@pytest.mark.parametrize("module", ORDER)
def test_imports_point_up(module):
    assert set(imports(module)) & set(ORDER) <= set(ORDER[:ORDER.index(module)])


@pytest.mark.parametrize("module", ["explore", "audio", "models", "evaluate"])
def test_nothing_waits_for_heavy_libraries_that_it_may_not_need(module):
    code = f"import {module}, sys; print({{'tensorflow', 'keras', 'spotipy', 'librosa', 'pooch'}} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert out.strip() == "set()"


@pytest.mark.parametrize("module", ORDER)
def test_examples_in_docstrings_run(module):
    result = doctest.testmod(importlib.import_module(module))
    assert result.failed == 0


@pytest.mark.parametrize("module", ORDER)
def test_public_functions_are_documented(module):
    code = importlib.import_module(module)
    functions = [value for name, value in vars(code).items()
                 if inspect.isfunction(value) and value.__module__ == module and not name.startswith("_")]
    assert code.__doc__
    for function in functions:
        assert function.__doc__, f"{module}.{function.__name__} has no docstring"


def make(*arguments):
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True)


def test_make_alone_says_what_can_be_made():
    said = make().stdout
    for target in ("make run", "make run SOURCE=songs.csv", "make test", "make test-colab", "make notebooks", "make bench"):
        assert target in said


def test_make_says_what_is_missing(tmp_path):
    failed = make("run", "PYTHON=no-such-python", f"VENV={tmp_path}/venv", f"RUNS={tmp_path}/runs")
    assert failed.returncode and "install Python 3.11 or newer" in failed.stdout + failed.stderr
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\n[ \"$1\" = -V ] && echo Python 3.8.1 && exit 0\nexit 1\n")
    old.chmod(0o755)
    failed = make("run", f"PYTHON={old}", f"VENV={tmp_path}/venv", f"RUNS={tmp_path}/runs")
    assert failed.returncode and "Python 3.8.1: Python 3.11 or newer is needed" in failed.stdout + failed.stderr


def test_make_run_begins_with_nothing_and_reruns_only_what_changed(tmp_path):
    venv, runs = tmp_path / "venv", tmp_path / "runs"
    tools = {"papermill": 'echo "$3" >> "$(dirname "$0")/ran" && cp "$3" "$4"',
             "jupyter-nbconvert": 'touch "$5/$(basename "$6" .ipynb).html"', "python": 'touch "$2/index.html"'}
    (venv / "bin").mkdir(parents=True)
    for name, does in tools.items():
        (venv / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (venv / "bin" / name).chmod(0o755)
    (venv / "installed").touch()
    done = make("run", f"VENV={venv}", f"RUNS={runs}")
    assert done.returncode == 0 and (runs / "index.html").exists(), done.stdout + done.stderr
    ran = (venv / "bin" / "ran").read_text().split()
    assert sorted(ran) == sorted(f"notebooks/{one.name}" for one in ROOT.glob("notebooks/[0-9]*.ipynb"))
    assert ran.index("notebooks/05_make_spectrograms.ipynb") < ran.index("notebooks/06_train_models.ipynb")
    make("run", f"VENV={venv}", f"RUNS={runs}")
    assert (venv / "bin" / "ran").read_text().split() == ran
    make("run", f"VENV={venv}", f"RUNS={runs}", "CHARTS=hot100.csv")
    assert (venv / "bin" / "ran").read_text().split()[len(ran):] == ["notebooks/09_commercial_success.ipynb"]
    make("run", f"VENV={venv}", f"RUNS={runs}", "SOURCE=songs.csv")
    assert "notebooks/02_prepare_and_split.ipynb" in (venv / "bin" / "ran").read_text().split()[len(ran):]
    (venv / "bin" / "ran").unlink()
    (tmp_path / "music").mkdir()
    done = make("run", f"VENV={venv}", f"RUNS={tmp_path}/heard", f"SOURCE={tmp_path}/music")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted({*ran} - {*(venv / "bin" / "ran").read_text().split()}) == [
        "notebooks/03_explore_popularity.ipynb", "notebooks/09_commercial_success.ipynb"], "sound alone has no popularity"


def test_the_code_is_in_style():
    result = subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
