"""The headline of a run: how well it did on its test examples, and how sure that is."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfmlp.metrics import METRICS
from tfmlp.reports.intervals import Interval, interval_of_root, interval_of_share

if TYPE_CHECKING:
    from tfmlp.loaded import LoadedRun
    from tfmlp.runs.evaluation import Regression

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


def headline_of(run: "LoadedRun", regression: "Regression | None") -> Headline | None:
    """Returns the headline of a run, or None where it has no test metrics.

    Args:
      run: The run.
      regression: What its evaluation says of values, if it does.
    """
    test = run.record.test or {}
    count = int(test.get("count", run.record.dataset.sizes.get("test", 0)))
    if "accuracy" in test:
        return _classification(test, count, run.record.dataset.class_counts)
    if "rmse" in test:
        return _regression(test, count, regression)
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


def _regression(test: dict[str, Any], count: int, found: "Regression | None") -> Headline:
    rmse, r2 = test["rmse"], test.get("r2")
    pairs = zip(found.true, found.predicted) if found else ()
    errors = [(predicted - true) ** 2 for true, predicted in pairs]
    interval = interval_of_root(errors) if errors else None
    mean_error, whose = found.mean_rmse if found else None, "training"
    if mean_error is None and r2 is not None and r2 < 1:
        # R squared is 1 - (rmse / rmse of the mean) ** 2.
        mean_error, whose = rmse / math.sqrt(1 - r2), "test"
    what = f"predicting always the mean of the {whose} targets"
    return Headline("rmse", rmse, count, interval, "from the squared errors", mean_error, what)
