"""Running a source: what it defines is there afterwards, whatever else it wants.

    ran = run(read(Path("mine.py")))
    ran.namespace["Net"], ran.notes

The statements of the top level are run one by one. Those that define something (imports, functions,
classes, assignments) have seconds; those that do something (calls whose value is thrown away,
loops) have a moment, which is enough to build a net, and not to train one. What fails or takes
longer is passed over.
"""

import __future__
import ast
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from tfmlp.checks.bounds import at_most
from tfmlp.checks.notes import Notes
from tfmlp.checks.siblings import SiblingFinder
from tfmlp.checks.source import Source, read
from tfmlp.checks.stand_ins import StandInFinder

NAME = "checked"  # of the module; never "__main__", so that what is under a main guard is not run
DEFINING, DOING = 10.0, 0.5  # seconds that one statement may take
DEFINING_IN_ALL, DOING_IN_ALL = 15.0, 2.0
_LEAST = 0.25  # seconds that a definition has when all others took what there was

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


@dataclass
class Ran:
    """What a source defined.

    Attributes:
      namespace: Names and what they stand for.
      notes: What was passed over and why, each as a short sentence.
    """

    namespace: dict[str, Any]
    notes: list[str]


def run(source: Source) -> Ran:
    """Runs a source in this process, which from then on finds what lies beside it, and stand-ins.

    Args:
      source: A person's file or notebook.
    """
    session = _Session(source.path.parent)
    module = ModuleType(NAME)
    sys.modules[NAME] = module  # dataclasses and pickle look there
    session.run(module, source)
    return Ran(vars(module), session.notes.sentences())


class _Session:
    """The run of a source and of the modules beside it: one account of time, one of notes."""

    def __init__(self, folder: Path):
        self.notes = Notes()
        self._sources: dict[str, Source] = {}
        self._left = {DEFINING: DEFINING_IN_ALL, DOING: DOING_IN_ALL}
        siblings = SiblingFinder(folder, lambda module, path: self.run(module, read(path)))
        sys.meta_path.insert(sys.meta_path.index(PathFinder), siblings)
        sys.meta_path.append(StandInFinder(self._stands_open, self.notes.say))

    def run(self, module: ModuleType, source: Source) -> None:
        """Runs a source as a module."""
        self._sources[str(source.path)] = source
        module.__file__ = str(source.path)
        module.__dict__.setdefault("__builtins__", __builtins__)
        for note in source.notes:
            self.notes.say(note)
        if source.is_python2:
            self.notes.say("this is Python 2: it is read as Python 3, without its print statements")
            vars(module).update(xrange=range, raw_input=input)
        _place(module, source)
        _Runner(self, source, vars(module)).run(source.statements)

    def timed(self, kind: float | None, code: Any, namespace: dict[str, Any]) -> Any:
        """Executes code, within what is left of the time for its kind."""
        if kind is None:
            return eval(code, namespace)
        start = time.monotonic()
        try:
            with at_most(max(min(kind, self._left[kind]), _LEAST)):
                return eval(code, namespace)
        finally:
            self._left[kind] -= time.monotonic() - start

    def has_time_to_do(self) -> bool:
        return self._left[DOING] > 0

    def _stands_open(self, file: str, line: int) -> bool:
        """Whether a line of a file is a person's, and has no answer to a failure."""
        source = self._sources.get(file)
        return source is not None and line not in set(_answered(source.statements))


