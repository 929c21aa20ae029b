"""The layers of a Keras model: a walk over all of them, and a view of each at work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class LayerView:
    """What one layer did with a batch.

    Attributes:
      layer: The Keras layer.
      inputs: float32 [b, units].
      outputs: float32 [b, units].
    """

    layer: Any
    inputs: Array
    outputs: Array

    @property
    def name(self) -> str:
        """The layer's name."""
        return str(self.layer.name)

    @property
    def kind(self) -> str:
        """The name of the layer's class."""
        return type(self.layer).__name__


def walk_layers(model: Any) -> list[Any]:
    """Returns the layers in a Keras model or layer, at any depth, each once, an outer one before
    those in it.

    Args:
      model: A Keras model or layer; not among the layers returned.
    """
    found = {id(model): model}

    def visit(layer: Any) -> None:
        for part in _parts(layer):
            if id(part) not in found:
                found[id(part)] = part
                visit(part)

    visit(model)
    return list(found.values())[1:]


def _parts(layer: Any) -> Iterator[Any]:
    # Keras has a public list of a model's layers, and none of the layers in other layers.
    return _layers_in(layer.layers if isinstance(layer, keras.Model) else vars(layer))


def _layers_in(value: Any) -> Iterator[Any]:
    if isinstance(value, keras.layers.Layer):
        yield value
    elif isinstance(value, dict):
        yield from _layers_in(list(value.values()))
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _layers_in(item)


@contextmanager
def watched(model: Any) -> Iterator[list[LayerView]]:
    """While open, adds a view for each call of a layer that has no layers in it.

    Args:
      model: A built Keras model.

    Yields:
      The views, in the order of the calls.
    """
    views: list[LayerView] = []
    layers = [layer for layer in walk_layers(model) if not walk_layers(layer)]
    # Past Keras' own __setattr__, which would track the function as a part of the layer.
    for layer in layers:
        object.__setattr__(layer, "call", _watch(layer, views))
    try:
        yield views
    finally:
        for layer in layers:
            object.__delattr__(layer, "call")


def _watch(layer: Any, views: list[LayerView]) -> Callable[..., Any]:
    call = layer.call

    def run(inputs: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = call(inputs, *args, **kwargs)
        if hasattr(outputs, "shape") and hasattr(inputs, "shape"):
            views.append(LayerView(layer, _flat(inputs), _flat(outputs)))
        return outputs

    return run


def _flat(values: Any) -> Array:
    return np.asarray(tf.cast(values, tf.float32)).reshape(len(values), -1)
