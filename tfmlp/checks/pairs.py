"""Pairs: a function and its derivative, or a loss and its gradient, checked in every way in which
they could be meant to be called.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from tfmlp.checks import words
from tfmlp.checks.arrays import Array, numbers
from tfmlp.checks.calls import attempt, guarded
from tfmlp.checks.causes import CauseName, cause
from tfmlp.checks.derivatives import check_derivative, derivative_report
from tfmlp.checks.findings import Finding
from tfmlp.checks.losses import check_loss
from tfmlp.checks.reports import FunctionReport, GradientReport
from tfmlp.checks.roles import Role, required, roles_of

Function = Callable[..., Any]

_FACTORS = (
    *(CauseName.BATCH_SIZE, CauseName.FACTOR_2, CauseName.OUTPUTS, CauseName.LEARNING_RATE),
    CauseName.SCALED,
)


def pairs_in(functions: Mapping[str, Function], seed: int) -> Iterator[Finding]:
    """Checks every function whose name says that it is the derivative of another one.

    Args:
      functions: By name.
      seed: Decides the numbers that are tried.
    """
    lower = {name.lower(): name for name in functions}
    for name, derivative in functions.items():
        base = next((lower[stem] for stem in _stems(name.lower()) if stem in lower), None)
        if base is None or base in words.BACKWARD or base in words.FORWARD:
            continue
        subject = f"{base} / {name}"
        finding = _pair(subject, guarded(functions[base]), guarded(derivative), seed)
        if finding is not None:
            yield finding


def first_right(
    function: Function, ways: Iterable[Function], *, may_take_output: bool = True
) -> FunctionReport | None:
    """Returns the report on the first way to call a derivative under which it is right; else on the
    first that can be called; else None.

    Args:
      function: Entry by entry.
      ways: The derivative, in each way to call it.
      may_take_output: As in `derivative_report`.
    """
    check = partial(derivative_report, function, may_take_output=may_take_output)
    attempts = [attempt(partial(check, way)) for way in ways]
    reports = [report for report in attempts if report is not None]
    return next((report for report in reports if report.right), reports[0] if reports else None)


def loss_report(function: Function, gradient: Function, seed: int) -> GradientReport | None:
    """Returns the report on a loss, with targets or classes as its labels, whichever is right; None
    if it takes neither.
    """
    names = required(function)
    if names and roles_of(function)[names[0]] is Role.LABELS:
        checked = partial(check_loss, _swapped(function), _swapped(gradient), seed=seed)
    else:
        checked = partial(check_loss, function, gradient, seed=seed)
    attempts = [attempt(partial(checked, classes=classes)) for classes in (False, True)]
    reports = [_with_conventions(report) for report in attempts if report is not None]
    return next((report for report in reports if report.right), reports[0] if reports else None)


def _with_conventions(report: GradientReport) -> GradientReport:
    """Returns a report on a pair that was found by its names, in which what may be meant so is no
    error: one factor, the opposite sign, and p - t, which is the gradient by a softmax's logits.
    """
    likely, only = report.cause, report.parameters[0]
    if likely is None or only.given is None:
        return report
    if likely.name in _FACTORS and only.measured:
        factor = only.given / only.measured
        if factor < 0:
            return replace(report, undecided=f"{likely.text}: right where it is added")
        convention = cause(CauseName.CONVENTION, "factor", ratio=factor)
        right = (replace(only, right=True),)
        return replace(report, parameters=right, cause=None, convention=convention, factor=factor)
    if likely.name in (CauseName.SIGN, CauseName.LOSS_MISMATCH):
        return replace(report, undecided=likely.text)
    return report


def is_elementwise(function: Function) -> bool:
    """Whether a function gives each entry its own value, whatever the others are."""
    points = np.array([-1.5, -0.2, 0.3, 2.0])

    def test() -> bool:
        with np.errstate(all="ignore"):
            one, other = numbers(function(points.copy())), numbers(function(points[::-1].copy()))
        is_each = one.size == other.size == points.size and one.shape == other.shape
        return is_each and np.allclose(one.reshape(-1), other.reshape(-1)[::-1])

    return bool(attempt(test))


def ones_like(values: Any) -> Array:
    """Returns the gradient from above under which a backward pass is the derivative itself."""
    return np.ones_like(numbers(values))


def _stems(name: str) -> Iterator[str]:
    """Yields what a function may be called whose derivative has this name."""
    for prefix in words.DERIVATIVE_PREFIXES:
        if name.startswith(prefix) and len(name) > len(prefix):
            yield name[len(prefix) :]
    for suffix in words.DERIVATIVE_SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            yield name[: -len(suffix)].rstrip("_")


def _pair(subject: str, function: Function, derivative: Function, seed: int) -> Finding | None:
    """Checks a function and its derivative: of one argument, or of outputs and labels."""
    first, second, lower = required(function), required(derivative), subject.lower()
    if first is None or second is None:
        return None
    report: FunctionReport | GradientReport | None = None
    if len(first) == 1 and "softmax" not in lower:
        if is_elementwise(function):
            report = _derivative_report(function, derivative, len(second))
        return Finding(subject, "derivative", report) if report else None
    if len(first) == len(second) == 2 and any(part in lower for part in words.LOSS_PARTS):
        report = loss_report(function, derivative, seed)
    return Finding(subject, "loss", report) if report else None


def _derivative_report(
    function: Function, derivative: Function, arguments: int
) -> FunctionReport | None:
    if arguments == 1:
        return attempt(partial(check_derivative, function, derivative))
    if arguments != 2:
        return None
    # The gradient from above and the input, in either order; or the input and the output.
    ways = (
        lambda z: derivative(ones_like(z), z),
        lambda z: derivative(z, ones_like(z)),
        lambda z: derivative(z, function(z)),
    )
    return first_right(function, ways)


def _swapped(function: Function) -> Function:
    return lambda outputs, labels: function(labels, outputs)
