"""The page of one song: a player with a timeline, shares, tags, a map, the nearest songs, and how far to trust it.

The page is one HTML file that needs no network. Names come from strangers' tags: all text is escaped.
"""

import base64
import html
import io
import itertools
import json
from pathlib import Path

import numpy as np
from matplotlib.colors import to_hex

from prediction.html_pages import figure_html, page
from prediction.plots import genre_colors, without_overlap
from prediction.song_facts import fact_words
from prediction.song_sentences import STANDS_OUT
from signals.decoding import AudioError, load_audio, resample
from signals.time_axis import clock
from sources.files import atomic_path, safe_name, write_text

PLAYER_RATE = 24_000
"""Hz, mono: enough to listen to, and a song of four minutes is a file of 2 MB."""
COMPRESSION = ((330, .6), (660, .8), (1320, .9))
"""Up to how many seconds a song is compressed how much (64, 40 and 24 kbit/s)."""
EXCERPT_SECONDS = 8.0
"""Of the nearest songs."""
SMALLEST_SHOWN = .03
"""A family with a smaller mean share, and never `LARGEST_HIDDEN`, is added to the others in the timeline."""
LARGEST_HIDDEN = .2
WAVEFORM_POINTS = 600
BASE = {"margin": {"l": 60, "r": 15, "t": 10, "b": 45}, "font": {"family": "system-ui, sans-serif", "size": 13},
        "hoverlabel": {"align": "left"}}
"""What the layouts of all figures have in common."""

STYLE = """
.facts { display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; list-style: none }
.facts li { border: 1px solid var(--line); border-radius: .5rem; padding: .25rem .7rem }
.facts b { display: block; font-size: 1.05rem } .facts span { font-size: .8rem; color: var(--quiet) }
.label { font-size: 1.9rem; font-weight: 700; margin: .6rem 0 .2rem; line-height: 1.2 }
.chart.timeline { height: 22rem } .chart.shares { height: 17rem } .chart.aspects { height: 13rem }
audio { width: 100% }
.tags span { display: inline-block; border: 1px solid var(--line); border-radius: 1rem; padding: .05rem .7rem;
             margin: .15rem .3rem .15rem 0 }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem } .two > div { min-width: 0 }
img.found { width: 100%; min-width: 40rem; background: #fff; border-radius: .4rem }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: .4rem;
         padding: .15rem .6rem; cursor: pointer }
@media (max-width: 40rem) { .two { display: block } .label { font-size: 1.5rem } }
"""

PLAYER = """
const player = document.getElementById("player"), timeline = document.getElementById("timeline");
let moved = 0;
function moveCursor() {
  if (timeline.layout) Plotly.relayout(timeline, {"shapes[0].x0": player.currentTime,
                                                  "shapes[0].x1": player.currentTime});
}
function followSound(time) {
  if (time - moved > 90) { moved = time; moveCursor(); }
  if (!player.paused) requestAnimationFrame(followSound);
}
function playExcerpt(name) {
  player && player.pause();
  for (const other of document.querySelectorAll("audio.excerpt"))
    if (other.id === name && other.paused) { other.currentTime = 0; other.play(); } else other.pause();
}
if (player) {
  player.addEventListener("play", () => requestAnimationFrame(followSound));
  player.addEventListener("seeked", moveCursor);
  figureReady("timeline").then(() => timeline.on("plotly_click", event => {
    player.currentTime = event.points[0].x; moveCursor(); }));
}
if (document.getElementById("map"))
  figureReady("map").then(() => document.getElementById("map").on("plotly_click", event =>
    event.points[0].customdata && playExcerpt(event.points[0].customdata)));
for (const button of document.querySelectorAll("button[data-jump]"))
  button.addEventListener("click", () => { player.currentTime = Number(button.dataset.jump); player.play(); });
for (const button of document.querySelectorAll("button[data-excerpt]"))
  button.addEventListener("click", () => playExcerpt(button.dataset.excerpt));
"""


