"""What a person's functions can reach: the objects that a call of them may read or change."""

import functools
import inspect
import sys
import sysconfig
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

_MOST = 50_000  # objects; a net has hundreds, and a list of that many numbers is data
_DATA = 10_000  # plain numbers in a list that nobody looks into
_INSTALLED = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))
_PLAIN = (type(None), bool, int, float, complex, str, bytes, range, np.generic, np.dtype)

Slot = tuple[Any, Any]  # a container, and the key, index or name under which it holds something


class Names:
    """The names of a module that some functions of it use: what a snapshot of it holds.

    Attributes:
      module: The module's namespace.
      used: The names.
    """

    def __init__(self, module: dict[str, Any], used: set[str]):
        self.module, self.used = module, used


def reachable(roots: Iterable[Any]) -> Iterator[Any]:
    """Yields every object that can be reached and could be changed: instances, lists, dicts, sets,
    arrays, closures' cells, generators of random numbers, and for each module of a person's own the
    `Names` of it that functions use. Yields these functions, too.

    Args:
      roots: Functions, or what they are known to change.
    """
    todo, seen, modules = deque(roots), dict[int, Any](), dict[int, Names]()
    while todo and len(seen) < _MOST:
        item = todo.popleft()
        if isinstance(item, _PLAIN) or id(item) in seen:
            continue
        seen[id(item)] = item  # kept, so that no other object gets its id
        if function := _function(item):
            todo.extend(_of_function(function, modules))
            yield function
        elif not isinstance(item, types.ModuleType | type):
            yield item
        todo.extend(value for _, value in slots_of(item))
        todo.extend(_behind(item))
    yield from modules.values()


def slots_of(item: Any) -> list[tuple[Slot, Any]]:
    """Returns what an object holds, with the slot where it stands."""
    if isinstance(item, np.ndarray):
        values = enumerate(item.flat) if item.dtype == object else ()
        return [((item.flat, key), value) for key, value in values]
    if isinstance(item, dict):
        return [((item, key), value) for key, value in item.items()]
    if isinstance(item, list | tuple | deque):
        if len(item) > _DATA and isinstance(item[0], _PLAIN):
            return []
        return [((item, key), value) for key, value in enumerate(item)]
    if isinstance(item, set | frozenset):
        return [((None, None), value) for value in item]
    if isinstance(item, types.CellType):
        try:
            return [((item, "cell_contents"), item.cell_contents)]
        except ValueError:  # not filled yet
            return []
    if isinstance(item, Names):
        held = {name: item.module[name] for name in item.used if name in item.module}
        return [((item.module, name), value) for name, value in held.items()]
    return [((item, name), value) for name, value in attributes_of(item).items()]


def attributes_of(item: Any) -> dict[str, Any]:
    """Returns the attributes of an instance of a person's class; none of other objects."""
    kind = type(item)
    if isinstance(item, type | types.ModuleType):
        return {}
    if not is_own(kind) and not isinstance(item, types.SimpleNamespace):
        return {}
    found = dict(getattr(item, "__dict__", {}))
    for base in kind.__mro__:
        names = vars(base).get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if isinstance(vars(base).get(name), types.MemberDescriptorType) and hasattr(item, name):
                found[name] = getattr(item, name)
    return found


def is_own(value: Any) -> bool:
    """Whether a class, a function or a module is a person's own, and no part of Python or of an
    installed package.
    """
    is_module = isinstance(value, types.ModuleType)
    name = str(value.__name__ if is_module else getattr(value, "__module__", None))
    module = sys.modules.get(name)
    if name == "__main__" or module is None:  # a notebook, or a file that was run
        return name != "None"
    path = getattr(module, "__file__", None) or _INSTALLED[0]
    is_installed = path.startswith(_INSTALLED) or "site-packages" in path
    return not is_installed and name.split(".")[0] != "tfmlp"


def _function(item: Any) -> types.FunctionType | None:
    found = inspect.unwrap(item) if callable(item) and not isinstance(item, type) else item
    found = getattr(found, "__func__", found)
    return found if isinstance(found, types.FunctionType) and is_own(found) else None


def _of_function(function: types.FunctionType, modules: dict[int, Names]) -> Iterator[Any]:
    space = function.__globals__
    names = modules.setdefault(id(space), Names(space, set()))
    for name in set(names_in(function.__code__)) - names.used:
        names.used.add(name)
        if name in space:
            yield space[name]
    yield from function.__closure__ or ()
    yield from (function.__defaults__ or (), (function.__kwdefaults__ or {}))


def names_in(code: types.CodeType) -> Iterator[str]:
    """Yields the names of modules' variables and of attributes that a function's code uses."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_in(constant)


def _behind(item: Any) -> Iterator[Any]:
    """Yields what an object reaches besides what it holds: its class, what it is bound to."""
    if isinstance(item, types.MethodType):
        yield item.__self__
    elif isinstance(item, functools.partial):
        yield from (item.func, item.args, item.keywords)
    elif isinstance(item, types.ModuleType):
        if is_own(item):
            yield from (value for value in vars(item).values() if not isinstance(value, type(item)))
    elif isinstance(item, type):
        if is_own(item):
            yield from (_plain(value) for value in vars(item).values())
    elif is_own(type(item)):
        yield type(item)
        yield from type(item).__mro__[1:-1]


def _plain(value: Any) -> Callable[..., Any] | Any:
    """Returns the function behind a property, a static or a class method."""
    for name in ("fget", "__func__", "func"):
        if callable(found := getattr(value, name, None)):
            return found
    return value
