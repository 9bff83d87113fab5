"""From sound files to spectrogram images: segments, files that cannot be used, runs that are killed."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import ROOT
from sound_files import noise, track_table, write_song
from synthetic_signals import SR

import audio
from audio import write_spectrograms
from signals.batch_jobs import CHANGED
from signals.decoding import load_audio
from signals.spectrogram_images import image_settings, index_images, read_image
from signals.spectrograms import power_to_decibels, spectrograms


def test_a_last_piece_is_kept_from_half_a_segment_on(tmp_path):
    lengths = {"short": 4.0, "exact": 20.0, "tail": 23.0, "long_tail": 26.0}
    tracks = track_table([write_song(tmp_path / f"{name}.wav", seconds) for name, seconds in lengths.items()])
    manifest = write_spectrograms(tracks, tmp_path / "out", segment_seconds=10, n_jobs=1)
    found = manifest.groupby("track_id")[["start", "seconds"]].agg(list)
    assert found.loc["short"].tolist() == [[0.0], [4.0]]
    assert found.loc["exact"].tolist() == [[0.0, 10.0], [10.0, 10.0]]
    assert found.loc["tail"].tolist() == [[0.0, 10.0], [10.0, 10.0]]
    assert found.loc["long_tail"].tolist() == [[0.0, 10.0, 20.0], [10.0, 10.0, 6.0]]
    assert read_image(manifest.set_index("track_id").loc["tail", "path"].iloc[0]).shape == (128, 1 + 10 * SR // 512)


def test_an_image_holds_the_decibels_of_the_spectrogram(tmp_path):
    path = write_song(tmp_path / "a.wav")
    manifest = write_spectrograms(track_table([path]), tmp_path / "out", kinds=("mel", "chroma"), n_jobs=1)
    for kind, bands in spectrograms(load_audio(path)[0], ("mel", "chroma")).items():
        decibels = power_to_decibels(bands, bands.max())
        read = read_image(manifest.loc[manifest["kind"] == kind, "path"].iloc[0])
        assert np.abs(read - decibels).max() <= 80 / 255 / 2 + 1e-3


def test_the_manifest_on_disk_and_that_of_the_folder_are_the_one_returned(tmp_path):
    paths = [write_song(tmp_path / f"{i}.wav", seed=i) for i in range(3)]
    tracks = track_table(paths, genre=["rock", "dance/electronic", "rock, pop"])
    manifest = write_spectrograms(tracks.set_index("track_id"), tmp_path / "out", n_jobs=1)
    on_disk = pd.read_parquet(tmp_path / "out" / "manifest.parquet")
    pd.testing.assert_frame_equal(on_disk, manifest, check_dtype=False, check_categorical=False)
    assert {Path(path).parent.name for path in manifest["path"]} == {"rock", "dance_electronic"}
    index = index_images(tmp_path / "out" / "mel").set_index("track_id")
    for row in manifest.itertuples():
        assert index.loc[row.track_id, ["path", "segment", "start", "seconds"]].tolist() == [row.path, 0, 0.0, 3.0]
        assert index.loc[row.track_id, "settings"] == row.settings


def image_times(folder):
    return {path: path.stat().st_mtime_ns for path in Path(folder).rglob("*.png")}


def test_existing_images_are_not_made_again_unless_the_file_or_the_settings_change(tmp_path):
    tracks = track_table([write_song(tmp_path / f"{i}.wav", 12, seed=i) for i in range(3)])
    write_spectrograms(tracks, tmp_path / "out", segment_seconds=5, n_jobs=1)
    first = image_times(tmp_path)
    write_spectrograms(tracks, tmp_path / "out", segment_seconds=5, n_jobs=1)
    assert image_times(tmp_path) == first
    write_song(tmp_path / "1.wav", 6, seed=9)
    changed = write_spectrograms(tracks, tmp_path / "out", segment_seconds=5, n_jobs=1)
    second = image_times(tmp_path)
    assert {path.name[0] for path in second if second[path] != first.get(path)} == {"1"}
    assert len(second) == len(changed) == 5, "the images of the longer song are removed"
    write_spectrograms(tracks, tmp_path / "out", segment_seconds=10, n_jobs=1)
    third = image_times(tmp_path)
    assert len(third) == 3 and all(third[path] != second[path] for path in third)
    write_spectrograms(tracks, tmp_path / "out", segment_seconds=10, n_mels=64, n_jobs=1)
    assert all(read_image(path).shape[0] == 64 for path in third)


def test_only_the_missing_images_of_a_long_song_are_made(tmp_path):
    tracks = track_table([write_song(tmp_path / "a.wav", 30)])
    manifest = write_spectrograms(tracks, tmp_path / "out", segment_seconds=5, n_jobs=1)
    for path in manifest["path"].iloc[4:]:
        Path(path).unlink()
    first = image_times(tmp_path)
    write_spectrograms(tracks, tmp_path / "out", segment_seconds=5, n_jobs=1)
    second = image_times(tmp_path)
    assert len(second) == 6 and all(second[path] == first[path] for path in first)
    write_spectrograms(tracks, tmp_path / "out", segment_seconds=5, kinds=("mel", "chroma"), n_jobs=1)
    third = image_times(tmp_path)
    assert len(third) == 12 and all(third[path] == second[path] for path in second), "the mel images existed"


def test_images_move_to_the_folder_of_a_songs_new_genre(tmp_path):
    tracks = track_table([write_song(tmp_path / f"{i}.wav", seed=i) for i in range(3)])
    write_spectrograms(tracks, tmp_path / "out", n_jobs=1)
    write_spectrograms(tracks.iloc[:1].assign(genre="jazz"), tmp_path / "out", n_jobs=1)
    genres = sorted(index_images(tmp_path / "out" / "mel")["genre"])
    assert genres == ["jazz", "rock", "rock"], "images of other songs stay"
    write_spectrograms(tracks.assign(genre="jazz"), tmp_path / "out", n_jobs=1)
    assert [path.name for path in (tmp_path / "out" / "mel").iterdir()] == ["jazz"]


def test_segments_may_be_shorter_than_the_shortest_song(tmp_path):
    tracks = track_table([write_song(tmp_path / "a.wav", 3)])
    assert len(write_spectrograms(tracks, tmp_path / "out", segment_seconds=.5, n_jobs=1)) == 6


def test_files_of_the_same_name_do_not_overwrite_each_other(tmp_path):
    paths = [write_song(tmp_path / folder / "intro.wav", seed=i) for i, folder in enumerate("ab")]
    manifest = write_spectrograms(track_table(paths), tmp_path / "out", n_jobs=1)
    assert manifest["track_id"].tolist() == ["intro", "intro"]
    assert manifest["path"].nunique() == 2 and manifest["source"].nunique() == 2


@pytest.mark.parametrize("name", ["../../outside", "a/b", "con", "🎵" * 80, "x" * 300, "..", "a\nb"])
def test_no_track_id_or_genre_writes_outside_the_folder(tmp_path, name):
    tracks = pd.DataFrame({"track_id": [name], "genre": [name], "path": [write_song(tmp_path / "in" / "a.wav")]})
    manifest = write_spectrograms(tracks, tmp_path / "out", n_jobs=1)
    assert len(manifest) == 1 and manifest["track_id"].tolist() == [name]
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix == ".png"]
    assert len(written) == 1 and (tmp_path / "out" / "mel") in written[0].parents


# ---- files that cannot be used

REASONS = {"whole.mp3": None, "truncated.mp3": None, "zero.mp3": "empty file", "text.mp3": "not audio",
           "tag only.mp3": "not audio", "silence.wav": "silent", "nan.wav": "no numbers", "clipped.wav": "clipped",
           "8 kHz.wav": None, "6 channels.wav": None, "short.wav": "shorter than 1 s", "folder.mp3": "a folder",
           "gone.mp3": "vanished", "huge.wav": "too large", "loop.mp3": "cannot be read",
           "x" * 300 + ".mp3": "cannot be read"}
"""What is wrong with each file that `write_bad_files` writes; None for files that can be used after all."""


def write_bad_files(folder):
    folder.mkdir()
    whole = Path(write_song(folder / "whole.mp3", 4, 44_100, channels=2)).read_bytes()
    (folder / "truncated.mp3").write_bytes(whole[:len(whole) // 2])
    (folder / "zero.mp3").touch()
    (folder / "text.mp3").write_text("this is no music\n" * 200)
    (folder / "tag only.mp3").write_bytes(b"ID3\x03\0\0\0\0\0\x0aTIT2\0\0\0\0\0\0")
    soundfile.write(folder / "silence.wav", np.zeros(3 * SR), SR)
    soundfile.write(folder / "nan.wav", np.where(np.arange(3 * SR) == SR, np.nan, noise(3)), SR, subtype="FLOAT")
    soundfile.write(folder / "clipped.wav", np.clip(30 * noise(3), -1, 1), SR)
    write_song(folder / "8 kHz.wav", 3, 8000)
    write_song(folder / "6 channels.wav", 3, 96_000, channels=6)
    write_song(folder / "short.wav", .2)
    soundfile.write(folder / "huge.wav", 1e20 * noise(3), SR, subtype="FLOAT")
    (folder / "folder.mp3").mkdir()
    (folder / "loop.mp3").symlink_to(folder / "loop.mp3")


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_bad_files_are_skipped_named_and_counted(tmp_path, n_jobs):
    write_bad_files(tmp_path / "in")
    tracks = track_table([str(tmp_path / "in" / name) for name in REASONS])
    manifest = write_spectrograms(tracks, tmp_path / "out", n_jobs=n_jobs)
    reasons = {Path(entry["path"]).name: entry["reason"] for entry in manifest.attrs["skipped"]}
    assert set(reasons) == {name for name, reason in REASONS.items() if reason}
    for name, reason in reasons.items():
        assert REASONS[name] in reason, name
    used = {Path(source).name for source in manifest["source"]}
    assert used == {name for name, reason in REASONS.items() if not reason}
    assert len(pd.read_csv(tmp_path / "out" / "skipped.csv")) == len(reasons)
    assert len(list((tmp_path / "out").rglob("*.png"))) == len(manifest), "a skipped song leaves no image"


def test_an_error_in_one_song_skips_only_that_song(tmp_path, monkeypatch):
    paths = [write_song(tmp_path / f"{i}.wav", 3 + i) for i in range(3)]

    def fails_once(y, *args, spectrograms=spectrograms, **kwargs):
        return spectrograms(y, *args, **kwargs) if len(y) != 4 * SR else {}["nothing"]
    monkeypatch.setattr(audio, "spectrograms", fails_once)
    manifest = write_spectrograms(track_table(paths), tmp_path / "out", n_jobs=1)
    assert manifest["source"].tolist() == [paths[0], paths[2]]
    assert [entry["path"] for entry in manifest.attrs["skipped"]] == [paths[1]]
    assert "KeyError: 'nothing'" in manifest.attrs["skipped"][0]["reason"]


def test_standard_error_is_restored_after_a_run_with_threads(tmp_path):
    before = os.fstat(2)
    tracks = track_table([write_song(tmp_path / f"{i}.mp3", 2, 44_100) for i in range(24)])
    with joblib.parallel_config(backend="threading", n_jobs=4):
        write_spectrograms(tracks, tmp_path / "out", n_jobs=4)
    assert os.path.samestat(os.fstat(2), before), "standard error is written where it was before"


def test_a_file_without_permission_is_skipped(tmp_path):
    path = write_song(tmp_path / "a.wav")
    os.chmod(path, 0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    manifest = write_spectrograms(track_table([path]), tmp_path / "out", n_jobs=1)
    assert "permission" in manifest.attrs["skipped"][0]["reason"]


def test_a_song_that_is_damaged_near_its_end_leaves_no_image(tmp_path):
    y = noise(20)
    y[int(15 * SR)] = np.nan
    soundfile.write(tmp_path / "a.wav", y, SR, subtype="FLOAT")
    manifest = write_spectrograms(track_table([str(tmp_path / "a.wav")]), tmp_path / "out", segment_seconds=5, n_jobs=1)
    assert manifest.empty and not list((tmp_path / "out").rglob("*.png"))


def test_silent_segments_are_left_out_of_the_manifest(tmp_path):
    y = noise(20)
    y[5 * SR:10 * SR] = 0
    soundfile.write(tmp_path / "a.wav", y, SR, subtype="FLOAT")
    manifest = write_spectrograms(track_table([str(tmp_path / "a.wav")]), tmp_path / "out", segment_seconds=5, n_jobs=1)
    assert manifest["start"].tolist() == [0, 10, 15] and manifest["segment"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("arguments, message", [
    ({"kinds": ("cqt",)}, "choose from mel, chroma"), ({"kinds": ()}, "choose from"),
    ({"segment_seconds": 0}, "above zero")])
def test_impossible_settings_are_refused(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        write_spectrograms(track_table(["a.wav"]), tmp_path / "out", **arguments)


def test_a_table_without_paths_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no column 'path'"):
        write_spectrograms(pd.DataFrame({"song": ["a"]}), tmp_path / "out")


def test_the_table_passed_in_is_not_changed(tmp_path):
    tracks = track_table([write_song(tmp_path / "a.wav")])
    before = tracks.copy(deep=True)
    write_spectrograms(tracks, tmp_path / "out", n_jobs=1)
    pd.testing.assert_frame_equal(tracks, before)


# ---- runs that are killed

def test_a_killed_run_continues_and_ends_with_the_same_files_as_an_undisturbed_one(tmp_path):
    paths = [write_song(tmp_path / "in" / f"{i}.flac", 30, 44_100, seed=i) for i in range(12)]
    track_table(paths).to_csv(tmp_path / "t.csv", index=False)
    calm, out = tmp_path / "calm", tmp_path / "out"
    write_spectrograms(track_table(paths), calm, segment_seconds=3, n_jobs=1)
    code = (f"import pandas as pd, audio; tracks = pd.read_csv('{tmp_path}/t.csv', dtype=str); "
            f"audio.write_spectrograms(tracks, '{out}', segment_seconds=3, n_jobs=1)")
    rng = np.random.default_rng(0)
    finished = {}
    for _ in range(4):
        child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL,
                                 start_new_session=True)
        deadline = time.time() + 60
        while len(image_times(out)) <= len(finished) + 5 and child.poll() is None and time.time() < deadline:
            time.sleep(.01)
        time.sleep(rng.random() * .1)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        assert all(image_settings(path) for path in tmp_path.glob("out/mel/*/*.png")), "a file is incomplete"
        now = image_times(out)
        whole_songs = {path for path in finished if path.with_name(f"{path.stem[:-3]}009.png") in finished}
        assert all(now[path] == finished[path] for path in whole_songs), "a finished file was made again"
        finished = now
    write_spectrograms(track_table(paths), out, segment_seconds=3, n_jobs=1)
    assert all_files(calm) == all_files(out)


def all_files(folder):
    """The contents of all images, and of temporary files that were left, by their paths."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*")
            if path.suffix in (".png", ".part")}


