"""Candidates: every way in which what a file defines could be used as a net."""

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tfmlp.checks import words
from tfmlp.checks.attributes import is_float_array, parameters_of
from tfmlp.checks.calls import attribute
from tfmlp.checks.making import made_by
from tfmlp.checks.net import Net

Functions = Mapping[str, Callable[..., Any]]


def candidates_in(namespace: dict[str, Any]) -> Iterator[Net]:
    """Yields every net that could be meant, the likelier first: objects that an initializer puts
    together, objects of classes, functions.
    """
    functions = {name: value for name, value in namespace.items() if inspect.isfunction(value)}
    losses = _named(functions, words.LOSS)
    losses += [value for name, value in functions.items() if words.is_loss(name)]
    for name in words.INITIALIZERS:
        for made in made_by(functions[name]) if name in functions else ():
            if hasattr(made, "__dict__"):
                yield from _of_object(name, made, losses)
    for name, kind in namespace.items():
        if inspect.isclass(kind):
            for made in made_by(kind):
                yield from _of_object(name, made, losses)
    forwards, backwards = _named(functions, words.FORWARD), _named(functions, words.BACKWARD)
    if forwards and backwards and losses:
        for params in _stored_parameters(namespace, functions):
            for forward, backward, loss in itertools.product(forwards, backwards, losses):
                name = f"{forward.__name__}/{backward.__name__}"
                yield Net(name, None, forward, backward, loss, params)


def _named(functions: Functions, names: list[str]) -> list[Callable[..., Any]]:
    return [functions[name] for name in names if name in functions]


def _of_object(name: str, made: Any, free_losses: list[Callable[..., Any]]) -> Iterator[Net]:
    """Yields every way in which an object could be used as a net."""
    defined = {word for base in type(made).__mro__[:-1] for word in vars(base)}

    def methods(names: list[str]) -> list[Callable[..., Any]]:
        found = [attribute(made, name) for name in names if name in defined]
        return [method for method in found if callable(method)]

    forwards, backwards = methods(words.FORWARD), methods(words.BACKWARD)
    losses = methods([*words.LOSS, *sorted(filter(words.is_loss, defined))]) + free_losses
    params = parameters_of(made) if forwards and backwards and losses else None
    if params:
        for forward, backward, loss in itertools.product(forwards, backwards, losses):
            yield Net(name, made, forward, backward, loss, params)


def _stored_parameters(namespace: dict[str, Any], functions: Functions) -> Iterator[Any]:
    """Yields what functions could take as their parameters."""
    for word in words.PARAMS:
        if isinstance(namespace.get(word), dict | list) and namespace[word]:
            yield namespace[word]
    for initializer in _named(functions, words.INITIALIZERS):
        for made in made_by(initializer):
            yield list(made) if isinstance(made, tuple) else made
    arrays = {
        name: value
        for name, value in namespace.items()
        if is_float_array(value) and name.lower().startswith(("w", "b"))
    }
    if arrays:
        yield arrays