class _Runner:
    """Runs the statements of one source."""

    def __init__(self, session: _Session, source: Source, namespace: dict[str, Any]):
        self._session, self._source, self._namespace = session, source, namespace
        self._flags = 0  # of `from __future__`

    def run(self, statements: Iterable[ast.stmt]) -> None:
        """Runs statements, one by one."""
        for statement in statements:
            match statement:
                case ast.Expr(value=ast.Constant()):
                    pass
                case ast.If():
                    chosen = self._attempt(statement, ast.Expression(statement.test), DEFINING)
                    if chosen is not None:
                        self.run(statement.body if chosen else statement.orelse)
                case ast.Import() | ast.ImportFrom():
                    for one in _single(statement):
                        self._attempt(one, ast.Module([one], []), None)
                case ast.Try() if not _defines(statement):
                    self.run([*statement.body, *statement.orelse, *statement.finalbody])
                case _ if _defines(statement):
                    kind = None if _imports(statement) else DEFINING
                    self._attempt(statement, ast.Module([statement], []), kind)
                case _:
                    self._do(statement)

    def _attempt(self, statement: ast.stmt, tree: ast.mod, kind: float | None) -> Any:
        """Executes a statement that defines something; what it raises becomes a note."""
        try:
            return self._session.timed(kind, self._compiled(tree), self._namespace)
        except BaseException as error:  # a person's file may raise what it likes
            beside = self._source.path.name if self._namespace["__name__"] != NAME else ""
            where = ", ".join(filter(None, [beside, self._source.where(statement.lineno)]))
            self._session.notes.passed_over(where, error, set(_names(statement)))
        return None

    def _do(self, statement: ast.stmt) -> None:
        """Executes a statement that does something, if that takes a moment only."""
        try:
            if _POLICY == "definitions" or not self._session.has_time_to_do():
                raise TimeoutError
            if _POLICY == "modules" and not isinstance(self._namespace.get(_root(statement)), ModuleType):
                raise TimeoutError
            code = self._compiled(ast.Module([statement], []))
            self._session.timed(DOING, code, self._namespace)
        except BaseException:  # a person's file may raise what it likes
            last = statement.end_lineno or statement.lineno
            self._session.notes.action(last - statement.lineno + 1, set(_names(statement)))

    def _compiled(self, tree: ast.mod) -> Any:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                features = [getattr(__future__, alias.name, None) for alias in node.names]
                self._flags |= sum(feature.compiler_flag for feature in features if feature)
        kind = "eval" if isinstance(tree, ast.Expression) else "exec"
        return compile(tree, self._source.path, kind, self._flags, dont_inherit=True)


_POLICY = os.environ.get("RW_POLICY", "bounded")
def _root(statement):
    if not isinstance(statement, ast.Expr): return None
    node = statement.value
    while isinstance(node, (ast.Call, ast.Attribute)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return getattr(node, "id", None)


def _single(statement: ast.Import | ast.ImportFrom) -> Iterator[ast.stmt]:
    """Yields an import's names one by one: one that is missing does not take the others along."""
    for alias in statement.names:
        if isinstance(statement, ast.Import):
            one: ast.stmt = ast.Import([alias])
        else:
            one = ast.ImportFrom(statement.module, [alias], statement.level)
        yield ast.copy_location(one, statement)


def _defines(statement: ast.stmt) -> bool:
    """Whether a statement does nothing but define something."""
    if isinstance(statement, ast.If | ast.Try):
        inner = [*statement.body, *statement.orelse, *getattr(statement, "finalbody", [])]
        return all(map(_defines, inner))
    return isinstance(statement, _DEFINITIONS)


def _imports(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(statement))


def _names(statement: ast.stmt) -> Iterator[str]:
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


def _answered(statements: Iterable[ast.AST]) -> Iterator[int]:
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


def _place(module: ModuleType, source: Source) -> None:
    """Makes the folders above a source packages, as far as its relative imports reach."""
    nodes = [node for statement in source.statements for node in ast.walk(statement)]
    reach = max((node.level for node in nodes if isinstance(node, ast.ImportFrom)), default=0)
    if not reach or module.__package__:
        return
    name = ""
    for folder in reversed(source.path.parents[:reach]):
        name = f"{name}.{folder.name}" if name else "folder"
        sys.modules[name] = package = ModuleType(name)
        package.__path__ = [str(folder)]
        module.__package__ = name
