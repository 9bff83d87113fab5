"""One sound file, decoded once: windows, features, images and image statistics from memory.

Wherever a function takes a song, it takes a path or a `Recording`. A `Recording` that is handed on saves the others
from decoding the file again.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from signals.decoding import SAMPLE_RATE, SHORTEST, AudioError, RunError, is_silent, load_audio, resample, to_mono
from signals.descriptors import LONGEST, describe
from signals.image_statistics import describe_images
from signals.spectrogram_images import DECIBELS, power_to_levels_as
from signals.spectrograms import HOP_LENGTH, N_FFT, spectrograms


class Window(NamedTuple):
    """A part of a recording: its first sample, its start in seconds, and its mono samples [shape=(n,)]."""

    first: int
    start: float
    y: np.ndarray


class Recording:
    """A sound file that is decoded once.

    It is resampled once for each rate, and what was computed for a window is kept. In memory, a minute of stereo at
    44,100 Hz takes 26 MB.

    Parameters
    ----------
    path : str or Path
        A sound file.

    Attributes
    ----------
    path : Path
    samples : np.ndarray [shape=(n, channels)], float32
        As in the file.
    rate : int
        The file's sampling rate in Hz.

    Raises
    ------
    AudioError
        The file cannot be decoded, or holds no sound.

    Examples
    --------
    >>> import tempfile
    >>> import soundfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "a.wav", np.sin(np.arange(44_100)), 22_050)
    ...     recording = Recording(Path(folder) / "a.wav")
    >>> recording.seconds, [window.start for window in recording.windows(1, .5)]
    (2.0, [0.0, 0.5, 1.0])
    """

    def __init__(self, path):
        self.path = Path(path)
        self.samples, self.rate = load_audio(path, sr=None, mono=False)
        if not len(self.samples):
            raise AudioError("empty: no sound in it")
        self._mono, self._windows, self._by_window, self._kept = {}, {}, {}, {}

    @property
    def seconds(self):
        """Duration in seconds."""
        return len(self.samples) / self.rate

    def mono(self, sr=SAMPLE_RATE):
        """Mono samples [shape=(n,)], float32, at a sampling rate in Hz."""
        if sr not in self._mono:
            self._mono[sr] = resample(to_mono(self.samples), self.rate, sr)
        return self._mono[sr]

    def windows(self, seconds, hop_seconds, *, sr=SAMPLE_RATE):
        """Cut the recording into windows that may overlap.

        Parameters
        ----------
        seconds : float
            Length of a window; it is rounded to a whole number of hops. A shorter recording is one window of its own
            length. A last piece shorter than half a hop is dropped, and silent windows are left out.
        hop_seconds : float
            From the start of one window to the start of the next.
        sr : int
            Sampling rate in Hz.

        Returns
        -------
        list of Window

        Raises
        ------
        AudioError
            The recording is silent, clipped, or shorter than a second, or its samples are not finite.
        """
        key = (seconds, hop_seconds, sr)
        if key not in self._windows:
            y = self.mono(sr)
            spans = _spans(len(y), max(1, round(seconds / hop_seconds)), round(hop_seconds * sr))
            if len(spans) == 1 and len(y) < SHORTEST * sr:
                raise AudioError(f"shorter than {SHORTEST:g} s")
            windows = [Window(first, first / sr, y[first:end]) for first, end in spans]
            self._windows[key] = [window for window in windows if not is_silent(window.y)]
        if not self._windows[key]:
            raise AudioError("silent")
        return self._windows[key]

    def features(self):
        """The audio features of the whole recording (its first ten minutes), as `descriptors.describe` names them: a
        dict."""
        y, samples = self.mono()[:LONGEST * SAMPLE_RATE], self.samples[:LONGEST * self.rate]
        if is_silent(y):
            raise AudioError("silent")
        return dict(self.keep("features", lambda: describe(y, loudness_of=(samples, self.rate))))

    def window_features(self, seconds, hop_seconds):
        """Audio features of each window, as `descriptors.describe` names them.

        Returns
        -------
        pd.DataFrame
            One row a window, indexed by its start in seconds.
        """
        windows = self.windows(seconds, hop_seconds)
        rows = {window.start: self._once("features", window, lambda y: describe(y)) for window in windows}
        return pd.DataFrame.from_dict(rows, orient="index")

    def window_images(self, settings, seconds, hop_seconds):
        """Spectrogram images of the windows, made as a model's training images were. No files are written.

        Parameters
        ----------
        settings : dict
            What made the training images, as in a manifest's `settings`; ``chroma=True`` adds chroma images.
        seconds, hop_seconds : float
            As in `windows`.

        Returns
        -------
        pd.DataFrame
            A manifest, as from `audio.write_spectrograms`, indexed by the windows' starts in seconds. `path` (and
            `chroma_path`) hold the images' levels [shape=(bands, frames)], uint8, in place of a path; `settings` are
            those that really made them.

        Raises
        ------
        RunError
            It is not known how the training images were made.
        """
        if "hop_length" not in settings:
            raise RunError(
                "the model was trained on images made elsewhere, and their settings are not known: a sound file cannot "
                "be turned into such an image. Train it on images of audio.write_spectrograms"
            )
        made_with = _settings_used(settings, seconds)
        kinds = ("mel", "chroma") if settings.get("chroma") else ("mel",)
        rows = []
        for window in self.windows(seconds, hop_seconds):
            levels = self._once(
                ("images", json.dumps(made_with), kinds), window, lambda y: _levels(y, kinds, made_with)
            )
            row = {
                "track_id": str(self.path),
                "segment": len(rows),
                "start": window.start,
                "seconds": len(window.y) / SAMPLE_RATE,
                "source": str(self.path),
                "kind": "mel",
                "path": levels["mel"],
                "settings": json.dumps(made_with),
            }
            rows.append(row | ({"chroma_path": levels["chroma"]} if "chroma" in kinds else {}))
        return pd.DataFrame(rows).set_index("start", drop=False).rename_axis(None)

    def window_statistics(self, settings, seconds, hop_seconds):
        """Statistics of the windows' spectrogram images, as `image_statistics.describe_images` names them.

        The parameters are those of `window_images`.

        Returns
        -------
        pd.DataFrame
            One row a window, indexed by its start in seconds.
        """
        images = self.window_images({**settings, "chroma": False}, seconds, hop_seconds)
        key = ("statistics", images["settings"].iloc[0])
        windows = self.windows(seconds, hop_seconds)
        missing = [
            number for number, window in enumerate(windows) if (key, window.first, len(window.y)) not in self._by_window
        ]
        if missing:
            described = describe_images(images.iloc[missing], n_jobs=1)
            for number, (_, row) in zip(missing, described.iterrows()):
                self._by_window[key, windows[number].first, len(windows[number].y)] = row
        rows = [self._by_window[key, window.first, len(window.y)] for window in windows]
        table = pd.DataFrame(rows).set_axis(images.index)
        table.attrs["image_settings"] = json.loads(images["settings"].iloc[0])
        return table

    def keep(self, what, compute):
        """What is computed from the whole recording, computed only once.

        Parameters
        ----------
        what : str
            A name for it.
        compute : callable
            Without arguments; called where nothing is kept under this name.
        """
        if what not in self._kept:
            self._kept[what] = compute()
        return self._kept[what]

    def _once(self, what, window, compute):
        """What is computed from a window's samples, computed only once."""
        key = (what, window.first, len(window.y))
        if key not in self._by_window:
            self._by_window[key] = compute(window.y)
        return self._by_window[key]


