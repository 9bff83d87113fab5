"""An own sound file beside the songs of a table: what can be said from its sound alone, and how far to trust it.

Our audio features are not Spotify's. Only quantities that mean the same are compared: tempo, key, duration, and, with
care, loudness.
"""

from pathlib import Path
from textwrap import shorten

import numpy as np
import pandas as pd
from scipy import stats

from analysis.column_labels import label
from analysis.printing import listed, number_text, share_text
from analysis.selection import names_of
from analysis.similarity import fifths, numbers, octaves
from analysis.trends import BAND, plot_trend, trends
from learning.spotify_estimates import estimate_errors, song_estimates
from signals.decoding import AudioError
from signals.key import MAJOR_NAMES, MINOR_NAMES, key_name
from signals.plain_names import plain_names
from signals.recording import as_recording
from signals.time_axis import clock
from sources.artists import artist_groups
from sources.table_files import read_song_tags

FROM_SOUND = {"tempo": "tempo", "key": "key", "mode": "mode", "loudness": "loudness_lufs"}
"""The columns of a table that are filled from a sound file, and the audio features that measure the same."""
COMPARABLE = {
    "tempo": "tempo trackers often hear the half or the double: both are compared",
    "key": "estimates of the key are often wrong by a fifth, or take the relative key",
    "loudness": "yours is in LUFS, Spotify's is an average level in dB of its own making: read no difference of a few "
                "dB, and a file that is not mastered is quieter than its release",
    "duration_minutes": "the length of the file; an excerpt is shorter than its song"}
"""How far a quantity of a sound file can be compared with Spotify's column."""
COMPARED = ["danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness", "liveness",
            "valence", "tempo", "duration_minutes"]
"""The features of a table that are compared one by one; the key is compared by itself."""
SAME_TEMPO = .03
"""Tempi that differ by this share or less are called the same."""
FEWEST_TO_COMPARE = 20
"""The least number of songs with which a song is compared; percentiles among fewer tell little."""
YEARS_FROM = ["tempo", "duration_minutes", "mode"]
"""The quantities that place a song among years. Loudness is not one of them: over the years it changed by as much as
LUFS and Spotify's level can differ."""
FEWEST_A_YEAR = 5


# ---- the song

def own_song(song):
    """A sound file as a row of a table of tracks, with the columns that can be measured on the same scale.

    Parameters
    ----------
    song : str, Path or Recording
        A sound file.

    Returns
    -------
    pd.DataFrame
        One row, indexed by the path: `artist, song` (from the tags, else from the file's name), `tempo, key, mode,
        loudness, duration_minutes`, `tempo_rival` (the other tempo that could be heard) and `path`.

    Raises
    ------
    ValueError
        The file cannot be read; the message gives the reason.
    """
    path = Path(getattr(song, "path", song)).absolute()
    try:
        recording = as_recording(song)
        features = recording.features()
    except AudioError as error:
        raise ValueError(f"{path} cannot be compared: {error}") from error
    measured = {column: features[feature] for column, feature in FROM_SOUND.items()}
    tags = read_song_tags(path)
    row = {"artist": tags["artist"], "song": tags["song"], **measured, "tempo_rival": features["tempo_rival"],
           "duration_minutes": recording.seconds / 60, "path": str(path)}
    return pd.DataFrame([row], index=pd.Index([str(path)], name="track_id"))


def name_of_song(song):
    """``title by artist`` of a table of one row; the title alone where the artist is not known."""
    row = song.iloc[0]
    title = str(row["song"]) if "song" in song and pd.notna(row["song"]) else str(song.index[0])
    return f"{title} by {row['artist']}" if "artist" in song and pd.notna(row["artist"]) else title


def place_of(value, column):
    """The place of a value among the values of a column.

    Parameters
    ----------
    value : float
    column : pd.Series

    Returns
    -------
    dict
        `value`, the `median`, `q10` and `q90` of the column, the `percentile` of the value among them (0-100; equal
        values count half), and whether it is `outside` the middle 80%.

    Examples
    --------
    >>> place = place_of(3, pd.Series([1, 2, 3, 4, 5]))
    >>> float(place["median"]), float(place["percentile"]), place["outside"]
    (3.0, 50.0, False)
    """
    others = column.dropna().to_numpy(dtype=float)
    low, median, high = np.quantile(others, [BAND[0], .5, BAND[1]])
    return {"value": value, "median": median, "q10": low, "q90": high,
            "percentile": stats.percentileofscore(others, value, "mean"), "outside": bool(value < low or value > high)}


