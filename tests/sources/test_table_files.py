"""Table files and folders of sound files: all usual formats are read, and damaged files are named with the reason."""

import gzip
import io
import os
import struct
import wave
import zipfile

import pandas as pd
import pytest

from sources.column_names import COLUMNS
from sources.table_files import read_folder, read_table

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


def test_one_bad_byte_is_repaired_and_named_and_the_rest_stays_utf_8(tmp_path, capsys):
    file = tmp_path / "songs.csv"
    file.write_bytes("song,artist\nSeñorita,Ann\n夜に駆ける,Ben\nJ\0ga,Cleo\n".encode().replace(b"\0", b"\xf3"))
    assert read_table(file)["song"].tolist() == ["Señorita", "夜に駆ける", "Jóga"]
    assert "in line 4: Jóga,Cleo" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8"])
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_all_ends_of_lines_are_read(tmp_path, encoding, end):
    text = end.join(["Name\tArtist\tTime", "Sea\tAnn\t225", "Sky\tBen\t241", ""])
    (tmp_path / "playlist.txt").write_bytes(text.encode(encoding))
    read = read_table(tmp_path / "playlist.txt")
    assert read.values.tolist() == [["Sea", "Ann", 225_000], ["Sky", "Ben", 241_000]]


def test_two_header_rows_are_joined(tmp_path):
    file = tmp_path / "tracks.csv"
    file.write_text(",album,album,artist,track,track,track,track\n,title,date_released,name,title,duration,genre_top,"
                    "genres\ntrack_id,,,,,,,\n2,One,2009-01-05 00:00:00,Ann,Sea,168,Hip-Hop,[21]\n"
                    "3,One,2009-01-05 00:00:00,Ann,Sky,237,,[10]\n")
    read = read_table(file)
    assert read[["track_id", "album", "artist", "song", "duration_ms", "genre"]].values.tolist()[0] == [
        "2", "One", "Ann", "Sea", 168_000, "Hip-Hop"]
    assert len(read) == 2 and read["release_date"].tolist()[0] == "2009-01-05 00:00:00"


def test_a_note_above_the_header_and_repeated_headers_are_left_out_and_said(tmp_path, capsys):
    file = tmp_path / "songs.csv"
    file.write_text(',,"Note that these are estimates"\nTrack Name,Artist,Streams\nSea,Ann,5\n'
                    "Track Name,Artist,Streams\nSky,Ben,7\n")
    assert read_table(file).values.tolist() == [["Sea", "Ann", 5], ["Sky", "Ben", 7]]
    said = capsys.readouterr().out
    assert "1 lines above the header" in said and "1 rows that repeat the header" in said


def test_what_a_column_holds_can_be_said(tmp_path):
    file = tmp_path / "songs.csv"
    file.write_text("piece,name,len\nSea,Ann,225\n")
    read = read_table(file, {"piece": "song", "name": "artist", "len": "duration_ms"})
    assert read.iloc[0].tolist() == ["Sea", "Ann", 225_000]
    assert read_table(file, {"name": None, "piece": "song"}).columns.tolist() == ["song", "name", "len"]
    with pytest.raises(ValueError, match="columns= names 'peice'.*Did you mean 'piece'"):
        read_table(file, {"peice": "song"})


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
    assert set(read_table(tmp_path / "sample.csv").columns) == set(COLUMNS) - {"path", "artists"}
