"""A trained network as arrays: it can be pickled, and predicts without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tfmlp import plan
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import Array
from tfmlp.data.schema import Schema
from tfmlp.data.split import Split
from tfmlp.reference.preprocessing import training_moments
from tfmlp.reference.probabilities import probabilities
from tfmlp.reference.trained import TrainedNetwork
from tfmlp.training.assembly import choose_loss, new_model, plan_for
from tfmlp.training.backend import Arrays, Backend

if TYPE_CHECKING:
    from tfmlp.model.mlp import MLP

_FLOATS_AT_A_TIME = 8 << 20
_MOMENTS = ("mean", "deviation")


@dataclass(frozen=True)
class TrainedNet:
    """A trained network.

    Attributes:
      config: What it was trained by, with the precision that was chosen.
      schema: Its inputs and outputs.
      weights: Its weights, and what preprocessing subtracts and divides by, under the names that
        they have in the Keras model.
    """

    config: Config
    schema: Schema
    weights: Arrays

    @classmethod
    def of(cls, config: Config, data: Dataset, backend: Backend) -> TrainedNet:
        """Makes it of a configuration, what was trained on, and what has trained."""
        weights, precision = backend.get_weights(), backend.precision
        if config.runtime.backend != "tensorflow":  # the others keep the moments elsewhere
            weights |= _moments(plan_for(config, data), data.train, np.dtype(precision))
        return cls(config.replace(precision=precision), data.schema, weights)

    def predict(self, features: Any) -> Array:
        """Returns probabilities [n, classes], or values [n] for regression.

        Args:
          features: An array, or a sparse matrix of rows, [n, columns].
        """
        if self.config.runtime.precision == "bfloat16":  # as it was trained
            from tfmlp.model.prediction import predict

            model, loss = self.make_model(), self.config.optimization.loss
            return np.concatenate([predict(model, part, loss) for part in _pieces(features)])
        dtype = np.dtype(self.config.runtime.precision)
        network = TrainedNetwork(self._plan(), self.weights, dtype)
        outputs = np.concatenate([network.outputs(part) for part in _pieces(features)])
        if self.schema.task == "regression":
            return outputs[:, 0]
        return probabilities(outputs, choose_loss(self.config, self.schema.task).name)

    def make_model(self) -> MLP:
        """Makes the Keras model, with these weights."""
        model = new_model(self.config, self.schema)
        model.build((None, *self.schema.feature_shape))
        for variable in model.weights:
            variable.assign(self.weights[variable.path.removeprefix(f"{model.name}/")])
        return model

    def _plan(self) -> plan.Plan:
        schema, outputs = self.schema, len(self.schema.class_names) or 1
        return plan.make_plan(self.config.model, schema.feature_shape, outputs, schema.task)


def _moments(made: plan.Plan, train: Split, dtype: np.dtype) -> Arrays:
    """Returns means and standard deviations of training examples, as the Keras model has them."""
    measured = {}
    if made.preprocessing == "standardize":
        measured["preprocessing"] = training_moments(train.features)
    if made.standardize_target:
        mean, deviation = training_moments(train.labels[:, np.newaxis])
        measured["target_scale"] = mean[0], deviation[0]
    return {
        f"{layer}/{name}": np.asarray(value, dtype)
        for layer, pair in measured.items()
        for name, value in zip(_MOMENTS, pair)
    }


def _pieces(features: Any) -> Iterator[Array]:
    """Yields features piece by piece; those of a sparse matrix as arrays."""
    size = max(1, _FLOATS_AT_A_TIME // features.shape[1])
    for start in range(0, features.shape[0], size):
        part = features[start : start + size]
        yield part.toarray() if hasattr(part, "toarray") else part
