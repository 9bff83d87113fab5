"""Every plot returns its Axes, names its units, keeps a genre's colour, and draws names as they are."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from matplotlib.text import Text
from synthetic_signals import SR, tone

from prediction.genre_map import project
from prediction.plots import (
    genre_colors,
    plot_aspects,
    plot_collection,
    plot_explanation,
    plot_map,
    plot_shares,
    plot_song,
    plot_taggram,
    plot_timeline,
    short_name,
)
from prediction.saliency import PATCHES, Explanation
from synth.sample_table import GENRES

HARD_NAMES = ["$a_{$ b", "Ke$ha & A$AP", "<b>bold</b> & <br>", "\u202eright to left\u202c", "שלום",
              "100 % \\alpha_x^2"]
"""Names of songs and genres that look like a formula, like HTML, or that are written from right to left."""
SECONDS = 75


# ---- small examples of what is plotted

def shares_of_songs(genres=GENRES, names=("first", "second", "third")):
    values = np.random.default_rng(0).dirichlet(np.ones(len(genres)), len(names))
    return pd.DataFrame(values, index=list(names), columns=list(genres))


def shares_over_time(genres=GENRES):
    shares = shares_of_songs(genres, range(14)).set_axis(5.0 * np.arange(14))
    shares.attrs = {"seconds": 10.0, "hop_seconds": 5.0}
    return shares


def summary_of_song(genres=GENRES):
    share = shares_of_songs(genres).iloc[0].sort_values(ascending=False)
    return pd.DataFrame({"share": share, "low": .8 * share, "high": 1.2 * share})


def shares_of_aspects(genres=GENRES):
    return shares_of_songs(genres, ["beat", "timbre", "pitch"]).rename_axis("aspect")


def map_of(genres=GENRES, n_songs=12):
    rng = np.random.default_rng(0)
    of_genre = np.repeat(genres, n_songs)
    centres = 8 * rng.normal(size=(len(genres), 5))
    embedded = pd.DataFrame(rng.normal(size=(len(of_genre), 5)) + np.repeat(centres, n_songs, axis=0))
    return project(embedded, of_genre, features=pd.DataFrame({"bright_01": embedded[0], "flat_02": embedded[1]}))


def explanation_of(genres=GENRES, patch=(1, 6)):
    """One patch speaks for the first genre, and nothing for the others."""
    maps = {genre: np.zeros(PATCHES) for genre in genres[:3]}
    for values in maps.values():
        values[patch] = 1.0
    check = pd.DataFrame({"marked": np.log(4), "random": np.log(1.25)}, index=list(maps))
    levels = np.random.default_rng(0).random((64, 300))
    return Explanation(start=10.0, seconds=15.0, levels=levels, shares=pd.Series([.62, .2, .1], list(maps)), maps=maps,
                       check=check, method="occlusion", highest=11_025.0)


def labels_of(genres=GENRES, n_songs=30):
    shares = shares_of_songs(genres, range(n_songs)).add_prefix("share: ")
    blend = pd.Series(np.arange(n_songs) % len(genres)).map(lambda number: genres[number])
    probability = np.linspace(0, 1, n_songs)
    return shares.assign(blend=blend.to_numpy(), probability=probability)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "$a_{$ tone.wav"
    soundfile.write(path, .5 * tone(220, SECONDS), SR)
    return path


@pytest.fixture(scope="module")
def plots(sound):
    """Every plot by its name, as a function of the genres."""
    return {"shares": lambda genres: plot_shares(shares_of_songs(genres)),
            "song": lambda genres: plot_song(summary_of_song(genres)),
            "aspects": lambda genres: plot_aspects(shares_of_aspects(genres)),
            "timeline": lambda genres: plot_timeline(shares_over_time(genres), sound),
            "map": lambda genres: plot_map(map_of(genres), {"a song": (0, 0)}),
            "explanation": lambda genres: plot_explanation(explanation_of(genres)),
            "collection": lambda genres: plot_collection(labels_of(genres))}


NAMES = ["shares", "song", "aspects", "timeline", "map", "explanation", "collection"]


def texts(ax):
    """The texts of a figure that are seen, with those of ticks and legends."""
    return [text for text in ax.figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


# ---- what all plots have in common

@pytest.mark.parametrize("name", NAMES)
def test_a_plot_returns_its_axes_and_neither_shows_nor_saves(plots, name, monkeypatch):
    def refuse(*arguments, **settings):
        raise AssertionError("a plot function leaves this to its caller")
    for owner, method in ((plt, "show"), (plt, "savefig"), (Figure, "show"), (Figure, "savefig")):
        monkeypatch.setattr(owner, method, refuse)
    drawn = plots[name](GENRES)
    assert all(isinstance(ax, Axes) and ax.has_data() for ax in np.atleast_1d(drawn))
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("draw", [lambda ax: plot_shares(shares_of_songs(), ax=ax),
                                  lambda ax: plot_song(summary_of_song(), ax=ax),
                                  lambda ax: plot_aspects(shares_of_aspects(), ax=ax),
                                  lambda ax: plot_map(map_of(), ax=ax)])
def test_a_plot_is_drawn_on_the_axes_that_are_given(draw):
    ax = plt.subplots()[1]
    assert draw(ax) is ax and len(plt.get_fignums()) == 1


def test_plots_of_several_axes_are_drawn_on_those_that_are_given(sound):
    axs = plt.subplots(1, 7)[1]
    assert plot_timeline(shares_over_time(), sound, axs=axs[:2]) is not None
    plot_explanation(explanation_of(), axs=axs[2:5])
    plot_collection(labels_of(), axs=axs[5:])
    assert all(ax.has_data() for ax in axs) and len(plt.get_fignums()) == 1


@pytest.mark.parametrize("name", ["shares", "song", "aspects"])
def test_an_axis_of_shares_runs_from_0_to_1_and_says_so(plots, name):
    ax = plots[name](GENRES)
    assert "genre share (0 to 1)" in ax.get_xlabel() and ax.get_xlim() == (0, 1)


def test_axes_name_their_units(plots):
    shares, waveform = plots["timeline"](GENRES)
    assert "(0 to 1)" in shares.get_ylabel() and shares.get_ylim() == (0, 1)
    assert "min:s" in waveform.get_xlabel()
    window = plots["explanation"](GENRES)[0]
    assert window.get_xlabel() == "time (s)" and window.get_ylabel() == "frequency (Hz)"
    counts, sure = plots["collection"](GENRES)
    assert counts.get_xlabel().startswith("number of songs") and sure.get_ylabel() == "number of songs"
    assert sure.get_xlabel().startswith("probability that the label is right")


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("name", NAMES)
def test_genre_names_are_drawn_as_they_are(plots, name):
    """A genre with two dollar signs, such as a folder's name, was read as a formula and stopped the drawing."""
    ax = np.atleast_1d(plots[name](HARD_NAMES))[0]
    ax.figure.canvas.draw()
    named = [text for text in texts(ax) if any(hard in text.get_text() for hard in HARD_NAMES)]
    assert named and all(not text.get_parse_math() and not text.get_usetex() for text in named)


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("song", HARD_NAMES)
def test_song_names_are_drawn_as_they_are(song):
    for ax in (plot_shares(shares_of_songs(names=[song, "other"])), plot_map(map_of(), {song: (0, 0)})):
        ax.figure.canvas.draw()
        named = [text for text in texts(ax) if text.get_text() == song]
        assert len(named) == 1 and not named[0].get_parse_math() and not named[0].get_usetex()


