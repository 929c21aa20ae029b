"""The examples of a `tf.data.Dataset`, read into memory."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmlp import files
from tfmlp.data.rowfile import Array
from tfmlp.errors import DataError

_BATCH = 1024  # examples that are read at once where the dataset has single ones
_INFINITE = -1  # tf.data.INFINITE_CARDINALITY


def is_tfdata(value: Any) -> bool:
    """Returns whether something is a `tf.data.Dataset`, by what it can do."""
    return hasattr(value, "element_spec") and hasattr(value, "as_numpy_iterator")


def read_tfdata(dataset: Any, what: str) -> tuple[Array, Array]:
    """Reads all pairs (x, y) of a dataset, batched or not.

    Args:
      dataset: A `tf.data.Dataset`.
      what: The beginning of a message.

    Returns:
      Features [n, ...] and labels [n, ...].

    Raises:
      DataError: when its elements are no pairs, or there are none, or more than memory holds.
    """
    if not is_tfdata(dataset):
        raise DataError(f"{what} must be a tf.data.Dataset; received {type(dataset).__name__}.")
    spec = dataset.element_spec
    if not isinstance(spec, tuple) or len(spec) != 2 or not all(map(_is_tensor, spec)):
        found = type(spec).__name__
        if isinstance(spec, dict):
            found = f"dicts of {', '.join(map(str, spec))}"
        elif isinstance(spec, tuple):
            found = f"tuples of {len(spec)}"
        raise DataError(
            f"{what} must have elements (features, label), two tensors; received {found}: choose"
            " them with .map (tensorflow_datasets.load does so with as_supervised=True)."
        )
    if int(dataset.cardinality()) == _INFINITE:
        raise DataError(f"{what} never ends: leave out .repeat(), or end it with .take(n).")
    if not _is_batched(*spec):
        dataset = dataset.batch(_BATCH)
    features: list[Array] = []
    labels: list[Array] = []
    size = 0
    for x, y in _elements(dataset, what):
        size += x.nbytes + y.nbytes
        if size > files.machine_memory() // 4:  # what is joined takes as much once more
            raise DataError(
                f"{what} has more examples than memory takes ({size / 1e9:,.1f} GB so far): end it"
                " with .take(n), or keep the examples in .npy files (arrays:FOLDER)."
            )
        features.append(x)
        labels.append(y)
    if not features:
        raise DataError(f"{what} has no examples: is it used up or filtered empty?")
    return np.concatenate(features), np.concatenate(labels)


def _elements(dataset: Any, what: str) -> Iterator[tuple[Array, Array]]:
    try:
        yield from dataset.as_numpy_iterator()
    except Exception as error:  # a user's own functions run within
        reason = re.sub(r"{{.*?}}", "", str(getattr(error, "message", error)))
        raise DataError(f"{what} cannot be read: {' '.join(reason.split()):.200}") from error


def _is_tensor(spec: Any) -> bool:
    return getattr(spec, "shape", None) is not None and hasattr(spec, "dtype")


def _is_batched(features: Any, labels: Any) -> bool:
    """Returns whether both have a first axis of the same length, or of a length that is open."""
    if features.shape.rank is None or labels.shape.rank is None:
        return True
    ranks = features.shape.rank, labels.shape.rank
    return min(ranks) >= 1 and features.shape[0] == labels.shape[0]
