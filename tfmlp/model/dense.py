"""A dense layer whose product can be computed in another form."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import keras
import tensorflow as tf

# (layer, inputs [b, m]) -> outputs [b, k] before the activation, or None for Keras' own.
Multiply = Callable[["Dense", tf.Tensor], tf.Tensor | None]

_multiply: ContextVar[Multiply | None] = ContextVar("tfmlp_multiply", default=None)


@contextmanager
def multiplied_by(multiply: Multiply) -> Iterator[None]:
    """While open, `Dense` layers that are called multiply by this function."""
    token = _multiply.set(multiply)
    try:
        yield
    finally:
        _multiply.reset(token)


@keras.saving.register_keras_serializable("tfmlp")
class Dense(keras.layers.Dense):
    """Keras' dense layer, whose product `multiplied_by` can take the place of."""

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        multiply = _multiply.get()
        products = None if multiply is None else multiply(self, inputs)
        if products is None:
            return super().call(inputs, training=training)
        return self.activation(products)
