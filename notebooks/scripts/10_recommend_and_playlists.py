# %% [markdown]
# # Recommend and playlists
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/10_recommend_and_playlists.ipynb
#
# Reads the features that notebook 05 wrote, or your folder or table, and finds similar songs and makes playlists.
# It writes the playlists, as files for any player, to `OUT_DIR/playlists`.
# It takes a minute, and two more if synthetic songs must be made first.

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

import numpy as np
import pandas as pd
from IPython.display import Audio, display

from audio import SAMPLE_RATE, load_audio
from collect import create_playlist, export_playlist_file, sound_locations
from influences import place_on_map, plot_map
from models import ModelError
from prepare import find_song, first_genre
from recommend import (Space, agreement, gather_songs, jumps, key_sentence, playlist_by, playlist_like, playlist_path,
                       plot_keys, plot_song_map, plot_tempo, similar_songs, song_map, song_name, song_row,
                       tempo_sentence)
from starter_models import load_starter

# %% tags=["parameters"]
SOURCE: str = ""  # sound files or a table with Spotify's features; empty: what notebook 05 wrote, else synthetic songs
SONG: str = ""  # the first song: by title or "artist - title", or a sound file; empty: the first of the table
END: str = ""  # the last song of the path; empty: one that is not similar to the first
BY: str = "all"  # what is compared: all, beat, timbre, pitch, embedding or table
DIVERSITY: float = 0.5  # from 0 (the nearest songs) to 1 (songs that differ most from each other)
LENGTH: int = 10  # songs in a playlist
MODEL: str = ""  # sample, music, or a folder with your own model; empty: sample for synthetic songs, music for yours
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
from prepare import check_parameters; check_parameters()

# %%
pd.set_option("display.float_format", "{:.2f}".format)
pd.set_option("display.max_colwidth", None)
songs = gather_songs(OUT_DIR, SOURCE)
assert len(songs) >= 6, f"{len(songs)} songs are too few: name a SOURCE with six or more"
space = Space(songs, BY)
song, end = (name if not name or Path(name).is_file() else find_song(name, songs) for name in (SONG, END))
song = song or songs.index[0]
length = min(LENGTH, len(songs))
genre = first_genre(songs["genre"]) if "genre" in songs else None
per_artist = 1 if "artist" in songs and songs["artist"].nunique() > 8 else None
about = [column for column in ("artist", "song", "genre", "tempo") if column in songs]

# %% [markdown]
# ## The songs
#
# Each song is a point in a space of features. The features form groups (such as beat, timbre and pitch), and all
# groups have the same weight, whatever their number of features. Only the embedding of the pre-trained network, where
# there is one, has as much weight as all other groups together. Two songs drawn at random have a distance of about 1.4.

# %%
groups = ", ".join(f"{group} ({len(columns)})" for group, columns in space.groups.items())
print(f"{len(songs):,} songs, compared by {groups}.")

# %% [markdown]
# ## Nearest neighbours
#
# The songs most similar to the first song. `reason` names what is the same, and the clearest differences.

# %% tags=["finding"]
nearest = similar_songs(song, songs, 8, by=BY)
start = song_name(song_row(song, songs))
print(f"The song most similar to {start} is {song_name(nearest)}, at a distance of {nearest['distance'].iloc[0]:.2f}: "
      f"{nearest['reason'].iloc[0] or 'nothing that has a word differs'}.")

# %%
nearest[[*about, "distance", "reason"]]

# %% [markdown]
# Listen to the song itself, and then to its three nearest neighbours. Do you agree?

# %%
if "path" not in songs:
    print("There are no sound files to listen to.")
else:
    song_path = song if Path(str(song)).is_file() else songs["path"].get(song)
    for path in [song_path, *nearest["path"].head(3)]:
        y, sr = load_audio(path, seconds=8)
        print(Path(path).stem)
        display(Audio(y, rate=sr))

