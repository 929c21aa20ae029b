"""Plain lists: a net is a list of layers, a layer a list of neurons, a neuron its weights."""

import itertools
import random
from collections.abc import Iterator

from tfmlp.checks import words
from tfmlp.checks.making import HIDDEN, INPUTS, OUTPUTS
from tfmlp.checks.roles import Role, takes
from tfmlp.checks.space import Space
from tfmlp.checks.usage import Usage

NAME = "a net as plain lists of neurons, the bias last"

Neurons = list[list[list[float]]]


def usages(space: Space) -> Iterator[Usage]:
    """Yields every way in which functions of a net could be given plain lists."""
    functions = [function for function in space.functions.values() if takes(function, Role.PARAMS)]
    named = {function.__name__: function for function in functions}
    forwards = [named[name] for name in words.forwards(named)]
    backwards = [named[name] for name in words.backwards(named)]
    losses = [space.functions[name] for name in words.losses(space.functions)]
    for outputs in OUTPUTS if forwards and backwards else ():
        name, net = f"{forwards[0].__name__}/{backwards[0].__name__}", _net(outputs)
        for backward, forward in itertools.product(backwards, forwards):
            for loss in (*losses, None):
                yield Usage(name, NAME, net, forward, backward, loss)


def _net(outputs: int) -> Neurons:
    stream = random.Random(0)
    widths = (INPUTS, HIDDEN, outputs)
    return [
        [[stream.uniform(-1, 1) for _ in range(below + 1)] for _ in range(width)]
        for below, width in itertools.pairwise(widths)
    ]
