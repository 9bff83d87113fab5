# %% [markdown]
# # Compare models
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/07_compare_models.ipynb
#
# Reads the predictions of notebook 06 and shows which model is better at which genre, and how certain that is.
# It writes `scores.csv` and `model_claims.csv` to `OUT_DIR`; this is the only notebook that uses the test set.
# It takes a minute; if notebook 06 did not run, it first trains two quick models on the sample.

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

from evaluation import (areas_sentence, auc_table, calibration_sentence, check_model_claims, compare_models,
                        comparison_obstacle, comparison_sentence, confusion_sentence, count_right, curves_sentence,
                        evaluate, leak_check, leak_sentence, plot_areas, plot_auc_heatmap, plot_calibration,
                        plot_confusion, plot_roc, scores_sentence)
from features import describe_images
from models import build
from prepare import write_table
from training import (combine, gather, predictions, read_predictions, stacking_weights, train_family,
                      write_predictions)

# %% tags=["parameters"]
SIDE: str = "test"  # the set to evaluate on: "test", or "validate" while you are still choosing
PICTURES: str = ""  # a folder of spectrogram images sorted by genre, ours or others'; empty: what notebook 05 wrote
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
from prepare import check_parameters; check_parameters()

# %%
out = Path(OUT_DIR)
pd.set_option("display.float_format", "{:.3f}".format)
if SIDE not in ("validate", "test"):
    raise ValueError(f"SIDE={SIDE!r}: choose 'test' or 'validate'")
songs, obstacle = None, ""
if not (out / "predictions.parquet").exists():
    songs = gather(OUT_DIR, pictures=PICTURES)
    obstacle = songs.obstacle
if songs and not obstacle:
    print("notebook 06 has not run here: a linear model and a nearest-neighbour model are trained instead")
    fitted, _ = train_family(["linear", "knn"], songs)
    both_sides = {(name, side): proba for side in ("validate", "test")
                  for name, proba in predictions(fitted, songs, side).items()}
    write_predictions(out / "predictions.parquet", both_sides, songs)

# %% [markdown]
# ## The songs and the models
#
# Besides the models, their combination is evaluated: a weighted geometric mean of their probabilities. The weights are
# chosen on the validation set.

# %% tags=["finding"]
if obstacle:
    print(f"there are no models to compare. {obstacle}; your songs are described in notebooks 05, 08 and 10")
else:
    genre, artist, probabilities, genres = read_predictions(out / "predictions.parquet", SIDE)
    validation_genre, _, validation_probabilities, _ = read_predictions(out / "predictions.parquet", "validate")
    n_artists = artist.nunique()
    by_whom = f"by {n_artists} artist{'s' if n_artists > 1 else ''}"
    if (artist == artist.index).all():  # each track has its own name as its artist
        by_whom = "(the artists are not known)"
    print(f"{len(genre)} tracks {by_whom}, {len(genres)} genres, the {SIDE} set")
    if obstacle := comparison_obstacle(genre, artist):
        print(f"{obstacle}. On how many songs each model is right:")
        display(count_right(genre, probabilities))
comparable = not obstacle
nothing = "nothing to show: too few songs, see above"

# %%
if comparable and len(probabilities) > 1:
    truth = validation_genre.map(genres.index).to_numpy()
    weights = stacking_weights(list(validation_probabilities.values()), truth)
    print("weights:", ", ".join(f"{name} {weight:.2f}" for name, weight in zip(probabilities, weights)))
    combined = combine(list(probabilities.values()), weights)
    probabilities["combined"] = pd.DataFrame(combined, genre.index, genres)
if SIDE == "validate":
    print("this set was also used to calibrate the models and to choose the weights: the scores are too high")

# %% [markdown]
# ## Scores
#
# Compare each score with its majority baseline (always predicting the most frequent genre). The 95% intervals are a
# bootstrap by artist, or by track where the artists are not known. Few artists give wide intervals.

# %% tags=["finding"]
if comparable:
    scores = pd.concat({name: evaluate(genre, proba, genres, groups=artist) for name, proba in probabilities.items()},
                       names=["model"])
    write_table(scores.reset_index(), out / "scores.csv")
    print(scores_sentence(scores, artist))

# %%
if comparable:
    overall = scores.loc[(slice(None), ["accuracy", "macro_f1", "roc_auc", "log_loss", "ece"]), :]
    display(overall.rename(columns={"baseline": "majority baseline"}))
