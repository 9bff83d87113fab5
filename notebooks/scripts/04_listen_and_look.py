# %% [markdown]
# # Listen and look
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/04_listen_and_look.ipynb
#
# Reads one recording, shows its spectrograms, timbre, beat and structure, and compares it with a second recording.
# It writes excerpts of the first (beat, percussive, harmonic, hook, loop) to `OUT_DIR/excerpts`, and a pack with a
# chord chart and a MIDI file to `OUT_DIR/excerpts/pack`.
# It takes less than a minute for songs of a few minutes, and little more for one of an hour.

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
from IPython.display import Audio, display

import librosa_visuals
from audio import find_sound_file, load_audio
from influences import Recording, fact_words, measured_facts
from librosa_visuals import (brightness_sentence, comparison_sentence, key_name, level_sentence, sections_sentence,
                             tempo_sentence)
from synth.songs import render

# %% tags=["parameters"]
SONG: str = ""  # a sound file (mp3, wav, flac, ogg); empty: a synthetic hip hop song
OTHER_SONG: str = ""  # the song to compare it with; empty: a synthetic rock song
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
from prepare import check_parameters; check_parameters()

# %%
excerpts_dir = Path(OUT_DIR) / "excerpts"
excerpts_dir.mkdir(parents=True, exist_ok=True)
songs = {"hip hop": SONG, "rock": OTHER_SONG}
for genre, path in songs.items():
    if path:
        songs[genre] = find_sound_file(path, here, root)
    else:
        synthetic = render(genre, seconds=60)
        print(f"synthetic {genre} song: {synthetic.tempo:.0f} BPM, {key_name(synthetic.key, synthetic.mode)}")
        songs[genre] = excerpts_dir / f"synthetic {genre} song.flac"
        soundfile.write(songs[genre], synthetic.y, synthetic.sr)
song, other_song = songs.values()
features, other_features = (Recording(path).features() for path in songs.values())

# %% [markdown]
# ## One song
#
# Listen to its first ten seconds. If the lines above say *synthetic*, the program made the song, and its tempo and key
# are the ground truth (see `synth.songs.render`).

# %%
y, sr = load_audio(song, seconds=10)
Audio(y, rate=sr)

# %% [markdown]
# What is measured in it, in short:

# %% tags=["finding"]
recording = Recording(song)
facts = fact_words({"seconds": recording.seconds, "facts": measured_facts(recording)})
print(f"{Path(song).stem}:", "; ".join(f"{name} {value}" for name, value in facts.items()))

# %% [markdown]
# The waveform shows how loud the song is at each moment. Verse and chorus often differ in level, and each drum hit
# makes a peak.

# %% tags=["finding"]
print(level_sentence(song))

# %%
librosa_visuals.plot_waveform(song);

# %% [markdown]
# ## Spectrogram and chromagram
#
# The upper figure shows which frequencies sound at each moment: drum hits are vertical lines, held notes are
# horizontal lines with their harmonics above them. The lower figure folds all octaves into one and shows which of the
# twelve pitch classes sounds. Where the strong cells move to other rows, the chord changes.

# %% tags=["cover"]
librosa_visuals.visualize_Chromagram_y_Spectrogram(song);

# %% [markdown]
# The mel spectrogram uses frequency bands that are as wide as those of human hearing. The models of the later
# notebooks take such images, without axes, as input.

# %%
librosa_visuals.plot_mel_spectrogram(song);

# %% [markdown]
# ## Timbre
#
# The spectral centroid is the mean frequency of the spectrum. The rolloff is the frequency below which 85% of the
# spectrum lies. Both rise at each cymbal and fall where the bass plays alone.

# %% tags=["finding"]
print(brightness_sentence(features))

# %%
librosa_visuals.plot_rolloff_and_centroid(song);

# %% [markdown]
# The zero-crossing rate is the simplest measure of brightness. Noise, cymbals and consonants have the highest rates.

# %%
librosa_visuals.plot_zero_crossing_rate(song);

# %% [markdown]
# Mel-frequency cepstral coefficients (MFCCs) describe the shape of the spectrum: low coefficients its slope, high ones
# its fine structure. Two columns that look alike have a similar timbre, whatever the note.

# %%
librosa_visuals.plot_mfcc(song);

# %% [markdown]
# ## Beat
#
# The tempogram is bright at each tempo at which the note onsets repeat. Half and double the tempo are bright too, and
# listeners do not always agree which of them is *the* tempo. The ticks at the bottom are the detected beats.

# %% tags=["finding"]
print(tempo_sentence(features))

# %%
librosa_visuals.plot_tempogram(song);

