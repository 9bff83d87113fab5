"""Pictures that are data: they read back, their names stay inside their folder, foreign ones are recognised."""

import json
import os
import zipfile

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from signals.spectrogram_images import (
    file_stem,
    folder_names,
    image_settings,
    index_images,
    power_to_levels,
    read_image,
    restore_archive,
    save_archive,
    write_image,
)
from sources.files import safe_name

HALF_STEP = 80 / 255 / 2


@pytest.fixture
def power():
    rng = np.random.default_rng(0)
    return (10 ** rng.uniform(-9, 1, (128, 60))).astype(np.float32)


def test_a_picture_read_back_differs_by_half_a_step_at_most(tmp_path, power):
    write_image(tmp_path / "a" / "x.png", power_to_levels(power), {"n_mels": 128})
    decibels = np.maximum(10 * np.log10(power / power.max()), -80)
    assert np.abs(read_image(tmp_path / "a" / "x.png") - decibels).max() <= HALF_STEP + 1e-4
    assert image_settings(tmp_path / "a" / "x.png") == {"n_mels": 128}


def test_low_bands_lie_at_the_bottom(tmp_path):
    levels = np.zeros((4, 3), np.uint8)
    levels[0] = 255
    write_image(tmp_path / "x.png", levels, {})
    with Image.open(tmp_path / "x.png") as picture:
        assert picture.mode == "L" and np.asarray(picture)[-1].tolist() == [255] * 3


@given(st.text(), st.text())
def test_names_stay_inside_the_folder(track_id, source):
    name = file_stem(track_id, source)
    assert os.path.basename(name) == name and name not in (".", "..") and "\0" not in name
    assert len(f"{name}_000.png.part".encode()) < 120
    assert name == file_stem(track_id, source)


@pytest.mark.parametrize("text", ["../../passwd", "a/b", "a\\b", "con", "NUL.txt", "🎵" * 300, "x" * 300, "", ".", "..", "a\nb",
                                  " . "])
def test_awkward_names(text):
    name = safe_name(text)
    assert name and not set(name) & set("/\\\0\n") and name.strip(". ") and len(name.encode()) <= 61
    assert name.split(".")[0].casefold() not in ("con", "nul")


def test_the_same_name_of_another_source_is_another_file():
    assert file_stem("intro", "/a/intro.mp3") != file_stem("intro", "/b/intro.mp3")


def test_genres_never_share_a_folder():
    names = folder_names(["a/b", "a_b", "Rock", "rock", "jazz", None])
    assert names["jazz"] == "jazz"
    assert len({name.casefold() for name in names.values()}) == 5


