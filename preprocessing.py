"""A table of tracks -> features, leak-free splits, scaled arrays, encoded genres."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, MultiLabelBinarizer, RobustScaler, StandardScaler

from prepare import first_genre, load_Data, prepare_df, split_genres, to_dates
from sources.artists import artist_groups
from sources.files import write_table

SCALERS = {"MinMax": MinMaxScaler, "Standard": StandardScaler, "Robust": RobustScaler}
# "feat. X", "(ft X)", "Featuring X", "(with X)"; a bare "with" is a word of titles ("With or Without You")
FEATURED = re.compile(r"\b(?:feat|ft|featuring)\b\.?\s*\S|[(\[]\s*with\s+\S", re.IGNORECASE)
MANY_CLASSES = 30
"""A numeric target with more values than this is stratified in bins of equal counts."""
TARGET_BINS = 5


def create_features(df):
    """Add columns that are easier to work with than those they come from.

    Parameters
    ----------
    df : pd.DataFrame
        A tracks table; each feature is made where its source is there.

    Returns
    -------
    pd.DataFrame
        A new frame with, added, `duration_seconds`, `duration_minutes`; `has_feat` (a featured artist is named in title
        or artist, however that is written); `release_year` (from the date, else from `year`); `decade` (`1970s`, an
        ordered category); `first_genre` of the cell. Text is in lower case.

    Examples
    --------
    >>> made = create_features(pd.DataFrame({"song": ["Umbrella (feat. JAY-Z)"], "year": [2007], "duration_ms": [275987]}))
    >>> made[["song", "has_feat", "decade", "duration_seconds"]].values.tolist()
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
    year = pd.Series(pd.NA, index=df.index, dtype="Int64")
    if "release_date" in df:
        year = year.fillna(to_dates(df["release_date"]).dt.year.astype("Int64"))
    if "year" in df:
        year = year.fillna(df["year"].astype("Int64"))
    return year


def spotify_split(df, target, *, group="artist", sizes=(.70, .15, .15), random_state=666):
    """Split a table into train, validate and test so that no artist stands on two sides.

    Whole groups are dealt out, the largest first, each to the side that most lacks rows of its classes. So each side
    has the classes in about the shares that the table has (a numeric target is cut into five bins of equal counts), as
    far as groups permit.

    Parameters
    ----------
    df : pd.DataFrame
        A tracks table.
    target : str
        The column to predict; in a cell of several genres the first counts for stratification.
    group : str or None
        The column whose values stay together; blank edges and capitals do not tell two groups apart, and rows without
        one are each a group of their own. ``None`` gives the report's own random split of rows, which lets songs of
        one artist stand on both sides.
    sizes : tuple of float
        Shares of train, validate and test; they sum to one.
    random_state : int

    Returns
    -------
    tuple
        ``X_train, y_train, X_validate, y_validate, X_test, y_test, train, validate, test``. Each `X` is its frame
        without the target.

    Raises
    ------
    ValueError
        The target or group column is missing, the target has missing values, the sizes are no shares, or there are fewer
        groups than sides. A class with fewer groups than sides is said and goes where there is room.

    Examples
    --------
    >>> songs = pd.DataFrame({"artist": list("aabbccddee") * 4, "genre": ["rock", "jazz"] * 20})
    >>> *_, train, validate, test = spotify_split(songs, "genre", sizes=(.6, .2, .2))
    >>> len(train), len(validate), len(test)
    (24, 8, 8)
    """
    _check_split(df, target, group, sizes)
    classes = _strata(df[target])
    if group is None:
        side = _random_sides(classes, sizes, random_state)
    else:
        groups = artist_groups(df, group)
        side = _group_sides(classes, groups, sizes, random_state)
        _assert_apart(side, groups)
    train, validate, test = (df[side == number].copy() for number in range(3))
    return (train.drop(columns=target), train[target], validate.drop(columns=target), validate[target],
            test.drop(columns=target), test[target], train, validate, test)


