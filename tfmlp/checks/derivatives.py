"""The check of a derivative: an activation's, entry by entry."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tfmlp.checks.arrays import Array, numbers
from tfmlp.checks.calls import attempt, guarded
from tfmlp.checks.causes import Cause, CauseName, cause
from tfmlp.checks.formulas import FORMULAS
from tfmlp.checks.reports import FunctionReport
from tfmlp.errors import ConfigError
from tfmlp.reference.activations import ACTIVATIONS

_POINTS = np.array([-6.3, -2.3, -1.3, -0.7, -0.31, -0.05, 0.04, 0.29, 0.8, 1.45, 2.0, 3.0, 5.7])
_BELOW, _ABOVE = _POINTS < 0, _POINTS > 0
_STEP = 1e-6
_CLOSE = 1e-5


def check_derivative(
    function: Callable[..., Any], derivative: Callable[..., Any]
) -> FunctionReport:
    """Checks a derivative against central differences of its function, at points on both sides of
    0.

    Args:
      function: Entry by entry: array [m] to array [m].
      derivative: Of the function's input, or of its output (as a * (1 - a) for the sigmoid); both
        count as right, and the report says which it is.

    Raises:
      ConfigError: when the function does not go entry by entry.

    >>> print(tfmlp.check_derivative(np.tanh, lambda a: 1 - a**2))
    right (written in terms of the function's output)
    >>> print(tfmlp.check_derivative(np.tanh, np.tanh).cause.text)
    it returns the function itself
    """
    return derivative_report(function, derivative)


def derivative_report(
    function: Callable[..., Any], derivative: Callable[..., Any], *, may_take_output: bool = True
) -> FunctionReport:
    """Checks a derivative as `check_derivative` does.

    Args:
      function: Entry by entry.
      derivative: Its derivative.
      may_take_output: Whether a derivative of the function's output counts as right; not if the
        derivative was given the input by the code that it belongs to.
    """
    values = _values(function, _POINTS)
    up, down = _values(function, _POINTS + _STEP), _values(function, _POINTS - _STEP)
    if not values.shape == up.shape == down.shape or values.size != _POINTS.size:
        raise ConfigError(
            f"expected one value for each of {_POINTS.size} points; received the shape"
            f" {values.shape}: give a function that goes entry by entry."
        )
    measured = (up - down) / (2 * _STEP)
    given = _values(derivative, _POINTS)
    if given.size != measured.size:
        shapes = dict(what="derivative", expected=_POINTS.shape, given=given.shape)
        return FunctionReport(cause(CauseName.SHAPE, "function", **shapes))
    values, measured, given = (array.reshape(-1) for array in (values, measured, given))
    if _close(given, measured):
        return FunctionReport()
    # At values where it is not defined it may raise: then it is not written in terms of them.
    of_output = attempt(lambda: _values(guarded(derivative), values))
    if of_output is None or of_output.size != measured.size:
        of_output = np.full_like(measured, np.nan)
    of_output = of_output.reshape(-1)
    if may_take_output and _close(of_output, measured):
        return FunctionReport(note="written in terms of the function's output")
    error = np.abs(given - measured)
    worst = int(np.argmax(np.where(np.isnan(error), -1, error)))
    return FunctionReport(
        _wrong(given, of_output, values, measured),
        detail=f"at {_POINTS[worst]:g} it gives {given[worst]:.6g}; measured {measured[worst]:.6g}",
    )


def _wrong(given: Array, of_output: Array, values: Array, measured: Array) -> Cause:
    """Says what a wrong derivative is.

    Args:
      given: The derivative at the points.
      of_output: The derivative at the function's values; NaN where it cannot be taken.
      values: The function.
      measured: The central differences.
    """
    if not np.isfinite(given).all():
        return cause(CauseName.NOT_FINITE, "derivative")
    if _close(measured[_BELOW], measured[0]) and (found := _bent(given, measured)):
        return found
    if _close(of_output, measured):
        return cause(CauseName.DERIVATIVE_OF_INPUT, "derivative")
    if _close(given, -measured):
        return cause(CauseName.SIGN, what="the derivative")
    if _close(given, values):
        return cause(CauseName.FUNCTION_FOR_DERIVATIVE, "derivative")
    if (ratio := _constant_ratio(given, measured)) is not None:
        is_two = np.isclose(abs(ratio), 2) or np.isclose(abs(ratio), 0.5)
        name = CauseName.FACTOR_2 if is_two else CauseName.SCALED
        return cause(name, what="the derivative", ratio=ratio)
    if _close(given, 1):
        return cause(CauseName.NO_DERIVATIVE, "derivative")
    for known, true in _known_derivatives():
        if _close(given, true) or _close(of_output, true):
            return cause(CauseName.WRONG_DERIVATIVE, "named", name=known)
    squares = ((given**2, measured), (given, measured**2))
    if any(np.allclose(one, other, atol=_CLOSE) for one, other in squares):
        return cause(CauseName.DERIVATIVE_TWICE, "derivative")
    for _, formula, value in FORMULAS:
        tried = value(_POINTS, values)
        if _close(given, tried) or _close(of_output, tried):
            return cause(CauseName.WRONG_DERIVATIVE, "formula", formula=formula)
    return cause(CauseName.WRONG)


def _bent(given: Array, measured: Array) -> Cause | None:
    """Says what is wrong with the derivative of a function that is straight below 0."""
    above = measured[_ABOVE]
    if _close(given, given[-1]) and not _close(measured, given):
        return cause(CauseName.MASK, "derivative")
    if _close(given[_ABOVE], above):
        return cause(CauseName.NEGATIVE_SLOPE, "derivative")
    exchanged = _close(above, above[0]) and _close(given[_BELOW], above[0])
    if exchanged and _close(given[_ABOVE], measured[0]):
        return cause(CauseName.MASK_INVERTED, "derivative")
    return None


def _constant_ratio(given: Array, measured: Array) -> float | None:
    ratio = given / np.where(measured == 0, np.nan, measured)
    ratio = ratio[np.isfinite(ratio)]
    is_constant = len(ratio) > 3 and np.allclose(ratio, ratio[0], rtol=1e-4)
    return float(ratio[0]) if is_constant else None


def _known_derivatives() -> Iterator[tuple[str, Array]]:
    for name, activation in ACTIVATIONS.items():
        true = numbers(activation.derivative(_POINTS, activation.function(_POINTS)))
        yield name, np.broadcast_to(true, _POINTS.shape)


def _values(function: Callable[..., Any], points: Array) -> Array:
    """Returns a function's values, as an array of the points' shape where they are one number."""
    with np.errstate(all="ignore"):
        value = numbers(function(points.copy()), "a function's value")
    return value if value.shape else np.broadcast_to(value, points.shape).copy()


def _close(one: Array, other: Array | float) -> bool:
    return bool(np.allclose(one, other, rtol=1e-4, atol=_CLOSE))
