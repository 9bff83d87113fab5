"""Measure what is heard in real music: key, tempo, chords, sections, and estimates of Spotify's features.

key        clips of GTZAN with published keys: exact and MIREX-weighted score (mir_eval), beside the profiles of
           Krumhansl and Kessler and those of Essentia's KeyExtractor, where that is installed; calibration
tempo      the same clips with tapped tempi: right within 4 %, and up to octaves, beside librosa and Essentia;
           calibration, swing and metre
famous     songs whose values at Spotify stand in public tables: key, tempo, and the estimates of Spotify's features
synthetic  synthetic songs: the share of time in which the chords are right, and the F-measure of the beats (mir_eval)
sections   joined real clips (A B A B and others), whose borders are known: hit rate at 0.5 and 3 s (mir_eval), beside
           librosa's Laplacian segmentation and equal sections

The weights of key and tempo were fitted to these clips. So they are judged by cross-fitting: every clip is judged by
weights that were fitted without its artist. Their settings (such as what counts as a chord) were chosen on the same
clips, which flatters the figures a little. `--fit` prints weights that are fitted to all clips.

Needs the data folder (`--data`) with `gtzan`, `tagged_songs`, `top_hits` and `tidytuesday`. Takes about ten minutes.
"""

import argparse
import functools
import re
import sys
import unicodedata
from pathlib import Path

import mir_eval
import numpy as np
import pandas as pd
import scipy.optimize
import scipy.stats
from mutagen.easyid3 import EasyID3
from rapidfuzz import fuzz
from sklearn.model_selection import GroupKFold

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from analysis.resampling import bootstrap_weights, mean_interval
from learning.spotify_estimates import CONTRASTS, scale, song_estimates
from signals import key, tempo
from signals.chords import song_chords
from signals.decoding import SAMPLE_RATE, load_audio
from signals.estimators import estimate_tuning, krumhansl_key, pitch_class_shares
from signals.spectrograms import power_to_decibels, spectrograms
from signals.structure import beat_times, section_times, self_similarity
from sources.files import write_table
from synth.sample_table import GENRES
from synth.songs import render

FOLDS, REPEATS = 10, 3
SHORT_WEIGHT = .5
"""A clip of 2 to 3 s counts this much in the fit of the key."""
KEY_PENALTY, BIAS_PENALTY, TEMPO_PENALTY = 3, 20, 1
METRONOME, METRONOME_WEIGHT = range(68, 160, 4), 2
TEMPO_CLASSES = [0, 70, 85, 100, 120, 140, 170, 999]
OCTAVES = (1 / 3, 1 / 2, 1, 2, 3)
ESSENTIA_PROFILES = ("edma", "bgate", "krumhansl", "temperley")


def main():
    parts = {"key": measure_key, "tempo": measure_tempo, "famous": measure_famous, "synthetic": measure_synthetic,
             "sections": measure_sections}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="../shared/data", help="folder with the data (default: %(default)s)")
    parser.add_argument("--parts", nargs="+", default=list(parts), choices=parts, help="what to measure (default: all)")
    parser.add_argument("--fit", action="store_true", help="print the weights of key and tempo, fitted to all clips")
    parser.add_argument("--out", default="results", help="folder for the tables (default: %(default)s)")
    options = parser.parse_args()
    data = Path(options.data)
    if not (data / "gtzan" / "annotations.csv").exists():
        parser.error(f"no gtzan/annotations.csv in {data}: name the folder with --data")
    pd.set_option("display.width", 160, "display.max_columns", None)
    for name in options.parts:
        table = parts[name](data, options.fit)
        print(write_table(table, Path(options.out) / f"bench_sound_{name}.csv"))
        print(f"{parts[name].__doc__.splitlines()[0]}\n{table.round(3).to_string(index=False)}\n", flush=True)


