"""The NumPy reference against TensorFlow, step by step, from the same weights on the same batches.

for step in compare_steps(config, data, steps=20):
    print(step.step, step.loss.difference, step.gradients.difference, step.weights.difference)
"""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from tfmlp import seeds
from tfmlp.config import Config
from tfmlp.data.augment import make_augmentation
from tfmlp.data.dataset import Dataset
from tfmlp.errors import ConfigError
from tfmlp.training.backend import make_model
from tfmlp.training.engine import count_steps
from tfmlp.training.losses import find_loss_name, model_loss
from tfmlp.training.numpy_backend import NumpyBackend
from tfmlp.training.optimizers import learning_rates, make_optimizer
from tfmlp.training.step import compute_gradients

# Relative. Float64 rounding is 1e-16 and float32 rounding 6e-8; sums over a batch and a layer's
# inputs, and steps that build on one another, multiply it.
_SMALL = 0.01
TOLERANCES = {"float64": 1e-12, "float32": 1e-5}


@dataclass(frozen=True)
class Difference:
    """The largest difference between two sets of arrays.

    Attributes:
      name: The array in which it is.
      difference: max |a - b| of that array, relative to its largest entry.
    """

    name: str
    difference: float


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
        """Returns the first of loss, gradients, weights that differs by more than `tolerance`, or
        None.
        """
        return next(
            (
                part
                for part in (self.loss, self.gradients, self.weights)
                if not part.difference <= tolerance
            ),
            None,
        )


@dataclass
class Timings:
    """Seconds of each step, by each of the two."""

    numpy: list[float] = field(default_factory=list)
    tensorflow: list[float] = field(default_factory=list)

    def medians(self) -> dict[str, float]:
        """Returns the median step of each; the first, in which TensorFlow traces, does not count if
        there are others.
        """
        return {
            name: statistics.median(seconds[1:] or seconds) for name, seconds in vars(self).items()
        }


def largest_difference(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> Difference:
    """Returns the largest difference between arrays of the same names, relative to the largest
    entry of the array.

    An array that is much smaller than the others is measured against a hundredth of the largest:
    what should be exactly zero (the gradient of a bias before batch normalization, say) is nothing
    but rounding, of which any two are far apart relative to themselves.
    """
    largest = {
        name: max(float(np.abs(value).max()), float(np.abs(other[name]).max()))
        for name, value in one.items()
    }
    least = max(_SMALL * max(largest.values()), np.finfo(np.float64).tiny)
    found = [
        Difference(name, float(np.abs(value - other[name]).max()) / max(largest[name], least))
        for name, value in one.items()
    ]
    return max(found, key=lambda part: np.inf if np.isnan(part.difference) else part.difference)


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
    model = make_model(config, data)
    per_epoch = count_steps(len(data.train), config)
    optimizer = make_optimizer(config.optimization, learning_rates(config.optimization, per_epoch))
    optimizer.build(model.trainable_variables)
    loss = model_loss(model, find_loss_name(config, data.task))
    augment = make_augmentation(config.runtime.seed, config.data.shift, config.data.invert)
    names = {
        variable.path: variable.path.removeprefix(f"{model.name}/") for variable in model.weights
    }

    @tf.function(reduce_retracing=True)
    def tensorflow_step(features: tf.Tensor, labels: tf.Tensor):
        value, gradients, _, _ = compute_gradients(
            model, optimizer.iterations, loss, features, labels
        )
        optimizer.apply(gradients, model.trainable_variables)
        return value, gradients

    for step in range(steps):
        rows = _rows_of_step(config, data, step, per_epoch)
        started = time.perf_counter()
        batch, batch_labels = reference.batch(rows)
        gradients, _, losses = reference.compute_gradients(batch, batch_labels)
        value = float(losses.mean()) + reference.network.penalty()
        reference.update({name: gradient.copy() for name, gradient in gradients.items()})
        timings.numpy.append(time.perf_counter() - started)

        started = time.perf_counter()
        features = tf.constant(data.train.features[rows])
        features = features if augment is None else augment(features, optimizer.iterations)
        their_value, their_gradients = tensorflow_step(
            features, tf.constant(data.train.labels[rows])
        )
        their_value = float(their_value)
        timings.tensorflow.append(time.perf_counter() - started)

        theirs = {
            names[variable.path]: gradient.numpy()
            for variable, gradient in zip(model.trainable_variables, their_gradients, strict=True)
        }
        ours = reference.network.parameters() | reference.network.state()
        weights = {
            name: variable.numpy()
            for variable in model.weights
            if (name := names[variable.path]) in ours
        }
        yield StepComparison(
            step + 1,
            (value, their_value),
            Difference(
                "loss",
                abs(value - their_value)
                / max(abs(value), abs(their_value), np.finfo(np.float64).tiny),
            ),
            largest_difference(gradients, theirs),
            largest_difference(ours, weights),
        )


def _rows_of_step(config: Config, data: Dataset, step: int, per_epoch: int) -> np.ndarray:
    epoch, index = divmod(step, per_epoch)
    count, size = len(data.train), config.optimization.batch_size
    order = (
        seeds.row_order(config.runtime.seed, epoch + 1, count)
        if config.optimization.shuffle
        else np.arange(count, dtype=np.int32)
    )
    return order[index * size : (index + 1) * size]
