"""Dropout whose masks are functions of counters."""

from typing import Any

import keras
import tensorflow as tf

from tfmlp import seeds
from tfmlp.data.random_bits import RandomBits
from tfmlp.model.counters import current_counters


@keras.saving.register_keras_serializable("tfmlp")
class Dropout(keras.layers.Dropout):
    """Dropout whose mask is a function of (seed, layer, step, position, unit) inside a tfmlp step.

    No state to save, the same mask in every engine, and cheap random bits under XLA. In a forward
    pass outside tfmlp's steps, such as Keras' `fit`, it is Keras' own dropout. Source: Srivastava
    et al., "Dropout", 2014.

    Args:
      rate: Probability that a unit is dropped, in [0, 1).
      seed: int in [0, 2**32).
      index: The layer's number, so that layers of one seed have different masks.
      form: "inverted": kept units are divided by the keep probability while training; "course":
        they are not, and all are multiplied by it at inference.

    Attributes:
      bits: What masks are made of, once built.
    """

    def __init__(
        self, rate: float, seed: int = 0, index: int = 0, form: str = "inverted", **kwargs: Any
    ):
        super().__init__(rate, seed=seed, **kwargs)
        self.index, self.form = index, form

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Prepares the random bits of its masks, for inputs [b, units]."""
        super().build(input_shape)
        units = int(input_shape[-1] or 0)
        self.bits = RandomBits(self.seed, seeds.Stream.DROPOUT, self.index, units)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        at, keep = current_counters(), 1.0 - self.rate
        if not training or not self.rate or at is None:
            outputs = super().call(inputs, training=training)
            is_inverted = self.form == "inverted"
            return outputs if is_inverted else outputs * tf.constant(keep, inputs.dtype)
        bits = self.bits.draw(at.step, at.positions)
        factor = 1.0 / keep if self.form == "inverted" else 1.0
        kept = inputs * tf.constant(factor, inputs.dtype)
        return tf.where(bits < seeds.keep_threshold(keep), kept, tf.zeros((), inputs.dtype))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"index": self.index, "form": self.form}
