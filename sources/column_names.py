"""What the columns of a table hold, by their names: any case, punctuation, prefix or unit, in several languages.

A name is divided into words. Words of other languages are translated, units are taken out, and the remaining set of
words is looked up: "Track Duration (ms)", "song_duration_ms" and "Dauer des Titels [ms]" all hold the duration, in
milliseconds.
"""

import difflib
import re
import unicodedata
from typing import NamedTuple

import pandas as pd

COLUMNS = ["track_id", "artist", "artists", "song", "album", "release_date", "year", "genre", "duration_ms", "explicit",
           "popularity", "danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness",
           "instrumentalness", "liveness", "valence", "tempo", "path", "source"]
"""The columns of the table of tracks, one row for each track."""
TEXT = ["track_id", "artist", "artists", "artist_ids", "song", "album", "release_date", "genre", "path", "source"]
SHARES = ["danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness", "valence"]
"""Spotify's audio features that run from 0 to 1."""
NUMBERS = ["year", "duration_ms", "popularity", "key", "loudness", "mode", "tempo", "time_signature",
           "track_number", *SHARES]
KNOWN = {*COLUMNS, *NUMBERS, "artist_ids"}

MEANINGS = {
    "track_id": "track id, spotify id, track uri, title uri, uri, id, title id, track url, spotify url",
    "artist": "artist, artist track, artist name, artist title, performer, performer name, band, album artist, "
              "album artist name",
    "artist_ids": "artist id, artist uri",
    "song": "track name, track title, title name, title, track, name",
    "album": "album, album name, album title, album track, release title",
    "release_date": "release date, album release date, release, date album release track",
    "year": "year, release year, album year, album release year, year track",
    "genre": "genre, playlist genre, top genre, main genre, primary genre, genre title, genre name, artist genre, "
             "album genre, label, class, style, category",
    "duration_ms": "duration, duration title, time, total time, playtime",
    "explicit": "explicit, is explicit, explicit content, explicit lyric",
    "popularity": "popularity, popularity score",
    "danceability": "danceability, danceable",
    "energy": "energy", "loudness": "loudness", "mode": "mode, key mode, mode name, scale",
    "key": "key, musical key, initial key, key signature, key name, key note, camelot, camelot key, open key",
    "speechiness": "speechiness", "acousticness": "acousticness", "instrumentalness": "instrumentalness",
    "liveness": "liveness", "valence": "valence", "tempo": "tempo, bpm, bpm tempo, average bpm",
    "time_signature": "time signature", "track_number": "track number, title number",
    "path": "path, file, file name, file path, path track"}
"""The words of the names of each column, the best name first. Their order makes no difference."""
_SETS = {frozenset(words.split()): (meaning, rank) for meaning, names in MEANINGS.items()
         for rank, words in enumerate(names.split(", "))}
_TRANSLATED = {
    # abbreviations, and words that mean the same in a table of songs
    "song": "track", "length": "duration", "dur": "duration", "filename": "file name", "filepath": "file path",
    "released": "release", "nrgy": "energy", "dnce": "danceability", "spch": "speechiness", "acous": "acousticness",
    "instr": "instrumentalness", "beatsperminute": "bpm", "no": "number", "num": "number", "trackname": "track name",
    "artistname": "artist name", "songname": "track name", "albumname": "album name", "trackid": "track id",
    "yr": "year", "timesignature": "time signature",
    # German
    "kunstler": "artist", "kunstlername": "artist name", "interpret": "artist", "interpreten": "artist",
    "interpretenname": "artist name", "titel": "title", "titelname": "title name", "lied": "track",
    "veroffentlichungsdatum": "release date", "erscheinungsdatum": "release date", "veroffentlichung": "release",
    "erscheinungsjahr": "year", "jahr": "year", "dauer": "duration", "titeldauer": "duration", "lange": "duration",
    "laufzeit": "duration", "spieldauer": "duration", "beliebtheit": "popularity", "popularitat": "popularity",
    "explizit": "explicit", "tanzbarkeit": "danceability", "energie": "energy", "tonart": "key",
    "lautstarke": "loudness", "lautheit": "loudness", "modus": "mode", "tongeschlecht": "mode",
    "sprachanteil": "speechiness", "akustik": "acousticness", "instrumentalitat": "instrumentalness",
    "lebendigkeit": "liveness", "valenz": "valence", "taktart": "time signature", "nummer": "number",
    "datei": "file", "dateiname": "file name", "dateipfad": "path", "pfad": "path",
    # Spanish, Portuguese, Italian
    "nombre": "name", "nome": "name", "cancion": "track", "pista": "track", "faixa": "track", "musica": "track",
    "brano": "track", "titulo": "title", "titolo": "title", "artista": "artist", "interprete": "artist",
    "fecha": "date", "data": "date", "lanzamiento": "release", "lancamento": "release", "pubblicazione": "release",
    "uscita": "release", "ano": "year", "anno": "year", "genero": "genre", "genere": "genre", "duracion": "duration",
    "duracao": "duration", "durata": "duration", "popularidad": "popularity", "popularidade": "popularity",
    "popolarita": "popularity", "explicito": "explicit", "explicita": "explicit", "esplicito": "explicit",
    "bailabilidad": "danceability", "dancabilidade": "danceability", "ballabilita": "danceability",
    "energia": "energy", "tonalidad": "key", "tonalidade": "key", "tonalita": "key", "clave": "key",
    "volumen": "loudness", "volume": "loudness", "sonoridad": "loudness", "modo": "mode", "hablado": "speechiness",
    "oralidade": "speechiness", "acustica": "acousticness", "instrumentalidad": "instrumentalness",
    "instrumentalidade": "instrumentalness", "vivacidad": "liveness", "vivacidade": "liveness", "vivacita": "liveness",
    "valencia": "valence", "valenza": "valence", "compas": "time signature", "compasso": "time signature",
    "numero": "number", "archivo": "file", "arquivo": "file", "ruta": "path", "caminho": "path",
    # French
    "nom": "name", "titre": "title", "piste": "track", "chanson": "track", "morceau": "track", "artiste": "artist",
    "sortie": "release", "annee": "year", "duree": "duration", "popularite": "popularity", "explicite": "explicit",
    "danseabilite": "danceability", "dansabilite": "danceability", "tonalite": "key", "parlabilite": "speechiness",
    "acoustique": "acousticness", "instrumental": "instrumentalness", "vivacite": "liveness",
    "mesure": "time signature", "fichier": "file", "chemin": "path"}
