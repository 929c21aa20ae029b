"""A user's pair of arrays, to be scored by a model: every example counts, none is held out."""

import math
from typing import Any

import numpy as np

from tfmlp.data.checks import check_split
from tfmlp.data.dataset import Dataset
from tfmlp.data.examples import read_examples
from tfmlp.data.frames import is_frame
from tfmlp.data.matching import match
from tfmlp.data.rowfile import Array
from tfmlp.data.schema import Schema
from tfmlp.errors import DataError


def read_scored(pair: Any, schema: Schema | None) -> Dataset:
    """Makes a dataset whose test examples are all of a pair's, as a model takes them.

    Args:
      pair: (x, y): features [n, ...] or a data frame, and labels [n], [n, 1] or one-hot.
      schema: What the model takes and predicts. Labels are names of its classes; numbers are names
        where all names are numbers, and places among the classes where they are not.

    Raises:
      DataError: when it is no such pair, or not what the model takes.
    """
    if not isinstance(pair, tuple) or len(pair) != 2:
        received = f"a tuple of {len(pair)}" if isinstance(pair, tuple) else type(pair).__name__
        raise DataError(
            f"expected a split, a dataset's name, a Dataset or arrays (x, y); received {received}."
        )
    if schema is None:
        raise DataError(
            "the run's record is of format 1, which does not say what arrays mean to the model:"
            " make a Dataset of them."
        )
    x, y = pair
    names = schema.class_names
    columns = schema.columns or None if is_frame(x) else None
    labels = _as_names(np.asarray(y), names) if names else y
    # The shares say what would be held out next; here, nothing is.
    raw = read_examples(x, labels, 0, 1, schema.task, names or None, columns).raw
    features = np.asarray(raw.train[0])
    if features.shape[1:] == (math.prod(schema.feature_shape),):  # also images in rows
        features = features.reshape(-1, *schema.feature_shape)
    split = check_split(features, raw.train[1], schema.task, "the given", raw.columns)
    given = Dataset(split, None, split, schema.task, names, raw.provenance, raw.columns)
    return match(given, schema)


def _as_names(labels: Array, names: tuple[str, ...]) -> Array:
    """Returns labels that are numbers as names of classes; others as they are."""
    if labels.ndim == 2 and labels.shape[1] > 1:
        if labels.shape[1] != len(names):
            raise DataError(
                f"y: expected one label an example, or one-hot [n, {len(names)}]; received the"
                f" shape {labels.shape}."
            )
        return labels
    try:
        numbers = labels.astype(np.float64) if labels.dtype.kind in "fiuO" else None
    except (TypeError, ValueError):
        numbers = None
    if numbers is None or np.isnan(numbers).any():  # reading labels says where one is missing
        return labels
    known = _numbered(names)
    different, places = np.unique(numbers, return_inverse=True)
    texts = [known.get(number, f"{number:g}") for number in different.tolist()]
    return np.array(texts, str)[places.reshape(labels.shape)]


def _numbered(names: tuple[str, ...]) -> dict[float, str]:
    """Returns the name of each number: the names' own, or their places where one is no number."""
    try:
        return {float(name): name for name in names}
    except ValueError:
        return {float(place): name for place, name in enumerate(names)}
