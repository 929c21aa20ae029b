"""Slopes of anybody's loss function, by trying: central differences that know about kinks and
rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_STEP = {
    8: 1e-5,
    4: 1e-2,
}  # by the bytes of the type that the loss is computed in: truncation and rounding are both small
_BEND = 1e-3  # relative difference of the two one-sided slopes that a smooth loss may show


@dataclass(frozen=True)
class Slopes:
    """Numerical slopes at some entries of an array.

    Attributes:
      entries: Flat indices of the entries, int [m].
      central: Central differences, float64 [m].
      low, high: The smaller and the larger of the two one-sided differences, float64 [m].
      kinked: Whether the loss has a kink within the step, so that no single slope is right, bool
        [m].
      noise: How far a central difference may be off by rounding alone.
    """

    entries: np.ndarray
    central: np.ndarray
    low: np.ndarray
    high: np.ndarray
    kinked: np.ndarray
    noise: float


def computes_in_float32(loss: Callable[[], float], moves: Callable[[float], None]) -> bool:
    """Returns whether a loss is computed in float32: changes that only float64 can see do not
    change it.

    Args:
      loss: Takes nothing.
      moves: Multiplies all parameters by 1 plus its argument.
    """
    values = []
    for size in (0.0, 1e-10, 2e-10, 3e-10):
        moves(size)
        values.append(float(loss()))
        moves(0.0)
    return len(set(values)) == 1 and all(np.isfinite(values))


def measure_slopes(
    loss: Callable[[], float], array: np.ndarray, entries: np.ndarray, itemsize: int = 8
) -> Slopes:
    """Moves single entries of an array up and down and looks at the loss.

    Args:
      loss: Takes nothing; reads `array`.
      array: float64 and contiguous; changed while this runs, and as it was afterwards.
      entries: Flat indices.
      itemsize: 8 for a loss that is computed in float64, 4 for float32.
    """
    flat = array.reshape(-1)
    here = float(loss())
    epsilon, base = (
        (np.finfo(np.float64).eps, _STEP[8])
        if itemsize == 8
        else (np.finfo(np.float32).eps, _STEP[4])
    )
    error = 4 * float(epsilon) * max(abs(here), 1e-3)  # of one value of the loss
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
    return Slopes(entries, central, low, high, kinked, 2 * error / base)
