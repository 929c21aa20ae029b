"""Per-example losses, and what is minimized over a batch.

The formulas are those of `tfmlp.reference.losses`, under the same names.
"""

import functools
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

# (labels [b] or [b, k], outputs [b, k]) -> losses [b]
PerExampleLoss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def cross_entropy(labels: tf.Tensor, logits: tf.Tensor, label_smoothing: float = 0.0) -> tf.Tensor:
    """Returns -log softmax(logits)[label], float [b]; stable for any finite logits.

    Args:
      labels: Classes [b] or [b, 1], of any numeric type; or one-hot (or any) probabilities
        [b, classes].
      logits: [b, classes].
      label_smoothing: Share of the label that is spread evenly over all classes.
    """
    labels, count = tf.convert_to_tensor(labels), logits.shape[-1]
    if labels.shape.rank == 2 and labels.shape[1] == count and count > 1:
        targets = tf.cast(labels, logits.dtype)
    else:
        labels = _classes(labels)
        if not label_smoothing:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        targets = tf.one_hot(labels, count, dtype=logits.dtype)
    if label_smoothing:
        smoothing = tf.constant(label_smoothing, logits.dtype)
        targets = targets * (1 - smoothing) + smoothing / count
    return tf.nn.softmax_cross_entropy_with_logits(targets, logits)


def _classes(labels: tf.Tensor) -> tf.Tensor:
    """Returns classes int [b] of labels [b] or [b, 1], which may be floats or bytes."""
    if labels.shape.rank == 2:
        labels = tf.squeeze(labels, axis=1)
    return labels if labels.dtype in (tf.int32, tf.int64) else tf.cast(labels, tf.int32)


def _targets(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    labels = tf.convert_to_tensor(labels)
    if labels.dtype.is_integer and labels.shape != outputs.shape:
        return tf.one_hot(_classes(labels), outputs.shape[-1], dtype=outputs.dtype)
    # [b] against [b, 1] would broadcast to [b, b]
    return tf.reshape(tf.cast(labels, outputs.dtype), tf.shape(outputs))


def binary_cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Returns the mean over outputs of the cross-entropy of sigmoid(logit), float [b].

    Of labels [b] or [b, k] and logits [b, k].
    """
    losses = tf.nn.sigmoid_cross_entropy_with_logits(_targets(labels, logits), logits)
    return tf.reduce_mean(losses, axis=-1)


def squared_error(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Returns the mean over outputs of (output - label)**2, float [b].

    Of labels [b] or [b, k] and outputs [b, k]; classes count as one-hot rows.
    """
    return tf.reduce_mean(tf.square(outputs - _targets(labels, outputs)), axis=-1)


def summed_squared_error(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Returns the sum over outputs of (output - label)**2, as `squared_error`."""
    return tf.reduce_sum(tf.square(outputs - _targets(labels, outputs)), axis=-1)


def half_squared_error(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Returns half the mean over outputs of (output - label)**2, as `squared_error`."""
    return 0.5 * squared_error(labels, outputs)


LOSSES: dict[str, PerExampleLoss] = {
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "squared_error": squared_error,
    "summed_squared_error": summed_squared_error,
    "half_squared_error": half_squared_error,
}


def find_loss(name: str, **options: float) -> PerExampleLoss:
    """Returns the per-example loss of a name in `LOSSES`, with its options."""
    return functools.partial(LOSSES[name], **options) if options else LOSSES[name]


def standardized_loss(model: keras.Model, per_example_loss: PerExampleLoss) -> PerExampleLoss:
    """Returns the loss that a model is trained on.

    For one with standardized targets, that of standardized labels and outputs.
    """
    scale = getattr(model, "target_scale", None)
    if scale is None:
        return per_example_loss
    return lambda labels, outputs: per_example_loss(
        scale.standardize(labels), scale.standardize(outputs)
    )


def weighted_loss(per_example_loss: PerExampleLoss, weights: np.ndarray) -> PerExampleLoss:
    """Returns a loss in which each example counts by the weight of its class.

    Args:
      per_example_loss: The loss, of labels [b], [b, 1] or one-hot [b, k].
      weights: One a class, [k]; the last one is for all classes above, too.
    """

    def weighted(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        losses = per_example_loss(labels, outputs)
        is_one_hot = labels.shape.rank == 2 and labels.shape[1] > 1
        classes = tf.argmax(labels, axis=1) if is_one_hot else _classes(labels)
        known = tf.minimum(tf.cast(classes, tf.int32), len(weights) - 1)
        return losses * tf.gather(tf.constant(weights, losses.dtype), known)

    return weighted


def batch_loss(losses: tf.Tensor, penalties: Sequence[tf.Tensor]) -> tf.Tensor:
    """Returns what a train step minimizes: the mean over the global batch, plus penalties.

    Each replica adds its share, so that the sum over replicas is that of the global batch.

    Args:
      losses: Per-example losses of this replica, [b].
      penalties: Scalars, as `model.losses` has them.
    """
    replica, count = tf.distribute.get_replica_context(), tf.shape(losses)[0]
    # One replica's sum is its own. TensorFlow would register a gradient function for it all the
    # same, which keeps the whole graph in memory until the process ends.
    if replica.num_replicas_in_sync > 1:
        count = replica.all_reduce(tf.distribute.ReduceOp.SUM, count)
    loss = tf.reduce_sum(losses) / tf.cast(count, losses.dtype)
    for penalty in penalties:
        loss += tf.cast(penalty, loss.dtype) / replica.num_replicas_in_sync
    return loss


def weighted(losses: tf.Tensor, sample_weight: tf.Tensor | None) -> tf.Tensor:
    """Returns per-example losses [b] times the examples' weights [b] or [b, 1], if any."""
    if sample_weight is None:
        return losses
    return losses * tf.reshape(tf.cast(sample_weight, losses.dtype), tf.shape(losses))