# ---- colours

def test_colours_are_the_same_for_the_same_genres():
    assert genre_colors(GENRES) == genre_colors(GENRES[::-1]) and len(set(genre_colors(GENRES).values())) == 8


@given(st.permutations([f"genre {number}" for number in range(20)]), st.integers(1, 20))
def test_up_to_twenty_genres_have_colours_of_their_own_in_any_order(names, n_genres):
    genres = names[:n_genres]
    colors = genre_colors(genres)
    assert len(set(colors.values())) == n_genres
    assert colors == genre_colors(sorted(genres))


def test_a_genre_has_the_same_colour_in_every_plot(plots):
    genres = GENRES[::-1]
    expected = genre_colors(GENRES)
    shares = plots["shares"](genres)
    collection = plots["collection"](genres)[0]
    for ax in (shares, collection):
        bars = {bar.get_label(): to_rgb(bar.patches[0].get_facecolor()) for bar in ax.containers}
        assert bars == expected
    song = plots["song"](genres)
    for bar, label in zip(song.containers[0].patches, song.get_yticklabels()):
        assert to_rgb(bar.get_facecolor()) == expected[label.get_text()]
    first_row = plots["aspects"](genres).patches[:8]
    order = shares_of_aspects(genres).iloc[0].sort_values(ascending=False).index
    assert [to_rgb(bar.get_facecolor()) for bar in first_row] == [expected[genre] for genre in order]
    layers = plots["timeline"](genres)[0].collections
    order = shares_over_time(genres).mean().sort_values(ascending=False).index
    assert [to_rgb(layer.get_facecolor()[0]) for layer in layers] == [expected[genre] for genre in order]
    regions = [patch for patch in plots["map"](genres).patches if isinstance(patch, Ellipse)]
    assert sorted(to_rgb(patch.get_facecolor()) for patch in regions) == sorted(expected.values())


