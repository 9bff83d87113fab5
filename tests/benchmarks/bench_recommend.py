"""How good recommendations are, and how fast: `make bench-recommend` says how.

Playlists of the TidyTuesday table with half of each hidden (Spotify's features, for teaching statistics; see the README),
and songs made to order, of which it is known what is alike.
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
from models import embeddings
from prepare import load_Data, prepare_df
from recommend import likeness, similar_songs
from signals.descriptors import describe
from sources.files import write_table
from synth.sample_table import GENRES
from synth.songs import render

AT = (10, 50)
N_BOOT = 2000
"""Draws of each interval."""


def interval(values, seed=0):
    """The mean with its 95 % bootstrap interval over rows."""
    values = np.asarray(values, dtype=float)
    draws = np.random.default_rng(seed).integers(0, len(values), (N_BOOT, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return {"value": values.mean(), "low": low, "high": high}


# ---- playlists continued

def halves(raw, tracks, seed=0):
    """The row numbers of each playlist's tracks, dealt into a half that is shown and one that is hidden."""
    rng, rows = np.random.default_rng(seed), pd.Series(range(len(tracks)), tracks.index)
    playlists = [rows[own[own.isin(tracks.index)].unique()].to_numpy() for _, own in raw.groupby("playlist_id")["track_id"]]
    shuffled = [rng.permutation(own) for own in playlists if len(own) > 1]
    print(f"{len(playlists)} playlists, {len(playlists) - len(shuffled)} of one track are left out; "
          f"{len(tracks):,} tracks to choose from")
    return [(own[:len(own) // 2], own[len(own) // 2:]) for own in shuffled]


def judge(ranked, hidden):
    """Recall and NDCG (Jaervelin and Kekaelaeinen 2002; a track is in the hidden half or not) among the first 10 and 50."""
    hit, discount = np.isin(ranked, hidden), 1 / np.log2(np.arange(2, max(AT) + 2))
    scores = {f"recall@{k}": hit[:k].sum() / len(hidden) for k in AT}
    return scores | {f"ndcg@{k}": hit[:k] @ discount[:k] / discount[:min(k, len(hidden))].sum() for k in AT}


def rankers(tracks, shown):
    """Name: what gives every track a score, from the shown tracks of a playlist."""
    rng = np.random.default_rng(0)
    popularity = tracks["popularity"].fillna(0).to_numpy(dtype=float)
    in_playlists = np.bincount(np.concatenate(shown), minlength=len(tracks))
    scaled = np.nan_to_num(StandardScaler().fit_transform(tracks[TABLE].astype("float64")))
    directions = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    space = Space(tracks)
    points = space.points

    def nearest_on_average(own):
        return -np.mean([np.linalg.norm(points - points[one], axis=1) for one in own], axis=0)

    def same_artists_first(own):
        return likeness(points[own], space) + 100 * tracks["artist"].isin(tracks["artist"].iloc[own].dropna()).to_numpy()

    return {"random": lambda own: rng.uniform(size=len(tracks)),
            "popularity (Spotify's)": lambda own: popularity,
            "popularity (in the other playlists)": lambda own: in_playlists + 1e-3 * rng.uniform(size=len(tracks)),
            "cosine on scaled features": lambda own: directions @ scaled[own].mean(axis=0),
            "nearest on average": nearest_on_average,
            "playlist_like, by sound alone": lambda own: likeness(points[own], space),
            "playlist_like": same_artists_first}


def continue_playlists(path):
    """Recall and NDCG of every ranker with intervals over playlists, and how much `playlist_like` differs from each."""
    with contextlib.redirect_stdout(io.StringIO()):
        raw = load_Data(path)
        tracks = prepare_df(raw)
    parts = halves(raw, tracks)
    # the settings of `playlist_like` were chosen on every second playlist of ten tracks or more; the others judge it
    long = [number for number, (shown, hidden) in enumerate(parts) if len(shown) + len(hidden) >= 10]
    fresh = np.ones(len(parts), dtype=bool)
    fresh[long[::2]] = False
    scores = {}
    for name, rank in rankers(tracks, [shown for shown, _ in parts]).items():
        rows = []
        for shown, hidden in tqdm(parts, desc=name, file=sys.stdout, mininterval=5):
            score = np.array(rank(shown), dtype=float)
            score[shown] = -np.inf
            first = np.argpartition(-score, max(AT))[:max(AT)]
            rows.append(judge(first[np.argsort(-score[first], kind="stable")], hidden))
        scores[name] = pd.DataFrame(rows)
    less = {f"{ours} less {name}": scores[ours] - own
            for ours in list(scores)[-2:] for name, own in scores.items() if name != ours}
    return pd.DataFrame([{"playlists": which, "n": int(chosen.sum()), "ranker": name, "measure": measure,
                          **interval(own.loc[chosen, measure])}
                         for which, chosen in (("all", fresh | True), ("not used for choosing", fresh))
                         for name, own in (scores | less).items() for measure in own])


# ---- songs made to order

def rendered(n_songs, seconds, *, mixed=False, seed=0, first_artist=0):
    """Features of songs made to order: of one genre each, or with beat, timbre and pitch each of a genre drawn at random."""
    rng, rows = np.random.default_rng(seed), []
    for number in tqdm(range(n_songs), desc="songs made to order", file=sys.stdout, mininterval=5):
        genre, artist = GENRES[number % len(GENRES)], first_artist + number // len(GENRES) % 4
        beat, timbre, pitch = rng.choice(GENRES, 3) if mixed else [genre] * 3
        song = render(beat=beat, timbre=timbre, pitch=pitch, seconds=seconds, seed=seed + number, artist=artist)
        rows.append({"beat_genre": beat, "timbre_genre": timbre, "pitch_genre": pitch, "artist": f"{genre} {artist}",
                     **describe(song.y, song.sr)})
    return pd.DataFrame(rows, index=pd.Index([f"song {number}" for number in range(n_songs)], name="track_id"))


def shared(songs, by, aspect):
    """How often the nearest by other artists have a song's genre in one aspect."""
    return agreement(songs, songs[f"{aspect}_genre"], by=by, groups=songs["artist"]).to_dict()


def with_embeddings(songs, taught):
    """The songs, with what a network that was taught on others has to say of them."""
    features = taught.select_dtypes("number").columns
    network = models.build("mlp", verbose=False).fit(taught[features], taught["beat_genre"])
    return songs.join(embeddings(network, songs[features]))


def neighbours(n_songs, seconds):
    """How often neighbours share the genre, or the aspect asked for."""
    taught = rendered(n_songs, seconds, seed=70_000, first_artist=4)
    pure, mixed = (rendered(n_songs, seconds, mixed=kind, seed=90_000 + 10_000 * kind) for kind in (False, True))
    rows = [{"songs": "of one genre", "by": by, "of": "genre", **shared(pure, by, "beat")}
            for by in ("all", "beat", "timbre", "pitch")]
    heard = with_embeddings(pure, taught)
    rows += [{"songs": "of one genre", "by": by, "of": "genre", **shared(table, by.split(",")[0], "beat")}
             for by, table in (("embedding", heard), ("all, with embedding", heard))]
    rows += [{"songs": "of three genres", "by": by, "of": f"genre of the {aspect}", **shared(mixed, by, aspect)}
             for by in ("all", "beat", "timbre", "pitch") for aspect in ("beat", "timbre", "pitch")]
    return pd.DataFrame(rows)


# ---- speed

def speed(seed=0):
    """Seconds that one call of `similar_songs` takes."""
    rng, rows = np.random.default_rng(seed), []
    columns = list(describe(rng.normal(size=44_100).astype(np.float32)))
    for kind, names in (("Spotify's features", TABLE), ("audio features", columns)):
        for n in (1_000, 10_000, 100_000):
            table = pd.DataFrame(rng.uniform(1, 2, (n, len(names))), columns=names)
            table["key"], table["mode"] = rng.integers(0, 12, n), rng.integers(0, 2, n)
            table["artist"], table["song"] = [f"artist {row % (n // 5)}" for row in range(n)], [f"song {row}" for row in range(n)]
            table.index = [f"id{row}" for row in range(n)]
            for settings in ({}, {"diversity": .3, "per_artist": 2}):
                times = []
                for _ in range(5):
                    start = time.perf_counter(), time.process_time()
                    similar_songs("id5", table, **settings)
                    times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
                rows.append({"columns": f"{kind} ({len(names)})", "rows": n, "settings": str(settings or "plain"),
                             "seconds": np.median(times, axis=0)[0], "least": np.min(times, axis=0)[0],
                             "cpu": np.median(times, axis=0)[1]})
    return pd.DataFrame(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tidytuesday", default="")
    parser.add_argument("--parts", nargs="+", default=["speed", "neighbours", "playlists"])
    parser.add_argument("--songs", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--out", default="results")
    asked = parser.parse_args()
    pd.set_option("display.width", 200, "display.max_columns", 40, "display.max_rows", 200)
    jobs = {"speed": speed, "neighbours": lambda: neighbours(asked.songs, asked.seconds),
            "playlists": lambda: continue_playlists(asked.tidytuesday)}
    for name in asked.parts:
        if name == "playlists" and not asked.tidytuesday:
            continue
        table = jobs[name]()
        print(write_table(table.round(4), Path(asked.out) / f"bench_recommend_{name}.csv"))
        print(table.round(4).to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
