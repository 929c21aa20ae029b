"""A cell of a table as a number."""

import re
from pathlib import Path

import numpy as np

from tfmlp.errors import DataError

TRUTH = {"true": 1.0, "false": 0.0}
DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+([eE][+-]?\d+)?\s*")


def as_float(cell: str) -> float:
    """Returns a cell's number; 1 for "true" and 0 for "false".

    Raises:
      ValueError: when it is none.
    """
    if "_" in cell:  # Python reads 1_000 as a number; the author of a table does not mean one
        raise ValueError(cell)
    try:
        return float(cell)
    except ValueError:
        if (value := TRUTH.get(cell.strip().lower())) is None:
            raise
        return value


def read_number(cell: str, path: Path, line: int, column: str, cure: str) -> float:
    """Returns a cell's finite number.

    Args:
      cell: Its text.
      path, line, column: Where it stands, for messages.
      cure: What can be done where it is no number.

    Raises:
      DataError: when it is none, or not finite.
    """
    try:
        value = as_float(cell)
    except ValueError:
        if not cell.strip():
            raise DataError(
                f"{path}, column {column!r}, line {line}: the value is missing: fill it in, {cure}."
            ) from None
        raise DataError(
            f"{path}, line {line}, column {column}: expected a number; received"
            f" {cell.strip()!r:.80}: write one, {cure}."
        ) from None
    if not np.isfinite(value):
        raise DataError(
            f"{path}, line {line}, column {column}: expected a finite number; received"
            f" {cell.strip()!r:.80}: remove the row or fill it."
        )
    return value
