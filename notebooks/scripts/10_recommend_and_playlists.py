# %% [markdown]
# # Recommend and playlists
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/owner/name/blob/main/notebooks/10_recommend_and_playlists.ipynb)
#
# Finds the songs that are most like a given one, and says in what; makes playlists that drift from one song to another, continue a few
# songs, or rise in tempo for a run. It reads what notebook 05 described (or a folder or table of yours) and writes the playlists, for any
# player, into `OUT_DIR/playlists`. A minute, and two more where songs made to order must be rendered first.

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

import numpy as np
import pandas as pd
from IPython.display import Audio, display

import audio
from collect import create_playlist, export_playlist_file, sound_locations
from sources.public_datasets import DATA_DIR
from influences import place_on_map
from recommend import gather_songs
from recommend import song_row
from recommend import Space, agreement
from prepare import first_genre
from recommend import jumps, playlist_by, playlist_like, playlist_path, plot_keys, plot_tempo, similar_songs
from recommend import plot_song_map, song_map
from influences import plot_map
from prepare import find_song
from starter_models import load_starter

# %% tags=["parameters"]
SOURCE: str = ""  # a folder of sound files, or a table with Spotify's features; empty: what notebook 05 described, else songs made to order
SONG: str = ""  # the song to begin with: one of the table, by title or "artist - title", or a sound file; empty: the first one
END: str = ""  # the song that a playlist leads to; empty: one that is little like the first
BY: str = "all"  # what is compared: all, beat, timbre, pitch, embedding or table
DIVERSITY: float = 0.5  # of neighbours: 0 takes the nearest, 1 those furthest apart among the near
LENGTH: int = 10  # songs of a playlist
MODEL: str = ""  # sample, gtzan, or a folder with a model of your own; empty: sample for songs made to order, gtzan for yours
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
pd.set_option("display.float_format", "{:.2f}".format)
pd.set_option("display.max_colwidth", None)
songs = gather_songs(OUT_DIR, SOURCE)
assert len(songs) >= 6, f"{len(songs)} songs: there is little to choose from, name a SOURCE with six or more"
space = Space(songs, BY)
song, end = (name if not name or Path(name).is_file() else find_song(name, songs) for name in (SONG, END))
song = song or songs.index[0]
length = min(LENGTH, len(songs))
genre = first_genre(songs["genre"]) if "genre" in songs else None
shown = [column for column in ("artist", "song", "genre", "tempo", "distance", "reason") if column in [*songs, "distance", "reason"]]

# %% [markdown]
# ## The songs
#
# Each song is a point. What is compared stands in groups; groups weigh alike, whatever the number of their columns. Two songs drawn at
# random lie about 1.4 apart.

# %%
print(f"{len(songs):,} songs, compared by " + ", ".join(f"{group} ({len(columns)})" for group, columns in space.groups.items()))

# %% [markdown]
# ## The nearest
#
# The reason names what is shared, and the clearest differences. Do you agree?

# %%
nearest = similar_songs(song, songs, 8, by=BY)
nearest[shown]

# %% [markdown]
# Listen: the song itself, then the three nearest to it.

# %%
heard = [song if Path(str(song)).is_file() else songs["path"].get(song), *nearest["path"].head(3)] if "path" in songs else []
for path in heard:
    y, sr = audio.load_audio(path, seconds=8)
    print(Path(path).stem)
    display(Audio(y, rate=sr))

# %% [markdown]
# ## How far to trust it
#
# Neighbours need not be of one genre, but where they never were, nearness would mean nothing. How often do the five nearest songs *by other
# artists* share a song's genre, and how often would any five?

# %%
if genre is not None and genre.nunique() > 1:
    some = songs[genre.notna()].pipe(lambda known: known.sample(min(1000, len(known)), random_state=0))
    display(pd.DataFrame([agreement(some, genre[some.index], by=by, groups=some.get("artist"))
                          for by in [BY, *(space.groups if len(space.groups) > 1 else [])]]))

# %% [markdown]
# ## By aspect
#
# A song may have the beat of one song and the timbre of another. The three nearest in each group by itself:

# %%
pd.concat({group: similar_songs(song, songs, 3, by=group)[shown] for group in space.groups}, names=["by"])

# %% [markdown]
# ## Less of the same
#
# The nearest songs are often alike among themselves. With diversity, each song is weighed against those before it (maximal marginal
# relevance), and no artist comes twice. They lie a little further off, and further apart.

# %%
diverse = similar_songs(song, songs, 8, by=BY, diversity=DIVERSITY, per_artist=1 if "artist" in songs else None)
apart = {name: np.linalg.norm(space.place(chosen)[:, None] - space.place(chosen)[None], axis=2)[np.triu_indices(len(chosen), 1)].mean()
         for name, chosen in (("nearest", nearest), ("diverse", diverse))}
