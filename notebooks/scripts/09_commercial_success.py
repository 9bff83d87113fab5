# %% [markdown]
# # Commercial success
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/09_commercial_success.ipynb
#
# Reads a table of songs and a weekly chart, compares a song with what charted, and tests what goes with success.
# It writes `success_claims.csv` and `conclusions.csv` to `OUT_DIR`.
# It takes one or two minutes, and five for thirty thousand songs.

# %%
# The project's folder: this one, one above, or (on Colab) a clone; what is missing is installed or fetched.
import os, pathlib, re, subprocess, sys; from importlib.metadata import distributions
REPO = "owner/name"
here = pathlib.Path.cwd()
root = next((folder for folder in [here, *here.parents] if (folder / "prepare.py").exists()), here / REPO.split("/")[1])
if not root.exists():
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

import charts
import explore
import success
from features import extract_features
from prepare import find_song, read_folder, write_table
from preprocessing import tracks_and_train
from synth.corpus import make_corpus

# %% tags=["parameters"]
SOURCE: str = ""  # empty: what notebook 02 wrote, else the sample; or anything that notebook 02 can read
CHARTS: str = ""  # a weekly chart, CSV or JSON; empty: the sample's own, else songs of popularity HIT or more
SONG: str = ""  # a song of the table, by title or "artist - title", or a sound file; empty: one that did not chart
ARTIST: str = ""  # the artist whose songs are compared with the charts; empty: the one with most songs
REFERENCE: str = ""  # a folder of recordings to compare a sound file with; empty: synthetic songs
HIT: int = 70  # a song with this popularity or more counts as a hit
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
out = Path(OUT_DIR)
pd.set_option("display.max_columns", 40)
pd.set_option("display.max_colwidth", 160)
pd.set_option("display.float_format", "{:.3f}".format)
tracks, _ = tracks_and_train(out / "tracks", SOURCE)
assert {"artist", "song"} <= {*tracks.columns}, "the table needs columns artist and song to look up songs"
synthetic = tracks["source"].isin(["sample (synthetic)", "sample songs (synthetic)"]).all()
use_chart = bool(CHARTS) or synthetic
assert use_chart or {"popularity", "release_year"} <= {*tracks.columns}, (
    "without a chart, hits are the songs with a high popularity: the table needs a popularity and a release year, "
    "or name a weekly chart as CHARTS")

# %% [markdown]
# ## What charted
#
# The songs of the table are looked up in the chart by artist and title; differences in spelling are allowed. If the
# line below names the sample, songs and chart are **synthetic**, and the ground truth is known (see
# `synth.sample_table.make_table` and `synth.sample_chart.make_chart`).

# %%
if use_chart:
    chart = charts.load_charts(CHARTS or "sample")
    matches = charts.match_songs(tracks, chart)
    charted = charts.charting_songs(tracks, matches)
    first_year, last_year = chart["date"].dt.year.agg(["min", "max"])
    print(f"{len(tracks):,} tracks from {', '.join(tracks['source'].astype(str).unique()[:3])}; "
          f"{len(charted):,} of them are in the chart of {first_year} to {last_year}")
    print("found by: " + ", ".join(f"{how} {number:,}" for how, number in matches["how"].value_counts().items()))
else:
    charted = tracks[(tracks["popularity"] >= HIT).fillna(False)]
    charted = charted.assign(chart_year=charted["release_year"])
    print(f"{len(tracks):,} tracks; there is no chart, so the {len(charted):,} songs with a popularity of {HIT} or "
          "more count as charted, in the year of their release")

# %% [markdown]
# ## One song compared with the charts
#
# For each feature, the figure shows the percentile of the song among the songs that charted: 50 is the middle, and the
# grey band holds the middle 80 %. Red is outside the band. This describes the song and does not judge it: of ten
# features, a hit has two outside the band on average.