def test_only_temporary_files_of_earlier_runs_are_removed(tmp_path):
    tracks = track_table([write_song(tmp_path / "a.wav")])
    folder = tmp_path / "out" / "mel" / "rock"
    folder.mkdir(parents=True)
    earlier, at_work = folder / ".a.png.1-1.part", folder / ".b.png.2-2.part"
    for path in (earlier, at_work):
        path.write_bytes(b"half an image")
    os.utime(earlier, (1, 1))
    os.utime(at_work, (time.time() + 60, time.time() + 60))
    write_spectrograms(tracks, tmp_path / "out", n_jobs=1)
    assert not earlier.exists() and at_work.exists(), "another run may be writing the second file"


# ---- images of one song

def test_a_track_is_written_by_itself_and_only_once(tmp_path):
    row = SimpleNamespace(track_id="a", source=write_song(tmp_path / "a.wav", 12), folder="rock")
    settings = audio.spectrogram_settings(5, kinds=("mel", "chroma"))
    times = audio.write_track_images(row, tmp_path / "out", settings=settings, kinds=("mel", "chroma"))
    assert times == [(0, 5), (5, 5)]
    first = image_times(tmp_path / "out")
    assert len(first) == 4
    assert audio.write_track_images(row, tmp_path / "out", settings=settings, kinds=("mel", "chroma")) == times
    assert image_times(tmp_path / "out") == first


