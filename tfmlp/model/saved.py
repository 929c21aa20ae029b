"""A model from a file."""

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import keras

from tfmlp import files
from tfmlp.errors import CheckpointError, ConfigError
from tfmlp.model.mlp import MLP  # also registers tfmlp's classes, by which Keras finds them
from tfmlp.plan import make_plan
from tfmlp.settings.model import ModelConfig

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
    """Holds what a file says of a model against the weights that it has, before Keras makes it.

    A few changed digits could ask for more memory than there is.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            weights = archive.getinfo("model.weights.h5")
            if archive.getinfo("config.json").file_size > _CONFIG_LIMIT:
                raise ValueError("its configuration is too long")
            tables = json.loads(archive.read("config.json"))
        if tables["registered_name"] != "tfmlp>MLP":
            raise CheckpointError(f"{path}: expected a tfmlp MLP; received {tables['class_name']}.")
        parameters = _planned_parameters(tables)
        if 4 * parameters > weights.file_size or weights.file_size > 1100 * weights.compress_size:
            raise ValueError(f"{parameters:,} weights in {weights.file_size:,} bytes")
    except CheckpointError:
        raise
    except ConfigError as error:
        raise CheckpointError(f"{path}: {error}") from None
    # zipfile and json raise whatever they stumble over, and the tables can be anything.
    except Exception as error:
        raise CheckpointError(
            f"{path} is not a whole model file ({type(error).__name__}: {error}): train again, or"
            " resume its run, which writes it anew."
        ) from None
    files.require_memory(path, weights.file_size)


def _planned_parameters(tables: dict[str, Any]) -> int:
    """Returns how many weights a model file's tables describe."""
    known = {one.name for one in dataclasses.fields(ModelConfig)}
    settings = ModelConfig(**{name: v for name, v in tables["config"].items() if name in known})
    shape = tuple(tables["build_config"]["input_shape"][1:])
    return make_plan(settings, shape, tables["config"]["num_classes"]).parameters
