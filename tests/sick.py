"""Sick trainings, each with the causes that name it, and healthy ones: `SICK` and `HEALTHY`, of
(name, function that diagnoses it, causes).
"""

import keras
import numpy as np
import tensorflow as tf

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.data.mnist import find_mnist, read_mnist
from tfmlp.data.synthetic import draw_images
from tfmlp.diagnosis.configured import diagnose_config
from tfmlp.diagnosis.diagnose import diagnose

SICK, HEALTHY = [], []
_cache = {}


def digits(rows=4000, test=1000):
    """MNIST's first rows, images uint8 [n, 28, 28, 1]."""
    if "mnist" not in _cache:
        _cache["mnist"] = read_mnist(find_mnist(None))
    raw = _cache["mnist"]
    return (raw.train[0][:rows, ..., None], raw.train[1][:rows].astype(np.int32)), (
        raw.test[0][:test, ..., None],
        raw.test[1][:test].astype(np.int32),
    )


def dataset(train=None, test=None, classes=10):
    own_train, own_test = digits()
    return Dataset(
        Split(*(train or own_train)),
        None,
        Split(*(test or own_test)),
        "classification",
        tuple(map(str, range(classes))),
        Provenance("digits", "a test"),
    )


def numbers():
    """A smooth function of eight columns."""
    stream = np.random.default_rng(0)
    rows = stream.normal(size=(2000, 8)).astype(np.float32)
    values = (np.sin(rows[:, 0]) + rows[:, 1] * rows[:, 2] + 0.1 * stream.normal(size=2000)).astype(
        np.float32
    )
    return Dataset(
        Split(rows[:1600], values[:1600]),
        None,
        Split(rows[1600:], values[1600:]),
        "regression",
        (),
        Provenance("numbers", "a test"),
    )


def sick(name, causes, data=None, **options):
    SICK.append((name, lambda: _run(data, options), causes.split()))


def healthy(name, data=None, **options):
    HEALTHY.append((name, lambda: _run(data, options), []))


def _run(data, options):
    settings = {"hidden_units": (64, 32), "epochs": 5, "validation": 0} | options
    return diagnose_config(
        Config.from_options(**settings), data() if data else dataset(), seconds=30
    )


def sick_model(name, causes):
    def add(function):
        SICK.append((name, function, causes.split()))
        return function

    return add


def scaled():
    (images, labels), (test_images, test_labels) = digits()
    return (images.reshape(len(images), -1) / np.float32(255), labels), (
        test_images.reshape(len(test_images), -1) / np.float32(255),
        test_labels,
    )


def sequential(*layers, inputs=784):
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((inputs,)), *layers])


def dense(units, activation=None, **options):
    return keras.layers.Dense(units, activation=activation, **options)


# --- options

COURSE = {"hidden_units": (32, 64, 128, 256), "preprocessing": "none", "batch_size": 32}
sick("raw pixels, SGD", "unscaled_inputs", preprocessing="none", optimizer="sgd", learning_rate=0.1)
sick("raw pixels of three colors, the course's net", "unscaled_inputs", lambda: colored(), **COURSE)
sick(
    "inputs far from zero",
    "uncentered_inputs unscaled_inputs",
    lambda: moved(),
    preprocessing="none",
    optimizer="sgd",
    learning_rate=0.1,
)
sick(
    "Adam with a learning rate of 0.5",
    "learning_rate_too_large diverges",
    activation="leaky_relu",
    negative_slope=0.1,
    learning_rate=0.5,
)
sick(
    "SGD with a learning rate of 50",
    "learning_rate_too_large diverges",
    optimizer="sgd",
    learning_rate=50.0,
)
sick("a learning rate of 1e-7", "learning_rate_too_small", learning_rate=1e-7)
sick("zero weights", "symmetric_weights", initializer="zeros", optimizer="sgd", learning_rate=0.1)
sick(
    "huge weights, sigmoids",
    "saturated_units exploding_gradients",
    activation="sigmoid",
    initializer="normal",
    initializer_scale=3.0,
    optimizer="sgd",
    learning_rate=0.1,
)
sick(
    "ten layers of sigmoids",
    "vanishing_gradients",
    activation="sigmoid",
    hidden_units=(32,) * 10,
    optimizer="sgd",
    learning_rate=0.1,
)
sick("a penalty of 10", "penalty_too_strong", l2=10.0)
sick("dropout of 0.97", "dropout_too_strong", dropout=0.97)
sick("rows by class, not shuffled", "not_shuffled", lambda: ordered(), shuffle=False)
sick("labels without relation", "unrelated_labels", lambda: scrambled())
sick(
    "one class only",
    "constant_labels",
    lambda: dataset(train=(digits()[0][0], np.full(4000, 3, np.int32))),
)
sick("97 % of one class", "imbalance", lambda: imbalanced())
sick(
    "test rows among the training rows",
    "leakage",
    lambda: dataset(test=(digits()[0][0][:1000], digits()[0][1][:1000])),
)


def colored():
    train, test = digits(3000, 600)
    stream = np.random.default_rng(0)
    parts = [
        draw_images(images[..., 0], labels, len(labels), stream) for images, labels in (train, test)
    ]
    parts = [(images, (labels % 10).astype(np.int32)) for images, labels in parts]
    return dataset(*parts)


