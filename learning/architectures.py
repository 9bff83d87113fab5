"""The layers of each network: what it hears, and in which order; and what Keras needs to train it.

Every `build_...` takes the shape of its input and returns an uncompiled `keras.Model` whose last layer but one is named
`embedding`. Only Keras' own layers are used, so that a saved network can be loaded in safe mode on any backend.
"""

import os

import keras
from keras import layers

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what TensorFlow says of graphics cards that are not there floods a notebook
MOMENTUM = .9
"""Of batch normalisation: small data has few batches an epoch."""


def _regular(settings):
    """The kernel's and the activity's regulariser, as layers take them."""
    return {"kernel_regularizer": keras.regularizers.L2(settings["l2"]) if settings["l2"] else None,
            "activity_regularizer": keras.regularizers.L2(settings["activity_l2"]) if settings["activity_l2"] else None}


def _noisy(x, settings):
    return layers.GaussianNoise(settings["noise"])(x) if settings["noise"] else x


def _head(x, n_genres, settings, *, name="embedding"):
    """From what was heard to one score a genre; probabilities are made from the scores afterwards."""
    x = layers.Identity(name=name)(x)
    x = layers.Dropout(settings["dropout"])(x) if settings["dropout"] else x
    return layers.Dense(n_genres, name="scores", dtype="float32")(x)  # in half precision its sums would overflow


def _block(x, filters, settings, *, size=(3, 3), pool=(2, 2)):
    x = layers.Conv2D(filters, size, padding="same", use_bias=False, **_regular(settings))(x)
    x = layers.MaxPooling2D(pool)(x)  # first: what follows has a quarter of the work, and says nearly the same
    return layers.Activation("relu")(layers.BatchNormalization(momentum=MOMENTUM)(x))


def build_cnn(shape, n_genres, settings):
    """Five blocks of convolution over mel bands and time, averaged over both: hears textures wherever they stand.

    In: chunks [shape=(bands, columns, 1)], levels from 0 to 1. Out: [shape=(n_genres,)], scores. About 100,000 weights at width
    16. The average makes a class-activation map one matrix product (Zhou et al. 2016). After Dieleman & Schrauwen (2014) and
    Choi et al. (2016).
    """
    given = layers.Input((shape[0], None, 1))  # of any length: it is averaged over
    x = _noisy(given, settings)
    for number, times in enumerate((1, 2, 3, 4, 6)):
        x = _block(x, settings["width"] * times, settings)
        x = layers.SpatialDropout2D(settings["dropout"] / 4)(x) if number in (1, 3) and settings["dropout"] else x
    x = layers.Activation("linear", name="maps")(x)
    return keras.Model(given, _head(layers.GlobalAveragePooling2D()(x), n_genres, settings))


