"""A time axis in minutes and seconds."""

from matplotlib.ticker import FuncFormatter, MultipleLocator

TICK_SECONDS = [.1, .2, .5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600]


def time_axis(ax, start, end, *, axis="x", most=8):
    """Ticks in minutes and seconds at round times."""
    start = 0 if start < .01 * end else start  # what silence was trimmed there may be too little to see
    step = next((step for step in TICK_SECONDS if (end - start) / step <= most), TICK_SECONDS[-1])
    which, digits = (ax.xaxis, ax.yaxis)[axis == "y"], 2 if step >= 1 else 4
    which.set_major_locator(MultipleLocator(step))
    which.set_major_formatter(FuncFormatter(lambda time, _: f"{int(time // 60)}:{time % 60:0{digits}.{digits // 4}f}"))
    ax.set(**{f"{axis}lim": (start, end), f"{axis}label": "time (min:s)"})
    return ax
