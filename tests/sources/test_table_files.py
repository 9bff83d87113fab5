"""Table files and folders of sound files: all usual formats are read, and damaged files are named with the reason."""

import gzip
import io
import os
import struct
import wave
import zipfile

import pandas as pd
import pytest

from sources import table_files
from sources.table_files import numbers_from_text, read_folder, read_table, standard_names

SONGS = pd.DataFrame({"artist": ["Björk", "Sigur Rós, Amiina", None], "song": ["Jóga", 'Say "Hoppípolla"', "None"],
                      "popularity": [66, 58, 12], "loudness": [-9.5, -7.25, -11.0]})


def assert_same(read, frame=SONGS):
    """The same columns and cells, whatever stands for a missing one."""
    assert read.columns.tolist() == frame.columns.tolist()
    cells, expected = (df.astype(object).where(df.notna(), None).values.tolist() for df in (read, frame))
    assert cells == expected


def write(path, frame=SONGS, encoding="utf-8", sep=","):
    path.write_bytes(frame.to_csv(index=False, sep=sep).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("sep", [",", "\t", ";", "|"])
def test_encodings_and_separators_are_recognised(tmp_path, encoding, sep):
    read = read_table(write(tmp_path / "songs.csv", encoding=encoding, sep=sep))
    assert_same(read)


def test_a_song_called_none_is_not_a_missing_value(tmp_path):
    assert read_table(write(tmp_path / "songs.csv"))["song"].tolist()[2] == "None"


def test_packed_tables_are_read(tmp_path):
    plain = write(tmp_path / "songs.csv").read_bytes()
    (tmp_path / "songs.csv.gz").write_bytes(gzip.compress(plain))
    with zipfile.ZipFile(tmp_path / "songs.zip", "w") as archive:
        archive.writestr("folder/songs.csv", plain)
        archive.writestr("__MACOSX/._songs.csv", "x")
    SONGS.to_parquet(tmp_path / "songs.parquet")
    (tmp_path / "songs.parquet.gz").write_bytes(gzip.compress((tmp_path / "songs.parquet").read_bytes()))
    for name in ("songs.csv.gz", "songs.zip", "songs.parquet", "songs.parquet.gz"):
        assert_same(read_table(tmp_path / name))


def test_decimal_commas_are_read_as_numbers(tmp_path):
    file = tmp_path / "songs.csv"
    file.write_text("song;danceability;loudness\nUne;0,751;-5,444\nDeux;0,5;-6,0\n")
    assert read_table(file)[["danceability", "loudness"]].values.tolist() == [[.751, -5.444], [.5, -6.0]]


def test_titles_that_are_numbers_stay_text(tmp_path):
    file = tmp_path / "songs.csv"
    file.write_text("song,artist\n1979,The Smashing Pumpkins\n99,Toto\n")
    assert read_table(file)["song"].tolist() == ["1979", "99"]


def test_one_column_is_enough(tmp_path):
    file = tmp_path / "songs.csv"
    file.write_text("song\nHello, Goodbye\n")
    assert read_table(file)["song"].tolist() == ["Hello, Goodbye"]


def test_an_index_saved_by_accident_is_dropped_and_unknown_columns_are_kept(tmp_path):
    frame = SONGS.assign(mood=["a", "b", "c"])
    frame.index = [7, 5, 6]
    frame.to_csv(tmp_path / "songs.csv")
    assert read_table(tmp_path / "songs.csv").columns.tolist() == ["artist", "song", "popularity", "loudness", "mood"]


@pytest.mark.parametrize(("given", "standard"), [
    ("Track Name", "song"), ("track_artist", "artist"), ("Artist Name(s)", "artist"), ("playlist_genre", "genre"),
    ("track_popularity", "popularity"), ("track_album_release_date", "release_date"), ("Duration (ms)", "duration_ms"),
    ("Danceability", "danceability"), ("album_type", "album_type"), ("label", "label")])
def test_other_spellings_of_a_column_get_the_standard_name(given, standard):
    assert standard_names(pd.DataFrame(columns=[given])).columns.tolist() == [standard]


def test_an_exact_name_wins_over_a_variant():
    names = standard_names(pd.DataFrame(columns=["playlist_genre", "genre", "name", "track_name"])).columns.tolist()
    assert names == ["playlist_genre", "genre", "name", "song"]


def test_numbers_written_as_text_become_numbers():
    text = pd.DataFrame({"popularity": ["87 %", " 5", None], "danceability": ["87 %", "0.5", "-"],
                         "key": ["C#", "B♭", "11"],
                         "duration_ms": ["1,234,000", "200000", "NA"], "mode": ["Major", "minor", "1"],
                         "time_signature": ["4/4", "3", None], "loudness": ["\N{MINUS SIGN}5.5", "-6", "1e1"]})
    before = text.copy()
    numbers = numbers_from_text(text)
    assert numbers["popularity"].tolist()[:2] == [87, 5]
    assert numbers["danceability"].tolist()[:2] == [.87, .5]
    assert numbers["key"].tolist() == [1, 10, 11]
    assert numbers["duration_ms"].tolist()[:2] == [1_234_000, 200_000]
    assert numbers["mode"].tolist() == [1, 0, 1]
    assert numbers["time_signature"].tolist()[:2] == [4, 3]
    assert numbers["loudness"].tolist() == [-5.5, -6, 10]
    pd.testing.assert_frame_equal(text, before)


# ---- bad input: each message names the file or column, and explains what to do

def binary(path):
    path.write_bytes(bytes(range(256)) * 20)


def cut_gzip(path):
    path.write_bytes(gzip.compress(b"song\n" * 10_000)[:-20])


BAD = {
    "empty file": ("songs.csv", lambda path: path.touch(), "is empty"),
    "blank lines": ("songs.csv", lambda path: path.write_text("\n\n"), "is empty"),
    "header only": ("songs.csv", lambda path: path.write_text("artist,song\n"), "a header but no rows"),
    "binary file": ("songs.csv", binary, "binary file"),
    "wrong separator": ("songs.csv", lambda path: path.write_text("artist~song\na~b\n"), "separator"),
    "no song column": ("songs.csv", lambda path: path.write_text("tempo,key\n1,2\n"), "no column with a song's name"),
    "two columns of one name": ("songs.csv", lambda path: path.write_text("song,artist,song\na,b,c\n"),
                                "two columns named 'song'"),
    "text in a number column": ("songs.csv", lambda path: path.write_text("song,tempo\na,120\nb,fast\nc,slow\n"),
                                r"column 'tempo'.*row 2 holds 'fast' \(2 such"),
    "infinite": ("songs.csv", lambda path: path.write_text("song,tempo\na,x\nb,inf\n"), "column 'tempo'"),
    "uneven rows": ("songs.csv", lambda path: path.write_text("song,tempo\na,1\nb,2,3,4\n"), "cannot be read"),
    "no Parquet": ("songs.parquet", lambda path: path.write_text("song\na\n"), "not a readable Parquet"),
    "cut Parquet": ("songs.parquet", lambda path: path.write_bytes(b"PAR1" + b"x" * 100), "not a readable Parquet"),
    "cut gzip": ("songs.csv.gz", cut_gzip, "cannot be unpacked"),
    "no zip": ("songs.zip", lambda path: path.write_bytes(b"PK\x03\x04" + b"x" * 40), "cannot be unpacked"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_named_with_the_reason(tmp_path, case):
    name, make, message = BAD[case]
    make(tmp_path / name)
    with pytest.raises(ValueError, match=message) as caught:
        read_table(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.csv"):
        read_table(tmp_path / "nowhere.csv")


def test_two_tables_in_one_zip_file_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "songs.zip", "w") as archive:
        archive.writestr("a.csv", "song\na\n")
        archive.writestr("b.csv", "song\nb\n")
    with pytest.raises(ValueError, match="holds 2 tables"):
        read_table(tmp_path / "songs.zip")


# ---- folders of sound

def wav(path, seconds=1.0, **tags):
    from mutagen.id3 import TALB, TCON, TDRC, TIT2, TPE1
    from mutagen.wave import WAVE
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\0\0" * int(8000 * seconds))
    if tags:
        sound = WAVE(path)
        sound.add_tags()
        frames = {"title": TIT2, "artist": TPE1, "album": TALB, "genre": TCON, "date": TDRC}
        for name, value in tags.items():
            sound.tags.add(frames[name](encoding=3, text=[value]))
        sound.save()


def flac(path, **tags):
    """A FLAC file with a header and comments, and no sound."""
    comments = [f"{name}={value}".encode() for name, value in tags.items()]
    body = struct.pack("<II", 0, len(comments))
    body += b"".join(struct.pack("<I", len(comment)) + comment for comment in comments)
    info = struct.pack(">HH", 4096, 4096) + b"\0" * 6
    info += ((22050 << 44) | (15 << 36) | 22050 * 2).to_bytes(8, "big") + b"\0" * 16
    path.write_bytes(b"fLaC\0" + len(info).to_bytes(3, "big") + info + b"\x84" + len(body).to_bytes(3, "big") + body)


def test_genres_come_from_folders_and_the_rest_from_tags(tmp_path, capsys):
    wav(tmp_path / "jazz" / "so what.wav", 2, title="So What", artist="Miles Davis", genre="Cool")
    wav(tmp_path / "rock" / "Queen - Innuendo.wav")
    wav(tmp_path / "flat.wav", title="Tagged", genre="Folk", date="1998")
    wav(tmp_path / "A" / "B" / "deep.wav", genre="Metal")
    flac(tmp_path / "jazz" / "x.flac", title="Blue in Green", artist="Bill Evans", date="1959-08-17")
    (tmp_path / "jazz" / "._so what.wav").write_text("a resource fork")
    (tmp_path / "jazz" / "empty.mp3").touch()
    (tmp_path / "jazz" / "text.mp3").write_text("this is no music")
    (tmp_path / "cover.jpg").write_text("no sound")
    (tmp_path / "a folder.mp3").mkdir()
    df = read_folder(tmp_path).set_index("song")
    assert df["genre"].to_dict() == {"deep": "Metal", "Tagged": "Folk", "So What": "jazz", "Blue in Green": "jazz",
                                     "Innuendo": "rock"}
    assert df.loc["Innuendo", "artist"] == "Queen"
    assert df.loc["So What", "duration_ms"] == 2000
    assert df.loc["Blue in Green", "release_date"] == "1959-08-17"
    assert all(os.path.isfile(path) for path in df["path"])
    assert {os.path.basename(skipped["path"]) for skipped in df.attrs["skipped"]} == {"empty.mp3", "text.mp3"}
    assert "2 of 7 files skipped" in capsys.readouterr().out


def test_a_folder_without_sound_files_is_refused_and_its_tables_are_named(tmp_path):
    write(tmp_path / "songs.csv")
    with pytest.raises(ValueError, match=r"no sound files .*songs\.csv"):
        read_folder(tmp_path)


def test_a_folder_without_readable_files_is_refused(tmp_path):
    (tmp_path / "a.mp3").touch()
    with pytest.raises(ValueError, match=r"none of the 1 sound files.*a\.mp3: empty file"):
        read_folder(tmp_path)


def test_the_sample_keeps_its_columns_through_a_file(tmp_path):
    from synth.sample_table import make_table
    buffer = io.BytesIO(make_table(50).to_csv(index=False).encode())
    (tmp_path / "sample.csv").write_bytes(buffer.getvalue())
    assert set(read_table(tmp_path / "sample.csv").columns) == set(table_files.COLUMNS) - {"path", "artists"}
