"""The metrics of a task as Keras' metric objects."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfmlp.metrics import Metrics, training_metrics_of
from tfmlp.reference.metrics import ClassCounts
from tfmlp.training.evaluated import complete, counts_classes
from tfmlp.training.losses import PerExampleLoss
from tfmlp.training.shared_traces import Traces
from tfmlp.training.variables import Variables

# Metric -> Keras' class; "loss" is the mean of the per-example losses.
_CLASSES = {
    "loss": keras.metrics.Mean,
    "accuracy": keras.metrics.SparseCategoricalAccuracy,
    "mae": keras.metrics.MeanAbsoluteError,
    "rmse": keras.metrics.RootMeanSquaredError,
}


class LossMean(keras.metrics.Mean):
    """The mean of a per-example loss that is not the one which the step minimizes.

    Args:
      loss: The per-example loss.
      **options: As `keras.metrics.Mean` takes them.
    """

    def __init__(self, loss: PerExampleLoss, **options: Any):
        super().__init__(**options)
        self._loss = loss

    def update_state(self, labels: tf.Tensor, outputs: tf.Tensor) -> None:
        """Adds a batch."""
        super().update_state(self._loss(labels, outputs))


class Counts(keras.metrics.Metric):
    """Counts examples by class, as `reference.metrics.ClassCounts` has them.

    Args:
      classes: The number of classes.
    """

    def __init__(self, classes: int):
        super().__init__(name="class_counts", dtype="float64")
        self._classes = classes
        # float64 counts exactly up to 2**53.
        self._counts = self.add_variable([3 * classes], "zeros", dtype="float64", name="counts")

    def update_state(self, labels: tf.Tensor, outputs: tf.Tensor) -> None:
        """Adds labels int [b] and outputs [b, k]."""
        labels = tf.cast(labels, tf.int32)
        predicted = tf.argmax(outputs, axis=-1, output_type=tf.int32)
        # Numbers below 0 are counted nowhere.
        right = tf.where(predicted == labels, labels, -1)
        numbers = tf.concat([right, predicted + self._classes, labels + 2 * self._classes], axis=0)
        ones = tf.ones_like(numbers, tf.float64)
        self._counts.assign_add(tf.math.unsorted_segment_sum(ones, numbers, 3 * self._classes))

    def result(self) -> tf.Tensor:
        """Returns the counts, [3, classes]."""
        return tf.reshape(self._counts, [3, self._classes])


class KerasMetrics:
    """The metric objects of a task.

    Args:
      task: "classification" or "regression".
      loss: The per-example loss that is recorded, where the step minimizes another.

    Attributes:
      objects: The metric objects, by the names under which runs record them.
    """

    def __init__(self, task: str, loss: PerExampleLoss | None = None):
        # float64: sums over an epoch stay exact enough that a count of right answers comes out as
        # the very fraction.
        names = training_metrics_of(task)
        self.objects: dict[str, keras.metrics.Metric] = {
            name: _CLASSES[name](name, dtype="float64") for name in names
        }
        if loss is not None:
            self.objects["loss"] = LossMean(loss, name="loss", dtype="float64")
        self._finish()

    def _finish(self) -> None:
        """Prepares what depends on the objects."""
        self._results: Callable[[], dict[str, tf.Tensor]] = self._result_of_each
        self._variables = Variables(self.variables())
        shapes = self._variables.shapes
        self._zeros = {name: tf.zeros(shape, tf.float64) for name, shape in shapes.items()}

    def trace(self, traces: Traces) -> None:
        """Prepares reading, which then is one call, not ten of Keras'."""
        self._results, _ = traces.bind(self._result_of_each)

    def _result_of_each(self) -> dict[str, tf.Tensor]:
        return {name: metric.result() for name, metric in self.objects.items()}

    def reset(self) -> None:
        """Forgets the examples seen so far."""
        self._variables.write(self._zeros)

    def read(self, count: int) -> Metrics:
        """Returns the metrics of `count` examples, which the objects have seen."""
        values = {name: float(result) for name, result in self._results().items()}
        return Metrics(count=count, **values)

    def variables(self) -> dict[str, keras.Variable]:
        """Returns the objects' variables, by "metric/variable"."""
        return {
            f"{name}/{variable.name}": variable
            for name, metric in self.objects.items()
            for variable in metric.variables
        }


class EvaluationMetrics(KerasMetrics):
    """The metric objects of an evaluation: those of a task, and counts by class.

    Args:
      task: "classification" or "regression".
      classes: The number of classes; 1 for regression.
    """

    def __init__(self, task: str, classes: int):
        super().__init__(task)
        if counts_classes(task, classes):
            del self.objects["accuracy"]  # follows from the counts
            self.objects["counts"] = Counts(classes)
            self._finish()

    def read_all(self, labels: np.ndarray) -> Metrics:
        """Returns the metrics of the examples seen, which have these labels, [n]."""
        results = self._results()
        counts = results.pop("counts", None)
        metrics = Metrics(count=len(labels), **{name: float(one) for name, one in results.items()})
        return complete(metrics, labels, None if counts is None else ClassCounts(*counts.numpy()))
