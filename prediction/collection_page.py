"""A page about a collection: an interactive map of its songs, and a table that can be sorted."""

import html
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex

from learning.targets import family_shares
from prediction.html_pages import figure_html, page
from prediction.labels import joined_labels
from prediction.plots import axis_label, genre_colors
from prediction.song_sentences import UNLIKE

MOST_SONGS = 2000
"""A page shows no more songs than these, so that a browser stays fast; the others are in the table `labels.csv`."""
LONGEST_TEXT = 90
"""Characters of a name in the map."""
COLUMNS = {"artist": "artist", "song": "song", "blend": "label", "probability": "probability", "beat": "beat",
           "timbre": "timbre", "pitch": "pitch", "out_of_distribution": "unlike training songs", "file": "file"}
"""The columns of the table, where they are known, and their headings."""
STYLE = """<style>
th button { font: inherit; font-weight: 600; color: inherit; background: none; border: 0; padding: 0; cursor: pointer }
th[aria-sort=ascending] button::after { content: " ▲" } th[aria-sort=descending] button::after { content: " ▼" }
</style>"""
SORT = """<script>
for (const button of document.querySelectorAll("th button")) button.onclick = () => {
  const head = button.parentElement, body = head.closest("table").tBodies[0], column = head.cellIndex;
  const down = head.getAttribute("aria-sort") === "ascending";
  const order = new Intl.Collator(undefined, {numeric: true, sensitivity: "base"});
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...body.rows].sort((a, b) =>
    order.compare(a.cells[column].textContent, b.cells[column].textContent) * (down ? -1 : 1));
  body.append(...rows);
};
</script>"""


# ---- what is shown

def song_names(labels):
    """A name for each song: artist and title; two songs of one name are told apart by their files.

    Parameters
    ----------
    labels : pd.DataFrame
        From `influences.label_folder`.

    Returns
    -------
    list of str
        No two are equal, where the files have different paths.

    Examples
    --------
    >>> labels = pd.DataFrame({"artist": ["Ann", "Ann", None], "song": ["Hey", "Hey", "demo"],
    ...                        "path": ["live/hey.mp3", "hey.mp3", "demo.mp3"]})
    >>> song_names(labels)
    ['Ann - Hey (live/hey.mp3)', 'Ann - Hey (hey.mp3)', 'demo']
    """
    names = [f"{artist} - {song}" if isinstance(artist, str) and artist else str(song)
             for artist, song in zip(labels["artist"], labels["song"])]
    counts = Counter(names)
    return [f"{name} ({path})" if counts[name] > 1 else name for name, path in zip(names, labels["path"])]


def collection_places(labels):
    """The places of the songs on the map, in the form of `GenreMap.songs`.

    Parameters
    ----------
    labels : pd.DataFrame
        From `influences.label_folder` with a map.

    Returns
    -------
    pd.DataFrame
        Indexed by the names of the songs: `x`, `y`, and `genre`, the family with the largest share.
    """
    shares = labels[[column for column in labels if str(column).startswith("share: ")]].astype(float)
    families = family_shares(shares.rename(columns=lambda column: column.removeprefix("share: ")))
    return pd.DataFrame({"x": labels["x"].to_numpy(float), "y": labels["y"].to_numpy(float),
                         "genre": families.idxmax(axis=1).to_numpy(object)}, index=song_names(labels))


def collection_sentence(labels):
    """The most frequent labels of a collection, how many of all labels should be right, and how many songs are mostly
    unlike the training songs.

    Parameters
    ----------
    labels : pd.DataFrame
        From `influences.label_folder`.

    Returns
    -------
    str

    Examples
    --------
    >>> collection_sentence(pd.DataFrame({"blend": ["jazz", "jazz"], "probability": [.9, .7],
    ...                                   "out_of_distribution": [0, .9]}))
    '2 songs: jazz (2); about 2 of 2 labels should be right; 1 is mostly unlike the songs that the model learned from'
    """
    counts = joined_labels(labels["blend"]).value_counts()
    listed = ", ".join(f"{label} ({number})" for label, number in counts.head(4).items())
    n_more = len(counts) - 4
    listed += f" and {n_more} other label{'s' if n_more > 1 else ''}" if n_more > 0 else ""
    n_unlike = int((labels["out_of_distribution"] > UNLIKE).sum())
    unlike = (f"{n_unlike} {'is' if n_unlike == 1 else 'are'} mostly unlike the songs that the model learned from"
              if n_unlike else "none is mostly unlike the songs that the model learned from")
    known = labels["probability"].astype(float).dropna()
    right = (f"about {known.sum():,.0f} of {len(known):,} label{'s' if len(known) != 1 else ''} should be right"
             if len(known) else "no song has a label")
    songs = f"{len(labels):,} song{'s' if len(labels) != 1 else ''}"
    return f"{songs}: {listed}; {right}; {unlike}"


# ---- the page

