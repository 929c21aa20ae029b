"""The headline of a run: how well it did on its test examples, and how sure that is."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfmlp.metrics import METRICS
from tfmlp.reports.intervals import Interval, interval_of_root, interval_of_share

if TYPE_CHECKING:
    from tfmlp.loaded import LoadedRun

HEADLINES = "accuracy", "rmse"  # of classes, and of values


@dataclass(frozen=True)
class Headline:
    """A run's first metric on its test examples.

    Attributes:
      metric: "accuracy" or "rmse".
      value: Its value.
      count: The number of test examples.
      interval: Its 95 % interval, or None where the run folder does not say enough.
      method: How the interval was made.
      beside: The metric of predicting always the same, or None.
      beside_what: What is predicted then, in words.
    """

    metric: str
    value: float
    count: int
    interval: Interval | None
    method: str
    beside: float | None
    beside_what: str

    def show(self, value: float) -> str:
        """Returns a value of the metric as people read it."""
        return METRICS[self.metric].show(value)


def headline_of(run: "LoadedRun", squared_errors: list[float]) -> Headline | None:
    """Returns the headline of a run, or None where it has no test metrics.

    Args:
      run: The run.
      squared_errors: Of its test examples, for regression; of an even choice where there are many.
    """
    test = run.record.test or {}
    count = int(test.get("count", run.record.dataset.sizes.get("test", 0)))
    if "accuracy" in test:
        return _classification(test, count, run.record.dataset.class_counts)
    if "rmse" in test:
        return _regression(test, count, squared_errors)
    return None


def _classification(test: dict[str, Any], count: int, counts: dict[str, list[int]]) -> Headline:
    accuracy = test["accuracy"]
    train, tested = counts.get("train"), counts.get("test")
    share = None
    if train and tested and sum(tested):
        share = tested[train.index(max(train))] / sum(tested)
    interval = interval_of_share(accuracy, count) if count else None
    what = "predicting always the commonest class of the training examples"
    return Headline("accuracy", accuracy, count, interval, "Wilson's", share, what)


def _regression(test: dict[str, Any], count: int, squared_errors: list[float]) -> Headline:
    rmse, r2 = test["rmse"], test.get("r2")
    # R squared is 1 - (rmse / rmse of the mean) ** 2.
    mean_error = rmse / math.sqrt(1 - r2) if r2 is not None and r2 < 1 else None
    interval = interval_of_root(squared_errors) if squared_errors else None
    what = "predicting always the mean of the test targets"
    return Headline("rmse", rmse, count, interval, "from the squared errors", mean_error, what)
