"""Packed tables: unpacked up to a limit, and named where they cannot be."""

import gzip
import io
import random
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepare import handle_nulls
from sources import archives
from sources.archives import plain_cells, unpacked
from sources.table_files import read_table

CSV = b"song,artist\nSo What,Miles Davis\n"


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_csv", ".csv"), content)
    return buffer.getvalue()


@pytest.mark.parametrize("content", [
    CSV, gzip.compress(CSV, mtime=0), zipped(songs_csv=CSV), zipped(**{"../../songs_csv": CSV}),
    zipped(songs_csv=CSV, readme="x")])
def test_a_table_is_read_packed_or_not(tmp_path, content):
    (tmp_path / "songs.csv").write_bytes(content)
    assert unpacked(tmp_path / "songs.csv", (".csv",))[1] == CSV
    assert [path.name for path in tmp_path.iterdir()] == ["songs.csv"], "nothing is written"


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: zipped(songs_csv=content)])
def test_a_small_file_that_unpacks_to_a_large_one_is_refused(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(archives, "SMALLEST_LIMIT", 10 ** 6)
    (tmp_path / "songs.csv").write_bytes(pack(bytes(2 * 10 ** 6)))
    with pytest.raises(ValueError, match=r"songs\.csv unpacks to more than 1 MB"):
        read_table(tmp_path / "songs.csv")
    monkeypatch.setattr(archives, "LARGEST", 1000)
    with pytest.raises(ValueError, match="is larger than"):
        unpacked(tmp_path / "songs.csv", (".csv",))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10 ** 6), st.sampled_from([gzip.compress(CSV, mtime=0), zipped(songs_csv=CSV)]))
def test_a_damaged_archive_is_named(tmp_path_factory, seed, content):
    rng = random.Random(seed)
    content = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        content[rng.randrange(4, len(content))] = rng.randrange(256)
    path = tmp_path_factory.getbasetemp() / "songs.zip"
    path.write_bytes(content[:rng.randint(5, len(content))])
    try:
        assert unpacked(path, (".csv",))[0]
    except ValueError as error:
        assert "songs.zip" in str(error)


def test_lists_and_objects_in_cells_become_text(tmp_path):
    table = pd.DataFrame({"song": ["a", "b"], "genre": [["rock", "pop"], []], "album": [{"id": 1}] * 2,
                          "artist": [["Tyler, The Creator", 'Ann "A" Ö'], ["Ben"]]})
    table.to_parquet(tmp_path / "songs.parquet")
    read = handle_nulls(read_table(tmp_path / "songs.parquet"))
    assert read["genre"].fillna("").tolist() == ["rock, pop", ""] and read["album"].tolist() == ['{"id": 1}'] * 2
    assert read["artists"].tolist() == table["artist"].tolist(), "a list keeps its parts"
    plain = plain_cells(pd.DataFrame({"x": [np.array([1, 2]), "text", None]}))
    assert plain["x"].tolist()[:2] == ["[1, 2]", "text"] and plain["x"].isna().tolist() == [False, False, True]
    untouched = pd.DataFrame({"x": [1, 2]})
    assert plain_cells(untouched) is untouched