def song_page(description, recording, *, genre_map=None, map_songs=None, found_image=None):
    """The page of one song.

    Parameters
    ----------
    description : dict
        What `influences.song_card` says of the song.
    recording : Recording
        For the player and the waveform.
    genre_map : GenreMap, optional
        That of the classifier; the song's place is in `description`.
    map_songs : pd.DataFrame, optional
        Songs of the collection on the map: `x`, `y`, `name`, and `number` in the list of nearest songs (-1 for others).
    found_image : bytes, optional
        A PNG of what was found where.

    Returns
    -------
    str
        HTML.
    """
    nearest, excerpts = _nearest(description["nearest"])
    colors = {name: to_hex(color) for name, color in
              genre_colors(description["timeline"]["shares"]).items()}
    parts = [f"<style>{STYLE}</style>", _header(description), _player(recording),
             figure_html("timeline", timeline_figure(description, recording, colors), kind="timeline"),
             "<p class=quiet>Shares of genres over time, the waveform with the borders of its sections (dotted), and "
             "the chords. Click to jump to a place.</p>",
             _passages(description["passages"]), _hook(description["structure"]["hook"]),
             _chord_chart(description["chords"]["chart"]),
             '<div class="two"><div><h2>Genres</h2>', figure_html("shares", shares_figure(description, colors),
                                                                  kind="shares"),
             f"<p class=quiet>{_escape(_interval_note(description))}</p></div><div>", _tags(description["tags"],
                                                                                         description["tags_problem"]),
             "</div></div>", _aspects(description)]
    if genre_map is not None and description["map"]:
        parts += ["<h2>The map of genres</h2>",
                  "<p class=quiet>Songs that lie close sound alike to the model. An area holds about two thirds of the "
                  "songs of a genre; the star is this song" + (
                      ", dots are songs of your collection. Large dots are the nearest songs: click one to hear it."
                      if map_songs is not None and len(map_songs) else ".") + "</p>",
                  figure_html("map", map_figure(description, genre_map, map_songs, excerpts))]
    parts += [nearest, _estimates(description["estimates"]),
              _found(description["found"], description["found_sentence"], found_image),
              _trust(description),
              f"<script>{PLAYER}</script>"]
    return page(_heading(description), "\n".join(parts), with_figures=True)


def _escape(text):
    return html.escape(str(text))


def _heading(description):
    artist = description["artist"]
    return f"{artist} – {description['title']}" if artist else description["title"]


def _header(description):
    """Title, artist, what was measured, the label and its sentences."""
    facts = "".join(f"<li><b>{_escape(value)}</b><span>{_escape(name)}</span></li>"
                    for name, value in fact_words(description).items())
    artist = f'<p class="quiet">{_escape(description["artist"])}</p>' if description["artist"] else ""
    sentences = " ".join(map(_escape, description["sentences"]))
    streaming = f'<p class="quiet">{_escape(description["facts"]["streaming"])}</p>'
    return (f'<h1>{_escape(description["title"])}</h1>{artist}<ul class="facts">{facts}</ul>'
            f'<p class="label">{_escape(description["label"])}</p><p>{sentences}</p>{streaming}')


# ---- sound

def mp3_of(y, sr):
    """Sound as an MP3 file for a page: mono, 24 kHz.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    sr : int

    Returns
    -------
    bytes
        At most 22 minutes; the rest is cut off.
    """
    import soundfile
    seconds = len(y) / sr
    level = next((level for longest, level in COMPRESSION if seconds <= longest), COMPRESSION[-1][1])
    y = np.clip(resample(y[:int(COMPRESSION[-1][0] * sr)], sr, PLAYER_RATE), -1, 1)
    file = io.BytesIO()
    soundfile.write(file, y, PLAYER_RATE, format="MP3", subtype="MPEG_LAYER_III", compression_level=level,
                    bitrate_mode="CONSTANT")
    return file.getvalue()


def _sound_address(y, sr):
    return "data:audio/mpeg;base64," + base64.b64encode(mp3_of(y, sr)).decode()


def _player(recording):
    cut = recording.seconds > COMPRESSION[-1][0]
    note = f"<p class=quiet>The player holds the first {COMPRESSION[-1][0] // 60} minutes.</p>" if cut else ""
    return f'<audio id="player" controls src="{_sound_address(recording.mono(), 22_050)}"></audio>{note}'


