"""The structure of the project: what imports what, where tests are, what is documented, what `make` prints and runs."""

import ast
import collections
import doctest
import importlib
import importlib.metadata
import inspect
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import ROOT
from packaging.requirements import Requirement

ROOTS = ["audio", "charts", "collect", "evaluation", "explore", "features", "influences", "librosa_visuals", "models",
         "prepare", "preprocessing", "recommend", "success", "training"]
LEVELS = {"synth": 0, "sources": 0, "signals": 1, "learning": 2, "analysis": 2, "prediction": 3}
"""A package imports only from packages of its own level or below, and never from a root module."""
PACKAGES = [*LEVELS, "starter_models"]
SCRIPTS = ["starter_models.make_music", "starter_models.make_starters"]
"""They are run, not imported."""
REPORT_NAMES = {
    "prepare": ["load_Data", "handle_nulls", "prepare_df", "change_dtypes"],
    "preprocessing": ["spotify_split", "scale_data", "create_features"],
    "explore": ["param_viz", "corr_heatmap", "catplot_viz"],
    "librosa_visuals": ["visualize_Chromagram_y_Spectrogram"]}
"""The functions that the report names, as it spells them."""
INSTALLED_BY_USERS = {"tables", "evaluate", "datasets", "transformers", "tokenizers", "spotify", "essentia", "madmom",
                      "mirdata", "musicnn", "fma", "umap", "hdbscan", "shap", "torch", "torchaudio", "tests"}
"""Packages that users may have, whether or not they are installed here. Our files `tables` and `evaluate` hid two."""
NOT_OF_ONE_MODULE = ["test_notebooks.py", "test_project.py"]
"""Test files that check more than one module."""


def module_name(path):
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


IN_PACKAGES = [path for name in PACKAGES for path in (ROOT / name).glob("*.py")]
FILES = {module_name(path): path for path in [*ROOT.glob("*.py"), *IN_PACKAGES]}
MODULES = sorted(set(FILES) - set(SCRIPTS))
NOTEBOOK_SCRIPTS = sorted((ROOT / "notebooks" / "scripts").glob("*.py"))
BENCHMARKS = sorted((ROOT / "tests" / "benchmarks").glob("*.py"))
TEST_FILES = sorted((ROOT / "tests").rglob("test_*.py"))


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imported_modules(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


# ---- layout

def test_the_root_holds_the_fourteen_modules_of_the_interface_and_no_other():
    assert sorted(path.stem for path in ROOT.glob("*.py")) == ROOTS


@pytest.mark.parametrize("package", LEVELS)
def test_a_package_imports_only_from_its_level_or_below_and_never_from_the_root(package):
    for path in (ROOT / package).glob("*.py"):
        tops = {name.split(".")[0] for name in imported_modules(path)}
        assert not tops & {*ROOTS, "starter_models"}, path
        assert all(LEVELS[top] <= LEVELS[package] for top in tops & set(LEVELS)), path


@pytest.mark.parametrize("path", NOTEBOOK_SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_imports_only_the_interface_the_synthesiser_and_the_starter_models(path):
    tops = {name.split(".")[0] for name in imported_modules(path)}
    assert tops & set(PACKAGES) <= {"synth", "starter_models"}


def test_no_module_is_longer_than_500_lines():
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in FILES.items()}
    assert {name: length for name, length in lengths.items() if length > 500} == {}


def private_names_of_other_modules(path):
    """The private names that a file imports from modules of the project, or reads from them, as `module._name`."""
    modules = {}  # the name that a module has in this file: the module
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in FILES}
        elif isinstance(node, ast.ImportFrom) and node.module in FILES:
            yield from (f"{node.module}.{alias.name}" for alias in node.names if is_private(alias.name))
            parts = {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            modules |= {name: module for name, module in parts.items() if module in FILES}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and ast.unparse(node.value) in modules:
            yield f"{modules[ast.unparse(node.value)]}.{node.attr}"


def is_private(name):
    return name.startswith("_") and not name.endswith("__")


@pytest.mark.parametrize("path", [*FILES.values(), *BENCHMARKS, *NOTEBOOK_SCRIPTS],
                         ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_uses_the_private_names_of_another_module(path):
    assert list(private_names_of_other_modules(path)) == []


def test_private_names_are_found_however_they_are_written(tmp_path):
    file = tmp_path / "file.py"
    file.write_text("import audio as sound, signals.decoding\nfrom signals import structure\n"
                    "from prepare import _a, load_Data\nsound._b(); signals.decoding._c; structure._d; "
                    "sound.SAMPLE_RATE, load_Data.__doc__, other._e\n")
    found = sorted(private_names_of_other_modules(file))
    assert found == ["audio._b", "prepare._a", "signals.decoding._c", "signals.structure._d"]


# ---- tests

def has_code(path):
    return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree(path).body)


def name_of_test_file(module):
    """The path of a module's test file, below `tests`."""
    if module == "starter_models":
        return "starter_models/test_load_starter.py"
    *folders, name = module.split(".")
    return "/".join([*folders, f"test_{name}.py"])


def test_every_module_has_a_test_file_of_its_name_in_the_same_folder_of_the_tests():
    with_code = {name for name in MODULES if has_code(FILES[name])}
    missing = {name for name in with_code if not (ROOT / "tests" / name_of_test_file(name)).exists()}
    assert missing == set()


def test_every_test_file_has_the_name_of_a_module():
    expected = {name_of_test_file(name) for name in FILES} | set(NOT_OF_ONE_MODULE)
    expected |= {f"notebooks/test_{path.stem}.py" for path in (ROOT / "notebooks").glob("*.py")}
    assert {str(path.relative_to(ROOT / "tests")) for path in TEST_FILES} - expected == set()


def test_no_two_test_files_have_the_same_name():
    names = collections.Counter(path.name for path in (ROOT / "tests").rglob("*.py"))
    assert [name for name, count in names.items() if count > 1] == []


# ---- names

def test_no_file_hides_a_package_that_users_install():
    ours = {name.split(".")[0] for name in FILES}
    assert not ours & INSTALLED_BY_USERS
    assert not ours & set(importlib.metadata.packages_distributions())
    assert not ours & sys.stdlib_module_names


def test_pandas_finds_pytables_beside_the_project(tmp_path):
    if "tables" not in importlib.metadata.packages_distributions():
        pytest.skip("PyTables is not installed")
    importlib.import_module("prepare")
    songs = pd.DataFrame({"song": ["So What"], "tempo": [136.0]})
    songs.to_hdf(tmp_path / "songs.h5", key="songs")
    pd.testing.assert_frame_equal(pd.read_hdf(tmp_path / "songs.h5", "songs"), songs)


@pytest.mark.parametrize("module, name", [(module, name) for module, names in REPORT_NAMES.items() for name in names])
def test_the_names_of_the_report_can_be_imported_as_it_writes_them(module, name):
    assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize("module", ["explore", "audio", "models", "evaluation"])
def test_importing_a_module_does_not_load_heavy_libraries_that_it_may_not_need(module):
    code = f"import {module}, sys; print({{'tensorflow', 'keras', 'spotipy', 'librosa', 'pooch'}} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"


@pytest.mark.parametrize("file", ["requirements.txt", "tests/requirements.txt"])
def test_every_line_of_the_requirements_is_a_requirement_that_pip_takes_as_an_argument(file):
    """The first cell of the notebooks gives pip the lines of the packages that are missing."""
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        assert line.startswith("#") or Requirement(line)


# ---- documentation

@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module):
    result = doctest.testmod(importlib.import_module(module))
    assert result.failed == 0


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_their_public_functions_are_documented(module):
    code = importlib.import_module(module)
    functions = [value for name, value in vars(code).items()
                 if inspect.isfunction(value) and value.__module__ == module and not name.startswith("_")]
    assert code.__doc__
    for function in functions:
        assert function.__doc__, f"{module}.{function.__name__} has no docstring"


