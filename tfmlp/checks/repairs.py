"""Repairs: what a text needs to be parsed where only lines that define nothing are in the way.

    tree, lines, made = parsed("%matplotlib inline\\nx = 1", OF_CELLS)

Python itself says at which line it cannot go on; a line that it can parse is never touched. The
number of lines stays the same.
"""

import ast
import io
import re
import tokenize
from collections.abc import Callable

Repair = Callable[[list[str], SyntaxError], bool]

PYTHON_2 = {"print", "except", "tabs"}  # the repairs that only Python 2 needs

_MAGIC = re.compile(r"\s*(\w[\w, ]*=\s*)?[%!?]|.*\?\s*$")  # %magic, !shell, ?help, help?, x = !ls
_EXCEPT = re.compile(r"(\s*except\s+.+?)\s*,\s*(\w+)\s*:")
_DEEPEST_TAB = 8


def parsed(text: str, repairs: dict[str, Repair]) -> tuple[ast.Module, list[str], set[str]]:
    """Parses a text, with repairs.

    Args:
      text: Of a file or a cell.
      repairs: Those that may be made, by their names.

    Returns:
      The tree, the text's lines as they were parsed, and the names of the repairs that were made.

    Raises:
      SyntaxError: when it still is no Python.
    """
    lines = text.split("\n")
    made: set[str] = set()
    while True:
        try:
            return ast.parse("\n".join(lines)), lines, made
        except SyntaxError as error:
            before = list(lines)
            name = next((name for name, repair in repairs.items() if repair(lines, error)), None)
            if name is None or lines == before:
                if made & PYTHON_2:
                    error.msg = f"this is Python 2, and Python 3 cannot read it: {error.msg}"
                raise
            made.add(name)


def _without_magic(lines: list[str], error: SyntaxError) -> bool:
    """Replaces a line that is an order to IPython, and not Python."""
    row = (error.lineno or 0) - 1
    if not (0 <= row < len(lines) and _MAGIC.match(lines[row])):
        return False
    indent = len(lines[row]) - len(lines[row].lstrip())
    goes_on = lines[row].rstrip().endswith("\\")
    lines[row] = " " * indent + "pass"
    while goes_on and row + 1 < len(lines):
        row += 1
        goes_on = lines[row].rstrip().endswith("\\")
        lines[row] = ""
    return True


def _without_print(lines: list[str], error: SyntaxError) -> bool:
    """Replaces a print statement of Python 2, to the end of the statement."""
    row, column = (error.lineno or 0) - 1, (error.offset or 0) - 1
    if "Missing parentheses in call to 'print'" not in (error.msg or ""):
        return False
    rest = "\n".join([lines[row][column:], *lines[row + 1 :]])
    try:
        for token in tokenize.generate_tokens(io.StringIO(rest).readline):
            if token.type == tokenize.NEWLINE or token.string == ";":
                break
    except (tokenize.TokenError, SyntaxError):
        return False
    down, end = token.start[0] - 1, token.start[1]
    tail = rest.split("\n")[down][end:]
    lines[row] = lines[row][:column] + "pass" + tail
    lines[row + 1 : row + 1 + down] = [""] * down
    return True


def _named_exception(lines: list[str], error: SyntaxError) -> bool:
    """Writes `except Error, name:` of Python 2 as Python 3 does."""
    row = (error.lineno or 0) - 1
    if "multiple exception types" not in (error.msg or ""):
        return False
    lines[row] = _EXCEPT.sub(r"\1 as \2:", lines[row])
    return True


def _with_spaces(lines: list[str], error: SyntaxError) -> bool:
    """Replaces tabs by spaces as Python 2 counts them, where they are mixed."""
    if not isinstance(error, TabError):
        return False
    lines[:] = [line.expandtabs(_DEEPEST_TAB) for line in lines]
    return True


OF_FILES: dict[str, Repair] = {
    "print": _without_print,
    "except": _named_exception,
    "tabs": _with_spaces,
}
OF_CELLS = OF_FILES | {"magic": _without_magic}
