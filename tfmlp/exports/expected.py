"""What a model ought to give: the NumPy reference with the model's weights, in any precision."""

import numpy as np

from tfmlp.exports.formula import weights_of
from tfmlp.model.mlp import MLP
from tfmlp.model.prediction import is_regression
from tfmlp.plan import Activation
from tfmlp.reference.layers import Array
from tfmlp.reference.probabilities import probabilities
from tfmlp.reference.trained import TrainedNetwork


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
    outputs = TrainedNetwork(model.plan, weights_of(model), np.dtype(dtype)).outputs(features)
    if is_regression(model):
        return outputs
    is_activated = isinstance(model.plan.layers[-1], Activation)
    return probabilities(outputs, "squared_error" if is_activated else loss)
