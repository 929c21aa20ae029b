"""Ingredients of hand-written nets: the activations, outputs and losses that are recognized."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.logarithms import Logarithm
from tfmlp.reference.activations import ACTIVATIONS, sigmoid
from tfmlp.reference.losses import softmax

OVER_EXAMPLES = "softmax over the examples"  # a mistake in itself
SLOPES = (0.01, 0.1, 0.2, 0.3, 0.05, 0.001)  # of leaky ReLUs


class Hidden(NamedTuple):
    """A hidden layer's activation: f(z), and f'(z) of (z, a = f(z))."""

    function: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]


class Output(NamedTuple):
    """An output's activation: f(z), and its backward pass from (z, p = f(z), gradient by p)."""

    function: Callable[[Array], Array]
    backward: Callable[[Array, Array, Array], Array]


class Loss(NamedTuple):
    """A loss before it is scaled: its value of (p, targets, logarithm), summed over the last two
    axes, and its gradient by p. `probabilities` says whether p must be in (0, 1).
    """

    value: Callable[[Array, Array, Logarithm], Array]
    gradient: Callable[[Array, Array, Logarithm], Array]
    probabilities: bool = False


def is_bent(name: str) -> bool:
    """Whether an activation is straight on both sides of 0, and bent there."""
    return name == "relu" or name.startswith("leaky")


def leaky(slope: float) -> Hidden:
    """Returns a leaky ReLU."""
    return Hidden(lambda z: np.where(z > 0, z, slope * z), lambda z, a: np.where(z > 0, 1.0, slope))


def _elementwise(hidden: Hidden) -> Output:
    return Output(hidden.function, lambda z, p, gradient: gradient * hidden.derivative(z, p))


def _softmax_backward(z: Array, p: Array, gradient: Array) -> Array:
    backward: Array = p * (gradient - np.sum(gradient * p, axis=1, keepdims=True))
    return backward


def _total(values: Array) -> Array:
    total: Array = np.sum(values, axis=(-2, -1))
    return total


HIDDEN = {
    "sigmoid": Hidden(sigmoid, lambda z, a: a * (1 - a)),
    "tanh": Hidden(np.tanh, lambda z, a: 1 - a**2),
    "relu": Hidden(lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(float)),
    "linear": Hidden(lambda z: z, lambda z, a: np.ones_like(z)),
    **{f"leaky_relu({slope})": leaky(slope) for slope in SLOPES},
    "softplus": Hidden(lambda z: np.logaddexp(0, z), lambda z, a: sigmoid(z)),
    # LeCun et al., "Efficient BackProp", 1998.
    "1.7159 tanh(2/3 z)": Hidden(
        lambda z: 1.7159 * np.tanh(2 * z / 3), lambda z, a: 2 / 3 * (1.7159 - a**2 / 1.7159)
    ),
    **{name: Hidden(*ACTIVATIONS[name]) for name in ("elu", "swish", "gelu", "selu")},
}

_USUAL_OUTPUTS = ("sigmoid", "linear", "tanh", "relu")
OUTPUTS = {
    "softmax": Output(softmax, _softmax_backward),
    **{name: _elementwise(HIDDEN[name]) for name in _USUAL_OUTPUTS},
    **{name: _elementwise(kind) for name, kind in HIDDEN.items() if name not in _USUAL_OUTPUTS},
    OVER_EXAMPLES: Output(
        lambda z: softmax(z.T).T, lambda z, p, g: _softmax_backward(z.T, p.T, g.T).T
    ),
}

LOSSES = {
    "cross-entropy": Loss(
        lambda p, t, log: -_total(t * log.value(p)), lambda p, t, log: -t * log.derivative(p), True
    ),
    "binary cross-entropy": Loss(
        lambda p, t, log: -_total(t * log.value(p) + (1 - t) * log.value(1 - p)),
        lambda p, t, log: (1 - t) * log.derivative(1 - p) - t * log.derivative(p),
        True,
    ),
    "squares": Loss(lambda p, t, log: _total((p - t) ** 2), lambda p, t, log: 2 * (p - t)),
    "absolute errors": Loss(
        lambda p, t, log: _total(np.abs(p - t)), lambda p, t, log: np.sign(p - t)
    ),
    "differences": Loss(lambda p, t, log: _total(p - t), lambda p, t, log: np.ones_like(p)),
}
