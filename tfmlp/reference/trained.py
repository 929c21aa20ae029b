"""`TrainedNetwork`: a plan's network with the weights of a trained model.

network = TrainedNetwork(plan, weights, np.dtype("float64"))
network.outputs(images)                     # raw [n, ...] -> outputs [n, k]
"""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np

from tfmlp import plan
from tfmlp.reference.interpreter import make_network
from tfmlp.reference.layers import Array
from tfmlp.reference.losses import Loss, make_loss
from tfmlp.reference.network import Network
from tfmlp.reference.preprocessing import preprocess

_FLOATS_AT_A_TIME = 8 << 20


class TrainedNetwork:
    """A network from raw inputs to outputs, by the formulas of the reference.

    Args:
      described: The network.
      weights: Its arrays, by the names of the Keras model: "dense_1/kernel", "preprocessing/mean",
        "target_scale/deviation".
      dtype: The type that it computes in.

    Raises:
      KeyError, ValueError: when an array is missing, or has another shape.
    """

    def __init__(self, described: plan.Plan, weights: Mapping[str, Array], dtype: np.dtype):
        self._kind, self._dtype = described.preprocessing, dtype
        self._network = make_trained_network(described, weights, dtype)

        def scale(layer: str, is_used: bool) -> tuple[Array, Array]:
            if not is_used:
                return np.zeros((), dtype), np.ones((), dtype)
            mean, deviation = weights[f"{layer}/mean"], weights[f"{layer}/deviation"]
            return mean.astype(dtype, copy=False), deviation.astype(dtype, copy=False)

        self._moments = scale("preprocessing", self._kind == "standardize")
        # A model made by hand may scale targets beside what its plan says.
        is_scaled = described.standardize_target or "target_scale/mean" in weights
        self._target = scale("target_scale", is_scaled)

    def outputs(self, features: Array) -> Array:
        """Returns the outputs [n, k] of raw features [n, ...], as the Keras model computes them but
        for rounding.
        """
        size = max(1, _FLOATS_AT_A_TIME // math.prod(features.shape[1:]))
        parts = []
        for start in range(0, len(features), size):
            part = features[start : start + size]
            rows = preprocess(self._kind, part, self._dtype, *self._moments)
            parts.append(self._network.forward(rows))
        mean, standard_deviation = self._target
        outputs: Array = np.concatenate(parts) * standard_deviation + mean
        return outputs


def make_trained_network(
    described: plan.Plan, weights: Mapping[str, Array], dtype: np.dtype, loss: Loss | None = None
) -> Network:
    """Makes the reference network of a plan with trained weights.

    Args:
      described, weights, dtype: As for `TrainedNetwork`.
      loss: The per-example loss, where gradients are asked for.

    Returns:
      The network. Its parameters are the arrays that were given, where they have the type; what a
      forward pass in training changes is a copy.

    Raises:
      KeyError, ValueError: as `TrainedNetwork`.
    """
    specs = tuple(map(_without_initial_weights, described.layers))
    network = make_network(specs, loss or make_loss("squared_error"), 0, dtype, _no_masks)
    for name, layer in network.layers:
        for arrays, copy in ((layer.parameters, False), (layer.state, True)):
            for key, initial in arrays.items():
                array = weights[f"{name}/{key}"].astype(dtype, copy=copy)
                if array.shape != initial.shape:
                    raise ValueError(f"{name}/{key}: {array.shape} for {initial.shape}")
                arrays[key] = array
    return network


def _without_initial_weights(spec: plan.LayerSpec) -> plan.LayerSpec:
    """Returns a layer that draws no initial weights, which would take long and be thrown away."""
    if isinstance(spec, plan.Dense):
        return dataclasses.replace(spec, initializer="zeros", bias_initializer="zeros")
    return spec


def _no_masks(layer: int, keep: float, shape: tuple[int, ...]) -> Array:
    raise NotImplementedError("a trained network is at inference")
