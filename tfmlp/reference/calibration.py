"""Calibration: whether predictions of probability p are right in a share p of the cases."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


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
