"""The loss of a constant prediction, the same for every example: what a net must be better than."""

import math

import numpy as np

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.metrics import MOST_CLASSES
from tfmlp.reference.losses import make_loss
from tfmlp.training.assembly import choose_class_weights, choose_loss, plan_for

_LEAST = 1e-12  # of a class that does not occur, whose logit is finite all the same


def constant_loss(config: Config, data: Dataset) -> float:
    """Returns the mean loss, as a run records it, of predicting the same for all training examples.

    That is their mean or, for classes, their shares: for cross-entropy it is the entropy of the
    shares, at most ln(classes). With balanced class weights it is every class alike. Infinite for
    more than 1,000 classes.

    Raises:
      ConfigError: when configuration and data do not fit.
    """
    choice = choose_loss(config, data.task)
    loss = make_loss(choice.name, **choice.options)
    if data.task == "regression":
        values = data.train.labels.astype(np.float64)
        if plan_for(config, data).standardize_target:
            values = (values - values.mean()) / (values.std() or 1.0)
        losses, _ = loss(np.full((len(values), 1), values.mean()), values)
        return float(losses.mean())
    if data.num_classes > MOST_CLASSES:  # the outputs for one example of each are their square
        return math.inf
    counts = data.class_counts()["train"]
    shares = counts / counts.sum()
    predicted = shares
    if choose_class_weights(config, data) is not None:
        predicted = np.full(len(shares), 1 / len(shares))
    smoothing = choice.options.get("label_smoothing", 0.0)
    predicted = np.maximum((1 - smoothing) * predicted + smoothing / len(shares), _LEAST)
    outputs = {
        "cross_entropy": np.log(predicted),
        "binary_cross_entropy": np.log(predicted) - np.log1p(-predicted),
    }.get(choice.name, predicted)
    losses, _ = loss(np.tile(outputs, (len(shares), 1)), np.arange(len(shares)))
    return float(losses @ shares)
