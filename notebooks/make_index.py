"""Write the page that links a run's notebooks: each with its title, a line and its first picture.

`python notebooks/make_index.py runs`; with a second folder, the pictures are also written there, for the README.
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
    """Title, first sentence and picture of an executed notebook: the one of the cell tagged `cover`, else the first.

    The picture is base64 PNG, or None where there is none.
    """
    notebook = nbformat.read(path, as_version=4)
    prose = next(cell["source"] for cell in notebook.cells if cell["cell_type"] == "markdown")
    title = re.search(r"^# (.+)$", prose, re.MULTILINE)[1]
    line = next(line for line in prose.splitlines() if line and not line.startswith(("#", "[")))
    cells = sorted(notebook.cells, key=lambda cell: "cover" not in cell["metadata"].get("tags", []))
    pictures = (output["data"]["image/png"] for cell in cells for output in cell.get("outputs", [])
                if "image/png" in output.get("data", {}))
    return title, re.split(r"(?<=\.)\s", line)[0], next(pictures, None)


def article(path):
    title, line, picture = describe(path)
    image = f'<img alt="" src="data:image/png;base64,{picture.strip()}">' if picture else ""
    return (f'<article>{image}<div><h2><a href="{html.escape(path.stem)}.html">{html.escape(title)}</a></h2>'
            f"<p>{html.escape(line)}</p></div></article>")


def write_pictures(executed, folder):
    """Small enough for a page: at most `WIDEST` pixels wide, in 256 colours."""
    for path in executed:
        if picture := describe(path)[2]:
            image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
            image.thumbnail((WIDEST, 2 * WIDEST))
            image.quantize(256).save(Path(folder) / f"{path.stem}.png", optimize=True)


def main(folder, pictures=None):
    folder = Path(folder)
    executed = [path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")) if not path.name.endswith(".unfinished.ipynb")]
    if pictures:
        write_pictures(executed, pictures)
    source = (folder / ".source").read_text().splitlines()[0] if (folder / ".source").exists() else "sample"
    said = "Run on the embedded sample, which is synthetic." if source == "sample" else f"Run on {source}."
    page = PAGE.format(title="What a song is made of", source=html.escape(said), articles="\n".join(map(article, executed)))
    (folder / "index.html").write_text(page, encoding="utf-8")
    print(f"{folder / 'index.html'}: {len(executed)} notebooks")


if __name__ == "__main__":
    main(*sys.argv[1:3])
