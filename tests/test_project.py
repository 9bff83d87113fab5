"""The house: what imports what, what the public functions tell, what make says."""

import ast
import doctest
import importlib
import inspect
import subprocess
import sys

import pytest
from conftest import ROOT

ROOTS = ["audio", "charts", "collect", "evaluation", "explore", "features", "influences", "librosa_visuals", "models", "prepare",
         "preprocessing", "recommend", "success", "training"]
LEVELS = {"synth": 0, "sources": 0, "signals": 1, "learning": 2, "analysis": 2, "prediction": 3}
"""A package imports only from packages of its own level or below, and never from a root module."""
PACKAGES = [*LEVELS, "starter_models"]
SCRIPTS = ["starter_models.make_starters"]
"""They are run, not imported."""


def module_name(path):
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


IN_PACKAGES = [path for name in PACKAGES for path in (ROOT / name).glob("*.py")]
FILES = {module_name(path): path for path in [*ROOT.glob("*.py"), *IN_PACKAGES]}
MODULES = sorted(set(FILES) - set(SCRIPTS))


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_the_root_holds_the_fourteen_modules_of_the_interface_and_no_other():
    assert sorted(path.stem for path in ROOT.glob("*.py")) == ROOTS


@pytest.mark.parametrize("package", LEVELS)
def test_packages_import_only_from_their_level_or_below_and_never_from_the_root(package):
    for path in (ROOT / package).glob("*.py"):
        tops = {name.split(".")[0] for name in imports(path)}
        assert not tops & {*ROOTS, "starter_models"}, path
        assert all(LEVELS[top] <= LEVELS[package] for top in tops & set(LEVELS)), path


def test_no_module_is_long():
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in FILES.items()}
    assert {name: length for name, length in lengths.items() if length > 500} == {}


@pytest.mark.parametrize("module", ["explore", "audio", "models", "evaluation"])
def test_nothing_waits_for_heavy_libraries_that_it_may_not_need(module):
    code = f"import {module}, sys; print({{'tensorflow', 'keras', 'spotipy', 'librosa', 'pooch'}} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert out.strip() == "set()"


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module):
    result = doctest.testmod(importlib.import_module(module))
    assert result.failed == 0


@pytest.mark.parametrize("module", MODULES)
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
