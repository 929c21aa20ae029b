"""The format "keras": a model of Keras' own layers and operations, which needs no tfmlp.

    keras.saving.load_model("model.keras")(images)       # probabilities [n, classes]

`schema.json` within the file, which is a zip archive, has the names of classes and columns.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfmlp.exports.formula import Dense, Formula, LayerNorm
from tfmlp.exports.tensors import compute

FILE = "model.keras"


def write(formula: Formula, folder: Path, calibration: np.ndarray | None) -> None:
    """Writes the format's files into a folder."""
    path = folder / FILE
    make_keras_model(formula).save(path)
    add_schema(path, formula)


def make_keras_model(formula: Formula) -> keras.Model:
    """Makes a Keras model of a formula, in float32."""
    schema, made = formula.schema, dict[str, keras.layers.Layer]()

    def layer(operation: Dense | LayerNorm, rows: Any) -> Any:
        number = 1 + len(made)
        if isinstance(operation, Dense):
            name = f"dense_{number}"
            made[name] = keras.layers.Dense(len(operation.bias), name=name, dtype="float32")
            arrays = [operation.kernel, operation.bias]
        else:
            name = f"norm_{number}"
            made[name] = keras.layers.LayerNormalization(
                epsilon=operation.epsilon, name=name, dtype="float32"
            )
            arrays = [operation.gamma, operation.beta]
        outputs = made[name](rows)
        made[name].set_weights([array.astype(np.float32) for array in arrays])
        return outputs

    inputs = keras.Input(schema.feature_shape, dtype=schema.feature_dtype, name="inputs")
    return keras.Model(inputs, compute(formula, inputs, layer), name="exported")


def add_schema(path: Path, formula: Formula) -> None:
    """Adds `schema.json` to a zip archive, or appends an archive with it to another file.

    Readers of LiteRT models pass over what follows the model, where its own tools append such an
    archive, too.
    """
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("schema.json", json.dumps(formula.schema.to_dict()))
