"""A model's metrics on some examples."""

import math
from collections.abc import Hashable

import numpy as np
import tensorflow as tf

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import RowFile
from tfmlp.errors import DataError
from tfmlp.metrics import Metrics
from tfmlp.model.mlp import MLP
from tfmlp.training.assembly import choose_loss
from tfmlp.training.keras_metrics import EvaluationMetrics
from tfmlp.training.losses import PerExampleLoss, find_loss, standardized_loss
from tfmlp.training.shared_traces import Traces
from tfmlp.training.step import make_test_step

# Of preprocessed features: calls are few, and the memory of a batch is used again for the next.
_FLOATS_AT_A_TIME = 8 << 20
_LEAST, _MOST = 256, 10_240  # examples at a time


class Evaluation:
    """Runs a model over examples in large batches, each example once.

    Args:
      model: A built model.
      data: Tells the task, and the shape and type of the features.
      loss: The per-example loss that the model is trained on.
      key: What its traces depend on, as of `Traces`.
    """

    def __init__(self, model: MLP, data: Dataset, loss: PerExampleLoss, key: Hashable = None):
        self._metrics = EvaluationMetrics(data.task, data.num_classes)
        step = make_test_step(model, loss, self._metrics.objects, preprocessed=True)
        features, labels = data.train.features, data.train.labels
        width = math.prod(features.shape[1:])
        count = self._count = min(_MOST, max(_LEAST, _FLOATS_AT_A_TIME // width))
        raw = tf.TensorSpec([None, *features.shape[1:]], features.dtype)
        rows = tf.TensorSpec([None, width], model.preprocess.compute_dtype)

        def prepare(features: tf.Tensor) -> tf.Tensor:
            return model.preprocess(features)

        def evaluate(rows: tf.Tensor, labels: tf.Tensor) -> None:
            def take_batch(start: tf.Tensor) -> tf.Tensor:
                stop = start + count
                step.python_function(rows[start:stop], labels[start:stop])
                return stop

            tf.while_loop(lambda start: start < tf.shape(labels)[0], take_batch, [0])

        variables = [v for metric in self._metrics.objects for v in metric.variables]
        traces = Traces(key, [*model.weights, *variables])
        # Traced now, not within the first epoch.
        self._prepare, _ = traces.bind(prepare, raw)
        self._run, is_new = traces.bind(evaluate, rows, tf.TensorSpec([None], labels.dtype))
        if is_new:
            self.of_prepared(self.prepare(features[:0]), labels[:0])

    def __call__(self, features: np.ndarray | RowFile, labels: np.ndarray) -> Metrics:
        """Returns the metrics on raw features [n, ...] and labels [n]."""
        self._metrics.reset()
        for start in range(0, len(labels), self._count):
            part = slice(start, start + self._count)
            self._run(self.prepare(features[part]), tf.convert_to_tensor(labels[part]))
        return self._metrics.read(np.asarray(labels))

    def prepare(self, features: np.ndarray | RowFile) -> tf.Tensor:
        """Returns raw features [n, ...] as the first dense layer takes them, [n, d]."""
        return self._prepare(tf.convert_to_tensor(features[:]))

    def of_prepared(self, rows: tf.Tensor, labels: np.ndarray | tf.Tensor) -> Metrics:
        """Returns the metrics on what `prepare` returned and labels [n], in one call."""
        self._metrics.reset()
        self._run(rows, tf.convert_to_tensor(labels))
        return self._metrics.read(np.asarray(labels))


def evaluate_model(model: MLP, config: Config, data: Dataset, split: str = "test") -> Metrics:
    """Returns a model's metrics on a split, with the loss that its configuration names.

    Args:
      model: A built model.
      config: The configuration that it was trained by.
      data: Data as the model takes them.
      split: "train", "validation" or "test".

    Raises:
      DataError: when the data are not what the model takes, or have no such split.
    """
    if (data.feature_shape, data.num_classes) != (model.feature_shape, model.num_classes):
        raise DataError(
            f"the model takes features of shape {model.feature_shape} and has"
            f" {model.num_classes} outputs; {data.provenance.name} has {data.feature_shape} and"
            f" {data.num_classes}: use data like the run's own."
        )
    if split not in data.splits:
        raise DataError(f"there are no {split} examples; evaluate on {' or '.join(data.splits)}.")
    choice = choose_loss(config, data.task)
    loss = standardized_loss(model, find_loss(choice.name, **choice.options))
    examples = data.splits[split]
    return Evaluation(model, data, loss)(examples.features, examples.labels)
