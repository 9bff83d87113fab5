# %% [markdown]
# # Explore popularity
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/03_explore_popularity.ipynb
#
# Reads what notebook 02 wrote, or any table of songs, and shows what goes with popularity.
# It writes `claims.csv`, a test of each claim of the report, to `OUT_DIR`.
# It takes less than a minute for thirty thousand songs.

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

import explore
from prepare import write_table
from preprocessing import tracks_and_train

# %% tags=["parameters"]
SOURCE: str = ""  # empty: what notebook 02 wrote, else the sample; or anything that notebook 02 can read
TARGET: str = "popularity"  # the number to explain
GROUP: str = "artist"  # songs with the same value in this column are not treated as independent
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
from prepare import check_parameters; check_parameters()

# %%
pd.set_option("display.max_columns", 40)
pd.set_option("display.max_colwidth", 100)
tracks, train = tracks_and_train(Path(OUT_DIR) / "tracks", SOURCE, group=GROUP or None, target=TARGET)
target = TARGET if TARGET in train and train[TARGET].nunique() > 1 else ""
by = next((column for column in ("first_genre", "decade") if column in train and train[column].nunique() > 1), None)

# %% [markdown]
# ## The songs
#
# We explore the training set only. The other songs stay unseen, so that they can confirm what we find here. If the
# line below names the sample, the table is **synthetic**: its popularity was made by a formula (see
# `synth.sample_table.make_table`), so the ground truth is known.

# %% tags=["finding"]
sources = ", ".join(tracks["source"].astype(str).unique()[:3])
print(f"{len(tracks):,} tracks from {sources}; {len(train):,} of them explored")
if target:
    print(explore.distribution_in_words(train, target))
    explore.plot_distribution(train, target)
else:
    print(f"The table has no column {TARGET!r} with different values, so nothing is explained below. What follows is "
          "what the songs sound like, by group, and which features go together.")

# %% [markdown]
# Is there a cluster of songs at the lowest popularity, that is not about the songs? Then the correlations are shown
# with and without it.

# %%
cluster = explore.zero_cluster(train, target)
if cluster.any():
    print(explore.zero_cluster_in_words(train, target))
    without = explore.without_zero_cluster(train, target, group=GROUP)
    print(explore.change_in_words(without))
    display(explore.readable(without))
else:
    print("There is no such cluster.")

# %% [markdown]
# The median of each feature, over all songs and in the largest groups.

# %%
explore.readable(explore.describe_features(train, by))

# %% [markdown]
# ## Loudness and danceability
#
# Are louder songs more popular? The figure shows all songs, the running median, and the band with the middle half of
# the songs. If loudness mattered much, the median would rise through the band.

# %%
if target and "loudness" in train:
    print(explore.running_in_words(train, "loudness", target))
    explore.param_viz(train, "loudness", target)

# %% [markdown]
# The same for danceability.

# %%
if target and "danceability" in train:
    print(explore.running_in_words(train, "danceability", target))
    explore.param_viz(train, "danceability", target)

# %% [markdown]
# ## Genres and decades
#
# Each box holds the middle half of the songs of one group. Where the boxes overlap almost completely, the group tells
# us little about the popularity of one song.

# %%
if target and by:
    print(explore.boxes_in_words(train, by, target))
    explore.catplot_viz(train, by, target, "box")

# %%
if target and "decade" in train and by != "decade":
    print(explore.boxes_in_words(train, "decade", target))
    explore.catplot_viz(train, "decade", target, "box")

# %% [markdown]
# The mean of each group, with a 95% interval. Songs of one artist are not independent, and the intervals take this
# into account.

# %%
if target and by:
    means = explore.compare_groups(train, target, by, group=GROUP)
    print(explore.groups_in_words(means, target))
    explore.plot_groups(means, target)

# %% [markdown]
# How much of the variance does each grouping explain? Omega squared of .01 is small, .06 medium, .14 large. The key is
# here because it is a category: C follows B, so no key is larger than another, and a correlation with it would have no
# meaning.

# %% tags=["finding"]
if target:
    effects = explore.group_effects(train, target)
    print(explore.effects_in_words(effects, target))
    display(explore.readable(effects))

# %% [markdown]
# ## All features at once
#
# The left column is the rank correlation of each feature with the target. The other columns show which features go
# together. The effects of two such features cannot be separated by looking at one feature at a time.

# %%
print(explore.pairs_in_words(train, target))
features = list(explore.describe_features(train).index)
if len(features) > 1:
    explore.corr_heatmap(train, target or features)

# %% [markdown]
# ## How strong, how certain
#
# Rank correlations with 95% intervals. The intervals are wider than usual, because songs of one artist are not
# independent. Among a dozen tests, one is often significant by chance, so the p-values are corrected for the number of
# tests (Holm).

# %% tags=["finding"]
if target:
    table = explore.correlations(train, target, group=GROUP)
    print(explore.correlations_in_words(table, target))
    explore.plot_correlations(table)

# %% [markdown]
# The same as numbers, beside the linear correlations. A large difference between the two points to outliers or to a
# relation that is not a straight line.

# %%
if target:
    linear = explore.correlations(train, target, group=GROUP, method="pearson")
    display(explore.readable(table.assign(linear=linear["r"])))

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

# %% tags=["cover", "finding"]
if target and by:
    within = explore.correlations_within(train, target, by, group=GROUP)
    print(explore.within_in_words(within))
    explore.plot_within(within, by=explore.label(by))

# %%
if target and "decade" in train and by != "decade":
    within_decades = explore.correlations_within(train, target, "decade", group=GROUP)
    print(explore.within_in_words(within_decades))
    explore.plot_within(within_decades, by="decade")

# %% [markdown]
# ## Two groups, one test
#
# The mean popularity of louder songs minus that of quieter songs: the difference in points with its interval, and
# Hedges' g (.2 is small, .5 medium, .8 large). The same for the other features.

# %%
if target:
    tests = explore.feature_ttests(train, ["loudness", "danceability", "explicit", "has_feat"], target, group=GROUP)
    display(explore.readable(tests))

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
explore.readable(claims).T

# %% tags=["finding"]
verdicts = claims["verdict"].value_counts()
print("The claims: " + "; ".join(f"{verdict}: {number}" for verdict, number in verdicts.items()))

# %%
print(f"written: {write_table(claims, Path(OUT_DIR) / 'claims.csv')}")
