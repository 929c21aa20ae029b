"""Layers: objects with parameters of their own, whose backward pass takes a gradient."""

from collections.abc import Callable, Iterator
from typing import Any

from tfmlp.checks import words
from tfmlp.checks.arrays import Array, as_array
from tfmlp.checks.attributes import named_arrays, parameters_of
from tfmlp.checks.calls import attribute
from tfmlp.checks.layer import Arrays, LayerUsage
from tfmlp.checks.making import arguments_of
from tfmlp.checks.roles import Role, required, role_of
from tfmlp.checks.space import Space
from tfmlp.checks.trees import items_of
from tfmlp.checks.watching import watched

NAME = "a layer: an object whose backward pass takes a gradient"
OUTPUTS = "output out outputs a z y activation".split()
_INPUT_GRADIENTS = "dinputs dx dinput grad_input input_grad d_input dX".split()

Method = Callable[..., Any]


def usages(space: Space) -> Iterator[LayerUsage]:
    """Yields every object that could be a layer."""
    for made in space.objects:
        methods = made.methods
        forward = next((methods[name] for name in words.FORWARD if name in methods), None)
        backward = next((methods[name] for name in words.BACKWARD if name in methods), None)
        if forward is None or backward is None or not takes_gradient(backward):
            continue
        if made.name in space.classes:
            params = parameters_of(made.value)
            layer = Layer(made.value, forward, backward)
            named = dict(items_of(params)) if params else {}
            shapes = [as_array(value).shape for value in named.values()]
            kernels = [shape for shape in shapes if len(shape) == 2]
            widths = dict.fromkeys(size for a, b in kernels for size in (a, b, a - 1, b - 1))
            widths = widths or {5: None}  # without parameters it takes any
            inputs = [{"x": shape} for d in widths if d > 0 for shape in ((7, d), (d, 7))]
            text = f"net = {made.name}({arguments_of(space.classes[made.name]) or '...'})"
            passes = (layer.outputs, layer.gradients)
            yield LayerUsage(made.name, NAME, inputs, named, *passes, (made.value,), text)


def takes_gradient(backward: Method) -> bool:
    """Whether a backward pass takes one argument, and that is not the labels."""
    names = required(backward) or []
    return len(names) == 1 and role_of(names[0]) is not Role.LABELS


class Layer:
    """The two passes of one object."""

    def __init__(self, owner: Any, forward: Method, backward: Method):
        self._owner, self._forward, self._backward = owner, forward, backward

    def outputs(self, fed: Arrays) -> tuple[Any, None]:
        """Runs the forward pass; returns what it returned or kept."""
        value = watched(self._forward, fed["x"]).value
        kept = (attribute(self._owner, name) for name in OUTPUTS)
        return next((item for item in (value, *kept) if item is not None), value), None

    def gradients(self, factors: Array, cache: None) -> Iterator[Any]:
        """Runs the backward pass; yields what could be the gradients."""
        returned = watched(self._backward, factors).value
        if isinstance(returned, tuple):
            yield list(returned)
            returned = returned[0] if returned else None
        kept = named_arrays(self._owner, words.is_gradient)
        own = {name: value for name, value in kept.items() if name not in _INPUT_GRADIENTS}
        inner = [attribute(self._owner, name) for name in _INPUT_GRADIENTS]
        yield own | {"x": next((dx for dx in (returned, *inner) if dx is not None), None)}