def build_lstm(shape, n_genres, settings):
    """Frames in order, read forwards and backwards by a long short-term memory (Hochreiter & Schmidhuber 1997).

    In: chunks [shape=(bands, columns, 1)]. Out: [shape=(n_genres,)], scores. About 60,000 weights at width 16. Every two
    columns are one step; what it remembers of all steps is averaged.
    """
    given = layers.Input(shape)
    x = layers.Permute((2, 1, 3))(_noisy(given, settings))
    x = layers.Reshape((shape[1] // 2, 2 * shape[0]))(x)
    x = layers.BatchNormalization(momentum=MOMENTUM)(x)
    x = layers.Dense(3 * settings["width"], activation="relu", **_regular(settings))(x)
    x = layers.Bidirectional(layers.LSTM(3 * settings["width"], return_sequences=True, **_regular(settings)))(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    return keras.Model(given, _head(x, n_genres, settings))


def build_lstm_cnn(shape, n_genres, settings):
    """Convolution for what sounds, then memory for its order (Choi et al. 2017).

    In: chunks [shape=(bands, columns, 1)]. Out: [shape=(n_genres,)], scores. About 130,000 weights at width 16.
    """
    given = layers.Input(shape)
    x = _noisy(given, settings)
    for times, pool in ((1, (2, 2)), (2, (2, 2)), (3, (2, 1)), (4, (4, 1))):
        x = _block(x, settings["width"] * times, settings, pool=pool)
    x = layers.Permute((2, 1, 3))(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    x = layers.Dropout(settings["dropout"] / 2)(x) if settings["dropout"] else x
    x = layers.Bidirectional(layers.LSTM(3 * settings["width"], return_sequences=True, **_regular(settings)))(x)
    return keras.Model(given, _head(layers.GlobalAveragePooling1D()(x), n_genres, settings))


def build_multi_cnn(shape, n_genres, settings, *, chroma=False):
    """Parallel branches, each for one aspect (Pons et al. 2016): tall filters hear timbre, wide ones beat, and a third branch
    pitch, on chroma where the corpus has it, else on the mel bands moved up and down.

    In: chunks [shape=(bands, columns, 1)], and chroma [shape=(12, columns, 1)]. Out: [shape=(n_genres,)], scores. About 60,000
    weights at width 16.
    """
    mel, inputs = layers.Input(shape, name="mel"), []
    x, width = _noisy(mel, settings), settings["width"]
    inputs.append(mel)
    bands, columns = shape[:2]
    half = layers.AveragePooling2D((2, 2))(x)  # filters as tall on the whole would take most of the time
    tall = _block(half, 2 * width, settings, size=(bands // 4, 3), pool=(2, 2))
    tall = _block(tall, 3 * width, settings, size=(3, 3), pool=(2, 2))
    coarse = layers.AveragePooling2D((bands // 8, 1))(x)
    wide = _block(coarse, 2 * width, settings, size=(1, 25), pool=(2, 4))
    wide = _block(wide, 3 * width, settings, size=(2, 9), pool=(2, 2))
    if chroma:
        pitch = layers.Input((12, columns, 1), name="chroma")
        inputs.append(pitch)
        # the octave closes on itself: the classes are laid out twice, so that a filter sees every interval
        pitch = layers.Concatenate(axis=1)([pitch, pitch])
        pitch = _block(pitch, 2 * width, settings, size=(12, 5), pool=(2, 4))
    else:
        pitch = _block(layers.MaxPooling2D((1, 4))(x), 2 * width, settings, size=(12, 1), pool=(2, 2))
    pitch = _block(pitch, 3 * width, settings, size=(3, 3), pool=(2, 2))
    heard = [layers.GlobalAveragePooling2D()(branch) for branch in (tall, wide, pitch)]
    return keras.Model(inputs, _head(layers.Concatenate()(heard), n_genres, settings))


def build_transfer(shape, n_genres, settings, *, backbone):
    """A network that was trained on something else, under a new last layer.

    In: chunks [shape=(bands, columns, 1)]. Out: [shape=(n_genres,)], scores. `backbone` is the name of a network in
    `keras.applications`, which gets the chunk as three equal channels and is cut at its average; or a network that this project
    trained, of which the average of every block is heard beside its embedding: early blocks tell new genres apart where the last
    one knows but its own (Choi et al. 2017). Dropout and batch normalisation in it stay as they are after training.
    """
    given = layers.Input(shape)
    if isinstance(backbone, keras.Model):
        blocks = [layer.output for layer in backbone.layers if isinstance(layer, layers.Activation) and layer.name != "maps"]
        trunk = keras.Model(backbone.inputs, [*blocks, backbone.get_layer("embedding").output], name="backbone")
        *heard, embedding = trunk(given, training=False)
        averages = [layers.GlobalAveragePooling2D()(block) for block in heard]
        x = layers.Concatenate()([*averages, embedding]) if averages else embedding
    else:
        build = getattr(keras.applications, backbone)
        trunk = build(include_top=False, weights=settings["weights"], input_shape=(*shape[:2], 3), pooling="avg")
        trunk.name = "backbone"
        x = trunk(layers.Rescaling(2, offset=-1)(layers.Concatenate()([given] * 3)), training=False)
    return keras.Model(given, _head(x, n_genres, settings))


def build_mlp(shape, n_genres, settings):
    """Two dense layers over one row of features: hears what the table says, in any combination.

    In: rows [shape=(n_features,)], standardised. Out: [shape=(n_genres,)], scores. About 15,000 weights for 57 features at
    width 16.
    """
    given = layers.Input(shape)
    x = _noisy(given, settings)
    for times in (8, 4):
        x = layers.Dense(settings["width"] * times, activation="relu", **_regular(settings))(x)
        x = layers.Dropout(settings["dropout"])(x) if settings["dropout"] else x
    return keras.Model(given, _head(x, n_genres, settings | {"dropout": 0}))


def build_table_cnn(shape, n_genres, settings):
    """The report's convolution over a row of scaled features, as far as it can be told: the features' order stands for an axis,
    which it is not, so this shows what the report did rather than what should be done.

    In: rows [shape=(n_features,)]. Out: [shape=(n_genres,)], scores. About 10,000 weights for 13 features at width 16.
    """
    given = layers.Input(shape)
    x = layers.Reshape((*shape, 1))(_noisy(given, settings))
    for times in (2, 4):
        x = layers.Conv1D(settings["width"] * times, 3, padding="same", activation="relu", **_regular(settings))(x)
    x = layers.Dropout(settings["dropout"])(layers.Flatten()(x))
    return keras.Model(given, _head(layers.Dense(2 * settings["width"], activation="relu")(x), n_genres, settings))


def build_table_lstm(shape, n_genres, settings):
    """The report's LSTM over a row of scaled features, one after the other, as far as it can be told; see `build_table_cnn`.

    In: rows [shape=(n_features,)]. Out: [shape=(n_genres,)], scores. About 20,000 weights at width 16.
    """
    given = layers.Input(shape)
    x = layers.Reshape((*shape, 1))(_noisy(given, settings))
    x = layers.LSTM(4 * settings["width"], **_regular(settings))(x)
    return keras.Model(given, _head(x, n_genres, settings))


IMAGE_NETWORKS = {"cnn": build_cnn, "lstm": build_lstm, "lstm_cnn": build_lstm_cnn, "multi_cnn": build_multi_cnn,
            "transfer": build_transfer}
TABLE_NETWORKS = {"mlp": build_mlp, "table_cnn": build_table_cnn, "table_lstm": build_table_lstm}
