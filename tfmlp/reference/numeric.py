"""Derivatives by trying: how much the loss changes when one number is changed a little.

Slow (one or two whole forward passes for each number) and sure, which makes it the judge of every
derivative written by hand.
"""

from collections.abc import Callable

import numpy as np


def differences(
    loss: Callable[[], float],
    parameter: np.ndarray,
    *,
    epsilon: float | None = None,
    central: bool = True,
    entries: np.ndarray | None = None,
) -> np.ndarray:
    """Returns the derivatives of a loss by the entries of one parameter.

    Central differences, (L(w + e) - L(w - e)) / 2e, are wrong by about e**2; forward differences,
    (L(w + e) - L(w)) / e, by about e, at half the price.

    Args:
      loss: Computes the loss from the parameter as it stands.
      parameter: The parameter, changed in place and put back.
      epsilon: The change; if None, the type's best: eps**(1/3) for central, eps**(1/2) for forward
        differences (Press et al., "Numerical recipes", section 5.7).
      central: Which of the two.
      entries: Which entries, as flat positions; all if None.

    Returns:
      float64 [number of entries], or in the parameter's shape if `entries` is None.

    Raises:
      ValueError: for a parameter that cannot be changed in place.
    """
    if epsilon is None:
        epsilon = float(np.finfo(parameter.dtype).eps) ** (1 / 3 if central else 1 / 2)
    flat = parameter.reshape(-1)
    if not np.shares_memory(flat, parameter):
        raise ValueError("expected a contiguous parameter, which can be changed in place")
    positions = np.arange(flat.size) if entries is None else np.asarray(entries)
    derivatives = np.empty(len(positions))
    here = 0.0 if central else loss()
    for index, position in enumerate(positions):
        before = flat[position]
        flat[position] = before + epsilon
        above, upper = loss(), float(flat[position])
        # Divided by the change that was really made, after rounding.
        if central:
            flat[position] = before - epsilon
            below, lower = loss(), float(flat[position])
        else:
            below, lower = here, float(before)
        derivatives[index] = (above - below) / (upper - lower)
        flat[position] = before
    return derivatives.reshape(parameter.shape) if entries is None else derivatives
