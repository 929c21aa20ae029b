"""Figures of merit over some examples."""

from typing import NamedTuple

import numpy as np


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Returns the share of rows of outputs [n, k] whose largest entry is at the label, int [n]."""
    return float(np.mean(outputs.argmax(axis=1) == labels))


def mean_absolute_error(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Returns the mean of |output - target| over all entries of [n] or [n, k]."""
    return float(np.abs(outputs - targets.reshape(outputs.shape)).mean())


def root_mean_squared_error(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Returns the root of the mean of (output - target)**2 over all entries of [n] or [n, k]."""
    return float(np.sqrt(np.square(outputs - targets.reshape(outputs.shape)).mean()))


class ClassFigures(NamedTuple):
    """Figures by class, float64 [k] each.

    Attributes:
      precision: Of the rows told to be of the class, the share that is.
      recall: Of the rows of the class, the share told to be.
      f1: Their harmonic mean.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray


def class_figures(predicted: np.ndarray, labels: np.ndarray, classes: int) -> ClassFigures:
    """Returns precision, recall and F1 of each class, from int [n] and int [n]; 0 where there is
    nothing to divide by.

    Source: van Rijsbergen, "Information retrieval", 1979.

    >>> class_figures(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).f1.round(3).tolist()
    [0.667, 0.667]
    """
    right = np.bincount(labels[predicted == labels], minlength=classes)
    told, there = np.bincount(predicted, minlength=classes), np.bincount(labels, minlength=classes)
    precision, recall = right / np.maximum(told, 1), right / np.maximum(there, 1)
    both = precision + recall
    return ClassFigures(precision, recall, 2 * precision * recall / np.where(both > 0, both, 1))