# ---- names

@given(st.text(max_size=80), st.integers(2, 60))
def test_a_short_name_is_never_longer_than_asked_for(name, longest):
    short = short_name(name, longest)
    assert len(short) <= longest
    if len(name) <= longest and "." not in name:
        assert short == name


def test_long_song_names_are_shortened():
    long = "An extraordinarily long name of a song, with its remix, its year and its label"
    ax = plot_shares(shares_of_songs(names=[long, "music/folder/short one.flac"]))
    assert [label.get_text() for label in ax.get_yticklabels()] == [f"{long[:33]}…", "short one"]
    star = [text.get_text() for text in plot_map(map_of(), {long: (0, 0)}).texts]
    assert f"{long[:23]}…" in star and long not in star


# ---- shares

def test_the_bars_of_a_song_add_up_to_one():
    table = shares_of_songs()
    ax = plot_shares(table)
    for row, name in enumerate(table.index):
        bars = {bar.get_label(): bar.patches[row] for bar in ax.containers}
        assert {genre: bar.get_width() for genre, bar in bars.items()} == pytest.approx(table.loc[name].to_dict())
        edges = sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars.values())
        assert [start for start, _ in edges] == pytest.approx([0, *(end for _, end in edges[:-1])])
        assert edges[-1][1] == pytest.approx(1)


def test_the_label_of_each_song_stands_beside_its_bar():
    table = pd.DataFrame({"jazz": [.95, .5], "metal": [.05, .5]}, index=["a", "b"])
    beside = {text.get_position()[1]: text.get_text() for text in plot_shares(table).texts
              if text.get_position()[0] > 1}
    assert beside == {0: "jazz", 1: "jazz-metal"}


def test_a_song_is_shown_with_its_largest_genres_and_their_intervals():
    summary = summary_of_song()
    ax = plot_song(summary, top=3)
    assert [label.get_text() for label in ax.get_yticklabels()] == summary.index[:3].tolist()
    intervals = [line[:, 0].tolist() for line in ax.collections[0].get_segments()]
    assert intervals == [pytest.approx(list(pair)) for pair in summary[["low", "high"]].to_numpy()[:3]]


# ---- over time

