"""Engines of scalar numbers that differentiate themselves, as micrograd: value.backward()."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tfmlp.checks.batches import Batch
from tfmlp.checks.calls import attempt, attribute, guarded
from tfmlp.checks.question import Question
from tfmlp.checks.reports import GradientReport
from tfmlp.checks.space import Space
from tfmlp.errors import ConfigError

NAME = "an engine of scalar numbers that differentiates itself"
_POINT = (0.7, -1.3, 0.4)


def usages(space: Space) -> Iterator["EngineUsage"]:
    """Yields every class of numbers with data, grad and backward."""
    for name, kind in space.classes.items():
        made = attempt(partial(guarded(kind), 1.5))
        if made is not None and hasattr(made, "data") and hasattr(made, "grad"):
            if callable(attribute(made, "backward")):
                yield EngineUsage(name, kind)


@dataclass(frozen=True)
class EngineUsage:
    """Every operation of an engine in one expression.

    Attributes:
      name: What the class is called.
      kind: The class.
    """

    name: str
    kind: type
    convention: str = NAME
    key: str = "backward"
    loss: None = None

    @property
    def called(self) -> tuple[Any, ...]:
        """What is called."""
        return (self.kind,)

    def batches(self, stream: np.random.Generator) -> Iterator[Batch]:
        """Yields one batch, of which nothing is used."""
        yield Batch(None, None, np.empty((2, 1)), np.empty((2, 1)))

    def settled(self, report: GradientReport) -> GradientReport:
        """Returns the report as it is."""
        return report

    def is_sure(self, report: GradientReport) -> bool:
        """Whether a wrong gradient is the file's mistake: it always is."""
        return True

    def question(self, batch: Batch) -> Question:
        """Returns the question. Raises as `Usage.question`."""
        values = [guarded(self.kind)(number) for number in _POINT]
        parts = [part for part in _PARTS if attempt(partial(guarded(part), *values))]
        if len(parts) < 2:
            raise ConfigError(f"expected numbers to add and multiply; received {self.name}.")

        def result() -> Any:
            total = guarded(self.kind)(0.0)
            for part in parts:
                total = total + part(*values)
            return total

        def grads() -> list[float]:
            for value in values:
                value.grad = 0.0
            result().backward()
            return [float(value.grad) for value in values]

        return Question(params=(values, "data"), loss=lambda: result().data, grads=grads)


# Each uses a value more than once, and its own results in both operands.
_PARTS: tuple[Callable[..., Any], ...] = (
    lambda a, b, c: (a + b) * a,
    lambda a, b, c: (a * b + c) * (a * b),
    lambda a, b, c: a - b * 2.0,
    lambda a, b, c: -c * 3.0 + 1.0,
    lambda a, b, c: 1.0 + 2.0 * b,
    lambda a, b, c: a / b,
    lambda a, b, c: (b * b) ** 2,
    lambda a, b, c: (a * b).tanh(),
    lambda a, b, c: (a + c).relu(),
    lambda a, b, c: (b + c).relu() * a,
    lambda a, b, c: (a * c).exp(),
    lambda a, b, c: (a * a + 1.0).log(),
    lambda a, b, c: (a + b).sigmoid(),
)
