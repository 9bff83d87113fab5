"""Write the page that links the notebooks of a run: each with its title, what it found, and a figure.

`python notebooks/make_index.py runs`; with a second folder, the figures are also written there, for the README.
"""

import base64
import html
import io
import re
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import nbformat
from make_pages import alternative_text, changed_settings, findings, run_on, title_of
from nbconvert.filters import markdown2html
from PIL import Image

from prediction.html_pages import page

WIDEST = 900
"""Pixels of a figure."""
MOST_FINDINGS = 3
"""How many findings of a notebook are shown; its page shows all."""
TITLE = "What a song is made of"
STYLE = """<style>
body { max-width: 76rem }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(30rem, 100%), 1fr)); gap: 1.2rem }
article { border: 1px solid var(--line); border-radius: .5rem; padding: .4rem 1.1rem 1.1rem }
h2 { margin: .6rem 0 .3rem; font-size: 1.25rem } article ul { padding-left: 1.1rem; margin: .4rem 0 }
article p { margin: .4rem 0 }
img { display: block; width: 100%; max-height: 30rem; object-fit: contain; background: #fff; border-radius: .3rem;
      padding: .3rem; margin-top: .7rem }
</style>"""


class Description(NamedTuple):
    """What the page shows of an executed notebook."""

    title: str
    introduction: str
    findings: list
    settings: str
    figure: str | None
    alternative: str


def describe(path):
    """What the page shows of an executed notebook.

    Returns
    -------
    Description
        `introduction` is the first paragraph, in Markdown; `findings` are sentences; `settings` are the parameters
        that were changed; `figure` is a PNG in base64: the first of the cell tagged `cover`, or else of the notebook,
        None if it has none; `alternative` is the text for who does not see it.
    """
    notebook = nbformat.read(path, as_version=4)
    title, introduction = title_of(notebook)
    cover_first = sorted(range(len(notebook.cells)),
                         key=lambda number: "cover" not in notebook.cells[number]["metadata"].get("tags", []))
    figures = ((output["data"]["image/png"], alternative_text(notebook, number)) for number in cover_first
               for output in notebook.cells[number].get("outputs", []) if "image/png" in output.get("data", {}))
    return Description(title, introduction.split("\n\n")[0], [line for _, line in findings(notebook)],
                       changed_settings(notebook), *next(figures, (None, "")))


def article(path):
    """The HTML of one notebook on the page."""
    about = describe(path)
    address = f"{html.escape(path.stem)}.html"
    found = "".join(f"<li>{html.escape(line)}</li>" for line in about.findings[:MOST_FINDINGS])
    note = run_on(path) or about.settings
    note = f'<p class="quiet">{html.escape(note)}</p>' if note else ""
    image = (f'<a href="{address}"><img alt="{html.escape(about.alternative)}" loading="lazy" '
             f'src="data:image/png;base64,{base64.b64encode(small_png(about.figure)).decode()}"></a>'
             if about.figure else "")
    return (f'<article><h2><a href="{address}">{html.escape(about.title)}</a></h2>\n'
            f"{f'<ul>{found}</ul>' if found else markdown2html(about.introduction)}{note}{image}</article>")


def small_png(figure):
    """The bytes of a figure that is small enough for a page: at most `WIDEST` pixels wide, in 256 colours."""
    image = Image.open(io.BytesIO(base64.b64decode(figure))).convert("RGB")
    image.thumbnail((WIDEST, 2 * WIDEST))
    small = io.BytesIO()
    image.quantize(256).save(small, format="PNG", optimize=True)
    return small.getvalue()


def write_figures(executed, folder):
    """Write the figure of each notebook into a folder."""
    for path in executed:
        figure = describe(path).figure
        if figure:
            (Path(folder) / f"{path.stem}.png").write_bytes(small_png(figure))


def other_pages(folder, left_out=()):
    """The list of the pages that notebooks wrote themselves: one of each song, and the collection's.

    Those of a notebook that was not run are of other data, and are left out.
    """
    numbers = {name[:2] for name in left_out}
    paths = [*(() if "08" in numbers else folder.glob("collection.html")),
             *(() if "00" in numbers else sorted(folder.glob("songs/*.html")))]
    links = "\n".join(f'<li><a href="{quote(path.relative_to(folder).as_posix())}">{_page_title(path)}</a></li>'
                      for path in paths)
    return f"<h2>Pages of songs</h2><ul>\n{links}\n</ul>" if links else ""


def _page_title(path):
    """The title of a page as it stands in its HTML, or else its file name; only the beginning of the page is read."""
    with open(path, encoding="utf-8", errors="replace") as file:
        title = re.search(r"<title>(.*?)</title>", file.read(10_000), re.DOTALL)
    return title[1].strip() if title and title[1].strip() else html.escape(path.stem)


def left_out_of(folder):
    """The notebooks that were not run: the lines `name: reason` of the file `.left_out`, where there is one."""
    file = folder / ".left_out"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return dict(re.split(r":\s*", line, maxsplit=1) for line in lines if ":" in line)


def source_of(folder):
    """A sentence on the data of a run, from the file `.source` that `choose_notebooks.py` writes."""
    file = folder / ".source"
    source = file.read_text(encoding="utf-8").splitlines()[0] if file.exists() else ""
    if not source:
        return ""
    return "Run on the embedded sample, which is synthetic." if source == "sample" else f"Run on {source}."


def main(folder, figures=None, left_out=None):
    """Write `index.html` into the folder of a run.

    Parameters
    ----------
    folder : str or Path
        Holds the executed notebooks; one that stopped (`.unfinished.ipynb`) is left out.
    figures : str or Path, optional
        A folder to write the figures to.
    left_out : dict of str to str, optional
        The names of notebooks that were not run, and why; without it, what the file `.left_out` in the folder says.
        One that was run before, on other data, is not shown.
    """
    folder = Path(folder)
    left_out = left_out_of(folder) if left_out is None else left_out
    executed = [path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))
                if not path.stem.endswith(".unfinished") and path.stem not in left_out]
    if figures:
        write_figures(executed, figures)
    not_run = "".join(f"<li>{html.escape(name)}: {html.escape(reason)}</li>" for name, reason in left_out.items())
    body = "\n".join([STYLE, f'<h1>{TITLE}</h1><p class="quiet">{html.escape(source_of(folder))}</p>',
                      other_pages(folder, left_out), "<main>", *map(article, executed), "</main>",
                      f"<h2>Not run</h2><ul>{not_run}</ul>" if not_run else ""])
    (folder / "index.html").write_text(page(TITLE, body), encoding="utf-8")
    print(f"{folder / 'index.html'}: {len(executed)} notebooks")


if __name__ == "__main__":
    main(*sys.argv[1:3])
