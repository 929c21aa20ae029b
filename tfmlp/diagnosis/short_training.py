"""`ShortTraining`: what came of a few training steps."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tfmlp.diagnosis.layers import Array
from tfmlp.diagnosis.probe import Probe
from tfmlp.errors import TfmlpWarning
from tfmlp.training.step import make_train_step


@dataclass
class ShortTraining:
    """What came of a few steps.

    Attributes:
      losses: The loss of each step's batch.
      rates: The learning rate of each step.
      non_finite: The first step (from 1) with a loss that is not finite, or None.
    """

    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    non_finite: int | None = None


def train_briefly(
    probe: Probe,
    steps: int,
    seconds: float,
    rate: float | Callable[[int], float] | None = None,
    examples: Array | None = None,
) -> ShortTraining:
    """Trains from the weights as they are, with a new optimizer of the same kind.

    Args:
      probe: The model, its optimizer and its data.
      steps: How many steps at most.
      seconds: When to end early.
      rate: The learning rate, or a function of the step; the optimizer's own if None.
      examples: Indices of the examples to train on, all in each step; batches of all examples if
        None.
    """
    optimizer = probe.new_optimizer()
    step = make_train_step(probe.model, optimizer, probe.loss)
    training, started = ShortTraining(), time.perf_counter()
    for number, batch in zip(range(steps), probe.batches(examples), strict=False):
        value = rate(number) if callable(rate) else rate
        if value is not None:
            optimizer.learning_rate.assign(value)
        with warnings.catch_warnings():
            # What a step says of its first batch is among the findings.
            warnings.simplefilter("ignore", TfmlpWarning)
            loss = float(step(probe.features[batch], probe.labels[batch]))
        training.losses.append(loss)
        training.rates.append(probe.learning_rate if value is None else value)
        if not np.isfinite(loss):
            training.non_finite = number + 1
            break
        if time.perf_counter() - started > seconds:
            break
    return training
