"""A source: a person's file or notebook as the statements of its top level, with their places.

    source = read(Path("mine.ipynb"))
    [source.where(statement.lineno) for statement in source.statements]  # "cell 2, line 1", ...

A notebook becomes one text: its cells one after another. So a line has one number, and a traceback
and `inspect.getsource` find it.
"""

import ast
import bisect
import io
import json
import linecache
import tokenize
from dataclasses import dataclass, field
from pathlib import Path

from tfmlp.checks import old_names, repairs
from tfmlp.errors import DataError


@dataclass(frozen=True)
class Source:
    """A person's file or notebook.

    Attributes:
      path: Where it lies.
      text: What of it is run.
      statements: The statements of its top level, in order.
      notes: What of its text was passed over, each as a short sentence.
      is_python2: Whether it was written for Python 2.
      cells: Where it is a notebook, the line before the first of each cell with code.
    """

    path: Path
    text: str
    statements: list[ast.stmt]
    notes: list[str] = field(default_factory=list)
    is_python2: bool = False
    cells: list[int] = field(default_factory=list)

    def where(self, line: int) -> str:
        """Returns the place of a line, as a person finds it."""
        if not self.cells:
            return f"line {line}"
        cell = bisect.bisect_left(self.cells, line)
        return f"cell {cell}, line {line - self.cells[cell - 1]}"


def read(path: Path) -> Source:
    """Reads a person's file or notebook, and lets tracebacks know its text.

    Raises:
      DataError: when a notebook is none, or not one in Python.
      SyntaxError: when a file is no Python.
    """
    if path.suffix == ".ipynb":
        source = _notebook(path)
    else:
        try:
            tree, lines, made = repairs.parsed(_decoded(path.read_bytes()), repairs.OF_FILES)
        except ValueError as error:  # bytes that are no text
            raise SyntaxError(str(error)) from None
        source = _made(path, lines, tree, [], made, [])
    kept = [line + "\n" for line in source.text.split("\n")]
    # Without a time, linecache takes the text for good, and never looks for it in the file.
    linecache.cache[str(path)] = (len(source.text), None, kept, str(path))
    return source


def _notebook(path: Path) -> Source:
    """Returns a notebook; a cell that is no Python becomes empty lines."""
    lines: list[str] = []
    cells: list[int] = []
    notes: list[str] = []
    made: set[str] = set()
    for number, text in enumerate(_cells(path), 1):
        cells.append(len(lines))
        try:
            _, cell, needed = repairs.parsed(text, repairs.OF_CELLS)
            made |= needed
        except (SyntaxError, ValueError) as error:
            cell = [""] * (text.count("\n") + 1)
            if text.lstrip().startswith("%%"):  # it is in another language
                made.add("magic")
            else:
                notes.append(f"cell {number}: passed over: it is no Python: {_said(error)}")
        lines += cell
    if "magic" in made:
        notes.append("passed over: magics, shell lines and help, which are no Python")
    return _made(path, lines, ast.parse("\n".join(lines)), notes, made, cells)


def _made(
    path: Path,
    lines: list[str],
    tree: ast.Module,
    notes: list[str],
    made: set[str],
    cells: list[int],
) -> Source:
    text = "\n".join(lines)
    is_python2 = bool(made & repairs.PYTHON_2) or old_names.is_python2(text)
    return Source(path, text, tree.body, notes, is_python2, cells)


def _said(error: SyntaxError | ValueError) -> str:
    """Returns what is wrong with a text, and where."""
    line = getattr(error, "lineno", None)
    return f"{getattr(error, 'msg', error)}" + (f", line {line}" if line else "")


def _cells(path: Path) -> list[str]:
    """Returns the texts of a notebook's cells with code.

    Raises:
      DataError: when there are none.
    """
    try:
        values = json.loads(_decoded(path.read_bytes()))
        language = values.get("metadata", {}).get("kernelspec", {}).get("language", "python")
        # Version 3 of the format has its cells in worksheets, and their texts as "input".
        cells = values.get("cells") or values["worksheets"][0]["cells"]
        texts = [
            cell.get("source", cell.get("input", ""))
            for cell in cells
            if cell["cell_type"] == "code"
        ]
    except (SyntaxError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise DataError(f"expected a notebook with cells; {path.name} is none.") from None
    if not language.lower().startswith("python"):
        raise DataError(f"expected a notebook in Python; {path.name} is in {language}.")
    joined = (text if isinstance(text, str) else "".join(text) for text in texts)
    return ["\n".join(text.splitlines()) for text in joined]


def _decoded(content: bytes) -> str:
    """Returns a text as Python reads it: by its cookie or mark, with any ends of lines."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    return io.TextIOWrapper(io.BytesIO(content), encoding).read()
