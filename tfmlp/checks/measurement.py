"""A measurement: central differences of all parameters, which a recognized net must agree with."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.comparison import Compared
from tfmlp.checks.readings import scales_of, typed
from tfmlp.checks.recognized import RecognizedNet

_NEAR = 1e-3  # relative to the largest entry
_FITS = 1e-5  # the share of the differences that a fit may leave
_FEWEST = 6  # entries that tell one net from another


class Measurement:
    """The central differences of all parameters.

    Args:
      parts: The parameters.
      single: Whether the loss is computed in float32.
    """

    def __init__(self, parts: Sequence[Compared], *, single: bool = False):
        self._parts, self.single = parts, single

    def agrees(self, net: RecognizedNet) -> bool:
        """Whether a net's gradients are those that were measured."""
        gradients = net.gradients()
        for part in self._parts:
            tried = part.at_entries(gradients[part.name])
            if tried is None:
                return False
            error = np.abs(tried - part.numeric)[part.smooth]
            size = np.abs(part.numeric).max(initial=0)
            if error.size and not error.max() <= _NEAR * size + 10 * part.noise:
                return False
        return True

    def fitted(self, net: RecognizedNet) -> RecognizedNet | None:
        """Returns the net with the scale and the penalties under which its gradients are those that
        were measured; None if there are none.

        Args:
          net: With a scale of 1, and without a penalty.
        """
        gradients, columns = net.gradients(), list(self._columns(net))
        own = np.concatenate([part.at_entries(gradients[part.name]) for part in self._parts])
        measured = np.concatenate([part.numeric for part in self._parts])
        smooth = np.concatenate([part.smooth for part in self._parts])
        table = np.stack([own, *(column for _, column in columns)], axis=1)[smooth]
        goal = measured[smooth]
        if len(goal) < len(columns) + _FEWEST or not np.isfinite(table).all() or not own.any():
            return None
        solution = np.linalg.lstsq(table, goal, rcond=None)[0]
        if np.abs(table @ solution - goal).max() > _FITS * np.abs(goal).max():
            return None
        scale = _rounded(float(solution[0]), scales_of(*net.targets.shape))
        penalties = {name: value / 2 for (name, _), value in zip(columns, solution[1:])}
        likely = {name: typed(value, len(net.targets)) for name, value in penalties.items()}
        return replace(net, scale=scale, penalties=net.layout.penalties(likely))

    def _columns(self, net: RecognizedNet) -> Iterator[tuple[str, Array]]:
        """Yields each parameter's name with its values in their places among all, else zeros."""
        sizes = [len(part.differences.entries) for part in self._parts]
        ends = np.cumsum(sizes)
        for part, end, size in zip(self._parts, ends, sizes, strict=True):
            column = np.zeros(ends[-1])
            column[end - size : end] = part.value.reshape(-1)[part.differences.entries]
            if size > 2 and column.any():
                yield part.name, column


def exactly(net: RecognizedNet, parts: Sequence[Compared]) -> list[Compared]:
    """Returns the parameters with a net's gradients in the place of the differences."""
    gradients, exact = net.gradients(), []
    for part in parts:
        values = part.at_entries(gradients[part.name])
        if values is None:
            return list(parts)
        kinked = part.differences.kinked
        low, high = (
            np.where(kinked, side, values) for side in (part.differences.low, part.differences.high)
        )
        differences = replace(part.differences, central=values, low=low, high=high)
        exact.append(replace(part, differences=differences, right=False))
    return exact


def _rounded(value: float, choices: Sequence[float]) -> float:
    """Returns the choice that a value is close to, else the value."""
    return next((choice for choice in choices if abs(value - choice) <= 1e-4 * choice), value)
