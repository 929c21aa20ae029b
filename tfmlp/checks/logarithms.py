"""Logarithms as losses take them: plain, or with a small number that keeps them finite."""

from dataclasses import dataclass

import numpy as np

from tfmlp.checks.arrays import Array

_TINY = 1e-300
EPSILONS = (
    *(1e-7, 1e-8, 1e-15, 1e-10, 1e-12, 1e-9, 1e-5, 1e-6, 1e-4, 1e-11, 1e-13, 1e-14, 1e-3, 1e-2),
    float(np.finfo(np.float64).eps),
    float(np.finfo(np.float32).eps),
)


@dataclass(frozen=True)
class Logarithm:
    """A logarithm of probabilities.

    Attributes:
      kind: "" for log(p), "added" for log(p + epsilon), "clipped" for log of p between epsilon and
        1 - epsilon, "floored" for log of p that is at least epsilon.
      epsilon: A number, or many: [m, 1, 1].
    """

    kind: str = ""
    epsilon: float | Array = 0.0

    def value(self, p: Array) -> Array:
        """Returns the logarithm of p."""
        if self.kind == "added":
            return _log(p + self.epsilon)
        if self.kind == "clipped":
            return _log(np.clip(p, self.epsilon, 1 - self.epsilon))
        return _log(np.maximum(p, self.epsilon))

    def derivative(self, p: Array) -> Array:
        """Returns its derivative by p."""
        if self.kind == "added":
            return 1 / np.maximum(p + self.epsilon, _TINY)
        inside = np.asarray(p >= self.epsilon)
        if self.kind == "clipped":
            inside &= p <= 1 - self.epsilon
        return inside / np.maximum(p, _TINY)


PLAIN = Logarithm()
_ALL = np.array(EPSILONS)[:, None, None]
EACH_KIND = tuple(Logarithm(kind, _ALL) for kind in ("added", "clipped", "floored"))


def single(many: Logarithm, index: int) -> Logarithm:
    """Returns the logarithm with one of the epsilons."""
    return Logarithm(many.kind, EPSILONS[index])


def _log(p: Array) -> Array:
    logarithm: Array = np.log(np.maximum(p, _TINY))
    return logarithm