for name, chosen in (("nearest", nearest), ("diverse", diverse)):
    print(f"{name}: on average {chosen['distance'].mean():.2f} from the song, {apart[name]:.2f} from one another")
diverse[shown]

# %% [markdown]
# ## From one song to another
#
# Even steps from the first song to the last, with small changes of tempo and key. `off` says how far a song lies from its place on the
# straight line, `distance` how far from the song before it, and `reason` how it differs from that one.

# %%
order, _ = space.nearest(space.place(song_row(song, songs))[0])
end = end or songs.index[order[int(.9 * (len(order) - 1))]]
path = playlist_path(song, end, songs, length, by=BY)
path[[*shown[:-2], "off", "distance", "reason"]]

# %% [markdown]
# What did minding tempo and key gain? A jump of 1 would be half an octave of tempo and the opposite side of the circle of fifths at once.

# %%
straight = playlist_path(song, end, songs, length, by=BY, smoothness=0)
for name, chosen in (("straight on", straight), ("smooth", path)):
    print(f"{name}: jumps of {np.diagonal(jumps(chosen, chosen), 1).mean():.2f} on average, "
          f"{chosen['off'].mean():.2f} off the line")

# %% [markdown]
# The way on a map of the songs: their first two principal components. A map of two dimensions cannot show all differences (its axes say
# how many), so a song that looks near may not be; the way itself was looked for in all dimensions.

# %% tags=["cover"]
ax = plot_song_map(song_map(songs, by=BY), genre, song_map(songs, path, by=BY))
ax.set_title("a playlist from one song to another");

# %% [markdown]
# And on the map of genres that a trained model has drawn up (notebook 08 says more of it): each song of the playlist where the model hears
# it. That map was made to tell genres apart, so a step that leaves a region leaves a genre.

# %%
if "path" in path and path["path"].notna().all():
    made_to_order = all((DATA_DIR / "sample_songs").resolve() in Path(file).resolve().parents for file in path["path"])
    model = MODEL or ("sample" if made_to_order else "gtzan")
    print(f"heard by the model {model!r}; MODEL names another")
    starter = load_starter(model)
    if starter.genre_map:
        way = {str(number): place_on_map(starter.genre_map, one, classifier=starter.classifier) for number, one in enumerate(path["path"], 1)}
        ax = plot_map(starter.genre_map, way)
        ax.plot(*zip(*way.values()), color="k", lw=1, zorder=4)

# %%
if "tempo" in path:
    plot_tempo(path)

# %% [markdown]
# Keys along the circle of fifths: neighbouring lines share all notes but one, so a small step is hardly noticed.

# %%
if "key" in path:
    plot_keys(path)

# %% [markdown]
# The playlist in short: four seconds of each song.

# %%
if "path" in path and path["path"].notna().all():
    display(Audio(np.concatenate([audio.load_audio(one, seconds=4)[0] for one in path["path"]]), rate=audio.SAMPLE_RATE))

# %% [markdown]
# ## Like a few songs
#
# What the first three have in common counts; what they differ in counts little. More songs by their artists lead, two of each, since that
# is how real playlists go on. `like` is the one of the three that a song is nearest to.

# %%
few = list(songs.index[:3])
display(songs.loc[few, [column for column in shown if column in songs]])
like = playlist_like(few, songs, length, by=BY, per_artist=2 if "artist" in songs else None)
like[[*(column for column in shown if column in songs), "likeness", "like"]]

# %% [markdown]
# ## For a run
#
# Songs of the upper half by tempo, without the very fastest, evenly from the slowest of them to the fastest.

# %%
run = playlist_by({"tempo": tuple(songs["tempo"].quantile([.5, .95]))}, songs, "tempo", length) if "tempo" in songs else path
run[[column for column in shown if column in songs]]

# %% [markdown]
# ## To take along
#
# The playlists as files: M3U8 for any player, XSPF and CSV. Where songs have no sound file, a player finds nothing in them, but the names are there.

# %%
folder = Path(OUT_DIR) / "playlists"
playable = any(sound_locations(path))  # a table of songs without sound can only become a table
for name, playlist in (("path", path), ("like", like), ("run", run)):
    print(export_playlist_file(playlist, folder / f"{name}.{'m3u8' if playable else 'csv'}"))
if playable:
    print(export_playlist_file(path, folder / "path.xspf"))
print(export_playlist_file(path, folder / "path.csv"))

# %% [markdown]
# And to Spotify: this only says what would be done. With `dry_run=False`, and after signing in (see notebook 01), it is done.

# %%
create_playlist(path, "From one song to another", dry_run=True)
