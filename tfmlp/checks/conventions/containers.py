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


def usages(space: Space) -> Iterator[LayerUsage]:
    """Yields every container, filled with two layers of the file and an activation between."""
    for name, kind in space.classes.items():
        for layers, texts in _stacks(space, name):
            filled = _filled(kind, layers, texts)
            if filled is None:
                continue
            made, text = filled
            methods = Made(name, made).methods
            forward = next((methods[word] for word in words.FORWARD if word in methods), None)
            backward = next((methods[word] for word in words.BACKWARD if word in methods), None)
            if forward is None or backward is None or not takes_gradient(backward):
                continue
            layer = Layer(made, forward, backward)
            params = dict(items_of(named_arrays(made, words.is_parameter)))
            shapes = [{"x": (7, INPUTS)}, {"x": (INPUTS, 7)}]
            if params:
                passes = (layer.outputs, layer.gradients)
                yield LayerUsage(name, NAME, shapes, params, *passes, (made,), text)


def _stacks(space: Space, container: str) -> Iterator[tuple[list[Any], list[str]]]:
    """Yields two dense layers with an activation between, made of the file's classes, and how."""
    kinds = [kind for name, kind in space.classes.items() if name != container]
    both = [kind for kind in kinds if _has_both(kind)]
    dense = [kind for kind in both if len(required(kind) or ()) == 2]
    bent = [
        kind for kind in both if required(kind) == [] and "softmax" not in kind.__name__.lower()
    ]
    for kind in dense:
        sizes = [(kind, (INPUTS, HIDDEN)), *((other, ()) for other in bent[:1])]
        sizes.append((kind, (HIDDEN, OUTPUTS[0])))
        try:
            layers = [guarded(maker)(*widths) for maker, widths in sizes]
        except UserCodeError:
            continue
        yield layers, [f"{m.__name__}({', '.join(map(str, widths))})" for m, widths in sizes]


def _has_both(kind: type) -> bool:
    return any(hasattr(kind, word) for word in words.FORWARD[:1]) and any(
        hasattr(kind, word) for word in words.BACKWARD[:1]
    )


def _filled(kind: type, layers: list[Any], texts: list[str]) -> tuple[Any, str] | None:
    """Returns a container with the layers in it and the lines that make it, or None."""
    name, listed = kind.__name__, ", ".join(texts)
    try:
        if len(required(kind) or ()) == 1:
            return guarded(kind)(layers), f"net = {name}([{listed}])"
        if required(kind) == []:
            made = guarded(kind)()
            add = next((word for word in words.ADD if hasattr(made, word)), None)
            if add is None:
                return guarded(kind)(*layers), f"net = {name}({listed})"
            for layer in layers:
                guarded(getattr(made, add))(layer)
            return made, "\n".join([f"net = {name}()", *(f"net.{add}({t})" for t in texts)])
    except UserCodeError:
        return None
    return None
