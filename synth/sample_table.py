"""A synthetic table of tracks; it is the default where no other table is given. The same seed gives the same table.

`make_table` documents how popularity is made, so that the results of a statistical analysis can be checked against the
ground truth.
"""

import numpy as np
import pandas as pd

GENRES = ["hip hop", "latin", "metal", "rock", "dance/electronic", "folk/acoustic", "classical", "jazz"]
# The mean of each feature. Loudness in dB, tempo in BPM, duration in seconds, minor and explicit as shares.
_MEANS = pd.DataFrame(
    [[.75, .65, -7.0, .22, .17, .03, .20, .40, 108, 215, .50, .60, 2012],
     [.70, .72, -6.5, .09, .25, .02, .18, .70, 118, 225, .45, .12, 2010],
     [.44, .88, -5.5, .08, .05, .25, .22, .36, 126, 265, .60, .20, 2003],
     [.52, .72, -7.5, .06, .20, .10, .20, .64, 122, 240, .35, .08, 1992],
     [.66, .78, -6.8, .08, .10, .40, .19, .42, 126, 250, .50, .05, 2013],
     [.54, .40, -10.5, .05, .70, .08, .15, .56, 114, 220, .30, .03, 1998],
     [.35, .22, -14.0, .04, .90, .80, .13, .42, 106, 320, .40, .00, 1985],
     [.54, .42, -11.0, .06, .65, .45, .17, .62, 115, 300, .35, .01, 1978]],
    index=GENRES, columns=["danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness",
                           "liveness", "valence", "tempo", "seconds", "minor", "explicit", "year"])
_SPREAD = {"danceability": .11, "energy": .12, "loudness": 3.5, "speechiness": .03, "acousticness": .12,
           "instrumentalness": .12, "liveness": .08, "valence": .16, "tempo": 20, "seconds": 45, "year": 8}
_NEIGHBOURS = {"hip hop": "dance/electronic", "latin": "hip hop", "metal": "rock", "rock": "metal",
               "dance/electronic": "latin", "folk/acoustic": "rock", "classical": "jazz", "jazz": "folk/acoustic"}
LOUDNESS_EFFECT, DANCEABILITY_EFFECT, GENRE_SPREAD, ARTIST_SPREAD, SONG_SPREAD = 2.2, 5.0, 6.0, 6.0, 12.0
"""The effects on popularity, in points for one standard deviation within a genre."""
_ADJECTIVES = ("Copper Velvet Paper Northern Silent Crooked Golden Hollow Electric Wandering Amber Broken Distant "
               "Salt Midnight Painted Lucky Winter Scarlet Patient Rusty Glass Solar Humble Wild Marble Quiet Neon "
               "Bitter Tidal Iron Feather Lonely Honest Restless Sunday Vanishing Lavender Cosmic Barefoot").split()
_NOUNS = ("Lanterns Harbor Foxes Cathedral Engine Orchard Pilots Mirrors Avenue Choir Wolves Garden Radio Tigers "
          "Bridge Sailors Machine Meadow Kings Thunder Letters Ravens Circus Island Shadows Motel Gypsum Parade "
          "Library Comets Daughters Station Rivers Saints Carousel Bandits Satellite Bakery Horses Signal").split()
_VERBS = ("Chasing Losing Finding Leaving Burning Calling Counting Dreaming Holding Missing Turning Waking Borrowing "
          "Following Painting Stealing").split()


def make_table(n_tracks=1200, seed=0):
    """A synthetic table of tracks with all columns, as untidy as a real export.

    Each song belongs to an artist, and each artist to one of eight genres. Features vary around their genre's mean, by
    artist and by song, independently of one another. Popularity, before it is rounded and clipped to 0-100, is::

        45 + GENRE + 2.2 LOUD + 5 DANCE + 6 ARTIST + 12 NOISE

    where LOUD and DANCE are loudness and danceability in standard deviations from the genre's mean, ARTIST and NOISE
    are random, and GENRE follows the mean valence of the (first) genre (standard deviation 6 over the genres, made
    orthogonal to the genres' mean loudness and danceability). An analysis should therefore find: a small effect of
    loudness (a correlation of about .15 within genres), a moderate effect of danceability (about .33), a correlation
    with valence between genres but not within them, and no effect of the key. All other features can be correlated with
    popularity between genres only.

    The table has the faults of real exports: songs of two genres, featured artists in titles, dates without day or
    month, extra blanks, empty sets as genres, thousands separators, missing values, three songs without a name, and 2%
    of the songs twice (half of these with another genre).

    Parameters
    ----------
    n_tracks : int
        Songs, not counting those that are repeated.
    seed : int
        The same seed gives the same table.

    Returns
    -------
    pd.DataFrame
        Columns as in `column_names.COLUMNS` except `artists` and `path`.

    Examples
    --------
    >>> make_table(100).equals(make_table(100))
    True
    """
    rng = np.random.default_rng(seed)
    songs = _artists_and_genres(n_tracks, rng)
    deviations = _deviations(songs["artist_number"].to_numpy(), rng)
    means = (_MEANS.loc[songs["first"]].to_numpy() + _MEANS.loc[songs["second"]].to_numpy()) / 2
    means = pd.DataFrame(means, columns=_MEANS.columns)
    table = pd.DataFrame({name: means[name] + spread * deviations[name] for name, spread in _SPREAD.items()})
    popularity = (45 + _genre_popularity()[songs["first"]].to_numpy()
                  + LOUDNESS_EFFECT * deviations["loudness"] + DANCEABILITY_EFFECT * deviations["danceability"]
                  + ARTIST_SPREAD * rng.standard_normal(songs["artist_number"].max() + 1)[songs["artist_number"]]
                  + SONG_SPREAD * rng.standard_normal(n_tracks))
    shares = ["danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness", "valence"]
    table[shares] = table[shares].clip(.001, .999).round(3)
    year = table["year"].clip(1955, 2024).round().astype(int)
    table = table.assign(
        track_id=[f"sample{number:07d}" for number in range(n_tracks)], artist=songs["artist"],
        song=_titles(n_tracks, rng),
        album=[f"{adjective} {noun}" for adjective, noun in zip(*_words(n_tracks, rng))],
        release_date=[f"{y}-{month:02d}-{day:02d}" for y, month, day in
                      zip(year, rng.integers(1, 13, n_tracks), rng.integers(1, 29, n_tracks))],
        year=year, genre=songs["genre"], duration_ms=(table["seconds"].clip(lower=60) * 1000).round(),
        explicit=rng.random(n_tracks) < means["explicit"], popularity=popularity.clip(0, 100).round(),
        key=rng.integers(0, 12, n_tracks).astype(float), loudness=table["loudness"].clip(upper=0).round(3),
        mode=(rng.random(n_tracks) >= means["minor"]).astype(int), tempo=table["tempo"].clip(lower=50).round(3),
        source="sample (synthetic)")
    return _untidy(table, rng)[["track_id", "artist", "song", "album", "release_date", "year", "genre", "duration_ms",
                                "explicit", "popularity", "danceability", "energy", "key", "loudness", "mode",
                                "speechiness", "acousticness", "instrumentalness", "liveness", "valence", "tempo",
                                "source"]]


