"""A model in a file."""

from pathlib import Path

import keras

from tfmlp import files
from tfmlp.errors import CheckpointError
from tfmlp.model.mlp import MLP  # also registers tfmlp's classes, by which Keras finds them
from tfmlp.model.modelfile import MODEL, find_model, has_former_layout


def load_model(path: str | Path) -> MLP:
    """Loads a model that a run saved. Keras' safe mode is on: a file cannot bring code along.

    Args:
      path: A `model.keras`, or the run folder that it is in.

    Raises:
      CheckpointError: when there is no such model.

    >>> model = tfmlp.load_model("runs/third")
    >>> model.feature_shape, model.schema.class_names[:3]
    ((28, 28, 1), ('0', '1', '2'))
    """
    path = find_model(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its readers stumbled over
        if has_former_layout(path):
            raise CheckpointError(
                f"{path} was written by an earlier version of tfmlp, whose layers had other names:"
                " train again."
            ) from None
        raise CheckpointError(
            f"{path} is not a whole model file ({type(error).__name__}): train again."
        ) from None
    if not isinstance(model, MLP):
        raise CheckpointError(f"{path}: expected a tfmlp MLP; received {type(model).__name__}.")
    return model


def save_model(model: MLP, folder: str | Path) -> Path:
    """Writes a model into a folder, which is made where it is not there, and returns its file.

    Raises:
      CheckpointError: when it cannot be written.
    """
    path = files.user_path(str(folder)) / MODEL
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.written_atomically(path) as temporary:
            model.save(temporary)
    except OSError as error:
        raise CheckpointError(
            f"cannot write {path}: {error.strerror or error}: choose another folder."
        ) from None
    return path
