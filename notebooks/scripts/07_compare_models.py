# %% [markdown]
# # Compare models
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/owner/name/blob/main/notebooks/07_compare_models.ipynb)
#
# Says which model is better at which genre, whether the difference is real, and what the score would have looked like with a leak.
# It reads the predictions that notebook 06 wrote into `OUT_DIR` (and trains two quick models on the sample if it did not run) and writes
# `scores.csv` and `model_claims.csv` there. A minute; this is where the test side is opened, once.

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

import pandas as pd
from IPython.display import display

from evaluation import auc_table, check_model_claims, compare_models, leak_check, plot_calibration, plot_confusion, plot_auc_heatmap, plot_roc
from evaluation import evaluate
from models import build
from prepare import write_table
from features import describe_images
from training import combine, gather, predictions, read_predictions, stacking_weights, train_family, write_predictions

# %% tags=["parameters"]
SIDE: str = "test"  # the side that is judged: "test", or "validate" while you are still choosing
PICTURES: str = ""  # a folder of spectrogram pictures sorted by genre, ours or made elsewhere; empty: what notebook 05 wrote
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
out = Path(OUT_DIR)
pd.set_option("display.float_format", "{:.3f}".format)
songs = None
if not (out / "predictions.parquet").exists():
    print("notebook 06 has not run here: a linear model and nearest neighbours are trained for a first look")
    songs = gather(OUT_DIR, pictures=PICTURES)
    fitted, _ = train_family(["linear", "knn"], songs)
    write_predictions(out / "predictions.parquet", {(name, side): proba for side in ("validate", "test")
                                                    for name, proba in predictions(fitted, songs, side).items()}, songs)

# %% [markdown]
# ## The songs that are judged
#
# One more is judged beside the models: their combination, a weighted geometric mean with weights chosen on the validate side.

# %%
genre, artist, said, genres = read_predictions(out / "predictions.parquet", SIDE)
known, _, said_before, _ = read_predictions(out / "predictions.parquet", "validate")
weights = stacking_weights(list(said_before.values()), known.map(genres.index).to_numpy())
if len(said) > 1:
    print("weights:", ", ".join(f"{name} {weight:.2f}" for name, weight in zip(said, weights)))
    said["combined"] = pd.DataFrame(combine(list(said.values()), weights), genre.index, genres)
print(f"{len(genre)} tracks by {artist.nunique()} artists, {len(genres)} genres, the {SIDE} side")
if SIDE == "validate":
    print("all models were calibrated, and the combination was weighted, on this very side: the scores flatter them")

# %% [markdown]
# ## Scores
#
# Each beside what always naming the commonest genre would reach (`guessing`), with its 95 % interval: a bootstrap over artists. Few artists
# make wide intervals.

# %%
scores = pd.concat({name: evaluate(genre, proba, genres, groups=artist) for name, proba in said.items()}, names=["model"])
write_table(scores.reset_index(), out / "scores.csv")
overall = scores.loc[(slice(None), ["accuracy", "macro_f1", "roc_auc", "log_loss", "ece"]), :]
best = scores.xs("accuracy", level="measure")["value"].idxmax()
overall.rename(columns={"baseline": "guessing"})

# %% [markdown]
# ## Genre by genre
#
# The further a curve bends into the upper left corner, the better; the dashed line is guessing. The numbers are the areas under the curves.

# %%
plot_roc(genre, said, genres);

# %% tags=["cover"]
plot_auc_heatmap(auc_table(genre, said, genres, groups=artist, n_boot=200)).set_title("area under the ROC curve");

# %% [markdown]
# What does the best model take for what?

# %%
print(f"the most accurate here: {best}")
plot_confusion(genre, said[best], genres);

# %% [markdown]
# ## Is the difference real?
#
# Every two models on the same tracks. A verdict needs the interval of the difference to lie above zero and the test, corrected for the
# number of pairs, to agree. Shown are the pairs of the most accurate model, and all others in which a difference can be told.

# %%
pairs = compare_models(genre, said, genres, groups=artist)
print(f"a difference can be told in {(pairs['verdict'] == 'better').sum()} of {len(pairs)} pairs of models")
pairs[(pairs["better"] == pairs["better"].iloc[0]) | (pairs["verdict"] == "better")] if len(pairs) else pairs

# %% [markdown]
# ## Does a probability mean what it says?
#
# Of all songs of which a model said 0.7, seven in ten should be right: on the dashed line. Above it a model is too modest, below it too sure.
# The three most accurate models; the others' calibration errors stand in the table of scores.

# %%
leading = scores.xs("accuracy", level="measure")["value"].nlargest(3).index
plot_calibration(genre, {name: said[name] for name in leading}, genres);

# %% [markdown]
# ## What a leak is worth
#
# The same plain model under three splits. With segments dealt out at random, it has heard a piece of every test song; with tracks at random,
# other songs of the same artists. Only the last line says how it will do on someone new.

# %%
songs = gather(OUT_DIR, pictures=PICTURES) if songs is None else songs
textures = describe_images(songs.pictures).assign(artist=songs.pictures["track_id"].map(songs.tracks["artist"]))
leaks = leak_check(build("knn", n_neighbors=3), textures.drop(columns="artist"), songs.pictures["genre"],
                   artist=textures["artist"], track=songs.pictures["track_id"])
leaks

# %%
gain = leaks["accuracy"].iloc[0] - leaks["accuracy"].iloc[-1]
print(f"a random split of segments reads {100 * gain:.0f} points {'better' if gain >= 0 else 'worse'} than the honest one")

# %% [markdown]
# ## The report's claims
#
# Which model is best at which genre, each with the interval of its lead over the best other one, corrected for the number of claims.

# %%
claims = check_model_claims(genre, {name: proba for name, proba in said.items() if name != "combined"}, genres, groups=artist)
write_table(claims, out / "model_claims.csv")
display(claims)
print("; ".join(f"{number} {verdict}" for verdict, number in claims["verdict"].value_counts().items()))
