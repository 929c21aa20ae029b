"""Places: where a person's parameters live, to be read and changed there.

    places = Places([W1, b1, (net, "W2 b2")], snapshot.objects)
    places.leaves["W2"].value[...] = 0
    places.write()

A net that takes a step may change its arrays in place or put others where they stood. So a place
knows the array and every slot that holds it: an attribute, an item, a variable of a module.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tfmlp.checks.arrays import Array, as_array, parameter
from tfmlp.checks.filling import Numbers, Path, filled, held, like, put
from tfmlp.checks.reachable import Slot, slots_of
from tfmlp.checks.trees import is_array
from tfmlp.errors import ConfigError

_MOST = 100  # arrays; more of them are a list of numbers


class Place:
    """Where one array of parameters lives.

    Attributes:
      name: What it is called, such as "W1" or "layers.0.weights".
      value: A float64 copy, contiguous: what `write` puts there.
      dtype: The type it has there.
      original: What stands there, and is put back by `write`.
    """

    def __init__(self, name: str, original: Any, slots: list[Slot]):
        self.name, self.original, self._slots = name, original, slots
        self.value, self.dtype = parameter(original, name)

    def add(self, slot: Slot) -> None:
        """Adds another slot that holds it."""
        self._slots.append(slot)

    def read(self) -> Array:
        """Returns what stands there now, float64: the array itself, or what took its place."""
        for container, key in self._slots:
            current = held(container, key)
            if current is not self.original and _shape(current) == self.value.shape:
                return np.array(as_array(current, self.name), np.float64)
        return np.array(as_array(self.original, self.name), np.float64)

    def write(self) -> None:
        """Puts `value` there, in place if that is possible.

        Raises:
          ConfigError: when nothing that holds it can be changed.
        """
        if filled(self.original, self.value, self.dtype):
            now = self.original
        elif self._slots:
            now = like(self.original, self.value)
        else:
            raise ConfigError(
                f"{self.name}: expected parameters that can be changed in place; received a"
                f" {type(self.original).__name__} that cannot be: give its owner and its name,"
                f' (net, "{self.name.split(".")[-1]}").'
            )
        for container, key in self._slots:
            put(container, key, now)
        self.original = now


class Places:
    """All parameters' places.

    Attributes:
      places: By name, in the order given.

    Args:
      params: Arrays, nested lists or dicts of them, pairs (owner, "names of attributes"), where the
        owner is an object, a dict, a module or a list of objects.
      objects: What can be reached: slots of these that hold a parameter are its slots.

    Raises:
      ConfigError: when something in it is not an array of numbers.
    """

    def __init__(self, params: Any, objects: Iterable[Any] = ()):
        self.places: dict[str, Place] = {}
        for name, original, slots in _found(params):
            unique, number = name, 2
            while unique in self.places:
                unique, number = f"{name}_{number}", number + 1
            self.places[unique] = Place(unique, original, slots)
        if not self.places or not all(place.value.size for place in self.places.values()):
            raise ConfigError(
                "params: expected parameters with at least one entry each; received none, or an"
                " empty array: leave out what is empty."
            )
        # Equal numbers may be one object, and yet different parameters.
        plain = (bool, int, float, np.generic)
        by_identity = {
            id(place.original): place
            for place in self.places.values()
            if not isinstance(place.original, plain)
        }
        names: dict[int, str] = {}
        for item in objects:
            for (container, key), value in slots_of(item):
                if id(value) in by_identity and container is not None:
                    by_identity[id(value)].add((container, key))
                    if isinstance(key, str) and key != "cell_contents":
                        names.setdefault(id(value), key)
        self._rename([names.get(id(place.original), "") for place in self.places.values()])

    def _rename(self, names: list[str]) -> None:
        """Gives places that only have a number the names under which a person holds them."""
        are_numbers = all(name.isdecimal() for name in self.places)
        if are_numbers and all(names) and len(set(names)) == len(names):
            for name, place in zip(names, self.places.values(), strict=True):
                place.name = name
            self.places = dict(zip(names, self.places.values(), strict=True))

    def write(self) -> None:
        """Puts all values into their places."""
        for place in self.places.values():
            place.write()

    def read(self) -> dict[str, Array]:
        """Returns what stands in the places now, by name."""
        return {name: place.read() for name, place in self.places.items()}


def names_in(owner: Any, text: str) -> Mapping[str, Any]:
    """Returns what an owner holds under names, by name; of a list of objects, of each that has it,
    single numbers together.

    Args:
      owner: An object, a dict, a module or a list of objects.
      text: The names, with spaces between them.

    Raises:
      ConfigError: when it holds nothing under one of them.
    """
    return {name: value for name, value, _ in _owned(owner, text)}


def is_owned(item: Any) -> bool:
    """Whether something is a pair of an owner and names."""
    return isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], str)


def _found(item: Any, prefix: str = "", slots: tuple[Slot, ...] = ()) -> Iterator[Any]:
    """Yields the name, the original and the slots of every array."""
    if is_owned(item):
        for name, value, slot in _owned(*item):
            if isinstance(value, Numbers):
                yield _joined(prefix, name), value, []
            else:
                yield from _found(value, _joined(prefix, name), (slot,))
    elif item is None:
        raise ConfigError(f"{prefix or 'params'}: expected numbers; received None: leave it out.")
    elif is_array(item):
        yield prefix or "parameter", item, list(slots)
    else:
        # A step may put another list there: then the way to it still holds.
        ways = [Path(*slot) for slot in slots if slot[0] is not None]
        for key, value in item.items() if isinstance(item, dict) else enumerate(item):
            inner: list[Slot] = [(way, key) for way in ways]
            inner += [(item, key)] if isinstance(item, list | dict) else []
            name = prefix if is_owned(value) else _joined(prefix, key)
            yield from _found(value, name, tuple(inner))


def _owned(owner: Any, text: str) -> Iterator[tuple[str, Any, Slot]]:
    """Yields the name, the value and the slot of what an owner holds, layer by layer."""
    names = text.replace(",", " ").split()
    owners = list(_flat(owner)) if isinstance(owner, list | tuple) else [owner]
    values = {name: [held(one, name) for one in owners] for name in names}
    for name in names:
        if all(value is None for value in values[name]):
            raise ConfigError(
                f"params: expected an owner with {name}; received a {type(owner).__name__} without"
                " it: name what it has."
            )
    for number, one in enumerate(owners):
        for name in names:
            value = values[name][number]
            if len(owners) == 1:
                yield name, value, (one, name)
            elif value is not None and _shape(value) != ():
                yield f"{number}.{name}", value, (one, name)
    for name in names:
        numbers = [
            one for one, value in zip(owners, values[name], strict=True) if value is not None
        ]
        if len(owners) > 1 and _shape(held(numbers[0], name)) == ():
            yield name, Numbers(numbers, name), (None, None)


def _flat(owners: Any) -> Iterator[Any]:
    """Yields the objects in nested lists: the neurons of layers that are lists."""
    for owner in owners:
        if isinstance(owner, list | tuple):
            yield from _flat(owner)
        else:
            yield owner


def _shape(value: Any) -> tuple[int, ...] | None:
    try:
        array = as_array(value)
    except ConfigError:
        return None
    return array.shape if array.dtype.kind in "fiu" else None


def _joined(prefix: str, key: Any) -> str:
    return f"{prefix}.{key}" if prefix else str(key)
