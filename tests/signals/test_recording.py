"""A recording is decoded once; its windows, features and images are those of the file."""

import json

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_signals import SR, tone

import librosa_visuals
from audio import write_spectrograms
from signals import recording as recording_module
from signals.decoding import AudioError
from signals.descriptors import describe_file
from signals.excerpts import extract_excerpt
from signals.image_statistics import describe_images
from signals.recording import Recording, as_recording
from signals.spectrogram_images import GTZAN, read_image


def write(folder, y, name="a.wav", sr=SR):
    soundfile.write(folder / name, y, sr)
    return folder / name


@settings(max_examples=25, deadline=None)
@given(seconds=st.floats(1.1, 9), length=st.floats(.8, 4), hops=st.integers(1, 4))
def test_windows_start_where_they_say_and_cover_the_recording(tmp_path_factory, seconds, length, hops):
    ramp = np.linspace(.1, .9, round(seconds * SR)).astype(np.float32)  # the value of a sample tells its time
    recording = Recording(write(tmp_path_factory.mktemp("ramp"), ramp))
    windows = recording.windows(length, length / hops)
    assert len(windows) >= 1 and windows[0].start == 0
    for window in windows:
        first = round(window.start * SR)
        assert first == window.first
        assert np.abs(window.y - ramp[first:first + len(window.y)]).max() < 1e-3
        assert len(window.y) <= (length + length / hops / 2) * SR + hops
    end = windows[-1].start + len(windows[-1].y) / SR
    assert seconds - end <= length / hops / 2 + .001


def test_a_short_song_is_one_window_and_bad_ones_say_why(tmp_path):
    assert [len(window.y) for window in Recording(write(tmp_path, tone(440, 2))).windows(10, 5)] == [2 * SR]
    with pytest.raises(AudioError, match="silent"):
        Recording(write(tmp_path, np.zeros(3 * SR), "b.wav")).windows(2, 1)
    with pytest.raises(AudioError, match="shorter"):
        Recording(write(tmp_path, tone(440, .5), "c.wav")).windows(2, 1)
    (tmp_path / "d.mp3").write_text("no music")
    with pytest.raises(AudioError, match="not audio"):
        Recording(tmp_path / "d.mp3")
    with pytest.raises(AudioError, match="vanished"):
        Recording(tmp_path / "e.mp3")


def test_silent_windows_are_left_out(tmp_path):
    y = np.concatenate([tone(440, 2), np.zeros(2 * SR), tone(440, 2)])
    assert [window.start for window in Recording(write(tmp_path, y)).windows(2, 2)] == [0, 4]


def test_channels_are_averaged_and_each_rate_is_resampled_once(tmp_path):
    left, right = tone(440, 3, 44_100), tone(880, 3, 44_100)
    recording = Recording(write(tmp_path, np.column_stack([left, right]), sr=44_100))
    assert recording.samples.shape == (3 * 44_100, 2) and recording.seconds == 3
    assert len(recording.mono()) == 3 * SR and len(recording.mono(16_000)) == 48_000
    assert recording.mono() is recording.mono()
    np.testing.assert_allclose(recording.mono(44_100), (left + right) / 2, atol=1e-4)


def test_a_song_is_decoded_once_whatever_is_asked_of_it(tmp_path, song, monkeypatch):
    path, decoded, load_audio = write(tmp_path, song[0]), [], recording_module.load_audio
    monkeypatch.setattr(recording_module, "load_audio", lambda *a, **k: decoded.append(a) or load_audio(*a, **k))
    recording = as_recording(path)
    for _ in range(2):
        recording.window_features(6, 6)
        recording.window_statistics({"hop_length": 512, "n_mels": 128}, 6, 3)
        recording.features()
        recording.mono(2000)
    assert as_recording(recording) is recording and len(decoded) == 1


def test_features_of_the_whole_recording_are_those_of_the_file(tmp_path, song):
    path = write(tmp_path, song[0])
    (row,) = describe_file(path)
    features = Recording(path).features()
    assert {name: row[name] for name in features} == pytest.approx(features, nan_ok=True)


def test_window_features_are_named_as_those_of_a_file(tmp_path, song):
    table = Recording(write(tmp_path, song[0])).window_features(6, 6)
    assert table.index.tolist() == [0, 6] and {"tempo", "mfcc_01_mean", "beat_low_04", "chord_minor_mean"} <= set(table)
    assert table["tempo"].round().isin([120, 60, 240]).all()