def test_shares_fill_the_whole_length_of_the_song(sound):
    ax, waveform = plot_timeline(shares_over_time(), sound)
    corners = np.vstack([layer.get_paths()[0].vertices for layer in ax.collections])
    assert corners.min(axis=0) == pytest.approx([0, 0]) and corners.max(axis=0) == pytest.approx([SECONDS, 1], abs=.01)
    assert waveform.get_xlim() == pytest.approx((0, SECONDS), abs=.01)
    assert abs(waveform.collections[0].get_paths()[0].vertices[:, 1]).max() == pytest.approx(.5, abs=.05)


def test_a_window_stands_at_its_middle(sound):
    shares = shares_over_time(["jazz", "metal"])
    shares["jazz"], shares["metal"] = .9, .1
    shares.loc[30.0] = [.6, .4]
    layer = plot_timeline(shares, sound)[0].collections[0].get_paths()[0].vertices
    dip = layer[(layer[:, 1] > .55) & (layer[:, 1] < .65)]
    assert set(dip[:, 0]) == {35.0}


def test_a_tick_of_the_time_axis_tells_where_it_stands(sound):
    waveform = plot_timeline(shares_over_time(), sound)[1]
    waveform.figure.canvas.draw()
    assert len(waveform.get_xticks()) > 3
    for position, label in zip(waveform.get_xticks(), waveform.get_xticklabels()):
        minutes, seconds = label.get_text().split(":")
        assert 60 * int(minutes) + float(seconds) == position


# ---- the genre map

def test_a_region_holds_about_two_thirds_of_the_songs_of_its_genre():
    drawn = map_of(GENRES[:3], n_songs=400)
    regions = [patch for patch in plot_map(drawn).patches if isinstance(patch, Ellipse)]
    for genre, region in zip(drawn.regions.index, regions):
        songs = drawn.songs.loc[drawn.songs["genre"] == genre, ["x", "y"]]
        inside = region.get_path().contains_points(region.get_patch_transform().inverted().transform(songs))
        assert inside.mean() == pytest.approx(.68, abs=.07)


def test_a_song_is_a_star_at_its_place():
    ax = plot_map(map_of(), {"a": (1.5, -2.0), "b": (0.0, 3.0)})
    stars = [dots.get_offsets()[0].tolist() for dots in ax.collections[-2:]]
    assert stars == [[1.5, -2.0], [0.0, 3.0]]
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert all(left < x < right and bottom < y < top for x, y in stars)


def test_several_songs_have_numbers_and_a_list_beside_the_map():
    ax = plot_map(map_of(), {"a $_{ song": (0, 0), "b": (.1, 0)})
    words = [text.get_text() for text in ax.texts]
    assert words[:0] + [word for word in words if word not in GENRES] == ["1", "2", "1  a $_{ song", "2  b"]
    words = [text.get_text() for text in plot_map(map_of(), {"1": (0, 0), "2": (.1, 0)}).texts]
    assert [word for word in words if word not in GENRES] == ["1", "2"], "a path, whose songs have no other names"


def test_the_names_of_genres_at_the_same_place_do_not_overlap():
    drawn = map_of(GENRES[:3])
    drawn.regions[["x", "y"]] = 1.0
    heights = sorted(text.get_position()[1] for text in plot_map(drawn).texts)
    assert np.diff(heights).min() > .5


def test_the_axes_of_a_map_name_the_features_that_they_follow():
    drawn = map_of()
    meaning = pd.DataFrame({"x": [.95, .9, .8, .1, .7], "y": [.2, .1, .2, -.8, .3]},
                           index=["mfcc_01_mean", "rnb", "spectral_centroid_mean", "tempo", "spectral_rolloff_mean"])
    ax = plot_map(drawn._replace(meaning=meaning))
    assert ax.get_xlabel() == "→ more R&B, more brightness" and ax.get_ylabel() == "→ less tempo"
    codes = meaning.head(1)
    assert plot_map(drawn._replace(meaning=codes)).get_xlabel() == "", "a code is no word"


def test_a_saved_map_without_songs_is_drawn():
    drawn = map_of()
    ax = plot_map(drawn._replace(songs=drawn.songs.iloc[:0]))
    assert len(ax.patches) == len(GENRES) and not ax.collections