def _nearest(songs):
    """The nearest songs as a list, and the names of the excerpts of those whose files are at hand, by number."""
    if songs is None:
        return "", {}
    rows, excerpts = [], {}
    for number, song in enumerate(songs):
        sound = ""
        try:
            start = max(0.0, .3 * song["seconds"]) if song.get("seconds") else 0.0
            y, sr = load_audio(song["path"], offset=start, seconds=EXCERPT_SECONDS, sr=PLAYER_RATE)
            excerpts[number] = f"excerpt_{number}"
            sound = (f'<button data-excerpt="excerpt_{number}" aria-label="play {_escape(song["song"])}">▶</button>'
                     f'<audio class="excerpt" id="excerpt_{number}" src="{_sound_address(y, sr)}"></audio>')
        except (AudioError, OSError, TypeError):  # the file has gone, or the table has no path
            pass
        rows.append(f"<tr><td>{sound}</td><td>{_escape(song['song'])}</td><td>{_escape(song['artist'] or '')}</td>"
                    f"<td class=number>{song['distance']:.2f}</td><td>{_escape(song['reason'])}</td></tr>")
    head = "<tr><th></th><th>song</th><th>artist</th><th class=number>distance</th><th>beside this song</th></tr>"
    table = f"<table>{head}{''.join(rows)}</table>"
    return (f'<h2>The nearest songs of your collection</h2><div class="wide">{table}</div>'
            '<p class="quiet">Two songs drawn at random have a distance of about 1.4: songs that are farther away are '
            "not similar, even if no other song is nearer.</p>"), excerpts


# ---- figures

def timeline_figure(description, recording, colors):
    """The shares of genres over time, stacked, above the waveform, for Plotly: a dict of `data` and `layout`.

    The first shape of the layout is the cursor.
    """
    timeline = description["timeline"]
    end = recording.seconds
    middles = np.clip(np.array(timeline["starts"]) + timeline["seconds"] / 2, 0, end)
    times = np.unique(np.concatenate([np.linspace(0, end, 2 * max(2, len(middles)) + 60), middles]))
    shares = {name: np.array(values, dtype=float) for name, values in timeline["shares"].items()}
    order = sorted(shares, key=lambda name: -shares[name].mean())
    shown = [name for name in order if shares[name].mean() >= SMALLEST_SHOWN or shares[name].max() >= LARGEST_HIDDEN]
    data = []
    others = 1 - sum((shares[name] for name in shown), np.zeros(len(middles)))
    for name, values in [*((name, shares[name]) for name in shown), ("others", np.maximum(others, 0))]:
        data.append({"x": _rounded(times), "y": _rounded(np.interp(times, middles, values)), "name": _escape(name),
                     "stackgroup": "shares", "mode": "lines", "line": {"width": 0},
                     "fillcolor": colors.get(name, "#999999"), "hovertemplate": "%{y:.0%}"})
    y = recording.mono()
    pieces = np.array_split(np.abs(y), min(len(y), WAVEFORM_POINTS))
    peaks = np.array([piece.max() for piece in pieces])
    at = np.linspace(0, end, len(peaks))
    data += [{"x": _rounded(at), "y": _rounded(sign * peaks), "yaxis": "y2", "mode": "lines", "fill": "tozeroy",
              "line": {"width": 0}, "fillcolor": "#888888", "showlegend": False, "hovertemplate": "%{x:.0f} s",
              "name": "", "hoverinfo": "x"} for sign in (1, -1)]
    step = next((step for step in (5, 10, 15, 30, 60, 120, 300, 600) if end / step <= 8), 1200)
    ticks = np.arange(0, end, step)
    data.append(_chord_bars(description["chords"]["chords"]))
    cursor = {"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "paper",
              "line": {"color": "#d62728", "width": 2}}
    layout = {**BASE, "shapes": [cursor, *_structure_shapes(description["structure"])], "hovermode": "x unified",
               "uniformtext": {"minsize": 9, "mode": "hide"},
              "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
              "xaxis": {"range": [0, end], "tickvals": ticks.tolist(), "ticktext": [clock(tick) for tick in ticks],
                        "title": {"text": "time (min:s)"}, "anchor": "y3", "fixedrange": True, "hoverformat": ".0f"},
              "yaxis": {"range": [0, 1], "domain": [.38, 1], "tickformat": ".0%", "fixedrange": True,
                        "title": {"text": "share"}},
              "yaxis2": {"domain": [.13, .34], "visible": False, "fixedrange": True},
              "yaxis3": {"domain": [0, .1], "visible": False, "fixedrange": True}}
    return {"data": data, "layout": layout}