# %% [markdown]
# ## Key, tempo and loudness
#
# A confidence of 0.8 means: of such answers, about 80% are right. A key that is a fifth away from the true one counts
# as right too. `camelot` is the place of the key on the Camelot wheel of DJs. A rival that is nearly as probable is
# named. The tempo is in BPM, the loudness in LUFS, its range in LU, and the true peak in dB.

# %%
pd.set_option("display.max_colwidth", None, "display.precision", 2)
pd.Series(measured_facts(recording), name="value").dropna().to_frame()

# %% [markdown]
# ## Structure
#
# The self-similarity matrix compares each moment with each other moment. A bright square on the diagonal is a section
# that sounds the same throughout. A bright line parallel to the diagonal is a repetition. The dashed lines are the
# detected section boundaries.

# %% tags=["finding"]
print(sections_sentence(song))

# %%
librosa_visuals.plot_self_similarity(song);

# %% [markdown]
# ## Two songs side by side
#
# Both figures have the same colour scale and the same time scale. Compare how high the bass reaches, how close the
# drum hits are, and how often the chord changes.

# %% tags=["finding"]
print(comparison_sentence((Path(song).stem, Path(other_song).stem), (features, other_features)))

# %%
librosa_visuals.compare_songs([song, other_song]);

# %% [markdown]
# Listen to the first ten seconds of the second song.

# %%
y, sr = load_audio(other_song, seconds=10)
Audio(y, rate=sr)

# %% [markdown]
# ## Excerpts
#
# The beat: the song with a click on each detected beat. Do the clicks come where you would tap your foot?

# %%
beat = librosa_visuals.extract_excerpt(song, "beat", out=excerpts_dir / "beat.flac")
print(f"{len(beat.beats)} beats")
Audio(beat.samples[:8 * beat.sr], rate=beat.sr)

# %% [markdown]
# Harmonic-percussive source separation (HPSS) splits the song into two parts. First the percussive part: drums, and
# the attack of each note.

# %%
percussive = librosa_visuals.extract_excerpt(song, "percussive", out=excerpts_dir / "percussive.flac")
Audio(percussive.samples[:8 * percussive.sr], rate=percussive.sr)

# %% [markdown]
# Then the harmonic part: the held notes, without drums.

# %%
harmonic = librosa_visuals.extract_excerpt(song, "harmonic", out=excerpts_dir / "harmonic.flac")
Audio(harmonic.samples[:8 * harmonic.sr], rate=harmonic.sr)

# %% [markdown]
# The hook (audio thumbnail): the section that is repeated most.

# %%
hook = librosa_visuals.extract_excerpt(song, "hook", out=excerpts_dir / "hook.flac")
repeats = ", ".join(f"{time:.1f} s" for time in hook.repeats)
print(f"the hook begins at {hook.start:.1f} s and is {hook.end - hook.start:.1f} s long")
print(f"it is repeated at {repeats}" if repeats else "it is not repeated")
Audio(hook.samples[:10 * hook.sr], rate=hook.sr)

# %% [markdown]
# A loop of two bars, played twice. Can you hear where it starts again?

# %%
excerpts = [beat, percussive, harmonic, hook]
if len(beat.beats) > 4:
    loop = librosa_visuals.extract_excerpt(song, "loop", bars=2, out=excerpts_dir / "loop.flac")
    excerpts.append(loop)
    display(Audio([*loop.samples, *loop.samples], rate=loop.sr))
else:
    print(f"{len(beat.beats)} beats found: too few for a loop of one bar")

# %% [markdown]
# Where is each excerpt in the song, and where is the hook repeated?

# %%
pd.DataFrame([{"excerpt": excerpt.what, "start (s)": excerpt.start, "end (s)": excerpt.end, "beats": len(excerpt.beats),
               "repeated at (s)": ", ".join(f"{time:.1f}" for time in excerpt.repeats), "file": str(excerpt.path)}
              for excerpt in excerpts]).set_index("excerpt").round(3)

# %% [markdown]
# ## A pack for composers
#
# The excerpts again (the loop with four bars), with the beat grid, a chord chart, and a MIDI file with tempo, beats,
# bass and chords. In a music program (DAW), the MIDI file and the sound stay together, even where the tempo drifts.

# %%
librosa_visuals.write_pack(song, excerpts_dir / "pack", suffix=".flac")

# %% [markdown]
# The chord chart: a bar between two bar lines; a dot is a beat on which the chord goes on. Chords of four notes are
# named as the nearest chord of three. A bar is taken to begin on the beats with the strongest onsets.

# %%
print((excerpts_dir / "pack" / "chords.txt").read_text(encoding="utf-8"))
