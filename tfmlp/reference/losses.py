"""Losses, one value per example, each with its gradient.

    values = LOSSES["cross_entropy"].values(outputs, labels)        # [b]
    slopes = LOSSES["cross_entropy"].gradient(outputs, labels)      # [b, k], d values[i] / d outputs[i, j]

A net minimizes the mean of the values, so the gradient that it propagates back is `slopes / b`. To forget that 1/b is a known defect.

Labels are int [b] (classes) or floats [b] or [b, k] (values). Losses of squares take classes as one-hot rows.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfmlp.reference.activations import sigmoid


class Loss(NamedTuple):
    """A per-example loss.

    Attributes:
      values: (outputs [b, k], labels) -> [b].
      gradient: (outputs [b, k], labels) -> [b, k], each example's own, not divided by b.
    """

    values: Callable[[np.ndarray, np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray, np.ndarray], np.ndarray]


def one_hot(labels: np.ndarray, classes: int, dtype: np.dtype) -> np.ndarray:
    """Returns [b, classes], with a 1 where the label is."""
    rows = np.zeros((len(labels), classes), dtype)
    rows[np.arange(len(labels)), labels] = 1
    return rows


def softmax(logits: np.ndarray) -> np.ndarray:
    """Returns exp(logits) over its row sums, [b, k]. The row's largest logit is subtracted first, which changes nothing but that exp cannot overflow."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    # -log softmax(logits)[label] = log(sum(exp(logits))) - logits[label]
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]


def _cross_entropy_gradient(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    slopes = softmax(logits)
    slopes[np.arange(len(labels)), labels] -= 1  # C. Bishop, "Pattern recognition and machine learning", equation 4.109
    return slopes


def _targets(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    if labels.dtype.kind in "iu":
        return one_hot(labels, outputs.shape[1], outputs.dtype)
    return labels.reshape(outputs.shape).astype(outputs.dtype, copy=False)  # [b] against [b, 1] would broadcast to [b, b]


def _binary_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    # -t log s(z) - (1-t) log(1 - s(z)) = max(z, 0) - z t + log(1 + exp(-|z|)), which overflows nowhere
    targets = _targets(logits, labels)
    return (np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))).mean(axis=1)


def _binary_cross_entropy_gradient(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return (sigmoid(logits) - _targets(logits, labels)) / logits.shape[1]


def _squares(factor: Callable[[int], float]) -> Loss:
    """Returns the loss factor(k) * sum over the k outputs of (output - target)**2."""

    def values(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return factor(outputs.shape[1]) * np.square(outputs - _targets(outputs, labels)).sum(axis=1)

    def gradient(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return 2 * factor(outputs.shape[1]) * (outputs - _targets(outputs, labels))

    return Loss(values, gradient)


LOSSES: dict[str, Loss] = {
    "cross_entropy": Loss(_cross_entropy, _cross_entropy_gradient),
    "binary_cross_entropy": Loss(_binary_cross_entropy, _binary_cross_entropy_gradient),
    "squared_error": _squares(lambda k: 1 / k),
    "summed_squared_error": _squares(lambda k: 1.0),
    "half_squared_error": _squares(lambda k: 0.5 / k),
}