def _artists_and_genres(n_tracks, rng):
    """The artist of each song, and its one or two genres."""
    n_artists = max(len(GENRES), n_tracks // 5)
    weights = 1 / np.sqrt(1 + np.arange(n_artists) // len(GENRES))  # some artists have many songs, most have few
    number = rng.choice(n_artists, n_tracks, p=weights / weights.sum())
    names = [f"{'The ' if i % 3 == 0 else ''}{adjective} {noun}{f' {i // 1600 + 1}' if i >= 1600 else ''}"
             for i, (adjective, noun) in ((i, _pair(i)) for i in range(n_artists))]
    first = np.array(GENRES)[number % len(GENRES)]
    second = np.where(rng.random(n_tracks) < .12, [_NEIGHBOURS[genre] for genre in first], first)
    return pd.DataFrame({"artist_number": number, "artist": np.array(names)[number], "first": first, "second": second,
                         "genre": [genre if genre == other else f"{genre}, {other}"
                                   for genre, other in zip(first, second)]})


def _pair(i):
    """The i-th of 1,600 pairs of words, each pair once."""
    return _ADJECTIVES[i % 40], _NOUNS[(i % 40 + i // 40) % 40]


def _deviations(artist, rng):
    """Standard normal deviations of each feature; two fifths of their variance are shared by an artist's songs."""
    n_artists = artist.max() + 1
    return {name: (np.sqrt(.4) * rng.standard_normal(n_artists)[artist]
                   + np.sqrt(.6) * rng.standard_normal(len(artist)))
            for name in _SPREAD}


def _genre_popularity():
    """GENRE in the formula of `make_table`: the residuals of valence after a regression on loudness and
    danceability."""
    others = np.column_stack([np.ones(len(GENRES)), _MEANS["loudness"], _MEANS["danceability"]])
    valence = _MEANS["valence"].to_numpy()
    residuals = valence - others @ np.linalg.lstsq(others, valence, rcond=None)[0]
    return pd.Series(GENRE_SPREAD * residuals / residuals.std(), index=GENRES)


def _words(n, rng):
    return rng.choice(_ADJECTIVES, n), rng.choice(_NOUNS, n)


def _titles(n, rng):
    """Titles; one in eight names a guest, in one of the usual spellings; no guest has songs of their own."""
    words = zip(rng.choice(_VERBS, n), *_words(n, rng))
    titles = np.array([f"{verb} {adjective} {noun}" for verb, adjective, noun in words], dtype=object)
    styles = ["(feat. {})", "ft. {}", "(Featuring {})", "(with {})"]
    for row in np.flatnonzero(rng.random(n) < .125):
        titles[row] += " " + rng.choice(styles).format("DJ " + " ".join(_pair(int(rng.integers(1600)))))
    return titles


def _untidy(table, rng):
    """The table with the faults of a real export, in random order; see `make_table`."""
    n = len(table)
    table = table.astype({"duration_ms": object, "release_date": object, "song": object})

    def random_rows(share):
        return rng.choice(n, max(1, round(share * n)), replace=False)

    rows = random_rows(.08)
    table.loc[rows, "release_date"] = table.loc[rows, "release_date"].str[:4]
    rows = random_rows(.03)
    table.loc[rows, "release_date"] = table.loc[rows, "release_date"].str[:7]
    rows = random_rows(.02)
    table.loc[rows, "artist"] = " " + table.loc[rows, "artist"] + "  "
    rows = random_rows(.01)
    table.loc[rows, "duration_ms"] = table.loc[rows, "duration_ms"].map("{:,.0f}".format)
    table.loc[random_rows(.015), "genre"] = "set()"
    table.loc[random_rows(.01), "popularity"] = np.nan
    table.loc[random_rows(.005), ["danceability", "energy", "valence"]] = np.nan
    table.loc[random_rows(.003), "tempo"] = 0
    table.loc[random_rows(.003), "key"] = -1
    repeated = table.iloc[random_rows(.02)].copy()
    repeated.iloc[::2, repeated.columns.get_loc("genre")] = rng.choice(GENRES, len(repeated.iloc[::2]))
    not_repeated = np.setdiff1d(np.arange(n), repeated.index)
    table.loc[rng.choice(not_repeated, min(3, n // 10), replace=False), "song"] = None
    table = pd.concat([table, repeated])
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)
