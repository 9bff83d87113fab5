"""What the benchmarks of sound share: annotated clips, songs with known values at Spotify, and others' estimates."""

import argparse
import functools
import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
from mutagen.easyid3 import EasyID3
from rapidfuzz import fuzz

from analysis.resampling import bootstrap_weights, mean_interval
from learning.spotify_estimates import CONTRASTS
from signals.decoding import load_audio
from sources.files import write_table

DATA = "../shared/data"
SHARPS = "C C# D D# E F F# G G# A A# B".split()
"""The tonics as the annotations write them."""


def run_parts(parts, description, *, fits=False):
    """Run the parts of a benchmark that the command line names; print their tables and write them as CSV.

    Parameters
    ----------
    parts : dict of str to callable
        Each takes the folder with the data and `fit`, and returns a table.
    description : str
    fits : bool
        Whether the benchmark has an option `--fit`.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=DATA, help="folder with the data (default: %(default)s)")
    parser.add_argument("--parts", nargs="+", default=list(parts), choices=parts, help="what to measure (default: all)")
    parser.add_argument("--out", default="results", help="folder for the tables (default: %(default)s)")
    if fits:
        parser.add_argument("--fit", action="store_true", help="fit the shipped numbers again, to all clips")
    options = parser.parse_args()
    data = Path(options.data)
    if not (data / "gtzan" / "annotations.csv").exists():
        parser.error(f"no gtzan/annotations.csv in {data}: name the folder with --data")
    pd.set_option("display.width", 160, "display.max_columns", None, "display.max_colwidth", None)
    for name in options.parts:
        table = parts[name](data, fits and options.fit)
        print(f"{parts[name].__doc__.splitlines()[0]}\n{table.round(3).to_string(index=False)}")
        file = Path(options.out) / f"{Path(parser.prog).stem}_{name}.csv"
        print(f"written to {write_table(table, file)}\n", flush=True)


def interval(values, artists):
    """Mean, and its 95% interval: a bootstrap by artist."""
    low, high = mean_interval(np.asarray(values, float), bootstrap_weights(np.asarray(artists), 2000, 0))
    return {"score": np.mean(values), "low": low, "high": high, "n": len(values)}


def annotated_clips(data, what):
    """The clips that are annotated with `key` or `tempo`: path, annotation, artist, and whether they are long."""
    notes = pd.read_csv(data / "gtzan" / "annotations.csv").set_index("track")
    files = [*sorted((data / "gtzan" / "audio").glob("*/*.mp3")),
             *sorted((data / "gtzan" / "audio_short").glob("*/*.flac"))]
    clips = pd.DataFrame({"path": files, "track": [file.stem for file in files],
                          "long": [file.suffix == ".mp3" for file in files]}).join(notes, on="track")
    clips["artist"] = clips["artist"].fillna(clips["track"])
    return clips.dropna(subset=[what]).reset_index(drop=True)


def tagged_songs(data):
    """The songs of `tagged_songs`: path, artist and title of each, empty where the tags have none."""
    rows = []
    for path in sorted((data / "tagged_songs").glob("*.mp3")):
        tags = EasyID3(path)
        rows.append({"path": path, "artist": (tags.get("artist") or [""])[0].strip(),
                     "title": (tags.get("title") or [""])[0].strip(), "long": True})
    return pd.DataFrame(rows)


def spotify_tables(data):
    """Two public tables of Spotify's values: Top Hits, and TidyTuesday's playlists."""
    hits = pd.read_csv(data / "top_hits" / "songs_normalize.csv")
    lists = pd.read_csv(data / "tidytuesday" / "spotify_songs.zip")
    lists = lists.rename(columns={"track_name": "song", "track_artist": "artist"})
    table = pd.concat([hits, lists], ignore_index=True).dropna(subset=["artist", "song"])
    return table.assign(plain_artist=table["artist"].map(plain), plain_song=table["song"].map(plain))


def known_songs(data):
    """The songs with sound here whose name and artist stand in a table of Spotify's values."""
    table = spotify_tables(data)
    clips = annotated_clips(data, "title").drop_duplicates("track").assign(collection="gtzan")
    songs = pd.concat([clips, tagged_songs(data).assign(collection="tagged")], ignore_index=True)
    rows = []
    for song in songs.itertuples():
        of_artist = is_same_artist(table["plain_artist"], plain(song.artist))
        likeness = table["plain_song"][of_artist].map(functools.partial(fuzz.ratio, plain(song.title)))
        if plain(song.title) and len(likeness) and likeness.max() >= 85:
            values = table.loc[likeness.idxmax(), ["key", "mode", "tempo", *CONTRASTS]].to_dict()
            rows.append({"collection": song.collection, "path": song.path, "artist": song.artist, "song": song.title,
                         "long": song.long} | values)
    return pd.DataFrame(rows)


def is_same_artist(names, artist):
    """Which plain names [shape=(n,)] are those of a plain artist, though spelt otherwise."""
    def is_same(name):
        return bool(artist) and (fuzz.ratio(name, artist) > 85
                                 or (len(artist) > 5 and fuzz.token_set_ratio(name, artist) > 95))
    return names.map({name: is_same(name) for name in names.unique()})


def plain(text):
    """A title or artist without accents, brackets, versions and punctuation."""
    text = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode().lower()
    text = re.split(r" - ", re.sub(r"\(.*?\)|\[.*?\]", " ", text))[0].replace("&", "and").replace("'", "")
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", text).split())


def key_text(tonic, mode):
    """A key as mir_eval reads it, such as ``F# minor``."""
    return "C major" if np.isnan(tonic) else f"{SHARPS[int(tonic)]} {'major' if mode else 'minor'}"


def key_number(text):
    """0 to 11: major keys from C up; 12 to 23: minor keys."""
    tonic, mode = text.split()
    return SHARPS.index(tonic) + 12 * (mode == "minor")


def up_to_octaves(found, truth, octaves=(1 / 3, 1 / 2, 1, 2, 3)):
    """Whether tempi are right within 4%, also where half, double, a third or three times is said."""
    ratio = np.asarray(found, float)[:, None] / np.asarray(truth, float)[:, None] / np.array(octaves)
    return np.abs(ratio - 1).min(axis=1) < .04


# ---- Essentia and librosa

@functools.cache
def has_essentia():
    """Whether Essentia is installed; says so where it is not."""
    try:
        import essentia
    except ImportError:
        print("Essentia is not installed: `pip install essentia` to compare")
        return False
    essentia.log.infoActive = essentia.log.warningActive = False
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
