"""Readings of a loss: which of the usual losses, in which normalization, gives a number."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.ingredients import LOSSES
from tfmlp.checks.logarithms import EACH_KIND, PLAIN, Logarithm, single

_CLOSE = 1e-7
_NO_PENALTY = 1e-7


@dataclass(frozen=True)
class Reading:
    """What a loss is; attributes as of `RecognizedNet`."""

    loss: str
    scale: float
    penalty: float = 0.0
    penalizes_biases: bool = False
    logarithm: Logarithm = PLAIN


@dataclass(frozen=True)
class Sums:
    """The sums of squared weights that a penalty may be of."""

    kernels: float
    all: float


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


def readings_of(loss: float, p: Array, targets: Array, sums: Sums) -> Iterator[Reading]:
    """Yields what a loss may be whose logarithms are plain, perhaps with a penalty.

    Args:
      loss: What was computed.
      p, targets: [n, k].
      sums: Of the squared weights.
    """
    n, k = targets.shape
    scales = np.array(scales_of(n, k))
    for name in possible(p, targets):
        whole = float(LOSSES[name].value(p, targets, PLAIN))
        for scale in scales[_are_close(scales * whole, loss)]:
            yield Reading(name, float(scale))
        yield from _penalized(loss, name, whole, sums, n, k)


def readings_with_epsilon(loss: float, p: Array, targets: Array) -> Iterator[Reading]:
    """Yields what a loss may be that keeps its logarithms finite by an epsilon. Arguments as in
    `readings_of`.
    """
    scales = np.array(scales_of(*targets.shape))[:, None]
    names = [name for name in possible(p, targets) if LOSSES[name].probabilities]
    for name, kind in product(names, EACH_KIND):
        wholes = LOSSES[name].value(p[None], targets[None], kind)
        close = _are_close(scales * wholes, loss)
        if close.any():
            logarithms = list(single(kind))
            for i, j in np.argwhere(close):
                yield Reading(name, float(scales[i, 0]), logarithm=logarithms[j])


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


def _penalized(
    loss: float, name: str, whole: float, sums: Sums, n: int, k: int
) -> Iterator[Reading]:
    scales = np.array([1 / n, 0.5 / n, 1.0, 1 / (n * k), 0.5])
    rest = loss - scales * whole
    for is_all, squares in enumerate((sums.kernels, sums.all)):
        if squares and squares != (sums.kernels if is_all else None):
            penalties = rest / squares
            factors = np.array([1.0, 2, n, 2 * n])[:, None]
            for i in np.flatnonzero(_are_typed(penalties * factors).any(axis=0)):
                yield Reading(name, float(scales[i]), float(penalties[i]), bool(is_all))


def _are_close(values: Array, loss: float) -> Array:
    close: Array = np.abs(values - loss) <= _CLOSE * abs(loss)
    return close


def _are_typed(values: Array) -> Array:
    """Whether numbers are ones that a person would type: 1, 2, 3 or 5 times a power of ten."""
    inside = (values > 1e-6) & (values < 2)
    safe = np.where(inside, values, 1.0)
    digits = safe / 10 ** np.floor(np.log10(safe * (1 + 1e-9)))
    near = np.abs(digits[..., None] - np.array([1.0, 2, 3, 5])) < 1e-6
    typed: Array = inside & near.any(axis=-1)
    return typed
