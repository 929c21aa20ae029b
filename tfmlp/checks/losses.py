"""The check of a loss: its gradient by the outputs."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmlp.checks.arrays import Array, as_array, numbers
from tfmlp.checks.causes import CauseName, cause
from tfmlp.checks.gradients import check_gradients
from tfmlp.checks.reports import GradientReport
from tfmlp.reference.losses import softmax

_EXAMPLES, _OUTPUTS = 7, 4
# What the check of gradients says where it does not know more.
_VAGUE = (CauseName.SCALED, CauseName.ONE_KERNEL, CauseName.LAYER)


def check_loss(
    loss: Callable[..., Any], gradient: Callable[..., Any], *, classes: bool = True, seed: int = 0
) -> GradientReport:
    """Checks a loss's gradient by its outputs.

    Args:
      loss: (outputs [7, 4], labels) -> a number, or one number for each example (whose mean is
        taken).
      gradient: (outputs, labels) -> [7, 4].
      classes: Whether to try labels as classes; otherwise as targets [7, 4]. Outputs are in (0, 1),
        and those of an example sum to 1, so that they can be probabilities, too.
      seed: Decides the numbers.

    >>> def loss(outputs, targets):
    ...     return ((outputs - targets) ** 2).sum() / len(outputs)
    >>> def gradient(outputs, targets):
    ...     return 2 * (outputs - targets) / len(outputs)
    >>> tfmlp.check_loss(loss, gradient, classes=False).right
    True
    """
    stream = np.random.default_rng(seed)
    outputs = softmax(stream.normal(size=(_EXAMPLES, _OUTPUTS)))
    numbered = stream.integers(0, _OUTPUTS, _EXAMPLES)
    targets = np.eye(_OUTPUTS)[numbered]
    labels = numbered if classes else targets
    is_vector = as_array(loss(outputs, labels)).size > 1

    def whole(o: Array) -> Any:
        value = loss(o, labels)
        return numbers(value).mean() if is_vector else value

    report = check_gradients(whole, outputs, gradient(outputs, labels), batch_size=_EXAMPLES)
    if report.right or (report.cause is not None and report.cause.name not in _VAGUE):
        return report
    given = numbers(gradient(outputs, labels))
    hypotheses = (
        (cause(CauseName.SOFTMAX_LEFT_OUT, "loss"), -targets / outputs),
        (cause(CauseName.LOSS_MISMATCH, "difference"), outputs - targets),
        (cause(CauseName.LOSS_MISMATCH, "logits"), softmax(outputs) - targets),
    )
    for likely, tried in hypotheses:
        for scale in (1, 1 / _EXAMPLES, 1 / (_EXAMPLES * _OUTPUTS)):
            same_shape = given.shape == tried.shape
            if same_shape and np.allclose(given, scale * tried, rtol=1e-5, atol=1e-9):
                return GradientReport(report.parameters, likely, report.recognized)
    return report