def measured_features(song, others):
    """The features by which a song can be compared with others: those that it has, and enough of the others."""
    return [column for column in COMPARED if column in song and song[column].notna().all()
            and column in others and others[column].notna().sum() >= FEWEST_TO_COMPARE]


def compare_own_song(song, others):
    """Where an own song stands among the songs of a table, quantity by quantity.

    Parameters
    ----------
    song : pd.DataFrame
        One row, as from `own_song`, or of a table.
    others : pd.DataFrame
        Songs with Spotify's features.

    Returns
    -------
    pd.DataFrame
        Indexed by `feature`: the columns of `place_of`, and `how comparable`. A tempo has a second row, for its half or
        double.
    """
    rows = {}
    for feature in measured_features(song, others):
        note = COMPARABLE.get(feature, "") if "tempo_rival" in song else ""
        rows[feature] = place_of(float(song[feature].iloc[0]), others[feature]) | {"how comparable": note}
        if feature == "tempo" and "tempo_rival" in song and song["tempo_rival"].notna().all():
            rival = float(song["tempo_rival"].iloc[0])
            words = "the same song, felt at " + ("half" if rival < song["tempo"].iloc[0] else "double") + " the tempo"
            rows["tempo_rival"] = place_of(rival, others["tempo"]) | {"how comparable": words}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("feature")


def compare_estimates(song, others):
    """Spotify's features of a sound file, as they are estimated from its sound, among the songs of a table.

    Parameters
    ----------
    song : pd.DataFrame
        One row, as from `own_song`.
    others : pd.DataFrame
        Songs with Spotify's features.

    Returns
    -------
    pd.DataFrame
        Indexed by `feature`: `estimate`, `low` and `high` (for 8 of 10 songs, Spotify's value lies between them), the
        percentiles of these two among the others, `from` and `to`, and the `rank correlation` of such estimates with
        Spotify's values. Empty where the table has none of the features.

    Raises
    ------
    ModelError
        The network is not there and cannot be downloaded.
    """
    table = song_estimates(song["path"].iloc[0]).dropna()  # of a very quiet file, the loudness is not known
    known = [feature for feature in table.index
             if feature in others and others[feature].notna().sum() >= FEWEST_TO_COMPARE]
    table = table.loc[known]
    for end, column in (("from", "low"), ("to", "high")):
        table[end] = [place_of(value, others[feature])["percentile"] for feature, value in table[column].items()]
    return table.join(estimate_errors()["rank correlation"]).rename_axis("feature")


def estimates_in_words(table, called="songs that charted"):
    """What the estimates can tell: the features in which a song is surely above or below the middle of the others.

    Parameters
    ----------
    table : pd.DataFrame
        From `compare_estimates`.
    called : str
        What the others are.

    Returns
    -------
    str
    """
    if table.empty:
        return f"The {called} have none of the features that can be estimated."
    words = [f"{feature} is {'higher' if row['from'] >= 50 else 'lower'} than that of half of the {called}"
             for feature, row in table.iterrows() if row["from"] >= 50 or row["to"] <= 50]
    rest = " Of the other features the intervals are too wide to tell." if len(words) < len(table) else ""
    if not words:
        return (f"Of {listed(list(table.index))}, as estimated from the sound, none is surely above or below the "
                f"middle of the {called}: the intervals are too wide.")
    return f"Estimated from the sound: {'; '.join(words)}.{rest}"


def key_of_song(song):
    """The key of a table of one row, such as ``A minor``; empty where it is not known."""
    if not {"key", "mode"} <= set(song) or song[["key", "mode"]].isna().any(axis=None):
        return ""
    return key_name(int(song["key"].iloc[0]) % 12, song["mode"].iloc[0])


def same_tempo(song, others):
    """Which songs have the tempo of a song, or its half or double, within `SAME_TEMPO`: two arrays of bool.

    Returns
    -------
    same, with_octaves : np.ndarray of bool [shape=(len(others),)]
    """
    distance = np.abs(octaves(numbers(others, "tempo")) - octaves(numbers(song, "tempo")))
    near = np.log2(1 + SAME_TEMPO)
    same = distance <= near
    return same, same | (np.abs(distance - 1) <= near)


