"""Write executed notebooks as pages: `python notebooks/make_pages.py runs/03_explore_popularity.ipynb`.

A page works without a network and opens with what was found: the sentences that cells tagged `finding` have printed.
Code is folded, and the cells before the first section (imports, parameters) are shown only together with all code.
"""

import ast
import html
import re
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbconvert.filters import Highlight2HTML, ansi2html, markdown2html

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from prediction.html_pages import page

BADGE = re.compile(r"^\[!\[Open in Colab\].*$|^\[(badge|colab)\]: .*$", re.MULTILINE)
NUMBER = re.compile(r"<td>(\s*[-+−]?[\d.,]+(e[-+]?\d+)?\s*%?|NaN|None|True|False)</td>")
LEFT_OUT = ("application/vnd.jupyter.widget-view+json",)
"""Outputs that need a running kernel."""
STYLE = """<style>
nav { display: flex; justify-content: space-between; gap: 1rem; align-items: center }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: .4rem;
         padding: .2rem .7rem; cursor: pointer }
.short { border-left: .3rem solid var(--link); padding: .1rem 1rem; margin: 1rem 0; background: var(--card) }
.short h2 { margin: .6rem 0 0; font-size: 1.1rem } .short ul { padding-left: 1.2rem }
.short li { margin: .3rem 0 }
:root { --card: #f4f7fb; --code: #f6f6f6 }
@media (prefers-color-scheme: dark) { :root { --card: #1e232b; --code: #1e2126 } }
details { margin: .4rem 0 } summary { cursor: pointer; color: var(--quiet); font-size: .85rem }
body:not(.with-code) details.setup { display: none }
pre { overflow-x: auto; white-space: pre-wrap; font-size: .88rem; margin: .5rem 0 }
.highlight pre { background: var(--code); padding: .6rem .8rem; white-space: pre; border-radius: .3rem }
.highlight .c1 { color: var(--quiet) } .highlight .s1, .highlight .s2 { color: #2a7d4f }
.highlight .k, .highlight .kn { color: var(--link) }
@media (prefers-color-scheme: dark) { .highlight .s1, .highlight .s2 { color: #7cc79b } }
figure { margin: .8rem 0 }
img { max-width: 100%; height: auto; background: #fff; border-radius: .3rem }
figure img { padding: .3rem } audio, video, iframe { max-width: 100% }
.anchor-link { display: none }
.wide table { overflow-wrap: normal; margin: .5rem 0; border: 0 }
.wide table:is(table) th, .wide table:is(table) td { border-width: 0 0 1px; text-align: left }
.wide table:is(table) td.number { text-align: right } .wide td, .wide th { max-width: 30rem }
.wide table td:not(.number) { min-width: 6.5rem } .wide tbody th { vertical-align: top !important }
.finding { font-weight: 600 } .error, .stderr { color: #b3261e }
@media (prefers-color-scheme: dark) { .error, .stderr { color: #f2998f } }
</style>"""
TOGGLE = """<script>
const button = document.getElementById("code");
button.onclick = () => {
  const open = document.body.classList.toggle("with-code");
  button.setAttribute("aria-pressed", open);
  button.textContent = open ? "Hide code" : "Show code";
  for (const part of document.querySelectorAll("details.code")) part.open = open;
};
</script>"""


class Setting(NamedTuple):
    """A parameter of an executed notebook."""

    name: str
    value: object
    comment: str
    changed: bool


# ---- what an executed notebook holds

def tags(cell):
    """The tags of a cell."""
    return cell["metadata"].get("tags", [])


def text_of(cell):
    """What a cell printed."""
    return "".join(output["text"] for output in cell.get("outputs", []) if output.get("name") == "stdout")


def findings(notebook):
    """What the cells tagged `finding` have printed.

    Returns
    -------
    list of tuple
        Number of the cell and one of its lines.
    """
    return [(number, line.strip()) for number, cell in enumerate(notebook.cells) if "finding" in tags(cell)
            for line in text_of(cell).splitlines() if line.strip()]


def title_of(notebook):
    """The first heading, and the text below it in Markdown, without the link to Colab."""
    first = next(cell["source"] for cell in notebook.cells if cell["cell_type"] == "markdown")
    heading = re.search(r"^# (.+)$", first, re.MULTILINE)
    return heading[1], BADGE.sub("", first.replace(heading[0], "", 1)).strip()


def settings(notebook):
    """The parameters with which a notebook was executed.

    Returns
    -------
    list of Setting
        In the order of the cell tagged `parameters`; `changed` tells whether papermill was given another value.
    """
    source = "\n".join(cell["source"] for cell in notebook.cells if "parameters" in tags(cell))
    given = "\n".join(cell["source"] for cell in notebook.cells if "injected-parameters" in tags(cell))
    values = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(given).body
              if isinstance(node, ast.Assign)}
    lines = source.splitlines()
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign):
            default = ast.literal_eval(node.value)  # literals only: nothing is run
            value = values.get(node.target.id, default)
            comment = lines[node.end_lineno - 1][node.end_col_offset:].strip(" #")
            found.append(Setting(node.target.id, value, comment, value != default))
    return found


def run_on(path):
    """A sentence on what an executed notebook ran on: `choose_notebooks.py` writes it above the notebook's parameters.

    Empty for a notebook that was executed alone: its settings tell what it ran on.
    """
    file = path.parent / ".parameters" / f"{path.stem}.yaml"
    return f"Run on {file.read_text(encoding='utf-8').splitlines()[0].strip('# ')}." if file.exists() else ""


def changed_settings(notebook):
    """The parameters that were given another value, as text; the folder of the results is none of them."""
    return ", ".join(f"{name} = {value}" for name, value, _, changed in settings(notebook)
                     if changed and name != "OUT_DIR")


