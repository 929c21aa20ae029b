"""What an evaluation knows beside the metrics of training: metrics by class, and R squared."""

import dataclasses
from typing import Any

import numpy as np

from tfmlp.metrics import MOST_CLASSES, Metrics
from tfmlp.reference.metrics import ClassCounts, r_squared


def counts_classes(task: str, classes: int) -> bool:
    """Returns whether an evaluation counts examples by class."""
    return task == "classification" and classes <= MOST_CLASSES


def complete(metrics: Metrics, labels: np.ndarray, counts: ClassCounts | None) -> Metrics:
    """Returns metrics with those that only an evaluation has.

    Args:
      metrics: The metrics over some examples.
      labels: Their labels, [n].
      counts: Their counts by class, where there are any.
    """
    if counts is not None:
        by_class: dict[str, Any] = counts.metrics()
        return dataclasses.replace(metrics, **by_class)
    if metrics.rmse is not None:
        return dataclasses.replace(metrics, r2=r_squared(metrics.rmse, labels))
    return metrics
