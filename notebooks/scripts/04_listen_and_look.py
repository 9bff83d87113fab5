# %% [markdown]
# # Listen and look
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/owner/name/blob/main/notebooks/04_listen_and_look.ipynb)
#
# Listens to one recording and looks at it in every way the field knows, sets it beside another, and takes portions out of it.
# It reads two sound files, or two songs made to order, and writes the portions as sound files into `OUT_DIR/portions`.
# It takes less than a minute for songs of a few minutes, and little more for one of an hour.

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

import audio
import librosa_visuals
from synth.songs import render
from librosa_visuals import extract_excerpt

# %% tags=["parameters"]
SONG: str = ""  # a sound file (mp3, wav, flac, ogg); empty: a hip hop song made to order
OTHER_SONG: str = ""  # the one to set beside it; empty: a rock song made to order
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
portions_dir = Path(OUT_DIR) / "portions"
portions_dir.mkdir(parents=True, exist_ok=True)
songs = {"hip hop made to order": SONG, "rock made to order": OTHER_SONG}
for name, path in songs.items():
    if not path:
        made = render(name.removesuffix(" made to order"), seconds=60)
        print(f"{name}: {made.tempo:.0f} BPM, {'C C# D D# E F F# G G# A A# B'.split()[made.key]} {'minor major'.split()[made.mode]}")
        songs[name] = portions_dir / f"{name}.flac"
        soundfile.write(songs[name], made.y, made.sr)
song, other = songs.values()

# %% [markdown]
# ## One song
#
# Its first ten seconds. A file named *made to order* is **synthetic**: its tempo, key and hook are known, since a recipe
# made them (see `synthesis.render`).

# %%
y, sr = audio.load_audio(song, seconds=10)
Audio(y, rate=sr)

# %% [markdown]
# How loud is it when? The outline of all samples: verses and refrains often differ in height, and a drum leaves a spike.

# %%
librosa_visuals.plot_waveform(song);

# %% [markdown]
# Above, which frequencies sound when: drums are upright lines, held notes lie flat, with their overtones stacked above them. Below,
# all octaves folded into one: which of the twelve notes sounds. Where the dark cells step from row to row, the chord changes.

# %% tags=["cover"]
librosa_visuals.visualize_Chromagram_y_Spectrogram(song);

# %% [markdown]
# The same in bands as wide as the ear's. Pictures like this one, without axes, are what the models of the later notebooks look at.

# %%
librosa_visuals.plot_mel_spectrogram(song);

# %% [markdown]
# ## Timbre
#
# The centroid is the middle of the spectrum, the rolloff the frequency below which 85 % of it lies. Both jump up with each cymbal
# and sink where the bass is alone.

# %%
librosa_visuals.plot_rolloff_and_centroid(song);

# %% [markdown]
# Zero crossings are the cheapest measure of brightness: hiss, cymbals and consonants cross zero most often.

# %%
librosa_visuals.plot_zero_crossing_rate(song);

# %% [markdown]
# Twenty numbers a frame that describe the spectrum's shape: low coefficients its tilt, high ones its finer ripples. A column that
# looks like another sounds like it, whatever the note.

# %%
librosa_visuals.plot_mfcc(song);

# %% [markdown]
# ## Beat
#
# A bright line is a tempo at which the onsets repeat; half and double tempo are bright too, and which of them is *the* tempo is
# a matter of taste. The ticks are the beats that were found.

# %%
librosa_visuals.plot_tempogram(song);

# %% [markdown]
# ## Structure
#
# Each moment against each other one. A bright square on the diagonal is a section that is all alike; a bright line beside the diagonal
# is a repetition. The dashed lines are the boundaries that were found.

# %%
librosa_visuals.plot_self_similarity(song);

# %% [markdown]
# ## Two songs side by side
#
# One colour scale, one time scale: what is brighter here is louder, and what is longer is longer. Compare where the bass ends,
# how dense the drums stand, and how often the chord changes.

# %%
librosa_visuals.compare_songs([song, other]);

# %%
y, sr = audio.load_audio(other, seconds=10)
Audio(y, rate=sr)

# %% [markdown]
# ## Portions to hear
#
# The beat first: a click on each beat that was found. Does it sit where the foot would tap?

# %%
beat = extract_excerpt(song, "beat", out=portions_dir / "beat.flac")
Audio(beat.samples[:8 * beat.sr], rate=beat.sr)

# %% [markdown]
# What is struck, without what sounds on: drums, and the attack of every note.

# %%
percussive = extract_excerpt(song, "percussive", out=portions_dir / "percussive.flac")
Audio(percussive.samples[:8 * percussive.sr], rate=percussive.sr)

# %% [markdown]
# And what sounds on, without what is struck.

# %%
harmonic = extract_excerpt(song, "harmonic", out=portions_dir / "harmonic.flac")
Audio(harmonic.samples[:8 * harmonic.sr], rate=harmonic.sr)

# %% [markdown]
# The hook: the section that is repeated most.

# %%
hook = extract_excerpt(song, "hook", out=portions_dir / "hook.flac")
Audio(hook.samples[:10 * hook.sr], rate=hook.sr)

# %% [markdown]
# A loop of two bars, played twice: listen for the seam.

# %%
loop = extract_excerpt(song, "loop", bars=2, out=portions_dir / "loop.flac")
Audio([*loop.samples, *loop.samples], rate=loop.sr)

# %% [markdown]
# Where each portion stands in the song, to the sample, and where the hook comes again.

# %%
found = [beat, percussive, harmonic, hook, loop]
pd.DataFrame({"start (s)": [part.start for part in found], "end (s)": [part.end for part in found], "beats": [len(part.beats) for part in found],
              "again at (s)": [", ".join(f"{time:.1f}" for time in part.repeats) for part in found],
              "file": [str(part.path) for part in found]}, index=[part.what for part in found]).round(3)
