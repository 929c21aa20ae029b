"""Activation functions of tensors, under the names of the reference's."""

import math
from collections.abc import Callable

import keras
import tensorflow as tf


def find_activation(name: str, negative_slope: float) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns an activation by its name; `negative_slope` is for "leaky_relu"."""
    if name == "leaky_relu":
        return lambda inputs: _leaky_relu(inputs, negative_slope)
    if name == "gelu":
        return _gelu
    return getattr(keras.activations, "silu" if name == "swish" else name)


def _gelu(inputs: tf.Tensor) -> tf.Tensor:
    # Keras' own takes sqrt(2) in float32 even where the rest is float64.
    return 0.5 * inputs * (1 + tf.math.erf(inputs * math.sqrt(0.5)))


def _leaky_relu(inputs: tf.Tensor, negative_slope: float) -> tf.Tensor:
    # The slope of TensorFlow's own operation is float32, whatever the inputs are.
    if inputs.dtype == tf.float64:
        return tf.where(inputs > 0, inputs, negative_slope * inputs)
    return tf.nn.leaky_relu(inputs, negative_slope)
