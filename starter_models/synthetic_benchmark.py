"""A benchmark of synthetic songs with ground truth: how well a model finds the genres that a song was made from.

Both the synthesiser and the starter model are part of this project. The benchmark shows that the method works, not that
the model is right about real music.
"""

from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from influences import aspect_influences, genre_influences, song_influences
from prediction.labels import blend_label, turning_point
from signals.excerpts import save_sound
from sources.progress import progress
from synth.sample_table import GENRES
from synth.songs import blend, change, render

FIRST_ARTIST = 5000
"""Artists with this number or a higher one are in no training set; each kind of song has a thousand of its own."""
FIRST_ARTIST_OF_BLENDS = FIRST_ARTIST + 1000
FIRST_ARTIST_OF_ASPECTS = FIRST_ARTIST + 2000
FIRST_ARTIST_OF_CHANGES = FIRST_ARTIST + 3000
CHANGE_SECONDS = 30.0
"""When the songs that change their genre do so; they are twice as long."""


def demo_songs(folder):
    """Write synthetic songs: of one genre, blends of two, aspects of three, and one that changes its genre.

    Parameters
    ----------
    folder : str or Path
        Where the sound files are written; files that exist are used again.

    Returns
    -------
    pd.DataFrame
        A table of tracks with `track_id` and `song` (what the song was made from), `path` and `source`.
    """
    songs = {genre: partial(render, genre) for genre in GENRES[:5]}
    for first, second in (("hip hop", "metal"), ("classical", "dance/electronic"), ("jazz", "latin")):
        songs[f"{first} and {second}"] = partial(blend, first, second, .5)
    for beat, timbre, pitch in (("hip hop", "metal", "classical"), ("dance/electronic", "folk/acoustic", "jazz")):
        songs[f"beat {beat}, timbre {timbre}, pitch {pitch}"] = partial(render, beat=beat, timbre=timbre, pitch=pitch)
    songs["jazz that becomes metal"] = _changing("jazz", "metal")
    rows = [{"track_id": name, "song": name, "path": _sound_file(folder, name, make, FIRST_ARTIST + number),
             "source": "sample songs (synthetic)"} for number, (name, make) in enumerate(songs.items())]
    return pd.DataFrame(rows)


def _changing(first, second):
    return partial(change, first, second, CHANGE_SECONDS, seconds=2 * CHANGE_SECONDS)


def _sound_file(folder, name, make, number):
    """The path of a song, which is rendered if there is no such file; its number is both its seed and its artist."""
    path = Path(folder) / f"{name.replace('/', '-')}.flac"
    if not path.exists():
        song = make(seed=number, artist=number)
        save_sound(path, song.y, song.sr)
    return str(path)


def check_pure(classifier, folder, *, n=96):
    """Predict songs of one genre each.

    Parameters
    ----------
    classifier
        Fitted, with the genres of `synth.sample_table.GENRES`.
    folder : str or Path
        Where the sound files are written; files that exist are used again.
    n : int
        Number of songs.

    Returns
    -------
    pd.DataFrame
        One row a song: `genre` (the truth), `label`, `named` (the genre with the largest share) and `confidence` (that
        share, 0 to 1).
    """
    rows = []
    for number in progress(range(n), desc="pure songs"):
        genre = GENRES[number % len(GENRES)]
        path = _sound_file(folder, f"pure {number:03d}", partial(render, genre), FIRST_ARTIST + number)
        shares = _shares(classifier, path)
        rows.append({"genre": genre, "label": blend_label(shares), "named": shares.idxmax(),
                     "confidence": shares.max()})
    return pd.DataFrame(rows)


def check_blends(classifier, folder, *, n=96, weights=None):
    """Predict blends of two genres.

    Parameters
    ----------
    classifier
        Fitted, with the genres of `synth.sample_table.GENRES`.
    folder : str or Path
        Where the sound files are written; files that exist are used again.
    n : int
        Number of songs.
    weights : sequence of float, optional
        Shares of the second genre, 0 to 1, used in turn; evenly spaced from 0 to 1 by default.

    Returns
    -------
    pd.DataFrame
        One row a song: `one` and `two` (the genres), `true` (the share of the second), `predicted` (its predicted share
        of what the two have together), `share` (its predicted share), `label`, `top_two` (whether the two genres have
        the largest shares) and `label_names_both`.
    """
    weights = np.linspace(0, 1, n) if weights is None else weights
    pairs = list(combinations(GENRES, 2))
    order = np.random.default_rng(0).permutation(len(pairs))
    rows = []
    for number in progress(range(n), desc="blends"):
        first, second = pairs[order[number % len(pairs)]]
        weight = weights[number % len(weights)]
        path = _sound_file(folder, f"blend {number:03d} {weight:.2f}", partial(blend, first, second, weight),
                           FIRST_ARTIST_OF_BLENDS + number)
        shares = _shares(classifier, path)
        label = blend_label(shares)
        rows.append({"one": first, "two": second, "true": weight,
                     "predicted": shares[second] / max(shares[first] + shares[second], 1e-9),
                     "share": shares[second], "label": label,
                     "top_two": set(shares.nlargest(2).index) == {first, second},
                     "label_names_both": label in (f"{first}-{second}", f"{second}-{first}")})
    return pd.DataFrame(rows)


