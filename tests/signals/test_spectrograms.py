"""Power spectrograms and decibels: librosa's numbers, tones in their bands."""

import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sound_files import noise
from synthetic_signals import SR, tone

from signals.spectrograms import (
    DECIBELS,
    HOP_LENGTH,
    N_FFT,
    chroma_filters,
    power_blocks,
    power_of_whole_frames,
    power_to_decibels,
    spectrograms,
)

POWERS = arrays(np.float64, (3, 4), elements=st.floats(0, 1e6))


def test_mel_and_chroma_are_librosas():
    import librosa
    for seconds in (.05, 3):
        y = noise(seconds)
        ours = spectrograms(y, ("mel", "chroma"))
        np.testing.assert_allclose(ours["mel"], librosa.feature.melspectrogram(y=y, sr=SR), rtol=1e-3, atol=1e-6)
        chroma = librosa.feature.chroma_stft(y=y, sr=SR, tuning=0, norm=None)
        np.testing.assert_allclose(ours["chroma"], chroma, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("frames", [1, 2, 31, 32, 33, 128, 129, 161, 300])
def test_power_is_librosas_for_any_number_of_frames(frames):
    import librosa
    y = noise((frames - 1) * HOP_LENGTH / SR + .01)
    power = np.concatenate([block.copy() for _, block in power_blocks(y)])
    assert power.shape == (frames, 1 + N_FFT // 2)
    np.testing.assert_allclose(power.T, np.abs(librosa.stft(y)) ** 2, rtol=1e-4, atol=1e-5)


def test_padded_samples_give_the_same_power_as_the_signal():
    y = noise(1)
    ours = np.concatenate([power.copy() for _, power in power_blocks(y)])
    padded = np.concatenate([power.copy() for _, power in power_of_whole_frames(np.pad(y, N_FFT // 2))])
    np.testing.assert_array_equal(padded, ours)


def test_the_chroma_bank_is_librosas():
    y = noise(1)
    power = np.concatenate([block.copy() for _, block in power_blocks(y)])
    np.testing.assert_allclose((power @ chroma_filters(SR, 0.0)).T, spectrograms(y, ("chroma",))["chroma"], rtol=1e-3)


def test_one_song_uses_one_core():
    code = ("import time, numpy as np\n"
            "from signals.spectrograms import spectrograms\n"
            "y = np.zeros(600 * 22_050, np.float32)\n"
            "spectrograms(y)\n"
            "here, everywhere = time.thread_time(), time.process_time()\n"
            "spectrograms(y)\n"
            "print((time.process_time() - everywhere) / (time.thread_time() - here))")
    one_thread = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | one_thread, capture_output=True,
                         text=True, check=True)
    assert float(ran.stdout) < 1.1, "matrix products are limited to one thread above: the Fourier transform takes more"


@pytest.mark.parametrize("hertz", [110, 440, 1000, 5000])
def test_a_tone_is_strongest_in_its_mel_band(hertz):
    import librosa
    centres = librosa.mel_frequencies(130, fmin=0, fmax=SR / 2)[1:-1]
    assert spectrograms(.5 * tone(hertz, 2))["mel"].mean(axis=1).argmax() == np.abs(centres - hertz).argmin()


@pytest.mark.parametrize("hertz, pitch_class", [(440, 9), (261.63, 0), (622.25, 3)])
def test_a_tone_is_strongest_in_its_pitch_class(hertz, pitch_class):
    assert spectrograms(.5 * tone(hertz, 2), ("chroma",))["chroma"].mean(axis=1).argmax() == pitch_class


def test_decibels_without_a_reference_are_librosas():
    import librosa
    power = spectrograms(noise(1))["mel"]
    np.testing.assert_allclose(power_to_decibels(power), librosa.power_to_db(power, top_db=DECIBELS), atol=1e-4)


@given(POWERS, st.floats(1e-3, 1e6))
def test_decibels_span_80_db_at_most(power, reference):
    free = power_to_decibels(power)
    assert free.max() - free.min() <= DECIBELS + 1e-9
    fixed = power_to_decibels(power, reference)
    assert fixed.min() >= -DECIBELS
    loud = power >= reference * 10 ** (-DECIBELS / 10) * 1.001
    np.testing.assert_allclose(fixed[loud], 10 * np.log10(power[loud] / reference), atol=1e-6)


def test_decibels_of_silence_are_finite():
    assert np.isfinite(power_to_decibels(np.zeros((2, 3)))).all()
    assert (power_to_decibels(np.zeros((2, 3)), reference=0.0) == -DECIBELS).all()