# ---- the explanation

def test_a_title_tells_the_share_and_what_is_left_of_it():
    ax = plot_explanation(explanation_of())[0]
    assert ax.get_title().splitlines() == [f"{GENRES[0]}: 62% of these 15 s",
                                           "25% of it left without the marked quarter",
                                           "80% of it left without a random quarter"]


@pytest.mark.parametrize("patch", [(0, 0), (1, 6), (7, 7), (4, 2)])
def test_the_colour_lies_over_the_patch_that_matters(patch):
    ax = plot_explanation(explanation_of(patch=patch))[0]
    spectrogram, colour = ax.images
    assert spectrogram.get_extent() == colour.get_extent() == [10.0, 25.0, 0, 64]
    opacity = np.asarray(colour.get_array())[:, :, 3]
    row, column = np.unravel_index(opacity.argmax(), opacity.shape)
    assert (row * PATCHES[0] // len(opacity), column * PATCHES[1] // opacity.shape[1]) == patch


def test_a_tick_of_the_frequency_axis_lies_at_the_band_of_its_frequency():
    import librosa
    ax = plot_explanation(explanation_of())[0]
    for tick, label in zip(ax.get_yticks(), ax.get_yticklabels()):
        power = librosa.feature.melspectrogram(y=tone(float(label.get_text()), 1), sr=SR, n_mels=64)
        assert power.mean(axis=1).argmax() + .5 == pytest.approx(tick, abs=1.5), label


# ---- a collection

def test_each_bar_of_a_collection_is_as_long_as_the_number_of_songs():
    labels = labels_of(n_songs=30)
    ax = plot_collection(labels)[0]
    assert all(tick == round(tick) for tick in ax.get_xticks()), "there are no parts of songs"
    lengths = np.sum([[bar.get_width() for bar in genre.patches] for genre in ax.containers], axis=0)
    counts = labels["blend"].value_counts()
    assert dict(zip([label.get_text() for label in ax.get_yticklabels()], lengths)) == pytest.approx(counts.to_dict())


def test_a_collection_of_many_labels_shows_the_most_frequent_and_says_so():
    labels = labels_of(n_songs=60)
    labels["blend"] = [f"label {number}" for number in range(25)] * 2 + ["label 24"] * 10
    ax, sure = plot_collection(labels)
    assert ax.get_title() == "songs with each label (the 20 most frequent of 25)"
    assert ax.get_yticklabels()[0].get_text() == "label 24" and len(ax.get_yticklabels()) == 20
    assert sum(bar.get_height() for bar in sure.patches) == 60


# ---- styles and tags

def test_styles_are_added_up_by_family_in_plots(songs):
    shares = pd.DataFrame({"rock": [.2, .3], "rock: punk": [.65, .3], "jazz": [.15, .4]}, index=[0.0, 7.0])
    shares.attrs = {"seconds": 15.0}
    named = {text.get_text() for text in plot_timeline(shares, songs["jazz"])[0].texts}
    assert named == {"rock", "jazz"}
    texts = [text.get_text() for text in plot_shares(shares).texts]
    assert {"rock", "rock: punk", "rock-jazz"} <= set(texts) and texts.count("jazz") == 2


def test_families_have_the_same_colours_whichever_are_shown():
    few, more = genre_colors(["jazz", "rock"]), genre_colors(["blues", "disco", "jazz", "metal", "rock", "soul"])
    assert few["rock"] == more["rock"] and few["jazz"] == more["jazz"]
    assert len(set(more.values())) == 6


def test_a_taggram_has_a_row_a_word_and_a_column_a_window():
    table = pd.DataFrame({"punk": [90, 10, 50], "sad": [20, 30, 100]}, index=[0.0, 3.0, 6.0])
    ax = plot_taggram(table)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["punk", "sad"]
    np.testing.assert_allclose(ax.images[0].get_array(), table.T)
    assert ax.images[0].get_extent()[:2] == [0, 9]
