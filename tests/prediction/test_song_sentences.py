"""Sentences on a song: they agree with its data, and say what is not known."""

import pytest

from prediction.song_sentences import found_sentence, style_sentence, trust_list, trust_sentence


def song(label="rock", shares=(("rock", .8), ("folk", .1), ("jazz", .1)), **changes):
    timeline = {"starts": [0.0, 5.0, 10.0, 15.0], "seconds": 10.0, "turn": None,
                "shares": {name: [share] * 4 for name, share in shares}}
    description = {"label": label, "label_probability": shares[0][1], "out_of_distribution": 0.0, "tags": None,
                   "calibration_error": .06, "timeline": timeline,
                   "shares": [{"genre": name, "share": share, "low": None, "high": None} for name, share in shares]}
    return description | changes


def tag(group, word, percentile=95, unsure=False):
    return {"group": group, "word": word, "percentile": percentile, "unsure": unsure}


def test_genre_era_voice_and_instruments_are_one_sentence():
    tags = [tag("era", "the 60s"), tag("voice", "male voice"), tag("instruments", "guitar"),
            tag("instruments", "harp", 40), tag("instruments", "flute", 99, True)]
    assert style_sentence(song("rock: punk", tags=tags)) == "Mostly punk; sounds like the 60s; male voice, guitar."


def test_a_second_genre_is_named_with_its_time_where_it_is_heard_only_in_a_part():
    shares = (("rock", .7), ("folk", .2), ("jazz", .1))
    assert style_sentence(song(shares=shares)) == "Mostly rock, with some folk."
    part = song(shares=shares)
    part["timeline"]["shares"]["folk"] = [.1, .1, .1, .6]
    assert style_sentence(part) == "Mostly rock, with folk from 0:15 to 0:25."


@pytest.mark.parametrize("label, turn, sentence", [
    ("rock-folk", None, "Between rock and folk."),
    ("ambiguous", None, "No genre leads: the largest shares are rock (80%) and folk (10%)."),
    ("rock", {"time": 61.0, "before": "folk", "after": "rock: punk"}, "Begins as folk and turns into punk at 1:01."),
    ("rock", {"time": 61.0, "before": "ambiguous", "after": "rock"}, "Mostly rock."),
    ("rock", {"time": 61.0, "before": "rock-folk", "after": "rock"}, "Mostly rock."),
    ("rock family", None, "Mostly the rock family."),
])
def test_labels_in_words(label, turn, sentence):
    description = song(label)
    description["timeline"]["turn"] = turn
    assert style_sentence(description) == sentence


def test_how_sure_a_label_is_follows_its_probability():
    assert trust_sentence(song()).startswith("Fairly sure: of labels like this one, about 8 in 10 are right")
    assert "off by 6 points" in trust_sentence(song())
    assert "was not measured" in trust_sentence(song(calibration_error=None))
    assert trust_sentence(song(label_probability=.96)).startswith("Sure: of labels like this one, about 9 in 10")
    assert trust_sentence(song(label_probability=.52)).startswith("Not sure")
    assert "one of the two genres" in trust_sentence(song("rock-folk"))
    assert trust_sentence(song("ambiguous", label_probability=None)).startswith("Not sure: no genre")


def test_a_sound_unlike_the_training_songs_is_said_to_be():
    assert "may be wrong altogether" in trust_sentence(song(out_of_distribution=.9))
    assert "Part of the sound (20%)" in trust_sentence(song(out_of_distribution=.2))


def test_a_picture_that_does_not_hold_is_said_not_to():
    row = {"share": .5, "left_without_marked": .2, "left_without_random": .9, "holds": True}
    found = {"start": 5.0, "seconds": 10.0, "genres": [row | {"genre": "rock"},
                                                       row | {"genre": "folk", "holds": False}]}
    sentence = found_sentence(found, song()["shares"])
    assert sentence.startswith("Shares from 0:05 to 0:15: rock 50% (whole song: 80%), folk 50% (whole song: 10%).")
    assert "Less is left without the marked regions for rock (20% against 90%):" in sentence
    assert "For folk the check says that the picture does not hold" in sentence
    found["genres"] = [row | {"genre": genre} for genre in ("rock", "folk", "pop")]
    sentence = found_sentence(found, [{"genre": genre, "share": .3} for genre in ("rock", "folk", "pop")])
    assert "for rock (20% against 90%), folk (20% against 90%) and pop (20% against 90%): " in sentence


def test_scores_stand_beside_chance_and_their_interval():
    class Saved:
        saved_scores_ = {"accuracy": {"value": .76, "low": .69, "high": .82}}
        about_ = {"trust": "few artists"}
    first, second = trust_list(Saved(), song())
    assert "76% (69% to 82%)" in first and "chance is 33%" in first and second == "Trust: few artists."
    assert trust_list(object(), song()) == ["The model's scores on other songs are not known."]
