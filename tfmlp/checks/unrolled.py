"""Unrolled parameters: those of a whole net in one vector, as optimizers of SciPy and Octave want
them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np

from tfmlp.checks.arrays import Array

_MOST_OUTPUTS = 30


@dataclass(frozen=True)
class Unrolled:
    """How one vector holds parameters.

    Attributes:
      name: The vector's name.
      shape: Its shape.
      pieces: Names and shapes of what is in it, in order.
      order: "C" where each piece is laid flat row by row, "F" where column by column.
    """

    name: str
    shape: tuple[int, ...]
    pieces: tuple[tuple[str, tuple[int, ...]], ...]
    order: Literal["C", "F"]

    def split(self, vector: Array) -> dict[str, Array]:
        """Returns the pieces of a vector."""
        ends = np.cumsum([prod(shape) for _, shape in self.pieces])[:-1]
        flat = np.split(vector.reshape(-1), ends)
        pairs = zip(self.pieces, flat, strict=True)
        return {name: part.reshape(shape, order=self.order) for (name, shape), part in pairs}

    def joined(self, pieces: dict[str, Array]) -> dict[str, Array]:
        """Returns the vector of some pieces, by its name."""
        flat = [pieces[name].reshape(-1, order=self.order) for name, _ in self.pieces]
        return {self.name: np.concatenate(flat).reshape(self.shape)}


def unrolled_in(params: dict[str, Array], width: int) -> Iterator[Unrolled]:
    """Yields how one vector may hold the parameters of a net with one hidden layer; nothing where
    there are several arrays.

    Args:
      params: The parameters by name.
      width: The number of inputs.
    """
    [(name, vector), *others] = params.items()
    if others or max(vector.shape, default=0) != vector.size or vector.size <= width + 1:
        return
    for outputs in range(1, _MOST_OUTPUTS + 1):
        units, rest = divmod(vector.size - outputs, width + 1 + outputs)
        if units > 0 and rest == 0:
            for pieces in _with_biases(width, units, outputs):
                yield Unrolled(name, vector.shape, pieces, "C")
                yield Unrolled(name, vector.shape, pieces, "F")
        units, rest = divmod(vector.size, width + outputs)
        if units > 0 and rest == 0:
            pieces = (("W1", (width, units)), ("W2", (units, outputs)))
            yield Unrolled(name, vector.shape, pieces, "C")
            yield Unrolled(name, vector.shape, pieces, "F")


def _with_biases(d: int, h: int, k: int) -> Iterator[tuple[tuple[str, tuple[int, ...]], ...]]:
    yield ("W1", (h, d + 1)), ("W2", (k, h + 1))
    yield ("W1", (d + 1, h)), ("W2", (h + 1, k))
    for first, second in (((d, h), (h, k)), ((h, d), (k, h))):
        yield ("W1", first), ("b1", (h,)), ("W2", second), ("b2", (k,))
        yield ("W1", first), ("W2", second), ("b1", (h,)), ("b2", (k,))
