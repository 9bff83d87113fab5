# %% [markdown]
# # Explore popularity
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/owner/name/blob/main/notebooks/03_explore_popularity.ipynb)
#
# Asks what goes with the popularity of songs, how strongly, how surely, and whether it is so within genres or only between them.
# It reads what notebook 02 wrote (or any table of songs with a popularity) and writes `claims.csv`, the report's claims put to the
# test, into `OUT_DIR`. It takes less than a minute for thirty thousand songs.

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

import explore
from preprocessing import tracks_and_train
from prepare import write_table

# %% tags=["parameters"]
SOURCE: str = ""  # empty: what notebook 02 wrote, else the sample; or whatever notebook 02 can read
TARGET: str = "popularity"  # the number to explain
GROUP: str = "artist"  # songs of the same one are not taken as independent
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
pd.set_option("display.max_columns", 40)
pd.set_option("display.float_format", "{:.3f}".format)
tracks, train = tracks_and_train(Path(OUT_DIR) / "tracks", SOURCE, group=GROUP or None)
by = next((column for column in ("first_genre", "decade") if column in train and train[column].nunique() > 1), None)

# %% [markdown]
# ## The songs
#
# What is explored is the train part: the rest stays closed, so that what is found here can still be confirmed on songs that nobody
# looked at. If the line below names the sample, the table is **synthetic**: popularity was made by a formula (see
# `sample_songs.make_table`), and it is known what should be found.

# %%
print(f"{len(tracks):,} tracks from {', '.join(tracks['source'].astype(str).unique()[:3])}; {len(train):,} of them explored")
explore.plot_distribution(train, TARGET);

# %% [markdown]
# ## Louder? More danceable?
#
# Each picture shows all songs, the running median, and the band that holds the middle half. If the feature mattered much, the
# median would climb through the band.

# %%
if "loudness" in train:
    explore.param_viz(train, "loudness", TARGET)

# %%
if "danceability" in train:
    explore.param_viz(train, "danceability", TARGET)

# %% [markdown]
# ## Genres and decades
#
# Boxes hold the middle half of each group's songs; where they overlap almost wholly, the group tells little about a song.

# %%
if by:
    explore.catplot_viz(train, by, TARGET, "box")

# %%
if "decade" in train and by != "decade":
    explore.catplot_viz(train, "decade", TARGET, "box")

# %% [markdown]
# The means, with intervals that allow for an artist having several songs, and how much of the variance each grouping accounts for
# (omega squared: .01 is small, .06 medium, .14 large).

# %%
if by:
    explore.plot_groups(explore.compare_groups(train, TARGET, by, group=GROUP), TARGET)

# %%
explore.group_effects(train, TARGET)

# %% [markdown]
# ## Every feature at once
#
# The left column is each feature's rank correlation with the target; the rest shows which features go together, and so cannot be told
# apart by looking at one at a time.

# %%
explore.corr_heatmap(train, TARGET);

# %% [markdown]
# ## How strongly, how surely
#
# Rank correlations with 95 % intervals. Songs of one artist are not independent, so the intervals are wider than the usual ones;
# with a dozen tests one will look clear by chance, so the p-values are corrected for their number (Holm).

# %%
table = explore.correlations(train, TARGET, group=GROUP)
explore.plot_correlations(table);

# %%
table

# %% [markdown]
# The same as linear correlations: where they differ much from those of the ranks, outliers or a bent relation are at work.

# %%
pd.DataFrame({"rank": table["r"], "linear": explore.correlations(train, TARGET, group=GROUP, method="pearson")["r"]}).loc[table.index]

# %% [markdown]
# ## Within genres, or only between them?
#
# If popular genres happen to be loud, loudness goes with popularity even though within each genre it means nothing. Each
# correlation is shown twice: over all songs, and within categories. Where the second falls to zero, it was about genres, not about songs.

# %% tags=["cover"]
if by:
    explore.plot_within(explore.correlations_within(train, TARGET, by, group=GROUP), by=explore.label(by))

# %%
if "decade" in train and by != "decade":
    explore.plot_within(explore.correlations_within(train, TARGET, "decade", group=GROUP), by="decade")

# %% [markdown]
# ## Two groups, one test
#
# The mean popularity of louder against quieter songs: the difference in points with its interval, and Hedges' g (.2 is small, .5
# medium, .8 large).

# %%
tested = [feature for feature in ("loudness", "danceability", "explicit", "has_feat") if feature in train and train[feature].nunique() > 1]
pd.DataFrame({feature: explore.feature_ttest(train, feature, TARGET, group=GROUP) for feature in tested})

# %% [markdown]
# ## The report's claims, tested
#
# These claims were fixed before anyone looked at this table, so all of its tracks may speak. *Holds*: surely of that sign, and the
# correlation reaches .1. *Holds, but is negligible*: surely of that sign, yet below .1. *Does not hold*: if there is anything, it is
# less than .1. *Cannot be told*: the interval is too wide. `points` is the difference in mean popularity between the upper and the
# lower quarter of songs by that feature; `within` is the same question asked inside genres.

# %%
claims = explore.check_claims(tracks, target=TARGET, by=by, group=GROUP)
write_table(claims, Path(OUT_DIR) / "claims.csv")
claims.T
