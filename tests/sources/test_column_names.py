"""Columns are known by their names, however these are written."""

import pandas as pd
import pytest

from sources.column_names import Meaning, near_names, recognise, standard_names


def known(*columns, **cells):
    df = pd.DataFrame(columns=columns) if columns else pd.DataFrame(cells)
    return {column: meaning.name for column, meaning in recognise(df).items()}


@pytest.mark.parametrize(("given", "standard"), [
    ("Track Name", "song"), ("track_artist", "artist"), ("Artist Name(s)", "artist"), ("playlist_genre", "genre"),
    ("track_popularity", "popularity"), ("track_album_release_date", "release_date"), ("Duration (ms)", "duration_ms"),
    ("Danceability", "danceability"), ("album_type", "album_type"), ("label", "genre"), ("artist(s)_name", "artist"),
    ("released_year", "year"), ("bpm", "tempo"), ("Beats Per Minute (BPM)", "tempo"), ("Beats.Per.Minute", "tempo"),
    ("Loudness (dB)", "loudness"), ("Loudness..dB..", "loudness"), ("Length (Duration)", "duration_ms"),
    ("song_duration_ms", "duration_ms"), ("audio_valence", "valence"), ("spotify_popularity", "popularity"),
    ("track_genre", "genre"), ("music_genre", "genre"), ("danceability_%", "danceability"), ("Track URI", "track_id"),
    ("Spotify ID", "track_id"), ("trackName", "song"), ("Artist URI(s)", "artist_ids"), ("id_artists", "artist_ids"),
    ("master_metadata_album_artist_name", "artist"), ("Künstlername(n)", "artist"), ("Titel", "song"),
    ("Veröffentlichungsdatum des Albums", "release_date"), ("Lautstärke", "loudness"),
    ("Track-Dauer (ms)", "duration_ms"),
    ("Nombre(s) del artista", "artist"), ("Nombre de la canción", "song"),
    ("Fecha de lanzamiento del álbum", "release_date"),
    ("Duración de la canción (ms)", "duration_ms"), ("Nom de l'album", "album"), ("Durée du titre (ms)", "duration_ms"),
    ("Année", "year"), ("Nome da faixa", "song"), ("Gêneros do artista", "genre"), ("Dançabilidade", "danceability"),
    ("playlist_name", "playlist_name"), ("artist_popularity", "artist_popularity"), ("pop", "pop"), ("live", "live"),
    ("Added At", "Added At"), ("album_id", "album_id"), ("ms_played", "ms_played"), ("artist_count", "artist_count")])
def test_other_spellings_of_a_column_get_the_standard_name(given, standard):
    assert standard_names(pd.DataFrame(columns=[given])).columns.tolist() == [standard]


def test_an_exact_name_wins_over_a_variant():
    names = standard_names(pd.DataFrame(columns=["playlist_genre", "genre", "name", "track_name"])).columns.tolist()
    assert names == ["playlist_genre", "genre", "name", "song"]


def test_abbreviations_count_where_there_are_several():
    columns = "title artist bpm nrgy dnce dB live val dur acous spch pop".split()
    assert [*known(*columns).values()] == ["song", "artist", "tempo", "energy", "danceability", "loudness", "liveness",
                                           "valence", "duration_ms", "acousticness", "speechiness", "popularity"]
    assert "pop" not in known("song", "rock", "jazz", "pop")


def test_a_label_is_the_genre_only_where_it_holds_genres():
    assert known(song=["a", "b"], label=["blues", "hip hop"])["label"] == "genre"
    assert "label" not in known(song=["a", "b"], label=["Columbia", "Sea Records"])
    assert known(song=["a", "b"], track_genres=["[21]", "[10]"], track_genre_top=["Rock", None]) == {
        "song": "song", "track_genre_top": "genre"}


def test_a_number_of_rows_is_no_track_id():
    assert "id" not in known(song=["a", "b", "c"], id=[1, 2, 3])
    assert known(song=["a", "b", "c"], id=[7, 3, 9])["id"] == "track_id"


def test_artists_alone_are_the_artist_and_beside_it_they_are_its_list():
    assert known("name", "artists") == {"name": "song", "artists": "artist"}
    assert known("song", "artist", "artists") == {"song": "song", "artist": "artist", "artists": "artists"}


def test_what_is_given_wins_over_names():
    df = pd.DataFrame(columns=["name", "title"])
    assert recognise(df, {"name": "artist"}) == {"name": Meaning("artist", None), "title": Meaning("song", None)}
    assert recognise(df, {"title": None}) == {"name": Meaning("song", None)}


def test_a_near_name_is_suggested():
    df = pd.DataFrame(columns=["song", "Speachiness", "mood"])
    assert near_names(df, recognise(df)) == {"Speachiness": "speechiness"}