def _structure_shapes(structure):
    """Lines where sections begin and bands where the hook is, on the waveform, for Plotly."""
    place = {"yref": "y2 domain", "y0": 0, "y1": 1}
    hook = structure["hook"]
    starts = [] if hook is None else [hook["start"], *hook["repeats"]]
    bands = [{"type": "rect", "x0": start, "x1": start + hook["end"] - hook["start"], "line": {"width": 0},
              "fillcolor": "rgba(255, 165, 0, .25)", **place} for start in starts]
    return bands + [{"type": "line", "x0": time, "x1": time, "line": {"color": "#d62728", "width": 1, "dash": "dot"},
                     **place} for time in structure["sections"]]


def _chord_bars(chords):
    """The chords as a row of bars for Plotly; chords that share notes have similar colours, minor ones are paler."""
    known = [chord for chord in chords if chord["root"] is not None]
    turns = [(chord["root"] + (3 if chord["minor"] else 0)) * 7 % 12 / 12 for chord in known]
    colors = [f"hsla({360 * turn:.0f}, 70%, 55%, {.45 if chord['minor'] else .75})"
              for turn, chord in zip(turns, known)]
    return {"type": "bar", "orientation": "h", "yaxis": "y3", "y": [0] * len(known), "width": 1, "name": "chords",
            "base": [chord["start"] for chord in known], "marker": {"color": colors},
            "x": [round(chord["end"] - chord["start"], 2) for chord in known],
            "text": [chord["chord"] for chord in known], "textposition": "inside", "insidetextanchor": "middle",
            "textangle": 0, "constraintext": "inside", "textfont": {"size": 10}, "hoverinfo": "skip",
            "showlegend": False}


def _rounded(values, digits=3):
    return np.round(np.asarray(values, dtype=float), digits).tolist()


def shares_figure(description, colors, top=6):
    """The shares of the whole song with their intervals, for Plotly."""
    rows = description["shares"][:top][::-1]
    bars = {"type": "bar", "orientation": "h", "y": [f"{_escape(row['genre'])} {row['share']:.0%}" for row in rows],
            "x": [row["share"] for row in rows],
            "marker": {"color": [colors.get(row["genre"], "#888") for row in rows]},
            "hovertemplate": "%{y}<extra></extra>"}
    if rows[0]["low"] is not None:
        bars["error_x"] = {"type": "data", "symmetric": False, "thickness": 1.5, "color": "#888",
                           "array": [row["high"] - row["share"] for row in rows],
                           "arrayminus": [row["share"] - row["low"] for row in rows]}
    layout = {**BASE, "margin": {**BASE["margin"], "l": 95, "r": 25}, "xaxis": {"range": [0, 1], "tickformat": ".0%",
                                                                      "fixedrange": True},
              "yaxis": {"fixedrange": True, "automargin": True}}
    return {"data": [bars], "layout": layout}


def _interval_note(description):
    if description["shares"][0]["low"] is None:
        return "The song is too short for intervals: they come from the differences between its windows."
    return ("Shares of the whole song. The lines are 95% intervals, from the differences between the windows of the "
            "song.")


def aspects_figure(description):
    """The shares of beat, timbre and pitch, one stacked bar each, for Plotly."""
    aspects = description["aspects"]
    genres = list(next(iter(aspects.values()))["shares"])
    colors = {name: to_hex(color) for name, color in genre_colors(genres).items()}
    names = list(aspects)[::-1]
    data = [{"type": "bar", "orientation": "h", "name": _escape(genre), "y": names,
             "x": [aspects[name]["shares"][genre] for name in names], "marker": {"color": colors[genre]},
             "hovertemplate": "%{y}: " + _escape(genre) + " %{x:.0%}<extra></extra>"} for genre in genres]
    layout = {**BASE, "margin": {**BASE["margin"], "r": 25}, "barmode": "stack",
              "legend": {"orientation": "h", "y": -.3, "traceorder": "normal"},
              "xaxis": {"range": [0, 1], "tickformat": ".0%", "fixedrange": True}, "yaxis": {"fixedrange": True}}
    return {"data": data, "layout": layout}