def default_target(df):
    """The column to split by where none is asked for: the genre where the table tells two or more, else popularity.

    Examples
    --------
    >>> default_target(pd.DataFrame({"first_genre": ["rock", "rock"], "popularity": [3, 5]}))
    'popularity'
    """
    for column in ("first_genre", "popularity"):
        if column in df and df[column].nunique() > 1:
            return column
    raise ValueError("the table tells neither two genres nor two popularities: name another column to split by")


def write_split(folder, tracks, train, validate, test):
    """Write a prepared table and the sides of its split to Parquet files in a folder; returns their paths."""
    sides = {"tracks": tracks, "train": train, "validate": validate, "test": test}
    return [write_table(side, Path(folder) / f"{name}.parquet") for name, side in sides.items()]


def tracks_and_train(folder, source="", *, group="artist"):
    """The prepared tracks and those of them to explore; validation and test rows stay closed.

    Parameters
    ----------
    folder : str or Path
        Where `write_split` wrote.
    source : str
        Empty: what is in the folder, else the sample where nothing is. Anything else: read by `prepare.load_Data`,
        prepared and split here.
    group : str or None
        As in `spotify_split`.

    Returns
    -------
    tracks, train : pd.DataFrame
    """
    folder = Path(folder)
    if not source and (folder / "train.parquet").exists():
        return pd.read_parquet(folder / "tracks.parquet"), pd.read_parquet(folder / "train.parquet")
    tracks = create_features(prepare_df(load_Data(source or "sample")))
    target = default_target(tracks)
    return tracks, spotify_split(tracks.dropna(subset=[target]), target, group=group)[6]


def _check_split(df, target, group, sizes):
    if len(sizes) != 3 or min(sizes) <= 0 or abs(sum(sizes) - 1) > 1e-6:
        raise ValueError(f"sizes={sizes}: give three shares above zero that sum to one, such as (.70, .15, .15)")
    if target not in df:
        raise ValueError(f"the table has no column {target!r} to predict; it has {list(df.columns)}")
    missing = int(df[target].isna().sum())
    if missing:
        raise ValueError(f"{missing:,} of {len(df):,} rows have no {target!r}: leave them out with "
                         f"df.dropna(subset=[{target!r}])")
    if group is not None and group not in df:
        raise ValueError(f"the table has no column {group!r} to keep together: name another with group=..., or pass group=None "
                         "for a random split, which lets songs of one artist stand on both sides")
    if len(df) < 3:
        raise ValueError(f"{len(df)} rows cannot be split into three")


def _strata(target):
    """The class of each row as a code from 0: its (first) label, or the bin of its number."""
    if pd.api.types.is_numeric_dtype(target) and not pd.api.types.is_bool_dtype(target) and target.nunique() > MANY_CLASSES:
        return pd.qcut(target.astype("float64"), TARGET_BINS, labels=False, duplicates="drop").to_numpy()
    if isinstance(target.iloc[0], str) and target.name == "genre":
        target = first_genre(target)
    return pd.factorize(target.astype(object), sort=False)[0]


def _random_sides(classes, sizes, random_state):
    rows = np.arange(len(classes))
    strata = classes if np.bincount(classes).min() >= 7 else None  # each side needs one of each
    if strata is None:
        print("spotify_split: a class has fewer than 7 rows, so the random split is not stratified")
    rest, test = train_test_split(rows, test_size=sizes[2], random_state=random_state, stratify=strata)
    _, validate = train_test_split(rest, test_size=sizes[1] / (sizes[0] + sizes[1]), random_state=random_state,
                                   stratify=None if strata is None else strata[rest])
    side = np.zeros(len(rows), dtype=int)
    side[validate], side[test] = 1, 2
    return side


