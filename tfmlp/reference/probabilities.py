"""Probabilities of classes, of a network's outputs as its loss takes them."""

import numpy as np

from tfmlp.reference.activations import sigmoid
from tfmlp.reference.layers import Array
from tfmlp.reference.losses import softmax


def probabilities(outputs: Array, loss: str) -> Array:
    """Returns probabilities [n, classes] of outputs [n, classes], in their type.

    Logits of "cross_entropy" go through softmax. Those of "binary_cross_entropy" go through
    sigmoid, and the squared errors' outputs estimate the one-hot labels: the shares of each are
    what is left above zero, divided by its sum.

    Args:
      outputs: What the network computes, activation of the outputs included.
      loss: The name of the loss that it was trained on; "auto" is cross_entropy.

    >>> probabilities(np.array([[3.0, 1.0], [-1.0, -1.0]]), "squared_error").tolist()
    [[0.75, 0.25], [0.5, 0.5]]
    """
    if loss in ("auto", "cross_entropy"):
        return softmax(outputs)
    shares = np.maximum(sigmoid(outputs) if loss == "binary_cross_entropy" else outputs, 0)
    sums = shares.sum(axis=1, keepdims=True)
    # Where all outputs are negative, the largest still is the most probable.
    return np.divide(shares, sums, out=softmax(outputs), where=sums > 0)
