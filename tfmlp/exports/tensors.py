"""A formula on tensors, in Keras' operations: symbolic ones, or those of a TensorFlow function."""

import math
from collections.abc import Callable
from typing import Any

from keras import ops

from tfmlp.exports.formula import Activation, Dense, Formula, LayerNorm

_ROOT_HALF = math.sqrt(0.5)
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # as reference.activations
# How a dense layer or a layer normalization is done: (operation, rows [n, d]) -> rows [n, k].
Layer = Callable[[Dense | LayerNorm, Any], Any]


def compute(
    formula: Formula, inputs: Any, layer: Layer, fence: Callable[[Any], Any] | None = None
) -> Any:
    """Returns probabilities or values [n, k] of raw inputs [n, ...], in float32.

    Args:
      formula: What is computed.
      inputs: A tensor of the schema's shape and type.
      layer: Does the operations that have weights.
      fence: Done to the preprocessed rows; changes nothing of them.
    """
    rows = ops.reshape(ops.cast(inputs, "float32"), (-1, formula.inputs))
    rows = _preprocessed(formula, rows)
    if fence is not None:
        rows = fence(rows)
    for operation in formula.operations:
        if isinstance(operation, Activation):
            rows = _activated(operation, rows)
        else:
            rows = layer(operation, rows)
    return _converted(formula.output, rows)


def _preprocessed(formula: Formula, rows: Any) -> Any:
    match formula.preprocessing:
        case "scale":
            return rows / 255.0
        case "standardize":
            mean, deviation = formula.mean, formula.deviation
            return (rows - mean.astype("float32")) / deviation.astype("float32")
        case "per_image":
            rows = rows - ops.mean(rows, axis=1, keepdims=True)
            deviation = ops.sqrt(ops.mean(ops.square(rows), axis=1, keepdims=True))
            # As reference.preprocessing.
            return rows / ops.maximum(deviation, 1 / math.sqrt(formula.inputs))
    return rows


def _activated(operation: Activation, rows: Any) -> Any:
    match operation.function:
        case "leaky_relu":
            return ops.maximum(rows, 0.0) + operation.negative_slope * ops.minimum(rows, 0.0)
        case "selu":
            # By elu, which LiteRT has: it would quantize an exponential of all numbers.
            below = _SELU_ALPHA * ops.elu(ops.minimum(rows, 0.0))
            return _SELU_SCALE * (ops.maximum(rows, 0.0) + below)
        case "gelu":
            return 0.5 * rows * (1.0 + ops.erf(rows * _ROOT_HALF))
        case "swish":
            return rows * ops.sigmoid(rows)
    return getattr(ops, operation.function)(rows)


def _converted(kind: str, rows: Any) -> Any:
    if kind == "values":
        return rows
    if kind == "softmax":
        return ops.softmax(rows)
    shares = ops.relu(ops.sigmoid(rows) if kind == "sigmoid_shares" else rows)
    sums = ops.sum(shares, axis=1, keepdims=True)
    some = ops.greater(sums, 0.0)
    return ops.where(some, shares / ops.where(some, sums, 1.0), ops.softmax(rows))
