import re

import make_notebooks
import nbformat
import pytest
from conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]
SCRIPT = '''# %% [markdown]
# # Title
#
# Text.

# %% tags=["parameters"]
SONG: str = ""  # a sound file

# %%
print(SONG)
'''


def addresses(text):
    """Every address of the project in a text."""
    matches = make_notebooks.ADDRESS.finditer(text)
    return {re.split(r"github/|[\"']", match[0])[-1] for match in matches}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_is_what_its_script_makes(path):
    script = ROOT / "notebooks" / "scripts" / f"{path.stem}.py"
    assert path.read_text(encoding="utf-8") == make_notebooks.make_notebook(script), "run `make notebooks`"


def test_every_script_has_a_notebook():
    assert sorted(path.stem for path in (ROOT / "notebooks" / "scripts").glob("[0-9]*.py")) == NAMES


def test_a_script_gives_the_same_bytes_each_time_and_no_outputs(tmp_path):
    script = tmp_path / "00_title.py"
    script.write_text(SCRIPT, encoding="utf-8")
    text = make_notebooks.make_notebook(script)
    assert text == make_notebooks.make_notebook(script)
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert [cell["cell_type"] for cell in notebook.cells] == ["markdown", "code", "code"]
    assert notebook.cells[1]["metadata"]["tags"] == ["parameters"]
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_all_addresses_agree_with_the_one_setting():
    repo = (ROOT / "notebooks" / "REPO").read_text().strip()
    pages = [*NOTEBOOKS, *(ROOT / "notebooks" / "scripts").glob("[0-9]*.py"), ROOT / "README.md"]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        if page.suffix == ".ipynb":
            text = "\n".join(cell["source"] for cell in nbformat.read(page, as_version=4).cells)
        assert addresses(text) == {repo}, page


def copy_of_project(folder):
    """The README, the address and the scripts in another folder; returns its folder of notebooks."""
    (folder / "notebooks" / "scripts").mkdir(parents=True)
    for page in ["README.md", "notebooks/REPO", *(f"notebooks/scripts/{name}.py" for name in NAMES)]:
        (folder / page).write_text((ROOT / page).read_text(encoding="utf-8"), encoding="utf-8")
    return folder / "notebooks"


def test_one_setting_rewrites_every_address(tmp_path, monkeypatch):
    notebooks = copy_of_project(tmp_path)
    monkeypatch.setattr(make_notebooks, "HERE", notebooks)
    make_notebooks.main("some-body/some.thing")
    assert (notebooks / "REPO").read_text() == "some-body/some.thing\n"
    for page in [tmp_path / "README.md", *(notebooks / "scripts").glob("[0-9]*.py")]:
        assert addresses(page.read_text(encoding="utf-8")) == {"some-body/some.thing"}
    for name in NAMES:
        assert (notebooks / f"{name}.ipynb").read_text(encoding="utf-8").count("some-body/some.thing") == 2


def test_making_the_notebooks_again_changes_nothing(tmp_path, monkeypatch):
    notebooks = copy_of_project(tmp_path)
    monkeypatch.setattr(make_notebooks, "HERE", notebooks)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    make_notebooks.main()
    assert {path: path.read_bytes() for path in before} == before
    for path in NOTEBOOKS:
        assert (notebooks / path.name).read_bytes() == path.read_bytes()


def test_an_address_that_is_not_owner_and_name_is_refused(tmp_path, monkeypatch):
    notebooks = copy_of_project(tmp_path)
    monkeypatch.setattr(make_notebooks, "HERE", notebooks)
    with pytest.raises(SystemExit, match="owner/name"):
        make_notebooks.main("no address")
    assert (notebooks / "REPO").read_bytes() == (ROOT / "notebooks" / "REPO").read_bytes()
