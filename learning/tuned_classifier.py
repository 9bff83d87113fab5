"""musicnn under a new last layer, all of it tuned on songs of one's own."""

import numpy as np
import pandas as pd

from learning import pretrained
from learning.calibration import set_parameters
from learning.embedding_classifiers import EmbeddingInput
from learning.network_classifier import NetworkClassifier
from learning.table_classifiers import fit_last_layer
from signals.decoding import load_audio

PATCHES_AT_ONCE = 16


class TunedModel(EmbeddingInput, NetworkClassifier):
    """The network `MSD_musicnn` under a new last layer, for genres of your own; all weights are tuned.

    `X` is rows of `features.extract_embeddings`, whose sound files are read again; `y` is one genre a row, a multi-hot
    matrix, or shares. Training begins with a last layer that is fitted to the network as it is. It takes about a
    tenth of a second for each patch of three seconds on two cores.

    Parameters
    ----------
    epochs : int
        In each, two random patches of each row are learned.
    dropout, label_smoothing, batch_size, learning_rate, weight_decay, patience, balanced, seed, verbose
        As for `PictureClassifier`.
    """

    name = "transfer"
    _examples_per_row = 2

    def __init__(self, epochs=8, *, dropout=.5, label_smoothing=.05, batch_size=16, learning_rate=1e-4,
                 weight_decay=1e-3, patience=None, balanced=True, seed=0, verbose=True):
        set_parameters(self, locals())

    def _window_inputs(self, recording, seconds, hop_seconds):
        windows = recording.windows(seconds, hop_seconds, sr=pretrained.SAMPLE_RATE)
        frames = [pretrained.log_mel(window.y) for window in windows]
        return pd.DataFrame({"frames": pd.Series(frames, [window.start for window in windows], dtype=object)})

    def patch_starts(self, recording, start):
        """The starts in seconds of the patches that the network hears in the window that begins at `start`."""
        seconds = min(self.window_seconds, recording.seconds - start)
        return start + pretrained.PATCH_SECONDS * np.arange(max(1, int(seconds / pretrained.PATCH_SECONDS + 1e-6)))

    def inputs_of_patches(self, windows):
        """Rows that `predict_proba` takes, from windows of patches of `pretrained.log_mel` [shape=(patches, 187,
        96)]."""
        return pd.DataFrame({"frames": pd.Series([np.concatenate(window) for window in windows], dtype=object)})

    def _examples(self, X, fitting=False):
        """The spectrogram of each row, at least one patch long."""
        if "frames" not in X and "path" not in X:
            raise ValueError("the rows have no column 'path', which names the sound files: make them with "
                             "features.extract_embeddings")
        frames = X["frames"] if "frames" in X else [_frames_of(row) for _, row in X.iterrows()]
        n = pretrained.PATCH_FRAMES
        return [np.tile(one, (-(-n // len(one)), 1)).astype(np.float16) if len(one) < n else one.astype(np.float16)
                for one in frames]

    def _build(self, n_genres):
        network = pretrained.build_musicnn()
        network.set_weights(pretrained.load_network("MSD_musicnn").get_weights())
        return self._under_new_layer(network, n_genres)

    def build_network(self):
        """The network before training, without musicnn's weights."""
        return self._under_new_layer(pretrained.build_musicnn(), len(self.classes_))

    def _under_new_layer(self, network, n_genres):
        from learning import architectures
        return architectures.build_tuned_musicnn(n_genres, self.get_params(), network)

    def _before_training(self, X, examples, targets):
        fit_last_layer(self, examples, targets, np.arange(len(examples)))

    def _batch(self, examples, targets, weights, rows, rng):
        starts = [rng.integers(0, len(examples[row]) - pretrained.PATCH_FRAMES + 1) for row in rows]
        return _patches(examples, rows, starts), targets[rows], weights[rows]

    def _validation_batch(self, examples, targets, rows):
        """The middle of each row."""
        starts = [(len(examples[row]) - pretrained.PATCH_FRAMES) // 2 for row in rows]
        return _patches(examples, rows, starts), targets[rows], np.ones(len(rows), np.float32)

    def _logits(self, examples, network=None):
        """The network's output for every patch, and the row that each patch is from."""
        network = network or self.network_
        n = pretrained.PATCH_FRAMES
        places = [(row, start) for row, frames in enumerate(examples) for start in range(0, len(frames) - n + 1, n)]
        outputs = []
        for first in range(0, len(places), PATCHES_AT_ONCE):
            batch = places[first:first + PATCHES_AT_ONCE]
            filled = batch + batch[:1] * (PATCHES_AT_ONCE - len(batch))  # batches of one size are compiled once
            outputs.append(np.asarray(network.predict_on_batch(_patches(examples, *zip(*filled))))[:len(batch)])
        return np.concatenate(outputs).astype(float), np.array([row for row, _ in places])

    def _distribution_features(self, rows):
        return pd.DataFrame(self.embed(rows)).rename(columns=str)


def _frames_of(row):
    """The spectrogram of a row's sound file, or of its segment."""
    y, _ = load_audio(row["path"], sr=pretrained.SAMPLE_RATE, offset=row.get("start", 0.0),
                      seconds=row.get("seconds"))
    return pretrained.log_mel(y)


def _patches(examples, rows, starts):
    n = pretrained.PATCH_FRAMES
    return np.stack([examples[row][start:start + n] for row, start in zip(rows, starts)]).astype(np.float32)
