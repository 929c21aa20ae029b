"""A user's own table, from a CSV file with a header line."""

import csv
import io
from pathlib import Path

import numpy as np

from tfmlp import files
from tfmlp.data.dataset import Provenance
from tfmlp.data.raw import RawDataset
from tfmlp.data.rowfile import Array
from tfmlp.errors import DataError, nearest

_BYTES_A_BYTE = 26  # of memory for each byte of text, while it is cells


def read_table(file: str, target: str | None, task: str) -> RawDataset:
    """Reads a CSV file: one column is predicted from all others, which must hold numbers.

    Args:
      file: The file's path.
      target: The name of the column to predict.
      task: "classification" (the target's distinct values, sorted, are the classes) or
        "regression".

    Raises:
      DataError: when the file or a cell cannot be used; it names the line and the column.
    """
    path = files.user_path(file)
    try:
        files.require_regular(path)
        files.require_memory(path, _BYTES_A_BYTE * path.stat().st_size)
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: expected UTF-8 text; byte {error.start:,} is not.") from None
    header, rows = _rows(path, text)
    if target is None or target not in header:
        received = f"none. The columns are {', '.join(header)}"
        if target:
            received = f"{target!r}: {nearest(target, header)}"
        raise DataError(
            f"{path}: expected --target to name the column to predict; received {received}."
        )
    columns = tuple(name for name in header if name != target)
    place = header.index(target)
    answers = [(line, cells.pop(place).strip()) for line, cells in rows]
    features = np.array(
        [
            [_number(cell, path, line, column) for column, cell in zip(columns, cells)]
            for line, cells in rows
        ],
        np.float64,
    )
    class_names = None
    if task == "regression":
        labels = np.array([_number(cell, path, line, target) for line, cell in answers])
    else:
        labels, class_names = _classes(answers, path, target)
    provenance = Provenance(
        f"csv:{file}", f"CSV file, target {target}", {path.name: files.sha256_of(path)}
    )
    return RawDataset((features, labels), None, provenance, class_names, columns, target)


def _rows(path: Path, text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Returns the header, and each further line that is not blank with its number."""
    reader = csv.reader(io.StringIO(text))
    try:
        header = [name.strip() for name in next(reader, [])]
        rows = [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: not valid CSV ({error}).") from None
    if len(header) < 2 or not rows:
        raise DataError(
            f"{path}: expected a header line with at least two columns, and rows; received"
            f" {len(header)} column(s) and {len(rows)} row(s)."
        )
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise DataError(f"{path}: column names must differ; received {twice!r} twice.")
    for line, cells in rows:
        if len(cells) != len(header):
            raise DataError(
                f"{path}, line {line}: expected {len(header)} cells; received {len(cells)}."
            )
    return header, rows


def _number(cell: str, path: Path, line: int, column: str) -> float:
    try:
        value = _as_float(cell)
    except ValueError:
        raise DataError(
            f"{path}, line {line}, column {column}: expected a number; received {cell.strip()!r}:"
            " leave the column out, or write numbers for its values."
        ) from None
    if not np.isfinite(value):
        raise DataError(
            f"{path}, line {line}, column {column}: expected a finite number; received"
            f" {cell.strip()!r}: remove the row or fill it."
        )
    return value


def _as_float(cell: str) -> float:
    if "_" in cell:  # Python reads 1_000 as a number; the author of a table does not mean one
        raise ValueError(cell)
    return float(cell)


def _classes(
    answers: list[tuple[int, str]], path: Path, target: str
) -> tuple[Array, tuple[str, ...]]:
    for line, cell in answers:
        if not cell:
            raise DataError(
                f"{path}, line {line}, column {target}: expected a class; the cell is empty."
            )
    names, spelling = _spelled_alike({cell for _, cell in answers})
    if len(names) > max(2, len(answers) // 2):
        raise DataError(
            f"{path}: column {target} has {len(names):,} different values in {len(answers):,} rows;"
            " classes repeat. For values, use --task regression."
        )
    number = {name: i for i, name in enumerate(names)}
    return np.array([number[spelling[cell]] for _, cell in answers]), tuple(names)


def _spelled_alike(found: set[str]) -> tuple[list[str], dict[str, str]]:
    """Returns the sorted names of the classes, and the name for each cell: numbers are sorted by
    their values, 2 before 10, and 1.0 is 1, the shortest spelling.
    """
    try:
        values = {cell: _as_float(cell) for cell in found}
    except ValueError:
        values = {}
    if not values or not all(map(np.isfinite, values.values())):
        return sorted(found), {cell: cell for cell in found}
    shortest: dict[float, str] = {}
    for cell in sorted(found, key=lambda cell: (len(cell), cell)):
        shortest.setdefault(values[cell], cell)
    names = [shortest[value] for value in sorted(shortest)]
    return names, {cell: shortest[values[cell]] for cell in found}
