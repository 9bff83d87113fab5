"""Measure what is heard in real music: key and tempo, beside Essentia and librosa.

key    clips of GTZAN with published keys: exact and MIREX-weighted score (mir_eval), beside the profiles of Krumhansl
       and Kessler and those of Essentia's KeyExtractor, where that is installed; calibration of the confidence
tempo  the same clips with tapped tempi: right within 4%, and up to octaves, beside librosa and Essentia;
       calibration, swing and metre
songs  the same clips, one by one: artist, title, key and tempo as we say them and as annotated

The weights of key and tempo were fitted to these clips. So they are judged by cross-fitting: every clip is judged by
weights that were fitted without its artist, and so is its confidence. Their settings (such as what counts as a chord)
were chosen on the same clips, which flatters the figures a little. `--fit` prints numbers that are fitted to all clips.

Needs the data folder (`--data`) with `gtzan`. Takes about two minutes.
"""

import functools
import sys
from pathlib import Path

import mir_eval
import numpy as np
import pandas as pd
import scipy.optimize
import scipy.special
import scipy.stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from real_songs import (
    annotated_clips,
    essentia_key,
    essentia_tempo,
    has_essentia,
    interval,
    key_number,
    key_text,
    librosa_tempo,
    run_parts,
    up_to_octaves,
)

from signals import key, tempo
from signals.decoding import SAMPLE_RATE, load_audio
from signals.estimators import estimate_tuning, krumhansl_key, pitch_class_shares
from signals.spectrograms import power_to_decibels, spectrograms

FOLDS, REPEATS = 10, 3
SHORT_WEIGHT = .5
"""A clip of 2 to 3 s counts this much in the fit of the key."""
KEY_PENALTY, BIAS_PENALTY, TEMPO_PENALTY = 3, 20, 1
METRONOME, METRONOME_WEIGHT = range(68, 160, 4), 2
TEMPO_CLASSES = [0, 70, 85, 100, 120, 140, 170, 999]
ESSENTIA_PROFILES = ("edma", "bgate", "krumhansl", "temperley")


def main():
    run_parts({"key": measure_key, "tempo": measure_tempo, "songs": list_songs}, __doc__, fits=True)


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


def calibration(chance, right, artists, fit, edges=(0, .4, .6, .8, 1)):
    """Rows of how many are right, by confidence.

    The confidence is a logistic function of the chance that the model gives, fitted without the artist in question.
    `fit` prints the slope and intercept for all clips.
    """
    log_odds = scipy.special.logit(np.clip(chance, 1e-6, 1 - 1e-6))[:, None]
    right = np.asarray(right, int)
    artists = np.asarray(artists)
    if fit:
        model = LogisticRegression(C=10).fit(log_odds, right)
        print("confidence:", model.coef_.round(2), model.intercept_.round(2))
    confidence = np.zeros(len(right))
    for train, held_out in GroupKFold(FOLDS).split(log_odds, groups=artists):
        model = LogisticRegression(C=10).fit(log_odds[train], right[train])
        confidence[held_out] = model.predict_proba(log_odds[held_out])[:, 1]
    rows = []
    for low, high in zip(edges, edges[1:]):
        part = (confidence > low) & (confidence <= high)
        if part.any():
            rows.append({"what": f"calibration, {low:g} to {high:g}", "method": "ours", "said": confidence[part].mean()}
                        | interval(right[part], artists[part]) | {"n": part.sum() / REPEATS})
    return rows


# ---- key

