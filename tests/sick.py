"""Sick trainings, each with the causes that name it, and healthy ones: `SICK` and `HEALTHY`, of
(name, function that diagnoses it, causes).
"""

import functools

import keras
import numpy as np
import tensorflow as tf

from tests.sick_data import (
    changed,
    colored,
    dataset,
    digits,
    mostly_ones,
    moved,
    numbers,
    scaled,
    scramble,
    sort_by_class,
)
from tfmlp.config import Config
from tfmlp.diagnosis.configured import diagnose_config
from tfmlp.diagnosis.diagnose import diagnose

SICK, HEALTHY = [], []

# --- trainings that options describe


def configured(data=dataset, **options):
    settings = {"hidden_units": (64, 32), "epochs": 5, "validation": 0} | options
    return diagnose_config(Config.from_options(**settings), data(), seconds=30)


def sick(name, causes, *data, **options):
    SICK.append((name, functools.partial(configured, *data, **options), causes.split()))


def healthy(name, *data, **options):
    HEALTHY.append((name, functools.partial(configured, *data, **options), []))


SGD = {"optimizer": "sgd", "learning_rate": 0.1}
RAW = {"preprocessing": "none"}
sick("raw pixels, SGD", "unscaled_inputs", **RAW, **SGD)
sick(
    "raw pixels of three colors, the course's net",
    "unscaled_inputs",
    colored,
    **RAW,
    hidden_units=(32, 64, 128, 256),
    batch_size=32,
)
sick("inputs far from zero", "uncentered_inputs unscaled_inputs", moved, **RAW, **SGD)
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
sick("a table divided by 255", "small_inputs", numbers, preprocessing="scale", **SGD)
sick("zero weights", "symmetric_weights", initializer="zeros", **SGD)
sick(
    "huge weights, sigmoids",
    "saturated_units exploding_gradients",
    activation="sigmoid",
    initializer="normal",
    initializer_scale=3.0,
    **SGD,
)
sick(
    "ten layers of sigmoids",
    "vanishing_gradients",
    activation="sigmoid",
    hidden_units=(32,) * 10,
    **SGD,
)
sick("a penalty of 10", "penalty_too_strong", l2=10.0)
sick("dropout of 0.97", "dropout_too_strong", dropout=0.97)
sick("sorted by class, not shuffled", "not_shuffled", changed(sort_by_class), shuffle=False)
sick("labels without relation", "unrelated_labels", changed(scramble))
sick("one class only", "constant_labels", changed(lambda x, y: (x, np.full_like(y, 3))))
sick("97 % of one class", "imbalance", changed(mostly_ones))
sick(
    "test examples among the training examples",
    "leakage",
    lambda: dataset(test=tuple(part[:1000] for part in digits()[0])),
)

healthy("the defaults")
healthy(
    "sigmoids, SGD 0.5", activation="sigmoid", optimizer="sgd", learning_rate=0.5, batch_size=32
)
healthy("tanh, momentum", activation="tanh", optimizer="momentum", learning_rate=0.05)
healthy("batch normalization and dropout", batch_norm=True, dropout=0.2)
healthy("leaky ReLU, per image", activation="leaky_relu", preprocessing="per_image")
healthy("no hidden layer", hidden_units=(), **SGD)
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

# --- a user's own models


def sequential(*layers):
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((784,)), *layers])


def dense(units, activation=None, **options):
    return keras.layers.Dense(units, activation=activation, **options)


def plain():
    return sequential(dense(32, "relu"), dense(10))


def sick_model(name, causes, make_model=plain, sgd=None, change=None, **options):
    """Adds a user's model, trained with SGD of a learning rate, or with Adam."""

    def run():
        train, test = scaled()
        train = change(*train) if change else train
        chosen = keras.optimizers.SGD(sgd) if sgd else keras.optimizers.Adam()
        return diagnose(make_model(), chosen, train, test=test, **options)

    SICK.append((name, run, causes.split()))


class Forgetful(keras.Model):
    """Does not pass `training` on."""

    def __init__(self):
        super().__init__()
        self.hidden, self.drop, self.out = dense(32, "relu"), keras.layers.Dropout(0.5), dense(10)
        self(np.zeros((1, 784), np.float32))

    def call(self, x, training=False):
        return self.out(self.drop(self.hidden(x), training=False))


@tf.custom_gradient
def unmasked_relu(x):
    return tf.nn.relu(x), lambda gradient: gradient


def dead():
    bias = keras.initializers.Constant(-20)
    return sequential(dense(32, "relu", bias_initializer=bias), dense(10))


def unmasked():
    return sequential(dense(64), keras.layers.Lambda(unmasked_relu), dense(10))


def logarithm():
    return sequential(keras.layers.Lambda(tf.math.log), dense(32, "relu"), dense(10))


def with_nan(x, y):
    x[17, 3] = np.nan
    return x, y


def overfitted(i):
    return {
        "epoch": i + 1,
        "train": {"loss": 0.5 / (i + 1)},
        "validation": {"loss": 0.3 + 0.03 * abs(i - 3)},
    }


sick_model("labels from 1 to 10", "labels_off_by_one", change=lambda x, y: (x, y + 1))
sick_model(
    "softmax twice",
    "softmax_twice",
    lambda: sequential(dense(32, "relu"), dense(10, "softmax")),
    sgd=0.1,
)
sick_model(
    "logits taken for probabilities",
    "logits_as_probabilities",
    sgd=0.1,
    loss=keras.losses.sparse_categorical_crossentropy,
)
sick_model("dead ReLUs", "dead_units", dead, sgd=0.1)
sick_model("training not passed on", "train_flag", Forgetful)
sick_model("the course's ReLU, which masks nothing", "wrong_gradient", unmasked, sgd=0.1)
sick_model("a logarithm of zero", "nan_forward", logarithm)
sick_model("NaN in the inputs", "nan_inputs", change=with_nan)
sick_model("overfitting", "overfitting", history=[overfitted(i) for i in range(12)])


def _retraced():
    (train, test), model = scaled(), plain()
    step = tf.function(lambda x, y: tf.reduce_mean(model(x)))
    return diagnose(model, keras.optimizers.Adam(), train, test=test, step=step)


SICK.append(("a step that is traced again for every size", _retraced, ["retracing"]))
