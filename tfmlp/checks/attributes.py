"""Attributes: where a user's object keeps its parameters or their gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmlp.checks import words
from tfmlp.checks.calls import UserCodeError, attribute, guarded
from tfmlp.checks.roles import required
from tfmlp.checks.trees import leaves_of
from tfmlp.errors import ConfigError

_BIASES = "biases bias b bs".split()  # beside lists of weights
_DEPTH = 8  # of objects within objects; deeper ones are no layers, and may refer to themselves


def parameters_of(owner: Any) -> Any:
    """Returns an object's parameters, nested, or None."""
    for name in (*words.PARAMS, "get_params", "get_parameters"):
        value = _without_settings(_stored(owner, name))
        if not isinstance(value, list | dict) or not value or not _are_layers(value):
            continue
        if name != "weights" or not isinstance(value, list):
            return value
        partner = next((word for word in _BIASES if attribute(owner, word) is not None), None)
        if partner is None:
            return value
        biases = attribute(owner, partner)
        if isinstance(biases, list) and len(value) == len(biases):
            arrays = {name: value, partner: biases}
            return {f"{i}.{key}": arrays[key][i] for i in range(len(value)) for key in arrays}
    return named_arrays(owner, words.is_parameter) or None


def named_arrays(owner: Any, fits: Callable[[str], bool], depth: int = _DEPTH) -> dict[str, Any]:
    """Returns the arrays among an object's attributes, and those of the layers in its lists.

    Args:
      owner: A user's object.
      fits: Whether an attribute of a name is wanted.
      depth: How many objects within objects are looked into.
    """
    found: dict[str, Any] = {}
    for name, value in vars(owner).items() if hasattr(owner, "__dict__") else ():
        if is_float_array(value):
            if fits(name):
                found[name] = value
        elif isinstance(value, list | tuple) and value:
            if fits(name) and all(isinstance(item, np.ndarray) for item in value):
                found[name] = list(value)
            elif depth:
                for i, item in enumerate(value):
                    for inner in item if isinstance(item, tuple) else (item,):
                        if part := named_arrays(inner, fits, depth - 1):
                            found[f"{name}.{i}"] = part
    return _by_layer(found)


def is_float_array(value: Any) -> bool:
    """Whether something is a vector or a matrix of floats."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim in (1, 2)


def _stored(owner: Any, name: str) -> Any:
    """Returns an attribute, or what it returns if it is a method without arguments."""
    value = attribute(owner, name)
    if callable(value) and not isinstance(value, dict | list) and required(value) == []:
        try:
            return guarded(value)()
        except UserCodeError:
            return None
    return value


def _without_settings(value: Any) -> Any:
    """Returns nested parameters without what is stored beside them, such as a layer's name."""
    if isinstance(value, dict):
        return {k: item for k, item in value.items() if isinstance(item, list | np.ndarray | dict)}
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return [
            {key: item for key, item in layer.items() if _is_parameter(key, item)}
            for layer in value
        ]
    return value


def _is_parameter(key: Any, item: Any) -> bool:
    return isinstance(item, np.ndarray) and str(key).lower().startswith(("w", "b", "k"))


def _are_layers(value: Any) -> bool:
    """Whether all that is nested in something are vectors and matrices."""
    try:
        return all(leaf.value.ndim in (1, 2) for leaf in leaves_of(value).values())
    except ConfigError:
        return False


def _by_layer(found: dict[str, Any]) -> dict[str, Any]:
    """Returns weights and biases that are in a list each layer by layer."""
    lists = [value for value in found.values() if isinstance(value, list)]
    if len(found) != 2 or len(lists) != 2 or len(lists[0]) != len(lists[1]):
        return found
    return {f"{i}.{key}": found[key][i] for i in range(len(lists[0])) for key in found}
