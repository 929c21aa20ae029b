"""Factors: what a gradient that is a constant times the right one shows."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from tfmlp.checks.causes import Cause, CauseName, cause
from tfmlp.checks.comparison import Compared

_RATES = (
    *(0.5, 0.4, 0.3, 0.2, 0.125, 0.1, 0.05, 0.03, 0.02, 0.01),
    *(0.005, 0.003, 0.002, 0.001, 1e-4),
)
# What may come beside the batch size: a factor, and how the sentence goes on.
_BESIDES = ((1, ""), (2, " and by 2"), (0.5, ""), (-1, ", with the wrong sign"))


def explain_ratio(
    ratio: float,
    batch: int | None,
    outputs: int | None,
    what: str = "the gradient",
    features: int | None = None,
) -> Cause:
    """Says what a constant factor is, from the particular to the general.

    Args:
      ratio: The factor.
      batch: The number of examples, if known.
      outputs: The number of outputs, if known.
      what: What is off by the factor, as the subject of a sentence.
      features: The number of inputs, if known.
    """

    def near(value: float) -> bool:
        return bool(np.isclose(ratio, value, rtol=1e-3))

    if near(-1):
        return cause(CauseName.SIGN, what=what)
    if batch and batch > 2:
        for factor, besides in _BESIDES:
            values = dict(what=what, ratio=ratio, batch=batch, besides=besides)
            if near(factor * batch):
                return cause(CauseName.BATCH_SIZE, "too_large", **values)
            if near(factor / batch):
                return cause(CauseName.BATCH_SIZE, "too_small", **values)
    if near(2) or near(0.5):
        return cause(CauseName.FACTOR_2, what=what, ratio=ratio)
    if near(-2) or near(-0.5):
        return cause(CauseName.SIGN, "factor_2", what=what)
    if outputs and outputs > 2 and (near(outputs) or near(1 / outputs)):
        return cause(CauseName.OUTPUTS, what=what, ratio=ratio, outputs=outputs)
    if outputs and batch and outputs > 1 and (near(outputs / batch) or near(batch / outputs)):
        values = dict(what=what, ratio=ratio, outputs=outputs, batch=batch)
        return cause(CauseName.OUTPUTS, "axis", **values)
    if features and batch and features != batch and near(batch / features):
        values = dict(what=what, ratio=ratio, features=features, batch=batch)
        return cause(CauseName.BATCH_SIZE, "features", **values)
    for rate in _RATES:
        if near(rate) or near(-rate):
            return cause(CauseName.LEARNING_RATE, what=what, ratio=ratio)
        if batch and (near(rate * batch) or near(rate / batch) or near(-rate * batch)):
            values = dict(what=what, ratio=ratio, rate=rate, batch=batch)
            return cause(CauseName.LEARNING_RATE, "batch_size", **values)
    if batch is None and ratio > 2 and near(round(ratio)):
        return cause(CauseName.BATCH_SIZE, "maybe_too_large", what=what, ratio=ratio)
    if batch is None and 0 < ratio < 0.5 and np.isclose(1 / ratio, round(1 / ratio), rtol=1e-3):
        return cause(CauseName.BATCH_SIZE, "maybe_too_small", what=what, inverse=1 / ratio)
    return cause(CauseName.SCALED, what=what, ratio=ratio)


def explain_together(
    parts: list[Compared], batch: int | None, outputs: int | None, features: int | None = None
) -> Cause | None:
    """Says what is wrong where one factor explains every wrong gradient."""
    wrong = [part for part in parts if not part.right]
    ratios = [part.constant_ratio() for part in wrong if not part.is_flat]
    known = [ratio for ratio in ratios if ratio is not None and abs(ratio) >= 1e-9]
    if not known or len(known) < len(ratios) or not np.allclose(known, known[0], rtol=1e-3):
        return None
    if abs(known[0] - 1) <= 1e-3:
        return None
    if len(wrong) == len(parts):
        return explain_ratio(known[0], batch, outputs, features=features)
    what = f"the gradient of {listed(part.name for part in wrong)}"
    return explain_ratio(known[0], batch, outputs, what, features)


def explain_steps(parts: list[Compared], batch: int | None, outputs: int | None) -> Cause | None:
    """Says what is wrong where the same factor comes in again at every layer."""
    ratios = [part.constant_ratio() for part in parts if not part.is_flat]
    known = [ratio for ratio in reversed(ratios) if ratio]
    if not known or len(known) < len(ratios):
        return None
    distinct = [known[0]]
    for ratio in known[1:]:
        if not np.isclose(ratio, distinct[-1], rtol=1e-3):
            distinct.append(ratio)
    steps = [below / above for above, below in pairwise(distinct)]
    if not steps or not np.allclose(steps, steps[0], rtol=1e-3):
        return None
    what = "from each layer to the one below, the gradient"
    return explain_ratio(steps[0], batch, outputs, what) if len(known) > 2 else None


def detached(parts: list[Compared]) -> Cause | None:
    """Says where no gradient reaches some of the parameters, and all others are right."""
    wrong = [part for part in parts if not part.right]
    if len(wrong) < 2 or any(part.given is None or part.given.any() for part in wrong):
        return None
    return cause(CauseName.DETACHED, names=listed(part.name for part in wrong))


def listed(names: Iterable[str]) -> str:
    """Returns up to four names, as a sentence lists them."""
    names = list(names)
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
