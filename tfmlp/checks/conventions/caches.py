"""Pairs of functions with a cache: affine_forward and affine_backward, relu and relu_backward."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from tfmlp.checks.arrays import Array
from tfmlp.checks.layer import Arrays, LayerUsage
from tfmlp.checks.roles import required
from tfmlp.checks.space import Space
from tfmlp.checks.watching import watched

NAME = "a pair of functions with a cache, *_forward and *_backward"
_BACKWARD = re.compile(r"(.+?)_?(backward|backwards|bwd|backprop|back)$", re.IGNORECASE)
# The shapes of (inputs, weights, biases): rows, then columns.
_SHAPES = (
    ((7, 5), (5, 4), (4,)),
    ((5, 7), (4, 5), (4, 1)),
    ((7, 5), (5, 4), (1, 4)),
    ((7, 5), (4, 5), (4,)),
)

Function = Callable[..., Any]


def usages(space: Space) -> Iterator[LayerUsage]:
    """Yields every pair of functions that could be the two passes of a layer."""
    lower = {name.lower(): value for name, value in space.functions.items()}
    for name, backward in space.functions.items():
        match = _BACKWARD.match(name)
        stem = match.group(1).lower().rstrip("_") if match else ""
        forward = next((lower[n] for n in (f"{stem}_forward", stem) if n in lower), None)
        names = required(forward) if forward else None
        if forward is None or not names or len(required(backward) or ()) != 2:
            continue
        if len(names) in (1, 3):
            pair = _Pair(forward, backward, names)
            inputs = [dict(zip(names, shapes)) for shapes in _SHAPES[: 1 + len(names)]]
            title = f"{forward.__name__}/{name}"
            roots = (forward, backward)
            yield LayerUsage(title, NAME, inputs, {}, pair.outputs, pair.gradients, roots)


class _Pair:
    """The two passes of a pair."""

    def __init__(self, forward: Function, backward: Function, names: list[str]):
        self._forward, self._backward, self._names = forward, backward, names

    def outputs(self, fed: Arrays) -> tuple[Any, Any]:
        """Runs the forward pass; returns the outputs and the cache, or the inputs where it has
        none.
        """
        value = watched(self._forward, *(fed[name] for name in self._names)).value
        if isinstance(value, tuple) and len(value) == 2:
            return value
        return value, fed[self._names[0]]

    def gradients(self, factors: Array, cache: Any) -> Iterator[Any]:
        """Runs the backward pass; yields what it returned."""
        seen = watched(self._backward, factors, cache)
        if isinstance(seen.value, tuple):
            yield list(seen.value)
        yield seen.named if len(self._names) > 1 else [seen.value]