# %%
from_file = bool(SONG) and Path(SONG).is_file()
described = tracks.reindex(columns=charts.COMPARED["table"]).dropna(axis=1, how="all").notna().all(axis=1)
uncharted = tracks.index[described & ~tracks.index.isin(charted.index)]
song = tracks.loc[[find_song(SONG, tracks) if SONG and not from_file else uncharted[0]]]
song_name = f"{song['song'].iloc[0]} by {song['artist'].iloc[0]}"
field = charts.own_field(song, charted)
place, alike = charts.compare_with_charts(song, charted, **field)
years = "{}-{}".format(*field["years"]) if field["years"] else "any"
print(f"{song_name}, compared with songs of genre: {field['genre'] or 'any'}, years: {years}; "
      f"outside the band: {', '.join(place.index[place['outside']]) or 'nothing'}")
charts.plot_place(place);

# %% [markdown]
# The most similar songs that charted, by the same features. Two songs drawn at random have a distance of about 1.4.

# %%
columns = ["artist", "song", "genre", "chart_year", "peak", "weeks", "popularity", "distance", "reason"]
alike[[column for column in columns if column in alike]]

# %% [markdown]
# ## All songs of one artist
#
# Each dot is a song of the artist. A row with all its dots on one side shows how this artist differs from what charted.

# %%
most_songs = tracks["artist"].value_counts().index
artist = ARTIST.lower() or most_songs[0]
catalogue = tracks[tracks["artist"] == artist]
assert len(catalogue), f"no song by {artist!r}; the artists with most songs: {', '.join(most_songs[:5])}"
catalogue_places = charts.catalogue_beside_charts(catalogue, charted)
print(f"{artist}: {len(catalogue)} songs, {catalogue.index.isin(charted.index).sum()} of them charted; "
      f"{catalogue_places['outside'].mean():.0%} of their features are outside the band (songs that charted: 20%)")
charts.plot_place(catalogue_places);

# %% [markdown]
# ## Over the years
#
# For each year, the median of the songs that entered the charts and the band with the middle 80 % (for yes-or-no
# features: the share with its 95 % interval). A trend is named only if two tests agree: one over songs, and one that
# counts each year as a single observation.

# %%
trend_tests = success.trend_tests(charted)
success.plot_trends(charted, trend_tests);

# %%
trend_tests

# %% [markdown]
# ## What goes with success
#
# Rank correlations over all songs, and among songs of the same genre and years. Where only the first is far from zero,
# the relation is a difference between genres, not between songs.

# %%
target = "popularity" if "popularity" in tracks else "charted"
hit = HIT if target == "popularity" else 1
tracks["charted"] = tracks.index.isin(charted.index)
factors = success.success_factors(tracks, target)
explore.plot_within(factors, by="genre and years").set_xlabel(f"rank correlation with {target}, 95 % interval");

# %% [markdown]
# A difference between `linear` and `r` points to outliers or to a relation that is not a straight line. `r_artist` is
# the correlation among the songs of one artist; there, the fame of the artist is held constant.

# %%
factors[["r", "low", "high", "p_holm", "linear", "r_within", "r_artist", "low_artist", "high_artist", "strength",
         "reading"]]

# %% [markdown]
# The shape of the three strongest relations within genre and years (partial dependence): the mean prediction of a
# model if all songs had this value. The band shows how the fits differ (a bootstrap by artist).

# %%
within = factors["r_within"].drop(["mode", "explicit", "has_feat", "key"], errors="ignore")
leading = list(within.abs().nlargest(3).index)
success.plot_shapes(success.shapes(tracks, leading, target), target);

# %% [markdown]
# Genre by genre: bold numbers are significant after correction for the number of cells. If a row changes colour, the
# feature goes with success in one genre and against it in another.

# %%
with_genre = tracks if "first_genre" in tracks else tracks.assign(first_genre="all")
by_genre = success.factors_by_genre(with_genre, target)
if len(by_genre):
    success.plot_factors_by_genre(by_genre);

# %% [markdown]
# Could the differences between genres be chance? `p` is a permutation test: how often do the genres differ as much
# when artists are assigned to genres at random?

# %%
genre_differences = success.genres_differ(with_genre, target)
genre_differences

# %% [markdown]
# ## Can a hit be predicted?
#
# Two models predict from the audio features alone whether a song became a hit. They are tested on songs of artists
# that are not in the training set, and on songs of later years. In red: the same with a well-known leak. What a leak
# adds to the score is not real.

