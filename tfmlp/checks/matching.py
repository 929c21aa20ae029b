"""Matching: which gradient belongs to which parameter."""

from collections.abc import Mapping

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.errors import ConfigError

_PREFIXES = ("d_", "d", "grad_", "g_", "g", "delta_", "nabla_")
_SUFFIXES = ("_grad", "_g", "_d", ".grad")

Gradients = dict[str, Array | None]


def matched(params: Mapping[str, Array], grads: Gradients) -> Gradients:
    """Returns each parameter's gradient, by the parameter's name: by equal names, by names such as
    dW1 and W1_grad, or in order.

    Raises:
      ConfigError: when they do not correspond.
    """
    if set(params) == set(grads):
        return {name: grads[name] for name in params}
    if len(params) > 1 and len(grads) == 1 and (split := _split(params, *grads.values())):
        return split
    plain = {_plain(name): gradient for name, gradient in grads.items()}
    is_named = not all(name.isdecimal() for name in params)
    if is_named and all(_key(name) in plain for name in params):  # others such as dZ1 may be there
        return {name: plain[_key(name)] for name in params}
    if is_named and (found := _by_ending(params, grads)):
        return found
    by_shape = _by_shape(params, grads)
    if by_shape is not None:
        return by_shape
    if len(params) == len(grads):
        ordered = _ordered(list(params.values()), list(grads.values()))
        return dict(zip(params, ordered, strict=True))
    raise ConfigError(
        f"expected one gradient for each parameter; received parameters {', '.join(params)} and"
        f" gradients {', '.join(grads)}: give them the same names or the same order."
    )


def _split(params: Mapping[str, Array], whole: Array | None) -> Gradients | None:
    """Returns one long gradient cut into those of the parameters."""
    sizes = [value.size for value in params.values()]
    if whole is None or whole.size != sum(sizes):
        return None
    cut = np.split(whole.reshape(-1), np.cumsum(sizes)[:-1])
    shaped = zip(params.items(), cut, strict=True)
    return {name: part.reshape(value.shape) for (name, value), part in shaped}


def _by_ending(params: Mapping[str, Array], grads: Gradients) -> Gradients | None:
    """Returns the gradients whose names end with the parameters', such as dL_dW1."""
    found: Gradients = {}
    for name in params:
        ending = [other for other in grads if _key(other).endswith(_key(name))]
        if len(ending) != 1:
            return None
        found[name] = grads[ending[0]]
    return found if len({id(value) for value in found.values()}) == len(found) else None


def _by_shape(params: Mapping[str, Array], grads: Gradients) -> Gradients | None:
    """Returns the gradients by their shapes, where these say it all and the order does not."""
    shapes = [value.shape for value in params.values()]
    given = [None if gradient is None else gradient.shape for gradient in grads.values()]
    if given == shapes or sorted(shapes) != sorted(shape for shape in given if shape is not None):
        return None
    if len(set(shapes)) < len(shapes) or len(given) > len(shapes):
        return None
    found = {shape: gradient for shape, gradient in zip(given, grads.values(), strict=True)}
    return {name: found[value.shape] for name, value in params.items()}


def _ordered(params: list[Array], grads: list[Array | None]) -> list[Array | None]:
    """Returns the gradients in the parameters' order: as they are, or, if that fits the shapes and
    the given order does not, all of one kind and then all of the other, interleaved.
    """
    orders = [grads]
    half = len(grads) // 2
    if 2 * half == len(grads):
        for one, other in ((grads[:half], grads[half:]), (grads[half:], grads[:half])):
            orders.append([item for pair in zip(one, other, strict=True) for item in pair])

    def fits(order: list[Array | None]) -> bool:
        pairs = zip(params, order, strict=True)
        return all(value is None or value.size == array.size for array, value in pairs)

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
