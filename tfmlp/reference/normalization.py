"""Normalization layers: over the batch, and over the units."""

import numpy as np

from tfmlp.reference.layers import Array, Layer


class BatchNormalization(Layer):
    """Normalizes each unit over the batch (Ioffe and Szegedy, "Batch normalization", 2015).

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

    def forward(self, inputs: Array, training: bool) -> Array:
        if training:
            mean, variance = inputs.mean(axis=0), inputs.var(axis=0)
            for name, value in (("moving_mean", mean), ("moving_variance", variance)):
                self.state[name] *= self.momentum
                self.state[name] += (1 - self.momentum) * value
        else:
            mean, variance = self.state["moving_mean"], self.state["moving_variance"]
        self._inverse = 1 / np.sqrt(variance + self.epsilon)
        self._normal = (inputs - mean) * self._inverse
        self._training = training
        outputs: Array = self._normal * self.parameters["gamma"] + self.parameters["beta"]
        return outputs

    def backward(self, gradient: Array, needs_input_gradient: bool = True) -> Array:
        self.gradients = {
            "gamma": (gradient * self._normal).sum(axis=0),
            "beta": gradient.sum(axis=0),
        }
        scaled = gradient * self.parameters["gamma"]
        if not self._training:
            through: Array = scaled * self._inverse
            return through
        # Mean and variance depend on every example: their two terms keep the gradient's mean, and
        # its product with the normalized inputs, at zero.
        mean, product = scaled.mean(axis=0), (scaled * self._normal).mean(axis=0)
        through = self._inverse * (scaled - mean - self._normal * product)
        return through


class LayerNormalization(Layer):
    """Normalizes each example over the units (Ba et al., "Layer normalization", 2016).

    y = gamma * (x - mean) / sqrt(variance + epsilon) + beta with the mean and (population) variance
    of the example's own units, in training and at inference. Constants are Keras' defaults.

    Args:
      units: Number of columns.
      dtype: Type of the parameters.
    """

    epsilon = 1e-3

    def __init__(self, units: int, dtype: np.dtype):
        super().__init__()
        self.parameters = {"gamma": np.ones(units, dtype), "beta": np.zeros(units, dtype)}

    def forward(self, inputs: Array, training: bool) -> Array:
        mean, variance = inputs.mean(axis=1, keepdims=True), inputs.var(axis=1, keepdims=True)
        self._inverse = 1 / np.sqrt(variance + self.epsilon)
        self._normal = (inputs - mean) * self._inverse
        outputs: Array = self._normal * self.parameters["gamma"] + self.parameters["beta"]
        return outputs

    def backward(self, gradient: Array, needs_input_gradient: bool = True) -> Array:
        self.gradients = {
            "gamma": (gradient * self._normal).sum(axis=0),
            "beta": gradient.sum(axis=0),
        }
        scaled = gradient * self.parameters["gamma"]
        # As in batch normalization, over the units of one example.
        mean = scaled.mean(axis=1, keepdims=True)
        product = (scaled * self._normal).mean(axis=1, keepdims=True)
        through: Array = self._inverse * (scaled - mean - self._normal * product)
        return through
