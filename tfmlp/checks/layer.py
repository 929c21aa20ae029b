"""A layer: a forward and a backward pass without a loss, checked with a random one.

The loss is the sum of the outputs times random numbers; these are what the backward pass is given.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from tfmlp.checks.arrays import Array, numbers
from tfmlp.checks.batches import Batch
from tfmlp.checks.calls import attempt
from tfmlp.checks.causes import CauseName, cause
from tfmlp.checks.matching import Gradients, matched
from tfmlp.checks.question import Question
from tfmlp.checks.reports import GradientReport
from tfmlp.checks.trees import items_of
from tfmlp.errors import ConfigError

_EXAMPLES = 7
_VAGUE = (
    *(CauseName.SHAPE, CauseName.UNREDUCED_BIAS, CauseName.MISSING, CauseName.WRONG_AXIS),
    *(CauseName.PENALTY, CauseName.CLIPPED),
)

_FACTORS = (CauseName.BATCH_SIZE, CauseName.SCALED, CauseName.FACTOR_2)

Arrays = dict[str, Any]


@dataclass(frozen=True)
class LayerUsage:
    """One way to use a layer.

    Attributes:
      name: What it is called in the file.
      convention: The name of the convention under which it is used so.
      inputs: What may be fed, each with a name; in every layout that could be meant.
      params: Its own parameters, by name, or {}.
      forward: Takes the inputs; returns the outputs, and whatever `backward` needs.
      backward: Takes the random numbers and what forward returned besides; returns whatever could
        be the gradients, the likelier first.
      roots: What the functions reach, the object first, if there is one.
      made: The lines of Python that make it as `net`, or "".
    """

    name: str
    convention: str
    inputs: list[Arrays]
    params: Arrays
    forward: Callable[[Arrays], tuple[Any, Any]]
    backward: Callable[[Array, Any], Iterator[Any]]
    roots: tuple[Any, ...]
    made: str = ""
    loss: None = None

    @property
    def key(self) -> str:
        """What its backward pass is called."""
        return "backward"

    @property
    def called(self) -> tuple[Any, ...]:
        """What is called."""
        return self.roots

    def batches(self, stream: np.random.Generator) -> Iterator[Batch]:
        """Yields the inputs in every layout."""
        for arrays in self.inputs:
            fed = {name: stream.normal(size=shape) for name, shape in arrays.items()}
            yield Batch(fed, None, np.empty((_EXAMPLES, 1)), np.empty((_EXAMPLES, 1)))

    def settled(self, report: GradientReport) -> GradientReport:
        """Returns the report in which one factor on all its own gradients is a convention: many
        layers divide these by the number of examples.
        """
        wrong = [part for part in report.parameters if not part.right]
        if report.cause is None or {part.name for part in wrong} != set(self.params):
            return report
        ratios = [part.given / part.measured for part in wrong if part.given and part.measured]
        if len(ratios) < len(wrong) or ratios[0] < 0 or not np.allclose(ratios, ratios[0], 1e-3):
            return report
        if report.cause.name not in _FACTORS:
            return report
        parameters = tuple(replace(part, right=True) for part in report.parameters)
        said = cause(CauseName.CONVENTION, "factor", ratio=ratios[0])
        return replace(report, parameters=parameters, cause=None, convention=said)

    def is_sure(self, report: GradientReport) -> bool:
        """Whether a wrong gradient is the file's mistake: another one is right."""
        right = [part for part in report.parameters if part.right and part.measured]
        return bool(right) and report.cause is not None and report.cause.name not in _VAGUE

    def question(self, batch: Batch) -> Question:
        """Returns the question whether the gradients by its parameters and inputs are right.

        Raises:
          ConfigError: when the layer is not meant to be used so.
          UserCodeError: when it raises.
        """
        fed: Arrays = batch.inputs
        params = self.params | fed
        shapes = {name: np.empty(np.shape(value)) for name, value in params.items()}
        outputs = numbers(self.forward(fed)[0], "the outputs")
        factors = np.random.default_rng(1).normal(size=outputs.shape)

        def loss() -> float:
            return float((factors * numbers(self.forward(fed)[0])).sum())

        def grads() -> Any:
            # Both passes get copies: some change what they are given in place.
            _, cache = self.forward({name: value.copy() for name, value in fed.items()})
            for tree in self.backward(factors.copy(), cache):
                found = attempt(partial(_matching, tree, shapes))
                if found is not None:
                    return found
            raise ConfigError("expected a backward pass that returns or keeps gradients.")

        grads()
        return Question(params=params, loss=loss, grads=grads, roots=self.roots)


def _matching(tree: Any, shapes: Mapping[str, Array]) -> Any:
    arrays: Gradients = {
        name: numbers(value, name) for name, value in items_of(tree) if value is not None
    }
    found = matched(shapes, arrays)
    sizes = {name: np.size(gradient) for name, gradient in found.items() if gradient is not None}
    return found if any(sizes[name] == shapes[name].size for name in sizes) else None
