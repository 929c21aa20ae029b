"""A comparison: one parameter's gradient as it was given beside its central differences."""

from dataclasses import dataclass, replace

import numpy as np

from tfmlp.checks.arrays import Array, squeezed
from tfmlp.checks.differences import Differences

_SAME = 1e-4  # relative difference within which a ratio counts as constant


@dataclass(eq=False)
class Compared:
    """One parameter: what was given and what was measured.

    Attributes:
      name: The parameter's name.
      value: float64, its value.
      given: float64, its gradient as given, in the shape it was given in; None if there was none.
      differences: What was measured.
      right: Whether they agree.
      kernel: Whether it is known to be a kernel, or known not to be; None: its shape decides.
    """

    name: str
    value: Array
    given: Array | None
    differences: Differences
    right: bool = False
    kernel: bool | None = None

    @property
    def numeric(self) -> Array:
        """The central differences, float64 [m]."""
        return self.differences.central

    @property
    def noise(self) -> float:
        """How far a central difference may be off by rounding alone."""
        return self.differences.noise

    @property
    def smooth(self) -> Array:
        """Which entries have one derivative, bool [m]."""
        return ~self.differences.kinked

    @property
    def is_kernel(self) -> bool:
        """Whether it has two axes or more; a bias has one."""
        return squeezed(self.value).ndim >= 2 if self.kernel is None else self.kernel

    @property
    def is_flat(self) -> bool:
        """Whether the loss does not depend on it, as far as can be seen."""
        return bool(np.allclose(self.numeric, 0, atol=10 * self.noise))

    def at_entries(self, array: Array | None) -> Array | None:
        """Returns an array's values at the measured entries, or None if its shape does not fit."""
        if array is None or squeezed(array).shape != squeezed(self.value).shape:
            return None
        entries: Array = array.reshape(-1)[self.differences.entries]
        return entries

    @property
    def given_entries(self) -> Array | None:
        """The given gradient at the measured entries, or None if its shape does not fit."""
        return self.at_entries(self.given)

    def agrees(self, array: Array, rtol: float, atol: float) -> bool:
        """Whether an array, laid flat, agrees with the differences up to their noise."""
        values = array.reshape(-1)[self.differences.entries]
        return bool(np.allclose(values, self.numeric, rtol=rtol, atol=atol + self.noise))

    def constant_ratio(self) -> float | None:
        """Returns c where the given gradient is c times the measured one, or None."""
        given, numeric, smooth = self.given_entries, self.numeric, self.smooth
        scale = np.abs(numeric[smooth]).max(initial=0.0)
        heavy = smooth & (np.abs(numeric) > 1e-3 * scale)
        if given is None or not heavy.any() or scale <= self.noise * 10:
            return None
        ratio = float(np.dot(given[heavy], numeric[heavy]) / np.dot(numeric[heavy], numeric[heavy]))
        error = np.abs(given - ratio * numeric)[smooth].max()
        allowed = _SAME * max(abs(ratio), 1e-12) * scale + abs(ratio) * self.noise
        return ratio if error <= allowed else None


def divided(part: Compared, factor: float) -> Compared:
    """Returns a comparison whose given gradient is divided by a factor."""
    return replace(part, given=None if part.given is None else part.given / factor)
