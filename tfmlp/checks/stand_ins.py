"""Stand-ins: what an `import` of a package that is not installed gives.

    import seaborn as sns    # a stand-in
    sns.set()                # is another one
    sns.heatmap(x) + 1       # raises ModuleNotFoundError: no numbers come out of it

Only a person's own code gets them. A library that looks whether another one is there, and an import
in a `try` with an answer to its failure, are told the truth.
"""

import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import Any

# Packages that offer what an installed one does, under the same names.
_ALIKE = {"cupy": "numpy", "autograd.numpy": "numpy", "cPickle": "pickle"}

# A value is wanted: a stand-in has none.
_WANTED = (
    "iter len getitem setitem contains float int index array enter exit add radd sub rsub mul rmul"
    " truediv rtruediv matmul rmatmul pow rpow neg lt le gt ge mod floordiv"
).split()


class StandIn(ModuleType):
    """A module, function or class that is not there: it can be named, called and inherited from.

    Attributes:
      answer_calls: Whether a call is answered, by another stand-in. While a file is run, that is
        harmless (`sns.set()`); a net that is checked would return what is no number.
    """

    answer_calls = True

    def __init__(self, name: str, *_: Any):
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        full = f"{self.__name__}.{name}"
        return importlib.import_module(_ALIKE[full]) if full in _ALIKE else StandIn(full)

    def __call__(self, *args: Any, **options: Any) -> Any:
        if len(args) == 1 and (inspect.isfunction(args[0]) or inspect.isclass(args[0])):
            return args[0]  # it decorates
        return StandIn(self.__name__) if self.answer_calls else self._refuse()

    def __bool__(self) -> bool:
        return False

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return ()  # a class does without a base that is not there

    def __instancecheck__(self, value: Any) -> bool:
        return False

    def __deepcopy__(self, memo: Any) -> "StandIn":
        return self

    def _refuse(self, *_: Any) -> Any:
        name = self.__name__.partition(".")[0]
        if not isinstance(sys.modules.get(name), StandIn | None):
            name = self.__name__  # a part of what is installed
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    for _name in _WANTED:
        locals()[f"__{_name}__"] = _refuse


class StandInFinder:
    """Gives stand-ins to a person's code, when everybody else has been asked for a module."""

    def __init__(self, stands_open: Callable[[str, int], bool], said: Callable[[str], None]):
        """Starts it.

        Args:
          stands_open: Whether a line of a file is a person's, and has no answer to a failure.
          said: Is told what stands in, once for each package.
        """
        self._stands_open = stands_open
        self._said = said
        self._names: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Finds a module for `import`."""
        frame = _importer(inspect.currentframe())
        if not frame or not self._stands_open(frame.f_code.co_filename, frame.f_lineno):
            return None
        package = name if name in _ALIKE else name.partition(".")[0]
        if not isinstance(sys.modules.get(package, None), StandIn | None):
            package = name  # a part that an installed package does not have
        if package not in self._names:
            self._names.add(package)
            instead = f"{_ALIKE[package]} stands in for it" if package in _ALIKE else "done without"
            self._said(f"there is no {package} here: {instead}")
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Makes the module."""
        if spec.name not in _ALIKE:
            return StandIn(spec.name)
        module = ModuleType(spec.name)
        values = vars(importlib.import_module(_ALIKE[spec.name]))
        vars(module).update((name, value) for name, value in values.items() if name[:2] != "__")
        if "asarray" in values:
            vars(module)["asnumpy"] = values["asarray"]  # CuPy's way back
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Runs nothing."""


def _importer(frame: FrameType | None) -> FrameType | None:
    """Returns the frame whose `import` is being answered."""
    while frame and (
        frame.f_code.co_filename == __file__ or "importlib" in frame.f_code.co_filename
    ):
        frame = frame.f_back
    return frame
