"""What counts as a hit: what the chart says, where there is one; else a high popularity; else nothing is said."""

from dataclasses import dataclass, field

import pandas as pd

from analysis.hit_prediction import FEWEST_HITS
from analysis.own_song import FEWEST_TO_COMPARE

TOP = 10
"""A song with this place or a better one was in the top ten."""
LEAST_SHARE = .05
"""Hits and other songs must each be at least this share of the songs that are compared."""
MEANING = {"charted": "a song that is in the chart", "top_10": f"a song that reached the top {TOP}",
           "long_stay": "a song that stayed in the chart as long as the middle song of the table, or longer",
           "popularity": "a song with a popularity of {hit:g} or more"}
"""What a hit is, by target."""


@dataclass(frozen=True)
class Hits:
    """What counts as a hit in a table.

    Attributes
    ----------
    tracks : pd.DataFrame
        The table with the columns of `MEANING`, as far as they are known: yes or no; missing for songs that are not
        compared.
    target : str
        The column that tells hits from other songs; empty where nothing does.
    hit : float
        A song is a hit where the target is this or more.
    compared_with : pd.DataFrame
        The songs with which one song is compared, with `chart_year`: those that charted, else the popular ones, else
        all.
    called : str
        What these songs are.
    also : str
        A second target, among the songs that charted; empty where there is none.
    sentences : list of str
        What the table holds, and what it can and cannot tell.
    """
    tracks: pd.DataFrame
    target: str
    hit: float
    compared_with: pd.DataFrame
    called: str
    also: str = ""
    sentences: list = field(default_factory=list)

    def __str__(self):
        return "\n".join(self.sentences)


def define_hits(tracks, charted=None, *, hit=70, chart_years=""):
    """Choose what counts as a hit by what the table and the chart hold.

    The first of these that divides the songs into two kinds with `FEWEST_HITS` songs and a share of `LEAST_SHARE`
    each: in the chart or not; among those in the chart, top ten or not; among them, a long stay or not. Without a
    chart, or where nothing of the table is in it: a popularity of `hit` or more.

    Parameters
    ----------
    tracks : pd.DataFrame
        As from `preprocessing.create_features`.
    charted : pd.DataFrame, optional
        The tracks that are in the chart, with `peak, weeks, chart_year`, as from `charts.charting_songs`.
    hit : float
        The least popularity of a hit.
    chart_years : str
        The years of the chart, for the sentences.

    Returns
    -------
    Hits
    """
    tracks = tracks.copy()
    use_chart = charted is not None and len(charted) > 0
    sentences = []
    if charted is not None and not use_chart:
        sentences.append(f"None of the {len(tracks):,} songs of the table was found in the chart of {chart_years}: are "
                         "they of other years, or are titles and artists in other columns? The chart is not used.")
    if use_chart:
        tracks["charted"] = tracks.index.isin(charted.index)
        sentences.append(_what_charted(tracks, chart_years))
        for name, yes in (("top_10", charted["peak"] <= TOP), ("long_stay", charted["weeks"] >= _middle(charted))):
            tracks[name] = yes.reindex(tracks.index).astype("boolean")
    usable = [name for name in ("charted", "top_10", "long_stay") if use_chart and _two_kinds(tracks[name])]
    popular = "popularity" in tracks and _two_kinds(tracks["popularity"].dropna() >= hit)
    target = next(iter(usable), "popularity" if popular else "")
    least = hit if target == "popularity" else 1
    sentences += _what_is_told(tracks, target, least, hit, use_chart)
    also = next((name for name in usable if name != target), "") if target == "charted" else ""
    if also:
        sentences.append(f"Among those that charted, {tracks[also].mean():.0%} are {_plural(also)}.")
    compared, called = _compared_with(tracks, charted if use_chart else None, hit)
    return Hits(tracks, target, least, compared, called, also, sentences)


def _middle(charted):
    return charted["weeks"].median()


def _two_kinds(yes):
    yes = yes.dropna()
    fewest = min(int(yes.sum()), len(yes) - int(yes.sum()))
    return fewest >= max(FEWEST_HITS, LEAST_SHARE * len(yes))


def _plural(target):
    return {"top_10": f"songs that reached the top {TOP}", "long_stay": "songs that stayed long"}[target]


def _what_charted(tracks, chart_years):
    n = int(tracks["charted"].sum())
    if n == len(tracks):
        return (f"Every song of this table is in the chart of {chart_years}: it cannot tell hits from songs that never "
                "charted.")
    return (f"{n:,} of the {len(tracks):,} songs of the table ({n / len(tracks):.0%}) are in the chart of "
            f"{chart_years}. The others may have charted elsewhere, or under another name.")


def _what_is_told(tracks, target, least, hit, use_chart):
    """The sentences on the target, or on the lack of one."""
    if not target:
        has = "popularity" in tracks and tracks["popularity"].notna().any()
        why = (f"too few songs are above and below a popularity of {hit:g}" if has else
               "it has no popularity") + (", and too few songs of it charted or did not" if use_chart else "")
        yield f"The table cannot tell hits from other songs: {why}. So nothing is said below on what goes with success."
        return
    yes = tracks[target].dropna() >= least
    meaning = MEANING[target].format(hit=hit)
    among = " among those in the chart" if target in ("top_10", "long_stay") else ""
    yield (f"A hit is here {meaning}: {int(yes.sum()):,} of {len(yes):,} songs{among} (base rate {yes.mean():.0%}).")
    if target == "popularity":
        yield "Popularity is Spotify's number of how much a song is played at the time of the export, not a chart."


def _compared_with(tracks, charted, hit):
    """The songs with which one song is compared, and what they are."""
    if charted is not None and len(charted) >= FEWEST_TO_COMPARE:
        return charted, "songs that charted"
    year = tracks["release_year"] if "release_year" in tracks else pd.Series(pd.NA, index=tracks.index, dtype="Int64")
    dated = tracks.assign(chart_year=year)
    if "popularity" in tracks:
        popular = dated[(dated["popularity"] >= hit).fillna(False).astype(bool)]
        if len(popular) >= FEWEST_TO_COMPARE:
            return popular, f"songs with a popularity of {hit:g} or more"
    return dated, "songs of the table"
