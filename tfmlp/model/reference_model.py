"""A saved model as a network of the reference: predicts without TensorFlow.

The import of TensorFlow takes longer than most predictions.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tfmlp.model.modelfile import find_model, read_plan
from tfmlp.plan import BatchNorm, Dense, LayerNorm, Plan
from tfmlp.reference.trained import TrainedNetwork

_NORM, _RUNNING = ("gamma", "beta"), ("moving_mean", "moving_variance")
_PRECISIONS = ("float32", "float64")


def read_reference(path: str | Path) -> tuple[Plan, TrainedNetwork] | None:
    """Reads a saved model as the reference network.

    Args:
      path: A `model.keras`, or the run folder that it is in.

    Returns:
      Its plan, and the network; None where the model computes in shorter types than the reference
      does, or where this version of Keras lays weights out otherwise: then Keras must load it.

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
            plan = read_plan(tables)
            return plan, TrainedNetwork(plan, _named(plan, _arrays(file)), np.dtype(precision))
    except Exception:  # what h5py stumbles over, Keras tells better
        return None


def _named(plan: Plan, arrays: dict[str, list[np.ndarray]]) -> dict[str, np.ndarray]:
    """Returns weights by "layer/weight": a file has them in the order in which layers make them."""
    kinds = {Dense: ("kernel", "bias"), BatchNorm: _NORM + _RUNNING, LayerNorm: _NORM}
    names = {spec.name: kinds.get(type(spec), ()) for spec in plan.layers}
    return {
        f"{layer}/{name}": array
        for layer, found in arrays.items()
        for name, array in zip(names.get(layer, ("mean", "deviation")), found)
    }


def _arrays(file: h5py.File) -> dict[str, list[np.ndarray]]:
    """Returns the weights of each layer by its name, in the order in which they were saved."""
    found: dict[str, list[np.ndarray]] = {}

    def visit(path: str, node: Any) -> None:
        if isinstance(node, h5py.Group) and path.endswith("/vars") and "name" in node.attrs:
            numbers = sorted(node, key=int)
            found[str(node.attrs["name"])] = [np.asarray(node[number]) for number in numbers]

    file.visititems(visit)
    return found
