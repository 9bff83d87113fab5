"""What is known of one song, as plain data: facts, label, shares, tags, timeline, nearest songs.

The song page, the card for print and the JSON file all show this data, so that they say the same.
"""

import math

import numpy as np
import pandas as pd

from learning.targets import family_shares
from prediction.labels import blend_label, label_probability, turning_point
from prediction.windows import passages, song_influences
from signals.chords import song_chords
from signals.descriptors import LONGEST
from signals.excerpts import find_hook
from signals.key import read_key
from signals.loudness import loudness_range, streaming_sentence, true_peak
from signals.song_pack import bar_chart, beat_grid
from signals.sound_sentences import FAINT_TEMPO
from signals.structure import analyse, beat_times, section_times, self_similarity
from signals.tempo import read_tempo
from signals.time_axis import clock
from sources.table_files import read_song_tags

MATTERS = math.log(1.25)
"""A picture of what was found holds if blanking it lowers the logarithm of the share by this much more than blanking at
random."""


def describe_song(classifier, recording, shares, *, by_aspect=None, aspects=None, explanation=None):
    """What is known of a song, as JSON has it.

    Parameters
    ----------
    classifier
        That made the shares; its calibration error is kept, where it was saved with it.
    recording : Recording
    shares : pd.DataFrame
        From `influences.genre_influences`.
    by_aspect : pd.DataFrame, optional
        From `influences.aspect_influences`, with the models `aspects` that made it.
    aspects : dict, optional
    explanation : Explanation, optional
        From `influences.explain`; its window is one of the timeline's.

    Returns
    -------
    dict
        Keys as in `influences.song_card`; those that it adds are None here.
    """
    summary = song_influences(shares)
    label = blend_label(shares.mean())
    own_tags = read_song_tags(recording.path)
    accuracies = {aspect: score_value(model, "accuracy") for aspect, model in (aspects or {}).items()}
    facts, frames = measured_facts(recording), analyse(recording)
    return {
        "artist": own_tags["artist"], "title": own_tags["song"], "path": str(recording.path.resolve()),
        "seconds": round(recording.seconds, 2), "facts": facts, "label": label,
        "chords": chords_data(recording, frames, facts), "structure": structure_data(frames),
        "label_probability": label_probability(label, summary["share"]), "shares": shares_data(summary),
        "timeline": timeline_data(shares, recording.seconds),
        "passages": passages_data(shares, recording.seconds), "tags": None,
        "tags_problem": None, "estimates": None,
        "aspects": None if by_aspect is None else aspects_data(by_aspect, accuracies),
        "map": None, "nearest": None, "found": explanation and found_data(explanation, shares, recording.seconds),
        "out_of_distribution": round(shares.attrs["out_of_distribution"], 4),
        "calibration_error": score_value(classifier, "ece"),
    }


def measured_facts(recording):
    """What is measured in a song: key, tempo, metre, loudness; None for what is not known.

    Parameters
    ----------
    recording : Recording

    Returns
    -------
    dict
        `key`, as ``"A minor"``, its `camelot` code, `key_confidence` (0 to 1) and `key_rival`, another key that is
        nearly as probable; `tempo` in BPM, `tempo_confidence` (0 to 1), and `tempo_rival`, half or double of it, where
        that may be right; `time_signature`, such as ``"3/4"``, where it is sure; `swings`, a bool; `loudness` in LUFS,
        `loudness_range` in LU, `true_peak` in dB relative to full scale; `streaming`, a sentence on what streaming
        services do to the level. Where the tempo's confidence is below `sound_sentences.FAINT_TEMPO`, tempo and time
        signature are None and `swings` is False. The first ten minutes are measured.
    """
    features = recording.features()
    key = read_key(features)
    samples = recording.samples[:LONGEST * recording.rate]
    report = {"loudness_lufs": features["loudness_lufs"], "loudness_range": loudness_range(samples, recording.rate),
              "true_peak": true_peak(samples)}
    tempo = read_tempo(features)
    has_tempo = tempo.confidence >= FAINT_TEMPO
    return {"key": key.name if key.camelot else None, "camelot": key.camelot or None,
            "key_confidence": _number(key.confidence, 2), "key_rival": key.rival or None,
            "tempo": _number(tempo.bpm, 1) if has_tempo else None,
            "tempo_confidence": _number(tempo.confidence, 2) if has_tempo else None,
            "tempo_rival": _number(tempo.rival, 1) if has_tempo else None,
            "time_signature": (has_tempo and tempo.metre) or None, "swings": has_tempo and tempo.swings,
            "loudness": _number(report["loudness_lufs"], 1), "loudness_range": _number(report["loudness_range"], 1),
            "true_peak": _number(report["true_peak"], 1), "streaming": streaming_sentence(report)}


