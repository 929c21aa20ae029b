"""Ingredients of hand-written nets: the activations, outputs and losses that are recognized."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.reference.activations import sigmoid
from tfmlp.reference.losses import softmax

_TINY = 1e-300


class Hidden(NamedTuple):
    """A hidden layer's activation: f(z), and f'(z) of (z, a = f(z))."""

    function: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]


class Output(NamedTuple):
    """An output's activation: f(z), and its backward pass from (z, p = f(z), gradient by p)."""

    function: Callable[[Array], Array]
    backward: Callable[[Array, Array, Array], Array]


class Loss(NamedTuple):
    """A loss before it is scaled: its value of (p, targets), and its gradient by p."""

    value: Callable[[Array, Array], float]
    gradient: Callable[[Array, Array], Array]


def _leaky(slope: float) -> Hidden:
    return Hidden(lambda z: np.where(z > 0, z, slope * z), lambda z, a: np.where(z > 0, 1.0, slope))


def _elementwise(hidden: Hidden) -> Output:
    return Output(hidden.function, lambda z, p, gradient: gradient * hidden.derivative(z, p))


def _softmax_backward(z: Array, p: Array, gradient: Array) -> Array:
    backward: Array = p * (gradient - np.sum(gradient * p, axis=1, keepdims=True))
    return backward


def _log(p: Array) -> Array:
    logarithm: Array = np.log(np.maximum(p, _TINY))
    return logarithm


HIDDEN = {
    "sigmoid": Hidden(sigmoid, lambda z, a: a * (1 - a)),
    "tanh": Hidden(np.tanh, lambda z, a: 1 - a**2),
    "relu": Hidden(lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(float)),
    "linear": Hidden(lambda z: z, lambda z, a: np.ones_like(z)),
} | {f"leaky_relu({slope})": _leaky(slope) for slope in (0.01, 0.1, 0.2, 0.3, 0.05)}

OUTPUTS = {"softmax": Output(softmax, _softmax_backward)} | {
    name: _elementwise(HIDDEN[name]) for name in ("sigmoid", "tanh", "linear", "relu")
}

LOSSES = {
    "cross-entropy": Loss(
        lambda p, t: float(-np.sum(t * _log(p))), lambda p, t: -t / np.maximum(p, _TINY)
    ),
    "binary cross-entropy": Loss(
        lambda p, t: float(-np.sum(t * _log(p) + (1 - t) * _log(1 - p))),
        lambda p, t: (p - t) / np.maximum(p * (1 - p), _TINY),
    ),
    "squares": Loss(lambda p, t: float(np.sum((p - t) ** 2)), lambda p, t: 2 * (p - t)),
}
