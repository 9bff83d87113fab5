"""A table of tracks -> features, splits without leaks, scaled arrays, encoded genres."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, MultiLabelBinarizer, RobustScaler, StandardScaler

from analysis.collection_limits import split_obstacle
from analysis.group_split import SET_ASIDE, TooFewGroups, group_sides
from prepare import first_genre, load_Data, prepare_df, split_genres, to_dates
from sources.artists import artist_matrix
from sources.files import write_table

SCALERS = {"MinMax": MinMaxScaler, "Standard": StandardScaler, "Robust": RobustScaler}
# "feat. X", "(ft X)", "Featuring X", "(with X)"; "with" without a bracket is a word of titles ("With or Without You")
FEATURED = re.compile(r"\b(?:feat|ft|featuring)\b\.?\s*\S|[(\[]\s*with\s+\S", re.IGNORECASE)
MANY_CLASSES = 30
"""A numeric target with more values than this is stratified in bins of equal counts."""
TARGET_BINS = 5
"""The number of these bins."""


def create_features(df):
    """Add columns that are easier to use than those they are computed from.

    Parameters
    ----------
    df : pd.DataFrame
        A tracks table. A feature is left out where the table does not have its source.

    Returns
    -------
    pd.DataFrame
        A new table with the additional columns `duration_seconds`, `duration_minutes`; `has_feat` (title or artist name
        a featured artist, in any spelling); `release_year` (from the date, else from `year`); `decade` (`1970s`, an
        ordered category); and `first_genre` of the cell. Text is in lower case.

    Examples
    --------
    >>> songs = pd.DataFrame({"song": ["Umbrella (feat. JAY-Z)"], "year": [2007], "duration_ms": [275987]})
    >>> create_features(songs)[["song", "has_feat", "decade", "duration_seconds"]].values.tolist()
    [['umbrella (feat. jay-z)', True, '2000s', 275.987]]
    """
    out = df.copy()
    if "duration_ms" in out:
        out["duration_seconds"] = out["duration_ms"].astype("float64") / 1000
        out["duration_minutes"] = out["duration_seconds"] / 60
    titles = [out[column].astype("string").fillna("") for column in ("song", "artist") if column in out]
    if titles:
        out["has_feat"] = np.logical_or.reduce([text.str.contains(FEATURED).astype(bool) for text in titles])
    if "release_date" in out or "year" in out:
        out["release_year"] = _release_year(out)
        start = (out["release_year"] // 10 * 10).astype("Int64")
        decades = [f"{decade}s" for decade in sorted(start.dropna().unique())]
        out["decade"] = pd.Categorical((start.astype("string") + "s").astype(object), categories=decades, ordered=True)
    for column in ("artist", "song", "album", "genre", "playlist_genre", "playlist_subgenre", "label"):
        if column in out:
            dtype = "category" if isinstance(out[column].dtype, pd.CategoricalDtype) else object
            out[column] = out[column].astype(object).map(lambda cell: cell.lower() if isinstance(cell, str) else cell)
            out[column] = out[column].astype(dtype)
    if "genre" in out:
        out["first_genre"] = first_genre(out["genre"]).astype("category")
    return out


def _release_year(df):
    """The year of the date, else of the column `year`; null where that is no year."""
    year = pd.Series(pd.NA, index=df.index, dtype="Int64")
    if "release_date" in df:
        year = year.fillna(to_dates(df["release_date"]).dt.year.astype("Int64"))
    if "year" in df:
        years = pd.to_numeric(df["year"], errors="coerce").astype("float64")
        year = year.fillna(years.where((years % 1 == 0) & (years.abs() < 10_000)).astype("Int64"))
    return year


def spotify_split(df, target, *, group="artist", sizes=(.70, .15, .15), random_state=666):
    """Split a table into train, validate and test so that no artist is on two sides.

    Artists who made a song together are on one side. Each side has about the same shares of classes as the table, as
    far as the artists allow. Where collaborations link so many artists that the sides could not have the sizes asked
    for, linked artists are put on different sides such that few of their songs are on two; these songs are in none of
    the three sides, and their number is printed. A numeric target is cut into five bins of equal counts.

    Parameters
    ----------
    df : pd.DataFrame
        A tracks table.
    target : str
        The column to predict. Of a cell with several genres, the first is used for stratification.
    group : str or None
        The column whose values stay together, as `sources.artists.artist_matrix` reads it: a cell of `artist` can name
        several artists, capitals make no difference, and a row without a value is a group of its own. ``None`` gives
        the report's random split of rows, in which songs of one artist can be on two sides.
    sizes : tuple of float
        Shares of train, validate and test among the songs that are kept; they sum to one.
    random_state : int
        The seed.

    Returns
    -------
    tuple
        ``X_train, y_train, X_validate, y_validate, X_test, y_test, train, validate, test``. Each `X` is its frame
        without the target.

    Raises
    ------
    ValueError
        The target or group column is missing, the target has missing values, the sizes do not sum to one, or there are
        fewer groups than sides.

    Notes
    -----
    A class with fewer groups than sides cannot be on every side; this is printed.

    Examples
    --------
    >>> songs = pd.DataFrame({"artist": list("aabbccddee") * 4, "genre": ["rock", "jazz"] * 20})
    >>> *_, train, validate, test = spotify_split(songs, "genre", sizes=(.6, .2, .2))
    >>> len(train), len(validate), len(test)
    (24, 8, 8)
    """
    _check_split(df, target, group, sizes)
    classes = _strata(df[target])
    if classes.max() > max(MANY_CLASSES, len(df) / 3):
        print(f"spotify_split: {target!r} has {classes.max() + 1:,} classes in {len(df):,} rows; if it is a number, "
              "correct the cells that are text")
    if group is None:
        side = _random_sides(classes, sizes, random_state)
    else:
        side = group_sides(classes, artist_matrix(df, group), sizes, random_state)
        n_aside = np.count_nonzero(side == SET_ASIDE)
        if n_aside:
            print(f"spotify_split: {n_aside:,} of {len(df):,} songs ({n_aside / len(df):.0%}) have artists on two "
                  "sides and are set aside")
    train, validate, test = (df[side == number].copy() for number in range(3))
    return (train.drop(columns=target), train[target], validate.drop(columns=target), validate[target],
            test.drop(columns=target), test[target], train, validate, test)


def default_target(df):
    """The column to split by if none is given: the genre if the table has two or more, else popularity.

    Parameters
    ----------
    df : pd.DataFrame

    Returns
    -------
    str
        A column that has one value only, where there is no other; empty where there is neither column.

    Examples
    --------
    >>> default_target(pd.DataFrame({"first_genre": ["rock", "rock"], "popularity": [3, 5]}))
    'popularity'
    """
    columns = [column for column in ("first_genre", "popularity") if column in df and df[column].notna().any()]
    return next((column for column in columns if df[column].nunique() > 1), columns[0] if columns else "")


def write_split(folder, tracks, train, validate, test):
    """Write a prepared table and the sides of its split to Parquet files.

    Parameters
    ----------
    folder : str or Path
    tracks : pd.DataFrame
        The whole table.
    train, validate, test : pd.DataFrame
        Its sides, as from `spotify_split`.

    Returns
    -------
    list of Path
    """
    sides = {"tracks": tracks, "train": train, "validate": validate, "test": test}
    return [write_table(side, Path(folder) / f"{name}.parquet") for name, side in sides.items()]


def prepared_tracks(folder, source=""):
    """The prepared tracks: what notebook 02 wrote, or any source that `prepare.load_Data` reads.

    Parameters
    ----------
    folder : str or Path
        The folder of `write_split`.
    source : str
        If empty, the file in the folder is read, or the sample where there is none.

    Returns
    -------
    pd.DataFrame
    """
    written = Path(folder) / "tracks.parquet"
    if not source and written.exists():
        return pd.read_parquet(written)
    return create_features(prepare_df(load_Data(source or "sample")))


def tracks_and_train(folder, source="", *, group="artist", target=""):
    """The prepared tracks, and the training side, which may be explored; the other sides are kept for tests.

    A table that cannot be split, since it has no genres, no artists or too few songs, is explored whole; the reason is
    printed.

    Parameters
    ----------
    folder : str or Path
        The folder of `write_split`.
    source : str
        If empty, the files in the folder are read, or the sample where there are none. Anything else is read by
        `prepare.load_Data`, prepared and split.
    group : str or None
        As in `spotify_split`.
    target : str
        The column by which a `source` is split; if empty, or if the table does not have it, that of `default_target`.

    Returns
    -------
    tracks, train : pd.DataFrame
    """
    tracks = prepared_tracks(folder, source)
    if not source and (Path(folder) / "train.parquet").exists():
        return tracks, pd.read_parquet(Path(folder) / "train.parquet")
    known = target in tracks and tracks[target].nunique() > 1
    split = split_tracks(tracks, target if known else "", group=group)
    if split.obstacle:
        print(split)
    return tracks, split.train


class Split(NamedTuple):
    """A table in three sets, or the reason why it cannot be split.

    Attributes
    ----------
    train, validate, test : pd.DataFrame
        Where the table cannot be split, `train` is the whole table, and the others have no rows.
    target : str
        The column that the split is stratified by; empty where there is none.
    group : str
        The column whose values stay together; empty where it is not known.
    n_left_out : int
        The number of tracks without a target.
    obstacle : str
        Why the table cannot be split; empty where it can.
    """

    train: pd.DataFrame
    validate: pd.DataFrame
    test: pd.DataFrame
    target: str
    group: str
    n_left_out: int
    obstacle: str

    def __str__(self):
        if self.obstacle:
            return f"{self.obstacle}. All {len(self.train):,} tracks are in `train`, which may be explored"
        if self.group:
            text = f"split by {self.target}: no {self.group} is in two sets"
        else:
            text = (f"split by {self.target}; no artist is known or kept together, so songs of one artist may be in "
                    "several sets and scores may be too high")
        left_out = "1 track" if self.n_left_out == 1 else f"{self.n_left_out:,} tracks"
        return text + f"; {left_out} without {self.target} {'is' if self.n_left_out == 1 else 'are'} left out"


def split_tracks(tracks, target="", *, group="artist"):
    """Split a prepared table with `spotify_split`, as far as what it holds allows.

    Parameters
    ----------
    tracks : pd.DataFrame
        From `create_features`.
    target : str
        The column to split by; the genre or the popularity where it is empty, see `default_target`.
    group : str or None
        As in `spotify_split`; an artist that the table does not have is not kept together, which is said.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        The table does not have the target or the group that is asked for.

    Examples
    --------
    >>> songs = pd.DataFrame({"artist": ["Ann"] * 4, "first_genre": ["folk"] * 4})
    >>> print(split_tracks(songs))
    all 4 songs have the same genre (folk), so there is nothing to split by. All 4 tracks are in `train`, which may be \
