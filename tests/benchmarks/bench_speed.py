"""Speeds, as ratios measured in one run: `make bench`."""

import os

for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # one process is one core

import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
import soxr

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import audio
from analysis.associations import correlations_within
from features import extract_features
from prepare import load_Data, prepare_df
from preprocessing import create_features, spotify_split
from signals import decoding
from signals.descriptors import describe
from synth.sample_table import GENRES, make_table
from synth.songs import render

PATTERNS = ("beat_", "onsets_", "degree_", "interval_", "chord_", "tone_", "bass_", "middle_", "treble_")
"""What the columns of features beyond the usual family begin with."""


def seconds(function, *arguments, repeat=3, **named):
    """The least time of a few runs, and what the last one returned."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            result = function(*arguments, **named)
        times.append(time.perf_counter() - start)
    return min(times), result


def bench_tables(n_tracks=200_000):
    """Every step of notebook 02 and the heart of 03 on a large table, beside pandas' own reading of it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "songs.csv"
        make_table(n_tracks).to_csv(file, index=False)
        pandas, _ = seconds(pd.read_csv, file)
        rows = [("pandas.read_csv", pandas)]
        taken, raw = seconds(load_Data, file)
        rows.append(("load_Data", taken))
    for step in (prepare_df, create_features):
        taken, raw = seconds(step, raw)
        rows.append((step.__name__, taken))
    known = raw.dropna(subset=["first_genre"])
    rows.append(("spotify_split", seconds(spotify_split, known, "first_genre", repeat=1)[0]))
    rows.append(("correlations_within", seconds(correlations_within, raw, repeat=1)[0]))
    table = pd.DataFrame(rows, columns=["step", "seconds"]).set_index("step")
    table["times pandas.read_csv"] = table["seconds"] / pandas
    return table


def minute_of_music(path):
    """A 60 s, 44.1 kHz stereo mp3 of chords, drums and noise."""
    sr, rng = 44_100, np.random.default_rng(0)
    t = np.arange(60 * sr) / sr
    chord = sum(np.sin(2 * np.pi * hertz * t) / (i + 1) for i, hertz in enumerate((110, 220, 277, 330, 440, 880)))
    beat = np.exp(-12 * (t % .5)) * rng.standard_normal(len(t))
    soundfile.write(path, .12 * np.column_stack([chord + beat, np.roll(chord, 99) + beat]), sr, format="MP3")
    return str(path)


def usual_picture(path, out, *, bare=False):
    """A spectrogram picture as librosa's documentation draws it, with axes and a colour bar; or `bare`, the picture alone."""
    import librosa
    import matplotlib.pyplot as plt
    y, sr = librosa.load(path)
    decibels = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=sr), ref=np.max)
    figure, ax = plt.subplots()
    if bare:
        librosa.display.specshow(decibels, sr=sr, ax=ax)
        ax.set_axis_off()
    else:
        image = librosa.display.specshow(decibels, x_axis="time", y_axis="mel", sr=sr, ax=ax)
        figure.colorbar(image, ax=ax, format="%+2.0f dB")
        ax.set(title="Mel spectrogram")
    figure.savefig(out)
    plt.close(figure)


def rewritten_picture(path, out):
    """The usual way's picture without its detours: soundfile, soxr, librosa's mel bands, Pillow."""
    import librosa
    from PIL import Image
    y, sr = soundfile.read(path, dtype="float32")
    y = soxr.resample(y.mean(axis=1), sr, decoding.SAMPLE_RATE)
    decibels = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=decoding.SAMPLE_RATE), ref=np.max)
    Image.fromarray(np.round((decibels[::-1] / 80 + 1) * 255).astype(np.uint8)).save(out)


def our_picture(row, folder):
    audio._write_track(row, tempfile.mkdtemp(dir=folder), audio._settings(60, 128, ("mel",)), ("mel",), 1.0)


def essentia_bands(path):
    import essentia.standard as es
    y = es.MonoLoader(filename=path, sampleRate=22_050)()
    window, spectrum = es.Windowing(type="hann", size=2048), es.Spectrum(size=2048)
    bands = es.MelBands(numberBands=128, sampleRate=22_050, inputSize=1025, highFrequencyBound=11_025)
    return np.array([bands(spectrum(window(frame))) for frame in es.FrameGenerator(y, 2048, 512)])


def audioflux_bands(path):
    import audioflux
    y, sr = audioflux.read(path, samplate=22_050)
    return audioflux.mel_spectrogram(y, num=128, radix2_exp=11, samplate=22_050, slide_length=512)[0]


