"""The reference network of a plan: one case for each kind of layer spec."""

from collections.abc import Callable

import numpy as np

from tfmlp import plan, seeds
from tfmlp.reference.activations import make_activation
from tfmlp.reference.initializers import initial_weights
from tfmlp.reference.layers import Activate, Array, Dense, Dropout, Layer
from tfmlp.reference.losses import Loss
from tfmlp.reference.network import Network
from tfmlp.reference.normalization import BatchNormalization, LayerNormalization

# (layer's number, keep probability, shape [b, units]) -> which units are kept, bool [b, units].
Draw = Callable[[int, float, tuple[int, ...]], Array]


def make_network(
    layers: tuple[plan.LayerSpec, ...], loss: Loss, seed: int, dtype: np.dtype, draw: Draw
) -> Network:
    """Makes the network of a plan, with the names and initial weights of the Keras model.

    Args:
      layers: The plan's layers.
      loss: The per-example loss.
      seed: Decides the initial weights.
      dtype: Type of the weights.
      draw: Draws dropout masks.
    """
    return Network([(spec.name, _make_layer(spec, seed, dtype, draw)) for spec in layers], loss)


def _make_layer(spec: plan.LayerSpec, seed: int, dtype: np.dtype, draw: Draw) -> Layer:
    match spec:
        case plan.Dense():
            return _make_dense(spec, seed, dtype)
        case plan.BatchNorm():
            return BatchNormalization(spec.units, dtype)
        case plan.LayerNorm():
            return LayerNormalization(spec.units, dtype)
        case plan.Activation():
            return Activate(make_activation(spec.function, spec.negative_slope))
        case plan.Dropout():
            keep = 1.0 - spec.rate
            return Dropout(keep, lambda shape: draw(spec.index, keep, shape), spec.form)


def _make_dense(spec: plan.Dense, seed: int, dtype: np.dtype) -> Dense:
    kernel, bias = (
        seeds.generator(seed, seeds.Stream.WEIGHTS, 2 * spec.index + part) for part in (0, 1)
    )
    widths, scale = (spec.inputs, spec.units), spec.initializer_scale
    return Dense(
        initial_weights(spec.initializer, kernel, *widths, scale).astype(dtype),
        initial_weights(spec.bias_initializer, bias, *widths, rows=1)[0].astype(dtype)
        if spec.use_bias
        else None,
        spec.l2,
    )
