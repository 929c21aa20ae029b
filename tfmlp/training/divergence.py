"""Where a training stopped being finite: the first step, and the first tensor in it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


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


def find_divergence(
    backend: Any, state: dict[str, np.ndarray], epoch: int, last: int
) -> Divergence | None:
    """Finds the step after which a training was no longer finite, by halving, and runs it once more
    by hand.

    Args:
      backend: As `tfmlp.training.backend`.
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
    number, rate = backend.steps + 1, backend.step_rate()
    found = next(
        ((name, array) for name, array in backend.trace(epoch, low) if not all_finite([array])),
        None,
    )
    if found is None:
        return None
    name, array = found
    return Divergence(epoch, number, name, "nan" if np.isnan(array).any() else "inf", rate)


def all_finite(arrays: Iterable[np.ndarray]) -> bool:
    """Returns whether no array holds NaN or infinity."""
    return all(np.isfinite(array).all() for array in arrays)
