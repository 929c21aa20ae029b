"""Running a source: what it defines is there afterwards, whatever else it wants.

    ran = run(read(Path("mine.py")))
    ran.namespace["Net"], ran.notes

The statements of the top level are run one by one. Those that define something (imports, functions,
classes, assignments) have seconds; those that do something (calls whose value is thrown away,
loops) have a moment, which is enough to build a net, and not to train one. What fails or takes
longer is passed over. Half a net in training does no harm: the checks bring their own numbers.
"""

import __future__

import ast
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from tfmlp.checks import old_names, statements
from tfmlp.checks.bounds import Allowance
from tfmlp.checks.notes import Notes
from tfmlp.checks.siblings import SiblingFinder
from tfmlp.checks.source import Source, read
from tfmlp.checks.stand_ins import StandIn, StandInFinder

_SLOW = {"tensorflow", "keras", "torch", "torchvision", "jax"}
NAME = "checked"  # of the module; never "__main__", so that what is under a main guard is not run


@dataclass
class Ran:
    """What a source defined.

    Attributes:
      namespace: Names and what they stand for.
      notes: What was passed over and why, each as a short sentence.
    """

    namespace: dict[str, Any]
    notes: list[str]


def run(source: Source, seconds: float = 60) -> Ran:
    """Runs a source in this process. What its functions import later may be a stand-in, too.

    Args:
      source: A person's file or notebook.
      seconds: How long the whole check may take. All definitions may take a seventh of it.
    """
    session = _Session(seconds)
    beside, *above = source.path.parents[:3]
    first = SiblingFinder([beside], session.run_module)
    # A file may be meant to be run from a folder above.
    last = SiblingFinder(above, session.run_module, asked_last=True)
    module = ModuleType(NAME)
    sys.modules[NAME] = module  # dataclasses and pickle look there
    sys.meta_path.insert(sys.meta_path.index(PathFinder), first)
    sys.meta_path += [last, StandInFinder(session.stands_open, session.notes.say)]
    StandIn.answer_calls = True
    try:
        session.run(module, source)
    finally:
        StandIn.answer_calls = False
        sys.meta_path.remove(first)
        sys.meta_path.remove(last)
    return Ran(vars(module), session.notes.sentences())


class _Session:
    """The run of a source and of the modules beside it: one account of time, one of notes."""

    def __init__(self, seconds: float):
        self.notes = Notes()
        self._sources: dict[str, Source] = {}
        # A table of 94 MB takes pandas 1.7 s of a processor.
        self.defining = Allowance(seconds / 15, seconds / 7, least=0.25)
        self.doing = Allowance(0.25, 1.0, least=0.02)

    def run(self, module: ModuleType, source: Source) -> None:
        """Runs a source as a module."""
        self._sources[str(source.path)] = source
        module.__file__ = str(source.path)
        module.__dict__.setdefault("__builtins__", __builtins__)
        for note in [*source.notes, *old_names.restore(source.text)]:
            self.notes.say(note)
        if source.is_python2:
            self.notes.say("this is Python 2: it is read as Python 3, without its print statements")
            vars(module).update(old_names.PYTHON_2)
        _place(module, source)
        _Runner(self, source, vars(module)).run(source.statements)

    def run_module(self, module: ModuleType, path: Path) -> None:
        """Runs a module that lies beside the source."""
        self.run(module, read(path))

    def stands_open(self, file: str, line: int) -> bool:
        """Whether a line of a file is a person's, and has no answer to a failure."""
        source = self._sources.get(file)
        return source is not None and line not in set(statements.answered(source.statements))


class _Runner:
    """Runs the statements of one source."""

    def __init__(self, session: _Session, source: Source, namespace: dict[str, Any]):
        self._session, self._source, self._namespace = session, source, namespace
        self._flags = 0  # of `from __future__`
        self._used = statements.used_within(source.statements)

    def run(self, body: Iterable[ast.stmt]) -> None:
        """Runs statements, one by one."""
        for statement in body:
            match statement:
                case ast.Expr(value=ast.Constant()):
                    pass
                case ast.If():
                    test = ast.copy_location(ast.UnaryOp(ast.Not(), statement.test), statement)
                    fails = self._attempt(statement, ast.Expression(test))
                    if fails is not None:
                        self.run(statement.orelse if fails else statement.body)
                case ast.Import() | ast.ImportFrom():
                    for one in statements.single(statement):
                        if not self._spares(one):
                            self._attempt(one, ast.Module([one], []))
                case _ if statements.defines(statement):
                    self._attempt(statement, ast.Module([statement], []))
                case _:
                    self._do(statement)

    def _spares(self, statement: ast.Import | ast.ImportFrom) -> bool:
        """Gives a stand-in for what takes seconds to import, and is there for its data alone."""
        [alias] = statement.names
        name = alias.asname or alias.name.partition(".")[0]
        full = statement.module if isinstance(statement, ast.ImportFrom) else alias.name
        package = (full or "").partition(".")[0]
        # What others import from a module beside the file is not known.
        is_first = self._namespace["__name__"] == NAME
        if package not in _SLOW or not is_first or name in {"*", *self._used}:
            return False
        self._namespace[name] = StandIn(package)
        self._session.notes.say(f"no function here uses {package}: done without")
        return True

    def _attempt(self, statement: ast.stmt, tree: ast.Module | ast.Expression) -> Any:
        """Executes a statement that defines something; what it raises becomes a note."""
        try:
            code = self._compiled(tree)
            if statements.imports(tree):  # what is installed may take its time
                return eval(code, self._namespace)
            with self._session.defining.used():
                return eval(code, self._namespace)
        except BaseException as error:  # a person's file may raise what it likes
            beside = self._source.path.name if self._namespace["__name__"] != NAME else ""
            where = ", ".join(filter(None, [beside, self._source.where(statement.lineno)]))
            self._session.notes.passed_over(where, error, set(statements.names(statement)))
        return None

    def _do(self, statement: ast.stmt) -> None:
        """Executes a statement that does something, if that takes a moment only."""
        try:
            code = self._compiled(ast.Module([statement], []))
            with self._session.doing.used():
                eval(code, self._namespace)
        except BaseException:  # a person's file may raise what it likes
            lines = (statement.end_lineno or statement.lineno) - statement.lineno + 1
            self._session.notes.action(lines, set(statements.names(statement)))

    def _compiled(self, tree: ast.Module | ast.Expression) -> Any:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                features = [getattr(__future__, alias.name, None) for alias in node.names]
                self._flags |= sum(feature.compiler_flag for feature in features if feature)
        kind = "eval" if isinstance(tree, ast.Expression) else "exec"
        return compile(tree, str(self._source.path), kind, self._flags, dont_inherit=True)


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