# %% [markdown]
# ## How far can we trust the similarity?
#
# Similar songs need not have the same genre. But if they never had, the similarity would mean nothing. How often do
# the five nearest songs *by other artists* have the song's genre (`share`), compared with songs drawn at random
# (`chance`)?

# %% tags=["finding"]
agreements = pd.DataFrame()
if genre is None or genre.nunique() < 2:
    print("The songs have fewer than two genres: whether similar songs have the same genre cannot be told.")
else:
    sample = songs[genre.notna()]
    sample = sample.sample(min(1000, len(sample)), random_state=0)
    compared = [BY, *(space.groups if len(space.groups) > 1 else [])]
    agreements = pd.DataFrame([agreement(sample, genre[sample.index], by=by, groups=sample.get("artist"))
                               for by in compared])
    first = agreements.iloc[0]
    print(f"{first['share']:.0%} of the five nearest songs by other artists have the song's genre "
          f"({first['low']:.0%} to {first['high']:.0%}), "
          f"{'more' if first['low'] > first['chance'] else 'not reliably more'} than of songs "
          f"drawn at random ({first['chance']:.0%}).")

# %% [markdown]
# The same for each group of features:

# %%
agreements

# %% [markdown]
# ## By aspect
#
# A song may have the beat of one song and the timbre of another. The three nearest neighbours in each group of
# features:

# %%
by_group = {group: similar_songs(song, songs, 3, by=group) for group in space.groups}
pd.concat(by_group, names=["by"])[[*about, "distance", "reason"]]

# %% [markdown]
# ## More diversity
#
# The nearest neighbours are often similar to each other. With diversity, each song is also compared with the songs
# chosen before it (maximal marginal relevance). Where there are enough artists, each is chosen only once.

# %%
diverse = similar_songs(song, songs, 8, by=BY, diversity=DIVERSITY, per_artist=per_artist)
diverse[[*about, "distance", "reason"]]

# %% [markdown]
# The diverse songs should be a little further from the first song, and further from each other.

# %%
for name, chosen in (("nearest", nearest), ("diverse", diverse)):
    points = space.place(chosen)
    between = np.linalg.norm(points[:, None] - points[None], axis=2)[np.triu_indices(len(chosen), 1)]
    print(f"{name}: mean distance {chosen['distance'].mean():.2f} from the song, {between.mean():.2f} from each other")

# %% [markdown]
# ## A path from one song to another
#
# The path goes from the first song to the last. Each song is near its place on the straight line between them, and
# changes of tempo and key are small where the songs allow it. `off` is the distance of a song from its place,
# `distance` is its distance from the song before it, and `reason` names the differences from that song.

# %% tags=["finding"]
order, _ = space.nearest(space.place(song_row(song, songs))[0])
end = end or songs.index[order[int(.9 * (len(order) - 1))]]
path = playlist_path(song, end, songs, length, by=BY)
print(f"A path of {len(path)} songs goes from {start} to {song_name(path.tail(1))}: they lie {path['off'].mean():.2f} "
      "from the straight line on average (two songs drawn at random are about 1.4 apart).")

# %%
path[[*about, "off", "distance", "reason"]]

# %% [markdown]
# How much smoother is it than a path that ignores tempo and key? A jump of 1 is the largest possible jump in tempo
# (half an octave or more; half and double the tempo count half of that) and in key (the opposite side of the circle of
# fifths) at the same time.

# %%
straight = playlist_path(song, end, songs, length, by=BY, smoothness=0)
for name, chosen in (("ignoring tempo and key", straight), ("smooth", path)):
    print(f"{name}: mean jump {np.diagonal(jumps(chosen, chosen), 1).mean():.2f}, "
          f"mean distance from the line {chosen['off'].mean():.2f}")

# %% [markdown]
# The path on a map of the songs (their first two principal components). Two dimensions cannot show all differences;
# the axis labels say how much they show. So two songs may be close on the map and still differ, and a path that is
# straight in all dimensions may turn on the map.

# %%
places = song_map(songs, by=BY)
print(f"The map shows {sum(places.attrs['explained']):.0%} of the differences between the songs.")

