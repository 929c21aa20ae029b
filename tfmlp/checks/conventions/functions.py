"""Functions of the inputs and the parameters: in one dict or list, or each as an argument."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tfmlp.checks import words
from tfmlp.checks.attributes import is_float_array
from tfmlp.checks.making import OUTPUTS, made_by
from tfmlp.checks.space import Space
from tfmlp.checks.usage import Usage

NAME = "functions of the inputs and the parameters"

Function = Callable[..., Any]


def usages(space: Space) -> Iterator[Usage]:
    """Yields every way in which functions, or methods like them, could be used as a net."""
    functions = space.functions
    forwards, backwards = words.forwards(functions), words.backwards(functions)
    if forwards and backwards:
        yield from _of(f"{forwards[0]}/{backwards[0]}", functions, parameters_in(space), None)
    for made in Space(space.names).objects:  # of their own, since an initializer may change them
        methods = made.methods
        if words.forwards(methods) and words.backwards(methods):
            yield from _of(made.name, methods, _initialized(methods), made.value)


def _of(
    name: str, functions: Mapping[str, Function], trees: Iterable[Any], owner: Any
) -> Iterator[Usage]:
    forwards = [functions[word] for word in words.forwards(functions)]
    backwards = [functions[word] for word in words.backwards(functions)]
    losses = [functions[word] for word in words.losses(functions)]
    applied = [functions[word] for word in words.updates(functions)]
    passes = [part for part in backwards if not words.is_training(part.__name__)]
    chosen = [part for part in passes if part not in applied][:3]
    for params in trees:
        named = names_of(params)
        # What is applied in place shows the sign, so this comes first.
        for backward, then, forward in itertools.product(chosen, applied[:2], forwards[:2]):
            for loss in (*losses[:2], None):
                parts = (params, forward, backward, loss, owner)
                yield Usage(name, NAME, *parts, named=named, then=then)
        for backward, forward in itertools.product(backwards, forwards):
            for loss in (*losses, None):
                yield Usage(name, NAME, params, forward, backward, loss, owner, named=named)


def parameters_in(space: Space) -> Iterator[Any]:
    """Yields what functions could take as their parameters: what initializers make, or variables of
    the file.
    """
    made = list(_initialized(space.functions))
    yield from made
    if made:
        return
    for word in words.PARAMS:
        if isinstance(space.names.get(word), dict | list) and space.names[word]:
            yield space.names[word]
    found = {
        name: value
        for name, value in space.names.items()
        if words.is_parameter(name) and (is_float_array(value) or _are_arrays(value))
    }
    if found:
        yield found


def _initialized(functions: Mapping[str, Function]) -> Iterator[Any]:
    """Yields what initializers make."""
    for name in words.initializers(name for name in functions if not name.startswith("__")):
        for outputs in OUTPUTS:
            for seen in made_by(functions[name], outputs):
                if seen.named is not None:
                    yield list(seen.named) if isinstance(seen.named, tuple) else seen.named


def _are_arrays(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(is_float_array(item) for item in value)


def names_of(params: Any) -> Callable[[], dict[str, Any]]:
    """Returns a function that returns parameters by name, as functions may ask for them."""
    return lambda: (
        {str(name): value for name, value in params.items()} if isinstance(params, dict) else {}
    )