def same_key(song, others):
    """Which songs have the key of a song: the same tonic and mode; an array of bool."""
    if not key_of_song(song) or not {"key", "mode"} <= set(others):
        return np.zeros(len(others), dtype=bool)
    return (numbers(others, "key") == numbers(song, "key")) & (numbers(others, "mode") == numbers(song, "mode"))


def own_song_in_words(song, others, called="songs that charted"):
    """What is measured of a song, and how frequent it is among others: two sentences.

    Parameters
    ----------
    song : pd.DataFrame
        One row.
    others : pd.DataFrame
    called : str
        What the others are.

    Returns
    -------
    str
    """
    row = song.iloc[0]
    facts = {"tempo": "{:.0f} BPM", "loudness": "{:.1f} " + ("LUFS" if "tempo_rival" in song else "dB")}
    words = [text.format(row[column]) for column, text in facts.items() if column in song and pd.notna(row[column])]
    words.insert(1, key_of_song(song))
    if "duration_minutes" in song and pd.notna(row["duration_minutes"]):
        words.append(f"{clock(60 * row['duration_minutes'])} min")
    words = [word for word in words if word]
    first = f"{name_of_song(song)}: {listed(words) if words else 'nothing is known of its sound'}."
    found = [*_tempo_words(song, others), *_key_words(song, others), *_place_words(song, others)]
    if not found:
        return f"{first} There are too few {called} with these features to compare it with."
    return f"{first} Of {len(others):,} {called}, {'; '.join(found)}."


def _tempo_words(song, others):
    if "tempo" not in measured_features(song, others):
        return
    same, with_octaves = same_tempo(song, others)
    yield (f"{share_text(same.mean())} have this tempo within {share_text(SAME_TEMPO)}, "
           f"{share_text(with_octaves.mean())} this tempo, its half or its double")


def _key_words(song, others):
    if not key_of_song(song) or not {"key", "mode"} <= set(others) or not others["key"].notna().any():
        return
    keys = pd.Series(numbers(others, "key") + 12 * (numbers(others, "mode") == 0)).dropna()
    own = song["key"].iloc[0] + 12 * (song["mode"].iloc[0] == 0)
    share, of_mode = (keys == own).mean(), ((keys >= 12) == (own >= 12)).mean()
    place = int((keys.value_counts() > (keys == own).sum()).sum()) + 1
    yield (f"{share_text(share)} are in this key (number {place} of the 24 by frequency) and {share_text(of_mode)} in "
           f"{'minor' if own >= 12 else 'major'}")


def _place_words(song, others):
    table = compare_own_song(song, others)
    if "duration_minutes" in table.index:
        yield f"{share_text(table.loc['duration_minutes', 'percentile'] / 100)} are shorter"
    if "loudness" in table.index:
        share = share_text(table.loc["loudness", "percentile"] / 100)
        note = ", by Spotify's measure, which differs from LUFS by several dB" if "tempo_rival" in song else ""
        yield f"{share} are quieter{note}"


def songs_in_tempo_and_key(song, others, n=8):
    """The songs with the tempo (or its half or double) and the key of a song, or the relative or a neighbouring key.

    Parameters
    ----------
    song : pd.DataFrame
        One row.
    others : pd.DataFrame
    n : int

    Returns
    -------
    pd.DataFrame
        Rows of `others`: those in the same key first, then the nearest on the circle of fifths, then the nearest tempo.
        Empty where the song has no tempo or no key.
    """
    if not key_of_song(song) or not {"tempo", "key", "mode"} <= set(others) & set(song) or song["tempo"].isna().any():
        return others.head(0)
    _, fits = same_tempo(song, others)
    steps = np.abs((fifths(others) - fifths(song) + 6) % 12 - 6)
    distance = np.abs(octaves(numbers(others, "tempo")) - octaves(numbers(song, "tempo")))
    order = pd.DataFrame({"other_key": ~same_key(song, others), "steps": steps, "tempo": np.minimum(
        distance, np.abs(distance - 1)), "row": np.arange(len(others))})
    order = order[fits & (steps <= 1)].sort_values(["other_key", "steps", "tempo"], kind="stable")
    rows = others.iloc[order["row"]]
    own = names_of(song).iloc[0]
    return rows[(names_of(rows) != own).fillna(True).to_numpy(dtype=bool) | pd.isna(own)].head(n)


