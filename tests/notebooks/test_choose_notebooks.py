import subprocess
import sys

import choose_notebooks
import pytest
from conftest import ROOT

ALL = [path.stem for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]


@pytest.mark.parametrize("source", ["sample", "songs.csv", "my songs.csv", "tidytuesday", "no such file"])
def test_a_table_has_every_notebook(source):
    assert choose_notebooks.choose(source) == ALL


@pytest.mark.parametrize("source", ["folder", "gtzan", "fma_small"])
def test_sound_files_have_every_notebook_but_the_two_on_popularity(source, tmp_path):
    source = tmp_path if source == "folder" else source
    assert choose_notebooks.choose(source) == [name for name in ALL if not name.startswith(("03", "09"))]


def test_the_names_are_printed_without_any_package_installed():
    script = ROOT / "notebooks" / "choose_notebooks.py"
    printed = subprocess.run([sys.executable, "-S", script, "gtzan"], capture_output=True, text=True, check=True).stdout
    assert printed.split() == choose_notebooks.choose("gtzan")
