# %% [markdown]
# # Commercial success
#
# [![Open in Colab][badge]][colab]
#
# [badge]: https://colab.research.google.com/assets/colab-badge.svg
# [colab]: https://colab.research.google.com/github/owner/name/blob/main/notebooks/09_commercial_success.ipynb
#
# Reads a table of songs, a weekly chart and, if you have one, your own song; says where the song stands among what
# charted, and tests what goes with success. It writes `success_claims.csv` and `conclusions.csv` to `OUT_DIR`.
# It takes half a minute, and two for thirty thousand songs.

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
from IPython.display import display

import charts
import explore
import success
from prepare import write_table
from preprocessing import prepared_tracks
from recommend import gather_songs

# %% tags=["parameters"]
SOURCE: str = ""  # empty: what notebook 02 wrote, else the sample; or anything that notebook 02 can read
CHARTS: str = ""  # a weekly chart, CSV or JSON; empty: the sample's own, else a high popularity takes its place
SONG: str = ""  # a sound file, or a song of the table by title or "artist - title"; empty: one that is no hit
ARTIST: str = ""  # the artist whose songs are compared with the hits; empty: that of SONG, else the one with most songs
REFERENCE: str = ""  # a folder of your own recordings; those that sound most like SONG are named
HIT: int = 70  # without a chart, a song with this popularity or more counts as a hit
OUT_DIR: str = "runs"  # where notebooks write what the next one reads

# %%
from prepare import check_parameters; check_parameters()

# %%
out = Path(OUT_DIR)
pd.set_option("display.max_columns", 40)
pd.set_option("display.max_colwidth", None)
tracks = prepared_tracks(out / "tracks", SOURCE)
tracks = tracks.assign(**{column: None for column in ("artist", "song") if column not in tracks})
synthetic = tracks["source"].isin(["sample (synthetic)", "sample songs (synthetic)"]).all()
chart = charts.load_charts(CHARTS or "sample") if CHARTS or synthetic else None
charted, chart_years = None, ""
if chart is not None:
    charted = charts.charting_songs(tracks, charts.match_songs(tracks, chart))
    chart_years = "{:%Y} to {:%Y}".format(*chart["date"].agg(["min", "max"]))
hits = charts.define_hits(tracks, charted, hit=HIT, chart_years=chart_years)
tracks, others, called = hits.tracks, hits.compared_with, hits.called
song = charts.choose_song(SONG, tracks, others, here, root)
from_file = "tempo_rival" in song

# %% [markdown]
# ## The song
#
# What is measured of the song, and how frequent it is. In red: the song. Each panel shows all songs that it is
# compared with. The dashed line is the half or double of the tempo, which many people (and programs) would feel
# instead.

# %% tags=["finding"]
print(charts.own_song_in_words(song, others, called))
print(charts.found_in_words(song, tracks, chart))

# %%
charts.plot_own_song(song, others, called=called);

# %% [markdown]
# Feature by feature: the percentile of the song among the songs of its genre and years, where there are enough of
# them; 50 is the middle, and the grey band holds the middle 80%. Red is outside the band. This describes the song and
# does not judge it: of ten features, a hit has two outside the band on average.

# %%
listed = charts.find_in_table(song, tracks)
described = listed if len(listed) else song
alike, alike_called = charts.of_its_kind(described, others, called)
place = charts.compare_own_song(described, alike)
if len(place):
    print(charts.place_in_words(place, alike_called))
    charts.plot_place(place, called=alike_called)
else:
    print(f"{charts.name_of_song(described)} has no feature by which it can be compared with the {called}.")

# %% [markdown]
# How far can a sound file be compared with a table? What is measured in the same way is compared:

# %%
if from_file:
    shown = ["value", "median", "percentile", "how comparable"]
    display(explore.readable(charts.compare_own_song(song, others)[shown]))
else:
    print("The song is a row of the table, so all its features are Spotify's. Name a sound file as SONG for your own.")

# %% [markdown]
# Spotify's features can be estimated from the sound, by a pre-trained network's tags. For 8 of 10 songs, Spotify's
# value lies between `low` and `high`; `from` and `to` are the percentiles of these two.

