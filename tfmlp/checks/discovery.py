"""Discovery: what there is to check in a user's file."""

import inspect
from typing import Any

from tfmlp.checks import words
from tfmlp.checks.adapter import ADAPTER, adapted
from tfmlp.checks.classes import classes_in
from tfmlp.checks.findings import FileFindings, Finding
from tfmlp.checks.nets import check_nets
from tfmlp.checks.pairs import pairs_in
from tfmlp.checks.single import single_functions_in


def check_namespace(namespace: dict[str, Any], seed: int = 0) -> FileFindings:
    """Checks what a file defined: pairs of functions by their names, classes, nets, or what an
    adapter says.

    Args:
      namespace: Names and what they stand for, as `runpy.run_path` returns them.
      seed: Decides the numbers that are tried.

    Raises:
      ConfigError: when its adapter returns something else than it should.
      UserCodeError: when its adapter, or a function that can be called in one way only, raises.
    """
    if callable(namespace.get(ADAPTER)):
        return FileFindings(list(adapted(namespace[ADAPTER], seed)))
    own = {name: value for name, value in namespace.items() if _is_own(name, value, namespace)}
    functions = {name: value for name, value in own.items() if inspect.isfunction(value)}
    findings = [
        *pairs_in(functions, seed),
        *single_functions_in(functions),
        *classes_in(own, seed),
    ]
    nets, unclear = check_nets(own, seed)
    findings += [Finding(name, "gradient", report) for name, report in nets]
    if not nets and not unclear:
        unclear = _unclear(own, functions, {finding.subject for finding in findings})
    return FileFindings(findings, unclear)


def _is_own(name: str, value: Any, namespace: dict[str, Any]) -> bool:
    """Whether the file itself defines something."""
    if name.startswith("__") or inspect.ismodule(value):
        return False
    return not callable(value) or getattr(value, "__module__", None) == namespace.get("__name__")


def _unclear(own: dict[str, Any], functions: dict[str, Any], found: set[str]) -> list[str]:
    """Returns the names of what looks like a net, and was not tried as one."""
    forwards, backwards = set(words.FORWARD), set(words.BACKWARD)
    specific = words.FORWARD[:6]  # other classes have a `predict`, too
    classes = [
        name
        for name, kind in own.items()
        if inspect.isclass(kind)
        and name not in found
        and any(hasattr(kind, word) for word in specific)
        and any(hasattr(kind, word) for word in backwards)
    ]
    is_net = functions.keys() & forwards and functions.keys() & backwards
    return classes + (sorted(functions.keys() & backwards) if is_net else [])
