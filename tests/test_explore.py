"""Plots are readable with few and with many categories and rows."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import explore
from analysis import associations


def songs(rows, categories):
    rng = np.random.default_rng(0)
    genre = [f"genre number {row % categories}" for row in range(rows)]
    return pd.DataFrame({"genre": genre, "loudness": rng.normal(-8, 3, rows),
                         "danceability": rng.random(rows), "popularity": rng.integers(0, 100, rows),
                         "artist": np.arange(rows) // 4})


def boxes_of_labels(ax):
    """The tick labels' places on the canvas, in the order of their axis."""
    figure = ax.figure
    figure.canvas.draw()
    for axis in (ax.xaxis, ax.yaxis):
        yield [tick.get_window_extent() for tick in axis.get_ticklabels() if tick.get_text() and tick.get_visible()]


def assert_readable(ax):
    assert ax.get_xlabel() and ax.get_ylabel()
    for boxes in boxes_of_labels(ax):
        for one, two in zip(boxes, boxes[1:]):
            assert not one.overlaps(two), "tick labels overlap"


@pytest.mark.parametrize("rows", [200, 200_000])
@pytest.mark.parametrize("categories", [3, 30])
def test_the_reports_plots_are_readable(rows, categories):
    df = songs(rows, categories)
    before = df.copy(deep=True)
    assert_readable(explore.param_viz(df, "loudness", "popularity"))
    assert_readable(explore.param_viz(df, "genre", "popularity"))
    grid = explore.catplot_viz(df, "genre", "popularity", "box")
    assert_readable(grid.ax)
    assert len(explore.corr_heatmap(df, "popularity").get_xticklabels()) == 3
    pd.testing.assert_frame_equal(df, before)


@pytest.mark.parametrize("kind", ["box", "violin", "boxen", "bar", "point", "strip", "swarm", "count"])
def test_every_kind_of_plot_is_readable(kind):
    small_dots = {"size": 1} if kind == "swarm" else {}
    assert_readable(explore.catplot_viz(songs(3000, 4), "genre", "popularity", kind, **small_dots).ax)


def test_the_title_counts_the_categories_that_are_left_out():
    grid = explore.catplot_viz(songs(2000, 45), "genre", "popularity")
    assert len(grid.ax.get_yticklabels()) == 30
    assert "15 rarer categories not shown" in grid.figure.get_suptitle()


def test_plots_draw_on_the_given_axes_and_do_not_show_them(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *args, **kwargs: pytest.fail("a plot function calls show"))
    df, (figure, axes) = songs(300, 3), plt.subplots(1, 3)
    assert explore.param_viz(df, "loudness", "popularity", ax=axes[0]) is axes[0]
    assert explore.corr_heatmap(df, ["loudness", "popularity"], ax=axes[1], cbar=False) is axes[1]
    assert explore.plot_distribution(df, ax=axes[2]) is axes[2]
    assert plt.get_fignums() == [figure.number]


def test_axis_labels_have_units():
    ax = explore.param_viz(songs(300, 3), "loudness", "popularity")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("loudness (dB)", "popularity (0-100)")


def test_further_arguments_are_passed_on():
    ax = explore.param_viz(songs(300, 3), "loudness", "popularity", color="red")
    assert ax.collections[0].get_facecolor()[0][:3].tolist() == [1, 0, 0]


def test_the_heatmap_begins_with_the_parameter_and_its_strongest_correlation(sample):
    names = [label.get_text() for label in explore.corr_heatmap(sample, "popularity").get_yticklabels()]
    assert names[:2] == ["popularity", "valence"]


def test_the_key_is_not_in_the_heatmap(sample):
    names = [label.get_text() for label in explore.corr_heatmap(sample, "popularity").get_yticklabels()]
    assert "tempo" in names and "key" not in names
    with pytest.raises(ValueError, match="'key' is a place on a circle"):
        explore.corr_heatmap(sample, ["key", "tempo"])


@pytest.mark.parametrize("missing", ["loudness", "popularity"])
def test_a_missing_column_is_named(missing):
    with pytest.raises(ValueError, match=f"no column '{missing}'"):
        explore.param_viz(songs(50, 3).drop(columns=missing), "loudness", "popularity")


def test_plots_show_every_row_of_their_table(sample):
    ax = explore.plot_groups(associations.compare_groups(sample))
    assert [label.get_text().split("  ")[0] for label in ax.get_yticklabels()][-1] == "rock"
    within = explore.plot_within(associations.correlations_within(sample))
    assert within.get_legend() is not None
    assert len(explore.plot_correlations(associations.correlations(sample)).get_yticklabels()) == 14
    assert explore.plot_missing(sample).get_xlabel() == "cells missing (%)"
    assert explore.plot_missing(sample[["artist"]]).texts[0].get_text() == "no cell is missing"


def test_the_shares_of_a_side_add_up_to_all_its_songs(sample):
    rows = sample.dropna(subset=["first_genre"])
    ax = explore.plot_split({"train": rows, "test": rows.head(0)}, "first_genre")
    lengths = [bar.get_width() for bar in ax.containers[-1]]
    assert sum(lengths) == pytest.approx(100)


def test_the_plot_of_overlaps_names_the_column_that_is_kept_together():
    overlap = pd.Series({"shared": .5, "lookup": .4, "baseline": .3})
    labels = [label.get_text() for label in explore.plot_overlap({"random": overlap}, group="album").get_xticklabels()]
    assert "album" in labels[0] and "album" in labels[1] and not any("artist" in label for label in labels)
    assert "artist" in explore.plot_overlap({"random": overlap}).get_xticklabels()[0].get_text()


# ---- sentences

def test_groups_of_few_songs_are_not_compared():
    songs = pd.DataFrame({"genre": ["a"] * 3 + ["b"] * 2, "tempo": [1, 2, 3, 90, 91]})
    assert "no two genres with 3 songs or more" in explore.group_sentence(songs, "genre", "tempo")
    more = pd.concat([songs, pd.DataFrame({"genre": ["b"], "tempo": [92]})])
    assert explore.group_sentence(more, "genre", "tempo").startswith("tempo: highest in b (median 91), lowest in a (2)")
    constant = more.assign(tempo=5)
    assert "0% of the variance" in explore.group_sentence(constant, "genre", "tempo")


def test_missing_values_and_sides_are_put_into_words():
    whole = pd.DataFrame({"song": ["a"], "album": ["b"]})
    assert explore.missing_sentence(whole) == "0 of 2 columns have missing values"
    many = pd.DataFrame({name: [None, 1] for name in "abcdef"})
    assert explore.missing_sentence(many).endswith("d 50% and 2 more")
    sides = {"train": pd.DataFrame({"genre": list("aabb")}), "test": pd.DataFrame({"genre": []}, dtype=object)}
    assert "0" not in explore.split_sentence(sides | {"test": sides["train"]}, "genre").split(":")[0]
    assert explore.split_sentence(sides, "genre").endswith("50% of train and 50% of train")
