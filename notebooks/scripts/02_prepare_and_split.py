# %% [markdown]
# # Prepare and split
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/owner/name/blob/main/notebooks/02_prepare_and_split.ipynb)
#
# Reads a table of songs from wherever it is and turns it into one clean table and three parts that no artist shares.
# It writes `tracks`, `train`, `validate` and `test` as Parquet files into `OUT_DIR/tracks`, where the next notebooks find them.
# It takes a few seconds for a thousand songs and half a minute for thirty thousand.

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

import explore
from prepare import first_genre, load_Data, prepare_df, report
from preprocessing import artist_overlap, create_features, default_target, encode_genres, scale_data, spotify_split, write_split

# %% tags=["parameters"]
SOURCE: str = "sample"  # "sample", a CSV / TSV / Parquet file, a folder of sound files, or a known data set's name
TARGET: str = ""  # the column to split by; empty: the genre where there is one, else popularity
GROUP: str = "artist"  # the column whose values stay on one side; empty: a random split
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
pd.set_option("display.max_columns", 40)
tracks_dir = Path(OUT_DIR) / "tracks"

# %% [markdown]
# ## The raw table
#
# `load_Data` recognises format, encoding and separator, and gives known columns one name whoever exported them. The default,
# `"sample"`, is **synthetic**: a table made to order, as untidy as a real export, in which popularity follows a known formula.

# %%
raw = load_Data(SOURCE)
print(f"{len(raw):,} rows, {raw.shape[1]} columns, from {SOURCE}")
raw.head()

# %% [markdown]
# What is missing? An empty set of genres or a tempo of 0 is a missing value too, though it does not look like one yet.

# %%
explore.plot_missing(raw);

# %% [markdown]
# ## The clean table
#
# Missing values, types, duplicates, index: in that order. Nothing is dropped silently, and a row is dropped only where it names
# no song or repeats one.

# %%
tracks = prepare_df(raw)

# %%
print(f"{len(raw):,} rows in, {len(tracks):,} tracks out")
report(tracks)

# %%
explore.plot_missing(tracks);

# %% [markdown]
# ## Features from the table
#
# Duration in minutes, whether a featured artist is named, release year and decade, the first genre of the cell.

# %%
tracks = create_features(tracks)
made = ["duration_minutes", "has_feat", "release_year", "decade", "first_genre"]
tracks[[column for column in ("song", *made) if column in tracks]].head()

# %% [markdown]
# ## Several genres in one cell
#
# A song may be of several genres. Both views are on offer: the first genre of each cell, as the report takes it, and a matrix
# with a column for each genre.

# %%
if "genre" in tracks and tracks["genre"].notna().any():
    cells = tracks["genre"].dropna()
    matrix, encoder = encode_genres(cells)
    views = pd.DataFrame({"named first": first_genre(cells).value_counts()}).reindex(encoder.classes_).fillna(0).astype(int)
    if matrix.ndim == 2:
        views["named at all"] = matrix.sum(axis=0)
        print(f"{(matrix.sum(axis=1) > 1).mean():.0%} of {len(cells):,} songs are of several genres")
    display(views.sort_values("named first", ascending=False))

# %% [markdown]
# ## Three parts that share no artist
#
# Songs of one artist sound alike. With an artist on both sides of a split, a model can score by knowing artists instead of music.
# So whole artists are dealt out, in such a way that each side still has the classes in the shares of the whole table.

# %%
target = TARGET or default_target(tracks)
group = None if not GROUP or GROUP == "artist" and "artist" not in tracks else GROUP
known = tracks.dropna(subset=[target]) if target in tracks else tracks
print(f"split by {target}, {group or 'nothing'} kept together; {len(tracks) - len(known):,} tracks without {target} are left out")
X_train, y_train, X_validate, y_validate, X_test, y_test, train, validate, test = spotify_split(known, target, group=group)

# %%
explore.plot_split({"train": train, "validate": validate, "test": test}, target);

# %% [markdown]
# What would the usual random split of songs have given away? Below: how many test songs have their artist in train, and how
# far one comes by looking up that artist's most frequent genre, without a note of music.

# %% tags=["cover"]
if group and "first_genre" in tracks and train["first_genre"].notna().any() and tracks[group].notna().any():
    random = spotify_split(known, target, group=None)
    overlaps = {"artists kept together": artist_overlap(train, test, "first_genre"),
                "random split of songs": artist_overlap(random[6], random[8], "first_genre")}
    display(pd.DataFrame(overlaps).round(3))
    explore.plot_overlap(overlaps)

# %% [markdown]
# ## Scaled columns
#
# A scaler learns from train alone: the validation and test parts may stick out of 0-1, and that is as it should be.

# %%
scaled = dict(zip(["train", "validate", "test"], scale_data(train, validate, test, target, scaler="MinMax")))
pd.concat({side: part.agg(["min", "max"]).T for side, part in scaled.items()}, axis=1).round(2)

# %% [markdown]
# ## Written for the next notebooks

# %%
for path in write_split(tracks_dir, tracks, train, validate, test):
    print(f"{path}  ({path.stat().st_size / 1024:,.0f} KiB)")
