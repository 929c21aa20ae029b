"""A named prediction: what a model says of one example, and which file the example is from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfmlp.data.rowfile import Array

_NUMBERS = ("probability", "runner_up", "runner_up_probability", "value")


@dataclass(frozen=True)
class Prediction:
    """What a model says of one example.

    Attributes:
      file: The file, as it was named.
      index: The example's number in the file, from 0; None where the file holds one example.
      class_name: The name of the most probable class; None for regression.
      probability: Its probability.
      runner_up: The name of the class that is the next probable.
      runner_up_probability: Its probability.
      value: The value, for regression.
      features: What the model was fed.
    """

    file: str
    index: int | None
    class_name: str | None = None
    probability: float | None = None
    runner_up: str | None = None
    runner_up_probability: float | None = None
    value: float | None = None
    features: Array = field(default_factory=lambda: np.zeros(0), repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Returns what is known as plain JSON: file, index where there are several, then class,
        probability, runner_up and runner_up_probability, or value.
        """
        values = {"file": self.file, "index": self.index, "class": self.class_name}
        values |= {name: getattr(self, name) for name in _NUMBERS}
        return {name: value for name, value in values.items() if value is not None}


def name_predictions(
    file: str, first: int | None, features: Array, outputs: Array, names: Sequence[str]
) -> Iterator[Prediction]:
    """Yields the predictions of some examples of a file.

    Args:
      file: The file.
      first: The number of the first of them in the file; None where it holds one.
      features: What the model was fed, [n, ...].
      outputs: What it predicts: probabilities [n, classes], or values [n].
      names: The names of the classes.
    """
    numbers = [None] if first is None else range(first, first + len(outputs))
    if outputs.ndim == 1:
        for index, value, fed in zip(numbers, outputs.tolist(), features):
            yield Prediction(file, index, value=value, features=fed)
        return
    order = np.argsort(-outputs, axis=1, kind="stable")[:, :2]
    ranked = np.take_along_axis(outputs, order, axis=1).tolist()
    for index, (best, next_best), (high, low), fed in zip(
        numbers, order.tolist(), ranked, features
    ):
        yield Prediction(file, index, names[best], high, names[next_best], low, None, fed)
