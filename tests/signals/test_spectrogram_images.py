"""Spectrogram images: they are read as they were written, their names are safe, other images are recognised."""

import json
import os
import struct
import zipfile
import zlib

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from synthetic_images import corpus

from signals.spectrogram_images import (
    COLOUR_MAPS,
    GTZAN,
    add_chroma_paths,
    file_stem,
    folder_names,
    image_settings,
    index_images,
    plot_contact_sheet,
    power_to_levels,
    power_to_levels_as,
    read_image,
    recognise_colour_map,
    restore_archive,
    save_archive,
    write_image,
)
from signals.spectrograms import DECIBELS, power_to_decibels

HALF_STEP = DECIBELS / 255 / 2


@pytest.fixture
def power():
    rng = np.random.default_rng(0)
    return (10 ** rng.uniform(-9, 1, (128, 60))).astype(np.float32)


def test_an_image_is_read_as_it_was_written_to_half_a_level(tmp_path, power):
    write_image(tmp_path / "a" / "x.png", power_to_levels(power), {"n_mels": 128})
    decibels = power_to_decibels(power, power.max())
    assert np.abs(read_image(tmp_path / "a" / "x.png") - decibels).max() <= HALF_STEP + 1e-4
    assert image_settings(tmp_path / "a" / "x.png") == {"n_mels": 128}


def test_low_bands_are_at_the_bottom(tmp_path):
    levels = np.zeros((4, 3), np.uint8)
    levels[0] = 255
    write_image(tmp_path / "x.png", levels, {})
    with Image.open(tmp_path / "x.png") as image:
        assert image.mode == "L" and np.asarray(image)[-1].tolist() == [255] * 3


@given(st.text(), st.text())
def test_a_file_name_stays_inside_its_folder(track_id, source):
    name = file_stem(track_id, source)
    assert os.path.basename(name) == name and name not in (".", "..") and "\0" not in name
    assert len(f"{name}_000.png.part".encode()) < 120
    assert name == file_stem(track_id, source)


def test_the_same_track_id_of_another_source_has_another_file():
    assert file_stem("intro", "/a/intro.mp3") != file_stem("intro", "/b/intro.mp3")


def test_genres_never_share_a_folder():
    names = folder_names(["a/b", "a_b", "Rock", "rock", "jazz", None])
    assert names["jazz"] == "jazz"
    assert len({name.casefold() for name in names.values()}) == 5


