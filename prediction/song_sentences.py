"""What is said of one song in sentences: what it sounds like, how sure that is, where it was found."""

import numpy as np

from prediction.labels import aspects_in_words, families_named
from prediction.song_facts import score_value
from signals.time_axis import clock

UNLIKE = .5
"""From this out-of-distribution score on, label, aspects and map mean little."""
SLIGHTLY_UNLIKE = .1
"""From this out-of-distribution score on, it is mentioned."""
SECOND_GENRE = .12
"""A second genre is named in the sentence from this share on."""
HERE = .35
"""Share of a genre in a window from which on the sentence says that it is there."""
STANDS_OUT = 80
"""Percentile of a tag from which on it is named."""
SURE = ((9, "Sure"), (7, "Fairly sure"), (5, "Not sure"))
"""Words for how many of ten such labels are right."""


def all_sentences(classifier, description):
    """All that is said of a song in sentences.

    Parameters
    ----------
    classifier
        With the scores and notes that were saved with it, if there are any.
    description : dict
        From `song_facts.describe_song`.

    Returns
    -------
    dict
        `sentences` (what it sounds like, and how sure that is), `aspects_sentence`, `found_sentence`, `trust` (a list).
    """
    aspects, found = description["aspects"], description["found"]
    return {"sentences": [style_sentence(description), trust_sentence(description)],
            "aspects_sentence": aspects and aspects_sentence(aspects),
            "found_sentence": found and found_sentence(found, description["shares"]),
            "trust": trust_list(classifier, description)}


def style_sentence(description):
    """What the song sounds like, in one sentence: genres, era, voice, instruments.

    Parameters
    ----------
    description : dict
        With `label`, `shares`, `timeline`, `tags` and `out_of_distribution`, as `influences.song_card` returns it.

    Returns
    -------
    str
    """
    parts = [_genres(description)]
    tags = [tag for tag in description["tags"] or [] if tag["percentile"] >= STANDS_OUT and not tag["unsure"]]
    eras = [tag["word"] for tag in tags if tag["group"] == "era"][:1]
    parts += [f"sounds like {eras[0]}"] if eras else []
    sound = [tag["word"] for group in ("voice", "instruments") for tag in tags if tag["group"] == group][:4]
    parts += [", ".join(sound)] if sound else []
    return "; ".join(parts) + "."


def _genres(description):
    """The genres in words, with the time at which a second one is heard."""
    label, shares = description["label"], description["shares"]
    turn = description["timeline"]["turn"]
    if turn and _tells_more(turn, [row["genre"] for row in shares]):
        return f"Begins as {_said(turn['before'])} and turns into {_said(turn['after'])} at {clock(turn['time'])}"
    if label == "ambiguous":
        largest = " and ".join(f"{row['genre']} ({row['share']:.0%})" for row in shares[:2])
        return f"No genre leads: the largest shares are {largest}"
    named = families_named(label, [row["genre"] for row in shares])
    if len(named) == 2 and label == "-".join(named):
        return f"Between {named[0]} and {named[1]}"
    second = next((row for row in shares if row["genre"] not in named and row["share"] >= SECOND_GENRE), None)
    return f"Mostly {_said(label)}" + (f", with {_where(second['genre'], description['timeline'])}" if second else "")


def _tells_more(turn, families):
    """Whether the song turns from one genre to another, and not only to or from a mix of several."""
    before, after = (families_named(turn[side], families) for side in ("before", "after"))
    return bool(before and after) and before[0] != after[0]


def _said(label):
    """A label in a sentence: ``rock: punk`` is punk, ``ambiguous`` no clear genre."""
    if label == "ambiguous":
        return "no clear genre"
    return f"the {label}" if label.endswith(" family") else label.rpartition(": ")[2]


def _where(genre, timeline):
    """A second genre and where it is heard, if that is less than half of the song."""
    values = np.array(timeline["shares"][genre], dtype=float)
    inside = values >= HERE
    if not 0 < inside.sum() <= len(values) / 2:
        return f"some {genre}"
    first = int(values.argmax())
    last = first
    while first and inside[first - 1]:
        first -= 1
    while last + 1 < len(values) and inside[last + 1]:
        last += 1
    end = timeline["starts"][last] + timeline["seconds"]
    return f"{genre} from {clock(timeline['starts'][first])} to {clock(end)}"


