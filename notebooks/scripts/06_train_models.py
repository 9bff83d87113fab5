# %% [markdown]
# # Train models
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/06_train_models.ipynb
#
# Reads the spectrogram images, features and embeddings that notebook 05 wrote, or your own, and trains a family of
# models on them.
# It writes the models to `OUT_DIR/models` and their predictions for each song to `OUT_DIR/predictions.parquet`.
# It takes two minutes for the synthetic sample on two cores.

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

import pandas as pd
from IPython.display import display

from evaluation import learning_sentence
from models import NAMES, kmeans_view, plot_histories
from training import gather, predictions, train_family, write_predictions

# %% tags=["parameters"]
MODELS: str = "cnn lstm lstm_cnn multi_cnn transfer mlp linear knn svm forest"  # to train, separated by blanks
EPOCHS: int = 12  # epochs of the networks that take images; 40 to 80 for thousands of real songs
BACKBONE: str = "musicnn"  # for transfer: musicnn, the folder of a trained network, or a name in keras.applications
PICTURES: str = ""  # a folder of spectrogram images sorted by genre, ours or others'; empty: what notebook 05 wrote
FEATURES: str = ""  # a CSV or Parquet file, one row per track; empty: what notebook 05 wrote, else image statistics
TRAIN_LIST: str = ""  # a text file of track names, to use a published split; empty: a split by artist is made here
VALID_LIST: str = ""  # the same for the validation set
TEST_LIST: str = ""  # the same for the test set
SEED: int = 0  # the same seed gives the same result on the same machine
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
from prepare import check_parameters; check_parameters()

# %%
out = Path(OUT_DIR)
names = MODELS.replace(",", " ").split()
if not names or not set(names) <= set(NAMES) or EPOCHS < 1:
    raise ValueError(f"MODELS={MODELS!r}, EPOCHS={EPOCHS}: choose from {', '.join(NAMES)}, and one epoch or more")
pd.set_option("display.float_format", "{:.3f}".format)

# %% [markdown]
# ## The songs and the split
#
# Networks take the images; `transfer` takes the embeddings of a network that was trained on 200,000 songs; the other
# models take one row of features per song. No artist is in two sets: a model that
# was trained on other songs of the artist could predict the genre from the voice. The validation set decides when a
# network stops, and calibrates all models. The test set is not used in this notebook.

# %%
songs = gather(OUT_DIR, pictures=PICTURES, features=FEATURES, lists=(TRAIN_LIST, VALID_LIST, TEST_LIST))
trainable = not songs.obstacle

# %% tags=["finding"]
if trainable:
    print(f"{len(songs.tracks):,} tracks, {len(songs.pictures):,} images, {songs.features.shape[1]} features")
else:
    (out / "predictions.parquet").unlink(missing_ok=True)  # those of other songs
    print(f"no model is trained. {songs.obstacle}; your songs are described in notebooks 05, 08 and 10")

# %%
if trainable:
    artists = songs.tracks.groupby("side")["artist"].agg(set)
    shared = artists["train"] & set().union(*artists.drop("train"))
    if (songs.tracks["artist"] != songs.tracks.index).any():  # else each track has its own name as its artist
        print(f"{len(shared)} artists of the training set are also in the validation or test set")
    else:
        print("the artists are not known: one artist may be in several sets, and the scores may be too high")
    display(songs.tracks.groupby(["genre", "side"], observed=True).size().unstack(fill_value=0))

# %% [markdown]
# ## Before any labels
#
# k-means finds clusters without labels. Do the clusters follow the genres? The adjusted Rand index is 0 at chance
# level and 1 where clusters and genres are the same.

# %%
if trainable:
    train_tracks = songs.tracks[songs.tracks["side"] == "train"]
    clusters = kmeans_view(songs.features.loc[train_tracks.index], train_tracks["genre"])
    print(", ".join(f"{name} {value:.2f}" for name, value in clusters.attrs.items()))
    display(clusters)

# %% [markdown]
# ## Training
#
# To reduce overfitting, the networks are trained on random crops of the images with data augmentation (time shift,
# filters, masks, mixup). If you interrupt the cell, the network that is being trained keeps its best weights.

# %%
fitted = {}
if trainable:
    fitted, report = train_family(names, songs, out=out / "models", seed=SEED,
                                  settings={"pictures": {"epochs": EPOCHS}, "transfer": {"backbone": BACKBONE}})

# %% [markdown]
# `accuracy` is measured on the validation set, which also decided when to stop and how to calibrate; so it is too
# high. The next notebook uses the test set. `majority_baseline` is the accuracy of always predicting the most frequent
# genre. `temperature` is the calibration: above 1, the model was overconfident before.

# %%
if fitted:
    baseline = songs.tracks.loc[songs.tracks["side"] == "validate", "genre"].value_counts(normalize=True).max()
    temperatures = [model.temperature_ for model in fitted.values()]
    display(report.assign(majority_baseline=baseline, temperature=temperatures))
else:
    print("nothing to show: no model was trained")

# %% tags=["finding"]
if fitted:
    best = report["accuracy"].astype(float).idxmax()
    print(f"highest validation accuracy: {best}, {report.loc[best, 'accuracy']:.2f} "
          f"(majority baseline {baseline:.2f})")

# %% [markdown]
# ## Learning curves
#
# The training loss can be above the validation loss, because only the training images are augmented. A validation loss
# that rises while the training loss still falls is a sign of overfitting. The dotted line is the epoch whose weights
# are kept. All networks have one scale.

# %% tags=["finding"]
if fitted:
    print(learning_sentence(fitted))

# %% tags=["cover"]
networks = {name: model for name, model in fitted.items() if hasattr(model, "history_")}
if networks:
    plot_histories(networks)

# %% [markdown]
# ## One song
#
# The predictions of each model for the first song of the validation set. Each row sums to one. Of all predictions with
# a probability of 0.7, seven out of ten should be right.

# %%
probabilities = {(name, side): proba for side in ("validate", "test") if fitted
                 for name, proba in predictions(fitted, songs, side).items() if len(proba)}
if fitted:
    first = songs.tracks[songs.tracks["side"] == "validate"].iloc[0]
    print(f"{first.name}: {first['genre']}, by {first['artist']}")
    display(pd.DataFrame({name: probabilities[name, "validate"].loc[first.name] for name in fitted}).T)

# %%
if fitted:
    print(f"written for the next notebook: {write_predictions(out / 'predictions.parquet', probabilities, songs)}")
