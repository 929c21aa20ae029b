"""Losses, one value per example, each with its gradient.

    losses, gradient = make_loss("cross_entropy")(outputs, labels)

    losses [b], gradient [b, k]: d losses[i] / d outputs[i, j]

A net minimizes the mean of the losses, so the gradient that it propagates back is `gradient / b`.
To forget that 1/b is a well-known mistake.

Labels are int [b] (classes) or floats [b] or [b, k] (values). Losses of squares take classes as
one-hot rows.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tfmlp.reference.activations import sigmoid

Array = npt.NDArray[Any]
# (outputs [b, k], labels) -> per-example losses [b] and their gradients [b, k], each example's own,
# not divided by b.
Loss = Callable[[Array, Array], tuple[Array, Array]]


def one_hot(labels: Array, classes: int, dtype: npt.DTypeLike) -> Array:
    """Returns [b, classes], with a 1 where the label is."""
    rows = np.zeros((len(labels), classes), dtype)
    rows[np.arange(len(labels)), labels] = 1
    return rows


def softmax(logits: Array) -> Array:
    """Returns exp(logits) over its row sums, [b, k].

    The row's largest logit is subtracted first, which changes nothing but that exp cannot overflow.
    """
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def cross_entropy(
    logits: Array, labels: Array, label_smoothing: float = 0.0
) -> tuple[Array, Array]:
    """-log softmax(logits)[label], of logits [b, k] and labels int [b].

    Its gradient is softmax(logits) less the one-hot label (C. Bishop, "Pattern recognition and
    machine learning", equation 4.109). With smoothing s, the label is (1 - s) * one-hot + s / k
    (Szegedy et al., "Rethinking the Inception architecture", 2016, section 7).
    """
    rows = np.arange(len(labels))
    # -log softmax(logits)[label] = log(sum(exp(logits))) - logits[label], in which exp of the
    # largest is 1
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=1, keepdims=True)
    if not label_smoothing:
        losses = np.log(sums[:, 0]) - shifted[rows, labels]
        gradient = exponentials / sums
        gradient[rows, labels] -= 1
        return losses, gradient
    count = logits.shape[1]
    targets = one_hot(labels, count, logits.dtype)
    targets = targets * (1 - label_smoothing) + label_smoothing / count
    targets = targets.astype(logits.dtype, copy=False)
    return np.log(sums[:, 0]) - (targets * shifted).sum(axis=1), exponentials / sums - targets


def _targets(outputs: Array, labels: Array) -> Array:
    if labels.dtype.kind in "iu":
        return one_hot(labels, outputs.shape[1], outputs.dtype)
    # [b] against [b, 1] would broadcast to [b, b]
    return labels.reshape(outputs.shape).astype(outputs.dtype, copy=False)


def binary_cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    """The mean over outputs of -t log s(z) - (1-t) log(1 - s(z)), s the sigmoid.

    Of logits z [b, k] and targets t.
    """
    targets = _targets(logits, labels)
    # the same as max(z, 0) - z t + log(1 + exp(-|z|)), which overflows nowhere
    losses = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return losses.mean(axis=1), (sigmoid(logits) - targets) / logits.shape[1]


def _squares(factor: Callable[[int], float]) -> Loss:
    """Returns the loss factor(k) * sum over the k outputs of (output - target)**2."""

    def loss(outputs: Array, labels: Array) -> tuple[Array, Array]:
        errors, weight = outputs - _targets(outputs, labels), factor(outputs.shape[1])
        return weight * np.square(errors).sum(axis=1), 2 * weight * errors

    return loss


LOSSES: dict[str, Loss] = {
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "squared_error": _squares(lambda k: 1 / k),
    "summed_squared_error": _squares(lambda k: 1.0),
    "half_squared_error": _squares(lambda k: 0.5 / k),
}


def make_loss(name: str, **options: float) -> Loss:
    """Returns a loss by its name, with its options: `label_smoothing` for "cross_entropy"."""
    return functools.partial(LOSSES[name], **options) if options else LOSSES[name]


def weighted_loss(loss: Loss, weights: Array) -> Loss:
    """Returns a loss in which each example counts by the weight of its class.

    Args:
      loss: The loss.
      weights: One a class, [k].
    """

    def weighted(outputs: Array, labels: Array) -> tuple[Array, Array]:
        losses, gradient = loss(outputs, labels)
        factors = weights[labels].astype(losses.dtype)
        return losses * factors, gradient * factors[:, np.newaxis]

    return weighted
