"""Per-example losses, and the metrics that go with a task.

The formulas are those of `tfmlp.reference.losses`, under the same names.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from tfmlp.config import Config
from tfmlp.errors import ConfigError, nearest

PerExampleLoss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Returns -log softmax(logits)[label], float [b], of labels int [b] and logits [b, classes];
    stable for any finite logits.
    """
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def _targets(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    if labels.dtype.is_integer:
        return tf.one_hot(labels, outputs.shape[-1], dtype=outputs.dtype)
    return tf.reshape(
        tf.cast(labels, outputs.dtype), tf.shape(outputs)
    )  # [b] against [b, 1] would broadcast to [b, b]


def binary_cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Returns the mean over outputs of the cross-entropy of sigmoid(logit), float [b], of labels
    [b] or [b, k] and logits [b, k].
    """
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(_targets(labels, logits), logits), axis=-1
    )


def squared_error(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Returns the mean over outputs of (output - label)**2, float [b], of labels [b] or [b, k] and
    outputs [b, k]; classes count as one-hot rows.
    """
    return tf.reduce_mean(tf.square(outputs - _targets(labels, outputs)), axis=-1)


def summed_squared_error(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Returns the sum over outputs of (output - label)**2, as `squared_error`."""
    return tf.reduce_sum(tf.square(outputs - _targets(labels, outputs)), axis=-1)


def half_squared_error(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Returns half the mean over outputs of (output - label)**2, as `squared_error`."""
    return 0.5 * squared_error(labels, outputs)


LOSSES: dict[str, PerExampleLoss] = {
    loss.__name__: loss
    for loss in (
        cross_entropy,
        binary_cross_entropy,
        squared_error,
        summed_squared_error,
        half_squared_error,
    )
}


def find_loss(loss: str | PerExampleLoss) -> PerExampleLoss:
    """Returns the per-example loss of a name, or a function as it is."""
    if callable(loss):
        return loss
    if loss not in LOSSES:
        raise ConfigError(
            f"unknown loss {loss!r}: {nearest(str(loss), LOSSES)}; or pass a function of (labels,"
            " outputs) that returns one loss per example."
        )
    return LOSSES[loss]


def find_loss_name(config: Config, task: str) -> str:
    """Returns the name of the loss that a configuration and a task ask for.

    Raises:
      ConfigError: when it does not fit the task or the output's activation.
    """
    name, activation = config.optimization.loss, config.model.output_activation
    if name == "auto":
        name = "cross_entropy" if task == "classification" else "squared_error"
    if task == "regression" and name.endswith("cross_entropy"):
        raise ConfigError(
            f"loss {name} is for classes, and the task is regression: use squared_error."
        )
    if name.endswith("cross_entropy") and activation != "linear":
        raise ConfigError(
            f"loss {name} takes logits: output_activation must be linear; received {activation!r}."
            " Or use a loss of squares."
        )
    return name


def model_loss(model: keras.Model, loss: str | PerExampleLoss) -> PerExampleLoss:
    """Returns the loss that a model is trained on: for one with standardized targets, that of
    standardized labels and outputs.
    """
    per_example, scale = find_loss(loss), getattr(model, "target_scale", None)
    if scale is None:
        return per_example
    return lambda labels, outputs: per_example(
        scale.standardize(labels), scale.standardize(outputs)
    )


def make_metrics(task: str) -> dict[str, keras.metrics.Metric]:
    """Returns new metric objects for a task, by the names under which runs record them; "loss" is
    the mean per-example loss.
    """
    kinds = {"loss": keras.metrics.Mean}
    if task == "classification":
        kinds |= {"accuracy": keras.metrics.SparseCategoricalAccuracy}
    else:
        kinds |= {
            "mae": keras.metrics.MeanAbsoluteError,
            "rmse": keras.metrics.RootMeanSquaredError,
        }
    # float64: sums over an epoch stay exact enough that a count of right answers comes out as the
    # very fraction.
    return {name: kind(name, dtype="float64") for name, kind in kinds.items()}