_SHORT = {"db": "loudness", "live": "liveness", "val": "valence", "pop": "popularity"}
"""Abbreviations that can mean something else: they count only beside `FEWEST_SHORT` abbreviations in all."""
FEWEST_SHORT = 3
_UNITS = {"ms": "ms", "msec": "ms", "millis": "ms", "millisecond": "ms", "s": "s", "sec": "s", "second": "s",
          "min": "min", "minute": "min", "mm": "mm:ss", "bpm": "BPM", "db": "dB", "dbfs": "dB", "percent": "%",
          "percentage": "%", "pct": "%", "segundo": "s", "sekunde": "s", "sekunden": "s", "seconde": "s",
          "minuten": "min", "minuto": "min"}
_ARTICLES = set("of the de la le el du des der die das del da do di l d n en in per sonore los las les".split())
_DROPPED = ("spotify", "audio", "music", "master", "metadata", "feature", "is", "value", "track")
"""Words that add nothing, in the order in which they are left out if the whole set of words is unknown."""
_GENRES = set("""afrobeat alternative ambient bachata blues bluegrass bossa chill classical classique country dance
    dancehall disco drum dub dubstep edm electro electronic electronica emo experimental flamenco folk funk fusion
    gospel grime grunge hardcore hip hiphop hop house indie industrial instrumental jazz klassik latin lofi metal opera
    pop punk r&b rap reggae reggaeton rnb rock rumba salsa samba schlager singer ska soul soundtrack swing tango techno
    trance trap trip""".split())


class Meaning(NamedTuple):
    """What a column holds: the project's name for it, and the unit that its name gives, or None."""

    name: str
    unit: str | None


def recognise(df, given=None):
    """What the columns of a table hold, by their names.

    Parameters
    ----------
    df : pd.DataFrame
    given : dict of str to str or None, optional
        What single columns hold; None for a column that is to keep its name.

    Returns
    -------
    dict of str to Meaning
        For the columns that are known. Each meaning occurs once: where several columns could have it, the best name
        has.

    Raises
    ------
    ValueError
        `given` names a column that the table does not have.

    Examples
    --------
    >>> recognise(pd.DataFrame(columns=["Track Name", "Beats Per Minute (BPM)", "mood"]))
    {'Track Name': Meaning(name='song', unit=None), 'Beats Per Minute (BPM)': Meaning(name='tempo', unit='BPM')}
    """
    given = given or {}
    missing = [column for column in given if column not in df]
    if missing:
        near = difflib.get_close_matches(str(missing[0]), map(str, df.columns), n=1)
        raise ValueError(f"columns= names {missing[0]!r}, which the table does not have; it has {list(df.columns)}"
                         + (f". Did you mean {near[0]!r}?" if near else ""))
    meanings = {column: Meaning(name, None) for column, name in given.items() if name}
    taken = {meaning.name for meaning in meanings.values()}
    abbreviated = sum(bool({*plain_column(column).split("_")} & {*_SHORT, "nrgy", "dnce", "spch", "acous", "dur"})
                      for column in df.columns) >= FEWEST_SHORT
    candidates = []
    for place, column in enumerate(df.columns):
        if column not in given:
            candidates += [(rank, place, column, meaning) for meaning, rank in _candidates(str(column), abbreviated)]
    for _, _, column, meaning in sorted(candidates):
        if meaning.name not in taken and column not in meanings and _may_hold(df[column], str(column), meaning.name):
            meanings[column] = meaning
            taken.add(meaning.name)
    lists = next((column for column, meaning in meanings.items() if meaning.name == "artists"), None)
    if lists is not None and "artist" not in taken:
        meanings[lists] = Meaning("artist", None)
    return {column: meanings[column] for column in df.columns if column in meanings}