def alternative_text(notebook, number):
    """What is said instead of the picture of a cell.

    Returns
    -------
    str
        The heading above it, and the first two sentences of the nearest finding or text: the cell's own, or one above.
    """
    heading, about = "", ""
    for cell in notebook.cells[:number + 1]:
        if cell["cell_type"] == "markdown":
            heading = next(iter(re.findall(r"^#+ (.+)$", cell["source"], re.MULTILINE)), heading)
            about = re.sub(r"^#+ .*$|[*`]", "", BADGE.sub("", cell["source"]), flags=re.MULTILINE)
        elif "finding" in tags(cell):
            about = text_of(cell) or about
    sentences = re.split(r"(?<=[.:?!])\s+", " ".join(about.split()))
    return f"{heading}: {' '.join(sentences[:2])}".strip(": ")


# ---- the page

def make_page(notebook, source):
    """The page of an executed notebook.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    source : str
        A sentence on the data of the run.

    Returns
    -------
    str
    """
    title, introduction = title_of(notebook)
    first = next(number for number, cell in enumerate(notebook.cells) if cell["cell_type"] == "markdown")
    top = ('<nav><a href="index.html">All pages</a><button id="code" type="button" aria-pressed="false">Show code'
           f"</button></nav>\n<h1>{html.escape(title)}</h1>")
    body = _cells(notebook, first)
    return page(title, "\n".join([STYLE, top, _in_short(notebook), _ran_on(notebook, source),
                                  markdown2html(introduction), *body, TOGGLE]))


def _in_short(notebook):
    """The box with all findings, each with a link to its place."""
    items = "\n".join(f'<li>{html.escape(line)} <a href="#cell-{number}" aria-label="to its place">↓</a></li>'
                      for number, line in findings(notebook))
    return f'<section class="short"><h2>In short</h2><ul>\n{items}\n</ul></section>' if items else ""


def _ran_on(notebook, source):
    """What the notebook ran on, or else the settings that were changed; all settings are folded."""
    changed = changed_settings(notebook)
    about = source or (f"Settings: {changed}." if changed else "")
    rows = "\n".join(f"<tr><td>{name}</td><td>{html.escape(repr(value))}</td><td>{html.escape(comment)}</td></tr>"
                     for name, value, comment, _ in settings(notebook))
    return (f'<p class="quiet">{html.escape(about)}</p>\n'
            f'<details><summary>All settings</summary><div class="wide"><table>{rows}</table></div></details>')


def _cells(notebook, first):
    """The HTML of each cell after the one that holds the title."""
    is_setup = True
    for number, cell in enumerate(notebook.cells[first + 1:], first + 1):
        if cell["cell_type"] == "markdown":
            is_setup = False
            yield markdown2html(cell["source"])
        elif cell["cell_type"] == "code":
            shown = _outputs(cell, alternative_text(notebook, number))
            yield f'<div id="cell-{number}">{_code(cell, is_setup)}\n{shown}</div>'


def _code(cell, is_setup):
    """The code of a cell, folded."""
    kind = "code setup" if is_setup else "code"
    code = Highlight2HTML(pygments_lexer="ipython3")(cell["source"])
    return f'<details class="{kind}"><summary>code</summary>{code}</details>' if cell["source"].strip() else ""


def _outputs(cell, alternative_text):
    """The outputs of a cell; the lines of a finding are paragraphs."""
    if "finding" in tags(cell):
        lines = "".join(f'<p class="finding">{html.escape(line)}</p>' for line in text_of(cell).splitlines()
                        if line.strip())
        others = [output for output in cell["outputs"] if output.get("name") != "stdout"]
        return lines + _shown(others, alternative_text)
    return _shown(cell["outputs"], alternative_text)


def _shown(outputs, alternative_text):
    """The HTML of outputs; what was printed in parts is one block."""
    parts, printed = [], ""
    for output in outputs:
        if output.get("name") == "stdout":
            printed += output["text"]
            continue
        parts += [_printed(printed), _shown_alone(output, alternative_text)]
        printed = ""
    return "\n".join(part for part in [*parts, _printed(printed)] if part)


def _printed(text):
    return f"<pre>{html.escape(text.rstrip())}</pre>" if text.strip() else ""


def _shown_alone(output, alternative_text):
    """The HTML of one output that is not printed text: in the richest form that needs no kernel."""
    if output["output_type"] == "stream":
        return f'<pre class="stderr">{html.escape(output["text"])}</pre>'
    if output["output_type"] == "error":
        return f'<pre class="error">{ansi2html(chr(10).join(output["traceback"]))}</pre>'
    data = output["data"]
    if any(kind in data for kind in LEFT_OUT):
        return ""
    if "text/html" in data:
        aligned = NUMBER.sub(r'<td class="number">\1</td>', data["text/html"])
        return f'<div class="wide">{aligned}</div>'
    if "text/markdown" in data:
        return markdown2html(data["text/markdown"])
    if "image/svg+xml" in data:
        return f'<figure role="img" aria-label="{html.escape(alternative_text)}">{data["image/svg+xml"]}</figure>'
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            encoded = data[kind].replace("\n", "")
            return (f'<figure><img alt="{html.escape(alternative_text)}" src="data:{kind};base64,{encoded}">'
                    "</figure>")
    return _printed(data.get("text/plain", ""))


def main(*paths):
    """Write the page of each executed notebook beside it."""
    for path in map(Path, paths):
        notebook = nbformat.read(path, as_version=4)
        path.with_suffix(".html").write_text(make_page(notebook, run_on(path)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
