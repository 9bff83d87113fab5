"""What a song draws on: shares of genres over time, tags, the aspects beat, timbre and pitch, a card for a song, labels
for a folder."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from tqdm import tqdm

import models
from learning.pretrained import PATCH_SECONDS, patches_apart, window_embeddings
from learning.targets import family_shares
from prediction.genre_map import fit_genre_map, load_map, place_on_map, save_map
from prediction.labels import aspect_sentence, blend_label, certainty, turning_point
from prediction.plots import (
    plot_aspects,
    plot_collection,
    plot_explanation,
    plot_map,
    plot_shares,
    plot_song,
    plot_taggram,
    plot_timeline,
    short_name,
)
from prediction.saliency import explain
from prediction.tags import tag_percentiles, tag_sentence, tag_table
from prediction.windows import window_shares
from prepare import load_Data
from signals.aspects import ASPECTS, aspect_columns
from signals.batch_jobs import CHANGED, attempt, file_mark, tracks_with_sound
from signals.decoding import AudioError
from signals.recording import Recording, as_recording
from sources.files import Journal, one_at_a_time, write_table

__all__ = [
    "Recording",
    "aspect_influences",
    "aspect_sentence",
    "blend_label",
    "certainty",
    "explain",
    "family_shares",
    "fit_aspects",
    "fit_genre_map",
    "genre_influences",
    "label_folder",
    "load_map",
    "passages",
    "place_on_map",
    "plot_aspects",
    "plot_collection",
    "plot_explanation",
    "plot_map",
    "plot_shares",
    "plot_song",
    "plot_taggram",
    "plot_timeline",
    "save_map",
    "shares_table",
    "song_card",
    "song_influences",
    "song_tags",
    "tag_sentence",
    "taggram",
    "turning_point",
]

UNLIKE = .5
"""From this out-of-distribution score on, the card warns that aspects and map mean little."""

SMALLEST_PASSAGE = .10
"""Genres with a smaller share of the song have no passage to listen to."""


# ---- the whole song

def genre_influences(classifier, song, *, segment_seconds=None, hop_seconds=None):
    """Which genres a song draws on, window by window.

    Parameters
    ----------
    classifier
        Fitted: of `models.build` or `models.load`.
    song : str, Path or Recording
        A sound file.
    segment_seconds : float, optional
        Length of a window; the model's own where it is not given.
    hop_seconds : float, optional
        From one window to the next; half a window where it is not given.

    Returns
    -------
    pd.DataFrame [shape=(windows, genres)]
        Calibrated shares, rows sum to one; indexed by `start` in seconds. Where the sound is unlike the training
        songs, the shares are mixed with equal ones. ``attrs``: `seconds` (of a window), `hop_seconds`, and
        `out_of_distribution` (the mean score over windows, from 0, like the training songs, to 1).

    Raises
    ------
    AudioError
        The file cannot be decoded, or is empty, silent or shorter than a second.
    ValueError
        The model takes what cannot be made from a sound file.
    """
    return window_shares(classifier, song, seconds=segment_seconds, hop_seconds=hop_seconds)


def song_influences(shares, *, n_boot=1000, seed=0):
    """The shares of a whole song.

    Parameters
    ----------
    shares : pd.DataFrame [shape=(windows, genres)]
        From `genre_influences`.
    n_boot : int
        Bootstrap samples.
    seed : int

    Returns
    -------
    pd.DataFrame
        Indexed by genre, or by family where genres have styles, the largest share first: `share` (the mean over
        windows) with its 95 % interval `low`, `high`: a bootstrap over windows, in blocks as long as windows overlap
        (Politis & Romano 1992).

    Examples
    --------
    >>> song_influences(pd.DataFrame({"jazz": [.9, .7], "metal": [.1, .3]}))["share"].round(2).to_dict()
    {'jazz': 0.8, 'metal': 0.2}
    """
    shares = family_shares(shares)
    values, n = shares.to_numpy(float), len(shares)
    block = min(n, max(1, round(shares.attrs.get("seconds", 1) / shares.attrs.get("hop_seconds", 1))))
    first = np.random.default_rng(seed).integers(0, n, (n_boot, -(-n // block)))
    drawn = ((first[:, :, None] + np.arange(block)) % n).reshape(n_boot, -1)[:, :n]
    low, high = np.quantile(values[drawn].mean(axis=1), (.025, .975), axis=0)
    table = pd.DataFrame({"share": values.mean(axis=0), "low": low, "high": high}, index=shares.columns)
    return table.sort_values("share", ascending=False, kind="stable")


def shares_table(summaries):
    """A frame of shares, songs by genres, from a dict of names to what `song_influences` returned for each song."""
    return pd.DataFrame({name: summary["share"] for name, summary in summaries.items()}).T


# ---- tags and passages

def song_tags(song, *, quantiles=None):
    """What the tags of musicnn say of a song: genre, mood, era, voice and instruments.

    Parameters
    ----------
    song : str, Path or Recording
        A sound file.
    quantiles : pd.DataFrame, optional
        The quantiles of each tag among reference songs [shape=(101, tags)], from 0 to 100 %; those of the songs of the
        starter model `music` where none are given.

    Returns
    -------
    pd.DataFrame
        Indexed by group and word, in each group the highest percentile first: `percentile` among the reference songs,
        from 0 to 100, and `unsure`, where the two networks of musicnn disagree.

    Raises
    ------
    AudioError
        The file cannot be decoded, or is silent, or shorter than a second.
    ModelError
        The network is not there and cannot be downloaded.
    """
    recording = as_recording(song)
    return tag_table(_tags(recording, recording.seconds).mean(), _quantiles(quantiles))


def taggram(song, *, quantiles=None, top=16):
    """The tags of a song over time (a taggram): the words whose percentile is highest somewhere.

    Parameters
    ----------
    song, quantiles
        As in `song_tags`.
    top : int
        How many words.

    Returns
    -------
    pd.DataFrame [shape=(windows, words)]
        Percentiles among the reference songs, from 0 to 100; indexed by the start of each window: of three seconds, or
        of six in a recording longer than a minute.
    """
    recording = as_recording(song)
    seconds = PATCH_SECONDS * patches_apart(recording.seconds)
    percentiles, _ = tag_percentiles(_tags(recording, seconds), _quantiles(quantiles))
    percentiles.columns = percentiles.columns.get_level_values("word")
    shown = percentiles.max().nlargest(top).index
    return percentiles[[word for word in percentiles if word in set(shown)]].rename_axis("start")


def _tags(recording, seconds):
    """The probabilities of the tags in windows that do not overlap."""
    windows = window_embeddings(recording, seconds, seconds)
    return windows[[column for column in windows if column.startswith("tag: ")]]


def _quantiles(quantiles):
    if quantiles is not None:
        return quantiles
    from starter_models import tag_quantiles  # it imports models, which takes long
    return tag_quantiles()


def passages(shares, *, top=3):
    """The passage of a song that speaks most for each of its main genres, to listen to.

    Parameters
    ----------
    shares : pd.DataFrame
        From `genre_influences`.
    top : int
        How many genres (families, where genres have styles).

    Returns
    -------
    pd.DataFrame
        Indexed by genre: `start` and `seconds` of the window in which its share is largest, and that `share`. The first
        genre, and others where their share of the song is at least a tenth.

    Examples
    --------
    >>> shares = pd.DataFrame({"jazz": [.9, .4], "metal": [.1, .6]}, index=[0.0, 10.0])
    >>> passages(shares)["start"].to_dict()
    {'jazz': 0.0, 'metal': 10.0}
    """
    families = family_shares(shares)
    means = families.mean().nlargest(top)
    names = means.index[(means >= SMALLEST_PASSAGE) | (means == means.iloc[0])]
    starts = [float(families[name].idxmax()) for name in names]
    table = pd.DataFrame({"start": starts, "seconds": shares.attrs.get("seconds", np.nan)}, index=names)
    return table.assign(share=[float(families[name].max()) for name in names])


# ---- beat, timbre, pitch

def fit_aspects(features, genres, *, groups=None, model="linear", seed=0, **settings):
    """Learn which genres a beat, a timbre and a pitch resemble: three classifiers, each on the features of one aspect
    alone.

    Parameters
    ----------
    features : pd.DataFrame
        One row a song, as from `features.extract_features` or `features.describe_images`; see `features.ASPECTS`.
    genres : sequence of str, or pd.DataFrame
        One a song; or, where they are known to differ, columns `beat`, `timbre`, `pitch`.
    groups : sequence, optional
        The artist of each song; the probabilities are calibrated on artists that were held out.
    model : str
        The name of a model on features, such as ``"linear"`` or ``"mlp"``; see `models.build`.
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
        columns = features[aspect_columns(features, aspect)]
        own_genres = genres[aspect] if isinstance(genres, pd.DataFrame) else genres
        fitted[aspect] = models.build(model, seed=seed, **settings).fit(columns, own_genres, groups=groups)
    return fitted


