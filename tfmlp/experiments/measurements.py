"""The metrics that a recipe's checks ask for, measured while it trains."""

from typing import TYPE_CHECKING

import numpy as np

from tfmlp.experiments.outputs import compute_outputs
from tfmlp.recipes.recipe import Check
from tfmlp.reference.metrics import class_metrics
from tfmlp.training.observer import Observer
from tfmlp.training.result import EpochResult

if TYPE_CHECKING:
    from tfmlp.training.loop import Training


class Measurements(Observer):
    """Observes a training and measures what the checks ask for.

    Args:
      training: The training, before its first epoch.
      checks: The checks.
    """

    def __init__(self, training: "Training", checks: tuple[Check, ...]):
        self._training, self._checks = training, checks
        self._by_label: dict[str, float] = {}

    def on_epoch(self, epoch: EpochResult) -> None:
        """Measures what is asked for after this epoch."""
        for check in self._checks:
            if check.epoch == "best":
                value = self._measure(check, epoch)
                best = self._by_label.get(check.label, value)
                better = min if check.metric == "loss" else max
                self._by_label[check.label] = better(value, best)
            elif check.epoch == epoch.epoch:
                self._by_label[check.label] = self._measure(check, epoch)

    def finish(self) -> dict[str, float]:
        """Measures what is asked for at the end; returns all metrics by their checks' labels."""
        last = self._training.history[-1]
        at_end = [check for check in self._checks if check.epoch is None]
        return self._by_label | {check.label: self._measure(check, last) for check in at_end}

    def _measure(self, check: Check, epoch: EpochResult) -> float:
        if check.metric == "f1":
            return self._mean_f1(check.split)
        measured = {"train": epoch.train, "validation": epoch.validation}.get(check.split)
        metrics = (measured or self._training.evaluate(check.split)).to_dict()
        if check.metric == "loss":
            return float(metrics["loss"])
        accuracy = float(metrics["accuracy"])
        if check.metric == "accuracy_above_majority":
            accuracy -= self._majority_accuracy(check.split)
        return 100 * accuracy

    def _majority_accuracy(self, split: str) -> float:
        """Returns the accuracy of always predicting the commonest class of the train examples."""
        data = self._training.data
        commonest = np.argmax(np.bincount(data.train.labels))
        return float(np.mean(data.splits[split].labels == commonest))

    def _mean_f1(self, split: str) -> float:
        """Returns the mean over classes of F1, in %."""
        data = self._training.data
        predicted = compute_outputs(self._training.model, data.splits[split]).argmax(axis=1)
        by_class = class_metrics(predicted, data.splits[split].labels, data.num_classes)
        return 100 * float(by_class.f1.mean())
