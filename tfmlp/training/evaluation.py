"""A model's figures on some rows."""

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import RowFile
from tfmlp.model.mlp import MLP
from tfmlp.training.losses import PerExampleLoss, make_metrics, model_loss
from tfmlp.training.step import make_test_step

_FLOATS_AT_A_TIME = (
    8 << 20
)  # of preprocessed features: calls are few, and the memory of a batch is used again for the next
_MOST_ROWS = 10_240


@dataclass(frozen=True)
class Metrics:
    """Figures over some examples, each counted once.

    Attributes:
      loss: Mean per-example loss, without penalties; of standardized targets, where the model
        standardizes them.
      count: Number of examples.
      accuracy: Share of right classes, 0 to 1; None for regression.
      mae: Mean absolute error, in the target's unit; None for classification.
      rmse: Root of the mean squared error, in the target's unit; None for classification.
    """

    loss: float
    count: int
    accuracy: float | None = None
    mae: float | None = None
    rmse: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Returns the figures that the task has."""
        return {name: value for name, value in vars(self).items() if value is not None}


class Evaluation:
    """Runs a model over rows in large batches, each row once.

    Args:
      model: A built model.
      data: Tells the task, and the shape and type of the features.
      loss: The per-example loss, or its name.
    """

    def __init__(self, model: MLP, data: Dataset, loss: str | PerExampleLoss):
        self._metrics = make_metrics(data.task)
        step = make_test_step(
            model, model_loss(model, loss), list(self._metrics.values()), preprocessed=True
        )
        features, labels = data.train.features, data.train.labels
        columns = math.prod(features.shape[1:])
        rows_at_a_time = self._rows_at_a_time = min(
            _MOST_ROWS, max(256, _FLOATS_AT_A_TIME // columns)
        )
        raw = tf.TensorSpec([None, *features.shape[1:]], features.dtype)
        rows = tf.TensorSpec([None, columns], model.preprocess.compute_dtype)

        @tf.function(input_signature=[raw], autograph=False)
        def prepare(features: tf.Tensor) -> tf.Tensor:
            return model.preprocess(features)

        @tf.function(input_signature=[rows, tf.TensorSpec([None], labels.dtype)], autograph=False)
        def run(rows: tf.Tensor, labels: tf.Tensor) -> None:
            def evaluate(start):
                stop = start + rows_at_a_time
                step.python_function(rows[start:stop], labels[start:stop])
                return stop

            tf.while_loop(lambda start: start < tf.shape(labels)[0], evaluate, [0])

        self._prepare, self._run = prepare, run
        self.of_prepared(
            self.prepare(features[:0]), labels[:0]
        )  # traced now, not within the first epoch

    def __call__(self, features: np.ndarray | RowFile, labels: np.ndarray) -> Metrics:
        """Returns the figures on raw features [n, ...] and labels [n]."""
        self._reset()
        for start in range(0, len(labels), self._rows_at_a_time):
            rows = slice(start, start + self._rows_at_a_time)
            self._run(self.prepare(features[rows]), tf.convert_to_tensor(labels[rows]))
        return read_metrics(self._metrics, len(labels))

    def prepare(self, features: np.ndarray) -> tf.Tensor:
        """Returns raw features [n, ...] as the first dense layer takes them, [n, d]."""
        return self._prepare(tf.convert_to_tensor(features))

    def of_prepared(self, rows: tf.Tensor, labels: np.ndarray | tf.Tensor) -> Metrics:
        """Returns the figures on what `prepare` returned and labels [n], in one call."""
        self._reset()
        self._run(rows, tf.convert_to_tensor(labels))
        return read_metrics(self._metrics, len(labels))

    def _reset(self) -> None:
        for metric in self._metrics.values():
            metric.reset_state()


def read_metrics(metrics: dict[str, keras.metrics.Metric], count: int) -> Metrics:
    """Returns the results of metric objects that have seen `count` examples."""
    return Metrics(
        count=count, **{name: float(metric.result()) for name, metric in metrics.items()}
    )