def test_every_cell_of_genres_has_a_folder():
    table = audio.with_genre_folders(pd.DataFrame({"path": list("abcd"), "genre": ["Rock", "rock", "rock, pop", None]}))
    assert table["folder"].iloc[1] == table["folder"].iloc[2] and table["folder"].iloc[3] == "unknown"
    assert table["folder"].iloc[0].casefold() != table["folder"].iloc[1].casefold(), "names that differ only in case"


# ---- images and runs elsewhere

def test_gtzans_settings_on_the_same_clips_give_the_row_means_of_its_images(shared):
    """amplitude_to_db of a power spectrogram, each pixel row the nearest of 128 bands, first and last at the edges."""
    bands = np.round(np.arange(216) / 215 * 127).astype(int)
    compared = 0
    for path in sorted((shared / "gtzan" / "audio").glob("*/*.mp3")):
        y, _ = load_audio(path)
        image = shared / "gtzan" / "images" / path.parent.name / f"{path.stem.replace('.', '')}.png"
        if len(y) < 29.5 * SR or not image.exists():  # many copies are shorter than the original
            continue
        power = spectrograms(y)["mel"]
        ours = np.maximum(20 * np.log10(np.maximum(power, 1e-5) / power.max()), -80).mean(axis=1)[bands]
        theirs = read_image(image, crop=(36, 251, 55, 388), colour_map="magma").mean(axis=1)
        assert np.corrcoef(ours, theirs)[0, 1] > .99 and np.abs(ours - theirs).mean() < .5, path.name
        compared += 1
    assert compared >= 10


