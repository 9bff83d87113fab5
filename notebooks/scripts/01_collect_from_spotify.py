# %% [markdown]
# # Collect from Spotify
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/owner/name/blob/main/notebooks/01_collect_from_spotify.ipynb)
#
# Exports your saved tracks, your playlists or what you play most to CSV, page by page, so that nothing is lost when it is interrupted. It
# reads your Spotify account (or, without one, a small recorded example), writes CSV files into `OUT_DIR/spotify`, and takes a few seconds a
# thousand tracks.
#
# **What Spotify's developer terms allow**: exporting your own library and making playlists, yes; training models on Spotify's content, no.
# Every exported row says where it is from in `source`, and training on such rows is warned of. An app made since November 2024 gets no audio
# features; since March 2026 a development app gets no popularity, and only playlists that its user owns or shares. What it does not get
# stays empty.

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

import explore
from collect import create_playlist, export_playlist, export_playlist_file, export_saved_tracks, export_top_tracks, list_playlists, recorded_client
from collect import spotify_client
from prepare import prepare_df

# %% tags=["parameters"]
CLIENT_ID: str = ""  # of your app on developer.spotify.com/dashboard; empty: SPOTIPY_CLIENT_ID, else a recorded example
WHAT: str = "saved"  # saved, top, or the address of a playlist
KEEP_TOKEN: str = ""  # a file to keep the login in, readable by you alone; empty: in memory only
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
out = Path(OUT_DIR) / "spotify"
client_id = CLIENT_ID or os.environ.get("SPOTIPY_CLIENT_ID")
client = spotify_client(client_id, keep_token=KEEP_TOKEN or None) if client_id else recorded_client()
if not client_id:
    print("no credentials: this is a recorded example with made-up names, as a server of the tests gave it")
    print("for your own library, make an app on developer.spotify.com/dashboard with the redirect http://127.0.0.1:8765/callback")

# %% [markdown]
# ## Your playlists
#
# The first request asks you to log in: a browser opens, or, where there is none, an address is printed to open elsewhere; paste the address
# that the browser ends on.

# %%
list_playlists(client)

# %% [markdown]
# ## The export
#
# It can be interrupted: what was fetched is kept, and the next run goes on from there. Where Spotify asks for a long wait, it says until when.

# %%
if WHAT == "saved":
    tracks = export_saved_tracks(client, out / "saved_tracks.csv")
elif WHAT == "top":
    tracks = export_top_tracks(client, out / "top_tracks.csv")
else:
    tracks = export_playlist(client, WHAT, out / "playlist.csv")
print(f"{len(tracks)} tracks by {tracks['artist'].nunique()} artists, in {client.requests} requests")
tracks.head()

# %% [markdown]
# ## What came, and what did not
#
# Bars show the share of rows in which a column is empty: what the account does not get is empty throughout.

# %% tags=["cover"]
explore.plot_missing(tracks);

# %%
clean = prepare_df(tracks)
clean.groupby("artist").size().sort_values(ascending=False).head(10).rename("tracks").to_frame()

# %% [markdown]
# ## Out again
#
# As a file for any player, or as a playlist on Spotify: shown first, and only done with `dry_run=False`.

# %%
print(export_playlist_file(tracks.head(10), out / "first_ten.xspf"))
create_playlist(tracks.head(10), "First ten");