def aspect_influences(aspects, song):
    """Which genres the beat, the timbre and the pitch of a song each resemble.

    Parameters
    ----------
    aspects : dict of str to classifier
        From `fit_aspects`.
    song : str, Path or Recording
        A sound file.

    Returns
    -------
    pd.DataFrame
        Rows `beat`, `timbre`, `pitch`; columns genres; rows sum to one (the mean over windows that do not overlap).

    Raises
    ------
    AudioError
        As `genre_influences`.
    """
    recording = as_recording(song)
    shares = {aspect: window_shares(model, recording, hop_seconds=model.window_seconds, adjust=False).mean()
              for aspect, model in aspects.items()}
    return pd.DataFrame(shares).T.rename_axis("aspect")


# ---- one page

def song_card(classifier, song, *, aspects=None, genre_map=None, title=None):
    """One page that shows what a song draws on.

    Parameters
    ----------
    classifier
        A model that `explain` can explain.
    song : str, Path or Recording
        A sound file; it is decoded once.
    aspects : dict, optional
        From `fit_aspects`.
    genre_map : GenreMap, optional
        That of the classifier.
    title : str, optional
        The file's name where it is not given.

    Returns
    -------
    matplotlib Figure
        Save it with ``figure.savefig("card.png")`` or ``.pdf``. The same as data is in ``figure.description``, a dict:
        `label`, `shares`, `summary`, `aspects`, `turn`, `out_of_distribution`.
    """
    recording = as_recording(song)
    shares = genre_influences(classifier, recording)
    summary = song_influences(shares)
    by_aspect = None if aspects is None else aspect_influences(aspects, recording)
    explanation = explain(classifier, recording)
    description = {"label": blend_label(shares.mean()), "shares": shares, "summary": summary, "aspects": by_aspect,
                   "turn": turning_point(shares), "out_of_distribution": shares.attrs["out_of_distribution"]}
    figure = plt.figure(figsize=(12, 13), layout="constrained")
    rows = figure.add_gridspec(4, 6, height_ratios=(.5, 2.2, 1.7, 5))
    _draw_header(figure.add_subplot(rows[0, :]), title or recording.path.stem, description)
    plot_song(summary, ax=figure.add_subplot(rows[1, :3]))
    if genre_map is not None:
        place = place_on_map(genre_map, recording, classifier=classifier)
        plot_map(genre_map, {"this song": place}, ax=figure.add_subplot(rows[1:3, 3:]))
    if by_aspect is not None:
        plot_aspects(by_aspect, ax=figure.add_subplot(rows[2, :3]))
    bottom = rows[3, :].subgridspec(3, len(explanation.maps), height_ratios=(1.5, .45, 1.7))
    plot_timeline(shares, recording, axs=[figure.add_subplot(bottom[0, :]), figure.add_subplot(bottom[1, :])])
    plot_explanation(
        explanation, axs=[figure.add_subplot(bottom[2, number]) for number in range(len(explanation.maps))]
    )
    figure.description = description
    return figure


