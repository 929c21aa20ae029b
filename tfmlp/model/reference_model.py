"""A saved model as the reference network: predicts without TensorFlow, whose import takes longer
than most predictions.
"""

import dataclasses
import io
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tfmlp.model.modelfile import find_model, read_plan
from tfmlp.plan import Dense, Plan
from tfmlp.reference.interpreter import make_network
from tfmlp.reference.losses import make_loss
from tfmlp.reference.network import Network
from tfmlp.reference.preprocessing import preprocess

_FLOATS_AT_A_TIME = 8 << 20
_PRECISIONS = ("float32", "float64")


class ReferenceModel:
    """The reference network with a saved model's weights.

    Args:
      plan: The network.
      arrays: Of each layer by its name, its weights in the order in which Keras saves them.
      dtype: The type that it computes in.

    Raises:
      KeyError, ValueError: when weights are missing, or have another shape.
    """

    def __init__(self, plan: Plan, arrays: dict[str, list[np.ndarray]], dtype: np.dtype[Any]):
        self.plan, self._dtype = plan, dtype
        # Initial weights take longer to draw than the saved ones to read.
        layers = tuple(
            dataclasses.replace(spec, initializer="zeros") if isinstance(spec, Dense) else spec
            for spec in plan.layers
        )
        loss = make_loss("squared_error")  # none is computed
        self._network: Network = make_network(layers, loss, 0, dtype, _draw_nothing)
        for name, layer in self._network.layers:
            own = [*layer.parameters.values(), *layer.state.values()]
            for array, saved in zip(own, arrays[name] if own else [], strict=True):
                if array.shape != saved.shape:
                    raise ValueError(f"{name}: {saved.shape} for {array.shape}")
                array[...] = saved
        self._moments = np.zeros(()), np.ones(())
        if plan.preprocessing == "standardize":
            mean, deviation = arrays["preprocessing"]
            self._moments = mean, deviation
        self._target = arrays["target_scale"] if plan.standardize_target else None

    def outputs(self, features: np.ndarray) -> np.ndarray:
        """Returns the outputs [n, k] of raw features [n, ...], as the Keras model computes them but
        for rounding.
        """
        size = max(1, _FLOATS_AT_A_TIME // math.prod(features.shape[1:]))
        parts = []
        for start in range(0, len(features), size):
            part = features[start : start + size]
            rows = preprocess(self.plan.preprocessing, part, self._dtype, *self._moments)
            parts.append(self._network.forward(rows))
        outputs = np.concatenate(parts)
        if self._target is not None:
            mean, deviation = self._target
            outputs = outputs * deviation + mean
        return outputs


def _draw_nothing(layer: int, keep: float, shape: tuple[int, ...]) -> np.ndarray:
    return np.ones(shape, bool)  # nothing is dropped in a prediction


def read_reference(path: str | Path) -> ReferenceModel | None:
    """Reads a saved model as the reference network.

    Args:
      path: A `model.keras`, or the run folder that it is in.

    Returns:
      The network; None where the model computes in shorter types than the reference does, or where
      this version of Keras lays weights out otherwise: then Keras must load it.

    Raises:
      CheckpointError: when there is no such model.
    """
    path = find_model(path)
    try:
        with zipfile.ZipFile(path) as archive:
            tables = json.loads(archive.read("config.json"))
            weights = io.BytesIO(archive.read("model.weights.h5"))
        policy = tables["config"]["dtype"]
        precision = policy if isinstance(policy, str) else policy["config"]["name"]
        if precision not in _PRECISIONS:
            return None
        with h5py.File(weights, "r") as file:
            return ReferenceModel(read_plan(tables), _arrays(file), np.dtype(precision))
    except Exception:  # what h5py stumbles over, Keras tells better
        return None


def _arrays(file: h5py.File) -> dict[str, list[np.ndarray]]:
    """Returns the weights of each layer by its name, in the order in which they were saved."""
    found: dict[str, list[np.ndarray]] = {}

    def visit(path: str, node: Any) -> None:
        if isinstance(node, h5py.Group) and path.endswith("/vars") and "name" in node.attrs:
            numbers = sorted(node, key=int)
            found[str(node.attrs["name"])] = [np.asarray(node[number]) for number in numbers]

    file.visititems(visit)
    return found
