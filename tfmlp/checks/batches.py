"""Batches: random data in every layout that a user's net could be meant to take."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.trees import leaves_of

_EXAMPLES = 7


@dataclass(frozen=True)
class Batch:
    """A batch, as a net takes it and with one example in each row.

    Attributes:
      inputs, labels: As the net takes them.
      examples: The same inputs, float64 [n, d].
      targets: The same labels, float64 [n, k].
    """

    inputs: Any
    labels: Any
    examples: Array
    targets: Array

    @property
    def is_column(self) -> bool:
        """Whether it is one example as a column."""
        shape: tuple[int, ...] = np.shape(self.inputs)
        return shape == (self.examples.shape[1], 1)

    def doubled(self) -> tuple[Array, Array] | None:
        """Returns inputs and labels with every example twice; None for an example without a batch
        axis.
        """
        inputs, labels = np.asarray(self.inputs), np.asarray(self.labels)
        if inputs.ndim != 2 or labels.ndim not in (1, 2):
            return None
        is_column = labels.ndim == 2 and labels.shape[1] == inputs.shape[1]
        axis = 1 if is_column else 0
        return np.concatenate([inputs] * 2, axis), np.concatenate([labels] * 2, axis)


def batches_for(params: Any, stream: np.random.Generator) -> Iterator[Batch]:
    """Yields batches for parameters in every layout that could be meant."""
    for d, k in _widths(params):
        x = stream.normal(size=(_EXAMPLES, d))
        classes = stream.integers(0, max(k, 2), _EXAMPLES)
        t = np.eye(k)[classes] if k > 1 else classes[:, None].astype(float)
        yield Batch(x, t.copy(), x, t)
        yield Batch(x.T.copy(), t.T.copy(), x, t)
        yield Batch(x, classes.copy(), x, t)
        yield Batch(x.T.copy(), classes.copy(), x, t)
        if k == 1:
            yield Batch(x, t[:, 0].copy(), x, t)
        one, target = x[:1], t[:1]
        yield Batch(x[0], t[0].copy(), one, target)
        yield Batch(x[0], int(classes[0]), one, target)
        yield Batch(one.T.copy(), target.T.copy(), one, target)
        yield Batch(x[0].tolist(), t[0].tolist(), one, target)


def _widths(params: Any) -> list[tuple[int, int]]:
    """Returns the (inputs, outputs) that the parameters' shapes allow."""
    shapes = [leaf.value.shape for leaf in leaves_of(params).values() if leaf.value.ndim == 2]
    if not shapes:
        return []
    kernels = [shape for shape in shapes if min(shape) > 1]
    first = (kernels or shapes)[0]
    # A kernel for one output looks like a bias.
    lasts = dict.fromkeys([*kernels[-1:], *shapes[-2:]])
    pairs = [pair for last in lasts for pair in ((first[0], last[1]), (first[1], last[0]))]
    pairs += [(d - 1, k) for d, k in pairs]  # where the bias is a part of the kernel
    return [(d, k) for d, k in dict.fromkeys(pairs) if d >= 1 and k >= 1]
