"""A judgment: whether one gradient agrees with its central differences."""

import numpy as np

from tfmlp.checks.comparison import Compared
from tfmlp.checks.reports import ParameterVerdict

TOLERANCE = {8: 1e-5, 4: 2e-2}  # relative, by the bytes of the type that the loss is computed in
_FLOAT32 = 1e-3  # what gradients computed in float32 may be off by, relative to the largest entry


def judge(part: Compared, tolerance: float, single: bool, scale: float) -> ParameterVerdict:
    """Compares one gradient, and sets `part.right`.

    Args:
      part: The gradient and its differences.
      tolerance: Relative.
      single: Whether loss or gradients are computed in float32.
      scale: The largest difference of all parameters.
    """
    values = part.given_entries
    if values is None or not np.isfinite(values).all():
        return _unusable(part)
    differences, central = part.differences, part.numeric
    # On a kink any number between the two sides is a subgradient.
    outside = np.maximum(np.maximum(differences.low - values, values - differences.high), 0)
    error = np.where(differences.kinked, outside, np.abs(values - central))
    largest = float(np.abs(central).max(initial=0))
    floor = max(1e-3 * largest, 1e-6 * scale, 1e-12)
    relative = error / np.maximum(np.maximum(np.abs(values), np.abs(central)), floor)
    relative = np.where(error <= part.noise, 0.0, relative)
    worst = int(np.argmax(relative))
    right, note = bool(relative[worst] <= tolerance), ""
    if not right and single and error.max() <= _FLOAT32 * max(largest, 1e-3 * scale) + part.noise:
        right, note = True, "float32 noise only"
    part.right = right
    given = float(values[worst])
    return _verdict(part, worst, right=right, error=float(relative[worst]), given=given, note=note)


def _unusable(part: Compared) -> ParameterVerdict:
    """Returns the verdict on a gradient that is missing, not finite or of another shape."""
    worst = int(np.argmax(np.abs(part.numeric)))
    return _verdict(part, worst, right=False, error=float("inf"), given=None, note="")


def _verdict(
    part: Compared, worst: int, *, right: bool, error: float, given: float | None, note: str
) -> ParameterVerdict:
    differences = part.differences
    where = np.unravel_index(differences.entries[worst], part.value.shape)
    return ParameterVerdict(
        name=part.name,
        right=right,
        error=error,
        where=tuple(int(index) for index in where),
        given=given,
        measured=float(differences.central[worst]),
        entries=len(differences.entries),
        kinks=int(differences.kinked.sum()),
        note=note,
    )