# %%
estimates = None
if from_file:
    try:
        estimates = charts.compare_estimates(song, others)
        print(charts.estimates_in_words(estimates, called))
    except charts.ModelError as error:
        print(error)

# %%
if estimates is not None and len(estimates):
    display(explore.readable(estimates))

# %% [markdown]
# The most similar songs, by all of Spotify's features. Two songs drawn at random have a distance of about 1.4.

# %%
columns = ["artist", "song", "genre", "chart_year", "peak", "weeks", "popularity", "distance", "reason"]
obstacle = charts.comparison_obstacle(described, alike, called)
if obstacle:
    print(obstacle)
else:
    similar = charts.similar_songs(described, alike, 5, by="table")
    display(explore.readable(similar[[column for column in columns if column in similar]].reset_index(drop=True)))

# %% [markdown]
# Songs with the same tempo (or its half or double), in the same key or one that shares nearly all its notes: they can
# be mixed with the song, or played beside it.

# %%
fitting = charts.songs_in_tempo_and_key(song, others)
columns = ["artist", "song", "genre", "chart_year", "peak", "popularity", "tempo"]
if len(fitting):
    keys = [charts.key_of_song(fitting.iloc[[number]]) for number in range(len(fitting))]
    fitting = fitting[[column for column in columns if column in fitting]].reset_index(drop=True).assign(key=keys)
    display(explore.readable(fitting))
else:
    print(f"None of the {called} has the tempo and the key of {charts.name_of_song(song)}.")

# %% [markdown]
# Year by year: the median of the songs and the band with the middle 80% (for the mode: the share of major), and the
# song in red. If the table has the song itself, its row is used: a file may be an excerpt.

# %%
print(charts.years_in_words(described, others, called=called))
if others["chart_year"].notna().any() and len(place):
    charts.plot_own_years(described, others)

# %% [markdown]
# The recordings in the folder `REFERENCE` that sound most like the song, by the embedding of a pre-trained network.
# Those that are in the chart are found by title and artist.

# %%
if REFERENCE and from_file:
    recordings = gather_songs(out / "reference", REFERENCE)
    heard = charts.song_row(song["path"].iloc[0], recordings)
    nearest = charts.nearest_recordings(heard, recordings, chart)
    print(charts.recordings_in_words(nearest, len(recordings)))
    columns = ["artist", "song", "genre", "charted", "peak", "weeks", "distance", "reason"]
    display(explore.readable(nearest[[column for column in columns if column in nearest]].reset_index(drop=True)))
    if chart is not None:
        in_chart = charts.nearest_recordings(heard, recordings, chart, only_charted=True)
        print(charts.charted_in_words(in_chart))
        display(explore.readable(in_chart[[column for column in columns if column in in_chart]].reset_index(drop=True)))
else:
    print("Name a sound file as SONG and a folder of recordings as REFERENCE, and the nearest of them are listed here.")

# %% [markdown]
# **What cannot be said.** No model tells a hit from its sound alone: the last section but two measures how little
# sound tells, on songs whose success is known. Money, fame and chance are not in the sound, and a song that is unlike
# what charted is not a worse song.

# %% [markdown]
# ## What the table holds
#
# The songs of the table are looked up in the chart by artist and title; differences in spelling are allowed. If the
# line below names the sample, songs and chart are **synthetic**, and the ground truth is known (see
# `synth.sample_table.make_table` and `synth.sample_chart.make_chart`).

# %% tags=["finding"]
print(f"{len(tracks):,} tracks from {', '.join(tracks['source'].astype(str).unique()[:3])}.")
print(hits)

# %% [markdown]
# ## All songs of one artist
#
# Each dot is a song of the artist. A row with all its dots on one side shows how this artist differs from the others.

# %%
names = tracks["artist"].dropna()
artist = ARTIST.lower() or next((name for name in described["artist"].dropna() if (names == name).sum() > 1), "")
artist = artist or next(iter(names.value_counts().index), "")
catalogue = tracks[tracks["artist"] == artist]
obstacle = charts.comparison_obstacle(catalogue, others, called) if len(catalogue) else (
    f"The table has no song by {artist!r}; most songs are by {', '.join(names.value_counts().index[:5])}." if len(names)
    else "The table names no artists.")