def _draw_header(ax, title, description):
    """Title and label on the left; certainty, aspects, turning point and warnings on the right."""
    ax.set_axis_off()
    ax.text(0, 1, short_name(title, 80), fontsize=11, va="top", color=".35", parse_math=False)
    ax.text(0, .05, description["label"], fontsize=24, weight="bold", va="bottom")
    lines = [f"certainty {certainty(description['summary']['share']):.0%}"]
    unlike, turn = description["out_of_distribution"], description["turn"]
    if description["aspects"] is not None and unlike <= UNLIKE:
        lines.append(aspect_sentence(description["aspects"]))
    if turn:
        lines.append(f"turns from {turn[1]} to {turn[2]} at {int(turn[0]) // 60}:{int(turn[0]) % 60:02d}")
    if unlike > .1:
        warning = ": aspects and maps mean little" if unlike > UNLIKE else ""  # they do not use the score
        lines.append(f"{unlike:.0%} unlike the songs that the model was trained on{warning}")
    ax.text(1, .05, "\n".join(lines), fontsize=10, ha="right", va="bottom", color=".2")


# ---- a folder

def label_folder(classifier, folder, *, out="labels.csv", aspects=None):
    """Label each song in a folder: its shares of genres, its label, its aspects.

    Parameters
    ----------
    classifier
        Fitted: of `models.build` or `models.load`.
    folder : str, Path or pd.DataFrame
        What `prepare.load_Data` can read: a folder of sound files, or a table with `path`. What was skipped while a
        folder is read is listed too.
    out : str or Path
        The CSV file to write. What is done is written to a journal beside it, song by song, so that a run that was
        killed continues where it stopped. Songs whose file has changed are labelled again, and so are all songs for
        another model.
    aspects : dict, optional
        From `fit_aspects`.

    Returns
    -------
    pd.DataFrame
        One row a song: `track_id, path, blend, certainty, out_of_distribution`, columns ``share: GENRE``, and with
        aspects `beat, timbre, pitch, sentence`. What was skipped and why in ``attrs["skipped"]`` and in
        ``OUT.skipped.csv``.
    """
    raw = folder if isinstance(folder, pd.DataFrame) else load_Data(folder)
    skipped = [] if raw is folder else list(raw.attrs.get("skipped", []))
    with one_at_a_time(out):
        return _label_tracks(classifier, tracks_with_sound(raw), skipped, Path(out), aspects)