def structure_data(frames):
    """Where the sections of a song begin, and its hook.

    Parameters
    ----------
    frames : Frames
        From `structure.analyse`.

    Returns
    -------
    dict
        `sections`: when they begin in s, without 0. `hook`: a dict of `start`, `end` (s) and `repeats`, a list of when
        it is repeated (s); None where nothing is repeated, and where the song has one section, because all of it is
        alike.
    """
    sections = section_times(self_similarity(frames))
    hook = find_hook(frames) if len(sections) else None
    return {"sections": [round(float(time), 2) for time in sections],
            "hook": {"start": round(hook.start, 2), "end": round(hook.end, 2),
                     "repeats": [round(time, 2) for time in hook.repeats]} if hook and hook.repeats else None}


def chords_data(recording, frames, facts):
    """The chords of a song: the nearest triads, beat by beat.

    Parameters
    ----------
    recording : Recording
    frames : Frames
        From `structure.analyse`.
    facts : dict
        From `measured_facts`: the time signature divides the chart into bars of three beats, or of four where it is
        another or not known.

    Returns
    -------
    dict
        `chart`, as from `song_pack.bar_chart`, and `chords`, a list of dicts: `start`, `end` (s), `chord`, `root`
        (C = 0; None where no tones sound), `minor`, `confidence` (0 to 1).
    """
    beats = beat_times(frames)
    table = song_chords(recording, beats=beats)
    grid = beat_grid(beats, frames.onset, frames.sr, 3.0 if facts["time_signature"] == "3/4" else 4.0)
    rows = [{"start": round(row.start, 2), "end": round(row.end, 2), "chord": row.chord,
             "root": None if math.isnan(row.root) else int(row.root), "minor": bool(row.minor),
             "confidence": _number(row.confidence, 2)} for row in table.itertuples()]
    return {"chart": bar_chart(table, grid), "chords": rows}


def fact_words(description):
    """What was measured, in words, by name: for the head of a page.

    Parameters
    ----------
    description : dict
        With `seconds` and `facts`.

    Returns
    -------
    dict of str to str
    """
    facts = description["facts"]
    words = {"duration": clock(description["seconds"])}
    if facts.get("key"):
        rival = facts.get("key_rival")
        words["key"] = f"{facts['key']} ({facts['camelot']})" + (f", or {rival}" if rival else "")
    if facts.get("tempo"):
        rival = facts.get("tempo_rival")
        words["tempo"] = f"{facts['tempo']:.0f} BPM" + (f" (or {rival:.0f})" if rival else "")
    words["time signature"] = facts.get("time_signature")
    if facts.get("loudness") is not None:
        words["loudness"] = f"{facts['loudness']:.1f} LUFS"
    return {name: value for name, value in words.items() if value}


def shares_data(summary):
    """The shares of a song as a list of dicts, the largest first; `low` and `high` are None where there is no
    interval."""
    return [{"genre": str(genre), **{name: _number(row[name]) for name in ("share", "low", "high")}}
            for genre, row in summary.iterrows()]


def _number(value, digits=4):
    """A number as JSON has it; None for NaN."""
    return round(float(value), digits) if math.isfinite(value) else None


def timeline_data(shares, seconds):
    """The shares over time: the windows' starts and seconds, and the shares of each family.

    Parameters
    ----------
    shares : pd.DataFrame
        From `influences.genre_influences`.
    seconds : float
        The duration of the song: a window of a shorter song is as long as the song.

    Returns
    -------
    dict
        `starts` and `seconds` (of a window), `shares` (a list for each family), `turn` (None, or its `time`, `before`
        and `after`).
    """
    families = family_shares(shares)
    turn = turning_point(shares)
    return {"starts": [round(float(start), 3) for start in families.index],
            "seconds": round(min(float(shares.attrs.get("seconds", 0)), seconds), 3),
            "shares": {str(name): [_number(value) for value in column] for name, column in families.items()},
            "turn": turn and dict(zip(("time", "before", "after"), (round(turn[0], 1), *turn[1:])))}


