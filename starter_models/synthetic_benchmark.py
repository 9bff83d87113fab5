"""Songs made to order whose answers are known, and how well a model finds them.

The generator and the starter model are both ours: what is shown here is that the machinery is sound, not that it is right
about music.
"""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from influences import aspect_influences, genre_influences, song_influences
from prediction.labels import blend_label, turning_point
from signals.excerpts import save_sound
from synth.sample_table import GENRES
from synth.songs import blend, change, render

FIRST_ARTIST = 5000
"""Artists from here on are in no training set."""


def demo_songs(folder):
    """A dozen songs made to order: pure ones, blends, songs whose parts are of three genres, a song that changes.

    Returns
    -------
    pd.DataFrame
        A tracks table: `track_id` says what the song is; `path`.
    """
    made = {f"{genre}": lambda at, genre=genre: render(genre, seed=at, artist=at) for genre in GENRES[:5]}
    made |= {f"{one} and {two}": lambda at, pair=(one, two): blend(*pair, .5, seed=at, artist=at)
             for one, two in (("hip hop", "metal"), ("classical", "dance/electronic"), ("jazz", "latin"))}
    made |= {f"beat {beat}, timbre {timbre}, pitch {pitch}":
             lambda at, parts=(beat, timbre, pitch): render(beat=parts[0], timbre=parts[1], pitch=parts[2], seed=at, artist=at)
             for beat, timbre, pitch in (("hip hop", "metal", "classical"), ("dance/electronic", "folk/acoustic", "jazz"))}
    made["jazz that becomes metal"] = lambda at: change("jazz", "metal", 30, seconds=60, seed=at, artist=at)
    rows = [{"track_id": name, "song": name, "path": _written(Path(folder), name, song, FIRST_ARTIST + number),
             "source": "sample songs (synthetic)"} for number, (name, song) in enumerate(made.items())]
    return pd.DataFrame(rows)


def _written(folder, name, make, number):
    path = folder / f"{name.replace('/', '-')}.flac"
    if not path.exists():
        song = make(number)
        save_sound(path, song.y, song.sr)
    return str(path)


def check_pure(classifier, folder, *, n=96):
    """Songs of one genre: what was said of each. Columns `genre, label, named, confidence`."""
    rows = []
    for number in _bar(n, "pure songs"):
        genre, at = GENRES[number % len(GENRES)], FIRST_ARTIST + number
        path = _written(Path(folder), f"pure {number:03d}", lambda at, genre=genre: render(genre, seed=at, artist=at), at)
        shares = _shares(classifier, path)
        rows.append({"genre": genre, "label": blend_label(shares), "named": shares.idxmax(), "confidence": shares.max()})
    return pd.DataFrame(rows)


def check_blends(classifier, folder, *, n=96, weights=None):
    """Blends of two genres. Columns `one, two, true` (share of the second), `predicted` (its share of what the two have
    together), `label`, `top_two` and `label_names_both`."""
    pairs, rows = list(combinations(GENRES, 2)), []
    order = np.random.default_rng(0).permutation(len(pairs))
    for number in _bar(n, "blends"):
        (one, two), at = pairs[order[number % len(pairs)]], FIRST_ARTIST + 1000 + number
        weight = np.linspace(0, 1, n)[number] if weights is None else weights[number % len(weights)]
        path = _written(Path(folder), f"blend {number:03d} {weight:.2f}",
                        lambda at, pair=(one, two), weight=weight: blend(*pair, weight, seed=at, artist=at), at)
        shares = _shares(classifier, path)
        label = blend_label(shares)
        rows.append({"one": one, "two": two, "true": weight, "predicted": shares[two] / max(shares[one] + shares[two], 1e-9),
                     "share": shares[two], "label": label, "top_two": set(shares.nlargest(2).index) == {one, two},
                     "label_names_both": label in (f"{one}-{two}", f"{two}-{one}")})
    return pd.DataFrame(rows)


def check_aspects(aspects, folder, *, n=96):
    """Songs whose beat, timbre and pitch are of three genres. A column an aspect: whether it was named right."""
    rng, rows = np.random.default_rng(1), []
    for number in _bar(n, "aspects"):
        at, parts = FIRST_ARTIST + 2000 + number, dict(zip(("beat", "timbre", "pitch"), map(str, rng.permutation(GENRES)[:3])))
        path = _written(Path(folder), f"parts {number:03d}", lambda at, parts=parts: render(**parts, seed=at, artist=at), at)
        said = aspect_influences(aspects, path).idxmax(axis=1)
        rows.append({aspect: said[aspect] == genre for aspect, genre in parts.items()})
    return pd.DataFrame(rows)


def check_changes(classifier, folder, *, n=24):
    """Songs that change genre half-way. Columns `one, two, true, found` (s), `within`: whether to within one window."""
    rng, rows = np.random.default_rng(2), []
    for number in _bar(n, "changes"):
        at, (one, two) = FIRST_ARTIST + 3000 + number, map(str, rng.permutation(GENRES)[:2])
        path = _written(Path(folder), f"change {number:03d}",
                        lambda at, pair=(one, two): change(*pair, 30, seconds=60, seed=at, artist=at), at)
        windows = genre_influences(classifier, path)
        turn = turning_point(windows)
        rows.append({"one": one, "two": two, "true": 30.0, "found": turn[0] if turn else np.nan,
                     "within": bool(turn) and abs(turn[0] - 30) <= windows.attrs["seconds"]})
    return pd.DataFrame(rows)


def check_out_of_distribution(classifier, files):
    """Sounds that are no music. Columns `path, label, out_of_distribution`."""
    rows = []
    for path in tqdm(files, desc="strange sounds", file=sys.stdout, mininterval=1):
        windows = genre_influences(classifier, path)
        rows.append({"path": str(path), "label": blend_label(windows.mean()), "out_of_distribution": windows.attrs["out_of_distribution"]})
    return pd.DataFrame(rows)


def _shares(classifier, path):
    return song_influences(genre_influences(classifier, path), n_boot=1)["share"].reindex(classifier.classes_)


def _bar(n, desc):
    return tqdm(range(n), desc=desc, unit="song", file=sys.stdout, mininterval=1)


def plot_blends(table, *, ax=None):
    """The share that was mixed in, and the share that was heard; returns the Axes.

    Parameters
    ----------
    table : pd.DataFrame
        From `check_blends`.
    ax : matplotlib Axes, optional
    """
    import matplotlib.pyplot as plt
    if ax is None:
        ax = plt.subplots(figsize=(5, 4.5), layout="constrained")[1]
    ax.plot([0, 1], [0, 1], color=".7", ls="--", lw=1)
    ax.scatter(table["true"], table["predicted"], s=30, color="tab:blue", alpha=.8)
    ax.set(xlabel="share of the second genre that was mixed in (in loudness)", ylabel="share of the second genre that was heard",
           xlim=(-.03, 1.03), ylim=(-.03, 1.03), title="blends made to order")
    return ax
