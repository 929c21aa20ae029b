"""Classes with a forward and a backward pass: an activation, a softmax or a loss."""

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from tfmlp.checks import words
from tfmlp.checks.calls import attempt, attribute, guarded
from tfmlp.checks.causes import CauseName
from tfmlp.checks.findings import Finding
from tfmlp.checks.pairs import first_right, is_elementwise, loss_report, ones_like
from tfmlp.checks.reports import FunctionReport, GradientReport
from tfmlp.checks.roles import required
from tfmlp.checks.single import softmax_report

Method = Callable[..., Any]


def classes_in(namespace: dict[str, Any], seed: int) -> Iterator[Finding]:
    """Checks every class that can be made without arguments and is one function.

    Args:
      namespace: Names and what they stand for.
      seed: Decides the numbers that are tried.
    """
    for name, kind in namespace.items():
        if inspect.isclass(kind) and not required(kind) and not _is_container(kind):
            made = attempt(guarded(kind))
            finding = None if made is None else _checked(name, made, seed)
            if finding is not None:
                yield finding


def _is_container(kind: type) -> bool:
    """Whether layers are added to its objects: without any, they do nothing."""
    return any(callable(getattr(kind, name, None)) for name in words.ADD)


def _checked(name: str, made: Any, seed: int) -> Finding | None:
    run, back = (
        _method(made, words.FUNCTION, words.KEPT_OUTPUT),
        _method(made, words.DERIVATIVE, words.KEPT_GRADIENT),
    )
    if run is None:
        return None
    lower, inputs = name.lower(), len(required(run) or ())
    if lower == "softmax" and inputs == 1:
        return Finding(name, "softmax", softmax_report(run))
    if back is None:
        return None
    if inputs == 1 and "softmax" not in lower and is_elementwise(run):
        derivative = _derivative_report(run, back)
        return Finding(name, "derivative", derivative) if derivative else None
    if inputs == 2 and any(part in lower for part in words.LOSS_PARTS):
        report = _loss_report(made, run, back, seed)
        return Finding(name, "loss", report) if report else None
    return None


def _method(made: Any, names: list[str], kept: list[str]) -> Method | None:
    """Returns an object's method of the first name that its class defines.

    Args:
      made: The object.
      names: What the method may be called.
      kept: Attributes that may hold its result where it returns none.
    """
    defined = {word for base in type(made).__mro__[:-1] for word in vars(base)}
    found = next((attribute(made, name) for name in names if name in defined), None)
    if not callable(found):
        return None
    method = guarded(found)

    @functools.wraps(method)
    def call(*args: Any) -> Any:
        result = method(*args)
        if result is None:
            return next((v for name in kept if (v := attribute(made, name)) is not None), None)
        return result

    return call


def _derivative_report(run: Method, back: Method) -> FunctionReport | None:
    """Returns the report on a backward pass, in the first way under which it is right, as the
    derivative of a forward pass.
    """

    def after_forward(z: Any) -> Any:
        run(z)
        return back(ones_like(z)) if len(names) == 1 else back()

    names = required(back) or []
    if len(names) == 2:
        ways = [lambda z: back(ones_like(z), z), lambda z: back(z, ones_like(z))]
        return first_right(run, ways)
    # What the forward pass keeps is given by the class itself: it is the input or the output.
    kept = first_right(run, [after_forward], may_take_output=False)
    if len(names) != 1 or (kept is not None and kept.right):
        return kept
    given = first_right(run, [back])
    if names[0].lower().strip("_") in words.UPSTREAM:
        return kept or given
    if kept is None or (given is not None and (given.right or _is_named(given))):
        return given
    return kept


def _is_named(report: FunctionReport) -> bool:
    return report.cause is not None and report.cause.name is not CauseName.WRONG


def _loss_report(made: Any, run: Method, back: Method, seed: int) -> GradientReport | None:
    """Returns the report on a loss, in the first way to call its backward pass under which it is
    right; None where it is in none, and what the pass takes is called a gradient.
    """

    def after_forward(outputs: Any, labels: Any) -> Any:
        run(outputs, labels)
        return back()

    def of_kept(outputs: Any, labels: Any) -> Any:  # a softmax inside keeps its outputs
        run(outputs, labels)
        return back(attribute(made, words.KEPT_OUTPUT[0]), labels)

    names = required(back) or []
    if len(names) != 2:
        return None if names else loss_report(run, after_forward, seed)
    reports = [loss_report(run, way, seed) for way in (back, of_kept)]
    found = [report for report in reports if report is not None]
    right = next((report for report in found if report.right), None)
    if right is None and names[0].lower().strip("_") in words.UPSTREAM:
        return None
    return right or next(iter(found), None)
