"""Measure how well the models for tables name the genres of songs from Spotify's features.

--top-hits     Top Hits (songs_normalize.csv), twice: with the report's own random split, and with artists held out,
               where a song may have several genres
--tidytuesday  TidyTuesday's table of playlists (spotify_songs), one genre a song, with artists held out

Gradient boosting and a combination of the models stand beside them. The tables hold Spotify's features and are used
for teaching statistics; see the README.

Takes an hour or more on two cores, most of it for the report's two networks; --seeds 2 gives a quick look.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold, train_test_split

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import models
from analysis.scores import evaluate
from prepare import change_dtypes, first_genre, load_Data, prepare_df
from preprocessing import create_features, encode_genres
from sources.files import write_table
from training import combine_held_out

SOUND = ["danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness", "instrumentalness",
         "liveness", "valence", "tempo", "duration_minutes"]
RELEASE = ["explicit", "popularity", "release_year"]
SETTINGS = {"mlp": {"verbose": False, "width": 32, "epochs": 40, "batch_size": 64, "mixup": 0.0},
            "table_cnn": {"verbose": False, "dropout": .3}, "table_lstm": {"verbose": False}, "svm": {"C": 1.0},
            "knn": {"n_neighbors": 30}, "forest": {"max_features": .4}}
PLAIN = ["linear", "svm", "knn", "mlp", "forest"]
BOOSTING = "gradient boosting"
RAREST = 30
"""Songs that a genre needs, where a song may have several."""


def main():
    options = read_options()
    pd.set_option("display.width", 200, "display.max_columns", 40)
    if options.top_hits:
        report_models = [*PLAIN, *models.REPORT_MODELS]
        save("top_hits_report", score_report_split(options.top_hits, report_models, options.seeds), options.out)
        save("top_hits_honest", score_held_out(*several_genres(options.top_hits), PLAIN), options.out)
    if options.tidytuesday:
        names = [name for name in PLAIN if name != "svm"]  # slow on 28,000 songs
        save("tidytuesday", score_held_out(*one_genre(options.tidytuesday), names), options.out)


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--top-hits", default="", help="the file songs_normalize.csv of Top Hits")
    parser.add_argument("--tidytuesday", default="", help="TidyTuesday's table spotify_songs, as CSV or zip")
    parser.add_argument("--seeds", type=int, default=20, help="the report's random splits (default: %(default)s)")
    parser.add_argument("--out", default="results", help="folder for the tables of scores (default: %(default)s)")
    options = parser.parse_args()
    if not (options.top_hits or options.tidytuesday):
        parser.error("name a table: --top-hits or --tidytuesday")
    return options


def save(name, table, folder):
    print(write_table(table.round(4), Path(folder) / f"bench_{name}.csv"))
    print(table.set_index("model").T.round(3).to_string(), flush=True)


# ---- what is learned from

def numeric_features(tracks, more=()):
    """The features as numbers; a key is a point on the circle of fifths."""
    table = tracks[[*SOUND, *more]].astype(float)
    angle = 2 * np.pi * table.pop("key") * 7 / 12
    return table.assign(key_cos=np.cos(angle), key_sin=np.sin(angle))


def songs_with_genre(path):
    tracks = create_features(prepare_df(load_Data(path))).drop_duplicates(["artist", "song"])
    return tracks[tracks["genre"].notna()]


def several_genres(path):
    """Features, one column of zeros and ones for each genre, and artists."""
    tracks = songs_with_genre(path)
    hot, encoder = encode_genres(tracks["genre"].astype(object))
    frequent = hot.sum(axis=0) >= RAREST
    genres = pd.DataFrame(hot[:, frequent], columns=encoder.classes_[frequent], index=tracks.index)
    return numeric_features(tracks, RELEASE), genres, tracks["artist"].astype(str).to_numpy()


def one_genre(path):
    """Features, genres and artists."""
    tracks = songs_with_genre(path)
    genres = first_genre(tracks["genre"].astype(object)).to_numpy(dtype=object).astype(str)
    return numeric_features(tracks), genres, tracks["artist"].astype(str).to_numpy()


def build(name):
    balanced = {} if name == "knn" else {"balanced": False}
    return models.build(name, **SETTINGS.get(name, {}), **balanced)


# ---- the report's split

def score_report_split(path, names, seeds):
    """Accuracy as the report measured it, a row for each model.

    The report takes the first genre of each cell (`set()` counts as one), drops duplicates, sets 20% of the songs
    aside, and splits the rest 70 / 30 into songs to train on and songs to judge.
    """
    tracks = create_features(change_dtypes(load_Data(path).drop_duplicates(ignore_index=True)))
    X = numeric_features(tracks, RELEASE)
    y = tracks["genre"].astype(object).astype(str).str.split(",").str[0].to_numpy(dtype=object)
    rows = pd.DataFrame([{"model": name, **score_one_split(name, X, y, seed)}
                         for name in names for seed in range(seeds)])
    return rows.groupby("model", sort=False).agg(
        n=("n", "first"), seeds=("n", "size"), accuracy=("accuracy", "mean"), spread=("accuracy", "std"),
        baseline=("baseline", "mean"), seconds=("seconds", "mean")).reset_index()


def score_one_split(name, X, y, seed):
    start = time.perf_counter()
    kept, _ = train_test_split(np.arange(len(y)), test_size=.2, random_state=seed)
    train, judged = train_test_split(kept, test_size=.3, random_state=seed)
    model = build(name).fit(X.iloc[train], y[train])
    majority = pd.Series(y[train]).mode()[0]
    return {"n": len(judged), "accuracy": (model.predict(X.iloc[judged]) == y[judged]).mean(),
            "baseline": (y[judged] == majority).mean(), "seconds": time.perf_counter() - start}


# ---- artists held out

def score_held_out(X, y, artists, names):
    """Scores of every model, of gradient boosting and of the models' combination on songs of unseen artists."""
    genres = list(y) if np.ndim(y) == 2 else sorted(set(y))
    probas = {}
    seconds = {}
    for name in [*names, BOOSTING]:
        start = time.perf_counter()
        probas[name] = predict_held_out(name, X, y, artists, len(genres))
        seconds[name] = time.perf_counter() - start
    probas["combined (ours)"] = combine_models([probas[name] for name in names], y, artists)
    return pd.DataFrame([{"model": name, "n": len(X), **score_row(y, proba, genres, artists),
                          "seconds": seconds.get(name, np.nan)}
                         for name, proba in probas.items()])


