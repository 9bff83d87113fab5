"""The layers of each network.

Every `build_...` takes the shape of the input, the number of genres, and the settings of the classifier (a dict with
`width`, `dropout`, `l2`, `activity_l2` and `noise`). It returns an uncompiled `keras.Model` with one logit per genre.
Its penultimate layer is named `embedding`. Only Keras' own layers are used, so that a saved network can be loaded in
safe mode.

The input of the image networks is a chunk of a spectrogram image: mel bands by columns (time), with levels from 0 to 1.
The numbers of weights in the docstrings are for chunks of 64 bands by 128 columns, ten genres, and a width of 16.
"""

from learning.keras_tools import keras

layers = keras.layers

MOMENTUM = .9
"""Momentum of batch normalisation; lower than Keras' .99, because a small data set has few batches per epoch."""


def _regularisers(settings):
    """The L2 regularisers of a layer's kernel and of its activity, as keyword arguments of the layer."""
    return {"kernel_regularizer": keras.regularizers.L2(settings["l2"]) if settings["l2"] else None,
            "activity_regularizer": keras.regularizers.L2(settings["activity_l2"]) if settings["activity_l2"] else None}


def _add_noise(x, settings):
    """Gaussian noise on the input, in training only."""
    return layers.GaussianNoise(settings["noise"])(x) if settings["noise"] else x


def _head(x, n_genres, settings):
    """The embedding, dropout, and a dense layer with one logit per genre."""
    x = layers.Identity(name="embedding")(x)
    x = layers.Dropout(settings["dropout"])(x) if settings["dropout"] else x
    return layers.Dense(n_genres, name="scores", dtype="float32")(x)  # in half precision its sums could overflow


def _block(x, filters, settings, *, size=(3, 3), pool=(2, 2)):
    """Convolution, max pooling, batch normalisation and ReLU."""
    x = layers.Conv2D(filters, size, padding="same", use_bias=False, **_regularisers(settings))(x)
    x = layers.MaxPooling2D(pool)(x)  # before the normalisation: a quarter of the work, and nearly the same result
    return layers.Activation("relu")(layers.BatchNormalization(momentum=MOMENTUM)(x))


def build_cnn(shape, n_genres, settings):
    """Five blocks of convolution over mel bands and time, then the average over both.

    Because of the average, the network finds a pattern wherever it is in the chunk, takes chunks of any length, and its
    class-activation maps are one matrix product (Zhou et al. 2016). After Dieleman & Schrauwen (2014) and Choi et al.
    (2016).

    Input: chunks [shape=(bands, columns, 1)]. Output: logits [shape=(n_genres,)]. About 104,000 weights.
    """
    inputs = layers.Input((shape[0], None, 1))
    x = _add_noise(inputs, settings)
    for number, factor in enumerate((1, 2, 3, 4, 6)):
        x = _block(x, settings["width"] * factor, settings)
        x = layers.SpatialDropout2D(settings["dropout"] / 4)(x) if number in (1, 3) and settings["dropout"] else x
    x = layers.Activation("linear", name="maps")(x)
    return keras.Model(inputs, _head(layers.GlobalAveragePooling2D()(x), n_genres, settings))


