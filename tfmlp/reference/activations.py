"""Activation functions, each with its derivative.

A derivative is a function of the layer's input z and of its output a = f(z): some formulas are
shorter in one, some in the other, and to mistake one for the other is among the commonest errors of
hand-written nets. `derivative(z, a)` is da/dz, entry by entry.

    a = ACTIVATIONS["tanh"].function(z)
    dz = da * ACTIVATIONS["tanh"].derivative(z, a)        # the chain rule
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import erf

# Klambauer et al., "Self-normalizing neural networks", 2017.
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


class Activation(NamedTuple):
    """An activation function.

    Attributes:
      function: f(z), any shape to the same shape and type.
      derivative: f'(z) of (z, a = f(z)), the same shape and type.
    """

    function: Callable[[np.ndarray], np.ndarray]
    derivative: Callable[[np.ndarray, np.ndarray], np.ndarray]


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Returns 1 / (1 + exp(-z)), written so that exp never overflows.

    With e = exp(-|z|), it is 1/(1+e) for z >= 0 and e/(1+e) below.
    """
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def _relu_derivative(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    # At 0 the derivative jumps from 0 to 1; 0 is the convention here and in TensorFlow.
    return (z > 0).astype(z.dtype)


def _make_leaky_relu(slope: float) -> Activation:
    return Activation(
        lambda z: np.where(z > 0, z, z.dtype.type(slope) * z),
        lambda z, a: np.where(z > 0, z.dtype.type(1), z.dtype.type(slope)),
    )


def _elu(z: np.ndarray) -> np.ndarray:
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def _elu_derivative(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return np.where(z > 0, z.dtype.type(1), a + 1)  # exp(z) = a + 1 below 0


def _gelu(z: np.ndarray) -> np.ndarray:
    return z * (0.5 * (1 + erf(z * math.sqrt(0.5))))


def _gelu_derivative(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    # z * Phi(z), Phi the normal distribution: Phi(z) + z * phi(z). Hendrycks and Gimpel, "Gaussian
    # error linear units", 2016.
    return 0.5 * (1 + erf(z * math.sqrt(0.5))) + z * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def _selu(z: np.ndarray) -> np.ndarray:
    return _SELU_SCALE * np.where(z > 0, z, _SELU_ALPHA * np.expm1(np.minimum(z, 0)))


def _selu_derivative(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return np.where(z > 0, z.dtype.type(_SELU_SCALE), a + z.dtype.type(_SELU_SCALE * _SELU_ALPHA))


def _swish_derivative(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    s = sigmoid(z)
    return s + a * (1 - s)  # Ramachandran et al., "Searching for activation functions", 2017


ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(lambda z: np.maximum(z, 0), _relu_derivative),
    "leaky_relu": _make_leaky_relu(0.01),
    "tanh": Activation(np.tanh, lambda z, a: 1 - a * a),
    "sigmoid": Activation(sigmoid, lambda z, a: a * (1 - a)),
    "linear": Activation(lambda z: z, lambda z, a: np.ones_like(z)),
    "elu": Activation(_elu, _elu_derivative),
    "gelu": Activation(_gelu, _gelu_derivative),
    "selu": Activation(_selu, _selu_derivative),
    "swish": Activation(lambda z: z * sigmoid(z), _swish_derivative),
}


def make_activation(name: str, negative_slope: float = 0.01) -> Activation:
    """Returns an activation by its name; `negative_slope` is for "leaky_relu"."""
    return _make_leaky_relu(negative_slope) if name == "leaky_relu" else ACTIVATIONS[name]
