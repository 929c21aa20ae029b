"""A Keras optimizer from the configuration."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfmlp.settings.optimization import OptimizationConfig


class RateTable(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate for each step, computed beforehand by the reference's formulas."""

    def __init__(self, rates: np.ndarray):
        self.rates = rates

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        last = len(self.rates) - 1
        return tf.gather(tf.constant(self.rates), tf.minimum(tf.cast(step, tf.int32), last))

    def get_config(self) -> dict[str, Any]:
        return {"rates": self.rates.tolist()}


def make_optimizer(config: OptimizationConfig, rates: np.ndarray) -> keras.optimizers.Optimizer:
    """Returns the Keras optimizer of a configuration.

    Args:
      config: The configuration.
      rates: As `timetable.learning_rates` gives them.
    """
    optimizer = _make(config, rates)
    # On one replica Keras sums gradients all the same, and TensorFlow registers a gradient function
    # for each sum, which keeps the whole graph in memory until the process ends: 2 MiB and more a
    # training. Keras has no public name for it.
    if tf.distribute.get_strategy().num_replicas_in_sync == 1:
        optimizer._all_reduce_sum_gradients = _pass_through
    return optimizer


def _pass_through(pairs: Any) -> list[tuple[tf.Tensor, Any]]:
    """Returns (gradient, variable) pairs after the operations that TensorFlow's sum has, without
    which it rounds clipped gradients and those of batch normalization in another order.
    """
    gradients, variables = zip(*pairs)
    return list(zip(tf.identity_n(tf.identity_n(gradients)), variables))


def _make(config: OptimizationConfig, rates: np.ndarray) -> keras.optimizers.Optimizer:
    rate = RateTable(rates) if len(rates) > 1 else float(rates[0])
    # Keras numbers optimizers without a name, and TensorFlow keeps 35 KiB for each new name of a
    # variable until the process ends.
    options = {"global_clipnorm": config.clip_norm, "name": config.optimizer}
    # Keras casts its constants to the weights' type by way of float32, unless they are of NumPy's
    # float64.
    momentum, beta_1, beta_2, rho, decay = map(
        np.float64, (config.momentum, 0.9, 0.999, 0.9, config.weight_decay)
    )
    betas = {"beta_1": beta_1, "beta_2": beta_2}
    match config.optimizer:
        case "sgd":
            return keras.optimizers.SGD(rate, **options)
        case "momentum":
            return keras.optimizers.SGD(rate, momentum=momentum, **options)
        case "nesterov":
            return keras.optimizers.SGD(rate, momentum=momentum, nesterov=True, **options)
        case "adam":
            return keras.optimizers.Adam(rate, **betas, **options)
        case "adamw":
            return keras.optimizers.AdamW(rate, **betas, weight_decay=decay, **options)
        case "rmsprop":
            return keras.optimizers.RMSprop(rate, rho=rho, **options)
        case other:
            raise ValueError(f"expected the name of an optimizer; received {other!r}")
