"""The NumPy reference against TensorFlow, step by step, from the same weights on the same batches.

for step in compare_steps(config, data, steps=20):
    print(step.step, step.loss.difference, step.gradients.difference, step.weights.difference)
"""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.errors import ConfigError
from tfmlp.training.assembly import assemble
from tfmlp.training.backend import Arrays
from tfmlp.training.differences import Difference, largest_difference, relative_difference
from tfmlp.training.gradients import compute_gradients
from tfmlp.training.numpy_backend import NumpyBackend
from tfmlp.training.timetable import Timetable

# Relative. Float64 rounding is 1e-16 and float32 rounding 6e-8; sums over a batch and a layer's
# inputs, and steps that build on one another, multiply it.
TOLERANCES = {"float64": 1e-12, "float32": 1e-5}


@dataclass(frozen=True)
class StepComparison:
    """One step, done by both.

    Attributes:
      step: Its number, from 1.
      losses: The loss by the reference and by TensorFlow.
      loss, gradients, weights: The largest relative differences; weights after the step, running
        means among them.
    """

    step: int
    losses: tuple[float, float]
    loss: Difference
    gradients: Difference
    weights: Difference

    def worst(self, tolerance: float) -> Difference | None:
        """Returns the first of loss, gradients, weights that differs by more, or None."""
        parts = (self.loss, self.gradients, self.weights)
        return next((part for part in parts if not part.difference <= tolerance), None)


@dataclass
class Timings:
    """Seconds of each step, by each of the two."""

    numpy: list[float] = field(default_factory=list)
    tensorflow: list[float] = field(default_factory=list)

    def medians(self) -> dict[str, float]:
        """Returns the median step of each.

        The first, in which TensorFlow traces, does not count if there are others.
        """
        return {
            name: statistics.median(seconds[1:] or seconds) for name, seconds in vars(self).items()
        }


class _TensorFlow:
    """The Keras model's side, one step at a time."""

    def __init__(self, config: Config, data: Dataset, timetable: Timetable):
        self._parts, self._train = assemble(config, data, timetable.rates), data.train
        self.model, optimizer = self._parts.model, self._parts.optimizer

        @tf.function(reduce_retracing=True)
        def step(features: tf.Tensor, *labels: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
            found = compute_gradients(
                self.model, optimizer.iterations, self._parts.loss, features, *labels
            )
            optimizer.apply(found.gradients, self.model.trainable_variables)
            return found.loss, found.gradients

        self._step = step

    def take_step(self, chosen: np.ndarray) -> tuple[float, list[tf.Tensor]]:
        """Takes a step on some examples; returns the loss and the gradients."""
        features, *labels = (tf.constant(one[chosen]) for one in self._train.arrays)
        if self._parts.augmentation is not None:
            features = self._parts.augmentation(features, self._parts.optimizer.iterations)
        loss, gradients = self._step(features, *labels)
        return float(loss), gradients

    def named(self, variables: list[Any], values: list[Any]) -> Arrays:
        """Returns values by the reference's names of their variables."""
        prefix = f"{self.model.name}/"
        return {
            variable.path.removeprefix(prefix): value.numpy()
            for variable, value in zip(variables, values, strict=True)
        }


def compare_steps(
    config: Config, data: Dataset, steps: int, timings: Timings | None = None
) -> Iterator[StepComparison]:
    """Trains the reference and the Keras model side by side.

    Args:
      config: The configuration; precision float32 or float64.
      data: What to train on.
      steps: How many steps; epoch after epoch, as in training.
      timings: Where to put the seconds of each step, if wanted.

    Yields:
      A comparison for each step.

    Raises:
      ConfigError: for bfloat16, which the reference does not compute in.
    """
    if config.runtime.precision == "auto":
        config = config.replace(precision="float32")
    if config.runtime.precision not in TOLERANCES:
        raise ConfigError(
            f"compare needs precision {' or '.join(TOLERANCES)}; received"
            f" {config.runtime.precision}."
        )
    timings = Timings() if timings is None else timings
    reference = NumpyBackend(config, data)
    timetable = reference.timetable
    other = _TensorFlow(config, data, timetable)
    for step in range(steps):
        epoch, index = divmod(step, timetable.steps_per_epoch)
        chosen = timetable.batch(epoch + 1, index)

        started = time.perf_counter()
        gradients, _, losses = reference.compute_gradients(*reference.batch(chosen))
        loss = float(losses.mean()) + reference.network.penalty()
        reference.update({name: gradient.copy() for name, gradient in gradients.items()})
        timings.numpy.append(time.perf_counter() - started)

        started = time.perf_counter()
        other_loss, other_gradients = other.take_step(chosen)
        timings.tensorflow.append(time.perf_counter() - started)

        ours = reference.get_weights()
        theirs = other.named(other.model.weights, other.model.weights)
        yield StepComparison(
            step + 1,
            (loss, other_loss),
            relative_difference("loss", loss, other_loss),
            largest_difference(
                gradients, other.named(other.model.trainable_variables, other_gradients)
            ),
            largest_difference(ours, theirs),
        )
