"""The family of models: build, train, predict, embed, save.

`cnn`, `lstm`, `lstm_cnn` and `multi_cnn` take spectrogram images; `mlp`, `linear`, `knn`, `svm`, `forest` and the
report's `table_cnn` and `table_lstm` take rows of features; `transfer` takes embeddings, or, with a network of images
as its `backbone`, images. All are scikit-learn classifiers with calibrated
probabilities, say what they take (`takes`), and make it from a song (`inputs`).
"""

from importlib.metadata import version

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from learning.calibration import track_embeddings
from learning.embedding_classifiers import FamilyClassifier, TransferModel
from learning.persistence import (
    ModelError,
    plain,
    read_arrays,
    read_estimator,
    read_model,
    read_network,
    read_weights,
    write_model,
)
from learning.picture_classifier import PictureClassifier
from learning.table_classifiers import TableModel, TableNetwork, linear_pipeline
from learning.tuned_classifier import TunedModel

__all__ = ["IMAGE_MODELS", "ModelError", "NAMES", "NETWORKS", "REPORT_MODELS", "TABLE_MODELS", "build", "build_forest",
           "build_knn", "build_linear", "build_svm", "embed", "kmeans_view", "load", "plot_histories", "plot_history",
           "save", "track_embeddings", "track_proba"]

IMAGE_MODELS = ("cnn", "lstm", "lstm_cnn", "multi_cnn", "transfer")
TABLE_MODELS = ("mlp", "linear", "knn", "svm", "forest")
REPORT_MODELS = ("table_cnn", "table_lstm")
NAMES = (*IMAGE_MODELS, *TABLE_MODELS, *REPORT_MODELS)
NETWORKS = (*IMAGE_MODELS, "mlp", *REPORT_MODELS)
CLASSES = {kind.__name__: kind for kind in
           (PictureClassifier, TableNetwork, TableModel, TransferModel, TunedModel, FamilyClassifier)}
LEARNED = (
    "classes_",
    "multilabel_",
    "temperature_",
    "calibrated_on_",
    "image_settings_",
    "has_chroma_",
    "feature_names_in_",
    "n_features_in_",
    "medians_",
    "mean_",
    "scale_",
    "distribution_",
)
"""What a fitted classifier keeps beside its weights."""
DEFAULTS = {"lstm": {"learning_rate": 3e-3}, "transfer": {"epochs": 20},  # over images
            "table_cnn": {"epochs": 200, "mixup": 0.0, "label_smoothing": 0.0, "noise": 0.0},
            "table_lstm": {"epochs": 200, "mixup": 0.0, "label_smoothing": 0.0, "noise": 0.0}}


def build(name, **settings):
    """Build an unfitted classifier.

    Parameters
    ----------
    name : str
        For images `cnn`, `lstm`, `lstm_cnn`, `multi_cnn`; for features `mlp`, `linear`, `knn`, `svm`, `forest`,
        `table_cnn`, `table_lstm`; `transfer` for embeddings of the pre-trained network musicnn, which is tuned where
        `epochs` is not 0; or, with another `backbone`, for images.
    **settings
        As `PictureClassifier`, `TableNetwork`, `TransferModel`, `TunedModel`, `build_linear`, `build_knn`, `build_svm`
        or `build_forest` take them.

    Returns
    -------
    classifier
        With `fit(X, y, validation=None, groups=None)`, `predict`, `predict_proba`, `classes_`, `get_params`, `takes`
        and `inputs(song)`.

    Raises
    ------
    ValueError
        The name or a setting is unknown.

    Examples
    --------
    >>> songs = pd.DataFrame({"tempo": [80, 82, 84, 140, 142, 144], "energy": [.2, .3, .1, .9, .8, .7]})
    >>> model = build("linear").fit(songs, ["folk"] * 3 + ["metal"] * 3)
    >>> model.takes, model.predict(pd.DataFrame({"tempo": [143], "energy": [.8]})).tolist()
    ('features', ['metal'])
    """
    makers = {"linear": build_linear, "knn": build_knn, "svm": build_svm, "forest": build_forest}
    try:
        if name == "transfer" and settings.get("backbone", "musicnn") == "musicnn":
            settings = {key: value for key, value in settings.items() if key != "backbone"}
            if settings.get("epochs"):
                return TunedModel(**settings)
            return TransferModel(**{key: value for key, value in settings.items() if key != "epochs"})
        settings = DEFAULTS.get(name, {}) | settings
        if name in makers:
            return makers[name](**settings)
        if name in IMAGE_MODELS:
            return PictureClassifier(name, **settings)
        if name in NETWORKS:
            return TableNetwork(name, **settings)
    except TypeError as error:
        raise ValueError(f"{name}: {str(error).split('() ')[-1]}") from None
    raise ValueError(f"there is no model {name!r}: choose from {', '.join(NAMES)}")