if obstacle:
    print(obstacle)
else:
    places = charts.catalogue_beside_charts(catalogue, others)
    print(charts.catalogue_in_words(places, artist, called))
    charts.plot_place(places, called=called)

# %% [markdown]
# ## Over the years
#
# For each year, the median of the songs and the band with the middle 80% (for yes-or-no features: the share with its
# 95% interval). A trend is named only if two tests agree: one over songs, and one that counts each year as a single
# observation.

# %%
trend_tests = success.trend_tests(others)
print(success.trends_in_words(trend_tests, called))
if trend_tests["n"].any():
    success.plot_trends(others, trend_tests)

# %%
explore.readable(trend_tests)

# %% [markdown]
# ## What goes with success
#
# Rank correlations with being a hit (or with the popularity) over all songs, and among songs of the same genre and
# years. Where only the first is far from zero, the relation is a difference between genres, not between songs. The key
# is not here: it is a place on a circle, which a correlation cannot see.

# %% tags=["finding"]
target = hits.target
factors = success.success_factors(tracks, target) if target else None
has_factors = factors is not None and factors["r"].notna().any()
if has_factors:
    print(f"What goes with {success.hit_words(target)}, in groups of one genre and years? "
          f"{explore.within_in_words(factors)}")
else:
    print("Nothing is said on what goes with success: the table has no hits and other songs, or no features of them.")

# %%
if has_factors:
    axes = explore.plot_within(factors, by="genre and years")
    axes.set_xlabel(f"rank correlation with {success.hit_words(target)}, 95% interval")

# %% [markdown]
# A difference between `linear` and `r` points to outliers or to a relation that is not a straight line. `r artist` is
# the correlation among the songs of one artist; there, the fame of the artist is held constant.

# %%
columns = ["r", "low", "high", "p_holm", "linear", "r_within", "low_within", "high_within", "r_artist", "low_artist",
           "high_artist", "strength"]
if has_factors:
    display(explore.readable(factors[columns]))

# %% [markdown]
# The songs at the lowest popularity: are they a cluster that is not about the songs? What is the result without them?

# %%
cluster = explore.zero_cluster(tracks)
by_popularity = target == "popularity" and has_factors
print(explore.zero_cluster_in_words(tracks) or "There is no such cluster.")
if cluster.any() and by_popularity:
    print(explore.change_in_words(explore.without_zero_cluster(tracks, target, list(factors.index))))
elif cluster.any() and target:
    print(explore.zero_cluster_and_hits(tracks, target))

# %% [markdown]
# The shape of the three strongest relations within genre and years (partial dependence): the mean prediction of a
# model if all songs had this value. The band shows how the fits differ (a bootstrap by artist).

# %%
numbers = factors.drop(["mode", "explicit", "has_feat"], errors="ignore") if has_factors else pd.DataFrame()
if len(numbers):
    leading = numbers["r_within"].fillna(numbers["r"]).abs().nlargest(3).index
    curves = success.shapes(tracks, list(leading), target)
    print(success.shapes_in_words(curves, target))
    success.plot_shapes(curves, target)

# %% [markdown]
# Genre by genre: bold numbers are significant after correction for the number of cells. If a row changes colour, the
# feature goes with success in one genre and against it in another. Could the differences between genres be chance? The
# p-value is that of a permutation test: how often do the genres differ as much when artists are assigned to genres at
# random?

# %%
with_genre = tracks if "first_genre" in tracks else tracks.assign(first_genre="all")
by_genre = success.factors_by_genre(with_genre, target) if has_factors else pd.DataFrame()
genre_differences = success.genres_differ(with_genre, target) if has_factors else pd.DataFrame()
if len(by_genre):
    print(success.by_genre_in_words(by_genre, genre_differences))
    success.plot_factors_by_genre(by_genre)
else:
    print("No genre has enough songs to be studied by itself.")

# %%
if len(genre_differences):
    display(explore.readable(genre_differences))

# %% [markdown]
# ## Can a hit be predicted?
#
# Two models predict from the audio features alone whether a song is a hit. They are tested on songs of artists that are
# not in the training set, and on songs of later years. In red: the same with a well-known leak. What a leak adds to the
# score is not real.

