"""The format "savedmodel": a TensorFlow SavedModel, as TensorFlow Serving takes it.

Its signature "serving_default" has the input "inputs" and the output "probabilities" [n, classes]
or "values" [n, 1]; its signature "schema" takes nothing and returns the schema as JSON, with the
names of classes and columns.
"""

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfmlp.errors import ExportError
from tfmlp.exports.formula import Dense, Formula, LayerNorm
from tfmlp.exports.tensors import compute

_MOST_BYTES = (2 << 30) - (64 << 20)  # a graph is one protobuf message, with all constants


class ServedModel(tf.Module):
    """A formula as TensorFlow functions, whose weights are constants.

    Args:
      formula: What is computed.
      fence: As for `compute`.

    Raises:
      ExportError: when its weights do not fit into one graph.
    """

    def __init__(self, formula: Formula, fence: Callable[[tf.Tensor], tf.Tensor] | None = None):
        super().__init__()
        kernels = [one.kernel for one in formula.operations if isinstance(one, Dense)]
        if (size := 4 * sum(kernel.size for kernel in kernels)) > _MOST_BYTES:
            raise ExportError(
                f"a TensorFlow graph holds at most 2 GB; the weights take {size / 1e9:.1f} GB: use"
                " the format keras."
            )
        self._formula, self._fence = formula, fence
        shape = [None, *formula.schema.feature_shape]
        spec = tf.TensorSpec(shape, formula.schema.feature_dtype, name="inputs")
        self.serve = tf.function(self._serve, input_signature=[spec], autograph=False)
        self.describe = tf.function(self._describe, input_signature=[], autograph=False)

    def _serve(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = compute(self._formula, inputs, _layer, self._fence)
        return {self._formula.output_name: outputs}

    def _describe(self) -> dict[str, tf.Tensor]:
        return {"schema": tf.constant(json.dumps(self._formula.schema.to_dict()))}


def _layer(operation: Dense | LayerNorm, rows: Any) -> Any:
    if isinstance(operation, Dense):
        return tf.matmul(rows, _constant(operation.kernel)) + _constant(operation.bias)
    mean, variance = tf.nn.moments(rows, [1], keepdims=True)
    normal = (rows - mean) * tf.math.rsqrt(variance + operation.epsilon)
    return normal * _constant(operation.gamma) + _constant(operation.beta)


def _constant(array: np.ndarray) -> tf.Tensor:
    return tf.constant(array, tf.float32)


def write(formula: Formula, folder: Path, calibration: np.ndarray | None) -> None:
    """Writes the format's files into a folder."""
    model = ServedModel(formula)
    signatures = {"serving_default": model.serve, "schema": model.describe}
    try:
        tf.saved_model.save(model, str(folder), signatures)
    except tf.errors.ResourceExhaustedError as error:  # how TensorFlow says that a disk is full
        raise OSError(errno.ENOSPC, error.message) from None
    except tf.errors.OpError as error:
        raise OSError(error.message) from None
