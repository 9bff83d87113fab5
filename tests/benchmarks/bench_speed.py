"""Measure speed, beside what other libraries need for the same work in the same run.

images    one minute of stereo mp3 to its spectrogram image: ours, librosa's documented way, a plain rewrite, decoding
          alone, and the mel bands of Essentia and audioFlux where these are installed
features  one minute of sound to its table of features, beside librosa's functions called one by one
genres    how well a linear model tells the genres of the synthetic songs apart by three families of features
tables    200,000 songs: each step of notebook 02 and the correlations of notebook 03, beside pandas' own reading of
          the file

All data is synthetic. Takes about 15 minutes on two cores. Ratios are more reliable than seconds: other programs slow
both down.
"""

import os

for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # one process is one core

import argparse
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
from sklearn.model_selection import GroupKFold, cross_val_predict

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import audio
from analysis.associations import correlations_within
from features import extract_features
from models import build
from prepare import load_Data, prepare_df
from preprocessing import create_features, spotify_split
from signals.decoding import SAMPLE_RATE, load_audio
from signals.descriptors import describe
from signals.spectrogram_images import DECIBELS
from sources.files import write_table
from synth.sample_table import GENRES, make_table
from synth.songs import render

RHYTHM_AND_HARMONY = ("beat_", "onsets_", "degree_", "interval_", "chord_", "tone_", "bass_", "middle_", "treble_")
"""What the names of features of rhythm and harmony patterns begin with."""


def main():
    measures = {"images": measure_images, "features": measure_features, "genres": measure_genres,
                "tables": measure_tables}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", default=list(measures), choices=measures,
                        help="what to measure (default: all)")
    parser.add_argument("--out", default="results", help="folder for the tables (default: %(default)s)")
    options = parser.parse_args()
    pd.set_option("display.width", 150, "display.max_columns", None)
    for name in options.parts:
        table = measures[name]()
        print(write_table(table.round(4), Path(options.out) / f"bench_speed_{name}.csv"))
        print(f"{measures[name].__doc__.splitlines()[0]}\n{table.round(3)}\n", flush=True)


def seconds(function, *arguments, repeat=3, **named):
    """The least time of a few calls, and what the last one returned."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            result = function(*arguments, **named)
        times.append(time.perf_counter() - start)
    return min(times), result


def minute_of_music(path):
    """A 60 s, 44.1 kHz stereo mp3 of chords, drums and noise."""
    sr = 44_100
    rng = np.random.default_rng(0)
    t = np.arange(60 * sr) / sr
    chord = sum(np.sin(2 * np.pi * hertz * t) / (i + 1) for i, hertz in enumerate((110, 220, 277, 330, 440, 880)))
    beat = np.exp(-12 * (t % .5)) * rng.standard_normal(len(t))
    soundfile.write(path, .12 * np.column_stack([chord + beat, np.roll(chord, 99) + beat]), sr, format="MP3")
    return str(path)


# ---- images

OURS = "our image, one process"
DECODING = "decoding alone (soundfile)"


def measure_images():
    """A minute of stereo mp3 to its image on disk, beside the usual way, decoding alone, and others' mel bands."""
    with tempfile.TemporaryDirectory() as folder:
        path = minute_of_music(Path(folder) / "a.mp3")
        image = Path(folder) / "a.png"
        rounds = time_in_turns({
            DECODING: lambda: soundfile.read(path, dtype="float32"),
            OURS: lambda: our_image(path, folder),
            "librosa's documented image (axes, colour bar)": lambda: librosa_image(path, image),
            "the same calls without axes and colour bar": lambda: librosa_image(path, image, bare=True),
            "a plain rewrite (soundfile, Pillow)": lambda: rewritten_image(path, image),
            "Essentia's mel bands alone": lambda: essentia_bands(path),
            "audioFlux's mel bands alone": lambda: audioflux_bands(path)})
        songs = pd.DataFrame({"track_id": map(str, range(120)), "path": path})
        audio.write_spectrograms(songs.head(4), Path(folder) / "warm", n_jobs=2)
        for n_jobs in (1, 2):
            taken, _ = seconds(audio.write_spectrograms, songs, Path(folder) / str(n_jobs), n_jobs=n_jobs, repeat=1)
            rounds[f"our images, {n_jobs} processes, a song"] = taken / len(songs)
    table = pd.DataFrame({"seconds": rounds.median()})
    table["times decoding"] = rounds.div(rounds[DECODING], axis=0).median()
    ratios = rounds.div(rounds[OURS], axis=0).quantile([.5, .25, .75]).T
    return table.join(ratios.set_axis(["ours is faster by", "from", "to (half the rounds)"], axis=1)).rename_axis("way")


def time_in_turns(ways, rounds=9):
    """Seconds of each way [rounds x ways], the least of three calls in each round.

    The ways take turns, so that a slow moment of the machine slows all of them, and none suffers from caches that the
    one before it left cold. A way whose library is not installed is left out.
    """
    times = []
    for _ in range(rounds + 1):
        times.append({})
        for name, way in list(ways.items()):
            try:
                times[-1][name] = seconds(way)[0]
            except ImportError as error:
                print(f"{name}: {error}; `pip install essentia audioflux` to compare")
                del ways[name]
    return pd.DataFrame(times[1:])  # the first round loads and compiles


