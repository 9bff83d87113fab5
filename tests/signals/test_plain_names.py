"""Names that would be formulas, or errors, are drawn as they are."""

import matplotlib.pyplot as plt
import pytest
import seaborn as sns
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.plain_names import plain_names


@plain_names
def bars(names):
    ax = plt.figure().subplots()
    ax.barh([str(number) + name for number, name in enumerate(names)], range(len(names)), label=names[0])
    ax.set(title=names[0], xlabel=names[0])
    ax.legend()
    return ax


@settings(deadline=None, max_examples=25)
@given(st.lists(st.text("$\\{}^_ab ", min_size=1, max_size=8), min_size=1, max_size=4))
def test_no_name_stops_a_plot(names):
    ax = bars(names)
    ax.figure.canvas.draw()
    assert ax.get_title() == names[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == [f"{number}{name}" for number, name in
                                                                   enumerate(names)]
    plt.close(ax.figure)


def test_grids_and_several_axes_are_drawn_too():
    grid = plain_names(lambda: sns.catplot(x=["$\\bad{$", "$x"], y=[1, 2], kind="bar"))()
    grid.figure.canvas.draw()
    axs = plain_names(lambda: plt.figure().subplots(1, 2))()
    assert len(axs) == 2


def test_the_arguments_stay_those_of_the_function():
    assert bars.__name__ == "bars"
    with pytest.raises(TypeError):
        bars()
