"""A song with everything that its page can show, for tests of pages and sentences."""

import numpy as np
import pandas as pd

from prediction.labels import blend_label
from prediction.song_facts import passages_data, shares_data, timeline_data
from prediction.windows import song_influences


def shares_over_time(n_windows=4):
    """Shares of three genres in windows of five seconds."""
    shares = pd.DataFrame({"rock": np.linspace(.8, .6, n_windows), "folk": np.linspace(.1, .3, n_windows), "jazz": .1},
                          index=2.5 * np.arange(n_windows))
    shares.attrs = {"seconds": 5.0, "hop_seconds": 2.5, "out_of_distribution": 0.0}
    return shares


def described(text="x", n_windows=4):
    """A description as `influences.song_card` makes it; `text` stands wherever a name or a sentence stands."""
    shares = shares_over_time(n_windows)
    return {"artist": text, "title": text, "path": text, "seconds": 12.5,
            "facts": {"key": "A minor", "camelot": "8A", "key_rival": None, "tempo": 120.4, "tempo_rival": 60.2,
                      "time_signature": "3/4", "loudness": -9.9, "streaming": text},
            "chords": {"chart": text, "chords": [
                {"start": 0.0, "end": 5.0, "chord": "Am", "root": 9, "minor": True, "confidence": .8},
                {"start": 5.0, "end": 9.0, "chord": "–", "root": None, "minor": False, "confidence": None}]},
            "structure": {"sections": [5.0], "hook": {"start": 5.0, "end": 9.0, "repeats": [0.0]}},
            "label": blend_label(shares.mean()), "sentences": [text, text],
            "shares": shares_data(song_influences(shares)), "timeline": timeline_data(shares, 12.5),
            "passages": passages_data(shares, 12.5),
            "tags": [{"group": text, "word": text, "percentile": 91, "unsure": True}],
            "estimates": [{"feature": text, "estimate": .5, "low": .3, "high": .7}], "tags_problem": None,
            "aspects": {"beat": {"label": "rock", "accuracy": .5, "shares": {"rock": 1.0}}},
            "aspects_sentence": text, "map": {"x": 0.0, "y": 0.0}, "found_sentence": text,
            "found": {"genres": [{"holds": True}]}, "trust": [text],
            "nearest": [{"artist": text, "song": text, "distance": .5, "reason": text, "path": text, "seconds": 3.0}]}