def test_a_dask_cluster_finishes_although_a_worker_is_killed(tmp_path):
    distributed = pytest.importorskip("distributed", reason="dask is an extra: pip install 'dask[distributed]'")
    paths = [write_song(tmp_path / "in" / f"{i}.flac", 20, 44_100, seed=i) for i in range(40)]
    calm = write_spectrograms(track_table(paths), tmp_path / "calm", segment_seconds=5, n_jobs=1)
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
                                       silence_logs=50, env={"PYTHONPATH": str(ROOT)})
    with cluster, distributed.Client(cluster) as client:
        victim = next(iter(client.run(os.getpid).values()))

        def kill_during_the_run():
            while not list(tmp_path.glob("out/mel/*/*.png")):
                time.sleep(.01)
            os.kill(victim, signal.SIGKILL)
        killer = threading.Thread(target=kill_during_the_run)
        killer.start()
        with joblib.parallel_config(backend="dask"):
            manifest = write_spectrograms(track_table(paths), tmp_path / "out", segment_seconds=5)
        killer.join()
    assert manifest.attrs["skipped"] == [] and len(manifest) == len(calm) == 160
    for ours, theirs in zip(manifest["path"], calm["path"]):
        assert Path(ours).read_bytes() == Path(theirs).read_bytes()


