"""The check of a dropout: it drops in training only, and the mean stays."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmlp.checks.arrays import numbers
from tfmlp.checks.causes import CauseName, cause
from tfmlp.checks.reports import FunctionReport

_STANDARD_ERRORS = 6  # that the mean may be off


def check_dropout(train: Callable[..., Any], infer: Callable[..., Any]) -> FunctionReport:
    """Checks that dropout drops in training and not at inference, and that the mean stays: of
    training and inference, either of which may scale.

    Args:
      train: The layer in training: [200, 500] to the same shape.
      infer: The layer at inference.
    """
    ones = np.ones((200, 500))
    trained, inferred = numbers(train(ones)), numbers(infer(ones))
    dropped = float((trained == 0).mean())
    if not 0 < dropped < 1:
        return FunctionReport(cause(CauseName.NO_DROPOUT, percent=100 * dropped))
    if (inferred == 0).any():
        return FunctionReport(cause(CauseName.TRAIN_FLAG))
    error = _STANDARD_ERRORS * float(trained.std()) / np.sqrt(trained.size)
    if abs(trained.mean() - inferred.mean()) > error:
        means = dict(trained=trained.mean(), inferred=inferred.mean())
        return FunctionReport(cause(CauseName.MEAN, **means))
    return FunctionReport()
