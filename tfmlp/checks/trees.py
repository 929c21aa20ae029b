"""Parameter trees: a user's dicts, lists and tuples of arrays, as named float64 arrays.

The arrays may be NumPy's, TensorFlow's, or nested lists of numbers.
"""

import copy
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmlp.checks.arrays import Array, as_array, parameter
from tfmlp.checks.calls import guarded
from tfmlp.errors import ConfigError


class Leaf:
    """One array of a user's parameters.

    Attributes:
      name: Where it stands, such as "W1" or "0.weights".
      value: A float64 copy, contiguous.
      dtype: The type it had.
    """

    def __init__(self, name: str, original: Any):
        self.name, self._original = name, original
        self.value, self.dtype = parameter(original, name)

    def write(self) -> None:
        """Puts `value` into the place where it came from."""
        original = self._original
        if isinstance(original, np.ndarray) and original.flags.writeable:
            original[...] = self.value
        elif hasattr(original, "assign"):
            guarded(original.assign)(self.value.astype(self.dtype))
        elif isinstance(original, list):
            self._fill(original, self.value)
        else:
            raise self._fixed(original)

    def _fill(self, target: list[Any], values: Array) -> None:
        for i, value in enumerate(values):
            if isinstance(target[i], list):
                self._fill(target[i], value)
            elif value.ndim:
                raise self._fixed(target[i])
            else:
                target[i] = float(value)

    def _fixed(self, original: Any) -> ConfigError:
        return ConfigError(
            f"{self.name}: expected parameters that can be changed in place, as the loss takes no"
            f" arguments; received a {type(original).__name__} that cannot be: let the loss take"
            " the parameters."
        )


def is_array(value: Any) -> bool:
    """Whether something is one array; a list of lists of numbers of one length is."""
    if not isinstance(value, list | tuple):
        return not isinstance(value, dict)
    if not value:
        return False
    if any(hasattr(item, "shape") or isinstance(item, dict | tuple) for item in value):
        return False
    try:
        return as_array(value).dtype.kind in "fiu"
    except ConfigError:  # of different lengths: a list of arrays
        return False


def items_of(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields the name and the original of every array in a tree; None stays None."""
    if tree is None:
        yield prefix, None
    elif is_array(tree):
        yield prefix or "parameter", tree
    else:
        children = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for key, value in children:
            yield from items_of(value, _joined(prefix, key))


def leaves_of(tree: Any) -> dict[str, Leaf]:
    """Returns the arrays of nested dicts, lists and tuples, by name.

    Raises:
      ConfigError: when something in it is not an array of numbers.
    """
    leaves = {}
    for name, original in items_of(tree):
        if original is None:
            raise ConfigError(f"{name}: expected numbers; received None: leave it out.")
        leaves[name] = Leaf(name, original)
    return leaves


def rebuilt(tree: Any, leaves: dict[str, Leaf], prefix: str = "") -> Any:
    """Returns the same nesting with the leaves' values in their places: float64 arrays, or tensors
    of the same type where there were tensors.
    """
    if is_array(tree):
        leaf = leaves[prefix or "parameter"]
        # A tensor exists only where TensorFlow is loaded, so this need not import it.
        tensorflow = sys.modules.get("tensorflow")
        if hasattr(tree, "numpy") and tensorflow is not None:
            return tensorflow.constant(leaf.value.astype(leaf.dtype))
        return leaf.value
    if isinstance(tree, dict):
        filled = copy.copy(tree)
        for key, value in tree.items():
            filled[key] = rebuilt(value, leaves, _joined(prefix, key))
        return filled
    values = [rebuilt(value, leaves, _joined(prefix, i)) for i, value in enumerate(tree)]
    is_named = hasattr(tree, "_fields")  # a named tuple takes its fields one by one
    return type(tree)(*values) if is_named else type(tree)(values)


def _joined(prefix: str, key: Any) -> str:
    return f"{prefix}.{key}" if prefix else str(key)
