"""Losses, one value per example, each with its gradient.

    values, slopes = LOSSES["cross_entropy"](outputs, labels)       # [b], and [b, k]: d values[i] /
    d outputs[i, j]

A net minimizes the mean of the values, so the gradient that it propagates back is `slopes / b`. To
forget that 1/b is a known defect.

Labels are int [b] (classes) or floats [b] or [b, k] (values). Losses of squares take classes as
one-hot rows.
"""

from collections.abc import Callable

import numpy as np

from tfmlp.reference.activations import sigmoid

# (outputs [b, k], labels) -> per-example losses [b], and their slopes [b, k], each example's own,
# not divided by b.
Loss = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def one_hot(labels: np.ndarray, classes: int, dtype: np.dtype) -> np.ndarray:
    """Returns [b, classes], with a 1 where the label is."""
    rows = np.zeros((len(labels), classes), dtype)
    rows[np.arange(len(labels)), labels] = 1
    return rows


def softmax(logits: np.ndarray) -> np.ndarray:
    """Returns exp(logits) over its row sums, [b, k]. The row's largest logit is subtracted first,
    which changes nothing but that exp cannot overflow.
    """
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """-log softmax(logits)[label], of logits [b, k] and labels int [b]; its slope is
    softmax(logits) less the one-hot label (C. Bishop, "Pattern recognition and machine learning",
    equation 4.109)."""
    rows = np.arange(len(labels))
    # -log softmax(logits)[label] = log(sum(exp(logits))) - logits[label], in which exp of the
    # largest is 1
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=1, keepdims=True)
    values = np.log(sums[:, 0]) - shifted[rows, labels]
    slopes = exponentials / sums
    slopes[rows, labels] -= 1
    return values, slopes


def _targets(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    if labels.dtype.kind in "iu":
        return one_hot(labels, outputs.shape[1], outputs.dtype)
    return labels.reshape(outputs.shape).astype(
        outputs.dtype, copy=False
    )  # [b] against [b, 1] would broadcast to [b, b]


def binary_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean over outputs of -t log s(z) - (1-t) log(1 - s(z)), s the sigmoid, of logits z [b, k]
    and targets t.
    """
    targets = _targets(logits, labels)
    # the same as max(z, 0) - z t + log(1 + exp(-|z|)), which overflows nowhere
    values = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return values.mean(axis=1), (sigmoid(logits) - targets) / logits.shape[1]


def _squares(factor: Callable[[int], float]) -> Loss:
    """Returns the loss factor(k) * sum over the k outputs of (output - target)**2."""

    def loss(outputs: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
