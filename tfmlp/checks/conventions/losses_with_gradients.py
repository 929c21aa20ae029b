"""Functions and methods that return the loss and the gradients together: (loss, grads)."""

from collections.abc import Iterator

from tfmlp.checks import words
from tfmlp.checks.attributes import parameters_of
from tfmlp.checks.conventions.functions import names_of, parameters_in
from tfmlp.checks.roles import Role, takes
from tfmlp.checks.space import Space
from tfmlp.checks.usage import Usage

NAME = "a function that returns the loss and the gradients"


def usages(space: Space) -> Iterator[Usage]:
    """Yields every way in which a function or a method could be used so."""
    for made in space.objects:
        params = parameters_of(made.value)
        for name in words.losses(made.methods) if params else ():
            method = made.methods[name]
            if takes(method, Role.LABELS):
                yield Usage(made.name, NAME, params, None, method, method, made.value)
    names = words.losses(space.functions) + words.backwards(space.functions)
    functions = [space.functions[name] for name in dict.fromkeys(names)]
    functions = [function for function in functions if takes(function, Role.LABELS)]
    for params in parameters_in(space) if functions else ():
        for function in functions:
            named = names_of(params)
            yield Usage(function.__name__, NAME, params, None, function, function, named=named)
