"""Anybody's parameters and gradients as named float64 arrays: dicts, lists, tuples, nested lists of
numbers, NumPy or TensorFlow.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmlp.errors import ConfigError

_PREFIXES = ("d_", "d", "grad_", "g_", "g", "delta_", "nabla_")
_SUFFIXES = ("_grad", "_g", "_d", ".grad")


class Leaf:
    """One array of somebody's parameters.

    Attributes:
      name: Where it stands, such as "W1" or "0.weights".
      value: A float64 copy, contiguous.
      dtype: The type it had.
    """

    def __init__(self, name: str, original: Any):
        self.name, self._original = name, original
        array = np.asarray(original.numpy() if hasattr(original, "numpy") else original)
        if array.dtype.kind not in "fiu":
            raise ConfigError(f"{name}: expected numbers; received {array.dtype}.")
        self.dtype = array.dtype
        self.value = np.array(array, np.float64, order="C")

    def write(self) -> None:
        """Puts `value` into the place where it came from."""
        original = self._original
        if isinstance(original, np.ndarray):
            original[...] = self.value
        elif hasattr(original, "assign"):
            original.assign(self.value.astype(self.dtype))
        elif isinstance(original, list):
            _fill(original, self.value)
        else:
            raise ConfigError(
                f"{self.name}: a loss without arguments needs parameters that can be changed in"
                f" place; received {type(original).__name__}."
            )


def _fill(target: list, values: np.ndarray) -> None:
    for i, value in enumerate(values):
        if isinstance(target[i], list):
            _fill(target[i], value)
        else:
            target[i] = float(value)


def _is_array(value: Any) -> bool:
    """Whether something is one array; a list of lists of numbers of one length is."""
    if isinstance(value, list | tuple):
        if not value or any(
            hasattr(item, "shape") or isinstance(item, dict | tuple) for item in value
        ):
            return False
        try:
            return np.asarray(value).dtype.kind in "fiu"
        except ValueError:  # of different lengths: a list of arrays
            return False
    return not isinstance(value, dict)


def leaves_of(
    tree: Any, prefix: str = "", make: Callable[[str, Any], Any] = Leaf
) -> dict[str, Any]:
    """Returns the arrays of nested dicts, lists and tuples, by name; None stays None."""
    if tree is None:
        return {prefix: None}
    if _is_array(tree):
        return {prefix or "parameter": make(prefix or "parameter", tree)}
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    found: dict[str, Any] = {}
    for key, value in items:
        found |= leaves_of(value, f"{prefix}.{key}" if prefix else str(key), make)
    return found


def rebuilt(tree: Any, leaves: dict[str, Leaf], prefix: str = "") -> Any:
    """Returns the same nesting with the leaves' float64 arrays (as tensors where there were
    tensors) in their places.
    """
    if tree is None:
        return None
    if _is_array(tree):
        value = leaves[prefix or "parameter"].value
        if hasattr(tree, "numpy"):
            import tensorflow as tf

            return tf.constant(value.astype(leaves[prefix or "parameter"].dtype))
        return value
    name = lambda key: f"{prefix}.{key}" if prefix else str(key)  # noqa: E731
    if isinstance(tree, dict):
        return type(tree)((key, rebuilt(value, leaves, name(key))) for key, value in tree.items())
    return type(tree)(rebuilt(value, leaves, name(i)) for i, value in enumerate(tree))


def matched(params: dict[str, Leaf], grads: dict[str, Any]) -> dict[str, Any]:
    """Returns each parameter's gradient, by the parameter's name: by equal names, by names such as
    dW1 and W1_grad, or in order.

    Raises:
      ConfigError: when they do not correspond.
    """
    if set(params) == set(grads):
        return {name: grads[name] for name in params}
    plain = {_plain(name): gradient for name, gradient in grads.items()}
    if len(plain) == len(grads) and all(_key(name) in plain for name in params):
        return {name: plain[_key(name)] for name in params}
    if len(params) == len(grads):
        return dict(zip(params, _ordered(list(params.values()), list(grads.values())), strict=True))
    raise ConfigError(
        f"expected one gradient for each parameter; received parameters {', '.join(params)} and"
        f" gradients {', '.join(grads)}: name them alike, or give both in one order."
    )


def _ordered(params: list[Leaf], grads: list[Any]) -> list[Any]:
    """Returns the gradients in the parameters' order: as they are, or, if that fits the shapes and
    the given order does not, all of one kind and then all of the other, interleaved.
    """
    half = len(grads) // 2
    orders = [
        grads,
        *(
            [item for pair in zip(one, other, strict=True) for item in pair]
            for one, other in ((grads[:half], grads[half:]), (grads[half:], grads[:half]))
            if 2 * half == len(grads)
        ),
    ]

    def fits(order):
        return all(
            value is None or value.size == leaf.value.size
            for leaf, value in zip(params, order, strict=True)
        )

    return next((order for order in orders if fits(order)), grads)


def _key(name: str) -> str:
    return name.lower().replace("_", "")


def _plain(name: str) -> str:
    """Returns a gradient's name as its parameter's: "dW1" as "w1"."""
    head, dot, last = name.rpartition(".")
    for suffix in _SUFFIXES:
        if last.lower().endswith(suffix) and len(last) > len(suffix):
            return _key(head + dot + last[: -len(suffix)])
    for prefix in _PREFIXES:
        if last.lower().startswith(prefix) and len(last) > len(prefix):
            return _key(head + dot + last[len(prefix) :])
    return _key(name)
