"""A model from a file."""

import itertools
import json
import math
import zipfile
from pathlib import Path

import keras

from tfmlp import files
from tfmlp.config import MOST_LAYERS
from tfmlp.errors import CheckpointError
from tfmlp.model.mlp import MLP  # also registers tfmlp's classes, by which Keras finds them

_CONFIG_LIMIT = 1 << 20  # bytes


def load_model(path: str | Path) -> MLP:
    """Loads a model that a run saved. Keras' safe mode is on: a file cannot bring code along.

    Raises:
      CheckpointError: when the file is no such model.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(
            f"expected a saved model at {path}; there is none: was the run cut off?"
        )
    _check(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its readers stumbled over
        raise CheckpointError(
            f"{path} is not a whole model file ({type(error).__name__}): train again."
        ) from None
    if not isinstance(model, MLP):
        raise CheckpointError(f"{path}: expected a tfmlp MLP; received {type(model).__name__}.")
    return model


def _check(path: Path) -> None:
    """Holds what a file says of a model against the weights that it has, before Keras makes it: a
    few changed digits could ask for more memory than there is.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            weights = archive.getinfo("model.weights.h5")
            if archive.getinfo("config.json").file_size > _CONFIG_LIMIT:
                raise ValueError("its configuration is too long")
            tables = json.loads(archive.read("config.json"))
        kind = f"{tables['registered_name']}"
        if kind != "tfmlp>MLP":
            raise CheckpointError(f"{path}: expected a tfmlp MLP; received {tables['class_name']}.")
        widths = [
            math.prod(tables["build_config"]["input_shape"][1:]),
            *tables["config"]["hidden_units"],
            tables["config"]["num_classes"],
        ]
        parameters = sum(rows * columns for rows, columns in itertools.pairwise(widths))
        if len(widths) - 2 > MOST_LAYERS:
            raise CheckpointError(
                f"{path}: expected at most {MOST_LAYERS} hidden layers; received"
                f" {len(widths) - 2:,}."
            )
        if 4 * parameters > weights.file_size or weights.file_size > 1100 * weights.compress_size:
            raise ValueError(f"{parameters:,} weights in {weights.file_size:,} bytes")
    except CheckpointError:
        raise
    # Zipfile and json raise whatever they stumbled over, and the tables can be anything.
    except Exception as error:
        raise CheckpointError(
            f"{path} is not a whole model file ({type(error).__name__}: {error}): train again, or"
            " resume its run, which writes it anew."
        ) from None
    files.require_memory(path, weights.file_size)
