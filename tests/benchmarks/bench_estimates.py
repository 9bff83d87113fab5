"""Measure the estimates of Spotify's features (energy, danceability, valence ...) on songs whose values are known.

songs    songs whose values at Spotify stand in public tables: key, tempo, and the estimates, beside the public values
artists  clips of artists who stand in these tables: the mean estimate beside the mean of the artist's songs there
scale    what turns the contrasts of tags into Spotify's scale; `--fit` writes it to `learning/spotify_scale.json`

No weight is fitted to Spotify's values. `--fit` takes from its tables the distribution of each feature, and from our
clips that of each contrast; and what `songs` measures, so that a page can say how far to trust an estimate.

Needs the data folder (`--data`) with `gtzan`, `tagged_songs`, `top_hits` and `tidytuesday`. Takes about five minutes.
"""

import functools
import json
import sys
from pathlib import Path

import mir_eval
import numpy as np
import pandas as pd
import scipy.stats

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from real_songs import (
    annotated_clips,
    essentia_key,
    essentia_tempo,
    has_essentia,
    interval,
    is_same_artist,
    key_text,
    known_songs,
    librosa_tempo,
    plain,
    run_parts,
    spotify_tables,
    tagged_songs,
    up_to_octaves,
)

from learning import spotify_estimates
from learning.pretrained import hear_recording, tag_columns
from learning.spotify_estimates import (
    CONTRASTS,
    QUANTILES,
    SCALE_FILE,
    SOUND,
    combined,
    contrast,
    estimate_features,
    estimates_with_interval,
    scale,
)
from signals.recording import Recording

COVERAGE = .8
"""The share of the songs whose value an interval holds."""
POPULAR_GENRES = ("blues", "country", "disco", "hiphop", "metal", "pop", "reggae", "rock")
MOST_BY_AN_ARTIST = 3
FEWEST_IN_TABLE = 2


def main():
    run_parts({"scale": make_scale, "songs": measure_songs, "artists": measure_artists}, __doc__, fits=True)


@functools.cache
def described(path):
    """The tags and the audio features of a file."""
    recording = Recording(path)
    return dict(zip(tag_columns(), hear_recording(recording).tags.mean(axis=0))) | recording.features()


def description(paths):
    return pd.DataFrame([described(path) for path in paths])


# ---- the scale

def make_scale(data, fit):
    """The scale of each estimate: quantiles of the contrast among popular music, and of Spotify's values."""
    clips = annotated_clips(data, "title")
    clips = clips[clips["long"] & clips["path"].map(lambda path: path.parent.name in POPULAR_GENRES)]
    clips = pd.concat([clips, tagged_songs(data)], ignore_index=True).drop_duplicates("path")
    clips = clips.groupby(clips["artist"].map(plain)).head(MOST_BY_AN_ARTIST)
    songs, table = description(clips["path"]), spotify_tables(data)
    new = {}
    for feature in CONTRASTS:
        parts = {"tags": contrast(songs, feature)} | ({"sound": songs[SOUND[feature]]} if feature in SOUND else {})
        standard = {"mean": {name: round(float(part.mean()), 3) for name, part in parts.items()},
                    "sd": {name: round(float(part.std()), 3) for name, part in parts.items()}}
        values = table.drop_duplicates(["plain_artist", "plain_song"])[feature]
        new[feature] = {"contrast": combined(songs, feature, standard).quantile(QUANTILES).round(3).tolist(),
                        "table": values.quantile(QUANTILES.clip(.005, .995)).round(4).tolist()} | standard
    if fit:
        replace_scale(new)  # the figures are those of estimates on the new scale
        known = known_songs(data)
        for feature, figures in figures_of_songs(known[known["long"]]).items():
            new[feature] |= figures
        replace_scale(new)
    return pd.DataFrame({"feature": list(new), "clips": len(songs), "songs in the tables": len(values),
                         "median of the contrast": [numbers["contrast"][10] for numbers in new.values()],
                         "median of the table": [numbers["table"][10] for numbers in new.values()]})


def replace_scale(new):
    SCALE_FILE.write_text(json.dumps(new, indent=1) + "\n", encoding="utf-8")
    spotify_estimates.scale.cache_clear()


def figures_of_songs(songs):
    """What is written beside the scale: rank correlation, error and number of the songs."""
    heard, out = description(songs["path"]), {}
    estimates = estimate_features(heard)
    for feature in CONTRASTS:
        values = songs[feature].to_numpy()
        found = rank_correlation(estimates[f"{feature}_estimate"], values, songs["artist"])
        out[feature] = {"rank correlation": round(found["score"], 2), "low": round(found["low"], 2),
                        "high": round(found["high"], 2), "rank error": rank_error(heard, feature, values),
                        "songs": len(songs)}
    return out