def map_figure(description, genre_map, map_songs, excerpts):
    """The map of genres with the song and the songs of the collection, for Plotly."""
    regions = genre_map.regions
    colors = {name: to_hex(color) for name, color in genre_colors(regions.index).items()}
    data = []
    angles = np.linspace(0, 2 * np.pi, 49)
    circle = 1.5 * np.array([np.cos(angles), np.sin(angles)])  # two thirds of a normal distribution in two dimensions
    for genre, row in regions.iterrows():
        variances, directions = np.linalg.eigh([[row["xx"], row["xy"]], [row["xy"], row["yy"]]])
        x, y = directions @ (np.sqrt(np.maximum(variances, 1e-9))[:, None] * circle)
        data.append({"x": _rounded(x + row["x"]), "y": _rounded(y + row["y"]), "mode": "lines", "fill": "toself",
                     "line": {"color": colors[genre], "width": 1}, "opacity": .35, "name": _escape(genre),
                     "hoveron": "fills", "hoverinfo": "name", "showlegend": False})
    centres = without_overlap(regions[["x", "y"]].to_numpy(float))
    data.append({"x": _rounded(centres[:, 0]), "y": _rounded(centres[:, 1]), "mode": "text",
                 "text": [f"<b>{_escape(genre)}</b>" for genre in regions.index], "hoverinfo": "skip",
                 "showlegend": False})
    if map_songs is not None and len(map_songs):
        data.append({"x": _rounded(map_songs["x"]), "y": _rounded(map_songs["y"]), "mode": "markers",
                     "marker": {"size": [13 if number in excerpts else 7 for number in map_songs["number"]],
                                "color": "#888", "line": {"width": 1, "color": "#fff"}},
                     "text": [_escape(name) for name in map_songs["name"]], "hovertemplate": "%{text}<extra></extra>",
                     "customdata": [excerpts.get(number) for number in map_songs["number"]], "showlegend": False})
    place = description["map"]
    data.append({"x": [place["x"]], "y": [place["y"]], "mode": "markers", "showlegend": False,
                 "marker": {"symbol": "star", "size": 20, "color": "#d62728", "line": {"width": 1.5, "color": "#fff"}},
                 "text": [_escape(_heading(description))], "hovertemplate": "this song: %{text}<extra></extra>"})
    axis = {"showgrid": False, "zeroline": False, "showticklabels": False}
    return {"data": data, "layout": {**BASE, "margin": {"l": 10, "r": 10, "t": 10, "b": 10}, "hovermode": "closest",
                                     "xaxis": axis, "yaxis": axis}}


# ---- sections

def _passages(passages):
    """Buttons that jump to the passage that speaks most for each main genre."""
    buttons = "".join(f'<button data-jump="{row["start"]}">{_escape(row["genre"])} {row["share"]:.0%} at '
                      f'{clock(row["start"])}</button> ' for row in passages)
    return f"<p>Listen where each genre is clearest: {buttons}</p>"


def _hook(hook):
    """Buttons that jump to the hook and to its repetitions."""
    if hook is None:
        return ""
    buttons = "".join(f'<button data-jump="{time}">{clock(time)}</button> ' for time in
                      sorted([hook["start"], *hook["repeats"]]))
    return (f'<p>What is repeated most (orange; {hook["end"] - hook["start"]:.0f} s, loudest at '
            f'{clock(hook["start"])}): {buttons}</p>')


def _chord_chart(chart):
    return ("<details><summary>chord chart</summary><p class=quiet>The nearest major or minor chord on each beat, "
            "estimated; a dot is a beat on which the chord goes on. A bar is taken to begin on the beats with the "
            f'strongest onsets.</p><div class="wide"><pre>{_escape(chart)}</pre></div></details>')


