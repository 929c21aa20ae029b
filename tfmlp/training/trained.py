"""The model of a training, while it trains and afterwards."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import Array
from tfmlp.errors import DataError
from tfmlp.metrics import Metrics
from tfmlp.training.backend import Backend

if TYPE_CHECKING:
    from tfmlp.model.mlp import MLP


class TrainedModel:
    """A model, the configuration and the data that it is trained by, and what computes.

    Attributes: as of `training.loop.Training`.
    """

    def __init__(self, config: Config, data: Dataset, backend: Backend):
        self.config, self.data, self.backend = config, data, backend

    @property
    def model(self) -> "MLP":
        """The Keras model.

        After training with `patience`, it has the weights of the best epoch; otherwise those of the
        last.
        """
        return self.backend.model

    def evaluate(self, split: str = "test") -> Metrics:
        """Returns the present model's metrics on "train", "validation" or "test".

        Raises:
          DataError: when there is no such split.

        >>> training = tfmlp.fit(tfmlp.Config.from_options(dataset="mnist-small", epochs=1))
        >>> epochs = list(training)
        >>> training.evaluate("test").accuracy > 0.7
        True
        """
        if split not in self.data.splits:
            known = " or ".join(self.data.splits)
            raise DataError(f"there are no {split!r} examples; evaluate on {known}.")
        return self.backend.evaluate(split)

    def predict(self, features: Any) -> Array:
        """Returns what the present model predicts of any number of examples.

        Args:
          features: Raw inputs [n, ...].

        Returns:
          Probabilities [n, classes], or values [n] for regression.

        Raises:
          DataError: when the inputs are not what the model takes.

        >>> training = tfmlp.fit(tfmlp.Config.from_options(dataset="mnist-small", epochs=1))
        >>> epochs = list(training)
        >>> training.predict(training.data.test.images[:5]).shape
        (5, 10)
        """
        from tfmlp.model.prediction import predict

        return predict(self.model, features, self.config.optimization.loss)

    def save(self, folder: str | Path) -> Path:
        """Saves the present model, with its schema, and returns the file: FOLDER/model.keras.

        Raises:
          CheckpointError: when it cannot be written.

        >>> training = tfmlp.fit(tfmlp.Config.from_options(dataset="mnist-small", epochs=1))
        >>> epochs = list(training)
        >>> training.save("trained").name
        'model.keras'
        """
        from tfmlp.model.saved import save_model

        return save_model(self.model, folder)
