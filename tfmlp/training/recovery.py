"""Divergence: finding where a training stopped being finite, and rolling back.

The state at the beginning of the epoch is kept; when something is no longer finite, the step and
the first tensor in it are found by halving, and the training is rolled back to that state.
"""

import warnings
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tfmlp.errors import DivergenceError, TfmlpWarning
from tfmlp.settings.optimization import OptimizationConfig
from tfmlp.training.backend import Arrays, Backend

RATE_DIVISOR = 10  # of the learning rate, at each rollback
_ADVICE = "lower --learning-rate, set --clip-norm, or check --preprocessing."


@dataclass(frozen=True)
class Divergence:
    """The first thing in a run that was not finite.

    Attributes:
      epoch: The epoch, from 1.
      step: The step, counted from 1 over the whole run.
      tensor: What it was, such as "the output of dense_2".
      value: "nan" or "inf".
      learning_rate: Of that step.
    """

    epoch: int
    step: int
    tensor: str
    value: str
    learning_rate: float

    def __str__(self) -> str:
        return (
            f"{self.tensor} became {self.value} in step {self.step:,} (epoch {self.epoch}), at a"
            f" learning rate of {self.learning_rate:g}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Returns the attributes as a record holds them."""
        return asdict(self)


def find_divergence(backend: Backend, state: Arrays, epoch: int, last: int) -> Divergence | None:
    """Finds the step after which a training was no longer finite, and runs it once more by hand.

    Args:
      backend: What trains.
      state: Its state at the beginning of the epoch, which is finite.
      epoch: The epoch.
      last: A step of the epoch (or its end) before which it was no longer finite.

    Returns:
      What was found, or None where it does not happen again. The backend is left somewhere in
      between.
    """
    good, low, high = state, 0, last
    while high - low > 1:
        middle = (low + high) // 2
        backend.set_state(good)
        backend.train_steps(epoch, low, middle)
        after = backend.get_state()
        if all_finite(after.values()):
            good, low = after, middle
        else:
            high = middle
    backend.set_state(good)
    step = backend.steps
    for name, array in backend.trace(epoch, low):
        if not all_finite([array]):
            value = "nan" if np.isnan(array).any() else "inf"
            rate = backend.timetable.rate_of_step(step)
            return Divergence(epoch, step + 1, name, value, rate)
    return None


def all_finite(arrays: Iterable[np.ndarray]) -> bool:
    """Returns whether no array holds NaN or infinity."""
    return all(np.isfinite(array).all() for array in arrays)


def divergence_error(divergence: Divergence | None, epoch: int) -> DivergenceError:
    """Returns the error that says what diverged; `divergence` is None where it did not repeat."""
    what = divergence or (
        f"the loss or the weights became infinite in epoch {epoch}, and not again when its steps"
        " were repeated"
    )
    return DivergenceError(f"training diverged: {what}: {_ADVICE}", divergence)


class Rollbacks:
    """The rollbacks of one run.

    Args:
      config: Says whether and how often a run is rolled back.

    Attributes:
      done: Each `Divergence` that the run was rolled back before.
    """

    def __init__(self, config: OptimizationConfig):
        self._config = config
        self.done: list[Divergence] = []

    @property
    def rate_factor(self) -> float:
        """The factor on the learning rate after the rollbacks so far."""
        return float(RATE_DIVISOR) ** -len(self.done)

    def take(self, error: DivergenceError, epochs: int) -> None:
        """Notes one more rollback and warns of it, or raises the error.

        Args:
          error: What happened.
          epochs: How many epochs are whole.
        """
        if self._config.on_divergence != "restore" or error.divergence is None:
            raise error
        if len(self.done) >= self._config.max_restores:
            raise DivergenceError(
                f"{error} It was rolled back {len(self.done)} times already (max_restores).",
                error.divergence,
            )
        self.done.append(error.divergence)
        warnings.warn(
            f"{error.divergence}: rolling back to the end of epoch {epochs}, with the learning rate"
            f" divided by {RATE_DIVISOR} (time {len(self.done)} of at most"
            f" {self._config.max_restores}).",
            TfmlpWarning,
            stacklevel=2,
        )