# ---- years

def year_likelihoods(song, others, year="chart_year"):
    """How well a song fits the songs of each year, by `YEARS_FROM`.

    For each year, each quantity has a normal distribution (the mode: a share) over the songs of that year and of the
    two before and after it; the log-likelihoods of the quantities are added. A tempo is counted in octaves; of a tempo
    and its rival, the one that fits better counts.

    Parameters
    ----------
    song : pd.DataFrame
        One row or several.
    others : pd.DataFrame
    year : str
        The column of the year.

    Returns
    -------
    pd.DataFrame [shape=(songs, years)]
        Log-likelihoods; no columns where fewer than four years have `FEWEST_A_YEAR` songs.
    """
    used = _used_for_years(song, others)
    rows = others.dropna(subset=[year])
    counts = rows[year].astype(int).value_counts()
    years = sorted(counts.index[counts >= FEWEST_A_YEAR])
    if len(years) < 4 or not used:
        return pd.DataFrame(index=song.index)
    table = {}
    for one in years:
        near = rows[rows[year].astype(int).between(one - 2, one + 2)]
        fits = [_log_likelihood(column, song, near) for column in used]
        if "tempo" in used and "tempo_rival" in song:  # the tempo that fits better, since either could be felt
            rival = _log_likelihood("tempo", song.assign(tempo=song["tempo_rival"].fillna(song["tempo"])), near)
            fits[used.index("tempo")] = np.maximum(fits[used.index("tempo")], rival)
        table[one] = np.sum(fits, axis=0)
    return pd.DataFrame(table, index=song.index)


def _used_for_years(song, others):
    """Those of `YEARS_FROM` that are known of a song and stand in the table of the others."""
    return [column for column in YEARS_FROM if column in song and column in others and song[column].notna().any()]


def _log_likelihood(column, song, near):
    """The log-likelihood of the songs' values among the songs of some years; 0 where a value is missing."""
    values, known = numbers(song, column), numbers(near, column)
    if column == "mode":
        share = (np.nansum(known) + 1) / (np.isfinite(known).sum() + 2)
        return np.nan_to_num(np.log(np.where(values == 1, share, 1 - share))) * np.isfinite(values)
    if column == "tempo":
        values, known = octaves(values), octaves(known)
    spread = max(np.nanstd(known), 1e-6)
    return np.nan_to_num(-.5 * np.clip((values - np.nanmean(known)) / spread, -4, 4) ** 2 - np.log(spread))


def years_in_words(song, others, year="chart_year", called="songs that charted"):
    """To which years' songs a song is most similar, and how often this method finds the years of other songs.

    The method is tried on the other songs, five groups of artists in turn: how often the true year is within two years
    of the year that it finds, beside the best answer that is the same for all songs.

    Returns
    -------
    str
    """
    if year not in others:
        return f"The years of the {called} are not known, so nothing is said on years."
    fit = year_likelihoods(song, others, year)
    if not any(column in song and song[column].notna().any() for column in YEARS_FROM):
        return "Nothing is known of its sound by which years could be compared."
    if fit.empty:
        return f"There are too few {called} with a year to compare years."
    best = int(fit.iloc[0].idxmax())
    first, last = max(fit.columns[0], best - 2), min(fit.columns[-1], best + 2)
    used = _used_for_years(song, others)
    unused = [column for column in YEARS_FROM if column in others and column not in used]
    right, by_chance = _years_found(others.dropna(subset=[year]).drop(columns=unused), year)
    tells = "this tells something" if right > 1.25 * by_chance else "this tells next to nothing of the years"
    return (f"By {listed([label(column).split(' (')[0] for column in used])}, it is most like the {called} in "
            f"{first}-{last}. Tried on those songs themselves, five years chosen like this hold the true year of "
            f"{share_text(right)}, and the five years with most songs hold {share_text(by_chance)}: {tells}.")


def _years_found(rows, year):
    """The share of songs whose year is within two years of the most likely one (artists held out), and of the best
    answer that is the same for all songs."""
    fold = artist_groups(rows) % 5
    truth = rows[year].astype(int).to_numpy()
    answer = np.full(len(rows), np.nan)
    for number in np.unique(fold):
        test = fold == number
        fit = year_likelihoods(rows[test], rows[~test], year)
        if len(fit.columns):
            answer[test] = fit.idxmax(axis=1)
    constant = [np.mean(np.abs(truth - one) <= 2) for one in range(truth.min(), truth.max() + 1)]
    return np.mean(np.abs(answer - truth) <= 2), max(constant)


