"""Objects with a forward and a backward pass; the gradients are returned, kept or applied."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from tfmlp.checks import words
from tfmlp.checks.attributes import parameters_of
from tfmlp.checks.space import Made, Space
from tfmlp.checks.usage import Usage

NAME = "an object with a forward and a backward pass"


def usages(space: Space) -> Iterator[Usage]:
    """Yields every way in which an object could be used as a net."""
    free = [space.functions[name] for name in words.losses(space.functions)]
    for made in space.objects:
        yield from _of(made, free)


def _of(made: Made, free: list[Callable[..., Any]]) -> Iterator[Usage]:
    methods = made.methods
    forwards = [methods[name] for name in words.forwards(methods)]
    backwards = [methods[name] for name in words.backwards(methods)]
    params = parameters_of(made.value) if backwards else None
    if not params:
        return
    losses = [methods[name] for name in words.losses(methods)]
    applied = [methods[name] for name in words.updates(methods)]
    passes = [part for part in backwards if not words.is_training(part.__name__)]
    chosen = [part for part in passes if part not in applied][:2]
    # What is applied shows the sign, so this comes first.
    for backward, then, forward in itertools.product(chosen, applied[:2], forwards[:2]):
        for value in (*losses, *free, None):
            parts = (params, forward, backward, value, made.value)
            yield Usage(made.name, NAME, *parts, then=then)
    for backward in backwards:
        for loss in losses:  # some losses run the forward pass themselves
            yield Usage(made.name, NAME, params, None, backward, loss, made.value)
        for forward in forwards:
            for value in (*losses, *free, None):
                yield Usage(made.name, NAME, params, forward, backward, value, made.value)
