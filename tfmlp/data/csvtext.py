"""The text of a CSV file: its encoding, its separator, its header and rows."""

import codecs
import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from tfmlp import files
from tfmlp.errors import DataError

_BYTES_A_BYTE = 26  # of memory for each byte of text, while it is cells
_ROWS_AT_A_TIME = 50_000  # between two calls that tell how far it is
_SEPARATORS = ",;\t|"
_SNIFFED = 20  # lines by which the separator is chosen
_SNIFFED_CHARACTERS = 1 << 16
_CHUNK = 1 << 20  # bytes that are decoded at a time to find the encoding
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_WESTERN = {"cp1252": "cp1252 (Windows)", "latin-1": "latin-1"}  # as older programs write

Row = tuple[int, list[str]]  # the number of its line, and its cells


class Reader(Protocol):
    """What `csv.reader` returns."""

    line_num: int

    def __next__(self) -> list[str]:
        """Reads the next row."""

    def __iter__(self) -> Iterator[list[str]]:
        """Returns itself."""


class CsvText(NamedTuple):
    """A CSV file as cells of text.

    Attributes:
      path: The file.
      separator: What stands between cells.
      header: The names of the columns.
      rows: Of each row that is not blank, the number of its line and its cells.
      note: What a user should know of the encoding, if anything.
    """

    path: Path
    separator: str
    header: list[str]
    rows: list[Row]
    note: str | None


class OpenCsv(NamedTuple):
    """A CSV file whose rows are read when they are asked for.

    Attributes: as `CsvText`, and
      place: Tells how many bytes are read so far.
    """

    path: Path
    separator: str
    header: list[str]
    rows: Iterator[Row]
    note: str | None
    place: Callable[[], int]


def read_csv(path: Path, reach: Callable[[float], None] = lambda share: None) -> CsvText:
    """Reads a file with a header line and rows of as many cells.

    Args:
      path: The file.
      reach: Called now and then with the share that is read, 0 to 1.

    Raises:
      DataError: when it is not such a file; it names the line.
    """
    with open_csv(path) as table:
        try:
            size = path.stat().st_size
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}.") from None
        files.require_memory(path, _BYTES_A_BYTE * size)
        rows: list[Row] = []
        while more := list(islice(table.rows, _ROWS_AT_A_TIME)):
            rows += more
            reach(table.place() / size)
    if len(table.header) < 2 or not rows:
        raise DataError(
            f"{path}: expected a header line with at least two columns, and rows; received"
            f" {len(table.header)} column(s) and {len(rows)} row(s)."
        )
    return CsvText(path, table.separator, table.header, rows, table.note)


@contextmanager
def open_csv(path: Path) -> Iterator[OpenCsv]:
    """Opens a file with a header line and rows of as many cells.

    Raises:
      DataError: when it is not such a file; of a row, when it is read. It names the line.
    """
    try:
        files.require_regular(path)
        with open(path, "rb") as file:
            encoding, note = _find_encoding(file, path)
        # Lines end as they are: the reader knows all ends of lines.
        with open(path, "rb") as file, TextIOWrapper(file, encoding, newline="\n") as text:
            separator = _sniffed_separator(text.read(_SNIFFED_CHARACTERS))
            text.seek(0)
            reader = csv.reader(text, delimiter=separator)
            header = [name.strip() for name in _next(reader, path) or []]
            if len(set(header)) < len(header):
                twice = next(name for name in header if header.count(name) > 1)
                raise DataError(f"{path}: column names must differ; received {twice!r} twice.")
            rows = _read_rows(reader, path, len(header))
            yield OpenCsv(path, separator, header, rows, note, file.tell)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}.") from None


def _next(reader: Reader, path: Path) -> list[str] | None:
    """Returns the next row's cells, none for a blank line; None at the end."""
    try:
        return next(reader, None)
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: not valid CSV ({error}).") from None


def _read_rows(reader: Reader, path: Path, width: int) -> Iterator[Row]:
    while (cells := _next(reader, path)) is not None:
        if not cells:
            continue
        if len(cells) != width:
            raise DataError(
                f"{path}, line {reader.line_num}: expected {width} cells; received {len(cells)}."
            )
        yield reader.line_num, cells


def _find_encoding(file: BinaryIO, path: Path) -> tuple[str, str | None]:
    """Returns the encoding of a file's text, and what is to be said of it."""
    head = file.read(4)
    encoding = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "utf-8")
    try:
        _decode(file, encoding, path)
        return encoding, None
    except _Undecodable as error:
        place = error.args[0]
    if encoding != "utf-8":
        raise DataError(
            f"{path}: expected {encoding.upper()} text, as its first bytes say; byte {place:,} is"
            " not."
        )
    try:
        encoding = "cp1252"
        _decode(file, encoding, path)
    except _Undecodable:  # some bytes mean nothing in it
        encoding = "latin-1"
        _decode(file, encoding, path)
    note = (
        f"{path}: expected UTF-8 text; byte {place:,} is not: read as {_WESTERN[encoding]}. Save it"
        " as UTF-8 if names come out wrong."
    )
    return encoding, note


class _Undecodable(Exception):
    """The place of the first byte that is not of an encoding."""


def _decode(file: BinaryIO, encoding: str, path: Path) -> None:
    """Decodes a whole file, and keeps nothing of it.

    Raises:
      _Undecodable: where it is not of this encoding.
      DataError: when it has zero bytes.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    characters = 0
    chunk = b"start"
    while chunk:
        chunk = file.read(_CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:  # its object has what was left of the chunk before
            raise _Undecodable(file.tell() - len(error.object) + error.start) from None
        if "\0" in text:
            raise DataError(
                f"{path}: expected UTF-8 text; received zero bytes, the first as character"
                f" {characters + text.index(chr(0)):,}: save the file as CSV in UTF-8."
            )
        characters += len(text)


def _sniffed_separator(text: str) -> str:
    """Returns the separator that cuts the first lines into equally many cells, and into most."""
    lines = text.splitlines()[:_SNIFFED]

    def fit(separator: str) -> tuple[bool, bool, int]:
        try:
            rows = [cells for cells in csv.reader(lines, delimiter=separator) if cells]
        except csv.Error:
            return (False, False, 0)
        width = len(rows[0]) if rows else 0
        return (width > 1, all(len(cells) == width for cells in rows), width)

    return max(_SEPARATORS, key=fit)  # the first of equally good ones