def our_image(path, folder):
    song = pd.DataFrame({"track_id": ["a"], "path": [path]})
    # a new folder each time: images that are there already are not made again
    audio.write_spectrograms(song, tempfile.mkdtemp(dir=folder), n_jobs=1)


def librosa_image(path, out, *, bare=False):
    """A spectrogram drawn as in librosa's documentation, with axes and a colour bar; without them if `bare`."""
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


def rewritten_image(path, out):
    """The same image without matplotlib: soundfile, soxr, librosa's mel bands, Pillow."""
    import librosa
    from PIL import Image
    y, sr = soundfile.read(path, dtype="float32")
    y = soxr.resample(y.mean(axis=1), sr, SAMPLE_RATE)
    decibels = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE), ref=np.max)
    Image.fromarray(np.round((decibels[::-1] / DECIBELS + 1) * 255).astype(np.uint8)).save(out)


def essentia_bands(path):
    import essentia.standard as es
    y = es.MonoLoader(filename=path, sampleRate=22_050)()
    window = es.Windowing(type="hann", size=2048)
    spectrum = es.Spectrum(size=2048)
    bands = es.MelBands(numberBands=128, sampleRate=22_050, inputSize=1025, highFrequencyBound=11_025)
    return np.array([bands(spectrum(window(frame))) for frame in es.FrameGenerator(y, 2048, 512)])


def audioflux_bands(path):
    import audioflux
    y, sr = audioflux.read(path, samplate=22_050)
    return audioflux.mel_spectrogram(y, num=128, radix2_exp=11, samplate=22_050, slide_length=512)[0]


# ---- features

def measure_features():
    """A minute of sound to all its features, one process: from mp3, and from samples beside librosa's functions."""
    with tempfile.TemporaryDirectory() as folder:
        path = minute_of_music(Path(folder) / "a.mp3")
        y, _ = load_audio(path)
        song = pd.DataFrame({"track_id": ["a"], "path": [path]})
        librosa_features(y)  # numba compiles
        rows = {"extract_features, from mp3": seconds(extract_features, song, segment_seconds=60, n_jobs=1)[0],
                "describe, from samples": seconds(describe, y)[0],
                "librosa's functions one by one": seconds(librosa_features, y)[0]}
    table = pd.DataFrame({"seconds": rows}).rename_axis("way")
    table["times real time"] = 60 / table["seconds"]
    table["ours is faster by"] = table["seconds"] / rows["describe, from samples"]
    return table


def librosa_features(y, sr=SAMPLE_RATE):
    """The same features as tutorials compute them: one by one, each from the samples."""
    import librosa
    import pyloudnorm
    feature = librosa.feature
    for name in ("chroma_stft", "spectral_centroid", "spectral_bandwidth", "spectral_rolloff", "spectral_contrast",
                 "mfcc", "tempogram", "tempo", "tonnetz"):
        getattr(feature, name)(y=y, sr=sr)
    feature.rms(y=y)
    feature.spectral_flatness(y=y)
    feature.zero_crossing_rate(y)
    feature.delta(feature.mfcc(y=y, sr=sr))
    librosa.onset.onset_strength(y=y, sr=sr)
    pyloudnorm.Meter(sr).integrated_loudness(y)


# ---- genres

def measure_genres(songs=16, artists=8):
    """Accuracy of a linear model on synthetic songs, artists held out, by family of features."""
    songs_made = [(genre, song % artists, render(genre, seconds=20, seed=9000 + song, artist=song % artists))
                  for genre in GENRES for song in range(songs)]
    genre = np.array([row[0] for row in songs_made])
    artist = [row[1] for row in songs_made]
    features = pd.DataFrame([describe(song.y) for *_, song in songs_made]).select_dtypes("number")
    features = features.fillna(features.median())
    families = {"MFCC": features.columns[features.columns.str.match(r"mfcc_\d")],
                "the usual family": features.columns[~features.columns.str.startswith(RHYTHM_AND_HARMONY)],
                "with patterns of rhythm and harmony": features.columns}
    rows = {}
    for name, columns in families.items():
        linear = build("linear").estimator
        predicted = cross_val_predict(linear, features[columns], genre, groups=artist, cv=GroupKFold(artists))
        rows[name] = {"columns": len(columns), "accuracy": (predicted == genre).mean(), "chance": 1 / len(GENRES)}
    return pd.DataFrame(rows).T.rename_axis("features")


# ---- tables

def measure_tables(n_tracks=200_000):
    """Each step of notebook 02 and the correlations of notebook 03 on 200,000 songs, beside pandas' own reading."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "songs.csv"
        make_table(n_tracks).to_csv(file, index=False)
        reading, _ = seconds(pd.read_csv, file)
        loading, table = seconds(load_Data, file)
    rows = {"pandas.read_csv": reading, "load_Data": loading}
    for step in (prepare_df, create_features):
        rows[step.__name__], table = seconds(step, table)
    with_genre = table.dropna(subset=["first_genre"])
    rows["spotify_split"], _ = seconds(spotify_split, with_genre, "first_genre", repeat=1)
    rows["correlations_within"], _ = seconds(correlations_within, table, repeat=1)
    times = pd.DataFrame({"seconds": rows}).rename_axis("step")
    return times.assign(**{"times pandas.read_csv": times["seconds"] / reading})


if __name__ == "__main__":
    main()
