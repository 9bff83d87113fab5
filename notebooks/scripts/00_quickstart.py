# %% [markdown]
# # Quickstart: which genres does a song resemble?
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/00_quickstart.ipynb
#
# Reads one song and describes it on one page: key, tempo, genres over time, tags, beat, timbre and pitch.
# It writes that page, with a player, to `OUT_DIR/songs`, and the same as data (JSON) and as a card for print (PNG).
# It takes less than a minute; without a song of yours it makes a synthetic one first. A network for the tags (29 MB) is
# downloaded once.

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
import soundfile

from audio import find_sound_file, upload_song
from influences import plot_taggram, song_card, taggram
from models import ModelError
from recommend import own_collection
from starter_models import load_starter, model_card
from synth.songs import blend

# %% tags=["parameters"]
SONG: str = ""  # a sound file (mp3, wav, flac, ogg); empty: an upload button, and a synthetic song until you use it
COLLECTION: str = ""  # a folder of songs to compare it with; empty: the songs that notebook 05 has described, if any
MODEL: str = ""  # sample, music, or a folder with your own model; empty: sample for the synthetic song, music for yours
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
from prepare import check_parameters; check_parameters()

# %% [markdown]
# ## The song
#
# Name it in `SONG` above, or upload it here. Without either, the program makes a synthetic song whose ground truth is
# known: it begins with 90% hip hop and ends with 90% metal.

# %%
out = Path(OUT_DIR) / "songs"
song = find_sound_file(SONG, here, root) if SONG else upload_song(out / "uploads")
synthetic = song is None

# %%
if synthetic:
    shares_of_metal = [(0, .1), (20, .2), (40, .9), (60, .9)]  # (seconds, share)
    made = blend("hip hop", "metal", shares_of_metal, seconds=60, seed=4, artist=7)
    song = out / "synthetic hip hop that becomes metal.flac"
    out.mkdir(parents=True, exist_ok=True)
    soundfile.write(song, made.y, made.sr)
model = MODEL or ("sample" if synthetic else "music")
print(f"{Path(song).name}, analysed by the model '{model}'")

# %%
starter = load_starter(model)
songs = None if synthetic else own_collection(OUT_DIR, COLLECTION)
card = song_card(starter.classifier, song, aspects=starter.aspects, genre_map=starter.genre_map, songs=songs,
                 out=out)

# %% [markdown]
# ## What it sounds like

# %% tags=["finding"]
print(f"{card.description['title']}: {card.description['label']}")
print(*card.description["sentences"], sep="\n")

# %% [markdown]
# ## Its page
#
# Play the song and follow the cursor; click into the timeline to jump. The page is also a file that works without a
# network: its name is printed at the end.

# %%
card

# %% [markdown]
# ## Its tags over time
#
# A pre-trained network, musicnn (Pons and Serra 2019), knows 100 tags of genre, mood, era, voice and instruments. The
# colours are percentiles among reference songs, in windows of three seconds (six in a song longer than a minute).
# Columns that change together are places where the song changes. The network never heard synthetic songs like the
# sample's.

# %%
try:
    plot_taggram(taggram(card.recording))
except ModelError as error:
    print(error)

# %% [markdown]
# ## The card for print

# %% tags=["cover"]
card.figure

# %% [markdown]
# ## The model's scores
#
# Scores on songs that it was not trained on, with 95% intervals. The shares are calibrated on music like the training
# songs; for other music they only tell which training genres it resembles.

# %%
pd.set_option("display.float_format", "{:.2f}".format)
scores = model_card(starter)
scores[~scores.index.str.startswith("roc_auc: ")]

# %%
print("written:", *card.files, sep="\n")
