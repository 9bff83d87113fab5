"""Read charts of all usual layouts: weekly or daily, of one country or several, long or wide, as CSV or JSON."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from sources.archives import unpacked
from sources.column_names import plain_column, standard_names
from sources.dates import to_dates
from sources.table_files import read_table

CHART_COLUMN_NAMES = {
    "date": ["week", "chart_date", "chart_week", "week_id", "weekid", "week_of", "week_date", "week_starting",
             "week_ending", "snapshot_date", "issue_date", "date_entered", "datum", "woche", "fecha", "semana", "data",
             "semaine", "week_of_highest_charting", "release_date", "year"],
    "rank": ["this_week", "week_position", "chart_position", "current_week", "current_position", "position", "place",
             "current_ranking", "current_rank", "ranking", "pos", "chart_rank", "this_week_rank", "platz", "rang",
             "posicion", "posicao", "puesto", "classement", "highest_charting_position"],
    "artist": ["performer", "performers"],
    "peak": ["peak_position", "peak_rank", "peak_pos", "pk", "highest_position", "highest_rank", "best_position",
             "highest_charting_position"],
    "weeks": ["weeks_on_chart", "weeks_on_board", "wks_on_chart", "time_on_chart", "weeks_in_charts", "weeks_in_chart",
              "wks", "total_weeks", "number_of_times_charted"],
    "country": ["region", "market", "territory", "country_code", "country_name", "land", "pais", "pays"],
    "chart": ["chart_name", "chart_type", "list"]}
"""Other names of these columns; the first that a chart has is taken."""
WORLD = ("global", "world", "worldwide")
"""What charts call the country that is none."""
_WIDE = re.compile(r"(?:wk|week)_?(\d+)|x?(\d+)(?:st|nd|rd|th)_week")


def read_chart(source):
    """The rows of a chart, whatever its layout.

    Parameters
    ----------
    source : str, Path or pd.DataFrame
        A CSV, TSV, Parquet or JSON file, plain or in gzip, or a data frame.

    Returns
    -------
    pd.DataFrame
        One row for each place and date, and country if there are several: `song` and, as far as the chart has them,
        `date, rank, artist, peak, weeks, country, chart, popularity`.

    Raises
    ------
    FileNotFoundError, ValueError
        There is no such file, or it is no chart.

    Examples
    --------
    >>> wide = pd.DataFrame({"track": ["Sea"], "date.entered": ["2000-02-26"], "wk1": [87], "wk2": [82]})
    >>> read_chart(wide)[["date", "rank"]].astype(str).values.tolist()
    [['2000-02-26', '87'], ['2000-03-04', '82']]
    """
    raw = standard_names(source) if isinstance(source, pd.DataFrame) else _read_file(Path(source).expanduser())
    chart = _named(_long(_with_separate_names(raw)))
    if "rank" in chart:
        # "#1", "1.", "1 (new)"
        chart["rank"] = pd.to_numeric(chart["rank"].astype("string").str.extract(r"^\D{0,3}(\d+)")[0], errors="coerce")
    if "date" in chart:
        chart["date"] = _dates(chart["date"], raw)
    elif not isinstance(source, pd.DataFrame) and (in_name := re.search(r"\d{4}-\d{2}-\d{2}", Path(source).name)):
        chart["date"] = pd.Timestamp(in_name[0])
        print(f"{source}: the date is that of the file's name, {in_name[0]}")
    return chart


def _read_file(path):
    if not path.is_file():
        raise FileNotFoundError(f"no chart found at {path.absolute()}: name a CSV or JSON file, or 'sample'")
    if path.name.lower().endswith((".json", ".json.gz")):
        return standard_names(_read_json(path))
    return read_table(path)


def _read_json(path):
    """The rows of a chart in JSON: a list of rows, or of weeks with their rows in a list, or rows by date."""
    data = unpacked(path, (".json",))[1]
    try:
        content = json.loads(data)
        if isinstance(content, dict) and all(isinstance(rows, list) for rows in content.values()):
            content = [{"date": date, "data": rows} for date, rows in content.items()]
        weeks = content if isinstance(content, list) else [content]
        rows_key = next((key for key, value in weeks[0].items() if isinstance(value, list)), None) if weeks else None
        if rows_key is not None:
            return pd.json_normalize(weeks, rows_key, [key for key in ("date",) if key in weeks[0]])
        return pd.DataFrame(weeks)
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no chart in JSON ({error}): it should be a list of rows, or of weeks with 'date' "
                         "and 'data'") from error


def _with_separate_names(df):
    """The table with song and artist in two columns, where one column has both: `Ann - Sea`."""
    both = re.compile(r"artist_(and_)?(title|song|track)")
    column = next((column for column in df if both.fullmatch(plain_column(column))), None)
    if column is None or "song" in df:
        return df
    parts = df[column].astype("string").str.split(" - ", n=1, expand=True).reindex(columns=[0, 1])
    return df.assign(artist=parts[0], song=parts[1].fillna(parts[0]))


def _long(df):
    """A wide chart, with a column for each week of a song, as one row for each week."""
    matches = {column: _WIDE.fullmatch(plain_column(column)) for column in df}
    weeks = {column: int(match[1] or match[2]) for column, match in matches.items() if match}
    if len(weeks) < 2:
        return df
    others = [column for column in df if column not in weeks]
    of_entering = ("date_entered", "entered", "date", "week")
    entered = next((column for column in others if plain_column(column) in of_entering), None)
    long = df.melt(others, list(weeks), "nth_week", "rank").dropna(subset=["rank"])
    if entered is None:
        return long
    days = pd.to_timedelta(7 * (long["nth_week"].map(weeks).astype(int) - 1), unit="D")
    return long.assign(date=to_dates(long[entered]) + days).drop(columns=[entered, "nth_week"] if entered != "date" else
                                                                 ["nth_week"])


def _named(df):
    """The columns of a chart that are needed, under the project's names."""
    plain = {plain_column(column): column for column in df.columns}
    columns = {name: next((plain[other] for other in [name, *others] if other in plain), None)
               for name, others in CHART_COLUMN_NAMES.items()}
    renamed = {name: df[column] for name, column in columns.items() if column is not None}
    if renamed.get("peak") is renamed.get("rank"):
        renamed.pop("peak", None)
    unchanged = {column: df[column] for column in ("song", "popularity") if column in df}
    return pd.DataFrame(renamed | unchanged, index=df.index)


