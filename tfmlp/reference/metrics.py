"""Metrics over some examples."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def accuracy(outputs: Array, labels: Array) -> float:
    """Returns the share of examples whose largest output is at the label.

    Of outputs [n, k] and labels int [n].
    """
    return float(np.mean(outputs.argmax(axis=1) == labels))


def mean_absolute_error(outputs: Array, targets: Array) -> float:
    """Returns the mean of |output - target| over all entries of [n] or [n, k]."""
    return float(np.abs(outputs - targets.reshape(outputs.shape)).mean())


def root_mean_squared_error(outputs: Array, targets: Array) -> float:
    """Returns the root of the mean of (output - target)**2 over all entries of [n] or [n, k]."""
    return float(np.sqrt(np.square(outputs - targets.reshape(outputs.shape)).mean()))


def _errors(outputs: Array, labels: Array) -> Array:
    return (outputs - labels.reshape(outputs.shape)).astype(np.float64)


# Metric -> its sum over a batch, of outputs [b, k] and labels [b].
SUMS: dict[str, Callable[[Array, Array], float]] = {
    "accuracy": lambda outputs, labels: float(np.sum(outputs.argmax(axis=1) == labels)),
    "mae": lambda outputs, labels: np.abs(_errors(outputs, labels)).sum() / outputs.shape[1],
    "rmse": lambda outputs, labels: np.square(_errors(outputs, labels)).sum() / outputs.shape[1],
}


def from_sum(name: str, total: float, count: int, unit: float = 1.0) -> float:
    """Returns a metric from its sum over `count` examples.

    Args:
      name: The metric.
      total: As `SUMS` adds it up.
      count: The number of examples.
      unit: The standard deviation of targets, where outputs and labels are standardized ones.
    """
    mean = total / count
    if name == "rmse":
        return unit * float(np.sqrt(mean))
    return unit * mean if name == "mae" else mean


class ClassMetrics(NamedTuple):
    """Metrics by class, float64 [k] each.

    Attributes:
      precision: Of the examples predicted to be of the class, the share that is.
      recall: Of the examples of the class, the share predicted to be.
      f1: Their harmonic mean.
    """

    precision: Array
    recall: Array
    f1: Array


def class_metrics(predicted: Array, labels: Array, classes: int) -> ClassMetrics:
    """Returns precision, recall and F1 of each class; 0 where there is nothing to divide by.

    Source: van Rijsbergen, "Information retrieval", 1979.

    Args:
      predicted: int [n].
      labels: int [n].
      classes: How many classes there are.

    >>> class_metrics(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).f1.round(3).tolist()
    [0.667, 0.667]
    """
    right = np.bincount(labels[predicted == labels], minlength=classes)
    of_predicted = np.bincount(predicted, minlength=classes)
    of_labels = np.bincount(labels, minlength=classes)
    precision, recall = right / np.maximum(of_predicted, 1), right / np.maximum(of_labels, 1)
    both = precision + recall
    return ClassMetrics(precision, recall, 2 * precision * recall / np.where(both > 0, both, 1))
