"""Slopes of anybody's loss function, by trying: central differences that know about kinks and rounding."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_STEP = 1e-5  # of an entry of size 1, in float64: truncation and rounding are both near 1e-10
_STEP_FLOAT32 = 1e-2  # for losses that compute in float32


@dataclass(frozen=True)
class Slopes:
    """Numerical slopes at some entries of an array.

    Attributes:
      entries: Flat indices of the entries, int [m].
      central: Central differences, float64 [m].
      low, high: The smaller and the larger of the two one-sided differences, float64 [m].
      kinked: Whether the loss has a kink within the step, so that no single slope is right, bool [m].
      noise: How far a central difference may be off by rounding alone.
    """

    entries: np.ndarray
    central: np.ndarray
    low: np.ndarray
    high: np.ndarray
    kinked: np.ndarray
    noise: float


def loss_noise(loss: Callable[[], float]) -> float:
    """Returns how much the loss' value may be off by rounding, relative: about 1e-16, or 6e-8 for a loss that comes out of float32."""
    value = loss()
    dtype = getattr(value, "dtype", None)
    if dtype is not None and np.dtype(getattr(dtype, "as_numpy_dtype", dtype)) == np.float32:
        return float(np.finfo(np.float32).eps)
    # float32 inside, float64 outside: such a value survives the rounding to float32 unchanged, which a float64 sum does once in 2**29 times.
    return float(np.finfo(np.float32 if np.float64(np.float32(value)) == np.float64(value) and value != round(float(value)) else np.float64).eps)


def measure_slopes(loss: Callable[[], float], array: np.ndarray, entries: np.ndarray, noise: float) -> Slopes:
    """Moves single entries of an array up and down and looks at the loss.

    Args:
      loss: Takes nothing; reads `array`.
      array: float64, changed in place while this runs, and as it was afterwards.
      entries: Flat indices.
      noise: As `loss_noise` returns it.
    """
    flat = array.reshape(-1)
    if not np.shares_memory(flat, array):
        raise ValueError("array must be contiguous")
    here = float(loss())
    central, low, high, kinked = (np.empty(len(entries), kind) for kind in (float, float, float, bool))
    base = _STEP if noise < 1e-10 else _STEP_FLOAT32
    for i, entry in enumerate(entries):
        kept = flat[entry]
        step = base * max(1.0, abs(kept))
        sides = []
        for size in (step, step / 8):
            flat[entry] = kept + size
            up = float(loss())
            flat[entry] = kept - size
            down = float(loss())
            flat[entry] = kept
            sides.append(((here - down) / size, (up - here) / size, (up - down) / (2 * size)))
            rounding = 4 * noise * max(abs(here), 1e-3) / size
            # Without a kink the two sides differ by the curvature times the step alone, which the smaller step makes eight times smaller.
            if abs(sides[-1][0] - sides[-1][1]) <= 1e-3 * max(abs(sides[-1][2]), 1e-6) + rounding:
                break
        left, right, middle = sides[-1]
        gap = abs(left - right)
        smooth = gap <= 1e-3 * abs(middle) + rounding or (len(sides) == 2 and gap < 0.4 * abs(sides[0][0] - sides[0][1]) + rounding)
        central[i], low[i], high[i], kinked[i] = middle, min(left, right), max(left, right), not smooth
    return Slopes(entries, central, low, high, kinked, 4 * noise * max(abs(here), 1e-3) / base)
