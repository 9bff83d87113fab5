# %% [markdown]
# # Prepare and split
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/02_prepare_and_split.ipynb
#
# Reads a table of songs and makes one clean table and three sets (train, validation, test) that share no artist.
# It writes the Parquet files `tracks`, `train`, `validate` and `test` to `OUT_DIR/tracks` for the next notebooks.
# It takes a few seconds for a thousand songs and half a minute for thirty thousand.

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
from prepare import first_genre, load_Data, prepare_df, report
from preprocessing import (artist_overlap, create_features, encode_genres, scale_data, split_tracks, spotify_split,
                           write_split)

# %% tags=["parameters"]
SOURCE: str = "sample"  # "sample", a CSV / TSV / Parquet file, a folder of sound files, or the name of a known data set
TARGET: str = ""  # the column to split by; empty: the genre if the table has one, else popularity
GROUP: str = "artist"  # songs with the same value in this column stay in one set; empty: a random split
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
from prepare import check_parameters; check_parameters()

# %%
pd.set_option("display.max_columns", 40)
tracks_dir = Path(OUT_DIR) / "tracks"

# %% [markdown]
# ## The raw table
#
# `load_Data` recognises format, encoding and separator, and gives known columns the same names whoever exported them.
# The default, `"sample"`, is a **synthetic** table. It is as untidy as a real export, and its popularity follows a
# known formula.

# %%
raw = load_Data(SOURCE)
print(f"{len(raw):,} rows, {raw.shape[1]} columns, from {SOURCE}")
raw.head()

# %% [markdown]
# Which columns have missing values? An empty list of genres and a tempo of 0 are missing values too, but they are not
# counted yet.

# %%
print(explore.missing_sentence(raw))

# %%
explore.plot_missing(raw);

# %% [markdown]
# ## The clean table
#
# `prepare_df` handles missing values, types, duplicates and the index, in that order. It drops a row only if the row
# names no song or repeats one, and it prints how many rows each step changed.

# %%
tracks = prepare_df(raw)

# %% tags=["finding"]
print(f"{len(raw):,} rows in, {len(tracks):,} tracks out")

# %%
report(tracks)

# %% [markdown]
# Compare with the first figure: values that only looked complete are now counted as missing.

# %% tags=["finding"]
print(explore.missing_sentence(tracks))

# %%
explore.plot_missing(tracks);

# %% [markdown]
# ## Features from the table
#
# `create_features` adds the duration in minutes, whether a featured artist is named, the release year and decade, and
# the first genre.

# %%
tracks = create_features(tracks)
features = ["duration_minutes", "has_feat", "release_year", "decade", "first_genre"]
tracks[[column for column in ("song", *features) if column in tracks]].head()

# %% [markdown]
# ## Several genres in one cell
#
# A song may have several genres. There are two ways to count them: only the first genre of each cell, as in the
# report, or all genres of the cell (a multi-hot matrix with one column per genre).

# %%
if "genre" in tracks and tracks["genre"].notna().any():
    genres = tracks["genre"].dropna()
    matrix, encoder = encode_genres(genres)
    counts = pd.DataFrame({"first genre": first_genre(genres).value_counts()})
    counts = counts.reindex(encoder.classes_).fillna(0).astype(int)
    if matrix.ndim == 2:
        counts["any genre"] = matrix.sum(axis=0)
        print(f"{(matrix.sum(axis=1) > 1).mean():.0%} of {len(genres):,} songs have several genres")
    display(counts.sort_values("first genre", ascending=False))
else:
    print("no genres are known")

# %% [markdown]
# ## Three sets that share no artist
#
# Songs of one artist sound alike. If an artist is in both the training set and the test set, a model can score well
# because it knows the artist, not the music. So all songs of an artist go to the same set (or all songs with the same
# `GROUP`), and each set has about the same share of each class as the whole table. A song by several artists counts for
# each of them. Where collaborations link most artists, artists of one song may be in two sets; then the song is in none
# of the three, and the number of these songs is printed.

# %%
split = split_tracks(tracks, TARGET, group=GROUP or None)
train, validate, test, target, group = split.train, split.validate, split.test, split.target, split.group

# %% tags=["finding"]
print(split)

# %% [markdown]
# Are the classes equally frequent in the three sets? Then the three bars of each class have about the same length.

# %%
sides = {"train": train, "validate": validate, "test": test}
print("no figure: there are no three sets" if split.obstacle else explore.split_sentence(sides, target))

# %%
if not split.obstacle:
    explore.plot_split(sides, target)

# %% [markdown]
# ## What a random split would hide
#
# For how many test songs is the artist also in the training set? And how accurate is it to answer with that artist's
# most frequent genre, without any music? Compare this split with a random split of songs, and both with the majority
# baseline.

# %%
overlaps = {}
if not split.obstacle and group and "first_genre" in tracks and train["first_genre"].notna().any():
    random = spotify_split(tracks.dropna(subset=[target]), target, group=None)
    overlaps = {f"no {group} in two sets": artist_overlap(train, test, "first_genre", group=group),
                "random split of songs": artist_overlap(random[6], random[8], "first_genre", group=group)}

# %% tags=["finding"]
for name, overlap in overlaps.items():
    print(f"{name}: {overlap['shared']:.0%} of the test songs have their {group} in the training set; "
          f"without music, {overlap['lookup']:.0%} are right (majority baseline {overlap['baseline']:.0%})")
if not overlaps:
    print("no comparison: it needs three sets, genres and artists")

# %% tags=["cover"]
if overlaps:
    explore.plot_overlap(overlaps, group=group)

# %% [markdown]
# ## Scaled columns
#
# The scaler is fitted on the training set only. So the other two sets may have values below 0 or above 1; that is
# correct.

# %%
scaled = dict(zip(["train", "validate", "test"], scale_data(train, validate, test, target, scaler="MinMax")))
pd.concat({name: side.agg(["min", "max"]).T for name, side in scaled.items() if len(side)}, axis=1).round(2)

# %% [markdown]
# ## Files for the next notebooks

# %%
for path in write_split(tracks_dir, tracks, train, validate, test):
    print(f"{path}  ({path.stat().st_size / 1024:,.0f} KiB)")