# ---- images

def test_the_image_of_a_window_is_that_of_a_segment(tmp_path, song):
    path = write(tmp_path, song[0])
    tracks = pd.DataFrame({"path": [str(path)]})
    manifest = write_spectrograms(tracks, tmp_path / "made", segment_seconds=6, kinds=("mel", "chroma"), n_jobs=1)
    made_with = json.loads(manifest["settings"].iloc[0])
    rows = Recording(path).window_images(made_with | {"chroma": True}, 6, 6)
    mel, chroma = (manifest[manifest["kind"] == kind] for kind in ("mel", "chroma"))
    assert rows["start"].tolist() == mel["start"].tolist() == [0, 6]
    for column, written in (("path", mel), ("chroma_path", chroma)):
        for levels, file in zip(rows[column], written["path"]):
            np.testing.assert_allclose(levels / 255 * 80 - 80, read_image(file), atol=1e-4)
    assert json.loads(rows["settings"].iloc[0]) == made_with
    assert sorted(tmp_path.glob("*.png")) == [], "no files are written"


def test_images_carry_the_settings_that_made_them_and_not_those_asked_for(tmp_path, song):
    wanted = {
        "sr": 44_100,
        "n_fft": 4096,
        "hop_length": 256,
        "n_mels": 64,
        "segment_seconds": 60.0,
        "decibels": 60,
        "crop": [1],
    }
    rows = Recording(write(tmp_path, song[0])).window_images(wanted, 6, 6)
    assert json.loads(rows["settings"].iloc[0]) == {"sr": SR, "n_fft": 2048, "hop_length": 512, "n_mels": 64,
                                                    "segment_seconds": 6.0, "decibels": 80}
    assert rows["path"].iloc[0].shape == (64, 1 + 6 * SR // 512)


def test_images_whose_settings_are_not_known_cannot_be_made(tmp_path, song):
    with pytest.raises(ValueError, match="settings are not known"):
        Recording(write(tmp_path, song[0])).window_images({"crop": [0, 1, 2, 3]}, 6, 6)


def test_statistics_of_windows_are_those_of_their_images(tmp_path, song):
    recording, made_with = Recording(write(tmp_path, song[0])), {"hop_length": 512, "n_mels": 128}
    statistics = recording.window_statistics(made_with, 6, 3)
    images = recording.window_images(made_with, 6, 3)
    pd.testing.assert_frame_equal(statistics, describe_images(images, n_jobs=1), check_names=False)
    assert statistics.attrs["image_settings"] == json.loads(images["settings"].iloc[0])
    assert statistics.index.tolist() == [0, 3, 6]


def test_images_of_clips_are_those_of_gtzan(shared):
    correlations = []
    for clip in sorted((shared / "gtzan/audio").glob("*/*0000.mp3"))[:6]:
        genre, number = clip.stem.split(".")
        theirs = read_image(
            shared / f"gtzan/images/{genre}/{genre}{number}.png", crop=[36, 251, 55, 388], colour_map="magma"
        )
        ours = Recording(clip).window_images(GTZAN, 30, 30)["path"].iloc[0]
        n = min(ours.shape[1], theirs.shape[1])
        correlations.append(np.corrcoef(ours[:, :n].ravel(), theirs[:, :n].ravel())[0, 1])
    assert np.median(correlations) > .93, "the clips are mp3 copies of what the images were made from"


@pytest.mark.parametrize("plot", ["plot_waveform", "plot_tempogram", "visualize_Chromagram_y_Spectrogram"])
def test_a_recording_is_plotted_as_its_file_is(tmp_path, song, plot):
    path = write(tmp_path, song[0], "a_song.wav")
    axes = [np.ravel(getattr(librosa_visuals, plot)(given))[0] for given in (path, Recording(path))]
    assert axes[0].get_title() == axes[1].get_title() == "a song"
    assert axes[0].get_xlim() == axes[1].get_xlim() and axes[0].get_ylim() == axes[1].get_ylim()


def test_an_excerpt_of_a_recording_is_that_of_its_file(tmp_path, song):
    path = write(tmp_path, song[0])
    first, second = (extract_excerpt(given, "loop", bars=2) for given in (path, Recording(path)))
    np.testing.assert_array_equal(first.samples, second.samples)
