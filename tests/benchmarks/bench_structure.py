"""Measure what is heard of the structure of a song: chords, beats and sections.

synthetic  synthetic songs: the share of the time in which the chords are right, and the F-measure of the beats
keys       real clips with published keys: the share of the time in which the chords belong to the key
sections   joined real clips (A B A B ...), whose boundaries are known: hit rate at 0.5 and 3 s (mir_eval), beside
           librosa's Laplacian segmentation, the contrast along the diagonal alone (Foote 2000), and equal sections;
           and how many repetitions of the hook are right

The settings of the sections were chosen on songs that were joined from clips of the train list; they are measured on
songs joined from clips of the valid list, which holds other artists.

Needs the data folder (`--data`) with `gtzan`. Takes about four minutes.
"""

import sys
from pathlib import Path

import mir_eval
import numpy as np
import pandas as pd
import scipy.signal

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from real_songs import annotated_clips, interval, key_number, run_parts

from signals.chords import song_chords
from signals.decoding import SAMPLE_RATE, load_audio
from signals.excerpts import find_hook
from signals.structure import analyse, beat_times, contrast_novelty, section_times, self_similarity
from synth.sample_table import GENRES
from synth.songs import render

FORMS = ("ABAB", "ABA", "AABB", "ABABB", "ABCAB", "AABA", "ABACA", "ABAB")
IN_MAJOR = {0: False, 2: True, 4: True, 5: False, 7: False, 9: True}
IN_MINOR = {0: True, 3: False, 5: True, 7: True, 8: False, 10: False}
"""Triads of a key, by their distance from the tonic in semitones: whether they are minor."""
MAJOR_V_IN_MINOR = (7, False)


def main():
    run_parts({"synthetic": measure_synthetic, "keys": measure_key_agreement, "sections": measure_sections}, __doc__)


# ---- chords and beats

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


def measure_key_agreement(data, fit):
    """Real clips of 15 to 30 s: the share of the time in which the chords belong to the annotated key."""
    clips = annotated_clips(data, "key")
    clips = clips[clips["long"]]
    in_key, in_any = [], []
    for path, text in zip(clips["path"], clips["key"]):
        chords = song_chords(load_audio(path)).dropna(subset=["root"])
        shares = [share_in_key(chords, number) for number in range(24)]
        true = key_number(text)
        in_key.append(shares[true])
        in_any.append(np.mean(shares[true // 12 * 12:][:12]))
    return pd.DataFrame([{"what": "the annotated key"} | interval(in_key, clips["artist"]),
                         {"what": "all keys of its mode, on average"} | interval(in_any, clips["artist"])])


def share_in_key(chords, number):
    """The share of the time in which chords belong to a key: 0 to 11 major, 12 to 23 minor."""
    triads = set((IN_MAJOR if number < 12 else IN_MINOR).items()) | ({MAJOR_V_IN_MINOR} if number >= 12 else set())
    lengths = chords["end"] - chords["start"]
    belongs = [((int(root) - number) % 12, bool(minor)) in triads
               for root, minor in zip(chords["root"], chords["minor"])]
    return np.average(belongs, weights=lengths)


# ---- sections

def measure_sections(data, fit, songs=40):
    """The sections of songs joined from clips of the valid list."""
    methods = {"ours": lambda y: section_times(self_similarity((y, SAMPLE_RATE))),
               "contrast along the diagonal": contrast_sections,
               "librosa's Laplacian segmentation, 2 kinds": lambda y: laplacian_sections(y, 2),
               "librosa's Laplacian segmentation, 3 kinds": lambda y: laplacian_sections(y, 3),
               "librosa's Laplacian segmentation, 5 kinds": lambda y: laplacian_sections(y, 5),
               "equal sections of 15 s": lambda y: np.arange(15, len(y) / SAMPLE_RATE, 15)}
    scores = {name: [] for name in methods}
    hooks = []
    for form, y, boundaries in joined_songs(data, songs):
        end = len(y) / SAMPLE_RATE
        hooks.append(right_repeats(find_hook(analyse((y, SAMPLE_RATE))), form, boundaries))
        for name, method in methods.items():
            found = [time for time in method(y) if 0 < time < end]
            scores[name].append([mir_eval.segment.detection(spans(boundaries, end), spans(found, end), window=window,
                                                            trim=True)[2] for window in (.5, 3)])
    rows = [{"what": f"hit rate (F) at {window} s", "method": name} | interval(values, np.arange(songs))
            for name, pairs in scores.items() for window, values in zip((.5, 3), np.transpose(pairs))]
    return pd.DataFrame([*rows, {"what": "repetitions of the hook that are right to a second", "method": "ours"}
                         | interval(hooks, np.arange(songs))])


def right_repeats(hook, form, boundaries):
    """The share of a hook's repetitions that are the same place in another part of the same letter, to a second."""
    starts = np.append(0, boundaries)

    def place(time):
        part = np.searchsorted(starts, time + .5, side="right") - 1  # a hook may begin a beat before its part
        return form[part], time - starts[part]

    letter, offset = place(hook.start)
    return np.mean([place(time)[0] == letter and abs(place(time)[1] - offset) < 1 for time in hook.repeats] or [0])


def contrast_sections(y, seconds=8.0):
    matrix, edges = self_similarity((y, SAMPLE_RATE))
    reach = max(2, round(seconds / np.median(np.diff(edges))))
    novelty = contrast_novelty(matrix, reach)
    return edges[scipy.signal.find_peaks(novelty, distance=reach, prominence=max(.02, .2 * novelty.max()))[0]]


def spans(boundaries, end):
    return np.column_stack([np.append(0, boundaries), np.append(boundaries, end)])


def joined_songs(data, n, split="valid"):
    """Songs made of two or three clips of 10 to 24 s, at one level: their form, the sound, the times of the joins."""
    tracks = {line.split("/")[-1] for line in (data / "gtzan" / "splits" / f"{split}.txt").read_text().split()}
    files = [file for file in sorted((data / "gtzan" / "audio").glob("*/*.mp3")) if file.stem in tracks]
    rng = np.random.default_rng(7)
    for number in range(n):
        clips = [load_audio(files[pick])[0] for pick in rng.choice(len(files), 3, replace=False)]
        clips = [y[:int(SAMPLE_RATE * rng.uniform(10, min(24, len(y) / SAMPLE_RATE)))] for y in clips]
        clips = [(.1 * y / np.sqrt(np.mean(y ** 2))).astype(np.float32) for y in clips]
        form = FORMS[number % len(FORMS)]
        parts = [clips["ABC".index(letter)] for letter in form]
        yield form, np.concatenate(parts), np.cumsum([len(part) for part in parts])[:-1] / SAMPLE_RATE


def laplacian_sections(y, kinds, sr=SAMPLE_RATE):
    """Section boundaries as librosa's example of Laplacian segmentation has them (McFee and Ellis 2014)."""
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
    begins = 1 + np.flatnonzero(labels[:-1] != labels[1:])
    return times[begins[begins < len(times)]]


if __name__ == "__main__":
    main()
