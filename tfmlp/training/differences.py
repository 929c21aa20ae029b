"""How far two sets of arrays are apart."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# An array that is much smaller than the others is measured against this share of the largest.
_SMALL = 0.01


@dataclass(frozen=True)
class Difference:
    """The largest difference between two sets of arrays.

    Attributes:
      name: The array in which it is.
      difference: max |a - b| of that array, relative to its largest entry.
    """

    name: str
    difference: float


def relative_difference(name: str, one: float, other: float) -> Difference:
    """Returns the difference of two numbers, relative to the larger one."""
    least = float(np.finfo(np.float64).tiny)
    return Difference(name, abs(one - other) / max(abs(one), abs(other), least))


def largest_difference(
    one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]
) -> Difference:
    """Returns the largest difference between arrays of the same names.

    It is relative to the largest entry of the array. An array that is much smaller than the others
    is measured against a hundredth of the largest: what should be exactly zero (the gradient of a
    bias before batch normalization, say) is nothing but rounding, of which any two are far apart
    relative to themselves.
    """
    largest = {
        name: max(float(np.abs(value).max()), float(np.abs(other[name]).max()))
        for name, value in one.items()
    }
    least = max(_SMALL * max(largest.values()), float(np.finfo(np.float64).tiny))
    found = [
        Difference(name, float(np.abs(value - other[name]).max()) / max(largest[name], least))
        for name, value in one.items()
    ]
    return max(found, key=lambda part: np.inf if np.isnan(part.difference) else part.difference)