@functools.cache
def keys_of_clips(data, fit):
    """The clips with a key, and for each the probabilities of 24 keys: [repeats], and Krumhansl's key."""
    clips = annotated_clips(data, "key")
    shares, seconds, krumhansl = [], [], []
    for path in clips["path"]:
        y, sr = load_audio(path)
        tuning = estimate_tuning(y, sr)
        shares.append(key.triad_shares(key.pitch_classes(key.semitone_strengths(y, sr, tuning), sr)))
        seconds.append(len(y) / sr)
        found = krumhansl_key(pitch_class_shares(y, sr, tuning))
        krumhansl.append(key_text(found["key"], found["mode"]))
    features, seconds = key_features(np.array(shares)), np.array(seconds)
    is_right = np.eye(24, dtype=bool)[[key_number(text) for text in clips["key"]]]
    weights = np.where(clips["long"], 1, SHORT_WEIGHT)
    penalties = np.append(np.full(48, KEY_PENALTY), BIAS_PENALTY)

    def fitted(rows):
        return softmax_fit(features[rows], is_right[rows], weights[rows], penalties)

    if fit:
        print(np.array2string(fitted(np.arange(len(clips))).round(2), separator=", "))
    runs = cross_fitted(clips["artist"], fitted,
                        lambda learned, rows: key_shares(features[rows] @ learned, seconds[rows]))
    return clips, runs, krumhansl


def measure_key(data, fit):
    """The key of real clips."""
    clips, runs, krumhansl = keys_of_clips(data, fit)
    rows = []
    for name, chosen in {"15 to 30 s": clips["long"], "2 to 3 s": ~clips["long"]}.items():
        number = np.flatnonzero(chosen)
        part = clips.iloc[number]
        said = {"ours": [[best_key(run[i]) for i in number] for run in runs],
                "Krumhansl and Kessler": [[krumhansl[i] for i in number]]}
        said |= {f"Essentia, {profile}": [[essentia_key(path, profile) for path in part["path"]]]
                 for profile in (ESSENTIA_PROFILES if has_essentia() and name == "15 to 30 s" else ())}
        for method, texts in said.items():
            exact = np.mean([np.array(text) == part["key"].to_numpy() for text in texts], axis=0)
            mirex = np.mean([[mir_eval.key.weighted_score(true, found) for true, found in zip(part["key"], text)]
                             for text in texts], axis=0)
            rows += [{"what": f"{name}, exact", "method": method} | interval(exact, part["artist"]),
                     {"what": f"{name}, MIREX", "method": method} | interval(mirex, part["artist"])]
    truth = [key_number(text) for text in clips["key"]]
    pairs = [(*fifth_chance(run[i], truth[i]), clips["artist"][i])
             for run in runs for i in np.flatnonzero(clips["long"])]
    return pd.DataFrame(rows + calibration(*zip(*pairs), fit))


