"""Symptoms: what is wrong with one parameter's gradient, as far as it alone can tell.

Each symptom takes a `Compared` and returns a `Cause` or None. They are tried from the particular to
the general; the first that fits is the likely cause.
"""

import numpy as np

from tfmlp.checks.arrays import Array, squeezed
from tfmlp.checks.causes import Cause, CauseName, cause
from tfmlp.checks.comparison import Compared
from tfmlp.checks.factors import explain_ratio


def explain_one(part: Compared, batch: int | None, outputs: int | None) -> Cause | None:
    """Says what is wrong with one parameter's gradient, or None.

    Args:
      part: The gradient and its differences.
      batch: The number of examples, if known.
      outputs: The number of outputs, if known.
    """
    given, values = part.given, part.given_entries
    if given is None:
        return cause(CauseName.MISSING)
    if not np.isfinite(given).all():
        return cause(CauseName.NOT_FINITE, count=int((~np.isfinite(given)).sum()))
    if not given.any() and np.abs(part.numeric).max(initial=0) > 10 * part.noise:
        return cause(CauseName.ZERO)
    if values is None:
        return _shape(part, given)
    if _is_transposed(part, given):
        return cause(CauseName.TRANSPOSED)
    ratio = part.constant_ratio()
    if ratio is not None and abs(ratio - 1) > 1e-3:
        return explain_ratio(ratio, batch, outputs)
    return _penalty(part, values) or _clipped(part, values) or _few(part, values)


def _shape(part: Compared, original: Array) -> Cause:
    """Says what a gradient of another shape than its parameter's is."""
    given, own = squeezed(original), squeezed(part.value)
    shapes = dict(given=original.shape, expected=part.value.shape)
    if given.ndim == own.ndim + 1:
        return _unreduced(part, given, shapes)
    if given.ndim == own.ndim == 2 and given.shape == own.shape[::-1]:
        is_right = part.agrees(given.T, rtol=1e-3, atol=1e-8)
        return cause(CauseName.TRANSPOSED, "right" if is_right else "wrong", **shapes)
    if own.ndim == given.ndim == 1 or given.ndim == 0:
        return cause(CauseName.WRONG_AXIS, **shapes)
    return cause(CauseName.SHAPE, **shapes)


def _unreduced(part: Compared, given: Array, shapes: dict[str, tuple[int, ...]]) -> Cause:
    for axis in range(given.ndim):
        for reduced, word in ((given.sum(axis), "summed"), (given.mean(axis), "averaged")):
            fits = reduced.shape == squeezed(part.value).shape
            if fits and part.agrees(reduced, rtol=1e-4, atol=1e-8):
                return cause(CauseName.UNREDUCED_BIAS, "axis", **shapes, reduced=word, axis=axis)
    return cause(CauseName.UNREDUCED_BIAS, **shapes)


def _is_transposed(part: Compared, original: Array) -> bool:
    """Whether a square kernel's gradient is right but for its order."""
    given = squeezed(original)
    if given.ndim != 2 or given.shape[0] != given.shape[1]:
        return False
    return part.agrees(given.T, rtol=1e-4, atol=1e-6 * np.abs(part.numeric).max())


def _penalty(part: Compared, values: Array) -> Cause | None:
    """Recognizes an error that is a multiple of the weights."""
    smooth = part.smooth
    weights = part.value.reshape(-1)[part.differences.entries][smooth]
    error = (values - part.numeric)[smooth]
    if len(error) <= 2 or not np.abs(weights).max(initial=0) > 0:
        return None
    factor = float(np.dot(error, weights) / np.dot(weights, weights))
    allowed = 1e-5 * np.abs(error).max() + part.noise
    if not np.allclose(error, factor * weights, rtol=1e-3, atol=allowed):
        return None
    word = "too much" if factor > 0 else "missing"
    return cause(CauseName.PENALTY, factor=abs(factor), word=word)


def _few(part: Compared, values: Array) -> Cause | None:
    """Recognizes errors in a few entries, where all others are right."""
    smooth = part.smooth
    error = np.where(smooth, np.abs(values - part.numeric), 0.0)
    allowed = 1e-5 * np.abs(part.numeric).max() + part.noise
    wrong = np.flatnonzero(error > allowed)
    if not 0 < len(wrong) <= min(3, len(values) // 5):
        return None
    shape = part.value.shape
    places = [np.unravel_index(part.differences.entries[index], shape) for index in wrong]
    entries = ", ".join(str([int(i) for i in place]) for place in places)
    return cause(CauseName.ENTRIES, entries=entries)


def _clipped(part: Compared, values: Array) -> Cause | None:
    """Recognizes entries that are cut off at one size, where all others are right."""
    numeric, smooth = part.numeric, part.smooth
    limit = np.abs(values[smooth]).max(initial=0)
    clipped = np.isclose(np.abs(values), limit, rtol=1e-9) & smooth
    others = ~clipped & smooth
    if not 1 < clipped.sum() < smooth.sum():
        return None
    if not np.all(np.abs(numeric[clipped]) >= limit * (1 - 1e-6)):
        return None
    if not np.allclose(values[others], numeric[others], rtol=1e-3, atol=part.noise + 1e-9):
        return None
    return cause(CauseName.CLIPPED, limit=limit)
