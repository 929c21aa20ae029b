"""Filling: how values are put where a parameter lives."""

import sys
from typing import Any

import numpy as np

from tfmlp.checks.arrays import Array, as_array, is_tensorflow, is_torch
from tfmlp.checks.calls import attribute


class Numbers:
    """One number of each of many objects, as one array: the weights of a net of scalars."""

    def __init__(self, owners: list[Any], name: str):
        self.owners, self.name = owners, name

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return np.array([float(held(owner, self.name)) for owner in self.owners], dtype)


class Path:
    """The way to a list or a dict within an object: what stands there now, whatever was put there
    since.

    Args:
      owner: An object, a dict or another path.
      key: The name or key under which it holds the list or dict.
    """

    def __init__(self, owner: Any, key: Any):
        self._owner, self._key = owner, key

    def now(self) -> Any:
        """Returns what stands there."""
        return held(self._owner, self._key)


def held(container: Any, key: Any) -> Any:
    """Returns what a container holds under a key, an index or a name, or None."""
    if isinstance(container, Path):
        container = container.now()
    if isinstance(container, dict):
        return container.get(key)
    if isinstance(container, list | tuple | np.flatiter):
        return container[key] if not isinstance(key, str) and key < len(container) else None
    return attribute(container, key)


def put(container: Any, key: Any, value: Any) -> None:
    """Puts a value into a container; a tuple stays as it is."""
    if isinstance(container, Path):
        container = container.now()
    if isinstance(container, dict | list | np.flatiter):
        container[key] = value
    elif not isinstance(container, tuple):
        setattr(container, key, value)


def filled(original: Any, value: Array, dtype: Any) -> bool:
    """Fills an array, a variable, a tensor or nested lists; returns whether that was possible."""
    if isinstance(original, np.ndarray):
        if not original.flags.writeable or original.dtype.kind != "f":
            return False
        original[...] = value
    elif isinstance(original, Numbers):
        for owner, number in zip(original.owners, value, strict=True):
            put(owner, original.name, float(number))
    elif is_tensorflow(original):
        original.assign(value.astype(dtype))
    elif is_torch(original):
        torch = sys.modules["torch"]
        original.data.copy_(torch.from_numpy(value))
    elif isinstance(original, list):
        for key, item in enumerate(original):
            if not filled(item, value[key], dtype):
                original[key] = float(value[key])
    else:
        return False
    return True


def like(original: Any, value: Array) -> Any:
    """Returns values as the type of something that cannot be changed."""
    if isinstance(original, np.ndarray | np.generic):
        kind = original.dtype if original.dtype.kind == "f" else np.dtype(np.float64)
        return value.astype(kind)[()]
    if isinstance(original, int | float):
        return float(value)
    module = sys.modules.get(type(original).__module__.split(".")[0])
    if "jax" in type(original).__module__:
        return sys.modules["jax"].numpy.asarray(value, original.dtype)
    if module is not None and hasattr(original, "numpy"):  # a constant of TensorFlow
        return sys.modules["tensorflow"].constant(value.astype(as_array(original).dtype))
    return value
