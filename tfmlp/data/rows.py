"""The rows of a CSV file as a model takes them, a piece at a time: for tables of any length."""

import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfmlp.data.cells import DECIMAL_COMMA, read_number
from tfmlp.data.csvtext import OpenCsv, Row, open_csv
from tfmlp.data.matching import require_same_columns
from tfmlp.data.rowfile import Array
from tfmlp.data.schema import Schema
from tfmlp.errors import DataError, TfmlpWarning

_CELLS_AT_A_TIME = 1 << 18  # about 40 MB of text
_LARGEST = float(np.finfo(np.float32).max)
_CURE = "or remove the row"


def read_rows(path: Path, schema: Schema) -> Iterator[Array]:
    """Yields the features of a CSV file's rows, in their order, float32 [rows, columns].

    Columns are found by the names that the model was trained on; others, the target's among them,
    are passed over. Where the model has no names of columns, the file must have as many as it.

    Raises:
      DataError: when the columns are not there, or a cell is no finite number; the rows before it
        were yielded.
    """
    with open_csv(path) as table:
        if table.note:
            warnings.warn(table.note, TfmlpWarning, stacklevel=2)
        places = _find_columns(table, schema)
        most = max(1, _CELLS_AT_A_TIME // len(table.header))
        error: DataError | None = None
        count = 0
        while error is None:
            rows, error = _take(table.rows, most)
            if not rows:
                break
            features, wrong = _numbers(rows, places, table)
            count += len(features)
            if len(features):
                yield features
            error = wrong or error
        if error is not None:
            raise error
        if not count:
            raise DataError(f"{path}: expected rows below its header; there are none.")


def _find_columns(table: OpenCsv, schema: Schema) -> dict[str, int]:
    """Returns where each of the model's columns stands, in the model's order."""
    place = {name: number for number, name in enumerate(table.header)}
    if schema.columns:
        if not place.keys() >= set(schema.columns):
            received = [name for name in table.header if name != schema.target]
            require_same_columns(str(table.path), received, schema.columns)
        return {name: place[name] for name in schema.columns}
    if schema.target is not None:
        place.pop(schema.target, None)
    width = math.prod(schema.feature_shape)
    if len(place) != width:
        raise DataError(
            f"{table.path}: expected {width:,} columns, as the model takes them, whose names it"
            f" does not know; received {len(place):,} columns."
        )
    return place


def _take(rows: Iterator[Row], most: int) -> tuple[list[Row], DataError | None]:
    """Returns the next rows, and what is wrong with the one after them."""
    taken = []
    try:
        for row in rows:
            taken.append(row)
            if len(taken) == most:
                break
    except DataError as error:
        return taken, error
    return taken, None


def _numbers(
    rows: list[Row], places: dict[str, int], table: OpenCsv
) -> tuple[Array, DataError | None]:
    """Returns the features of rows up to the first that is wrong, and what is wrong with it."""
    features = np.empty((len(rows), len(places)), np.float32)
    try:
        with np.errstate(over="ignore"):
            for column, place in enumerate(places.values()):
                cells = [cells[place] for _, cells in rows]
                if "_" in "".join(cells):  # Python reads 1_000 as a number
                    raise ValueError
                features[:, column] = list(map(float, cells))
        if np.isfinite(features).all():
            return features, None
    except ValueError:  # truth values, decimal commas, or what is no number
        pass
    for number, (line, cells) in enumerate(rows):
        try:
            for column, (name, place) in enumerate(places.items()):
                cell = cells[place]
                if table.separator == ";" and DECIMAL_COMMA.fullmatch(cell):
                    cell = cell.replace(",", ".")
                value = read_number(cell, table.path, line, name, _CURE)
                if abs(value) > _LARGEST:
                    raise DataError(
                        f"{table.path}, line {line}, column {name}: expected a number that float32"
                        f" holds; received {cell.strip()!r:.80}."
                    )
                features[number, column] = value
        except DataError as error:
            return features[:number], error
    return features, None
