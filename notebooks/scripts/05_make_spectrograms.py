# %% [markdown]
# # Make spectrograms
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/owner/name/blob/main/notebooks/05_make_spectrograms.ipynb)
#
# Turns a folder of songs into spectrogram pictures sorted by genre and a table of audio features.
# It reads sound files and writes the pictures, `manifest.parquet`, `skipped.csv`, `features.parquet` and `tracks.parquet` into `OUT_DIR/model_output`,
# where the models find them. A minute of music takes about a tenth of a second for its picture and under a second for its features.

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
import json
from pathlib import Path

import pandas as pd
from IPython.display import display

import explore
from audio import write_spectrograms
from features import extract_features
from audio import plot_contact_sheet, read_image, restore_archive, save_archive
from prepare import load_Data, prepare_df
from prepare import write_table

# %% tags=["parameters"]
SOURCE: str = "sample_songs"  # "sample_songs", a folder of sound files, a table with a column of paths, or a known data set's name
SEGMENT_SECONDS: int = 10  # songs are cut into segments of this length; the report's is 60
WITH_CHROMA: bool = True  # write pictures of the pitch classes beside those of the mel bands
ARCHIVE: str = ""  # a zip file to take up again from and to keep the pictures in, on a mounted drive say; empty: none
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
pd.set_option("display.float_format", "{:.3f}".format)
pd.set_option("display.max_colwidth", 60)
pictures_dir = Path(OUT_DIR) / "model_output"
if ARCHIVE:
    restore_archive(ARCHIVE, pictures_dir)

# %% [markdown]
# ## The songs
#
# The default, `"sample_songs"`, is **synthetic**: songs made to order by a small synthesiser, eight genres that differ in beat, timbre and
# pitch. They sound like a toy and serve as one: whatever is measured on them has a known answer.

# %%
found = load_Data(SOURCE)
tracks = prepare_df(found)
print(f"{len(tracks):,} songs" + (f", {tracks['duration_ms'].sum() / 3.6e6:.2f} hours" if "duration_ms" in tracks else ""))
tracks["genre"].value_counts().to_frame("songs") if "genre" in tracks else "no genres are known"

# %% [markdown]
# ## Pictures
#
# One picture a segment, sorted by genre. A run that was stopped goes on where it was; what is there already is not made again.
# The folder can be on a mounted drive, but thousands of small files are slow there: work locally and set `ARCHIVE`.

# %%
manifest = write_spectrograms(tracks, pictures_dir, segment_seconds=SEGMENT_SECONDS,
                              kinds=("mel", "chroma") if WITH_CHROMA else ("mel",))
print(f"{len(manifest):,} pictures of {manifest['track_id'].nunique():,} songs in {pictures_dir}")
if ARCHIVE:
    print(f"kept in {save_archive(pictures_dir, ARCHIVE)}")
manifest.drop(columns="settings").head()

# %% [markdown]
# What was skipped, and why? One bad file never stops a run.

# %%
skipped = pd.DataFrame([*found.attrs.get("skipped", []), *manifest.attrs["skipped"]], columns=["path", "reason"])
print(f"{len(skipped)} of {len(skipped) + manifest['track_id'].nunique()} files skipped")
skipped

# %% [markdown]
# ## A contact sheet
#
# A row a genre, up to four songs each: low tones at the bottom, time to the right, 80 dB between black and white. Look for the drums
# (upright strokes), held tones (lines that lie) and how high the brightness reaches.

# %% tags=["cover"]
if manifest.empty:
    raise ValueError(f"no song of {SOURCE} could be used: the reasons stand above")
plot_contact_sheet(manifest, seconds=min(10, SEGMENT_SECONDS));

# %%
if WITH_CHROMA:
    plot_contact_sheet(manifest, kind="chroma", seconds=min(10, SEGMENT_SECONDS))

# %% [markdown]
# ## A picture is data
#
# The settings that made it stand in the file, and it reads back to decibels.

# %%
first = manifest[manifest["kind"] == "mel"].iloc[0]
decibels = read_image(first["path"])
print(f"{first['path']}: {decibels.shape[0]} bands x {decibels.shape[1]} frames, {decibels.min():.0f} to {decibels.max():.0f} dB")
json.loads(first["settings"])

# %% [markdown]
# ## Features
#
# The same songs as numbers: one row a song. Columns are named by rule: `mfcc_01_mean`, `chroma_03_var`, `tempo`, `loudness_lufs`. What stands
# in for one of Spotify's features says so: `danceability_proxy`.

# %%
features = extract_features(tracks, out=pictures_dir / "features.parquet")
write_table(tracks[tracks.columns.intersection(["song", "album", "year", "duration_ms"])], pictures_dir / "tracks.parquet")
print(f"{features.shape[0]:,} songs x {features.shape[1]} columns")
features.head()

# %% [markdown]
# Do they tell the genres apart? How bright the songs of each are (the box holds the middle half of them), and how fast (a dot is a song).

# %%
if features["genre"].notna().any():
    explore.catplot_viz(features, "genre", "spectral_centroid_mean", "box")

# %%
if features["genre"].notna().any():
    explore.catplot_viz(features, "genre", "tempo", "strip", alpha=.6)

# %% [markdown]
# What the table said of a song, where it said anything, beside what was heard in it.

# %%
if {"tempo", "key", "mode"} <= {*tracks.columns} and tracks["tempo"].notna().any():
    both = tracks[["tempo", "key", "mode"]].join(features[["tempo", "key", "mode"]].add_suffix("_loudness_weights"), how="inner")
    ratio = both["tempo_heard"] / both["tempo"].astype(float)
    display(pd.Series({"tempo within 4 %": (ratio.sub(1).abs() < .04).mean(),
                       "tempo within 4 %, or half or double": (ratio.map(lambda r: min(abs(r - s) / s for s in (.5, 1, 2))) < .04).mean(),
                       "key and mode the same": ((both["key"] == both["key_heard"]) & (both["mode"] == both["mode_heard"])).mean()},
                      name="share of songs").to_frame())

# %%
if ARCHIVE:
    print(f"kept in {save_archive(pictures_dir, ARCHIVE)}")
