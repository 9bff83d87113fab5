# %% [markdown]
# # Commercial success
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/owner/name/blob/main/notebooks/09_commercial_success.ipynb)
#
# Sets a song, or an artist's catalogue, beside what charted, asks what goes with success, and how well anyone could have foretold it.
# It reads a table of songs (what notebook 02 wrote, else the sample) and a weekly chart (else the sample's own, or the table's most popular
# songs), and writes `success_claims.csv` and `conclusions.csv` into `OUT_DIR`. A song can be a row of the table, which has Spotify's
# features on both sides, or a sound file: then the charts' side is a **folder of reference recordings** that you have (`REFERENCE`), and
# both are described by our own features. One or two minutes, five for thirty thousand songs.

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
from IPython.display import display

import charts
import explore

import success

from analysis.associations import need_columns
from synth.corpus import make_corpus
from features import extract_features
from preprocessing import tracks_and_train
from prepare import find_song
from prepare import read_folder
from prepare import write_table

# %% tags=["parameters"]
SOURCE: str = ""  # empty: what notebook 02 wrote, else the sample; or whatever notebook 02 can read
CHARTS: str = ""  # a weekly chart, CSV or JSON; empty: the sample's own for the sample, else the songs of popularity HIT or more
SONG: str = ""  # a song of the table, by title or "artist - title", or a sound file; empty: the first that did not chart
ARTIST: str = ""  # whose catalogue to set beside the charts; empty: the one with most songs
REFERENCE: str = ""  # a folder of recordings to set a sound file beside; empty: songs made to order
HIT: int = 70  # from this popularity on a song counts as a hit
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
out = Path(OUT_DIR)
pd.set_option("display.max_columns", 40)
pd.set_option("display.max_colwidth", 160)
pd.set_option("display.float_format", "{:.3f}".format)
tracks, _ = tracks_and_train(out / "tracks", SOURCE)
need_columns(tracks, ["artist"])
synthetic = tracks["source"].isin(["sample (synthetic)", "sample songs (synthetic)"]).all()

# %% [markdown]
# ## What charted
#
# The songs of the table are looked up in the chart, by artist and title however these are spelt. If the line below names the sample, songs
# and chart are **synthetic**, and it is known what should be found (see `sample_songs.make_table` and `sample_charts.make_chart`).

# %%
if CHARTS or synthetic:
    chart = charts.load_charts(CHARTS or "sample")
    matches = charts.match_songs(tracks, chart)
    charted = charts.charting_songs(tracks, matches)
    print(f"{len(tracks):,} tracks from {', '.join(tracks['source'].astype(str).unique()[:3])}; {len(charted):,} of them stand in the chart of "
          f"{chart['date'].dt.year.min()} to {chart['date'].dt.year.max()}: " + ", ".join(f"{n:,} by {how}" for how, n in matches["how"].value_counts().items()))
else:
    need_columns(tracks, ["popularity", "release_year"])
    charted = tracks[(tracks["popularity"] >= HIT).fillna(False)]
    charted = charted.assign(chart_year=charted["release_year"])
    print(f"{len(tracks):,} tracks; no chart is given, so what charted is their {len(charted):,} songs with a popularity of {HIT} or more, by year of release")

# %% [markdown]
# ## One song beside them
#
# Where the song stands among what charted, feature by feature: at 50 in the middle, in the grey band among the middle four fifths. Red is
# outside. It describes and does not judge: of ten features, a hit has two outside on average.

# %%
from_file = bool(SONG) and Path(SONG).is_file()
song = tracks.loc[[tracks.index[~tracks.index.isin(charted.index)][0] if from_file or not SONG else find_song(SONG, tracks)]]
field = charts.own_field(song, charted)
place, alike = charts.compare_with_charts(song, charted, **field)
print(f"{song['song'].iloc[0]} by {song['artist'].iloc[0]}, beside what charted; genre: {field['genre'] or 'any'}, years: "
      f"{'{}-{}'.format(*field['years']) if field['years'] else 'any'}; outside: {', '.join(place.index[place['outside']]) or 'nothing'}")
charts.plot_place(place);

# %% [markdown]
# The songs that charted and sound most like it, by the same features. Two songs drawn at random lie about 1.4 apart.

# %%
alike[[column for column in ("artist", "song", "genre", "chart_year", "peak", "weeks", "popularity", "distance", "reason") if column in alike]]

# %% [markdown]
# ## A catalogue beside them
#
# Every song of one artist is a dot. A row whose dots lie all on one side is what sets this artist apart from what charted.

# %%
artist = ARTIST.lower() or tracks["artist"].value_counts().index[0]
catalogue = tracks[tracks["artist"] == artist]
assert len(catalogue), f"no song by {artist!r} in {SOURCE}: those with most are {', '.join(tracks['artist'].value_counts().index[:5])}"
beside = charts.catalogue_beside_charts(catalogue, charted)
print(f"{artist}: {len(catalogue)} songs, {catalogue.index.isin(charted.index).sum()} of them charted; {beside['outside'].mean():.0%} of all their features lie outside the "
      f"band, for what charted it is 20 %")
charts.plot_place(beside);

# %% [markdown]
# ## Over the years
#
# What entered the charts in each year: the middle song and the band of the middle four fifths (of yes and no: the share with its interval).
# A trend is named only where two tests agree, one over songs and one that takes each year as a single observation.

# %%
moved = success.trend_tests(charted)
success.plot_trends(charted, moved);

