"""A Keras optimizer from the configuration."""

import keras
import numpy as np
import tensorflow as tf

from tfmlp.config import OptimizationConfig
from tfmlp.errors import ConfigError
from tfmlp.reference.schedules import learning_rate_at

_MOST_STEPS = 50_000_000  # 200 MB of learning rates


def learning_rates(
    config: OptimizationConfig, steps_per_epoch: int, factor: float = 1.0
) -> np.ndarray:
    """Returns the learning rate of every step of a run, times a factor, float32 [epochs *
    steps_per_epoch]; of one step for a constant rate.
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


class RateTable(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate for each step, computed beforehand: the reference's formulas are the only
    ones there are.
    """

    def __init__(self, rates: np.ndarray):
        self.rates = rates

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        last = len(self.rates) - 1
        return tf.gather(tf.constant(self.rates), tf.minimum(tf.cast(step, tf.int32), last))

    def get_config(self) -> dict:
        return {"rates": self.rates.tolist()}


def make_optimizer(config: OptimizationConfig, rates: np.ndarray) -> keras.optimizers.Optimizer:
    """Returns the Keras optimizer of a configuration; `rates` as `learning_rates` gives them."""
    rate = RateTable(rates) if len(rates) > 1 else float(rates[0])
    clip = {"global_clipnorm": config.clip_norm}
    # Keras casts its constants to the weights' type by way of float32, unless they are of NumPy's
    # float64.
    momentum, beta_1, beta_2, rho, decay = map(
        np.float64, (config.momentum, 0.9, 0.999, 0.9, config.weight_decay)
    )
    match config.optimizer:
        case "sgd":
            return keras.optimizers.SGD(rate, **clip)
        case "momentum":
            return keras.optimizers.SGD(rate, momentum=momentum, **clip)
        case "nesterov":
            return keras.optimizers.SGD(rate, momentum=momentum, nesterov=True, **clip)
        case "adam":
            return keras.optimizers.Adam(rate, beta_1=beta_1, beta_2=beta_2, **clip)
        case "adamw":
            return keras.optimizers.AdamW(
                rate, beta_1=beta_1, beta_2=beta_2, weight_decay=decay, **clip
            )
        case "rmsprop":
            return keras.optimizers.RMSprop(rate, rho=rho, **clip)
