# %% [markdown]
# # Collect from Spotify
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/01_collect_from_spotify.ipynb
#
# Reads your saved tracks, a playlist or your top tracks from your Spotify account, or a small recorded example.
# It writes CSV files and a playlist file to `OUT_DIR/spotify`; an interrupted export continues where it stopped.
# It takes a few seconds per thousand tracks.

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

import explore
from collect import (create_playlist, export_playlist, export_playlist_file, export_saved_tracks, export_top_tracks,
                     list_playlists, recorded_client, spotify_client)
from prepare import prepare_df

# %% tags=["parameters"]
CLIENT_ID: str = ""  # of your app on developer.spotify.com/dashboard; empty: SPOTIPY_CLIENT_ID, else a recorded example
WHAT: str = "saved"  # saved, top, or the address of a playlist
KEEP_TOKEN: str = ""  # a file that keeps your login, readable only by you; empty: the login is kept in memory only
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
from prepare import check_parameters; check_parameters()

# %% [markdown]
# ## What Spotify allows
#
# Spotify's developer terms allow you to export your own library and to make playlists. They do not allow you to train
# models on Spotify's content, so every exported row names its origin in the column `source`.
#
# An app that was created after November 2024 gets no audio features. Since March 2026, an app in development mode gets
# no popularity, and only playlists that its user owns or shares. Columns that the app does not get stay empty.

# %%
out = Path(OUT_DIR) / "spotify"
client_id = CLIENT_ID or os.environ.get("SPOTIPY_CLIENT_ID")
client = spotify_client(client_id, keep_token=KEEP_TOKEN or None) if client_id else recorded_client()
if not client_id:
    print("no CLIENT_ID: this is a recorded example with made-up names")
    print("for your own library, create an app on developer.spotify.com/dashboard with the redirect address "
          "http://127.0.0.1:8765/callback")

# %% [markdown]
# ## Your playlists
#
# The first request asks you to log in. A browser opens; where there is no browser, an address is printed. Open it on
# another device, and paste the address of the page on which the login ends.

# %%
list_playlists(client)

# %% [markdown]
# ## The export
#
# You can interrupt it: the pages that were fetched are kept, and the next run continues from there. If Spotify asks
# for a long wait, the message says until when.

# %%
if WHAT == "saved":
    tracks = export_saved_tracks(client, out / "saved_tracks.csv")
elif WHAT == "top":
    tracks = export_top_tracks(client, out / "top_tracks.csv")
elif "playlist" in WHAT:
    tracks = export_playlist(client, WHAT, out / "playlist.csv")
else:
    raise ValueError(f"WHAT={WHAT!r}: choose saved, top, or the address of a playlist")

# %% tags=["finding"]
print(f"{len(tracks)} tracks by {tracks['artist'].nunique()} artists were fetched, in {client.requests} requests"
      f"{'' if client_id else ' to a recorded example with made-up names'}.")

# %%
tracks.head()

# %% [markdown]
# ## Missing values
#
# Each bar is the share of rows in which a column is empty. A column that your account does not get is empty in every
# row.

# %% tags=["finding"]
empty = tracks.columns[tracks.isna().all()]
gaps = tracks.isna().any().sum()
print(f"{gaps} of {tracks.shape[1]} columns have empty cells; empty in every row: {', '.join(empty) or 'no column'}.")

# %% tags=["cover"]
if gaps:
    explore.plot_missing(tracks)

# %% [markdown]
# ## The clean table
#
# `prepare_df` sets types and drops duplicates. Which artists have the most tracks?

# %% tags=["finding"]
clean = prepare_df(tracks)
by_artist = clean.groupby("artist").size().sort_values(ascending=False).rename("tracks")
print(f"{len(clean)} tracks remain; most are by {by_artist.index[0]} ({by_artist.iloc[0]})."
      if len(by_artist) else "No track has an artist.")

# %%
by_artist.head(10).to_frame()

# %% [markdown]
# ## A playlist file
#
# The first ten tracks as an XSPF file, which most players can open.

# %%
print(export_playlist_file(tracks.head(10), out / "first_ten.xspf"))

# %% [markdown]
# ## A playlist on Spotify
#
# This call only says what it would do. With `dry_run=False` it makes the playlist.

# %%
create_playlist(tracks.head(10), "First ten");
