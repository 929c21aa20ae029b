"""The forms that predictions are shown in: lines for people, JSON, CSV. Each is written as they
come, so that a table of any length takes no memory.
"""

import csv
import json
from typing import IO, Protocol

import click

from tfmlp.cli.progress import printable
from tfmlp.model.named import Prediction

_FIELDS = "file,index,class,probability,runner_up,runner_up_probability".split(",")
_VALUE_FIELDS = "file,index,value".split(",")
# How files of CSV written here begin.
CSV_MARKS = tuple(",".join(fields) + "\n" for fields in (_FIELDS, _VALUE_FIELDS))
NUMBER_WIDTH = 5  # of a space and an example's number, where there are not many


class Form(Protocol):
    """A form that predictions are written in, one after the other."""

    def add(self, one: Prediction) -> None:
        """Writes one."""

    def end(self) -> None:
        """Writes what stands after all of them."""


class LineForm:
    """A line for each prediction: file and number, class, probability, runner-up.

    Args:
      width: Of the longest name of a file that is known, with the number after it.
    """

    def __init__(self, width: int):
        self._width, self._has_header = width, False

    def add(self, one: Prediction) -> None:
        place = _on_a_line(one.file) + ("" if one.index is None else f" {one.index}")
        self._width = max(self._width, len(place))
        if not self._has_header:
            self._has_header = True
            title = "value" if one.class_name is None else "class       probability  runner-up"
            click.echo(f"{'file':<{self._width}}  {title}")
        if one.class_name is None or one.runner_up is None:
            click.echo(f"{place:<{self._width}}  {one.value:.7g}")
            return
        first, second = _on_a_line(one.class_name), _on_a_line(one.runner_up)
        click.echo(
            f"{place:<{self._width}}  {first:<11} {one.probability:>11.4f}  {second}"
            f" {one.runner_up_probability:.4f}"
        )

    def end(self) -> None:
        """Writes nothing."""


def _on_a_line(text: str) -> str:
    return printable(text).replace("\n", " ")


class JsonForm:
    """A JSON list of objects, one a line."""

    def __init__(self) -> None:
        self._line: str | None = None

    def add(self, one: Prediction) -> None:
        # Whole lines: what is said of a bad file may stand between them.
        click.echo("[" if self._line is None else f"{self._line},")
        self._line = json.dumps(one.to_dict())

    def end(self) -> None:
        click.echo("[]" if self._line is None else f"{self._line}\n]")


class CsvForm:
    """CSV with a header line.

    Args:
      file: What is written to.
    """

    def __init__(self, file: IO[str]):
        self._file = file
        self._writer: csv.DictWriter[str] | None = None

    def add(self, one: Prediction) -> None:
        if self._writer is None:
            fields = _VALUE_FIELDS if one.class_name is None else _FIELDS
            self._writer = csv.DictWriter(self._file, fields, lineterminator="\n")
            self._writer.writeheader()
        values = one.to_dict()
        for name in ("file", "class", "runner_up"):  # a name may hold what no encoding has
            if name in values:
                values[name] = printable(values[name])
        self._writer.writerow(values)

    def end(self) -> None:
        """Writes nothing."""