def collection_page(labels, *, genre_map=None, title="A collection of songs"):
    """A page about a collection that works without a network.

    Parameters
    ----------
    labels : pd.DataFrame
        From `influences.label_folder`; with `x` and `y` where there is a map.
    genre_map : GenreMap, optional
        The map on which the songs were placed.
    title : str

    Returns
    -------
    str
        HTML. Names are shown as they are, whatever they hold.
    """
    shown = labels.head(MOST_SONGS)
    more = f" The first {len(shown):,} songs are shown." if len(shown) < len(labels) else ""
    body = [STYLE, f"<h1>{html.escape(title)}</h1>"]
    if len(labels):
        body.append(f"<p>{html.escape(collection_sentence(labels))}.{more}</p>")
    if genre_map is not None and len(labels):
        body += ["<h2>Map</h2>", '<p class="quiet">Each dot is a song, in the colour of its largest genre; point at it '
                 "for its name. A ring is a song unlike those that the model was trained on: its place means little. "
                 "Each region holds about two thirds of the songs of a genre that the model learned from.</p>",
                 figure_html("map", map_figure(shown, genre_map))]
    body += ["<h2>Songs</h2>", _table(shown), SORT] if len(labels) else ["<p>No song could be described.</p>"]
    return page(title, "\n".join(body), with_figures=genre_map is not None and len(labels) > 0)


def map_figure(labels, genre_map):
    """The map of genres with the songs of a collection, as Plotly.js takes it; the arguments are as above.

    Returns
    -------
    dict
        `data` and `layout`.
    """
    places = collection_places(labels)
    colors = {name: to_hex(color) for name, color in
              genre_colors({*map(str, genre_map.regions.index), *places["genre"]}).items()}
    regions = [_region(str(name), row, colors[str(name)]) for name, row in genre_map.regions.iterrows()]
    hover = [f"<b>{_text(name)}</b><br>{_text(row.blend)}{_probability(row.probability)}"
             + (f"<br>{_text(row.sentence)}" if isinstance(getattr(row, "sentence", None), str) else "")
             for name, row in zip(places.index, labels.itertuples())]
    unlike = labels["out_of_distribution"].to_numpy(float) > UNLIKE
    songs = []
    for genre in sorted(set(places["genre"])):
        rows = np.flatnonzero((places["genre"] == genre).to_numpy())
        songs.append({"type": "scatter", "mode": "markers", "name": _text(genre),
                      "x": places["x"].iloc[rows].tolist(), "y": places["y"].iloc[rows].tolist(),
                      "hovertext": [hover[row] for row in rows], "hoverinfo": "text",
                      "marker": {"color": colors[genre], "size": 10, "line": {"width": 1, "color": "#888"},
                                 "symbol": ["circle-open" if unlike[row] else "circle" for row in rows]}})
    axis = {"showticklabels": False, "zeroline": False}
    layout = {"xaxis": axis | {"title": {"text": _text(axis_label("x", genre_map.meaning))}},
              "yaxis": axis | {"title": {"text": _text(axis_label("y", genre_map.meaning))}, "scaleanchor": "x"},
              "hovermode": "closest", "hoverlabel": {"align": "left"}, "margin": {"l": 40, "r": 10, "t": 10, "b": 40},
              "legend": {"orientation": "h", "y": -.12}}
    return {"data": [*regions, *songs], "layout": layout}


def _region(name, row, color):
    """The outline of a genre's region, with its name in the middle."""
    variances, directions = np.linalg.eigh([[row["xx"], row["xy"]], [row["xy"], row["yy"]]])
    angles = np.linspace(0, 2 * np.pi, 60)
    # 68% of a normal distribution in two dimensions lie within 1.5 standard deviations
    circle = 1.5 * np.sqrt(np.maximum(variances, 1e-9)) * np.column_stack([np.cos(angles), np.sin(angles)])
    outline = circle @ directions.T + [row["x"], row["y"]]
    middle = outline.mean(axis=0)
    return {"type": "scatter", "mode": "lines+text", "x": [*outline[:, 0].round(3).tolist(), None, round(middle[0], 3)],
            "y": [*outline[:, 1].round(3).tolist(), None, round(middle[1], 3)], "fill": "toself",
            "fillcolor": f"{color}22", "line": {"width": 0}, "text": [*[""] * 61, _text(name)],
            "textfont": {"color": color, "size": 13}, "hoverinfo": "skip", "showlegend": False}


def _probability(value):
    return "" if pd.isna(value) else f", right with a probability of {value:.0%}"


def _text(text):
    """Text for a figure, cut where it would not fit: Plotly reads tags, which names may not hold."""
    text = str(text)
    return html.escape(text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…")


def _table(labels):
    """The songs as a table in HTML whose headings are buttons."""
    rows = labels.assign(file=[Path(path).name for path in labels["path"]])
    columns = [column for column in COLUMNS if column in rows]
    numbers = {column for column in columns if pd.api.types.is_numeric_dtype(rows[column])}

    def cell(column, value):
        if column in numbers:
            return f'<td class="number">{"" if pd.isna(value) else f"{value:.2f}"}</td>'
        return f"<td>{html.escape(value) if isinstance(value, str) else ''}</td>"

    head = "".join(f'<th{" class=number" if column in numbers else ""}><button>{COLUMNS[column]}</button></th>'
                   for column in columns)
    body = "\n".join("<tr>" + "".join(map(cell, columns, values)) + "</tr>"
                     for values in rows[columns].itertuples(index=False, name=None))
    return (f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>')
