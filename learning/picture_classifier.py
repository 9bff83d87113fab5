"""Networks on spectrogram images as scikit-learn classifiers."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from learning.augmentation import augment, mixup, stretch_columns
from learning.calibration import mean_by, set_parameters
from learning.network_classifier import NetworkClassifier
from learning.persistence import read_model, read_network
from learning.table_classifiers import TableModel, linear_pipeline
from signals.image_store import ChunkStore, settings_of

CHUNKS_AT_ONCE = 64
"""Chunks that are judged at once."""
PENALTIES = (.003, .01, .03, .1, .3)
"""Of the last layer over a backbone: `C` to choose from."""


class PictureClassifier(NetworkClassifier):
    """A network on spectrogram pictures.

    `X` is rows of a manifest; pictures are read as they are needed and judged in chunks. `y` is one genre a row, a multi-hot
    matrix, or shares (rows of fractions that sum to one).

    Parameters
    ----------
    name : {'cnn', 'lstm', 'lstm_cnn', 'multi_cnn', 'transfer'}
        See `networks`.
    n_bands, columns : int
        Size of a chunk: bands (a multiple of 16), and columns (a multiple of 16) at up to 25 a second.
    width : int
        Filters of the first layer; the others follow.
    dropout, l2, activity_l2, noise : float
        Dropout, kernel regulariser, activity regulariser, Gaussian noise; 0 switches each off.
    shift, equalizer, mask, stretch, mixup, label_smoothing
        How chunks are varied, see `batches`; 0 switches each off.
    epochs, batch_size, chunks, learning_rate, weight_decay
        `chunks` are taken from each picture an epoch. `transfer` begins with a last layer fitted to what the backbone hears as it
        is, and tunes all of it at a tenth of the rate; 0 epochs leave the backbone as it is.
    patience : int, optional
        Epochs without a better validation loss after which training stops; None trains to the end and keeps the best.
    balanced : bool
        All genres count alike, however many songs they have.
    backbone : str, optional
        For `transfer`: a folder that `models.save` wrote, or a name in `keras.applications` such as `'MobileNetV2'`.
    weights : str or None
        For a backbone of `keras.applications`: `'imagenet'` (Keras downloads it), a local file, or None.
    seed : int
    verbose : bool
    """

    def __init__(self, name="cnn", *, n_bands=64, columns=128, width=16, dropout=.4, l2=0.0, activity_l2=0.0, noise=0.0, shift=2,
                 equalizer=.08, mask=.1, stretch=0.0, mixup=.2, label_smoothing=.05, epochs=40, batch_size=16, chunks=2,
                 learning_rate=2e-3, weight_decay=1e-3, patience=None, balanced=True, backbone=None, weights="imagenet",
                 seed=0, verbose=True):
        set_parameters(self, locals())

    @property
    def _repeats(self):
        return self.chunks

    def _examples(self, X, fitting=False):
        made = settings_of(X)
        if fitting:
            self.image_settings_ = made
            self.has_chroma_ = self.name == "multi_cnn" and "chroma_path" in X
        elif _sound_settings(made) != _sound_settings(self.image_settings_):
            raise ValueError(f"the model was trained on pictures made with {_sound_settings(self.image_settings_)}, these were "
                             f"made with {_sound_settings(made)}: make them again with the model's settings")
        stores = [ChunkStore(X, self.n_bands)]
        if self.has_chroma_:
            if "chroma_path" not in X:
                raise ValueError("the model hears chroma too: give rows from models.add_chroma_paths(manifest)")
            stores.append(ChunkStore(X, 12, column="chroma_path"))
        return stores

    def _build(self, n_genres):
        from learning import architectures
        shape, settings = (self.n_bands, self.columns, 1), self.get_params()
        if self.name == "transfer":
            return architectures.build_transfer(shape, n_genres, settings, backbone=self._backbone())
        if self.name == "multi_cnn":
            return architectures.build_multi_cnn(shape, n_genres, settings, chroma=self.has_chroma_)
        return architectures.IMAGE_NETWORKS[self.name](shape, n_genres, settings)

    def _backbone(self):
        if self.backbone is None:
            raise ValueError("transfer needs backbone=: a folder that models.save wrote, or a name in keras.applications")
        if not Path(self.backbone).is_dir():
            return self.backbone
        note, weights = read_model(self.backbone)
        learned = note["parameters"]
        if (learned.get("n_bands"), learned.get("columns")) != (self.n_bands, self.columns) or note["learned"].get("has_chroma_"):
            raise ValueError(f"the backbone hears {learned.get('n_bands')} bands and {learned.get('columns')} columns"
                             f"{' and chroma' if note['learned'].get('has_chroma_') else ''}: match it by n_bands= and columns=")
        before, now = map(_sound_settings, (note["learned"]["image_settings_"], self.image_settings_))
        if before != now:
            warnings.warn(f"the backbone learned from pictures made with {before}, these were made with {now}: what it "
                          "learned fits them less", stacklevel=4)
        return read_network(weights)

    @property
    def _rate(self):
        return self.learning_rate / (10 if self.name == "transfer" else 1)

    def _begin(self, X, examples, targets):
        """Of `transfer`: the last layer, fitted at once to what the backbone hears of each song (a linear probe), its penalty and
        its temperature chosen on songs held out. Tuning everything from there harms the backbone less than from a random last
        layer (Kumar et al. 2022)."""
        from learning import keras_tools
        if self.name != "transfer":
            return
        heard, rows = self._scores(examples, keras_tools.sub_network(self.network_, "embedding"))
        songs = pd.factorize(X["track_id"])[0] if "track_id" in X else np.arange(len(X))
        heard = pd.DataFrame(mean_by(heard, songs[rows], songs.max() + 1))
        targets = mean_by(targets, songs, len(heard))
        y = pd.DataFrame(targets > 0, columns=self.classes_) if self.multilabel_ else self.classes_[targets.argmax(axis=1)]
        probes = [TableModel("linear", linear_pipeline(C, self.balanced), self.seed).fit(heard, y) for C in PENALTIES]
        best = min(probes, key=lambda probe: probe.calibration_loss_)
        at = best.embed(np.vstack([np.zeros(heard.shape[1]), np.eye(heard.shape[1])])) / best.temperature_
        self.network_.get_layer("scores").set_weights([at[1:] - at[0], at[0]])

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

    def _fixed(self, stores, targets, rows):
        """The middle of each picture, unvaried."""
        chunks = [np.stack([store.read(row, (stores[0].lengths[row] - self.columns) // 2, self.columns) for row in rows])
                  for store in stores]
        return self._inputs(chunks), targets[rows], np.ones(len(rows), np.float32)

    def _inputs(self, chunks):
        chunks = [chunk[..., None] for chunk in chunks]
        return tuple(chunks) if len(chunks) > 1 else chunks[0]

    def _scores(self, stores, network=None):
        """What the network says of every chunk, and the row that each is from."""
        network, places = network or self.network_, []
        for row in range(len(stores[0])):
            places += [(row, start) for start in stores[0].grid(row, self.columns)]
        said = []
        for first in range(0, len(places), CHUNKS_AT_ONCE):
            some = places[first:first + CHUNKS_AT_ONCE]
            missing = CHUNKS_AT_ONCE - len(some) if len(places) > CHUNKS_AT_ONCE else 0
            filled = some + some[:1] * missing  # batches of one size are compiled once
            chunks = [np.stack([store.read(row, start, self.columns) for row, start in filled]) for store in stores]
            said.append(np.asarray(network.predict_on_batch(self._inputs(chunks)))[:len(some)])
        return np.concatenate(said).astype(float), np.array([row for row, _ in places])


def _sound_settings(settings):
    """What of a picture's settings decides how it looks; the segments' length does not."""
    return {name: value for name, value in sorted(settings.items()) if name not in ("segment_seconds", "crop")}