def check_aspects(aspects, folder, *, n=96):
    """Predict songs whose beat, timbre and pitch come from three different genres.

    Parameters
    ----------
    aspects : dict of str to classifier
        From `influences.fit_aspects`.
    folder : str or Path
        Where the sound files are written; files that exist are used again.
    n : int
        Number of songs.

    Returns
    -------
    pd.DataFrame
        One row a song; columns `beat`, `timbre` and `pitch`: whether the genre of that aspect has its largest share.
    """
    rng = np.random.default_rng(1)
    rows = []
    for number in progress(range(n), desc="aspects"):
        genres = dict(zip(("beat", "timbre", "pitch"), map(str, rng.permutation(GENRES)[:3])))
        path = _sound_file(folder, f"parts {number:03d}", partial(render, **genres), FIRST_ARTIST_OF_ASPECTS + number)
        predicted = aspect_influences(aspects, path).idxmax(axis=1)
        rows.append({aspect: predicted[aspect] == genre for aspect, genre in genres.items()})
    return pd.DataFrame(rows)


def check_changes(classifier, folder, *, n=24):
    """Predict songs that change from one genre to another half-way.

    Parameters
    ----------
    classifier
        Fitted, with the genres of `synth.sample_table.GENRES`.
    folder : str or Path
        Where the sound files are written; files that exist are used again.
    n : int
        Number of songs.

    Returns
    -------
    pd.DataFrame
        One row a song: `one` and `two` (the genres), `true` and `found` (time of the change in seconds; NaN where
        none was found) and `within` (whether the two times differ by no more than one window).
    """
    rng = np.random.default_rng(2)
    rows = []
    for number in progress(range(n), desc="changes"):
        first, second = map(str, rng.permutation(GENRES)[:2])
        path = _sound_file(folder, f"change {number:03d}", _changing(first, second), FIRST_ARTIST_OF_CHANGES + number)
        windows = genre_influences(classifier, path)
        turn = turning_point(windows)
        found = turn[0] if turn else np.nan
        rows.append({"one": first, "two": second, "true": CHANGE_SECONDS, "found": found,
                     "within": bool(abs(found - CHANGE_SECONDS) <= windows.attrs["seconds"])})
    return pd.DataFrame(rows)


def check_out_of_distribution(classifier, files):
    """Predict sounds that are not music: a good model calls them ambiguous.

    Parameters
    ----------
    classifier
        Fitted.
    files : sequence of str or Path

    Returns
    -------
    pd.DataFrame
        One row a file: `path`, `label` and `out_of_distribution` (the mean score of its windows, 0 to 1).
    """
    rows = []
    for path in progress(files, desc="out-of-distribution sounds"):
        windows = genre_influences(classifier, path)
        rows.append({"path": str(path), "label": blend_label(windows.mean()),
                     "out_of_distribution": windows.attrs["out_of_distribution"]})
    return pd.DataFrame(rows)


def _shares(classifier, path):
    """The genre shares of a whole song."""
    return song_influences(genre_influences(classifier, path), n_boot=1)["share"].reindex(classifier.classes_)


FAR = .3
"""A predicted share that differs by more from the true one is named."""


def blends_sentence(table, *, far=FAR):
    """How well predicted shares follow the true ones, and which blends are far from them; see `check_blends`.

    Parameters
    ----------
    table : pd.DataFrame
        From `check_blends`.
    far : float
        The difference of the shares from which on a blend is named.

    Returns
    -------
    str

    Examples
    --------
    >>> table = pd.DataFrame({"one": ["jazz"] * 3, "two": "metal", "true": [0, .5, 1], "predicted": [0, .9, 1]})
    >>> print(blends_sentence(table))
    rank correlation of the true and the predicted share: 1.00, 3 blends; 1 of them is off by more than 0.3: metal in \
jazz-metal (true 0.50, predicted 0.90)
    """
    correlation = table["true"].corr(table["predicted"], method="spearman")
    off = (table["predicted"] - table["true"]).abs()
    rows = table.loc[off[off > far].sort_values(ascending=False).index]
    named = "; ".join(f"{row.two} in {row.one}-{row.two} (true {row.true:.2f}, predicted {row.predicted:.2f})"
                      for row in rows.head(3).itertuples())
    beginning = f"rank correlation of the true and the predicted share: {correlation:.2f}, {len(table)} blends"
    verb = "is" if len(rows) == 1 else "are"
    most = "" if len(rows) <= 3 else "the largest: "
    return f"{beginning}; {len(rows)} of them {verb} off by more than {far}" + (f": {most}{named}" if len(rows) else "")


def plot_blends(table, *, ax=None):
    """The true and the predicted share of the second genre of each blend; on the dashed line the two are equal.

    Dots outside the grey band are more than `FAR` off; their genres are named.

    Parameters
    ----------
    table : pd.DataFrame
        From `check_blends`.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    import matplotlib.pyplot as plt
    if ax is None:
        ax = plt.subplots(figsize=(6.5, 5.5), layout="constrained")[1]
    ax.plot([0, 1], [0, 1], color=".7", ls="--", lw=1)
    ax.fill_between([0, 1], [-FAR, 1 - FAR], [FAR, 1 + FAR], color=".93", lw=0, zorder=0)
    far = (table["predicted"] - table["true"]).abs() > FAR
    ax.scatter(table["true"], table["predicted"], s=30, alpha=.8, color=np.where(far, "tab:red", "tab:blue"))
    for number, row in enumerate(table[far].sort_values("true").itertuples()):
        right = row.true < .5
        ax.annotate(f"{row.one}, {row.two}", (row.true, row.predicted), (6 if right else -6, 5 - 10 * (number % 2)),
                    fontsize=7, textcoords="offset points", ha="left" if right else "right", va="center")
    ax.set(xlabel="true share of the second genre (0 to 1, by loudness)",
           ylabel="predicted share of the second genre (0 to 1)", xlim=(-.03, 1.03), ylim=(-.03, 1.03),
           title="synthetic blends of two genres")
    return ax
