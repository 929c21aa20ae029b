"""Layers: each knows its output and, from the slope of the loss at its output, the slopes at its
input and its parameters.

A layer keeps what its backward pass needs from its last forward pass. Shapes: rows [b, in] -> [b,
out].
"""

from collections.abc import Callable

import numpy as np

from tfmlp.reference.activations import Activation


class Layer:
    """What layers have in common.

    Attributes:
      parameters: What training changes, by name.
      gradients: The slope of the loss at each parameter, by the same names, after `backward`.
      state: What training changes without a slope (running means), by name.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, np.ndarray] = {}
        self.gradients: dict[str, np.ndarray] = {}
        self.state: dict[str, np.ndarray] = {}

    def forward(self, rows: np.ndarray, training: bool) -> np.ndarray:
        """Returns the layer's output [b, out] for rows [b, in]."""
        raise NotImplementedError

    def backward(self, slopes: np.ndarray, needs_input_slopes: bool = True) -> np.ndarray | None:
        """Takes d loss / d output [b, out] (and may write over it), keeps the parameters'
        gradients, and returns d loss / d input [b, in].
        """
        raise NotImplementedError


class Dense(Layer):
    """y = x W + b, with a penalty l2 * sum(W ** 2) on the loss.

    Args:
      kernel: W [in, out].
      bias: b [out], or None for a layer without one.
      l2: The penalty's factor.
    """

    def __init__(self, kernel: np.ndarray, bias: np.ndarray | None, l2: float = 0.0):
        super().__init__()
        self.parameters = {"kernel": kernel} if bias is None else {"kernel": kernel, "bias": bias}
        self.l2 = l2

    def forward(self, rows: np.ndarray, training: bool) -> np.ndarray:
        self._rows = rows
        out = rows @ self.parameters["kernel"]
        if "bias" in self.parameters:
            out += self.parameters["bias"]
        return out

    def backward(self, slopes: np.ndarray, needs_input_slopes: bool = True) -> np.ndarray | None:
        # y[i, j] = sum over k of x[i, k] W[k, j] + b[j], hence
        #   d loss / d W[k, j] = sum over i of x[i, k] * slopes[i, j]
        #   d loss / d b[j]    = sum over i of slopes[i, j]
        #   d loss / d x[i, k] = sum over j of slopes[i, j] * W[k, j]
        kernel = self.parameters["kernel"]
        self.gradients = {"kernel": self._rows.T @ slopes}
        if "bias" in self.parameters:
            self.gradients["bias"] = slopes.sum(axis=0)
        if self.l2:
            self.gradients["kernel"] += 2 * self.l2 * kernel
        return slopes @ kernel.T if needs_input_slopes else None

    def penalty(self) -> float:
        """Returns l2 * sum(W ** 2)."""
        return self.l2 * float(np.square(self.parameters["kernel"]).sum()) if self.l2 else 0.0


class Activate(Layer):
    """An activation function, entry by entry."""

    def __init__(self, activation: Activation):
        super().__init__()
        self._activation = activation

    def forward(self, rows: np.ndarray, training: bool) -> np.ndarray:
        self._input, self._output = rows, self._activation.function(rows)
        return self._output

    def backward(self, slopes: np.ndarray, needs_input_slopes: bool = True) -> np.ndarray:
        slopes *= self._activation.derivative(self._input, self._output)
        return slopes


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
        self, keep: float, draw: Callable[[tuple[int, int]], np.ndarray], form: str = "inverted"
    ):
        super().__init__()
        self._keep, self._draw, self._form = keep, draw, form

    def forward(self, rows: np.ndarray, training: bool) -> np.ndarray:
        if not training:
            self._factors = rows.dtype.type(self._keep if self._form == "course" else 1)
        else:
            self._factors = self._draw(rows.shape).astype(rows.dtype)
            if self._form == "inverted":
                self._factors *= rows.dtype.type(1 / self._keep)
        return rows * self._factors

    def backward(self, slopes: np.ndarray, needs_input_slopes: bool = True) -> np.ndarray:
        return slopes * self._factors


class BatchNormalization(Layer):
    """Normalizes each unit over the batch, then scales and shifts it (Ioffe and Szegedy, "Batch
    normalization", 2015).

    While training, y = gamma * (x - mean) / sqrt(variance + epsilon) + beta with the batch's own
    mean and (population) variance, and running means of both are kept; at inference, with those.
    Constants are Keras' defaults.

    Args:
      units: Number of columns.
      dtype: Type of the parameters.
    """

    momentum, epsilon = 0.99, 1e-3

    def __init__(self, units: int, dtype: np.dtype):
        super().__init__()
        self.parameters = {"gamma": np.ones(units, dtype), "beta": np.zeros(units, dtype)}
        self.state = {
            "moving_mean": np.zeros(units, dtype),
            "moving_variance": np.ones(units, dtype),
        }

    def forward(self, rows: np.ndarray, training: bool) -> np.ndarray:
        mean, variance = (rows.mean(axis=0), rows.var(axis=0)) if training else self.state.values()
        if training:
            for name, value in (("moving_mean", mean), ("moving_variance", variance)):
                self.state[name] *= self.momentum
                self.state[name] += (1 - self.momentum) * value
        self._inverse = 1 / np.sqrt(variance + self.epsilon)
        self._normal = (rows - mean) * self._inverse
        self._training = training
        return self._normal * self.parameters["gamma"] + self.parameters["beta"]

    def backward(self, slopes: np.ndarray, needs_input_slopes: bool = True) -> np.ndarray:
        self.gradients = {"gamma": (slopes * self._normal).sum(axis=0), "beta": slopes.sum(axis=0)}
        scaled = slopes * self.parameters["gamma"]
        if not self._training:
            return scaled * self._inverse
        # Mean and variance depend on every row: their two terms keep the slopes' mean, and their
        # product with the normalized rows, at zero.
        return self._inverse * (
            scaled - scaled.mean(axis=0) - self._normal * (scaled * self._normal).mean(axis=0)
        )
