"""The formats "litert" and "litert-int8": LiteRT (formerly TensorFlow Lite), for phones and boards.

In the latter, weights and activations are integers of 8 bits; inputs and outputs are those of the
other formats, and preprocessing is done in float32. A zip archive at the end of the file has
`schema.json`, with the names of classes and columns.
"""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfmlp.errors import ExportError
from tfmlp.exports.formula import Formula
from tfmlp.exports.keras_model import add_schema
from tfmlp.exports.saved_model import ServedModel

FILE = "model.tflite"
# What is not quantized: preprocessing, and what layer normalization does between its products.
_IN_FLOAT = ("SUB", "DIV", "MUL", "MINIMUM", "MAXIMUM", "MEAN", "SQUARE", "SQRT", "RSQRT")


def write(formula: Formula, folder: Path, calibration: np.ndarray | None) -> None:
    """Writes the format's files into a folder, in float32."""
    with _quiet():
        content = _make_converter(ServedModel(formula)).convert()
    _write(folder, formula, content)


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

    model = ServedModel(formula, fence=_fence)
    converter = _make_converter(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]

    def examples() -> Iterator[dict[str, np.ndarray]]:
        yield from ({"inputs": calibration[i : i + 1]} for i in range(len(calibration)))

    converter.representative_dataset = examples
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=list(_IN_FLOAT))
    with _quiet():
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_dataset=examples, debug_options=options
        )
        content = debugger.get_nondebug_quantized_model()
    _write(folder, formula, content)


def _fence(rows: tf.Tensor) -> tf.Tensor:
    """Returns the rows. Without an operation here, the converter would multiply the division by
    the columns' standard deviations into the first kernel, and round the raw columns, of which the
    smaller ones would be lost.
    """
    return tf.minimum(rows, tf.float32.max)


def _make_converter(model: ServedModel) -> Any:
    function = model.serve.get_concrete_function()
    return tf.lite.TFLiteConverter.from_concrete_functions([function], model)


def _write(folder: Path, formula: Formula, content: bytes) -> None:
    path = folder / FILE
    path.write_bytes(content)
    add_schema(path, formula)


@contextmanager
def _quiet() -> Iterator[None]:
    """While open, what the converter tells its developers is dropped, native code's, too."""
    logger = logging.getLogger("tensorflow")
    level, kept, nowhere = logger.level, os.dup(2), os.open(os.devnull, os.O_WRONLY)
    logger.setLevel(logging.ERROR)
    os.dup2(nowhere, 2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it uses a part of TensorFlow that is to go
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
        logger.setLevel(level)
