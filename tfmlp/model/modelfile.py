"""A model file: what Keras wrote into it, looked at without Keras."""

import dataclasses
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py

from tfmlp import files
from tfmlp.errors import CheckpointError, ConfigError
from tfmlp.plan import Plan, make_plan
from tfmlp.settings.model import ModelConfig

MODEL = "model.keras"
_RECORD = "run.json"
_CONFIG_LIMIT = 1 << 20  # bytes
_HDF_SIGNATURE = b"\x89HDF"
_FORMER_LAYERS = {"denses", "norms", "head"}


def find_model(path: str | Path) -> Path:
    """Returns the model file of a path, once it was looked at.

    Args:
      path: A `model.keras`, or the run folder that it is in.

    Raises:
      CheckpointError: when there is no such model.
    """
    path = files.user_path(str(path))
    if path.is_dir():
        path = _model_of(path)
    if not files.is_file(path):
        if path.name == MODEL and path.parent.is_dir():
            _model_of(path.parent)  # says what is known of its run
        raise CheckpointError(
            f"there is no file or folder {path}: name a {MODEL}, or the folder of its run."
        )
    _require_keras_file(path)
    _check(path)
    return path


def _model_of(folder: Path) -> Path:
    """Returns the model file of a folder."""
    if (folder / MODEL).is_file():
        return folder / MODEL
    if (folder / "saved_model.pb").is_file():
        raise CheckpointError(
            f"{folder} is an exported SavedModel, which has no layers any more: load the"
            f" {MODEL} that it was exported from, or run it with tf.saved_model.load."
        )
    cure = "name the folder of a run, or its model.keras."
    if (folder / _RECORD).is_file():
        cure = _reason_without(folder)
    raise CheckpointError(f"expected a saved model at {folder / MODEL}; there is none: {cure}")


def _reason_without(run: Path) -> str:
    """Returns why a run has no model, and what to do."""
    try:
        record = dict(json.loads((run / _RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        record = {}
    if record.get("status") == "diverged":
        return f"the run diverged, and saves no model: tfmlp diagnose {run} looks for the reason"
    if record.get("timing") is None:
        return f"the run has not ended: tfmlp train --resume {run}"
    return f"it was removed: tfmlp train --resume {run} writes it anew"


def _require_keras_file(path: Path) -> None:
    """Refuses files of HDF5, in which Keras keeps weights alone, and formerly models."""
    with open(path, "rb") as file:
        is_hdf = file.read(len(_HDF_SIGNATURE)) == _HDF_SIGNATURE
    if not is_hdf:
        return
    try:
        with h5py.File(path, "r") as file:
            is_model = "model_config" in file.attrs
    except OSError as error:
        raise CheckpointError(
            f"{path} is a damaged HDF5 file ({error}): replace it by a whole copy."
        ) from None
    if is_model:
        raise CheckpointError(
            f"{path} is a model in Keras' former format, HDF5: load it with"
            " keras.saving.load_model, or save the MLP again as model.keras."
        )
    raise CheckpointError(
        f"{path} holds weights alone: make the MLP with its options, build it, and use"
        " model.load_weights."
    )


def has_former_layout(path: Path) -> bool:
    """Returns whether a model file is of a version whose models had other layers."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as weights:
            with h5py.File(io.BytesIO(weights.read()), "r") as file:
                return not _FORMER_LAYERS.isdisjoint(file)
    except Exception:  # zipfile, zlib and h5py raise whatever they stumble over in a damaged file
        return False


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
            raise CheckpointError(
                f"{path}: expected a tfmlp MLP; received {tables['class_name']}, which"
                " keras.saving.load_model loads."
            )
        parameters = read_plan(tables).parameters
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


def read_plan(tables: dict[str, Any]) -> Plan:
    """Returns the network that a model file's tables describe, as its config.json has them."""
    known = {one.name for one in dataclasses.fields(ModelConfig)}
    settings = ModelConfig(**{name: v for name, v in tables["config"].items() if name in known})
    shape = tuple(tables["build_config"]["input_shape"][1:])
    task = "regression" if settings.standardize_target else "classification"
    return make_plan(settings, shape, tables["config"]["num_classes"], task)
