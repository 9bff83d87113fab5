"""What a song draws on: shares of genres over time, tags, the aspects beat, timbre and pitch, a card for a song, labels
for a folder."""

import io
from pathlib import Path
from typing import NamedTuple

import pandas as pd

import models
from learning.pretrained import PATCH_SECONDS, patches_apart, window_embeddings
from learning.spotify_estimates import song_estimates
from learning.targets import family_shares
from prediction.collection_page import collection_page, collection_places, collection_sentence, song_names
from prediction.genre_map import fit_genre_map, load_map, map_fingerprint, place_on_map, save_map
from prediction.html_pages import in_notebook
from prediction.labels import aspect_sentence, blend_label, label_probability, turning_point
from prediction.plots import (
    plot_aspects,
    plot_collection,
    plot_explanation,
    plot_map,
    plot_shares,
    plot_song,
    plot_taggram,
    plot_timeline,
)
from prediction.saliency import explain
from prediction.song_facts import (
    describe_song,
    estimates_data,
    fact_words,
    measured_facts,
    nearest_data,
    tags_data,
    timeline_window,
)
from prediction.song_figure import draw_explanation, draw_song_card
from prediction.song_page import song_page, write_song_files
from prediction.song_sentences import UNLIKE, all_sentences
from prediction.tags import tag_percentiles, tag_sentence, tag_table
from prediction.windows import aspect_influences, passages, song_influences, window_shares
from prepare import load_Data, prepare_df
from recommend import similar_songs
from signals.aspects import ASPECTS, aspect_columns
from signals.batch_jobs import CHANGED, attempt, file_mark, tracks_with_sound
from signals.decoding import AudioError
from signals.recording import Recording, as_recording
from sources.files import Journal, one_at_a_time, path_from, write_table
from sources.progress import progress

__all__ = [
    "Recording",
    "aspect_influences",
    "aspect_sentence",
    "blend_label",
    "collection_page",
    "collection_places",
    "collection_sentence",
    "explain",
    "fact_words",
    "family_shares",
    "fit_aspects",
    "fit_genre_map",
    "genre_influences",
    "in_notebook",
    "label_folder",
    "load_map",
    "measured_facts",
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
    "song_names",
    "song_tags",
    "tag_sentence",
    "taggram",
    "turning_point",
]

NEAREST = 6
"""Nearest songs on the page of a song."""
PAGE_HEIGHT = 1100
"""Pixels of a song's page in a notebook."""


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
        The quantiles of each tag among reference songs [shape=(101, tags)], from 0 to 100%; those of the songs of the
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


# ---- one page

class SongCard(NamedTuple):
    """All that is said of one song, as data, as a page and as a figure for print.

    In a notebook, the card as the last line of a cell shows its page.

    Attributes
    ----------
    description : dict
        What the page says, as JSON has it; see `song_card`.
    recording : Recording
        The decoded song.
    page : str
        A self-contained HTML page with a player.
    figure : matplotlib Figure
        The card for print: ``figure.savefig("card.pdf")``.
    shares : pd.DataFrame
        The timeline, from `genre_influences`.
    files : tuple of Path
        The files that were written: page, JSON and PNG.
    """

    description: dict
    recording: Recording
    page: str
    figure: object
    shares: pd.DataFrame
    files: tuple

    def __repr__(self):
        return f"SongCard({self.description['title']!r}, {self.description['label']!r})"

    def _repr_html_(self):
        return in_notebook(self.page, height=PAGE_HEIGHT).data


