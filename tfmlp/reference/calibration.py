"""Calibration: whether predictions of probability p are right in a share p of the cases."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tfmlp.reference.activations import sigmoid
from tfmlp.reference.losses import softmax

Array = npt.NDArray[Any]


def probabilities(outputs: Array, loss: str) -> Array:
    """Returns probabilities [n, classes] of outputs, as the loss takes them.

    Logits of "cross_entropy" go through softmax. Those of "binary_cross_entropy" go through
    sigmoid, and the squared errors' outputs estimate the one-hot labels: the shares of each are
    what is left above zero, divided by its sum.

    >>> probabilities(np.array([[3.0, 1.0], [-1.0, -1.0]]), "squared_error").tolist()
    [[0.75, 0.25], [0.5, 0.5]]
    """
    if loss in ("auto", "cross_entropy"):
        return softmax(outputs)
    shares = np.maximum(sigmoid(outputs) if loss == "binary_cross_entropy" else outputs, 0)
    sums = shares.sum(axis=1, keepdims=True)
    # Where all outputs are negative, the largest still is the most probable.
    found: Array = np.divide(shares, sums, out=softmax(outputs), where=sums > 0)
    return found


class Calibration(NamedTuple):
    """Examples in bins of equal width of the predicted class's probability, [bins] each.

    Attributes:
      edges: Of the bins, [bins + 1]. An upper edge belongs to its bin.
      counts: Examples in each bin.
      confidence: The mean probability in each bin; NaN in an empty one.
      accuracy: The share of right classes in each bin; NaN in an empty one.
      ece: The expected calibration error: the mean over examples of the distance of their bin's
        accuracy from its confidence.
    """

    edges: Array
    counts: Array
    confidence: Array
    accuracy: Array
    ece: float


def calibrate(confidence: Array, is_right: Array, bins: int = 15) -> Calibration:
    """Returns how well predicted probabilities agree with the shares that are right.

    Source: Guo et al., "On calibration of modern neural networks", 2017, section 2.

    Args:
      confidence: The probability of the predicted class, [n].
      is_right: Whether it is the example's class, [n].
      bins: How many bins.

    >>> round(calibrate(np.array([0.9, 0.9, 0.9, 0.5]), np.array([1, 1, 0, 1])).ece, 6)
    0.3
    """
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(places, minlength=bins)
    expected, right = (np.bincount(places, one, bins) for one in (confidence, is_right))
    error = float(np.abs(expected - right).sum() / max(len(confidence), 1))
    divisor = np.where(counts > 0, counts, np.nan)
    return Calibration(
        np.linspace(0, 1, bins + 1), counts, expected / divisor, right / divisor, error
    )
