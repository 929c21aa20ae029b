"""Which examples and which learning rate each step of a run has. No TensorFlow."""

import numpy as np

from tfmlp import seeds
from tfmlp.config import Config
from tfmlp.errors import ConfigError
from tfmlp.reference.schedules import learning_rate_at
from tfmlp.settings.optimization import OptimizationConfig

_MOST_STEPS = 50_000_000  # 200 MB of learning rates


class Timetable:
    """The order of examples and the learning rates of a run; both backends follow it.

    Args:
      config: The configuration.
      count: The number of training examples.
      rate_factor: Factor on the learning rate of every step.

    Attributes:
      steps_per_epoch: Steps in an epoch.
      rates: The learning rate of every step, float32 [steps]; of one step if it is constant.

    Raises:
      ConfigError: when no step is left, or the schedule does not fit the run.
    """

    def __init__(self, config: Config, count: int, rate_factor: float = 1.0):
        optimization = config.optimization
        self._count, self._size = count, optimization.batch_size
        self._shuffle, self._seed = optimization.shuffle, config.runtime.seed
        full, rest = divmod(count, self._size)
        self.steps_per_epoch = full + (rest > 0 and not optimization.drop_remainder)
        if not self.steps_per_epoch:
            raise ConfigError(
                f"batch_size {self._size} with drop_remainder leaves no step in {count:,} examples:"
                " lower one or drop the other."
            )
        self.rates = learning_rates(optimization, self.steps_per_epoch, rate_factor)

    def seen(self, steps: int) -> int:
        """Returns how many examples the first `steps` steps of an epoch train on."""
        return min(steps * self._size, self._count)

    def order(self, epoch: int) -> np.ndarray:
        """Returns the order in which an epoch (1, 2, ...) visits the examples, int32 [count]."""
        if self._shuffle:
            return seeds.row_order(self._seed, epoch, self._count)
        return np.arange(self._count, dtype=np.int32)

    def batch(self, epoch: int, step: int) -> np.ndarray:
        """Returns the numbers of the examples of one step (0, 1, ...) of an epoch, int32 [b]."""
        return self.batches(self.order(epoch), step)

    def batches(self, order: np.ndarray, step: int) -> np.ndarray:
        """Returns a step's part of an order that `order` gave, int32 [b]."""
        return order[step * self._size : (step + 1) * self._size]

    def rate_of_epoch(self, epoch: int) -> float:
        """Returns the learning rate of the last step of an epoch (1, 2, ...)."""
        return self.rate_of_step(epoch * self.steps_per_epoch - 1)

    def rate_of_step(self, step: int) -> float:
        """Returns the learning rate of a step of the run (0, 1, ...)."""
        return float(self.rates[min(step, len(self.rates) - 1)])


def learning_rates(
    config: OptimizationConfig, steps_per_epoch: int, factor: float = 1.0
) -> np.ndarray:
    """Returns the learning rate of every step of a run, times a factor.

    Returns:
      float32 [epochs * steps_per_epoch]; [1] for a constant rate.

    Raises:
      ConfigError: when the schedule does not fit the run.
    """
    if config.schedule == "constant" and not config.warmup:
        return np.array([config.learning_rate * factor], np.float32)
    if config.schedule == "exponential" and not config.final_learning_rate:
        raise ConfigError(
            "schedule exponential never reaches 0: final_learning_rate must be greater than 0;"
            " received 0.0."
        )
    if config.warmup >= config.epochs:
        raise ConfigError(
            f"warmup must be shorter than the run's {config.epochs} epochs; received"
            f" {config.warmup:g}."
        )
    if (steps := config.epochs * steps_per_epoch) > _MOST_STEPS:
        raise ConfigError(
            f"a schedule spans at most {_MOST_STEPS:,} steps; this run has {steps:,}: lower epochs"
            " or use schedule constant."
        )
    rates = learning_rate_at(
        np.arange(steps),
        schedule=config.schedule,
        learning_rate=config.learning_rate,
        final_learning_rate=config.final_learning_rate,
        steps_per_epoch=steps_per_epoch,
        epochs=config.epochs,
        by=config.schedule_by,
        drop_every=config.drop_every,
        drop_factor=config.drop_factor,
        warmup=config.warmup,
    )
    return (rates * factor).astype(np.float32)