def _dates(dates, df):
    """The dates of a column; of a column of week numbers with the year beside it, the Mondays of those weeks."""
    if pd.api.types.is_datetime64_any_dtype(dates):
        return dates
    numbers = pd.to_numeric(dates, errors="coerce")
    if numbers.between(1, 53).all() and "year" in df:
        text = df["year"].astype(int).astype(str) + "-W" + numbers.astype(int).astype(str).str.zfill(2)
    else:
        text = dates.astype("string").str.split(r"--|\s+(?:-|to|–)\s+", regex=True).str[0]  # from one date to another
    of_week = text.str.extract(r"^(\d{4})-?W(\d{1,2})$")
    if of_week[0].notna().any():
        weeks = of_week[0] + "-" + of_week[1].str.zfill(2) + "-1"
        return pd.to_datetime(weeks, format="%G-%V-%u", errors="coerce")
    return to_dates(text.rename("the dates of the chart"))


# ---- several charts in one file, days and weeks

def one_chart(chart, country=None):
    """One chart of a file that has several: of one kind, and of one country or of all together.

    Of several kinds (a column `chart`), the one with most rows is kept. Of several countries, that of the world is kept
    if there is one. Otherwise they are summed: songs are ranked by their points, as many as there are lower places in
    each country. What was done is printed.

    Parameters
    ----------
    chart : pd.DataFrame
        As from `read_chart`, with `rank` and `song`.
    country : str, optional
        The country to keep.

    Returns
    -------
    pd.DataFrame

    Raises
    ------
    ValueError
        There is no such country.

    Examples
    --------
    >>> both = pd.DataFrame({"song": ["Sea", "Sky", "Sea"], "rank": [1, 2, 1], "country": ["Chile", "Chile", "Japan"]})
    >>> one_chart(both)["song"].tolist()
    load_charts: the file has 2 countries (Chile, Japan), which are summed; country='Chile' takes one
    ['Sea', 'Sky']
    """
    if "chart" in chart and chart["chart"].nunique() > 1:
        kinds = chart["chart"].value_counts()
        print(f"load_charts: the file has {len(kinds)} charts ({', '.join(map(str, kinds.index[:5]))}): "
              f"{kinds.index[0]} is used")
        chart = chart[chart["chart"] == kinds.index[0]]
    names = list(chart["country"].dropna().unique()) if "country" in chart else []
    if country is not None:
        kept = chart["country"].astype("string").str.casefold().eq(country.casefold()).fillna(False) if names else []
        if not np.any(kept):
            raise ValueError(f"the chart has no country {country!r}"
                             + (f"; it has {', '.join(map(str, names[:20]))}" if names else ": it names no countries"))
        return chart[kept.astype(bool)]
    if len(names) < 2:
        return chart
    world = [name for name in names if str(name).casefold() in WORLD]
    listed = ", ".join(map(str, names[:5])) + " ..." * (len(names) > 5)
    said = f"load_charts: the file has {len(names)} countries ({listed})"
    if world:
        print(f"{said}: {world[0]} is used; country={names[0]!r} takes another")
        return chart[chart["country"] == world[0]]
    print(f"{said}, which are summed; country={names[0]!r} takes one")
    return _summed(chart)


def _summed(chart):
    """The chart of all countries together, ranked by the sum of the points."""
    by = [column for column in ("date", "song", "artist") if column in chart]
    rank = pd.to_numeric(chart["rank"], errors="coerce")
    points = chart.assign(points=rank.max() + 1 - rank).groupby(by, sort=False, dropna=False)["points"].sum()
    table = points.reset_index()
    dates = table["date"] if "date" in table else pd.Series(0, index=table.index)
    return table.assign(rank=table["points"].groupby(dates, dropna=False).rank(ascending=False, method="min"))


def days_between(dates):
    """The days from one edition of a chart to the next: 1 for a daily chart, 7 for a weekly one, or for one edition.

    Examples
    --------
    >>> days_between(pd.Series(["2021-01-01", "2021-01-01", "2021-01-08", "2021-01-08"]))
    7
    """
    dates = pd.to_datetime(dates).dropna()
    several = dates[dates.duplicated()]  # an edition has several songs
    editions = pd.Series((several if len(several) else dates).unique()).sort_values()
    return int(editions.diff().dt.days.median()) if len(editions) > 1 else 7


def weeks_so_far(chart):
    """In how many weeks each song has been in a chart so far: [shape=(n,)].

    An edition of a weekly chart is a week; the days of a daily chart are counted as the weeks in which they are.

    Parameters
    ----------
    chart : pd.DataFrame
        Sorted by `date`, with `song` and `artist`.
    """
    days = days_between(chart["date"])
    week = chart["date"]
    if days < 7:
        week = (chart["date"] - chart["date"].min()).dt.days // 7
    rows = chart[["song", "artist"]].assign(week=week)
    new = ~rows.duplicated() | rows["week"].isna()
    return new.groupby([rows["song"], rows["artist"]], sort=False).cumsum().to_numpy()