@pytest.mark.parametrize("colour_map", ["magma", "viridis"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_coloured_images_are_read_as_levels(tmp_path, power, colour_map, mode):
    levels = power_to_levels(power)
    canvas = np.full((200, 100, 3), 255, np.uint8)
    canvas[36:164, 20:80] = matplotlib.colormaps[colour_map](levels[::-1], bytes=True)[..., :3]
    (tmp_path / "rock").mkdir()
    Image.fromarray(canvas).convert(mode).save(tmp_path / "rock" / "x.png")
    (tmp_path / "rock" / "y.png").write_text("not an image")
    manifest = index_images(tmp_path)
    settings = json.loads(manifest["settings"].iloc[0])
    assert settings["crop"] == [36, 163, 20, 79] and settings["colour_map"] == colour_map
    assert manifest[["track_id", "genre", "segment"]].values.tolist() == [["x", "rock", 0]]
    assert [os.path.basename(entry["path"]) for entry in manifest.attrs["skipped"]] == ["y.png"]
    read = read_image(tmp_path / "rock" / "x.png", crop=settings["crop"], colour_map=colour_map)
    assert np.abs((read + 80) * 255 / 80 - levels).max() <= 1.01, "neighbouring levels may share a colour"


def test_a_partly_transparent_frame_is_left_out(tmp_path, power):
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


def test_a_grey_image_keeps_its_black_rows_and_half_a_file_is_skipped(tmp_path):
    (tmp_path / "rock").mkdir()
    canvas = np.full((100, 100), 255, np.uint8)
    canvas[10:90, 10:90] = np.random.default_rng(0).integers(0, 200, (80, 80))
    canvas[10:20, 10:90] = 0
    Image.fromarray(canvas).save(tmp_path / "rock" / "a.png")
    Image.fromarray(canvas).save(tmp_path / "rock" / "b.png")
    (tmp_path / "rock" / "b.png").write_bytes((tmp_path / "rock" / "b.png").read_bytes()[:-40])
    manifest = index_images(tmp_path)
    assert json.loads(manifest["settings"].iloc[0])["crop"] == [10, 89, 10, 89]
    assert len(manifest) == 1 and manifest.attrs["skipped"][0]["path"].endswith("b.png"), "half a file"


@pytest.mark.parametrize("genre", ["blues", "country", "hiphop", "pop"])
def test_gtzan_images_of_one_genre_are_recognised(shared, tmp_path, genre):
    (tmp_path / genre).symlink_to(shared / "gtzan" / "images" / genre)
    assert json.loads(index_images(tmp_path)["settings"].iloc[0])["decibels"] == 40


def test_all_gtzan_images_are_recognised(shared):
    manifest = index_images(shared / "gtzan" / "images")
    settings = json.loads(manifest["settings"].iloc[0])
    assert (settings["crop"], settings["colour_map"]) == ([36, 251, 55, 388], "magma")
    assert len(manifest) == 639 and manifest["genre"].nunique() == 10


def test_missing_and_unreadable_images_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no images"):
        index_images(tmp_path)
    (tmp_path / "x.png").write_text("text")
    with pytest.raises(ValueError, match=r"x\.png cannot be read as an image"):
        read_image(tmp_path / "x.png")
    assert image_settings(tmp_path / "x.png") is None


def test_an_archive_holds_a_folder_and_restores_missing_files(tmp_path, power):
    for name in ("a", "b"):
        write_image(tmp_path / "out" / "mel" / "rock" / f"{name}.png", power_to_levels(power), {"name": name})
    (tmp_path / "out" / ".half.part").write_text("x")
    archive = save_archive(tmp_path / "out", tmp_path / "drive" / "images.zip")
    assert sorted(zipfile.ZipFile(archive).namelist()) == ["mel/rock/a.png", "mel/rock/b.png"]
    (tmp_path / "out" / "mel" / "rock" / "a.png").unlink()
    restore_archive(archive, tmp_path / "out")
    assert image_settings(tmp_path / "out" / "mel" / "rock" / "a.png") == {"name": "a"}
    assert not list((tmp_path / "drive").glob(".*"))
    (tmp_path / "out" / ".features.parquet.jsonl").write_text("{}")
    assert ".features.parquet.jsonl" in zipfile.ZipFile(save_archive(tmp_path / "out", archive)).namelist()
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(ValueError, match=r"images\.zip is damaged"):
        restore_archive(archive, tmp_path / "third")
    assert restore_archive(tmp_path / "none.zip", tmp_path / "new") == tmp_path / "new"


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 99))
def test_levels_span_80_db_and_the_peak_is_white(bands, frames, seed):
    power = 10 ** np.random.default_rng(seed).uniform(-12, 3, (bands, frames))
    levels = power_to_levels(power)
    assert levels.max() == 255 and levels.dtype == np.uint8
    decibels = power_to_decibels(power, power.max())
    np.testing.assert_allclose(levels * (DECIBELS / 255) - DECIBELS, decibels, atol=HALF_STEP + 1e-3)


def test_images_of_the_package_and_of_gtzan_are_drawn_by_their_settings(power):
    np.testing.assert_array_equal(power_to_levels_as(power, {"hop_length": 512}), power_to_levels(power))
    levels = power_to_levels_as(power, GTZAN)
    assert levels.shape[0] == GTZAN["rows"] and levels.max() <= 255
    half = power_to_levels_as(np.repeat([[1.0], [.01]], 64, axis=0) * np.ones((1, 60)), GTZAN)
    assert (half[0, 0], half[-1, 0]) == (255, 128), "20 dB below the peak is half of 40 dB"


@pytest.mark.parametrize("colour_map", COLOUR_MAPS)
def test_each_colour_map_is_recognised_by_its_colours(colour_map, power):
    levels = power_to_levels(power)
    assert recognise_colour_map(matplotlib.colormaps[colour_map](levels, bytes=True)[..., :3]) == colour_map


