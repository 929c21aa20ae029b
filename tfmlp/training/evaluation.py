"""A model's figures on some rows."""

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import RowFile
from tfmlp.training.losses import PerExampleLoss, make_metrics, model_loss
from tfmlp.training.step import make_test_step

_FLOATS_AT_A_TIME = 8 << 20  # of preprocessed features: calls are few, and the memory of a batch is used again for the next
_MOST_ROWS = 10_240


@dataclass(frozen=True)
class Metrics:
    """Figures over some examples, each counted once.

    Attributes:
      loss: Mean per-example loss, without penalties; of standardized targets, where the model standardizes them.
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
    """Runs a model over rows in large batches, each row once, in one call.

    Args:
      model: A built Keras model.
      data: Tells the task, and the shape and type of the features.
      loss: The per-example loss, or its name.
    """

    def __init__(self, model: keras.Model, data: Dataset, loss: str | PerExampleLoss):
        self._metrics = make_metrics(data.task)
        step = make_test_step(model, model_loss(model, loss), list(self._metrics.values()))
        features, labels = data.train.features, data.train.labels
        rows_at_a_time = self._rows = min(_MOST_ROWS, max(256, _FLOATS_AT_A_TIME // math.prod(features.shape[1:])))
        signature = [tf.TensorSpec([None, *features.shape[1:]], features.dtype), tf.TensorSpec([None], labels.dtype)]

        @tf.function(input_signature=signature, autograph=False)
        def run(features: tf.Tensor, labels: tf.Tensor) -> None:
            def evaluate(start):
                stop = start + rows_at_a_time
                step.python_function(features[start:stop], labels[start:stop])
                return stop

            tf.while_loop(lambda start: start < tf.shape(labels)[0], evaluate, [0])

        self._run = run
        self._run(tf.constant(features[:0]), tf.constant(labels[:0]))  # traced now, not within the first epoch

    def __call__(self, features: np.ndarray | RowFile | tf.Tensor, labels: np.ndarray | tf.Tensor) -> Metrics:
        """Returns the figures on features [n, ...] and labels [n]."""
        for metric in self._metrics.values():
            metric.reset_state()
        if isinstance(features, RowFile):
            for start in range(0, len(labels), self._rows):
                rows = slice(start, start + self._rows)
                self._run(tf.constant(features[rows]), tf.constant(labels[rows]))
        else:
            self._run(tf.convert_to_tensor(features), tf.convert_to_tensor(labels))
        return read_metrics(self._metrics, len(labels))


def read_metrics(metrics: dict[str, keras.metrics.Metric], count: int) -> Metrics:
    """Returns the results of metric objects that have seen `count` examples."""
    return Metrics(count=count, **{name: float(metric.result()) for name, metric in metrics.items()})
