"""What a song is made of: which genres it draws on, how that changes, and what its beat, its timbre and its pitch each owe to
whom."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from tqdm import tqdm

import models
from learning.out_of_distribution import familiarity
from prediction.genre_map import genre_map, load_map, place_on_map, save_map
from prediction.labels import aspect_sentence, blend_label, certainty, turning_point
from prediction.plots import (
    plot_aspects,
    plot_collection,
    plot_explanation,
    plot_map,
    plot_shares,
    plot_song,
    plot_timeline,
    short_name,
)
from prediction.saliency import explain
from prediction.windows import WINDOW, heard, window_seconds
from prepare import load_Data
from signals.aspects import ASPECTS, aspect_columns
from signals.batch_jobs import file_mark, tracks_with_sound
from signals.decoding import AudioError
from signals.image_statistics import describe_images
from sources.files import Journal, write_table

__all__ = ["aspect_influences", "aspect_sentence", "blend_label", "certainty", "explain", "fit_aspects", "genre_influences",
           "genre_map", "label_folder", "load_map", "place_on_map", "plot_aspects", "plot_collection", "plot_explanation",
           "plot_map", "plot_shares", "plot_song", "plot_timeline", "save_map", "shares_table", "song_card",
           "song_influences", "turning_point"]

# ---- the whole song

def genre_influences(classifier, song, *, segment_seconds=None, hop_seconds=None):
    """Which genres a song draws on, window by window.

    Parameters
    ----------
    classifier
        Fitted: of `models.build` or `models.load`.
    song : str or Path
        A sound file.
    segment_seconds : float, optional
        Length of a window; what the model hears at once where it is not given.
    hop_seconds : float, optional
        From one window to the next; half a window where it is not given.

    Returns
    -------
    pd.DataFrame [shape=(windows, genres)]
        Calibrated shares, rows sum to one; indexed by `start` in seconds. Where the sound is like none that the model learned
        from, they are drawn towards "all alike" (see `familiarity`). ``attrs``: `seconds` (of a window), `hop_seconds`, and
        `familiarity` (the mean over windows, 0 to 1).

    Raises
    ------
    AudioError
        The file cannot be decoded, or is empty, silent or shorter than a second.
    ValueError
        The model takes what cannot be made from a sound file.
    """
    segment_seconds = segment_seconds or window_seconds(classifier)
    hop_seconds = hop_seconds or segment_seconds / 2
    with heard(classifier, song, seconds=segment_seconds, hop_seconds=hop_seconds) as rows:
        return _shares(classifier, rows, {"seconds": segment_seconds, "hop_seconds": hop_seconds})


def _shares(classifier, rows, about):
    proba, known = classifier.predict_proba(rows), getattr(classifier, "familiar_", None)
    proba = proba / proba.sum(axis=1, keepdims=True)  # of a model for several genres a song, they need not sum to one
    shares = pd.DataFrame(proba, columns=pd.Index(classifier.classes_, name="genre"), index=pd.Index(rows.index, name="start"))
    like = np.ones(len(proba))
    if known:
        like = familiarity(known, rows if hasattr(classifier, "feature_names_in_") else describe_images(rows, n_jobs=1), shares)
        shares = shares.mul(like, axis=0).add((1 - like) / proba.shape[1], axis=0)
    shares.attrs = about | {"familiarity": float(like.mean())}
    return shares


def song_influences(shares, *, n_boot=1000, seed=0):
    """A song's windows summed up.

    Parameters
    ----------
    shares : pd.DataFrame [shape=(windows, genres)]
        From `genre_influences`.
    n_boot, seed : int

    Returns
    -------
    pd.DataFrame
        Indexed by genre, the largest share first: `share` (the mean) with its 95 % interval `low`, `high`: a bootstrap over
        windows, in blocks as long as windows overlap (Politis & Romano 1992).

    Examples
    --------
    >>> song_influences(pd.DataFrame({"jazz": [.9, .7], "metal": [.1, .3]}))["share"].round(2).to_dict()
    {'jazz': 0.8, 'metal': 0.2}
    """
    values, n = shares.to_numpy(float), len(shares)
    block = min(n, max(1, round(shares.attrs.get("seconds", 1) / shares.attrs.get("hop_seconds", 1))))
    first = np.random.default_rng(seed).integers(0, n, (n_boot, -(-n // block)))
    drawn = ((first[:, :, None] + np.arange(block)) % n).reshape(n_boot, -1)[:, :n]
    low, high = np.quantile(values[drawn].mean(axis=1), (.025, .975), axis=0)
    table = pd.DataFrame({"share": values.mean(axis=0), "low": low, "high": high}, index=shares.columns)
    return table.sort_values("share", ascending=False, kind="stable")


# ---- beat, timbre, pitch

def fit_aspects(features, genres, *, groups=None, model="linear", seed=0, **settings):
    """Learn which genres a beat, a timbre and a pitch resemble: three classifiers, each on the features of its own aspect alone.

    Parameters
    ----------
    features : pd.DataFrame
        One row a song, as from `features.extract_features` or `textures.describe_images`; see `features.ASPECTS`.
    genres : sequence of str, or pd.DataFrame
        One a song; or, where they are known to differ, columns `beat`, `timbre`, `pitch`.
    groups : sequence, optional
        The artist of each song; the probabilities are calibrated on artists that were held out.
    model : {'linear', 'svm', 'knn', 'forest'}
    seed : int
    **settings
        Of the model.

    Returns
    -------
    dict of str to classifier
        `beat`, `timbre`, `pitch`.

    Raises
    ------
    ValueError
        The table has no feature of an aspect.
    """
    fitted = {}
    for aspect in ASPECTS:
        columns, own = features[aspect_columns(features, aspect)], genres[aspect] if isinstance(genres, pd.DataFrame) else genres
        fitted[aspect] = models.build(model, seed=seed, **settings).fit(columns, own, groups=groups)
    return fitted


def aspect_influences(aspects, song):
    """Which genres the beat, the timbre and the pitch of a song each resemble.

    Parameters
    ----------
    aspects : dict of str to classifier
        From `fit_aspects`.
    song : str or Path
        A sound file.

    Returns
    -------
    pd.DataFrame
        Rows `beat`, `timbre`, `pitch`; columns genres; rows sum to one (the mean over windows of `WINDOW` seconds).

    Raises
    ------
    AudioError
        As `genre_influences`.
    """
    with heard(next(iter(aspects.values())), song, seconds=WINDOW, hop_seconds=WINDOW) as rows:
        shares = {aspect: _shares(model, rows, {}).mean() for aspect, model in aspects.items()}
    return pd.DataFrame(shares).T.rename_axis("aspect")


def song_card(classifier, song, *, aspects=None, genre_map=None, title=None):
    """One page that says what a song is made of.

    Parameters
    ----------
    classifier
        A model that `explanations.explain` can explain.
    song : str or Path
        A sound file.
    aspects : dict, optional
        From `influences.fit_aspects`.
    genre_map : GenreMap, optional
        That of the classifier.
    title : str, optional
        The file's name where it is not given.

    Returns
    -------
    matplotlib Figure
        Save it with ``figure.savefig("card.png")`` or ``.pdf``. What it says stands in ``figure.said``, a dict.
    """
    shares = genre_influences(classifier, song)
    summary = song_influences(shares)
    label, strange = blend_label(summary["share"]), 1 - shares.attrs["familiarity"]
    by_aspect = None if aspects is None else aspect_influences(aspects, song)
    explanation = explain(classifier, song)
    turn = turning_point(shares)
    figure = plt.figure(figsize=(12, 13), layout="constrained")
    rows = figure.add_gridspec(4, 6, height_ratios=(.5, 2.2, 1.7, 5))
    head = figure.add_subplot(rows[0, :])
    head.set_axis_off()
    head.text(0, 1, short_name(title or Path(song).stem, 80), fontsize=11, va="top", color=".35", parse_math=False)
    head.text(0, .05, label, fontsize=24, weight="bold", va="bottom")
    words = [f"certainty {certainty(summary['share']):.0%}"]
    words += [aspect_sentence(by_aspect)] if by_aspect is not None and strange <= .5 else []
    words += [f"turns from {turn[1]} to {turn[2]} at {int(turn[0]) // 60}:{int(turn[0]) % 60:02d}"] if turn else []
    doubt = ": aspects and maps mean little" if strange > .5 else ""  # they know nothing of how strange a song is
    words += [f"{strange:.0%} unlike anything the model knows{doubt}"] if strange > .1 else []
    head.text(1, .05, "\n".join(words), fontsize=10, ha="right", va="bottom", color=".2")
    plot_song(summary, ax=figure.add_subplot(rows[1, :3]))
    if genre_map is not None:
        where = place_on_map(genre_map, song, classifier=classifier)
        plot_map(genre_map, {"this song": where}, ax=figure.add_subplot(rows[1:3, 3:]))
    if by_aspect is not None:
        plot_aspects(by_aspect, ax=figure.add_subplot(rows[2, :3]))
    bottom = rows[3, :].subgridspec(3, len(explanation.maps), height_ratios=(1.5, .45, 1.7))
    plot_timeline(shares, song, axs=[figure.add_subplot(bottom[0, :]), figure.add_subplot(bottom[1, :])])
    found = [figure.add_subplot(bottom[2, number]) for number in range(len(explanation.maps))]
    plot_explanation(explanation, axs=found)
    figure.said = {"label": label, "summary": summary, "aspects": by_aspect, "turn": turn,
                   "familiarity": shares.attrs["familiarity"]}
    return figure


def shares_table(said):
    """Songs by genres, of what `song_influences` said of each: dict of names to tables."""
    return pd.DataFrame({name: summary["share"] for name, summary in said.items()}).T


def label_folder(classifier, folder, *, out="labels.csv", aspects=None):
    """Say of each song in a folder what it is made of.

    Parameters
    ----------
    classifier
        Fitted: of `models.build` or `models.load`.
    folder : str, Path or pd.DataFrame
        What `prepare.load_Data` can read: a folder of sound files, or a table with `path`.
    out : str or Path
        The CSV file to write. What is done is noted in a file beside it, song by song, so that a run that was killed goes on
        where it stopped; songs whose file has changed are heard again.
    aspects : dict, optional
        From `influences.fit_aspects`.

    Returns
    -------
    pd.DataFrame
        One row a song: `track_id, path, blend, certainty, familiarity`, columns ``share: GENRE``, and with aspects `beat, timbre,
        pitch, sentence`. What was skipped and why in ``attrs["skipped"]`` and in ``OUT.skipped.csv``.
    """
    tracks = tracks_with_sound(folder if isinstance(folder, pd.DataFrame) else load_Data(folder))
    out = Path(out)
    journal, rows, skipped = Journal.beside(out), [], []
    model = f"{list(map(str, classifier.classes_))} {classifier.temperature_:.9f} {sorted(aspects or ())}"
    for track in tqdm(tracks.itertuples(), total=len(tracks), desc="labels", unit="song", file=sys.stdout, mininterval=1):
        key, mark = f"{track.track_id}|{track.source}", file_mark(track.source, model)
        row = journal.get(key, mark)
        if row is None:
            try:
                row = _labels(classifier, track, aspects)
            except AudioError as error:
                skipped.append({"path": track.source, "reason": str(error)})
                continue
            journal.add(key, mark, row)
        rows.append(row)
    table = pd.DataFrame(rows)
    table.attrs["skipped"] = skipped
    write_table(table, out)
    write_table(pd.DataFrame(skipped, columns=["path", "reason"]), out.with_name(f"{out.stem}.skipped.csv"))
    if skipped:
        print(f"{len(skipped)} of {len(tracks)} files skipped: see {out.stem}.skipped.csv")
    return table


def _labels(classifier, track, aspects):
    windows = genre_influences(classifier, track.source)
    shares = song_influences(windows, n_boot=1)["share"]
    row = {"track_id": track.track_id, "path": track.source, "blend": blend_label(shares),
           "certainty": round(certainty(shares), 4),
           "familiarity": round(windows.attrs["familiarity"], 4)}
    row |= {f"share: {genre}": round(float(shares[genre]), 4) for genre in classifier.classes_}
    if aspects is not None:
        table = aspect_influences(aspects, track.source)
        row |= {aspect: blend_label(values) for aspect, values in table.iterrows()} | {"sentence": aspect_sentence(table)}
    return row