def annotated_clips(data, what):
    """The clips that are annotated with `key` or `tempo`: path, annotation, artist, and whether they are long."""
    notes = pd.read_csv(data / "gtzan" / "annotations.csv").set_index("track")
    files = [*sorted((data / "gtzan" / "audio").glob("*/*.mp3")),
             *sorted((data / "gtzan" / "audio_short").glob("*/*.flac"))]
    clips = pd.DataFrame({"path": files, "track": [file.stem for file in files],
                          "long": [file.suffix == ".mp3" for file in files]}).join(notes, on="track")
    clips["artist"] = clips["artist"].fillna(clips["track"])
    return clips.dropna(subset=[what]).reset_index(drop=True)


def interval(values, artists):
    """Mean, and its 95 % interval: a bootstrap by artist."""
    low, high = mean_interval(np.asarray(values, float), bootstrap_weights(np.asarray(artists), 2000, 0))
    return {"score": np.mean(values), "low": low, "high": high, "n": len(values)}


def cross_fitted(artists, fit, judge):
    """What `judge(fit(rows), rows)` says of each clip, by weights that were fitted without its artist: [repeats]."""
    out = []
    for seed in range(REPEATS):
        judged = {}
        for train, held_out in GroupKFold(FOLDS, shuffle=True, random_state=seed).split(artists, groups=artists):
            judged |= dict(zip(held_out, judge(fit(train), held_out)))
        out.append([judged[number] for number in range(len(artists))])
    return out


def softmax_fit(features, is_right, weights, penalties):
    """Multinomial logistic regression with shared weights.

    Parameters
    ----------
    features : np.ndarray [shape=(n, choices, values)]
    is_right : np.ndarray of bool [shape=(n, choices)]
        Several choices may be right.
    weights : np.ndarray [shape=(n,)]
    penalties : np.ndarray [shape=(values,)]

    Returns
    -------
    np.ndarray [shape=(values,)]
    """
    def loss(parameters):
        scores = features @ parameters
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        right = np.maximum((shares * is_right).sum(axis=1, keepdims=True), 1e-12)
        slope = (shares - shares * is_right / right) * weights[:, None]
        value = -(weights * np.log(right[:, 0])).sum() + (penalties * parameters ** 2).sum()
        return value, np.einsum("nc,ncv->v", slope, features) + 2 * penalties * parameters
    start = np.zeros(features.shape[2])
    return scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x


def calibration(confidence, right, edges=(0, .4, .6, .8, 1)):
    """Rows of how many are right, by confidence."""
    table = pd.DataFrame({"confidence": confidence, "right": right})
    groups = table.groupby(pd.cut(table["confidence"], edges), observed=True)
    return [{"what": f"calibration, {name.left:g} to {name.right:g}", "method": "ours",
             "score": part["right"].mean(), "said": part["confidence"].mean(), "n": len(part)} for name, part in groups]


# ---- key

