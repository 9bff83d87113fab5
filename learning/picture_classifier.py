"""Networks on spectrogram images as scikit-learn classifiers."""

import functools
import json
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from learning.augmentation import augment, mixup, stretch_columns
from learning.calibration import set_parameters
from learning.network_classifier import NetworkClassifier
from learning.persistence import read_model, read_network
from learning.table_classifiers import WINDOW_SECONDS, fit_last_layer
from signals.image_statistics import describe_images
from signals.image_store import ChunkStore, seconds_per_column, settings_of

CHUNKS_AT_ONCE = 64
"""Chunks in a batch of predictions."""
FEWEST_IN_PARALLEL = 200
"""Fewer images are described sooner than other processes have started."""


class PictureClassifier(NetworkClassifier):
    """A network on spectrogram images.

    `X` is rows of an image manifest. Images are read as they are needed and cut into chunks. `y` is one genre a row, a
    multi-hot matrix, or shares (rows of fractions that sum to one).

    Parameters
    ----------
    name : {'cnn', 'lstm', 'lstm_cnn', 'multi_cnn', 'transfer'}
        See `architectures`.
    n_bands, columns : int
        Size of a chunk: bands (a multiple of 16), and columns (a multiple of 16) at up to 25 a second.
    width : int
        Filters of the first layer; the other layers have multiples of it.
    dropout, l2, activity_l2, noise : float
        Dropout, kernel regulariser, activity regulariser, Gaussian noise; 0 switches each off.
    shift, equalizer, mask, stretch, mixup, label_smoothing
        Data augmentation, see `augmentation`; 0 switches each off.
    epochs, batch_size, chunks, learning_rate, weight_decay
        `chunks` are taken from each image in an epoch. `transfer` begins with a last layer that is fitted to the
        outputs of the backbone as it is, and then tunes all weights at a tenth of the learning rate; 0 epochs leave
        the backbone as it is.
    patience : int, optional
        Stop after this many epochs without a lower validation loss; None trains all epochs. Either way the weights of
        the best epoch are kept, where there is a validation set.
    balanced : bool
        All genres count alike, however many songs they have.
    backbone : str, optional
        For `transfer`: a folder that `models.save` wrote, or a name in `keras.applications` such as `'MobileNetV2'`.
    weights : str or None
        For a backbone of `keras.applications`: `'imagenet'` (Keras downloads it), a local file, or None.
    seed : int
    verbose : bool
    """

    takes = "images"

    def __init__(self, name="cnn", *, n_bands=64, columns=128, width=16, dropout=.4, l2=0.0, activity_l2=0.0, noise=0.0,
                 shift=2, equalizer=.08, mask=.1, stretch=0.0, mixup=.2, label_smoothing=.05, epochs=40, batch_size=16,
                 chunks=2, learning_rate=2e-3, weight_decay=1e-3, patience=None, balanced=True, backbone=None,
                 weights="imagenet", seed=0, verbose=True):
        set_parameters(self, locals())

    @property
    def window_seconds(self):
        """What one chunk covers, in seconds; `WINDOW_SECONDS` where the images' time scale is not known."""
        column = seconds_per_column(getattr(self, "image_settings_", {}))
        return self.columns * column if column else WINDOW_SECONDS

    def _window_inputs(self, recording, seconds, hop_seconds):
        settings = self.image_settings_ | {"chroma": self.has_chroma_}
        return recording.window_images(settings, seconds, hop_seconds)

    @property
    def _examples_per_row(self):
        return self.chunks

    def _examples(self, X, fitting=False):
        made_with = settings_of(X)
        if fitting:
            self.image_settings_ = made_with
            self.has_chroma_ = self.name == "multi_cnn" and "chroma_path" in X
        elif _settings_that_matter(made_with) != _settings_that_matter(self.image_settings_):
            raise ValueError(
                f"the model was trained on images made with {_settings_that_matter(self.image_settings_)}, these were "
                f"made with {_settings_that_matter(made_with)}: make them again with the model's settings"
            )
        stores = [ChunkStore(X, self.n_bands)]
        if self.has_chroma_:
            if "chroma_path" not in X:
                raise ValueError(
                    "the model takes chroma images too: give rows from spectrogram_images.add_chroma_paths(manifest)"
                )
            stores.append(ChunkStore(X, 12, column="chroma_path"))
        return stores

    def _content(self, stores):
        return [store.checksum for store in stores]

    def _build(self, n_genres):
        from learning import architectures
        shape = (self.n_bands, self.columns, 1)
        settings = self.get_params()
        if self.name == "transfer":
            return architectures.build_transfer(shape, n_genres, settings, backbone=self._backbone())
        if self.name == "multi_cnn":
            return architectures.build_multi_cnn(shape, n_genres, settings, chroma=self.has_chroma_)
        return architectures.IMAGE_NETWORKS[self.name](shape, n_genres, settings)

    def _backbone(self):
        if self.backbone is None:
            raise ValueError(
                "transfer needs backbone=: a folder that models.save wrote, or a name in keras.applications"
            )
        if not Path(self.backbone).is_dir():
            return self.backbone
        note, weights = read_model(self.backbone)
        size = (note["parameters"].get("n_bands"), note["parameters"].get("columns"))
        has_chroma = note["learned"].get("has_chroma_")
        if size != (self.n_bands, self.columns) or has_chroma:
            raise ValueError(
                f"the backbone takes {size[0]} bands and {size[1]} columns{' and chroma' if has_chroma else ''}: "
                "set n_bands= and columns= to the same"
            )
        before, now = (
            _settings_that_matter(made) for made in (note["learned"]["image_settings_"], self.image_settings_)
        )
        if before != now:
            warnings.warn(
                f"the backbone was trained on images made with {before}, these were made with {now}: what it learned "
                "fits them less",
                stacklevel=4,
            )
        return read_network(weights, len(note["learned"]["classes_"]))

    @property
    def _peak_learning_rate(self):
        return self.learning_rate / (10 if self.name == "transfer" else 1)

    def _before_training(self, X, examples, targets):
        """For `transfer`: fit the last layer to the backbone's outputs for each song."""
        if self.name == "transfer":
            songs = pd.factorize(X["track_id"])[0] if "track_id" in X else np.arange(len(X))
            fit_last_layer(self, examples, targets, songs)

    def _batch(self, stores, targets, weights, rows, rng):
        chunks = [np.empty((len(rows), store.n_bands, self.columns), np.float32) for store in stores]
        for place, row in enumerate(rows):
            columns = max(8, round(self.columns * np.exp(rng.uniform(-self.stretch, self.stretch))))
            start = int(rng.integers(0, max(1, stores[0].lengths[row] - columns + 1)))
            for number, store in enumerate(stores):
                chunk = stretch_columns(store.read(row, start, columns), self.columns)
                if not number:
                    chunk = augment(chunk, rng, shift=self.shift, equalizer=self.equalizer, mask=self.mask)
                chunks[number][place] = chunk
        chunks, mixed_targets = mixup([*chunks, weights[rows][:, None]], targets[rows], rng, self.mixup)
        return self._inputs(chunks[:-1]), mixed_targets, chunks[-1][:, 0]

    def _validation_batch(self, stores, targets, rows):
        """The middle of each image, without augmentation."""
        chunks = [
            np.stack([store.read(row, (stores[0].lengths[row] - self.columns) // 2, self.columns) for row in rows])
            for store in stores
        ]
        return self._inputs(chunks), targets[rows], np.ones(len(rows), np.float32)

    def _inputs(self, chunks):
        chunks = [chunk[..., None] for chunk in chunks]
        return tuple(chunks) if len(chunks) > 1 else chunks[0]

    def _logits(self, stores, network=None):
        """The network's output for every chunk, and the row that each chunk is from."""
        network = network or self.network_
        places = [(row, start) for row in range(len(stores[0])) for start in stores[0].grid(row, self.columns)]
        outputs = []
        for first in range(0, len(places), CHUNKS_AT_ONCE):
            batch = places[first:first + CHUNKS_AT_ONCE]
            missing = CHUNKS_AT_ONCE - len(batch) if len(places) > CHUNKS_AT_ONCE else 0
            filled = batch + batch[:1] * missing  # batches of one size are compiled once
            chunks = [np.stack([store.read(row, start, self.columns) for row, start in filled]) for store in stores]
            outputs.append(np.asarray(network.predict_on_batch(self._inputs(chunks)))[:len(batch)])
        return np.concatenate(outputs).astype(float), np.array([row for row, _ in places])

    def _distribution_features(self, rows):
        """Statistics of the images: the embedding of a network is no good at telling unlike sounds apart."""
        return _statistics(rows)


def _settings_that_matter(settings):
    """The settings that decide how an image looks; the length of the segments does not."""
    return {name: value for name, value in sorted(settings.items()) if name not in ("segment_seconds", "crop")}


def _statistics(rows):
    """Image statistics of a manifest's rows; those of files are kept, since several networks are trained on the same
    images."""
    if any(isinstance(path, np.ndarray) for path in rows["path"]):
        return describe_images(rows, n_jobs=1)
    stamps = tuple((path, os.stat(path).st_mtime_ns) for path in rows["path"])
    return _kept_statistics(stamps, json.dumps(settings_of(rows)))


@functools.lru_cache(maxsize=4)
def _kept_statistics(stamps, settings):
    images = pd.DataFrame({"path": [path for path, _ in stamps], "settings": settings})
    return describe_images(images, n_jobs=-1 if len(images) >= FEWEST_IN_PARALLEL else 1)
