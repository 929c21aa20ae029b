"""Unrolled parameters: those of a whole net in one vector, or one by one as single numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Literal

import numpy as np

from tfmlp.checks.arrays import Array

Pieces = tuple[tuple[str, tuple[int, ...]], ...]
_MOST_OUTPUTS = 30
_ORDERS: tuple[Literal["C", "F"], ...] = ("C", "F")


@dataclass(frozen=True)
class Unrolled:
    """How one vector, or many numbers, hold parameters.

    Attributes:
      shapes: The names and shapes of what holds them, in order.
      pieces: Names and shapes of the parameters, in order.
      order: "C" where each piece is laid flat row by row, "F" where column by column.
    """

    shapes: tuple[tuple[str, tuple[int, ...]], ...]
    pieces: Pieces
    order: Literal["C", "F"]

    @property
    def names(self) -> list[str]:
        """The names of what holds the parameters."""
        return [name for name, _ in self.shapes]

    def split(self, arrays: dict[str, Array]) -> dict[str, Array]:
        """Returns the pieces of what is in the vector."""
        vector = np.concatenate([np.ravel(arrays[name]) for name in self.names])
        return _cut(vector, self.pieces, self.order)

    def joined(self, pieces: dict[str, Array]) -> dict[str, Array]:
        """Returns pieces as the vector has them, by its name."""
        flat = [pieces[name].reshape(-1, order=self.order) for name, _ in self.pieces]
        return _cut(np.concatenate(flat), self.shapes, "C")


def unrolled_in(params: dict[str, Array], width: int) -> Iterator[Unrolled]:
    """Yields how one vector, or many single numbers, may hold the parameters of a net with one
    hidden layer, or with two alike.

    Args:
      params: The parameters by name.
      width: The number of inputs.
    """
    shapes = tuple((name, value.shape) for name, value in params.items())
    size = sum(value.size for value in params.values())
    is_flat = all(max(shape, default=1) == prod(shape) for _, shape in shapes)
    if not is_flat or size <= width + 1 or (len(shapes) > 1 and size > len(shapes)):
        return
    for outputs in range(1, _MOST_OUTPUTS + 1):
        ways = list(_ways(size, width, outputs))
        for order in _ORDERS:
            yield from (Unrolled(shapes, pieces, order) for pieces in ways)


def _ways(size: int, d: int, k: int) -> Iterator[Pieces]:
    """Yields the pieces that come to a size."""
    h, rest = divmod(size - k, d + 1 + k)
    if h > 0 and rest == 0:
        yield from _with_biases(d, h, k)
    if h := _of_two(size, d, k):
        rows = enumerate(pairwise([d, h, h, k]), 1)
        yield tuple((f"W{i}", (units, inputs + 1)) for i, (inputs, units) in rows)
    h, rest = divmod(size, d + k)
    if h > 0 and rest == 0:
        yield ("W1", (d, h)), ("W2", (h, k))
        yield ("W1", (h, d)), ("W2", (k, h))


def _of_two(size: int, d: int, k: int) -> int:
    """Returns the number of units of each of two hidden layers alike; 0 where there is none."""
    return next((h for h in range(1, size) if h * (d + 1) + h * (h + 1) + k * (h + 1) == size), 0)


def _cut(vector: Array, pieces: Pieces, order: Literal["C", "F"]) -> dict[str, Array]:
    ends = np.cumsum([prod(shape) for _, shape in pieces])[:-1]
    pairs = zip(pieces, np.split(vector, ends), strict=True)
    return {name: part.reshape(shape, order=order) for (name, shape), part in pairs}


def _with_biases(d: int, h: int, k: int) -> Iterator[Pieces]:
    yield ("W1", (h, d + 1)), ("W2", (k, h + 1))
    yield ("W1", (d + 1, h)), ("W2", (h + 1, k))
    for first, second in (((d, h), (h, k)), ((h, d), (k, h))):
        yield ("W1", first), ("b1", (h,)), ("W2", second), ("b2", (k,))
        yield ("W1", first), ("W2", second), ("b1", (h,)), ("b2", (k,))