def test_a_manifest_lists_no_image_that_was_removed_during_the_run(tmp_path, monkeypatch):
    paths = [write_song(tmp_path / f"{name}.wav") for name in "abc"]
    write = audio.write_track_images

    def write_and_remove(row, out_dir, **more):
        made = write(row, out_dir, **more)
        if row.source == paths[1]:
            shutil.rmtree(tmp_path / "out")
        return made
    monkeypatch.setattr(audio, "write_track_images", write_and_remove)
    manifest = write_spectrograms(track_table(paths), tmp_path / "out", segment_seconds=1, n_jobs=1)
    assert set(manifest["source"]) == {paths[2]} and all(map(os.path.exists, manifest["path"]))
    assert [entry["path"] for entry in manifest.attrs["skipped"]] == paths[:2]
    assert {entry["reason"] for entry in manifest.attrs["skipped"]} == {
        "its images were removed during the run: run it again"}
    monkeypatch.undo()
    assert len(write_spectrograms(track_table(paths), tmp_path / "out", segment_seconds=1, n_jobs=1)) == 9


def test_a_file_that_changes_while_it_is_read_is_named_and_has_no_images(tmp_path, monkeypatch):
    paths = [write_song(tmp_path / f"{name}.wav") for name in "ab"]
    segments = audio.segments

    def change(source, *arguments, **more):
        yield from segments(source, *arguments, **more)
        if source == paths[0]:
            times = os.stat(source).st_mtime_ns
            write_song(tmp_path / "a.wav", seed=5)
            os.utime(source, ns=(times, times))  # of the same size and time
    monkeypatch.setattr(audio, "segments", change)
    manifest = write_spectrograms(track_table(paths), tmp_path / "out", segment_seconds=1, n_jobs=1)
    assert manifest["source"].unique().tolist() == paths[1:]
    assert manifest.attrs["skipped"] == [{"path": paths[0], "reason": CHANGED}]
    assert not list((tmp_path / "out").rglob("a-*.png"))


def test_names_made_to_break_out_stay_in_the_folder_and_apart(tmp_path):
    names = ["../../x", "/etc/x", "x" * 300, "X" * 300, "-rf", "a\nb", "a\\b", "\u202egnp.x", "<b>", "$x_{", "con",
             "..", "a", "A", "a.", "é", "e\u0301"]
    path = write_song(tmp_path / "a.wav", 1)
    tracks = pd.DataFrame({"track_id": names, "genre": names[::-1], "path": path})
    manifest = write_spectrograms(tracks, tmp_path / "in" / "out", segment_seconds=1, n_jobs=1)
    written = {file.resolve() for file in tmp_path.rglob("*.png")}
    assert len(manifest) == len(names) == len(written) == manifest["path"].str.casefold().nunique()
    assert written == {Path(file).resolve() for file in manifest["path"]}
    assert all(file.is_relative_to(tmp_path / "in" / "out" / "mel") for file in written)
    assert all(len(file.name.encode()) < 256 and "\n" not in str(file) for file in written)