def song_card(classifier, song, *, aspects=None, genre_map=None, songs=None, out=None):
    """Describe a song: genres, tags, timeline, beat, timbre and pitch, nearest songs, and how far to trust all that.

    Parameters
    ----------
    classifier
        A model on images, image statistics or embeddings.
    song : str, Path or Recording
        A sound file; it is decoded once. Its tags name artist and title.
    aspects : dict, optional
        From `fit_aspects`.
    genre_map : GenreMap, optional
        That of the classifier.
    songs : pd.DataFrame, optional
        A collection, as from `recommend.gather_songs`: the nearest songs are looked for in it.
    out : str or Path, optional
        A folder to write the page, the same as JSON, and the figure to. The files are named after artist and title; the
        pages of two songs never overwrite each other.

    Returns
    -------
    SongCard
        The keys of its `description`: `artist, title, path, seconds, facts, chords, structure, label,
        label_probability, sentences, shares, timeline, passages, tags, tags_problem, estimates, aspects,
        aspects_sentence, map, nearest, found, found_sentence, trust, out_of_distribution, calibration_error`. What is
        not known is None; so are aspects and what was found where, for a sound that is unlike the songs that the model
        learned from.

    Raises
    ------
    AudioError
        The file cannot be decoded, or is empty, silent or shorter than a second.
    """
    try:
        recording = as_recording(song)
        shares = genre_influences(classifier, recording)
    except AudioError as error:
        raise AudioError(f"{getattr(song, 'path', song)} cannot be described: {error}") from None
    summary = song_influences(shares)
    unlike = shares.attrs["out_of_distribution"] > UNLIKE  # aspects and explanation do not take it into account
    by_aspect = None if aspects is None or unlike else aspect_influences(aspects, recording)
    explanation = None if unlike else _explained(classifier, recording, shares, summary)
    description = describe_song(classifier, recording, shares, by_aspect=by_aspect, aspects=aspects,
                                explanation=explanation)
    try:
        description |= {"tags": tags_data(song_tags(recording)), "estimates": estimates_data(song_estimates(recording))}
    except models.ModelError as error:
        description["tags_problem"] = str(error)
    if genre_map is not None:
        x, y = place_on_map(genre_map, recording, classifier=classifier)
        description["map"] = {"x": round(x, 4), "y": round(y, 4)}
    near = None if songs is None else similar_songs(recording, songs, NEAREST)
    description["nearest"] = None if near is None else nearest_data(near)
    description |= all_sentences(classifier, description)
    figure = draw_song_card(description, recording, shares=shares, summary=summary, explanation=explanation,
                            by_aspect=by_aspect, genre_map=genre_map)
    page = song_page(description, recording, genre_map=genre_map, map_songs=_on_map(classifier, genre_map, songs, near),
                     found_image=None if explanation is None else _png(draw_explanation(explanation)))
    files = () if out is None else write_song_files(out, description, page, figure)
    return SongCard(description, recording, page, figure, shares, files)


def _explained(classifier, recording, shares, summary):
    """What was found where the label's first genre has its largest share; its shares are those of the timeline. None
    for a model that cannot be explained."""
    families = family_shares(shares)
    seconds = min(shares.attrs["seconds"], recording.seconds)
    try:
        explanation = explain(classifier, recording, start=families[summary.index[0]].idxmax() + seconds / 2)
    except ValueError:  # the model takes audio features, or is another network than a cnn
        return None
    return explanation._replace(shares=timeline_window(explanation, shares)[list(explanation.maps)])


def _on_map(classifier, genre_map, songs, near):
    """The songs of a collection on the map, where the table holds what the classifier takes."""
    if genre_map is None or songs is None or classifier.takes != "embeddings" or "embedding_001" not in songs:
        return None
    songs = songs[songs["embedding_001"].notna()]
    places = [place_on_map(genre_map, embedding) for embedding in classifier.embed(songs)]
    artists = songs["artist"] if "artist" in songs else pd.Series(None, songs.index, dtype=object)
    names = [f"{artist} – {song}" if pd.notna(artist) else str(song) for artist, song in zip(artists, songs["song"])]
    numbers = {track_id: number for number, track_id in enumerate(near.index)}
    table = pd.DataFrame(places, songs.index, ["x", "y"])
    return table.assign(name=names, number=[numbers.get(track_id, -1) for track_id in songs.index])


