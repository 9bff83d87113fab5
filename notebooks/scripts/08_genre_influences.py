# %% [markdown]
# # Genre influences
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/owner/name/blob/main/notebooks/08_genre_influences.ipynb)
#
# Listens to a collection of songs and says what each is made of: its blend, how that changes over time, what beat, timbre and pitch owe to
# whom, where it lies on the map, and which known songs are nearest. It reads `SOURCE` (or makes songs to order), writes `labels.csv` into
# `OUT_DIR`, and takes a minute or two for a dozen songs, a few seconds a song for more.

# %%
# The project's folder: this one, one above, or (on Colab) a clone; what is missing is installed.
import os, pathlib, re, subprocess, sys
from importlib.metadata import distributions
REPO = "owner/name"
here = pathlib.Path.cwd()
root = next((folder for folder in [here, *here.parents] if (folder / "prepare.py").exists()), here / REPO.split("/")[1])
if not root.exists():
    subprocess.run(["git", "clone", "--depth", "1", f"https://github.com/{REPO}", root], check=True)
wanted = re.findall(r"^[\w-]+.*", (root / "requirements.txt").read_text(), re.MULTILINE)
if missing := [line for line in wanted if not any(distributions(name=re.match(r"[\w-]+", line)[0]))]:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", *missing], check=True)
sys.path.insert(0, str(root)); os.chdir(root)

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Audio, display

from starter_models import synthetic_benchmark
from audio import load_audio
from influences import explain
from features import extract_features
from influences import place_on_map
from influences import aspect_influences, genre_influences
from influences import aspect_sentence, turning_point
from influences import label_folder
from prepare import load_Data, prepare_df
from recommend import similar_songs
from influences import plot_aspects, plot_collection, plot_explanation, plot_map, plot_shares, plot_timeline
from influences import song_card
from starter_models import load_starter

# %% tags=["parameters"]
SOURCE: str = ""  # a folder of sound files or a table with their paths; empty: songs made to order
MODEL: str = ""  # sample, gtzan, or a folder with a model of your own; empty: sample for songs made to order, gtzan for yours
SHOWN: int = 12  # songs in the pictures
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
out, model = Path(OUT_DIR), MODEL or ("gtzan" if SOURCE else "sample")
tracks = prepare_df(load_Data(SOURCE)) if SOURCE else synthetic_benchmark.demo_songs(out / "demo_songs")
starter = load_starter(model)
pd.set_option("display.float_format", "{:.2f}".format)
print(f"{len(tracks)} songs, heard by the model '{model}', which knows {', '.join(starter.classifier.classes_)}")

# %% [markdown]
# ## The whole collection
#
# One row a song in `labels.csv`: the blend, the shares, the aspects, and how sure. A run that was killed goes on where it stopped; files that
# cannot be read are named. Where `SOURCE` is empty, all songs are **synthetic**, and their names say what they were made of.

# %%
labels = label_folder(starter.classifier, tracks, out=out / "labels.csv", aspects=starter.aspects)
labels.drop(columns=["path", *(column for column in labels if column.startswith("share: "))]).head(SHOWN)

# %%
plot_collection(labels);

# %% [markdown]
# ## Song by song
#
# Each bar is a song; the label beside it names one genre where one stands out, two where two do, and `ambiguous` where nothing does.

# %% tags=["cover"]
shown = labels.head(SHOWN)
shares = shown.set_index("track_id").filter(like="share: ").rename(columns=lambda column: column.removeprefix("share: "))
plot_shares(shares);

# %% [markdown]
# ## Minute by minute
#
# The song that changes most. The ribbon is read from left to right; where the program hears a turn, it says when.

# %%
windows = {row.track_id: genre_influences(starter.classifier, row.path) for row in shown.itertuples()}
restless = max(windows, key=lambda name: windows[name].var().sum())
path = shown.set_index("track_id").loc[restless, "path"]
print(restless, turning_point(windows[restless]) or "no turn")
plot_timeline(windows[restless], path);

# %% [markdown]
# ## Beat, timbre, pitch
#
# The three are judged apart, each on the features of its own aspect alone. The song below is the one whose aspects disagree most.

# %%
if starter.aspects:
    by_aspect = {row.track_id: aspect_influences(starter.aspects, row.path) for row in shown.itertuples()}
    torn = max(by_aspect, key=lambda name: by_aspect[name].std().sum())
    print(f"{torn}: {aspect_sentence(by_aspect[torn])}")
    plot_aspects(by_aspect[torn])

# %% [markdown]
# ## The map
#
# Regions are where two thirds of a genre's songs lie; a star is a song of this collection. The arrows on the axes say which features they
# follow. Placing a song moves nothing.

# %%
if starter.genre_map:
    places = {row.track_id: place_on_map(starter.genre_map, row.path, classifier=starter.classifier) for row in shown.head(6).itertuples()}
    plot_map(starter.genre_map, places, ax=plt.subplots(figsize=(8, 6.5), layout="constrained")[1])

# %% [markdown]
# ## Where it was found
#
# What glows speaks for the genre. To see that the map is no decoration, what glows is blanked: the numbers say how much of the share is left
# then (1: all of it), and how much is left when as much is blanked anywhere.

# %%
explanation = explain(starter.classifier, path)
plot_explanation(explanation)
np.exp(-explanation.check).rename(columns={"marked": "left without what glows", "random": "left without as much anywhere"})

# %% [markdown]
# ## The evidence: songs that lie nearest
#
# Whole, and by each aspect alone; listen whether you agree.

# %%
features = extract_features(tracks, out=out / "features_of_collection.parquet")
first = features.index[0]
for by in ("all", "beat", "timbre", "pitch"):
    nearest = similar_songs(first, features, 2, by=by)
    print(f"{first}, by {by}: " + "; ".join(f"{name} ({row.reason})" for name, row in nearest.iterrows()))

# %%
for name in [first, *similar_songs(first, features, 1).index]:
    y, sr = load_audio(features.loc[name, "path"], seconds=8, sr=16_000)
    print(name)
    display(Audio(y, rate=sr))

# %% [markdown]
# ## Do the numbers mean something?
#
# A test whose answers are known: songs made to order that no model has seen, by artists that no model has heard. The dots should climb along
# the line: the share that was mixed in, and the share that was heard. The generator and the model are both ours, so this shows that the
# machinery is sound, not that it is right about real music.

# %%
answers = synthetic_benchmark.check_blends(load_starter("sample").classifier, out / "known_answers", n=18)
print(f"rank correlation of the true and the predicted share: {answers['true'].corr(answers['predicted'], method='spearman'):.2f}, "
      f"{len(answers)} blends")
synthetic_benchmark.plot_blends(answers);

# %% [markdown]
# ## A model of your own
#
# Notebook 06 leaves its models in `OUT_DIR/models`; a `cnn` among them answers here too, with class-activation maps of its own.

# %%
own = out / "models" / "cnn"
if (own / "model.json").exists():
    figure = song_card(load_starter(own).classifier, path)
else:
    print("none yet: run notebook 06")

# %%
print(f"kept: {out / 'labels.csv'}")