# %%
moved

# %% [markdown]
# ## What goes with success
#
# Rank correlations over all songs, and among songs of the same genre and years. What is blue only was about genres, not about songs.

# %%
target = "popularity" if "popularity" in tracks else "charted"
tracks["charted"], least = tracks.index.isin(charted.index), HIT if target == "popularity" else 1
factors = success.success_factors(tracks, target)
explore.plot_within(factors, by="genre and years").set_xlabel(f"rank correlation with {target}, 95 % interval");

# %% [markdown]
# `linear` beside `r` shows whether outliers or a bend are at work; `r_artist` is what remains among the songs of one artist, where fame is
# held constant.

# %%
factors[["r", "low", "high", "p_holm", "linear", "r_within", "r_artist", "low_artist", "high_artist", "strength", "reading"]]

# %% [markdown]
# The shape of the three strongest within: what a model says on average if every song had this value. The band is the spread over fits to
# artists drawn anew.

# %%
leading = list(factors["r_within"].drop(["mode", "explicit", "has_feat", "key"], errors="ignore").abs().nlargest(3).index)
success.plot_shapes(success.shapes(tracks, leading, target), target);

# %% [markdown]
# Genre by genre: bold is sure, after correction for every cell. A feature whose row changes colour goes with success in one genre and
# against it in another; the table below says whether that could be chance: `p` is how often the genres lie as far apart when artists are dealt out anew among them.

# %%
of_genres = tracks if "first_genre" in tracks else tracks.assign(first_genre="all")
by_genre = success.factors_by_genre(of_genres, target)
if len(by_genre):
    success.plot_factors_by_genre(by_genre);

# %%
differ = success.genres_differ(of_genres, target)
differ

# %% [markdown]
# ## Could anyone have known?
#
# Two models are given what a song sounds like, and nothing else, and asked whether it became a hit: a song by an artist they never heard, or of a
# later year. In red, the same with each well-known leak put back: what it adds is not real.

# %% tags=["cover"]
study = success.hit_study(tracks, target=target, hit=least)
success.plot_study(study);

# %%
study.scores

# %% [markdown]
# Does a predicted chance mean what it says? Dots on the dashed line do. And how many times as many hits hold the tenths that were
# given the highest chances?

# %%
tenths = success.deciles(study)
success.plot_decile_calibration(tenths);

# %%
success.plot_lift(tenths);

# %% [markdown]
# For the song from above. The figure is worth what the study is worth, no more.

# %%
appeal = success.song_appeal(song, tracks, study)
print(f"{song['song'].iloc[0]} by {song['artist'].iloc[0]}. {appeal['says']}")

# %% [markdown]
# ## The same with nothing in it
#
# Success is dealt out to the songs anew, by lot. Whatever is still called sure below is a false alarm; one run in twenty may have one.

# %%
shuffled = tracks.assign(**{target: np.random.default_rng(0).permutation(tracks[target].to_numpy())})
false_alarms = success.success_factors(shuffled, target)["strength"].str.endswith("sure").sum()
nothing = success.hit_study(shuffled, target=target, hit=least, leaks=False, year="none", n_splits=3).scores
print(f"{false_alarms} factors called sure; ROC-AUC " + ", ".join(f"{model} {row['roc_auc']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
                                                           for (_, model), row in nothing.iterrows()))

# %% [markdown]
# ## From a sound file
#
# No column of Spotify's comes with a sound file, and its features are not ours, so the two are never mixed: a recording is set beside
# recordings. Name a folder of those that you have as `REFERENCE`; without one, songs made to order stand in, and show no more than how it works.

# %%
recordings = read_folder(REFERENCE) if REFERENCE else make_corpus(out / "reference_songs", songs_per_genre=4, seconds=8, long_songs=0)
recordings = recordings.drop(columns="track_id", errors="ignore").assign(track_id=recordings["artist"].fillna("") + " - " + recordings["song"])
heard = extract_features(recordings.drop_duplicates("track_id"), out=out / "reference_features.parquet")
heard = heard.assign(song=heard.index.str.split(" - ", n=1).str[-1])
file = SONG if from_file else heard["path"].iloc[0]
heard_place, heard_alike = charts.compare_with_charts(file, heard[heard["path"] != str(Path(file).absolute())])
print(f"{Path(file).stem}, beside {len(heard):,} recordings; outside: {', '.join(heard_place.index[heard_place['outside']]) or 'nothing'}")
charts.plot_place(heard_place).set_xlabel("percentile among the reference recordings");

# %%
heard_alike[["artist", "song", "genre", "distance", "reason"]]

# %% [markdown]
# ## Conclusions
#
# One page, computed from the above. *Strong*, *moderate*, *weak*, *negligible* are correlations from .5, .3, .1 and 0 on; *sure* is a p-value below
# .05 after correction for many tests. A prediction *says something* from an area of .7 on (its interval above .6), *little* from .6, *next to
# nothing* below, and *nothing* where its interval reaches one half.

# %%
page = success.conclusions(factors, differ, moved, study)
write_table(page, out / "conclusions.csv")
display(page)

# %% [markdown]
# ## The report's claims
#
# *Holds*, *does not hold*, or *cannot be told*; that something holds says nothing about what causes it.

# %%
claims = success.check_success_claims(tracks, study, differ, target=target)
write_table(claims, out / "success_claims.csv")
display(claims)
print("; ".join(f"{number} {verdict}" for verdict, number in claims["verdict"].value_counts().items()))
