"""A time axis: its tick labels are minutes and seconds."""

import matplotlib.pyplot as plt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.time_axis import TICK_SECONDS, time_axis


def labels(ax, axis="x"):
    """The tick labels that can be seen."""
    which = ax.xaxis if axis == "x" else ax.yaxis
    low, high = sorted(which.get_view_interval())
    ticks = [seconds for seconds in which.get_majorticklocs() if low - 1e-9 <= seconds <= high + 1e-9]
    return [which.get_major_formatter()(seconds, None) for seconds in ticks]


@pytest.mark.parametrize(("end", "expected"), [
    (150, ["0:00", "0:30", "1:00", "1:30", "2:00", "2:30"]),
    (6, ["0:00", "0:01", "0:02", "0:03", "0:04", "0:05", "0:06"]),
    (1, ["0:00.0", "0:00.2", "0:00.4", "0:00.6", "0:00.8", "0:01.0"]),
    (3600, ["0:00", "10:00", "20:00", "30:00", "40:00", "50:00", "60:00"])])
def test_labels_are_minutes_and_seconds_at_round_times(end, expected):
    ax = time_axis(plt.figure().subplots(), 0, end)
    assert labels(ax) == expected
    assert ax.get_xlabel() == "time (min:s)" and ax.get_xlim() == (0, end)


def test_the_vertical_axis_can_be_the_time_axis():
    ax = time_axis(plt.figure().subplots(), 0, 60, axis="y")
    assert labels(ax, "y")[1] == "0:10" and ax.get_ylabel() == "time (min:s)" and ax.get_xlabel() == ""


@settings(max_examples=30, deadline=None)
@given(start=st.floats(0, 1000), seconds=st.floats(.5, 20_000), most=st.integers(3, 10))
def test_there_are_never_more_intervals_than_asked_for(start, seconds, most):
    figure = plt.figure()
    ax = time_axis(figure.subplots(), start, start + seconds, most=most)
    low, high = ax.get_xlim()
    assert high == start + seconds and low in (0, start)
    longest_for_one_step = most * TICK_SECONDS[-1]
    assert len(labels(ax)) <= most + 1 or high - low > longest_for_one_step
    plt.close(figure)


def test_a_start_too_short_to_be_seen_becomes_zero():
    assert time_axis(plt.figure().subplots(), .5, 100).get_xlim() == (0, 100)
    assert time_axis(plt.figure().subplots(), 5, 100).get_xlim() == (5, 100)
