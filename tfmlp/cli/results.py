"""A result: the metrics of one split as a line, beside those of predicting always the same."""

from typing import Any

import numpy as np

from tfmlp.data.dataset import Dataset
from tfmlp.metrics import METRICS, show_metrics


def describe_result(
    split: str, metrics: dict[str, Any], data: Dataset, standardized: bool = False
) -> str:
    """Returns the metrics of a split as one line.

    Accuracy has beside it that of always predicting the commonest class of the training examples,
    the root mean squared error that of always predicting their mean.

    Args:
      split: "train", "validation" or "test".
      metrics: As `Metrics.to_dict` gives them.
      data: The data.
      standardized: Whether the loss is that of standardized targets.
    """
    labels, train = data.splits[split].labels, data.train.labels
    beside = {"loss": "standardized"} if standardized else {}
    if data.task == "classification":
        commonest = np.bincount(train).argmax()
        shown = METRICS["accuracy"].show(float(np.mean(labels == commonest)))
        beside["accuracy"] = f"commonest class {shown}"
    else:
        errors = labels.astype(np.float64) - train.mean(dtype=np.float64)
        shown = METRICS["rmse"].show(float(np.sqrt(np.mean(errors**2))))
        beside["rmse"] = f"the mean's {shown}"
    count = f"{metrics['count']:,} examples"
    if data.is_whole:
        count = f"all {count} of {data.provenance.name}"
    return f"{split} {show_metrics(metrics, beside)}  ({count})"
