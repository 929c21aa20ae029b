"""Statements: what a statement of the top level defines, and what it answers itself.

defines(ast.parse("x = 1").body[0])  # True: others print, train or plot
"""

import ast
from collections.abc import Iterable, Iterator

_DEFINITIONS = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Import,
    ast.ImportFrom,
    ast.Delete,
    ast.Pass,
)


def single(statement: ast.Import | ast.ImportFrom) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yields an import's names one by one: one that is missing does not take the others along."""
    for alias in statement.names:
        if isinstance(statement, ast.Import):
            one: ast.Import | ast.ImportFrom = ast.Import([alias])
        else:
            one = ast.ImportFrom(statement.module, [alias], statement.level)
        yield ast.copy_location(one, statement)


def defines(statement: ast.stmt) -> bool:
    """Whether a statement defines something, or surrounds something that does."""
    if isinstance(statement, ast.Try | ast.With | ast.If):
        return any(map(defines, statement.body))
    return isinstance(statement, _DEFINITIONS)


def imports(statement: ast.AST) -> bool:
    """Whether an import is anywhere in it."""
    return any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(statement))


def names(statement: ast.stmt) -> Iterator[str]:
    """Yields the names that a statement would have given."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in aliases)
        case _:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id


def used_within(body: Iterable[ast.AST]) -> set[str]:
    """Returns the names that functions and classes use, and not the top level alone."""
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    parts = [node for tree in body for node in ast.walk(tree) if isinstance(node, inner)]
    return {node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)}


def answered(statements: Iterable[ast.AST]) -> Iterator[int]:
    """Yields the lines whose failing imports the source itself answers."""
    for tree in statements:
        for node in ast.walk(tree):
            if isinstance(node, ast.Try) and any(map(_catches, node.handlers)):
                yield from range(node.lineno, node.handlers[0].lineno)


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
