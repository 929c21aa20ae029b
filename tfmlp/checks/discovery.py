"""Discovery: what there is to check in a person's file."""

import ast
import inspect
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from tfmlp.checks.adapter import ADAPTER, adapted
from tfmlp.checks.asks import Ask, ask_for
from tfmlp.checks.classes import classes_in
from tfmlp.checks.findings import FileFindings, Finding
from tfmlp.checks.guessing import Guessed, guess_nets
from tfmlp.checks.pairs import pairs_in
from tfmlp.checks.reachable import is_own, names_in
from tfmlp.checks.reports import GradientReport
from tfmlp.checks.single import single_functions_in
from tfmlp.checks.space import Made, Space
from tfmlp.checks.unjudged import unjudged
from tfmlp.checks.usage import Usage

_OF_NETS = ("loss", "gradient")  # kinds of findings whose functions a net may need, too


def check_namespace(
    namespace: dict[str, Any], seed: int = 0, statements: Sequence[ast.stmt] = ()
) -> FileFindings:
    """Checks what a file defined: pairs of functions by their names, classes, nets; or what it asks
    itself, with `tfmlp.check` or an adapter.

    Args:
      namespace: Names and what they stand for, as after running a file.
      seed: Decides the numbers that are tried.
      statements: The statements of the file's top level, to be searched for what was not judged.

    Raises:
      ConfigError: when its adapter returns something else than it should.
      UserCodeError: when its adapter, or a function that can be called in one way only, raises.
    """
    if callable(namespace.get(ADAPTER)):
        return FileFindings(list(adapted(namespace[ADAPTER], seed)))
    asked = [
        Finding(name, "gradient", value)
        for name, value in namespace.items()
        if isinstance(value, GradientReport)
    ]
    own = {name: value for name, value in namespace.items() if _is_own(name, value, namespace)}
    functions = {name: value for name, value in own.items() if inspect.isfunction(value)}
    findings = [
        *asked,
        *pairs_in(functions, seed),
        *single_functions_in(functions),
        *classes_in(own, seed),
    ]
    if asked:
        return FileFindings(findings)
    known = _parts(finding.subject for finding in findings)
    single = _parts(finding.subject for finding in findings if finding.kind not in _OF_NETS)
    space = Space(
        {name: value for name, value in own.items() if name not in single or name not in functions}
    )
    guesses = guess_nets(space, seed, known)
    findings += [Finding(guess.name, "gradient", guess.report) for guess in guesses if guess.report]
    return FileFindings(findings, list(_asks(space, guesses, findings, statements)))


def _asks(
    space: Space,
    guesses: Sequence[Guessed],
    findings: Iterable[Finding],
    statements: Sequence[ast.stmt],
) -> Iterator[Ask]:
    """Yields what could not be judged, with the call that would ask about it."""
    # Of a class that is a net, only the methods that were called are judged.
    nets = {
        guess.name
        for guess in guesses
        if guess.name in space.classes and any(isinstance(use, Usage) for use in guess.answered)
    }
    judged = set(_judged(guesses)) | _parts(
        finding.subject for finding in findings if finding.subject not in nets
    )
    said = set()
    for guess in guesses:
        if guess.report is not None and guess.report.right is None:
            said |= _names(guess)
            yield ask_for(guess, space)
    left = list(unjudged(ast.Module(list(statements), []), judged))
    helpers = _called_by(space, [name for name, _ in left])
    for name, line in left:
        subject = name.split(".")[0]
        near = [guess for guess in guesses if subject in _names(guess)]
        guess = min(near, key=partial(_distance, subject), default=Guessed(subject))
        if not said & {subject, guess.name} and name not in helpers:
            said |= {subject, guess.name}
            yield ask_for(guess, space, line, subject)


def _distance(subject: str, guess: Guessed) -> tuple[bool, ...]:
    """Returns how little a guess got to know of a backward pass; the least is the best."""
    whole = [
        usage
        for usage in guess.usages
        if isinstance(usage, Usage) and usage.key == subject and usage.forward and usage.shapes
    ]
    return guess.asked is None, guess.ran is None, not whole


def _called_by(space: Space, names: Iterable[str]) -> set[str]:
    """Returns the functions that others of the same names call."""
    functions = {name: space.functions[name] for name in names if name in space.functions}
    used = {name: set(names_in(function.__code__)) for name, function in functions.items()}
    return {
        name for name in used for other in used if name in used[other] and other not in used[name]
    }


def _judged(guesses: Iterable[Guessed]) -> Iterator[str]:
    """Yields the names of the functions and methods that what was judged calls, by their code."""
    for guess in guesses:
        todo = [part for usage in guess.answered for part in usage.called]
        seen = set[str]()
        while todo:
            function = todo.pop()
            code = getattr(getattr(function, "__func__", function), "__code__", None)
            if code is None or function.__qualname__ in seen:
                continue
            seen.add(function.__qualname__)
            owner = getattr(function, "__self__", None)
            spaces = (getattr(function, "__globals__", {}), _methods_of(owner))
            todo += [space[name] for space in spaces for name in names_in(code) if name in space]
        yield from seen


def _methods_of(owner: Any) -> dict[str, Any]:
    return Made("", owner).methods if owner is not None else {}


def _parts(subjects: Iterable[str]) -> set[str]:
    return {part.strip() for subject in subjects for part in subject.split("/")}


def _names(guess: Guessed) -> set[str]:
    return {guess.name, *(usage.key for usage in guess.usages), *_parts([guess.name])}


def _is_own(name: str, value: Any, namespace: dict[str, Any]) -> bool:
    """Whether the file itself defines something."""
    if name.startswith("__") or inspect.ismodule(value):
        return False
    if not callable(value) or getattr(value, "__module__", None) == namespace.get("__name__"):
        return True
    return (inspect.isfunction(value) or inspect.isclass(value)) and is_own(value)  # a sibling's
