"""Objects that hold their data: made of the inputs and the labels, run without arguments."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmlp.checks import words
from tfmlp.checks.attributes import parameters_of
from tfmlp.checks.batches import Batch, batches_for
from tfmlp.checks.making import RATE
from tfmlp.checks.question import Question
from tfmlp.checks.roles import Role, call, takes
from tfmlp.checks.space import Made, Space
from tfmlp.checks.usage import Usage
from tfmlp.errors import ConfigError

NAME = "an object that is made of its data"
_WIDTHS = ((5, 1), (5, 3))


def usages(space: Space) -> Iterator[Usage]:
    """Yields every class that is made of inputs and labels."""
    for name, kind in space.classes.items():
        if takes(kind, Role.INPUTS) and takes(kind, Role.LABELS):
            methods = [word for word in vars(kind) if callable(vars(kind)[word])]
            for backward in words.backwards(methods):
                for forward in words.forwards(methods):
                    yield Holder(
                        name, NAME, None, getattr(kind, forward), getattr(kind, backward), kind=kind
                    )


@dataclass(frozen=True)
class Holder(Usage):
    """A usage whose object is made anew for each batch.

    Attributes:
      kind: The class.
    """

    kind: Any = None

    def batches(self, stream: np.random.Generator) -> Iterator[Batch]:
        """Yields batches in every layout that could be meant."""
        return batches_for(_WIDTHS, (4,), stream)

    def question(self, batch: Batch) -> Question:
        """Returns the question. Raises as `Usage.question`."""
        return self.on(batch).question(batch)

    def on(self, batch: Batch) -> Usage:
        """Returns a usage of an object made of a batch. Raises as `Usage.question`."""
        roles = {Role.INPUTS: batch.inputs, Role.LABELS: batch.labels, Role.RATE: RATE}
        owner = call(self.kind, roles).value
        params = parameters_of(owner)
        if not params:
            raise ConfigError("expected an object with parameters; received none.")
        methods = Made(self.name, owner).methods
        forward, backward = (
            methods[part.__name__] for part in (self.forward, self.backward) if part
        )
        return Usage(self.name, NAME, params, forward, backward, self.loss, owner)
