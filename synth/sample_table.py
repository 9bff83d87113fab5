"""The embedded default: a table of songs made to order. Everything in it is synthetic and deterministic.

How popularity is made is written down in `make_table`, so that what a statistic finds can be checked against what was
put in.
"""

import numpy as np
import pandas as pd

GENRES = ["hip hop", "latin", "metal", "rock", "dance/electronic", "folk/acoustic", "classical", "jazz"]
# Per genre: mean of each feature. Loudness in dB, tempo in BPM, duration in seconds, minor and explicit as shares.
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
"""Popularity points for one standard deviation (within a genre) of each."""
_ADJECTIVES = ("Copper Velvet Paper Northern Silent Crooked Golden Hollow Electric Wandering Amber Broken Distant Salt "
               "Midnight Painted Lucky Winter Scarlet Patient Rusty Glass Solar Humble Wild Marble Quiet Neon Bitter "
               "Tidal Iron Feather Lonely Honest Restless Sunday Vanishing Lavender Cosmic Barefoot").split()
_NOUNS = ("Lanterns Harbor Foxes Cathedral Engine Orchard Pilots Mirrors Avenue Choir Wolves Garden Radio Tigers Bridge "
          "Sailors Machine Meadow Kings Thunder Letters Ravens Circus Island Shadows Motel Gypsum Parade Library Comets "
          "Daughters Station Rivers Saints Carousel Bandits Satellite Bakery Horses Signal").split()
_VERBS = ("Chasing Losing Finding Leaving Burning Calling Counting Dreaming Holding Missing Turning Waking Borrowing "
          "Following Painting Stealing").split()


def make_table(n_tracks=1200, seed=0):
    """A synthetic table of tracks in the full schema, as untidy as a real export.

    Each song belongs to an artist, each artist to one of eight genres. Features vary around their genre's mean, by
    artist and by song, independently of one another. Popularity, before it is rounded and cut to 0-100, is::

        45 + GENRE + 2.2 LOUD + 5 DANCE + 6 ARTIST + 12 NOISE

    where LOUD and DANCE are loudness and danceability in standard deviations from the genre's mean, ARTIST and NOISE
    are random, and GENRE follows the mean valence of the (first) genre (standard deviation 6 over the genres, made
    orthogonal to the genres' mean loudness and danceability). So, to be found again: a small effect of loudness (a
    correlation of about .15 within genres), a moderate one of danceability (about .33), a correlation of valence that
    exists between genres and within none, and nothing at all for key. Any other feature whose mean differs from genre
    to genre correlates at most between genres.

    As in real exports: songs of two genres, featured artists in titles, dates without day or month, stray blanks, empty
    sets for genres, thousands separators, missing values, three songs without a name, and 2 % of the songs a second
    time (half of those under another genre).

    Parameters
    ----------
    n_tracks : int
        Songs, before those that stand in it twice.
    seed : int
        The same seed gives the same table.

    Returns
    -------
    pd.DataFrame
        Columns as in `tables.COLUMNS` but for `path`.

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
        track_id=[f"sample{number:07d}" for number in range(n_tracks)], artist=songs["artist"], song=_titles(n_tracks, rng),
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
    """Who made each song, and the one or two genres it is of."""
    n_artists = max(len(GENRES), n_tracks // 5)
    weights = 1 / np.sqrt(1 + np.arange(n_artists) // len(GENRES))  # some have many songs, most have few
    number = rng.choice(n_artists, n_tracks, p=weights / weights.sum())
    names = [f"{'The ' if i % 3 == 0 else ''}{adjective} {noun}{f' {i // 1600 + 1}' if i >= 1600 else ''}"
             for i, (adjective, noun) in ((i, _pair(i)) for i in range(n_artists))]
    first = np.array(GENRES)[number % len(GENRES)]
    second = np.where(rng.random(n_tracks) < .12, [_NEIGHBOURS[genre] for genre in first], first)
    return pd.DataFrame({"artist_number": number, "artist": np.array(names)[number], "first": first, "second": second,
                         "genre": [one if one == two else f"{one}, {two}" for one, two in zip(first, second)]})


def _pair(i):
    """The i-th of 1,600 pairs of words, each pair once."""
    return _ADJECTIVES[i % 40], _NOUNS[(i % 40 + i // 40) % 40]


def _deviations(artist, rng):
    """Standard normal deviations of each feature, two fifths of their variance shared by an artist's songs."""
    return {name: np.sqrt(.4) * rng.standard_normal(artist.max() + 1)[artist] + np.sqrt(.6) * rng.standard_normal(len(artist))
            for name in _SPREAD}


def _genre_popularity():
    """GENRE of the formula."""
    others = np.column_stack([np.ones(len(GENRES)), _MEANS["loudness"], _MEANS["danceability"]])
    part = _MEANS["valence"].to_numpy()
    part = part - others @ np.linalg.lstsq(others, part, rcond=None)[0]
    return pd.Series(GENRE_SPREAD * part / part.std(), index=GENRES)


def _words(n, rng):
    return rng.choice(_ADJECTIVES, n), rng.choice(_NOUNS, n)


def _titles(n, rng):
    """Titles; one in eight names a featured artist, in the ways in which that is written."""
    titles = np.array([f"{verb} {adjective} {noun}" for verb, adjective, noun in zip(rng.choice(_VERBS, n), *_words(n, rng))],
                      dtype=object)
    styles = ["(feat. {})", "ft. {}", "(Featuring {})", "(with {})"]
    for row in np.flatnonzero(rng.random(n) < .125):
        titles[row] += " " + rng.choice(styles).format(" ".join(_pair(int(rng.integers(1600)))))
    return titles


def _untidy(table, rng):
    """The mess of a real export: see `make_table`."""
    table, n = table.astype({"duration_ms": object, "release_date": object, "song": object}), len(table)

    def some(share):
        return rng.choice(n, max(1, round(share * n)), replace=False)

    rows = some(.08)
    table.loc[rows, "release_date"] = table.loc[rows, "release_date"].str[:4]
    rows = some(.03)
    table.loc[rows, "release_date"] = table.loc[rows, "release_date"].str[:7]
    rows = some(.02)
    table.loc[rows, "artist"] = " " + table.loc[rows, "artist"] + "  "
    rows = some(.01)
    table.loc[rows, "duration_ms"] = table.loc[rows, "duration_ms"].map("{:,.0f}".format)
    table.loc[some(.015), "genre"] = "set()"
    table.loc[some(.01), "popularity"] = np.nan
    table.loc[some(.005), ["danceability", "energy", "valence"]] = np.nan
    table.loc[some(.003), "tempo"] = 0
    table.loc[some(.003), "key"] = -1
    again = table.iloc[some(.02)].copy()
    again.iloc[::2, again.columns.get_loc("genre")] = rng.choice(GENRES, len(again.iloc[::2]))
    table.loc[rng.choice(np.setdiff1d(np.arange(n), again.index), min(3, n // 10), replace=False), "song"] = None
    both = pd.concat([table, again])
    return both.iloc[rng.permutation(len(both))].reset_index(drop=True)