# %% tags=["cover"]
ax = plot_song_map(places, genre, song_map(songs, path, by=BY))
ax.set_title("a playlist from one song to another");

# %% [markdown]
# The path on the map of genres of a trained model (see notebook 08). Where the path leaves a region, it leaves a genre.

# %%
if "path" not in path or path["path"].isna().any():
    print("Not all songs of the path have a sound file, which the map of genres needs.")
else:
    if "source" in path:
        synthetic = path["source"].eq("sample songs (synthetic)").all()
    else:
        synthetic = all("sample_songs" in Path(file).parts for file in path["path"])
    model = MODEL or ("sample" if synthetic else "music")
    starter = load_starter(model)
    print(f"analysed by the model {model!r}; set MODEL to use another")
    places = {}
    try:
        if starter.genre_map:
            places = {str(number): place_on_map(starter.genre_map, file, classifier=starter.classifier)
                      for number, file in enumerate(path["path"], 1)}
    except ModelError as error:
        print(error)
    if places:
        ax = plot_map(starter.genre_map, places)
        ax.plot(*zip(*places.values()), color="k", lw=1, zorder=4)

# %% [markdown]
# The tempo from song to song. A dashed line goes to about half or double the tempo: the pulse may be the same, but the
# step is heard.

# %% tags=["finding"]
print(tempo_sentence(path) if "tempo" in path else "The songs have no tempo.")

# %%
if "tempo" in path:
    plot_tempo(path)

# %% [markdown]
# The keys along the circle of fifths. Neighbouring keys differ in one note only, so a small step is hardly noticed.

# %% tags=["finding"]
print(key_sentence(path) if "key" in path else "The songs have no key.")

# %%
if "key" in path:
    plot_keys(path)

# %% [markdown]
# The playlist in short: four seconds of each song.

# %%
if "path" not in path or path["path"].isna().any():
    print("There are no sound files to listen to.")
else:
    display(Audio(np.concatenate([load_audio(file, seconds=4)[0] for file in path["path"]]), rate=SAMPLE_RATE))

# %% [markdown]
# ## A playlist that continues a few songs
#
# The first three songs of the table are the seeds:

# %%
seeds = list(songs.index[:3])
songs.loc[seeds, about]

# %% [markdown]
# Features that the seeds have in common count more than features in which they differ. Songs by the same artists come
# first, at most two of each, because real playlists continue in this way. `like` is the seed that a song is nearest
# to.

# %%
like = playlist_like(seeds, songs, length, by=BY, per_artist=2 if per_artist else None)
like[[*about, "likeness", "like"]]

# %% [markdown]
# ## A playlist for a run
#
# The tempo rises evenly from song to song. The songs come from the faster half, without the fastest 5%.

# %%
run = path.head(0)
if "tempo" not in songs or songs["tempo"].isna().all():
    print("The songs have no tempo: there is no playlist for a run.")
else:
    tempo_range = tuple(songs["tempo"].quantile([.5, .95]))
    run = playlist_by({"tempo": tempo_range}, songs, "tempo", length)
    print(f"{len(run)} songs from {run['tempo'].min():.0f} to {run['tempo'].max():.0f} BPM")

# %%
run[about]

# %% [markdown]
# ## Playlist files
#
# M3U8 and XSPF for players, and CSV. If the songs have no sound files, only CSV tables are written.

# %%
folder = Path(OUT_DIR) / "playlists"
playable = any(sound_locations(path))
for name, playlist in (("path", path), ("like", like), *([("run", run)] if len(run) else [])):
    print(export_playlist_file(playlist, folder / f"{name}.{'m3u8' if playable else 'csv'}"))
if playable:
    print(export_playlist_file(path, folder / "path.xspf"))
    print(export_playlist_file(path, folder / "path.csv"))

# %% [markdown]
# ## A playlist on Spotify
#
# This call only says what it would do. With `dry_run=False`, and after you log in (see notebook 01), it makes the
# playlist.

# %%
create_playlist(path, "From one song to another", dry_run=True);
