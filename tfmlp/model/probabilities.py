"""Probabilities of a model's outputs, as the loss that it was trained on takes them."""

import numpy as np

from tfmlp import plan
from tfmlp.reference.activations import sigmoid
from tfmlp.reference.losses import softmax


def probabilities(outputs: np.ndarray, loss: str, last: plan.LayerSpec | None) -> np.ndarray:
    """Returns probabilities [n, classes] of outputs.

    Logits of "cross_entropy" go through softmax. Those of "binary_cross_entropy" go through
    sigmoid, and the squared errors' outputs estimate the one-hot labels: the shares of each are
    what is left above zero, divided by its sum.

    Args:
      outputs: A model's outputs [n, classes].
      loss: The name of the loss that it was trained on.
      last: The spec of the model's last layer, where it is known.
    """
    if isinstance(last, plan.Activation):
        loss = "squared_error"  # the only kind that takes such outputs
    if loss in ("auto", "cross_entropy"):
        return softmax(outputs)
    shares = np.maximum(sigmoid(outputs) if loss == "binary_cross_entropy" else outputs, 0)
    sums = shares.sum(axis=1, keepdims=True)
    # Where all outputs are negative, the largest still is the most probable.
    return np.divide(shares, sums, out=softmax(outputs), where=sums > 0)
