"""A snapshot: the state of everything that a person's functions can reach, to be put back."""

import random
import types
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tfmlp.checks.arrays import is_tensorflow, is_torch
from tfmlp.checks.reachable import Names, attributes_of, reachable

_LARGEST = 64 << 20  # bytes; a larger array is data, which nobody changes


class Snapshot:
    """What can be reached from some functions, as it is when this is made.

    `restore` puts it back: arrays and lists in place, attributes, module variables that the
    functions name, closures, and the state of random numbers, so that every call begins alike.

    Args:
      roots: Functions, and whatever else is known to be changed.
    """

    def __init__(self, roots: Iterable[Any]):
        self.objects = list(reachable(roots))
        self._random = (random.getstate(), np.random.get_state())
        self._undo = [undo for item in self.objects if (undo := _undo_of(item))]

    def restore(self) -> None:
        """Puts everything back."""
        for undo in self._undo:
            undo()
        self.restore_random()

    def restore_random(self) -> None:
        """Puts the state of Python's and NumPy's global random numbers back."""
        random.setstate(self._random[0])
        np.random.set_state(self._random[1])


def _undo_of(item: Any) -> Callable[[], None] | None:
    """Returns what puts one object back as it is now, or None if it cannot change."""
    if isinstance(item, types.FunctionType):
        return None
    if isinstance(item, np.ndarray):
        if not item.flags.writeable or item.nbytes > _LARGEST:
            return None
        kept = item.copy()
        return lambda: np.copyto(item, kept)
    if isinstance(item, np.random.Generator | np.random.RandomState):
        return _undo_of_generator(item)
    if isinstance(item, random.Random):
        state = item.getstate()
        return lambda: item.setstate(state)
    if isinstance(item, list | deque):
        items = list(item)
        return lambda: _refill(item, items)
    if isinstance(item, dict):
        return _undo_of_dict(item)
    if isinstance(item, set):
        members = item.copy()
        return lambda: _refill(item, members)
    if isinstance(item, types.CellType):
        return _undo_of_slots(item, ["cell_contents"])
    if isinstance(item, Names):
        return _undo_of_names(item)
    if is_tensorflow(item):
        value = item.numpy()
        return lambda: item.assign(value)
    if is_torch(item):
        tensor = item.detach().clone()
        return lambda: item.data.copy_(tensor)
    return _undo_of_slots(item, list(attributes_of(item)))


def _refill(item: Any, items: Any) -> None:
    item.clear()
    (item.update if isinstance(item, set) else item.extend)(items)


def _undo_of_dict(item: dict[Any, Any]) -> Callable[[], None]:
    kept = dict(item)

    def undo() -> None:
        for key in item.keys() - kept.keys():
            del item[key]
        if list(item) != list(kept):  # the order is a part of it
            item.clear()
        item.update(kept)

    return undo


def _undo_of_generator(item: Any) -> Callable[[], None]:
    if isinstance(item, np.random.RandomState):
        legacy = item.get_state()
        return lambda: item.set_state(legacy)
    state = item.bit_generator.state
    return lambda: setattr(item.bit_generator, "state", state)


def _undo_of_names(names: Names) -> Callable[[], None]:
    kept = {name: names.module[name] for name in names.used if name in names.module}

    def undo() -> None:
        for name in names.used:
            if name in kept:
                names.module[name] = kept[name]
            else:
                names.module.pop(name, None)

    return undo


def _undo_of_slots(item: Any, names: list[str]) -> Callable[[], None] | None:
    """Returns what puts an object's attributes back, and removes those that came since."""
    kept: dict[str, Any] = {}
    for name in names:
        try:
            kept[name] = getattr(item, name)
        except (AttributeError, ValueError):  # an empty slot or cell
            continue

    def undo() -> None:
        current = attributes_of(item)
        for name, value in kept.items():
            if current.get(name, undo) is not value:
                object.__setattr__(item, name, value)
        for name in current.keys() - kept.keys():
            object.__delattr__(item, name)

    return undo if kept or hasattr(item, "__dict__") else None
