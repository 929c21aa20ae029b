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


def r_squared(rmse: float, targets: Array) -> float:
    """Returns the share of the variance of targets [n] that is explained: 1 - rmse**2 / variance.

    Where all targets are equal there is nothing to explain: 1 without an error, else 0.

    >>> r_squared(1.0, np.array([-2.0, 2.0]))
    0.75
    """
    variance = float(np.var(targets, dtype=np.float64)) if len(targets) else 0.0
    if not variance:
        return float(rmse == 0)
    return 1 - rmse**2 / variance


class ClassCounts(NamedTuple):
    """Counts of examples by class, [k] each: the margins and the diagonal of a confusion matrix.

    Attributes:
      right: How many examples of the class are recognized.
      predicted: How many examples are predicted to be of the class.
      labels: How many examples are of the class.
    """

    right: Array
    predicted: Array
    labels: Array

    @classmethod
    def of(cls, predicted: Array, labels: Array, classes: int) -> "ClassCounts":
        """Counts predicted classes int [n] and labels int [n]."""
        parts = labels[predicted == labels], predicted, labels
        return cls(*(np.bincount(part, minlength=classes) for part in parts))

    @classmethod
    def of_confusion(cls, confusion: Array) -> "ClassCounts":
        """Counts of a confusion matrix, int [k, k], as `confusion_matrix` returns it."""
        return cls(np.diagonal(confusion), confusion.sum(axis=0), confusion.sum(axis=1))

    def metrics(self) -> dict[str, float]:
        """Returns accuracy, balanced accuracy and F1; 0 without examples.

        Balanced accuracy is over the classes that occur, F1 over those that occur or are predicted.
        """
        by_class = self.by_class()
        occurs, seen = self.labels > 0, self.labels + self.predicted > 0
        if not occurs.any():
            return {"accuracy": 0.0, "balanced_accuracy": 0.0, "f1": 0.0}
        return {
            "accuracy": float(self.right.sum() / self.labels.sum()),
            "balanced_accuracy": float(by_class.recall[occurs].mean()),
            "f1": float(by_class.f1[seen].mean()),
        }

    def by_class(self) -> "ClassMetrics":
        """Returns precision, recall and F1 of each class; 0 where there is nothing to divide by."""
        precision = self.right / np.maximum(self.predicted, 1)
        recall = self.right / np.maximum(self.labels, 1)
        both = precision + recall
        return ClassMetrics(precision, recall, 2 * precision * recall / np.where(both > 0, both, 1))


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
    return ClassCounts.of(predicted, labels, classes).by_class()


def confusion_matrix(predicted: Array, labels: Array, classes: int) -> Array:
    """Returns how many examples of each class (row) are predicted to be of each (column).

    Args:
      predicted: int [n].
      labels: int [n].
      classes: How many classes there are.

    Returns:
      int [classes, classes].

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    pairs = labels.astype(np.int64) * classes + predicted
    counts: Array = np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
    return counts
