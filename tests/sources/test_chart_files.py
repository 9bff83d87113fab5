"""Charts of all usual layouts."""

import json

import pandas as pd
import pytest

from charts import chart_songs, load_charts
from sources.chart_files import days_between, one_chart, read_chart


def chart_of(days, country=None, songs=("Sea", "Sky"), first="2021-01-01"):
    rows = [(date, rank, song, f"Artist of {song}") for date in pd.date_range(first, periods=days).strftime("%Y-%m-%d")
            for rank, song in enumerate(songs, 1)]
    table = pd.DataFrame(rows, columns=["date", "rank", "title", "artist"])
    return table.assign(region=country) if country else table


def test_the_days_of_a_daily_chart_are_counted_as_weeks(capsys):
    chart = load_charts(chart_of(21))
    assert "edition every day: its days are counted as weeks" in capsys.readouterr().out
    songs = chart_songs(chart).set_index("song")
    assert songs["weeks"].to_dict() == {"Sea": 3, "Sky": 3}
    assert songs["points"].to_dict() == pytest.approx({"Sea": 6, "Sky": 3})


def test_a_song_that_comes_back_counts_the_weeks_in_which_it_was_there():
    chart = pd.concat([chart_of(7), chart_of(7, songs=("Sun", "Sea"), first="2021-02-01")])
    assert chart_songs(load_charts(chart)).set_index("song")["weeks"].to_dict() == {"Sea": 3, "Sky": 1, "Sun": 2}


def test_countries_are_summed_and_this_is_said(capsys):
    both = pd.concat([chart_of(1, "Chile"), chart_of(1, "Japan", ("Sky", "Sun"))])
    chart = load_charts(both)
    assert "2 countries (Chile, Japan), which are summed" in capsys.readouterr().out
    assert chart[["rank", "song", "weeks"]].values.tolist() == [[1, "Sky", 1], [2, "Sea", 1], [3, "Sun", 1]]
    assert load_charts(both, country="japan")["song"].tolist() == ["Sky", "Sun"]
    with pytest.raises(ValueError, match="no country 'Peru'; it has Chile, Japan"):
        load_charts(both, country="Peru")


def test_the_chart_of_the_world_is_used_where_there_is_one(capsys):
    chart = load_charts(pd.concat([chart_of(1, "Chile"), chart_of(1, "Global", ("Sky", "Sun"))]))
    assert chart["song"].tolist() == ["Sky", "Sun"] and "Global is used" in capsys.readouterr().out


def test_of_two_kinds_of_charts_one_is_used(capsys):
    two = pd.concat([chart_of(2).assign(chart="top200"), chart_of(1, songs=("Sun",)).assign(chart="viral50")])
    assert set(load_charts(two)["song"]) == {"Sea", "Sky"} and "top200 is used" in capsys.readouterr().out


@pytest.mark.parametrize("columns", [
    {"date": "Datum", "rank": "Platz", "title": "Titel", "artist": "Interpret"},
    {"date": "Fecha", "rank": "Posición", "title": "Canción", "artist": "Artista"},
    {"date": "Week of", "rank": "Pos", "title": "Track Name", "artist": "artist_names"}])
def test_other_names_of_columns_are_known(columns):
    chart = load_charts(chart_of(1).rename(columns=columns))
    assert chart["rank"].tolist() == [1, 2] and chart["song"].tolist() == ["Sea", "Sky"]
    assert chart["artist"].tolist() == ["Artist of Sea", "Artist of Sky"]
    assert chart["date"].notna().all()


def test_dates_of_a_column_have_one_order():
    dates = ["03/05/2019", "10/05/2019", "17/05/2019"]
    chart = load_charts(pd.DataFrame({"date": dates, "rank": 1, "song": "Sea", "artist": "Ann"}))
    assert chart["date"].dt.strftime("%Y-%m-%d").tolist() == ["2019-05-03", "2019-05-10", "2019-05-17"]


@pytest.mark.parametrize(("week", "expected"), [
    ({"week": "2021-W05"}, "2021-02-01"), ({"week": 5, "year": 2021}, "2021-02-01"),
    ({"week": "2021-01-29--2021-02-05"}, "2021-01-29"), ({"week": "2021-01-29 - 2021-02-05"}, "2021-01-29")])
def test_weeks_are_dates(week, expected):
    chart = load_charts(pd.DataFrame([{"rank": "#1", "song": "Sea", "artist": "Ann"} | week]))
    assert chart["date"].dt.strftime("%Y-%m-%d").tolist() == [expected] and chart["rank"].tolist() == [1]


def test_a_wide_chart_becomes_long():
    wide = pd.DataFrame({"artist": ["Ann", "Ben"], "track": ["Sea", "Sky"],
                         "date.entered": ["2000-02-26", "2000-03-04"], "x1st.week": [87, 90], "x2nd.week": [82, None]})
    chart = load_charts(wide)
    assert chart.assign(date=chart["date"].astype(str)).values.tolist() == [
        ["2000-02-26", 87, "Sea", "Ann", 87, 1], ["2000-03-04", 82, "Sea", "Ann", 82, 2],
        ["2000-03-04", 90, "Sky", "Ben", 90, 1]]


def test_the_date_can_be_in_the_name_of_the_file(tmp_path, capsys):
    file = tmp_path / "regional-global-weekly-2021-01-07.csv"
    file.write_text(',,"Note that these figures are estimates"\nPosition,Track Name,Artist,Streams\n1,Sea,Ann,9\n')
    assert load_charts(file)["date"].astype(str).tolist() == ["2021-01-07"]
    assert "that of the file's name" in capsys.readouterr().out


def test_artist_and_title_in_one_column_are_divided():
    chart = read_chart(pd.DataFrame({"Pos": [1], "Artist and Title": ["Ann - Sea - Live"]}))
    assert chart[["artist", "song"]].values.tolist() == [["Ann", "Sea - Live"]]


def test_json_by_date_is_read(tmp_path):
    rows = [{"rank": 1, "song": "Sea", "artist": "Ann"}]
    (tmp_path / "a.json").write_text(json.dumps({"2001-01-06": rows, "2001-01-13": rows}))
    assert load_charts(tmp_path / "a.json")["weeks"].tolist() == [1, 2]


def test_one_edition_or_single_songs_are_weekly():
    assert days_between(pd.Series(["2021-01-01"])) == 7
    assert days_between(pd.Series([], dtype="datetime64[ns]")) == 7
    chart = read_chart(chart_of(1))
    assert one_chart(chart) is chart
