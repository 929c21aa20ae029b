"""Containers: an object that is made of layers, or to which layers are added, and runs them."""

from collections.abc import Iterator
from typing import Any

from tfmlp.checks import words
from tfmlp.checks.attributes import named_arrays
from tfmlp.checks.calls import UserCodeError, guarded
from tfmlp.checks.conventions.layers import Layer, takes_gradient
from tfmlp.checks.layer import LayerUsage
from tfmlp.checks.making import HIDDEN, INPUTS, OUTPUTS
from tfmlp.checks.roles import required
from tfmlp.checks.space import Made, Space
from tfmlp.checks.trees import items_of

NAME = "a container of layers"
_ADD = "add add_layer append push".split()


def usages(space: Space) -> Iterator[LayerUsage]:
    """Yields every container, filled with two layers of the file and an activation between."""
    for name, kind in space.classes.items():
        for layers in _stacks(space, name):
            made = _filled(kind, layers)
            if made is None:
                continue
            methods = Made(name, made).methods
            forward = next((methods[word] for word in words.FORWARD if word in methods), None)
            backward = next((methods[word] for word in words.BACKWARD if word in methods), None)
            if forward is None or backward is None or not takes_gradient(backward):
                continue
            layer = Layer(made, forward, backward)
            params = dict(items_of(named_arrays(made, words.is_parameter)))
            shapes = [{"x": (7, INPUTS)}, {"x": (INPUTS, 7)}]
            if params:
                yield LayerUsage(
                    name, NAME, shapes, params, layer.outputs, layer.gradients, (made,)
                )


def _stacks(space: Space, container: str) -> Iterator[list[Any]]:
    """Yields two dense layers with an activation between, made of the file's classes."""
    kinds = [kind for name, kind in space.classes.items() if name != container]
    both = [kind for kind in kinds if _has_both(kind)]
    dense = [kind for kind in both if len(required(kind) or ()) == 2]
    bent = [
        kind for kind in both if required(kind) == [] and "softmax" not in kind.__name__.lower()
    ]
    for kind in dense:
        try:
            first, last = guarded(kind)(INPUTS, HIDDEN), guarded(kind)(HIDDEN, OUTPUTS[0])
            middle = [guarded(bent[0])()] if bent else []
        except UserCodeError:
            continue
        yield [first, *middle, last]


def _is_last(name: str) -> bool:
    return any(part in name.lower() for part in (*words.LOSS_PARTS, "softmax"))


def _has_both(kind: type) -> bool:
    return any(hasattr(kind, word) for word in words.FORWARD[:1]) and any(
        hasattr(kind, word) for word in words.BACKWARD[:1]
    )


def _filled(kind: type, layers: list[Any]) -> Any:
    """Returns a container with the layers in it, or None."""
    try:
        if len(required(kind) or ()) == 1:
            return guarded(kind)(layers)
        if required(kind) == []:
            made = guarded(kind)()
            add = next((getattr(made, word) for word in _ADD if hasattr(made, word)), None)
            if add is None:
                return guarded(kind)(*layers)
            for layer in layers:
                guarded(add)(layer)
            return made
    except UserCodeError:
        return None
    return None
