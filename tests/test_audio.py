"""From sound files to pictures: truths about signals, files that are bad in every way, runs that are killed."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import ROOT

import audio
from audio import write_spectrograms
from signals import decoding
from signals.decoding import AudioError, blocks, load_audio
from signals.spectrogram_images import image_settings, index_images, read_image
from signals.spectrograms import HOP_LENGTH, N_FFT, power_blocks, spectrograms

SR = decoding.SAMPLE_RATE


def sine(hertz, seconds=2.0, sr=SR):
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * sr)) / sr).astype(np.float32) * .5


def noise(seconds, seed=0, sr=SR):
    return .1 * np.random.default_rng(seed).standard_normal(int(seconds * sr)).astype(np.float32)


def song(path, seconds=3.0, sr=SR, seed=0, channels=1, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    y = noise(seconds, seed, sr)
    soundfile.write(path, np.column_stack([y] * channels) if channels > 1 else y, sr, **kwargs)
    return str(path)


def table(paths, genre="rock"):
    return pd.DataFrame({"track_id": [Path(path).stem for path in paths], "genre": genre, "artist": "a", "path": paths})


# ---- decoding

@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "opus"])
def test_formats(tmp_path, suffix):
    kwargs = {"format": "OGG", "subtype": "OPUS"} if suffix == "opus" else {}
    soundfile.write(tmp_path / f"a.{suffix}", sine(440, 2, 48_000), 48_000, **kwargs)
    y, sr = load_audio(tmp_path / f"a.{suffix}")
    assert sr == SR and y.dtype == np.float32 and abs(len(y) - 2 * SR) < .1 * SR
    spectrum = np.abs(np.fft.rfft(y[:SR]))
    assert spectrum.argmax() == pytest.approx(440, abs=1)


def test_a_part_is_the_part_of_the_whole(tmp_path):
    path = song(tmp_path / "a.wav", 5)
    whole, part = load_audio(path)[0], load_audio(path, offset=2, seconds=1.5)[0]
    np.testing.assert_array_equal(part, whole[2 * SR:int(3.5 * SR)])
    assert load_audio(path, offset=60)[0].size == 0


def test_channels_are_averaged_or_kept(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.column_stack([sine(440), -sine(440), sine(880)]), SR, subtype="FLOAT")
    np.testing.assert_allclose(load_audio(tmp_path / "a.wav")[0], sine(880) / 3, atol=1e-6)
    assert load_audio(tmp_path / "a.wav", mono=False)[0].shape == (2 * SR, 3)


def test_blocks_are_the_whole_without_seams(tmp_path):
    path = song(tmp_path / "a.flac", 7.3, sr=44_100, channels=2)
    parts = list(blocks(path, 1.0))
    assert [len(part) for part in parts[:-1]] == [SR] * 7
    np.testing.assert_allclose(np.concatenate(parts), load_audio(path)[0], atol=2e-3)


def test_damaged_frames_do_not_flood_the_screen(tmp_path, capfd):
    whole = bytearray(Path(song(tmp_path / "a.mp3", 4, 44_100)).read_bytes())
    for at in range(2000, len(whole) - 400, 997):
        whole[at:at + 200] = bytes(200)
    (tmp_path / "b.mp3").write_bytes(whole)
    with contextlib.suppress(AudioError):
        load_audio(tmp_path / "b.mp3")
    assert capfd.readouterr().err == ""


def test_ffmpeg_is_asked_for_where_it_is_needed(tmp_path, monkeypatch):
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0 ftypM4A " + b"\0" * 100)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(AudioError, match=r"\.m4a needs ffmpeg, which is not installed"):
        load_audio(tmp_path / "a.m4a")


def test_ffmpeg_is_used_where_it_is_there(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", sine(440), SR, subtype="FLOAT")
    fake = tmp_path / "bin" / "ffmpeg"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\ncat '{tmp_path}/a.wav'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    (tmp_path / "a.m4a").write_bytes(b"not for soundfile")
    np.testing.assert_allclose(load_audio(tmp_path / "a.m4a")[0], sine(440), atol=1e-6)


# ---- spectrograms

def test_they_are_librosas():
    import librosa
    for seconds in (.05, 3):
        y = noise(seconds)
        ours = spectrograms(y, ("mel", "chroma"))
        np.testing.assert_allclose(ours["mel"], librosa.feature.melspectrogram(y=y, sr=SR), rtol=1e-3, atol=1e-6)
        chroma = librosa.feature.chroma_stft(y=y, sr=SR, tuning=0, norm=None)
        np.testing.assert_allclose(ours["chroma"], chroma, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("frames", [1, 2, 31, 32, 33, 128, 129, 161, 300])
def test_power_is_librosas_however_many_frames(frames):
    import librosa
    y = noise((frames - 1) * HOP_LENGTH / SR + .01)
    power = np.concatenate([block.copy() for _, block in power_blocks(y)])
    assert power.shape == (frames, 1 + N_FFT // 2)
    np.testing.assert_allclose(power.T, np.abs(librosa.stft(y)) ** 2, rtol=1e-4, atol=1e-5)


def test_a_song_stays_on_one_core():
    code = ("import time, numpy as np\n"
            "from signals.spectrograms import spectrograms\n"
            "y = np.zeros(600 * 22_050, np.float32)\n"
            "spectrograms(y)\n"
            "here, everywhere = time.thread_time(), time.process_time()\n"
            "spectrograms(y)\n"
            "print((time.process_time() - everywhere) / (time.thread_time() - here))")
    one = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | one, capture_output=True, text=True, check=True)
    assert float(ran.stdout) < 1.1, "its matrix products are held to one thread above: the Fourier transform takes more"


@pytest.mark.parametrize("hertz", [110, 440, 1000, 5000])
def test_a_sine_lights_its_mel_band(hertz):
    import librosa
    centres = librosa.mel_frequencies(130, fmin=0, fmax=SR / 2)[1:-1]
    assert spectrograms(sine(hertz))["mel"].mean(axis=1).argmax() == np.abs(centres - hertz).argmin()


@pytest.mark.parametrize("hertz, pitch_class", [(440, 9), (261.63, 0), (622.25, 3)])
def test_a_sine_lights_its_chroma(hertz, pitch_class):
    assert spectrograms(sine(hertz), ("chroma",))["chroma"].mean(axis=1).argmax() == pitch_class


# ---- pictures of many songs

def test_segments_are_cut_as_promised(tmp_path):
    lengths = {"short": 4.0, "exact": 20.0, "tail": 23.0, "long_tail": 26.0}
    tracks = table([song(tmp_path / f"{name}.wav", seconds) for name, seconds in lengths.items()])
    manifest = write_spectrograms(tracks, tmp_path / "out", segment_seconds=10, n_jobs=1)
    found = manifest.groupby("track_id")[["start", "seconds"]].agg(list)
    assert found.loc["short"].tolist() == [[0.0], [4.0]]
    assert found.loc["exact"].tolist() == [[0.0, 10.0], [10.0, 10.0]]
    assert found.loc["tail"].tolist() == [[0.0, 10.0], [10.0, 10.0]]
    assert found.loc["long_tail"].tolist() == [[0.0, 10.0, 20.0], [10.0, 10.0, 6.0]]
    assert read_image(manifest.set_index("track_id").loc["tail", "path"].iloc[0]).shape == (128, 1 + 10 * SR // 512)


def test_the_picture_is_the_spectrogram(tmp_path):
    path = song(tmp_path / "a.wav")
    manifest = write_spectrograms(table([path]), tmp_path / "out", kinds=("mel", "chroma"), n_jobs=1)
    for kind, bands in spectrograms(load_audio(path)[0], ("mel", "chroma")).items():
        decibels = np.maximum(10 * np.log10(bands / bands.max()), -80)
        read = read_image(manifest.loc[manifest["kind"] == kind, "path"].iloc[0])
        assert np.abs(read - decibels).max() <= 80 / 255 / 2 + 1e-3


def test_manifest_on_disk_and_from_the_folder(tmp_path):
    tracks = table([song(tmp_path / f"{i}.wav", seed=i) for i in range(3)], genre=["rock", "dance/electronic", "rock, pop"])
    manifest = write_spectrograms(tracks.set_index("track_id"), tmp_path / "out", n_jobs=1)
    kept = pd.read_parquet(tmp_path / "out" / "manifest.parquet")
    pd.testing.assert_frame_equal(kept, manifest, check_dtype=False, check_categorical=False)
    assert {Path(path).parent.name for path in manifest["path"]} == {"rock", "dance_electronic"}
    index = index_images(tmp_path / "out" / "mel").set_index("track_id")
    for row in manifest.itertuples():
        assert index.loc[row.track_id, ["path", "segment", "start", "seconds"]].tolist() == [row.path, 0, 0.0, 3.0]
        assert index.loc[row.track_id, "settings"] == row.settings


def picture_times(folder):
    return {path: path.stat().st_mtime_ns for path in Path(folder).rglob("*.png")}


def test_what_is_there_is_not_made_again_and_changes_are_noticed(tmp_path):
    tracks = table([song(tmp_path / f"{i}.wav", 12, seed=i) for i in range(3)])
    write_spectrograms(tracks, tmp_path / "out", segment_seconds=5, n_jobs=1)
    first = picture_times(tmp_path)
    write_spectrograms(tracks, tmp_path / "out", segment_seconds=5, n_jobs=1)
    assert picture_times(tmp_path) == first
    song(tmp_path / "1.wav", 6, seed=9)
    changed = write_spectrograms(tracks, tmp_path / "out", segment_seconds=5, n_jobs=1)
    second = picture_times(tmp_path)
    assert {path.name[0] for path in second if second[path] != first.get(path)} == {"1"}
    assert len(second) == len(changed) == 5, "the pictures of the longer song are gone"
    write_spectrograms(tracks, tmp_path / "out", segment_seconds=10, n_jobs=1)
    third = picture_times(tmp_path)
    assert len(third) == 3 and all(third[path] != second[path] for path in third)
    write_spectrograms(tracks, tmp_path / "out", segment_seconds=10, n_mels=64, n_jobs=1)
    assert all(read_image(path).shape[0] == 64 for path in third)


def test_of_a_long_song_only_what_is_missing_is_made(tmp_path):
    tracks = table([song(tmp_path / "a.wav", 30)])
    manifest = write_spectrograms(tracks, tmp_path / "out", segment_seconds=5, n_jobs=1)
    for path in manifest["path"].iloc[4:]:
        Path(path).unlink()
    first = picture_times(tmp_path)
    write_spectrograms(tracks, tmp_path / "out", segment_seconds=5, n_jobs=1)
    second = picture_times(tmp_path)
    assert len(second) == 6 and all(second[path] == first[path] for path in first)
    write_spectrograms(tracks, tmp_path / "out", segment_seconds=5, kinds=("mel", "chroma"), n_jobs=1)
    third = picture_times(tmp_path)
    assert len(third) == 12 and all(third[path] == second[path] for path in second), "the mel pictures were there"


def test_a_song_of_another_genre_now_stands_in_its_folder_alone(tmp_path):
    tracks = table([song(tmp_path / f"{i}.wav", seed=i) for i in range(3)])
    write_spectrograms(tracks, tmp_path / "out", n_jobs=1)
    write_spectrograms(tracks.iloc[:1].assign(genre="jazz"), tmp_path / "out", n_jobs=1)
    assert sorted(index_images(tmp_path / "out" / "mel")["genre"]) == ["jazz", "rock", "rock"], "the others are let alone"
    write_spectrograms(tracks.assign(genre="jazz"), tmp_path / "out", n_jobs=1)
    assert [path.name for path in (tmp_path / "out" / "mel").iterdir()] == ["jazz"]


def test_short_segments_of_long_songs(tmp_path):
    assert len(write_spectrograms(table([song(tmp_path / "a.wav", 3)]), tmp_path / "out", segment_seconds=.5, n_jobs=1)) == 6


def test_sources_of_one_name_do_not_overwrite_each_other(tmp_path):
    paths = [song(tmp_path / folder / "intro.wav", seed=i) for i, folder in enumerate("ab")]
    manifest = write_spectrograms(pd.DataFrame({"track_id": "intro", "genre": "rock", "path": paths}), tmp_path / "out", n_jobs=1)
    assert manifest["path"].nunique() == 2 and manifest["source"].nunique() == 2


@pytest.mark.parametrize("name", ["../../outside", "a/b", "con", "🎵" * 80, "x" * 300, "..", "a\nb"])
def test_no_name_leaves_the_folder(tmp_path, name):
    tracks = pd.DataFrame({"track_id": [name], "genre": [name], "path": [song(tmp_path / "in" / "a.wav")]})
    manifest = write_spectrograms(tracks, tmp_path / "out", n_jobs=1)
    assert len(manifest) == 1 and manifest["track_id"].tolist() == [name]
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix == ".png"]
    assert len(written) == 1 and (tmp_path / "out" / "mel") in written[0].parents


def bad_files(folder):
    """Files that are bad in every way, and the reason that should be given; None for those that are good after all."""
    folder.mkdir()
    whole = Path(song(folder / "whole.mp3", 4, 44_100, channels=2)).read_bytes()
    (folder / "truncated.mp3").write_bytes(whole[:len(whole) // 2])
    (folder / "zero.mp3").touch()
    (folder / "text.mp3").write_text("this is no music\n" * 200)
    (folder / "tag only.mp3").write_bytes(b"ID3\x03\0\0\0\0\0\x0aTIT2\0\0\0\0\0\0")
    soundfile.write(folder / "silence.wav", np.zeros(3 * SR), SR)
    soundfile.write(folder / "nan.wav", np.where(np.arange(3 * SR) == SR, np.nan, noise(3)), SR, subtype="FLOAT")
    soundfile.write(folder / "clipped.wav", np.clip(30 * noise(3), -1, 1), SR)
    song(folder / "8 kHz.wav", 3, 8000)
    song(folder / "6 channels.wav", 3, 96_000, channels=6)
    song(folder / "short.wav", .2)
    soundfile.write(folder / "huge.wav", 1e20 * noise(3), SR, subtype="FLOAT")
    (folder / "folder.mp3").mkdir()
    (folder / "loop.mp3").symlink_to(folder / "loop.mp3")
    return {"whole.mp3": None, "truncated.mp3": None, "zero.mp3": "empty file", "text.mp3": "not audio",
            "tag only.mp3": "not audio",
            "silence.wav": "silent", "nan.wav": "no numbers", "clipped.wav": "clipped", "8 kHz.wav": None, "6 channels.wav": None,
            "short.wav": "shorter than 1 s", "folder.mp3": "a folder", "gone.mp3": "vanished",
            "huge.wav": "too large", "loop.mp3": "cannot be read", "x" * 300 + ".mp3": "cannot be read"}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_bad_files_are_skipped_named_and_counted(tmp_path, n_jobs):
    expected = bad_files(tmp_path / "in")
    manifest = write_spectrograms(table([str(tmp_path / "in" / name) for name in expected]), tmp_path / "out", n_jobs=n_jobs)
    reasons = {Path(one["path"]).name: one["reason"] for one in manifest.attrs["skipped"]}
    assert set(reasons) == {name for name, reason in expected.items() if reason}
    for name, reason in reasons.items():
        assert expected[name] in reason, name
    assert {Path(source).name for source in manifest["source"]} == {name for name, reason in expected.items() if not reason}
    assert len(pd.read_csv(tmp_path / "out" / "skipped.csv")) == len(reasons)
    assert len(list((tmp_path / "out").rglob("*.png"))) == len(manifest), "a skipped song leaves nothing behind"


def test_a_song_that_a_step_stumbles_over_costs_only_itself(tmp_path, monkeypatch):
    paths = [song(tmp_path / f"{i}.wav", 3 + i) for i in range(3)]

    def stumbles(y, *arguments, spectrograms=spectrograms, **named):
        return spectrograms(y, *arguments, **named) if len(y) != 4 * SR else {}["nothing"]
    monkeypatch.setattr(audio, "spectrograms", stumbles)
    manifest = write_spectrograms(table(paths), tmp_path / "out", n_jobs=1)
    assert manifest["source"].tolist() == [paths[0], paths[2]]
    assert [one["path"] for one in manifest.attrs["skipped"]] == [paths[1]]
    assert "KeyError: 'nothing'" in manifest.attrs["skipped"][0]["reason"]


def test_threads_give_the_screen_back(tmp_path):
    before = os.fstat(2)
    tracks = table([song(tmp_path / f"{i}.mp3", 2, 44_100) for i in range(24)])
    with joblib.parallel_config(backend="threading", n_jobs=4):
        write_spectrograms(tracks, tmp_path / "out", n_jobs=4)
    assert os.path.samestat(os.fstat(2), before), "standard error goes where it went"


def test_no_permission(tmp_path):
    path = song(tmp_path / "a.wav")
    os.chmod(path, 0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert "permission" in write_spectrograms(table([path]), tmp_path / "out", n_jobs=1).attrs["skipped"][0]["reason"]


def test_a_song_that_turns_bad_leaves_no_picture(tmp_path):
    y = noise(20)
    y[int(15 * SR)] = np.nan
    soundfile.write(tmp_path / "a.wav", y, SR, subtype="FLOAT")
    manifest = write_spectrograms(table([str(tmp_path / "a.wav")]), tmp_path / "out", segment_seconds=5, n_jobs=1)
    assert manifest.empty and not list((tmp_path / "out").rglob("*.png"))


def test_a_silent_stretch_is_left_out_of_a_song(tmp_path):
    y = noise(20)
    y[5 * SR:10 * SR] = 0
    soundfile.write(tmp_path / "a.wav", y, SR, subtype="FLOAT")
    manifest = write_spectrograms(table([str(tmp_path / "a.wav")]), tmp_path / "out", segment_seconds=5, n_jobs=1)
    assert manifest["start"].tolist() == [0, 10, 15] and manifest["segment"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("arguments, message", [({"kinds": ("cqt",)}, "choose from mel, chroma"), ({"kinds": ()}, "choose from"),
                                                ({"segment_seconds": 0}, "above zero")])
def test_settings_that_make_no_sense(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        write_spectrograms(table(["a.wav"]), tmp_path / "out", **arguments)


def test_a_table_without_paths(tmp_path):
    with pytest.raises(ValueError, match="no column 'path'"):
        write_spectrograms(pd.DataFrame({"song": ["a"]}), tmp_path / "out")


def test_the_frame_passed_in_is_not_changed(tmp_path):
    tracks = table([song(tmp_path / "a.wav")])
    before = tracks.copy(deep=True)
    write_spectrograms(tracks, tmp_path / "out", n_jobs=1)
    pd.testing.assert_frame_equal(tracks, before)


def test_a_killed_run_goes_on_and_ends_as_an_undisturbed_one(tmp_path):
    paths = [song(tmp_path / "in" / f"{i}.flac", 30, 44_100, seed=i) for i in range(12)]
    table(paths).to_csv(tmp_path / "t.csv", index=False)
    write_spectrograms(table(paths), tmp_path / "calm", segment_seconds=3, n_jobs=1)
    code = (f"import pandas as pd, audio; audio.write_spectrograms(pd.read_csv('{tmp_path}/t.csv', dtype=str), '{tmp_path}/out', "
            "segment_seconds=3, n_jobs=1)")
    rng = np.random.default_rng(0)
    finished = {}
    for _ in range(4):
        child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
        start = time.time()
        while len(picture_times(tmp_path / "out")) <= len(finished) + 5 and child.poll() is None and time.time() - start < 60:
            time.sleep(.01)
        time.sleep(rng.random() * .1)
        os.killpg(child.pid, signal.SIGKILL) if child.poll() is None else None
        child.wait()
        assert all(image_settings(path) for path in tmp_path.glob("out/mel/*/*.png")), "half a file"
        now = picture_times(tmp_path / "out")
        whole_songs = {path for path in finished if (path.parent / path.name.replace(path.name[-7:-4], "009")) in finished}
        assert all(now[path] == finished[path] for path in whole_songs), "a finished file was made again"
        finished = now
    write_spectrograms(table(paths), tmp_path / "out", segment_seconds=3, n_jobs=1)
    calm, out = ({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.suffix in (".png", ".part")}
                 for folder in (tmp_path / "calm", tmp_path / "out"))
    assert calm == out


def test_gtzans_recipe_on_the_same_clips_gives_its_pictures_row_means(shared):
    """amplitude_to_db of a power spectrogram, each pixel row the nearest of 128 bands, first and last at the edges."""
    bands = np.round(np.arange(216) / 215 * 127).astype(int)
    seen = 0
    for path in sorted((shared / "gtzan" / "audio").glob("*/*.mp3")):
        y, _ = load_audio(path)
        picture = shared / "gtzan" / "images" / path.parent.name / f"{path.stem.replace('.', '')}.png"
        if len(y) < 29.5 * SR or not picture.exists():  # many copies are cut short
            continue
        power = spectrograms(y)["mel"]
        ours = np.maximum(20 * np.log10(np.maximum(power, 1e-5) / power.max()), -80).mean(axis=1)[bands]
        theirs = read_image(picture, crop=(36, 251, 55, 388), colour_map="magma").mean(axis=1)
        assert np.corrcoef(ours, theirs)[0, 1] > .99 and np.abs(ours - theirs).mean() < .5, path.name
        seen += 1
    assert seen >= 10


def test_on_a_dask_cluster_a_killed_worker_costs_nothing(tmp_path):
    distributed = pytest.importorskip("distributed", reason="dask is an extra: pip install 'dask[distributed]'")
    joblib = pytest.importorskip("joblib")
    paths = [song(tmp_path / "in" / f"{i}.flac", 20, 44_100, seed=i) for i in range(40)]
    calm = write_spectrograms(table(paths), tmp_path / "calm", segment_seconds=5, n_jobs=1)
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None, "silence_logs": 50}
    with distributed.LocalCluster(**settings, env={"PYTHONPATH": str(ROOT)}) as cluster, distributed.Client(cluster) as client:
        victim = next(iter(client.run(os.getpid).values()))

        def kill_in_the_middle():
            while not list(tmp_path.glob("out/mel/*/*.png")):
                time.sleep(.01)
            os.kill(victim, signal.SIGKILL)
        killer = threading.Thread(target=kill_in_the_middle)
        killer.start()
        with joblib.parallel_config(backend="dask"):
            manifest = write_spectrograms(table(paths), tmp_path / "out", segment_seconds=5)
        killer.join()
    assert manifest.attrs["skipped"] == [] and len(manifest) == len(calm) == 160
    for ours, theirs in zip(manifest["path"], calm["path"]):
        assert Path(ours).read_bytes() == Path(theirs).read_bytes()
