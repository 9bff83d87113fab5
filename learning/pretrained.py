"""musicnn, a network that learned to tag music from 200,000 songs (Pons & Serra 2019): its weights and its layers.

Two networks of one architecture: `MSD_musicnn`, trained on the Million Song Dataset, knows 50 tags of Last.fm (genres,
moods, eras, voices); `MTT_musicnn`, trained on MagnaTagATune, knows 50 tags of instruments, voices and tempo. The
weights (ISC licence) come from the authors' PyPI package. Its code is old and is not run: only the numbers are read.

Run as ``python -m learning.pretrained``, this module fetches the weights.
"""

import contextlib
import functools
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.special

from learning.persistence import ModelError, read_weights
from sources.files import atomic_path

WHEEL = "musicnn-0.1.0-py3-none-any.whl"
"""The authors' package, which holds the weights."""
SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
SAMPLE_RATE = 16_000
"""Of the sound that the networks take, in Hz."""
N_FFT, HOP_LENGTH, N_MELS = 512, 256, 96
PATCH_FRAMES = 187
"""Frames that the networks take at once."""
PATCH_SECONDS = PATCH_FRAMES * HOP_LENGTH / SAMPLE_RATE
"""Nearly three seconds."""
EMBEDDING = 200
"""Units of the penultimate layer."""
LONG_SECONDS = 60.0
"""Of a longer recording, only every second patch is heard, which halves the time."""
PATCHES_AT_ONCE = 4
"""Patches in a batch; a last, smaller one is done one by one, so that two sizes are compiled."""
MSD_TAGS = (
    "rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s", "alternative rock", "jazz",
    "beautiful", "metal", "chillout", "male vocalists", "classic rock", "soul", "indie rock", "Mellow", "electronica",
    "80s", "folk", "90s", "chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic",
    "experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country", "easy listening", "sexy",
    "catchy", "funk", "electro", "heavy metal", "Progressive rock", "60s", "rnb", "indie pop", "sad", "House", "happy",
)
MTT_TAGS = (
    "guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano", "ambient",
    "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing", "vocals", "no vocals",
    "harpsichord", "loud", "quiet", "flute", "woman", "male vocal", "no vocal", "pop", "soft", "sitar", "solo", "man",
    "classic", "choir", "voice", "new age", "dance", "male voice", "female vocal", "beats", "harp", "cello",
    "no voice", "weird", "country", "metal", "female voice", "choral",
)
TAGS = {"MSD_musicnn": MSD_TAGS, "MTT_musicnn": MTT_TAGS}
"""The tags of each network, in the order of its outputs."""


# ---- the weights

def weights_folder():
    """The folder that keeps the weights: `MUSICNN_DIR`, where that is set, else one in the user's cache."""
    import pooch
    return Path(os.environ.get("MUSICNN_DIR") or pooch.os_cache("musicnn"))


def fetch():
    """Fetch the weights of both networks where they are not there yet: a wheel of 29 MB, of which 6 MB are kept.

    Returns
    -------
    dict of str to Path
        The file with the weights of each network, in Keras' format.

    Raises
    ------
    ModelError
        The wheel is not there and cannot be downloaded, or it is not the one that is known.
    """
    folder = weights_folder()
    files = {name: folder / f"{name}.weights.h5" for name in TAGS}
    with contextlib.suppress(OSError):  # the folder may be below a file, or not be readable
        if all(file.exists() for file in files.values()):
            return files
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"the folder {folder} for the weights of musicnn cannot be made ({error.strerror}): set "
                         "MUSICNN_DIR to one that can") from None
    if (folder / WHEEL).exists():
        _convert(folder / WHEEL, files)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            _convert(_downloaded(Path(temporary), folder), files)
    return files


