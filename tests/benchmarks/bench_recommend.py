"""Measure how fast and how good recommendations are.

speed       seconds that `similar_songs` takes on tables of 1,000 to 100,000 random songs
neighbours  synthetic songs: how often the nearest neighbours by other artists share a song's genre, or the genre of
            its beat, timbre or pitch
playlists   TidyTuesday's table (Spotify's features, for teaching statistics; see the README): half of each playlist
            is hidden; how much of it `playlist_like` and simpler methods rank among their first 10 and 50

Takes about half an hour on two cores; most of it is for rendering synthetic songs (fewer with --songs) and for the
playlists.
"""

import argparse
import contextlib
import io
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import models
from analysis.similarity import TABLE, Space, agreement
from prepare import load_Data, prepare_df
from recommend import likeness, similar_songs
from signals.descriptors import describe
from sources.files import write_table
from synth.sample_table import GENRES
from synth.songs import render

FIRST = (10, 50)
"""How many of the first tracks of a ranking are looked at."""
N_BOOT = 2000
"""Bootstrap samples of each interval."""
ASPECTS = ("beat", "timbre", "pitch")
ARTISTS = 4
"""Artists of each genre among the synthetic songs."""
PARTS = ("speed", "neighbours", "playlists")


def main():
    options = read_options()
    pd.set_option("display.width", 200, "display.max_columns", 40, "display.max_rows", 200)
    measures = {"speed": measure_speed, "neighbours": lambda: measure_neighbours(options.songs, options.seconds),
                "playlists": lambda: measure_playlists(options.tidytuesday)}
    for name in options.parts:
        if name == "playlists" and not options.tidytuesday:
            print("playlists: left out, they need --tidytuesday")
            continue
        table = measures[name]()
        print(write_table(table.round(4), Path(options.out) / f"bench_recommend_{name}.csv"))
        print(table.round(4).to_string(index=False), flush=True)


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS, help="what to measure (default: all three)")
    parser.add_argument("--tidytuesday", default="", help="TidyTuesday's table spotify_songs, as CSV or zip")
    parser.add_argument("--songs", type=int, default=256,
                        help="synthetic songs in each of three sets (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=15, help="length of a synthetic song (default: %(default)s)")
    parser.add_argument("--out", default="results", help="folder for the tables (default: %(default)s)")
    return parser.parse_args()


# ---- speed

def measure_speed(seed=0):
    """Seconds that one call of `similar_songs` takes."""
    rng = np.random.default_rng(seed)
    audio_features = list(describe(rng.normal(size=44_100).astype(np.float32)))
    rows = []
    for kind, columns in (("Spotify's features", TABLE), ("audio features", audio_features)):
        for n in (1_000, 10_000, 100_000):
            songs = random_songs(n, columns, rng)
            for settings in ({}, {"diversity": .3, "per_artist": 2}):
                rows.append({"columns": f"{kind} ({len(columns)})", "rows": n, "settings": str(settings or "plain"),
                             **time_of_search(songs, settings)})
    return pd.DataFrame(rows)


def random_songs(n, columns, rng):
    songs = pd.DataFrame(rng.uniform(1, 2, (n, len(columns))), columns=columns)
    songs["key"] = rng.integers(0, 12, n)
    songs["mode"] = rng.integers(0, 2, n)
    songs["artist"] = [f"artist {row % (n // 5)}" for row in range(n)]
    songs["song"] = [f"song {row}" for row in range(n)]
    return songs.set_index(pd.Index([f"id{row}" for row in range(n)]))


def time_of_search(songs, settings, repeat=5):
    """The median and the least time of a few calls, and the median time on the processor."""
    wall, cpu = [], []
    for _ in range(repeat):
        start_wall = time.perf_counter()
        start_cpu = time.process_time()
        similar_songs("id5", songs, **settings)
        wall.append(time.perf_counter() - start_wall)
        cpu.append(time.process_time() - start_cpu)
    return {"seconds": np.median(wall), "least": np.min(wall), "cpu": np.median(cpu)}


# ---- nearest neighbours among synthetic songs

def measure_neighbours(n_songs, seconds):
    """How often nearest neighbours share the genre, or the genre of one aspect."""
    other = synthetic_songs(n_songs, seconds, seed=70_000, first_artist=ARTISTS)
    pure = synthetic_songs(n_songs, seconds, seed=90_000)
    mixed = synthetic_songs(n_songs, seconds, mixed=True, seed=100_000)
    embedded = with_embeddings(pure, other)
    rows = [{"songs": "of one genre", "by": by, "of": "genre", **shared_genres(pure, by, "beat")}
            for by in ("all", *ASPECTS)]
    rows += [{"songs": "of one genre", "by": name, "of": "genre", **shared_genres(embedded, by, "beat")}
             for name, by in (("embedding", "embedding"), ("all, with embedding", "all"))]
    rows += [{"songs": "of three genres", "by": by, "of": f"genre of the {aspect}", **shared_genres(mixed, by, aspect)}
             for by in ("all", *ASPECTS) for aspect in ASPECTS]
    return pd.DataFrame(rows)


def synthetic_songs(n_songs, seconds, *, mixed=False, seed=0, first_artist=0):
    """Features of synthetic songs.

    Parameters
    ----------
    n_songs : int
    seconds : float
        Length of each song.
    mixed : bool
        Draw the genre of each song's beat, timbre and pitch at random; else all three are of one genre.
    seed : int
    first_artist : int
        Number of each genre's first artist.

    Returns
    -------
    pd.DataFrame
        One row a song: the genres of its beat, timbre and pitch, its artist and its audio features.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in tqdm(range(n_songs), desc="synthetic songs", file=sys.stdout, mininterval=5):
        genre = GENRES[number % len(GENRES)]
        artist = first_artist + number // len(GENRES) % ARTISTS
        genres = dict(zip(ASPECTS, rng.choice(GENRES, 3) if mixed else [genre] * 3))
        song = render(**genres, seconds=seconds, seed=seed + number, artist=artist)
        rows.append({**{f"{aspect}_genre": of_aspect for aspect, of_aspect in genres.items()},
                     "artist": f"{genre} {artist}", **describe(song.y, song.sr)})
    return pd.DataFrame(rows, index=pd.Index([f"song {number}" for number in range(n_songs)], name="track_id"))


def with_embeddings(songs, other):
    """The songs with the embeddings of a network that was trained on other songs."""
    features = other.select_dtypes("number").columns
    network = models.build("mlp", verbose=False).fit(other[features], other["beat_genre"])
    return songs.join(models.embeddings(network, songs[features]))


def shared_genres(songs, by, aspect):
    """How often the nearest neighbours by other artists have a song's genre in one aspect."""
    return agreement(songs, songs[f"{aspect}_genre"], by=by, groups=songs["artist"]).to_dict()


# ---- playlists continued

def measure_playlists(path):
    """Recall and NDCG of every method and the difference of `playlist_like` from it, with intervals over playlists."""
    with contextlib.redirect_stdout(io.StringIO()):
        raw = load_Data(path)
        tracks = prepare_df(raw)
    halves = split_playlists(raw, tracks)
    # the settings of `playlist_like` were chosen on every second playlist of ten tracks or more
    long = [number for number, (shown, hidden) in enumerate(halves) if len(shown) + len(hidden) >= 10]
    unused = np.ones(len(halves), dtype=bool)
    unused[long[::2]] = False
    scores = {name: score_method(name, score_tracks, halves)
              for name, score_tracks in methods(tracks, [shown for shown, _ in halves]).items()}
    differences = {f"{ours} less {name}": scores[ours] - score
                   for ours in list(scores)[-2:] for name, score in scores.items() if name != ours}
    return pd.DataFrame([
        {"playlists": which, "n": int(chosen.sum()), "ranker": name, "measure": measure,
         **interval(score.loc[chosen, measure])}
        for which, chosen in (("all", np.ones_like(unused)), ("not used for choosing", unused))
        for name, score in (scores | differences).items() for measure in score])


def split_playlists(raw, tracks, seed=0):
    """The row numbers of each playlist's tracks, split at random into a half that is shown and one that is hidden."""
    rng = np.random.default_rng(seed)
    rows = pd.Series(range(len(tracks)), tracks.index)
    playlists = [rows[ids[ids.isin(tracks.index)].unique()].to_numpy()
                 for _, ids in raw.groupby("playlist_id")["track_id"]]
    shuffled = [rng.permutation(playlist) for playlist in playlists if len(playlist) > 1]
    print(f"{len(playlists)} playlists, {len(playlists) - len(shuffled)} of one track are left out; "
          f"{len(tracks):,} tracks to choose from")
    return [(playlist[:len(playlist) // 2], playlist[len(playlist) // 2:]) for playlist in shuffled]


def methods(tracks, shown):
    """Functions by name: each takes the shown tracks of a playlist and gives every track a score."""
    rng = np.random.default_rng(0)
    popularity = tracks["popularity"].fillna(0).to_numpy(dtype=float)
    in_playlists = np.bincount(np.concatenate(shown), minlength=len(tracks))
    scaled = np.nan_to_num(StandardScaler().fit_transform(tracks[TABLE].astype("float64")))
    directions = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    space = Space(tracks)
    points = space.points

    def least_mean_distance(playlist):
        return -np.mean([np.linalg.norm(points - points[track], axis=1) for track in playlist], axis=0)

    def same_artists_first(playlist):
        artists = tracks["artist"].iloc[playlist].dropna()
        return likeness(points[playlist], space) + 100 * tracks["artist"].isin(artists).to_numpy()

    return {"random": lambda playlist: rng.uniform(size=len(tracks)),
            "popularity (Spotify's)": lambda playlist: popularity,
            "popularity (in the other playlists)": lambda playlist: in_playlists + 1e-3 * rng.uniform(size=len(tracks)),
            "cosine on scaled features": lambda playlist: directions @ scaled[playlist].mean(axis=0),
            "nearest on average": least_mean_distance,
            "playlist_like, by sound alone": lambda playlist: likeness(points[playlist], space),
            "playlist_like": same_artists_first}


def score_method(name, score_tracks, halves):
    """Recall and NDCG of one method, a row for each playlist."""
    rows = []
    for shown, hidden in tqdm(halves, desc=name, file=sys.stdout, mininterval=5):
        score = np.array(score_tracks(shown), dtype=float)
        score[shown] = -np.inf
        first = np.argpartition(-score, max(FIRST))[:max(FIRST)]
        rows.append(recall_and_ndcg(first[np.argsort(-score[first], kind="stable")], hidden))
    return pd.DataFrame(rows)


def recall_and_ndcg(ranked, hidden):
    """Recall and NDCG (Jaervelin and Kekaelaeinen 2002) of the first tracks; a track is relevant if it is hidden."""
    hit = np.isin(ranked, hidden)
    discount = 1 / np.log2(np.arange(2, max(FIRST) + 2))
    scores = {f"recall@{k}": hit[:k].sum() / len(hidden) for k in FIRST}
    return scores | {f"ndcg@{k}": hit[:k] @ discount[:k] / discount[:min(k, len(hidden))].sum() for k in FIRST}


def interval(values, seed=0):
    """The mean with its 95% bootstrap interval over rows."""
    values = np.asarray(values, dtype=float)
    draws = np.random.default_rng(seed).integers(0, len(values), (N_BOOT, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return {"value": values.mean(), "low": low, "high": high}


if __name__ == "__main__":
    main()