def _tags(tags, problem):
    """The tags that stand out, by group, and all of them folded."""
    if tags is None:
        return f"<h2>Tags</h2><p>{_escape(problem)}</p>"
    groups = dict.fromkeys(tag["group"] for tag in tags)
    lines = []
    for group in groups:
        words = [f"<span>{_escape(tag['word'])} {tag['percentile']}{'?' if tag['unsure'] else ''}</span>"
                 for tag in tags if tag["group"] == group and tag["percentile"] >= STANDS_OUT][:4]
        if words:
            lines.append(f'<p class="tags">{_escape(group)}: {"".join(words)}</p>')
    rows = "".join(f"<tr><td>{_escape(tag['group'])}</td><td>{_escape(tag['word'])}</td><td class=number>"
                   f"{tag['percentile']}{'?' if tag['unsure'] else ''}</td></tr>" for tag in tags)
    return ("<h2>Tags</h2>" + ("".join(lines) or "<p>No tag stands out.</p>") + "<p class=quiet>Percentiles among "
            "reference songs: at 95, only 5 of 100 songs have more of it. ? marks tags on which the two networks "
            f"disagree.</p><details><summary>all tags</summary><table>{rows}</table></details>")


def _estimates(estimates):
    """Spotify's features as they are estimated from the sound, with intervals."""
    estimates = [row for row in estimates or [] if row["estimate"] is not None]
    if not estimates:
        return ""
    rows = "".join(f"<tr><td>{_escape(row['feature'])}</td><td class=number>{row['estimate']:.2f}</td><td class=number>"
                   f"{row['low']:.2f} to {row['high']:.2f}</td></tr>" for row in estimates)
    return ("<h2>On Spotify’s scale</h2><p>Estimates of Spotify’s features, from 0 to 1; for 8 of 10 songs, the value "
            "that Spotify has lies in the interval. They are rough: compare songs by them only where the intervals do "
            "not overlap.</p><table><tr><th>feature</th><th class=number>estimate</th><th class=number>interval</th>"
            f"</tr>{rows}</table>")


def _aspects(description):
    if not description["aspects"]:
        return ""
    return ("<h2>Beat, timbre, pitch</h2>" + f"<p>{_escape(description['aspects_sentence'])}</p>"
            + figure_html("aspects", aspects_figure(description), kind="aspects"))


def _found(found, sentence, image):
    """Where genres were found; the picture is folded where the check supports none of it."""
    if not sentence:
        return ""
    picture = (f'<img class="found" alt="{_escape(sentence)}" src="data:image/png;base64,'
               f'{base64.b64encode(image).decode()}">') if image else ""
    picture = f'<div class="wide">{picture}</div>'
    if not any(row["holds"] for row in found["genres"]):
        picture = f"<details><summary>the picture</summary>{picture}</details>"
    return f"<h2>Where the genres were found</h2><p>{_escape(sentence)}</p>{picture}"


def _trust(description):
    items = "".join(f"<li>{_escape(sentence)}</li>" for sentence in description["trust"])
    return f"<h2>How far to trust it</h2><ul>{items}</ul>"


# ---- files

def write_song_files(folder, description, page_html, figure):
    """Write the page of a song, the same as JSON, and the card for print.

    Parameters
    ----------
    folder : str or Path
    description : dict
    page_html : str
    figure : matplotlib Figure

    Returns
    -------
    tuple of Path
        ``ARTIST - TITLE.html``, ``.json``, ``.png``. If another sound file has a page of this name, a number is added;
        the page of the same file is written anew.
    """
    folder = Path(folder)
    stem = _free_stem(folder, description)
    with atomic_path(folder / f"{stem}.png") as temporary:
        figure.savefig(temporary, format="png", dpi=110)
    return (write_text(folder / f"{stem}.html", page_html),
            write_text(folder / f"{stem}.json", json.dumps(description, indent=1, ensure_ascii=False)),
            folder / f"{stem}.png")


def _free_stem(folder, description):
    """A file name after artist and title that no other sound file has."""
    name = safe_name(" - ".join(filter(None, (description["artist"], description["title"]))), 90)
    for number in itertools.count(1):
        stem = name if number == 1 else f"{name} ({number})"
        written = folder / f"{stem}.json"
        if not written.exists() or _source_of(written) == description["path"]:
            return stem


def _source_of(file):
    """The sound file that a JSON file of a song names; None where it names none."""
    try:
        return json.loads(file.read_text(encoding="utf-8")).get("path")
    except (ValueError, AttributeError):
        return None
