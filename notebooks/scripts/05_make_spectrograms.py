# %% [markdown]
# # Make spectrograms
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/05_make_spectrograms.ipynb
#
# Reads a folder of songs and makes spectrogram images, sorted by genre, and tables of audio features and embeddings.
# It writes images and tables (`manifest`, `features`, `embeddings`, `tracks`, `skipped`) to `OUT_DIR/model_output`.
# Each minute of music takes about 0.1 s for its image, less than 1 s for its features, and 1 s for its embedding.

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
import json
from pathlib import Path

import pandas as pd
from IPython.display import display

import explore
from audio import plot_contact_sheet, read_image, restore_archive, save_archive, write_spectrograms
from features import extract_embeddings, extract_features
from models import ModelError
from prepare import load_Data, prepare_df, write_table

# %% tags=["parameters"]
SOURCE: str = "sample_songs"  # "sample_songs", a folder of sound files, a table with paths, or a known data set's name
SEGMENT_SECONDS: int = 10  # songs are cut into segments of this length; the report's length is 60
WITH_CHROMA: bool = True  # also write chroma images (pitch classes) beside the mel images
ARCHIVE: str = ""  # a zip file, such as on a mounted drive, to restore the images from and to save them to; empty: none
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
from prepare import check_parameters; check_parameters()

# %%
pd.set_option("display.float_format", "{:.3f}".format)
pd.set_option("display.max_colwidth", 60)
images_dir = Path(OUT_DIR) / "model_output"
if ARCHIVE:
    restore_archive(ARCHIVE, images_dir)

# %% [markdown]
# ## The songs
#
# The default, `"sample_songs"`, is **synthetic**: a small synthesiser makes songs of eight genres that differ in beat,
# timbre and pitch. They do not sound like real music, but their ground truth is known.

# %%
raw = load_Data(SOURCE)
tracks = prepare_df(raw)
hours = f", {tracks['duration_ms'].sum() / 3.6e6:.2f} hours" if "duration_ms" in tracks else ""
print(f"{len(tracks):,} songs{hours}")
tracks["genre"].value_counts().to_frame("songs") if "genre" in tracks else "no genres are known"

# %% [markdown]
# ## Images
#
# One image per segment, sorted by genre. An interrupted run continues where it stopped, and existing images are not
# made again. The folder can be on a mounted drive, but thousands of small files are slow there: use a local folder and
# set `ARCHIVE`.

# %%
kinds = ("mel", "chroma") if WITH_CHROMA else ("mel",)
manifest = write_spectrograms(tracks, images_dir, segment_seconds=SEGMENT_SECONDS, kinds=kinds)
print(f"{len(manifest):,} images of {manifest['track_id'].nunique():,} songs in {images_dir}")
if ARCHIVE:
    print(f"saved to {save_archive(images_dir, ARCHIVE)}")
manifest.drop(columns="settings").head()

# %% [markdown]
# Which files were skipped, and why? One bad file never stops a run.

# %% tags=["finding"]
skipped = pd.DataFrame([*raw.attrs.get("skipped", []), *manifest.attrs["skipped"]], columns=["path", "reason"])
print(f"{len(skipped)} of {len(skipped) + manifest['track_id'].nunique()} files skipped")

# %%
skipped

# %% [markdown]
# ## A contact sheet
#
# Each row is a genre, with up to four songs. Frequency goes up, time goes to the right, and there are 80 dB between
# black and white. Look for drum hits (vertical lines), held notes (horizontal lines), and how high the bright area
# reaches.

# %% tags=["cover"]
usable = len(manifest) > 0
if usable:
    plot_contact_sheet(manifest, seconds=min(10, SEGMENT_SECONDS))
else:
    print(f"no song of {SOURCE} could be used: the table above gives the reasons")

# %% [markdown]
# The same songs as chroma images: each row is one of the twelve pitch classes, from C to B, whatever the octave. Look
# for rows that stay bright (the notes of the key) and for columns that change together (the chords).

# %%
if usable and WITH_CHROMA:
    plot_contact_sheet(manifest, kind="chroma", seconds=min(10, SEGMENT_SECONDS))

# %% [markdown]
# ## An image is data
#
# The file contains the settings that made the image, and the image can be converted back to decibels.

# %%
if usable:
    first = manifest[manifest["kind"] == "mel"].iloc[0]
    decibels = read_image(first["path"])
    bands, frames = decibels.shape
    print(f"{first['path']}: {bands} bands x {frames} frames, {decibels.min():.0f} to {decibels.max():.0f} dB")

# %%
if usable:
    display(json.loads(first["settings"]))

# %% [markdown]
# ## Features
#
# The same songs as numbers, one row per song. The names of the columns follow a rule: `mfcc_01_mean`, `chroma_03_var`,
# `tempo`, `loudness_lufs`.

# %%
features = extract_features(tracks, out=images_dir / "features.parquet")
print(f"{features.shape[0]:,} songs x {features.shape[1]} columns")
features.head()

# %% [markdown]
# ## Embeddings
#
# What the pre-trained network musicnn hears in each song: the probabilities of 100 tags, and two embeddings of 200
# numbers each. Models and similarity use them. The network (29 MB) is downloaded once.

# %%
try:
    embeddings = extract_embeddings(tracks, out=images_dir / "embeddings.parquet")
    columns = ["genre", "tag: rock", "tag: electronic", "tag: guitar (MTT)", "embedding_001"]
    display(embeddings[embeddings.columns.intersection(columns)].head())
except ModelError as error:
    print(error)

# %%
columns = tracks.columns.intersection(["song", "album", "year", "duration_ms", "source"])
print(f"written: {write_table(tracks[columns], images_dir / 'tracks.parquet')}")

# %% [markdown]
# Do the features separate the genres? First brightness: each box holds the middle half of the songs of a genre.

# %% tags=["finding"]
genres_known = usable and features["genre"].notna().any()
print(explore.group_sentence(features, "genre", "spectral_centroid_mean") if genres_known else "no genres are known")

# %%
if genres_known:
    explore.catplot_viz(features, "genre", "spectral_centroid_mean", "box")

# %% [markdown]
# Then tempo: each dot is a song.

# %% tags=["finding"]
if genres_known:
    print(explore.group_sentence(features, "genre", "tempo"))

# %%
if genres_known:
    explore.catplot_viz(features, "genre", "tempo", "strip", alpha=.6)

# %% [markdown]
# If the table has tempo, key and mode: how often do the values estimated from the sound agree with them? An estimated
# tempo is often half or double the true one.

# %%
known = ["tempo", "key", "mode"]
if usable and {*known} <= {*tracks.columns} and tracks["tempo"].notna().any():
    both = tracks[known].join(features[known].add_suffix("_estimated"), how="inner")
    ratio = both["tempo_estimated"] / both["tempo"].astype(float)
    octave_error = ratio.map(lambda value: min(abs(value - factor) / factor for factor in (.5, 1, 2)))
    same_key = (both["key"] == both["key_estimated"]) & (both["mode"] == both["mode_estimated"])
    display(pd.Series({"tempo within 4%": (ratio.sub(1).abs() < .04).mean(),
                       "tempo within 4%, or half or double": (octave_error < .04).mean(),
                       "same key and mode": same_key.mean()}, name="share of songs").to_frame())
else:
    print("nothing to compare: the table has no tempo, key and mode")

# %%
if ARCHIVE:
    print(f"saved to {save_archive(images_dir, ARCHIVE)}")
