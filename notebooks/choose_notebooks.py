"""Choose what `make run` runs: `python notebooks/choose_notebooks.py SOURCE RUNS [CHARTS]`.

A source that cannot be read is refused, before anything runs. For each notebook that the source has data for, the
parameters are written to `RUNS/.parameters/NAME.yaml`, which papermill reads; its first line says what the notebook
runs on, for the index. The notebooks without data are listed in `RUNS/.left_out`, with the reason.
"""

import hashlib
import itertools
import sys
from pathlib import Path
from typing import NamedTuple

import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from analysis.similarity import columns_by_group
from prepare import load_Data, prepare_df
from signals.decoding import SHORTEST, AudioError, is_silent, load_audio
from sources.artists import artist_groups
from sources.files import write_text

NAMES = [path.stem for path in sorted(HERE.glob("[0-9]*.ipynb"))]
FEWEST_SONGS = 6
"""Notebook 10 makes playlists of no fewer songs."""


class Contents(NamedTuple):
    """What a source holds.

    Attributes
    ----------
    words : str
        In words, for the index.
    sound : list of str
        The sound files that exist.
    heard : list of str
        The first two of them that can be decoded and are not silent.
    popularity : bool
    features : bool
        Whether the table has columns by which songs can be compared.
    n_songs : int
    mark : str
        Another one when a file has changed.
    """

    words: str
    sound: list
    heard: list
    popularity: bool
    features: bool
    n_songs: int
    mark: str


def look(source):
    """What a source holds; the errors are those of `prepare.load_Data`."""
    raw = load_Data(source)
    tracks = prepare_df(raw)
    paths = [path for path in tracks.get("path", ()) if isinstance(path, str)]
    sound = [path for path in paths if Path(path).is_file()]
    try:
        columns_by_group(tracks)
        features = True
    except ValueError:
        features = False
    words = f"{source}: {len(tracks):,} song{'s' if len(tracks) != 1 else ''}"
    if "artist" in tracks and tracks["artist"].notna().any():
        n_artists = len(set(artist_groups(tracks.dropna(subset=["artist"]))))
        words += f" by {n_artists:,} artist{'s' if n_artists != 1 else ''}"
    skipped = len(raw.attrs.get("skipped", []))
    words += f" ({skipped} files could not be read)" if skipped else ""
    popularity = "popularity" in tracks and tracks["popularity"].notna().any()
    heard = list(itertools.islice(filter(can_be_heard, sound), 2))
    return Contents(words, sound, heard, bool(popularity), features, len(tracks), mark_of([source, *paths]))


def can_be_heard(path):
    """Whether a sound file can be decoded, is long enough and is not silent."""
    try:
        y, sr = load_audio(path)
    except AudioError:
        return False
    return len(y) >= SHORTEST * sr and not is_silent(y)


def mark_of(paths):
    """A text that is another one when one of the files has changed."""
    stats = [(path, file.stat().st_size, file.stat().st_mtime_ns) for path in paths if (file := Path(path)).is_file()]
    return hashlib.sha256(repr(stats).encode("utf-8", errors="surrogateescape")).hexdigest()[:16]


class Page(NamedTuple):
    """What a notebook is run with: parameters by name, and in words what it runs on."""

    parameters: dict
    runs_on: str


