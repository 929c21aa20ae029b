"""The text of a CSV file: its encoding, its separator, its header and rows."""

import codecs
import csv
import io
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tfmlp import files
from tfmlp.errors import DataError

_BYTES_A_BYTE = 26  # of memory for each byte of text, while it is cells
_ROWS_AT_A_TIME = 50_000  # between two calls that tell how far it is
_SEPARATORS = ",;\t|"
_SNIFFED = 20  # lines by which the separator is chosen
_SNIFFED_CHARACTERS = 1 << 16
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


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
    rows: list[tuple[int, list[str]]]
    note: str | None


def read_csv(path: Path, reach: Callable[[float], None] = lambda share: None) -> CsvText:
    """Reads a file with a header line and rows of as many cells.

    Args:
      path: The file.
      reach: Called now and then with the share that is read, 0 to 1.

    Raises:
      DataError: when it is not such a file; it names the line.
    """
    try:
        files.require_regular(path)
        files.require_memory(path, _BYTES_A_BYTE * path.stat().st_size)
        text, note = _decoded(path.read_bytes(), path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}.") from None
    separator = _sniffed_separator(text)
    stream = io.StringIO(text)
    reader = csv.reader(stream, delimiter=separator)
    try:
        header = [name.strip() for name in next(reader, [])]
        rows = []
        while more := [(reader.line_num, cells) for cells in islice(reader, _ROWS_AT_A_TIME)]:
            rows += [(line, cells) for line, cells in more if cells]
            reach(stream.tell() / len(text))
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
    return CsvText(path, separator, header, rows, note)


def _decoded(content: bytes, path: Path) -> tuple[str, str | None]:
    """Returns the text, and what is to be said of its encoding."""
    note = None
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise DataError(
                f"{path}: expected {encoding.upper()} text, as its first bytes say; byte"
                f" {error.start:,} is not."
            ) from None
        text, name = _decoded_western(content)
        note = (
            f"{path}: expected UTF-8 text; byte {error.start:,} is not: read as {name}. Save it as"
            " UTF-8 if names come out wrong."
        )
    if "\0" in text:
        raise DataError(
            f"{path}: expected UTF-8 text; received zero bytes, the first as character"
            f" {text.index(chr(0)):,}: save the file as CSV in UTF-8."
        )
    return text, note


def _decoded_western(content: bytes) -> tuple[str, str]:
    """Decodes what is not UTF-8 as older programs write it; returns the encoding's name, too."""
    try:
        return content.decode("cp1252"), "cp1252 (Windows)"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1"


def _sniffed_separator(text: str) -> str:
    """Returns the separator that cuts the first lines into equally many cells, and into most."""
    lines = text[:_SNIFFED_CHARACTERS].splitlines()[:_SNIFFED]

    def fit(separator: str) -> tuple[bool, bool, int]:
        try:
            rows = [cells for cells in csv.reader(lines, delimiter=separator) if cells]
        except csv.Error:
            return (False, False, 0)
        width = len(rows[0]) if rows else 0
        return (width > 1, all(len(cells) == width for cells in rows), width)

    return max(_SEPARATORS, key=fit)  # the first of equally good ones