def _downloaded(temporary, folder):
    """The wheel, downloaded by pip to a temporary folder; none of its code is run."""
    print("fetching the pre-trained network musicnn (29 MB)", flush=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--only-binary", ":all:", "--dest", str(temporary), "musicnn==0.1.0"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or not (temporary / WHEEL).exists():
        raise ModelError(f"the pre-trained network musicnn could not be downloaded: get {WHEEL} from "
                         f"https://pypi.org/project/musicnn/0.1.0/#files and put it into {folder}")
    return temporary / WHEEL


def _convert(wheel, files):
    """Write the weights in a wheel to files in Keras' format."""
    checksum = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if checksum != SHA256:
        raise ModelError(f"{wheel} is not the file that is known: its SHA-256 is {checksum[:12]}..., not "
                         f"{SHA256[:12]}...; delete it, or put the right one there")
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(wheel) as members:
        for name, file in files.items():
            for part in (".index", ".data-00000-of-00001"):
                (Path(temporary) / f"{name}{part}").write_bytes(members.read(f"musicnn/{name}/{part}"))
            network = build_musicnn()
            copy_checkpoint(network, Path(temporary) / name)
            network.save_weights(Path(temporary) / file.name)
            with atomic_path(file) as unfinished:
                Path(unfinished).write_bytes((Path(temporary) / file.name).read_bytes())


def copy_checkpoint(network, checkpoint):
    """Copy the weights of the authors' TensorFlow checkpoint into a network of `build_musicnn`."""
    import tensorflow as tf
    values = tf.train.load_checkpoint(str(checkpoint))
    for layer in network.layers:
        if layer.weights:
            layer.set_weights([
                values.get_tensor(f"{layer.name}/{weight.name}").reshape(weight.shape) for weight in layer.weights
            ])


# ---- the network

def build_musicnn():
    """The layers of musicnn, with the names that the authors' checkpoint has.

    Filters over time and frequency look for timbre, filters over time for rhythm; each keeps its strongest response
    over frequency. Three convolutions over time follow, whose outputs are added and joined with the first ones. The
    maximum and the mean over time lead to a dense layer, the embedding, and to one output for each tag.

    Input: patches [shape=(n, 187, 96)] of `log_mel`. Outputs: embedding [shape=(n, 200)] and logits of the tags
    [shape=(n, 50)]. 0.79 million weights.

    References
    ----------
    Pons & Serra, musicnn: pre-trained convolutional neural networks for music audio tagging, ISMIR 2019.
    Pons et al., End-to-end learning for music audio tagging at scale, ISMIR 2018.
    """
    from learning.keras_tools import keras
    layers = keras.layers

    def normalised(x, number):
        return layers.BatchNormalization(epsilon=1e-3, name=_numbered("batch_normalization", number))(x)

    def filtered(x, number, filters, size, padding):
        x = layers.Conv2D(filters, size, padding=padding, activation="relu", name=_numbered("conv2d", number))(x)
        x = layers.MaxPooling2D((1, x.shape[2]))(normalised(x, number + 1))
        return layers.Reshape((PATCH_FRAMES, filters))(x)

    def over_time(x, number):
        x = layers.Conv1D(64, 7, padding="same", activation="relu", name=_numbered("conv2d", number))(x)
        return normalised(x, number + 1)

    inputs = layers.Input((PATCH_FRAMES, N_MELS))
    image = normalised(layers.Reshape((PATCH_FRAMES, N_MELS, 1))(inputs), 0)
    padded = layers.ZeroPadding2D((3, 0))(image)
    timbre = [filtered(padded, number, 204, (7, bands), "valid") for number, bands in enumerate((38, 67))]
    rhythm = [filtered(image, number, 51, (frames, 1), "same") for number, frames in enumerate((128, 64, 32), 2)]
    front = layers.Concatenate()([*timbre, *rhythm])
    first = over_time(front, 5)
    second = layers.Add()([over_time(first, 6), first])
    third = layers.Add()([over_time(second, 7), second])
    joined = layers.Concatenate()([front, first, second, third])
    pooled = [layers.Reshape((-1, 1))(pool(joined)) for pool in
              (layers.GlobalMaxPooling1D(), layers.GlobalAveragePooling1D())]
    x = normalised(layers.Flatten()(layers.Concatenate()(pooled)), 9)
    embedding = normalised(layers.Dense(EMBEDDING, activation="relu", name="dense")(x), 10)
    return keras.Model(inputs, [embedding, layers.Dense(50, name="dense_1")(embedding)], name="musicnn")


def _numbered(name, number):
    """The names that TensorFlow gives to layers of one kind."""
    return f"{name}_{number}" if number else name


@functools.lru_cache(maxsize=2)
def load_network(name):
    """One of the two networks with its weights, which are fetched where they are missing.

    Parameters
    ----------
    name : {'MSD_musicnn', 'MTT_musicnn'}

    Returns
    -------
    keras.Model
        As from `build_musicnn`.

    Raises
    ------
    ModelError
        The weights cannot be fetched, or the file is damaged.
    """
    file = fetch()[name]
    try:
        return read_weights(build_musicnn(), file)
    except ModelError as error:
        raise ModelError(f"{error}. Delete {file}: it is fetched again") from error


def log_mel(y):
    """The input of the networks: a mel spectrogram with compressed loudness.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        Mono samples at `SAMPLE_RATE`.

    Returns
    -------
    np.ndarray [shape=(frames, 96)], float32
        Rounded to half precision, as the authors have it.
    """
    import librosa
    power = librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH, n_mels=N_MELS)
    return np.log10(1 + 10_000 * power.T.astype(np.float16).astype(np.float32))


