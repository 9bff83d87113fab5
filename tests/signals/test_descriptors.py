"""Truths about signals, and librosa's own numbers where the definition is librosa's."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals import decoding, descriptors, spectrograms
from signals.descriptors import describe, estimate_key, loudness

SR = decoding.SAMPLE_RATE


def sine(hertz, seconds=2.0, sr=SR, level=1.0):
    return (level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * sr)) / sr)).astype(np.float32)


def clicks(bpm, seconds=20.0):
    y = np.zeros(int(seconds * SR), np.float32)
    burst = np.random.default_rng(0).standard_normal(400).astype(np.float32) * np.exp(-np.arange(400) / 80)
    for start in np.arange(0, seconds - .1, 60 / bpm):
        y[int(start * SR):int(start * SR) + 400] += burst
    return .5 * y


def cadence(tonic, minor=False):
    """I IV V I in a key, from partials."""
    triad, out = ((0, 3, 7) if minor else (0, 4, 7)), []
    for root, notes in ((0, triad), (5, triad), (7, (0, 4, 7)), (0, triad)):
        hertz = [110 * 2 ** ((tonic + 3 + root + note) / 12) for note in notes]
        out.append(sum(sine(h * partial, 1, level=.1 / partial) for h in hertz for partial in (1, 2, 3)))
    return np.concatenate(out).astype(np.float32)


def music(seconds=6.0):
    rng = np.random.default_rng(1)
    return (.3 * sine(220, seconds) + .2 * sine(554, seconds) + .1 * clicks(120, seconds)
            + .02 * rng.standard_normal(int(seconds * SR))).astype(np.float32)


def test_a_sine_lights_its_chroma_and_centroid():
    described = describe(sine(440, level=.5))
    chroma = np.array([described[f"chroma_{n:02d}_mean"] for n in range(1, 13)])
    assert chroma.argmax() == 9 and np.sort(chroma)[-2] < .35
    assert described["spectral_centroid_mean"] == pytest.approx(440, rel=.15), "the frames at the ends are cut"
    assert described["zero_crossing_rate_mean"] == pytest.approx(2 * 440 / SR, rel=.03)
    assert described["rms_mean"] == pytest.approx(.5 / np.sqrt(2), rel=.03)


@pytest.mark.parametrize("sr", [48_000, 44_100, SR])
def test_a_full_scale_sine_reads_minus_three_lufs(sr):
    assert loudness(sine(997, 5, sr), sr) == pytest.approx(-3.01, abs=.1)
    assert loudness(np.column_stack([sine(997, 5, sr)] * 2), sr) == pytest.approx(0, abs=.1), "the channels add up"


def test_loudness_where_there_is_none():
    assert np.isnan(loudness(sine(997, .3), SR)) and np.isnan(loudness(np.zeros(SR), SR))
    assert np.isfinite(loudness(np.column_stack([sine(997, 1)] * 6), SR))


@pytest.mark.parametrize("bpm", [70, 90, 120, 128, 150, 174])
def test_the_tempo_of_clicks(bpm):
    described = describe(clicks(bpm))
    heard = described["tempo"]
    assert min(abs(heard / bpm - ratio) / ratio for ratio in (.5, 1, 2)) < .01
    if 80 < bpm < 160:
        assert heard == pytest.approx(bpm, rel=.01)
    assert min(abs(described["tempo_rival"] / heard / ratio - 1) for ratio in (.5, 2)) < .1


@settings(max_examples=40, deadline=None)
@given(seconds=st.floats(1, 12), fade=st.floats(.2, 20), at=st.floats(0, .9), seed=st.integers(0, 99))
def test_a_tempo_is_one_that_can_be_tapped_or_none(seconds, fade, at, seed):
    """One note that dies away has a slope where a beat would return, and no beat."""
    y = np.zeros(int(seconds * SR), np.float32)
    start = int(at * len(y))
    t = np.arange(len(y) - start) / SR
    y[start:] = .5 * np.sin(2 * np.pi * (200 + seed) * t) * np.exp(-fade * t)
    mel = spectrograms.spectrograms(y)["mel"].T
    heard = descriptors.estimate_tempo(descriptors.onset_strength(descriptors._decibels(mel)))
    for tempo in (heard["tempo"], heard["tempo_rival"]):
        assert np.isnan(tempo) or 20 < tempo < 400


@pytest.mark.parametrize("bpm", [100, 126])
def test_a_dotted_rhythm_does_not_hide_the_beat(bpm):
    """Every third sixteenth, begun anew each bar, as chords in dance music."""
    step, y = 15 / bpm, clicks(bpm)
    for bar in np.arange(0, 19 - 16 * step, 16 * step):
        for at in (0, 3, 6, 9, 12):
            start = int((bar + at * step) * SR)
            y[start:start + 4000] += .5 * sine(440, 4000 / SR) * np.exp(-np.arange(4000) / 1500).astype(np.float32)
    assert describe(y)["tempo"] == pytest.approx(bpm, rel=.01)


@pytest.mark.parametrize("minor", [False, True])
def test_the_key_of_a_cadence(minor):
    heard = [(described["key"], described["mode"]) for described in (describe(cadence(tonic, minor)) for tonic in range(12))]
    assert heard == [(float(tonic), float(not minor)) for tonic in range(12)]


def test_librosas_definitions_are_kept():
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
              "mfcc": librosa.feature.mfcc(y=y, sr=SR), "mfcc_delta": librosa.feature.delta(librosa.feature.mfcc(y=y, sr=SR)),
              "onset_strength": librosa.onset.onset_strength(S=mel, sr=SR)[None]}
    for name, values in theirs.items():
        for number, row in enumerate(values, start=1):
            key = name if len(values) == 1 else f"{name}_{number:02d}"
            assert ours[f"{key}_mean"] == pytest.approx(row.mean(), rel=2e-3, abs=2e-4), key
            assert ours[f"{key}_var"] == pytest.approx(row.var(), rel=5e-3, abs=2e-4), key


def test_chroma_and_tuning_are_librosas():
    """Of recordings out of tune as well."""
    import librosa
    for y in (music(), cadence(3), sine(452)):
        tuning = descriptors._tuning(y, SR)
        assert tuning == pytest.approx(librosa.estimate_tuning(S=np.abs(librosa.stft(y)) ** 2, sr=SR), abs=1e-6)
        ours, theirs = descriptors._frames(y, SR, tuning)[1]["chroma"], librosa.feature.chroma_stft(y=y, sr=SR)
        np.testing.assert_allclose(ours, theirs.T, atol=1e-4)


def test_the_bandwidth_of_a_pure_tone():
    """To a hertz or so: what is left is the rounding of the transform itself."""
    import librosa
    y = sine(8000)
    ours = descriptors._frames(y, SR, 0.0)[1]["spectral_bandwidth"].T
    np.testing.assert_allclose(ours, librosa.feature.spectral_bandwidth(y=y, sr=SR), atol=1.5)


def test_routes_of_our_own_mean_the_same():
    """Tonnetz of the chroma there is, tempogram of every fourth frame."""
    import librosa
    y = music(12)
    mel, frames = descriptors._frames(y, SR, 0.0)
    np.testing.assert_allclose(frames["tonnetz"].T, librosa.feature.tonnetz(chroma=frames["chroma"].T), atol=1e-5)
    onset = descriptors.onset_strength(descriptors._decibels(mel))
    whole = librosa.feature.tempogram(onset_envelope=onset, sr=SR)
    np.testing.assert_allclose(descriptors.local_autocorrelation(onset).T, whole[:, ::4], atol=1e-5)


def test_the_same_columns_by_rule_for_any_length():
    names = list(describe(music()))
    assert list(describe(music(.4))) == names == list(describe(np.zeros(SR, np.float32)))
    assert sum(name.startswith("mfcc_") for name in names) == 80
    for name in ("chroma_12_var", "spectral_contrast_07_mean", "tonnetz_06_var", "tempogram_01_mean", "loudness_lufs", "key"):
        assert name in names


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 5000), kind=st.sampled_from(["zero", "constant", "noise", "click"]))
def test_nothing_short_silent_or_constant_breaks_it(n, kind):
    y = {"zero": np.zeros(n), "constant": np.ones(n), "noise": np.random.default_rng(n).standard_normal(n),
         "click": np.eye(1, n)[0]}[kind].astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        described = describe(y)
    assert all(isinstance(value, float) for value in described.values())
    assert not np.isinf(list(described.values())).any()


def test_nothing_to_describe():
    for y, sr in ((np.empty(0), SR), (music(), 8_000)):
        with pytest.raises(ValueError, match="there must be samples"):
            describe(y, sr)


def test_deterministic_and_without_a_trace():
    y = music()
    before = y.copy()
    assert describe(y) == describe(y)
    np.testing.assert_array_equal(y, before)


def test_a_flat_profile_has_no_key():
    assert np.isnan(estimate_key(np.ones((5, 12)))["key"])


def test_proxies_go_where_their_names_say():
    quiet, loud = describe(.01 * music()), describe(music())
    assert quiet["energy_proxy"] < loud["energy_proxy"]
    rng = np.random.default_rng(0)
    dull, bright = describe(.3 * sine(200, 6)), describe(.3 * rng.standard_normal(6 * SR).astype(np.float32))
    assert dull["acousticness_proxy"] > bright["acousticness_proxy"]
    drifting = describe((np.cumsum(rng.standard_normal(12 * SR)) / 400 * sine(300, 12) / 5).astype(np.float32))
    assert describe(clicks(120, 12))["danceability_proxy"] > drifting["danceability_proxy"]


def test_gtzans_table(shared):
    """The classic features of the whole clips among the shared mp3 copies agree with the widely used table.

    Not the higher MFCCs: what mp3 leaves out at the top of the spectrum moves them.
    """
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


def test_rendered_songs_have_their_tempo_and_key():
    """Songs whose answers are known, two of each genre."""
    from synth import sample_table, songs
    right = []
    for genre in sample_table.GENRES:
        for seed in (1, 2):
            song = songs.render(genre, seconds=15, seed=seed)
            heard = describe(song.y)
            right.append((min(abs(heard["tempo"] / song.tempo / ratio - 1) for ratio in (.5, 1, 2)) < .03,
                          (heard["key"], heard["mode"]) == (song.key, song.mode)))
    tempo, key = np.mean(right, axis=0)
    assert tempo > .9 and key > .65, (tempo, key)