# %% tags=["cover"]
study = success.hit_study(tracks, target=target, hit=hit)
success.plot_study(study);

# %%
study.scores

# %% [markdown]
# Are the predicted probabilities calibrated? Then the dots, each a tenth of the songs, are on the dashed line.

# %%
deciles = success.deciles(study)
success.plot_decile_calibration(deciles);

# %% [markdown]
# How many times more hits than average are among the songs with the highest probabilities?

# %%
success.plot_lift(deciles);

# %% [markdown]
# The prediction for the song from above. Trust it only as far as the scores of the study allow.

# %%
appeal = success.song_appeal(song, tracks, study)
print(f"{song_name}. {appeal['sentence']}")

# %% [markdown]
# ## The same without any effect
#
# Success is assigned to the songs at random (a permutation test), so there is nothing to find. Each significant factor
# below is a false alarm; one run in twenty may have one. The ROC-AUC should be close to .5.

# %%
random_order = np.random.default_rng(0).permutation(tracks[target].to_numpy())
shuffled = tracks.assign(**{target: random_order})
false_alarms = (success.success_factors(shuffled, target)["p_holm"] < success.ALPHA).sum()
shuffled_study = success.hit_study(shuffled, target=target, hit=hit, leaks=False, year="none", n_splits=3)
print(f"{false_alarms} factors are significant")
for (_, model), row in shuffled_study.scores.iterrows():
    print(f"ROC-AUC of {model}: {row['roc_auc']:.2f} ({row['low']:.2f} to {row['high']:.2f})")

# %% [markdown]
# ## A sound file compared with recordings
#
# A sound file does not come with Spotify's features, and our own features measure something else; the two are never
# mixed. So a sound file is compared with other recordings: those in the folder `REFERENCE`, or synthetic songs, which
# only show how it works. If `SONG` is not a sound file, the first of the recordings is compared with the others.

# %%
if REFERENCE:
    recordings = read_folder(REFERENCE)
else:
    recordings = make_corpus(out / "reference_songs", songs_per_genre=4, seconds=8, long_songs=0)
recordings["track_id"] = recordings["artist"].fillna("") + " - " + recordings["song"]
references = extract_features(recordings.drop_duplicates("track_id"), out=out / "reference_features.parquet")
references["song"] = references.index.str.split(" - ", n=1).str[-1]
print(f"{len(references):,} recordings")

# %%
file = SONG if from_file else references["path"].iloc[0]
others = references[references["path"] != str(Path(file).absolute())]
file_place, file_alike = charts.compare_with_charts(file, others)
print(f"{Path(file).stem}, compared with {len(others):,} recordings; "
      f"outside the band: {', '.join(file_place.index[file_place['outside']]) or 'nothing'}")
charts.plot_place(file_place).set_xlabel("percentile among the reference recordings");

# %% [markdown]
# The most similar recordings:

# %%
file_alike[["artist", "song", "genre", "distance", "reason"]]

# %% [markdown]
# ## Conclusions
#
# One page, computed from the results above. *Strong*, *moderate*, *weak* and *negligible* are correlations of at least
# .5, .3, .1 and 0. *Sure* means p < .05 after correction for the number of tests. A prediction *says something* if its
# ROC-AUC is at least .7 and the interval is above .6; *little* if it is at least .6; *next to nothing* below;
# *nothing* if the interval includes .5.

# %%
conclusions = success.conclusions(factors, genre_differences, trend_tests, study)
conclusions

# %% [markdown]
# ## The claims of the report
#
# The verdicts are *holds*, *does not hold* and *cannot be told*. A claim that holds tells nothing about the cause.

# %%
claims = success.check_success_claims(tracks, study, genre_differences, target=target)
claims

# %%
print("; ".join(f"{number} {verdict}" for verdict, number in claims["verdict"].value_counts().items()))
for table, name in ((conclusions, "conclusions.csv"), (claims, "success_claims.csv")):
    print(f"written: {write_table(table, out / name)}")
