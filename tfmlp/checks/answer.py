"""An answer: which loss is meant, and what was measured under it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmlp.checks.calling import Calling
from tfmlp.checks.point import Answer, Point
from tfmlp.checks.usual_losses import usual_losses
from tfmlp.errors import ConfigError

_FEW = 10  # entries that decide which of the usual losses is meant


def answer(
    calling: Calling, inputs: Any, labels: Any, rate: float | None, seconds: float
) -> Answer:
    """Measures the gradients at the parameters as they stand.

    Args:
      calling: The functions.
      inputs, labels: As in `check`.
      rate: The step's learning rate, or None.
      seconds: How long that may take, about.

    Raises:
      ConfigError: when the loss is not finite, or gradients and parameters do not correspond.
      UserCodeError: when one of the functions raises.
    """
    first = calling.value()
    if not np.isfinite(first).all():
        raise ConfigError(f"{calling.name}: expected finite numbers; received {first}.")
    given = calling.gradients()
    point = Point(calling, given, inputs, labels, rate)
    if calling.name == "loss":
        return point.answer(lambda: float(calling.value().reshape(())), "", seconds)
    losses = usual_losses(first, labels)

    def of(name: str) -> Callable[[], float]:
        return lambda: losses[name](calling.value())

    tried = {
        name: point.answer(of(name), name, seconds / 10, most=_FEW, explain=False)
        for name in losses
    }
    best = max(tried, key=lambda name: tried[name].fit)
    found = point.answer(of(best), best, seconds)
    for name in losses:  # a mistake may be in the last layer, so that no gradient is right
        if not found.is_sure:
            other = point.answer(of(name), name, seconds / 10, most=_FEW)
            found = point.answer(of(name), name, seconds) if other.is_sure else found
    return found if found.is_sure else found.undecided()
