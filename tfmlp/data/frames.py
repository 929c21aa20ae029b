"""Data frames, as pandas and polars have them, as a table of numbers. Imports neither."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmlp.data.rowfile import Array
from tfmlp.errors import DataError, nearest


def is_frame(value: Any) -> bool:
    """Returns whether something has named columns, as a data frame has."""
    return hasattr(value, "columns") and hasattr(value, "to_numpy")


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


def read_columns(frame: Any, columns: Sequence[str], what: str) -> Array:
    """Returns columns of numbers and truth values as float32 [n, columns].

    Raises:
      DataError: for a column that is missing, or holds something else; it names the column.
    """
    places = {str(name): name for name in frame.columns}
    for name in columns:
        if name not in places:
            raise DataError(f"{what} has no column {name!r}: {nearest(name, places)}.")
    values = [_numbers(frame[places[name]].to_numpy(), name, what) for name in columns]
    return np.stack(values, axis=1)


def read_target(frame: Any, target: str, what: str) -> Array:
    """Returns the column to predict: numbers or text."""
    for name in frame.columns:
        if str(name) == target:
            return np.asarray(frame[name].to_numpy())
    raise DataError(f"{what} has no column {target!r}: {nearest(target, map(str, frame.columns))}.")


def _numbers(values: Any, name: str, what: str) -> Array:
    array = np.asarray(values)
    if array.dtype.kind == "O":  # text, or pandas' numbers with missing values
        for row, value in enumerate(array):
            if value is None or type(value).__name__ in ("NAType", "NaTType") or value != value:
                raise DataError(
                    f"{what}: column {name!r} has no value in row {row}: remove the row or fill it,"
                    f" or leave the column out with drop=[{name!r}]."
                )
            if isinstance(value, str):
                break
        else:
            try:
                array = array.astype(np.float64)
            except (TypeError, ValueError):
                pass
    if array.dtype.kind not in "fiub":
        holds = "dates" if array.dtype.kind in "mM" else "text"
        example = str(array[0]) if len(array) else ""
        raise DataError(
            f"{what}: expected numbers; column {name!r} holds {holds} ({example!r:.40}): leave it"
            f" out with drop=[{name!r}], or make numbers of it, as pandas.get_dummies does."
        )
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is found later
        return array.astype(np.float32)
