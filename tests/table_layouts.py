"""The layouts of public tables and of exports, with invented songs: how columns are called and written."""

import numpy as np
import pandas as pd

KEYS = "C C# D D# E F F# G G# A A# B".split()


def base_table(n=240, seed=0):
    """Invented songs in the project's own form; two in five are by two artists or more."""
    rng = np.random.default_rng(seed)
    names = [f"Artist {number}" for number in range(n // 4)]
    frequency = 1 / np.arange(1, len(names) + 1) ** .7
    share = frequency / frequency.sum()
    artists = [rng.choice(names, rng.choice([1, 2, 3], p=[.6, .3, .1]), replace=False, p=share).tolist()
               for _ in range(n)]
    shares = {name: rng.uniform(.05, .95, n).round(3) for name in
              ("danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness", "valence")}
    dates = pd.Timestamp("1999-01-31") + pd.to_timedelta(rng.integers(0, 8000, n), unit="D")
    return pd.DataFrame({
        "track_id": [f"{number:022d}" for number in range(n)], "artists": artists,
        "song": [f"Song {number}" for number in range(n)], "album": [f"Album {number % 50}" for number in range(n)],
        "release_date": dates, "genre": rng.choice(["rock", "jazz", "pop", "hip hop"], n),
        "duration_ms": rng.integers(120, 300, n) * 1000, "explicit": rng.random(n) < .2,
        "popularity": rng.integers(1, 100, n), "key": rng.integers(0, 12, n), "mode": rng.integers(0, 2, n),
        "loudness": rng.uniform(-15, -3, n).round(2), "tempo": rng.uniform(70, 180, n).round(2), **shares})


def _percent(df, columns):
    return df.assign(**{column: (100 * df[column]).round().astype(int) for column in columns})


SHARES = ["danceability", "energy", "valence", "acousticness", "instrumentalness", "liveness", "speechiness"]


def _joined(df, separator=", "):
    return df["artists"].map(separator.join)


def _renamed(df, names):
    return df[list(names)].set_axis(list(names.values()), axis=1)


def _features(**more):
    return {name: name for name in (*SHARES, "loudness", "tempo")} | more


def _streamed(df):
    df = _percent(df, SHARES).assign(artist=_joined(df), year=df["release_date"].dt.year, month=1, day=2,
                                     streams=10_000 * df["popularity"],
                                     key=df["key"].map(dict(enumerate(KEYS))), mode=df["mode"].map({1: "Major",
                                         0: "Minor"}))
    out = _renamed(df, {"song": "track_name", "artist": "artist(s)_name", "year": "released_year",
        "month": "released_month",
                        "streams": "streams", "popularity": "popularity", "tempo": "bpm", "key": "key", "mode": "mode"}
                   | {name: f"{name}_%" for name in SHARES})
    return out.astype({"streams": object}).assign(streams=lambda d: d["streams"].mask(d.index == 7,
        "BPM110KeyAModeMajor"))


def _top2000(df):
    df = _percent(df, SHARES).assign(artist=_joined(df, " & "), year=df["release_date"].dt.year, number=range(1,
        len(df) + 1),
                                     duration=[f"{ms // 1000:,}" for ms in df["duration_ms"]])
    return _renamed(df, {
        "number": "Index", "song": "Title", "artist": "Artist", "genre": "Top Genre", "year": "Year",
        "tempo": "Beats Per Minute (BPM)", "energy": "Energy", "danceability": "Danceability",
        "loudness": "Loudness (dB)",
        "liveness": "Liveness", "valence": "Valence", "duration": "Length (Duration)", "acousticness": "Acousticness",
        "speechiness": "Speechiness", "popularity": "Popularity"})


def _top10s(df):
    df = _percent(df, SHARES).assign(artist=_joined(df), year=df["release_date"].dt.year, dur=df["duration_ms"] // 1000)
    return _renamed(df, {"song": "title", "artist": "artist", "genre": "top genre", "year": "year", "tempo": "bpm",
                         "energy": "nrgy", "danceability": "dnce", "loudness": "dB", "liveness": "live",
                         "valence": "val",
                         "dur": "dur", "acousticness": "acous", "speechiness": "spch", "popularity": "pop"})


def _top50_r(df):
    df = _percent(df, SHARES).assign(artist=_joined(df), dur=df["duration_ms"] // 1000)
    return _renamed(df, {"song": "Track.Name", "artist": "Artist.Name", "genre": "Genre", "tempo": "Beats.Per.Minute",
                         "energy": "Energy", "danceability": "Danceability", "loudness": "Loudness..dB..",
                         "valence": "Valence.", "dur": "Length.", "speechiness": "Speechiness.",
                         "popularity": "Popularity"})


def _exportify(df, names):
    df = df.assign(artist=_joined(df), uri="spotify:track:" + df["track_id"],
                   explicit=df["explicit"].map({True: "true", False: "false"}))
    return _renamed(df, dict(zip(["uri", "song", "artist", "album", "release_date", "duration_ms", "explicit",
        "popularity",
                                  "danceability", "energy", "key", "loudness", "mode", "valence", "tempo"], names)))


LAYOUTS = {
    "600k tracks": lambda df: _renamed(df.assign(artists=df["artists"].map(str)), _features(
        track_id="id", song="name", popularity="popularity", duration_ms="duration_ms", explicit="explicit",
        artists="artists", release_date="release_date", key="key", mode="mode")),
    "most streamed": _streamed, "top 2000": _top2000, "top 10s": _top10s, "top 50 of R": _top50_r,
    "exportify": lambda df: _exportify(df, [
        "Track URI", "Track Name", "Artist Name(s)", "Album Name", "Album Release Date", "Track Duration (ms)",
        "Explicit",
        "Popularity", "Danceability", "Energy", "Key", "Loudness", "Mode", "Valence", "Tempo"]),
    "exportify in German": lambda df: _exportify(df, [
        "Track-URI", "Track-Name", "Künstlername(n)", "Album-Name", "Veröffentlichungsdatum des Albums",
        "Track-Dauer (ms)",
        "Explizit", "Beliebtheit", "Tanzbarkeit", "Energie", "Tonart", "Lautstärke", "Modus", "Valenz", "Tempo"]),
    "exportify in Spanish": lambda df: _exportify(df, [
        "URI de la canción", "Nombre de la canción", "Nombre(s) del artista", "Nombre del álbum",
        "Fecha de lanzamiento del álbum", "Duración de la canción (ms)", "Explícito", "Popularidad", "Bailabilidad",
        "Energía", "Tonalidad", "Volumen", "Modo", "Valencia", "Tempo"]),
    "exportify in French": lambda df: _exportify(df, [
        "URI du titre", "Nom du titre", "Nom(s) de l'artiste", "Nom de l'album", "Date de sortie de l'album",
        "Durée du titre (ms)", "Explicite", "Popularité", "Danseabilité", "Énergie", "Tonalité", "Volume sonore",
        "Mode",
        "Valence", "Tempo"]),
    "exportify in Portuguese": lambda df: _exportify(df, [
        "URI da faixa", "Nome da faixa", "Nome(s) do artista", "Nome do álbum", "Data de lançamento do álbum",
        "Duração da faixa (ms)", "Explícita", "Popularidade", "Dançabilidade", "Energia", "Tonalidade", "Volume",
        "Modo",
        "Valência", "Tempo"]),
    "19,000 songs": lambda df: _renamed(df, {name: name for name in SHARES[:4]} | {
        "song": "song_name", "popularity": "song_popularity", "duration_ms": "song_duration_ms", "key": "key",
        "loudness": "loudness", "mode": "audio_mode", "tempo": "tempo", "valence": "audio_valence"}),
    "music genre": lambda df: _renamed(df.assign(artist=_joined(df), key=df["key"].map(dict(enumerate(KEYS))),
                                                 mode=df["mode"].map({1: "Major", 0: "Minor"})), _features(
        track_id="instance_id", artist="artist_name", song="track_name", popularity="popularity",
        duration_ms="duration_ms", key="key", mode="mode", genre="music_genre")),
    "114 genres": lambda df: _renamed(df.assign(artists=_joined(df, ";"), number=range(len(df))), _features(
        number="Unnamed: 0", track_id="track_id", artists="artists", album="album_name", song="track_name",
        popularity="popularity", duration_ms="duration_ms", explicit="explicit", key="key", mode="mode",
        genre="track_genre")),
    "playlists": lambda df: _renamed(df.assign(artist=df["artists"].str[0]), _features(
        track_id="track_id", song="track_name", artist="track_artist", popularity="track_popularity",
        album="track_album_name", release_date="track_album_release_date", genre="playlist_genre",
        duration_ms="duration_ms", key="key", mode="mode")),
    "DJ program": lambda df: _renamed(df.assign(
        artist=_joined(df, " feat. "), number=range(1, len(df) + 1),
        time=[f"{ms // 60_000:02d}:{ms // 1000 % 60:02d}" for ms in df["duration_ms"]],
        key=[f"{KEYS[key]}{'' if mode else 'm'}" for key, mode in zip(df["key"], df["mode"])]), {
        "number": "#", "song": "Track Title", "artist": "Artist", "album": "Album", "genre": "Genre", "tempo": "BPM",
        "time": "Time", "key": "Key", "popularity": "Popularity"}),
    "spreadsheet in German": lambda df: _renamed(df.assign(
        artist=_joined(df, "; "), date=df["release_date"].dt.strftime("%d.%m.%y"),
        **{name: df[name].map(lambda cell: str(cell).replace(".", ",")) for name in ("energy", "loudness", "tempo")}), {
        "song": "Titel", "artist": "Interpret", "date": "Veröffentlichungsdatum", "genre": "Genre",
        "popularity": "Beliebtheit", "energy": "Energie", "loudness": "Lautstärke (dB)", "tempo": "Tempo (BPM)"}),
    "dates with slashes": lambda df: _renamed(df.assign(artist=_joined(df),
    date=df["release_date"].dt.strftime("%d/%m/%Y")),
                                              _features(song="Song", artist="Artist", date="Release Date",
                                                        popularity="Popularity", genre="Genre"))}
"""By name, a function from the base table to the table as its file has it."""


def write_layout(path, name, df):
    """Write a table in one of the layouts; returns the path."""
    separator, encoding = {"DJ program": ("\t", "utf-16"), "spreadsheet in German": (";", "cp1252"),
                           "top 2000": (";", "utf-8")}.get(name, (",", "utf-8"))
    path.write_bytes(LAYOUTS[name](df).to_csv(index=False, sep=separator).encode(encoding))
    return path