# ---- make

FAKE_TOOLS = {
    "papermill": 'cd "$(dirname "$0")" && echo "$3" >> executed && case "$3" in *$(cat stops)*) echo "Error: no" >&2; '
                 'exit 1;; esac; touch "$4"',
    "python": f'case $1 in *choose_notebooks*) exec "{sys.executable}" "$@";; '
              '*make_pages*) touch "${2%.ipynb}.html";; *) touch "$2/index.html";; esac'}
"""Shell scripts in place of the tools that `make run` calls; they write down what they are called for."""


def make(*arguments):
    """Call make without the settings of a make that runs these tests."""
    settings = {"MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "PYTHON", "VENV", "SOURCE", "RUNS", "CHARTS", "CONSTRAINTS",
                "JOBS"}
    environment = {name: value for name, value in os.environ.items() if name not in settings}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.fixture
def make_run(tmp_path):
    """A function that calls `make run` with fake tools; returns the numbers of the notebooks in the order of their
    runs, and what make printed. A notebook whose name holds `stops` fails."""
    tools = tmp_path / "venv" / "bin"
    tools.mkdir(parents=True)
    (tools.parent / "installed").touch()
    for name, script in FAKE_TOOLS.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)

    def run(*arguments, stops="none"):
        (tools / "executed").write_text("")
        (tools / "stops").write_text(stops)
        done = make("run", f"VENV={tools.parent}", f"RUNS={tmp_path / 'runs'}", *arguments)
        assert (done.returncode == 0) == (stops == "none"), done.stdout + done.stderr
        assert (tmp_path / "runs" / "index.html").exists()
        executed = [line.removeprefix("notebooks/")[:2] for line in (tools / "executed").read_text().split()]
        return executed, done.stdout + done.stderr

    return run


