"""Write the page that links the notebooks of a run: each with its title, its first sentence and a figure.

`python notebooks/make_index.py runs`; with a second folder, the figures are also written there, for the README.
"""

import base64
import html
import io
import re
import sys
from pathlib import Path

import nbformat
from PIL import Image

WIDEST = 900
"""Pixels of a figure for the README."""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
article {{ display: flex; gap: 1.5rem; align-items: center; border-top: 1px solid #ddd; padding: 1.2rem 0 }}
article img {{ width: 20rem; max-height: 15rem; object-fit: contain; flex: none }}
h2 {{ margin: 0 }} a {{ color: #1f5fa8 }} p {{ margin: .4rem 0 }}
@media (max-width: 40rem) {{ article {{ display: block }} article img {{ max-width: 100% }} }}
</style></head><body><h1>{title}</h1><p>{source}</p>
{articles}
</body></html>
"""


def describe(path):
    """What the page shows of an executed notebook.

    Returns
    -------
    title : str
        The notebook's heading.
    sentence : str
        The first sentence of its text.
    figure : str or None
        PNG in base64: the first figure of the cell tagged `cover`, or else of the notebook. None if it has no figure.
    """
    notebook = nbformat.read(path, as_version=4)
    text = next(cell["source"] for cell in notebook.cells if cell["cell_type"] == "markdown")
    title = re.search(r"^# (.+)$", text, re.MULTILINE)[1]
    prose = "\n".join(line for line in text.splitlines() if not line.startswith(("#", "[")))
    first = " ".join(prose.strip().split("\n\n")[0].split())
    cover_first = sorted(notebook.cells, key=lambda cell: "cover" not in cell["metadata"].get("tags", []))
    figures = (output["data"]["image/png"] for cell in cover_first for output in cell.get("outputs", [])
               if "image/png" in output.get("data", {}))
    return title, re.split(r"(?<=\.)\s", first)[0], next(figures, None)


def article(path):
    """The HTML of one notebook on the page."""
    title, sentence, figure = describe(path)
    title = html.escape(title)
    image = f'<img alt="{title}" src="data:image/png;base64,{figure.strip()}">' if figure else ""
    return (f'<article>{image}<div><h2><a href="{html.escape(path.stem)}.html">{title}</a></h2>'
            f"<p>{html.escape(sentence)}</p></div></article>")


def write_figures(executed, folder):
    """Write the figures as files small enough for a page: at most `WIDEST` pixels wide, in 256 colours."""
    for path in executed:
        *_, figure = describe(path)
        if figure:
            image = Image.open(io.BytesIO(base64.b64decode(figure))).convert("RGB")
            image.thumbnail((WIDEST, 2 * WIDEST))
            image.quantize(256).save(Path(folder) / f"{path.stem}.png", optimize=True)


def source_of(folder):
    """A sentence on the data of a run: make writes the name of the source into the first line of the file `.source`."""
    file = folder / ".source"
    source = file.read_text(encoding="utf-8").splitlines()[0] if file.exists() else "sample"
    return "Run on the embedded sample, which is synthetic." if source == "sample" else f"Run on {source}."


def main(folder, figures=None):
    """Write `index.html` into the folder of a run.

    Parameters
    ----------
    folder : str or Path
        Holds the executed notebooks; one that stopped (`.unfinished.ipynb`) is left out.
    figures : str or Path, optional
        A folder to write the figures to.
    """
    folder = Path(folder)
    executed = [path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")) if not path.stem.endswith(".unfinished")]
    if figures:
        write_figures(executed, figures)
    page = PAGE.format(title="What a song is made of", source=html.escape(source_of(folder)),
                       articles="\n".join(map(article, executed)))
    (folder / "index.html").write_text(page, encoding="utf-8")
    print(f"{folder / 'index.html'}: {len(executed)} notebooks")


if __name__ == "__main__":
    main(*sys.argv[1:3])
