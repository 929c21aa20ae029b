"""The check of a softmax: probabilities that sum to one and never overflow."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmlp.checks.arrays import Array, numbers
from tfmlp.checks.causes import CauseName, cause
from tfmlp.checks.reports import FunctionReport
from tfmlp.reference.losses import softmax


def check_softmax(function: Callable[..., Any], *, column: bool = False) -> FunctionReport:
    """Checks that the probabilities of every example are positive, sum to one, do not change when
    a constant is added to its logits, and survive logits of 1000.

    Args:
      function: The softmax: logits [6, 4] to probabilities.
      column: Whether an example is a column: then [4, 6].
    """
    logits = np.random.default_rng(0).normal(size=(6, 4)) * 2

    def given(x: Array) -> Array:
        with np.errstate(all="ignore"):
            return numbers(function(x.T)).T if column else numbers(function(x))

    plain, moved, large = given(logits), given(logits + np.arange(6)[:, None]), given(logits + 1000)
    for array in (plain, moved, large):
        if array.shape != logits.shape:
            shapes = dict(what="softmax", expected=logits.shape, given=array.shape)
            return FunctionReport(cause(CauseName.SHAPE, "function", **shapes))
    if not np.allclose(plain.sum(1), 1):
        if np.isclose(plain.sum(), 1) and np.isfinite(large).all():
            return FunctionReport(note="the whole array counts as one example")
        if np.allclose(plain.sum(0), 1):
            return FunctionReport(cause(CauseName.WRONG_AXIS, "softmax"))
        return FunctionReport(cause(CauseName.NOT_NORMALIZED, total=plain[0].sum()))
    if not all(np.allclose(plain, other) for other in (softmax(logits), moved)):
        return FunctionReport(cause(CauseName.WRONG, "softmax"))
    if not np.isfinite(large).all():  # no wrong gradient, and yet NaN one day
        return FunctionReport(note=cause(CauseName.OVERFLOW).text)
    return FunctionReport()
