"""The backend that a configuration names; each is imported when it is needed."""

from typing import Any

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.quiet import import_tensorflow
from tfmlp.training.backend import Backend


def make_backend(config: Config, data: Dataset, rate_factor: float = 1.0) -> Backend:
    """Makes the backend that a configuration names.

    Args:
      config: The configuration.
      data: What to train on.
      rate_factor: Factor on the learning rate of every step.

    Raises:
      ConfigError: when configuration and data do not fit.
    """
    kind: Any
    match config.runtime.backend:
        case "tensorflow":
            import_tensorflow()
            from tfmlp.training.tensorflow_backend import TensorFlowBackend as kind
        case "numpy":
            from tfmlp.training.numpy_backend import NumpyBackend as kind
        case _:
            from tfmlp.training.numeric_backend import NumericBackend as kind
    backend: Backend = kind(config, data, rate_factor)
    return backend