def plain_column(name):
    """The words of a name without accents, in lower case, joined by underscores.

    Examples
    --------
    >>> plain_column("Künstlername(n)"), plain_column("danceability_%"), plain_column("trackName")
    ('kunstlernames', 'danceability_percent', 'track_name')
    """
    name = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", str(name))  # trackName
    name = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    name = re.sub(r"(?<!duration)(?<!length)(?<!time)\((s|n)\)", "s", name.lower())  # artist(s)
    name = re.sub(r"beats\W*_*per\W*_*minute", "bpm", name.replace("%", " percent ").replace("ß", "ss"))
    name = re.sub(r"[(\[]?\b0\s*(-|to|–)\s*(1|10|100)\b[)\]]?", "", name)
    return re.sub(r"[^a-z0-9]+", "_", name).strip("_")


def _candidates(column, abbreviated):
    """What a column could hold by its name, each with a rank: the smaller, the better."""
    plain = plain_column(column)
    if plain in KNOWN:
        unit = _UNITS.get(plain.rpartition("_")[2])
        return [(Meaning(plain, unit), (0 if plain == column else 1, 0))]
    words = [english for word in plain.split("_") for english in _english(word, abbreviated) if word not in _ARTICLES]
    units = [_UNITS[word] for word in words if word in _UNITS]
    without_units = [word for word in words if word not in _UNITS or word == "bpm"]
    for dropped in range(len(_DROPPED) + 1):
        left = frozenset(word for word in without_units if word not in _DROPPED[:dropped])
        if left in _SETS:
            meaning, rank = _SETS[left]
            unit = units[0] if units and meaning in NUMBERS else None
            return [(Meaning(meaning, unit), (2 + (dropped > 0), rank))]
    return []


def _english(word, abbreviated):
    if abbreviated and word in _SHORT:
        return [_SHORT[word]]
    if word in _UNITS:
        return [word]
    singular = re.sub(r"(?<=[a-z]{2})(?<![su])s$", "", word)
    for form in (word, singular, word.removesuffix("es"), word.removesuffix("en")):
        if form in _TRANSLATED:
            return _TRANSLATED[form].split()
    return [singular]


def _may_hold(cells, column, meaning):
    """Whether a column can hold what its name says, where a name alone does not tell."""
    cells = cells.dropna()
    if cells.empty:
        return True
    if meaning == "genre":
        texts = cells.astype(str).drop_duplicates()
        if set(plain_column(column).split("_")) & {"label", "class", "style", "category"}:
            return bool(texts.str.lower().str.split(r"[\s,/_-]+").map(_GENRES.intersection).astype(bool).mean() >= .5)
        return bool(texts.str.contains(r"[^\W\d]|\(\)").mean() >= .5)
    if meaning == "track_id" and plain_column(column) != "track_id":
        return not _counts_rows(cells)
    return True


def _counts_rows(cells):
    """Whether a column only numbers the rows."""
    if cells.astype(str).str.len().max() > 9:
        return False
    numbers = pd.to_numeric(cells, errors="coerce")
    return bool(len(cells) > 1 and (numbers.diff().iloc[1:] == 1).all())


def near_names(df, meanings):
    """Unknown columns whose names are nearly those of a meaning that no column has: a dict of column to meaning.

    Examples
    --------
    >>> near_names(pd.DataFrame(columns=["song", "danceabilty"]), {"song": Meaning("song", None)})
    {'danceabilty': 'danceability'}
    """
    taken = {meaning.name for meaning in meanings.values()}
    names = {"_".join(sorted(words)): meaning for words, (meaning, _) in _SETS.items()} | {name: name for name in KNOWN}
    names = {name: meaning for name, meaning in names.items() if meaning not in taken and len(name) > 4}
    near = {}
    for column in df.columns:
        if column not in meanings:
            match = difflib.get_close_matches(plain_column(column), names, n=1, cutoff=.85)
            if match:
                near[column] = names[match[0]]
    return near


def standard_names(df):
    """Give known columns the project's names; other columns keep theirs.

    Parameters
    ----------
    df : pd.DataFrame

    Returns
    -------
    pd.DataFrame
        A new frame.

    Examples
    --------
    >>> standard_names(pd.DataFrame(columns=["track_artist", "playlist_genre", "mood"])).columns.tolist()
    ['artist', 'genre', 'mood']
    """
    return df.rename(columns={column: meaning.name for column, meaning in recognise(df).items()})