def _group_sides(classes, groups, sizes, random_state):
    """The side of each row: each group goes where its rows leave the least lacking and the least too many."""
    counts = pd.crosstab(groups, classes).to_numpy()
    if len(counts) < 3:
        raise ValueError(f"{len(counts)} groups cannot be split into three sides without one standing on two: "
                         "pass group=None for a random split, or more artists")
    few = np.flatnonzero((counts > 0).sum(axis=0) < 3)
    if few.size:
        print(f"spotify_split: {few.size} of {counts.shape[1]} classes have fewer than 3 groups, so not every side has them")
    order = np.random.default_rng(random_state).permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    wanted = np.outer(sizes, counts.sum(axis=0)).astype(float)  # sides x classes
    # a class weighs the same whether it is large or small; all rows together count as one class more, for the sizes
    weights = 1 / np.maximum(counts.sum(axis=0), 1)
    lacking, lacking_rows = wanted.copy(), wanted.sum(axis=1)
    side_of_group = np.empty(len(counts), dtype=int)
    for number in order:
        own = counts[number]
        # what the sum over sides of squared lacks loses, in relation to the side's size, if this side takes the group
        gain = ((weights ** 2 * own * (2 * lacking - own)).sum(axis=1)
                + own.sum() * (2 * lacking_rows - own.sum()) / counts.sum() ** 2) / sizes
        side = int(np.argmax(gain))
        side_of_group[number] = side
        lacking[side] -= own
        lacking_rows[side] -= own.sum()
    for side in np.setdiff1d(np.arange(3), side_of_group):  # few large groups can leave a side with nothing
        giver = np.bincount(side_of_group, minlength=3).argmax()
        candidates = np.flatnonzero(side_of_group == giver)
        side_of_group[candidates[counts[candidates].sum(axis=1).argmin()]] = side
    return _taught(_mended(side_of_group, counts, np.array(sizes), random_state), counts)[groups]


def _taught(side_of_group, counts):
    """Train gets the smallest group of every class that it lacks: what was never taught cannot be asked for."""
    for of_class in (counts > 0).T:
        of_class = np.flatnonzero(of_class)
        if (side_of_group[of_class] != 0).all():
            sides_left = np.bincount(side_of_group, minlength=3) > 1
            movable = of_class[sides_left[side_of_group[of_class]]]
            if movable.size:
                side_of_group[movable[counts[movable].sum(axis=1).argmin()]] = 0
    return side_of_group


def _mended(side_of_group, counts, sizes, random_state, rounds=60, swaps=3000):
    """Move or swap groups while sizes are off by 2 points, or the shares of classes with 20 groups by 5.

    Dealing out leaves large tables well within both; in a small one a single song can be worth ten points. Each round
    makes the one best of all moves and of some random swaps.
    """
    common = (counts > 0).sum(axis=0) >= 20
    share = counts[:, common].sum(axis=0) / counts.sum()
    rows, own = counts.sum(axis=1), counts[:, common]
    rng = np.random.default_rng(random_state)

    def off(n, of_class):  # how far sides are from what was asked for, in tolerances: [..., sides], [..., sides, classes]
        size_off = np.abs(n / rows.sum() - sizes) / .02
        share_off = np.abs(of_class / np.maximum(n, 1)[..., None] - share) / .05
        return np.concatenate([size_off, share_off.reshape(*n.shape[:-1], -1)], axis=-1)

    for _ in range(rounds):
        n = np.array([rows[side_of_group == side].sum() for side in range(3)])
        of_class = np.array([own[side_of_group == side].sum(axis=0) for side in range(3)])
        now = off(n, of_class)
        if now.max() <= 1:
            break
        numbers = np.arange(len(counts))
        moved, to = np.repeat(numbers, 2), ((side_of_group[:, None] + [1, 2]) % 3).ravel()
        one, two = rng.integers(0, len(counts), (2, swaps))
        pairs = side_of_group[one] != side_of_group[two]
        # a move is a swap with nobody
        one, two = np.concatenate([moved, one[pairs]]), np.concatenate([np.full(len(moved), -1), two[pairs]])
        to = np.concatenate([to, side_of_group[two[len(moved):]]])
        delta_rows = rows[one] - np.where(two >= 0, rows[two], 0)
        delta_own = own[one] - np.where(two[:, None] >= 0, own[two], 0)
        direction = (np.arange(3) == to[:, None]).astype(int) - (np.arange(3) == side_of_group[one][:, None])
        tried = off(n + direction * delta_rows[:, None], of_class + direction[..., None] * delta_own[:, None, :])
        cost = (tried ** 4).sum(axis=1) + np.where((n + direction * delta_rows[:, None]).min(axis=1) < 1, np.inf, 0)
        best = int(cost.argmin())
        if cost[best] >= (now ** 4).sum():
            break
        if two[best] >= 0:
            side_of_group[two[best]] = side_of_group[one[best]]
        side_of_group[one[best]] = to[best]
    return side_of_group


