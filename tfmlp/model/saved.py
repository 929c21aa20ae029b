"""A model from a file."""

from pathlib import Path

import keras

from tfmlp.errors import CheckpointError
from tfmlp.model.mlp import MLP  # also registers tfmlp's classes, by which Keras finds them


def load_model(path: str | Path) -> MLP:
    """Loads a model that a run saved. Keras' safe mode is on: a file cannot bring code along.

    Raises:
      CheckpointError: when the file is no such model.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"expected a saved model at {path}; there is none: was the run cut off?")
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its readers stumbled over
        raise CheckpointError(f"{path} is not a whole model file ({type(error).__name__}): train again.") from None
    if not isinstance(model, MLP):
        raise CheckpointError(f"{path}: expected a tfmlp MLP; received {type(model).__name__}.")
    return model