# %% tags=["finding"]
obstacle = (success.study_obstacle(tracks, target=target, hit=hits.hit) if target
            else "nothing in the table tells hits from other songs")
study = None if obstacle else success.hit_study(tracks, target=target, hit=hits.hit)
print(f"Hits are not predicted: {obstacle}." if obstacle else success.study_in_words(study))

# %% tags=["cover"]
if study:
    success.plot_study(study)

# %%
if study:
    display(explore.readable(study.scores[["n", "base_rate", "roc_auc", "low", "high", "average_precision", "worth"]]))

# %% [markdown]
# The same predictions without the cluster at popularity 0 and 1; and, with a chart, the same question among the songs
# that charted.

# %%
if study and cluster.any() and by_popularity:
    print("Without the songs at popularity 0 and 1:")
    display(explore.readable(success.scores_without(study, tracks.index[cluster])))
if study and hits.also and not success.study_obstacle(tracks, target=hits.also, hit=1):
    among = success.hit_study(tracks, target=hits.also, hit=1, leaks=False)
    print(f"Among the songs that charted, {success.hit_words(hits.also)} or not. {success.study_in_words(among)}")

# %% [markdown]
# Are the predicted probabilities calibrated? Then the dots, each a tenth of the songs, are on the dashed line.

# %%
if study:
    deciles = success.deciles(study)
    print(success.calibration_in_words(deciles))
    success.plot_decile_calibration(deciles)

# %% [markdown]
# How many times more hits than average are among the songs with the highest probabilities?

# %%
if study:
    print(success.lift_in_words(deciles))
    success.plot_lift(deciles)

# %% [markdown]
# The prediction for the song from above, if the table has it with Spotify's features. Trust it only as far as the
# scores of the study allow.

# %%
if study and len(listed):
    print(f"{charts.name_of_song(listed)}. {success.song_appeal(listed, tracks, study)['sentence']}")
else:
    print("There is no prediction for this song: it would need Spotify's features of it, and hits to learn from.")

# %% [markdown]
# ## The same without any effect
#
# Success is assigned to the songs at random (a permutation test), so there is nothing to find. Each significant factor
# below is a false alarm; one run in twenty may have one. The ROC-AUC should be close to .5.

# %%
if study:
    known = tracks.dropna(subset=[target])
    shuffled = known.assign(**{target: np.random.default_rng(0).permutation(known[target].to_numpy())})
    false_alarms = (success.success_factors(shuffled, target)["p_holm"] < success.ALPHA).sum()
    shuffled_study = success.hit_study(shuffled, target=target, hit=hits.hit, leaks=False, year="none", n_splits=3)
    print("significant factors:", false_alarms)
    for (_, model), row in shuffled_study.scores.iterrows():
        print(f"ROC-AUC of {model}: {row['roc_auc']:.2f} ({row['low']:.2f} to {row['high']:.2f})")

# %% [markdown]
# ## Conclusions
#
# One page, computed from the results above. *Strong*, *moderate*, *weak* and *negligible* are correlations of at least
# .5, .3, .1 and 0. *Sure* means p < .05 after correction for the number of tests. A prediction *says something* if its
# ROC-AUC is at least .7 and the interval is above .6; *little* if it is at least .6; *next to nothing* below;
# *nothing* if the interval includes .5; *the opposite* if the whole interval is below .5.

# %%
conclusions = success.conclusions(factors if has_factors else None, genre_differences, trend_tests, study,
                                  called=called)
conclusions

# %% [markdown]
# ## The claims of the report
#
# The verdicts are *holds*, *does not hold* and *cannot be told*; what holds may be weak or negligible. A claim that
# holds tells nothing about the cause.

# %%
of_popularity = target if target and "popularity" not in tracks else "popularity"
claims = success.check_success_claims(tracks, study, genre_differences, target=of_popularity)
claims

# %%
print("; ".join(f"{verdict}: {number}" for verdict, number in claims["verdict"].value_counts().items()))
for table, name in ((conclusions, "conclusions.csv"), (claims, "success_claims.csv")):
    print(f"written: {write_table(table, out / name)}")
