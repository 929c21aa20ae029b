"""Dense layers with cheap gradients where they multiply in another type than their weights'."""

from collections.abc import Sequence
from contextvars import ContextVar

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("tfmlp")
class Dense(keras.layers.Dense):
    """Keras' dense layer, which `Products` can take the place of."""

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        products = _products.get()
        if products is None or id(self) not in products.kernels:
            return super().call(inputs, training=training)
        return self.activation(products.multiply(self, inputs))


class Products:
    """What `Dense` layers compute that multiply in another type than their weights', in a form
    whose gradients are cheap. Open while the model runs forward.

    The gradient of a kernel is taken by one cast of it: it stays in the type of the products, and
    is cast where it is used, in the optimizer's update, where that costs no pass of its own. The
    gradient of a bias is taken by the rows that it was added to, and summed by a product: in
    bfloat16, TensorFlow's own sum takes three times as long.

    Args:
      layers: A model's layers. Those with penalties, which are functions of the weights themselves,
        are left alone, and those whose weights are not all trained.

    Attributes:
      kernels: The casts, by `id` of the layer.
    """

    def __init__(self, layers: Sequence[keras.layers.Layer]):
        chosen = [layer for layer in layers if isinstance(layer, Dense) and _is_plain(layer)]
        self.kernels = {id(layer): tf.cast(layer.kernel, layer.compute_dtype) for layer in chosen}
        # By `id` of the variable: a kernel's cast, and the rows after each of a bias' additions.
        self._sources: dict[int, tf.Tensor | list[tf.Tensor]] = {
            id(layer.kernel): self.kernels[id(layer)] for layer in chosen
        }

    def __enter__(self) -> "Products":
        self._token = _products.set(self)
        return self

    def __exit__(self, *error) -> None:
        _products.reset(self._token)

    def multiply(self, layer: Dense, inputs: tf.Tensor) -> tf.Tensor:
        """Returns inputs [..., m] times the layer's kernel, plus its bias, [..., k]."""
        rows = tf.matmul(inputs, self.kernels[id(layer)])
        if layer.use_bias:
            rows += tf.stop_gradient(tf.cast(layer.bias, layer.compute_dtype))
            self._sources.setdefault(id(layer.bias), []).append(rows)
        return rows

    def source(self, variable: keras.Variable) -> tf.Tensor | list[tf.Tensor]:
        """Returns what to differentiate by for a variable's gradient: the variable itself, where it
        is none of these layers'.
        """
        return self._sources.get(id(variable), variable.value)

    def gradient(
        self, variable: keras.Variable, gradient: tf.Tensor | list[tf.Tensor]
    ) -> tf.Tensor:
        """Returns a variable's gradient from that of its `source`."""
        if not isinstance(self._sources.get(id(variable)), list):
            return gradient
        return tf.add_n([_sum_rows(one) for one in gradient])


def _is_plain(layer: Dense) -> bool:
    is_mixed = layer.compute_dtype != layer.variable_dtype
    return (
        is_mixed
        and layer.kernel_regularizer is None
        and layer.bias_regularizer is None
        and len(layer.trainable_variables) == 1 + layer.use_bias
    )


def _sum_rows(rows: tf.Tensor) -> tf.Tensor:
    rows = tf.reshape(rows, [-1, rows.shape[-1]])
    return tf.matmul(tf.ones([1, tf.shape(rows)[0]], rows.dtype), rows)[0]


_products: ContextVar[Products | None] = ContextVar("tfmlp_products", default=None)