def build_lstm(shape, n_genres, settings):
    """A bidirectional LSTM over time (long short-term memory: Hochreiter & Schmidhuber 1997).

    Two columns are one time step. The embedding is the mean and the maximum of the LSTM's outputs over all steps.

    Input: chunks [shape=(bands, columns, 1)]. Output: logits [shape=(n_genres,)]. About 46,000 weights.
    """
    inputs = layers.Input(shape)
    x = layers.Permute((2, 1, 3))(_add_noise(inputs, settings))
    x = layers.Reshape((shape[1] // 2, 2 * shape[0]))(x)
    x = layers.BatchNormalization(momentum=MOMENTUM)(x)
    x = layers.Dense(3 * settings["width"], activation="relu", **_regularisers(settings))(x)
    x = layers.Bidirectional(layers.LSTM(3 * settings["width"], return_sequences=True, **_regularisers(settings)))(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    return keras.Model(inputs, _head(x, n_genres, settings))


def build_lstm_cnn(shape, n_genres, settings):
    """Four blocks of convolution for local patterns, then a bidirectional LSTM for their order (Choi et al. 2017).

    Input: chunks [shape=(bands, columns, 1)]. Output: logits [shape=(n_genres,)]. About 116,000 weights.
    """
    inputs = layers.Input(shape)
    x = _add_noise(inputs, settings)
    for factor, pool in ((1, (2, 2)), (2, (2, 2)), (3, (2, 1)), (4, (4, 1))):
        x = _block(x, settings["width"] * factor, settings, pool=pool)
    x = layers.Permute((2, 1, 3))(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    x = layers.Dropout(settings["dropout"] / 2)(x) if settings["dropout"] else x
    x = layers.Bidirectional(layers.LSTM(3 * settings["width"], return_sequences=True, **_regularisers(settings)))(x)
    return keras.Model(inputs, _head(layers.GlobalAveragePooling1D()(x), n_genres, settings))


def build_multi_cnn(shape, n_genres, settings, *, chroma=False):
    """Three parallel branches, one for each aspect of the sound (Pons et al. 2016).

    Tall filters (many bands, few columns) are for timbre, and wide filters (few bands, many columns) for the beat. The
    third branch is for pitch: its filters span an octave of the chroma image where `chroma` is true, and twelve mel
    bands where it is not.

    Input: chunks [shape=(bands, columns, 1)]; where `chroma` is true also chroma chunks [shape=(12, columns, 1)].
    Output: logits [shape=(n_genres,)]. About 60,000 weights.
    """
    bands, columns = shape[:2]
    width = settings["width"]
    mel = layers.Input(shape, name="mel")
    inputs = [mel]
    x = _add_noise(mel, settings)
    half = layers.AveragePooling2D((2, 2))(x)  # on the full chunk the tall filters would take most of the time
    tall = _block(half, 2 * width, settings, size=(bands // 4, 3), pool=(2, 2))
    tall = _block(tall, 3 * width, settings, size=(3, 3), pool=(2, 2))
    coarse = layers.AveragePooling2D((bands // 8, 1))(x)
    wide = _block(coarse, 2 * width, settings, size=(1, 25), pool=(2, 4))
    wide = _block(wide, 3 * width, settings, size=(2, 9), pool=(2, 2))
    if chroma:
        pitch = layers.Input((12, columns, 1), name="chroma")
        inputs.append(pitch)
        # pitch classes are circular: with the octave twice, a filter of twelve rows covers every interval
        pitch = layers.Concatenate(axis=1)([pitch, pitch])
        pitch = _block(pitch, 2 * width, settings, size=(12, 5), pool=(2, 4))
    else:
        pitch = _block(layers.MaxPooling2D((1, 4))(x), 2 * width, settings, size=(12, 1), pool=(2, 2))
    pitch = _block(pitch, 3 * width, settings, size=(3, 3), pool=(2, 2))
    averages = [layers.GlobalAveragePooling2D()(branch) for branch in (tall, wide, pitch)]
    return keras.Model(inputs, _head(layers.Concatenate()(averages), n_genres, settings))


def build_transfer(shape, n_genres, settings, *, backbone):
    """A network that was trained on other data (the backbone), with a new last layer.

    While the network is tuned, dropout and batch normalisation of the backbone are in training mode like all others:
    in Keras 3 `fit` overrides ``training=False`` (issue 20285 of Keras).

    Parameters
    ----------
    shape : tuple of int
        Of a chunk: (bands, columns, 1).
    n_genres : int
    settings : dict
        See the module; `weights` is what `keras.applications` takes: `'imagenet'`, a file, or None.
    backbone : str or keras.Model
        The name of a network in `keras.applications`: it takes the chunk as three equal channels, and its global
        average is the embedding. Or a network of this module: the embedding is its own embedding and the averages of
        its blocks, since early blocks tell genres apart that the backbone was not trained on (Choi et al. 2017).

    Returns
    -------
    keras.Model
        Input: chunks [shape=(bands, columns, 1)]. Output: logits [shape=(n_genres,)].
    """
    inputs = layers.Input(shape)
    features = _own_backbone if isinstance(backbone, keras.Model) else _published_backbone
    return keras.Model(inputs, _head(features(inputs, backbone, settings), n_genres, settings))


def freeze_statistics(network):
    """Keep the statistics of a network's batch normalisation as they are while its other weights are trained."""
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False


def _own_backbone(inputs, network, settings):
    """The embedding of one of our networks, beside the averages of its blocks."""
    blocks = [layer.output for layer in network.layers if isinstance(layer, layers.Activation) and layer.name != "maps"]
    backbone = keras.Model(network.inputs, [*blocks, network.get_layer("embedding").output], name="backbone")
    freeze_statistics(backbone)
    *blocks, embedding = backbone(inputs)
    averages = [layers.GlobalAveragePooling2D()(block) for block in blocks]
    return layers.Concatenate()([*averages, embedding]) if averages else embedding


def _published_backbone(inputs, name, settings):
    """The global average of a network of `keras.applications`."""
    build = getattr(keras.applications, name)
    size = (*inputs.shape[1:3], 3)
    backbone = build(include_top=False, weights=settings["weights"], input_shape=size, pooling="avg")
    backbone.name = "backbone"
    freeze_statistics(backbone)
    return backbone(layers.Rescaling(2, offset=-1)(layers.Concatenate()([inputs] * 3)))


def build_tuned_musicnn(n_genres, settings, network):
    """musicnn under a new last layer.

    Input: patches of `pretrained.log_mel` [shape=(187, 96)]. Output: logits [shape=(n_genres,)]. 0.79 million weights.

    Parameters
    ----------
    n_genres : int
    settings : dict
        With `dropout`.
    network : keras.Model
        From `pretrained.build_musicnn`.
    """
    freeze_statistics(network)
    return keras.Model(network.inputs, _head(network.outputs[0], n_genres, settings))


def build_mlp(shape, n_genres, settings):
    """Two dense layers on one row of features (multi-layer perceptron).

    Input: standardised rows [shape=(n_features,)]. Output: logits [shape=(n_genres,)]. About 16,000 weights for 57
    features.
    """
    inputs = layers.Input(shape)
    x = _add_noise(inputs, settings)
    for factor in (8, 4):
        x = layers.Dense(settings["width"] * factor, activation="relu", **_regularisers(settings))(x)
        x = layers.Dropout(settings["dropout"])(x) if settings["dropout"] else x
    return keras.Model(inputs, _head(x, n_genres, settings | {"dropout": 0}))


def build_table_cnn(shape, n_genres, settings):
    """The report's convolution over a row of scaled features, as far as the report describes it.

    A convolution treats the order of the features as an axis, which it is not: this network is here to show what the
    report did, not as a recommendation.

    Input: rows [shape=(n_features,)]. Output: logits [shape=(n_genres,)]. About 33,000 weights for 13 features.
    """
    inputs = layers.Input(shape)
    x = layers.Reshape((*shape, 1))(_add_noise(inputs, settings))
    for factor in (2, 4):
        filters = settings["width"] * factor
        x = layers.Conv1D(filters, 3, padding="same", activation="relu", **_regularisers(settings))(x)
    x = layers.Dropout(settings["dropout"])(layers.Flatten()(x))
    x = layers.Dense(2 * settings["width"], activation="relu")(x)
    return keras.Model(inputs, _head(x, n_genres, settings))


def build_table_lstm(shape, n_genres, settings):
    """The report's LSTM over a row of scaled features, one feature per step; see `build_table_cnn`.

    Input: rows [shape=(n_features,)]. Output: logits [shape=(n_genres,)]. About 18,000 weights.
    """
    inputs = layers.Input(shape)
    x = layers.Reshape((*shape, 1))(_add_noise(inputs, settings))
    x = layers.LSTM(4 * settings["width"], **_regularisers(settings))(x)
    return keras.Model(inputs, _head(x, n_genres, settings))


IMAGE_NETWORKS = {"cnn": build_cnn, "lstm": build_lstm, "lstm_cnn": build_lstm_cnn, "multi_cnn": build_multi_cnn,
                  "transfer": build_transfer}
TABLE_NETWORKS = {"mlp": build_mlp, "table_cnn": build_table_cnn, "table_lstm": build_table_lstm}
