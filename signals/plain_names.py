"""Names in plots as they are: a `$` in the name of a song, a genre or a column starts no formula."""

import functools

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text


def plain_names(plot):
    """Make a plot function draw all texts as they are, with their `$`.

    matplotlib takes text between two `$` for a formula, and stops with an error where it is none.

    Parameters
    ----------
    plot : callable
        It returns Axes, several of them, or a seaborn grid.

    Returns
    -------
    callable
        The same function; what it returns shows its texts as they are.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> @plain_names
    ... def plot_name(name):
    ...     ax = plt.figure().subplots()
    ...     ax.set_title(name)
    ...     return ax
    >>> plot_name("A$AP and $\\\\bad{$").figure.canvas.draw()
    """
    @functools.wraps(plot)
    def plotted(*arguments, **settings):
        # some functions draw before they return; rc_context would undo what a notebook's backend sets when it is loaded
        parses = matplotlib.rcParams["text.parse_math"]
        matplotlib.rcParams["text.parse_math"] = False
        try:
            drawn = plot(*arguments, **settings)
        finally:
            matplotlib.rcParams["text.parse_math"] = parses
        for ax in _all_axes(drawn):
            _show_plainly(ax)
        return drawn
    return plotted


def _all_axes(drawn):
    """The Axes in what a plot function returned."""
    if isinstance(drawn, Axes):
        return [drawn]
    figure = getattr(drawn, "figure", None)  # a seaborn grid; its title belongs to the figure
    if figure is not None:
        for text in figure.findobj(Text):
            text.set_parse_math(False)
        return figure.axes
    return [ax for ax in np.ravel(np.asarray(drawn, dtype=object)) if isinstance(ax, Axes)]


def _show_plainly(ax):
    # the texts of all ticks are made here, or matplotlib would make some of them later
    ticks = [tick for axis in (ax.xaxis, ax.yaxis) for tick in axis.get_major_ticks()]
    for text in [*ax.findobj(Text), *(text for tick in ticks for text in (tick.label1, tick.label2))]:
        text.set_parse_math(False)
