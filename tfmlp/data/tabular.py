"""A user's own table, from a CSV file with a header line."""

import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from tfmlp import files
from tfmlp.data.cells import DECIMAL_COMMA, TRUTH, as_float, read_number
from tfmlp.data.csvtext import CsvText, read_csv
from tfmlp.data.labels import looks_like_values
from tfmlp.data.raw import Progress, RawDataset
from tfmlp.data.rowfile import Array
from tfmlp.data.split import Provenance
from tfmlp.errors import DataError, TfmlpWarning, nearest

_FEW_ROWS = 30
_LARGE = 10_000_000  # bytes; smaller files are read in a moment
_SPLITTING = 0.3  # of the time: the rows are split into cells; then, these become numbers
_CURE = "remove the row, or leave the column out (--drop)"
_INDEX = re.compile(r"(Unnamed: \d+)?")  # what pandas calls the column of its index


def read_table(
    file: str,
    target: str | None,
    task: str | None,
    drop: Sequence[str] = (),
    progress: Progress | None = None,
) -> RawDataset:
    """Reads a CSV file: one column is predicted from all others, which must hold numbers.

    Args:
      file: The file's path. Separators are commas, semicolons (with decimal commas, too), tabs or
        bars; the encoding is UTF-8, UTF-16 with its mark, or, with a warning, cp1252.
      target: The name of the column to predict.
      task: "classification" (the target's distinct values, sorted, are the classes),
        "regression", or None: classification, unless the target looks like values.
      drop: The names of columns to leave out.
      progress: Told how far a large file is read.

    Raises:
      DataError: when the file or a cell cannot be used; it names the line and the column.
    """
    reach = _told(progress, files.user_path(file))
    table = read_csv(files.user_path(file), lambda share: reach(_SPLITTING * share))
    path, header, rows = table.path, table.header, table.rows
    if target is None or target not in header:
        received = f"none. The columns are {', '.join(header)}"
        if target:
            received = f"{target!r}: {nearest(target, header)}"
        raise DataError(
            f"{path}: expected --target to name the column to predict; received {received}."
        )
    for name in drop:
        if name not in header:
            raise DataError(f"{path}: --drop: no column {name!r}: {nearest(name, header)}.")
        if name == target:
            raise DataError(f"{path}: column {name} is the target: it cannot be dropped.")
    index = _index_column(table, target, drop)
    left_out = {target, *drop, *index}
    columns = tuple(name for name in header if name not in left_out)
    if not columns:
        raise DataError(f"{path}: expected a column beside {target} to predict it from; none left.")
    features = np.empty((len(rows), len(columns)), np.float64)
    for place, name in enumerate(columns):
        features[:, place] = _numbers(table, name)
        reach(_SPLITTING + (1 - _SPLITTING) * (place + 1) / len(columns))
    class_names = None
    if task == "regression":
        labels = _numbers(table, target)
    else:
        answers = [(line, cell.strip()) for line, cell in _cells(table, target)]
        labels, class_names = _classes(answers, table, target, is_sure=task is not None)
    notes = [
        f"{path}: the column {name!r} only numbers the rows: it is left out." for name in index
    ]
    for note in notes + ([table.note] if table.note else []):
        warnings.warn(note, TfmlpWarning, stacklevel=2)
    provenance = Provenance(
        f"csv:{file}", f"CSV file, target {target}", {path.name: files.sha256_of(path)}
    )
    return RawDataset((features, labels), None, provenance, class_names, columns, target)


def _told(progress: Progress | None, path: Path) -> Callable[[float], None]:
    """Returns a function that tells which share of a file is read, where that takes its time."""
    size = path.stat().st_size if files.is_file(path) else 0
    if progress is None or size < _LARGE:
        return lambda share: None
    return lambda share: progress(f"reading {path.name}", round(share * size), size)


def _cells(table: CsvText, name: str) -> list[tuple[int, str]]:
    place = table.header.index(name)
    return [(line, cells[place]) for line, cells in table.rows]


