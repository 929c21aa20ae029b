"""Sums of metrics over batches, in NumPy."""

import numpy as np

from tfmlp.metrics import Metrics, training_metrics_of
from tfmlp.reference.metrics import SUMS, ClassCounts, from_sum
from tfmlp.training.evaluated import complete, counts_classes


class MetricSums:
    """Sums of metrics over batches, each example counted once.

    Args:
      task: "classification" or "regression".
      unit: The target's standard deviation, if the network learns standardized targets.

    Attributes:
      totals: float64 [2 + metrics]: examples, their losses, and then each metric's sum.
    """

    def __init__(self, task: str, unit: float):
        self._names, self._unit = training_metrics_of(task)[1:], float(unit)
        self.totals = np.zeros(2 + len(self._names))

    def add(self, losses: np.ndarray, outputs: np.ndarray, labels: np.ndarray) -> None:
        """Adds a batch: per-example losses [b], outputs [b, k], labels [b]."""
        sums = [SUMS[name](outputs, labels) for name in self._names]
        self.totals += len(labels), losses.sum(dtype=np.float64), *sums

    def read(self) -> Metrics:
        """Returns the metrics of the examples so far."""
        count = int(self.totals[0])
        values = {
            name: from_sum(name, float(total), count, self._unit)
            for name, total in zip(self._names, self.totals[2:])
        }
        return Metrics(float(self.totals[1]) / count, count, **values)


class EvaluationSums(MetricSums):
    """Sums over an evaluation, with counts by class.

    Args:
      task, unit: As for `MetricSums`.
      classes: The number of classes; 1 for regression.
    """

    def __init__(self, task: str, unit: float, classes: int):
        super().__init__(task, unit)
        self._counts: np.ndarray | None = None
        if counts_classes(task, classes):
            self._counts = np.zeros([3, classes], np.int64)

    def add(self, losses: np.ndarray, outputs: np.ndarray, labels: np.ndarray) -> None:
        """Adds a batch, as `MetricSums.add`."""
        super().add(losses, outputs, labels)
        if self._counts is not None:
            self._counts += ClassCounts.of(outputs.argmax(axis=1), labels, outputs.shape[1])

    def read_all(self, labels: np.ndarray) -> Metrics:
        """Returns the metrics of the examples so far, which have these labels, [n]."""
        counts = None if self._counts is None else ClassCounts(*self._counts)
        return complete(self.read(), labels, counts)
