"""A step as a `tf.function` that is traced once, whatever the batch's length."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


class Step:
    """A `tf.function` of (features [b, ...], labels [b]) that is traced once, whatever b is.

    tf.function by itself traces anew for the short last batch. Here the first call traces for
    batches of any length, and later calls find that trace. Every other attribute, such as
    `experimental_get_tracing_count`, is the `tf.function`'s own.

    Attributes:
      function: The `tf.function`.
    """

    def __init__(self, python_function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]):
        self.function = tf.function(python_function)
        self._traced: set[tuple[Any, ...]] = set()

    def __call__(self, features: Any, labels: Any) -> tf.Tensor:
        features, labels = tf.convert_to_tensor(features), tf.convert_to_tensor(labels)
        signature = tuple(
            tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype) for tensor in (features, labels)
        )
        if signature not in self._traced:
            self.function.get_concrete_function(*signature)
            self._traced.add(signature)
        return self.function(features, labels)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)
