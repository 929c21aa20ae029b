"""Initial weights by the reference's formulas, as a Keras initializer."""

from typing import Any

import keras
import tensorflow as tf

from tfmlp import seeds
from tfmlp.reference.initializers import initial_weights


@keras.saving.register_keras_serializable("tfmlp")
class SeededInitializer(keras.initializers.Initializer):
    """Initial weights as a function of (seed, layer): the NumPy reference draws the same.

    Args:
      name: As in `reference.initializers.initial_weights`.
      seed: int in [0, 2**32).
      index: The number of the stream: even for kernels, odd for biases.
      fan_in: The layer's inputs, for a bias; a kernel's shape tells its own.
      scale: Factor on the weights.
    """

    def __init__(
        self, name: str, seed: int = 0, index: int = 0, fan_in: int | None = None, scale: float = 1
    ):
        self.name, self.seed, self.index, self.fan_in, self.scale = name, seed, index, fan_in, scale

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        generator = seeds.generator(self.seed, seeds.Stream.WEIGHTS, self.index)
        fan_in, rows = (shape[0], None) if len(shape) == 2 else (self.fan_in or 1, 1)
        values = initial_weights(self.name, generator, fan_in, shape[-1], self.scale, rows)
        return tf.cast(values.reshape(shape), dtype or keras.config.floatx())

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "seed": self.seed,
            "index": self.index,
            "fan_in": self.fan_in,
            "scale": self.scale,
        }
