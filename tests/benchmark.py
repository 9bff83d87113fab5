"""Speeds, as ratios measured in one run: `make bench`."""

import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from associations import correlations_within
from prepare import load_Data, prepare_df
from preprocessing import create_features, spotify_split
from sample_songs import make_table


def seconds(function, *arguments, repeat=3, **named):
    """The least time of a few runs, and what the last one returned."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            result = function(*arguments, **named)
        times.append(time.perf_counter() - start)
    return min(times), result


def bench_tables(n_tracks=200_000):
    """Every step of notebook 02 and the heart of 03 on a large table, beside pandas' own reading of it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "songs.csv"
        make_table(n_tracks).to_csv(file, index=False)
        pandas, _ = seconds(pd.read_csv, file)
        rows = [("pandas.read_csv", pandas)]
        taken, raw = seconds(load_Data, file)
        rows.append(("load_Data", taken))
    for step in (prepare_df, create_features):
        taken, raw = seconds(step, raw)
        rows.append((step.__name__, taken))
    known = raw.dropna(subset=["first_genre"])
    rows.append(("spotify_split", seconds(spotify_split, known, "first_genre", repeat=1)[0]))
    rows.append(("correlations_within", seconds(correlations_within, raw, repeat=1)[0]))
    table = pd.DataFrame(rows, columns=["step", "seconds"]).set_index("step")
    table["times pandas.read_csv"] = table["seconds"] / pandas
    return table


if __name__ == "__main__":
    print(f"tables of {200_000:,} songs\n{bench_tables().round(2)}")
