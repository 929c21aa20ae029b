"""The train step and the test step, as they are said aloud.

    metrics = [keras.metrics.Mean("loss"), keras.metrics.SparseCategoricalAccuracy()]
    step = make_train_step(model, optimizer, "cross_entropy", metrics)
    loss = step(images, labels)

Works with any built Keras model and any Keras optimizer. What stands beside the mathematics has
modules of its own: tracing in `traced`, counters in `forward`, bfloat16 in `mixed_step`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfmlp.training.first_batch import FirstBatch
from tfmlp.training.forward import training_pass
from tfmlp.training.losses import batch_loss, weighted
from tfmlp.training.traced import Step
from tfmlp.training.user_loss import UserLoss, per_example, with_class_weights
from tfmlp.training.user_optimizer import find_optimizer


def make_train_step(
    model: keras.Model,
    optimizer: str | keras.optimizers.Optimizer = "adam",
    loss: UserLoss = "cross_entropy",
    metrics: Sequence[keras.metrics.Metric] = (),
    class_weight: Mapping[int, float] | None = None,
) -> Step:
    """Makes the step that changes the weights.

    The loss is the sum of per-example losses over the number of examples in the global batch, so it
    and its gradient are the plain mean on one device. Penalties of layers (`model.losses`) are
    added to it. The first call builds what is not built, and looks at the batch.

    Args:
      model: A Keras model, built or not, from features [b, ...] to outputs [b, k].
      optimizer: A Keras optimizer, or its name.
      loss: "cross_entropy" (of logits) or another of tfmlp's names; a name, an object (whatever its
        reduction) or a function of Keras; or a function of (labels, outputs) that returns one loss
        per example, [b].
      metrics: Keras metrics to update. `keras.metrics.Mean` receives the per-example losses, every
        other one (labels, outputs).
      class_weight: Factor on the losses of each class; 1 where there is none.

    Returns:
      A step: (features, labels) or (features, labels, sample_weight) -> loss, a scalar. Labels are
      [b], [b, 1] or, for losses that take them, [b, k]; weights are [b].

    Raises:
      ConfigError: for an unknown loss or optimizer, or (at the first call) for a batch that does
        not fit.

    >>> train = tfmlp.load_dataset("mnist-small").train
    >>> model = tfmlp.MLP(hidden_units=(32,))
    >>> step = tfmlp.make_train_step(model, "adam", "cross_entropy")
    >>> losses = [float(step(train.images[:128], train.labels[:128])) for _ in range(20)]
    >>> losses[-1] < losses[0]
    True
    """
    optimizer = find_optimizer(optimizer)
    per_example_loss = with_class_weights(per_example(loss), class_weight)
    forward = training_pass(model, optimizer.iterations)

    def train_step(
        features: tf.Tensor, labels: tf.Tensor, sample_weight: tf.Tensor | None = None
    ) -> tf.Tensor:
        with tf.GradientTape() as tape:
            outputs = forward(features)
            losses = weighted(per_example_loss(labels, outputs), sample_weight)
            loss = batch_loss(losses, model.losses)
            scaled_loss = optimizer.scale_loss(loss)  # the loss itself, but for loss scaling
        gradients = tape.gradient(scaled_loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        update_metrics(metrics, labels, outputs, losses)
        return loss

    return Step(train_step, FirstBatch(model, loss, per_example_loss, optimizer))


def make_test_step(
    model: keras.Model,
    loss: UserLoss = "cross_entropy",
    metrics: Sequence[keras.metrics.Metric] = (),
    **call_options: Any,
) -> Step:
    """Makes the step that only looks: the model runs as at inference, metrics are updated.

    Args:
      model, loss, metrics: As for `make_train_step`.
      **call_options: Passed on to the model, such as `preprocessed=True` to an `MLP`.

    Returns:
      A step: (features, labels) or (features, labels, sample_weight) -> the batch's mean loss.

    Raises:
      ConfigError: As `make_train_step`.

    >>> test, model = tfmlp.load_dataset("mnist-small").test, tfmlp.MLP()
    >>> accuracy = keras.metrics.SparseCategoricalAccuracy()
    >>> loss = tfmlp.make_test_step(model, metrics=[accuracy])(test.images, test.labels)
    >>> float(accuracy.result()) < 0.3  # it has learned nothing yet
    True
    """
    per_example_loss = per_example(loss)

    def test_step(
        features: tf.Tensor, labels: tf.Tensor, sample_weight: tf.Tensor | None = None
    ) -> tf.Tensor:
        outputs = model(features, training=False, **call_options)
        losses = weighted(per_example_loss(labels, outputs), sample_weight)
        update_metrics(metrics, labels, outputs, losses)
        return tf.reduce_mean(losses)

    return Step(test_step, FirstBatch(model, loss, per_example_loss, call_options=call_options))


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