def passages_data(shares, seconds):
    """The passage that speaks most for each main genre of a song of so many seconds, as a list of dicts: `genre`,
    `start`, `seconds`, `share`."""
    return [{"genre": str(genre), "start": _number(row["start"]), "share": _number(row["share"]),
             "seconds": _number(min(row["seconds"], seconds - row["start"]))}
            for genre, row in passages(shares).iterrows()]


def tags_data(tags):
    """The tags as a list of dicts: `group`, `word`, `percentile`, `unsure`; from `influences.song_tags`."""
    return [{"group": group, "word": word, "percentile": round(float(row["percentile"])), "unsure": bool(row["unsure"])}
            for (group, word), row in tags.iterrows()]


def estimates_data(table):
    """Spotify's features as they are estimated, as a list of dicts: `feature`, `estimate`, `low`, `high`."""
    return [{"feature": str(feature), **{name: _number(row[name], 3) for name in ("estimate", "low", "high")}}
            for feature, row in table.iterrows()]


def aspects_data(by_aspect, scores):
    """Beat, timbre and pitch: the label, the shares, and how often the label of other songs is right.

    Parameters
    ----------
    by_aspect : pd.DataFrame
        From `influences.aspect_influences`.
    scores : dict of str to float or None
        The accuracy of each aspect's model on songs that it was not trained on.

    Returns
    -------
    dict of str to dict
        `label`, `shares`, `accuracy`.
    """
    return {aspect: {"label": blend_label(row), "accuracy": scores.get(aspect),
                     "shares": {str(genre): _number(value) for genre, value in row.items()}}
            for aspect, row in by_aspect.iterrows()}


def found_data(explanation, timeline, seconds):
    """Where the main genres were found: their shares in the window that was looked at, and a check of the picture.

    Parameters
    ----------
    explanation : Explanation
        From `influences.explain`; its window is one of the timeline's.
    timeline : pd.DataFrame
        From `influences.genre_influences`.
    seconds : float
        The duration of the song; a shorter one than the window was repeated.

    Returns
    -------
    dict
        `start`, `seconds`, `genres`: for each its `share` in the timeline's window, and the part of the share that is
        left without the marked regions (`left_without_marked`) and without random ones (`left_without_random`);
        `holds` says whether the first is clearly less.
    """
    window = timeline_window(explanation, timeline)
    genres = []
    for genre, check in explanation.check.iterrows():
        left = np.exp(-check)
        genres.append({"genre": str(genre), "share": _number(window[genre]),
                       "left_without_marked": _number(min(left["marked"], 1)),
                       "left_without_random": _number(min(left["random"], 1)),
                       "holds": bool(check["marked"] - check["random"] >= MATTERS)})
    return {"start": round(explanation.start, 3), "genres": genres,
            "seconds": round(min(explanation.seconds, seconds - explanation.start), 3)}


def timeline_window(explanation, timeline):
    """The timeline's shares of the window that was explained: a series, families where genres have styles."""
    families = family_shares(timeline)
    middle = explanation.start + explanation.seconds / 2
    middles = families.index.to_numpy(float) + min(timeline.attrs.get("seconds", 0), explanation.seconds) / 2
    return families.iloc[int(np.abs(middles - middle).argmin())]


def nearest_data(songs):
    """The nearest songs as a list of dicts: `artist`, `song`, `distance`, `reason`, `path`, `seconds`.

    Parameters
    ----------
    songs : pd.DataFrame
        From `recommend.similar_songs`.

    Returns
    -------
    list of dict
    """
    rows = []
    for track_id, row in songs.iterrows():
        known = {name: row[name] for name in ("artist", "song", "path") if name in row and pd.notna(row[name])}
        seconds = row.get("duration_ms", np.nan)
        rows.append({"artist": known.get("artist"), "song": str(known.get("song", track_id)),
                     "path": known.get("path"), "distance": _number(row["distance"]), "reason": str(row["reason"]),
                     "seconds": None if pd.isna(seconds) else round(float(seconds) / 1000, 1)})
    return rows


def score_value(model, name):
    """A score that was saved with a model; None where there is none."""
    score = getattr(model, "saved_scores_", {}).get(name)
    value = score["value"] if isinstance(score, dict) else score
    return None if value is None else round(float(value), 4)