ALL_NOTEBOOKS = [path.name[:2] for path in sorted(ROOT.glob("notebooks/[0-9]*.ipynb"))]


def test_make_alone_lists_the_targets():
    printed = make().stdout
    for target in ("run", "run SOURCE=songs.csv", "test", "test-colab", "bench", "lint", "covers", "notebooks",
                   "clean"):
        assert f"make {target} " in printed


def test_make_explains_that_python_is_missing_or_too_old(tmp_path):
    places = f"VENV={tmp_path}/venv", f"RUNS={tmp_path}/runs"
    failed = make("run", "PYTHON=no-such-python", *places)
    assert failed.returncode and "install Python 3.11 or newer" in failed.stdout + failed.stderr
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\n[ \"$1\" = -V ] && echo Python 3.8.1 && exit 0\nexit 1\n")
    old.chmod(0o755)
    failed = make("run", f"PYTHON={old}", *places)
    assert failed.returncode and "Python 3.8.1: Python 3.11 or newer is needed" in failed.stdout + failed.stderr


def test_make_run_executes_every_notebook_after_the_one_whose_results_it_reads(make_run):
    executed, _ = make_run()
    assert sorted(executed) == ALL_NOTEBOOKS
    for first, second in ("23", "29", "56", "67", "68"):
        assert executed.index(f"0{first}") < executed.index(f"0{second}")
    assert executed.index("05") < executed.index("10")


def test_make_run_executes_again_only_what_has_changed(make_run, tmp_path):
    songs, charts = tmp_path / "songs.csv", tmp_path / "hot100.csv"
    songs.write_text("song\nSo What\n")
    charts.write_text("song\n")
    make_run()
    assert make_run()[0] == []
    assert make_run(f"CHARTS={charts}")[0] == ["09"]
    assert "02" in make_run(f"SOURCE={songs}")[0]
    assert make_run(f"SOURCE={songs}")[0] == []
    songs.write_text("song\nSo What\nBlue in Green\n")
    assert "02" in make_run(f"SOURCE={songs}")[0]


def test_make_run_runs_what_a_source_has_data_for_and_says_what_it_does_not(make_run, tmp_path):
    folder = tmp_path / "my sample music"
    folder.mkdir()
    soundfile.write(folder / "Ann - Hey.wav", np.full(32_000, .1), 16_000)
    executed, said = make_run(f"SOURCE={folder}")
    assert set(ALL_NOTEBOOKS) - set(executed) == {"01", "03", "09", "10"} and "not run: 10, because 6 songs" in said
    (tmp_path / "songs.csv").write_text("song,popularity,energy,tempo\n"
                                        + "\n".join(f"s{n},{n},.{n},{90 + n}" for n in range(9)))
    executed, _ = make_run(f"SOURCE={tmp_path}/songs.csv")
    assert set(executed) == {"02", "03", "09", "10"}, "05 is not run for 10"


def test_a_notebook_that_stops_does_not_stop_the_others(make_run):
    executed, said = make_run(stops="06_train")
    assert set(ALL_NOTEBOOKS) - set(executed) == {"07", "08"}, "they read what 06 writes"
    assert "Error: no\nmake: 06_train_models stopped; the cell that failed is shown in" in said


def test_a_source_that_cannot_be_read_is_refused_before_anything_runs(make_run, tmp_path):
    done = make("run", f"VENV={tmp_path}/venv", f"RUNS={tmp_path}/runs", f"SOURCE={tmp_path}/nothing")
    assert done.returncode and "cannot be used: no songs found" in done.stderr
    assert not (tmp_path / "runs" / "index.html").exists() and "running" not in done.stdout


def test_a_source_is_taken_as_it_is_by_make_and_the_shell(tmp_path):
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    for tool, script in (("pip", "exit 0"), ("python", 'test "$1" = notebooks/choose_notebooks.py && '
                                                       'printf "%s\\n" "$2" "$4" && exit 1; exit 0')):
        (tmp_path / "venv" / "bin" / tool).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "venv" / "bin" / tool).chmod(0o755)
    source = f"""a b'"$(touch {tmp_path}/hacked) `touch {tmp_path}/hacked` $HOME; touch {tmp_path}/hacked;.csv"""
    done = make("run", f"VENV={tmp_path}/venv", f"RUNS={tmp_path}/runs", f"SOURCE={source}", f"CHARTS={source}")
    assert done.stdout.splitlines().count(source) == 2, "SOURCE and CHARTS"
    assert not (tmp_path / "hacked").exists()


def test_make_test_colab_installs_the_versions_of_colab_in_an_environment_of_its_own(tmp_path):
    commands = make("-n", "test-colab", f"VENV={tmp_path}/venv").stdout.splitlines()
    installing = [command for command in commands if "pip install" in command]
    assert len(installing) == 2
    for command in installing:
        assert f"{tmp_path}/venv-colab/bin/python" in command and "-c tests/constraints-colab.txt" in command


def test_the_code_is_in_style():
    result = subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
