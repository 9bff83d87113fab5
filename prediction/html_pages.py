"""HTML pages that hold all they need: one style sheet for light, dark and phone, text made safe, interactive figures.

Names come from the tags of files that strangers made. Whatever a page shows goes through `html.escape` where it is
HTML, and through `script_json` where it is data of a script. File names are made by `sources.files.safe_name`.
"""

import base64
import functools
import gzip
import html
import json

STYLE = """
:root { color-scheme: light dark; --text: #222; --quiet: #666; --ground: #fff; --line: #ddd; --link: #1f5fa8 }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e6e6; --quiet: #a6a6a6; --ground: #16181c; --line: #3a3d44; --link: #8ab8f0 } }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem;
       color: var(--text); background: var(--ground); overflow-wrap: anywhere }
h1 { line-height: 1.2; margin-bottom: .3rem } h2 { margin-top: 2rem } a { color: var(--link) }
.quiet { color: var(--quiet) } .wide { overflow-x: auto } .chart { width: 100%; height: 34rem }
table { border-collapse: collapse; font-size: .9rem; overflow-wrap: normal } .wide > table { min-width: 34rem }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
@media (max-width: 40rem) { body { margin: 1rem auto; padding: 0 .6rem } h1 { font-size: 1.4rem }
  .chart { height: 24rem } }
"""

SECURITY = ("default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
            "media-src data: blob: file:")
"""What a browser may load for a page: what the page holds, and sound files beside it; nothing from the network."""

DRAW = """
const plotlyReady = (async () => {
  const bytes = Uint8Array.from(atob(document.getElementById("plotly").textContent), code => code.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.append(script);
})();
const drawnFigures = {};
function figureReady(id) { return drawnFigures[id]; }
function colourFigure(element) {
  const style = getComputedStyle(document.documentElement), change = {"font.color": style.getPropertyValue("--text")};
  for (const axis of Object.keys(element._fullLayout).filter(name => /^[xy]axis\\d*$/.test(name)))
    for (const part of ["gridcolor", "zerolinecolor", "linecolor"])
      change[`${axis}.${part}`] = style.getPropertyValue("--line");
  return Plotly.relayout(element, change);
}
function drawFigure(id, figure) {
  drawnFigures[id] = plotlyReady.then(() => drawNow(id, figure));
  return drawnFigures[id];
}
function drawNow(id, figure) {
  const layout = Object.assign({paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)"}, figure.layout);
  const drawn = Plotly.newPlot(id, figure.data, layout, {responsive: true, displayModeBar: false});
  drawn.then(colourFigure);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change",
    () => colourFigure(document.getElementById(id)));
  return drawn;
}
"""
"""The JavaScript that unpacks Plotly and draws figures in the colours of the page. `figureReady(id)` is the promise
that a figure has been drawn."""


def page(title, body, *, with_figures=False):
    """A complete HTML page that works without a network.

    Parameters
    ----------
    title : str
        As plain text.
    body : str
        As HTML: whatever comes from a file has gone through `html.escape`.
    with_figures : bool
        Whether the page holds Plotly's JavaScript (2 MB, compressed), which `figure_html` needs.

    Returns
    -------
    str

    Examples
    --------
    >>> "<title>Rock &amp; Roll</title>" in page("Rock & Roll", "<p>a song</p>")
    True
    """
    scripts = ""
    if with_figures:
        scripts = f'<script type="text/plain" id="plotly">{packed_plotly()}</script>\n<script>{DRAW}</script>'
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{SECURITY}">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n{scripts}</head>\n"
            f"<body>\n{body}\n</body></html>\n")


@functools.cache
def packed_plotly():
    """The JavaScript of Plotly, which the Python package brings: compressed by gzip, in base64."""
    from plotly.offline import get_plotlyjs
    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode()


def script_json(data):
    """Data as JSON that is safe inside a script element, whatever texts it holds.

    Parameters
    ----------
    data : object
        As JSON has it; no NaN.

    Returns
    -------
    str
        ``<``, ``>``, ``&`` and the line separators of JavaScript are written as codes, so that no text ends the script.

    Examples
    --------
    >>> script_json(["</script>"])
    '["\\\\u003c/script\\\\u003e"]'
    """
    text = json.dumps(data, allow_nan=False)  # all but ASCII is written as codes, U+2028 and U+2029 among them
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def figure_html(name, figure, *, kind=""):
    """An interactive figure, for a page with `with_figures`.

    Parameters
    ----------
    name : str
        The id of its element: letters and underscores.
    figure : dict
        `data` and `layout`, as Plotly.js takes them (of a Plotly figure: ``json.loads(figure.to_json())``). Plotly
        reads tags such as ``<b>`` in texts: names go through `html.escape` first.
    kind : str
        Another class of the element, for its height.

    Returns
    -------
    str
    """
    return (f'<div class="{f"chart {kind}".strip()}" id="{html.escape(name)}"></div>\n'
            f"<script>drawFigure({script_json(name)}, {script_json(figure)})</script>")


def in_notebook(page_html, *, height=700):
    """A page as the output of a notebook's cell: in a frame that cannot reach the notebook.

    Parameters
    ----------
    page_html : str
        From `page`.
    height : int
        Of the frame in pixels.

    Returns
    -------
    IPython.display.HTML
    """
    from IPython.display import HTML
    return HTML(f'<div><iframe sandbox="allow-scripts" srcdoc="{html.escape(page_html)}" '
                f'style="width: 100%; height: {height}px; border: 0" loading="lazy"></iframe></div>')
