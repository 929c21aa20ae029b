"""Batches: random data in every layout that a user's net could be meant to take."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmlp.checks.arrays import Array

_EXAMPLES = 7


@dataclass(frozen=True)
class Batch:
    """A batch, as a net takes it and with one example in each row.

    Attributes:
      inputs, labels: As the net takes them.
      examples: The same inputs, float64 [n, d].
      targets: The same labels, float64 [n, k].
      for_loss: The labels as the loss takes them, where it does not take `labels`; else None.
    """

    inputs: Any
    labels: Any
    examples: Array
    targets: Array
    for_loss: Any = None

    @property
    def is_single(self) -> bool:
        """Whether it is one example."""
        return len(self.examples) == 1


def batches_for(
    widths: Iterable[tuple[int, int]], taken: Collection[int], stream: np.random.Generator
) -> Iterator[Batch]:
    """Yields batches in every layout that could be meant: of several examples, then of one.

    Args:
      widths: The numbers of (inputs, outputs) that could be meant.
      taken: Lengths that the number of examples must not have, so that no axis is mistaken.
      stream: Decides the numbers.
    """
    batches = [_Layouts(d, k, taken, stream) for d, k in widths]
    for batch in batches:
        yield from batch.several()
    for batch in batches:
        yield from batch.single()


class _Layouts:
    """Examples of one width, in every layout."""

    def __init__(self, d: int, k: int, taken: Collection[int], stream: np.random.Generator):
        n = next(n for n in range(max(_EXAMPLES, k + 1), 10_000) if n not in {*taken, d, k})
        # The last class is there: the number of classes is often taken from the labels.
        classes = np.arange(n)[::-1] % max(k, 2)
        self._classes = stream.permutation(classes)
        self._x = stream.normal(size=(n, d))
        one_hot = np.eye(max(k, 2))[self._classes]
        self._t = one_hot if k > 1 else self._classes[:, None].astype(float)
        self._k = k

    def several(self) -> Iterator[Batch]:
        """Yields layouts of all examples."""
        x, t, classes = self._x, self._t, self._classes
        yield Batch(x, t.copy(), x, t)
        yield Batch(x.T.copy(), t.T.copy(), x, t)
        yield Batch(x, classes.copy(), x, t)
        yield Batch(x.T.copy(), classes.copy(), x, t)
        if self._k > 1:  # some make them one-hot in the backward pass
            yield Batch(x, classes.copy(), x, t, for_loss=t.copy())
            yield Batch(x.T.copy(), classes.copy(), x, t, for_loss=t.T.copy())
        yield Batch(x, classes[:, None].copy(), x, t)
        if self._k == 1:
            yield Batch(x, t[:, 0].copy(), x, t)
        yield Batch(x.tolist(), t.tolist(), x, t)

    def single(self) -> Iterator[Batch]:
        """Yields layouts of one example."""
        one, target, number = self._x[:1], self._t[:1], int(self._classes[0])
        yield Batch(one, target.copy(), one, target)
        yield Batch(one[0], target[0].copy(), one, target)
        yield Batch(one[0], number, one, target)
        yield Batch(one.T.copy(), target.T.copy(), one, target)
        yield Batch(one[0].tolist(), target[0].tolist(), one, target)
        # A row of a table may end with its class, which nobody multiplies.
        yield Batch([*one[0].tolist(), number], target[0].tolist(), one, target)
        if self._k == 1:
            yield Batch(one[0], float(target[0, 0]), one, target)


def widths_of(shapes: Iterable[tuple[int, ...]]) -> list[tuple[int, int]]:
    """Returns the (inputs, outputs) that parameters' shapes, from the first layer on, allow."""
    flat = list(shapes)
    shapes = [shape for shape in flat if len(shape) == 2]
    if not shapes:
        return []
    kernels = [shape for shape in shapes if min(shape) > 1]
    first = (kernels or shapes)[0]
    # A kernel for one output looks like a bias.
    lasts = dict.fromkeys([*kernels[-1:], *shapes[-2:]])
    pairs = [pair for last in lasts for pair in ((first[0], last[1]), (first[1], last[0]))]
    pairs += [(d - 1, k) for d, k in pairs]  # where the bias is a part of the kernel
    return [(d, k) for d, k in dict.fromkeys(pairs) if d >= 1 and k >= 1]