# ---- what the networks hear in a recording

class Patches(NamedTuple):
    """What the two networks hear in the patches of a recording.

    Attributes
    ----------
    starts : np.ndarray [shape=(n,)]
        In seconds.
    embeddings : np.ndarray [shape=(n, 400)], float32
        Of `MSD_musicnn` (the first 200) and of `MTT_musicnn`.
    tags : np.ndarray [shape=(n, 100)], float32
        The probability of each tag, in the same order.
    """

    starts: np.ndarray
    embeddings: np.ndarray
    tags: np.ndarray


def hear(y, *, every=None):
    """Run both networks on patches of nearly three seconds.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        Mono samples at `SAMPLE_RATE`.
    every : int, optional
        Hear every patch (1), or every second one (2); 2 for a sound longer than `LONG_SECONDS` where it is not given.

    Returns
    -------
    Patches
        Side by side, a last one that is aligned to the end where half a patch is left. A sound that is shorter than a
        patch is repeated.
    """
    frames = log_mel(y)
    frames = np.tile(frames, (-(-PATCH_FRAMES // len(frames)), 1)) if len(frames) < PATCH_FRAMES else frames
    step = PATCH_FRAMES * (every or patches_apart(len(y) / SAMPLE_RATE))
    starts = list(range(0, len(frames) - PATCH_FRAMES + 1, step))
    if len(frames) - starts[-1] - step >= PATCH_FRAMES / 2:
        starts.append(len(frames) - PATCH_FRAMES)
    heard = hear_patches(np.stack([frames[start:start + PATCH_FRAMES] for start in starts]))
    return Patches(np.array(starts) * HOP_LENGTH / SAMPLE_RATE, *heard)


def hear_patches(patches):
    """Run both networks on patches of `log_mel`.

    Parameters
    ----------
    patches : np.ndarray [shape=(n, 187, 96)]

    Returns
    -------
    embeddings [shape=(n, 400)], tags [shape=(n, 100)]
        As in `Patches`.
    """
    outputs = [_outputs(load_network(name), patches) for name in TAGS]
    embeddings, logits = (np.concatenate(parts, axis=1) for parts in zip(*outputs))
    return embeddings, scipy.special.expit(logits)


def _outputs(network, patches):
    """Embeddings and logits of the patches."""
    n_even = len(patches) // PATCHES_AT_ONCE * PATCHES_AT_ONCE
    batches = [patches[first:first + PATCHES_AT_ONCE] for first in range(0, n_even, PATCHES_AT_ONCE)]
    batches += [patches[first:first + 1] for first in range(n_even, len(patches))]
    outputs = [network.predict_on_batch(batch) for batch in batches]
    return [np.concatenate([np.asarray(part) for part in parts]) for parts in zip(*outputs)]


def patches_apart(seconds):
    """2 for a sound that is longer than `LONG_SECONDS`, of which every second patch is heard; else 1."""
    return 2 if seconds > LONG_SECONDS else 1


def hear_recording(recording, *, every=None):
    """`hear` for a `Recording`, which keeps the result."""
    every = every or patches_apart(recording.seconds)
    return recording.keep(f"musicnn {every}", lambda: hear(recording.mono(SAMPLE_RATE), every=every))


def tag_columns():
    """The names of the columns of tags: those of `MTT_musicnn` end in `(MTT)`, since some tags are known to both."""
    return [*(f"tag: {tag}" for tag in MSD_TAGS), *(f"tag: {tag} (MTT)" for tag in MTT_TAGS)]


def embedding_columns():
    """The names of the columns of the embeddings: `embedding_001` to `embedding_400`."""
    return [f"embedding_{number:03d}" for number in range(1, 2 * EMBEDDING + 1)]


def as_table(embeddings, tags):
    """Embeddings and tags as a frame with the columns `tag_columns` and `embedding_columns`, one row a patch."""
    return pd.DataFrame(np.concatenate([tags, embeddings], axis=1), columns=[*tag_columns(), *embedding_columns()])


def window_embeddings(recording, seconds, hop_seconds):
    """Tags and embeddings of a recording's windows: the mean over the patches in each.

    Parameters
    ----------
    recording : Recording
    seconds, hop_seconds : float
        As in `Recording.windows`, at least `PATCH_SECONDS`. Where every second patch would leave a window without one,
        every patch is heard.

    Returns
    -------
    pd.DataFrame [shape=(windows, 500)]
        Indexed by start in seconds; the columns are `tag_columns` (probabilities from 0 to 1) and `embedding_columns`.

    Raises
    ------
    AudioError
        As `Recording.windows`.
    ModelError
        The weights cannot be fetched.
    ValueError
        The windows are shorter than a patch.
    """
    if not seconds >= PATCH_SECONDS * .999 and recording.seconds > seconds:
        raise ValueError(f"windows of {seconds} s are too short: the network hears patches of {PATCH_SECONDS:.3f} s")
    windows = recording.windows(seconds, hop_seconds, sr=SAMPLE_RATE)
    every = 1 if seconds < 2 * PATCH_SECONDS else None
    heard = hear_recording(recording, every=every)
    table = as_table(heard.embeddings, heard.tags)
    rows = [table[_inside(heard.starts, window.start, len(window.y) / SAMPLE_RATE)].mean() for window in windows]
    return pd.DataFrame(rows).set_axis([window.start for window in windows])


def _inside(starts, start, seconds):
    """Which patches have their middle in a window; the nearest one where none has."""
    middles = starts + PATCH_SECONDS / 2
    inside = (middles >= start) & (middles < start + seconds)
    return inside if inside.any() else np.arange(len(middles)) == np.abs(middles - start - seconds / 2).argmin()


def patches_in_window(recording, start, seconds):
    """The starts in seconds of the patches that `window_embeddings` takes the mean of, for a window that begins at
    `start`."""
    starts = hear_recording(recording, every=1 if seconds < 2 * PATCH_SECONDS else None).starts
    return starts[_inside(starts, start, min(seconds, recording.seconds - start))]


if __name__ == "__main__":
    try:
        for network in TAGS:
            load_network(network)
    except ModelError as error:
        print(f"{error}. Without it, the starter model `music` and the model `transfer` cannot be used")
