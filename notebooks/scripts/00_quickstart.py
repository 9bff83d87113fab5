# %% [markdown]
# # Quickstart: what is a song made of?
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/owner/name/blob/main/notebooks/00_quickstart.ipynb)
#
# Takes one song and draws its card: which genres it draws on and how strongly, how that changes from minute to minute, what its beat, its
# timbre and its harmony each owe to whom, where it lies on a map of genres, and how sure the program is. It reads a sound file (or makes a
# song to order), writes the card into `OUT_DIR`, and takes less than a minute.

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
import soundfile
from IPython.display import Audio

from synth.songs import blend
from audio import load_audio
from influences import song_card
from starter_models import model_card, load_starter

# %% tags=["parameters"]
SONG: str = ""  # a sound file (mp3, wav, flac, ogg); empty: a blend of hip hop and metal made to order (on Colab: an upload button)
MODEL: str = ""  # sample, gtzan, or a folder with a model of your own; empty: sample for the song made to order, gtzan for yours
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
song, out = SONG, Path(OUT_DIR)
out.mkdir(parents=True, exist_ok=True)
if not song and "google.colab" in sys.modules:
    from google.colab import files
    song = next(iter(files.upload()), "")  # cancel it for the song made to order
model = MODEL or ("gtzan" if song else "sample")
if not song:
    made = blend("hip hop", "metal", [(0, .1), (20, .2), (40, .9), (60, .9)], seconds=60, seed=4, artist=7)
    song = out / "hip hop that turns to metal, made to order.flac"
    soundfile.write(song, made.y, made.sr)
starter = load_starter(model)
print(f"{Path(song).name}, heard by the model '{model}'")

# %% [markdown]
# ## The song
#
# The first half minute. If the line above says *made to order*, the song is **synthetic**: it begins as nine parts hip hop and ends as nine
# parts metal, so it is known what should be found.

# %%
y, sr = load_audio(song, seconds=30, sr=16_000)
Audio(y, rate=sr)

# %% [markdown]
# ## Its card
#
# Read it from the top: the label and how sure it is; the shares of the whole song with their intervals; beat, timbre and pitch, each judged
# by what tells of it alone; the map, with the song as a star; the ribbon over time; and where in the sharpest piece of its spectrogram each
# genre was found (what glows speaks for it; the number says how much of the share is left without what glows, and without as much taken
# anywhere).

# %% tags=["cover"]
figure = song_card(starter.classifier, song, aspects=starter.aspects, genre_map=starter.genre_map)

# %% [markdown]
# The same as numbers: each share with its 95 % interval over the song's windows.

# %%
pd.set_option("display.float_format", "{:.2f}".format)
print(figure.said["label"])
figure.said["summary"].head(6)

# %% [markdown]
# ## How far to trust it
#
# How the model did on songs that it never saw, each score beside its interval and what guessing would reach. Shares are calibrated on the
# model's own kind of music; of other music it can only say what it resembles.

# %%
scores = model_card(starter)
print(*(f"{name}: {text}" for name, text in scores.attrs.items()), sep="\n")
scores.head(5)

# %%
figure.savefig(out / "song_card.png", dpi=130)
print(f"kept: {out / 'song_card.png'}")
