"""A user's own examples in memory, as a `RawDataset`; what is wrong with them is said in words of
the data."""

import hashlib
import numbers
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tfmlp.data.frames import (
    column_names,
    find_columns,
    is_frame,
    read_columns,
    read_target,
    require_collected,
)
from tfmlp.data.labels import read_labels
from tfmlp.data.raw import RawDataset
from tfmlp.data.rowfile import Array
from tfmlp.data.split import Provenance
from tfmlp.data.tfdata import is_tfdata, read_tfdata
from tfmlp.errors import DataError


class Examples(NamedTuple):
    """Examples as they were given, with what is still to be done.

    Attributes:
      raw: Their numbers.
      task: "classification" or "regression".
      validation: The share or number of training examples to hold out; 0 for none.
      test: The share or number of examples to hold out for the test, where none were given.
    """

    raw: RawDataset
    task: str
    validation: float
    test: float


def read_examples(
    x: Any,
    y: Any,
    validation: Any,
    test: Any,
    task: str | None,
    class_names: Sequence[str] | None,
    columns: Sequence[str] | None,
    target: str | None = None,
    source: str = "arrays",
) -> Examples:
    """Makes numbers of a user's arrays; `Dataset.from_arrays` describes the arguments.

    Raises:
      DataError: when they cannot be trained on.
    """
    given = {"x": (x, y)}
    shares = {"validation": 0.0, "test": 0.0}
    for name, value in (("validation", validation), ("test", test)):
        if isinstance(value, tuple | list) and len(value) == 2:
            given[name] = (value[0], value[1])
        else:
            shares[name] = _checked_share(name, value)
    if columns is None and is_frame(x):
        columns = column_names(x)
    names = tuple(map(str, columns or ()))
    prefixes = {name: "" if name == "x" else f"{name} " for name in given}
    features = {
        name: _features(pair[0], names, f"{prefixes[name]}x") for name, pair in given.items()
    }
    parts = [(f"{prefixes[name]}y", labels) for name, (_, labels) in given.items()]
    labels, task, class_names = read_labels(parts, task, class_names)
    pairs = dict(zip(given, zip(features.values(), labels)))
    for name, pair in pairs.items():
        _require_equally_many(*pair, prefixes[name])
    _require_names(names, features["x"])
    digests = {
        f"{prefixes[name]}{letter}": _digest(array)
        for name, pair in pairs.items()
        for letter, array in zip("xy", pair)
    }
    raw = RawDataset(
        pairs["x"],
        pairs.get("test"),
        Provenance(source, f"{source} in memory", digests),
        None if class_names is None else tuple(class_names),
        names,
        target,
        pairs.get("validation"),
    )
    return Examples(raw, task, shares["validation"], shares["test"])


def read_frame(
    frame: Any, target: str, drop: Sequence[str], validation: Any, test: Any, **options: Any
) -> Examples:
    """Makes numbers of a data frame; `Dataset.from_frame` describes the arguments."""
    drop = [drop] if isinstance(drop, str) else drop
    columns = find_columns(frame, target, drop)

    def pair(part: Any, what: str) -> Any:
        if not is_frame(part):
            return part
        return read_columns(part, columns, what), read_target(part, str(target), what)

    x, y = pair(frame, "frame")
    validation, test = pair(validation, "validation frame"), pair(test, "test frame")
    options |= {"columns": columns, "target": str(target), "source": "frame"}
    return read_examples(x, y, validation, test, **options)


def read_tfdata_examples(dataset: Any, validation: Any, test: Any, **options: Any) -> Examples:
    """Reads a `tf.data.Dataset`; `Dataset.from_tfdata` describes the arguments."""
    x, y = read_tfdata(dataset, "the dataset")
    test = 0.2 if test is None else test
    if is_tfdata(validation):
        validation = read_tfdata(validation, "the validation dataset")
    if is_tfdata(test):
        test = read_tfdata(test, "the test dataset")
    return read_examples(x, y, validation, test, columns=None, source="tf.data", **options)


def _checked_share(name: str, value: Any) -> float:
    value = 0 if value is None else value
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    least = "0 or more" if name == "validation" else "more than 0"
    if is_number and np.isfinite(value) and (value > 0 or (value == 0 and name == "validation")):
        return float(value)
    what = repr(value) if is_number else type(value).__name__
    raise DataError(
        f"{name} must be a share (below 1) or a number of examples, {least}, or a pair (x, y);"
        f" received {what}."
    )


def _features(x: Any, columns: tuple[str, ...], what: str) -> Array:
    require_collected(x)
    if is_frame(x):
        return read_columns(x, columns or column_names(x), what)
    if hasattr(x, "toarray"):
        raise DataError(
            f"{what} must be an array; received a sparse matrix: pass {what}.toarray()."
        )
    try:
        array = np.asarray(x)
    except ValueError:
        raise DataError(
            f"{what} must have examples of one shape; they differ: cut or fill them."
        ) from None
    if array.dtype.kind == "O" and array.ndim >= 1:
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            pass
    if array.dtype.kind not in "fiub":
        raise DataError(_not_numbers(array, columns, what))
    if array.ndim < 2 or array.ndim > 4:
        hint = ""
        if array.ndim == 1:
            hint = ": for one column, pass x.reshape(-1, 1)"
        raise DataError(
            f"{what} must be tables [n, columns] or images [n, height, width, channels] or"
            f" [n, height, width]; received the shape {array.shape}{hint}."
        )
    return array


def _not_numbers(array: Array, columns: tuple[str, ...], what: str) -> str:
    holds = {"U": "text", "S": "text", "O": "objects", "M": "dates", "m": "durations"}
    found = holds.get(array.dtype.kind, f"the type {array.dtype}")
    if array.dtype.kind in "OUS" and array.ndim == 2:
        for (row, column), value in np.ndenumerate(array):
            try:
                float(value)
            except (TypeError, ValueError):
                name = columns[column] if column < len(columns) else column
                found += f", such as {value!r:.40} in row {row}, column {name!r}"
                break
    return f"{what} must hold numbers; received {found}: leave it out, or make numbers of it."


def _require_equally_many(x: Array, y: Array, prefix: str) -> None:
    if not len(x):
        raise DataError(f"{prefix}x has no examples; expected at least one.")
    if len(x) == len(y):
        return
    hint = "each example needs one label"
    if x.shape[-1] == len(y):
        hint = "the examples are the last axis: pass numpy.moveaxis(x, -1, 0)"
    raise DataError(
        f"{prefix}x and {prefix}y must be equally many; received {len(x):,} and {len(y):,}: {hint}."
    )


def _require_names(names: tuple[str, ...], features: Array) -> None:
    if not names:
        return
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"columns must differ; received {twice!r} twice.")
    if features.ndim != 2 or features.shape[1] != len(names):
        raise DataError(
            f"columns must name each column of x, of the shape {features.shape}; received"
            f" {len(names)} names."
        )


def _digest(array: Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