def predict_held_out(name, X, y, artists, n_genres):
    """Probabilities [shape=(songs, genres)] by models that have seen no song of the same artist."""
    proba = np.zeros((len(X), n_genres))
    for train, held_out in GroupKFold(5, shuffle=True, random_state=0).split(X, groups=artists):
        wanted = y.iloc[train] if np.ndim(y) == 2 else y[train]
        fit_and_predict = boost if name == BOOSTING else fit_model
        proba[held_out] = fit_and_predict(name, X.iloc[train], wanted, X.iloc[held_out])
    return proba


def fit_model(name, X, y, X_held_out):
    return build(name).fit(X, y).predict_proba(X_held_out)


def boost(_, X, y, X_held_out):
    """Gradient boosting; where a song may have several genres, one model for each genre."""
    if np.ndim(y) == 1:
        return HistGradientBoostingClassifier(random_state=0).fit(X, y).predict_proba(X_held_out)
    slow = HistGradientBoostingClassifier(learning_rate=.05, random_state=0)
    return np.column_stack([slow.fit(X, y[genre]).predict_proba(X_held_out)[:, -1] for genre in y])


def combine_models(probas, y, artists):
    """The models' probabilities combined, with weights that were fitted on other artists' songs."""
    if np.ndim(y) == 1:
        return combine_held_out(probas, np.unique(y, return_inverse=True)[1], artists)
    # each genre by itself: is the song of this genre or not?
    yes_or_no = [np.stack([1 - proba, proba], axis=-1).reshape(-1, 2) for proba in probas]
    truth = y.to_numpy().ravel().astype(int)
    return combine_held_out(yes_or_no, truth, np.repeat(artists, y.shape[1]))[:, 1].reshape(y.shape)


def score_row(y, proba, genres, artists):
    scores = evaluate(y, proba, genres, groups=artists, n_boot=200)
    accuracy = scores.loc["accuracy"]
    return {**scores["value"], "accuracy_low": accuracy["low"], "accuracy_high": accuracy["high"],
            "baseline": accuracy["baseline"]}


if __name__ == "__main__":
    main()
