"""Products of dense layers in mixed precision, in a form whose gradients are cheap."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from tfmlp.model.dense import Dense


class Products:
    """The products of layers that multiply in another type than their weights'.

    The gradient of a kernel is taken by one cast of it: it stays in the type of the products, and
    is cast where it is used, in the optimizer's update, where that costs no pass of its own. The
    gradient of a bias is taken by the rows that it was added to, and summed by a product: in
    bfloat16, TensorFlow's own sum takes three times as long.

    Args:
      layers: A model's layers. Those with penalties, which are functions of the weights themselves,
        are left alone, and those whose weights are not all trained.
    """

    def __init__(self, layers: Sequence[keras.layers.Layer]):
        chosen = [layer for layer in layers if isinstance(layer, Dense) and _is_plain(layer)]
        self._kernels = {id(layer): tf.cast(layer.kernel, layer.compute_dtype) for layer in chosen}
        # By `id` of the variable: a kernel's cast, and the rows after each of a bias' additions.
        self._sources: dict[int, tf.Tensor | list[tf.Tensor]] = {
            id(layer.kernel): self._kernels[id(layer)] for layer in chosen
        }

    def multiply(self, layer: Dense, inputs: tf.Tensor) -> tf.Tensor | None:
        """Returns inputs [..., m] times the layer's kernel, plus its bias, [..., k].

        None for a layer that is none of these.
        """
        if id(layer) not in self._kernels:
            return None
        rows = tf.matmul(inputs, self._kernels[id(layer)])
        if layer.use_bias:
            rows += tf.stop_gradient(tf.cast(layer.bias, layer.compute_dtype))
            self._rows_of(layer.bias).append(rows)
        return rows

    def _rows_of(self, bias: keras.Variable) -> list[tf.Tensor]:
        rows = self._sources.setdefault(id(bias), [])
        assert isinstance(rows, list)
        return rows

    def source(self, variable: keras.Variable) -> tf.Tensor | list[tf.Tensor]:
        """Returns what to differentiate by for a variable's gradient.

        That is the variable itself, where it is none of these layers'.
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
    has_penalty = layer.kernel_regularizer is not None or layer.bias_regularizer is not None
    is_trained = len(layer.trainable_variables) == 1 + layer.use_bias
    return is_mixed and is_trained and not has_penalty


def _sum_rows(rows: tf.Tensor) -> tf.Tensor:
    rows = tf.reshape(rows, [-1, rows.shape[-1]])
    return tf.matmul(tf.ones([1, tf.shape(rows)[0]], rows.dtype), rows)[0]
