"""Targets: what the labels of a net may mean, one example in each row."""

from collections.abc import Iterator

import numpy as np

from tfmlp.checks.arrays import Array


def targets_of(labels: Array, examples: int, outputs: int) -> Iterator[Array]:
    """Yields the targets, float64 [examples, outputs], that labels may mean: targets in rows or in
    columns, classes counted from 0 or from 1, or signs.

    Args:
      labels: Of any shape, numbers.
      examples: The number of examples.
      outputs: The number of outputs.
    """
    found = list(_plain(labels, examples, outputs))
    yield from found
    for targets in found:
        if set(np.unique(targets)) == {-1.0, 1.0}:
            yield (targets + 1) / 2


def _plain(labels: Array, examples: int, outputs: int) -> Iterator[Array]:
    if labels.ndim > 2:  # a list of columns
        labels = labels.reshape(len(labels), -1)
    if labels.shape == (examples, outputs):
        yield labels.astype(float)
    if labels.shape == (outputs, examples):
        yield labels.T.astype(float)
    flat = labels.reshape(-1)
    if flat.size == outputs and examples == 1 and labels.ndim == 1:
        yield flat[None].astype(float)
    if flat.size != examples:
        return
    if outputs == 1:
        if labels.ndim < 2:
            yield flat.reshape(-1, 1).astype(float)
        return
    if not np.array_equal(flat, np.round(flat)) or flat.min() < 0:
        return
    classes = flat.astype(int)
    for first in (0, 1):
        if classes.min() >= first and classes.max() < outputs + first:
            yield np.eye(outputs)[classes - first]
