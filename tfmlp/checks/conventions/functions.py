"""Functions of the inputs and the parameters: in one dict or list, or each as an argument."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from tfmlp.checks import words
from tfmlp.checks.making import OUTPUTS, made_by
from tfmlp.checks.space import Space
from tfmlp.checks.usage import Usage

NAME = "functions of the inputs and the parameters"


def usages(space: Space) -> Iterator[Usage]:
    """Yields every way in which functions could be used as a net."""
    functions = space.functions
    forwards = [functions[name] for name in words.forwards(functions)]
    backwards = [functions[name] for name in words.backwards(functions)]
    losses = [functions[name] for name in words.losses(functions)]
    if not forwards or not backwards:
        return
    name = f"{forwards[0].__name__}/{backwards[0].__name__}"
    for params in parameters_in(space):
        named = names_of(params)
        applied = [functions[word] for word in words.updates(functions)]
        chosen = [backward for backward in backwards if backward not in applied][:3]
        # What is applied in place shows the sign, so this comes first.
        for backward, then, forward in itertools.product(chosen, applied[:2], forwards[:2]):
            for loss in (*losses[:2], None):
                yield Usage(name, NAME, params, forward, backward, loss, named=named, then=then)
        for backward, forward in itertools.product(backwards, forwards):
            for loss in (*losses, None):
                yield Usage(name, NAME, params, forward, backward, loss, named=named)


def parameters_in(space: Space) -> Iterator[Any]:
    """Yields what functions could take as their parameters: what initializers make, or variables of
    the file.
    """
    for name in words.initializers(space.functions):
        for outputs in OUTPUTS:
            for seen in made_by(space.functions[name], outputs):
                made = seen.named
                yield list(made) if isinstance(made, tuple) else made
    for word in words.PARAMS:
        if isinstance(space.names.get(word), dict | list) and space.names[word]:
            yield space.names[word]
    arrays = {name: value for name, value in space.arrays.items() if words.is_parameter(name)}
    if arrays:
        yield arrays


def names_of(params: Any) -> Callable[[], dict[str, Any]]:
    """Returns a function that returns parameters by name, as functions may ask for them."""
    return lambda: (
        {str(name): value for name, value in params.items()} if isinstance(params, dict) else {}
    )