def moved():
    (images, labels), (test, test_labels) = digits()
    return dataset(
        (images.astype(np.float32) / 255 + 30, labels),
        (test.astype(np.float32) / 255 + 30, test_labels),
    )


def ordered():
    images, labels = digits()[0]
    order = np.argsort(labels, kind="stable")
    return dataset((images[order], labels[order]))


def scrambled():
    images, labels = digits()[0]
    return dataset((images, np.random.default_rng(0).permutation(labels)))


def imbalanced():
    images, labels = digits()[0]
    rows = np.concatenate([np.flatnonzero(labels == 1), np.flatnonzero(labels != 1)[:14]])
    return dataset((images[rows], labels[rows]))


# --- models of one's own


@sick_model("labels from 1 to 10", "labels_off_by_one")
def _():
    (x, y), test = scaled()
    return diagnose(
        sequential(dense(32, "relu"), dense(10)), keras.optimizers.Adam(), (x, y + 1), test=test
    )


@sick_model("softmax twice", "softmax_twice")
def _():
    train, test = scaled()
    return diagnose(
        sequential(dense(32, "relu"), dense(10, "softmax")),
        keras.optimizers.SGD(0.1),
        train,
        test=test,
    )


@sick_model("logits taken for probabilities", "logits_as_probabilities")
def _():
    train, test = scaled()
    return diagnose(
        sequential(dense(32, "relu"), dense(10)),
        keras.optimizers.SGD(0.1),
        train,
        test=test,
        loss=keras.losses.sparse_categorical_crossentropy,
    )


@sick_model("dead ReLUs", "dead_units")
def _():
    train, test = scaled()
    return diagnose(
        sequential(dense(32, "relu", bias_initializer=keras.initializers.Constant(-20)), dense(10)),
        keras.optimizers.SGD(0.1),
        train,
        test=test,
    )


class Forgetful(keras.Model):
    """Does not pass `training` on."""

    def __init__(self):
        super().__init__()
        self.hidden, self.drop, self.out = dense(32, "relu"), keras.layers.Dropout(0.5), dense(10)

    def call(self, x, training=False):
        return self.out(self.drop(self.hidden(x), training=False))


@sick_model("training not passed on", "train_flag")
def _():
    train, test = scaled()
    model = Forgetful()
    model(train[0][:2])
    return diagnose(model, keras.optimizers.Adam(), train, test=test)


@tf.custom_gradient
def unmasked_relu(x):
    return tf.nn.relu(x), lambda slope: slope


@sick_model("the course's ReLU, which masks nothing", "wrong_gradient")
def _():
    train, test = scaled()
    return diagnose(
        sequential(dense(64), keras.layers.Lambda(unmasked_relu), dense(10)),
        keras.optimizers.SGD(0.1),
        train,
        test=test,
    )


@sick_model("a logarithm of zero", "nan_forward")
def _():
    train, test = scaled()
    return diagnose(
        sequential(keras.layers.Lambda(tf.math.log), dense(32, "relu"), dense(10)),
        keras.optimizers.Adam(),
        train,
        test=test,
    )


@sick_model("NaN in the inputs", "nan_inputs")
def _():
    (x, y), test = scaled()
    x = x.copy()
    x[17, 3] = np.nan
    return diagnose(
        sequential(dense(32, "relu"), dense(10)), keras.optimizers.Adam(), (x, y), test=test
    )


@sick_model("over-fitting", "overfitting")
def _():
    train, test = scaled()
    history = [
        {
            "epoch": i + 1,
            "train": {"loss": 0.5 / (i + 1)},
            "validation": {"loss": 0.3 + 0.03 * abs(i - 3)},
        }
        for i in range(12)
    ]
    return diagnose(
        sequential(dense(32, "relu"), dense(10)),
        keras.optimizers.Adam(),
        train,
        test=test,
        history=history,
    )


@sick_model("a step that is traced anew for every size", "retracing")
def _():
    train, test = scaled()
    model = sequential(dense(32, "relu"), dense(10))
    step = tf.function(lambda x, y: tf.reduce_mean(model(x)))
    return diagnose(model, keras.optimizers.Adam(), train, test=test, step=step)


# --- healthy

healthy("the defaults")
healthy(
    "sigmoids, SGD 0.5", activation="sigmoid", optimizer="sgd", learning_rate=0.5, batch_size=32
)
healthy("tanh, momentum", activation="tanh", optimizer="momentum", learning_rate=0.05)
healthy("batch normalization and dropout", batch_norm=True, dropout=0.2)
healthy("leaky ReLU, per image", activation="leaky_relu", preprocessing="per_image")
healthy("no hidden layer", hidden_units=(), optimizer="sgd", learning_rate=0.1)
healthy(
    "divided by 255, RMSprop, gelu", preprocessing="scale", optimizer="rmsprop", activation="gelu"
)
healthy(
    "a schedule, weight decay, augmentation",
    schedule="cosine",
    optimizer="adamw",
    warmup=0.5,
    shift=1,
)
healthy("regression", numbers)
healthy("colors, wide layers", colored, hidden_units=(256, 256), preprocessing="per_image")