def _label_tracks(classifier, tracks, skipped, out, aspects):
    journal, rows = Journal.beside(out), []
    n_files = len(tracks) + len(skipped)
    fingerprint = [
        classifier.fingerprint(),
        *(f"{aspect} {model.fingerprint()}" for aspect, model in (aspects or {}).items()),
    ]
    for track in tqdm(
        tracks.itertuples(), total=len(tracks), desc="labels", unit="song", file=sys.stdout, mininterval=1
    ):
        key, mark = f"{track.track_id}|{track.source}", file_mark(track.source, fingerprint)
        row = journal.get(key, mark)
        if row is None:
            row = attempt(_labels, classifier, track, aspects)
            if mark is not None and file_mark(track.source, fingerprint) != mark:
                row = AudioError(CHANGED)
            if isinstance(row, AudioError):
                skipped.append({"path": track.source, "reason": str(row)})
                continue
            journal.add(key, mark, row)
        rows.append(row)
    columns = ["track_id", "path", "blend", "certainty", "out_of_distribution"]
    columns += [f"share: {genre}" for genre in classifier.classes_]
    columns += [*ASPECTS, "sentence"] if aspects is not None else []
    table = pd.DataFrame(rows, columns=columns)
    table.attrs["skipped"] = skipped
    write_table(table, out)
    write_table(pd.DataFrame(skipped, columns=["path", "reason"]), out.with_name(f"{out.stem}.skipped.csv"))
    if skipped:
        print(f"{len(skipped)} of {n_files} files skipped: see {out.stem}.skipped.csv")
    return table


def _labels(classifier, track, aspects):
    recording = Recording(track.source)
    windows = genre_influences(classifier, recording)
    shares = windows.mean()
    row = {
        "track_id": track.track_id,
        "path": track.source,
        "blend": blend_label(shares),
        "certainty": round(certainty(shares), 4),
        "out_of_distribution": round(windows.attrs["out_of_distribution"], 4),
    }
    row |= {f"share: {genre}": round(float(shares[genre]), 4) for genre in classifier.classes_}
    if aspects is not None:
        table = aspect_influences(aspects, recording)
        row |= {aspect: blend_label(values) for aspect, values in table.iterrows()} | {
            "sentence": aspect_sentence(table)
        }
    return row