def _index_column(table: CsvText, target: str, drop: Sequence[str]) -> list[str]:
    """Returns the first column's name where it has only the numbers of rows, as pandas writes them
    unless it is told index=False.
    """
    name = table.header[0]
    if name == target or name in drop or not _INDEX.fullmatch(name):
        return []
    cells = [cell.strip() for _, cell in _cells(table, name)]
    if not all(cell.isascii() and cell.isdigit() for cell in cells) or len(set(cells)) < len(cells):
        return []
    return [name]


def _numbers(table: CsvText, name: str) -> Array:
    """Returns a column of numbers and truth values, float64 [rows]."""
    cells = _cells(table, name)
    if table.separator == ";":
        cells = _with_points(cells, table, name)
    return np.array([read_number(cell, table.path, line, name, _CURE) for line, cell in cells])


def _with_points(cells: list[tuple[int, str]], table: CsvText, name: str) -> list[tuple[int, str]]:
    """Returns cells with decimal commas as points."""
    commas = [line for line, cell in cells if DECIMAL_COMMA.fullmatch(cell)]
    points = [line for line, cell in cells if "." in cell]
    if commas and points:
        raise DataError(
            f"{table.path}, column {name}: expected decimal commas or points; received a comma in"
            f" line {commas[0]} and a point in line {points[0]}: write all numbers alike."
        )
    return [(line, cell.replace(",", ".")) for line, cell in cells] if commas else cells


def _classes(
    answers: list[tuple[int, str]], table: CsvText, target: str, is_sure: bool
) -> tuple[Array, tuple[str, ...]]:
    for line, cell in answers:
        if not cell:
            raise DataError(
                f"{table.path}, column {target!r}, line {line}: the class is missing: fill it in,"
                " or remove the row."
            )
    names, spelling = _spelled_alike({cell for _, cell in answers})
    if not is_sure:
        _require_classes(names, len(answers), table, target)
    # In a few new rows, on which a run is evaluated, its classes need not repeat.
    is_judged = not is_sure or len(answers) >= _FEW_ROWS
    if is_judged and len(names) > max(2, len(answers) // 2):
        raise DataError(
            f"{table.path}: column {target} has {len(names):,} different values in"
            f" {len(answers):,} rows; classes repeat. For values, use --task regression."
        )
    number = {name: i for i, name in enumerate(names)}
    return np.array([number[spelling[cell]] for _, cell in answers]), tuple(names)


def _require_classes(names: list[str], count: int, table: CsvText, target: str) -> None:
    """Asks for the task where a target of numbers looks like values."""
    if table.separator == ";":
        is_decimal = DECIMAL_COMMA.fullmatch
        names = [name.replace(",", ".") if is_decimal(name) else name for name in names]
    try:
        different = np.unique([as_float(name) for name in names])
    except ValueError:
        return
    if looks_like_values(different, count):
        raise DataError(
            f"{table.path}: column {target} has {len(names):,} different values in {count:,} rows:"
            " give --task regression for values, or --task classification for classes."
        )


def _spelled_alike(found: set[str]) -> tuple[list[str], dict[str, str]]:
    """Returns the sorted names of the classes, and the name for each cell: numbers are sorted by
    their values, 2 before 10, and 1.0 is 1, the shortest spelling.
    """
    try:
        values = {cell: as_float(cell) for cell in found}
    except ValueError:
        values = {}
    if any(cell.lower() in TRUTH for cell in found):
        values = {}  # truth values keep their names
    if not values or not all(map(np.isfinite, values.values())):
        return sorted(found), {cell: cell for cell in found}
    shortest: dict[float, str] = {}
    for cell in sorted(found, key=lambda cell: (len(cell), cell)):
        shortest.setdefault(values[cell], cell)
    names = [shortest[value] for value in sorted(shortest)]
    return names, {cell: shortest[values[cell]] for cell in found}
