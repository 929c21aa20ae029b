"""Siblings: the modules that lie beside a person's file are run as the file itself is.

sys.meta_path.insert(0, SiblingFinder([Path("folder")], run))
from layers import *  # runs folder/layers.py by run(module, path)
"""

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

Run = Callable[[ModuleType, Path], None]


class SiblingFinder:
    """Finds the modules in folders, and in those that a person's file adds to `sys.path`."""

    def __init__(self, folders: list[Path], run: Run, *, asked_last: bool = False):
        """Starts it.

        Args:
          folders: Where modules may lie.
          run: Runs a module's file.
          asked_last: Whether others have been asked before. A folder without an `__init__.py` is a
            package only if nobody else knows one of that name.
        """
        self._asked_last = asked_last
        self._folders, self._run = [str(folder) for folder in folders], run
        self._known_paths, self._known_modules = set(sys.path), set(sys.modules)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Finds a module for `import`."""
        if name.partition(".")[0] in self._known_modules:
            return None  # of this program, wherever it lies
        if path is None:
            path = self._folders + [place for place in sys.path if place not in self._known_paths]
        elif self._is_elsewhere(name.partition(".")[0]):
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.origin is None or not isinstance(spec.loader, SourceFileLoader):
            return spec if self._asked_last else None
        return spec_from_file_location(
            name,
            spec.origin,
            loader=_Loader(name, spec.origin, self._run),
            submodule_search_locations=spec.submodule_search_locations,
        )

    def _is_elsewhere(self, package: str) -> bool:
        """Whether a package is an installed one."""
        places = getattr(sys.modules.get(package), "__path__", [])
        return any("site-packages" in place or sys.base_prefix in place for place in places)


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, run: Run):
        super().__init__(name, path)
        self._run = run

    def exec_module(self, module: ModuleType) -> None:
        self._run(module, Path(self.path))
