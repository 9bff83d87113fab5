"""Windows of a recording: where they lie, what they hold, and pictures made as a model's own were."""

import json

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_signals import SR, tone

from audio import write_spectrograms
from prediction.windows import described_windows, window_images, windows
from signals.decoding import AudioError
from signals.spectrogram_images import GTZAN, read_image


def write(folder, y, name="a.wav"):
    soundfile.write(folder / name, y, SR)
    return folder / name


@settings(max_examples=25, deadline=None)
@given(seconds=st.floats(1.1, 9), length=st.floats(.8, 4), hops=st.integers(1, 4))
def test_windows_tell_where_they_lie(tmp_path_factory, seconds, length, hops):
    ramp = np.linspace(.1, .9, round(seconds * SR)).astype(np.float32)  # every sample says when it sounds
    path = write(tmp_path_factory.mktemp("ramp"), ramp)
    found = list(windows(path, length, length / hops))
    assert len(found) >= 1 and found[0][0] == 0
    for start, y in found:
        first = round(start * SR)
        assert np.abs(y - ramp[first:first + len(y)]).max() < 1e-3
        assert len(y) <= (length + length / hops / 2) * SR + hops
    end = found[-1][0] + len(found[-1][1]) / SR
    assert seconds - end <= length / hops / 2 + .001


def test_a_short_song_is_one_window_and_bad_ones_say_why(tmp_path):
    assert [len(y) for _, y in windows(write(tmp_path, tone(440, 2)), 10, 5)] == [2 * SR]
    with pytest.raises(AudioError, match="silent"):
        list(windows(write(tmp_path, np.zeros(3 * SR), "b.wav"), 2, 1))
    with pytest.raises(AudioError, match="shorter"):
        list(windows(write(tmp_path, tone(440, .5), "c.wav"), 2, 1))
    (tmp_path / "d.mp3").write_text("no music")
    with pytest.raises(AudioError, match="not audio"):
        list(windows(tmp_path / "d.mp3", 2, 1))


def test_silence_in_between_is_left_out(tmp_path):
    y = np.concatenate([tone(440, 2), np.zeros(2 * SR), tone(440, 2)])
    assert [start for start, _ in windows(write(tmp_path, y), 2, 2)] == [0, 4]


def test_a_window_looks_as_its_training_picture_did(tmp_path, song):
    path = write(tmp_path, song[0])
    made = write_spectrograms(pd.DataFrame({"path": [str(path)]}), tmp_path / "made", segment_seconds=6, n_jobs=1)
    settings = json.loads(made["settings"].iloc[0])
    rows = window_images(path, tmp_path / "again", settings, seconds=6, hop_seconds=6)
    assert rows["start"].tolist() == made["start"].tolist() == [0, 6]
    for one, two in zip(rows["path"], made["path"]):
        assert (read_image(one) == read_image(two)).all()


def test_pictures_of_nobody_knows_what_are_refused(tmp_path, song):
    with pytest.raises(ValueError, match="nobody noted how"):
        window_images(write(tmp_path, song[0]), tmp_path, {"crop": [0, 1, 2, 3]}, seconds=6, hop_seconds=6)


def test_pictures_made_from_clips_are_those_of_gtzan(shared, tmp_path):
    likeness = []
    for clip in sorted((shared / "gtzan/audio").glob("*/*0000.mp3"))[:6]:
        genre, number = clip.stem.split(".")
        theirs = read_image(shared / f"gtzan/images/{genre}/{genre}{number}.png", crop=[36, 251, 55, 388], colour_map="magma")
        ours = read_image(window_images(clip, tmp_path / clip.stem, GTZAN, seconds=30, hop_seconds=30)["path"].iloc[0])
        n = min(ours.shape[1], theirs.shape[1])
        likeness.append(np.corrcoef(ours[:, :n].ravel(), theirs[:, :n].ravel())[0, 1])
    assert np.median(likeness) > .93, "the clips are mp3 of what the pictures were made from"


def test_described_windows_are_named_as_features_are(tmp_path, song):
    table = described_windows(write(tmp_path, song[0]), seconds=6, hop_seconds=6)
    assert table.index.tolist() == [0, 6] and {"tempo", "mfcc_01_mean", "beat_low_04", "chord_minor_mean"} <= set(table)
    assert table["tempo"].round().isin([120, 60, 240]).all()