def _png(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    return file.getvalue()


# ---- a folder

def label_folder(classifier, folder, *, out="labels.csv", aspects=None, genre_map=None):
    """Label each song in a folder: its shares of genres, its label, its aspects, its place on the map.

    Parameters
    ----------
    classifier
        Fitted: of `models.build` or `models.load`.
    folder : str, Path or pd.DataFrame
        What `prepare.load_Data` can read: a folder of sound files, or a table with `path`. What was skipped while a
        folder is read is listed too.
    out : str or Path
        The CSV file to write. What is done is written to a journal beside it, song by song, so that a run that was
        killed continues where it stopped. A song is known by its file's path from there: a file that is added costs
        that file alone. Songs whose file has changed are labelled again, and so are all songs for another model.
    aspects : dict, optional
        From `fit_aspects`.
    genre_map : GenreMap, optional
        That of the classifier.

    Returns
    -------
    pd.DataFrame
        One row a song: `track_id, artist, song, path, blend, probability, out_of_distribution`, columns ``share:
        GENRE``, with aspects `beat, timbre, pitch, sentence`, and with a map `x, y`. `probability`: that the label is
        right; empty for `ambiguous`. Artist and song come from the table or the tags, else the song is the file's name.
        What was skipped and why in ``attrs["skipped"]`` and in ``OUT.skipped.csv``.
    """
    raw = folder if isinstance(folder, pd.DataFrame) else load_Data(folder)
    skipped = [] if raw is folder else list(raw.attrs.get("skipped", []))
    with one_at_a_time(out):
        tracks = tracks_with_sound(raw if raw is folder else prepare_df(raw))
        return _label_tracks(classifier, tracks, skipped, Path(out), aspects, genre_map)


def _label_tracks(classifier, tracks, skipped, out, aspects, genre_map):
    journal, rows = Journal.beside(out), []
    n_files = len(tracks) + len(skipped)
    columns = ["track_id", "artist", "song", "path", "blend", "probability", "out_of_distribution"]
    columns += [f"share: {genre}" for genre in classifier.classes_]
    columns += [*ASPECTS, "sentence"] if aspects is not None else []
    columns += ["x", "y"] if genre_map is not None else []
    fingerprint = [
        ",".join(columns),
        classifier.fingerprint(),
        *(f"{aspect} {model.fingerprint()}" for aspect, model in (aspects or {}).items()),
        *([] if genre_map is None else [map_fingerprint(genre_map)]),
    ]
    for track in progress(tracks.itertuples(), desc="labels", total=len(tracks)):
        key, mark = path_from(track.source, out.parent), file_mark(track.source, fingerprint)
        row = journal.get(key, mark)
        if row is None:
            row = attempt(_labels, classifier, track, aspects, genre_map)
            if mark is not None and file_mark(track.source, fingerprint) != mark:
                row = AudioError(CHANGED)
            if isinstance(row, AudioError):
                skipped.append({"path": track.source, "reason": str(row)})
                continue
            journal.add(key, mark, row)
        rows.append({"track_id": track.track_id, "artist": track.artist if isinstance(track.artist, str) else None,
                     "song": track.song if isinstance(track.song, str) else Path(track.source).stem,
                     "path": track.source} | row)
    table = pd.DataFrame(rows, columns=columns)
    table.attrs["skipped"] = skipped
    write_table(table, out)
    write_table(pd.DataFrame(skipped, columns=["path", "reason"]), out.with_name(f"{out.stem}.skipped.csv"))
    if skipped:
        print(f"{len(skipped)} of {n_files} files skipped: see {out.stem}.skipped.csv")
    return table


def _labels(classifier, track, aspects, genre_map):
    recording = Recording(track.source)
    windows = genre_influences(classifier, recording)
    shares = windows.mean()
    label = blend_label(shares)
    probability = label_probability(label, family_shares(shares))
    row = {
        "blend": label,
        "probability": None if probability is None else round(probability, 4),
        "out_of_distribution": round(windows.attrs["out_of_distribution"], 4),
    }
    row |= {f"share: {genre}": round(float(shares[genre]), 4) for genre in classifier.classes_}
    if aspects is not None:
        table = aspect_influences(aspects, recording)
        row |= {aspect: blend_label(values) for aspect, values in table.iterrows()} | {
            "sentence": aspect_sentence(table)
        }
    if genre_map is not None:
        x, y = place_on_map(genre_map, recording, classifier=classifier)
        row |= {"x": round(x, 4), "y": round(y, 4)}
    return row
