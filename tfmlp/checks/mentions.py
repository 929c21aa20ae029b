"""Mentions: the names in a submission's text, by which what is missing is told from what is there
and was not understood.
"""

import ast
import json
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfmlp import files
from tfmlp.checks.rubric import Expected, plain_names

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_MOST_BYTES, _MOST_SHOWN = 64 << 20, 5
# What functions and methods of a kind are called.
_SOUNDS = {
    "derivative": re.compile(r"deriv|prime|grad|^d_|_d$|relu|sigmoid|tanh|activ", re.IGNORECASE),
    "loss": re.compile(r"loss|cost|error|entropy|mse|nll", re.IGNORECASE),
    "softmax": re.compile("softmax", re.IGNORECASE),
    "dropout": re.compile("drop", re.IGNORECASE),
}
_ALWAYS_CALLED_SO = ("softmax", "dropout")


@dataclass
class Mentions:
    """The names in a text.

    Attributes:
      names: All names, without those in comments and strings.
      defined: What is defined at the top level.
      within: Every function, class and method.
      empty: Functions and classes without content, such as those of a template.
    """

    names: set[str] = field(default_factory=set)
    defined: set[str] = field(default_factory=set)
    within: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)

    def of(self, expected: Expected, subjects: set[str]) -> str:
        """Says, of what was not found, where it may be all the same; "" if it is missing.

        Args:
          expected: What was not found.
          subjects: The names of what was found, as `plain_names` writes them.
        """
        if expected.subject:
            there = _named(self.names - self.empty, expected.names)
            return f"not understood: {_few(there)}" if there else ""
        sound = _SOUNDS.get(expected.kind)
        known = _named(self.defined, subjects) | {"main"}
        there = set() if expected.kind in _ALWAYS_CALLED_SO else self.defined - self.empty - known
        there |= {name for name in self.within - self.empty if sound and sound.search(name)}
        return f"it may be in {_few(there)}" if there else ""

    def is_left_empty(self, expected: Expected) -> bool:
        """Whether what is expected is there without content."""
        return bool(_named(self.empty, expected.names))


def mentions_in(path: Path) -> Mentions:
    """Returns the names in a file or notebook; none if it cannot be read."""
    found, full = Mentions(), set[str]()
    for text in _texts(path):
        try:
            full |= _add(ast.parse(text), found)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            found.names.update(re.findall(r"[^\W\d]\w*", text))
    found.empty -= full
    return found


def _texts(path: Path) -> Iterator[str]:
    """Yields a file's text, or that of each cell of a notebook that holds code."""
    try:
        files.require_regular(path)
        with open(path, "rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8-sig", "replace")
        if path.suffix.lower() != ".ipynb":
            yield text
            return
        for cell in json.loads(text)["cells"]:
            if cell["cell_type"] == "code":
                lines = "".join(cell["source"]).splitlines()
                yield "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return


def _add(tree: ast.Module, found: Mentions) -> set[str]:
    """Adds the names in a tree; returns those of functions and classes with content."""
    full: set[str] = set()
    for node in ast.walk(tree):
        found.names.update(_names_of(node))
        if isinstance(node, _Definition):
            found.within.add(node.name)
            if node in tree.body:
                found.defined.add(node.name)
            (found.empty if all(map(_is_nothing, node.body)) else full).add(node.name)
    return full


def _names_of(node: ast.AST) -> list[str]:
    values: list[Any] = [getattr(node, key, None) for key in ("id", "attr", "name", "asname")]
    return [value for value in values if isinstance(value, str)]


def _is_nothing(node: ast.stmt) -> bool:
    """Whether a statement does nothing: pass, a docstring, ..., or raise NotImplementedError."""
    if isinstance(node, ast.Raise) and node.exc is not None:
        return "NotImplementedError" in ast.unparse(node.exc)
    is_value = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_value or isinstance(node, ast.Pass)


def _named(names: set[str], plain: Set[str]) -> set[str]:
    """Returns those of some names that are, written plainly, among others."""
    return {name for name in names if plain_names(name) & plain}


def _few(names: set[str]) -> str:
    shown = sorted(names)[:_MOST_SHOWN]
    rest = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + rest