else:
    print(nothing)

# %% [markdown]
# ## Genre by genre
#
# The area under the ROC curve (AUC) tells how well a model separates the songs of a genre from all others: 0.5 is the
# chance level, 1 is perfect. The figure shows the three most accurate models. A genre with few songs has a wide
# interval.

# %% tags=["finding"]
if comparable:
    areas = auc_table(genre, probabilities, genres, groups=artist, n_boot=200)
    accuracy = scores.xs("accuracy", level="measure")["value"]
    leading = {name: probabilities[name] for name in accuracy.nlargest(3).index}
    print(areas_sentence(areas))

# %%
if comparable:
    plot_areas(areas[areas["model"].isin(leading)])
else:
    print(nothing)

# %% [markdown]
# The curves themselves, of genres with enough songs. The closer a curve comes to the upper left corner, the better.
# The dashed line is the chance level.

# %%
if comparable:
    print(curves_sentence(genre))

# %%
if comparable:
    plot_roc(genre, leading, genres)

# %% [markdown]
# The areas of all models as a table. Which genres are difficult for all models?

# %% tags=["cover"]
if comparable:
    plot_auc_heatmap(areas).set_title("area under the ROC curve")

# %% [markdown]
# Which genres does the most accurate model confuse?

# %% tags=["finding"]
if comparable:
    best = accuracy.idxmax()
    print(f"the most accurate model, {best}: {confusion_sentence(genre, probabilities[best])}")

# %%
if comparable:
    plot_confusion(genre, probabilities[best], genres)

# %% [markdown]
# ## Is the difference real?
#
# Each pair of models is compared on the same tracks. A model is called better only if the interval of the difference
# is above zero and the McNemar test, corrected for the number of pairs, is significant. The table shows the pairs with
# the most accurate model, and all other pairs with a clear difference.

# %% tags=["finding"]
if comparable:
    pairs = compare_models(genre, probabilities, genres, groups=artist)
    print(comparison_sentence(pairs))

# %%
if comparable and len(pairs):
    display(pairs[(pairs["verdict"] == "better") | (pairs["better"] == pairs["better"].iloc[0])])
else:
    print(nothing)

# %% [markdown]
# ## Are the probabilities calibrated?
#
# Of all songs with a predicted probability of 0.7, seven out of ten should be right: this is the dashed line. Above
# the line a model is underconfident, below it overconfident. The figure shows the three most accurate models. The
# table of scores has the calibration error of all models (`ece`).

# %% tags=["finding"]
if comparable:
    print(calibration_sentence(genre, leading))

# %%
if comparable:
    plot_calibration(genre, leading, genres)
else:
    print(nothing)

# %% [markdown]
# ## What a leak does to the score
#
# The same nearest-neighbour model under three splits. In a random split of segments, other segments of each test song
# are in the training set. In a random split of tracks, other songs of the same artists are. Only the last split tells
# how good the model is for a new artist.

# %%
if comparable:
    songs = gather(OUT_DIR, pictures=PICTURES) if songs is None else songs
    segment_artist = songs.pictures["track_id"].map(songs.tracks["artist"])
    leaks = leak_check(build("knn", n_neighbors=3), describe_images(songs.pictures), songs.pictures["genre"],
                       artist=segment_artist, track=songs.pictures["track_id"])
    if (songs.tracks["artist"] == songs.tracks.index).all():
        print("the artists are not known: each track counts as one, and the last split only keeps tracks together")
        leaks = leaks.rename(index={"artists held out": "tracks held out, artists not known"})

# %% tags=["finding"]
if comparable:
    print(leak_sentence(leaks))

# %%
if comparable:
    display(leaks)
else:
    print(nothing)

# %% [markdown]
# ## The claims of the report
#
# Which model is best at which genre? Each claim is tested with the interval of the model's lead over the best other
# model, corrected for the number of claims.

# %%
if comparable:
    single_models = {name: proba for name, proba in probabilities.items() if name != "combined"}
    claims = check_model_claims(genre, single_models, genres, groups=artist)
    print("; ".join(f"{verdict}: {number}" for verdict, number in claims["verdict"].value_counts().items()))
else:
    print(nothing)

# %%
if comparable:
    display(claims)

# %%
if comparable:
    print(f"written: {write_table(claims, out / 'model_claims.csv')}")