def build_linear(C=.1, balanced=True, seed=0):
    """Multinomial logistic regression: one weight for each feature and genre.

    Input: rows of a numeric frame, standardised. Output: probabilities. (features + 1) x genres weights. `C` is the
    inverse strength of the L2 penalty; with `balanced` all genres count alike, however many songs they have.
    """
    return TableModel("linear", linear_pipeline(C, balanced), seed)


def build_knn(n_neighbors=15, seed=0):
    """K nearest neighbours, weighted by distance (Fix & Hodges 1951): no training, it keeps the songs themselves."""
    return TableModel(
        "knn", make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors, weights="distance")), seed
    )


def build_svm(C=5.0, gamma="scale", balanced=True, seed=0):
    """A support vector machine with a Gaussian kernel (Cortes & Vapnik 1995); a temperature turns margins into
    probabilities."""
    machine = SVC(C=C, gamma=gamma, class_weight="balanced" if balanced else None, cache_size=500)
    return TableModel("svm", make_pipeline(StandardScaler(), machine), seed)


def build_forest(n_trees=300, max_features="sqrt", balanced=True, seed=0):
    """A random forest (Breiman 2001): thresholds and combinations of features, whatever their scale.

    It is the usual strong baseline on tables of features, and was not in the report. `max_features` is how many
    features (a number or a share) are tried for each threshold: more of them help where there are a dozen columns, and
    take long where there are a thousand. A tree has a few thousand nodes.
    """
    forest = RandomForestClassifier(
        n_trees,
        min_samples_leaf=3,
        max_features=max_features,
        random_state=seed,
        n_jobs=-1,
        class_weight="balanced" if balanced else None,
    )
    return TableModel("forest", make_pipeline(StandardScaler(), forest), seed)


# ---- on disk

def save(classifier, folder, *, scores=None, about=None):
    """Save a fitted classifier: weights in Keras' or skops' format, all else in JSON beside them; see `persistence`.

    Parameters
    ----------
    classifier
        From `build`, fitted.
    folder : str or Path
        It appears whole or not at all; a model that was there is replaced.
    scores : dict, optional
        How good it is, as from `evaluation.evaluate`.
    about : dict, optional
        What else a user should know: data, purpose, limits.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        The folder exists and holds something that is no model.
    """
    def write_weights(beside):
        if isinstance(classifier, TableModel):
            import skops.io
            skops.io.dump(classifier.fitted_, beside / "weights.skops")
            return beside / "weights.skops"
        if isinstance(classifier, FamilyClassifier):
            np.savez_compressed(
                beside / "weights.npz", **{name: getattr(classifier, name) for name in classifier.array_shapes}
            )
            return beside / "weights.npz"
        from learning import keras_tools
        keras_tools.sub_network(classifier.network_).save(beside / "weights.keras")
        return beside / "weights.keras"
    parameters = {name: value for name, value in classifier.get_params(deep=False).items() if name != "estimator"}
    libraries = ("numpy", "scikit-learn", "skops" if isinstance(classifier, TableModel) else "keras")
    note = {"class": type(classifier).__name__, "parameters": parameters,
            "learned": {name: getattr(classifier, name) for name in LEARNED if hasattr(classifier, name)},
            "versions": {name: version(name) for name in libraries}, "scores": scores or {}, "about": about or {}}
    return write_model(folder, plain(note), write_weights)


def load(folder, *, sha256=None):
    """Load a model that `save` wrote.

    Parameters
    ----------
    folder : str or Path
    sha256 : str, optional
        The checksum that its `model.json` should have, where you know it from somewhere you trust. The checksum inside
        the folder protects against damage alone; see `learning.persistence`.

    Raises
    ------
    ModelError
        There is no model; it was changed after it was saved, comes from another version, or holds types, code or
        numbers that none of our models has.
    """
    note, weights = read_model(folder, sha256)
    if note["class"] not in CLASSES or set(note["learned"]) - set(LEARNED):
        raise ModelError(
            f"{folder} asks for {note['class']!r}, which is no model of ours, or for more than such a model has"
        )
    try:
        classifier = _read_classifier(note, weights)
    except ModelError:
        raise
    except Exception as error:  # a damaged or hostile file can raise anything
        raise ModelError(f"{folder} cannot be used: it is damaged, or was saved by another version of this project "
                         f"({type(error).__name__}: {str(error).split('() ')[-1][:200]})") from error
    classifier.checksum_ = note["sha256"]
    classifier.saved_scores_, classifier.about_ = note.get("scores", {}), note.get("about", {})
    return classifier


