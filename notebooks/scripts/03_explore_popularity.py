# %% [markdown]
# # Explore popularity
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/03_explore_popularity.ipynb
#
# Reads what notebook 02 wrote, or any table of songs with a popularity, and shows what goes with popularity.
# It writes `claims.csv`, a test of each claim of the report, to `OUT_DIR`.
# It takes less than a minute for thirty thousand songs.

# %%
# The project's folder: this one, one above, or (on Colab) a clone; what is missing is installed or fetched.
import os, pathlib, re, subprocess, sys; from importlib.metadata import distributions
REPO = "owner/name"
here = pathlib.Path.cwd()
root = next((folder for folder in [here, *here.parents] if (folder / "prepare.py").exists()), here / REPO.split("/")[1])
if not root.exists():
    subprocess.run(["git", "clone", "--depth", "1", f"https://github.com/{REPO}", root], check=True)
wanted = re.findall(r"^[\w-]+.*", (root / "requirements.txt").read_text(), re.MULTILINE)
if missing := [line for line in wanted if not any(distributions(name=re.match(r"[\w-]+", line)[0]))]:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", *missing], check=True)
    subprocess.run([sys.executable, "-m", "learning.pretrained"], cwd=root)
sys.path.insert(0, str(root)); os.chdir(root)

# %%
from pathlib import Path

import pandas as pd

import explore
from prepare import write_table
from preprocessing import tracks_and_train

# %% tags=["parameters"]
SOURCE: str = ""  # empty: what notebook 02 wrote, else the sample; or anything that notebook 02 can read
TARGET: str = "popularity"  # the number to explain
GROUP: str = "artist"  # songs with the same value in this column are not treated as independent
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
pd.set_option("display.max_columns", 40)
pd.set_option("display.float_format", "{:.3f}".format)
tracks, train = tracks_and_train(Path(OUT_DIR) / "tracks", SOURCE, group=GROUP or None, target=TARGET)
assert TARGET in train, f"the table has no column {TARGET!r} to explain; it has {', '.join(train.columns)}"
by = next((column for column in ("first_genre", "decade") if column in train and train[column].nunique() > 1), None)

# %% [markdown]
# ## The songs
#
# We explore the training set only. The other songs stay unseen, so that they can confirm what we find here. If the
# line below names the sample, the table is **synthetic**: its popularity was made by a formula (see
# `synth.sample_table.make_table`), so the ground truth is known.

# %%
print(f"{len(tracks):,} tracks from {', '.join(tracks['source'].astype(str).unique()[:3])}; "
      f"{len(train):,} of them explored")
explore.plot_distribution(train, TARGET);

# %% [markdown]
# ## Loudness and danceability
#
# Are louder songs more popular? The figure shows all songs, the running median, and the band with the middle half of
# the songs. If loudness mattered much, the median would rise through the band.

# %%
if "loudness" in train:
    explore.param_viz(train, "loudness", TARGET)

# %% [markdown]
# The same for danceability.

# %%
if "danceability" in train:
    explore.param_viz(train, "danceability", TARGET)

# %% [markdown]
# ## Genres and decades
#
# Each box holds the middle half of the songs of one group. Where the boxes overlap almost completely, the group tells
# us little about the popularity of one song.

# %%
if by:
    explore.catplot_viz(train, by, TARGET, "box")

# %%
if "decade" in train and by != "decade":
    explore.catplot_viz(train, "decade", TARGET, "box")

# %% [markdown]
# The mean of each group, with a 95 % interval. Songs of one artist are not independent, and the intervals take this
# into account.

# %%
if by:
    explore.plot_groups(explore.compare_groups(train, TARGET, by, group=GROUP), TARGET)

# %% [markdown]
# How much of the variance does each grouping explain? Omega squared of .01 is small, .06 medium, .14 large.

# %%
explore.group_effects(train, TARGET)

# %% [markdown]
# ## All features at once
#
# The left column is the rank correlation of each feature with the target. The other columns show which features go
# together. The effects of two such features cannot be separated by looking at one feature at a time.

# %%
explore.corr_heatmap(train, TARGET);

# %% [markdown]
# ## How strong, how certain
#
# Rank correlations with 95 % intervals. The intervals are wider than usual, because songs of one artist are not
# independent. Among a dozen tests, one is often significant by chance, so the p-values are corrected for the number of
# tests (Holm).

# %%
table = explore.correlations(train, TARGET, group=GROUP)
explore.plot_correlations(table);

# %%
table

# %%
significant = table.index[table["p_holm"] < .05]
print(f"{len(significant)} of {len(table)} correlations are significant after correction: "
      f"{', '.join(significant) or 'none'}")

# %% [markdown]
# Rank correlations beside linear correlations. A large difference points to outliers or to a relation that is not a
# straight line.

# %%
linear = explore.correlations(train, TARGET, group=GROUP, method="pearson")
pd.DataFrame({"rank": table["r"], "linear": linear["r"]}).loc[table.index]

# %% [markdown]
# ## Within genres, or only between genres?
#
# If popular genres happen to be loud, loudness is correlated with popularity even if it does not matter within any
# genre. So each correlation is shown twice: over all songs, and within categories. Where the second one is close to
# zero, the first one is a difference between genres. The words beside the figure name each case:
#
# - *within too*: the correlation is also found within genres; *mostly between*: within genres it is less than half as
#   strong;
# - *only between*: it is not found within genres; *reversed*: within genres it has the other sign;
# - *hidden by the mix*: it is found only within genres, because differences between genres hide it;
# - *no clear relation*: neither of the two is significant; *cannot be told*: the intervals are too wide to decide.

# %% tags=["cover"]
if by:
    within = explore.correlations_within(train, TARGET, by, group=GROUP)
    explore.plot_within(within, by=explore.label(by))

# %%
if by:
    for reading, features in within.groupby("reading").groups.items():
        print(f"{reading}: {', '.join(features)}")

# %%
if "decade" in train and by != "decade":
    explore.plot_within(explore.correlations_within(train, TARGET, "decade", group=GROUP), by="decade")

# %% [markdown]
# ## Two groups, one test
#
# The mean popularity of louder songs minus that of quieter songs: the difference in points with its interval, and
# Hedges' g (.2 is small, .5 medium, .8 large). The same for the other features.

# %%
candidates = ("loudness", "danceability", "explicit", "has_feat")
explore.feature_ttests(train, candidates, TARGET, group=GROUP)

# %% [markdown]
# ## The claims of the report
#
# These claims were fixed before anyone looked at this table, so all tracks are used. The verdicts:
#
# - *holds*: the correlation has the claimed sign, significantly, and is at least .1;
# - *holds, but is negligible*: it has the claimed sign, significantly, but is below .1;
# - *does not hold*: if there is a correlation, it is below .1;
# - *cannot be told*: the interval is too wide to decide.
#
# `points` is the difference in mean popularity between the upper and the lower quarter of the songs by that feature.
# `within` is the same test within genres.

# %%
claims = explore.check_claims(tracks, target=TARGET, by=by, group=GROUP)
claims.T

# %%
path = write_table(claims, Path(OUT_DIR) / "claims.csv")
print("; ".join(f"{number} {verdict}" for verdict, number in claims["verdict"].value_counts().items()))
print(f"written: {path}")
