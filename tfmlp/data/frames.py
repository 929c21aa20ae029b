"""Data frames, as pandas and polars have them, as a table of numbers. Imports neither."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmlp.data.rowfile import Array
from tfmlp.errors import DataError, nearest


def is_frame(value: Any) -> bool:
    """Returns whether something has named columns, as a data frame has."""
    return hasattr(value, "to_numpy") and hasattr(value, "columns")


def require_collected(value: Any) -> None:
    """Refuses a frame that is not computed yet, as polars' `LazyFrame`.

    Raises:
      DataError: for it.
    """
    if hasattr(value, "collect_schema") and not hasattr(value, "to_numpy"):
        raise DataError(
            f"expected a data frame; received a {type(value).__name__}: pass frame.collect()."
        )


def column_names(frame: Any) -> tuple[str, ...]:
    """Returns the names of a frame's columns.

    Raises:
      DataError: when two are the same.
    """
    names = tuple(map(str, frame.columns))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"column names must differ; the frame has {twice!r} twice.")
    return names


def find_columns(frame: Any, target: str, drop: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of the columns that a target is predicted from.

    Raises:
      DataError: when the target or a column to drop is not there.
    """
    if not is_frame(frame):
        require_collected(frame)
        raise DataError(
            f"from_frame expects a data frame with named columns; received"
            f" {type(frame).__name__}. For arrays there is Dataset.from_arrays(x, y)."
        )
    names = column_names(frame)
    for what, name in [("target", str(target)), *(("drop", str(name)) for name in drop)]:
        if name not in names:
            raise DataError(f"{what}: the frame has no column {name!r}: {nearest(name, names)}.")
    left_out = {str(target), *map(str, drop)}
    columns = tuple(name for name in names if name not in left_out)
    if not columns:
        raise DataError("expected a column beside the target to predict it from; there is none.")
    return columns


def read_columns(frame: Any, columns: Sequence[str], what: str, *, droppable: bool = True) -> Array:
    """Returns columns of numbers and truth values as float32 [n, columns].

    Args:
      frame: The frame.
      columns: The names of the columns, in the order in which they are returned.
      what: The beginning of a message.
      droppable: Whether a column that cannot be used may be left out.

    Raises:
      DataError: for a column that is missing, or holds something else; it names the column.
    """
    places = {str(name): name for name in frame.columns}
    for name in columns:
        if name not in places:
            raise DataError(f"{what} has no column {name!r}: {nearest(name, places)}.")
    values = [_numbers(frame[places[name]].to_numpy(), name, what, droppable) for name in columns]
    return np.stack(values, axis=1)


def read_target(frame: Any, target: str, what: str) -> Array:
    """Returns the column to predict: numbers or text."""
    for name in frame.columns:
        if str(name) == target:
            return np.asarray(frame[name].to_numpy())
    raise DataError(f"{what} has no column {target!r}: {nearest(target, map(str, frame.columns))}.")


def _numbers(values: Any, name: str, what: str, droppable: bool) -> Array:
    array = np.asarray(values)
    drop = f"drop=[{name!r}]" if droppable else ""
    if array.dtype.kind == "O":  # text, or pandas' numbers with missing values
        for row, value in enumerate(array):
            if _is_missing(value):
                also = f", or leave the column out with {drop}" if drop else ""
                raise DataError(
                    f"{what}: column {name!r} has no value in row {row}: remove the row or fill"
                    f" it{also}."
                )
            if isinstance(value, str):
                break
        else:
            try:
                array = array.astype(np.float64)
            except (TypeError, ValueError):
                pass
    if array.dtype.kind not in "fiub" or array.ndim != 1:
        cure = f"leave it out with {drop}, or make" if drop else "make"
        raise DataError(
            f"{what}: expected numbers; column {name!r} holds {_held(array)}: {cure} numbers of it,"
            " as pandas.get_dummies does."
        )
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is found later
        return array.astype(np.float32)


def _is_missing(value: Any) -> bool:
    is_nan = isinstance(value, float) and value != value
    return value is None or is_nan or type(value).__name__ in ("NAType", "NaTType")


def _held(array: Array) -> str:
    """Says what a column that has no numbers holds, with an example."""
    example = array[0] if len(array) else ""
    if array.dtype.kind in "mM":
        kind = "dates"
    elif isinstance(example, str):
        kind = "text"
    else:
        kind = f"values of the type {type(example).__name__}"
    return f"{kind} ({str(example)!r:.40})"