def test_keras_reads_the_images(tmp_path):
    import keras
    corpus(tmp_path, 6)
    data = keras.utils.image_dataset_from_directory(tmp_path / "mel", color_mode="grayscale", image_size=(64, 200),
                                                    verbose=False)
    images, _ = next(iter(data))
    assert data.class_names == ["folk", "metal", "techno"] and tuple(images.shape[1:]) == (64, 200, 1)


def test_a_manifest_of_images_has_the_settings_that_they_share(tmp_path):
    written = corpus(tmp_path, 6)
    manifest = index_images(tmp_path / "mel").set_index("track_id").loc[written["track_id"]]
    assert manifest["path"].tolist() == written["path"].tolist()
    assert manifest["settings"].astype(str).tolist() == written["settings"].tolist()
    assert manifest["genre"].astype(str).tolist() == written["genre"].tolist()


def test_each_mel_image_is_paired_with_its_own_chroma_image(tmp_path):
    manifest = corpus(tmp_path, 6, kinds=("mel", "chroma")).sample(frac=1, random_state=0)
    rows = add_chroma_paths(manifest)
    assert len(rows) == 6 and (rows["kind"] == "mel").all()
    assert all(chroma == mel.replace("/mel/", "/chroma/") for mel, chroma in zip(rows["path"], rows["chroma_path"]))
    without_one = manifest[manifest["path"] != rows["chroma_path"].iloc[0]]
    assert len(add_chroma_paths(without_one)) == 5, "a segment without chroma is left out"
    with pytest.raises(ValueError, match="no chroma images"):
        add_chroma_paths(manifest[manifest["kind"] == "mel"])


def test_a_contact_sheet_has_a_row_for_each_genre(tmp_path):
    written = corpus(tmp_path, 8)
    axs = plot_contact_sheet(index_images(tmp_path / "mel"), each=3, seconds=2.5)
    assert axs.shape == (3, 3) and [ax.get_ylabel() for ax in axs[:, 0]] == ["folk", "metal", "techno"]
    drawn = axs[0, 0].images[0].get_array()
    assert drawn.shape == (64, 100), "2.5 of 5 s"
    np.testing.assert_array_equal(drawn, read_image(written["path"].iloc[0])[:, :100])
    assert axs[-1, 0].get_xlabel() == "first 2 s" and not axs[2, 2].images, "techno has two songs"
    assert not len(axs[0, 0].get_yticks())


def test_the_rows_of_chroma_images_have_note_names(tmp_path):
    corpus(tmp_path, 4)
    manifest = index_images(tmp_path / "mel").assign(kind="chroma")
    axs = plot_contact_sheet(manifest, kind="chroma", each=2)
    names = [label.get_text() for label in axs[0, 0].get_yticklabels()]
    assert dict(zip(axs[0, 0].get_yticks(), names)) == {0: "C", 2: "D", 4: "E", 5: "F", 7: "G", 9: "A", 11: "B"}


def test_a_failed_archive_leaves_the_older_one(tmp_path, monkeypatch):
    corpus(tmp_path / "out", 2)
    archive = save_archive(tmp_path / "out", tmp_path / "drive" / "images.zip")
    before = archive.read_bytes()

    def full(*args, **kwargs):
        raise OSError("no space left on device")
    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    with pytest.raises(OSError, match="no space"):
        save_archive(tmp_path / "out", archive)
    assert archive.read_bytes() == before and os.listdir(tmp_path / "drive") == ["images.zip"]


def test_an_image_with_far_more_pixels_than_bytes_is_not_read(tmp_path):
    levels = zlib.compress(bytes(1000))
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", levels), (b"IEND", b"")]
    packed = [struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
              for name, data in chunks]
    (tmp_path / "rock").mkdir()
    (tmp_path / "rock" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(packed))
    assert image_settings(tmp_path / "rock" / "a.png") is None
    with pytest.raises(ValueError, match="cannot be read as an image"):
        read_image(tmp_path / "rock" / "a.png")
