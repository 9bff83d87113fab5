# %% [markdown]
# # Quickstart: which genres does a song resemble?
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/00_quickstart.ipynb
#
# Reads one song and shows on one page which genres it resembles, over time and by beat, timbre and pitch.
# It writes that page, the song card, to `OUT_DIR/song_card.png`.
# It takes less than a minute; without a song of yours it makes a synthetic one first. A network for the tags (29 MB) is
# downloaded once.

# %%
# The project's folder: this one, one above, or (on Colab) a clone; what is missing is installed or fetched.
import os, pathlib, re, subprocess, sys; from importlib.metadata import distributions
REPO = "owner/name"; here = pathlib.Path.cwd()
root = next((folder for folder in [here, *here.parents] if (folder / "prepare.py").exists()), here / REPO.split("/")[1])
if not root.exists():
    if REPO == "owner/name": sys.exit(f"{here} is outside the project's folder: open the notebook there, or set REPO to its address on GitHub.")
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
from IPython.display import Audio, display

from audio import load_audio
from influences import Recording, passages, plot_taggram, song_card, song_tags, tag_sentence, taggram
from models import ModelError
from starter_models import load_starter, model_card
from synth.songs import blend

# %% tags=["parameters"]
SONG: str = ""  # a sound file (mp3, wav, flac, ogg); empty: a synthetic song (on Colab: an upload button)
MODEL: str = ""  # sample, music, or a folder with your own model; empty: sample for the synthetic song, music for yours
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
from prepare import check_parameters; check_parameters()

# %%
song = SONG
out = Path(OUT_DIR)
out.mkdir(parents=True, exist_ok=True)
if not song and "google.colab" in sys.modules:
    from google.colab import files
    song = next(iter(files.upload()), "")  # cancel the upload to use the synthetic song
model = MODEL or ("music" if song else "sample")
if not song:
    shares_of_metal = [(0, .1), (20, .2), (40, .9), (60, .9)]  # (seconds, share)
    synthetic = blend("hip hop", "metal", shares_of_metal, seconds=60, seed=4, artist=7)
    song = out / "synthetic hip hop that becomes metal.flac"
    soundfile.write(song, synthetic.y, synthetic.sr)
starter = load_starter(model)
recording = Recording(song)
print(f"{Path(song).name}, analysed by the model '{model}'")

# %% [markdown]
# ## The song
#
# Listen to the first 30 seconds. If the line above says *synthetic*, the program made the song, so the ground truth is
# known: it begins with 90 % hip hop and ends with 90 % metal.

# %%
y, sr = load_audio(song, seconds=30, sr=16_000)
Audio(y, rate=sr)

# %% [markdown]
# ## Its card
#
# Read it from top to bottom:
#
# - the label, and how certain it is;
# - the share of each genre in the whole song, with its interval;
# - the genres of beat, timbre and pitch, each predicted from its own features only;
# - the map of genres, with the song as a star;
# - the shares over time;
# - saliency maps of the window in which each genre is clearest: bright areas support the genre. The numbers are the
#   part of the share that is left when the bright areas are blanked, and when random areas of the same size are
#   blanked.

# %% tags=["cover"]
figure = song_card(starter.classifier, recording, aspects=starter.aspects, genre_map=starter.genre_map)

# %% [markdown]
# The passage that speaks most for each of the main genres, to listen to:

# %%
for genre, passage in passages(figure.description["shares"]).iterrows():
    print(f"{genre}: {passage['share']:.0%} from {passage['start']:.0f} s on")
    y, sr = load_audio(song, offset=passage["start"], seconds=passage["seconds"], sr=16_000)
    display(Audio(y, rate=sr))

# %% [markdown]
# ## Its tags
#
# A pre-trained network, musicnn (Pons and Serra 2019), knows 100 tags of genre, mood, era, voice and instruments. The
# numbers are percentiles among the excerpts that the model `music` learned from: at 95, only 5 % of those songs have
# more of the tag. Where the two networks of musicnn disagree, a tag is marked as unsure. The network never heard
# synthetic songs like the sample's.

# %%
tags = None
try:
    tags = song_tags(recording)
    print(tag_sentence(tags))
except ModelError as error:
    print(error)
if tags is not None:
    display(tags.groupby("group", sort=False).head(3).round())

# %% [markdown]
# The same over time, in windows of three seconds (six in a song longer than a minute). Columns that change together are
# places where the song changes.

# %%
if tags is not None:
    plot_taggram(taggram(recording))

# %% [markdown]
# ## The shares in numbers
#
# The share of each genre with its 95 % interval (a bootstrap over the windows of the song).

# %%
pd.set_option("display.float_format", "{:.2f}".format)
print(figure.description["label"])
figure.description["summary"].head(6)

# %% [markdown]
# ## How far can we trust the model?
#
# The table shows its scores on songs it was not trained on, with intervals. Compare the accuracy with the chance
# level. The map is checked too, where that was done: how often the nearest region is the genre of a new song. The
# shares are calibrated on music like the training songs; for other music they only tell which training genres it
# resembles.

# %%
scores = model_card(starter)
print(*(f"{name}: {text}" for name, text in scores.attrs.items()), sep="\n")
n_genres = len(figure.description["summary"])
print(f"chance level of the accuracy with {n_genres} equally frequent genres: {1 / n_genres:.2f}")
scores[~scores.index.str.startswith("roc_auc: ")]

# %%
figure.savefig(out / "song_card.png", dpi=130)
print(f"written: {out / 'song_card.png'}")
