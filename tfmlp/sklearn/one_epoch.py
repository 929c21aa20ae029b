"""One epoch by itself, as `partial_fit` trains it."""

import math
import time

from tfmlp.training.backend import Backend
from tfmlp.training.recovery import all_finite, divergence_error, find_divergence
from tfmlp.training.result import EpochResult


def train_epoch(backend: Backend, epoch: int) -> EpochResult:
    """Runs all steps of an epoch (1, 2, ...).

    A `Training` counts its epochs by the steps that are done; these may be of other examples each.

    Raises:
      DivergenceError: when a loss or a weight is no longer finite.
    """
    started, before = time.perf_counter(), backend.get_state()
    steps = backend.timetable.steps_per_epoch
    backend.train_steps(epoch, 0, steps)
    metrics = backend.train_metrics(steps)
    if not (math.isfinite(metrics.loss) and all_finite(backend.get_state().values())):
        raise divergence_error(find_divergence(backend, before, epoch, steps), epoch)
    rate = backend.timetable.rate_of_step(backend.steps - 1)
    return EpochResult(epoch, rate, metrics, None, time.perf_counter() - started)