def best_key(shares):
    return key_text(np.argmax(shares) % 12, np.argmax(shares) < 12)


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
    certainty = np.array([key.of_length(key.CERTAINTY, length) for length in seconds])[:, None]
    shares = np.exp(scores * certainty - (scores * certainty).max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def fifth_chance(shares, truth):
    """The chance that the most probable key is right or a fifth away, and whether it is."""
    best = int(np.argmax(shares))
    mode = best // 12 * 12
    near = [mode + (best + step) % 12 for step in (-5, 0, 5)]
    return float(shares[near].sum()), truth in near


# ---- tempo

def onsets_of(y):
    return tempo.after_the_start(tempo.register_onsets(power_to_decibels(spectrograms(y)["mel"].T)))


@functools.cache
def tempi_of_clips(data, fit):
    """The clips of 15 to 30 s with a tempo, their onsets, and for each the scores of all tempi: [repeats]."""
    clips = annotated_clips(data, "tempo")
    clips = clips[clips["long"]].reset_index(drop=True)
    truth = clips["tempo"].to_numpy()
    clips["weight"] = tempo_weights(truth, pd.read_csv(data / "gtzan" / "annotations.csv")["tempo"].dropna())
    onsets = [onsets_of(load_audio(path)[0]) for path in clips["path"]]
    features = np.array([tempo.tempo_evidence(part) for part in onsets])
    clicks = np.array([tempo.tempo_evidence(onsets_of(metronome(bpm))) for bpm in METRONOME])
    is_right = np.abs(tempo.TEMPI / truth[:, None] - 1) < .03
    of_clicks = np.abs(tempo.TEMPI / np.array(METRONOME)[:, None] - 1) < .03

    def fitted(rows):
        return softmax_fit(np.concatenate([features[rows], clicks]), np.concatenate([is_right[rows], of_clicks]),
                           np.append(clips["weight"].to_numpy()[rows], np.full(len(clicks), METRONOME_WEIGHT)),
                           np.full(features.shape[2], TEMPO_PENALTY))

    if fit:
        print(np.array2string(fitted(np.arange(len(clips))).round(2), separator=", "))
    return clips, onsets, cross_fitted(clips["artist"], fitted, lambda learned, rows: list(features[rows] @ learned))


def measure_tempo(data, fit):
    """The tempo of real clips of 15 to 30 s."""
    clips, onsets, runs = tempi_of_clips(data, fit)
    truth = clips["tempo"].to_numpy()
    said = {"ours": [tempo.TEMPI[np.argmax(run, axis=1)] for run in runs],
            "librosa, beat_track": [[librosa_tempo(path) for path in clips["path"]]]}
    if has_essentia():
        said["Essentia, RhythmExtractor2013"] = [[essentia_tempo(path) for path in clips["path"]]]
    rows = []
    for method, tempi in said.items():
        exact = np.mean([np.abs(np.array(found) / truth - 1) < .04 for found in tempi], axis=0)
        octaves = np.mean([up_to_octaves(found, truth) for found in tempi], axis=0)
        rows += [{"what": "within 4%", "method": method} | interval(exact, clips["artist"]),
                 {"what": "up to octaves", "method": method} | interval(octaves, clips["artist"]),
                 {"what": "within 4%, tempi as in all 640 clips", "method": method,
                  "score": np.average(exact, weights=clips["weight"]), "n": len(exact)}]
    pairs = [(*tempo_chance(scores, true), artist) for run in runs
             for scores, true, artist in zip(run, truth, clips["artist"])]
    rows += calibration(*zip(*pairs), fit)
    found = pd.DataFrame([tempo.estimate_tempo(np.pad(part, ((10, 0), (0, 0)))) for part in onsets])
    swings = clips["swing"] == "yes"
    rows += [{"what": "swing told from none (area under the ROC curve, not cross-fitted)", "method": "ours",
              "score": scipy.stats.mannwhitneyu(found["swing"][swings], found["swing"][~swings]).statistic
              / (swings.sum() * (~swings).sum()), "n": len(clips)}]
    for name, beats in {"4/4": 4, "3/4": 3}.items():
        known = found["beats_per_bar"][clips["meter"] == name]
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


def tempo_chance(scores, truth):
    """The chance that the most probable tempo is right within 4%, and whether it is."""
    shares = np.exp(tempo.CERTAINTY * (scores - scores.max()))
    best = tempo.TEMPI[scores.argmax()]
    near = np.abs(np.log2(tempo.TEMPI / best)) < np.log2(1.04)
    return float(shares[near].sum() / shares.sum()), abs(best / truth - 1) < .04


# ---- one by one

def list_songs(data, fit):
    """Clips of 15 to 30 s, one by one; by weights that were fitted without the artist."""
    of_key, key_runs, _ = keys_of_clips(data, fit)
    of_tempo, _, tempo_runs = tempi_of_clips(data, fit)
    table = of_tempo[["track", "artist", "title", "key", "tempo"]].rename(columns={"key": "true key",
                                                                                  "tempo": "true tempo"})
    table["our tempo"] = tempo.TEMPI[np.argmax(tempo_runs[0], axis=1)]
    found = pd.Series([best_key(shares) for shares in key_runs[0]], index=of_key["track"])[of_key["long"].to_numpy()]
    table["our key"] = table["track"].map(found)
    return table.dropna(subset=["our key", "title"])[["track", "artist", "title", "our key", "true key", "our tempo",
                                                      "true tempo"]]


if __name__ == "__main__":
    main()