@pytest.mark.parametrize("colour_map", ["magma", "viridis"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_coloured_pictures_are_read_back_to_levels(tmp_path, power, colour_map, mode):
    levels = power_to_levels(power)
    canvas = np.full((200, 100, 3), 255, np.uint8)
    canvas[36:164, 20:80] = matplotlib.colormaps[colour_map](levels[::-1], bytes=True)[..., :3]
    (tmp_path / "rock").mkdir()
    Image.fromarray(canvas).convert(mode).save(tmp_path / "rock" / "x.png")
    (tmp_path / "rock" / "y.png").write_text("no picture")
    manifest = index_images(tmp_path)
    settings = json.loads(manifest["settings"].iloc[0])
    assert settings["crop"] == [36, 163, 20, 79] and settings["colour_map"] == colour_map
    assert manifest[["track_id", "genre", "segment"]].values.tolist() == [["x", "rock", 0]]
    assert [os.path.basename(one["path"]) for one in manifest.attrs["skipped"]] == ["y.png"]
    read = read_image(tmp_path / "rock" / "x.png", crop=settings["crop"], colour_map=colour_map)
    assert np.abs((read + 80) * 255 / 80 - levels).max() <= 1.01, "neighbouring levels may share a colour"


def test_the_frame_through_which_pictures_shine_is_left_out(tmp_path, power):
    (tmp_path / "rock").mkdir()
    rng = np.random.default_rng(0)
    for number in range(20):
        canvas = np.full((200, 100, 3), 255, np.uint8)
        canvas[36:164, 20:80] = matplotlib.colormaps["magma"](power_to_levels(power[::-1]), bytes=True)[..., :3]
        frame = np.zeros((200, 100), bool)
        frame[35:165, 19:81] = True
        frame[36:164, 20:80] = False
        canvas[frame] = rng.integers(0, 40, (frame.sum(), 3)) * (rng.random((frame.sum(), 1)) < .6)
        Image.fromarray(canvas).save(tmp_path / "rock" / f"{number}.png")
    assert json.loads(index_images(tmp_path)["settings"].iloc[0])["crop"] == [36, 163, 20, 79]


def test_a_grey_picture_keeps_its_black_rows(tmp_path):
    (tmp_path / "rock").mkdir()
    canvas = np.full((100, 100), 255, np.uint8)
    canvas[10:90, 10:90] = np.random.default_rng(0).integers(0, 200, (80, 80))
    canvas[10:20, 10:90] = 0
    Image.fromarray(canvas).save(tmp_path / "rock" / "a.png")
    Image.fromarray(canvas).save(tmp_path / "rock" / "b.png")
    (tmp_path / "rock" / "b.png").write_bytes((tmp_path / "rock" / "b.png").read_bytes()[:-40])
    manifest = index_images(tmp_path)
    assert json.loads(manifest["settings"].iloc[0])["crop"] == [10, 89, 10, 89]
    assert len(manifest) == 1 and manifest.attrs["skipped"][0]["path"].endswith("b.png"), "half a picture"


@pytest.mark.parametrize("genre", ["blues", "country", "hiphop", "pop"])
def test_gtzan_pictures_of_any_genre_are_recognised(shared, tmp_path, genre):
    (tmp_path / genre).symlink_to(shared / "gtzan" / "images" / genre)
    assert json.loads(index_images(tmp_path)["settings"].iloc[0])["decibels"] == 40


def test_gtzan_pictures_are_recognised(shared):
    manifest = index_images(shared / "gtzan" / "images")
    settings = json.loads(manifest["settings"].iloc[0])
    assert (settings["crop"], settings["colour_map"]) == ([36, 251, 55, 388], "magma")
    assert len(manifest) == 639 and manifest["genre"].nunique() == 10


def test_no_pictures(tmp_path):
    with pytest.raises(ValueError, match="no pictures"):
        index_images(tmp_path)
    (tmp_path / "x.png").write_text("text")
    with pytest.raises(ValueError, match=r"x\.png is no picture"):
        read_image(tmp_path / "x.png")
    assert image_settings(tmp_path / "x.png") is None


def test_an_archive_keeps_a_folder_and_gives_back_what_is_missing(tmp_path, power):
    for name in ("a", "b"):
        write_image(tmp_path / "out" / "mel" / "rock" / f"{name}.png", power_to_levels(power), {"name": name})
    (tmp_path / "out" / ".half.part").write_text("x")
    archive = save_archive(tmp_path / "out", tmp_path / "drive" / "pictures.zip")
    assert sorted(zipfile.ZipFile(archive).namelist()) == ["mel/rock/a.png", "mel/rock/b.png"]
    (tmp_path / "out" / "mel" / "rock" / "a.png").unlink()
    restore_archive(archive, tmp_path / "out")
    assert image_settings(tmp_path / "out" / "mel" / "rock" / "a.png") == {"name": "a"}
    assert not list((tmp_path / "drive").glob(".*"))
    (tmp_path / "out" / ".features.parquet.jsonl").write_text("{}")
    assert ".features.parquet.jsonl" in zipfile.ZipFile(save_archive(tmp_path / "out", archive)).namelist()
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(ValueError, match=r"pictures\.zip is damaged"):
        restore_archive(archive, tmp_path / "third")
    assert restore_archive(tmp_path / "none.zip", tmp_path / "new") == tmp_path / "new"
