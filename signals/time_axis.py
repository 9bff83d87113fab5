"""Times in minutes and seconds: as text, and as the axis of a plot."""

from matplotlib.ticker import FuncFormatter, MultipleLocator

TICK_SECONDS = [.1, .2, .5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600]


def clock(seconds):
    """A time in minutes and seconds.

    Examples
    --------
    >>> clock(185.2), clock(59.9)
    ('3:05', '1:00')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def time_axis(ax, start, end, *, axis="x", most=8):
    """Set limits, ticks in minutes and seconds at round times, and the label of a time axis.

    Parameters
    ----------
    ax : matplotlib Axes
    start, end : float
        Limits in seconds.
    axis : {'x', 'y'}
    most : int
        Largest number of intervals between ticks.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> ax = time_axis(plt.figure().subplots(), 0, 150)
    >>> [ax.xaxis.get_major_formatter()(seconds, None) for seconds in ax.get_xticks()[1:-1]]
    ['0:00', '0:30', '1:00', '1:30', '2:00', '2:30']
    """
    start = 0 if start < .01 * end else start  # so little trimmed silence cannot be seen
    step = next((step for step in TICK_SECONDS if (end - start) / step <= most), TICK_SECONDS[-1])
    which = ax.yaxis if axis == "y" else ax.xaxis
    digits = 2 if step >= 1 else 4
    which.set_major_locator(MultipleLocator(step))
    which.set_major_formatter(FuncFormatter(lambda time, _: f"{int(time // 60)}:{time % 60:0{digits}.{digits // 4}f}"))
    ax.set(**{f"{axis}lim": (start, end), f"{axis}label": "time (min:s)"})
    return ax