def as_recording(song):
    """A `Recording` of a song: the song itself where it is one already, else the sound file at this path, decoded."""
    return song if isinstance(song, Recording) else Recording(song)


def _spans(n, hops, hop):
    """First sample and end of each window of so many hops, for `n` samples."""
    n_hops = -(-n // hop)
    if n_hops < hops:
        return [(0, n)]
    ends = [min(last * hop, n) for last in range(hops, n_hops + 1)]
    spans = [((number * hop), end) for number, end in enumerate(ends)]
    last_hop = n - (n_hops - 1) * hop
    return spans[:-1] if len(spans) > 1 and last_hop < hop / 2 else spans


def _settings_used(settings, seconds):
    """The settings that make a window's image: how its levels are drawn is the model's, the spectrogram is always
    ours."""
    drawn = {name: value for name, value in settings.items() if name not in ("crop", "chroma")}
    ours = {"sr": SAMPLE_RATE, "n_fft": N_FFT, "hop_length": HOP_LENGTH, "segment_seconds": float(seconds)}
    return drawn | ours | ({} if "frames_per_column" in settings else {"decibels": DECIBELS})


def _levels(y, kinds, settings):
    power = spectrograms(y, kinds, n_mels=settings["n_mels"])
    return {kind: power_to_levels_as(values, settings) for kind, values in power.items()}
