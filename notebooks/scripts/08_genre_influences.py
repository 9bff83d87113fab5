# %% [markdown]
# # Genre influences
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/08_genre_influences.ipynb
#
# Reads a collection of songs and shows which genres each song resembles, over time and by beat, timbre and pitch.
# It writes one row per song to `OUT_DIR/labels.csv`, and a page with a map and a table to `OUT_DIR/collection.html`.
# It takes a minute or two for a dozen songs, and a few seconds for each further song.

# %%
# The project's folder: this one, one above, or (on Colab) a clone; what is missing is installed or fetched.
import os, pathlib, re, subprocess, sys; from importlib.metadata import distributions
REPO = "owner/name"; here = pathlib.Path.cwd()
root = next((folder for folder in [here, *here.parents] if (folder / "prepare.py").exists()), here / REPO.split("/")[1])
if not root.exists():
    if REPO == "owner/name": sys.exit(f"{here} is outside the project's folder: open the notebook there, or set REPO.")
    subprocess.run(["git", "clone", "--depth", "1", f"https://github.com/{REPO}", root], check=True)
wanted = re.findall(r"^[\w-]+.*", (root / "requirements.txt").read_text(), re.MULTILINE)
if missing := [line for line in wanted if not any(distributions(name=re.match(r"[\w-]+", line)[0]))]:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", *missing], check=True)
    subprocess.run([sys.executable, "-m", "learning.pretrained"], cwd=root)
sys.path.insert(0, str(root)); os.chdir(root)

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Audio, display

from audio import load_audio
from features import extract_features
from influences import (aspect_influences, aspect_sentence, collection_page, collection_places, collection_sentence,
                        explain, genre_influences, in_notebook, label_folder, plot_aspects, plot_collection,
                        plot_explanation, plot_map, plot_shares, plot_timeline, song_card, song_names, turning_point)
from prepare import load_Data, prepare_df, write_text
from recommend import similar_songs
from starter_models import load_starter, synthetic_benchmark

# %% tags=["parameters"]
SOURCE: str = ""  # a folder of sound files or a table with their paths; empty: synthetic songs
MODEL: str = ""  # sample, music, or a folder with your own model; empty: sample for synthetic songs, music for yours
SHOWN: int = 12  # songs in the figures
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
from prepare import check_parameters; check_parameters()

# %%
if SHOWN < 1:
    raise ValueError(f"SHOWN={SHOWN}: one song or more")
out = Path(OUT_DIR)
model = MODEL or ("music" if SOURCE else "sample")
starter = load_starter(model)
raw = load_Data(SOURCE) if SOURCE else synthetic_benchmark.demo_songs(out / "demo_songs")
tracks = prepare_df(raw) if SOURCE else raw
pd.set_option("display.float_format", "{:.2f}".format)
pd.set_option("display.max_colwidth", 60)
print(f"{len(tracks)} songs, analysed by the model '{model}'; its genres: {', '.join(starter.classifier.classes_)}")

# %% [markdown]
# ## The whole collection
#
# One row per song in `labels.csv`: the blend label, the shares of the genres, the genres of beat, timbre and pitch,
# and the probability that the label is right: the sum of the shares that it names. An interrupted run continues where
# it stopped, and only new songs are analysed. If `SOURCE` is empty, all songs are **synthetic**, and their names are
# the ground truth.

# %%
labels = label_folder(starter.classifier, tracks, out=out / "labels.csv", aspects=starter.aspects,
                      genre_map=starter.genre_map)
usable = len(labels) > 0
labels.index = song_names(labels)
shares_columns = [column for column in labels if column.startswith("share: ")]
hidden = ["track_id", "artist", "song", "path", "sentence", "x", "y", *shares_columns]
labels.drop(columns=hidden, errors="ignore").head(SHOWN)

# %%
skipped = pd.DataFrame([*raw.attrs.get("skipped", []), *labels.attrs["skipped"]], columns=["path", "reason"])
if not usable:
    print(f"no file of {SOURCE} could be used, so the cells about songs show nothing; the reasons:")
if len(skipped):
    display(skipped)
else:
    print("no file was skipped")

# %% [markdown]
# How often does each label occur, and how probable is it that it is right?

# %% tags=["finding"]
if usable:
    print(collection_sentence(labels))

# %%
if usable:
    plot_collection(labels)

# %% [markdown]
# ## Song by song
#
# Each bar is a song. The label beside it names one genre if one has by far the largest share, two if two have, and
# `ambiguous` if none has.

# %% tags=["cover"]
if usable:
    shown = labels.head(SHOWN)
    plot_shares(shown[shares_columns].rename(columns=lambda column: column.removeprefix("share: ")))

# %% [markdown]
# ## The map
#
# Each region holds two thirds of the songs of a genre. Each dot is a song of this collection, in the colour of its
# largest genre; a few songs have numbers, which the list explains. The axis labels name the features that change most
# along each axis. The page at the end has the same map with the names of all songs.

