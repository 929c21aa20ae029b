"""The scale of gradients: one factor on all of them, which the learning rate takes up."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tfmlp.checks.causes import Cause, CauseName, cause
from tfmlp.checks.comparison import Compared
from tfmlp.checks.factors import explain_ratio

_SAME = 1e-3  # relative difference of two factors that count as one
_TYPED = (1, 2, 3, 5)  # times a power of ten: what people type as a learning rate


@dataclass(frozen=True)
class Scale:
    """What one factor on all gradients means.

    Attributes:
      factor: The factor; what a step subtracts, over the gradient.
      examples, outputs: How many there are, or None.
      is_step: Whether it is a step's.
      rate: The learning rate that is known, or None.
    """

    factor: float
    examples: int | None
    outputs: int | None
    is_step: bool
    rate: float | None

    @property
    def over_rate(self) -> float:
        """The factor beside the learning rate, where one is known."""
        return self.factor / (self.rate or 1.0)

    @property
    def exact(self) -> float:
        """The factor without the rounding of what was measured, where it is a known one."""
        rate = self.rate or 1.0
        known = (rate * factor for factor, _ in self._factors())
        return next((value for value in known if _near(self.factor, value)), self.factor)

    def error(self) -> Cause | None:
        """Returns the cause where the factor is an error: a step that goes up, or a step of another
        size than its rate says.
        """
        if not self.is_step:
            return None
        if self.factor < 0:
            return cause(CauseName.SIGN, "step")
        if self.rate is None or self.kind() is not None:
            return None
        return explain_ratio(self.over_rate, self.examples, self.outputs, "the step")

    def undecided(self) -> str:
        """Returns why it can neither be called right nor wrong, or ""."""
        if self.is_step or self.factor > 0:
            return ""
        return (
            "every gradient has the opposite sign: right where the step adds it, wrong where it"
            " subtracts it; give step= instead of grads= to decide"
        )

    def convention(self) -> Cause | None:
        """Returns what is to be said of the factor where it is no error."""
        if self.is_step and self.rate is None:
            return self._implied_rate()
        if _near(self.over_rate, 1):
            return None
        ratio, kind = self.over_rate, self.kind()
        if kind is None:
            return cause(CauseName.CONVENTION, "factor", ratio=ratio)
        return cause(CauseName.CONVENTION, ratio=ratio, meaning=kind)

    def kind(self, ratio: float | None = None) -> str | None:
        """Returns what a person's own way to sum or to halve makes of the factor, "" for 1; None
        if it is another one.
        """
        ratio = self.over_rate if ratio is None else ratio
        return next((text for factor, text in self._factors() if _near(ratio, factor)), None)

    def _implied_rate(self) -> Cause:
        for factor, text in self._factors():
            if _is_typed(self.factor / factor):
                rate = self.factor / factor
                variant = "rate_and" if text else "rate"
                return cause(CauseName.CONVENTION, variant, rate=rate, meaning=text)
        return cause(CauseName.CONVENTION, "rate", rate=self.factor)

    def _factors(self) -> Iterator[tuple[float, str]]:
        """Yields the factors that a person's own way to sum or to halve brings, the likelier first,
        and what each means.
        """
        halves = [(1.0, ""), (2.0, "doubled"), (0.5, "halved")]
        sums = [_sums(self.examples, "examples"), _sums(self.outputs, "outputs")]
        parts = list(itertools.product(sums[0], halves, sums[1]))
        for chosen in sorted(parts, key=_unlikely):
            factor = float(np.prod([part for part, _ in chosen]))
            yield factor, ", ".join(text for _, text in chosen if text)


def _unlikely(parts: tuple[tuple[float, str], ...]) -> tuple[int, bool]:
    """Returns how unlikely a way to sum and to halve is: of many parts, or over the outputs."""
    return sum(bool(text) for _, text in parts), bool(parts[-1][1])


def _sums(count: int | None, what: str) -> list[tuple[float, str]]:
    if not count or count < 2:
        return [(1.0, "")]
    return [
        (1.0, ""),
        (count, f"a sum over the {count} {what}"),
        (1 / count, f"a mean over the {count} {what}"),
    ]


def common_factor(parts: Sequence[Compared]) -> float | None:
    """Returns c where every given gradient is c times the measured one, or None."""
    ratios = _ratios(parts)
    found = [ratio for ratio in ratios if ratio is not None]
    if not found or len(found) < len(ratios):
        return None
    return found[-1] if all(_near(ratio, found[-1]) for ratio in found) else None


def likely_factor(parts: Sequence[Compared], preferred: float | None) -> float | None:
    """Returns the factor that most gradients have; None where none has one.

    Args:
      parts: The parameters from the first layer to the last.
      preferred: A factor that is taken where any gradient has it.
    """
    found = [ratio for ratio in _ratios(parts) if ratio is not None and abs(ratio) > 1e-9]
    if not found:
        return None
    if preferred is not None and any(_near(ratio, preferred) for ratio in found):
        return preferred
    found = [ratio for ratio in found if ratio > 0] or found
    counts = Counter({ratio: sum(_near(other, ratio) for other in found) for ratio in found[::-1]})
    return counts.most_common(1)[0][0]  # of equal counts, the one of the last layer


def fitted_factor(parts: Sequence[Compared]) -> float:
    """Returns the factor under which all gradients together come nearest to the measured ones; 1
    where it is none.
    """
    known = [(part.given_entries, part.numeric) for part in parts if part.given_entries is not None]
    over = sum(float(np.dot(given, numeric)) for given, numeric in known)
    under = sum(float(np.dot(numeric, numeric)) for _, numeric in known)
    factor = over / under if under else 1.0
    return factor if np.isfinite(factor) and factor > 0 else 1.0


def _ratios(parts: Sequence[Compared]) -> list[float | None]:
    """Returns each gradient's constant factor; without those that are zero, as they should be."""

    def is_zero(part: Compared) -> bool:
        given = part.given_entries
        return part.is_flat and given is not None and not np.abs(given).max() > 10 * part.noise

    return [part.constant_ratio() for part in parts if not is_zero(part)]


def _near(value: float, other: float) -> bool:
    return bool(np.isclose(value, other, rtol=_SAME, atol=0))


def _is_typed(value: float) -> bool:
    digits = value / 10 ** np.floor(np.log10(value * (1 + 1e-9)))
    return any(_near(digits, digit) for digit in (*_TYPED, 1.25, 1.5, 2.5))
