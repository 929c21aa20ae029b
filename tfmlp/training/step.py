"""The train step and the test step, as they are said aloud.

    metrics = [keras.metrics.Mean("loss"), keras.metrics.SparseCategoricalAccuracy()]
    step = make_train_step(model, optimizer, "cross_entropy", metrics)
    loss = step(images, labels)

Works with any built Keras model and any Keras optimizer. What stands beside the mathematics has
modules of its own: tracing in `traced`, counters in `forward`, bfloat16 in `mixed_step`.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfmlp.errors import ConfigError
from tfmlp.training.forward import training_pass
from tfmlp.training.losses import PerExampleLoss, batch_loss, find_loss, require_per_example
from tfmlp.training.traced import Step


def make_train_step(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: str | PerExampleLoss = "cross_entropy",
    metrics: Sequence[keras.metrics.Metric] = (),
) -> Step:
    """Makes the step that changes the weights.

    The loss is the sum of per-example losses over the number of examples in the global batch, so it
    and its gradient are the plain mean on one device. Penalties of layers (`model.losses`) are
    added to it.

    Args:
      model: A built Keras model, from features [b, ...] to outputs [b, k]; logits for
        "cross_entropy".
      optimizer: A Keras optimizer; built here for the model's variables if it is not.
      loss: "cross_entropy", "squared_error", or a function of (labels, outputs) that returns one
        loss per example, [b].
      metrics: Keras metrics to update. `keras.metrics.Mean` receives the per-example losses, every
        other one (labels, outputs).

    Returns:
      A step: (features, labels) -> loss, a scalar.

    Raises:
      ConfigError: for an unbuilt model, an unknown loss, or (at the first call) a loss that is not
        per example.
    """
    require_built(model)
    per_example_loss = find_loss(loss)
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    forward = training_pass(model, optimizer.iterations)

    def train_step(features: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            outputs = forward(features)
            losses = require_per_example(per_example_loss(labels, outputs), per_example_loss)
            loss = batch_loss(losses, model.losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        update_metrics(metrics, labels, outputs, losses)
        return loss

    return Step(train_step)


def make_test_step(
    model: keras.Model,
    loss: str | PerExampleLoss = "cross_entropy",
    metrics: Sequence[keras.metrics.Metric] = (),
    **call_options: Any,
) -> Step:
    """Makes the step that only looks: the model runs as at inference, metrics are updated.

    Args:
      model, loss, metrics: As for `make_train_step`.
      **call_options: Passed on to the model, such as `preprocessed=True` to an `MLP`.

    Returns:
      A step: (features, labels) -> the batch's mean loss, a scalar.

    Raises:
      ConfigError: As `make_train_step`.
    """
    require_built(model)
    per_example_loss = find_loss(loss)

    def test_step(features: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        outputs = model(features, training=False, **call_options)
        losses = require_per_example(per_example_loss(labels, outputs), per_example_loss)
        update_metrics(metrics, labels, outputs, losses)
        return tf.reduce_mean(losses)

    return Step(test_step)


def update_metrics(
    metrics: Sequence[keras.metrics.Metric],
    labels: tf.Tensor,
    outputs: tf.Tensor,
    losses: tf.Tensor,
) -> None:
    """Updates metric objects with a batch: a `Mean` with its losses, others with the outputs."""
    for metric in metrics:
        if type(metric) is keras.metrics.Mean:
            metric.update_state(losses)
        else:
            metric.update_state(labels, outputs)


def require_built(model: keras.Model) -> None:
    """Refuses a model without weights.

    Raises:
      ConfigError: when it is not built.
    """
    if not model.built:
        raise ConfigError(
            f"{model.name} has no weights yet, so the step could train none: call"
            " model.build((None, 28, 28, 1)), with your inputs' shape, or call the model on one"
            " batch, before making a step."
        )
