# %% [markdown]
# # Train models
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/owner/name/blob/main/notebooks/06_train_models.ipynb)
#
# Trains a family of models on spectrogram pictures and audio features: networks that look, networks that remember, and plain models.
# It reads what notebook 05 wrote into `OUT_DIR/model_output` (or folders and tables of yours) and writes each model to `OUT_DIR/models` and
# what it says of every song to `OUT_DIR/predictions.parquet`. Three minutes for the synthetic sample on two cores.

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
import pandas as pd

from models import NAMES, kmeans_view, plot_history
from training import gather, predictions, train_family, write_predictions

# %% tags=["parameters"]
MODELS: str = "cnn lstm lstm_cnn multi_cnn mlp linear knn svm forest"  # which to train, separated by blanks or commas
EPOCHS: int = 12  # times that a network on pictures goes through the songs; 40 to 80 for thousands of real ones
BACKBONE: str = ""  # for transfer among the models: a folder of a network trained earlier on other songs, or a name in keras.applications
PICTURES: str = ""  # a folder of spectrogram pictures sorted by genre, ours or made elsewhere; empty: what notebook 05 wrote
FEATURES: str = ""  # a CSV or Parquet file with a row of features a track; empty: what notebook 05 wrote, else statistics of the pictures
TRAIN_LIST: str = ""  # a text file of track names, to run a published split as published; empty: artists are split here
VALID_LIST: str = ""  # the same for validation
TEST_LIST: str = ""  # the same for the test
SEED: int = 0  # the same seed gives the same result on the same machine
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
names = MODELS.replace(",", " ").split()
assert set(names) <= set(NAMES), f"choose from {', '.join(NAMES)}"
assert BACKBONE or "transfer" not in names, "transfer needs BACKBONE: a folder such as models/cnn of an earlier run, or MobileNetV2"
out = Path(OUT_DIR)
pd.set_option("display.float_format", "{:.3f}".format)

# %% [markdown]
# ## The songs and the split
#
# Networks take the pictures, plain models take one row of numbers a song. No artist stands on two sides: a model that has heard the
# singer before would know the genre for the wrong reason. Networks stop, and all models are calibrated, on the validate side. The test
# side is not looked at here.

# %%
songs = gather(OUT_DIR, pictures=PICTURES, features=FEATURES, lists=(TRAIN_LIST, VALID_LIST, TEST_LIST))
print(f"{len(songs.tracks):,} tracks, {len(songs.pictures):,} pictures, {songs.features.shape[1]} features")
artists = songs.tracks.groupby("side")["artist"].agg(set)
shared = len(artists["train"] & set().union(*artists.drop("train")))
known = (songs.tracks["artist"] != songs.tracks.index).any()  # else each track passes for an artist's only one
print(f"{shared} artists of the train side stand on another side too" if known else
      "who the artists are is not known: some may stand on several sides, and scores flatter")
songs.tracks.groupby(["genre", "side"], observed=True).size().unstack(fill_value=0)

# %% [markdown]
# ## Before any labels
#
# Which clusters form by themselves, and do they follow the genres? The adjusted Rand index is 0 by chance and 1 where they are the same.

# %%
train_side = songs.tracks["side"] == "train"
view = kmeans_view(songs.features[train_side], songs.tracks.loc[train_side, "genre"])
print(", ".join(f"{name} {value:.2f}" for name, value in view.attrs.items()))
view

# %% [markdown]
# ## Training
#
# Chunks are cut from the pictures at random and varied (shifted, through another equalizer, with holes, mixed in pairs), so that the
# networks do not learn the songs by heart. Interrupt the cell and the network at work keeps its best weights.

# %%
fitted, report = train_family(names, songs, out=out / "models", seed=SEED,
                              settings={"pictures": {"epochs": EPOCHS}, "transfer": {"backbone": BACKBONE}})

# %% [markdown]
# `accuracy` is that of the validate side, which was used to stop and to calibrate, so it flatters; the next notebook opens the test.
# `guessing` is what always naming the commonest genre would reach.

# %%
guessing = songs.tracks.loc[songs.tracks["side"] == "validate", "genre"].value_counts(normalize=True).max()
report.assign(guessing=guessing, calibrated_by=[model.temperature_ for model in fitted.values()])

# %% [markdown]
# ## How they learned
#
# Training loss lies above validation loss at first, since the training chunks are varied and mixed. Validation that turns upwards while
# training falls on means learning by heart.

# %% tags=["cover"]
networks = [name for name in names if hasattr(fitted[name], "history_")]
if networks:
    figure, axs = plt.subplots(len(networks), 2, figsize=(9, 2.6 * len(networks)), layout="constrained", squeeze=False)
    for name, pair in zip(networks, axs):
        plot_history(fitted[name], axs=pair)

# %% [markdown]
# ## One song
#
# What each model says of the first song of the validate side: rows sum to one, and a probability of 0.7 is meant to be right seven times in ten.

# %%
said = {(name, side): proba for side in ("validate", "test") for name, proba in predictions(fitted, songs, side).items() if len(proba)}
first = songs.tracks[songs.tracks["side"] == "validate"].iloc[0]
print(f"{first.name}: {first['genre']}, by {first['artist']}")
pd.DataFrame({name: said[name, "validate"].loc[first.name] for name in names}).T

# %%
print(f"kept for the next notebook: {write_predictions(out / 'predictions.parquet', said, songs)}")
