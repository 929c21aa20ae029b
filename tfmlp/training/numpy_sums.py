"""Sums of metrics over batches, in NumPy."""

import numpy as np

from tfmlp.metrics import Metrics, metrics_of
from tfmlp.reference.metrics import SUMS, from_sum


class MetricSums:
    """Sums of metrics over batches, each example counted once.

    Args:
      task: "classification" or "regression".
      unit: The target's standard deviation, if the network learns standardized targets.

    Attributes:
      totals: float64 [2 + metrics]: examples, their losses, and then each metric's sum.
    """

    def __init__(self, task: str, unit: float):
        self._names, self._unit = metrics_of(task)[1:], float(unit)
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
