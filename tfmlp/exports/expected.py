"""What a model ought to give: the NumPy reference with the model's weights, in any precision."""

import numpy as np

from tfmlp.exports.formula import output_of, weights_of
from tfmlp.model.mlp import MLP
from tfmlp.reference.activations import sigmoid
from tfmlp.reference.interpreter import make_network
from tfmlp.reference.layers import Array
from tfmlp.reference.losses import make_loss, softmax
from tfmlp.reference.preprocessing import preprocess


def expected_outputs(
    model: MLP, loss: str, features: np.ndarray, dtype: type = np.float64
) -> Array:
    """Returns the reference's probabilities [n, classes], or values [n, 1].

    Args:
      model: The model whose weights are taken.
      loss: The name of the loss that it was trained on.
      features: Raw inputs [n, ...].
      dtype: The precision.
    """
    assert model.plan is not None
    weights = weights_of(model)
    network = make_network(model.plan.layers, make_loss("squared_error"), 0, np.dtype(dtype), _draw)
    for name, array in (network.parameters() | network.state()).items():
        array[...] = weights[name]
    mean = weights.get("preprocessing/mean", np.zeros(()))
    deviation = weights.get("preprocessing/deviation", np.ones(()))
    outputs = network.forward(preprocess(model.preprocess.kind, features, dtype, mean, deviation))
    if model.target_scale is not None:
        unit, middle = weights["target_scale/deviation"], weights["target_scale/mean"]
        outputs = outputs * dtype(unit) + dtype(middle)
    return _converted(outputs, output_of(model, loss))


def _draw(layer: int, keep: float, shape: tuple[int, ...]) -> Array:
    raise AssertionError("inference drops no unit")


def _converted(outputs: Array, kind: str) -> Array:
    if kind == "values":
        return outputs
    if kind == "softmax":
        return softmax(outputs)
    shares = np.maximum(sigmoid(outputs) if kind == "sigmoid_shares" else outputs, 0)
    sums = shares.sum(axis=1, keepdims=True)
    return np.where(sums > 0, shares / np.where(sums > 0, sums, 1), softmax(outputs))