def _assert_apart(side, groups):
    sides_of_group = pd.Series(side).groupby(groups).nunique()
    assert (sides_of_group == 1).all(), "a group stands on two sides"


def artist_overlap(train, test, target, *, group="artist"):
    """What a model could gain by knowing artists instead of music.

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
        `shared`: the share of test rows whose artist is also in train; `lookup`: the accuracy of answering with that
        artist's most frequent class in train (with train's most frequent class where the artist is not in train);
        `baseline`: the accuracy of always giving train's most frequent class.

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
    codes = artist_groups(pd.concat([train[[group]].astype(object), test[[group]].astype(object)]), group)
    classes = train[target].astype(object)
    class_of_group = classes.groupby(codes[:len(train)]).agg(lambda cells: cells.mode().iloc[0])
    most_frequent = classes.mode().iloc[0]
    answer = pd.Series(codes[len(train):], index=test.index).map(class_of_group)
    truth = test[target].astype(object)
    return pd.Series({"shared": float(answer.notna().mean()),
                      "lookup": float((answer.fillna(most_frequent) == truth).mean()),
                      "baseline": float((truth == most_frequent).mean())})


def scale_data(train, validate, test, predict, scaler="MinMax"):
    """Scale the numeric columns of three frames by what is seen in train alone.

    Parameters
    ----------
    train, validate, test : pd.DataFrame
    predict : str
        The target's name; it is left out.
    scaler : {'MinMax', 'Standard', 'Robust'}
        To the range 0-1, to mean 0 and standard deviation 1, or to median 0 and interquartile range 1.

    Returns
    -------
    tuple of pd.DataFrame
        Three new frames of train's numeric and boolean columns, as float; missing values stay missing.

    Examples
    --------
    >>> train, rest = pd.DataFrame({"tempo": [60, 180], "hit": [0, 1]}), pd.DataFrame({"tempo": [120], "hit": [1]})
    >>> scale_data(train, rest, rest, "hit")[1].tempo.tolist()
    [0.5]
    """
    if scaler not in SCALERS:
        raise ValueError(f"scaler={scaler!r}: choose one of {', '.join(map(repr, SCALERS))}")
    columns = [column for column in train.select_dtypes(["number", "bool", "boolean"]).columns if column != predict]
    frames = [frame[columns].astype("float64") for frame in (train, validate, test)]
    if not columns or frames[0].empty:
        return tuple(frames)
    fitted = SCALERS[scaler]().fit(frames[0])
    scaled = tuple(pd.DataFrame(fitted.transform(frame) if len(frame) else frame, index=frame.index, columns=columns)
                   for frame in frames)
    for after, before in zip(scaled, frames):
        after.attrs = dict(before.attrs)  # where the rows are from
    return scaled


def encode_genres(genres):
    """Genres as numbers: labels where each cell holds one, a multi-hot matrix where cells hold several.

    For the first genre alone, pass ``prepare.first_genre(genres)``.

    Parameters
    ----------
    genres : sequence
        One cell a song: a genre, several separated by commas, or a list of them.

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
        raise ValueError(f"{missing:,} of {len(cells):,} songs have no genre: leave them out with df.dropna(subset=['genre'])")
    if any(len(cell) > 1 for cell in cells):
        encoder = MultiLabelBinarizer()
        return encoder.fit_transform(cells), encoder
    encoder = LabelEncoder()
    return encoder.fit_transform([cell[0] for cell in cells]), encoder
