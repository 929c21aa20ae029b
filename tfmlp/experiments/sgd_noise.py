"""The noise of the train loss under stochastic gradient descent."""

import numpy as np
from numpy.typing import NDArray

from tfmlp import seeds
from tfmlp.config import Config
from tfmlp.data.sources import load_dataset
from tfmlp.experiments.comparison import Comparison
from tfmlp.experiments.outputs import compute_outputs
from tfmlp.experiments.study import Study
from tfmlp.reference.losses import LOSSES

_SMALL, _LARGE = 32, 512  # batch sizes


def sgd_noise(seed: int, quick: bool) -> Study:
    """The train loss jumps about because a batch is a sample: small batches scatter more.

    At the same weights, the losses of batches of 32 scatter sqrt(512 / 32) = 4 times as far as
    those of batches of 512.
    """
    losses = _train_losses(seed)
    small, large = (_batch_deviation(losses, seed, size) for size in (_SMALL, _LARGE))
    mean = float(losses.mean())
    name = "standard deviation of the loss of batches of"
    return Study(
        (
            Comparison("mean train loss at fixed weights", None, (mean,), "shown", 3),
            Comparison(f"{name} {_SMALL}", None, (small,), "shown", 3),
            Comparison(f"{name} {_LARGE}", None, (large,), "shown", 3),
            Comparison(
                "their ratio; sampling alone makes it 4", 4.0, (small / large,), "magnitude"
            ),
        )
    )


def _train_losses(seed: int) -> NDArray[np.floating]:
    """Returns the loss of each training example after one epoch, [n]."""
    from tfmlp.training.loop import fit

    data = load_dataset("mnist", validation=0.0)
    config = Config.from_options(
        hidden_units=(512, 256),
        activation="sigmoid",
        initializer="fan_in_uniform",
        bias_initializer="fan_in_uniform",
        preprocessing="scale",
        optimizer="sgd",
        learning_rate=0.5,
        batch_size=_SMALL,
        epochs=1,
        validation=0,
        seed=seed,
    )
    training = fit(config, data)
    list(training)
    outputs = compute_outputs(training.model, data.train)
    return LOSSES["cross_entropy"](outputs, data.train.labels)[0]


def _batch_deviation(losses: NDArray[np.floating], seed: int, size: int) -> float:
    """Returns the standard deviation of the mean losses of batches, cut from the order in which
    the next epoch would see the examples; the remainder is dropped.
    """
    order = seeds.row_order(seed, 2, len(losses))
    whole = order[: len(losses) // size * size]
    return float(losses[whole].reshape(-1, size).mean(axis=1).std())
