"""The formats "litert" and "litert-int8": LiteRT (formerly TensorFlow Lite), for phones and boards.

In the latter, weights and activations are integers of 8 bits; inputs and outputs are those of the
other formats. A zip archive at the end of the file has `schema.json`, with the names of classes and
columns.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfmlp.errors import ExportError
from tfmlp.exports.formula import Formula
from tfmlp.exports.keras_model import add_schema
from tfmlp.exports.saved_model import ServedModel

FILE = "model.tflite"


def write(formula: Formula, folder: Path, calibration: np.ndarray | None) -> None:
    """Writes the format's files into a folder, in float32."""
    _write(formula, folder, None)


def write_int8(formula: Formula, folder: Path, calibration: np.ndarray | None) -> None:
    """Writes the format's files into a folder, quantized.

    Args:
      formula: What is computed.
      folder: Where to.
      calibration: Training examples [n, ...], from which the range of each activation is taken.

    Raises:
      ExportError: when there are none.
    """
    if calibration is None:
        raise ExportError(
            "litert-int8 takes the ranges of activations from training examples, and the run's data"
            " are not there: give --data-dir, or --dataset with data of the same columns."
        )
    _write(formula, folder, calibration)


def _write(formula: Formula, folder: Path, calibration: np.ndarray | None) -> None:
    model = ServedModel(formula)
    function = model.serve.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    if calibration is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]

        def examples() -> Iterator[dict[str, np.ndarray]]:
            yield from ({"inputs": calibration[i : i + 1]} for i in range(len(calibration)))

        converter.representative_dataset = examples
    # It logs where it keeps its files meanwhile.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    path = folder / FILE
    path.write_bytes(converter.convert())
    add_schema(path, formula)
