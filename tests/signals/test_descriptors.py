"""Audio features: truths about signals, and librosa's own numbers where the definition is librosa's."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_files import write_song
from synthetic_music import cadence, clicks, music
from synthetic_signals import SR, tone

from signals import decoding, descriptors, estimators, key, tempo
from signals.descriptors import describe, describe_file
from signals.spectrograms import power_to_decibels


def test_a_tone_has_its_own_chroma_centroid_and_zero_crossing_rate():
    described = describe(.5 * tone(440, 2))
    chroma = np.array([described[f"chroma_{n:02d}_mean"] for n in range(1, 13)])
    assert chroma.argmax() == 9 and np.sort(chroma)[-2] < .35
    assert described["spectral_centroid_mean"] == pytest.approx(440, rel=.15), "frames at the ends are not full"
    assert described["zero_crossing_rate_mean"] == pytest.approx(2 * 440 / SR, rel=.03)
    assert described["rms_mean"] == pytest.approx(.5 / np.sqrt(2), rel=.03)


def test_features_of_frames_are_librosas():
    import librosa
    y = music()
    spectrum = np.abs(librosa.stft(y))
    mel = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SR))
    ours = describe(y)
    theirs = {"spectral_centroid": librosa.feature.spectral_centroid(S=spectrum, sr=SR),
              "spectral_bandwidth": librosa.feature.spectral_bandwidth(S=spectrum, sr=SR),
              "spectral_rolloff": librosa.feature.spectral_rolloff(S=spectrum, sr=SR),
              "spectral_flatness": librosa.feature.spectral_flatness(S=spectrum),
              "spectral_contrast": librosa.feature.spectral_contrast(S=spectrum, sr=SR),
              "zero_crossing_rate": librosa.feature.zero_crossing_rate(y), "rms": librosa.feature.rms(y=y),
              "mfcc": librosa.feature.mfcc(y=y, sr=SR),
              "mfcc_delta": librosa.feature.delta(librosa.feature.mfcc(y=y, sr=SR)),
              "onset_strength": librosa.onset.onset_strength(S=mel, sr=SR)[None]}
    for name, values in theirs.items():
        for number, row in enumerate(values, start=1):
            key = name if len(values) == 1 else f"{name}_{number:02d}"
            assert ours[f"{key}_mean"] == pytest.approx(row.mean(), rel=2e-3, abs=2e-4), key
            assert ours[f"{key}_var"] == pytest.approx(row.var(), rel=5e-3, abs=2e-4), key


def test_chroma_is_librosas_for_recordings_out_of_tune_too():
    import librosa
    for y in (music(), cadence(3), tone(452, 2)):
        _, features = descriptors.frame_features(y, SR, estimators.estimate_tuning(y))
        np.testing.assert_allclose(features["chroma"], librosa.feature.chroma_stft(y=y, sr=SR).T, atol=1e-4)


def test_the_bandwidth_of_a_pure_tone_is_exact_to_about_a_hertz():
    """The rest is rounding of the transform itself."""
    import librosa
    y = tone(8000, 2)
    ours = descriptors.frame_features(y, SR, 0.0)[1]["spectral_bandwidth"].T
    np.testing.assert_allclose(ours, librosa.feature.spectral_bandwidth(y=y, sr=SR), atol=1.5)


def test_tonnetz_is_librosas_for_the_same_chroma():
    import librosa
    _, features = descriptors.frame_features(music(12), SR, 0.0)
    np.testing.assert_allclose(features["tonnetz"].T, librosa.feature.tonnetz(chroma=features["chroma"].T), atol=1e-5)


def test_signals_of_any_length_have_the_same_columns():
    names = list(describe(music()))
    assert list(describe(music(.4))) == names == list(describe(np.zeros(SR, np.float32)))
    assert sum(name.startswith("mfcc_") for name in names) == 80
    for name in ("chroma_12_var", "spectral_contrast_07_mean", "tonnetz_06_var", "tempogram_01_mean", "loudness_lufs",
                 "key"):
        assert name in names


def test_tempo_key_and_loudness_are_those_of_the_estimators():
    y = cadence(2) + clicks(120, 4)
    described, tuning = describe(y), estimators.estimate_tuning(y)
    mel, _ = descriptors.frame_features(y, SR, tuning)
    expected = tempo.estimate_tempo(tempo.register_onsets(power_to_decibels(mel)), SR)
    expected |= key.estimate_key(key.semitone_strengths(y, SR, tuning))
    expected |= {"loudness_lufs": estimators.loudness(y, SR), "pulse_regularity": estimators.pulse_regularity(y, SR)}
    assert {name: described[name] for name in expected} == pytest.approx(expected, nan_ok=True)


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 5000), kind=st.sampled_from(["zero", "constant", "noise", "click"]))
def test_short_silent_and_constant_signals_have_features_without_a_warning(n, kind):
    y = {"zero": np.zeros(n), "constant": np.ones(n), "noise": np.random.default_rng(n).standard_normal(n),
         "click": np.eye(1, n)[0]}[kind].astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        described = describe(y)
    assert all(isinstance(value, float) for value in described.values())
    assert not np.isinf(list(described.values())).any()


def test_no_samples_and_low_rates_are_refused():
    for y, sr in ((np.empty(0), SR), (music(), 8_000)):
        with pytest.raises(ValueError, match="there must be samples"):
            describe(y, sr)


def test_the_features_are_deterministic_and_the_samples_are_not_changed():
    y = music()
    before = y.copy()
    assert describe(y) == describe(y)
    np.testing.assert_array_equal(y, before)


def test_a_file_is_described_whole_or_in_segments(tmp_path):
    path = write_song(tmp_path / "a.wav", 5, 44_100, channels=2)
    whole, = describe_file(path)
    assert (whole["segment"], whole["start"], whole["seconds"]) == (0, 0, 5)
    segments = describe_file(path, 2)
    assert [(row["segment"], row["start"], row["seconds"]) for row in segments] == [(0, 0, 2), (1, 2, 2), (2, 4, 1)]
    samples, rate = decoding.load_audio(path, sr=None, mono=False)
    assert whole["loudness_lufs"] == pytest.approx(estimators.loudness(samples, rate)), "of the channels, not of mono"
    with pytest.raises(decoding.AudioError, match="shorter than 9 s"):
        describe_file(path, shortest=9)


def test_features_agree_with_the_published_table_of_gtzan(shared):
    """Only clips that the mp3 copies hold in full are compared. The higher MFCCs are left out: mp3 removes the highest
    frequencies, which changes them."""
    table = pd.read_csv(shared / "gtzan" / "features_30_sec.csv").set_index("filename")
    ours = {}
    for path in sorted((shared / "gtzan" / "audio").glob("*/*.mp3")):
        y, _ = decoding.load_audio(path)
        if len(y) > 29.5 * SR and f"{path.stem}.wav" in table.index:
            ours[f"{path.stem}.wav"] = describe(y)
    ours = pd.DataFrame(ours).T.astype(float)
    theirs = table.loc[ours.index]
    ours["chroma_stft_mean"] = ours[[f"chroma_{n:02d}_mean" for n in range(1, 13)]].mean(axis=1)
    names = {"chroma_stft": "chroma_stft", "rms": "rms", "spectral_centroid": "spectral_centroid", "mfcc_01": "mfcc1",
             "spectral_bandwidth": "spectral_bandwidth", "spectral_rolloff": "rolloff", "mfcc_02": "mfcc2",
             "zero_crossing_rate": "zero_crossing_rate"}
    assert len(ours) >= 10
    for own, their in names.items():
        assert np.corrcoef(ours[f"{own}_mean"], theirs[f"{their}_mean"])[0, 1] > .98, own


def test_synthetic_songs_have_the_tempo_and_key_of_their_ground_truth():
    """Four songs of each genre."""
    from synth import sample_table, songs
    right = []
    for genre in sample_table.GENRES:
        for seed in (1, 2, 3, 4):
            song = songs.render(genre, seconds=15, seed=seed)
            described = describe(song.y)
            same_tempo = min(abs(described["tempo"] / song.tempo / ratio - 1) for ratio in (.5, 1, 2)) < .03
            right.append((same_tempo, (described["key"], described["mode"]) == (song.key, song.mode)))
    tempo, key = np.mean(right, axis=0)
    assert tempo > .9 and key > .65, (tempo, key)