# ---- plots

@plain_names
def plot_own_song(song, others, *, called="songs that charted", axs=None):
    """Draw the tempo, the key, the loudness and the duration of the others, and mark those of the song.

    Parameters
    ----------
    song : pd.DataFrame
        One row.
    others : pd.DataFrame
    called : str
        What the others are.
    axs : sequence of four matplotlib Axes, optional

    Returns
    -------
    array of matplotlib Axes
    """
    import matplotlib.pyplot as plt
    if axs is None:
        figure, axs = plt.subplots(2, 2, figsize=(9.5, 5.6), layout="constrained")
        figure.suptitle(f"{shorten(name_of_song(song), 60, placeholder=' ...')} (red) among {len(others):,} {called}")
    axs = np.ravel(axs)
    features = measured_features(song, others)
    for ax, feature in zip(axs, ("tempo", "loudness", "duration_minutes")):
        if feature not in features:
            ax.text(.5, .5, f"no {label(feature)} to compare", ha="center", va="center", transform=ax.transAxes)
            ax.set_axis_off()
            continue
        values = numbers(others, feature)
        low, high = np.nanquantile(values, [.005, .995])
        own = float(song[feature].iloc[0])
        marks = [own, *(song["tempo_rival"].dropna() if feature == "tempo" and "tempo_rival" in song else [])]
        ax.hist(values, bins=40, range=(min(low, own), max(high, own)), color="C0", alpha=.6)
        unit = " LUFS: not the same scale" if feature == "loudness" and "tempo_rival" in song else ""
        for number, mark in enumerate(marks):
            ax.axvline(mark, color="C3", lw=2.5 if number == 0 else 1.5, ls="-" if number == 0 else "--",
                       label=number_text(mark) + (unit if number == 0 else ": felt at half or double"))
        ax.set(xlabel=label(feature), ylabel="songs")
        ax.legend(framealpha=.9, edgecolor="none", fontsize=9)  # the text may lie on a line
    _plot_keys(axs[3], song, others)
    return axs


def _plot_keys(ax, song, others):
    """The keys of the others along the circle of fifths, minor keys below zero; the key of the song in red."""
    if not {"key", "mode"} <= set(others) or not others["key"].notna().any():
        ax.text(.5, .5, "no keys to compare", ha="center", va="center", transform=ax.transAxes)
        ax.set_axis_off()
        return
    order = [7 * step % 12 for step in range(12)]
    own = (song["key"].iloc[0], song["mode"].iloc[0]) if key_of_song(song) else (None, None)
    for mode, sign in ((1, 1), (0, -1)):
        counts = pd.Series(numbers(others, "key")[numbers(others, "mode") == mode]).value_counts()
        colours = ["C3" if own == (key, mode) else "C0" for key in order]
        ax.bar(range(12), [sign * counts.get(key, 0) for key in order], color=colours, alpha=.7)
    ax.axhline(0, color="0.3", lw=1)
    # where a tonic is written in two ways, the first is that of the major key
    ax.set_xticks(range(12), ["\n".join(dict.fromkeys((MAJOR_NAMES[key], MINOR_NAMES[key]))) for key in order])
    ax.set(xlabel="key, along the circle of fifths", ylabel="songs (minor: below)")
    ax.yaxis.set_major_formatter(lambda value, position: f"{abs(value):.0f}")


@plain_names
def plot_own_years(song, others, *, year="chart_year", axs=None):
    """Draw tempo, loudness, duration and mode over the years, with the song as a red line; returns the Axes."""
    import matplotlib.pyplot as plt
    features = [column for column in ("tempo", "loudness", "duration_minutes", "mode")
                if column in others and others[column].notna().any()]
    if axs is None:
        axs = plt.subplots(1, len(features), figsize=(3.2 * len(features), 2.9), layout="constrained",
                           squeeze=False)[1][0]
    for ax, feature in zip(np.ravel(axs), features):
        plot_trend(trends(others, feature, year=year), feature, ax=ax)
        if feature in song and song[feature].notna().all():
            ax.axhline(float(song[feature].iloc[0]), color="C3", lw=2)
    return axs
