"""Make the notebooks from their percent scripts, with the project's address in every badge and bootstrap cell.

`python notebooks/make_notebooks.py [owner/name]`; the address is kept in the file `REPO` beside this one.
"""

import re
import sys
from pathlib import Path

import jupytext
import nbformat

HERE = Path(__file__).resolve().parent
ADDRESS = re.compile(r"""(colab\.research\.google\.com/github/|^REPO = ["'])[\w.-]+/[\w.-]+""", re.MULTILINE)
"""The places of the address: links to Colab, and the bootstrap cell."""


def with_address(text, repo):
    """A script or a page with the project's address in every place.

    Examples
    --------
    >>> with_address('REPO = "owner/name"', "me/music")
    'REPO = "me/music"'
    """
    return ADDRESS.sub(rf"\g<1>{repo}", text)


def make_notebook(script):
    """The text of the notebook that a percent script describes: without outputs, the same bytes each time."""
    notebook = jupytext.read(script)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                         "language_info": {"name": "python"}}
    return nbformat.writes(notebook, version=4) + "\n"


def main(repo=None):
    """Write every notebook, after writing the project's address into the scripts and the README.

    Parameters
    ----------
    repo : str, optional
        A new address, as ``owner/name``; else the one in the file `REPO`.
    """
    set_address(repo or (HERE / "REPO").read_text(encoding="utf-8").strip())
    for script in sorted((HERE / "scripts").glob("[0-9]*.py")):
        (HERE / f"{script.stem}.ipynb").write_text(make_notebook(script), encoding="utf-8")
        print(f"notebooks/{script.stem}.ipynb")


def set_address(repo):
    """Write the project's address into the file `REPO`, the scripts and the README."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo):
        raise SystemExit(f"REPO={repo}: give it as owner/name")
    (HERE / "REPO").write_text(repo + "\n", encoding="utf-8")
    for page in [*sorted((HERE / "scripts").glob("*.py")), HERE.parent / "README.md"]:
        page.write_text(with_address(page.read_text(encoding="utf-8"), repo), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:2])