def bench_pictures():
    """A minute of stereo mp3 to its picture on disk, beside the usual way, decoding alone, and others' mel bands alone."""
    with tempfile.TemporaryDirectory() as folder:
        path = minute_of_music(Path(folder) / "a.mp3")
        row = next(audio._with_folders(pd.DataFrame({"track_id": ["a"], "path": [path]})).itertuples())
        ways = {"decoding alone (soundfile)": lambda: soundfile.read(path, dtype="float32"),
                "our picture, one process": lambda: our_picture(row, folder),
                "librosa's documented picture (axes, colour bar)": lambda: usual_picture(path, Path(folder) / "a.png"),
                "the usual calls, neither axes nor colour bar": lambda: usual_picture(path, Path(folder) / "a.png", bare=True),
                "a plain rewrite (soundfile, Pillow)": lambda: rewritten_picture(path, Path(folder) / "a.png"),
                "Essentia's mel bands alone": lambda: essentia_bands(path),
                "audioFlux's mel bands alone": lambda: audioflux_bands(path)}
        rounds = in_turns(ways)
        many = pd.DataFrame({"track_id": map(str, range(120)), "path": path})
        audio.write_spectrograms(many.head(4), Path(folder) / "warm", n_jobs=2)
        for n_jobs in (1, 2):
            rounds[f"our pictures, {n_jobs} processes, a song"] = seconds(
                audio.write_spectrograms, many, Path(folder) / str(n_jobs), n_jobs=n_jobs, repeat=1)[0] / len(many)
    table = pd.DataFrame({"seconds": rounds.median()})
    table["times decoding"] = rounds.div(rounds["decoding alone (soundfile)"], axis=0).median()
    faster = rounds.div(rounds["our picture, one process"], axis=0)
    return table.join(faster.quantile([.5, .25, .75]).T.set_axis(["ours is faster by", "from", "to (half the rounds)"], axis=1))


def in_turns(ways, rounds=9):
    """Seconds of each way [rounds x ways], the least of three runs in each round: a slow moment meets all ways alike, and none is
    charged for the caches that the one before it left cold."""
    taken = []
    for _ in range(rounds + 1):
        taken.append({})
        for name, way in list(ways.items()):
            try:
                taken[-1][name] = seconds(way)[0]
            except ImportError as error:
                print(f"{name}: {error}; `pip install essentia audioflux` to compare")
                del ways[name]
    return pd.DataFrame(taken[1:])  # the first round loads and compiles


def usual_features(y, sr=decoding.SAMPLE_RATE):
    """The same features as tutorials call them, one by one, each from the samples on."""
    import librosa
    import pyloudnorm
    feature = librosa.feature
    for name in ("chroma_stft", "spectral_centroid", "spectral_bandwidth", "spectral_rolloff", "spectral_contrast", "mfcc",
                 "tempogram", "tempo", "tonnetz"):
        getattr(feature, name)(y=y, sr=sr)
    feature.rms(y=y)
    feature.spectral_flatness(y=y)
    feature.zero_crossing_rate(y)
    feature.delta(feature.mfcc(y=y, sr=sr))
    librosa.onset.onset_strength(y=y, sr=sr)
    pyloudnorm.Meter(sr).integrated_loudness(y)


def bench_features():
    """The full table of features of a minute of sound, one process: decoded from mp3, and from samples beside librosa's calls."""
    with tempfile.TemporaryDirectory() as folder:
        path = minute_of_music(Path(folder) / "a.mp3")
        y = decoding.load_audio(path)[0]
        tracks = pd.DataFrame({"track_id": ["a"], "path": [path]})
        usual_features(y)  # numba compiles
        rows = {"extract_features, from mp3": seconds(extract_features, tracks, segment_seconds=60, n_jobs=1)[0],
                "describe, from samples": seconds(describe, y)[0],
                "librosa's calls one by one": seconds(usual_features, y)[0]}
    table = pd.DataFrame({"seconds": rows})
    table["times real time"] = 60 / table["seconds"]
    table["ours is faster by"] = table["seconds"] / rows["describe, from samples"]
    return table


def bench_genres(songs=16, artists=8):
    """How well a linear model tells the rendered genres apart, artists held out: by plain features well, but not perfectly."""
    from sklearn.model_selection import GroupKFold, cross_val_predict

    from models import build
    made = [(genre, song % artists, render(genre, seconds=20, seed=9000 + song, artist=song % artists))
            for genre in GENRES for song in range(songs)]
    features = pd.DataFrame([describe(song.y) for *_, song in made]).select_dtypes("number")
    features = features.fillna(features.median())
    plain = features.columns[~features.columns.str.startswith(PATTERNS)]
    mfcc = features.columns[features.columns.str.match(r"mfcc_\d")]
    genre, artist = np.array([one[0] for one in made]), [one[1] for one in made]
    rows = {}
    for name, columns in (("MFCC", mfcc), ("the usual family", plain), ("and patterns of rhythm and harmony", features.columns)):
        said = cross_val_predict(build("linear").estimator, features[columns], genre, groups=artist, cv=GroupKFold(artists))
        rows[name] = {"columns": len(columns), "accuracy": (said == genre).mean(), "guessing": 1 / len(GENRES)}
    return pd.DataFrame(rows).T


if __name__ == "__main__":
    pd.set_option("display.width", 150, "display.max_columns", None)
    for bench in (bench_pictures, bench_features, bench_genres, bench_tables):
        print(f"{bench.__doc__.splitlines()[0]}\n{bench().round(3)}\n")
