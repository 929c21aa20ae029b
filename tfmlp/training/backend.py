"""What computes a training: the verbs that every backend has."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tfmlp.metrics import Metrics
from tfmlp.training.timetable import Timetable

if TYPE_CHECKING:
    from tfmlp.model.mlp import MLP

Arrays = dict[str, np.ndarray]


class Backend(Protocol):
    """A model, its optimizer, and what runs their steps.

    Attributes:
      engine: What runs the steps, as the record names it.
      precision: "float32", "float64" or "bfloat16".
      device: "/CPU:0" or "/GPU:0".
      compile_seconds: What tracing and compiling took.
      grain: How many steps a part of an epoch should have at least.
      notes: What a user should know before training starts.
      timetable: Which examples and which learning rate each step has.
    """

    engine: str
    precision: str
    device: str
    compile_seconds: float
    grain: int
    notes: Sequence[str]
    timetable: Timetable

    @property
    def parameters(self) -> int:
        """The number of trainable weights."""

    @property
    def steps(self) -> int:
        """The number of steps done, over the whole run."""

    @property
    def model(self) -> "MLP":
        """The Keras model with the present weights."""

    def train_steps(self, epoch: int, first: int, last: int) -> None:
        """Runs the steps of an epoch from `first` (0, 1, ...) up to, but not with, `last`.

        The metrics of the epoch start anew at 0.
        """

    def train_metrics(self, steps: int) -> Metrics:
        """Returns the metrics over the first `steps` steps of the present epoch.

        They are taken while the weights changed.
        """

    def evaluate(self, split: str) -> Metrics:
        """Returns the model's metrics on "train", "validation" or "test"."""

    def trace(self, epoch: int, step: int) -> Iterator[tuple[str, np.ndarray]]:
        """Runs one step of an epoch by hand, and yields what it computes, in order.

        Yields:
          A description and the array.
        """

    def get_weights(self) -> Arrays:
        """Returns a copy of the model's weights, by name."""

    def set_weights(self, weights: Arrays) -> None:
        """Puts back what `get_weights` returned."""

    def get_state(self) -> Arrays:
        """Returns a copy of everything that training changes, by name.

        The model's weights, the optimizer's slots and its step, the metrics of the present epoch.
        """

    def set_state(self, state: Arrays) -> None:
        """Puts back what `get_state` returned.

        Raises:
          ConfigError: when the state is of another model or optimizer.
        """
