"""Readings of a loss: which of the usual losses, in which normalization, gives a number."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.ingredients import LOSSES
from tfmlp.checks.logarithms import EACH_KIND, PLAIN, Logarithm, single

_NO_PENALTY = 1e-7


@dataclass(frozen=True)
class Reading:
    """What a loss is; attributes as of `RecognizedNet`."""

    loss: str
    scale: float
    penalty: float = 0.0
    penalizes_biases: bool = False
    logarithm: Logarithm = PLAIN


Found = tuple[int, Reading]  # which of the outputs it is of, and what it is


@dataclass(frozen=True)
class Goal:
    """What a reading must come to.

    Attributes:
      loss: What was computed.
      tolerance: Relative.
      kernels: The sum of the kernels' squares, which a penalty may be of.
      all: The sum of all parameters' squares.
    """

    loss: float
    tolerance: float
    kernels: float
    all: float

    def is_met(self, values: Array) -> Array:
        """Says which values are the loss."""
        met: Array = np.abs(values - self.loss) <= self.tolerance * abs(self.loss)
        return met


def usual(loss_names: list[str], targets: Array) -> list[str]:
    """Returns the losses that fit targets: cross-entropies want them in [0, 1]."""
    fits = targets.min() >= 0 and targets.max() <= 1
    return [name for name in loss_names if fits or not LOSSES[name].probabilities]


def scales_of(n: int, k: int) -> list[float]:
    """Returns what a sum over n examples and k outputs is multiplied by: a sum or a mean over
    either, the half and the double of each; the likelier first.
    """
    wholes = (1.0, 1 / n, 1 / (n * k), 1 / k)
    return list(dict.fromkeys(f * whole for whole in wholes for f in (1.0, 0.5, 2.0)))


def readings_of(goal: Goal, p: Array, targets: Array) -> Iterator[Found]:
    """Yields what a loss may be whose logarithms are plain, with the index of its outputs.

    Args:
      goal: What it must come to.
      p: The outputs that are possible, [m, n, k].
      targets: [n, k].
    """
    scales = np.array(scales_of(*targets.shape))[:, None]
    for name, wholes in _wholes(p, targets):
        for i, j in np.argwhere(goal.is_met(scales * wholes)):
            yield int(j), Reading(name, float(scales[i, 0]))


def readings_with_epsilon(goal: Goal, p: Array, targets: Array) -> Iterator[Found]:
    """Yields what a loss may be that keeps its logarithms finite by an epsilon. Arguments as in
    `readings_of`.
    """
    scales = np.array(scales_of(*targets.shape))[:, None, None]
    axes = (-2, -1)
    indices = np.flatnonzero((p.min(axis=axes) >= 0) & (p.max(axis=axes) <= 1))
    for kind in EACH_KIND if indices.size else ():
        for name, wholes in _wholes(p[indices, None], targets, kind):
            for i, j, e in np.argwhere(goal.is_met(scales * wholes)):
                yield (
                    int(indices[j]),
                    Reading(name, float(scales[i, 0, 0]), logarithm=single(kind, e)),
                )


def readings_with_penalty(goal: Goal, p: Array, targets: Array) -> Iterator[Found]:
    """Yields what a loss may be whose logarithms are plain, with a penalty. Arguments as in
    `readings_of`.
    """
    n, k = targets.shape
    scales = np.array([1 / n, 0.5 / n, 1.0, 1 / (n * k), 0.5])[:, None]
    factors = np.array([1.0, 2, n, 2 * n])[:, None, None]
    both = [(goal.kernels, False), (goal.all, True)]
    for name, wholes in _wholes(p, targets):
        for squares, is_all in both if goal.all > goal.kernels else both[:1]:
            penalties = (goal.loss - scales * wholes) / max(squares, 1e-300)
            for i, j in np.argwhere(_are_typed(penalties * factors).any(axis=0)):
                yield int(j), Reading(name, float(scales[i, 0]), float(penalties[i, j]), is_all)


def typed(penalty: float, n: int) -> float:
    """Returns the number that a person would type for a measured penalty; 0 where there is none.

    Args:
      penalty: As measured.
      n: The number of examples, by which it may be divided.
    """
    if abs(penalty) < _NO_PENALTY:
        return 0.0
    for factor in (1.0, 2.0, n, 2.0 * n):
        rounded = float(f"{penalty * factor:.2g}") / factor
        if abs(penalty - rounded) <= 1e-5 * abs(penalty):
            return rounded
    return penalty


def possible(p: Array, targets: Array) -> list[str]:
    """Returns the losses that outputs and targets may have."""
    is_probability = p.min(initial=0) >= 0 and p.max(initial=0) <= 1
    names = [name for name, kind in LOSSES.items() if is_probability or not kind.probabilities]
    return usual(names, targets)


def _wholes(p: Array, targets: Array, logarithm: Logarithm = PLAIN) -> Iterator[tuple[str, Array]]:
    """Yields each loss with its values before they are scaled; NaN where p are no probabilities."""
    axes = (-2, -1)
    are_probabilities = (p.min(axis=axes) >= 0) & (p.max(axis=axes) <= 1)
    for name in usual(list(LOSSES), targets):
        wanted = LOSSES[name].probabilities
        if wanted or logarithm is PLAIN:
            values = LOSSES[name].value(p, targets, logarithm)
            yield name, np.where(are_probabilities, values, np.nan) if wanted else values


def _are_typed(values: Array) -> Array:
    """Whether numbers are ones that a person would type: 1, 1.5 or 2 times a power of 10, ..."""
    inside = (values > 1e-6) & (values < 2)
    safe = np.where(inside, values, 1.0)
    digits = safe / 10 ** np.floor(np.log10(safe * (1 + 1e-9)))
    near = np.abs(digits[..., None] - np.array([1.0, 1.5, 2, 2.5, 3, 5])) < 1e-6
    typed: Array = inside & near.any(axis=-1)
    return typed