explored
    """
    target = target or default_target(tracks)
    group = None if group == "artist" and "artist" not in tracks else group
    known = group if group in tracks and tracks[group].notna().any() else ""
    if target in tracks and (group is None or group in tracks):
        obstacle = split_obstacle(tracks[target], artist_matrix(tracks, group), group=known or "song",
                                  target="genre" if target == "first_genre" else target)
        if obstacle:
            return Split(tracks, tracks[:0], tracks[:0], target, known, 0, obstacle)
    elif not target:
        obstacle = "the table has neither genres nor popularity, so there is nothing to split by"
        return Split(tracks, tracks[:0], tracks[:0], "", known, 0, obstacle)
    labelled = tracks.dropna(subset=[target]) if target in tracks else tracks
    try:
        *_, train, validate, test = spotify_split(labelled, target, group=group)
    except TooFewGroups:
        obstacle = f"so many songs are by more than one {known} that there are no three sets that share no {known}"
        return Split(tracks, tracks[:0], tracks[:0], target, known, 0, obstacle)
    return Split(train, validate, test, target, known, len(tracks) - len(labelled), "")


def _check_split(df, target, group, sizes):
    if len(sizes) != 3 or min(sizes) <= 0 or abs(sum(sizes) - 1) > 1e-6:
        raise ValueError(f"sizes={sizes}: there must be three shares above zero that sum to one, such as "
                         "(.70, .15, .15)")
    if target not in df:
        raise ValueError(f"the table has no column {target!r} to predict; it has {list(df.columns)}")
    missing = int(df[target].isna().sum())
    if missing:
        raise ValueError(f"{missing:,} of {len(df):,} rows have no {target!r}: leave them out with "
                         f"df.dropna(subset=[{target!r}])")
    if group is not None and group not in df:
        raise ValueError(f"the table has no column {group!r} to keep together: name another with group=..., or pass "
                         "group=None for a random split, in which songs of one artist can be on two sides")
    if len(df) < 3:
        raise ValueError(f"{len(df)} rows cannot be split into three")


def _strata(target):
    """The class of each row as a code from 0: its (first) label, or the bin of its number."""
    numeric = pd.api.types.is_numeric_dtype(target) and not pd.api.types.is_bool_dtype(target)
    if numeric and target.nunique() > MANY_CLASSES:
        return pd.qcut(target.astype("float64"), TARGET_BINS, labels=False, duplicates="drop").to_numpy()
    if isinstance(target.iloc[0], str) and target.name == "genre":
        target = first_genre(target)
    return pd.factorize(target.astype(object), sort=False)[0]


def _random_sides(classes, sizes, random_state):
    """The side of each row in a random split of rows: 0 for train, 1 for validate, 2 for test."""
    rows = np.arange(len(classes))
    strata = classes if np.bincount(classes).min() >= 7 else None  # each side needs a row of each class
    if strata is None:
        print("spotify_split: a class has fewer than 7 rows, so the random split is not stratified")
    rest, test = train_test_split(rows, test_size=sizes[2], random_state=random_state, stratify=strata)
    _, validate = train_test_split(rest, test_size=sizes[1] / (sizes[0] + sizes[1]), random_state=random_state,
                                   stratify=None if strata is None else strata[rest])
    side = np.zeros(len(rows), dtype=int)
    side[validate] = 1
    side[test] = 2
    return side


def artist_overlap(train, test, target, *, group="artist"):
    """How well a class can be predicted from the artist alone, without the music.

    Parameters
    ----------
    train, test : pd.DataFrame
        Two sides of a split.
    target : str
        The class to predict.
    group : str
        The column that holds the artist; any other column, such as ``"album"``, can take its place.

    Returns
    -------
    pd.Series
        `shared`: the share of test rows of which one artist or more is also in train; `lookup`: the accuracy of
        answering with the most frequent class of these artists in train (with train's most frequent class where none is
        in train); `baseline`: the accuracy of always giving train's most frequent class.

    Raises
    ------
    ValueError
        The group column is missing, or no row of train has a class.

    Examples
    --------
    >>> train = pd.DataFrame({"artist": ["a", "b", "b"], "genre": ["jazz", "rock", "rock"]})
    >>> artist_overlap(train, pd.DataFrame({"artist": ["a", "c"], "genre": ["jazz", "rock"]}), "genre").tolist()
    [0.5, 1.0, 0.5]
    """
    train = train.dropna(subset=[target])
    if train.empty:
        raise ValueError(f"no row of train has a {target!r}")
    if group not in train or group not in test:
        raise ValueError(f"the table has no column {group!r}: name the column of the split with group=...")
    columns = [column for column in (group, "artists") if column in train and column in test]
    members = artist_matrix(pd.concat([train[columns].astype(object), test[columns].astype(object)]), group)
    of_train, of_test = members[:len(train)], members[len(train):]
    codes, classes = pd.factorize(train[target].astype(object))
    songs_of_artist = of_train.T @ np.eye(len(classes))[codes]
    songs = of_test @ songs_of_artist  # by the artists of each test row: test rows x classes
    shared = songs.sum(axis=1) > 0
    baseline = np.bincount(codes).argmax()
    answer = np.where(shared, songs.argmax(axis=1), baseline)
    truth = test[target].astype(object).to_numpy()
    return pd.Series({"shared": shared.mean(), "lookup": (classes.to_numpy(object)[answer] == truth).mean(),
                      "baseline": (truth == classes[baseline]).mean()}, dtype=float)


def scale_data(train, validate, test, predict, scaler="MinMax"):
    """Scale the numeric columns of three tables; the scaler is fitted to train alone.

    Parameters
    ----------
    train, validate, test : pd.DataFrame
    predict : str
        The name of the target column, which is left out.
    scaler : {'MinMax', 'Standard', 'Robust'}
        To the range 0-1, to mean 0 and standard deviation 1, or to median 0 and interquartile range 1.

    Returns
    -------
    tuple of pd.DataFrame
        Three new tables with the numeric and boolean columns of train that have a value, as floats; missing values
        stay missing.

    Raises
    ------
    ValueError
        The scaler is unknown.

    Examples
    --------
    >>> train = pd.DataFrame({"tempo": [60, 180], "hit": [0, 1]})
    >>> rest = pd.DataFrame({"tempo": [120], "hit": [1]})
    >>> scale_data(train, rest, rest, "hit")[1].tempo.tolist()
    [0.5]
    """
    if scaler not in SCALERS:
        raise ValueError(f"scaler={scaler!r}: choose one of {', '.join(map(repr, SCALERS))}")
    columns = [column for column in train.select_dtypes(["number", "bool", "boolean"]).columns
               if column != predict and train[column].notna().any()]
    frames = [frame[columns].astype("float64") for frame in (train, validate, test)]
    if not columns or frames[0].empty:
        return tuple(frames)
    fitted = SCALERS[scaler]().fit(frames[0])
    scaled = tuple(pd.DataFrame(fitted.transform(frame) if len(frame) else frame, index=frame.index, columns=columns)
                   for frame in frames)
    for after, before in zip(scaled, frames):
        after.attrs = dict(before.attrs)  # the source of the rows
    return scaled


def encode_genres(genres):
    """Genres as numbers: labels where each cell holds one, a multi-hot matrix where cells hold several.

    For the first genre alone, pass ``prepare.first_genre(genres)``.

    Parameters
    ----------
    genres : sequence
        One cell a song: a genre, several separated by commas, or a list.

    Returns
    -------
    encoded : np.ndarray [shape=(n,) or (n, n_genres)]
        Codes from 0, or zeros and ones.
    encoder : LabelEncoder or MultiLabelBinarizer
        Its `classes_` are the genres in order.

    Raises
    ------
    ValueError
        A song has no genre.

    Examples
    --------
    >>> encoded, encoder = encode_genres(["rock, pop", "jazz"])
    >>> encoder.classes_.tolist(), encoded.tolist()
    (['jazz', 'pop', 'rock'], [[0, 1, 1], [1, 0, 0]])
    """
    cells = [split_genres(cell) for cell in genres]
    missing = sum(not cell for cell in cells)
    if missing:
        raise ValueError(f"{missing:,} of {len(cells):,} songs have no genre: leave them out with "
                         "df.dropna(subset=['genre'])")
    if any(len(cell) > 1 for cell in cells):
        encoder = MultiLabelBinarizer()
        return encoder.fit_transform(cells), encoder
    encoder = LabelEncoder()
    return encoder.fit_transform([cell[0] for cell in cells]), encoder
