"""A space: what a person's file defines, by kind."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tfmlp.checks.attributes import is_float_array
from tfmlp.checks.calls import UserCodeError, attribute, guarded
from tfmlp.checks.making import OUTPUTS, made_by
from tfmlp.checks.reachable import is_own, names_in


@dataclass(frozen=True)
class Made:
    """An object of one of the file's classes.

    Attributes:
      name: Of its class, or what the file calls it.
      value: The object.
    """

    name: str
    value: Any

    @cached_property
    def methods(self) -> dict[str, Callable[..., Any]]:
        """Its classes' own methods, by name."""
        names = [name for base in type(self.value).__mro__[:-1] for name in vars(base)]
        found = {name: attribute(self.value, name) for name in dict.fromkeys(names)}
        return {
            name: value
            for name, value in found.items()
            if inspect.ismethod(value) or (inspect.isfunction(value))
        }


@dataclass(frozen=True)
class Space:
    """What a file defines.

    Attributes:
      names: All of it, by name.
    """

    names: Mapping[str, Any]

    @cached_property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """Functions, by name."""
        return {name: value for name, value in self.names.items() if inspect.isfunction(value)}

    @cached_property
    def classes(self) -> dict[str, type]:
        """Classes, by name."""
        return {name: value for name, value in self.names.items() if inspect.isclass(value)}

    @cached_property
    def arrays(self) -> dict[str, Any]:
        """Arrays of floats, by name."""
        return {name: value for name, value in self.names.items() if is_float_array(value)}

    @cached_property
    def objects(self) -> list[Made]:
        """An object of every class that can be made, and those that the file made itself."""
        return list(self._objects())

    @cached_property
    def takes_logarithms(self) -> bool:
        """Whether any of its functions or methods computes a logarithm, as cross-entropy does."""
        of_classes = [value for kind in self.classes.values() for value in vars(kind).values()]
        return any(
            _uses(value, ("log", "log1p", "logaddexp", "log_loss"))
            for value in (*self.functions.values(), *of_classes)
        )

    def unmade(self) -> Iterator[tuple[str, str]]:
        """Yields the name of each class that could not be made, and what it raised."""
        made = {type(item.value).__name__ for item in self.objects}
        for name, kind in self.classes.items():
            if name not in made:
                try:
                    guarded(kind)()
                except UserCodeError as error:
                    yield name, str(error)

    def _objects(self) -> Iterator[Made]:
        kinds = set()
        for name, kind in self.classes.items():
            for outputs in OUTPUTS:
                for seen in made_by(kind, outputs):
                    kinds.add(kind)
                    yield Made(name, seen.value)
        for name, value in self.names.items():
            is_plain = hasattr(value, "__dict__") and not callable(value)
            if is_plain and is_own(type(value)) and type(value) not in kinds:
                yield Made(name, value)


def _uses(value: Any, names: tuple[str, ...]) -> bool:
    code = getattr(getattr(value, "__func__", value), "__code__", None)
    return code is not None and any(name in names for name in names_in(code))