def trust_sentence(description):
    """How sure the label is, in one or two sentences.

    Parameters
    ----------
    description : dict
        With `label`, `label_probability`, `calibration_error` and `out_of_distribution`.

    Returns
    -------
    str
    """
    unlike, probability = description["out_of_distribution"], description["label_probability"]
    if unlike > UNLIKE:
        return (f"The sound is {unlike:.0%} unlike the songs that the model learned from: its genres only say what it "
                "resembles most, and may be wrong altogether.")
    warning = "" if unlike <= SLIGHTLY_UNLIKE else (
        f" Part of the sound ({unlike:.0%}) is unlike the songs that the model learned from.")
    if probability is None:
        return f"Not sure: no genre is likely enough to be the label.{warning}"
    tenths = max(1, min(9, round(10 * probability)))
    word = next((word for least, word in SURE if tenths >= least), "Unsure")
    named = families_named(description["label"], [row["genre"] for row in description["shares"]])
    both = "have one of the two genres" if "-".join(named) == description["label"] and len(named) == 2 else "are right"
    error = description["calibration_error"]
    measured = "how well this holds was not measured" if error is None else (
        f"measured on songs that the model was not trained on, off by {100 * error:.0f} points on average")
    return f"{word}: of labels like this one, about {tenths} in 10 {both} ({measured}).{warning}"


def aspects_sentence(aspects):
    """Beat, timbre and pitch in one sentence, with how often each is right for other songs.

    Parameters
    ----------
    aspects : dict of str to dict
        From `song_facts.aspects_data`.

    Returns
    -------
    str
    """
    labels = aspects_in_words({aspect: values["label"] for aspect, values in aspects.items()})
    known = [f"{aspect} {values['accuracy']:.0%}" for aspect, values in aspects.items() if values["accuracy"]]
    often = f" How often each is right for other songs: {', '.join(known)}." if known else ""
    return f"{_capital(labels)}.{often}"


def found_sentence(found, shares):
    """Where the genres were found, and whether the check supports the picture.

    Parameters
    ----------
    found : dict
        From `song_facts.found_data`.
    shares : list of dict
        From `song_facts.shares_data`.

    Returns
    -------
    str
    """
    whole = {row["genre"]: row["share"] for row in shares}
    where = f"from {clock(found['start'])} to {clock(found['start'] + found['seconds'])}"
    here = ", ".join(f"{row['genre']} {row['share']:.0%} (whole song: {whole[row['genre']]:.0%})"
                     for row in found["genres"])
    holding = [f"{row['genre']} ({row['left_without_marked']:.0%} against {row['left_without_random']:.0%})"
               for row in found["genres"] if row["holds"]]
    failing = [row["genre"] for row in found["genres"] if not row["holds"]]
    sentences = [f"Shares {where}: {here}."]
    if holding:
        sentences.append("The check blanks the marked regions, and as many random ones, and measures how much of the "
                         f"share is left. Less is left without the marked regions for {_and(holding)}: there, the "
                         "picture shows what the model uses.")
    if failing:
        sentences.append(f"For {_and(failing)} the check says that the picture does not hold: without the "
                         "marked regions about as much is left as without random ones.")
    return " ".join(sentences)


def _and(names):
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _capital(text):
    return text[:1].upper() + text[1:]


def trust_list(classifier, description):
    """How far to trust the page: sentences on the model's scores, its training songs and its limits.

    Parameters
    ----------
    classifier
        With the scores and notes that were saved with it, if there are any.
    description : dict
        With `shares`.

    Returns
    -------
    list of str
    """
    accuracy = getattr(classifier, "saved_scores_", {}).get("accuracy")
    n_genres = len(description["shares"])
    chance = f"chance is {1 / n_genres:.0%} with {n_genres} equally frequent genres"
    sentences = ["The model's scores on other songs are not known."]
    if isinstance(accuracy, dict) and "low" in accuracy:
        sentences = [f"On songs that it was not trained on, the model names the right genre of {accuracy['value']:.0%} "
                     f"({accuracy['low']:.0%} to {accuracy['high']:.0%}); {chance}."]
    elif accuracy is not None:
        sentences = [f"On songs that it was not trained on, the model names the right genre of "
                     f"{score_value(classifier, 'accuracy'):.0%}; {chance}."]
    notes = getattr(classifier, "about_", {})
    return sentences + [f"{_capital(name)}: {text}." for name, text in notes.items()]
