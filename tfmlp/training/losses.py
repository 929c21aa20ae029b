"""Per-example losses, and the metrics that go with a task."""

from collections.abc import Callable

import keras
import tensorflow as tf

from tfmlp.errors import ConfigError, nearest

PerExampleLoss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Returns -log softmax(logits)[label], float [b], of labels int [b] and logits [b, classes]; stable for any finite logits."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def squared_error(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Returns the mean over outputs of (output - label)**2, float [b], of labels [b] or [b, k] and outputs [b, k]."""
    labels = tf.reshape(tf.cast(labels, outputs.dtype), tf.shape(outputs))  # [b] against [b, 1] would broadcast to [b, b]
    return tf.reduce_mean(tf.square(outputs - labels), axis=-1)


LOSSES: dict[str, PerExampleLoss] = {"cross_entropy": cross_entropy, "squared_error": squared_error}
TASK_LOSS = {"classification": "cross_entropy", "regression": "squared_error"}


def find_loss(loss: str | PerExampleLoss) -> PerExampleLoss:
    """Returns the per-example loss of a name, or a function as it is."""
    if callable(loss):
        return loss
    if loss not in LOSSES:
        raise ConfigError(
            f"unknown loss {loss!r}: {nearest(str(loss), LOSSES)}; or pass a function of (labels, outputs) that returns one loss per example."
        )
    return LOSSES[loss]


def make_metrics(task: str) -> dict[str, keras.metrics.Metric]:
    """Returns new metric objects for a task, by the names under which runs record them; "loss" is the mean per-example loss."""
    kinds = {"loss": keras.metrics.Mean}
    if task == "classification":
        kinds |= {"accuracy": keras.metrics.SparseCategoricalAccuracy}
    else:
        kinds |= {"mae": keras.metrics.MeanAbsoluteError, "rmse": keras.metrics.RootMeanSquaredError}
    # float64: sums over an epoch stay exact enough that a count of right answers comes out as the very fraction.
    return {name: kind(name, dtype="float64") for name, kind in kinds.items()}
