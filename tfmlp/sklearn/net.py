"""A trained network as arrays: it can be pickled, and predicts without TensorFlow."""

from __future__ import annotations

import dataclasses
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
from tfmlp.reference.interpreter import make_network
from tfmlp.reference.losses import make_loss
from tfmlp.reference.network import Network
from tfmlp.reference.preprocessing import preprocess, training_moments
from tfmlp.reference.probabilities import probabilities
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
        made = self._plan()
        network = self._network(made)
        outputs = np.concatenate([self._run(network, made, part) for part in _pieces(features)])
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

    def _network(self, made: plan.Plan) -> Network:
        """Makes the reference network, which is small work: its arrays are the weights' own."""
        specs = tuple(
            dataclasses.replace(spec, initializer="zeros", bias_initializer="zeros")
            if isinstance(spec, plan.Dense)
            else spec
            for spec in made.layers
        )
        dtype = np.dtype(self.config.runtime.precision)
        network = make_network(specs, make_loss("squared_error"), 0, dtype, _drop_nothing)
        for name, layer in network.layers:
            for arrays in (layer.parameters, layer.state):
                arrays |= {key: self.weights[f"{name}/{key}"] for key in arrays}
        return network

    def _run(self, network: Network, made: plan.Plan, features: Array) -> Array:
        """Returns the outputs [n, k] of raw features [n, columns]."""
        dtype, kind = np.dtype(self.config.runtime.precision), made.preprocessing
        outputs = network.forward(preprocess(kind, features, dtype, *self._scale("preprocessing")))
        if not made.standardize_target:
            return outputs
        mean, standard_deviation = self._scale("target_scale")
        return outputs * standard_deviation + mean

    def _scale(self, layer: str) -> tuple[Array, Array]:
        """Returns what a layer subtracts and divides by; of no use where it does neither."""
        mean, deviation = (self.weights.get(f"{layer}/{name}", np.ones(())) for name in _MOMENTS)
        return mean, deviation


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


def _drop_nothing(layer: int, keep: float, shape: tuple[int, ...]) -> Array:
    return np.ones(shape, bool)


def _pieces(features: Any) -> Iterator[Array]:
    """Yields features piece by piece; those of a sparse matrix as arrays."""
    size = max(1, _FLOATS_AT_A_TIME // features.shape[1])
    for start in range(0, features.shape[0], size):
        part = features[start : start + size]
        yield part.toarray() if hasattr(part, "toarray") else part