def choose(source, contents, charts=""):
    """What each notebook is run with that a source has data for, and why the others have none.

    Parameters
    ----------
    source : str
    contents : Contents
    charts : str
        A file with a weekly chart; empty for none.

    Returns
    -------
    chosen : dict of str to Page
        By the name of the notebook.
    left_out : dict of str to str
        The reason by the name of the notebook.
    """
    sound, heard = contents.sound, contents.heard
    silent = "" if sound else "sound files are needed, and the source has none (a table names them in `path`)"
    no_popularity = "popularity is explained there, and sound files have none"
    no_hits = "sound files have no popularity, and no chart is given (CHARTS=hot100.csv)"
    too_few = f"{FEWEST_SONGS} songs are needed, and the source has {contents.n_songs}"
    no_features = "audio features are needed to compare songs, and the table has none"
    unheard = silent or ("" if heard else "none of the sound files can be heard: 05 gives the reasons")
    whole, first, both = {"SOURCE": source}, dict(zip(["SONG"], heard)), dict(zip(["SONG", "OTHER_SONG"], heard))
    plan = {
        "00": (first, unheard),
        "01": ({}, "a recorded example of a Spotify account is shown there, not the source"),
        "02": (whole, ""),
        "03": ({}, "" if contents.popularity or not sound else no_popularity),
        "04": (both, unheard),
        "05": (whole, silent),
        "06": ({}, silent),
        "07": ({}, silent),
        "08": (whole, silent),
        "09": ({"CHARTS": charts} if charts else {}, "" if contents.popularity or charts or not sound else no_hits),
        "10": ({} if sound else whole, too_few if contents.n_songs < FEWEST_SONGS
               else "" if sound or contents.features else no_features),
    }
    chosen, left_out = {}, {}
    for name in NAMES:
        parameters, left_out[name] = plan[name[:2]]
        songs = [path for key, path in parameters.items() if key in ("SONG", "OTHER_SONG")]
        chosen[name] = Page(parameters, " and ".join(Path(song).name for song in songs) or contents.words)
    return ({name: page for name, page in chosen.items() if not left_out[name]},
            {name: reason for name, reason in left_out.items() if reason})


def choose_sample(charts=""):
    """As `choose`, for the embedded sample: every notebook, on what it comes with."""
    parameters = {"02": {"SOURCE": "sample"}, "09": {"CHARTS": charts} if charts else {}}
    runs_on = dict.fromkeys(("02", "03", "09"), "the synthetic table") | {"01": "a recorded example with made-up names"}
    return {name: Page(parameters.get(name[:2], {}), runs_on.get(name[:2], "synthetic songs")) for name in NAMES}, {}


def write(runs, chosen, left_out, words, marks):
    """Write the files that make, papermill and the index read; one that has not changed is left as it is.

    `marks` are texts by the names of parameters, which change when a file changes that the parameter names.
    """
    folder = Path(runs) / ".parameters"
    for old in folder.glob("*.yaml"):
        if old.stem not in chosen:
            old.unlink()
    for name, page in chosen.items():
        values = {"OUT_DIR": str(runs), **page.parameters}
        lines = [f"# {' '.join(page.runs_on.split())}", f"# {' '.join(marks[key] for key in page.parameters)}",
                 yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=10 ** 6)]
        _write_if_new(folder / f"{name}.yaml", "\n".join(lines))
    _write_if_new(Path(runs) / ".source", f"{' '.join(words.split())}\n")
    _write_if_new(Path(runs) / ".left_out", "".join(f"{name}: {reason}\n" for name, reason in left_out.items()))


def _write_if_new(path, text):
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)


def main(source, runs, charts=""):
    """Write what is to be run; a message and the exit status 1 where the source or the chart cannot be read."""
    if charts and not Path(charts).expanduser().is_file():
        raise SystemExit(f"make: CHARTS={charts}: there is no such file")
    if source in ("", "sample"):
        chosen, left_out = choose_sample(charts)
        words, mark = "sample", ""
    else:
        try:
            contents = look(source)
        except (OSError, ValueError) as error:
            raise SystemExit(f"make: SOURCE={source} cannot be used: {error}") from None
        chosen, left_out = choose(source, contents, charts)
        words, mark = contents.words, contents.mark
        print(words)
    for reason in dict.fromkeys(left_out.values()):
        numbers = ", ".join(name[:2] for name in left_out if left_out[name] == reason)
        print(f"not run: {numbers}, because {reason}")
    marks = {"SOURCE": mark, "SONG": mark, "OTHER_SONG": mark, "CHARTS": mark_of([charts])}
    write(runs, chosen, left_out, words, marks)


if __name__ == "__main__":
    main(*sys.argv[1:4])