# %%
if usable and starter.genre_map:
    places = collection_places(labels)
    stars = {name: (place["x"], place["y"]) for name, place in places.iterrows()} if len(places) <= SHOWN else {}
    plot_map(starter.genre_map._replace(songs=places), stars,
             ax=plt.subplots(figsize=(8, 6.5), layout="constrained")[1])

# %% [markdown]
# ## Over time
#
# The song whose shares change most. Read the figure from left to right. If the genre changes once and stays changed,
# the line below says when.

# %%
if usable:
    windows = {name: genre_influences(starter.classifier, path) for name, path in shown["path"].items()}
    most_variable = max(windows, key=lambda name: windows[name].var().sum())
    path = shown.loc[most_variable, "path"]
    turn = turning_point(windows[most_variable])
    print(f"{most_variable}: " + (f"from {turn[1]} to {turn[2]} at {turn[0]:.0f} s" if turn else "no turning point"))

# %%
if usable:
    plot_timeline(windows[most_variable], path)

# %% [markdown]
# ## Beat, timbre, pitch
#
# Each aspect is predicted from its own features only. The song below is the one whose aspects differ most.

# %%
if usable and starter.aspects:
    by_aspect = {name: aspect_influences(starter.aspects, path) for name, path in shown["path"].items()}
    most_mixed = max(by_aspect, key=lambda name: by_aspect[name].std().sum())
    print(f"{most_mixed}: {aspect_sentence(by_aspect[most_mixed])}")

# %%
if usable and starter.aspects:
    plot_aspects(by_aspect[most_mixed])

# %% [markdown]
# ## Saliency maps
#
# Which part of the spectrogram decided? Bright areas support the genre. To check the map, its bright areas are
# blanked. The table shows the part of the share that is left (1: all of it), and the part that is left when random
# areas of the same size are blanked. A good map has the smaller number in the first column.

# %%
if usable:
    explanation = explain(starter.classifier, shown.loc[most_variable, "path"])
    plot_explanation(explanation)

# %%
if usable:
    columns = {"marked": "left without bright areas", "random": "left without random areas"}
    display(np.exp(-explanation.check).rename(columns=columns))

# %% [markdown]
# ## The most similar songs
#
# The nearest neighbours of the first song, by all features and by each aspect alone.

# %%
if usable:
    features = extract_features(tracks, out=out / "features_of_collection.parquet")
    names = labels.reset_index(names="name").drop_duplicates("track_id").set_index("track_id")["name"]
    features = features[features.index.isin(names.index)]
    first = features.index[0]
    for by in ("all", "beat", "timbre", "pitch") if len(features) > 1 else ():
        nearest = similar_songs(first, features, 2, by=by)
        print(f"{names[first]}, by {by}: "
              + "; ".join(names[other] + (f" ({row.reason})" if row.reason else "")
                          for other, row in nearest.iterrows()))
    if len(features) == 1:
        print("there is one song only: nothing to compare it with")

# %% [markdown]
# Listen to the song and to its nearest neighbour. Do you agree?

# %%
if usable and len(features) > 1:
    for name in [first, *similar_songs(first, features, 1).index]:
        y, sr = load_audio(features.loc[name, "path"], seconds=8, sr=16_000)
        print(names[name])
        display(Audio(y, rate=sr))

# %% [markdown]
# ## Do the shares agree with the ground truth?
#
# Without a `SOURCE`: new synthetic songs, each a blend of two genres, by artists that are not in the training set. If
# the predicted shares are right, the dots rise along the line; dots outside the grey band are far off, and their genres
# are named. The generator and the model both belong to this project, so the test shows that the method works, not that
# it is right about real music.

# %%
blends = None
if not SOURCE:
    blends = synthetic_benchmark.check_blends(load_starter("sample").classifier, out / "synthetic_blends", n=18)
    print(synthetic_benchmark.blends_sentence(blends))

# %%
if blends is None:
    print("nothing to show: the true shares of real songs are not known")
else:
    synthetic_benchmark.plot_blends(blends)

# %% [markdown]
# ## Your own model
#
# Notebook 06 writes its models to `OUT_DIR/models`. If there is a `cnn`, it describes the song here, with
# class-activation maps as its saliency maps.

# %%
own_model = out / "models" / "cnn"
if not (own_model / "model.json").exists():
    print("there is no model yet: run notebook 06")
elif usable:
    figure = song_card(load_starter(own_model).classifier, shown.loc[most_variable, "path"])

# %% [markdown]
# ## A page about the collection
#
# Point at a dot for its name; press a heading of the table to sort by it. The page works without a network.

# %%
page = collection_page(labels, genre_map=starter.genre_map, title=f"{len(labels)} songs, by the model {model}")
print(f"written: {out / 'labels.csv'}, {write_text(out / 'collection.html', page)}")
in_notebook(page)
