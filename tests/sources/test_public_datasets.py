"""Public data sets, downloaded from a small server on this machine."""

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import pytest

from prepare import load_Data, prepare_df
from sources import public_datasets

TRACKS = """,album,album,artist,set,track,track,track,track
,date_released,title,name,subset,genre_top,title,duration,listens
track_id,,,,,,,,
2,2009-01-05 00:00:00,AWOL,AWOL,small,Hip-Hop,Food,168,1293
5,2009-01-06 00:00:00,AWOL,AWOL,medium,Rock,This World,206,1151
10,,Constant Hitmaker,Kurt Vile,full,,Freeway,161,50135
"""


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


FILES = {"spotify_songs.csv": b"track_id,track_name,track_artist,playlist_genre\nx1,Toxic,Britney Spears,pop\n",
         "fma_metadata.zip": zipped(**{"fma_metadata/tracks.csv": TRACKS, "fma_metadata/README.txt": "x"}),
         "fma_small.zip": zipped(**{"fma_small/000/000002.mp3": "x", "fma_small/checksums": "x"}),
         "fma_medium.zip": b"this is no zip"}


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A publisher on 127.0.0.1; gives the list of the files that were requested."""
    requested = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.rsplit("/", 1)[1]
            requested.append(name)
            self.send_response(200 if name in FILES else 404)
            self.send_header("Content-Length", str(len(FILES.get(name, b""))))
            self.end_headers()
            self.wfile.write(FILES.get(name, b""))

        def log_message(self, *args):
            pass

    publisher = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=publisher.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{publisher.server_port}/"
    monkeypatch.setattr(public_datasets, "DATA_DIR", tmp_path / "data")
    for name, row in public_datasets.DATASETS.items():
        if not row.needs_login:
            checksum = row.checksum and "sha1:" + hashlib.sha1(FILES[row.file]).hexdigest()
            local = row._replace(address=address + row.file, checksum=checksum)
            monkeypatch.setitem(public_datasets.DATASETS, name, local)
    yield requested
    publisher.shutdown()
    publisher.server_close()


def test_tidytuesday_is_downloaded_once(server):
    assert load_Data("tidytuesday")[["song", "artist", "genre"]].values.tolist() == [["Toxic", "Britney Spears", "pop"]]
    load_Data("tidytuesday")
    assert server == ["spotify_songs.csv"]


def test_tracks_of_fma_have_the_paths_of_their_sounds(server, tmp_path):
    metadata = load_Data("fma_metadata")
    assert metadata["song"].tolist() == ["Food", "This World", "Freeway"]
    assert metadata["duration_ms"].tolist() == [168_000, 206_000, 161_000]
    small = load_Data("fma_small")
    assert small["track_id"].tolist() == ["2"]
    assert small.loc[0, "path"].endswith("fma_small/000/000002.mp3")
    assert prepare_df(metadata).loc["2", "release_date"] == pd.Timestamp("2009-01-05")
    assert server == ["fma_metadata.zip", "fma_small.zip"]
    assert not list((tmp_path / "data").glob(".*")), "no half unpacked folder is left"


def test_a_damaged_archive_is_named(server):
    with pytest.raises(ValueError, match=r"fma_medium\.zip does not hold"):
        load_Data("fma_medium")


def test_a_wrong_checksum_is_refused(server, monkeypatch):
    row = public_datasets.DATASETS["fma_metadata"]
    monkeypatch.setitem(public_datasets.DATASETS, "fma_metadata", row._replace(checksum="sha1:" + "0" * 40))
    with pytest.raises(ValueError, match="does not have its publisher's checksum"):
        load_Data("fma_metadata")
    assert not (public_datasets.DATA_DIR / "fma_metadata.zip").exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/spotify_songs.csv", "{server}/nothing.csv"])
def test_a_failed_download_explains_where_to_put_the_file(server, monkeypatch, url):
    row = public_datasets.DATASETS["tidytuesday"]
    address = url.format(server=row.address.rsplit("/", 1)[0])
    monkeypatch.setitem(public_datasets.DATASETS, "tidytuesday", row._replace(address=address))
    with pytest.raises(ConnectionError, match="put it at .*data"):
        load_Data("tidytuesday")


def test_a_file_that_the_user_has_put_into_the_folder_is_used(server):
    public_datasets.DATA_DIR.mkdir()
    table = FILES["spotify_songs.csv"].replace(b"Toxic", b"Circus")
    (public_datasets.DATA_DIR / "spotify_songs.csv").write_bytes(table)
    assert load_Data("tidytuesday")["song"].tolist() == ["Circus"]
    assert server == []


@pytest.mark.parametrize("name, file", [("top_hits", "songs_normalize.csv"), ("gtzan", "genres_original")])
def test_a_data_set_with_a_login_explains_where_to_get_it(server, name, file):
    with pytest.raises(FileNotFoundError, match=f"kaggle.*{file}"):
        load_Data(name)


def test_top_hits_is_read_from_its_folder(server):
    (public_datasets.DATA_DIR / "top_hits").mkdir(parents=True)
    (public_datasets.DATA_DIR / "top_hits" / "songs_normalize.csv").write_text("artist,song\nEminem,Stan\n")
    assert load_Data("top_hits")["song"].tolist() == ["Stan"]


def test_an_archive_without_the_expected_folder_is_refused_and_leaves_nothing(server, tmp_path):
    archive = tmp_path / "fma_small.zip"
    archive.write_bytes(zipped(**{"other/000/000002.mp3": "x"}))
    with pytest.raises(ValueError, match=r"does not hold a folder 'fma_small'.*remove the file"):
        public_datasets._unzip(archive)
    assert [path.name for path in tmp_path.iterdir()] == ["fma_small.zip"]


def test_files_outside_the_folder_of_an_archive_are_not_unpacked(tmp_path):
    archive = tmp_path / "fma_small.zip"
    archive.write_bytes(zipped(**{"fma_small/a/b.mp3": "x", "fma_small/../../evil": "x", "README": "x"}))
    folder = public_datasets._unzip(archive)
    assert (folder / "a" / "b.mp3").read_text() == "x"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fma_small", "fma_small.zip"]
    assert public_datasets._unzip(archive) == folder, "it is not unpacked again"
