"""The reference network and update rule of a configuration."""

import math
from collections.abc import Callable

import numpy as np

from tfmlp import seeds
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.reference.activations import make_activation
from tfmlp.reference.initializers import initial_weights
from tfmlp.reference.layers import Activate, BatchNormalization, Dense, Dropout, Layer
from tfmlp.reference.losses import LOSSES
from tfmlp.reference.network import Network
from tfmlp.reference.optimizers import OPTIMIZERS, Optimizer
from tfmlp.training.losses import find_loss_name


def make_network(
    config: Config,
    data: Dataset,
    dtype: np.dtype,
    draw: Callable[[int, float, tuple[int, int]], np.ndarray],
) -> Network:
    """Makes the reference network of a configuration, with the same names and initial weights as
    the Keras model.

    Args:
      config: The configuration.
      data: Tells the number of inputs and outputs.
      dtype: Type of the weights.
      draw: Called with (layer, keep probability, shape) for a dropout mask.
    """
    settings, seed = config.model, config.runtime.seed
    layers: list[tuple[str, Layer]] = []
    widths = [math.prod(data.feature_shape), *settings.hidden_units, data.num_classes]

    def dense(index: int, use_bias: bool = True) -> Dense:
        fan_in, fan_out = widths[index], widths[index + 1]
        kernel, bias = (
            seeds.generator(seed, seeds.Stream.WEIGHTS, 2 * index + part) for part in (0, 1)
        )
        return Dense(
            initial_weights(
                settings.initializer, kernel, fan_in, fan_out, settings.initializer_scale
            ).astype(dtype),
            (
                initial_weights(settings.bias_initializer, bias, fan_in, fan_out, rows=1)[0].astype(
                    dtype
                )
                if use_bias
                else None
            ),
            settings.l2,
        )

    for index, units in enumerate(settings.hidden_units):
        layers.append((f"dense_{index + 1}", dense(index, use_bias=not settings.batch_norm)))
        if settings.batch_norm:
            layers.append((f"norm_{index + 1}", BatchNormalization(units, dtype)))
        layers.append(
            (
                f"{settings.activation}_{index + 1}",
                Activate(make_activation(settings.activation, settings.negative_slope)),
            )
        )
        if settings.dropout:
            keep = 1.0 - settings.dropout
            layers.append(
                (
                    f"dropout_{index + 1}",
                    Dropout(
                        keep,
                        lambda shape, index=index, keep=keep: draw(index, keep, shape),
                        settings.dropout_form,
                    ),
                )
            )
    layers.append(("logits", dense(len(settings.hidden_units))))
    if settings.output_activation != "linear":
        layers.append(
            (
                "output",
                Activate(make_activation(settings.output_activation, settings.negative_slope)),
            )
        )
    return Network(layers, LOSSES[find_loss_name(config, data.task)])


def make_reference_optimizer(config: Config) -> Optimizer:
    """Makes the reference's update rule of a configuration."""
    settings = config.optimization
    options = {
        "momentum": {"momentum": settings.momentum},
        "nesterov": {"momentum": settings.momentum},
        "adamw": {"weight_decay": settings.weight_decay},
    }
    return OPTIMIZERS[settings.optimizer](**options.get(settings.optimizer, {}))