def measure_key(data, fit):
    """The key of real clips."""
    clips = annotated_clips(data, "key")
    shares, seconds, krumhansl = [], [], []
    for path in clips["path"]:
        y, sr = load_audio(path)
        tuning = estimate_tuning(y, sr)
        strengths = key.semitone_strengths(y, sr, tuning)
        shares.append(key.triad_shares(strengths, sr))
        seconds.append(len(y) / sr)
        found = krumhansl_key(pitch_class_shares(y, sr, tuning))
        krumhansl.append(key_text(found["key"], found["mode"]))
    features = key_features(np.array(shares))
    truth = np.array([key_number(text) for text in clips["key"]])
    is_right = np.eye(24, dtype=bool)[truth]
    weights = np.where(clips["long"], 1, SHORT_WEIGHT)
    penalties = np.append(np.full(48, KEY_PENALTY), BIAS_PENALTY)

    def fitted(rows):
        return softmax_fit(features[rows], is_right[rows], weights[rows], penalties)

    if fit:
        print(np.array2string(fitted(np.arange(len(clips))).round(2), separator=", "))
    runs = cross_fitted(clips["artist"], fitted, lambda learned, rows: key_shares(features[rows] @ learned,
                                                                                 np.array(seconds)[rows]))
    rows = []
    for name, chosen in {"15 to 30 s": clips["long"], "2 to 3 s": ~clips["long"]}.items():
        number = np.flatnonzero(chosen)
        part = clips.iloc[number]
        said = {"ours": [[key_text(np.argmax(run[i]) % 12, np.argmax(run[i]) < 12) for i in number] for run in runs],
                "Krumhansl and Kessler": [[krumhansl[i] for i in number]]}
        said |= {f"Essentia, {profile}": [[essentia_key(path, profile) for path in part["path"]]]
                 for profile in (ESSENTIA_PROFILES if has_essentia() and name == "15 to 30 s" else ())}
        for method, texts in said.items():
            exact = np.mean([np.array(text) == part["key"].to_numpy() for text in texts], axis=0)
            mirex = np.mean([[mir_eval.key.weighted_score(true, found) for true, found in zip(part["key"], text)]
                             for text in texts], axis=0)
            rows += [{"what": f"{name}, exact", "method": method} | interval(exact, part["artist"]),
                     {"what": f"{name}, MIREX", "method": method} | interval(mirex, part["artist"])]
    up_to_a_fifth = [fifth_confidence(shares_of_keys, truth[i]) for run in runs for i, shares_of_keys in enumerate(run)
                     if clips["long"][i]]
    return pd.DataFrame(rows + calibration(*zip(*up_to_a_fifth)))


def key_features(shares):
    """For each of 24 keys the shares of triads from its tonic, in the columns of its mode, and a column for minor."""
    standard = (shares - shares.mean(axis=2, keepdims=True)) / key.SPREAD
    from_tonic = np.stack([np.roll(standard, -tonic, axis=2) for tonic in range(12)], axis=1)
    from_tonic = from_tonic.reshape(len(shares), 12, 24)
    none = np.zeros_like(from_tonic)
    minor = np.repeat([0, 1], 12)[None, :, None] * np.ones((len(shares), 1, 1))
    return np.concatenate([np.concatenate([from_tonic, none], axis=1), np.concatenate([none, from_tonic], axis=1),
                           minor], axis=2)