def _read_classifier(note, weights):
    """The classifier that a `model.json` describes, with its weights."""
    learned = {name: np.array(value) if isinstance(value, list) else value for name, value in note["learned"].items()}
    parameters = note["parameters"]
    if note["class"] in ("TableModel", "TransferModel"):
        fitted = read_estimator(weights, len(learned["feature_names_in_"]), len(learned["classes_"]))
        *before, (name, last) = fitted.steps
        unfitted = clone(Pipeline([*before, (name, last.estimator if isinstance(last, OneVsRestClassifier) else last)]))
        parameters = parameters | {"estimator": unfitted}
    classifier = CLASSES[note["class"]](**parameters)
    for name, value in learned.items():
        setattr(classifier, name, value)
    if isinstance(classifier, TableModel):
        classifier.fitted_ = fitted
        classifier.check()
    elif isinstance(classifier, FamilyClassifier):
        for name, values in read_arrays(weights, classifier.array_shapes).items():
            setattr(classifier, name, values)
    elif isinstance(classifier, PictureClassifier) and classifier.name == "transfer":
        classifier.network_ = read_network(weights, len(classifier.classes_))  # only the file knows its backbone
    else:
        classifier.network_ = read_weights(classifier.build_network(), weights)
    return classifier


# ---- predictions

def track_proba(classifier, X):
    """Probabilities of each track: the mean over its rows.

    Parameters
    ----------
    classifier
        Fitted.
    X : pd.DataFrame
        Rows that the classifier takes, with the track in the index or in a column `track_id`.

    Returns
    -------
    pd.DataFrame [shape=(tracks, genres)]
        Indexed by `track_id`, in the order in which the tracks first appear.
    """
    ids = X["track_id"] if "track_id" in X else X.index.to_series()
    proba = pd.DataFrame(classifier.predict_proba(X), columns=classifier.classes_, index=pd.Index(ids, name="track_id"))
    return proba.groupby(level=0, sort=False).mean()


def embed(classifier, X):
    """The penultimate-layer embedding of each row [shape=(rows, size)]; the logits, for a model without layers."""
    return classifier.embed(X)


def kmeans_view(X, genres, *, n_clusters=None, seed=0):
    """Cluster songs without their labels, and compare the clusters with the genres.

    Parameters
    ----------
    X : pd.DataFrame
        Numeric, one row a song; standardised here. Missing values are filled with medians.
    genres : sequence of str
    n_clusters : int, optional
        As many as there are genres where it is not given.
    seed : int

    Returns
    -------
    pd.DataFrame
        Counts of songs by genre and cluster; ``attrs`` hold the adjusted Rand index (0 by chance, 1 for equal groups)
        and the normalised mutual information.
    """
    genres = np.asarray(genres, dtype=object)
    values = StandardScaler().fit_transform(X.fillna(X.median()).fillna(0))  # 0: a column without any value
    clusters = KMeans(n_clusters or len(set(genres)), n_init=10, random_state=seed).fit_predict(values)
    table = pd.crosstab(pd.Series(genres, name="genre"), pd.Series(clusters, name="cluster"))
    table.attrs = {"adjusted Rand index": float(adjusted_rand_score(genres, clusters)),
                   "normalised mutual information": float(normalized_mutual_info_score(genres, clusters))}
    return table


def plot_history(classifier, *, axs=None):
    """Plot loss and accuracy by epoch, of training and validation; returns the two Axes."""
    import matplotlib.pyplot as plt
    history = classifier.history_
    if axs is None:
        axs = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")[1]
    for ax, measure, label in zip(axs, ("loss", "accuracy"), ("loss (nats)", "accuracy (share of chunks)")):
        for column, name in ((measure, "training, with augmentation"), (f"val_{measure}", "validation")):
            if column in history:
                ax.plot(history.index + 1, history[column], label=name)
        ax.set(xlabel="epoch", ylabel=label, title=f"{classifier.name}: {measure}")
        ax.legend()
    return axs


def plot_histories(classifiers, *, axs=None):
    """Plot the loss by epoch of several networks, one plot a network, all on one scale.

    Parameters
    ----------
    classifiers : dict of str to classifier
        Trained networks by name. The dotted line is the epoch with the lowest validation loss, whose weights are kept.
    axs : sequence of matplotlib Axes, optional

    Returns
    -------
    list of matplotlib Axes
    """
    import matplotlib.pyplot as plt
    if axs is None:
        columns = min(3, len(classifiers))
        rows = -(-len(classifiers) // columns)
        grid = plt.subplots(rows, columns, figsize=(3.6 * columns, 2.7 * rows), sharey=True, squeeze=False,
                            layout="constrained")[1]
        axs = list(grid.flat[:len(classifiers)])
        for ax in grid.flat[len(classifiers):]:
            ax.set_axis_off()
    for ax, (name, classifier) in zip(axs, classifiers.items()):
        history = classifier.history_
        for column, label in (("loss", "training, with augmentation"), ("val_loss", "validation")):
            if column in history:
                ax.plot(history.index + 1, history[column], label=label)
        if "val_loss" in history:
            ax.axvline(history["val_loss"].argmin() + 1, color=".5", ls=":", lw=1)
        ax.set(xlabel="epoch", title=name)
    axs[0].set_ylabel("loss (nats)")
    axs[0].legend(fontsize=8)
    return list(axs)
