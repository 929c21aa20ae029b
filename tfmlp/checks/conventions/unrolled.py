"""All parameters in one long vector, with the sizes of the layers as arguments."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmlp.checks import words
from tfmlp.checks.batches import Batch, batches_for
from tfmlp.checks.making import HIDDEN, INPUTS, OUTPUTS, sizes
from tfmlp.checks.roles import Role, role_of, takes
from tfmlp.checks.space import Space
from tfmlp.checks.usage import Usage

NAME = "all parameters in one vector"


def usages(space: Space) -> Iterator[Usage]:
    """Yields every way in which functions of one vector could be used: the loss and its gradient
    from one function, or from two.
    """
    functions = space.functions
    words_ = dict.fromkeys(words.losses(functions) + words.backwards(functions))
    fitting = [functions[name] for name in words_ if _fits(functions[name])]
    losses = [function for function in fitting if function.__name__ in words.losses(functions)]
    pairs = [(function, loss) for function in fitting for loss in (function, *losses)]
    for outputs in OUTPUTS:
        for length in _lengths(outputs):
            for function, loss in dict.fromkeys(pairs):
                name, theta = function.__name__, np.zeros(length)
                named = _named(outputs, function, loss)
                yield Unrolled(
                    *(name, NAME, theta, None, function, loss), named=named, outputs=outputs
                )


@dataclass(frozen=True)
class Unrolled(Usage):
    """A usage whose parameters do not tell its widths.

    Attributes:
      outputs: The number of outputs.
    """

    outputs: int = 1

    def batches(self, stream: np.random.Generator) -> Iterator[Batch]:
        """Yields batches in every layout that could be meant."""
        return batches_for([(INPUTS, self.outputs)], (HIDDEN, HIDDEN + 1, INPUTS + 1), stream)


def _fits(function: Callable[..., Any]) -> bool:
    return takes(function, Role.PARAMS) and takes(function, Role.INPUTS)


def _lengths(outputs: int) -> tuple[int, ...]:
    """Returns the lengths of a net's vector with and without biases, and of a single layer's."""
    with_biases = HIDDEN * (INPUTS + 1) + outputs * (HIDDEN + 1)
    return (with_biases, HIDDEN * INPUTS + outputs * HIDDEN, outputs * INPUTS)


def _named(outputs: int, *functions: Callable[..., Any]) -> Callable[[], dict[str, Any]]:
    """Returns a function that returns the sizes which functions ask for, by name."""
    names = [name for function in functions for name in inspect.signature(function).parameters]
    found = {
        name: values[0]
        for name in names
        if role_of(name) is None and (values := sizes(name.lower().strip("_"), outputs))
    }
    return lambda: found