def key_shares(scores, seconds):
    """Probabilities of 24 keys, with the certainty that `key` gives to this length."""
    certainty = np.interp(np.log(seconds), np.log(list(key.CERTAINTY)), list(key.CERTAINTY.values()))[:, None]
    shares = np.exp(scores * certainty - (scores * certainty).max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def fifth_confidence(shares, truth):
    """The confidence that the most probable key is right or a fifth away, and whether it is."""
    best = int(np.argmax(shares))
    mode = best // 12 * 12
    near = [mode + (best + step) % 12 for step in (-5, 0, 5)]
    return float(shares[near].sum()), truth in near


def key_text(tonic, mode):
    return "C major" if np.isnan(tonic) else key.key_name(tonic, mode).replace("♯", "#")


def key_number(text):
    tonic, mode = text.split()
    return [name.replace("♯", "#") for name in key.NAMES].index(tonic) + 12 * (mode == "minor")


# ---- Essentia and librosa

def has_essentia():
    try:
        import essentia.standard  # noqa: F401
    except ImportError:
        print("Essentia is not installed: `pip install essentia` to compare")
        return False
    return True


def essentia_key(path, profile):
    import essentia.standard as es
    tonic, mode, _ = es.KeyExtractor(profileType=profile)(es.MonoLoader(filename=str(path), sampleRate=44_100)())
    flats = {"Db": "C#", "Eb": "D#", "Gb": "F#", "Ab": "G#", "Bb": "A#"}
    return f"{flats.get(tonic, tonic)} {mode}"


def essentia_tempo(path):
    import essentia.standard as es
    return float(es.RhythmExtractor2013(method="multifeature")(
        es.MonoLoader(filename=str(path), sampleRate=44_100)())[0])


def librosa_tempo(path):
    import librosa
    y, sr = load_audio(path)
    return float(np.atleast_1d(librosa.beat.beat_track(y=y, sr=sr)[0])[0])


# ---- tempo

def onsets_of(y):
    return tempo.after_the_start(tempo.register_onsets(power_to_decibels(spectrograms(y)["mel"].T)))


def measure_tempo(data, fit):
    """The tempo of real clips of 15 to 30 s."""
    clips = annotated_clips(data, "tempo")
    every = pd.read_csv(data / "gtzan" / "annotations.csv")["tempo"].dropna()
    clips = clips[clips["long"]].reset_index(drop=True)
    truth = clips["tempo"].to_numpy()
    onsets = [onsets_of(load_audio(path)[0]) for path in clips["path"]]
    features = np.array([tempo.tempo_evidence(part) for part in onsets])
    clicks = np.array([tempo.tempo_evidence(onsets_of(metronome(bpm))) for bpm in METRONOME])
    is_right = np.abs(tempo.TEMPI / truth[:, None] - 1) < .03
    of_clicks = np.abs(tempo.TEMPI / np.array(METRONOME)[:, None] - 1) < .03
    weights = tempo_weights(truth, every)

    def fitted(rows):
        return softmax_fit(np.concatenate([features[rows], clicks]), np.concatenate([is_right[rows], of_clicks]),
                           np.append(weights[rows], np.full(len(clicks), METRONOME_WEIGHT)),
                           np.full(features.shape[2], TEMPO_PENALTY))

    if fit:
        print(np.array2string(fitted(np.arange(len(clips))).round(2), separator=", "))
    runs = cross_fitted(clips["artist"], fitted, lambda learned, rows: list(features[rows] @ learned))
    said = {"ours": [tempo.TEMPI[np.argmax(run, axis=1)] for run in runs],
            "librosa, beat_track": [[librosa_tempo(path) for path in clips["path"]]]}
    if has_essentia():
        said["Essentia, RhythmExtractor2013"] = [[essentia_tempo(path) for path in clips["path"]]]
    rows = []
    for method, tempi in said.items():
        exact = np.mean([np.abs(np.array(found) / truth - 1) < .04 for found in tempi], axis=0)
        octaves = np.mean([up_to_octaves(found, truth) for found in tempi], axis=0)
        rows += [{"what": "within 4 %", "method": method} | interval(exact, clips["artist"]),
                 {"what": "up to octaves", "method": method} | interval(octaves, clips["artist"]),
                 {"what": "within 4 %, tempi as in all 640 clips", "method": method,
                  "score": np.average(exact, weights=weights), "n": len(exact)}]
    pairs = [tempo_confidence(scores, true) for run in runs for scores, true in zip(run, truth)]
    rows += calibration(*zip(*pairs))
    found = pd.DataFrame([tempo.estimate_tempo(np.pad(part, ((10, 0), (0, 0)))) for part in onsets])
    swings, metre = clips["swing"] == "yes", clips["meter"]
    rows += [{"what": "swing told from none (area under the ROC curve, not cross-fitted)", "method": "ours",
              "score": scipy.stats.mannwhitneyu(found["swing"][swings], found["swing"][~swings]).statistic
              / (swings.sum() * (~swings).sum()), "n": len(clips)}]
    for name, beats in {"4/4": 4, "3/4": 3}.items():
        known = found["beats_per_bar"][metre == name]
        rows += [{"what": f"{name}: called so, of those where it is said", "method": "ours",
                  "score": (known.dropna() == beats).mean(), "n": known.notna().sum()}]
    return pd.DataFrame(rows)


def metronome(bpm, seconds=20):
    y = np.zeros(seconds * SAMPLE_RATE, np.float32)
    burst = np.random.default_rng(0).standard_normal(400) * np.exp(-np.arange(400) / 80)
    for start in np.arange(0, seconds - .1, 60 / bpm):
        y[int(start * SAMPLE_RATE):int(start * SAMPLE_RATE) + 400] += .5 * burst
    return y


def tempo_weights(truth, every):
    """Weights by which the clips' tempi are distributed as all tempi."""
    of_all, of_clips = (np.histogram(values, TEMPO_CLASSES)[0] / len(values) for values in (every, truth))
    weights = (of_all / np.maximum(of_clips, 1e-9))[np.digitize(truth, TEMPO_CLASSES) - 1]
    return weights / weights.mean()


def up_to_octaves(found, truth):
    ratio = np.asarray(found, float)[:, None] / truth[:, None] / np.array(OCTAVES)
    return np.abs(ratio - 1).min(axis=1) < .04


def tempo_confidence(scores, truth):
    shares = np.exp(tempo.CERTAINTY * (scores - scores.max()))
    best = tempo.TEMPI[scores.argmax()]
    near = np.abs(np.log2(tempo.TEMPI / best)) < np.log2(1.04)
    return float(shares[near].sum() / shares.sum()), abs(best / truth - 1) < .04


# ---- songs whose values at Spotify are known

def measure_famous(data, fit):
    """Songs whose values at Spotify are known: key, tempo and estimates, by the shipped weights."""
    songs = known_songs(data)
    heard = []
    for path in songs["path"]:
        y, sr = load_audio(path)
        found = key.estimate_key(key.semitone_strengths(y, sr, estimate_tuning(y, sr)), sr)
        heard.append(found | {"bpm": tempo.estimate_tempo(tempo.register_onsets(power_to_decibels(
            spectrograms(y)["mel"].T)))["tempo"]} | song_estimates(path)["estimate"].to_dict())
    heard = pd.DataFrame(heard)
    table = pd.DataFrame({"artist": songs["artist"], "song": songs["song"], "collection": songs["collection"],
                          "our key": [key_text(*pair) for pair in zip(heard["key"], heard["mode"])],
                          "Spotify's key": [key_text(*pair) for pair in zip(songs["key"], songs["mode"])],
                          "our tempo": heard["bpm"].round(1), "Spotify's tempo": songs["tempo"].round(1)})
    print(table.to_string(index=False))
    rows = []
    for name, part in {"tagged songs, 18 s": songs["collection"] == "tagged", "all": songs["song"].notna()}.items():
        exact = table["our key"][part] == table["Spotify's key"][part]
        bpm, true = heard["bpm"][part].to_numpy(), songs["tempo"][part].to_numpy()
        rows += [{"what": f"{name}: key"} | interval(exact, songs["artist"][part]),
                 {"what": f"{name}: tempo within 4 %"} | interval(np.abs(bpm / true - 1) < .04, songs["artist"][part]),
                 {"what": f"{name}: tempo up to octaves"} | interval(up_to_octaves(bpm, true), songs["artist"][part])]
    for feature in CONTRASTS:
        rows.append({"what": f"{feature}, rank correlation"} | rank_correlation(heard[feature], songs[feature],
                                                                               songs["artist"]))
        error = np.abs(heard[feature] - songs[feature])
        median = np.interp(.5, np.linspace(0, 1, 21), scale()[feature]["table"])
        rows += [{"what": f"{feature}, mean error"} | interval(error, songs["artist"]),
                 {"what": f"{feature}, mean error of the table's median"} | interval(np.abs(median - songs[feature]),
                                                                                    songs["artist"])]
    return pd.DataFrame(rows)


def rank_correlation(estimates, values, artists, n_boot=1000):
    """Spearman's correlation with its 95 % interval: a bootstrap by artist."""
    rng = np.random.default_rng(0)
    estimates, values, groups = estimates.to_numpy(), values.to_numpy(), [
        np.flatnonzero(artists == artist) for artist in artists.unique()]
    draws = [np.concatenate([groups[number] for number in rng.integers(0, len(groups), len(groups))])
             for _ in range(n_boot)]
    drawn = [scipy.stats.spearmanr(estimates[rows], values[rows])[0] for rows in draws]
    low, high = np.nanquantile(drawn, (.025, .975))
    return {"score": scipy.stats.spearmanr(estimates, values)[0], "low": low, "high": high, "n": len(values)}


def known_songs(data):
    """The songs with sound here whose name and artist stand in a table of Spotify's values."""
    hits = pd.read_csv(data / "top_hits" / "songs_normalize.csv")
    lists = pd.read_csv(data / "tidytuesday" / "spotify_songs.zip")
    lists = lists.rename(columns={"track_name": "song", "track_artist": "artist"})
    table = pd.concat([hits, lists], ignore_index=True).dropna(subset=["artist", "song"])
    by, named = table["artist"].map(plain), table["song"].map(plain)
    clips = annotated_clips(data, "title").drop_duplicates("track")
    songs = [("gtzan", row.path, row.artist, row.title) for row in clips.itertuples()]
    for path in sorted((data / "tagged_songs").glob("*.mp3")):
        tags = EasyID3(path)
        songs.append(("tagged", path, (tags.get("artist") or [""])[0].strip(), (tags.get("title") or [""])[0].strip()))
    rows = []
    for collection, path, artist, song in songs:
        of_artist = [is_same_artist(name, plain(artist)) for name in by]
        likeness = named[of_artist].map(functools.partial(fuzz.ratio, plain(song)))
        if plain(song) and len(likeness) and likeness.max() >= 85:
            values = table.loc[likeness.idxmax()]
            rows.append({"collection": collection, "path": path, "artist": artist, "song": song}
                        | values[["key", "mode", "tempo", *CONTRASTS]].to_dict())
    return pd.DataFrame(rows)


def is_same_artist(name, artist):
    return bool(artist) and (fuzz.ratio(name, artist) > 85
                             or (len(artist) > 5 and fuzz.token_set_ratio(name, artist) > 95))


def plain(text):
    """A title or artist without accents, brackets, versions and punctuation."""
    text = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode().lower()
    text = re.split(r" - ", re.sub(r"\(.*?\)|\[.*?\]", " ", text))[0].replace("&", "and").replace("'", "")
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", text).split())


# ---- chords and sections

def measure_synthetic(data, fit, songs=4):
    """Synthetic songs: the share of the time in which the triad is right, and the F-measure of the beats."""
    rows, beats = [], []
    for genre in GENRES:
        scores = []
        for seed in range(songs):
            song = render(genre, seconds=20, seed=50 + seed)
            found = song_chords((song.y, song.sr))
            beats.append(mir_eval.beat.f_measure(song.beats, beat_times((song.y, song.sr))))
            scores += [[found_at(found, moment) == (root, quality.startswith("min")) for start, end, root, quality
                        in song.chords if quality != "5" for moment in np.arange(start + .05, end, .1)]]
        right = [np.mean(part) for part in scores if part]
        if right:
            rows.append({"what": f"chords, {genre}", "score": np.mean(right), "n": len(right)})
    return pd.DataFrame([*rows, {"what": "chords, all", "score": np.mean([row["score"] for row in rows]),
                                 "n": sum(row["n"] for row in rows)},
                         {"what": "beats, F-measure", "score": np.mean(beats), "n": len(beats)}])


def found_at(chords, moment):
    row = chords[(chords["start"] <= moment) & (chords["end"] > moment)]
    return (row["root"].iloc[0], row["minor"].iloc[0]) if len(row) else (np.nan, None)


def measure_sections(data, fit, songs=24):
    """The sections of joined real clips."""
    methods = {"ours": lambda y: section_times(self_similarity((y, SAMPLE_RATE))),
               "librosa's Laplacian segmentation, 5 kinds": lambda y: laplacian_sections(y, 5),
               "librosa's Laplacian segmentation, 2 kinds": lambda y: laplacian_sections(y, 2),
               "equal sections of 15 s": lambda y: np.arange(15, len(y) / SAMPLE_RATE, 15)}
    scores = {name: [] for name in methods}
    for y, borders in joined_songs(data, songs):
        end = len(y) / SAMPLE_RATE
        for name, method in methods.items():
            found = [time for time in method(y) if 0 < time < end]
            scores[name].append([mir_eval.segment.detection(spans(borders, end), spans(found, end), window=window,
                                                            trim=True)[2] for window in (.5, 3)])
    return pd.DataFrame([{"what": f"hit rate (F) at {window} s", "method": name} | interval(values, np.arange(songs))
                         for name, pairs in scores.items() for window, values in zip((.5, 3), np.transpose(pairs))])


def spans(borders, end):
    return np.column_stack([np.append(0, borders), np.append(borders, end)])


def joined_songs(data, n):
    """Songs made of two clips A and B of 10 to 24 s, at one level, with the times of the joins."""
    files = sorted((data / "gtzan" / "audio").glob("*/*.mp3"))
    rng = np.random.default_rng(0)
    for number in range(n):
        clips = [load_audio(files[pick])[0] for pick in rng.choice(len(files), 2, replace=False)]
        clips = [y[:int(SAMPLE_RATE * rng.uniform(10, min(24, len(y) / SAMPLE_RATE)))] for y in clips]
        clips = [(.1 * y / np.sqrt(np.mean(y ** 2))).astype(np.float32) for y in clips]
        parts = [clips["AB".index(letter)] for letter in ("ABAB", "ABA", "AABB", "ABABB")[number % 4]]
        yield np.concatenate(parts), np.cumsum([len(part) for part in parts])[:-1] / SAMPLE_RATE


def laplacian_sections(y, kinds, sr=SAMPLE_RATE):
    """Section borders as librosa's example of Laplacian segmentation has them (McFee and Ellis 2014)."""
    import librosa
    import scipy.ndimage
    import scipy.sparse.csgraph
    from sklearn.cluster import KMeans
    decibels = librosa.amplitude_to_db(np.abs(librosa.cqt(y=y, sr=sr, bins_per_octave=36, n_bins=252)), ref=np.max)
    beats = librosa.beat.beat_track(y=y, sr=sr, trim=False)[1]
    times = librosa.frames_to_time(librosa.util.fix_frames(beats, x_min=0), sr=sr)
    synced = librosa.util.sync(decibels, beats, aggregate=np.median)
    similar = librosa.segment.recurrence_matrix(synced, width=3, mode="affinity", sym=True)
    similar = librosa.segment.timelag_filter(scipy.ndimage.median_filter)(similar, size=(1, 7))
    distance = np.sum(np.diff(librosa.util.sync(librosa.feature.mfcc(y=y, sr=sr), beats), axis=1) ** 2, axis=0)
    near = np.exp(-distance / np.median(distance))
    path = np.diag(near, k=1) + np.diag(near, k=-1)
    of_path, of_similar = path.sum(axis=1), similar.sum(axis=1)
    share = of_path @ (of_path + of_similar) / np.sum((of_path + of_similar) ** 2)
    laplacian = scipy.sparse.csgraph.laplacian(share * similar + (1 - share) * path, normed=True)
    vectors = scipy.ndimage.median_filter(scipy.linalg.eigh(laplacian)[1], size=(9, 1))
    places = vectors[:, :kinds] / (np.cumsum(vectors ** 2, axis=1) ** .5)[:, kinds - 1:kinds].clip(1e-9)
    labels = KMeans(kinds, n_init=10, random_state=0).fit_predict(places)
    borders = 1 + np.flatnonzero(labels[:-1] != labels[1:])
    return times[borders[borders < len(times)]]


if __name__ == "__main__":
    main()
