"""Classes with a forward and a backward pass: an activation, a softmax or a loss."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from tfmlp.checks import words
from tfmlp.checks.calls import attempt, attribute, guarded
from tfmlp.checks.findings import Finding
from tfmlp.checks.pairs import first_right, is_elementwise, loss_report, ones_like
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
        if inspect.isclass(kind) and not required(kind):
            made = attempt(guarded(kind))
            finding = None if made is None else _checked(name, made, seed)
            if finding is not None:
                yield finding


def _checked(name: str, made: Any, seed: int) -> Finding | None:
    run, back = _method(made, words.FUNCTION), _method(made, words.DERIVATIVE)
    if run is None:
        return None
    lower, inputs = name.lower(), len(required(run) or ())
    if lower == "softmax" and inputs == 1:
        return Finding(name, "softmax", softmax_report(run))
    if back is None:
        return None
    if inputs == 1 and "softmax" not in lower and is_elementwise(run):
        derivative = first_right(run, _ways(run, back))
        return Finding(name, "derivative", derivative) if derivative else None
    if inputs == 2 and any(part in lower for part in words.LOSS_PARTS):
        gradient = _loss_gradient(run, back)
        loss = gradient and loss_report(run, gradient, seed)
        return Finding(name, "loss", loss) if loss else None
    return None


def _method(made: Any, names: list[str]) -> Method | None:
    """Returns an object's method of the first name that its class defines."""
    defined = {word for base in type(made).__mro__[:-1] for word in vars(base)}
    found = next((attribute(made, name) for name in names if name in defined), None)
    return guarded(found) if callable(found) else None


def _ways(run: Method, back: Method) -> list[Method]:
    """Returns the ways in which a backward pass could be meant to be called, as derivatives."""

    def after_forward(z: Any) -> Any:
        run(z)
        return back(ones_like(z)) if len(names) == 1 else back()

    names = required(back) or []
    if len(names) == 2:
        return [lambda z: back(ones_like(z), z), lambda z: back(z, ones_like(z))]
    if len(names) != 1:
        return [after_forward]
    ways = [back, after_forward]
    takes_gradient = names[0].lower().strip("_") in words.UPSTREAM
    return ways[::-1] if takes_gradient else ways


def _loss_gradient(run: Method, back: Method) -> Method | None:
    """Returns a loss's gradient as a function of outputs and labels."""
    names = required(back) or []
    if len(names) == 2:
        return back

    def after_forward(outputs: Any, labels: Any) -> Any:
        run(outputs, labels)
        return back()

    return None if names else after_forward
