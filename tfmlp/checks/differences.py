"""Numerical differences: derivatives of a user's loss by central differences that know about kinks
and rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfmlp.checks.arrays import Array

# By the bytes of the type that the loss is computed in; truncation and rounding are both small.
_STEP = {8: 1e-5, 4: 1e-2}
_EPSILON = {8: float(np.finfo(np.float64).eps), 4: float(np.finfo(np.float32).eps)}
_BEND = 1e-3  # relative difference of the two one-sided differences that a smooth loss may show


@dataclass(frozen=True)
class Differences:
    """Numerical derivatives by some entries of an array.

    Attributes:
      entries: Flat indices of the entries, int [m].
      central: Central differences, float64 [m].
      low, high: The smaller and the larger of the two one-sided differences, float64 [m].
      kinked: Whether the loss has a kink within the step, so that no single derivative is right,
        bool [m].
      noise: How far a central difference may be off by rounding alone.
    """

    entries: Array
    central: Array
    low: Array
    high: Array
    kinked: Array
    noise: float


def computes_in_float32(loss: Callable[[], float], move: Callable[[float], None]) -> bool:
    """Returns whether a loss is computed in float32: changes that only float64 can see do not
    change it.

    Args:
      loss: Takes nothing.
      move: Multiplies all parameters by 1 plus its argument.
    """
    values = []
    for size in (0.0, 1e-10, 2e-10, 3e-10):
        move(size)
        values.append(float(loss()))
        move(0.0)
    return len(set(values)) == 1 and bool(np.isfinite(values).all())


def differences_of(
    loss: Callable[[], float], array: Array, entries: Array, itemsize: int = 8
) -> Differences:
    """Moves single entries of an array up and down, and looks at the loss.

    Args:
      loss: Takes nothing; reads `array`.
      array: float64 and contiguous; changed while this runs, and as it was afterwards.
      entries: Flat indices, int [m].
      itemsize: 8 for a loss that is computed in float64, 4 for float32.
    """
    flat = array.reshape(-1)
    here, base = float(loss()), _STEP[itemsize]
    error = 4 * _EPSILON[itemsize] * max(abs(here), 1e-3)  # of one value of the loss
    central, low, high = (np.empty(len(entries)) for _ in range(3))
    kinked = np.zeros(len(entries), bool)
    for i, entry in enumerate(entries):
        kept, bend = flat[entry], 0.0
        for shrink in (1, 16):
            step = base * max(1.0, abs(kept)) / shrink
            flat[entry] = kept + step
            up = float(loss())
            flat[entry] = kept - step
            down = float(loss())
            flat[entry] = kept
            left, right, middle = (here - down) / step, (up - here) / step, (up - down) / (2 * step)
            gap, rounding = abs(left - right), 2 * error / step
            # Where the loss is smooth the sides differ by curvature times step; where it has a kink
            # at the entry itself, a smaller step leaves the difference as it is.
            if gap <= _BEND * abs(middle) + rounding + base or gap < 0.25 * bend:
                break
            bend = gap
        else:
            kinked[i] = True
        central[i], low[i], high[i] = middle, min(left, right), max(left, right)
    return Differences(entries, central, low, high, kinked, 2 * error / base)