def rank_error(songs, feature, values):
    """The smallest error in ranks whose intervals hold at least 80% of the values."""
    for error in np.arange(0, 1, .01):
        found = estimates_with_interval(songs, feature, error)
        if np.mean((found["low"] <= values) & (values <= found["high"])) >= COVERAGE:
            return round(float(error), 2)
    return 1.0


# ---- songs and artists whose values are known

def measure_songs(data, fit):
    """Songs whose values at Spotify are known: key, tempo and estimates, by the shipped weights."""
    songs = known_songs(data)
    heard = description(songs["path"])
    table = pd.DataFrame({"artist": songs["artist"], "song": songs["song"], "collection": songs["collection"],
                          "our key": [key_text(*pair) for pair in zip(heard["key"], heard["mode"])],
                          "Spotify's key": [key_text(*pair) for pair in zip(songs["key"], songs["mode"])],
                          "our tempo": heard["tempo"].round(1), "Spotify's tempo": songs["tempo"].round(1)})
    print(table[songs["long"]].to_string(index=False))
    keys, tempi = {"ours": table["our key"]}, {"ours": heard["tempo"]}
    tempi["librosa, beat_track"] = songs["path"].map(librosa_tempo)
    if has_essentia():
        keys |= {f"Essentia, {profile}": songs["path"].map(functools.partial(essentia_key, profile=profile))
                 for profile in ("edma", "bgate")}
        tempi["Essentia, RhythmExtractor2013"] = songs["path"].map(essentia_tempo)
    rows = []
    for name, part in {"15 to 30 s": songs["long"], "all, half of them 2 to 3 s": songs["song"].notna()}.items():
        true, bpm, artists = table["Spotify's key"][part], songs["tempo"][part].to_numpy(), songs["artist"][part]
        for method, found in keys.items():
            scores = np.array([mir_eval.key.weighted_score(*pair) for pair in zip(true, found[part])])
            rows += [{"what": f"{name}: key", "method": method} | interval(scores == 1, artists),
                     {"what": f"{name}: key or a near relative", "method": method} | interval(scores > 0, artists)]
        for method, found in tempi.items():
            rows += [{"what": f"{name}: tempo within 4%", "method": method}
                     | interval(np.abs(found[part] / bpm - 1) < .04, artists),
                     {"what": f"{name}: tempo up to octaves", "method": method}
                     | interval(up_to_octaves(found[part], bpm), artists)]
        rows += [row | {"what": f"{name}: {row['what']}"} for row in scores_of_estimates(heard[part], songs[part])]
    return pd.DataFrame(rows)


def scores_of_estimates(heard, songs):
    """Rows on each feature: the rank correlation, the mean error, and that of always saying the table's median."""
    estimates, artists, rows = estimate_features(heard), songs["artist"], []
    for feature in CONTRASTS:
        estimate, values = estimates[f"{feature}_estimate"], songs[feature]
        median = np.interp(.5, QUANTILES, scale()[feature]["table"])
        rows += [{"what": f"{feature}, rank correlation"} | rank_correlation(estimate, values, artists),
                 {"what": f"{feature}, mean error"} | interval(np.abs(estimate - values), artists),
                 {"what": f"{feature}, mean error of the table's median"} | interval(np.abs(median - values), artists)]
    return rows


def rank_correlation(estimates, values, artists, n_boot=1000):
    """Spearman's correlation with its 95% interval: a bootstrap by artist."""
    rng = np.random.default_rng(0)
    estimates, values, artists = (np.asarray(part) for part in (estimates, values, artists))
    groups = [np.flatnonzero(artists == artist) for artist in pd.unique(artists)]
    draws = [np.concatenate([groups[number] for number in rng.integers(0, len(groups), len(groups))])
             for _ in range(n_boot)]
    drawn = [scipy.stats.spearmanr(estimates[rows], values[rows])[0] for rows in draws]
    low, high = np.nanquantile(drawn, (.025, .975))
    return {"score": scipy.stats.spearmanr(estimates, values)[0], "low": low, "high": high, "n": len(values)}


def measure_artists(data, fit):
    """Artists: the mean estimate of their clips of 15 to 30 s, beside the mean of their songs in the tables."""
    clips = annotated_clips(data, "title")
    clips = pd.concat([clips[clips["long"]], tagged_songs(data)], ignore_index=True)
    table, rows = spotify_tables(data), []
    for artist, part in clips.groupby(clips["artist"].map(plain)):
        theirs = table[is_same_artist(table["plain_artist"], artist)].drop_duplicates("plain_song")
        if len(theirs) >= FEWEST_IN_TABLE:
            ours = estimate_features(description(part["path"])).mean()
            rows.append(theirs[list(CONTRASTS)].mean().to_dict() | ours.to_dict())
    artists = pd.DataFrame(rows)
    number = pd.Series(artists.index)
    return pd.DataFrame([{"what": f"{feature}, rank correlation"}
                         | rank_correlation(artists[f"{feature}_estimate"], artists[feature], number)
                         for feature in CONTRASTS])


if __name__ == "__main__":
    main()
