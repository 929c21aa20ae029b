"""The Keras layer of each layer spec of a plan."""

import keras
import numpy as np
import tensorflow as tf

from tfmlp import plan
from tfmlp.model.activations import find_activation
from tfmlp.model.dense import Dense
from tfmlp.model.dropout import Dropout
from tfmlp.model.initializer import SeededInitializer

# Layers that do something else in training than at inference.
_DIFFERS_IN_TRAINING = (keras.layers.BatchNormalization, keras.layers.Dropout)


def make_layer(spec: plan.LayerSpec, seed: int, policy: keras.DTypePolicy) -> keras.layers.Layer:
    """Makes the layer of a spec.

    Args:
      spec: What it is.
      seed: Decides initial weights and dropout masks.
      policy: The model's types. Outputs are computed in the weights' type: logits in bfloat16
        would lose what the loss is about.
    """
    is_output = isinstance(spec, plan.Dense | plan.Activation) and spec.is_output
    options = {"name": spec.name, "dtype": policy.variable_dtype if is_output else policy}
    match spec:
        case plan.Dense():
            return _make_dense(spec, seed, options)
        case plan.BatchNorm():
            return keras.layers.BatchNormalization(**options)
        case plan.LayerNorm():
            return keras.layers.LayerNormalization(**options)
        case plan.Activation():
            function = find_activation(spec.function, spec.negative_slope)
            return keras.layers.Activation(function, **options)
        case plan.Dropout():
            return Dropout(spec.rate, seed, spec.index, spec.form, **options)


def _make_dense(spec: plan.Dense, seed: int, options: dict[str, object]) -> Dense:
    penalty = keras.regularizers.L2(spec.l2) if spec.l2 else None
    if penalty:
        # A plain float would pass through float32, even into float64.
        penalty.l2 = np.float64(spec.l2)
    number = 2 * spec.index
    return Dense(
        spec.units,
        kernel_initializer=SeededInitializer(
            spec.initializer, seed, number, scale=spec.initializer_scale
        ),
        bias_initializer=SeededInitializer(
            spec.bias_initializer, seed, number + 1, fan_in=spec.inputs
        ),
        kernel_regularizer=penalty,
        use_bias=spec.use_bias,
        **options,
    )


def run_layer(layer: keras.layers.Layer, inputs: tf.Tensor, training: bool) -> tf.Tensor:
    """Returns a layer's outputs; only some layers of Keras take `training`."""
    if isinstance(layer, _DIFFERS_IN_TRAINING):
        return layer(inputs, training=training)
    return layer(inputs)
