"""Layers: each knows its output and, from the gradient at its output, those at input and weights.

A layer keeps what its backward pass needs from its last forward pass. Shapes: [b, in] -> [b, out].
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tfmlp.reference.activations import Activation

Array = npt.NDArray[Any]


class Layer:
    """What layers have in common.

    Attributes:
      parameters: What training changes, by name.
      gradients: The gradient of the loss by each parameter, under the same names, after `backward`.
      state: What training changes without a gradient (running means), by name.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}
        self.state: dict[str, Array] = {}

    def forward(self, inputs: Array, training: bool) -> Array:
        """Returns the layer's outputs [b, out] for inputs [b, in]."""
        raise NotImplementedError

    def backward(self, gradient: Array, needs_input_gradient: bool = True) -> Array | None:
        """Propagates the gradient of the loss, and keeps the parameters' gradients.

        Args:
          gradient: d loss / d outputs, [b, out]; may be written over.
          needs_input_gradient: Whether the result is needed; the first layer's is not.

        Returns:
          d loss / d inputs, [b, in].
        """
        raise NotImplementedError


class Dense(Layer):
    """y = x W + b, with a penalty l2 * sum(W ** 2) on the loss.

    Args:
      kernel: W [in, out].
      bias: b [out], or None for a layer without one.
      l2: The penalty's factor.
    """

    def __init__(self, kernel: Array, bias: Array | None, l2: float = 0.0):
        super().__init__()
        self.parameters = {"kernel": kernel} if bias is None else {"kernel": kernel, "bias": bias}
        self.l2 = l2

    def forward(self, inputs: Array, training: bool) -> Array:
        self._inputs = inputs
        outputs: Array = inputs @ self.parameters["kernel"]
        if "bias" in self.parameters:
            outputs += self.parameters["bias"]
        return outputs

    def backward(self, gradient: Array, needs_input_gradient: bool = True) -> Array | None:
        # y[i, j] = sum over k of x[i, k] W[k, j] + b[j], hence
        #   d loss / d W[k, j] = sum over i of x[i, k] * gradient[i, j]
        #   d loss / d b[j]    = sum over i of gradient[i, j]
        #   d loss / d x[i, k] = sum over j of gradient[i, j] * W[k, j]
        kernel = self.parameters["kernel"]
        self.gradients = {"kernel": self._inputs.T @ gradient}
        if "bias" in self.parameters:
            self.gradients["bias"] = gradient.sum(axis=0)
        if self.l2:
            self.gradients["kernel"] += 2 * self.l2 * kernel
        return gradient @ kernel.T if needs_input_gradient else None

    def penalty(self) -> float:
        """Returns l2 * sum(W ** 2)."""
        return self.l2 * float(np.square(self.parameters["kernel"]).sum()) if self.l2 else 0.0


class Activate(Layer):
    """An activation function, entry by entry."""

    def __init__(self, activation: Activation):
        super().__init__()
        self._activation = activation

    def forward(self, inputs: Array, training: bool) -> Array:
        self._inputs, self._outputs = inputs, self._activation.function(inputs)
        return self._outputs

    def backward(self, gradient: Array, needs_input_gradient: bool = True) -> Array:
        gradient *= self._activation.derivative(self._inputs, self._outputs)
        return gradient


class Dropout(Layer):
    """Leaves out units at random while training (Srivastava et al., "Dropout", 2014).

    Args:
      keep: Probability that a unit is kept.
      draw: Called with the shape [b, units]; returns which units are kept, bool [b, units].
      form: "inverted": kept units are divided by `keep` while training, and inference changes
        nothing, as today; "course": training only masks, and inference multiplies by `keep`, as
        first published.
    """

    def __init__(
        self, keep: float, draw: Callable[[tuple[int, ...]], Array], form: str = "inverted"
    ):
        super().__init__()
        self._keep, self._draw, self._form = keep, draw, form

    def forward(self, inputs: Array, training: bool) -> Array:
        if not training:
            self._factors = inputs.dtype.type(self._keep if self._form == "course" else 1)
        else:
            self._factors = self._draw(inputs.shape).astype(inputs.dtype)
            if self._form == "inverted":
                self._factors *= inputs.dtype.type(1 / self._keep)
        outputs: Array = inputs * self._factors
        return outputs

    def backward(self, gradient: Array, needs_input_gradient: bool = True) -> Array:
        through: Array = gradient * self._factors
        return through
